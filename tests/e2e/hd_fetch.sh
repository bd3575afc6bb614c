#!/usr/bin/env bash
# hd-fetch against a HasData server: what is asked, what comes out, what it costs, what is never bought twice.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_hasdata || done_testing
key=(--api="$hd_api" --key-file="$hd_key_file")
listing=(hd-fetch listing "${key[@]}")
job=(hd-fetch job "${key[@]}")
chicago=(-w 'data engineer' -l 'Chicago, IL')
spent() { credits status --json | jq .spent; }
held() { credits status --json | jq '.held + .live'; }
figure() { tail -n 1 stats | jq ".$1"; } # of the last run with --stats=stats

# --- Without a ledger, with a dry run -------------------------------------------------------------------------------

expect 0 "a dry run needs neither key nor ledger" hd-fetch listing "${chicago[@]}" --pages=3 --dry-run >out
is "$(jq -c . out)" '{"endpoint":"indeed.listing","keyword":"data engineer","location":"Chicago, IL","calls":3,"credits":15}
{"calls":3,"credits":15}' "a dry run tells the calls and their sum"
has "$tmp/err" "published prices" "and with which prices it reckoned"
expect 78 "without a ledger nothing is bought" "${listing[@]}" "${chicago[@]}" >out
has "$tmp/err" "credits set" "and the message says what makes one"
is "$(find "$XDG_STATE_HOME" -name 'ledger.db' 2>/dev/null | wc -l)" 0 "no ledger was made on the way"
is "$(hd_state .calls)" 0 "nobody was asked"

expect 0 "credits set" credits set budget=10000 timeout=2s grace=1s hold=2s breaker-window=1000 breaker-calls=1000 >/dev/null

# --- Listings -------------------------------------------------------------------------------------------------------

expect 0 "a listing of three pages" "${listing[@]}" "${chicago[@]}" --pages=3 --stats=stats >jobs.jsonl
is "$(figure calls) $(figure credits) $(spent)" "3 15 15" "three calls, fifteen credits, all in the ledger"
is "$(hd_state .credits)" 15 "as the provider billed"
check "job lines in the normal form" jq -es 'length > 20 and all(.[]; (.id | length > 0) and .source == "indeed" and
    .enrichment_status == "none" and (.title | length > 0) and (.company | length > 0) and (.first_seen_at | endswith("Z")))' jobs.jsonl
is "$(jq -r '.source + .id' jobs.jsonl | sort | uniq -d)" "" "no posting twice"
is "$(figure jobs)" "$(wc -l <jobs.jsonl)" "the summary counts them"
expect 0 "the same again" "${listing[@]}" "${chicago[@]}" --pages=3 --stats=stats >again
same again jobs.jsonl "comes out of the cache, the same bytes"
is "$(figure calls) $(figure cache_hits) $(spent)" "0 3 15" "and costs nothing"
expect 0 "a listing that is too old for --ttl" "${listing[@]}" "${chicago[@]}" --ttl=0s --stats=stats >again
is "$(figure calls)" 1 "is bought anew"
cat >requests <<'END'
{"keyword":"nurse","location":"Boston, MA"}
{"keyword":"lawyer","location":"Austin, TX","source":"glassdoor"}
{"keyword":"nurse","location":"Boston, MA"}
END
expect 0 "requests from a file" "${listing[@]}" --stats=stats requests >jobs2
is "$(figure calls) $(figure lines_in)" "2 3" "a request that is there twice is bought once"
is "$(jq -r .source jobs2 | uniq | paste -sd ' ')" "indeed glassdoor" "job lines come in the order of the requests"
expect 0 "with --rejects" "${listing[@]}" --rejects=bad < <(echo '{"keyword":"x"}' && sed -n 1p requests) >out
is "$(cat bad) $(head -n 1 out | jq -r .source)" '{"keyword":"x"} indeed' "a line that is no request is put aside, and the run goes on"
expect 64 "--sort that nobody knows" "${listing[@]}" "${chicago[@]}" --sort=bogus >out
has "$tmp/err" "hd-fetch: sort" "is the command's fault, not a line's"
expect 65 "a line that is no request" "${listing[@]}" <<<'{"keyword":"x"}' >out
has "$tmp/err" "stdin:1:" "is named"
expect 0 "nothing found is an answer" "${listing[@]}" -w nothing -l 'Chicago, IL' >out
is "$(wc -l <out)" 0 "without lines"

