#!/usr/bin/env bash
# senior-s3 delivers an object whole or not at all: with the real aws command, an S3 server and a model on loopback.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_s3 raw-bucket mod-bucket
start_model --log="$tmp/asked"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v1 TMPDIR=$tmp/private
mkdir "$TMPDIR"
raw=s3://raw-bucket mod=s3://mod-bucket
field() { jq -r ".$2" "$1"; } # FILE NAME
asked() { wc -l <"$tmp/asked"; }
writes() { grep -c '"method":"\(PUT\|POST\|DELETE\)"' "$S3_LOG"; }

generate --lines=300 --distinct=40 --seed=5 >good.jsonl
{
    head -n 100 good.jsonl
    echo '{"company":"Acme","title":'
    echo '{"company":"A","title":"B"} x'
    tail -n 200 good.jsonl
} >in.jsonl
jl-augment -q -i in.jsonl --max-rejects=2 senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc >wanted.jsonl

# --- One object --------------------------------------------------------------------------------------------------

s3_put in.jsonl raw-bucket/2024/1721183934.jsonl
before=$(asked)
senior-s3 "$raw/2024/1721183934.jsonl" "$mod/2024/1721183934.jsonl" --pairs="$mod/pairs/" >printed 2>err
is "$?" 0 "an object goes through the chain"
same "$(s3_file mod-bucket/2024/1721183934.jsonl)" wanted.jsonl "its lines are those of the chain"
manifest=$(s3_file mod-bucket/2024/1721183934.jsonl.manifest)
same printed "$manifest" "the manifest is printed"
is "$(field printed lines) $(field printed rejects) $(field printed unanswerable) $(field printed unanswered)" "300 2 0 0" \
    "the manifest counts the lines"
is "$(field printed bytes) $(field printed sha256)" "$(wc -c <wanted.jsonl) $(sha256sum <wanted.jsonl | cut -d' ' -f1)" \
    "it has size and hash of the object"
is "$(field printed pairs) $(field printed hits) $(field printed model_calls) $(field printed model)" "40 0 1 v1" \
    "it has pairs, hits, calls and the model"
is "$(($(asked) - before))" 40 "each pair was asked once"
has "$(s3_file mod-bucket/2024/1721183934.jsonl.rejects)" '101:27: expected a value' "a bad line's place is told"
is "$(cut -f2- "$(s3_file mod-bucket/2024/1721183934.jsonl.rejects)" | sed -n 2p)" '{"company":"A","title":"B"} x' \
    "and behind it stands the line as it came"
zstd -qdc "$(s3_file mod-bucket/pairs/1721183934.jsonl.pairs.jsonl.zst)" >pairs
jl-dedupe --keys-only good.jsonl >wanted.pairs
same pairs wanted.pairs "the distinct pairs are kept"
is "$(s3_keys mod-bucket | tr '\n' ' ')" \
    "2024/1721183934.jsonl 2024/1721183934.jsonl.manifest 2024/1721183934.jsonl.rejects pairs/1721183934.jsonl.pairs.jsonl.zst " \
    "nothing else was written"
is "$(grep '"method":"PUT"' "$S3_LOG" | tail -n 1 | jq -r .key)" "2024/1721183934.jsonl.manifest" "the manifest came last"

# --- Again -------------------------------------------------------------------------------------------------------

before=$(writes)
senior-s3 "$raw/2024/1721183934.jsonl" "$mod/2024/1721183934.jsonl" --pairs="$mod/pairs/" >again
is "$? $(($(writes) - before))" "0 0" "a second run writes nothing"
same again printed "but prints the manifest"
rm "$manifest"
senior-s3 "$raw/2024/1721183934.jsonl" "$mod/2024/1721183934.jsonl" >again
is "$? $(field again hits) $(field again model_calls)" "0 40 0" "without its manifest the object is done again, from the cache"
s3_put good.jsonl raw-bucket/2024/1721183934.jsonl
senior-s3 "$raw/2024/1721183934.jsonl" "$mod/2024/1721183934.jsonl" >again
is "$? $(field again lines) $(field again rejects)" "0 300 0" "so is one whose source has changed"
is "$(s3_keys mod-bucket | grep -c rejects)" 0 "the bad lines of the old version are gone"
before=$(writes)
senior-s3 --dry-run "$raw/2024/1721183934.jsonl" "$mod/new.jsonl" >again
is "$? $(($(writes) - before))" "0 0" "--dry-run writes nothing"
has again "would go to s3://mod-bucket/new.jsonl" "and says what would be done"
senior-s3 --force "$raw/2024/1721183934.jsonl" "$mod/2024/1721183934.jsonl" >again
is "$? $(jq -r .run again | grep -cvxF "$(jq -r .run printed)")" "0 1" "--force does it again"
start_s3_proxy 'answer status=503 method=PUT key=manifest'
AWS_MAX_ATTEMPTS=1 senior-s3 --force "$raw/2024/1721183934.jsonl" "$mod/2024/1721183934.jsonl" >again 2>err
is "$? $(s3_keys mod-bucket | grep -c 1721183934.jsonl.manifest)" "69 0" "when that comes to nothing, no manifest stands beside the new object"
AWS_ENDPOINT_URL_S3=$S3_URL
senior-s3 "$raw/2024/1721183934.jsonl" "$mod/2024/1721183934.jsonl" >again
is "$? $(s3_keys mod-bucket | grep -c 1721183934.jsonl.manifest)" "0 1" "and the next run does it"

