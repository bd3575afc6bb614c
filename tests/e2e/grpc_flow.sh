#!/usr/bin/env bash
# How questions become calls: rate, batches, windows, calls in flight, one question per pair, dry run, TLS.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

generate --lines=3000 --distinct=1000 --seed="$JL_SEED" --shape=raw >in.jsonl
calls=$tmp/calls

fresh_model() { # OPTION...: a Python server with an empty log of calls
    rm -f "$calls" "$tmp/asked"
    start_python_model --calls="$calls" --log="$tmp/asked" "$@"
}

monotonic() { "$PYTHON" -c 'import time; print(time.monotonic())'; }
# No instant at which more had been asked than a burst of one batch and the rate since $from, before the run, allow.
rate_held() { # RATE BURST
    awk -v rate="$1" -v burst="$2" -v from="$from" '{ sum += $1
        if (sum > burst + rate * ($2 - from) + 1) { print "line " NR ": " sum " pairs after " $2 - from " s"; bad = 1 } }
        END { exit bad || NR == 0 }' "$calls"
}

fresh_model
from=$(monotonic)
expect 0 "a run with a rate ends well" senior-grpc -s "$MODEL" -b 100 --rate=600 -j 8 in.jsonl >out.jsonl
check "no more pairs a second than --rate, in bursts of at most a batch" rate_held 600 100
is "$(sort -u "$tmp/asked" | wc -l) $(wc -l <"$tmp/asked")" "1000 1000" "each pair is asked once"
stop "$MODEL_PID" KILL

fresh_model --mode=flaky --n=3
from=$(monotonic)
expect 0 "a run with a rate and failing calls ends well" senior-grpc -s "$MODEL" -b 100 --rate=800 in.jsonl >out.jsonl
check "calls that are asked again count for the rate" rate_held 800 100
stop "$MODEL_PID" KILL

fresh_model --delay=0.02
expect 0 "a run with two calls in flight ends well" senior-grpc -s "$MODEL" -b 50 --rate=0 -j 2 in.jsonl >out.jsonl
is "$(sort -n -k 3 "$calls" | tail -n 1 | cut -d ' ' -f 3)" 2 "never more than -j calls in flight, and as many as that"
is "$(cut -d ' ' -f 1 "$calls" | sort -nu | tail -n 1)" 50 "no call has more pairs than -b"
stop "$MODEL_PID" KILL

# What the batch window is for: the input stays open, lines come one by one.
lines_of() { wc -l <"$1" 2>/dev/null || echo 0; }
slow_input() { # OPTION...: senior-grpc with its stdin on descriptor 8 and its output in out.jsonl
    rm -f pipe && mkfifo pipe
    senior-grpc -s "$MODEL" --rate=0 "$@" <pipe >out.jsonl 2>"$tmp/err" &
    client=$!
    exec 8>pipe
}
end_input() {
    exec 8>&-
    wait "$client"
}
# Lines with other pairs than all before.
pair() { printf '{"company":"C%s","title":"T%s"}\n' "$1" "$1"; }

fresh_model
slow_input --batch-window=10ms
pair 1 >&8
check "a lone line is answered while the input stays open" wait_for lines_in out.jsonl 1
pair 1 >&8
check "its pair again is answered without a call" wait_for lines_in out.jsonl 2
end_input
is "$?" 0 "the end of the input ends the run"
is "$(wc -l <"$calls")" 1 "one call in all"
stop "$MODEL_PID" KILL

fresh_model
slow_input --batch-window=1h -b 5
for i in 1 2 3 4 5; do pair "$i" >&8; done
check "a full batch leaves at once" wait_for lines_in out.jsonl 5
pair 6 >&8
printf '{"company":"C1","title":"T1"}\n' >&8
printf '{"other":1}\n' >&8
end_input
is "$?" 0 "the end of the input sends what is held back"
is "$(cut -d ' ' -f 1 "$calls" | tr '\n' ' ')" "5 1 " "two calls: the full one and the rest"
is "$(lines_of out.jsonl)" 8 "all lines are out"
stop "$MODEL_PID" KILL

