#!/usr/bin/env bash
# job-store as people run it: killed and run again, eight at once, slow and broken pipes, purges that are interrupted, the side file
# that is brought up to date, a store that moves. Each with SQLite, and with a real PostgreSQL where it matters.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

rounds=$((4 * JL_SCALE))

dated() { # LINES SEED [LAST-SEEN]: job lines that are the same whenever they are put
    generate --shape=job --lines="$1" --seed="$2" |
        sed "s/}\$/,\"first_seen_at\":\"2026-01-01T00:00:00Z\",\"last_seen_at\":\"${3:-2026-01-02T00:00:00Z}\"}/"
}

# What a store holds, but for its counter of changes and the order of jobs.
content() { # STORE
    job-store -S "$1" list --duplicates --embedding | LC_ALL=C sort
}

random_wait() { # MILLISECONDS: up to so many
    sleep "$(printf '0.%03d' $((RANDOM % $1)))"
}

dated 20000 "$JL_SEED" >in.jsonl
job-store -S sqlite:whole.db put in.jsonl >whole.out 2>"$tmp/err" || diag <"$tmp/err"
content sqlite:whole.db >whole.content
is "$(wc -l <whole.content)" 20000 'all jobs are stored'
is "$(jq -r .stored whole.out | sort | uniq -c | xargs)" '20000 new' 'all lines are passed on, as new'
jq -c 'del(.stored)' whole.out | cmp -s - <(jq -c . in.jsonl)
is $? 0 'and nothing else is in them'

# --- killed, and run again ---

kills=0
for ((round = 0; round < rounds; round++)); do
    rm -f killed.db* out
    for ((try = 0; try < 3; try++)); do
        job-store -S sqlite:killed.db put in.jsonl >out &
        pid=$!
        random_wait 300
        kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        wait "$pid" 2>/dev/null
        # What was printed as stored is there.
        head -n "$(wc -l <out)" out | tail -n 1 | job-store -q -S sqlite:killed.db get >got
        [ "$(wc -l <out)" = 0 ] || [ -s got ] || not_ok 'a line came out whose job is not stored'
    done
    job-store -S sqlite:killed.db put in.jsonl >out
    content sqlite:killed.db | cmp -s - whole.content || not_ok "after kills and one whole run the store differs (round $round)"
done
check "puts were killed ($kills) and run again: the same store" test "$kills" -gt 0

# --- eight at once ---

eight() { # STORE NAME
    local i pids=()
    for i in 0 1 2 3 4 5 6 7; do
        # Each job is in three of the eight.
        awk -v i="$i" '(NR + i) % 8 < 3' in.jsonl | job-store -S "$1" put >"eight.$i" 2>"eight.$i.err" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || not_ok "$2: a put of eight failed"; done
    cat eight.*.err | diag
    content "$1" | cmp -s - whole.content
    is $? 0 "$2: eight processes at once lose nothing and duplicate nothing"
    is "$(cat eight.[0-7] | jq -r .stored | sort | uniq -c | xargs)" '20000 new 40000 same' "$2: each job was new once"
}
eight sqlite:eight.db SQLite

# --- pipes ---

mkfifo slow
job-store -S sqlite:slow.db put <slow >slow.out &
pid=$!
exec 8>slow
head -n 1 in.jsonl >&8
check 'a line of a slow pipe comes out before the next goes in' wait_for lines_in slow.out 1
sed -n 2,3p in.jsonl >&8
check 'and the next' wait_for lines_in slow.out 3
kill -TERM "$pid"
wait "$pid"
is $? 143 'SIGTERM ends it'
exec 8>&-
is "$(job-store -S sqlite:slow.db list | wc -l)" 3 'what was read is stored'

job-store -S sqlite:epipe.db put in.jsonl 2>"$tmp/err" | head -n 1 >/dev/null
is "${PIPESTATUS[0]} $(wc -c <"$tmp/err")" '141 0' 'a reader that goes away ends it silently'
job-store -S sqlite:epipe.db put in.jsonl >/dev/null
content sqlite:epipe.db | cmp -s - whole.content
is $? 0 'and a second run completes the store'

expect 0 'list to a file' job-store -S sqlite:whole.db list -o listed
cut -c 1-24 in.jsonl >in.ids && cut -c 1-24 listed >listed.ids
same listed.ids in.ids 'the order is that in which jobs were first put'
jq -c '{url}' in.jsonl | tac | job-store -S sqlite:whole.db get >got
tac listed | cmp -s - got
is $? 0 'get answers in the order of its lines'

