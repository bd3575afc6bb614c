# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# What every script of the kit promises: options from one table, messages, exit statuses, a private folder, signals.
#
#   #!/bin/sh
#   set -u
#   . "$(dirname -- "$(readlink -f -- "$0")")/lib/conduct.sh" || exit 70
#   about='what it does in a few words'
#   synopsis='[OPTION...] SRC DST'              (a line for each form)
#   options() { cat <<'END'
#   s|server|HOST:PORT|text|host|JOBLINE_SERVER|the model's server
#    |dry-run||flag|||tell what would be done, do nothing
#   END
#   }
#   start "$@"; eval "set -- $operands"
#
# A row: letter | name | value (empty: a flag) | kind | completion | variable of the environment | help. Kinds:
#   flag    $opt_NAME is 1 or empty            number  a whole number        time   $opt_NAME in seconds; 30, 30s, 5m, 2h, 7d
#   text    as given                           choice  one of the words in VALUE, a,b,c
#   words   may be given again; $opt_NAME has a line for each
#   state   a URL that may have a password: as text, but never taken from the environment, where the programs find it
# A '-' in the name is a '_' in the variable. What is not given is taken from the environment, else empty: `default NAME VALUE`
# behind `start` says otherwise. -h, -V, -q, -v are everybody's. A script that runs a command sets options_first=1 (options end at
# the first operand) and operand_kind=command (for the completions). Nothing here writes to stdout but --help and --version.

version=0.1.0 # the Makefile reads it here

[ -e /dev/fd/0 ] || exec </dev/null # a closed stdin
me=$(basename -- "$0")
# The programs are beside the scripts, and cron knows few folders.
PATH=$(dirname -- "$0"):$(dirname -- "$(readlink -f -- "$0")"):$PATH
export PATH
newline='
'
tab=$(printf '\t')

# ---- messages ----

printable() { # TEXT: control bytes shown as ?, so that no message can play with a terminal
    case $* in
    *[![:print:]]*) printf '%s' "$*" | LC_ALL=C tr '\000-\037\177' '?' ;;
    *) printf '%s' "$*" ;;
    esac
}
tell() { printf '%s: %s\n' "$me" "$(printable "$@")" >&2; }
warn() { [ -n "${opt_quiet-}" ] || tell "$@"; }
info() { [ -z "${opt_verbose-}" ] || tell "$@"; }
die() { # STATUS TEXT
    status=$1
    shift
    tell "$@"
    exit "$status"
}

# ---- options ----

conduct_options() {
    options
    cat <<'END'
h|help|WHAT?|text|||show this help; the other words give tables for tools
V|version||flag|||show the version
q|quiet||flag|||print errors, no warnings
v|verbose||flag|||say what is done
END
}

variable() { # NAME -> $variable
    variable=opt_$1
    while case $variable in *-*) true ;; *) false ;; esac do
        variable=${variable%%-*}_${variable#*-}
    done
}

# The row of this form, -x or --name -> $o_name, $o_value, $o_kind; a name may be cut short where it stays unique.
find_option() { # FORM
    matches=0
    while IFS='|' read -r letter name value kind complete env help; do
        case $1 in
        "-${letter# }" | "--$name") matches=1 ;;
        --?*) case --$name in "$1"*) matches=$((matches + 2)) ;; *) continue ;; esac ;;
        *) continue ;;
        esac
        o_name=$name o_value=$value o_kind=$kind
        [ "$matches" != 1 ] || break
    done <<END
$table
END
    case $matches in
    0) die 64 "no option $1; $me --help shows them" ;;
    1 | 2) ;;
    *) die 64 "$1 may be several options; $me --help shows them" ;;
    esac
}

decimal() { # DIGITS -> $number, without the zeros in front that would make it octal; false when it is no whole number
    case $1 in '' | *[!0-9]* | ??????????????????*) return 1 ;; esac
    number=${1#"${1%%[!0]*}"}
    number=${number:-0}
}

seconds_of() { # TIME -> $seconds; false when it is none
    case $1 in
    *s) seconds=${1%s} unit=1 ;;
    *m) seconds=${1%m} unit=60 ;;
    *h) seconds=${1%h} unit=3600 ;;
    *d) seconds=${1%d} unit=86400 ;;
    *) seconds=$1 unit=1 ;;
    esac
    decimal "$seconds" && seconds=$((number * unit))
}

