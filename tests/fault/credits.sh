#!/usr/bin/env bash
# Each allocation, write and fsync of credits fails once, one after another: never a crash, never a command that ran without its cost
# being in the ledger, never news told twice, never a wrong output with status 0.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

most=$((10 * JL_SCALE)) # of the calls of one kind that are made to fail, spread over all there are
export JOBLINE_LEDGER=sqlite:$PWD/l.db
credits set budget=100
credits run --cost=65 --user=ann --endpoint=page true
credits -q run --cost=10 false
cp l.db before.db
credits report --by=user --json >wanted.report
credits journal >wanted.journal

struck() { # FAULT COMMAND [ARG...]
    timeout -k 5 60 env LD_PRELOAD="$BUILD/test/fault/shim.so" JL_FAULT_IN=credits JL_FAULT="$1" JL_FAULT_SEEN="$tmp/seen" "${@:2}" \
        >stdout 2>err
}
afresh() {
    rm -f l.db* ran
    cp before.db l.db
    : >ran
}

# What must hold after each verb: says what is wrong. $1: the status.
after_report() { [ "$1" != 0 ] || cmp -s stdout wanted.report || echo "a wrong report"; }
after_journal() { [ "$1" != 0 ] || cmp -s stdout wanted.journal || echo "a wrong journal"; }
after_run() {
    local runs committed
    runs=$(wc -l <ran)
    committed=$(credits status --json | jq '.spent + .held + .carried')
    [ "$committed" -ge $((75 + 5 * runs)) ] || echo "ran $runs times, $committed committed"
    [ "$1" != 0 ] || [ "$runs" = 1 ] || echo "status 0, ran $runs times"
    credits audit >audited 2>&1 || cat audited
}
after_watch() { # what was not told may be claimed still
    credits watch --run='cat >>ran' >>stdout
    sort ran | uniq -d | grep -q . && echo "told twice"
    [ "$1" != 0 ] || [ "$(wc -l <ran)" = 2 ] || echo "status 0, told $(wc -l <ran) times"
}
after_sync() {
    local spent
    spent=$(credits status --json | jq .spent)
    case $1:$spent in 0:90 | [1-9]*:75 | [1-9]*:90) ;; *) echo "status $1, $spent spent" ;; esac
    credits sync --used=90 >stdout
    [ "$(credits status --json | jq -c '[.spent, .uncertain]')" = '[90,0]' ] || echo "a second sync does not mend it"
    credits audit >audited 2>&1 || cat audited
}

scene() { # CALL ERROR AFTER COMMAND...
    local call=$1 error=$2 after=$3 calls n step status why bad=0
    shift 3
    afresh
    struck "$call:999999999:$error" "$@" || { not_ok "undisturbed: $*" && diag <err; }
    calls=$(<"$tmp/seen")
    step=$((calls / most + 1))
    for ((n = 1; n <= calls; n += step)); do
        afresh
        status=0
        struck "$call:$n:$error" "$@" || status=$?
        case $status in
        0) why='' ;;
        6[4-9] | 7[0-8]) why=$(grep -q '^credits: ' err || echo "status $status without a message") ;;
        *) why="status $status" ;;
        esac
        why=$why$("after_$after" "$status")
        [ -z "$why" ] && continue
        bad=1
        not_ok "$call $n of $calls fails with $error, $why: $*"
        diag <err
    done
    [ "$bad" = 1 ] || [ "$calls" = 0 ] || ok "$call fails with $error, $(((calls + step - 1) / step)) of $calls: $*"
}

every_scene() { # CALL ERROR
    scene "$@" report credits report --by=user --json
    scene "$@" journal credits journal
    scene "$@" sync credits sync --used=90
    scene "$@" run credits run --cost=5 sh -c 'echo x >>ran'
    scene "$@" watch credits watch --run='cat >>ran'
}
every_scene malloc ENOMEM
every_scene write ENOSPC
every_scene fsync EIO
done_testing
