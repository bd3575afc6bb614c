#!/usr/bin/env bash
# cache-backup and cache-restore: what counts as a backup can be restored, whatever died, and nothing else is ever restored.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

pairs() { # LINES SEED: answered pairs
    generate --lines="$1" --distinct="$1" --seed="$2" | jl-dedupe --keys-only | jq -c '.seniority = (.title | length % 7 + 1)'
}
pairs 400 1 >first.jsonl
pairs 100 2 >more.jsonl
export JOBLINE_CACHE=sqlite:$tmp/work/cache.db
senior-cache put <first.jsonl >/dev/null
entries=$(senior-cache stat --json | jq .entries)

# A cache-backup has the second in its name: here the clock that names it goes on by a second each time it is asked.
mkdir clock
cat >clock/date <<END
#!/bin/sh
[ "\$*" = '-u +%Y%m%dT%H%M%SZ' ] || exec "$(command -v date)" "\$@"
echo . >>"$tmp/ticks"
exec "$(command -v date)" -d "now + \$(wc -l <"$tmp/ticks") seconds" "\$@"
END
chmod +x clock/date
PATH=$tmp/work/clock:$PATH
newest() { # FOLDER: the latest object
    find "$1" -name '*.zst' | sort | tail -n 1
}
counted() { # FOLDER: how many have a manifest
    find "$1" -name '*.manifest' | wc -l
}
# It is waited for: meanwhile the rest goes on.
cache-backup -q -C redis://127.0.0.1:1/0 away/ 2>/dev/null &
away=$!
is "$entries" "$(wc -l <first.jsonl)" "the cache has an entry for each pair"

# --- There and back -----------------------------------------------------------------------------------------------

expect 0 "a backup" cache-backup safe/ >manifest
object=$(newest safe)
same "$object.manifest" manifest "the manifest is printed"
is "$(jq -r '"\(.backup) \(.name) \(.model) \(.entries) \(.bytes) \(.sha256) \(.restored)"' manifest)" \
    "export ${object##*/} default $entries $(stat -c %s "$object") $(sha256sum <"$object" | cut -d ' ' -f 1) true" "it says what it is of"
senior-cache export >export.jsonl
zstd -qdc "$object" | cmp -s - export.jsonl
is $? 0 "it holds the export"

start_redis --enable-protected-configs local
redis=${REDIS_URL%/0}/3
expect 0 "restored into Redis" cache-restore -C "$redis" safe/ >account
is "$(jq -c '[.entries, .entries_now, .written]' account)" "[$entries,$entries,true]" "all entries are there"
senior-cache -C "$redis" export | cmp -s - export.jsonl
is $? 0 "both caches are the same"
expect 78 "a cache that has entries is not written to" cache-restore -C "$redis" safe/
has "$tmp/err" "--merge" "the message says how"
expect 78 "--dry-run ends as that did" cache-restore -n -C "$redis" safe/
expect 0 "--dry-run with --merge" cache-restore -n --merge -C "$redis" safe/ >account
is "$(jq -c '[.entries_now, .written]' account)" "[$entries,false]" "writes nothing"
expect 64 "an empty PREFIX" cache-restore -C sqlite:never.db ''
expect 64 "a backup to an empty PREFIX" cache-backup ''
check "makes no folder" test ! -e default
senior-cache -C sqlite:other.db put <more.jsonl >/dev/null
expect 0 "--merge adds to one" cache-restore --merge -C sqlite:other.db "$object" >account
is "$(jq .entries_now account)" "$(sort -u first.jsonl more.jsonl | wc -l)" "it has both then"
expect 0 "--dry-run checks" cache-restore -n -C sqlite:dry.db safe/ >account
is "$(jq .written account) $(find . -name dry.db | wc -l)" "false 0" "and writes nothing"
expect 0 "bash as the shell" bash --posix "$BUILD/bin/cache-restore" -C sqlite:bash.db safe/ >account
is "$(jq .entries_now account)" "$entries" "restores the same"
expect 66 "no backup of another model" cache-restore -m v2 -C sqlite:v2.db safe/

# --- What is damaged, cut, or something else ------------------------------------------------------------------------

