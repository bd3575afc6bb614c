#!/usr/bin/env bash
# 64 clients of one ledger in an SQLite file, killed at random moments: neither money nor concurrency is ever exceeded, and the ledger
# knows of every credit. A quarter of them have clocks that are an hour off.
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "$0")/gate.bash"

diag "JL_SEED=$JL_SEED"
start_provider --latency=2ms-40ms --faults='500:0.01 429:0.01 lost:0.005 truncate:0.003'
calls=$((2000 * JL_SCALE))
budget=$((calls * 5))
hd_urls $((calls * 2)) >urls

export JOBLINE_LEDGER=sqlite:$tmp/many.db
account budget="$budget" concurrency=15
hammer --urls=urls --calls=$((calls * 2)) --within=1 --off=0.25 --seconds=$((150 * JL_SCALE))
diag <hammered
gate_kept "64 clients" 15 "$budget" --turned
is "$(hammered .below)" 0 "at no time had the ledger less than the bill"
is "$(hammered '.messages | length')" 0 "no client failed otherwise than for money"
hammered '.messages' | diag
check "the budget was used up, so that it was the budget that stopped them" [ "$(standing .left)" -lt 5 ]
is "$(jq .live_max journal.json)" 15 "the concurrency was, too"
check "clients were killed: $(hammered .killed)" [ "$(hammered .killed)" -ge 30 ]
check "some in mid-call: $(jq .doubted journal.json)" [ "$(jq .doubted journal.json)" -ge 1 ]
is "$(jq '.spent | add' journal.json)" "$(standing .spent)" "the journal adds up to what the ledger says"

done_testing
