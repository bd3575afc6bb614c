#!/usr/bin/env bash
# job-match over stores and lines: the same jobs give the same bytes, whichever way they come; what is loaded, what is held in
# memory, what a signal leaves behind.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
unset OPENAI_API_KEY CREDENTIALS_DIRECTORY
quality=$top/tests/quality
store=sqlite:$tmp/work/jobs.db
cd "$tmp/work" || exit 1

match() { # OPTION...
    job-match --max-age=0 --top=40 "$@"
}

# A third of the jobs has its full text, which only --stage=full reads.
jq -c --slurpfile full <(head -n 400 "$quality/full.jsonl") '($full | INDEX(.id)) as $by | input_line_number as $n |
    if $by[.id] then . + ($by[.id] | {description, enrichment_status: "done"}) else . end' "$quality/jobs.jsonl" >jobs.jsonl 2>"$tmp/err" ||
    diag <"$tmp/err"
check 'there are jobs with a full text' test "$(jq -c 'select(.description) | .id' jobs.jsonl | wc -l)" -gt 300
head -n 6 "$quality/profiles.jsonl" >us.jsonl
head -n 1 us.jsonl >me.json

# --- lines and stores ---

match -p us.jsonl jobs.jsonl >lines.listing
match -p us.jsonl --stage=full jobs.jsonl >lines.full
check 'every profile has matches' test "$(jq -r .profile lines.listing | sort -u | wc -l)" = 6
check 'full texts make another ranking' test "$(jq -c '[.profile, .job.id]' lines.full | sort | md5sum)" != "$(jq -c '[.profile, .job.id]' lines.listing | sort | md5sum)"
job-embed jobs.jsonl | match -p us.jsonl | cmp -s - lines.listing
is $? 0 'lines with their embeddings rank as those without'
tac jobs.jsonl | match -p us.jsonl | cmp -s - lines.listing
is $? 0 'and in whatever order they come'

both_ways() { # STORE NAME: the store has the jobs
    match --candidates=5000 -S "$1" <us.jsonl >got
    same got lines.listing "$2: a store ranks as its lines do"
    match --candidates=5000 -S "$1" -p us.jsonl --stage=full >got
    same got lines.full "$2: so with full texts"
    match --candidates=5000 -S "$1" --retrieval=scan <us.jsonl >got
    same got lines.listing "$2: so without the side file"
}

stored() { # STORE: fills it, embeddings of both stages
    job-embed -q jobs.jsonl | job-store -q -S "$1" put >put.out
    job-embed -q --full jobs.jsonl | job-store -q -S "$1" put >put.out
}

job-store -q -S "$store" put jobs.jsonl >put.out
both_ways "$store" 'no embedding stored'
rm -f jobs.db*
stored "$store"
both_ways "$store" 'no side file'
job-store -q -S "$store" index
both_ways "$store" 'with a side file'

# What the store got and lost since the side file was written counts all the same. (What was changed has a new title and no
# embedding of it yet.)
job-store -q -S "$store" list --limit=50 | jq -c '.title = "Data Engineer" | .last_seen_at = "2026-01-03T00:00:00Z"' | job-store -q -S "$store" put >put.out
head -n 40 jobs.jsonl | jq -c '.id += "x" | .url += "x" | del(.description, .enrichment_status)' | job-embed -q | job-store -q -S "$store" put >put.out
job-store -q -S "$store" list >now.jsonl
match -p us.jsonl now.jsonl >lines.now
check 'the changes show' test "$(md5sum <lines.now)" != "$(md5sum <lines.listing)"
match --candidates=5000 -S "$store" <us.jsonl >got
same got lines.now 'a store that changed since the side file was written'

start_postgres && {
    printf '%s\n' "$PG_URL" >pg.url
    chmod 600 pg.url
    stored @pg.url
    both_ways @pg.url PostgreSQL
}

# --- a few candidates ---

match -S "$store" -p me.json --candidates=10 --stats=stats >got
is "$(jq -c '[.jobs, .profiles]' stats)" '[10,1]' 'of a store no more than --candidates are scored'
is "$(jq -r .job.id got | sort -u | wc -l)" "$(wc -l <got)" 'each once'

# --- jobs without an embedding ---

