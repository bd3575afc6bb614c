#!/usr/bin/env bash
# The servers that stand for AWS in these tests do what the other tests take for granted, asked by the real aws command.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sqs --max-receive=2 || exit 1
start_s3 first-bucket second-bucket || exit 1
start_s3_proxy || exit 1

refused() { # COMMAND [ARG...]: the service said no; 255 is that of newer aws commands
    "$@"
    case $? in 254 | 255) ;; *) return 1 ;; esac
}

# --- S3 ---

proxied() { # ARG...: aws s3 through the proxy
    aws --endpoint-url "$S3_PROXY" s3 "$@" --only-show-errors
}

generate --lines=2000 --distinct=50 --seed="$JL_SEED" >small.jsonl
head -c 9000000 /dev/urandom >large

key='in/a b+c%é=(1).jsonl'
check "an object goes up" s3 cp small.jsonl "s3://first-bucket/$key" --metadata lines=2000
same "$(s3_file "first-bucket/$key")" small.jsonl "its bytes are there"
s3api list-objects-v2 --bucket first-bucket --prefix 'in/a b' --encoding-type url >listed
is "$(jq -r '.Prefix // empty, .Contents[].Key' listed | tail -n 1)" 'in/a+b%2Bc%25%C3%A9%3D%281%29.jsonl' "a listing encodes keys when it is asked to"
is "$(s3 ls 's3://first-bucket/in/a b' | cut -c 32-)" "${key#in/}" "and the aws command decodes them when it was not"
check "one in parts as well" s3 cp large s3://first-bucket/large
check "it is copied in parts, with another storage class" s3 cp s3://first-bucket/large s3://second-bucket/copy --storage-class STANDARD_IA
check "and comes down" s3 cp s3://second-bucket/copy down
same down large "unchanged"
s3api head-object --bucket second-bucket --key copy >head.json
is "$(jq -r '.StorageClass, (.ETag | test("-2\""))' head.json | paste -sd ' ')" "STANDARD_IA true" "its class is told, its ETag is that of parts"

check "an object changes its class where it is" s3 cp "s3://first-bucket/$key" "s3://first-bucket/$key" --storage-class DEEP_ARCHIVE
is "$(s3api head-object --bucket first-bucket --key "$key" | jq -r '.StorageClass, .Metadata.lines' | paste -sd ' ')" "DEEP_ARCHIVE 2000" \
    "it keeps its metadata"
expect 2 "the aws command leaves an archived object alone" s3 cp --no-progress "s3://first-bucket/$key" archived
check "the server does not give it out" refused s3api get-object --bucket first-bucket --key "$key" archived
check "a missing object is missed" refused s3api head-object --bucket first-bucket --key none

# In the order of the keys' bytes, beyond the thousand of one answer. A folder's name may sort before or behind that of a file.
mkdir -p "$S3_DIR/second-bucket/n/a"
for n in {1..1001}; do : >"$S3_DIR/second-bucket/n/$n._S3rver_object"; done
for n in a/b a-b a+ a a.b; do : >"$S3_DIR/second-bucket/n/$n._S3rver_object"; done
s3api list-objects-v2 --bucket second-bucket --prefix n/ --query 'Contents[].[Key]' --output text >listed
LC_ALL=C sort listed >sorted
is "$(sort -u listed | wc -l)" 1006 "a listing has all keys"
same listed sorted "in their order"
is "$(s3_keys second-bucket/n | wc -l)" 1006 "the test's own listing as well"
s3_age second-bucket/copy '40 days ago'
is "$(s3api list-objects-v2 --bucket second-bucket --prefix copy | jq -r '.Contents[].LastModified[:10]')" "$(date -u -d '40 days ago' +%F)" \
    "an object can be made older"
is "$(s3api list-objects-v2 --bucket second-bucket --prefix none | jq -r '.Contents[]?.Key')" "" "nothing is listed where nothing is"

# --- what breaks on the way ---

