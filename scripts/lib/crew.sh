# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# Workers: subshells side by side, each with a $tmp of its own, "$tmp/worker.1" and so on, which stays.
#
# When the file $stop exists, with a status in it, nobody begins anything new.

# Each of the workers calls FUNCTION, and $at_exit at its end. A signal is passed on to them. The status is the highest of theirs.
crew() { # JOBS FUNCTION
    children=' ' worker=0 crew_status=0
    stop=${stop:-$tmp/stop}
    while [ "$worker" -lt "$1" ]; do
        worker=$((worker + 1))
        mkdir -p "$tmp/worker.$worker" || return 73
        member "$2" &
        children="$children $!"
    done
    # One that came while they were started has not reached them all.
    # shellcheck disable=SC2086 # a list
    [ -z "$signal" ] || kill -s TERM $children 2>/dev/null || :
    for child in $children; do
        await "$child"
        [ "$code" -le "$crew_status" ] || crew_status=$code
    done
    children=''
    return "$crew_status"
}

at_exit=:
member() { # FUNCTION
    hear_signals
    tmp=$tmp/worker.$worker
    trap '$at_exit' EXIT
    "$1"
}

# Each line of LIST goes to FUNCTION, in the worker that is free first. A FUNCTION that fails ends its worker.
pool() { # JOBS LIST FUNCTION
    pool_lock=$tmp/pool.lock pool_function=$3
    exec 3<"$2"
    crew "$1" take_lines
    pool_status=$?
    exec 3<&-
    return "$pool_status"
}

# They read the list from one descriptor, so that they share its position.
take_lines() {
    while go_on && { flock 7 && IFS= read -r line <&3; } 7>"$pool_lock"; do
        "$pool_function" "$line" || return
    done
}

go_on() { # nor does one go on whose script was killed
    [ ! -e "$stop" ] && kill -0 "$$" 2>/dev/null
}

halt() { # STATUS
    echo "$1" >"$stop"
}
