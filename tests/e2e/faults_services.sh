#!/usr/bin/env bash
# What breaks while a file is under way, but for S3: stages that are killed, Redis or the model away, a full disk. No part of an output is
# left, nothing is lost, and a rerun completes; what comes back soon is waited for.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/faults.bash
. "$top/tests/e2e/faults.bash"

start_redis --appendonly yes
start_faults

# --- A service that stays away -----------------------------------------------------------------------------------

# Most of it is waiting, so it goes on beside the rest. Nobody listens on port 1.
mkdir "$tmp/apart"
JOBLINE_CACHE=redis://127.0.0.1:1/0 TMPDIR=$tmp/apart senior-s3 in.jsonl away/redis/1.jsonl >printed.redis 2>err.redis &
no_redis=$!
JOBLINE_SERVER=127.0.0.1:1 JOBLINE_MODEL=away TMPDIR=$tmp/apart senior-s3 in.jsonl away/model/1.jsonl >printed.model 2>err.model &
no_model=$!

# --- A stage that dies -------------------------------------------------------------------------------------------

start_model --latency=2s --log="$tmp/slow"
slow=$MODEL slow_pid=$MODEL_PID
started_work() { [ -s "$tmp/slow" ]; }
for stage in jl-augment senior-cache senior-grpc senior-s3; do
    next local
    : >"$tmp/slow"
    JOBLINE_SERVER=$slow JOBLINE_MODEL=$stage senior-s3 --new "$src" "$dst" >printed 2>err &
    pid=$!
    wait_for started_work
    if [ "$stage" = senior-s3 ]; then victim=$pid; else victim=$(below "$pid" "$stage"); fi
    check "$stage is there to be killed" kill -KILL "$victim"
    wait "$pid" 2>/dev/null
    code=$?
    check "$stage killed: that is no success ($code)" [ "$code" -ne 0 ]
    nothing_partial "$stage killed"
    export JOBLINE_MODEL=$stage
    completes "$stage killed"
done
unset JOBLINE_MODEL
stop "$slow_pid" KILL

# --- The disk ----------------------------------------------------------------------------------------------------

# A disk of its own, where mounts are allowed; else files cannot grow: the signal that goes with it is ignored, so that writes fail
# as on a full disk. What is in the folder at the end is listed in the file left.
small_disk() { # KIB COMMAND...
    # shellcheck disable=SC2016 # for the other shell
    local script='mount -t tmpfs -o "size=$1k" none "$TMPDIR" && shift && "$@"; code=$?; ls "$TMPDIR" >left; exit "$code"'
    if [ -n "$mounts" ]; then
        unshare "$mounts" bash -c "$script" bash "$@"
    else
        (trap '' XFSZ && ulimit -f "$1" && shift && "$@")
        set -- "$?"
        ls "$TMPDIR" >left
        return "$1"
    fi
}
mounts=''
for try in -m -rm; do
    [ -n "$mounts" ] || ! unshare "$try" mount -t tmpfs none "$TMPDIR" 2>"$tmp/mount.err" || mounts=$try
done
[ -n "$mounts" ] || diag "no mounts are allowed here: ulimit stands for a full disk"
rm -rf "${TMPDIR:?}"/* # what killed runs have left
next local
bytes=$(wc -c <in.jsonl)
# The copy of the file does not fit; nor does what is made of it, where that is on the same disk or bigger.
for kib in 200 $((bytes / 1024 + 10)); do
    small_disk "$kib" senior-s3 --new "$src" "$dst" >printed 2>err
    is "$?" 74 "no room beyond $kib KiB: 74"
    nothing_partial "no room beyond $kib KiB"
    is "$(cat left)" "" "and no folder is left"
done
completes "no room on the disk"

# --- A service that comes back -----------------------------------------------------------------------------------

# Eight batches, of which at most four are under way at a time.
generate --lines=9000 --distinct=8000 --seed=6 >long.jsonl
jl-augment -q -i long.jsonl senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc --rate=0 >wanted.long
distinct=$(jl-dedupe -q --keys-only long.jsonl | wc -l)
start_model --log="$tmp/asked"
export JOBLINE_SERVER=$MODEL
stand_in() { # PORT TIMES: where a server was; ends when somebody has called so often, and was hung up on
    "$PYTHON" -c 'import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    for _ in range(int(sys.argv[2])):
        server.accept()[0].close()' "$@"
}
begin() { # MODEL: a run of which more than half has been asked
    : >"$tmp/asked"
    export JOBLINE_MODEL=$1
    senior-s3 --new --rate=2000 long.jsonl "long/$1.jsonl" >printed 2>err &
    pid=$!
    wait_for lines_in "$tmp/asked" 5000
}
ends_well() { # NAME MODEL
    wait "$pid"
    is "$?" 0 "$1 goes away in the middle of a run and comes back: the run completes"
    same "long/$2.jsonl" wanted.long "$1: every answer is right"
}

begin redis
stop "$REDIS_PID" KILL
check "Redis is missed" wait_for stand_in "$REDIS_PORT" 8
restart_redis --appendonly yes
ends_well Redis redis
is "$(wc -l <"$tmp/asked")" "$distinct" "Redis: nothing was asked twice"
senior-s3 --force long.jsonl long/redis.jsonl >printed 2>err
is "$? $(wc -l <"$tmp/asked")" "0 $distinct" "Redis: every answer was stored"

begin model
stop "$MODEL_PID" KILL
check "the model is missed" wait_for stand_in "${MODEL##*:}" 2
start_model --log="$tmp/asked" -l "$MODEL"
ends_well "the model" model
asked=$(wc -l <"$tmp/asked")
check "the model: no more was asked twice than what was under way ($((asked - distinct)))" [ $((asked - distinct)) -le 4000 ]
unset JOBLINE_MODEL

# --- Stayed away -------------------------------------------------------------------------------------------------

wait "$no_redis"
is "$?" 69 "Redis stays away: 69"
dst=away/redis/1.jsonl object=$dst manifest=$dst.manifest
nothing_partial "Redis stays away"
completes "Redis stays away"
wait "$no_model"
is "$?" 69 "the model stays away: 69"
dst=away/model/1.jsonl object=$dst manifest=$dst.manifest
nothing_partial "the model stays away"
completes "the model stays away"
done_testing