s3_faults 'stall-upload after=1000 key=first-bucket/broken'
head -c 7000000 large >long # more than the kernel would still deliver for a process that is gone
aws --endpoint-url "$S3_PROXY" s3 cp --only-show-errors long s3://first-bucket/broken 2>/dev/null &
upload=$!
wait_for s3_fault_happened stall-upload
is "$(s3_keys first-bucket | grep -c broken)" 0 "an object that is on its way up is not there yet"
stop "$upload" KILL
s3_faults 'cut-upload after=1000 key=first-bucket/broken'
export AWS_MAX_ATTEMPTS=1
expect 1 "an upload that is always cut fails" proxied cp small.jsonl s3://first-bucket/broken
unset AWS_MAX_ATTEMPTS
is "$(s3_keys first-bucket | grep -c broken)" 0 "broken uploads leave no object"

s3_put small.jsonl first-bucket/cut
s3_faults 'cut-download after=1000 times=2 key=first-bucket/cut'
check "a download into a file goes on behind two cuts" proxied cp s3://first-bucket/cut down
same down small.jsonl "with the right bytes"
check "it was cut twice" s3_fault_happened cut-download 2
s3_faults 'cut-download after=1000 key=first-bucket/cut'
rm down
expect 1 "one that is always cut fails" proxied cp s3://first-bucket/cut down
check "it leaves no file" test ! -e down
# Why nothing of this kit reads an object from a pipe: the status is 0 when a later try succeeds, behind what the first one has printed.
s3_faults 'cut-download after=1000 times=1 key=first-bucket/cut'
proxied cp s3://first-bucket/cut - >printed
is "$(head -c 1000 printed | cmp - <(head -c 1000 small.jsonl) && s3_fault_happened cut-download && echo begun)" begun \
    "a download to a pipe has printed what came before the cut"
s3_faults 'deaf times=1 method=PUT' 'refuse times=1 method=PUT' 'answer times=2 method=HEAD'
check "a lost answer and a lost connection are tried again" proxied cp small.jsonl s3://first-bucket/cut
check "so is what the server cannot do now" proxied cp s3://first-bucket/cut down
is "$(jq -r '.fault // empty' "$S3_PROXY_LOG" | tail -n 4 | paste -sd ' ')" "deaf refuse answer answer" "all that happened"
s3_faults

# --- events, queues ---