# --- a store that moves ---

job-store -S sqlite:whole.db export >whole.export
expect 0 import job-store -S sqlite:moved.db import whole.export
job-store -S sqlite:moved.db export | cmp -s - whole.export
is $? 0 'a store that was moved gives the same export'
same <(job-store -S sqlite:moved.db put in.jsonl) <(sed 's/"stored":"new"/"stored":"same"/' whole.out) 'and knows all its jobs'

# --- purging ---

dated 3000 7 2025-01-01T00:00:00Z >old.jsonl
dated 500 8 "$(date -u -d '1 hour ago' +%FT%TZ)" >young.jsonl
cat old.jsonl young.jsonl | job-store -S sqlite:purge.db put >/dev/null
job-store -S sqlite:purge.db list >purge.before
cp purge.db purge.start
kills=0
for ((round = 0; round < rounds; round++)); do
    cp purge.start purge.db
    rm -f purge.db-* archive
    for ((try = 0; try < 3; try++)); do
        job-store -S sqlite:purge.db purge --archive=archive &
        pid=$!
        random_wait 60
        kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
        wait "$pid" 2>/dev/null
        touch archive
        { job-store -S sqlite:purge.db list; head -n "$(wc -l <archive)" archive; } | sort -u |
            cmp -s - <(sort purge.before) || not_ok "a purge that was killed has lost a job (round $round)"
    done
    job-store -S sqlite:purge.db purge --archive=archive || not_ok 'a purge after killed ones'
    job-store -S sqlite:purge.db list | cut -c 1-24 | cmp -s - <(cut -c 1-24 young.jsonl) || not_ok "after purges: other jobs stay"
    sort -u archive | cmp -s - <(head -n 3000 purge.before | sort) || not_ok "after purges: the archive differs"
done
check "purges were killed ($kills) and run again: every old job is in the archive, every young one in the store" test "$kills" -gt 0

# Payloads: some shared with a job that stays.
if start_s3 payloads; then
    seq -f '%032g' 1 40 | sed 's|^\(..\)\(.*\)|\1/\1\2.json|' >names
    while IFS= read -r name; do echo payload >p && s3_put p "payloads/raw/$name"; done <names
    s3_put p payloads/raw/other
    rm -f s3.db
    awk 'NR == FNR { name[NR] = $0; next } { sub(/}$/, ",\"raw\":\"" name[FNR % 40 + 1] "\"}"); print }' names <(head -n 300 old.jsonl) |
        job-store -S sqlite:s3.db put >/dev/null
    head -n 1 young.jsonl | sed "s|}\$|,\"raw\":\"$(sed -n 3p names)\"}|" | job-store -S sqlite:s3.db put >/dev/null
    expect 0 'purge with payloads in S3' job-store -v -S sqlite:s3.db purge --raw=s3://payloads/raw
    has "$tmp/err" '39 payloads deleted' 'tells how many'
    is "$(s3_keys payloads | xargs)" "raw/$(sed -n 3p names) raw/other" 'what a job names stays, and what is no payload of these jobs'
    is "$(find . -name 's3.db.raw-*')" '' 'the list is gone'
    stop "$S3_PID"
    head -n 10 old.jsonl | sed "s|}\$|,\"raw\":\"$(sed -n 4p names)\"}|" | job-store -S sqlite:s3.db put >/dev/null
    AWS_MAX_ATTEMPTS=1 expect 69 'S3 is away' job-store -S sqlite:s3.db purge --raw=s3://payloads/raw
    is "$(cat s3.db.raw-* | sort -u)" "$(sed -n 4p names)" 'the list waits for the next purge'
fi

# --- the side file ---

