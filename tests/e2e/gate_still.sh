#!/usr/bin/env bash
# Replies that came while hd-fetch stood still, or could not write, are taken and kept: nothing is uncertain, nothing bought twice.
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "$0")/gate.bash"

spent=0
start_provider
export JOBLINE_LEDGER=sqlite:$tmp/ledger.db JOBLINE_BOUGHT=sqlite:$tmp/bought.db

# What a run must have left behind, and what the same input costs again: nothing.
all_there() { # WHAT COUNT
    is "$(hd_state '[.billed, .bought_twice, .gone]' | jq -c .)" "[$2,0,0]" "$1: each was bought once, and waited for"
    is "$(jq -s '[.[] | select(.enrichment_status == "done")] | length' out)" "$2" "$1: all of them come out"
    is "$(standing '[.uncertain, .live, .held]')" '[0,0,0]' "$1: nothing is uncertain, nothing held"
    is $(($(standing .spent) - spent)) "$(hd_state .credits)" "$1: spent is what was billed"
    spent=$(standing .spent)
    expect 0 "$1: the same again" "${job[@]}" in >again
    same again out "$1: is the same"
    is "$(hd_state .billed)" "$2" "$1: and buys nothing"
    hd_reset
}

# --- Stopped --------------------------------------------------------------------------------------------------------

account budget=100000 concurrency=5 timeout=1500ms grace=200ms hold=2s
hd_set latency=700ms
lines 5 1000 >in
"${job[@]}" in >out 2>err &
pid=$!
wait_for hd_is .in_flight 5
kill -STOP "$pid"
wait_for hd_is '"\(.billed) \(.in_flight)"' '5 0'
sleep 2 # past the calls' time, and their leases'
kill -CONT "$pid"
wait "$pid"
is "$?" 0 "stopped: it goes on"
all_there stopped 5
diag <err

# --- A slow reader --------------------------------------------------------------------------------------------------

account budget=100000 concurrency=15 timeout=2s grace=200ms hold=3s
hd_set latency=50ms
lines 300 2000 >in
"${job[@]}" in 2>err | (sleep 4 && cat) >out
is "${PIPESTATUS[0]}" 0 "a slow reader: it goes on"
all_there "a slow reader" 300
diag <err

check "credits audit" credits audit
journal_holds "all of it"
done_testing