# --- Postings -------------------------------------------------------------------------------------------------------

lines() { # COUNT KIND [FROM]: job lines about such postings
    hd_urls "$1" "$2" indeed "${3-0}" | sed 's/.*/{"url":"&","title":"T","company":"C","note":1.50}/'
}
lines 20 good >in
before=$(spent)
expect 0 "details of twenty postings" "${job[@]}" --raw=payloads --stats=stats in >full
is "$(($(spent) - before)) $(figure enriched) $(wc -l <full)" "100 20 20" "five credits each"
check "enriched" jq -es 'all(.[]; .enrichment_status == "done" and (.description | length > 500) and (.content_hash | length == 32)
    and (.enriched_at | endswith("Z")) and .title == "T" and (has("description_html") | not))' full
is "$(jq -r .url full)" "$(jq -r .url in)" "in input order"
is "$(grep -c '"note":1\.50' full)" 20 "what was there stays as it was"
is "$(jq -r .raw full | while read -r f; do [ -s "payloads/$f" ] && echo "$f"; done | sort -u | wc -l)" 20 "payloads under their hash"
expect 0 "what says that it is enriched" "${job[@]}" --stats=stats full >full2
same full2 full "goes out as it came"
is "$(figure fresh) $(figure calls)" "20 0" "unbought"
expect 0 "what the cache knows" "${job[@]}" --raw=payloads --stats=stats in >full2
same full2 full "is enriched from there, the same bytes"
is "$(figure calls) $(figure cache_hits)" "0 20" "unbought, too"
{ lines 1 good 600; lines 1 good 600 | sed 's/"}$/\&utm_source=x"}/; s/"T"/"\\u0054"/'; lines 1 good 600 | sed 's#//www#//WWW#; s#/#\\/#g'; } >in
expect 0 "one posting in three spellings" "${job[@]}" --stats=stats in >out
is "$(figure calls) $(figure enriched)" "1 3" "is bought once"
jq -c '.enriched_at = "2020-01-01T00:00:00Z" | .enrichment_tries = 2' out >in
hd_set script='500*3'
expect 75 "one that is done, and too old, and cannot be bought now" "${job[@]}" --cache=sqlite:other.db --modes=0 < <(sed -n 1p in) >out2
is "$(cat out2)" "$(sed -n 1p in)" "stays as it is"
expect 0 "one that can" "${job[@]}" < <(sed -n 1p in) >out2
is "$(jq -c '[.enrichment_status, .enrichment_tries, (.enriched_at > "2020-01-02")]' out2)" '["done",0,true]' "is new again"
jq -c '.enriched_at = "2099-01-01T00:00:00Z"' out2 >in
expect 0 "one that says that it was bought in days to come" "${job[@]}" --stats=stats in >out2
is "$(figure fresh)" 0 "is not believed"
{ lines 1 dead; lines 1 expired; lines 1 incomplete; lines 1 js; lines 1 broken; } >in
expect 0 "postings that are dead, incomplete or broken" "${job[@]}" --html --stats=stats in >out
is "$(jq -r .enrichment_status out | paste -sd ' ')" "dead dead done done done" "are marked, or bought as a page"
hd_set script='500*3'
expect 75 "a posting whose call fails each time, without the page" "${job[@]}" --modes=0 < <(lines 1 good 700) >out2
is "$(jq -c "[.enrichment_status,.enrichment_tries]" out2)" "[\"failed\",1]" "is marked as failed, as of one run"
check "as HTML, too" jq -es '.[2].description_html | length > 100' out
before=$(hd_state .calls)
expect 0 "a dead one in its line" "${job[@]}" < <(sed -n 1,2p out) >out2
is "$(hd_state .calls)" "$before" "is never bought again"
expect 0 "a page" hd-fetch page "${key[@]}" --stats=stats < <(lines 1 good 500) >out
is "$(figure credits) $(jq -r .enrichment_status out)" "1 done" "costs one credit in its cheapest mode"
expect 0 "a line without a URL" "${job[@]}" --stats=stats <<<'{"title":"T","company":"C"}' >out
is "$(cat out) $(figure no_url)" '{"title":"T","company":"C"} 1' "goes out as it came, and is counted"
expect 0 "the dry run of postings" "${job[@]}" --dry-run < <(lines 3 good 900) >out
is "$(tail -n 1 out)" '{"calls":3,"credits":15,"fallback_credits":93}' "reckons with the first call, and with all"
credits hold --cost=1 >/dev/null
sleep 2.1 # the lease of the hold
before=$(sha256sum "$XDG_STATE_HOME"/jobline/*)
expect 0 "a dry run" "${job[@]}" --dry-run < <(lines 3 good 900) >out
is "$(sha256sum "$XDG_STATE_HOME"/jobline/*)" "$before" "writes nothing at all"

# --- Whose ----------------------------------------------------------------------------------------------------------

credits set user-cap=12 >/dev/null
lines 4 good 1500 | sed 's/}$/,"user":"ann"}/' >in
lines 1 good 1510 >>in
expect 75 "a user's cap" "${job[@]}" --user=bob --stats=stats in >out
is "$(figure enriched) $(figure refused_user_cap)" "3 2" "holds for whom the line names, and for nobody else"
is "$(credits report --by=user --json | jq -c 'select(.name == "ann" or .name == "bob") | [.name,.credits]' | sort | paste -sd ' ')" \
    '["ann",10] ["bob",5]' "and the report tells them apart"
expect 65 "a user that no ledger takes" "${job[@]}" <<<'{"url":"https://www.indeed.com/viewjob?jk=0123456789abcdef","user":"a\u0007b"}' >out
credits set user-cap=0 >/dev/null

# --- Limits ---------------------------------------------------------------------------------------------------------

lines 10 good 1000 >in
expect 75 "--max-credits" "${job[@]}" --max-credits=23 --stats=stats in >out
is "$(figure credits) $(figure unbought) $(wc -l <out)" "20 6 10" "is never passed, and every line goes out"
is "$(jq -r 'select(has("enrichment_status") | not) | .url' out | wc -l)" 6 "those unbought as they came"
has "$tmp/err" "--max-credits=23" "and the message names the limit"
credits set "budget=$(($(spent) + 12))" >/dev/null
lines 10 good 1100 >in
expect 75 "the budget" "${job[@]}" --stats=stats in >out
is "$(figure credits) $(figure refused_budget)" "10 8" "is never passed"
has "$tmp/err" "the next period begins at" "and the message says when the next one begins"
credits set "budget=$(($(spent) + 7))" >/dev/null
expect 75 "listings beyond the budget" "${listing[@]}" --pages=2 --refused=pass --ttl=0s requests >out
is "$(grep -c '"keyword"' out)" 3 "--refused=pass: what was not bought, or not all of it, comes back"
is "$(tail -n 3 out | grep -c '"keyword"') $(jq -r 'select(.title) | .source' out | sort -u)" "3 indeed" "behind what was"
credits set budget=100000 price.indeed.job= >/dev/null
expect 78 "an endpoint without a price" "${job[@]}" --modes=0 in >out
has "$tmp/err" "credits set price.indeed.job=N" "is refused, and the message says what sets it"
credits set price.indeed.job=5 >/dev/null
expect 77 "a wrong key" hd-fetch job --api="$hd_api" --key-file=<(echo wrong) in >out
lines 1 good 1300 >in
(umask 077 && echo wrong-key >wrong)
expect 77 "a key that the provider refuses" hd-fetch job --api="$hd_api" --key-file=wrong in >out
same out in "leaves the lines as they were"
expect 77 "no key at all" hd-fetch job --api="$hd_api" in >out
chmod 644 wrong
expect 77 "a key file that others can read" hd-fetch job --api="$hd_api" --key-file=wrong in >out
expect 64 "a server without TLS elsewhere" hd-fetch job --api=http://192.0.2.1 --key-file="$hd_key_file" in >out
is "$(held)" 0 "nothing is held after all this"

# --- Trouble --------------------------------------------------------------------------------------------------------

lines 1 good 2000 >in
hd_set script='500*2'
expect 0 "a provider that fails twice" "${job[@]}" --stats=stats in >out
is "$(figure calls) $(figure retries) $(figure credits)" "3 2 5" "is asked again, and paid once"
lines 1 good 2001 >in
hd_set script='429(1)'
expect 0 "a busy provider" "${job[@]}" --stats=stats in >out
is "$(figure calls)" 2 "is asked again"
lines 1 good 2004 >in
hd_set script='429(2)'
before=$(date +%s%N)
expect 0 "a provider that wants a pause of two seconds" "${job[@]}" in >out
check "gets it" test $((($(date +%s%N) - before) / 1000000)) -ge 2000
hd_set script='429(date)'
before=$(date +%s%N)
lines 1 good 2005 >in
expect 0 "one that says until when" "${job[@]}" in >out
check "gets it, too" test $((($(date +%s%N) - before) / 1000000)) -ge 1000
expect 69 "a provider that is not there" hd-fetch job --api=http://127.0.0.1:9 --key-file="$hd_key_file" --tries=1 < <(lines 1 good 2006) >out
lines 1 good 2002 >in
before=$(spent)
hd_set script=truncate
expect 75 "a body that breaks off" "${job[@]}" --stats=stats in >out
is "$(figure uncertain) $(figure calls) $(($(spent) - before))" "1 1 5" "may have been billed, is charged, and not asked again"
is "$(credits status --json | jq .uncertain)" 5 "and stands as uncertain"
for fault in malformed garbage utf8 empty deep 'huge(100M)' 'bomb(100M)' lost mute stall 'slow-body(0.1s)' 'slow-headers(0.1s)'; do
    lines 1 good $((RANDOM + 3000)) >in
    hd_set script="$fault"
    expect 75 "a reply like $fault" "${job[@]}" --stats=stats in >out
    is "$(jq -r .enrichment_status out) $(figure uncertain)" "failed 1" "is bounded, and charged as uncertain"
done
for where in redirect 'redirect(host)'; do
    hd_set script="$where"
    expect 0 "a $where" "${job[@]}" --modes=0 --fresh=0s < <(lines 1 good 2003) >out
    is "$(hd_state '[.elsewhere.calls, .elsewhere.key]' | jq -c .) $(jq -r .enrichment_status out)" "[0,0] failed" "is not followed, and the key stays here"
done
is "$(held)" 0 "nothing is held after all this"
hd_set script='403'
lines 3 good 2010 >in
expect 75 "the provider's quota" "${job[@]}" --stats=stats in >out
has "$tmp/err" "used up" "closes the gate"
is "$(credits status --json | jq -r .breaker)" open "until the period ends"
credits breaker close >/dev/null

# --- What nobody may see --------------------------------------------------------------------------------------------

lines 5 good 4000 >in
secret=$(<"$hd_key_file")
hd_set script='echo*5'
HASDATA_API_KEY=$secret hd-fetch job --api="$hd_api" -v --raw=payloads --stats=stats --metrics=metrics in >out 2>messages
is "$(wc -l <out) $(grep -c "\"done\"" out)" "5 5" "the key from the environment"
is "$(grep -rlF -- "$secret" out messages stats metrics payloads "$XDG_STATE_HOME" | wc -l)" 0 "the key that a provider repeats is in no line, message, figure, payload, ledger or cache"
is "$(jq -r .description out | grep -cF -e "$secret" -e "${secret:4:12}")" 0 "nor in a description that is decoded"
is "$(jq -r .description out | grep -c '^\*\*\*.* \*\*\*.* \*\*\*')" 5 "where it was are stars"

done_testing
