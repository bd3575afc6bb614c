#!/usr/bin/env bash
# Two receivers of one message, and a model that is away for longer than a run waits: each file is delivered, right, and its message goes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/faults.bash
. "$top/tests/e2e/faults.bash"

start_sqs
start_s3 raw-bucket mod-bucket
start_redis
start_faults
s3_put in.jsonl raw-bucket/in/1.jsonl
queue() { senior-sqs --once --visibility=60 --from=s3://raw-bucket/in/ --to="${dst%1.jsonl}" "$QUEUE_URL"; }

# --- Away for long -----------------------------------------------------------------------------------------------

# Beside the rest, with the other queue for its own: most of it is waiting.
next
late=$object port=$(free_port)
sqs_send "$(s3_event raw-bucket in/1.jsonl)" "$DEAD_QUEUE_URL"
mkdir "$tmp/apart"
JOBLINE_MODEL=late JOBLINE_SERVER=127.0.0.1:$port TMPDIR=$tmp/apart senior-sqs --visibility=60 --from=s3://raw-bucket/in/ \
    --to="${dst%1.jsonl}" "$DEAD_QUEUE_URL" >account.late 2>err.late &
service=$!

# --- Two receivers -----------------------------------------------------------------------------------------------

start_model --latency=2s --log="$tmp/slow"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v3
started_work() { [ -s "$tmp/slow" ]; }
next
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
queue >account.1 2>err.1 &
one=$!
wait_for started_work
sqs_expire
XDG_STATE_HOME=$tmp/elsewhere queue >account.2 2>err.2 &
two=$!
wait "$one"
is "$?" 0 "a message whose visibility ends in mid-run: the first receiver ends well"
wait "$two"
is "$? $(sqs_messages | jq length)" "0 0" "so does the second one, on another host; the message is gone"
same "$object" wanted.jsonl "the object is right"
is "$(jq -s 'map(.done + .already) | add' account.1 account.2)" 2 "both had it in hand"
next
export JOBLINE_MODEL=v4
: >"$tmp/slow"
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
queue >account.1 2>err.1 &
one=$!
wait_for started_work
queue >account.2 2>err.2
is "$? $(jq .busy account.2)" "0 1" "two workers of a host with the same file: the second one leaves it"
wait "$one"
is "$? $(jq .done account.1)" "0 1" "to the first one"
sqs_expire
queue >account.2 2>err.2
is "$? $(jq .already account.2) $(sqs_messages | jq length)" "0 1 0" "its message is deleted when it comes again"
same "$object" wanted.jsonl "the object is right"

# --- Back at last ------------------------------------------------------------------------------------------------

check "while the model is away its file is not delivered" wait_for grep -q 'not delivered' err.late
is "$(sqs_messages "$DEAD_QUEUE_URL" | jq length) $(cat "$late" 2>/dev/null)" "1 " "and the message is left"
start_model -l "127.0.0.1:$port"
sqs_expire "$DEAD_QUEUE_URL"
done_with() { [ "$(sqs_messages "$DEAD_QUEUE_URL" | jq length)" = 0 ]; }
check "when the model is back the same senior-sqs does it" wait_for done_with
same "$late" wanted.jsonl "with the right lines"
kill -TERM "$service"
wait "$service"
is "$? $(jq -c '[.done, .failed]' account.late)" "143 [1,1]" "and accounts for both"
done_testing
