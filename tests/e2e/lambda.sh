#!/usr/bin/env bash
# The runtime for AWS Lambda answers every event, as the Runtime API wants it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_s3 raw-bucket mod-bucket
start_model --log="$tmp/asked"
export JOBLINE_SERVER=$MODEL JOBLINE_FROM=s3://raw-bucket/in/ JOBLINE_TO=s3://mod-bucket/out/ TMPDIR=$tmp/private
mkdir "$TMPDIR"
generate --lines=50 --distinct=20 --seed=5 >in.jsonl
jl-augment -q -i in.jsonl senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc >wanted.jsonl
start_bootstrap() {
    "$top/scripts/lambda/bootstrap" >printed 2>said &
    bootstrap=$!
}
answer() { jq -rs "map(select(.call == \"response\" or .call == \"error\")) | .[-1] | $1" "$LAMBDA_LOG"; }
s3_put in.jsonl raw-bucket/in/1.jsonl
s3_put in.jsonl raw-bucket/in/2.jsonl
queue_event() { # BODY...: the event that Lambda makes of messages in a queue
    printf '%s\n' "$@" | jq -Rcn '{Records: [inputs | {messageId: "m\(input_line_number)", eventSource: "aws:sqs", body: .}]}'
}

# --- Settings ----------------------------------------------------------------------------------------------------

expect 78 "without the Runtime API it ends at once" "$top/scripts/lambda/bootstrap"
start_lambda_api
JOBLINE_FROM='' start_bootstrap
wait "$bootstrap"
is "$? $(jq -r '.call + " " + .type' "$LAMBDA_LOG")" "78 init-error Jobline.Configuration" "wrong settings are an error of the initialisation"
JOBLINE_OPTIONS='--no-such-option' start_bootstrap
wait "$bootstrap"
is "$(jq -rs '.[-1].body | if type == "string" then fromjson else . end | .errorMessage' "$LAMBDA_LOG")" \
    "bootstrap: no option --no-such-option; bootstrap --help shows them" "which says what is wrong"
stop "$LAMBDA_PID"

# --- Events ------------------------------------------------------------------------------------------------------

s3_event raw-bucket in/1.jsonl >event.json
start_lambda_api event.json
export JOBLINE_OPTIONS='--pairs=s3://mod-bucket/pairs/'
start_bootstrap
check "an event of S3 is answered" wait_for lambda_answered 1
is "$(answer .call)" response "with a response"
same "$(s3_file mod-bucket/out/1.jsonl)" wanted.jsonl "the file is delivered"
is "$(s3_keys mod-bucket | tr '\n' ' ')" "out/1.jsonl out/1.jsonl.manifest pairs/1.jsonl.pairs.jsonl.zst " "the options are those of JOBLINE_OPTIONS"
lambda_event "$(queue_event "$(s3_event raw-bucket in/2.jsonl)" 'garbage' "$(s3_event raw-bucket in/none.jsonl)" \
    '{"Event":"s3:TestEvent"}' "$(s3_event raw-bucket other/3.jsonl)")"
check "an event of SQS is answered" wait_for lambda_answered 2
is "$(answer '.body | if type == "string" then fromjson else . end | .batchItemFailures | map(.itemIdentifier) | join(" ")')" \
    "m2 m5" "with the messages that have to stay: a garbled one, one about a file from elsewhere"
same "$(s3_file mod-bucket/out/2.jsonl)" wanted.jsonl "the others are done"
lambda_event '{"hello":"world"}'
wait_for lambda_answered 3
is "$(answer '.call + " " + .type')" "error Jobline.Status65" "what is no event of S3 is an error"
lambda_event '{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"raw-bucket"},"object":{"key":"in/1.jsonl"}}}'
wait_for lambda_answered 4
is "$(answer .call) $(wc -l <"$tmp/asked")" "response 40" "EventBridge's form is understood; what is done already is not done again"
kill "$bootstrap"
wait "$bootstrap"
is "$?" 143 "SIGTERM ends the runtime"
stop "$LAMBDA_PID"

# --- Failures ----------------------------------------------------------------------------------------------------

start_model --latency=60s
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v2 JOBLINE_TO=s3://mod-bucket/late/
start_lambda_api --deadline=6 event.json
start_bootstrap
wait_for lambda_answered 1
is "$(answer '.call + " " + .type')" "error Jobline.Status75" "a file that takes too long is given up before the deadline"
is "$(answer '.body | if type == "string" then fromjson else . end | .errorMessage')" \
    "s3://raw-bucket/in/1.jsonl: not delivered before the deadline" "the error says which"
is "$(s3_keys mod-bucket/late | wc -l)" 0 "nothing was delivered"
stop "$MODEL_PID" KILL
start_model
kill "$bootstrap"
wait "$bootstrap"
export JOBLINE_SERVER=$MODEL
stop "$LAMBDA_PID"
late=$LAMBDA_LOG
start_lambda_api event.json
start_bootstrap
wait_for lambda_answered 1
is "$(answer .call)" response "the next invocation of the same event delivers it"
kill "$bootstrap"
wait "$bootstrap"
is "$(ls "$TMPDIR")" "" "no folder is left"
is "$(jq -s 'map(select(.refused)) | length' "$late" "$LAMBDA_LOG")" 0 "the Runtime API refused nothing"
done_testing
