#!/usr/bin/env bash
# Memory stays within 64 MiB, three times the longest line and 48 bytes a distinct key, on streams that are many times larger.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

base=$((64 * 1024)) # KiB

peak() { # LIMIT_KIB WHAT COMMAND [ARG...]: runs the command, stdin and stdout as they are
    local limit=$1 what=$2 used status=0
    shift 2
    /usr/bin/time -q -f %M -o "$tmp/peak" -- "$@" 2>"$tmp/err" || status=$?
    used=$(tail -n 1 "$tmp/peak")
    if [ "$status" != 0 ]; then
        not_ok "$what: status $status"
        diag <"$tmp/err"
    elif [ "$used" -le "$limit" ]; then
        ok "$what: $used of $limit KiB"
    else
        not_ok "$what: $used of $limit KiB"
    fi
}

keys() { echo $((base + 48 * $1 / 1024)); } # DISTINCT

few=1000 lines=$((1500000 * JL_SCALE)) many=$((1500000 * JL_SCALE))
stream() { generate --lines="$lines" --distinct="$few" --seed="$JL_SEED"; }
distinct() { generate --lines="$many" --distinct="$many" --seed="$JL_SEED"; }
answers() { sed 's/}$/,"seniority":3}/'; }
long_line=$((12 << 20))
long_lines() { # lines of 12 MiB
    local i
    head -c "$long_line" /dev/zero | tr '\0' x >"$tmp/x"
    for i in 1 2 3 4 5 6 7 8; do
        printf '{"company":"C%d","description":"' $((i / 2))
        cat "$tmp/x"
        printf '","title":"t"}\n'
    done
}
long_limit=$((base + 3 * (long_line + 64) / 1024))

stream | peak "$(keys $few)" "jl-dedupe, a long stream" jl-dedupe >/dev/null
distinct | peak "$(keys "$many")" "jl-dedupe, all distinct" jl-dedupe >/dev/null
distinct | peak "$(keys "$many")" "jl-dedupe -c, all distinct" jl-dedupe -c >/dev/null
distinct | peak "$(keys "$many")" "jl-dedupe --seen, all distinct" jl-dedupe --seen="sqlite:$tmp/seen.db" >/dev/null
long_lines >long.jsonl
peak "$long_limit" "jl-dedupe, lines of 12 MiB" jl-dedupe long.jsonl >/dev/null
for threads in 2 4; do
    more=$((8 * 1024 * (threads - 1)))
    stream | peak "$(($(keys $few) + more))" "jl-dedupe on $threads threads, a long stream" jl-dedupe --threads=$threads >/dev/null
    peak "$((long_limit + more))" "jl-dedupe on $threads threads, lines of 12 MiB" jl-dedupe --threads=$threads long.jsonl >/dev/null
done
yes '{}' | head -n 20000000 | peak "$((base + 8 * 1024))" "jl-dedupe on 2 threads, tiny lines" jl-dedupe --threads=2 >/dev/null
head -c 400000000 /dev/zero | tr '\0' x |
    peak "$base" "jl-dedupe, one line of 400 MB that is no line" jl-dedupe --max-line=1M --rejects=/dev/null >/dev/null

stream | jl-dedupe --keys-only | answers >table
stream | peak "$(keys $few)" "jl-augment from a table, a long stream" jl-augment -t table >/dev/null
distinct | jl-dedupe --keys-only | answers >table
distinct | peak "$(keys "$many")" "jl-augment from a table, all distinct" jl-augment -t table >/dev/null
jl-dedupe --keys-only long.jsonl | answers >table
peak "$long_limit" "jl-augment from a table, lines of 12 MiB" jl-augment -t table long.jsonl >/dev/null
# What waits for a command's answers comes on top, as much as --window says. A command that answers one by one and is slower than
# its input never lets the queue run empty.
distinct | peak "$(($(keys "$many") + 8 * 1024))" "jl-augment of a command, all distinct" \
    jl-augment --window=8M jq --unbuffered -c .seniority=3 >/dev/null

start_model
start_redis
for cache in "sqlite:$tmp/cache.db" "$REDIS_URL"; do
    name=${cache%%:*}
    distinct | answers | peak "$(keys "$many")" "senior-cache put, $name, all distinct" senior-cache -C "$cache" put >/dev/null
    distinct | peak "$(keys "$many")" "senior-cache get, $name, all distinct" senior-cache -C "$cache" get >/dev/null
    stream | peak "$(keys $few)" "senior-cache get, $name, a long stream" senior-cache -C "$cache" get >/dev/null
    stream | peak "$(keys $few)" "senior-cache fill, $name, a long stream" \
        senior-cache -C "$cache" -m other fill sed -u 's/}$/,"seniority":3}/' >/dev/null
    peak "$long_limit" "senior-cache get, $name, lines of 12 MiB" senior-cache -C "$cache" get long.jsonl >/dev/null
done
stream | peak "$(keys $few)" "senior-grpc, a long stream" senior-grpc -s "$MODEL" --rate=0 >/dev/null
distinct | peak "$(keys "$many")" "senior-grpc, all distinct" senior-grpc -s "$MODEL" --rate=0 >/dev/null
peak "$long_limit" "senior-grpc, lines of 12 MiB" senior-grpc -s "$MODEL" long.jsonl >/dev/null
done_testing
