# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# Many files: senior-s3 for each of them, several at once, with an account of what became of them.
#
#   begin_deliveries             once, behind private_folder
#   deliver SRC DST [OPTION...]  in each worker of a crew or a pool (crew.sh); with --pairs DST is below $to
#   account NAME...; verdict     at the end
#
# $outcomes has a line for each thing that was noted: its name, a status, and of files that are done lines, pairs, hits, model
# calls, rejects and unanswerable lines.

# The model's rate is meant for all together: those who do not draw it from one bucket get their part of it.
share_rate() { # PROCESSES
    [ -z "${opt_pace:-${JOBLINE_PACE-}}" ] || return 0
    default rate 1000
    [ "$opt_rate" -ne 0 ] || return 0
    opt_rate=$((opt_rate / $1))
    [ "$opt_rate" -gt 0 ] || opt_rate=1
}

begin_deliveries() {
    began=$(date +%s)
    outcomes=$tmp/outcomes stop=$tmp/stop
    : >"$outcomes"
    given file_options
    delivery_words="$given${opt_quiet:+--quiet }${opt_verbose:+--verbose }"
    name_run
    delivery_run=$(printf '%.40s' "$JOBLINE_RUN") delivery_number=0 delivery_limit=''
    away=0 worker=0 at_exit=release
    # What two processes of this host would both do is done by one. Without a folder for the locks both do it, which is harmless.
    locks=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/jobline/locks/deliveries
    if ! mkdir -p -- "$locks" 2>/dev/null || [ ! -w "$locks" ]; then locks=''; fi
}

# ---- one file ----

# Takes the lock of a place -> 75 when another process on this host has it. The file goes with the lock, so a lock counts only
# while its file is the one that has that name.
hold() { # DST [wait]
    [ -n "$locks" ] || return 0
    case $1 in s3://*) lock_name=$1 ;; *) lock_name=$(readlink -m -- "$1") ;; esac
    lock_name=$(printf '%s' "$lock_name" | sha256sum) || return 70
    lock_file=$locks/${lock_name%% *}
    while :; do
        command exec 5>"$lock_file" || return 73
        if [ "${2-}" = wait ]; then
            run flock 5 || return 73
        elif ! flock -n 5; then
            lock_file=''
            exec 5>&-
            return 75
        fi
        # shellcheck disable=SC3013 # dash and bash know it
        [ ! "$lock_file" -ef /dev/fd/5 ] || return 0
    done
}
lock_file=''
release() {
    [ -n "$lock_file" ] || return 0
    rm -f -- "$lock_file"
    exec 5>&-
    lock_file=''
}

# What was handed out to an outcome; appended at once, so that lines of several workers do not mix.
note() { # NAME STATUS [NUMBERS]
    printf '%s\t%s\t%s\n' "$1" "$2" "${3-}" >>"$outcomes"
}

# Takes one file through senior-s3 -> $outcome (done, already, vanished, failed) and the status; the manifest is in $tmp/manifest.
# It is noted by the caller.
deliver() { # SRC DST [OPTION...]
    delivery_src=$1 delivery_dst=$2
    shift 2
    # senior-s3 names the pairs by the last component of DST: those of two folders must not replace each other.
    if [ -n "$opt_pairs" ]; then
        delivery_name=${delivery_dst#"$to"}
        set -- --pairs="$opt_pairs${delivery_name%"${delivery_name##*/}"}" "$@"
    fi
    delivery_number=$((delivery_number + 1))
    JOBLINE_RUN=$delivery_run.$worker.$delivery_number
    export JOBLINE_RUN
    eval "run $delivery_limit senior-s3 $delivery_words \"\$@\" -- \"\$delivery_src\" \"\$delivery_dst\"" >"$tmp/manifest"
    delivery_status=$?
    numbers='' outcome=failed
    case $delivery_status in
    0)
        outcome=already
        numbers=$(jq -r --arg run "$JOBLINE_RUN" \
            'select(.run == $run) | [.lines, .pairs, .hits, .model_calls, .rejects, .unanswerable] | map(. // 0) | @tsv' "$tmp/manifest")
        [ -z "$numbers" ] || outcome='done'
        ;;
    66) outcome=vanished ;;
    esac
    case $delivery_status in
    64 | 77 | 78) halt "$delivery_status" ;; # so would all others end
    69) away=$((away + 1)) ;;
    *) away=0 ;;
    esac
    return "$delivery_status"
}

# After three files in a row for which a service was away nothing new is begun.
give_up_when_away() {
    [ "$away" -lt 3 ] || {
        [ -e "$stop" ] || tell "a service was away $away times in a row: nothing new is begun"
        halt 75
    }
}

# ---- the end ----

# One line of JSON: how often each name was noted (NAME=N: N more), the sums, the seconds.
account() { # NAME[=N]...
    awk -F '\t' -v names="$*" -v seconds="$(($(date +%s) - began))" '
        { count[$1]++; lines += $3; pairs += $4; hits += $5; calls += $6; rejects += $7; unanswerable += $8 }
        END {
            n = split(names, name, " ")
            for (i = 1; i <= n; i++) {
                split(name[i], part, "=")
                printf "%s\"%s\":%.0f", i == 1 ? "{" : ",", part[1], count[part[1]] + part[2]
            }
            printf ",\"lines\":%.0f,\"pairs\":%.0f,\"hits\":%.0f,\"model_calls\":%.0f,\"rejects\":%.0f,\"unanswerable\":%.0f", \
                lines, pairs, hits, calls, rejects, unanswerable
            printf ",\"seconds\":%d}\n", seconds
        }' "$outcomes"
}

# The status of it all: 75 when a rerun may do what is not done, else the worst -> $verdict.
verdict() { # [STATUS OF THE CREW]
    verdict=$(awk -F '\t' '$2 == 69 || $2 == 75 || $2 > 128 { again = 1 } $2 > worst { worst = $2 }
        END { print again ? 75 : worst + 0 }' "$outcomes")
    [ ! -s "$stop" ] || verdict=$(head -n 1 "$stop")
    [ "${1:-0}" -eq 0 ] || [ "$verdict" -ne 0 ] || verdict=75
    [ -z "$signal" ] || verdict=$signal
}
