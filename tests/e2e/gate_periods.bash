# shellcheck shell=bash
# A period that ends while 12 clients buy, thresholds that many watchers see at once, a breaker that opens, probes and closes: for the
# back end $1. The clock is turned to shortly before midnight of the day on which periods begin.
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "${BASH_SOURCE[0]}")/gate.bash"

diag "JL_SEED=$JL_SEED"
start_provider --latency=2ms-30ms
turned=$(preload clock)
export JL_CLOCK=$tmp/clock
printf '\0\0\0\0\0\0\0\0' >"$JL_CLOCK"
# The clocks of this test, to so many seconds before this year's December begins.
turn_to_eve() { # SECONDS
    "$PYTHON" - "$JL_CLOCK" "$1" <<'END'
import calendar, struct, sys, time
year = time.gmtime().tm_year
ahead = int((calendar.timegm((year, 12, 1, 0, 0, 0)) - float(sys.argv[2]) - time.time()) * 1e9)
with open(sys.argv[1], "r+b") as file:  # others have it mapped
    file.write(struct.pack("=q", ahead))
END
}
year=$(date -u +%Y)
now=$year-11-01 then=$year-12-01

by_sqlite() { # the clients' clocks
    export JOBLINE_LEDGER=sqlite:$tmp/ledger.db
    job=(env LD_PRELOAD="$turned" hd-fetch "${job[@]:1}")
    credits() { LD_PRELOAD=$turned command credits "$@"; }
}
by_redis() { # the server's clock
    unset -f credits
    job=(hd-fetch "${job[@]: -3}")
    LD_PRELOAD=$turned start_redis --appendonly yes || done_testing
    export JOBLINE_LEDGER=$REDIS_URL
}

# Watchers, one after another in each of four places, until the file stop is there. What they tell is in told.*, what CMD got in run.
watch_all() {
    local i
    watchers=()
    for i in 1 2 3 4; do
        while [ ! -e stop ]; do
            # shellcheck disable=SC2016 # for the other shell
            credits watch --json --run='{ cat; echo; } >>run' >>"told.$i" 2>>watch.err
        done &
        watchers+=($!)
    done
}

back_end=$1
turn_to_eve 600
"by_$back_end"
budget=600 # 120 calls
check "$back_end: an account" credits set "${gate_times[@]}" budget=$budget anchor=1 concurrency=8 alerts=70,90 breaker-rate=100 \
    breaker-calls=1000 breaker-window=1000
is "$(standing '[.period, .next_period]')" "[\"$now\",\"$then\"]" "$back_end: the period that ends at midnight"
rm -f stop run told.*
hd_reset

# --- The budget of a period --------------------------------------------------------------------------------------
hd_urls 4000 good indeed $((RANDOM * 100)) >urls
watch_all
hammer --urls=urls --calls=100000 --processes=12 --lines=12 --kill=0.1 --cache="sqlite:$back_end.1.db" --seconds=60
check "$back_end: every hold ends" wait_for no_lease_left
turn_to_eve 600
lines 9 900000 >in
expect 75 "$back_end: the gate is closed" "${job[@]}" --cache="sqlite:$back_end.2.db" in >out
first=$(standing .spent)
check "$back_end: the first period's budget is used up: $first" [ $((budget - first)) -lt 5 ]
# A client reckons when that is by its own clock, which is not turned where the server's is.
[ "$back_end" = redis ] || has "$tmp/err" "the next period begins at ${then}T00:00:00Z" "$back_end: and says when it opens"

# --- Over midnight ------------------------------------------------------------------------------------------------
check "$back_end: more budget" credits set budget=100000
turn_to_eve 3
hammer --urls=urls --calls=100000 --processes=12 --lines=12 --kill=0.1 --cache="sqlite:$back_end.1.db" --seconds=5
check "$back_end: every hold ends" wait_for no_lease_left
wait_for hd_is .in_flight 0
is "$(standing .period)" "\"$then\"" "$back_end: a new period has begun"
second=$(standing .spent)
journal_holds "$back_end"
diag <journal.json
old=$(jq ".spent[\"$now\"]" journal.json)
is "$(jq ".spent[\"$then\"]" journal.json)" "$second" "$back_end: the new period has spent what the journal says"
check "$back_end: calls of the old period have gone on until it ended: $first, $old" [ "$old" -gt "$first" ]
check "$back_end: and those of the new one have begun: $second" [ "$second" -gt 0 ]
check "$back_end: the bill is in one or the other" [ "$(hd_state .credits)" -le $((old + second)) ]
check "$back_end: credits audit" credits audit

credits set budget=$((second + 50)) >out
lines 15 910000 >in
# What is uncertain of the old period and reaches into the new one counts in both.
expect 75 "$back_end: the budget of the new period" "${job[@]}" --cache="sqlite:$back_end.2.db" in >out
is "$(standing '[.left, .spent + .carried]')" "[0,$((second + 50))]" "$back_end: is used up, too"

# --- Told once -------------------------------------------------------------------------------------------------
touch stop
wait "${watchers[@]}"
is "$(grep -v '^$' watch.err)" "" "$back_end: no watcher failed"
credits watch --json >last
cat told.* last | jq -r 'select(.notice == "alert") | "\(.period) \(.percent)"' | sort >alerts
is "$(sort -u alerts)" "$(cat alerts)" "$back_end: each threshold is told once"
is "$(grep -c "^$now" alerts) $(grep -c "^$then" alerts)" "2 2" "$back_end: both of each period"
jq -r 'select(.notice == "alert") | "\(.period) \(.percent)"' run | sort >alerts.run
is "$(sort -u alerts.run)" "$(cat alerts.run)" "$back_end: and given to CMD once"
cat told.* last | jq -r 'select(.notice == "uncertain") | .id' | sort >doubts
is "$(sort -u doubts | wc -l)" "$(wc -l <doubts)" "$back_end: each uncertain call, too: $(wc -l <doubts)"

# --- The breaker ---------------------------------------------------------------------------------------------------
credits set budget=100000 breaker-rate=50 breaker-calls=4 breaker-window=8 breaker-cooldown=700ms breaker-probes=1 >out
hd_set script='500*12'
hammer --urls=urls --calls=$(($(hd_state .calls) + 60)) --processes=12 --lines=6 --kill=0 --cache="sqlite:$back_end.3.db" --seconds=20 \
    --pace=30
hd_set script=
sleep 1
expect 0 "$back_end: when the provider is well again, calls are made" "${job[@]}" --cache="sqlite:$back_end.4.db" in >out
journal_holds "$back_end: the breaker"
diag "$(jq -c .breaker journal.json)"
is "$(jq -r '.breaker[:3] | join(", ")' journal.json)" "open failures, half-open, open failures" "$back_end: it opens, probes, opens"
is "$(jq -r '.breaker[-2:] | join(", ")' journal.json)" "half-open, closed" "$back_end: probes and closes"
is "$(jq .probes_max journal.json)" 1 "$back_end: one probe at a time"
check "$back_end: credits audit" credits audit

done_testing
