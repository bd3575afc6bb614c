# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# A list of work, shared out among workers that run side by side.

# Each line of a file goes to FUNCTION, in one of N workers; each worker has a folder of its own as $tmp, "$tmp/worker.1" and so
# on, which stays. A FUNCTION that fails ends its worker. Returns the last status that was not 0.
share_out() { # FILE N FUNCTION
    pids='' share=0
    while [ "$share" -lt "$2" ]; do
        share=$((share + 1))
        mkdir "$tmp/worker.$share" || return 73
        awk -v n="$2" -v i="$share" 'NR % n == i % n' "$1" >"$tmp/worker.$share/share" || return 74
        take_share "$3" &
        pids="$pids $!" children=$pids
    done
    # One that came while they were started has not reached them all.
    # shellcheck disable=SC2086 # a list
    [ -z "$signal" ] || kill -s TERM $children 2>/dev/null || :
    failed=0
    for pid in $pids; do
        await "$pid"
        [ "$code" = 0 ] || failed=$code
    done
    children=''
    [ -z "$signal" ] || exit "$signal"
    return "$failed"
}
take_share() { # FUNCTION
    trap - EXIT
    hear_signals
    tmp=$tmp/worker.$share
    # Nobody goes on when the script was killed.
    while kill -0 "$$" 2>/dev/null && IFS= read -r line <&8; do "$1" "$line" || exit; done 8<"$tmp/share"
}
