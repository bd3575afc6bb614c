#!/usr/bin/env bash
# The three chains give the same bytes, ask each pair once on the first run and none on the second, and change nothing but the answer.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

lines=$((4000 * JL_SCALE)) distinct=$((700 * JL_SCALE))
nested=company=hiringOrganization.name,title=jobTitle
generate --lines="$lines" --distinct="$distinct" --seed="$JL_SEED" --shape=mixed --cr=5 >flat.jsonl
generate --lines="$lines" --distinct="$distinct" --seed="$JL_SEED" --shape=nested >nested.jsonl

# What the model was asked since the last call: pairs and distinct pairs, as it wrote them down itself.
asked() {
    echo "$(wc -l <"$tmp/asked") $(sort -u "$tmp/asked" | wc -l)"
    : >"$tmp/asked"
}

# One chain: INPUT is read, OUTPUT written; $key, $cache, $MODEL are set.
plain_pipe() { # INPUT OUTPUT
    senior-cache -C "$cache" -k "$key" get <"$1" | senior-grpc -k "$key" -s "$MODEL" --rate=0 |
        senior-cache -C "$cache" -k "$key" put >"$2"
}
one_sentence() {
    # The command gets flat lines, whatever the key's paths are.
    jl-augment -k "$key" senior-cache -C "$cache" fill senior-grpc -s "$MODEL" --rate=0 <"$1" >"$2"
}
stage_by_stage() {
    jl-dedupe -k "$key" --keys-only --no-key=drop "$1" | senior-cache -C "$cache" | senior-grpc -s "$MODEL" --rate=0 |
        senior-cache -C "$cache" put | jl-augment -k "$key" -t - "$1" >"$2"
}

run_chain() { # CHAIN INPUT OUTPUT WHAT: checks the status of every part
    local status
    set -o pipefail
    "$1" "$2" "$3" 2>"$tmp/chain.err"
    status=$?
    set +o pipefail
    is "$status" 0 "$4 ends well"
    [ "$status" = 0 ] || diag <"$tmp/chain.err"
}

forget() { # the cache under $cache: a new name or an empty server
    case $cache in
    sqlite:*) cache=sqlite:$tmp/cache.$((RANDOM * 32768 + RANDOM)).db ;;
    *) redis-cli -p "$REDIS_PORT" flushall >/dev/null ;;
    esac
}

campaign() { # WHAT INPUT: every chain twice, starting with an empty cache
    local what=$1 input=$2 chain wanted='' out
    for chain in plain_pipe one_sentence stage_by_stage; do
        forget
        out=$tmp/$chain.out
        run_chain "$chain" "$input" "$out" "$chain, $what"
        is "$("$PYTHON" "$top/tests/tools/oracle.py" splice -k "$key" "$input" "$out" 2>&1)" "$lines $distinct" \
            "$chain, $what: the output minus the answers is the input"
        is "$(asked)" "$distinct $distinct" "$chain, $what: one question per distinct pair"
        run_chain "$chain" "$input" "$out.again" "$chain, $what, again"
        is "$(asked)" "0 0" "$chain, $what, again: no question"
        same "$out.again" "$out" "$chain, $what, again: the same bytes"
        [ -n "$wanted" ] || wanted=$out
        same "$out" "$wanted" "$chain, $what: the bytes of the plain pipe"
    done
    cp "$wanted" "$tmp/last.out"
}

start_redis
: >"$tmp/asked"
start_model --log="$tmp/asked"
for cache in sqlite:new "$REDIS_URL"; do
    key=company,title
    campaign "${cache%%:*}, senior-model" flat.jsonl
    key=$nested
    campaign "${cache%%:*}, senior-model, nested key" nested.jsonl
done
cp "$tmp/last.out" c-server.out

start_python_model --log="$tmp/asked"
for cache in sqlite:new "$REDIS_URL"; do
    key=$nested
    campaign "${cache%%:*}, python server, nested key" nested.jsonl
done

# What one chain has stored, another finds: the same pair is the same key under any -k.
key=company,title cache=$REDIS_URL
forget
generate --lines=300 --distinct=300 --shape=nested >few.jsonl
jq -c '{title: .jobTitle, n: 1, company: .hiringOrganization.name}' few.jsonl >flat-few.jsonl
key=$nested
run_chain plain_pipe few.jsonl few.out "filled under nested names"
key=company,title
asked >/dev/null
run_chain one_sentence flat-few.jsonl few.out "asked for under flat names"
is "$(asked)" "0 0" "a pair is the same pair under any -k"
done_testing
