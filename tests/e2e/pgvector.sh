#!/usr/bin/env bash
# --retrieval=pgvector on a real PostgreSQL: the same matches as reading all vectors, with filters and without, whatever the store
# got since its index was made. Where the extension is not installed only its refusal can be seen, and that is said.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_postgres || exit
export JOBLINE_STORE=$PG_URL
installed=$(pg "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
quality=$top/tests/quality
people=10
head -n "$people" "$quality/profiles.jsonl" >us.jsonl

# Of a hundred jobs two are "rare", ten "some"; three are of an old day.
lines=$((8000 * JL_SCALE))
generate --shape=job --lines="$lines" --seed="$JL_SEED" | sed -E 's/"source":"[a-z]*"/"source":"most"/
    s/\}$/,"first_seen_at":"2026-11-01T00:00:00Z","last_seen_at":"2026-11-02T00:00:00Z"}/' |
    sed -e '0~50s/"source":"most"/"source":"rare"/' -e '5~10s/"source":"most"/"source":"some"/' \
        -e '7~33s/"last_seen_at":"2026-11-02/"last_seen_at":"2026-01-02/' \
        -e '7~33s/"first_seen_at":"2026-11-01/"first_seen_at":"2026-01-01/' | job-embed -q >in.jsonl
expect 0 'jobs into the store' job-store -q put in.jsonl >put.out

match() { # OPTION...
    rm -f stats
    job-match -q --max-age=0 --remote=any --top=10 --stats=stats "$@" <us.jsonl
}

# --- refused -----------------------------------------------------------------------------------------------------

refused() { # WHAT TEXT
    expect 78 "$1: job-match refuses" match --retrieval=pgvector >got
    has "$tmp/err" "$2" "$1: it says why"
    has "$tmp/err" '--retrieval=index serves' "$1: it says what serves"
    is "$(wc -c <got)" 0 "$1: nothing is matched in another way"
    expect 78 "$1: job-store index refuses" job-store index --retrieval=pgvector
    has "$tmp/err" "$2" "$1: it says why as well"
}

if [ "$installed" = 0 ]; then
    refused 'no extension' 'pgvector is not installed there'
else
    refused 'not in the database' '(CREATE EXTENSION vector)'
fi
job-store -q -S sqlite:lite.db put <<<'{"company":"A","title":"B"}' >put.out
expect 64 'no PostgreSQL: job-match refuses' job-match -S sqlite:lite.db --retrieval=pgvector <us.jsonl
has "$tmp/err" 'for stores in PostgreSQL' 'it says what it is for'
expect 64 'no PostgreSQL: job-store index refuses' job-store -S sqlite:lite.db index --retrieval=pgvector
expect 0 'the side file serves' match >index.out
is "$(wc -l <index.out)" $((10 * people)) 'with ten matches for everybody'

if [ "$installed" = 0 ]; then
    skip 'matches by pgvector' 'the extension pgvector is not installed'
    done_testing
fi

pg 'CREATE EXTENSION vector'
expect 78 'no index: job-match refuses' match --retrieval=pgvector
has "$tmp/err" 'job-store index --retrieval=pgvector' 'it says what makes one'
version=$(pg "SELECT extversion FROM pg_extension WHERE extname = 'vector'")
pg "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'"
refused 'an old pgvector' 'pgvector 0.7 has no iterative scans'
pg "UPDATE pg_extension SET extversion = '$version' WHERE extname = 'vector'"
expect 64 'it writes no file' job-store index --retrieval=pgvector -o side.index

printf '{"id":"wide","source":"wide","company":"A","title":"B","embedding":{"model":"wide","dims":2001,"data":"%s"}}\n' \
    "$(head -c 8004 /dev/zero | tr '\0' '?' | base64 -w 0)" | job-store -q put >put.out
expect 78 'too many dimensions: refused' job-store index --retrieval=pgvector -m wide
has "$tmp/err" 'wide has 2001 dimensions' 'with their number'

# --- the same matches --------------------------------------------------------------------------------------------

# At least 98 of 100 are those of a scan, as many as it has, each once.
alike() { # WHAT MATCH-OPTION...
    local what=$1 wanted found
    shift
    match --retrieval=scan "$@" | jq -r '.profile + " " + (.job | .source + " " + .id)' | sort >scan
    wanted=$(jq .jobs stats)
    expect 0 "$what: pgvector" match --retrieval=pgvector "$@" >near.out
    jq -r '.profile + " " + (.job | .source + " " + .id)' near.out | sort >near
    is "$(jq .jobs stats)" "$wanted" "$what: as many jobs are scored as of a scan"
    found=$(comm -12 scan near | wc -l)
    check "$what: $found of the $(wc -l <scan) best of a scan" test "$((found * 100))" -ge "$(($(wc -l <scan) * 98))" -a "$(wc -l <scan)" -gt 0
    is "$(sort -u near | wc -l)" "$(wc -l <scan)" "$what: each once"
}

