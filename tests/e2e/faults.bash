# shellcheck shell=bash disable=SC2154 # what tests/lib.sh gives
# One file of postings, a place for it in each fault's case, and what has to hold after any fault. Sourced behind tests/lib.sh.
#
#   start_faults     behind the start of S3 and Redis: in.jsonl, wanted.jsonl, JOBLINE_SERVER, JOBLINE_CACHE, TMPDIR
#   next [local]     the next case: $src, $dst, $object and $manifest (the files behind them), no faults in the proxy
#   work, nothing_partial WHAT, completes WHAT

start_faults() {
    start_model
    export JOBLINE_SERVER=$MODEL JOBLINE_CACHE=$REDIS_URL TMPDIR=$tmp/private
    mkdir "$TMPDIR"
    generate --lines=3000 --distinct=200 --seed=5 >in.jsonl
    jl-augment -q -i in.jsonl senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc >wanted.jsonl
}

case_number=0
next() { # [local]: objects, or local files
    case_number=$((case_number + 1))
    key=out$case_number/1.jsonl
    if [ "${1-}" = local ]; then
        src=in.jsonl dst=$key object=$key
    else
        src=s3://raw-bucket/in/1.jsonl dst=s3://mod-bucket/$key object=$(s3_file "mod-bucket/$key")
    fi
    manifest=${object/1.jsonl/1.jsonl.manifest}
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
    work
    is "$?" 0 "$1: a rerun completes"
    same "$object" wanted.jsonl "$1: with the right lines"
    is "$(jq -r .sha256 "$manifest")" "$(sha256sum <wanted.jsonl | cut -d' ' -f1)" "$1: and their manifest"
}

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