set_option() { # NAME KIND VALUE-COLUMN VALUE WHERE: checks the value, sets $opt_NAME
    variable "$1"
    case $2 in
    number)
        decimal "$4" || die 64 "$5=$4: a whole number was expected"
        eval "$variable=\$number"
        ;;
    time)
        seconds_of "$4" || die 64 "$5=$4: a time was expected, such as 90, 30s, 5m, 2h or 7d"
        eval "$variable=\$seconds"
        ;;
    choice)
        case ",$3," in *",$4,"*) ;; *) die 64 "$5=$4: one of $3 was expected" ;; esac
        eval "$variable=\$4"
        ;;
    words) eval "$variable=\${$variable:+\$$variable\$newline}\$4" ;;
    *) eval "$variable=\$4" ;;
    esac
}

default() { # NAME VALUE: unless it was given
    variable "$1"
    eval "[ -n \"\$$variable\" ] || $variable=\$2"
}

quoted() { # TEXT: as one word of the shell
    printf "'"
    printf '%s' "$1" | sed "s/'/'\\\\''/g"
    printf "' "
}

# Reads the command line; what is no option is left in $operands, ready for `eval "set -- $operands"`.
start() {
    table=$(conduct_options)
    operands=''
    while IFS='|' read -r letter name value kind complete env help; do
        variable "$name"
        eval "$variable=''"
    done <<END
$table
END
    while [ $# -gt 0 ]; do
        case $1 in
        --)
            shift
            break
            ;;
        --*=*)
            find_option "${1%%=*}"
            [ -n "$o_value" ] || die 64 "--$o_name takes no value"
            set_option "$o_name" "$o_kind" "$o_value" "${1#*=}" "--$o_name"
            ;;
        --* | -?)
            find_option "$1"
            case $o_value in
            '' | *\?) variable "$o_name" && eval "$variable=1" ;;
            *)
                [ $# -gt 1 ] || die 64 "$1 needs a value"
                set_option "$o_name" "$o_kind" "$o_value" "$2" "--$o_name"
                shift
                ;;
            esac
            ;;
        -?*) # -abc, -jN
            rest=${1#-?}
            first=${1%"$rest"}
            find_option "$first"
            shift
            case $o_value in
            '' | *\?) variable "$o_name" && eval "$variable=1" && set -- "-$rest" "$@" ;;
            *) set_option "$o_name" "$o_kind" "$o_value" "$rest" "--$o_name" ;;
            esac
            continue
            ;;
        *)
            [ -z "${options_first-}" ] || break
            operands="$operands$(quoted "$1")"
            ;;
        esac
        shift
    done
    for operand; do operands="$operands$(quoted "$operand")"; done
    while IFS='|' read -r letter name value kind complete env help; do
        variable "$name"
        eval "given=\$$variable"
        if [ -n "$given" ] || [ -z "$env" ] || [ "$kind" = state ]; then continue; fi
        eval "given=\${$env-}"
        [ -z "$given" ] || set_option "$name" "$kind" "$value" "$given" "$env"
    done <<END
$table
END
    case $opt_help$opt_version in
    '') ;;
    *)
        show_help "${opt_help:-version}"
        exit
        ;;
    esac
}

