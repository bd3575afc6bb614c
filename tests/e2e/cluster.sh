#!/usr/bin/env bash
# A real Redis Cluster of six nodes: everything that works with one Redis works with it, slots may move and masters may die in
# mid-run; no line is lost, no answer is wrong.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

lines=$((20000 * JL_SCALE))
generate --seed="$JL_SEED" --lines="$lines" --distinct=6000 >in.jsonl
start_model
start_redis_cluster || done_testing
export JOBLINE_CACHE=$CLUSTER_URL
senior-grpc -q -s "$MODEL" --rate=0 <in.jsonl >answered.jsonl

any() { # a port that answers
    local port
    for port in "${CLUSTER_PORTS[@]}"; do
        [ "$(timeout 1 redis-cli -p "$port" ping 2>/dev/null)" = PONG ] && echo "$port" && return
    done
}
masters() { # the ports of those that have slots
    redis-cli -p "$(any)" cluster nodes |
        awk '$3 ~ /master/ && $3 !~ /fail/ && NF > 8 { sub(/@.*/, "", $2); sub(/.*:/, "", $2); print $2 }' | sort
}
id_of() { # PORT
    redis-cli -p "$1" cluster myid
}
forget() {
    local port
    for port in $(masters); do redis-cli -p "$port" flushall >/dev/null; done
}
# What came out are the lines of in.jsonl, perhaps several times over, each with its own answer, or, with `some`, without one.
own_answers() { # FILE all|some WHAT
    "$PYTHON" - "$1" "$2" >wrong <<'END'
import sys
answered = open("answered.jsonl", "rb").readlines()
plain = open("in.jsonl", "rb").readlines() if sys.argv[2] == "some" else answered
n = 0
for n, got in enumerate(open(sys.argv[1], "rb"), 1):
    i = (n - 1) % len(answered)
    if got != answered[i] and got != plain[i]:
        print(n, got, answered[i])
if n == 0 or n % len(answered):
    print(n, "lines")
END
    is "$? $(head -n 3 wrong)" '0 ' "$3"
}

# --- everything that a cache does -------------------------------------------------------------------------------------------------

expect 0 'put' senior-cache -q put <answered.jsonl >out.jsonl
same out.jsonl answered.jsonl 'put passes all lines'
expect 0 'get' senior-cache -q get <in.jsonl >out.jsonl
same out.jsonl answered.jsonl 'get answers all lines'
expect 0 'fill' senior-cache -q fill tee asked <in.jsonl >out.jsonl
same out.jsonl answered.jsonl 'fill answers all lines'
check 'nothing was asked' test ! -s asked
is "$(masters | wc -l)" 3 'there are three masters'
for port in $(masters); do
    check "master $port has its share" test "$(redis-cli -p "$port" dbsize)" -gt 200
done
expect 0 'export' senior-cache export >cluster.export
expect 0 'an export goes into SQLite' senior-cache -C sqlite:copy.db import cluster.export
senior-cache -C sqlite:copy.db export >sqlite.export
same sqlite.export cluster.export 'and comes out the same'
senior-cache stat >out
is "$(sed -n 's/^entries *//p' out)" "$(senior-cache -C sqlite:copy.db stat | sed -n 's/^entries *//p')" 'stat counts them all'
check 'and the memory of all masters' test "$(sed -n 's/^bytes *\([0-9]*\)$/\1/p' out)" -gt 40000
has out '  get ' 'and tells of the runs'
expect 0 'drop' senior-cache drop
is "$(senior-cache stat | sed -n 's/^entries *//p')" 0 'nothing is left'
for port in $(masters); do
    is "$(redis-cli -p "$port" --scan --pattern 'jobline:senior:v1:17:default:*:*')" '' "nor any key on $port"
done
expect 0 'import' senior-cache import cluster.export
senior-cache export >out
same out cluster.export 'and export again'

jl-dedupe <in.jsonl >wanted.jsonl
head -n $((lines / 2)) in.jsonl >half.jsonl
jl-dedupe --seen="$CLUSTER_URL" <half.jsonl >first.jsonl
jl-dedupe --seen="$CLUSTER_URL" <in.jsonl >second.jsonl
cat first.jsonl second.jsonl | same /dev/stdin wanted.jsonl 'jl-dedupe --seen remembers in a cluster'

# --- the chains -------------------------------------------------------------------------------------------------------------------

head -n 3000 in.jsonl >short.jsonl
head -n 3000 answered.jsonl >wanted.jsonl
set -o pipefail
forget
senior-cache get <short.jsonl | senior-grpc -s "$MODEL" --rate=0 | senior-cache put >out.jsonl
is "$?" 0 'the plain pipe ends well'
same out.jsonl wanted.jsonl 'the plain pipe'
forget
expect 0 'one sentence ends well' jl-augment senior-cache fill senior-grpc -s "$MODEL" --rate=0 <short.jsonl >out.jsonl
same out.jsonl wanted.jsonl 'one sentence'
forget
jl-dedupe --keys-only short.jsonl | senior-cache | senior-grpc -s "$MODEL" --rate=0 | senior-cache put |
    jl-augment -t - short.jsonl >out.jsonl
