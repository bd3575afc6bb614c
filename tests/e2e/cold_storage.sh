#!/usr/bin/env bash
# cold-storage: what is old and done goes where it costs less; what is not done stays, whatever else is true of it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_model
export JOBLINE_SERVER=$MODEL JOBLINE_CACHE=sqlite:$tmp/work/cache.db
mkdir raw
deliver() { # NAME: an old raw file and its output
    generate --lines=30 --distinct=20 --seed=7 >"raw/$1"
    touch -d '100 days ago' "raw/$1"
    senior-s3 -q "raw/$1" "mod/$1" >/dev/null
}

# --- Between folders ----------------------------------------------------------------------------------------------

for name in 1.jsonl 'a b+%.jsonl' sub/x.jsonl.gz; do
    mkdir -p "raw/$(dirname "$name")"
    case $name in
    *.gz) generate --lines=9 --seed=8 | gzip -n >"raw/$name" && touch -d '100 days ago' "raw/$name" && senior-s3 -q "raw/$name" "mod/$name" >/dev/null ;;
    *) deliver "$name" ;;
    esac
done
deliver young.jsonl && touch raw/young.jsonl
cp -a raw whole
expect 0 "--dry-run" cold-storage -n --to=cold/ raw/ mod/ >dry
is "$(grep -c 'would go to cold/' dry) $(find cold -type f 2>/dev/null | wc -l)" "3 0" "tells, and moves nothing"
expect 0 "old ones are moved" cold-storage --to=cold/ raw/ mod/ >account
is "$(jq -c '[.moved, .bytes, .undelivered, .failed, .young]' account)" \
    "[3,$(find whole -type f ! -name young.jsonl -printf '%s\n' | awk '{ n += $1 } END { print n }'),0,0,1]" "the account says so"
is "$(find raw -type f -printf '%P ')" "young.jsonl " "the young one stays"
mv raw/young.jsonl cold/ && check "every byte is there" diff -r whole cold && mv cold/young.jsonl raw/
expect 0 "again: nothing to do" cold-storage --to=cold/ raw/ mod/ >account
is "$(jq .moved account)" 0 "nothing is moved twice"

stays() { # WHAT: the old raw/it.jsonl is not moved, and that is told
    expect 75 "stays: $1" cold-storage --to=cold/ raw/ mod/ >account
    has "$tmp/err" "raw/it.jsonl stays" "and is named"
    is "$(find raw cold -name it.jsonl) $(jq -c '[.moved, .undelivered]' account)" "raw/it.jsonl [0,1]" "one copy, where it was"
    expect 75 "--dry-run ends as that did" cold-storage -n --to=cold/ raw/ mod/ >dry
    is "$(cat dry)" "" "and would move nothing"
}
deliver it.jsonl && rm mod/it.jsonl && stays "no output"
deliver it.jsonl && rm mod/it.jsonl.manifest && stays "no manifest"
deliver it.jsonl && echo x >>mod/it.jsonl && stays "an output of another size"
deliver it.jsonl && echo '{"company":"c","title":"t"}' >>raw/it.jsonl && touch -d '100 days ago' raw/it.jsonl &&
    stays "another version than the delivered one"
deliver it.jsonl && touch -d '99 days ago' raw/it.jsonl && touch -d '120 days ago' mod/it.jsonl.manifest && stays "changed after it was delivered"
deliver it.jsonl && echo '{' >mod/it.jsonl.manifest && touch mod/it.jsonl.manifest && stays "a manifest that is none"
deliver it.jsonl
for n in 1 2 3; do deliver "$n.jsonl"; done
expect 0 "--limit" cold-storage -j 2 --limit=2 --to=cold/ raw/ mod/ >account
is "$(jq -c '[.moved, .left]' account)" "[2,2]" "takes so many"
expect 0 "the rest" cold-storage --older=99d --to=cold/ raw/ mod/ >account
is "$(jq -c '[.moved, .left]' account)" "[2,0]" "comes next"

expect 64 "a folder has no storage class" cold-storage --class=GLACIER raw/ mod/
expect 64 "nowhere to go" cold-storage raw/ mod/
expect 64 "an empty prefix" cold-storage --to=cold/ '' mod/
expect 64 "another empty prefix" cold-storage --to=cold/ raw/ ''
expect 64 "into itself" cold-storage --to=raw/cold/ raw/ mod/
expect 64 "no such class" cold-storage --class=ICE s3://b/raw/ s3://b/mod/

# Killed before any command: an object is in one place at least, whole, and a rerun goes on.
mkdir killers
for name in cp mv sync rm cksum mkdir; do
    cat >"killers/$name" <<END