show_help() { # WHAT
    case $1 in
    version) echo "$me (jobline) $version" ;;
    program)
        printf '#name\tabout\tversion\toperands\tfiles_when\n%s\t%s\t%s\t%s\t\n' "$me" "$about" "$version" "${operand_kind:-file}"
        ;;
    verbs) printf '#name\toperands\thelp\n' ;;
    options)
        printf '%s\n' "$table" | awk -F '|' -v OFS='\t' '
            BEGIN { print "#letter", "name", "arg", "kind", "words", "complete", "verbs", "help", "scope", "env" }
            { words = ""; arg = $3
              if ($4 == "choice") { words = $3; gsub(",", "|", words); arg = "WORD" }
              if ($2 == "help") words = "options|verbs|program"
              scope = $2 ~ /^(help|version|quiet|verbose)$/ ? "common" : "own"
              gsub(" ", "", $1)
              print $1, $2, arg, ($4 == "state" ? "text" : $4), words, $5 == "" ? "none" : $5, "", $7, scope, $6 }'
        ;;
    1)
        printf '%s\n' "$synopsis" | sed "1s/^/Usage: $me /;2,\$s/^/       $me /"
        printf '%s\n\nOptions:\n' "$about"
        printf '%s\n' "$table" | awk -F '|' '
            { gsub(" ", "", $1)
              value = $3
              if (value ~ /\?$/) { sub(/\?$/, "", value); value = "[=" value "]" } else if (value != "") value = "=" value
              head = sprintf("  %s--%s%s", $1 == "" ? "    " : "-" $1 ", ", $2, value)
              if (length(head) > 26) { print head; head = "" }
              printf "%-28s", head
              n = split($7, word, " "); used = 28
              for (i = 1; i <= n; i++) {
                  if (used > 28 && used + length(word[i]) > 79) { printf "\n%28s", ""; used = 28 }
                  printf "%s%s", (used > 28 ? " " : ""), word[i]; used += length(word[i]) + 1
              }
              print "" }'
        printf '\nThe manual is %s(1); jobline(7) explains the rest. Exit status: 0 done, 64 usage, 65 bad\n' "$me"
        printf 'input, 66 no input, 69 service away, 70 command failed, 73 and 74 output or disk, 75 try\n'
        printf 'again, 77 credentials, 78 configuration.\n'
        ;;
    *) die 64 "--help=$1: one of options, verbs, program was expected" ;;
    esac
}

# ---- commands, signals, the private folder ----

# A shell acts on a signal only after its command has ended, so commands that may take a while run beside it: `run` gives
# the signal on at once and waits on. $children: the processes that get it.
signal='' children='' tmp=''

# shellcheck disable=SC2317,SC2329 # called by the traps
on_signal() { # STATUS
    signal=$1
    [ -n "$children" ] || exit "$signal"
    # shellcheck disable=SC2086 # a list
    kill -s TERM $children 2>/dev/null || :
}
hear_signals() { # also to be called at the beginning of a subshell, which hears none
    signal='' children=''
    trap 'on_signal 130' INT
    trap 'on_signal 143' TERM
    trap 'on_signal 129' HUP
}
hear_signals

# Waits for the end of a child, sets $code to its status.
await() { # PID
    while :; do
        wait "$1" && code=0 || code=$?
        # Above 128 the wait was interrupted, or the child has died of a signal: then it is no more.
        if [ "$code" -le 128 ] || ! kill -0 "$1" 2>/dev/null; then break; fi
    done
}

# Runs the command, returns its status; behind its end this script ends when a signal came meanwhile.
run() { # COMMAND [ARG...]
    children=' ' # from here on a signal waits for the command's end
    { "$@" <&6 6<&- & } 6<&0 # a command beside the shell would get an empty stdin
    children=$!
    [ -z "$signal" ] || kill -s TERM "$children" 2>/dev/null || :
    await "$children"
    children=''
    [ -z "$signal" ] || exit "$signal"
    return "$code"
}

# shellcheck disable=SC2317,SC2329 # called by the trap
remove_folder() {
    [ -z "$tmp" ] || rm -rf -- "$tmp"
}
trap 'remove_folder' EXIT

# Makes $tmp, which nobody else can read and which ends with the script. What a killed script has left is removed by a later
# one: its lock is free. A folder younger than an hour is left alone, as its owner may not have locked it yet.
private_folder() {
    for old in "${TMPDIR:-/tmp}/jobline-$me".*; do
        if [ -L "$old" ] || [ ! -O "$old" ] || [ -z "$(find "$old" -prune -type d -mmin +60)" ]; then continue; fi
        (flock -n 9 && rm -rf -- "$old") 9>>"$old/lock" 2>/dev/null || :
    done
    tmp=$(umask 077 && mktemp -d "${TMPDIR:-/tmp}/jobline-$me.XXXXXX") || exit 73
    case $tmp in *\'*) die 73 "$tmp: a folder with a quote in its name will not do: set TMPDIR" ;; esac
    exec 9>"$tmp/lock"
    flock 9 || die 73 "cannot lock $tmp/lock"
}

need() { # COMMAND...: those are there
    for command; do
        command -v "$command" >/dev/null 2>&1 || die 78 "$command is not installed (or not in PATH)"
    done
}
