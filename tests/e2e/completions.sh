#!/usr/bin/env bash
# The completions that are made from option tables, asked in the three shells as a person at the prompt would.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# A program that has nothing but tables: verbs, one of which takes a COMMAND, choices, files, a rest option.
mkdir bin
PATH=$PWD/bin:$PATH
cat >bin/jlt-verbs <<'END'
#!/bin/sh
case $1 in
--help=options)
    printf '#letter\tname\targ\tkind\twords\tcomplete\tverbs\thelp\tscope\tenv\n'
    printf 'k\tkey\tKEY\ttext\t\tnone\t\tthe key [company,title]\town\t\n'
    printf '\tmissing\tWHAT\tchoice\tkeep|null|fail\tnone\t\twhat: then?\town\t\n'
    printf 'f\tflag\t\tflag\t\tnone\t\ta flag\town\t\n'
    printf '\tmisses\tFILE\ttext\t\tfile\tget\tmisses\town\t\n'
    printf '\tthen\tCOMMAND...\trest\t\tcommand\t\tcommand\town\t\n'
    printf '\tprogress\tWHEN?\tchoice\tauto|always|never\tnone\t\tprogress\tcommon\t\n'
    ;;
--help=verbs) printf '#name\toperands\thelp\nget\tfile\tget: answer\nfill\tcommand\task\nstat\tnone\ttell\n' ;;
--help=program) printf '#name\tabout\tversion\toperands\tfiles_when\njlt-verbs\tabout\t1\tfile\t\n' ;;
esac
END
# One that takes a COMMAND, unless -t makes its operands files.
cat >bin/jlt-run <<'END'
#!/bin/sh
case $1 in
--help=options)
    printf '#letter\tname\targ\tkind\twords\tcomplete\tverbs\thelp\tscope\tenv\n'
    printf 't\ttable\tTABLE\tlist\t\tfile\t\ttable\town\t\n'
    printf 'i\tinput\tFILE\ttext\t\tfile\t\tinput\town\t\n'
    ;;
