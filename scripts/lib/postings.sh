# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# One file of postings: the options of senior-s3, which those who call it for many files have too and hand on.

# Kind "state": a URL whose variable the programs read themselves, as a password must not come into an argument.
chain_options() {
    cat <<'END'
s|server|HOST:PORT|text|host|JOBLINE_SERVER|the model's server
C|cache|URL|state||JOBLINE_CACHE|the cache: sqlite:PATH, redis://HOST:PORT/DB, @FILE
m|model|MODEL|text||JOBLINE_MODEL|whose answers: each model has entries of its own [default]
k|key-paths|NAME=PATH,...|text|||the members that make the key [company,title]
 |rate|PAIRS_PER_S|number|||pairs asked a second, at most; 0 = no limit [1000]
 |pace|URL|state||JOBLINE_PACE|share the rate with all who name the same bucket: sqlite:PATH, redis://HOST:PORT/DB
 |tls||flag|||connect to the model with TLS
 |ca|FILE|text|file||connect to the model with TLS, trusting these authorities (PEM)
 |cert|FILE|text|file||show the model this certificate (PEM)
 |key|FILE|text|file||its private key (PEM)
END
}
file_options() {
    chain_options
    cat <<'END'
 |max-rejects|N[%]|text|||give a file up when more of its lines are bad [any number goes to DST.rejects]
 |accept-unanswered|N|number|||deliver a file with unanswered lines at the N-th attempt [never]
 |pairs|PREFIX|text|||keep the distinct pairs of each file as PREFIX + its name + .pairs.jsonl.zst
END
}

# What was given of some options, to be said the same way to another command -> $given, words for `eval`.
given() { # TABLE [NAME...]: the function that has their rows; only these of them
    given=''
    rows=$("$1")
    shift
    while IFS='|' read -r letter name value kind complete env help; do
        case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
        variable "$name"
        eval "it=\$$variable"
        [ -n "$it" ] || continue
        [ -z "$value" ] || name="$name=$it"
        given="$given$(quoted "--$name")"
    done <<END
$rows
END
}

# The id that all programs of a run write into --stats: the caller's, if it is one.
name_run() { # -> $JOBLINE_RUN, exported
    case ${JOBLINE_RUN-} in
    '' | *[!A-Za-z0-9._-]* | ????????????????????????????????????????????????????????????????*)
        JOBLINE_RUN=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')
        ;;
    esac
    export JOBLINE_RUN
}

# How a file is packed, by its name.
unpack() { # NAME FILE OUT
    case $1 in
    *.gz) run gzip -dc <"$2" >"$3" 2>"$tmp/why" ;;
    *.zst) run zstd -qdc <"$2" >"$3" 2>"$tmp/why" ;;
    *) ln -f -- "$2" "$3" 2>"$tmp/why" ;;
    esac && return
    reason "$tmp/why"
    why="$1: $why"
    return 65
}
pack() { # NAME FILE OUT
    case $1 in
    *.gz) run gzip -nc <"$2" >"$3" 2>"$tmp/why" ;;
    *.zst) run zstd -qc <"$2" >"$3" 2>"$tmp/why" ;;
    *) ln -f -- "$2" "$3" 2>"$tmp/why" ;;
    esac && return
    reason "$tmp/why"
    why="$1: $why"
    return 74
}
