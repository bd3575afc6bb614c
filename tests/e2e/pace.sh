#!/usr/bin/env bash
# One pace for all: eight senior-grpc at once are no faster together than --rate, and hardly slower.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

rate=20000 batch=1000 processes=8 pairs=6000 # each

questions() { # WHO PAIRS
    awk -v who="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "{\"company\":\"C%s\",\"title\":\"T%d\"}\n", who, i }'
}
for who in $(seq "$processes"); do questions "$who" "$pairs" >"in.$who"; done

# What the server saw, from its lines "PAIRS SECOND CALLS": the most pairs in any window beyond rate * window, in batches,
# and the speed between the first and the last tenth of the calls, in per cent of the rate.
cat >judge.py <<'END'
import sys
rate, batch = int(sys.argv[1]), int(sys.argv[2])
calls = sorted((float(t), int(n)) for n, t, _ in (line.split() for line in sys.stdin))
most = 0
for i, (first, _) in enumerate(calls):
    seen = 0
    for t, n in calls[i:]:
        seen += n
        most = max(most, seen - rate * (t - first))
edge = len(calls) // 10
middle = calls[edge:len(calls) - edge]
speed = sum(n for _, n in middle[1:]) / max(middle[-1][0] - middle[0][0], 1e-9)
print("%.2f %.0f" % (most / batch, 100 * speed / rate))
END

begin() { # OPTION...: all of them at once, with their outputs in out.N and err.N; sets pids
    local who
    pids=()
    for who in $(seq "$processes"); do
        senior-grpc -s "$MODEL" -b "$batch" --rate="$rate" --stats=stats "$@" <"in.$who" >"out.$who" 2>"err.$who" &
        pids+=($!)
    done
}

await() { # sets statuses: those of all of them, each once
    local pid status
    statuses=''
    for pid in "${pids[@]}"; do
        status=0
        wait "$pid" || status=$?
        case " $statuses " in *" $status "*) ;; *) statuses="${statuses:+$statuses }$status" ;; esac
    done
}

lines_are_whole() { # WHAT: every line came out, in order, answered or not
    local who bad=0
    for who in $(seq "$processes"); do
        sed 's/,"seniority":[1-7]}$/}/' "out.$who" | cmp -s - "in.$who" || bad=1
    done
    is "$bad" 0 "$1"
}

# How late this machine is now: the longest that somebody who sleeps for 2 ms oversleeps, in ms.
cat >metronome.py <<'END'
import signal, sys, time
go = True
def stop(*_):
    global go
    go = False
signal.signal(signal.SIGTERM, stop)
late = 0
print("ready", flush=True)
while go:
    before = time.monotonic()
    time.sleep(0.002)
    late = max(late, time.monotonic() - before - 0.002)
print("%.0f" % (1000 * late), flush=True)
END

watch() {
    "$PYTHON" metronome.py >late &
    metronome=$!
    wait_for grep -q ready late
}

judge() { # sets most and allowed (hundredths of a batch) and speed
    local late
    stop "$metronome"
    late=$(tail -n 1 late)
    read -r most speed < <("$PYTHON" judge.py "$rate" "$batch" <calls)
    diag "most in any window: $most batches more than the rate; speed: $speed % of the rate; late by up to $late ms"
    most=$(awk "BEGIN { print int(100 * $most) }")
    allowed=$((150 + 2 * late * rate / (10 * batch)))
}

at_once() { # OPTION...: one run of all of them, judged
    watch
    : >calls
    rm -f stats
    begin "$@"
    await
    judge
}

pause_in_between() { # OPTION...: the same, all stopped for many times as long as a reservation is good for
    watch
    : >calls
    begin "$@"
    wait_for lines_in calls 4
    kill -STOP "${pids[@]}"
    sleep 0.5
    kill -CONT "${pids[@]}"
    await
    judge
}

# What calls are delayed on their way is not the pace's doing: half a batch, 25 ms, is allowed for that, and what the machine
# itself was late, at either end; for what that does not show there are two more chances. Where nobody keeps a pace, all three
# show it.
within_pace() { # RUN...
    local try
    for try in 1 2 3; do
        "$@"
        if [ "$statuses" != 0 ] || [ "$most" -le "$allowed" ]; then break; fi
        diag "try $try"
    done
    [ "$most" -le "$allowed" ]
}

result() { # STATUS WHAT
    if [ "$1" = 0 ]; then ok "$2"; else not_ok "$2"; fi
}

: >calls
start_python_model --calls=calls || exit
start_redis || exit

for pace in "sqlite:$PWD/pace.db" "$REDIS_URL"; do
    within_pace at_once --pace="$pace"
    result $? "no window sees more than the rate and a batch: ${pace%%:*}"
    is "$statuses" 0 "all end well"
    check "together they are as fast as the rate: ${pace%%:*}" test "$speed" -ge 90
    lines_are_whole "every line is there"
    is "$(cat out.* | grep -c '"seniority":[1-7]}$')" "$((processes * pairs))" "and answered"
    is "$(jq -s 'all(.[]; .pace_wait_ms > 0)' stats)" true "--stats tells how long each has waited"
