#!/usr/bin/env bash
# Whatever a server that is not ours does to its replies, senior-grpc never gives a wrong answer and never loses a line.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

lines=$((2000 * JL_SCALE)) pairs=$((500 * JL_SCALE))
generate --lines="$lines" --distinct="$pairs" --seed="$JL_SEED" --shape=raw >in.jsonl
ask=(senior-grpc -b 100 -j 3 --rate=0)

distinct_asked() {
    echo "$(wc -l <"$tmp/asked") $(sort -u "$tmp/asked" | wc -l)"
}

# Starts the server in a mode, sends all lines through it, compares the status and each line.
through() { # STATUS WITHOUT WHAT SERVER-OPTIONS... -- CLIENT-OPTIONS...
    local wanted=$1 without=$2 what=$3 got=0 checked
    shift 3
    local server=()
    while [ "$1" != -- ]; do
        server+=("$1")
        shift
    done
    shift
    rm -f "$tmp/asked"
    start_python_model --log="$tmp/asked" "${server[@]}" || return
    "${ask[@]}" -s "$MODEL" --stats="$tmp/stats" "$@" <"${input:-in.jsonl}" >out.jsonl 2>"$tmp/err" || got=$?
    is "$got" "$wanted" "$what: status $wanted"
    [ "$got" = "$wanted" ] || diag <"$tmp/err"
    checked=$("$PYTHON" "$top/tests/e2e/model_check.py" --without="$without" "${input:-in.jsonl}" out.jsonl 2>&1)
    case $checked in
    *' answered, '*) ok "$what: every line is right ($checked)" ;;
    *)
        not_ok "$what: every line is right"
        diag "$checked"
        ;;
    esac
    stop "$MODEL_PID" KILL
}

through 0 none "an honest server" --mode=honest --
is "$(distinct_asked)" "$pairs $pairs" "an honest server: each pair is asked once"
through 0 none "another company and title" --mode=honest -- -k title,company
is "$(distinct_asked)" "$pairs $pairs" "members in another order: each pair is asked once"
through 0 none "replies in random order" --mode=reorder --
is "$(distinct_asked)" "$pairs $pairs" "replies in random order: each pair is asked once"
through 0 none "missing uuids" --mode=drop --
check "missing uuids: they were asked again" [ "$(wc -l <"$tmp/asked")" -gt "$pairs" ]
through 75 crc10 "uuids that never come" --mode=lose -- --retries=2
has "$tmp/err" "lines are unanswered" "uuids that never come: the message says so"
through 0 none "repeated uuids" --mode=repeat --
is "$(distinct_asked)" "$pairs $pairs" "repeated uuids: each pair is asked once"
through 0 none "contradictions" --mode=contradict --
through 0 none "invented uuids" --mode=invent --
is "$(distinct_asked)" "$pairs $pairs" "invented uuids: each pair is asked once"
through 0 crc10 "answers off the scale" --mode=scale --
has "$tmp/err" "unanswerable lines: 0 without company and title, " "answers off the scale: one warning"
is "$(wc -l <"$tmp/err")" 1 "answers off the scale: and no other"
through 0 none "answers off the scale at first" --mode=wrongonce --
through 0 none "replies that are no messages" --mode=garbage --n=2 --

for status in UNAVAILABLE RESOURCE_EXHAUSTED DEADLINE_EXCEEDED ABORTED INTERNAL UNKNOWN; do
    through 0 none "two calls end with $status" --mode=flaky --n=2 --status="$status" --
done
for status in RESOURCE_EXHAUSTED INTERNAL FAILED_PRECONDITION; do
    through 75 any "all calls end with $status" --mode=status --status="$status" -- --retries=1
    is "$(cmp in.jsonl out.jsonl 2>&1)" "" "all calls end with $status: the lines are untouched"
done
through 69 any "all calls end with UNAVAILABLE" --mode=status -- --retries=1

sed '7~50s/"title":"/"title":"INVALID /' in.jsonl >invalid.jsonl
input=invalid.jsonl through 0 invalid "INVALID_ARGUMENT for some titles" --mode=invalid --
is "$(grep -c INVALID "$tmp/err")" 0 "INVALID_ARGUMENT: no message about single pairs"
has "$tmp/err" "refused by the model" "INVALID_ARGUMENT: one warning with the count"

start_python_model --mode=invalid
expect 65 "--refused=fail ends the run" "${ask[@]}" -s "$MODEL" --refused=fail invalid.jsonl >out.jsonl
first=$(grep -n INVALID invalid.jsonl | head -n 1 | cut -d : -f 1)
has "$tmp/err" "invalid.jsonl:$first: the model gives no answer" "--refused=fail names the line"
is "$(wc -l <out.jsonl)" "$((first - 1))" "--refused=fail: the lines before it are out"
stop "$MODEL_PID" KILL

through 0 none "batches that are too large" --mode=large --n=30 --
through 0 none "batches that are too large but for one pair" --mode=large --n=1 -- -b 8
# A limit that gRPC itself enforces; some pairs are larger than it alone.
through 0 none "messages that are too large" --mode=limit --n=1000 --
through 0 any "pairs that are too large" --mode=limit --n=40 --
has "$tmp/err" "refused by the model" "pairs that are too large are refused"

for case in UNIMPLEMENTED:78 UNAUTHENTICATED:77 PERMISSION_DENIED:77; do
    rm -f "$tmp/asked"
    start_python_model --mode=status --status="${case%:*}"
    head -n 300 in.jsonl >some.jsonl
    expect "${case#*:}" "${case%:*} ends the run" "${ask[@]}" -s "$MODEL" some.jsonl >out.jsonl
    is "$(cmp some.jsonl out.jsonl 2>&1)" "" "${case%:*}: the lines that were read go out"
    has "$tmp/err" "${case%:*}" "${case%:*}: the message names it"
    expect "${case#*:}" "${case%:*}: --ping says so" senior-grpc -s "$MODEL" --ping
    stop "$MODEL_PID" KILL
done
has "$tmp/err" "refuses us" "the message says what it means"

start_python_model
expect 78 "a method that is not there" "${ask[@]}" -s "$MODEL" --method=/model.v2.Other/Infer in.jsonl >/dev/null
has "$tmp/err" "no method /model.v2.Other/Infer" "a method that is not there: the message names it"
stop "$MODEL_PID" KILL

done_testing
