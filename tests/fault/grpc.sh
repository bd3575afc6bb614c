#!/usr/bin/env bash
# Servers that die, hang and come back; readers and users who go away: no line is lost, no answer is wrong, and it ends.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

generate --lines=3000 --distinct=1000 --seed="$JL_SEED" --shape=raw >in.jsonl
ask=(senior-grpc -b 50 -j 3 --rate=0)

right() { # WITHOUT WHAT: every line of out.jsonl
    local checked
    checked=$("$PYTHON" "$top/tests/e2e/model_check.py" --without="$1" "${input:-in.jsonl}" out.jsonl 2>&1)
    case $checked in
    *' answered, '*) ok "$2: every line is right ($checked)" ;;
    *)
        not_ok "$2: every line is right"
        diag "$checked"
        ;;
    esac
}
answered() { grep -c '"seniority":[1-7]}$' "$1"; }

# The server ends in the middle of a call, for good.
start_python_model --mode=die --n=4
expect 75 "the server dies half way: 75" "${ask[@]}" -s "$MODEL" --retries=1 in.jsonl >out.jsonl
right any "the server dies half way"
check "what it answered before is there" [ "$(answered out.jsonl)" -ge 200 ]
has "$tmp/err" "run again later" "the message says what to do"
has "$tmp/err" "is away" "the message says that it went away"
# The same again, on its own output.
start_python_model
expect 0 "the rest is answered by a second run" "${ask[@]}" -s "$MODEL" out.jsonl >again.jsonl
mv again.jsonl out.jsonl
right none "the second run"
stop "$MODEL_PID" KILL

# The same with -o: what came so far is in FILE.partial.
start_python_model --mode=die --n=4
expect 75 "-o of an unfinished run" "${ask[@]}" -s "$MODEL" --retries=0 -o whole.jsonl in.jsonl
check "nothing has the name of the whole" [ ! -e whole.jsonl ]
mv whole.jsonl.partial out.jsonl
right any "-o of an unfinished run"

# The server dies and another comes up on its port: retries bridge that.
for signal in TERM KILL; do
    port=$(free_port)
    rm -f "$tmp/asked"
    start_python_model --port="$port" --delay=0.02 --log="$tmp/asked"
    "${ask[@]}" -s "$MODEL" --rate=2000 in.jsonl >out.jsonl 2>"$tmp/err" &
    client=$!
    check "the run is under way" wait_for lines_in "$tmp/asked" 200
    stop "$MODEL_PID" "$signal"
    start_python_model --port="$port" --log="$tmp/asked"
    wait "$client"
    is "$?" 0 "a server restarted half way (SIG$signal): status 0"
    right none "a server restarted half way (SIG$signal)"
    stop "$MODEL_PID" KILL
done

# Nobody there at all.
expect 69 "a server that was never there" "${ask[@]}" -s "127.0.0.1:$(free_port)" --retries=1 --stats=stats in.jsonl >out.jsonl
check "three calls at once, each tried twice, and no more" [ "$(jq .calls stats)" -le 8 ]
same out.jsonl in.jsonl "a server that was never there: the lines go out"
has "$tmp/err" "was never reached" "the message says so"
expect 69 "a name that nobody has" "${ask[@]}" -s "nobody.invalid:50051" --retries=0 in.jsonl >out.jsonl
same out.jsonl in.jsonl "a name that nobody has: the lines go out"

# A server that is stopped, not dead: calls end at their deadline.
start_python_model
kill -STOP "$MODEL_PID"
expect 69 "a server that hangs" "${ask[@]}" -s "$MODEL" --timeout=300ms --retries=1 in.jsonl >out.jsonl
same out.jsonl in.jsonl "a server that hangs: the lines go out"
stop "$MODEL_PID" KILL
start_python_model --mode=hang
expect 75 "a server that takes calls and never answers" "${ask[@]}" -s "$MODEL" --timeout=300ms --retries=0 in.jsonl >out.jsonl
same out.jsonl in.jsonl "a server that never answers: the lines go out"
stop "$MODEL_PID" KILL

