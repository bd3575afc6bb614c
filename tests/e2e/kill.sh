#!/usr/bin/env bash
# SIGKILL at a random moment of a random program of each chain, then the same command again: the final output is that of an
# undisturbed run, and the cache holds nothing wrong.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

rounds=$((6 * JL_SCALE))
diag "JL_SEED=$JL_SEED"
generate --lines=6000 --distinct=1500 --seed="$JL_SEED" --shape=mixed >in.jsonl
start_model --latency=5
start_redis

# The chains, each as a script of its own so that it is a session whose programs can be picked.
cat >plain-pipe <<END
set -o pipefail
senior-cache -C "\$cache" get in.jsonl | senior-grpc -s $MODEL -b 100 --rate=0 | senior-cache -C "\$cache" -o out.jsonl put
END
cat >one-sentence <<END
jl-augment -i in.jsonl -o out.jsonl senior-cache -C "\$cache" fill senior-grpc -s $MODEL -b 100 --rate=0
END
cat >stage-by-stage <<END
set -o pipefail
jl-dedupe --keys-only in.jsonl | senior-cache -C "\$cache" | senior-grpc -s $MODEL -b 100 --rate=0 |
    senior-cache -C "\$cache" put | jl-augment -t - -o out.jsonl in.jsonl
END

forget() {
    case $cache in
    sqlite:*) cache=sqlite:$tmp/cache.$((RANDOM * 32768 + RANDOM)).db ;;
    *) redis-cli -p "$REDIS_PORT" flushall >/dev/null ;;
    esac
    export cache
}

entries() { # FILE: what the cache holds, in a comparable order
    senior-cache -C "$cache" export >exported
    "$PYTHON" - exported <<'END' | sort >"$1"
import base64, json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    if "bucket" in row:
        blob = base64.b64decode(row["entries"])
        for i in range(0, len(blob), 7):
            print(row["bucket"], blob[i:i + 7].hex())
END
}

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

for chain in plain-pipe one-sentence stage-by-stage; do
    for back_end in sqlite redis; do
        case $back_end in
        sqlite) cache=sqlite:new ;;
        redis) cache=$REDIS_URL ;;
        esac
        forget
        rm -f out.jsonl
        begin=$(now_ms)
        expect 0 "$chain, $back_end: undisturbed" bash "$chain"
        span=$(($(now_ms) - begin))
        mv out.jsonl wanted.jsonl
        entries wanted.entries
        killed=0
        for ((round = 1; round <= rounds; round++)); do
            forget
            rm -f out.jsonl
            setsid bash "$chain" >log 2>&1 &
            leader=$!
            delay=$((RANDOM * span / 32768))
            sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
            mapfile -t programs < <(pgrep -s "$leader" 'senior|jl-')
            if [ "${#programs[@]}" -gt 0 ]; then
                kill -KILL "${programs[RANDOM % ${#programs[@]}]}" 2>/dev/null && killed=$((killed + 1))
            fi
            wait "$leader"
            status=$?
            entries between.entries
            if [ -n "$(comm -13 wanted.entries between.entries)" ]; then
                not_ok "$chain, $back_end, round $round: a wrong entry was stored"
                comm -13 wanted.entries between.entries | diag
            fi
            # The last program of a plain pipe cannot see that an earlier one was killed: there the status must say it.
            if [ -e out.jsonl ] && ! cmp -s out.jsonl wanted.jsonl && { [ "$chain" != plain-pipe ] || [ "$status" = 0 ]; }; then
                not_ok "$chain, $back_end, round $round: a partial output bears the final name (status $status)"
            fi
            bash "$chain" >log 2>&1
            status=$?
            entries after.entries
            if [ "$status" != 0 ] || ! cmp -s out.jsonl wanted.jsonl || ! cmp -s after.entries wanted.entries; then
                not_ok "$chain, $back_end, round $round: killed after $delay ms and run again (status $status)"
                { cat log; cmp out.jsonl wanted.jsonl; cmp after.entries wanted.entries; } 2>&1 | diag
            fi
        done
        ok "$chain, $back_end: $killed of $rounds runs killed and run again"
    done
done

# The seen-set: what was killed before it was committed passes again, and nothing passes after a commit.
jl-dedupe in.jsonl >wanted.jsonl
for ((round = 1; round <= rounds; round++)); do
    seen=sqlite:$tmp/seen.$round.db
    rm -f endless && mkfifo endless
    jl-dedupe --seen="$seen" <endless >first.jsonl &
    reader=$!
    exec 4>endless
    cat in.jsonl >&4
    wait_for test -s first.jsonl
    stop "$reader" KILL
    exec 4>&-
    jl-dedupe --seen="$seen" -o again.jsonl in.jsonl
    cmp -s again.jsonl wanted.jsonl || not_ok "round $round: a killed jl-dedupe --seen lost lines"
    jl-dedupe --seen="$seen" -o third.jsonl in.jsonl
    [ -s third.jsonl ] && not_ok "round $round: seen lines pass again"
done
ok "jl-dedupe --seen killed $rounds times"
done_testing
