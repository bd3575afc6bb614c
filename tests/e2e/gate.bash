# shellcheck shell=bash
# What the scripts about the gate share: an account in a ledger, clients that hammer it, what must hold afterwards.
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# The leases are those of a provider that answers within a second. It counts the calls beyond the concurrency instead of refusing them,
# and knows no budget, so that nothing but the gate keeps them.
gate_times=(timeout=2s grace=200ms hold=1s)
start_provider() { # [OPTION...]
    start_hasdata --concurrency=0 --budget=none --deadline=1500ms --short=1 --dead=0 --expired=0 --incomplete=0 --broken=0 --js=0 "$@" ||
        done_testing
    # shellcheck disable=SC2034 # for the scripts
    job=(hd-fetch job --api="$hd_api" --key-file="$hd_key_file")
}

# Where programs are built with a sanitizer, its library has to be the first.
preload() { # NAME: of a library in tests/fault; prints what LD_PRELOAD has to be
    ldd "$BUILD/bin/hd-fetch" | awk '/libasan|libubsan/ { printf "%s:", $3 }'
    printf '%s\n' "$BUILD/test/fault/$1.so"
}

# An account whose period neither begins nor ends within a day of now.
account() { # [NAME=VALUE...]
    local day
    day=$(date -u +%-d)
    check "an account: $*" credits set "${gate_times[@]}" anchor=$(((day + 13) % 28 + 1)) breaker-rate=100 breaker-calls=1000 \
        breaker-window=1000 "$@"
}

standing() { # JQ-FILTER
    credits status --json | jq -c "$1"
}

lines() { # COUNT FROM [KIND]: job lines about postings
    hd_urls "$1" "${3-good}" indeed "$2" | jq -cR '{url: ., title: "T", company: "C"}'
}

no_lease_left() {
    [ "$(standing '[.live, .held]')" = '[0,0]' ]
}

hammer() { # OPTION...: writes hammered
    "$PYTHON" "$top/tests/e2e/gate_hammer.py" --api="$hd_api" --ledger="$JOBLINE_LEDGER" --clock="$(preload clock)" \
        --seed="$JL_SEED" "$@" -- "${job[@]}" >hammered
}

# What must hold once all clients are gone.
gate_kept() { # WHAT CONCURRENCY BUDGET [OPTION-OF-gate_journal...]
    check "$1: every hold ends" wait_for no_lease_left
    local bill spent most
    bill=$(hd_state .credits) spent=$(standing .spent) most=$(hd_state .in_flight_max)
    check "$1: the bill is within the budget: $bill" [ "$bill" -le "$3" ]
    check "$1: the ledger has spent what was billed, or more: $spent" [ "$spent" -ge "$bill" ]
    check "$1: nor did that pass the budget" [ "$spent" -le "$3" ]
    check "$1: never more than $2 calls at once: $most" [ "$most" -le "$2" ]
    check "$1: credits audit" credits audit
    journal_holds "$1" "${@:4}"
}

# The journal by other eyes; its figures go to journal.json.
journal_holds() { # WHAT [OPTION...]
    if "$PYTHON" "$top/tests/e2e/gate_journal.py" "${@:2}" "$JOBLINE_LEDGER" >journal.json 2>journal.err; then
        ok "$1: the journal keeps what the ledger promises"
    else
        not_ok "$1: the journal keeps what the ledger promises"
        cat journal.json journal.err | diag
    fi
}

hammered() { # JQ-FILTER
    jq -r "$1" hammered
}
