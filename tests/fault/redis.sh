#!/usr/bin/env bash
# A Redis that goes away, fills up, is a replica, wants another password, holds something else: clear errors, no line lost, no wrong
# answer.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

lines=$((20000 * JL_SCALE))
generate --seed="$JL_SEED" --lines="$lines" --distinct=15000 >in.jsonl
same_but_answers() { # FILE WHAT: the lines of in.jsonl in their order, untouched but for answers at their end
    sed 's/,"seniority":[1-7]}$/}/' "$1" >stripped
    same stripped in.jsonl "$2"
}
cli() {
    redis-cli -p "$REDIS_PORT" "$@"
}

start_redis
export JOBLINE_CACHE=$REDIS_URL
sed 's/}$/,"seniority":3}/' in.jsonl >answered.jsonl

# --- answers go in, come out, and are the same in another store -----------------------------------------------------

expect 0 'put into Redis' senior-cache -q put <answered.jsonl >out.jsonl
same out.jsonl answered.jsonl 'put passes all lines'
expect 0 'get from Redis' senior-cache -q get <in.jsonl >out.jsonl
same out.jsonl answered.jsonl 'get answers all lines'
senior-cache export >redis.export
senior-cache -C sqlite:copy.db import redis.export
senior-cache -C sqlite:copy.db export >sqlite.export
same sqlite.export redis.export 'an export is the same bytes from SQLite'

# --- restarted half way ---------------------------------------------------------------------------------------------

for verb in get put 'fill cat'; do
    cli flushall >/dev/null
    head -n $((lines / 2)) answered.jsonl | senior-cache -q put >/dev/null
    input=in.jsonl
    [ "$verb" = put ] && input=answered.jsonl
    mkfifo pipe
    # shellcheck disable=SC2086 # a verb and its command
    senior-cache -q $verb <pipe >out.jsonl 2>err &
    filter=$!
    exec 8>pipe
    head -n $((lines / 2)) "$input" >&8
    wait_for lines_in out.jsonl $((lines / 4))
    stop "$REDIS_PID" KILL
    tail -n +$((lines / 2 + 1)) "$input" >&8 &
    restart_redis 8>&- # or the pipe stays open
    exec 8>&-
    wait "$filter"
    is "$? $(<err)" "0 " "$verb goes on when Redis is back"
    rm pipe
    same_but_answers out.jsonl "$verb loses no line over the restart"
done

# --- away for good --------------------------------------------------------------------------------------------------

cli flushall >/dev/null
stop "$REDIS_PID"
printf '%s\n' '{"company":"a","title":"b"}' '{"company":"c","title":"d","seniority":5}' >two
for verb in get put 'fill tee asked'; do
    # shellcheck disable=SC2086
    expect 69 "$verb: status 69 when Redis stays away" senior-cache --patience=0.2 $verb <two >out.jsonl
    if [ "$verb" = 'fill tee asked' ]; then
        is "$(cat out.jsonl asked)" '' "$verb: nothing is read or asked when answers cannot be stored"
    else
        same out.jsonl two "$verb: what was read goes out"
    fi
    has "$tmp/err" "senior-cache: $REDIS_URL: Connection refused" "$verb: the server is named"
done
senior-cache --patience=0.2 put <two >/dev/null 2>err
has err '1 lines were passed on without their answers being stored' 'put: says how many lines were not stored'
for verb in stat drop export; do
    expect 69 "$verb: status 69" senior-cache --patience=0.2 -o never $verb
    check "$verb: no output" test ! -e never
done
expect 69 '-o does not appear' senior-cache --patience=0.2 -o never put <two
check 'no output file' test ! -e never

# --- out of memory --------------------------------------------------------------------------------------------------

# Room for some of the entries, not for all.
nearly_full() {
    cli flushall >/dev/null
    cli config set maxmemory 0 >/dev/null
    local used
    used=$(cli info memory | sed -n 's/^used_memory:\([0-9]*\).*/\1/p')
    cli config set maxmemory $((used + 200000)) >/dev/null
}

restart_redis --maxmemory-policy noeviction
nearly_full
expect 69 'put: status 69 when Redis is full' senior-cache put <answered.jsonl >out.jsonl
has "$tmp/err" 'OOM command not allowed' 'the reply of the server is shown'
has "$tmp/err" 'maxmemory' 'what to do is said'
has "$tmp/err" 'were passed on without their answers being stored' 'and what was not stored'
head -n "$(wc -l <out.jsonl)" answered.jsonl >wanted
same out.jsonl wanted 'what was read went out'
nearly_full
expect 69 'fill: status 69 when Redis is full' senior-cache -q fill sed 's/}$/,"seniority":3}/' <in.jsonl >out.jsonl
sed 's/,"seniority":3}$/}/' out.jsonl >stripped
head -n "$(wc -l <out.jsonl)" in.jsonl >wanted
same stripped wanted 'fill: what was read went out'
check 'fill: answers that came are in the output' grep -q '"seniority":3}$' out.jsonl
cli config set maxmemory 0 >/dev/null
expect 0 'the output put again stores them' senior-cache -q put <out.jsonl >/dev/null
expect 0 'and all is well again' senior-cache -q put <answered.jsonl >out.jsonl
same out.jsonl answered.jsonl 'all lines'

