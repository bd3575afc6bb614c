#!/usr/bin/env bash
# What several clients of the gate ask for at once is bought once; what was interrupted is bought once too, but for what was in flight
# when its client was killed, which is charged both times.
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "$0")/gate.bash"

diag "JL_SEED=$JL_SEED"
start_provider
export JOBLINE_LEDGER=sqlite:$tmp/ledger.db
account budget=$((100000 * JL_SCALE))

# --- The same posting, asked for by several at once ------------------------------------------------------------------

hd_set latency=300ms
for n in 2 8; do
    lines 3 $((n * 1000)) >in
    hd_reset
    pids=()
    for ((i = 0; i < n; i++)); do
        JOBLINE_BOUGHT=sqlite:$tmp/shared.db "${job[@]}" --stats="stats.$i" in >"out.$i" 2>"err.$i" &
        pids+=($!)
    done
    for ((i = 0; i < n; i++)); do
        wait "${pids[i]}"
        is "$? $(jq -r .enrichment_status "out.$i" | sort | uniq -c | xargs)" "0 3 done" "$n at once: client $i has it all"
    done
    is "$(hd_state '[.bought_twice, .billed, .credits]' | jq -c .)" '[0,3,15]' "$n at once: each posting was bought once"
    is "$(jq -s 'map(.credits) | add' stats.*)" 15 "and is paid by one of them"
    rm -f stats.*
done

# --- Interrupted ----------------------------------------------------------------------------------------------------

export JOBLINE_BOUGHT=sqlite:$tmp/interrupted.db
for signal in INT TERM; do
    lines 60 $((20000 + ${#signal} * 1000)) >in
    hd_reset
    (trap - INT && exec "${job[@]}" --stats=stats in) >out 2>err &
    pid=$!
    wait_for hd_is '.in_flight > 0 and .billed > 0' true
    kill -"$signal" "$pid"
    wait "$pid"
    is "$?" $((128 + $(kill -l "$signal"))) "SIG$signal in mid-call: the status says so"
    billed=$(hd_state .billed)
    is "$(hd_state '[.gone, .in_flight]' | jq -c .)" '[0,0]' "what was in flight came to its end"
    is "$(standing '[.uncertain, .live, .held]')" '[0,0,0]' "nothing is uncertain, nothing held"
    check "it stopped before the end: $billed" [ "$billed" -lt 60 ]
    is "$(tail -n 1 stats | jq .credits)" $((billed * 5)) "the summary has what was billed"
    expect 0 "the same again" "${job[@]}" --stats=stats in >out
    is "$(hd_state '[.billed, .bought_twice]' | jq -c .)" '[60,0]' "buys the rest, and nothing twice"
    is "$(tail -n 1 stats | jq .cache_hits)" "$billed" "what was bought before is there"
done

# --- Killed ---------------------------------------------------------------------------------------------------------

clients=4
comparable() { jq -cS 'del(.enriched_at)' "$1"; }
for ((i = 0; i < clients; i++)); do
    lines 60 $((30000 + i * 1000)) >"in.$i"
    JOBLINE_BOUGHT=sqlite:$tmp/undisturbed.db "${job[@]}" "in.$i" >wanted 2>err || not_ok "an undisturbed run"
    comparable wanted >"wanted.$i"
done
hd_set latency=10ms-40ms
for round in $(seq "$JL_SCALE"); do
    before=$(standing '.spent') doubts=$(standing .uncertain)
    hd_reset
    pids=()
    for ((i = 0; i < clients; i++)); do
        JOBLINE_BOUGHT=sqlite:$tmp/killed.$round.$i.db "${job[@]}" "in.$i" >"out.$i" 2>"err.$i" &
        pids+=($!)
    done
    for ((i = 0; i < clients; i++)); do
        wait_for hd_is ".billed >= $((i * 25 + RANDOM % 25))" true
        kill -KILL "${pids[i]}" 2>/dev/null
        wait "${pids[i]}" 2>/dev/null
    done
    diag "round $round: killed before $(hd_state .calls) calls were made"
    for ((i = 0; i < clients; i++)); do
        JOBLINE_BOUGHT=sqlite:$tmp/killed.$round.$i.db "${job[@]}" "in.$i" >"out.$i" 2>"err.$i" &
        pids[i]=$!
    done
    for ((i = 0; i < clients; i++)); do
        wait "${pids[i]}"
        is "$?" 0 "round $round, client $i, killed: again"
        comparable "out.$i" >out.comparable
        same out.comparable "wanted.$i" "round $round, client $i: the same output"
    done
    wait_for no_lease_left
    twice=$(hd_state .bought_twice) lost=$((($(standing .uncertain) - doubts) / 5))
    check "round $round: only what was in flight is bought twice: $twice of $lost" [ "$twice" -le "$lost" ]
    # Killed between keeping and settling, a call is uncertain though what it bought is there.
    spent=$(($(standing .spent) - before))
    check "round $round: and is charged both times, the rest once: $spent" [ "$spent" -ge 1200 ]
    check "round $round: that is no more than what may have been billed" [ "$spent" -le $(((240 + lost) * 5)) ]
    check "round $round: and no less than the bill" [ "$spent" -ge "$(hd_state .credits)" ]
    hd_reset
done
check "credits audit" credits audit
journal_holds "in all"

done_testing
