#!/usr/bin/env bash
# What breaks between a bucket and a bucket: after each fault there is no part of an object under a final key, nothing is lost, and a
# rerun completes. With the real aws command, through a proxy that cuts and stalls.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_sqs
start_s3 raw-bucket mod-bucket
start_s3_proxy
start_redis
start_model
export JOBLINE_SERVER=$MODEL JOBLINE_CACHE=$REDIS_URL TMPDIR=$tmp/private
mkdir "$TMPDIR"
generate --lines=3000 --distinct=200 --seed=5 >in.jsonl
jl-augment -q -i in.jsonl senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc >wanted.jsonl
s3_put in.jsonl raw-bucket/in/1.jsonl

number=0
# Each fault gets a destination of its own, an object or a local file.
next() { # [local]
    number=$((number + 1))
    key=out$number/1.jsonl
    if [ "${1-}" = local ]; then
        src=in.jsonl dst=$key object=$key
    else
        src=s3://raw-bucket/in/1.jsonl dst=s3://mod-bucket/$key object=$(s3_file "mod-bucket/$key")
    fi
    manifest=${object/1.jsonl/1.jsonl.manifest}
    s3_faults
}
work() { senior-s3 "$@" "$src" "$dst" >printed 2>err; }
# There is the whole object, or none; and no manifest without the object.
nothing_partial() { # WHAT
    if { [ ! -e "$object" ] || cmp -s "$object" wanted.jsonl; } && { [ ! -e "$manifest" ] || [ -e "$object" ]; }; then
        ok "$1: no part of an object is there"
    else
        not_ok "$1: no part of an object is there"
        find "$(dirname "$object")" -ls | diag
    fi
}
completes() { # WHAT
    s3_faults
    work
    is "$?" 0 "$1: a rerun completes"
    same "$object" wanted.jsonl "$1: with the right lines"
    is "$(jq -r .sha256 "$manifest")" "$(sha256sum <wanted.jsonl | cut -d' ' -f1)" "$1: and their manifest"
}

# --- The network -------------------------------------------------------------------------------------------------

next
s3_faults 'cut-download after=100000 times=2 key=in/1.jsonl'
work --new
is "$?" 0 "a download that dies half way, twice, is done again"
check "it did die" s3_fault_happened cut-download 2
same "$object" wanted.jsonl "and whole: no beginning comes twice"
next
s3_faults 'cut-download after=100000 key=in/1.jsonl'
AWS_MAX_ATTEMPTS=1 work --new
is "$?" 69 "a download that always dies: 69"
nothing_partial "a download that always dies"
completes "a download that always dies"
next
s3_faults 'cut-upload after=100000 key=out'
AWS_MAX_ATTEMPTS=1 work --new
is "$?" 69 "an upload that always dies: 69"
nothing_partial "an upload that always dies"
completes "an upload that always dies"
next
s3_faults 'answer status=503 key=manifest method=PUT'
AWS_MAX_ATTEMPTS=1 work --new
is "$? $(s3_keys mod-bucket | grep -c "^$key")" "69 1" "a manifest that cannot be uploaded: 69, the object is there, and does not count"
completes "a manifest that cannot be uploaded"
next
s3_faults 'deaf key=out method=PUT times=1'
work --new
is "$?" 0 "an answer that is lost is asked for again"
same "$object" wanted.jsonl "with the right lines"

# --- A stage that dies -------------------------------------------------------------------------------------------

below() { # PID NAME: a process of this name below that one
    local child
    for child in $(pgrep -P "$1"); do
        if [ "$(cat "/proc/$child/comm" 2>/dev/null)" = "$2" ]; then
            echo "$child"
            return 0
        fi
        below "$child" "$2" && return 0
    done
    return 1
}
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
next
s3_faults "stall-upload after=100000 key=$key"
senior-s3 --new "$src" "$dst" >printed 2>err &
pid=$!
wait_for s3_fault_happened stall-upload
victim=$(below "$pid" aws)
kill -KILL "$pid"
wait "$pid" 2>/dev/null
kill -KILL "${victim:-none}" 2>/dev/null
nothing_partial "killed in the middle of the upload"
completes "killed in the middle of the upload"

# --- The services ------------------------------------------------------------------------------------------------

next local
stop "$REDIS_PID" KILL
work --new
is "$?" 69 "Redis is away: 69"
nothing_partial "Redis is away"
restart_redis
completes "Redis is away"
next local
export JOBLINE_MODEL=v2
port=${MODEL##*:}
stop "$MODEL_PID" KILL
JOBLINE_SERVER=127.0.0.1:1 work --new
is "$?" 69 "the model is away: 69"
nothing_partial "the model is away"
start_model
export JOBLINE_SERVER=$MODEL
completes "the model is away"

# --- The disk ----------------------------------------------------------------------------------------------------

next local
full() { # KIB COMMAND...: no file can grow beyond that
    # The signal that goes with it is ignored, so that writes fail as on a full disk.
    (trap '' XFSZ && ulimit -f "$1" && shift && "$@")
}
folders=$(find "$TMPDIR" -mindepth 1 -maxdepth 1 | wc -l)
for kib in 200 $(($(wc -c <in.jsonl) / 1024 + 10)); do
    full "$kib" work --new
    is "$?" 74 "no room beyond $kib KiB: 74"
    nothing_partial "no room beyond $kib KiB"
done
is "$(find "$TMPDIR" -mindepth 1 -maxdepth 1 | wc -l)" "$folders" "these leave no folder"
completes "no room on the disk"

# --- The queue ---------------------------------------------------------------------------------------------------

start_model --latency=2s --log="$tmp/slow"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v3
: >"$tmp/slow"
queue() { senior-sqs --once --visibility=60 --from=s3://raw-bucket/in/ --to="${dst%1.jsonl}" "$QUEUE_URL"; }
next
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
queue >account.1 2>err.1 &
one=$!
wait_for started_work
sqs_expire
XDG_STATE_HOME=$tmp/elsewhere queue >account.2 2>err.2 &
two=$!
wait "$one"
is "$?" 0 "a message whose visibility ends in mid-run: the first receiver ends well"
wait "$two"
is "$? $(sqs_messages | jq length)" "0 0" "so does the second one, on another host; the message is gone"
same "$object" wanted.jsonl "the object is right"
is "$(jq -s 'map(.done + .already) | add' account.1 account.2)" 2 "both had it in hand"
next
export JOBLINE_MODEL=v4
: >"$tmp/slow"
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
sqs_send "$(s3_event raw-bucket in/1.jsonl)"
queue >account.1 2>err.1 &
one=$!
wait_for started_work
queue >account.2 2>err.2
is "$(jq .busy account.2)" 1 "two workers of a host with the same file: the second one leaves it"
wait "$one"
is "$? $(jq .done account.1)" "0 1" "to the first one"
sqs_expire
queue >account.2 2>err.2
is "$? $(jq .already account.2) $(sqs_messages | jq length)" "0 1 0" "its message is deleted when it comes again"
same "$object" wanted.jsonl "the object is right"
done_testing
