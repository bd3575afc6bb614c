#!/usr/bin/env bash
# What a crash of the Redis server's machine makes a ledger forget is found again by credits sync; where a key is lost, nothing is sent
# until credits rebuild has made the account anew from the journal.
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "$0")/gate.bash"

diag "JL_SEED=$JL_SEED"
start_provider --latency=20ms-60ms
durable=(--appendonly yes --appendfsync everysec)
start_redis "${durable[@]}" || done_testing
export JOBLINE_LEDGER=$REDIS_URL

# --- The server's machine crashes ------------------------------------------------------------------------------------

# With appendfsync everysec that takes away up to two seconds of the file: what was settled then is forgotten, and so are holds.
account budget=100000 concurrency=4
export JOBLINE_BOUGHT=sqlite:$tmp/bought.db
lines 20 70000 >in
expect 0 "before the crash" "${job[@]}" in >out
aof=$(find "$REDIS_DIR" -name '*.aof' ! -name '*.base.*' | sort | tail -n 1)
safe=$(stat -c %s "$aof")
lines 60 71000 >in
"${job[@]}" in >out 2>err &
pid=$!
wait_for hd_is '.billed >= 35' true
billed=$(hd_state .billed)
stop "$REDIS_PID" KILL
size=$(stat -c %s "$aof")
truncate -s $((safe + (size - safe) / 3)) "$aof"
restart_redis "${durable[@]}"
wait "$pid"
is "$?" 0 "a client goes on"
is "$(jq -s '[.[] | select(.enrichment_status == "done")] | length' out)" 60 "and gets it all"
wait_for no_lease_left
behind=$(($(hd_state .credits) - $(standing .spent)))
diag "the ledger is $behind credits behind the bill of $(hd_state .credits)"
check "some of the bill is forgotten" [ "$behind" -gt 0 ]
check "nothing that was spent before what was cut off, or since" [ "$behind" -le $(((billed - 20 + 4) * 5)) ]
has err "lost the hold" "what the client settles and the ledger has forgotten is recorded, and told"
check "credits sync" credits sync --api="$hd_api" --key-file="$hd_key_file"
is "$(standing .spent)" "$(hd_state .credits)" "the ledger has spent what was billed"
is "$(credits sync --api="$hd_api" --key-file="$hd_key_file" -n --json | jq .difference)" 0 "and sync has nothing to add"
check "credits audit" credits audit
journal_holds "after a crash"

# --- A key is lost ---------------------------------------------------------------------------------------------------

place=80000
for key in holds account journal; do
    place=$((place + 1000))
    lines 40 "$place" >in
    hd_reset
    "${job[@]}" in >out 2>err &
    pid=$!
    wait_for hd_is '.billed >= 8' true
    redis-cli -p "$REDIS_PORT" del "jobline:ledger:v1:{hasdata}:$key" >deleted
    wait "$pid"
    is "$?" 78 "$key deleted: the status says so"
    diag <err
    wait_for hd_is .in_flight 0
    is "$(jq -s '[.[] | select(.enrichment_status == "done")] | length' out) $(wc -l <out)" "$(hd_state .billed) 40" \
        "$key deleted: what was bought comes out, and every line"
    check "$key deleted: nothing more is sent" [ "$(hd_state .billed)" -lt 40 ]
    [ "$key" != journal ] || break
    check "$key deleted: credits rebuild" credits rebuild
    expect 0 "$key deleted: then it goes on" "${job[@]}" in >out
    is "$(hd_state '[.billed, .bought_twice]' | jq -c .)" '[40,0]' "$key deleted: and nothing is bought twice"
    wait_for no_lease_left
    check "$key deleted: credits audit" credits audit
done

done_testing