# --- Packed objects, names, local files --------------------------------------------------------------------------

gzip -k good.jsonl
zstd -q good.jsonl
s3_put good.jsonl.gz raw-bucket/a.jsonl.gz
senior-s3 "$raw/a.jsonl.gz" "$mod/a.jsonl.zst" >printed
is "$?" 0 "gzip comes, zstd goes"
zstd -qdc "$(s3_file mod-bucket/a.jsonl.zst)" >unpacked
same unpacked wanted.jsonl "both by their names"
is "$(field printed sha256)" "$(sha256sum <"$(s3_file mod-bucket/a.jsonl.zst)" | cut -d' ' -f1)" "the hash is that of the packed object"
head -c 1000 good.jsonl.gz >torn.gz
senior-s3 torn.gz local/torn.jsonl 2>err
is "$? $(ls local 2>/dev/null)" "65 " "a torn archive is bad input, and nothing is delivered"
s3 cp --only-show-errors good.jsonl "$raw/odd name+é%41.jsonl"
senior-s3 "$raw/odd name+é%41.jsonl" "local/odd name.jsonl" >printed
is "$?" 0 "a key with blanks, signs and letters of all kinds; a local folder that is made"
same "local/odd name.jsonl" wanted.jsonl "the same lines"
(cd local && senior-s3 ../good.jsonl.zst ./b.jsonl.gz >/dev/null <&-)
gzip -dc local/b.jsonl.gz >unpacked
same unpacked wanted.jsonl "from file to file"

# --- What is not delivered ---------------------------------------------------------------------------------------

refused() { # STATUS TEXT WHAT ARG...
    local status=$1 text=$2 what=$3
    shift 3
    senior-s3 "$@" >out 2>err
    is "$? $(wc -c <out)" "$status 0" "$what: status $status"
    has err "$text" "$what: the message"
}
refused 66 NoSuchKey "an object that is not there" "$raw/none" "$mod/x"
printf a.jsonl.gz >pointer
refused 65 "cannot be given" "a key that reads like the place of another one" "$raw/file://$PWD/pointer" "$mod/x"
refused 66 "no such file" "a file that is not there" none "$mod/x"
refused 78 NoSuchBucket "a bucket that is not there" in.jsonl s3://no-such-bucket/x
refused 65 "not delivered" "more bad lines than --max-rejects" --max-rejects=1 in.jsonl "$mod/x"
is "$(s3_keys mod-bucket | grep '^x' | tr '\n' ' ')" "x.rejects " "only the bad lines are there"
senior-s3 --max-rejects=1 good.jsonl "$mod/x" >printed
is "$? $(s3_keys mod-bucket | grep '^x' | tr '\n' ' ')" "0 x x.manifest " "they are gone when the mended file is delivered"
JOBLINE_CACHE=@none refused 78 "not delivered" "SRC is there, but not a file that the chain was told of" good.jsonl "$mod/y"
s3_faults 'answer status=503 method=PUT key=mod-bucket/'
AWS_ENDPOINT_URL_S3=$S3_PROXY AWS_MAX_ATTEMPTS=1 \
    refused 69 SlowDown "a name that reads like an error" --new good.jsonl "$mod/y (404) NoSuchKey AccessDenied"