#!/bin/bash
n=\$((\$(cat "$tmp/calls") + 1))
echo "\$n" >"$tmp/calls"
[ "\$n" != "\$KILL_AT" ] || kill -KILL 0
exec "$(command -v "$name")" "\$@"
END
done
chmod +x killers/*
bad=0 finished='' stride=$((JL_SCALE > 1 ? 1 : 6))
deliver k.jsonl && cp raw/k.jsonl k.whole
for ((at = 1 + RANDOM % stride; at <= 60; at += stride)); do
    rm -f cold/k.jsonl && cp -p k.whole raw/k.jsonl && touch -d '100 days ago' raw/k.jsonl
    echo 0 >"$tmp/calls"
    { TMPDIR=$tmp KILL_AT=$at PATH=$tmp/work/killers:$PATH setsid cold-storage --to=cold/ raw/ mod/ >/dev/null; } 2>/dev/null && finished=$at
    cmp -s raw/k.jsonl k.whole || cmp -s cold/k.jsonl k.whole || bad=$((bad + 1))
    [ ! -e cold/k.jsonl ] || cmp -s cold/k.jsonl k.whole || bad=$((bad + 1))
    if ! cold-storage -q --to=cold/ raw/ mod/ >/dev/null || [ -e raw/k.jsonl ] || ! cmp -s cold/k.jsonl k.whole; then bad=$((bad + 1)); fi
    [ -z "$finished" ] || break
done
is "$bad" 0 "killed at any moment: nothing is lost, a rerun completes"
check "there were moments, and an end" test "${finished:-0}" -ge 6

# SIGTERM reaches the workers.
mkdir slow private
printf '#!/bin/sh\necho begun >>"%s"\nexec sleep 1000\n' "$tmp/begun" >slow/cp
chmod +x slow/cp
for n in 1 2; do deliver "s$n.jsonl"; done
PATH=$tmp/work/slow:$PATH TMPDIR=$tmp/work/private cold-storage -j 2 --to=cold/ raw/ mod/ 2>/dev/null &
runner=$!
wait_for lines_in "$tmp/begun" 2
stop "$runner"
is "$? $(find private -type f | wc -l) $(find raw -name 's?.jsonl' | wc -l)" "143 0 2" "SIGTERM ends all workers, and nothing is moved"

# --- In S3 --------------------------------------------------------------------------------------------------------

start_s3 rl-data archive || done_testing
generate --lines=30 --seed=9 >p.jsonl
s3api put-object --bucket rl-data --key 'raw/a b+1.jsonl' --body p.jsonl --metadata origin=here --content-type text/x-lines >/dev/null
for n in 2 3; do s3_put p.jsonl "rl-data/raw/$n.jsonl"; done
for name in 'a b+1' 2; do senior-s3 -q "s3://rl-data/raw/$name.jsonl" "s3://rl-data/mod/$name.jsonl" >/dev/null; done
for name in 'a b+1' 2 3; do s3_age "rl-data/raw/$name.jsonl" '100 days ago'; done
class() { # KEY
    s3api head-object --bucket rl-data --key "$1" | jq -r '"\(.StorageClass) \(.Metadata.origin) \(.ContentType)"'
}
expect 75 "classes change" cold-storage --class=GLACIER_IR s3://rl-data/raw/ s3://rl-data/mod/ >account
is "$(jq -c '[.moved, .undelivered, .failed]' account)" "[2,1,0]" "of those that are done"
is "$(class 'raw/a b+1.jsonl')" "GLACIER_IR here text/x-lines" "metadata stay"
same "$(s3_file 'rl-data/raw/a b+1.jsonl')" p.jsonl "and all bytes"
for name in 'a b+1' 2; do
    newer=$(find "$(s3_file "rl-data/mod/$name.jsonl.manifest")" -newer "$(s3_file "rl-data/raw/$name.jsonl")" | wc -l)
    is "$newer" 1 "the manifest of $name is later than the copy"
done
s3_age rl-data/raw/2.jsonl '100 days ago'
expect 75 "to another bucket" cold-storage --to=s3://archive/old/ --class=DEEP_ARCHIVE s3://rl-data/raw/ s3://rl-data/mod/ >account
is "$(jq -c '[.moved, .young]' account)" "[1,1]" "what is old there"
same "$(s3_file archive/old/2.jsonl)" p.jsonl "it is there"
is "$(s3_keys rl-data/raw | tr '\n' ' ')" "raw/3.jsonl raw/a b+1.jsonl " "and here no more"
senior-s3 -q 's3://rl-data/raw/3.jsonl' 's3://rl-data/mod/3.jsonl' >/dev/null
s3_age 'rl-data/raw/a b+1.jsonl' '100 days ago'
expect 0 "once all is done" cold-storage --class=GLACIER_IR s3://rl-data/raw/ s3://rl-data/mod/ >account
is "$(jq -c '[.moved, .cold_already, .young, .undelivered]' account)" "[1,1,0,0]" "what is cold already stays as it is"
done_testing
