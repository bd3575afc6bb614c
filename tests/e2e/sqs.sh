#!/usr/bin/env bash
# senior-sqs: a message is deleted behind the manifest of its file, and not before; with the real aws command on loopback.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sqs
start_s3 raw-bucket mod-bucket
start_model --log="$tmp/asked"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v1 TMPDIR=$tmp/private
mkdir "$TMPDIR"
generate --lines=50 --distinct=20 --seed=5 >in.jsonl
jl-augment -q -i in.jsonl senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc >wanted.jsonl
work() { senior-sqs --from=s3://raw-bucket/in/ --to=s3://mod-bucket/out/ "$@" "$QUEUE_URL" >account 2>err; }
field() { jq -r "[$1] | join(\" \")" account; }
queued() { sqs_messages "$@" | jq length; }
time_of() { grep '^{' "$1" | jq -r "select($2) | .time" | tail -n 1; } # LOG CONDITION

# --- From the message to the manifest ----------------------------------------------------------------------------

s3_put in.jsonl raw-bucket/in/1.jsonl
s3 cp --only-show-errors in.jsonl 's3://raw-bucket/in/odd name+é%41.jsonl'
sqs_send '{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"raw-bucket"}'
sqs_send "$(jq -cn --argjson one "$(s3_event raw-bucket in/1.jsonl)" --argjson two "$(s3_event raw-bucket 'in/odd name+é%41.jsonl')" \
    '{Type: "Notification", Message: ({Records: ($one.Records + $two.Records + $one.Records)} | tojson)}')"
sqs_send "$(s3_event raw-bucket in/1.jsonl.manifest)"
work --drain
is "$?" 0 "--drain works until the queue is empty"
is "$(queued)" 0 "no message is left"
same "$(s3_file mod-bucket/out/1.jsonl)" wanted.jsonl "a file is delivered"
same "$(s3_file 'mod-bucket/out/odd name+é%41.jsonl')" wanted.jsonl "one with a strange name too: a message may name several, and SNS may pass it on"
is "$(field '.messages, .done, .already, .ignored, .failed, .lines')" "3 2 0 2 0 100" "the account: test events and what is no file are ignored, an object that is named twice is done once"
manifest_at=$(time_of "$S3_LOG" '.method == "PUT" and (.key | test("^out/odd.*[.]manifest$"))')
deleted_at=$(jq -r 'select(.action == "DeleteMessage") | .time' "$SQS_LOG" | sort -n | sed -n 2p)
check "the message is deleted behind the last manifest" jq -en "$manifest_at < $deleted_at"
is "$(jq -r 'select(.action == "ReceiveMessage") | .visibility' "$SQS_LOG" | sort -u)" 120 "messages are hidden for two minutes"

# --- What gets a treatment of its own ----------------------------------------------------------------------------

before=$(wc -l <"$tmp/asked")
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
sqs_send "$(s3_event raw-bucket in/none.jsonl)"
sqs_send 'no JSON at all'
sqs_send "$(s3_event raw-bucket elsewhere/1.jsonl)"
senior-sqs --dry-run --from=s3://raw-bucket/in/ --to=s3://mod-bucket/out/ "$QUEUE_URL" >told
has told "s3://raw-bucket/in/none.jsonl would go to s3://mod-bucket/out/none.jsonl" "--dry-run tells what would be done"
is "$(queued) $(sqs_messages | jq '[.[] | select(.state == "visible")] | length')" "4 4" "and leaves all messages in the queue"
work --drain -j 2
is "$?" 65 "messages that cannot be read give status 65"
is "$(field '.messages, .done, .already, .vanished, .garbled, .failed')" "4 0 1 1 2 0" "the account says what was what"
has err "s3://raw-bucket/in/none.jsonl is no more" "an object that is no more is told"
has err "this is no event of S3: the message is left" "so is a garbled message"
has err "s3://raw-bucket/elsewhere/1.jsonl is not below s3://raw-bucket/in/" "and an object from elsewhere"
is "$(sqs_messages | jq -c 'map(.state)')" '["in flight","in flight"]' "these two are left to the redrive policy, hidden as they are"
is "$(wc -l <"$tmp/asked")" "$before" "what was done already is not done again"
sqs_purge
work --once --wait=0
is "$? $(field .messages)" "0 0" "an empty queue is nothing special"

# --- What is not delivered ---------------------------------------------------------------------------------------

sqs_send "$(s3_event raw-bucket in/1.jsonl)"
JOBLINE_MODEL=v2 JOBLINE_SERVER=127.0.0.1:1 senior-sqs --once --from=s3://raw-bucket/in/ --to=s3://mod-bucket/away/ "$QUEUE_URL" >account 2>err
is "$? $(field .failed) $(sqs_messages | jq -r '.[].state')" "75 1 in flight" "when the model is away the message is left, not deleted"
is "$(s3_keys mod-bucket/away | wc -l)" 0 "and nothing is delivered"
sqs_expire
work --once
is "$? $(queued)" "0 0" "a later run does it"
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
senior-sqs --drain --from=s3://raw-bucket/in/ --to=s3://no-such-bucket/ "$QUEUE_URL" >account 2>err
is "$? $(queued)" "78 1" "a destination that is not there ends it, as it would fail with all others"
sqs_purge
AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' work --once
is "$?" 77 "refused credentials end it at once"
mkdir "$tmp/apart"
TMPDIR=$tmp/apart AWS_ENDPOINT_URL_SQS=http://127.0.0.1:1 AWS_MAX_ATTEMPTS=1 senior-sqs --once --from=s3://raw-bucket/in/ \
    --to=s3://mod-bucket/out/ "$QUEUE_URL" >account.away 2>err.away &
away=$!
expect 78 "so does a queue that is not there" senior-sqs --once --from=s3://raw-bucket/in/ --to=s3://mod-bucket/out/ "$QUEUE_URL-none" >account
expect 64 "a prefix is needed" senior-sqs --to=s3://mod-bucket/ "$QUEUE_URL"
expect 64 "a queue is needed" senior-sqs --drain --from=s3://raw-bucket/in/ --to=s3://mod-bucket/ ''
expect 64 "a visibility that SQS does not know" senior-sqs --visibility=13h --from=s3://raw-bucket/in/ --to=s3://mod-bucket/ "$QUEUE_URL"

# --- A message in hand -------------------------------------------------------------------------------------------

start_model --latency=8s --log="$tmp/slow"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v3
extended() { jq -e 'select(.action == "ChangeMessageVisibility" and .visibility == 9)' "$SQS_LOG"; }
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
senior-sqs --visibility=9 --from=s3://raw-bucket/in/ --to=s3://mod-bucket/slow/ "$QUEUE_URL" >account 2>err &
pid=$!
check "a message stays hidden while its file is under way" wait_for extended
senior-sqs --once --from=s3://raw-bucket/in/ --to=s3://mod-bucket/slow/ "$QUEUE_URL" >account.2 2>err.2
is "$? $(jq .messages account.2)" "0 0" "so nobody else receives it"
kill -TERM "$pid"
wait "$pid"
is "$?" 143 "SIGTERM ends it"
is "$(sqs_messages | jq -r '.[].state')" visible "and the message is visible to others at once"
is "$(field '.messages, .done, .failed') $(s3_keys mod-bucket/slow | wc -l)" "1 0 0 0" "the account is printed; nothing was delivered"
is "$(ls "$TMPDIR")" "" "no folder is left"
stop "$MODEL_PID"
start_model
export JOBLINE_SERVER=$MODEL
senior-sqs --once --from=s3://raw-bucket/in/ --to=s3://mod-bucket/slow/ "$QUEUE_URL" >account
is "$? $(field .done) $(queued)" "0 1 0" "another one takes over"

wait "$away"
is "$?" 69 "a queue that stays away gives 69"
done_testing