cat >notification.json <<'END'
{"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:eu-west-1:123456789012:job-postings", "Events": ["s3:ObjectCreated:*"],
 "Filter": {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jsonl"}]}}}]}
END
check "a bucket sends events" s3api put-bucket-notification-configuration --bucket first-bucket --notification-configuration file://notification.json
s3_put small.jsonl first-bucket/in/1.jsonl
s3_put small.jsonl first-bucket/in/1.jsonl.manifest
queued() { # COUNT
    [ "$(sqs_messages | jq length)" = "$1" ]
}
wait_for queued 2
is "$(sqs_messages | jq -r '.[].body | fromjson | .Event // .Records[0].s3.object.key' | paste -sd ' ')" "s3:TestEvent in/1.jsonl" \
    "the test event first, then one for the object that has the suffix"
sqs_purge

is "$(sqs receive-message --queue-url "$QUEUE_URL" && echo 0)" 0 "an empty queue: nothing is printed, status 0"
body=$(s3_event first-bucket "$key")
is "$(jq -r '.Records[0].s3.object.key' <<<"$body")" 'in/a+b%2Bc%25%C3%A9%3D%281%29.jsonl' "keys in events are form-urlencoded"
check "a message is sent" sqs send-message --queue-url "$QUEUE_URL" --message-body "$body"
sqs receive-message --queue-url "$QUEUE_URL" --wait-time-seconds 20 --attribute-names All >message.json
is "$(jq -r '.Messages[0].Body' message.json)" "$body" "it is received"
is "$(jq -r '.Messages[0].Attributes.ApproximateReceiveCount' message.json)" 1 "for the first time"
old=$(jq -r '.Messages[0].ReceiptHandle' message.json)
is "$(sqs_messages | jq -r '.[].state')" "in flight" "it is in flight"
check "its time is extended" sqs change-message-visibility --queue-url "$QUEUE_URL" --receipt-handle "$old" --visibility-timeout 600

call() { # ACTION PARAMETERS: in the JSON protocol of newer commands, which the server has to speak as well
    curl -sS --noproxy '*' -H "X-Amz-Target: AmazonSQS.$1" -H 'Content-Type: application/x-amz-json-1.0' \
        --data-binary "$(jq -c --arg url "$QUEUE_URL" '.QueueUrl = $url' <<<"$2")" "$SQS_URL/"
}
is "$(call ReceiveMessage '{}')" "{}" "nobody else receives it"
sqs_expire
new=$(call ReceiveMessage '{}' | jq -r '.Messages[0].ReceiptHandle')
call DeleteMessage "{\"ReceiptHandle\": \"$old\"}" >/dev/null
is "$(sqs_messages | jq -r length)" 1 "behind its time somebody else does; the old handle deletes nothing then"
is "$(call ChangeMessageVisibility "{\"ReceiptHandle\": \"$old\", \"VisibilityTimeout\": 9}" | jq -r .__type)" \
    "com.amazonaws.sqs#InvalidParameterValue" "nor does it extend the time"
sqs_expire
is "$(call ReceiveMessage '{}')" "{}" "it is not given out more often than --max-receive says"
is "$(sqs_messages "$DEAD_QUEUE_URL" | jq length)" 1 "it is in the dead-letter queue"
sqs_send 'another one'
new=$(call ReceiveMessage '{}' | jq -r '.Messages[0].ReceiptHandle')
check "a message is deleted" sqs delete-message --queue-url "$QUEUE_URL" --receipt-handle "$new"
is "$(sqs_messages)" "[]" "it is gone"
check "a handle that never was is refused" refused sqs delete-message --queue-url "$QUEUE_URL" --receipt-handle nonsense
is "$(jq -r 'select(.queue == "job-postings") | .action' "$SQS_LOG" | paste -sd ' ')" \
    "ReceiveMessage SendMessage ReceiveMessage ChangeMessageVisibility ReceiveMessage ReceiveMessage DeleteMessage ChangeMessageVisibility ReceiveMessage ReceiveMessage DeleteMessage DeleteMessage" \
    "the log tells the calls in their order"

# --- Lambda ---

echo '{"n":1}' >event.json
start_lambda_api event.json || exit 1
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
is "$(curl -sS --noproxy '*' -D headers "$api/invocation/next")" '{"n":1}' "an event is given out"
id=$(tr -d '\r' <headers | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //ip')
is "$(curl -sS --noproxy '*' -o answer -w '%{http_code}' "$api/invocation/next")" 403 "no other before it has its answer"
is "$(curl -sS --noproxy '*' -o answer -w '%{http_code}' -d '{}' "$api/invocation/other/response")" 400 "only for its id"
is "$(curl -sS --noproxy '*' -o answer -w '%{http_code}' -d '{}' "$api/invocation/$id/response")" 202 "which is taken"
curl -sS --noproxy '*' "$api/invocation/next" >second &
next=$!
lambda_event '{"n":2}'
wait "$next"
is "$(<second)" '{"n":2}' "the next one is waited for"
curl -sS --noproxy '*' -H 'Lambda-Runtime-Function-Error-Type: Kit.Failed' -d '{"errorMessage":"x"}' \
    "$api/invocation/$(jq -r 'select(.call == "next" and .id) | .id' "$LAMBDA_LOG" | tail -n 1)/error" >answer
check "answers are counted" lambda_answered 2
is "$(jq -r 'select(.call == "error") | .type' "$LAMBDA_LOG")" Kit.Failed "errors with their type"
done_testing
