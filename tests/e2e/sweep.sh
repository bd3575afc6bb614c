#!/usr/bin/env bash
# senior-sweep does what has no manifest yet, oldest first, and nothing else.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_model --log="$tmp/asked"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v1 TMPDIR=$tmp/private
mkdir "$TMPDIR" raw mod
generate --lines=20 --distinct=10 --seed=5 >in.jsonl
jl-augment -q -i in.jsonl senior-cache -C "sqlite:$tmp/other.db" fill senior-grpc >wanted.jsonl
sweep() { senior-sweep "$@" raw/ mod/ >account 2>err; }
field() { jq -r "[$1] | join(\" \")" account; }

put() { # NAME TIME
    cp in.jsonl "raw/$1"
    touch -d "$2" "raw/$1"
}
put 1721183934.jsonl '3 hours ago'
put 1721183994.jsonl '4 hours ago'
put 'odd name+é%41.jsonl' '2 hours ago'
put 1721184054.jsonl '1 minute ago'
put 1721183934.jsonl.manifest '3 hours ago'
put 1721183934.jsonl.rejects '3 hours ago'

# --- Which files -------------------------------------------------------------------------------------------------

sweep --dry-run
is "$? $(cut -f 1 account | tr '\n' ' ')" "0 raw/1721183994.jsonl raw/1721183934.jsonl raw/odd name+é%41.jsonl " \
    "--dry-run lists them, the oldest first; not those of the last ten minutes, nor what is no source"
is "$(cut -f 2 account | head -n 1) $(ls mod)" "mod/1721183994.jsonl " "with their places, and does nothing"
sweep --dry-run --min-age=0
is "$(wc -l <account)" 4 "--min-age=0 takes the youngest, too"
sweep --dry-run --limit=1
is "$(cut -f 1 account)" raw/1721183994.jsonl "--limit takes the oldest"
put "$(date -d '2 days ago' +%s).jsonl" '2 days ago'
sweep --dry-run --since=3d
is "$(cut -f 2 account | tr '\n' ' ')" "mod/$(date -d '2 days ago' +%s).jsonl mod/odd name+é%41.jsonl " "--since goes by the seconds in the names"
rm raw/"$(date -d '2 days ago' +%s)"*

# --- The work ----------------------------------------------------------------------------------------------------

sweep -j 2
is "$? $(field '.objects, .done, .failed, .lines')" "0 3 3 0 60" "three files are done"
for name in 1721183934.jsonl 1721183994.jsonl 'odd name+é%41.jsonl'; do same "mod/$name" wanted.jsonl "$name"; done
sweep
is "$? $(field '.objects, .done')" "0 0 0" "then there is nothing to do"
rm mod/1721183934.jsonl.manifest
put 1721183994.jsonl '1 hour ago'
echo '{"company":"New","title":"Baker"}' >>raw/1721183994.jsonl
touch -d '30 minutes ago' raw/1721183994.jsonl mod/1721183994.jsonl.manifest
touch -d '31 minutes ago' mod/1721183994.jsonl.manifest
sweep
is "$? $(field '.objects, .done') $(wc -l <mod/1721183994.jsonl)" "0 2 2 21" "what lost its manifest, or is newer than that, is done again"
check "it is the new version" jq -e '.lines == 21' mod/1721183994.jsonl.manifest
touch -d '20 minutes ago' raw/1721183994.jsonl
touch -d '21 minutes ago' mod/1721183994.jsonl.manifest
sweep
is "$? $(field '.objects, .already')" "0 1 1" "what was only touched is looked at"
sweep
is "$? $(field '.objects')" "0 0" "once"

mkdir -p deep/a/b deep/c
head -n 5 in.jsonl >deep/a/b/1.jsonl
tail -n 5 in.jsonl >deep/c/1.jsonl
senior-sweep --min-age=0 --pairs=p/ deep/ out/ >account 2>err
is "$? $(field '.done') $(find p -type f | sort | tr '\n' ' ')" "0 2 p/a/b/1.jsonl.pairs.jsonl.zst p/c/1.jsonl.pairs.jsonl.zst " \
    "--pairs keeps the folders: two files of one name have pairs of their own"
