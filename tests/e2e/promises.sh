#!/usr/bin/env bash
# The promises of jobline(7), one by one and for each program: what is passed keeps its bytes, nothing is lost, what was paid for is
# stored before it is printed, streams stream, errors say where. (Killed runs: kill.sh. Memory: memory.sh. Chains: chains.sh.)
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_model
generate --lines=2000 --distinct=400 --seed="$JL_SEED" --shape=mixed --cr=10 >in.jsonl
jl-dedupe --keys-only in.jsonl | sed 's/}$/,"seniority":3}/' >table
oracle() { "$PYTHON" "$top/tests/tools/oracle.py" "$@"; }

# Every program as a filter that answers each line: name, then the command.
filters=(
    'jl-augment|jl-augment -t table'
    'jl-augment|jl-augment sed s/}$/,"seniority":3}/'
    "senior-grpc|senior-grpc --rate=0 -s $MODEL"
    'senior-cache|senior-cache -C sqlite:full.db get'
    'senior-cache|senior-cache -C sqlite:filled.db fill sed s/}$/,"seniority":3}/'
)
all_filters=("${filters[@]}" 'jl-dedupe|jl-dedupe' 'senior-cache|senior-cache -C sqlite:put.db put')
jl-augment -t table in.jsonl | senior-cache -C sqlite:full.db put >/dev/null

each() { # FUNCTION FILTER...: calls FUNCTION PROGRAM NAME COMMAND...
    local function=$1 filter
    shift
    for filter in "$@"; do
        read -ra words <<<"${filter#*|}"
        "$function" "${filter%%|*}" "${filter#*|}" "${words[@]}"
    done
}

# 1. Bytes are kept.
bytes_kept() { # PROGRAM NAME COMMAND...
    "${@:3}" <in.jsonl >out.jsonl 2>err
    is "$(oracle splice in.jsonl out.jsonl 2>&1)" "2000 400" "$2: the output minus the answers is the input"
}
each bytes_kept "${filters[@]}"

# Lines that need nothing leave as they came, by every program that passes answered lines.
oracle augment table <in.jsonl >answered.jsonl
untouched() { # PROGRAM NAME COMMAND...
    "${@:3}" <answered.jsonl >out.jsonl 2>err
    same out.jsonl answered.jsonl "$2: answered lines leave as they came"
}
each untouched "${filters[2]}" "${filters[3]}" "${filters[4]}" 'senior-cache|senior-cache -C sqlite:put.db put'

# 2. Nothing is lost: the run summary adds up, also with rejects, blank lines and lines without a key.
awk '{ print } NR % 100 == 1 { print "{\"company\":" } NR % 150 == 2 { print "" } NR % 200 == 3 { print "{}" }' in.jsonl >rough.jsonl
adds_up() { # PROGRAM NAME COMMAND...
    rm -f stats rejected
    "${@:3}" <rough.jsonl >out.jsonl 2>err
    is "$(jq -c '[.lines_in - .lines_out - .rejected - .dropped, .rejected, .lines_out]' stats) $(wc -l <rejected)" \
        "[0,20,$(wc -l <out.jsonl)] 20" "$2: lines in = lines out + rejected + dropped"
}
with_stats=()
for filter in "${all_filters[@]}"; do
    read -ra words <<<"${filter#*|}"
    with_stats+=("${filter%%|*}|${words[0]} --stats=stats --rejects=rejected ${words[*]:1}")
done
each adds_up "${with_stats[@]}"

# 3. What a program was asked to store is durable before it is printed; what fails leaves no part under the final name.
mkfifo pipe
key_line='{"company":"Durable","title":"Before print"}'
durable() { # WHAT COMMAND...: the command prints the line of $key_line with its answer and is killed at once
    local what=$1
    shift
    : >out.jsonl
    "$@" <pipe >out.jsonl 2>err &
    local pid=$!
    exec 5>pipe
    printf '%s\n' "$line" >&5
    wait_for test -s out.jsonl || diag <err
    stop "$pid" KILL
    exec 5>&-
    is "$(printf '%s\n' "$key_line" | senior-cache -C "sqlite:$tmp/durable.db" get | jq -c .seniority)" 6 "$what: stored before it is printed"
    rm -f "$tmp"/durable.db*
}
line='{"company":"Durable","title":"Before print","seniority":6}'
durable "senior-cache put" senior-cache -C "sqlite:$tmp/durable.db" put
line=$key_line
# shellcheck disable=SC2016 # for sed
durable "senior-cache fill" senior-cache -C "sqlite:$tmp/durable.db" fill sed -u 's/}$/,"seniority":6}/'

no_part() { # PROGRAM NAME COMMAND...: a bad line in the middle, with -o
    rm -f final*
    expect 65 "$2: a bad line ends the run" "${@:3}" <rough.jsonl
    is "$(compgen -G 'final*')" "" "$2: nothing under the final name"
}
with_output=()
for filter in "${all_filters[@]}"; do
    read -ra words <<<"${filter#*|}"
    with_output+=("${filter%%|*}|${words[0]} -o final ${words[*]:1}")