seal() { # OBJECT: a manifest that fits whatever the object is now
    jq -c --argjson bytes "$(stat -c %s "$1")" --arg sha256 "$(sha256sum <"$1" | cut -d ' ' -f 1)" --arg name "${1##*/}" \
        '.bytes = $bytes | .sha256 = $sha256 | .name = $name' "$object.manifest" >"$1.manifest"
}
refused() { # WHAT: the cache-backup in bad/ is refused and nothing written
    expect 65 "refused: $1" cache-restore -C sqlite:never.db bad/
    check "nothing is written" test ! -e never.db
}
begin() { rm -rf bad && cp -r safe bad && it=$(newest bad); }
begin && truncate -s -1 "$it" && refused "one byte short"
begin && truncate -s 0 "$it" && refused "empty"
begin && printf 'X' | dd of="$it" bs=1 seek=100 conv=notrunc status=none && refused "a byte changed"
begin && head -c 20 "$it.manifest" >m && mv m "$it.manifest" && refused "its manifest cut"
begin && truncate -s -40 "$it" && seal "$it" && refused "cut, with a manifest that fits"
begin && head -n -1 export.jsonl | zstd -qc >"$it" && seal "$it" && refused "an export without its end"
begin && sed '5d' export.jsonl | zstd -qc >"$it" && seal "$it" && refused "an export without one of its lines"
begin && sed '3s/"sum":"./"sum":"x/' export.jsonl | zstd -qc >"$it" && seal "$it" && refused "an export with a wrong sum"
begin && zstd -qc first.jsonl >"$it" && seal "$it" && refused "something else"
begin && senior-cache -C sqlite:other.db -m default export | zstd -qc >"$it" && seal "$it" && refused "the export of another cache"
begin && jq -c '.model = "v2"' "$it.manifest" >m && mv m "$it.manifest" && refused "another model's"
begin && rm "$it.manifest" && expect 65 "refused: no manifest" cache-restore -C sqlite:never.db "$it"
expect 66 "nor is it found" cache-restore -C sqlite:never.db bad/
check "nothing is written" test ! -e never.db

# --- How many stay; what pushes none out ---------------------------------------------------------------------------

senior-cache put <more.jsonl >/dev/null
grown=$(senior-cache stat --json | jq .entries)
expect 0 "a second backup" cache-backup --keep=2 safe/ >/dev/null
begin
first=$(find bad -name '*.zst' | sort | head -n 1)
mv "$it" hold && mv "$first" "$it" && mv hold "$first" && refused "two that changed their names"
begin
first=$(find bad -name '*.zst.manifest' | sort | head -n 1)
cp "$first" "$it.manifest" && refused "beside the manifest of another one"

: >"safe/default/20200101T000000Z.jsonl.zst" # died before its manifest
expect 0 "a third one" cache-backup --keep=2 safe/ >/dev/null
is "$(counted safe) $(find safe -type f | wc -l)" "2 4" "two stay, what was left lying goes"
is "$(cache-restore --list safe/ | jq -c .entries | tr '\n' ' ')" "$grown $grown " "--list shows both"
expect 0 "--dry-run says what would go" cache-backup -n --keep=1 safe/ >dry
is "$(grep -c removed dry) $(counted safe)" "2 2" "and lets it stay"
check "a model of another name has a folder of its own" cache-backup -C sqlite:other.db -m ../x --force safe/
check "which is not elsewhere" test -d "safe/%2E.%2Fx"
is "$(counted safe/default)" 2 "and pushes none out"
senior-cache -C sqlite:small.db put <<<"$(head -n 3 first.jsonl)" >/dev/null
expect 65 "an empty cache is refused" cache-backup -C sqlite:none.db safe/
expect 65 "one that shrank is refused" cache-backup -C sqlite:small.db safe/
expect 0 "--min-share lets it pass" cache-backup -C sqlite:small.db --min-share=0 --keep=9 safe/ >/dev/null
is "$(cache-restore --list safe/ | jq -c .entries | tr '\n' ' ')" "$grown $grown 3 " "the others stay"
expect 0 "a model that has not been there before needs no share" cache-backup -m v9 -C sqlite:small.db --force new/ >/dev/null
expect 78 "--verify wants an empty cache" cache-backup --verify="$redis" safe/
expect 0 "--verify uses the one that is named" cache-backup --verify="${REDIS_URL%/0}/4" two/ >/dev/null
is "$(senior-cache -C "${REDIS_URL%/0}/4" stat --json | jq .entries)" 0 "and empties it again"

# --- Killed at any moment ------------------------------------------------------------------------------------------

