#!/usr/bin/env bash
# job-store and job-match on a real PostgreSQL: the same lines as on SQLite, many at once, killed, through a restart, refused.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_postgres || exit
export JOBLINE_STORE=$PG_URL # as a URL with a password has to be given

lines=$((3000 * JL_SCALE))
generate --shape=job --lines="$lines" --seed="$JL_SEED" |
    sed 's/}$/,"first_seen_at":"2026-11-01T00:00:00Z","last_seen_at":"2026-11-02T00:00:00Z"}/' | job-embed >in.jsonl
expect 0 "the jobs are embedded" test -s in.jsonl

# --- the same as SQLite ------------------------------------------------------------------------------------------

expect 0 "put" job-store put in.jsonl >pg.put
job-store -S sqlite:lite.db put in.jsonl >lite.put
same pg.put lite.put "what is passed on is the same as of SQLite"
same_lists() { # WHAT LIST-OPTION...
    local what=$1
    shift
    job-store list "$@" >pg.list
    job-store -S sqlite:lite.db list "$@" >lite.list
    same pg.list lite.list "$what"
}
same_lists "the list" --duplicates --embedding
same_lists "a filtered one" --title=engineer --remote=only
same_lists "a limited one" --limit=7
head -n 200 in.jsonl | job-store mark queued >marked.pg
head -n 200 in.jsonl | job-store -S sqlite:lite.db mark queued >marked.lite
same marked.pg marked.lite "mark"
same_lists "those that are queued" --status=queued
job-store put in.jsonl >pg.again
job-store -S sqlite:lite.db put in.jsonl >lite.again
same pg.again lite.again "put again"

echo '{"text":"data engineer, Python and SQL"}' >me.json
job-store index
job-store -S sqlite:lite.db index
expect 0 "job-match out of PostgreSQL" job-match -p me.json >pg.match
expect 0 "job-match out of SQLite" job-match -p me.json -S sqlite:lite.db >lite.match
same pg.match lite.match "the same matches"
is "$(wc -l <pg.match)" 20 "as many as asked"

# A store as lines, and back into another database.
job-store export >backup.jsonl
pg 'CREATE DATABASE copy'
expect 0 "import into an empty database" env JOBLINE_STORE="${PG_URL%/*}/copy" job-store import backup.jsonl
env JOBLINE_STORE="${PG_URL%/*}/copy" job-store export >copy.jsonl
same copy.jsonl backup.jsonl "the copy is the same"
expect 78 "into one that is not empty: refused" env JOBLINE_STORE="${PG_URL%/*}/copy" job-store import backup.jsonl
expect 0 "vacuum" job-store vacuum

# --- many at once ------------------------------------------------------------------------------------------------

