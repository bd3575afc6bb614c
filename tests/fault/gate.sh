#!/usr/bin/env bash
# What fails while calls are paid: a process that stands still between its hold and the socket, a ledger that disappears, a cache
# that cannot be written, a full disk, a reader that goes away. Nothing is sent without a hold, and what was bought comes out.

# A namespace of its own, so that there can be a small disk.
for try in -m -rm; do
    [ -z "${JL_OWN_MOUNTS-}" ] && unshare "$try" true 2>/dev/null && JL_OWN_MOUNTS=1 exec unshare "$try" "$0"
done
JL_OWN_MOUNTS=${JL_OWN_MOUNTS-}
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "$0")/../e2e/gate.bash"

diag "JL_SEED=$JL_SEED"
start_provider --latency=20ms-60ms
shim=$(preload shim)
export JOBLINE_BOUGHT=sqlite:$tmp/bought.db
place=0
next() { # a new account, new postings in the file in, counters from zero
    place=$((place + 1))
    rm -rf "$tmp/state"
    mkdir "$tmp/state"
    export JOBLINE_LEDGER=sqlite:$tmp/state/ledger.db
    credits set "${gate_times[@]}" budget=100000 breaker-rate=100 breaker-calls=1000 breaker-window=1000 "$@" >set.out 2>&1 ||
        not_ok "an account"
    lines "${many:-60}" $((place * 1000)) >in
    hd_reset
}
done_lines() { jq -s '[.[] | select(.enrichment_status == "done")] | length' "$1"; }

# --- A process that stands still -------------------------------------------------------------------------------------

many=12 next concurrency=3
stopped=()
for i in 0 1; do
    lines 1 $((500 + i)) >"one.$i"
    LD_PRELOAD=$shim JL_FAULT_IN=hd-fetch JL_FAULT=send:1:stop "${job[@]}" "one.$i" >"out.$i" 2>"err.$i" &
    stopped+=($!)
done
is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }
for pid in "${stopped[@]}"; do check "a process stops between its hold and the socket" wait_for is_stopped "$pid"; done
is "$(standing '[.live, .held, .spent, .uncertain]')" '[2,10,0,0]' "their money is held"
check "their leases end" wait_for no_lease_left
is "$(standing '[.live, .held, .spent, .uncertain]')" '[0,0,10,10]' "their money is charged"
hd_set latency=500ms
"${job[@]}" in >out 2>err &
pid=$!
wait_for hd_is .in_flight 3
is "$(hd_state .in_flight_max)" 3 "without them there are as many calls at once as may be"
kill -CONT "${stopped[@]}"
wait "${stopped[@]}"
wait "$pid"
is "$?" 0 "those who did not stand still get what they want"
wait_for hd_is .in_flight 0
check "those who stood still may exceed the concurrency, nobody else" hd_is '.in_flight_max > 3 and .in_flight_max <= 5' true
diag "at once: $(hd_state .in_flight_max)"
is "$(standing .spent)" $((14 * 5)) "their calls cost what was charged already"
check "and the bill is no more: $(hd_state .credits)" [ "$(hd_state .credits)" -le "$(standing .spent)" ]
check "credits audit" credits audit
journal_holds "standing still"
hd_set latency=20ms-60ms

# --- The ledger disappears -------------------------------------------------------------------------------------------

# What was on its way when it happened comes to its end; then the status says why there is no more.
ends_well() { # WHAT STATUS
    local sent
    wait_for hd_is .in_flight 0
    sent=$(hd_state .billed)
    is "$(wc -l <out)" "$(wc -l <in)" "$1: every line goes out"
    is "$(jq -c .url out | sha256sum)" "$(jq -c .url in | sha256sum)" "$1: in their order"
    is "$(done_lines out)" "$sent" "$1: what was bought comes out: $sent"
    check "$1: nothing more was sent" [ "$sent" -lt "$(wc -l <in)" ]
}
one_of() { # STATUS STATUS|STATUS
    [[ "|$2|" == *"|$1|"* ]] || { echo "status $1" && return 1; }
}
in_mid_run() { # STATUS|STATUS WHAT COMMAND...: while the client buys
    local wanted=$1 what=$2 pid status
    shift 2
    hd_set latency=300ms # so slow that what happens happens in mid-run, however busy the machine is
    "${job[@]}" in >out 2>err &
    pid=$!
    wait_for hd_is '.billed >= 8' true
    "$@"
    wait "$pid"
    status=$?
    hd_set latency=20ms-60ms
    check "$what: the status says so" one_of "$status" "$wanted"
    check "$what: and a message why" [ "$(wc -l <err)" = 1 ]
    diag <err
    ends_well "$what"
}
completes() { # WHAT: run again, everything is bought, nothing twice
    expect 0 "$1: again" "${job[@]}" in >out
    is "$(done_lines out)" "$(wc -l <in)" "$1: then all of it is there"
    is "$(hd_state '[.bought_twice, .billed]' | jq -c .)" "[0,$(wc -l <in)]" "$1: and nothing was bought twice"
}