# Lines behind an unanswered one wait; lines with an answer, or without a pair, do so for order alone.
fresh_model --delay=0.3
slow_input --batch-window=0
pair 1 >&8
printf '{"company":"x","title":"y","seniority":4}\n' >&8
check "the order of lines is kept" wait_for lines_in out.jsonl 2
is "$(sed 's/.*"title":"\([^"]*\)".*/\1/' out.jsonl | tr '\n' ' ')" "T1 y " "the first line comes first"
end_input
stop "$MODEL_PID" KILL

# Equal keys however they are spelled; members that are no texts are no pairs.
cat >spelled.jsonl <<'END'
{"company":"A","title":"B\u0000C"}
{"title":"\u0042\u0000C","company":"\u0041"}
{"company":"A","title":"B"}
{"company":"A","title":7}
{"company":null,"title":"B"}
{"title":"B"}
END
fresh_model
expect 0 "spellings" senior-grpc -s "$MODEL" spelled.jsonl >out.jsonl
is "$(sort "$tmp/asked")" "$(printf '%s\n' '{"company": "A", "title": "B"}' '{"company": "A", "title": "B\u0000C"}')" \
    "equal pairs are one question, NUL cuts none, and nothing else is asked"
has "$tmp/err" "unanswerable lines: 3 without company and title" "lines without a pair are counted"
stop "$MODEL_PID" KILL

# The dry run tells what a run then does.
expect 0 "a dry run needs no server" senior-grpc --dry-run -b 64 --rate=500 in.jsonl >dry.json
is "$(jq -c '[.lines, .had_answer, .pairs, .batches, .seconds]' dry.json)" '[3000,0,1000,16,2]' "lines, pairs, batches, seconds"
fresh_model
senior-grpc -s "$MODEL" -b 64 --rate=0 --batch-window=10s in.jsonl >out.jsonl
is "$(wc -l <"$calls")" 16 "and the run makes as many calls"
expect 0 "a dry run of answered lines" senior-grpc --dry-run out.jsonl >dry.json
is "$(jq -c '[.lines, .had_answer, .pairs, .batches, .seconds]' dry.json)" '[3000,3000,0,0,0]' "nothing is left to ask"
cp out.jsonl again.jsonl
is "$(senior-grpc -s 127.0.0.1:1 again.jsonl | cmp - out.jsonl 2>&1)" "" "answered lines pass without a server"
stop "$MODEL_PID" KILL

# The server in C: capacity makes calls queue, latency makes them late.
start_model --capacity=2000 --max-batch=100
from=$EPOCHREALTIME
expect 0 "a server with a capacity is waited for" senior-grpc -s "$MODEL" -b 300 --rate=0 --stats=stats in.jsonl >out.jsonl
check "1000 pairs at 2000 a second take half a second" awk "BEGIN { exit !($EPOCHREALTIME - $from >= 0.5) }"
is "$(jq -c '[.pairs_asked, .pairs_answered, .lines_in, .lines_out, .status]' stats)" '[1000,1000,3000,3000,0]' \
    "batches beyond --max-batch are halved; --stats counts each pair once"
is "$(jq '.failed_calls > 0' stats)" true "the refused calls are counted"
stop "$MODEL_PID"
has "$MODEL_LOG" "answered 1000 pairs in" "the server counts the same"

expect 69 "--ping of nobody" senior-grpc --ping -s "127.0.0.1:$(free_port)" --timeout=5s
start_model --method=/a.b.C/D
expect 0 "--ping of another method" senior-grpc --ping -s "$MODEL" --method=/a.b.C/D >ping
has ping "$MODEL /a.b.C/D " "--ping names server and method"
JOBLINE_SERVER=$MODEL expect 78 "--ping of the usual one, which is not there" senior-grpc --ping
stop "$MODEL_PID"

# TLS with an authority of our own.
authority() { # NAME
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}
certificate() { # AUTHORITY NAME
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$2.key" -out "$2.csr" 2>/dev/null &&
        printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >"$2.ext" &&
        openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 2 -extfile "$2.ext" -out "$2.pem" 2>/dev/null &&
        chmod 600 "$2.key"
}
umask 077
check "certificates can be made" eval 'authority ours && authority other && certificate ours server && certificate ours client'
head -n 200 in.jsonl >some.jsonl
senior-grpc --dry-run some.jsonl >dry.json
pairs=$(jq .pairs dry.json)
for kind in start_model start_python_model; do
    if [ "$kind" = start_model ]; then tls=(--tls --cert=server.pem --key=server.key); else tls=(--tls server.pem server.key); fi
    "$kind" "${tls[@]}"
    expect 0 "$kind: TLS with its authority" senior-grpc -s "$MODEL" --ca=ours.pem --stats=stats some.jsonl >out.jsonl
    is "$(tail -n 1 stats | jq .pairs_answered)" "$pairs" "$kind: every pair is answered"
    expect 69 "$kind: TLS with another authority" senior-grpc -s "$MODEL" --ca=other.pem --retries=0 some.jsonl >out.jsonl
    same out.jsonl some.jsonl "$kind: nothing is believed"
    expect 69 "$kind: without TLS" senior-grpc -s "$MODEL" --retries=0 some.jsonl >out.jsonl
    stop "$MODEL_PID" KILL
done
start_model --cert=server.pem --key=server.key --ca=ours.pem
expect 0 "a client with a certificate" senior-grpc --ping -s "$MODEL" --ca=ours.pem --cert=client.pem --key=client.key >ping
expect 69 "a client without one" senior-grpc --ping -s "$MODEL" --ca=ours.pem --timeout=5s
chmod 644 client.key
expect 77 "a key that others can read" senior-grpc --ping -s "$MODEL" --ca=ours.pem --cert=client.pem --key=client.key
has "$tmp/err" "chmod 600" "the message says what to do"
stop "$MODEL_PID"

done_testing