done
at_once
check "without a pace the same measurement shows it" test "$most" -gt "$((2 * allowed))"
is "$(jq -s 'all(.[]; .pace_wait_ms == 0)' stats)" true "nobody has waited for a pace then"

# What is late is reserved again, it does not leave at once.
within_pace pause_in_between --pace="$REDIS_URL"
result $? "stopped for a while they do not make up for it"
is "$statuses" 0 "all end well"

no_key() {
    [ -z "$(redis-cli -p "$REDIS_PORT" --scan)" ]
}
check "a key goes away when nothing is reserved any more" wait_for no_key

# A thousand seconds away: a signal ends the wait at once, what is in flight is answered, the rest goes out as it is.
for pace in "sqlite:$PWD/long.db" "$REDIS_URL"; do
    : >calls
    senior-grpc -s "$MODEL" -b 1000 --rate=1 --pace="$pace" --pace-name=long <in.1 >out.1 2>"$tmp/err" &
    pid=$!
    wait_for lines_in calls 1
    before=$SECONDS
    kill -TERM "$pid"
    got=0
    wait "$pid" || got=$?
    is "$got" 143 "SIGTERM ends a wait: ${pace%%:*}"
    check "at once" test "$((SECONDS - before))" -le 5
    is "$(wc -l <calls)" 1 "nothing more was asked"
    sed 's/,"seniority":[1-7]}$/}/' out.1 | cmp -s - in.1
    is "$?" 0 "every line is there"
    is "$(grep -c '"seniority":[1-7]}$' out.1)" 1000 "those that were asked are answered"
done
is "$(redis-cli -p "$REDIS_PORT" --scan)" jobline:pace:v1:long "one key, by its name"

# While one waits for its turn, others of another name, and of none, do not.
expect 0 "another name is another pace" senior-grpc -s "$MODEL" --rate=100000 --pace="$REDIS_URL" --pace-name=short <in.1 >out.1
JOBLINE_PACE=$REDIS_URL expect 0 "JOBLINE_PACE is --pace" senior-grpc -v -s "$MODEL" --rate=100000 <in.1 >out.1
has "$tmp/err" "pace 'model' at $REDIS_URL, 100000 pairs a second" "-v names it"
echo "$REDIS_URL" >url && chmod 600 url
expect 0 "and so is a file" senior-grpc -v -s "$MODEL" --rate=100000 --pace=@url <in.1 >out.1
has "$tmp/err" "pace 'model' at $REDIS_URL" "-v names what it says"

# The server of the pace goes away for a moment in mid-run: it is waited for.
: >calls
senior-grpc -s "$MODEL" -b 1000 --rate=4000 --pace="$REDIS_URL" <in.1 >out.1 2>"$tmp/err" &
pid=$!
wait_for lines_in calls 2
stop "$REDIS_PID" KILL
restart_redis
got=0
wait "$pid" || got=$?
is "$got" 0 "Redis is killed and comes back: all is answered"
is "$(grep -c '"seniority":[1-7]}$' out.1)" "$pairs" "every line"

# For good: what could not be asked goes out as it is.
: >calls
begin --pace="$REDIS_URL" --stats=stats
wait_for lines_in calls 2
stop "$REDIS_PID" KILL
await
is "$statuses" 69 "Redis is killed: status 69"
has err.1 "senior-grpc: the shared pace is away ($REDIS_URL: " "it says what is away"
has err.1 " pairs are unanswered" "and what came of it"
lines_are_whole "every line is there"
check "some are answered" grep -q '"seniority":[1-7]}$' out.*
restart_redis
cat out.* >again.jsonl
expect 0 "run again, the rest is asked" senior-grpc -s "$MODEL" --rate=100000 --pace="$REDIS_URL" -o done.jsonl again.jsonl
is "$(grep -c '"seniority":[1-7]}$' done.jsonl)" "$((processes * pairs))" "and all is answered"

# In a cluster, whose master for this key dies in mid-run: its replica goes on.
if start_redis_cluster; then
    watch
    : >calls
    begin --pace="$CLUSTER_URL"
    wait_for lines_in calls 4
    for port in "${CLUSTER_PORTS[@]}"; do
        [[ $(redis-cli -p "$port" exists jobline:pace:v1:model) = 1 && $(redis-cli -p "$port" role) = master* ]] || continue
        stop "${CLUSTER_PID[$port]}" KILL
        diag "killed the master on port $port"
    done
    await
    judge
    is "$statuses" 0 "in a cluster, a master dies: all end well"
    # What the replica has not heard of is forgotten: a batch of each process, at the worst.
    check "and the pace is kept but for what was reserved then" test "$most" -le "$((allowed + 100 * processes))"
    lines_are_whole "every line is there"
    is "$(cat out.* | grep -c '"seniority":[1-7]}$')" "$((processes * pairs))" "and answered"
fi

# What is no pace ends the run before anything is asked.
: >calls
echo nonsense >nonsense
expect 78 "a file that is none" senior-grpc -s "$MODEL" --pace=sqlite:nonsense <in.1 >out.1
is "$(wc -l <calls)" 0 "and nothing was asked"
done_testing