# --- a read-only replica --------------------------------------------------------------------------------------------

cli replicaof 127.0.0.1 1 >/dev/null
cli config set replica-serve-stale-data yes >/dev/null
expect 0 'get from a replica' senior-cache -q get <in.jsonl >out.jsonl
same out.jsonl answered.jsonl 'a replica answers'
expect 69 'put to a replica' senior-cache -m other put <two >out.jsonl
same out.jsonl two 'put to a replica: lines go out'
has "$tmp/err" 'read-only replica' 'it is said that it is a replica'
cli replicaof no one >/dev/null

# --- another type under our prefix ----------------------------------------------------------------------------------

cli set jobline:senior:v1:17:taken x >/dev/null
for verb in get put 'fill cat' stat drop export; do
    # shellcheck disable=SC2086
    expect 78 "$verb: a key of another type" senior-cache -m taken $verb <two >out.jsonl
    has "$tmp/err" "key 'jobline:senior:v1:17:taken'" "$verb: the key is named"
done
is "$(cli get jobline:senior:v1:17:taken)" x 'it is left alone'

senior-cache -q -m torn put <answered.jsonl >/dev/null
group=$(cli --scan --pattern 'jobline:senior:v1:17:torn:*:*' | head -n 1)
cli set "$group" x >/dev/null
expect 78 'a group of another type: get says so' senior-cache -m torn get <in.jsonl >out.jsonl
expect 0 'drop removes it like the others' senior-cache -m torn drop
is "$(cli --scan --pattern 'jobline:senior:v1:17:torn:*:*')" '' 'nothing of it stays'

# --- passwords ------------------------------------------------------------------------------------------------------

stop "$REDIS_PID"
restart_redis --requirepass 's3cret'
expect 77 'no password' senior-cache put <two >out.jsonl
same out.jsonl two 'no password: lines go out'
JOBLINE_CACHE=redis://:wr0ng@127.0.0.1:$REDIS_PORT/0 expect 77 'a wrong password' senior-cache -v put <two >out.jsonl
same out.jsonl two 'a wrong password: lines go out'
check 'it is not shown' test "$(grep -c wr0ng "$tmp/err")" = 0
expect 64 'a password in argv' senior-cache -C "redis://:s3cret@127.0.0.1:$REDIS_PORT/0" put <two
check 'it is not repeated' test "$(grep -c s3cret "$tmp/err")" = 0
echo "redis://:s3cret@127.0.0.1:$REDIS_PORT/0" >url
chmod 600 url
expect 0 'a password in a file' senior-cache -v -C @url put <two >out.jsonl
check 'it is not shown' test "$(grep -c s3cret "$tmp/err")" = 0
export JOBLINE_CACHE=redis://:s3cret@127.0.0.1:$REDIS_PORT/0
expect 0 'a password in the environment' senior-cache -v stat >out
check 'it is not shown' test "$(cat out "$tmp/err" | grep -c s3cret)" = 0
expect 0 'fill' senior-cache -q fill sh -c 'env >env; exec sed "s/}\$/,\"seniority\":3}/"' <two >out.jsonl
check 'the command does not see it' test "$(grep -c s3cret env)" = 0

# --- killed while it stores -----------------------------------------------------------------------------------------

cli -a s3cret flushall >/dev/null 2>&1
for ((round = 0; round < 5 * JL_SCALE; round++)); do
    senior-cache -q put <answered.jsonl >out.jsonl 2>/dev/null &
    filter=$!
    sleep "0.0$((RANDOM % 60 + 10))"
    kill -KILL "$filter" 2>/dev/null
    wait "$filter" 2>/dev/null
    # What was printed had been stored.
    head -c "$(stat -c %s out.jsonl)" out.jsonl | sed -n '/}$/s/,"seniority":3}$/}/p' >printed
    senior-cache -q get <printed >again
    grep -vc '"seniority":3}$' again >lost
    [ "$(cat lost)" = 0 ] || break
done
is "$(cat lost)" 0 'whatever was printed is stored, killed or not'
senior-cache -q put <answered.jsonl >/dev/null
senior-cache export | tail -n +2 >redis.export
tail -n +2 sqlite.export | same /dev/stdin redis.export 'the store is the same as after an undisturbed run'
done_testing