done
each no_part "${with_output[@]}"

# 3b. The marks that suppress output are committed last: a reader that goes away, a disk that is full.
jl-dedupe --seen=sqlite:seen.db in.jsonl 2>/dev/null | head -n 1 >/dev/null
jl-dedupe --seen=sqlite:seen.db in.jsonl >/dev/full 2>/dev/null
jl-dedupe --seen=sqlite:seen.db --then false <in.jsonl >/dev/null 2>&1
jl-dedupe --seen=sqlite:seen.db in.jsonl >again.jsonl
jl-dedupe in.jsonl >wanted.jsonl
same again.jsonl wanted.jsonl "jl-dedupe --seen: nothing is marked before the output is safe"

# 5. Streams stream: each line comes out before the next goes in.
streams() { # PROGRAM NAME COMMAND...
    local n good=1 pid
    : >out.jsonl
    "${@:3}" <pipe >out.jsonl 2>err &
    pid=$!
    exec 5>pipe
    for n in 1 2 3; do
        printf '{"company":"Stream %d %d","title":"Clerk"}\n' "$BASHPID" "$n" >&5
        WAIT=10 wait_for lines_in out.jsonl "$n" || { good=0 && break; }
    done
    exec 5>&-
    wait "$pid"
    if [ "$good" = 1 ]; then ok "$2: line by line"; else
        not_ok "$2: line $n waits for more input"
        diag <err
    fi
}
each streams 'jl-dedupe|jl-dedupe' 'jl-dedupe|jl-dedupe --threads=2' 'jl-augment|jl-augment -t table' 'jl-augment|jl-augment sed -u s/}$/,"seniority":3}/' \
    "senior-grpc|senior-grpc -s $MODEL" 'senior-cache|senior-cache -C sqlite:put.db get' 'senior-cache|senior-cache -C sqlite:put.db put' \
    "senior-cache|senior-cache -C sqlite:put.db fill senior-grpc -s $MODEL" \
    "jl-augment|jl-augment senior-cache -C sqlite:put.db fill senior-grpc -s $MODEL"

# 7. Errors say where.
printf '%s\n' '{"company":"A","title":"t"}' '{"company":"A","title":"t}' >bad.jsonl
places() { # PROGRAM NAME COMMAND...
    expect 65 "$2: a bad line is status 65" "${@:3}" <bad.jsonl >/dev/null
    is "$(grep -cE "^$1: (stdin|-|<stdin>|standard input):2: byte [0-9]+: ." "$tmp/err")" 1 "$2: program, place and reason"
}
each places "${all_filters[@]}"

# Ends of output: a full device is an error, a reader that goes away is none.
full() { # PROGRAM NAME COMMAND...
    expect 74 "$2: a full device is status 74" "${@:3}" <in.jsonl >/dev/full
    is "$(grep -c "^$1: " "$tmp/err")" 1 "$2: one message about it"
}
each full "${all_filters[@]}"

generate --lines=60000 --distinct=50 --seed=1 >many.jsonl
reader_gone() { # PROGRAM NAME COMMAND...
    local status
    "${@:3}" <many.jsonl 2>err | head -n 1 >first
    status=${PIPESTATUS[0]}
    is "$status $(wc -l <first) $(grep -vc 'have no answer' err)" "141 1 0" "$2: a reader that goes away ends it silently"
}
each reader_gone "${filters[@]}" 'jl-dedupe|jl-dedupe -k url' 'senior-cache|senior-cache -C sqlite:put.db put'

# Signals: what was read goes out, the status tells the signal.
signals() { # PROGRAM NAME COMMAND...
    local signal status pid
    for signal in INT:130 TERM:143; do
        : >out.jsonl
        rm -f stats
        env --default-signal=INT "${@:3}" <pipe >out.jsonl 2>err &
        pid=$!
        exec 5>pipe
        head -n 1 in.jsonl >&5
        wait_for test -s out.jsonl
        kill -"${signal%:*}" "$pid"
        wait "$pid"
        status=$?
        exec 5>&-
        is "$status $(wc -l <out.jsonl)" "${signal#*:} 1" "$2: ended by SIG${signal%:*}"
    done
}
each signals 'jl-dedupe|jl-dedupe' 'jl-augment|jl-augment -t table' 'jl-augment|jl-augment sed -u s/}$/,"seniority":3}/' \
    "senior-grpc|senior-grpc -s $MODEL" 'senior-cache|senior-cache -C sqlite:put.db get' 'senior-cache|senior-cache -C sqlite:put.db put' \
    'senior-cache|senior-cache -C sqlite:put.db fill sed -u s/}$/,"seniority":3}/'
done_testing