jl-dedupe -q --keys-only <out/c/1.jsonl >wanted.pairs
zstd -qdc p/c/1.jsonl.pairs.jsonl.zst >pairs
same pairs wanted.pairs "the right ones"
expect 64 "sources below the prefix of the pairs" senior-sweep --pairs=deep/ deep/a/ out/

# --- Failures ----------------------------------------------------------------------------------------------------

head -c 100 /dev/urandom >raw/torn.jsonl.gz
touch -d '5 hours ago' raw/torn.jsonl.gz
rm mod/1721183934.jsonl.manifest
sweep
is "$? $(field '.objects, .done, .failed')" "65 2 1 1" "a file that fails does not hold up the others, and the status tells"
JOBLINE_MODEL=v2 JOBLINE_SERVER=127.0.0.1:1 senior-sweep --limit=2 raw/ other/ >account 2>err
is "$? $(field '.done, .failed')" "75 0 2" "75 when a rerun may succeed"
expect 64 "the same prefix twice" senior-sweep raw/ raw/
expect 64 "sources below the destination" senior-sweep raw/in/ raw/

# --- Beside others -----------------------------------------------------------------------------------------------

rm raw/torn.jsonl.gz mod/*.manifest
for number in $(seq 1 12); do put "2$number.jsonl" '1 hour ago'; done
senior-sweep -j 2 raw/ mod/ >account 2>err &
one=$!
senior-sweep -j 2 raw/ mod/ >account.2 2>err.2
is "$?" 0 "two at once"
wait "$one"
is "$?" 0 "both end well"
bad=0
for number in $(seq 1 12); do cmp -s "mod/2$number.jsonl" wanted.jsonl && [ -e "mod/2$number.jsonl.manifest" ] || bad=1; done
is "$bad" 0 "all files are right"
check "all are accounted for" jq -es '(.[0].done + .[1].done) >= 15' account account.2

# --- Stopped -----------------------------------------------------------------------------------------------------

start_model --latency=4s --log="$tmp/slow"
export JOBLINE_SERVER=$MODEL JOBLINE_MODEL=v3
senior-sweep -j 2 raw/ slow/ >account 2>err &
pid=$!
wait_for test -s "$tmp/slow"
kill -TERM "$pid"
wait "$pid"
is "$? $(ls slow 2>/dev/null)" "143 " "SIGTERM ends it, with nothing delivered"
is "$(ls "$TMPDIR")" "" "no folder is left"

# --- A year ------------------------------------------------------------------------------------------------------

# A year of minutes: what the listing gives is made up, the rest is the script. Its memory is that of sort's buffer.
mkdir "$tmp/year"
cat >"$tmp/year/aws" <<'END'
#!/bin/sh
case $* in
*prefix=raw/*) awk 'BEGIN { for (i = 0; i < 525600; i++) printf "2024-07-17T02:%02d:%02d+00:00\t1100000\traw/%d.jsonl\tSTANDARD\t\"0\"\n", i / 60 % 60, i % 60, 1721183934 + 60 * i }' ;;
*) awk 'BEGIN { for (i = 0; i < 525600; i++) if (i % 100000) printf "2024-07-18T02:38:54+00:00\t900\tmod/%d.jsonl.manifest\tSTANDARD\t\"0\"\n", 1721183934 + 60 * i }' ;;
esac
END
chmod +x "$tmp/year/aws"
PATH=$tmp/year:$PATH /usr/bin/time -v -o "$tmp/year/time" senior-sweep --dry-run s3://b/raw/ s3://b/mod/ >listed
is "$? $(wc -l <listed)" "0 6" "six of a year's 525,600 files have no manifest"
memory=$(sed -n 's/.*Maximum resident set size (kbytes): //p' "$tmp/year/time")
check "found in bounded memory ($memory KiB)" [ "$memory" -lt 65536 ]
done_testing