pg 'CREATE DATABASE crowd'
export JOBLINE_STORE=${PG_URL%/*}/crowd
pids=()
for who in 1 2 3 4 5 6 7 8; do
    { tail -n +$((who * lines / 8)) in.jsonl && head -n $((who * lines / 8 - 1)) in.jsonl; } | job-store put >"crowd.$who" 2>"crowd.$who.err" &
    pids+=($!)
done
bad=0
for pid in "${pids[@]}"; do wait "$pid" || bad=$((bad + 1)); done
is "$bad" 0 "eight puts of the same jobs at once"
is "$(cat crowd.? | wc -l)" "$((8 * lines))" "all lines are passed on"
is "$(cat crowd.*.err)" '' 'nothing else is said'
jq -r '[.source, .id] | @tsv' in.jsonl | sort -u >wanted.ids
job-store list --duplicates | jq -r '[.source, .id] | @tsv' | sort >crowd.ids
same crowd.ids wanted.ids "each job is there, once"
is "$(jq -r 'select(.stored == "new" or .stored == "duplicate") | .id' crowd.? | sort -u | wc -l)" "$(cut -f 2 wanted.ids | sort -u | wc -l)" "each was new to one of them"

# --- killed, restarted -------------------------------------------------------------------------------------------

pg 'CREATE DATABASE killed'
export JOBLINE_STORE=${PG_URL%/*}/killed
for try in 1 2 3 4 5 6; do
    job-store put in.jsonl >"killed.$try" 2>killed.err &
    victim=$!
    [ "$try" = 1 ] || sleep "0.0$((RANDOM % 9 + 1))"
    stop "$victim" KILL
done
# What was passed on was stored, whoever was killed then.
cat killed.? | sed -n 's/,"stored":"[a-z]*"}$/}/p' | jq -r '[.source, .id] | @tsv' | sort -u >claimed.ids
job-store list --duplicates | jq -r '[.source, .id] | @tsv' | sort >killed.ids
is "$(comm -23 claimed.ids killed.ids | wc -l)" 0 "what was passed on is stored"
is "$(uniq -d killed.ids | wc -l)" 0 "nothing twice"
expect 0 "run again" job-store put in.jsonl >killed.again
job-store list --duplicates | jq -r '[.source, .id] | @tsv' | sort >killed.ids
same killed.ids wanted.ids "then all is there"

pg 'CREATE DATABASE restarted'
export JOBLINE_STORE=${PG_URL%/*}/restarted
mkfifo slow
job-store put <slow >restarted.out 2>restarted.err &
putting=$!
exec 9>slow
head -n 1000 in.jsonl >&9
wait_for lines_in restarted.out 1000
stop "$PG_PID" INT
tail -n +1001 in.jsonl >&9 &
feeder=$!
restart_postgres 9>&- || exit # which would keep it open
wait "$feeder"
exec 9>&-
wait "$putting"
is "$? $(<restarted.err)" "0 " "a server that is restarted in mid-run is waited for"
is "$(wc -l <restarted.out)" "$lines" "all lines are passed on"
job-store list --duplicates | jq -r '[.source, .id] | @tsv' | sort >restarted.ids
same restarted.ids wanted.ids "all jobs are there"

# --- refused -----------------------------------------------------------------------------------------------------

refused() { # STATUS SAID URL
    expect "$1" "status $1: $2" env JOBLINE_STORE="$3" job-store --patience=1s put in.jsonl >refused.out
    has "$tmp/err" "$2" "it says so"
    is "$(grep -c s3cret "$tmp/err")$(grep -c hunter2 "$tmp/err")" 00 "without the password"
    is "$(grep -c '"stored"' refused.out)" 0 "no line is said to be stored"
}
refused 77 'password authentication failed for user "jobline"' "${PG_URL/s3cret/hunter2}"
refused 78 'database "nowhere" does not exist; make it with the createdb command' "${PG_URL%/*}/nowhere"
refused 69 'Connection refused' "postgres://jobline:s3cret@127.0.0.1:1/jobline"
expect 64 "a password in argv is refused" job-store -S "$PG_URL" list
pg "UPDATE jobline_meta SET format = 99"
refused 78 'format version 99, this program knows 1: use a newer jobline' "$PG_URL"
pg "UPDATE jobline_meta SET format = 1"

mkdir no-libpq
echo 'no library' >"no-libpq/$(grep -aoE 'libpq\.so[.0-9]*' "$BUILD/bin/job-store" | head -n 1)"
expect 64 "without libpq" env LD_LIBRARY_PATH=no-libpq JOBLINE_STORE="$PG_URL" job-store list
has "$tmp/err" "PostgreSQL cannot be used (" "it says why"
has "$tmp/err" "Debian's package libpq5" "it says what to install"
env -u JOBLINE_STORE LD_LIBRARY_PATH=no-libpq job-store -S sqlite:lite.db list --limit=1 >one
is "$(wc -l <one)" 1 "SQLite's store needs none"

# A password file instead of a URL with a password.
echo "127.0.0.1:*:*:jobline:s3cret" >pass
chmod 600 pass
expect 0 "PGPASSFILE" env -u JOBLINE_STORE PGPASSFILE="$PWD/pass" job-store -S "${PG_URL/:s3cret/}" list --limit=1 >one
done_testing