mkdir "$tmp/it's"
TMPDIR="$tmp/it's" refused 73 "a quote in its name" "a folder with a quote" good.jsonl "$mod/y"
refused 64 "SRC and DST" "one operand" "$raw/a"
refused 64 "no option" "an unknown option" --nonsense a b
refused 64 "a command line" "a password in an argument" --cache=redis://u:secret@127.0.0.1:1/0 good.jsonl "$mod/y"
AWS_ENDPOINT_URL_S3=http://127.0.0.1:1 AWS_MAX_ATTEMPTS=1 refused 69 "Could not connect" "S3 is away" --new good.jsonl "$mod/y"
JOBLINE_SERVER=127.0.0.1:1 refused 69 "not delivered" "the model was never reached" -m v9 good.jsonl "$mod/y"
is "$(s3_keys mod-bucket | grep -c '^y')" 0 "none of them left anything"

# --- Unanswered lines --------------------------------------------------------------------------------------------

start_python_model --mode=lose
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v2
unanswered() { senior-s3 "$@" good.jsonl unanswered/u.jsonl >printed 2>err; }
unanswered
is "$? $(find unanswered 2>/dev/null | wc -l)" "75 0" "a file with unanswered lines is not delivered"
unanswered --accept-unanswered=2
is "$? $(ls unanswered)" "75 u.jsonl.attempts" "the first attempt of two is counted"
unanswered --accept-unanswered=2
is "$?" 0 "at the second the file is delivered"
is "$(field printed attempts) $(($(field printed unanswered) > 0)) $(field printed lines)" "2 1 300" "the manifest says so"
is "$(echo unanswered/*)" "unanswered/u.jsonl unanswered/u.jsonl.manifest" "the count of attempts is gone"
unanswered --force --accept-unanswered=3
is "$? $(find unanswered -name '*.attempts')" "75 unanswered/u.jsonl.attempts" "another count begins"
start_model
JOBLINE_SERVER=$MODEL
senior-s3 --force --accept-unanswered=3 good.jsonl unanswered/u.jsonl >printed
is "$? $(field printed attempts) $(field printed unanswered) $(echo unanswered/*)" "0 2 0 unanswered/u.jsonl unanswered/u.jsonl.manifest" \
    "an attempt that succeeds is counted, too, and ends the count"
sed -E 's/,"seniority":[1-7]}$/}/' unanswered/u.jsonl >bare.jsonl
same bare.jsonl good.jsonl "every line is there"

# --- Replaced in mid-run -----------------------------------------------------------------------------------------

start_model --latency=5s --log="$tmp/late"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v4
cp good.jsonl changing.jsonl
senior-s3 changing.jsonl changing/out.jsonl >printed 2>err &
pid=$!
wait_for test -s "$tmp/late"
head -n 5 good.jsonl >changing.jsonl
wait "$pid"
is "$? $(find changing -name '*.manifest')" "75 " "a source that is replaced while it is under way is not marked as done"
senior-s3 changing.jsonl changing/out.jsonl >printed
is "$? $(field printed lines)" "0 5" "the next run does it"

# --- Stopped, killed ---------------------------------------------------------------------------------------------

start_model --latency=20s --log="$tmp/slow"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v3
senior-s3 good.jsonl "$mod/s.jsonl" >printed 2>err &
pid=$!
wait_for test -s "$tmp/slow"
kill -TERM "$pid"
wait_for gone "$pid"
wait "$pid"
is "$? $(s3_keys mod-bucket | grep -c '^s')" "143 0" "SIGTERM ends it, with nothing delivered"
is "$(ls "$TMPDIR")" "" "no folder is left"
senior-s3 good.jsonl "$mod/s.jsonl" >printed 2>err &
pid=$!
folder_there() { compgen -G "$TMPDIR/*/raw.jsonl"; }
wait_for folder_there
kill -KILL "$pid"
wait "$pid" 2>/dev/null
folder=$(echo "$TMPDIR"/*)
check "SIGKILL leaves a folder" test -d "$folder"
stop "$MODEL_PID" KILL
start_model
export JOBLINE_SERVER=$MODEL
chain_gone() { flock -n "$folder/lock" true; }
wait_for chain_gone
touch -d '2 hours ago' "$folder"
senior-s3 good.jsonl "$mod/s.jsonl" >printed
is "$? $(ls "$TMPDIR")" "0 " "a later run does the work and removes that folder"
same "$(s3_file mod-bucket/s.jsonl)" wanted.jsonl "the lines are right"
done_testing