is "$?" 0 'stage by stage ends well'
same out.jsonl wanted.jsonl 'stage by stage'
set +o pipefail

# --- slots that move --------------------------------------------------------------------------------------------------------------

# Feeds half of a file, does something to the cluster, feeds the other half.
in_mid_run() { # DISTURBANCE VERB [COMMAND...]
    local disturb=$1 verb=$2 input=in.jsonl
    shift
    [ "$verb" = put ] && input=answered.jsonl
    mkfifo pipe
    senior-cache -q "$@" <pipe >out.jsonl 2>err &
    filter=$!
    exec 8>pipe
    head -n $((lines / 2)) "$input" >&8
    wait_for lines_in out.jsonl $((lines / 4))
    "$disturb" >"$tmp/disturbance" 2>&1 8>&-
    tail -n +$((lines / 2 + 1)) "$input" >&8
    exec 8>&-
    wait "$filter"
    is "$? $(<err)" '0 ' "$verb: $disturb in mid-run"
    rm pipe
}

slots_move() { # from the first master to the last
    local from to
    from=$(masters | head -n 1) to=$(masters | tail -n 1)
    redis-cli --cluster reshard "127.0.0.1:$from" --cluster-from "$(id_of "$from")" --cluster-to "$(id_of "$to")" \
        --cluster-slots 600 --cluster-yes
}

forget
in_mid_run slots_move put
same out.jsonl answered.jsonl 'all lines'
in_mid_run slots_move get
same out.jsonl answered.jsonl 'all answers'
senior-cache export >out
same out cluster.export 'nothing was lost or stored twice'

# A slot that is half moved: keys that have moved are to be asked for there (ASK).
from=$(masters | head -n 1) to=$(masters | tail -n 1)
key=$(redis-cli -p "$from" --scan --pattern 'jobline:senior:v1:17:default:*:*' | head -n 1)
slot=$(redis-cli -p "$from" cluster keyslot "$key")
{
    redis-cli -p "$to" cluster setslot "$slot" importing "$(id_of "$from")"
    redis-cli -p "$from" cluster setslot "$slot" migrating "$(id_of "$to")"
    redis-cli -p "$from" migrate 127.0.0.1 "$to" "$key" 0 5000
} >out
is "$(sort -u out)" OK 'a slot is half moved'
is "$(redis-cli -p "$from" hlen "$key" 2>&1 | cut -d ' ' -f 1)" ASK 'a key of it is to be asked for'
expect 0 'get' senior-cache -q get <in.jsonl >out.jsonl
same out.jsonl answered.jsonl 'all answers'
generate --seed=$((JL_SEED + 1)) --lines=10000 --distinct=10000 | sed 's/}$/,"seniority":3}/' >new.jsonl
expect 0 'put' senior-cache -q put <new.jsonl >out.jsonl
same out.jsonl new.jsonl 'all lines'
senior-cache -q -C sqlite:copy.db put <new.jsonl >out.jsonl
senior-cache -C sqlite:copy.db export >sqlite.export
senior-cache export >out
same out sqlite.export 'all are stored, once'
for port in "$to" "$from" $(masters); do
    redis-cli -p "$port" cluster setslot "$slot" node "$(id_of "$to")" >/dev/null
done
senior-cache export >out
same out sqlite.export 'and found when the slot has moved as a whole'

# --- a master dies ----------------------------------------------------------------------------------------------------------------

master_dies() {
    dead=$(masters | tail -n 1)
    stop "${CLUSTER_PID[$dead]}" KILL
}
comes_back() { # as the replica of its successor
    redis_node "$dead"
    wait_for cluster_settled || not_ok 'the cluster settles again'
}
in_step() {
    local port info
    for port in $(masters); do
        info=$(redis-cli -p "$port" info replication)
        [[ $info =~ master_repl_offset:([0-9]+) && $info =~ slave0:.*,offset=${BASH_REMATCH[1]}, ]] || return 1
    done
}
replicated() { # what has been confirmed has reached the replicas
    wait_for in_step || not_ok 'the replicas get in step'
}

# Several at once, all in the middle of their work. Nobody knows what each of them finds stored; what comes out is right all the same.
again_and_again() { # FILE: until the master is dead, then once more
    until [ -e dead ]; do cat "$1"; done
    cat "$1"
}
declare -A pid
for ((round = 1; round <= JL_SCALE; round++)); do
    wait_for cluster_settled || not_ok 'the cluster settles'
    forget
    rm -f dead
    again_and_again answered.jsonl | senior-cache -q put >put.out 2>put.err &
    pid[put]=$!
    again_and_again in.jsonl | senior-cache -q get >get.out 2>get.err &
    pid[get]=$!
    again_and_again in.jsonl | senior-cache -q fill senior-grpc -q -s "$MODEL" --rate=0 >fill.out 2>fill.err &
    pid[fill]=$!
    for verb in put get fill; do wait_for test -s "$verb.out"; done
    master_dies
    : >dead
    for verb in put get fill; do
        wait "${pid[$verb]}"
        is "$? $(<"$verb.err")" '0 ' "$verb: a master dies while others read and write"
    done
    own_answers put.out all 'all lines'
    own_answers get.out some 'all lines, no answer is wrong'
    own_answers fill.out all 'all lines, all answers'
    comes_back
