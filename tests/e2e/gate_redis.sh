#!/usr/bin/env bash
# 64 clients of one ledger in a Redis server, killed at random moments, and so is the server: neither money nor concurrency is ever
# exceeded.
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "$0")/gate.bash"

diag "JL_SEED=$JL_SEED"
start_provider --latency=2ms-40ms --faults='500:0.01 429:0.01 lost:0.005 truncate:0.003'
durable=(--appendonly yes --appendfsync everysec)
start_redis "${durable[@]}" || done_testing
export JOBLINE_LEDGER=$REDIS_URL
calls=$((2000 * JL_SCALE))
budget=$((calls * 5))
hd_urls $((calls * 2)) >urls

# --- The server is killed, too --------------------------------------------------------------------------------------

account budget="$budget" concurrency=15
hammer --urls=urls --calls=$((calls * 2)) --within=1 --off=0.25 --seconds=$((150 * JL_SCALE)) &
hammer_pid=$!
restarts=0
for part in 1 2 3; do
    WAIT=$((100 * JL_SCALE)) wait_for hd_is ".calls >= $((calls * part / 5))" true
    stop "$REDIS_PID" KILL
    restart_redis "${durable[@]}" && restarts=$((restarts + 1))
done
wait "$hammer_pid"
diag <hammered
# Redis answers when the entry is written, unless the disk keeps it waiting: then, it says so, it may forget two seconds.
behind=$(($(hd_state .credits) - $(standing .spent)))
if grep -q 'AOF fsync is taking too long' "$REDIS_DIR/log"; then
    diag "the disk was busy: $behind credits behind the bill"
    check "credits sync" credits sync --api="$hd_api" --key-file="$hd_key_file"
    budget=$((budget + (behind > 0 ? behind : 0)))
fi
gate_kept "64 clients" 15 "$budget" --turned
is "$(hammered '.messages | length')" 0 "no client failed otherwise than for money"
hammered '.messages' | diag
is "$restarts" 3 "the server was killed three times in mid-run"
check "the budget was used up" [ "$(standing .left)" -lt 5 ]
is "$(jq .live_max journal.json)" 15 "the concurrency was, too"
check "clients were killed: $(hammered .killed)" [ "$(hammered .killed)" -ge 30 ]
check "some in mid-call: $(jq .doubted journal.json)" [ "$(jq .doubted journal.json)" -ge 1 ]
is "$(jq '.spent | add' journal.json)" "$(standing .spent)" "the journal adds up to what the ledger says"

done_testing