next
in_mid_run 78 "the ledger is deleted" rm "$tmp/state/ledger.db"
is "$(find "$tmp/state" -type f | wc -l)" 0 "the ledger is deleted: nobody makes another one"
credits set "${gate_times[@]}" budget=100000 >set.out
completes "the ledger is deleted"
next
# Written over in place, a file that is being written may be whole again for its writer: that is not what this is about.
cp in other
in_mid_run 78 "the ledger is something else" mv other "$tmp/state/ledger.db"
rm "$tmp/state/ledger.db"
credits set "${gate_times[@]}" budget=100000 >set.out
completes "the ledger is something else"
next
# shellcheck disable=SC2016 # for the other shell
in_mid_run 78 "the account is gone" sh -c "$PYTHON"' - "$1" <<END
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10)
db.execute("DELETE FROM account")
db.commit()
END' sh "$tmp/state/ledger.db"
check "the account is gone: credits rebuild" credits rebuild
completes "the account is gone"
check "the account is gone: credits audit" credits audit

# --- The cache cannot be written -------------------------------------------------------------------------------------

next
mkdir "$tmp/cache"
JOBLINE_BOUGHT=sqlite:$tmp/cache/bought.db in_mid_run "73|74" "the cache is deleted" rm -rf "$tmp/cache"
is "$(standing .spent)" "$(hd_state .credits)" "the cache is deleted: the ledger knows what was bought"

# --- The reader goes away -------------------------------------------------------------------------------------------

next
set +o pipefail
"${job[@]}" in 2>err | head -n 3 >out
status=${PIPESTATUS[0]}
is "$status" 141 "the reader goes away: the status says so"
wait_for hd_is .in_flight 0
is "$(standing '[.spent, .uncertain]')" "[$(hd_state .credits),0]" "the reader goes away: what was sent came to its end"
completes "the reader goes away"

# --- The disk ---------------------------------------------------------------------------------------------------------

if [ -n "$JL_OWN_MOUNTS" ] && mkdir "$tmp/small" && mount -t tmpfs -o size=1m none "$tmp/small"; then
    next
    cp "$tmp/state/ledger.db" "$tmp/small/"
    export JOBLINE_LEDGER=sqlite:$tmp/small/ledger.db
    # shellcheck disable=SC2016 # for the other shell
    in_mid_run 74 "no room for the ledger" sh -c 'head -c 2m /dev/zero >"$1/fill" 2>/dev/null || :' sh "$tmp/small"
    has err "disk is full" "no room for the ledger: the message says so"
    rm "$tmp/small/fill"
    completes "no room for the ledger"
    check "no room for the ledger: every hold ends" wait_for no_lease_left
    check "no room for the ledger: the bill is charged" [ "$(standing .spent)" -ge "$(hd_state .credits)" ]
    check "no room for the ledger: credits audit" credits audit
    umount "$tmp/small"
else
    diag "no mounts are allowed here: the faults below stand for a full disk"
fi

# --- Any call that fails ----------------------------------------------------------------------------------------------

struck() { # FAULT
    LD_PRELOAD=$shim JL_FAULT_IN=hd-fetch JL_FAULT=$1 JL_FAULT_SEEN=$tmp/seen timeout 60 "${job[@]}" in >out 2>err
}
many=20
for fault in write:ENOSPC fsync:EIO open:EMFILE read:EIO close:EIO connect:ECONNREFUSED send:EPIPE; do
    next
    struck "${fault%:*}:999999999:${fault#*:}"
    seen=$(<"$tmp/seen")
    for ((round = 1; round <= JL_SCALE; round++)); do
        next
        n=$((RANDOM % seen + 1))
        struck "${fault%:*}:$n:${fault#*:}"
        status=$?
        what="call $n of $seen of $fault, status $status"
        check "$what: is one that we have" one_of "$status" "0|66|69|70|73|74|75|77|78"
        wait_for hd_is .in_flight 0
        # 74: stdout itself may be what cannot be written. What fails before there is an account to pay from has no lines yet.
        [ "$status" = 74 ] || [ "$(hd_state .calls)" = 0 ] || is "$(wc -l <out)" 20 "$what: every line goes out"
        came=$(done_lines out)
        expect 0 "$what: again" "${job[@]}" in >out
        is "$(done_lines out)" 20 "$what: then all of it is there"
        check "$what: every hold ends" wait_for no_lease_left
        twice=$(hd_state .bought_twice) doubts=$(($(standing .uncertain) / 5))
        check "$what: what is bought twice came out or is uncertain: $twice" [ "$twice" -le $((came + doubts)) ]
        check "$what: the bill is charged" [ "$(standing .spent)" -ge "$(hd_state .credits)" ]
        journal_holds "$what"
        check "$what: nothing was sent without a hold" [ "$(hd_state .calls)" -le "$(jq .calls journal.json)" ]
    done
done

done_testing
