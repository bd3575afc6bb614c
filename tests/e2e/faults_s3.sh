#!/usr/bin/env bash
# What breaks on the way from and to a bucket: after each fault there is no part of an object under a final key, nothing is lost, and
# a rerun completes. With the real aws command, through a proxy that cuts and stalls.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/e2e/faults.bash
. "$top/tests/e2e/faults.bash"

start_s3 raw-bucket mod-bucket
start_s3_proxy
start_redis
start_faults
s3_put in.jsonl raw-bucket/in/1.jsonl
s3_put in.jsonl raw-bucket/never/1.jsonl

# --- What passes -------------------------------------------------------------------------------------------------

next
s3_faults 'cut-download after=100000 times=2 key=in/1.jsonl'
work --new
is "$?" 0 "a download that dies half way, twice, is done again"
check "it did die" s3_fault_happened cut-download 2
same "$object" wanted.jsonl "and whole: no beginning comes twice"
next
s3_faults 'deaf key=out method=PUT times=1'
work --new
is "$?" 0 "an answer that is lost is asked for again"
same "$object" wanted.jsonl "with the right lines"

# --- What stays --------------------------------------------------------------------------------------------------

# All at once, as most of it is waiting: each fault has a key of its own.
s3_faults 'cut-download after=100000 key=never/' 'cut-upload after=100000 key=out-cut/1.jsonl' \
    'answer status=503 key=out-deaf/1.jsonl.manifest method=PUT'
lasting() { # SRC DST-FOLDER
    AWS_MAX_ATTEMPTS=1 senior-s3 --new "s3://raw-bucket/$1/1.jsonl" "s3://mod-bucket/$2/1.jsonl" >"printed.$2" 2>"err.$2"
}
lasting never out-never &
never=$!
lasting in out-cut &
cut=$!
lasting in out-deaf &
deaf=$!
next
at() { # FOLDER: goes on with that case
    dst=s3://mod-bucket/$1/1.jsonl object=$(s3_file "mod-bucket/$1/1.jsonl") manifest=$(s3_file "mod-bucket/$1/1.jsonl.manifest")
}
wait "$never"
is "$?" 69 "a download that always dies: 69"
wait "$cut"
is "$?" 69 "an upload that always dies: 69"
wait "$deaf"
is "$? $(s3_keys mod-bucket/out-deaf)" "69 out-deaf/1.jsonl" \
    "a manifest that cannot be uploaded: 69, the object is there, and does not count"
s3_faults
for folder in out-never out-cut out-deaf; do
    at "$folder"
    nothing_partial "$folder"
    completes "$folder"
done

# --- Killed ------------------------------------------------------------------------------------------------------

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
s3_faults
completes "killed in the middle of the upload"
done_testing