model() { # DIGIT: an embedding of two dimensions for each line
    sed "s|}\$|,\"embedding\":{\"model\":\"m-1\",\"dims\":2,\"data\":\"AACAPwAA$1EA=\"}}|"
}
head -n 5000 in.jsonl | model g | job-store -S sqlite:index.db put >/dev/null
expect 0 index job-store -S sqlite:index.db index
cp index.db.m-1.index first.index
expect 0 'index, nothing changed' job-store -v -S sqlite:index.db index
has "$tmp/err" 'nothing to write' 'says so'
same index.db.m-1.index first.index 'and touches nothing'
sed -n '4000,7000p' in.jsonl | model w | job-store -S sqlite:index.db put >/dev/null
head -n 100 old.jsonl | model g | job-store -S sqlite:index.db put >/dev/null
job-store -S sqlite:index.db index
sed -n '5500,5510p' in.jsonl | sed "s/2026-01-02T00:00:00Z/$(date -u +%FT%TZ)/" | job-store -S sqlite:index.db put >/dev/null
job-store -S sqlite:index.db purge --older-than=300d
expect 0 'index after changes and deletions' job-store -v -S sqlite:index.db index
expect 0 'index from nothing' job-store -S sqlite:index.db index -o scratch.index
same index.db.m-1.index scratch.index 'the file that was brought up to date is the one that is made from nothing'
head -c 3000 scratch.index >index.db.m-1.index
expect 0 'index over a damaged file' job-store -S sqlite:index.db index
same index.db.m-1.index scratch.index 'makes it anew'
is "$(stat -c %a index.db.m-1.index scratch.index)" "$(stat -c %a index.db index.db)" 'the side file is for those who may read the store'
damage() { # AT [FILE]: one byte of the side file is another one
    printf '\252' | dd of="${2:-index.db.m-1.index}" bs=1 seek="$1" conv=notrunc status=none
}
for at in 400 40000 $((256 + 64 + 4096 * 105)) $((256 + 64 + 4096 * 250)); do
    damage "$at"
    job-store -v -S sqlite:index.db index 2>err || diag <err
    cmp -s index.db.m-1.index scratch.index && ! grep -q 'nothing to write' err
    is $? 0 "a damaged side file is made anew (byte $at)"
done
damage 400
head -n 50 old.jsonl | model w | job-store -S sqlite:index.db put >/dev/null
job-store -S sqlite:index.db index
job-store -S sqlite:index.db index -o scratch.index
same index.db.m-1.index scratch.index 'also when there are changes to lay over it'
cp in.jsonl mine.jsonl
expect 78 'index over a file of something else' job-store -S sqlite:index.db index -o mine.jsonl
has "$tmp/err" 'mine.jsonl is no side file: name another or remove it' 'says so'
echo '{"titles":["Accountant"]}' | expect 78 'job-match with such a side file' job-match -S sqlite:index.db --index=mine.jsonl
same mine.jsonl in.jsonl 'and it is left alone'

head -n 300 in.jsonl | job-embed | job-store -S sqlite:match.db put >/dev/null
job-store -S sqlite:match.db index
echo '{"title":"Accountant"}' >profile
job-match -q -S sqlite:match.db --max-age=0 profile >matches
damage 400 match.db.jobline-hash-1.index
name=$(printf 'n%.0s' {1..255}) # beside it nothing can be made
cp match.db.jobline-hash-1.index "$name"
expect 78 'job-match where it cannot write' job-match -S sqlite:match.db --index="$name" --max-age=0 profile >/dev/null
has "$tmp/err" "rm $name && job-store index" 'says what helps'
expect 0 'job-match with a damaged side file' job-match -S sqlite:match.db --max-age=0 profile >mended
has "$tmp/err" 'match.db.jobline-hash-1.index was damaged: it was made anew' 'says so'
check 'there are matches' test -s matches
same mended matches 'the matches are those of a sound one'
expect 0 'and again' job-match -S sqlite:match.db --max-age=0 profile >/dev/null
is "$(wc -c <"$tmp/err")" 0 'the file is well'

job-store -S sqlite:index.db vacuum
expect 0 'index after vacuum' job-store -S sqlite:index.db index
is "$(job-store -S sqlite:index.db stat --json | jq -c '.models')" \
    "[{\"model\":\"m-1\",\"stage\":\"listing\",\"dims\":2,\"jobs\":$(job-store -S sqlite:index.db list | wc -l)}]" 'stat tells the models'

# --- PostgreSQL ---

if declare -F start_postgres >/dev/null && start_postgres; then
    (umask 077 && echo "$PG_URL" >pg.url)
    eight @pg.url PostgreSQL
    job-store -S @pg.url export >pg.export
    expect 0 'from PostgreSQL to SQLite' job-store -S sqlite:from_pg.db import pg.export
    job-store -S sqlite:from_pg.db export | cmp -s - pg.export
    is $? 0 'the same export from both'
fi
done_testing