# While the model is away lines pass unasked and at once; after ten seconds one batch finds out that it is back.
port=$(free_port)
rm -f pipe && mkfifo pipe
"${ask[@]}" -s "127.0.0.1:$port" --retries=0 --batch-window=1ms <pipe >out.jsonl 2>"$tmp/err" &
client=$!
exec 8>pipe
sent=0
send() {
    sent=$((sent + 1))
    printf '{"company":"C","title":"T%s"}\n' "$sent" >&8
}
send
check "the model goes away" wait_for grep -q 'is away' "$tmp/err"
from=$SECONDS
rm -f "$tmp/asked"
start_python_model --port="$port" --log="$tmp/asked" 8>&- # or the input would never end
for _ in {1..20}; do send; done
check "lines pass while it is away" wait_for lines_in out.jsonl 21
is "$(answered out.jsonl)" 0 "unasked"
back() {
    send
    [ "$(answered out.jsonl)" -gt 0 ]
}
WAIT=20 check "it is found again" wait_for back
check "not before ten seconds are over" [ $((SECONDS - from)) -ge 9 ]
has "$tmp/err" "answers again" "the message says so"
exec 8>&-
wait "$client"
is "$?" 75 "lines in between are unanswered: 75"
is "$(wc -l <out.jsonl)" "$sent" "no line is lost"
is "$(wc -l <"$tmp/asked")" "$(answered out.jsonl)" "only what was asked is answered"
stop "$MODEL_PID" KILL

# The reader goes away.
start_python_model --delay=0.05
# shellcheck disable=SC2016 # the inner shell expands it
check "a reader that goes away ends the run as SIGPIPE would" bash -c '
    "$@" | head -n 1 >/dev/null
    [ "${PIPESTATUS[0]}" = 141 ]' - "${ask[@]}" -s "$MODEL" in.jsonl
# A full disk.
expect 74 "a full disk" "${ask[@]}" -s "$MODEL" in.jsonl >/dev/full
stop "$MODEL_PID" KILL

# SIGTERM: what is in flight is awaited, what was read goes out, in order.
for signal in TERM:143 INT:130; do
    rm -f "$tmp/asked"
    start_python_model --delay=0.1 --log="$tmp/asked"
    # A shell in the background would have it ignore SIGINT.
    "$PYTHON" -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
        "${ask[@]}" -s "$MODEL" --stats=stats in.jsonl >out.jsonl 2>"$tmp/err" &
    client=$!
    check "calls are in flight" wait_for lines_in "$tmp/asked" 100
    kill -"${signal%:*}" "$client"
    wait "$client"
    is "$?" "${signal#*:}" "SIG${signal%:*} ends the run with its status"
    head -n "$(wc -l <out.jsonl)" in.jsonl >read.jsonl
    input=read.jsonl right any "SIG${signal%:*}"
    check "what was in flight is answered" [ "$(answered out.jsonl)" -ge 100 ]
    check "nothing more was asked" [ "$(wc -l <"$tmp/asked")" -lt 1000 ]
    is "$(tail -n 1 stats | jq '.lines_in - .lines_out')" 0 "every line that was read is out"
    stop "$MODEL_PID" KILL
done

# senior-model ends in order: a reply that waits for its time is sent then.
rm -f "$tmp/asked"
start_model --latency=1h --log="$tmp/asked"
senior-grpc -s "$MODEL" <in.jsonl >out.jsonl 2>"$tmp/err" &
client=$!
check "senior-model is asked" wait_for lines_in "$tmp/asked" 1000
stop "$MODEL_PID"
is "$?" 143 "senior-model ends with the signal's status"
wait "$client"
is "$?" 0 "its client has got the reply"
is "$(answered out.jsonl)" 3000 "every line is answered"

done_testing
