#!/usr/bin/env bash
# job-search: what a search shows, what it buys, what it costs, and what stays behind when it is ended.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
export XDG_CACHE_HOME=$tmp/home/cache

start_hasdata || done_testing
export HASDATA_API_URL=$hd_api
cp -p "$hd_key_file" hasdata.key
cp "$top/share/me.json" me.json
search() { job-search -q --key-file=hasdata.key "$@"; }
paid() { search --tier=paid --user=ann "$@"; }
events() { jq -r .event "$1" | paste -sd ' '; }
of() { jq -c "select(.event == \"$2\") | $3" "$1"; } # FILE EVENT FILTER
spent() { credits status --json | jq .spent; }
statuses() { job-store list 2>/dev/null | jq -r .enrichment_status | sort | uniq -c; }

# --- Free -----------------------------------------------------------------------------------------------------------

expect 0 "a free search without a store" search me.json >free
is "$(events free)" "results notice done" "shows what is at hand and says so"
is "$(of free results '[.stage, .found, (.matches | length)]')" '["cache",0,0]' "which is nothing"
is "$(of free notice .code)" '"cache_only"' "with the notice that nothing else was tried"
is "$(hd_state .calls)" 0 "nobody was asked"
# Fewer than --top: an answer that is poor whatever the scores are.
fill() { # LINES SEED
    generate --shape=job --lines="$1" --distinct="$1" --seed="$2" | jq -c '.location = "Chicago, IL"' | job-embed -q | job-store -q put >/dev/null
}
fill 15 3
expect 0 "with a store" search --top=5 me.json >free
is "$(of free results '.matches | length')" 5 "there are matches"
check "ranked, with reasons and jobs" jq -es '.[0].matches | [.[].rank] == [1, 2, 3, 4, 5] and all(.[]; .reasons | length > 0) and
    all(.[]; .job.title) and ([.[].score] | . == (sort | reverse))' free
search --top=5 me.json | jq -c 'select(.event == "results") | .repeated' >again
is "$(cat again)" true "a repeated search is answered by the last answer"
sed 's/Chicago/chicago/' me.json >other.json
is "$(search --top=5 other.json | jq -r 'select(.event == "results") | .repeated')" null "another profile is another search"
job-store -q list --limit=1 | jq -c '.title = "Somebody else"' | job-store -q put >/dev/null
is "$(search --top=5 me.json | jq -r 'select(.event == "results") | .repeated')" null "and so is one of other jobs"
is "$(search --top=5 --repeat=0 me.json | jq -r 'select(.event == "results") | .repeated')" null "--repeat=0 never repeats"
expect 0 "a profile from stdin" search --top=1 <me.json >free
expect 66 "no such profile" search nowhere.json >free
expect 65 "a profile that says nothing" search <<<'{}' >free
expect 64 "two profiles" search < <(jq -c . me.json && jq -c '.id = "two"' me.json) >free
expect 64 "a tier that nobody knows" search --tier=gold me.json >free

# --- Paid -----------------------------------------------------------------------------------------------------------

expect 78 "without a ledger nothing is bought" paid me.json >out
check "but the jobs at hand are shown" jq -es '.[0].event == "results" and .[-1].event == "done"' out
is "$(of out notice .code)" '"live_search_unavailable"' "with the reason"
credits set budget=200000 timeout=5s grace=1s hold=2s breaker-window=1000 breaker-calls=1000 >/dev/null 2>&1
expect 0 "what it may cost" paid --dry-run me.json >dry
is "$(of dry estimate '[.worst.credits, .left, .searches_left]')" "[505,200000,396]" "100 texts and a listing are 505 credits, of which there are 396"
is "$(of dry estimate '.requests | length')" 1 "the request is shown"
is "$(hd_state .calls) $(spent)" "0 0" "nothing was bought"
is "$(paid --dry-run --enrich=300 me.json | jq -r 'select(.event == "estimate") | .worst.credits')" 600 "no search may cost more than --max-credits"