done
senior-cache -q put <answered.jsonl >out.jsonl
senior-cache -q put <new.jsonl >out.jsonl
senior-cache export >out
same out sqlite.export 'put again: everything is stored, nothing else'

# A replica takes over on request, and loses nothing.
hands_over() {
    local master replica
    master=$(masters | tail -n 1)
    replica=$(redis-cli -p "$master" cluster replicas "$(id_of "$master")" | sed -n 's/.*:\([0-9]*\)@.*/\1/p' | head -n 1)
    redis-cli -p "$replica" cluster failover
    wait_for has_slots "$replica"
}
has_slots() { # PORT
    masters | grep -qx "$1"
}
forget
in_mid_run hands_over put
same out.jsonl answered.jsonl 'all lines'
senior-cache export >out
same out cluster.export 'nothing was lost or stored twice'
wait_for cluster_settled || not_ok 'the cluster settles'

replicated
in_mid_run master_dies get
same out.jsonl answered.jsonl 'all answers'
comes_back

# A third of the answers is there; the command gives the others.
forget
head -n $((lines / 3)) answered.jsonl | senior-cache -q put >out.jsonl
replicated
in_mid_run master_dies fill senior-grpc -q -s "$MODEL" --rate=0
same out.jsonl answered.jsonl 'all answers'
comes_back

master_hangs() {
    dead=$(masters | tail -n 1)
    kill -STOP "${CLUSTER_PID[$dead]}"
}
in_mid_run master_hangs put
kill -CONT "${CLUSTER_PID[$dead]}"
same out.jsonl answered.jsonl 'all lines'
wait_for cluster_settled || not_ok 'the cluster settles again'
expect 0 'get afterwards' senior-cache -q get <in.jsonl >out.jsonl
own_answers out.jsonl some 'no answer is wrong'

# --- what is named wrongly, who may not ---------------------------------------------------------------------------------------------

head -n 2 answered.jsonl >two
start_redis
expect 78 'a node named as a single server' senior-cache -C "redis://127.0.0.1:$(masters | head -n 1)" put <answered.jsonl >out.jsonl
has "$tmp/err" 'name it as redis+cluster://HOST:PORT' 'it is said what to write'
expect 78 'a single server named as a cluster' senior-cache -C "redis+cluster://127.0.0.1:$REDIS_PORT" put <two >out.jsonl
same out.jsonl two 'lines go out'
has "$tmp/err" 'redis://HOST:PORT/DB' 'it is said what to write'

# The user that the manual gives may do all that is needed.
sed -n '/^redis-cli ACL SETUSER/,/[^e]$/p' "$top/man/senior-cache.1" | sed 's/\\e$/\\/; s/PASSWORD/s3cret/' >acl
check 'the manual names a user' test -s acl
for port in "${CLUSTER_PORTS[@]}" "$REDIS_PORT"; do
    is "$(sed "s/^redis-cli/& -p $port/" acl | bash 2>&1)" OK "it is made on $port"
done
forget
for url in "redis+cluster://jobline:s3cret@${CLUSTER_URL#*//}" "redis://jobline:s3cret@127.0.0.1:$REDIS_PORT/1"; do
    scheme=${url%%:*}
    export JOBLINE_CACHE=$url
    for step in 'put answered.jsonl' 'get' 'fill cat' 'stat' 'export' 'import cluster.export' 'drop' 'stat'; do
        # shellcheck disable=SC2086 # a verb and what it takes
        expect 0 "$scheme, that user: $step" senior-cache -v $step <in.jsonl >out
        [ "$step" = get ] && same out answered.jsonl 'all answers'
        grep -q s3cret out "$tmp/err" && not_ok 'the password is shown'
    done
    echo "$url" >url && chmod 600 url
    expect 0 "$scheme, that user: jl-dedupe" jl-dedupe --seen=@url <in.jsonl >out
    export JOBLINE_CACHE=${url/s3cret/wr0ng}
    expect 77 "$scheme: a wrong password" senior-cache -v put <two >out
    check 'it is not shown' test "$(cat out "$tmp/err" | grep -c wr0ng)" = 0
done
export JOBLINE_CACHE=$CLUSTER_URL

# --- all are gone -----------------------------------------------------------------------------------------------------------------

for port in "${CLUSTER_PORTS[@]}"; do stop "${CLUSTER_PID[$port]}" KILL; done
expect 69 'status 69 when the cluster stays away' senior-cache --patience=1 put <two >out.jsonl
same out.jsonl two 'what was read goes out'
has "$tmp/err" 'no node answers: redis+cluster://127.0.0.1:' 'a node is named'
has "$tmp/err" 'Connection refused' 'and the reason'
done_testing