scans() { # how often the index over the vectors was asked
    pg "SELECT sum(idx_scan) FROM pg_stat_user_indexes WHERE indexrelname LIKE 'jobline_near%embedding%'"
}
asked_more_than() { # COUNT
    [ "$(scans)" -gt "$1" ]
}

index() { # TEXT WHAT: makes the index; what is told of it has TEXT
    expect 0 "$2" job-store -v index --retrieval=pgvector
    has "$tmp/err" "$1" "$2: that much"
}

index "$lines jobs of jobline-hash-1, $lines new or changed, 0 gone" 'the index is made'
index 'nothing to write' 'nothing changed'
before=$(scans)
alike 'no filter' --candidates=200
check 'by its index' wait_for asked_more_than "$before"
alike 'a filter that keeps 2 %' --candidates=200 --source=rare
alike 'fewer candidates than pass' --candidates=20 --source=rare
before=$(scans)
alike 'a filter that keeps 10 %' --candidates=30 --source=some
check 'by its index as well' wait_for asked_more_than "$before"
alike 'a filter by age' --candidates=100 --max-age=3650d --source=some
match --retrieval=scan --candidates=100000 >scan.all
match --retrieval=pgvector --candidates=100000 >near.all
same near.all scan.all 'all candidates: the same bytes'
alike 'a place and a salary' --candidates=100 --location=Texas --min-salary=150000

# --- the store goes on -------------------------------------------------------------------------------------------

# Two hundred are new and like a profile, a hundred get another title, a hundred are only seen again, those of the old day go.
jq -c 'del(.embedding) | .id += "x" | .url = (.url // "https://example.com/" + .id) + "x" | .title = "Senior Data Engineer"' <(head -n 200 in.jsonl) |
    job-embed -q | job-store -q put >put.out
sed -n '301,400p' in.jsonl | jq -c 'del(.embedding) | .title = "Registered Nurse"' | job-embed -q | job-store -q put >put.out
sed -n '501,600p' in.jsonl | jq -c '.last_seen_at = "2026-11-03T00:00:00Z"' | job-store -q put >put.out
purged=$(job-store -q purge --older-than=100d --stats=purge.stats >put.out && jq .purged purge.stats)
check 'old jobs went' test "$purged" -gt 100
alike 'a store that changed' --candidates=200
alike 'with a filter' --candidates=200 --source=rare
job-match -v --max-age=0 --retrieval=pgvector <us.jsonl >got 2>"$tmp/err"
touched=$(sed -n 's/.* \([0-9]*\) to be compared besides/\1/p' "$tmp/err")
check "only what has another vector is compared besides ($touched)" test "$touched" -gt 200 -a "$touched" -le 300
index "$touched new or changed" 'the index is brought up'
alike 'after that' --candidates=200
job-match -v --max-age=0 --retrieval=pgvector <us.jsonl >got 2>"$tmp/err"
has "$tmp/err" ', 0 to be compared besides' 'nothing is left to compare'

# Without an embedding, in a small store.
jq -c 'del(.embedding) | .id += "y" | .url = (.url // "https://example.com/" + .id) + "y"' <(head -n 50 in.jsonl) | job-store -q put >put.out
alike 'jobs without an embedding' --candidates=200

# Several at once, one killed.
sed -n '701,900p' in.jsonl | jq -c 'del(.embedding) | .title = "Staff Nurse"' | job-embed -q | job-store -q put >put.out
job-store -q index --retrieval=pgvector &
first=$!
job-store -q index --retrieval=pgvector &
second=$!
job-store -q index --retrieval=pgvector &
third=$!
kill -KILL "$third"
wait "$third" 2>/dev/null
expect 0 'two bring it up at once: the one' wait "$first"
expect 0 'and the other' wait "$second"
index 'nothing to write' 'and it is up'
alike 'after that too' --candidates=200

# Another store in the same database.
pg 'DROP TABLE jobline_meta, jobline_job, jobline_vector, jobline_gone'
head -n 3000 in.jsonl | job-store -q put >put.out
expect 78 "another store's index is refused" match --retrieval=pgvector
index '3000 new or changed' 'it is made anew'
alike 'another store' --candidates=100

done_testing