generate --shape=job --lines=6000 --seed=6 >bare.jsonl
head -n 2000 bare.jsonl | job-store -q -S sqlite:bare.db put >put.out
expect 0 'a few jobs without an embedding get one for the run' match -S sqlite:bare.db -p me.json --remote=any --stats=bare.stats >got
is "$(jq .computed bare.stats) $(wc -c <"$tmp/err")" '2000 0' 'each, without a word'
job-store -q -S sqlite:bare.db put bare.jsonl >put.out
for how in index scan; do
    expect 0 "many are left out ($how)" match -S sqlite:bare.db -p me.json --remote=any --retrieval=$how --stats=bare.$how >got
    has "$tmp/err" "$(job-store -S sqlite:bare.db list | wc -l) jobs have no embedding of jobline-hash-1 and are left out: job-store list --without-embedding=jobline-hash-1 | job-embed | job-store put" 'it says how many, and what to do'
    is "$(jq .computed bare.$how) $(wc -l <got)" '0 0' 'none is made on the way'
done
job-store -q -S sqlite:bare.db list --without-embedding=jobline-hash-1 | job-embed -q | job-store -q -S sqlite:bare.db put >put.out
expect 0 'what it says to do does it' match -S sqlite:bare.db -p me.json --remote=any >got
is "$(wc -l <got) $(wc -c <"$tmp/err")" '40 0' 'there are matches then, and no word'
expect 0 'a store that is not there' match -S sqlite:none.db -p me.json >got
has "$tmp/err" 'the store has no jobs' 'has no jobs'
is "$(ls none.db 2>/dev/null)" '' 'and is not made'
match -q -S sqlite:none.db -p me.json 2>"$tmp/err" >got
is "$(cat "$tmp/err")" '' '-q does not say so'

# --- profiles as they come ---

mkfifo asks
job-match -S "$store" --max-age=0 --top=1 <asks >answers &
pid=$!
exec 9>asks
head -n 1 us.jsonl >&9
wait_for lines_in answers 1
is "$(jq -r .profile answers)" "$(jq -r .id me.json)" 'a profile is answered before the next one comes'
exec 9>&-
wait "$pid"
is $? 0 'and the end of the profiles is the end'

# --- models ---

start_server embedding_server.py "$PYTHON" "$top/tests/e2e/embedding_server.py" --log=calls && {
    api=http://$SERVER/v1
    head -n 100 jobs.jsonl >few.jsonl
    match -p me.json -m "$api" --name=test-1 --remote=any few.jsonl >served
    is $? 0 'a server gives the embeddings'
    job-embed -q -m "$api" --name=test-1 few.jsonl | match -p me.json -m "$api" --name=test-1 --remote=any | cmp -s - served
    is $? 0 'the same as job-embed had it give'
    check 'in batches' test "$(wc -l <calls)" -lt 40
    job-embed -q few.jsonl >hashed.jsonl
    expect 65 'lines with the hash model in them are a mix then' match -p me.json -m "$api" --name=test-1 hashed.jsonl >out
    job-store -q -S sqlite:few.db put hashed.jsonl >put.out
    expect 78 'so is a store that has those of another model alone' match -S sqlite:few.db -p me.json -m "$api" --name=test-1 --remote=any >out
    has "$tmp/err" 'embeddings of jobline-hash-1 with 384 dimensions, none of test-1' 'both are named'
    job-store -q -S sqlite:few.db list --limit=60 | job-embed -q -m "$api" --name=test-1 | job-store -q -S sqlite:few.db put >put.out
    match -S sqlite:few.db -p me.json -m "$api" --name=test-1 --remote=any --candidates=5000 >got
    same got served 'a store that is on its way to another model gets the vectors that it lacks for the run'
    stop "$SERVER_PID"
    expect 69 'a server that is away' match -p me.json -m "$api" --name=test-1 few.jsonl >out
}

# --- what a run is made of ---

LD_DEBUG=files match -p me.json --top=1 jobs.jsonl 2>loaded >out
is "$(grep -cE 'calling init: .*lib(sqlite3|pq|curl)\.' loaded)" 0 'lines are ranked without a database or HTTP library'
LD_DEBUG=files match -S "$store" -p me.json --top=1 2>loaded >out
is "$(grep -cE 'calling init: .*lib(pq|curl)\.' loaded)" 0 'and a store in SQLite without the other two'

generate --shape=job --lines=50000 --seed=5 >many.jsonl
rm -f stats
match -p us.jsonl --stats=stats many.jsonl >out
check "50,000 lines for six people in $(jq .max_rss_bytes stats) bytes" test "$(jq '.max_rss_bytes < 100e6' stats)" = true

expect 74 'a full disk' match -p me.json jobs.jsonl >/dev/full

# --- interrupted ---

mkfifo slow
echo old >need
job-match -p me.json --max-age=0 --tier=paid --need=need <slow >out &
pid=$!
exec 9>slow
head -n 1 jobs.jsonl >&9
sleep 0.1
kill -TERM "$pid"
wait "$pid"
is $? 143 'a signal ends the run'
exec 9>&-
is "$(cat need) $(wc -c <out)" 'old 0' 'which prints nothing, and asks for nothing'
done_testing