--help=verbs) printf '#name\toperands\thelp\n' ;;
--help=program) printf '#name\tabout\tversion\toperands\tfiles_when\njlt-run\tabout\t1\tcommand\t-t|--table\n' ;;
esac
END
printf '#!/bin/sh\n' >bin/jlt-command
chmod +x bin/*
touch data-1.jsonl data-2.jsonl

for program in jlt-verbs jlt-run; do
    check "completions are made for $program" "$top/scripts/dev/gen-completions" "$program" made
done
check "bash accepts them" bash -n made/bash/jlt-verbs made/bash/jlt-run
check "zsh accepts them" zsh -fn made/zsh/_jlt-verbs
check "fish accepts them" fish -n made/fish/jlt-verbs.fish

# What bash offers for a line, one candidate a line, sorted. Words are cut as readline does, at '=' and ':' too.
ask_bash() { # LINE
    bash --norc -c '
        [ -z "$3" ] || . "$3"
        for f in "$2"/bash/*; do . "$f"; done
        COMP_LINE=$1 COMP_POINT=${#1}
        rest=$1 COMP_WORDS=()
        while [ -n "$rest" ]; do
            case $rest in
            [\ ]*) rest=${rest# } && [ -n "$rest" ] || COMP_WORDS+=("") ;;
            [=:]*) COMP_WORDS+=("${rest:0:1}") && rest=${rest:1} ;;
            *) word=${rest%%[ =:]*} && COMP_WORDS+=("$word") && rest=${rest#"$word"} ;;
            esac
        done
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        function=$(complete -p "${COMP_WORDS[0]}") && function=${function#*-F } && "${function%% *}" 2>/dev/null
        printf "%s\n" "${COMPREPLY[@]}"' ask "$1" "${2:-made}" "${WITH-}" | sort
}

# shellcheck disable=SC2016 # for fish to expand
ask_fish() { # LINE
    fish --no-config -c 'for f in $argv[2]/fish/*; source $f; end; complete -C $argv[1]' "$1" "${2:-made}" 2>&1 | cut -f 1 | sort
}

# zsh has no question to be asked: a terminal is opened, the line typed, and what is listed behind a TAB is read.
cat >ask.zsh <<'END'
zmodload zsh/zpty
line=$1 folder=$2
zpty z zsh -f -i
send() { zpty -w z "$1" }
send "PS1= PS2= RPS1=; stty -echo cols 300 rows 200; unsetopt zle_bracketed_paste 2>/dev/null"
send "fpath=($folder/zsh \$fpath); autoload -Uz compinit; compinit -u -D; LISTMAX=10000; LS_COLORS="
send 'zstyle ":completion:*" list-prompt ""; zstyle ":completion:*" verbose no; zstyle ":completion:*" menu no; setopt no_beep'
send 'jlt-list() { zle list-choices; zle -R; zle .kill-buffer; zle -I; print "<END>" }; zle -N jlt-list; bindkey "^]" jlt-list; print "<GO>"'
zpty -r z out '*<GO>*<GO>*' 2>/dev/null || zpty -r z out '*<GO>*'
zpty -w -n z "$line"$'\x1d'
zpty -r z out '*<END>*'
print -r -- "$out"
zpty -d z
END
ask_zsh() { # LINE
    timeout 20 zsh -f ask.zsh "$1" "${2:-$PWD/made}" 2>&1 | tr -d '\r' | sed 's/\x1b\[[0-9;?]*[a-zA-Z]/ /g' | tr ' ' '\n' | grep . | sort -u
}

# Does SHELL offer WORD for LINE (or not)? Candidates of bash may carry a final '='; zsh and fish show the whole option.
offers() { # SHELL LINE WORD...
    local shell=$1 line=$2 word
    shift 2
    "ask_$shell" "$line" >"$tmp/offered"
    for word in "$@"; do
        grep -qxE -- "$word=?" "$tmp/offered" || {
            not_ok "$shell offers $word for »$line«"
            diag <"$tmp/offered"
            return
        }
    done
    ok "$shell offers $* for »$line«"
}
denies() { # SHELL LINE WORD...
    local shell=$1 line=$2 word
    shift 2
    "ask_$shell" "$line" >"$tmp/offered"
    for word in "$@"; do
        grep -qxE -- "$word=?" "$tmp/offered" && {
            not_ok "$shell does not offer $word for »$line«"
            diag <"$tmp/offered"
            return
        }
    done
    ok "$shell does not offer $* for »$line«"
}

for shell in bash fish zsh; do
    offers $shell "jlt-verbs --" --key --missing --flag --misses --then --progress
    offers $shell "jlt-verbs fill --" --key --flag
    denies $shell "jlt-verbs fill --" --misses
    offers $shell "jlt-verbs -k x get --m" --missing --misses
    offers $shell "jlt-verbs " get fill stat data-1.jsonl
    denies $shell "jlt-verbs get " fill stat
    offers $shell "jlt-verbs get " data-1.jsonl data-2.jsonl
    denies $shell "jlt-verbs stat " data-1.jsonl get
    offers $shell "jlt-verbs --missing " keep null fail
    denies $shell "jlt-verbs --missing " data-1.jsonl get
    offers $shell "jlt-verbs get --misses " data-1.jsonl
    offers $shell "jlt-verbs fill jlt-comm" jlt-command
    offers $shell "jlt-verbs data-1.jsonl --then jlt-comm" jlt-command
    offers $shell "jlt-verbs -fk x fill jlt-comm" jlt-command
    denies $shell "jlt-verbs fill jlt-command --" --key --flag
    offers $shell "jlt-run jlt-comm" jlt-command
    offers $shell "jlt-run --" --table --input
    denies $shell "jlt-run jlt-command --" --table --input
    offers $shell "jlt-run -t data-1.jsonl " data-2.jsonl
    offers $shell "jlt-run -t data-1.jsonl data-2.jsonl --" --input
done
# A COMMAND that is one of ours has its own completion; in bash only where bash-completion is loaded.
for shell in fish zsh; do
    offers $shell "jlt-run jlt-verbs --" --key --missing
    offers $shell "jlt-verbs fill jlt-run --" --table --input
done
offers bash "jlt-verbs --missing=" keep null fail
offers bash "jlt-verbs --missing=k" keep
offers bash "jlt-verbs --progress=" auto always never
offers bash "jlt-verbs -k a=b:c --key=d:e=f get " data-1.jsonl
denies bash "jlt-verbs -k a=b:c --key=d:e=f get " fill
offers fish "jlt-verbs --missing=" --missing=keep --missing=null --missing=fail
offers fish "jlt-verbs --progress=" --progress=auto --progress=never
WITH=/usr/share/bash-completion/bash_completion
if [ -e "$WITH" ]; then
    offers bash "jlt-run jlt-comm" jlt-command
    offers bash "jlt-run -i x jlt-verbs --" --key --missing
    offers bash "jlt-verbs -k a=b fill jlt-run -" --table --input
else
    not_ok "bash-completion is installed"
fi
WITH=

# Those in the tree, for the programs as they are now.
for f in "$top"/completions/bash/*; do
    [ -e "$f" ] || continue
    program=${f##*/}
    # shellcheck disable=SC2207 # words are what is wanted
    options=($("$program" --help=options | awk -F '\t' 'NR > 1 && $2 != "" && $7 == "" { print "--" $2 }'))
    for shell in bash fish zsh; do
        "ask_$shell" "$program --" "$top/completions" >"$tmp/offered"
        missing=
        for option in "${options[@]}"; do
            grep -qxE -- "$option=?" "$tmp/offered" || missing+=" $option"
        done
        is "$missing" "" "$shell offers every option of $program"
    done
done
done_testing