# Each of these commands may be what a run dies before: at call number $KILL_AT all of it is killed.
mkdir killers
for name in cp mv sync zstd sha256sum cmp rm; do
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
for ((at = 1 + RANDOM % stride; at <= 60; at += stride)); do
    senior-cache put <<<"{\"company\":\"k$at\",\"title\":\"t\",\"seniority\":3}" >/dev/null
    echo 0 >"$tmp/calls"
    { TMPDIR=$tmp KILL_AT=$at PATH=$tmp/work/killers:$PATH setsid cache-backup --keep=2 safe/ >/dev/null; } 2>/dev/null && finished=$at
    rm -f never.db
    if ! cache-restore -q -C sqlite:never.db safe/ >account 2>"$tmp/err" || [ "$(jq .entries_now account)" -lt 3 ] || [ "$(counted safe/default)" -lt 2 ]; then
        bad=$((bad + 1))
        diag "killed at $at: $(cat "$tmp/err"; ls safe/default)"
    fi
    [ -z "$finished" ] || break
done
rm -f never.db
is "$bad" 0 "killed at any moment: what counts can be restored, and two stay"
check "there were moments, and an end" test "${finished:-0}" -ge 10
find safe/default -name '*.partial.*' -exec touch -d '2 hours ago' {} +
expect 0 "a backup after all that" cache-backup --keep=1 safe/ >/dev/null
is "$(find safe/default -type f | wc -l)" 2 "takes away what was left"

# --- The file of a Redis ------------------------------------------------------------------------------------------

export JOBLINE_CACHE=$redis
expect 0 "--rdb" cache-backup -v --rdb --keep=2 rdb/ >manifest
has "$tmp/err" "taking $REDIS_DIR" "takes the file where it lies"
is "$(jq -c '[.backup, .entries, .restored]' manifest)" "[\"rdb\",$entries,true]" "another Redis has loaded it"
object=$(newest rdb)
JOBLINE_CACHE=redis://0.0.0.0:$REDIS_PORT/3 expect 0 "over the connection" cache-backup -v --rdb --keep=2 rdb/ >manifest
has "$tmp/err" "over the connection" "where the file is not at hand"
is "$(jq .entries manifest)" "$entries" "it has all entries, too"
expect 0 "the file comes back" cache-restore --rdb -o got/dump.rdb rdb/ >/dev/null
# As the manual says: put in its place, loaded without the append-only files, which are then written anew.
port=$(free_port)
redis-server --port "$port" --bind 127.0.0.1 --dir "$tmp/work/got" --save '' --appendonly no >got/log 2>&1 &
placed=$!
wait_for eval "redis-cli -p $port ping | grep -q PONG"
is "$(senior-cache -C "redis://127.0.0.1:$port/3" stat --json | jq .entries)" "$entries" "put in its place, a Redis has all of it"
stop "$placed"
redis-cli -p "$REDIS_PORT" config set requirepass 'p@ss w/ö' >/dev/null
JOBLINE_CACHE="redis://:p%40ss%20w%2F%C3%B6@127.0.0.1:$REDIS_PORT/3" expect 0 "a Redis with a password" cache-backup --rdb --keep=2 rdb/ >/dev/null
JOBLINE_CACHE="redis://:wrong@127.0.0.1:$REDIS_PORT/3" expect 77 "a wrong password" cache-backup --rdb rdb/
export REDISCLI_AUTH='p@ss w/ö'
redis-cli -p "$REDIS_PORT" config set requirepass '' >/dev/null
unset REDISCLI_AUTH
is "$(counted rdb)" 2 "two stay"
# The users of Redis that the manuals give.
for page in senior-cache cache-backup; do
    { sed -n '/^redis-cli ACL SETUSER/,/^\.Ed/p' "$top/man/$page.1" | sed '/^\.Ed/d; s/\\e$/\\/'; } >acl
    is "$(grep -c '^redis-cli ACL' acl)" 1 "$page(1) gives rights"
    check "which Redis takes" eval "$(sed "s/^redis-cli/& -p $REDIS_PORT/" acl)"
    [ "$page" = cache-backup ] ||
        JOBLINE_CACHE="redis://jobline:PASSWORD@127.0.0.1:$REDIS_PORT/3" expect 77 "without those of cache-backup(1) Redis is not saved" cache-backup --rdb rdb/
