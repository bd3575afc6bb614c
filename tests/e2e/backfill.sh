#!/usr/bin/env bash
# senior-backfill: a list in shards whose tasks are killed at random until all is done; nothing is lost, nothing is asked twice.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_model --log="$tmp/asked"
export JOBLINE_SERVER=$MODEL TMPDIR=$tmp/private
mkdir "$TMPDIR" raw
files=$((120 * JL_SCALE)) shards=4
field() { jq -r "[$1] | join(\" \")" "${2:-account}"; }
list() { # FILE
    generate --lines=$((files * 10)) --distinct=$((files * 2)) --seed=5 | split -l 10 -d -a 6 --additional-suffix=.jsonl - raw/
    ls raw >"$1"
}
list names
cat raw/*.jsonl >all.jsonl
jl-augment -q -i all.jsonl senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc -s "$MODEL" >wanted.jsonl
: >"$tmp/asked"

# This one takes its time: the model is away.
mkdir "$tmp/apart"
TMPDIR=$tmp/apart JOBLINE_MODEL=v2 JOBLINE_SERVER=127.0.0.1:1 senior-backfill --from=raw/ --to=away/ names >account.away 2>err.away &
away=$!

# --- The list ----------------------------------------------------------------------------------------------------

plan() { senior-backfill --dry-run "$@"; }
plan --from=raw/ --to=mod/ names >planned
is "$? $(wc -l <planned) $(head -n 1 planned)" "0 $files raw/000000.jsonl	mod/000000.jsonl" "names below --from and --to"
sed 's/^/raw\//' names | plan --to=mod/ - >other
same other planned "or places, of which the last part is taken"
sed 's/^/raw\//' names | plan --from=raw/ --to=mod/ - >other
same other planned "or places below --from"
gzip -c planned >planned.gz
plan planned.gz >other
same other planned "or both places, in a packed file"
{ sed 's/$/\r/' names; echo; cat names; } | plan --from=raw/ --to=mod/ - >other
same other planned "what is listed twice is done once"
for i in 0 1 2 3; do plan --shard="$i/4" planned; done | sort >other
same other planned "the shards together are the list"
is "$(plan --shard=1/4 planned | head -n 2 | cut -f 1 | tr '\n' ' ')" "raw/000001.jsonl raw/000005.jsonl " "a shard has every fourth line"
refused() { # TEXT WHAT ARG...
    local text=$1 what=$2
    shift 2
    plan "$@" >out 2>err
    is "$? $(wc -c <out)" "65 0" "$what is refused"
    has err "$text" "$what: the message"
}
printf 'a/1.jsonl\nb/1.jsonl\n' >twice
refused 'a/1.jsonl and b/1.jsonl would both go to mod/1.jsonl' "two files for one place" --to=mod/ twice
printf 'x/1.jsonl\nx/1.jsonl.manifest\n' >manifest
refused 'manifest:2: x/1.jsonl.manifest is no file of postings' "a manifest in the list" --to=mod/ manifest
refused 'names:1: it has no DST' "a name without a place" names
refused 'planned:1: mod/000000.jsonl is not below --to' "with --pairs, a DST elsewhere" --to=other/ --pairs=p/ planned
expect 64 "--pairs without --to" senior-backfill --pairs=p/ planned

# --- The task of an array job ------------------------------------------------------------------------------------

first() { "$@" senior-backfill --dry-run planned 2>err | head -n 1 | cut -f 1; }
is "$(first env SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_MAX=8 SLURM_ARRAY_TASK_COUNT=4)" raw/000002.jsonl "Slurm"
is "$(first env SLURM_ARRAY_TASK_ID=6 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=6 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_COUNT=4)" \
    raw/000003.jsonl "Slurm, with a step"
is "$(first env SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=2)" "" "an array with gaps is refused"
has err "this array has gaps" "and told so"
is "$(first env SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=2 JOBLINE_SHARDS=8)" \
    raw/000003.jsonl "unless the number of shards is given"
is "$(first env AWS_BATCH_JOB_ARRAY_INDEX=2 AWS_BATCH_JOB_ARRAY_SIZE=4)" raw/000002.jsonl "AWS Batch"
is "$(first env JOB_COMPLETION_INDEX=1 JOBLINE_SHARDS=4)" raw/000001.jsonl "Kubernetes"
expect 64 "Kubernetes does not tell how many there are" env JOB_COMPLETION_INDEX=1 senior-backfill planned
expect 64 "--shards alone does not say which" senior-backfill --shards=4 planned
expect 64 "a list is needed" senior-backfill --from=raw/ --to=mod/ ''
expect 64 "a shard out of range" senior-backfill --shard=4/4 planned

# --- Killed until it is done -------------------------------------------------------------------------------------

# Each task in a group of its own, which is killed as a scheduler kills: all of it, without a warning.
cat >task <<'END'
#!/bin/bash
setsid senior-backfill -q -j 2 --shard="$1/$2" --journal="journal.$1" planned >>"accounts.$1" 2>>"err.$1" &
task=$!
if [ "$3" -gt 0 ]; then
    sleep "$((3 - $3)).$((RANDOM % 10))"
    kill -KILL -- "-$task" 2>/dev/null
fi
wait "$task"
END
chmod +x task
export JL_SEED
runs=0
until parallel --jobs 4 ./task {} "$shards" "$((3 - (runs < 3 ? runs : 3)))" ::: 0 1 2 3 2>>parallel.err; do
    runs=$((runs + 1))
    [ "$runs" -lt 8 ] || break
done
is "$((runs > 0)) $((runs < 8))" "1 1" "tasks were killed, and in the end all of them ended with 0"
cat mod/*.jsonl >all.mod
same all.mod wanted.jsonl "every line is there, in its place, with its answer"
is "$(find mod -name '*.manifest' | wc -l) $(find mod -type f ! -name '*.jsonl' ! -name '*.manifest' ! -name '*.partial.*' | wc -l)" \
    "$files 0" "every file has a manifest"
is "$(cat journal.? | jq -rR 'fromjson? | .destination' | sort -u | wc -l)" "$files" "the journals have every file"
is "$(cat journal.? | jq -R 'fromjson?' | jq -s 'unique_by(.destination) | map(.lines) | add')" "$((files * 10))" "and every line"
is "$(for i in 0 1 2 3; do tail -n 1 "accounts.$i"; done | jq -s 'map(.objects) | add')" "$files" "the accounts name every file"
is "$(sort "$tmp/asked" | uniq | wc -l)" "$(jl-dedupe --keys-only all.jsonl | wc -l)" "every pair was asked"
mapfile -t folders < <(find "$TMPDIR" -mindepth 1 -maxdepth 1)
rm -rf "${folders[@]}"

# --- Killed alone ------------------------------------------------------------------------------------------------

# Both workers are at their first file when the script is killed: they end it, and begin no other one.
: >"$tmp/asked"
start_model --latency=1s --log="$tmp/slow"
senior-backfill -s "$MODEL" -m v0 -j 2 --from=raw/ --to=alone/ names >account 2>err &
pid=$!
wait_for test -s "$tmp/slow"
mapfile -t workers < <(pgrep -P "$pid")
kill -KILL "$pid"
wait "$pid" 2>/dev/null
none_of() { ! kill -0 "$@" 2>/dev/null; }
for worker in "${workers[@]}"; do wait_for none_of "$worker"; done
check "when the script is killed alone its workers begin no other file" \
    [ "$(find alone -name '*.manifest' | wc -l)" -le 3 ]
: >"$tmp/slow"
senior-backfill -s "$MODEL" -m v1 -j 2 --from=raw/ --to=alone/ --shard=0/20 names >account 2>err &
pid=$!
wait_for test -s "$tmp/slow"
kill -KILL "$(pgrep -P "$pid" | head -n 1)"
wait "$pid"
is "$? $(jq '.done + .already < .objects' account)" "75 true" "a worker that is killed leaves a file undone, and the status tells"
senior-backfill -s "$MODEL" -m v1 --from=raw/ --to=alone/ --shard=0/20 names >account 2>err
is "$? $(field .failed)" "0 0" "a rerun completes"
stop "$MODEL_PID"
rm -rf alone "${TMPDIR:?}"/*

# --- Resumed -----------------------------------------------------------------------------------------------------

cat journal.? >journal
printf '{"source":"raw/000000.jsonl","dest' >>journal
senior-backfill --journal=journal planned >account
is "$? $(field '.objects, .done, .already, .failed')" "0 $files 0 $files 0" "what is in the journal is not looked at again; a torn line does not matter"
rm mod/000003.jsonl.manifest
senior-backfill --to=mod/ --check planned --progress >account 2>err
is "$? $(field '.done, .already, .lines')" "0 1 $((files - 1)) 10" "--check finds what has no manifest"
has err "1/1 files" "progress is told"
{ head -n 4 planned; printf 'raw/none.jsonl\tmod/none.jsonl\n'; } >some
rm mod/000002.jsonl.manifest
senior-backfill --journal=journal.new some >account 2>err
is "$? $(field '.done, .already, .failed')" "66 1 3 1" "a file that is not there is a failure, and does not hold up the others"
is "$(wc -l <journal.new)" 4 "it is not in the journal"
wait "$away"
is "$? $(jq .failed account.away)" "75 3" "after three files for which the model was away it gives up, and says: later"

# --- The rate ----------------------------------------------------------------------------------------------------

mkdir "$tmp/spy"
cat >"$tmp/spy/senior-grpc" <<END
#!/bin/sh
echo "\$@" >>"$tmp/spied"
exec "$(command -v senior-grpc)" "\$@"
END
chmod +x "$tmp/spy/senior-grpc"
for script in senior-backfill senior-s3; do ln -s "$(readlink -f "$(command -v "$script")")" "$tmp/spy/$script"; done
head -n 1 planned | sed 's/mod/rate/' >one
rate_of() { # OPTION...
    : >"$tmp/spied"
    rm -rf rate
    "$tmp/spy/senior-backfill" "$@" one >account 2>err
    grep -o -e '--rate=[0-9]*' "$tmp/spied"
}
is "$(rate_of -j 5 --shard=0/10)" "--rate=20" "each process of each shard gets its part of the rate"
is "$(rate_of -j 5 --rate=3)" "--rate=1" "at least one"
is "$(rate_of -j 5 --pace="sqlite:$tmp/pace.db" --rate=300)" "--rate=300" "with a shared bucket all of it"
done_testing
