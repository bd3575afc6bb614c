# shellcheck shell=bash
# The scenes in which calls are made to fail, for io.sh and alloc.sh, with what must hold after each failure.
# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

most=$((12 * JL_SCALE)) # of the calls of one kind that are made to fail, spread over all there are
generate --lines=3000 --distinct=600 --seed="$JL_SEED" >in.jsonl
jl-dedupe in.jsonl >deduped.jsonl
jl-dedupe --keys-only in.jsonl | sed 's/}$/,"seniority":3}/' >table
jl-augment -t table in.jsonl >augmented.jsonl

# A shell that the fault is to strike starts the program with exec, so that the shim finds the program's name.
struck() { # PROGRAM FAULT COMMAND [ARG...]: the command's status
    timeout -k 5 60 env LD_PRELOAD="$BUILD/test/fault/shim.so" JL_FAULT_IN="$1" JL_FAULT="$2" JL_FAULT_SEEN="$tmp/seen" "${@:3}" \
        <in.jsonl >stdout 2>err
}

prefix_of() { # FILE WHOLE
    head -c "$(stat -c %s "$1")" "$2" | cmp -s - "$1"
}

# Each line of FILE is the line of WANTED or that of in.jsonl at the same place, but the last one, which may be cut off.
answered_or_not() { # FILE WANTED
    paste -d $'\001' "$1" "$2" in.jsonl | head -n "$(wc -l <"$1")" |
        awk -F $'\001' '$1 != $2 && $1 != $3 { exit 1 }'
}

# The complete lines of FILE are the first lines of WANTED, some of them perhaps followed by others of the same key: a line whose
# key could not be looked up any more goes out.
nothing_lost() { # FILE WANTED
    head -n "$(wc -l <"$1")" "$1" | jl-dedupe >"$tmp/again"
    prefix_of "$tmp/again" "$2"
}

# What may be after a run that ended with STATUS: says what is wrong and fails, or succeeds.
verdict() { # STATUS HOW-TO-COMPARE WANTED
    local status=$1 out=stdout
    [ "$4" = file ] && out=out.jsonl
    case $status in
    0) cmp -s "$out" "$3" || { echo "status 0 and a wrong output" && return 1; } ;;
    141) ;;
    64 | 65 | 66 | 69 | 70 | 73 | 74 | 75 | 77 | 78)
        grep -q "^$2: " err || { echo "status $status without a message" && return 1; }
        if [ "$4" = file ]; then
            [ ! -e out.jsonl ] || cmp -s out.jsonl "$3" || { echo "a part under the final name" && return 1; }
        elif [ "$4" = lines ]; then
            nothing_lost stdout "$3" || { echo "status $status and a wrong output" && return 1; }
        else
            answered_or_not stdout "$3" || { echo "status $status and a wrong output" && return 1; }
        fi
        ;;
    *) echo "status $status" && return 1 ;;
    esac
}

scene() { # CALL ERROR PROGRAM COMPARE WANTED COMMAND…: COMPARE is lines, answers or file
    local call=$1 error=$2 program=$3 compare=$4 wanted=$5 calls n step status why bad=0
    shift 5
    rm -rf out.jsonl* state.db* "$HOME" && mkdir "$HOME"
    struck "$program" "$call:999999999:$error" "$@"
    status=$?
    if [ "$status" != 0 ] || [ ! -s "$tmp/seen" ]; then
        not_ok "undisturbed, status $status: $*"
        diag <err
        return
    fi
    calls=$(<"$tmp/seen")
    step=$((calls / most + 1))
    for ((n = 1; n <= calls; n += step)); do
        rm -rf out.jsonl* state.db* "$HOME" && mkdir "$HOME"
        status=0
        struck "$program" "$call:$n:$error" "$@" || status=$?
        why=$(verdict "$status" "$program" "$wanted" "$compare") || true
        # A call that was interrupted or did a part is no failure at all.
        case $error in EINTR | short) [ "$status" = 0 ] || why="status $status" ;; esac
        if [ -n "$why" ]; then
            bad=1
            not_ok "$call $n of $calls fails with $error, $why: $*"
            diag <err
        fi
    done
    [ "$bad" = 1 ] || [ "$calls" = 0 ] || ok "$call fails with $error, $(((calls + step - 1) / step)) of $calls: $*"
}

every_scene() { # CALL ERROR
    scene "$@" jl-dedupe lines deduped.jsonl jl-dedupe
    scene "$@" jl-dedupe file deduped.jsonl jl-dedupe -o out.jsonl in.jsonl
    scene "$@" jl-dedupe lines deduped.jsonl jl-dedupe --seen="sqlite:$PWD/state.db"
    scene "$@" jl-dedupe lines deduped.jsonl jl-dedupe --then cat
    scene "$@" jl-augment answers augmented.jsonl jl-augment -t table
    scene "$@" jl-augment file augmented.jsonl jl-augment -t table -o out.jsonl in.jsonl
    scene "$@" jl-augment answers augmented.jsonl jl-augment sed 's/}$/,"seniority":3}/'
    scene "$@" senior-cache answers augmented.jsonl senior-cache -C "sqlite:$PWD/state.db" fill sed 's/}$/,"seniority":3}/'
}