done
for host in 127.0.0.1 0.0.0.0; do
    JOBLINE_CACHE="redis://jobline:PASSWORD@$host:$REDIS_PORT/3" expect 0 "with them it is, through $host" cache-backup -v --rdb --keep=2 rdb/ >manifest
    [ "$host" = 127.0.0.1 ] || has "$tmp/err" "over the connection" "also where the file is not at hand"
done
is "$(jq .entries manifest)" "$entries" "all of it"

object=$(newest rdb)
begin_rdb() { rm -rf bad && cp -r rdb bad && it=$(newest bad) && zstd -qdc "$it" >it.rdb; }
refused_rdb() {
    zstd -qfc it.rdb >"$it" && seal "$it" && jq -c '.backup = "rdb"' "$it.manifest" >m && mv m "$it.manifest"
    expect 65 "refused: $1" cache-restore --rdb -o never.rdb bad/
    check "no file is written" test ! -e never.rdb
}
begin_rdb && truncate -s -20 it.rdb && refused_rdb "an RDB that is cut, with a manifest that fits"
begin_rdb && printf '\377\000\377' | dd of=it.rdb bs=1 seek=200 conv=notrunc status=none && refused_rdb "an RDB with bytes changed"
begin_rdb && cp export.jsonl it.rdb && refused_rdb "no RDB"
expect 65 "an RDB is no export" cache-restore -C sqlite:never.db "$object"

# SIGTERM while another Redis loads it: all that was started ends, the copy does not count.
mkdir slow private
printf '#!/bin/sh\nexec sleep 1000\n' >slow/redis-server
chmod +x slow/redis-server
PATH=$tmp/work/slow:$PATH TMPDIR=$tmp/work/private cache-backup --rdb rdb/ 2>/dev/null &
runner=$!
wait_for test -e private/*/scratch/log
loader=$(pgrep -P "$runner" -x timeout)
stop "$runner"
is "$? $(find private -type f | wc -l) $(counted rdb)" "143 0 2" "SIGTERM ends it, the copy does not count"
check "and ends what loads it" wait_for eval "! kill -0 ${loader:-$$}"

# Saves that take long: the server waits after each key.
redis-cli -p "$REDIS_PORT" config set rdb-key-save-delay 2000 >/dev/null
redis-cli -p "$REDIS_PORT" bgsave >/dev/null
expect 0 "a save that is under way is waited for" cache-backup -v --rdb rdb/ >/dev/null
has "$tmp/err" "under way already" "and is not taken for ours"
redis-cli -p "$REDIS_PORT" config set rdb-key-save-delay 1000000 >/dev/null
before=$(find rdb -type f | sort)
expect 75 "one that does not end" cache-backup --rdb --deadline=1 rdb/
redis-cli -p "$REDIS_PORT" config set rdb-key-save-delay 0 >/dev/null
is "$(find rdb -type f | sort)" "$before" "leaves what was there"
child() { redis-cli -p "$REDIS_PORT" info persistence | grep -q 'bgsave_in_progress:1'; }
! child || redis-cli -p "$REDIS_PORT" config set save '' >/dev/null
saver=$(pgrep -P "$REDIS_PID" | head -n 1)
[ -z "$saver" ] || kill -USR1 "$saver"
wait_for eval '! child'
rm -rf "$REDIS_DIR/gone" && mkdir "$REDIS_DIR/gone" && redis-cli -p "$REDIS_PORT" config set dir "$REDIS_DIR/gone" >/dev/null
rmdir "$REDIS_DIR/gone"
expect 74 "a Redis that cannot save" cache-backup --rdb rdb/
is "$(find rdb -type f | sort)" "$before" "leaves what was there, too"
JOBLINE_CACHE=sqlite:cache.db expect 78 "--rdb needs a Redis" cache-backup --rdb rdb/
stop "$REDIS_PID"

# --- In S3 --------------------------------------------------------------------------------------------------------

export JOBLINE_CACHE=sqlite:$tmp/work/cache.db
if start_s3 backups; then
    expect 0 "a backup into S3" cache-backup -m 'a b+c' --force -C sqlite:none.db s3://backups/of/ >/dev/null
    expect 0 "and another" cache-backup --keep=1 s3://backups/of/ >manifest
    is "$(s3_keys backups | wc -l)" 4 "two objects, two manifests"
    expect 0 "restored from there" cache-restore -C sqlite:s3.db s3://backups/of/ >account
    is "$(jq .entries_now account)" "$(jq .entries manifest)" "all of it"
fi
wait "$away"
is $? 69 "a cache that is away"
done_testing