expect 0 "a paid search" paid --enrich=8 --raw=payloads me.json >out
is "$(events out)" "results discovery results enrichment results done" "shows each step"
is "$(of out results .stage | paste -sd ' ')" '"cache" "discovery" "final"' "with a ranking behind each"
check "jobs were found" jq -es '.[1].jobs > 5 and .[1].new == .[1].jobs and .[1].credits_used == 5' out
is "$(of out enrichment '[.asked, .done + .partial + .dead + .failed, .credits_used]')" "[8,8,40]" "and eight full texts bought"
is "$(of out 'done' '[.credits_used, .status]')" "[45,0]" "for 45 credits"
is "$(spent) $(hd_state .credits)" "45 45" "as the ledger and the provider say"
is "$(job-store list | jq -s 'map(select(.description and .enrichment_status == "done")) | length')" 8 "they are in the store"
is "$(find payloads -name '*.json' | wc -l)" 8 "their payloads are kept"
is "$(job-store list | jq -r 'select(.enrichment_status == "queued") | .id')" "" "none is left queued"
check "and change the ranking" jq -es '.[-2].matches | map(.job.description // empty | length > 100) | any' out
expect 0 "the same search" paid --enrich=8 --raw=payloads me.json >again
is "$(events again) $(of again results .repeated)" "results done true" "is answered by the last answer"
hd_reset
expect 0 "not repeated, it goes on where it was" paid --enrich=8 --repeat=0 me.json >again
is "$(hd_state .bought_twice)" 0 "and buys nothing twice"
fill 100 4
expect 0 "with --always and no listing" paid --enrich=3 --requests=0 --always --repeat=0 me.json >again
is "$(of again enrichment '[.asked, .credits_used > 0 and .credits_used <= 15]')" "[3,true]" "full texts alone are bought"
is "$(of again discovery .)" "" "and no listing"
expect 0 "--max-credits" paid --enrich=50 --requests=0 --always --max-credits=12 --repeat=0 me.json >out
check "holds" jq -es '.[-1].credits_used <= 12 and .[-1].credits_used > 0' out
is "$(of out notice .code)" '"limit_reached"' "and it is said that there was more to buy"

# --- When it cannot be bought ---------------------------------------------------------------------------------------

credits set budget=1 >/dev/null 2>&1
expect 75 "a budget that is spent" paid --always --repeat=0 me.json >out
is "$(of out notice .text)" '"live search unavailable, showing cached results"' "is told"
check "behind the results" jq -es '.[0].event == "results" and .[0].found > 0 and .[-1] .status == 75' out
is "$(job-store list | jq -r 'select(.enrichment_status == "queued") | .id')" "" "none is left queued"
credits set budget=200000 >/dev/null 2>&1
sed 's/Data Engineer/Nurse/g; s/Data Analyst/Nurse/; s/Python/triage/' me.json >nurse.json
HASDATA_API_URL=http://127.0.0.1:9 expect 69 "a provider that is away" paid --always --repeat=0 nurse.json >out
is "$(of out notice .code)" '"live_search_unavailable"' "is told, too"

# --- Ended in the middle --------------------------------------------------------------------------------------------

hd_reset
hd_set latency=300ms >/dev/null
before=$(spent)
job-search -q --key-file=hasdata.key --tier=paid --user=ann --enrich=40 --always --repeat=0 nurse.json >out 2>/dev/null &
pid=$!
# shellcheck disable=SC2016 # the dollar is none
wait_for hd_is '.by_endpoint["indeed/job"].billed >= 3' true || not_ok "full texts are being bought"
kill -TERM "$pid"
wait "$pid"
is $? 143 "a search that is told to end"
is "$(statuses | grep -c queued)" 0 "leaves none queued"
is "$(($(spent) - before))" "$(hd_state .credits)" "paid what was billed"
is "$(job-store list | jq -s 'map(select(.enrichment_status == "done")) | length >= 3')" true "and kept what it bought"
hd_set latency=0ms >/dev/null
expect 0 "again" paid --enrich=40 --always --repeat=0 nurse.json >out
is "$(hd_state .bought_twice)" 0 "nothing was bought twice"

# --- The report -----------------------------------------------------------------------------------------------------

expect 0 "the report" job-search report --by=user --json >summed
is "$(jq -r 'select(.user == "ann") | .credits' summed)" "$(spent)" "has the credits of each user"
is "$(jq -s 'map(select(.user != "all") | .searches) | add' summed)" "$(jq -s 'map(select(.dry_run | not)) | length' "$XDG_STATE_HOME/jobline/searches.jsonl")" "and all searches"
expect 0 "with bars" job-search report --plot >drawn
has drawn "###" "which are there"
# --- Killed -------------------------------------------------------------------------------------------------------

sed 's/Data Engineer/Lawyer/g; s/Data Analyst/Lawyer/; s/Python/litigation/' me.json >lawyer.json
hd_reset
hd_set latency=300ms >/dev/null
set -m
job-search -q --key-file=hasdata.key --tier=paid --user=ann --enrich=40 --always --repeat=0 lawyer.json >out 2>/dev/null &
pid=$!
set +m
wait_for hd_is '.by_endpoint["indeed/job"].billed >= 3' true || not_ok "full texts are being bought"
kill -KILL -- "-$pid"
wait "$pid" 2>/dev/null
hd_set latency=0ms >/dev/null
check "a search that is killed leaves marks" grep -q queued <(statuses)
expect 0 "which requeue takes away" job-store -q requeue --older-than=0s --tries=3 >/dev/null
is "$(statuses | grep -c queued)" 0 "all of them"
wait_for hd_is .in_flight 0
expect 0 "the search again" paid --enrich=40 --always --repeat=0 lawyer.json >out
check "nothing was bought twice but what was under way when it was killed" [ "$(hd_state .bought_twice)" -le 15 ]

done_testing
