#!/usr/bin/env bash
# The server that stands for HasData in these tests does what the other tests take for granted, asked by curl.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_hasdata --seed=7 --latency=0 --now=1763800000 || exit 1
is "$(stat -c %a "$hd_key_file")" 600 "the key is its owner's alone"

job() { # URL [CURL-OPTION...]: the job call, of the site that the URL names
    local url=$1 source=indeed
    [[ $url != *glassdoor* ]] || source=glassdoor
    shift
    hd_call "scrape/$source/job" -G --data-urlencode "url=$url" "$@"
}
listing() { # SOURCE KEYWORD LOCATION [NAME=VALUE [CURL-OPTION...]]
    hd_call "scrape/$1/listing" -G --data-urlencode "keyword=$2" --data-urlencode "location=$3" -d "${4:-sort=}" "${@:5}"
}
web() { # URL [MEMBERS]
    hd_call scrape/web --json "$(jq -cn --arg url "$1" "{url: \$url} + {${2-}}")"
}
status() { # COMMAND [ARG...]: the HTTP status of a call, 000 where there is none
    "$@" -o answer -w '%{http_code}' 2>/dev/null
}
good=$(hd_urls)

# --- the key, wrong calls ---

is "$(curl -sS --noproxy '*' -o answer -w '%{http_code}' "$hd_api/scrape/indeed/job?url=$good")" 401 "no call without a key"
is "$(curl -sS --noproxy '*' -o answer -w '%{http_code}' -H 'x-api-key: wrong' "$hd_api/user/me/usage")" 401 "nor with a wrong one"
is "$(status hd_call "scrape/indeed/listing?keyword=a")" 422 "a parameter is missed"
is "$(status hd_call scrape/web --json '{"url":"https://x.example/","proxyType":"none"}')" 422 "a wrong value is refused"
is "$(status hd_call scrape/web --json '[')" 400 "so is a body that is no JSON"
is "$(status hd_call scrape/nothing)" 404 "and what is not sold"
is "$(hd_state '[.credits, .billed, .keys.missing, .keys.right, .in_flight] | join(" ")')" "0 0 1 3 0" "none of them is billed"

# --- listings ---

pages() { # SOURCE KEYWORD LOCATION: all jobs of all pages, one a line, with the number of their page; follows what an answer names
    local next='' n=0 source=$1
    while [ $n -lt 9 ]; do
        listing "$@" ${next:+"$next"} >page.json
        jq -c --argjson n $n '.jobs[] + {page: $n}' page.json
        n=$((n + 1))
        if [ "$source" = indeed ]; then
            next=$(jq -r '.pagination.nextPage // empty | capture("[?&]start=(?<n>[0-9]+)") | "start=" + .n' page.json)
        else
            next=$(jq -r '.pagination.nextPageToken // empty | "nextPageToken=" + .' page.json)
        fi
        [ -n "$next" ] || return 0
    done
}
for source in indeed glassdoor; do
    pages "$source" engineer 'United States' >"$source.jsonl"
    pages "$source" engineer 'United States' >again
    same again "$source.jsonl" "the same query finds the same"
    check "$source: three pages or more, the last one without a next one" jq -es 'map(.page) | max | . >= 2 and . < 8' "$source.jsonl"
    check "there are repetitions" jq -es '(map([.title, .company, .location]) | unique | length) < length' "$source.jsonl"
    check "titles have the keyword" jq -es 'all(.title | test("engineer"; "i"))' "$source.jsonl"
    check "some salaries have no end, some no beginning, some jobs none" jq -es \
        'any(.salary.min and (.salary.max | not)) and any(.salary.max and (.salary.min | not)) and any(.salary | not)' "$source.jsonl"
    listing "$source" 'no such profession' Remote | jq -e '.jobs | length > 0 and all(.location | startswith("Remote"))' >answer
    check "remote jobs are found" test "$(<answer)" = true
    is "$(listing "$source" 'nothing at all' Paris | jq -c '[.requestMetadata.status, .jobs, .pagination.nextPage, .pagination.nextPageToken]')" \
        '["ok",[],null,null]' "nothing may be found"
done
is "$(jq -rs 'map(.salary.type // "none") | unique | join(" ")' indeed.jsonl)" "DAILY HOURLY MONTHLY WEEKLY YEARLY none" "Indeed: all periods of pay"
is "$(jq -rs 'map(.salary.period // "none") | unique | join(" ")' glassdoor.jsonl)" "ANNUAL DAILY HOURLY MONTHLY WEEKLY none" "Glassdoor: as well"
is "$(jq -rs 'map(.date | sub("[0-9]+ day(s?) ago$"; "N day ago")) | unique | join(",")' indeed.jsonl)" \
    "30+ days ago,Just posted,N day ago,Today" "dates in words"
check "isoDate is absent from some" jq -es 'any(has("isoDate")) and any(has("isoDate") | not)' indeed.jsonl
check "some addresses are of advertisements without an id" jq -es 'any(.url | contains("jk=") | not) and any(.url | contains("vjk="))' indeed.jsonl
check "Glassdoor's ids are numbers" jq -es 'all((.id | type) == "number" and (.url | split("[?&]jl="; "")[1] | split("&")[0]) == (.id | tostring))' glassdoor.jsonl
hd_set next=relative pages=2 token=nextPageToken
is "$(listing indeed nurse Boston | jq -r .pagination.nextPage)" "/jobs?q=nurse&l=Boston&start=15" "the next page in another form"
token=$(listing glassdoor nurse Boston | jq -r .nextPageToken)
is "$(status listing glassdoor nurse Denver "nextPageToken=$token")" 422 "a token is one search's"
is "$(hd_state '.credits == 5 * .billed and .by_status["200"] == .billed')" true "each answer is billed, also where nothing was found"

# --- jobs, pages ---

hd_reset settings
jq -r .url indeed.jsonl glassdoor.jsonl | sort -u | shuf -n 12 --random-source=<(yes "$JL_SEED") >urls
while read -r url; do job "$url" -w '\n'; done <urls | jq -c '.job // .' >bought
check "each of them has an answer" jq -es 'length == 12 and all(.title or .error)' bought
ad=$(jq -r 'select(.url | contains("jk=") | not) | .url' indeed.jsonl | head -n 1)
is "$(job "$ad" | jq -r '.job // . | .title')" "$(jq -r --arg url "$ad" 'select(.url == $url) | .title' indeed.jsonl | head -n 1)" \
    "the job of an advertisement is the one of the listing"
hd_set job-shape=flat
is "$(job "$good" | jq -c '[has("job"), (.details | type), (.description | length > 1500), (.descriptionHtml | contains("<p>"))]')" \
    '[false,"object",true,true]' "a flat job with a long description"
hd_set job-shape=nested
is "$(job "$good" | jq -c '[.requestMetadata.status, (keys | length), .job.details.jobType[0] != null]')" '["ok",2,true]' "one under »job«"
is "$(job "$(hd_urls 1 good glassdoor)" | jq -c '.job | [.expired, (.address | keys | join(" ")), (.requirements | type)]')" \
    '[false,"city country region","object"]' "Glassdoor's"
for source in indeed glassdoor; do
    is "$(status job "$(hd_urls 1 dead $source)")" 400 "$source: a dead posting"
    is "$(status job "$(hd_urls 1 broken $source)")" 500 "one that breaks the provider"
    for kind in incomplete js expired; do
        is "$(job "$(hd_urls 1 $kind $source)" | jq -c '.job | [.title != null, .description // ""]')" '[true,""]' "$kind: no description"
    done
done
is "$(job "$(hd_urls 1 expired glassdoor)" | jq .job.expired)" true "the expired one says so"

posting() { # the JobPosting in a page, as the schema.org data say
    jq -r .content | sed -n 's|.*<script type="application/ld+json">\(.*\)</script>.*|\1|p' |
        jq -c '[.. | objects | select(."@type" == "JobPosting")][0]'
}
hd_reset
for kind in good incomplete broken; do
    is "$(web "$(hd_urls 1 $kind)" 'jsRendering: false' | posting | jq '.description | length > 1500')" true "$kind: the page has it"
done
is "$(web "$(hd_urls 1 js)" 'jsRendering: false' | posting)" "" "js: not without JavaScript"
is "$(web "$(hd_urls 1 js)" | posting | jq '.description | length > 1500')" true "but with it"
is "$(web "$(hd_urls 1 js)" 'proxyType: "residential"' | jq 'has("screenshot")')" true "a picture is made unless it is unwanted"
is "$(web "$good" 'outputFormat: ["text","markdown"], jsRendering: false, screenshot: false' |
    jq -c '[has("content"), has("screenshot"), (.text | contains("<p>")), (.markdown | contains("\n## "))]')" '[false,false,false,true]' \
    "other formats"
is "$(hd_state .bought_twice)" 1 "nothing is asked for twice but the page of the first one, in two forms"
is "$(hd_state '.by_endpoint | map_values(.credits) | tojson')" '{"web":5,"web-js":10,"web-js-residential":15}' "each way at its price"

# --- money ---

hd_reset settings
hd_set price=indeed/job:10 actual=glassdoor/job:7 report=header+field
is "$(job "$good" -D headers | jq .requestMetadata.creditsSpent)" 10 "another price, in the answer"
is "$(tr -d '\r' <headers | sed -n 's/^X-Credits-Spent: //p')" 10 "and in its header"
job "$(hd_urls 1 good glassdoor)" >answer
is "$(hd_state .credits)" 17 "what is billed may be more than what is published"
hd_set budget=26 spent-elsewhere=2
is "$(hd_call user/me/usage | jq -c '[.data.totalCredits, .data.availableCredits]')" '[26,7]' "the provider knows more than its calls say"
is "$(status job "$good")" 403 "behind the budget calls are refused"
is "$(status job "$(hd_urls 1 good glassdoor)") $(hd_state .credits)" "200 24" "the last one fits"
hd_set usage-shape=flat
is "$(hd_call user/me/usage | jq .availableCredits)" 0 "usage in another form"

# --- calls in flight ---

many() { # COUNT: so many calls at once, each of another posting; prints statuses
    hd_urls "$1" | sed "s|.*|url=\"$hd_api/scrape/indeed/job?url=&\"\noutput=/dev/null|" >many
    curl -s --no-progress-meter --noproxy '*' -H "x-api-key: $(<"$hd_key_file")" --parallel --parallel-max 50 --parallel-immediate \
        -K many -w '%{http_code}\n' 2>/dev/null | sort | uniq -c | xargs
}
hd_reset settings
hd_set concurrency=4 latency=300ms retry-after=3
is "$(many 10)" "4 200 6 429" "beyond the limit: 429"
is "$(hd_state '[.in_flight_max >= 5, .billed, .refused.concurrency, .in_flight] | tojson')" '[true,4,6,0]' "all are seen, few are billed"
hd_set concurrency=0
hd_reset
is "$(many 10) $(hd_state .in_flight_max)" "10 200 10" "without a limit they are counted"
hd_reset
hd_set latency=500ms
curl -s --noproxy '*' -H "x-api-key: $(<"$hd_key_file")" "$hd_api/scrape/indeed/job?url=$good" >answer & # not in a subshell
client=$!
wait_for hd_is .in_flight 1
stop "$client" KILL
check "a client goes away" wait_for hd_is .gone 1
is "$(hd_state '[.billed, .in_flight] | tojson')" '[1,0]' "who went away pays as well"
hd_set latency=5s deadline=100ms
is "$(status job "$good") $(hd_state .billed)" "504 1" "who is served too late does not"

hd_reset settings
hd_set latency=0-3ms
hd_urls 640 >urls
split -n r/16 urls part.
clients=()
for part in part.*; do
    sed "s|.*|url=\"$hd_api/scrape/indeed/job?url=&\"|" "$part" >"$part.calls"
    curl -s --noproxy '*' -H "x-api-key: $(<"$hd_key_file")" -K "$part.calls" >"$part.out" &
    clients+=($!)
done
wait "${clients[@]}"
is "$(hd_state '[.calls, .different, .bought_twice, .connections_max <= 17, .in_flight_max <= 16] | tojson')" '[640,640,0,true,true]' \
    "sixteen clients that keep their connections"
job "$(head -n 1 urls)" >answer
is "$(hd_state '.bought_twice, .urls["indeed/job '"$(head -n 1 urls)"'"].billed' | xargs)" "1 2" "what is bought twice is noticed"
is "$(wc -l <"$hd_log")" "$(jq -s 'length' "$hd_log")" "the log has lines of JSON"

# --- faults ---

hd_reset settings
# FAULT CURL-STATUS HTTP-STATUS BILLED: what one call with it comes to.
cat >faults <<'END'
400 0 400 0
401 0 401 0
403 0 403 0
422 0 422 0
indeed/job=429(7) 0 429 0
503(date) 0 503 0
502 0 502 0
error 0 200 0
redirect(host) 0 302 0
close 52 000 0
close(reset) 56 000 0
lost 52 000 5
truncate 18 200 5
cut 18 200 5
slow(50ms) 0 200 5
chunked 0 200 5
drop 0 200 5
http10 0 200 5
gzip 0 200 5
type 0 200 5
headers(20k) 0 200 5
malformed 0 200 5
garbage 0 200 5
empty 0 200 5
html 0 200 5
utf8 0 200 5
surrogate 0 200 5
control 0 200 5
types 0 200 5
null 0 200 5
deep 0 200 5
huge(3M) 0 200 5
bomb(4M) 0 200 5
END
hd_set short=1 script="$(cut -d ' ' -f 1 faults | xargs)"
before=$(wc -l <"$hd_log")
while read -r name _; do
    name=${name#*=}
    http=$(job "$good" -m 5 -o "answer.${name%(*}" -D "headers.${name%(*}" -w '%{http_code}' 2>/dev/null)
    echo "$? $http"
done <faults >came
tail -n "+$((before + 1))" "$hd_log" | jq -r '[.fault, .billed] | join(" ")' >logged
paste -d ' ' logged came | awk '{ print $1, $3, $4, $2 }' >all
same all faults "each fault does what it should and is billed when the provider did its part"
has headers.429 'Retry-After: 7' "429 tells the time to wait"
has headers.503 ' GMT' "or the date until which"
is "$(jq -r .requestMetadata.status answer.error)" error "an error within a 200"
is "$(cat answer.chunked answer.drop answer.http10 answer.type answer.headers | jq -r .requestMetadata.status | uniq -c | xargs)" "5 ok" \
    "some answers are whole"
is "$(gunzip <answer.gzip | jq -r .requestMetadata.status)" ok "one is packed"
has headers.type 'Content-Type: text/html' "one says that it is a page"
is "$(wc -c <headers.headers | awk '{ print int($1 / 10000) }')" 2 "one has long headers"
is "$(for name in malformed garbage html truncate cut; do jq . "answer.$name" >/dev/null 2>&1 || echo "$name"; done | xargs)" \
    "malformed garbage html truncate cut" "some are no JSON"
is "$(wc -c <answer.empty) $(<answer.null)" "0 null" "some are nothing"
check "one is no UTF-8" sh -c '! iconv -f UTF-8 -t UTF-8 answer.utf8'
has answer.surrogate '"\ud83d' "one has half of a pair"
is "$(jq -r '.job // . | .title | explode[0:2] | join(" ")' answer.control)" "0 27" "one has control characters"
is "$(jq -r '.job // . | .title | type' answer.types)" array "one has members of other types"
is "$(tr -dc '[' <answer.deep | wc -c | awk '{ print ($1 > 99999) }')" 1 "one is nested deeply"
is "$(wc -c <answer.huge) $(jq '.filling | length > 3000000' answer.huge)" "3145728 true" "one is as large as it was to be"
is "$(gunzip <answer.bomb | wc -c | awk '{ print ($1 > 4000000) }') $(wc -c <answer.bomb | awk '{ print ($1 < 10000) }')" "1 1" \
    "one is when it is unpacked"
is "$(tr -d '\r' <headers.redirect | sed -n 's/^Location: //p')" "$(hd_state .elsewhere.host_url)" "one names another host"
is "$(hd_state '.elsewhere | [.calls, .key] | tojson')" "[0,0]" "where nobody has been"
hd_set 'script=redirect'
job "$good" -L >answer
is "$(hd_state '.elsewhere | [.calls, .key] | tojson')" "[1,1]" "who follows it with the key is noticed"

for name in mute stall endless 'slow-body(50ms)' 'slow-headers(50ms)'; do
    billed=$(hd_state .billed)
    hd_set "script=$name"
    expect 28 "fault $name: the client's time ends" job "$good" -m 0.3 -o answer
    check "no more is sent" wait_for hd_is .sending 0
    is "$(hd_state '[.billed, .in_flight] | tojson')" "[$((billed + 1)),0]" "it is billed and over"
done
hd_set 'script=web=500 lost*2'
job "$good" >answer 2>&1
is "$(hd_state '.script | join(" ")')" "web=500 lost" "faults wait for their endpoint"
hd_reset settings
hd_set faults=500:0.5
for n in {1..30}; do job "$good" -o answer; done
check "faults come by chance" test "$(hd_state '.by_status["500"] > 4 and .by_status["200"] > 4')" = true
is "$(curl -s --noproxy '*' -o answer -w '%{http_code} ' --data 'latency=x' "$hd_api/_test/set" && cat answer)" \
    "400 latency=x: not a duration" "a wrong setting is refused"
is "$(<"$SERVER_LOG.err")" "" "the server complains about nothing"
done_testing
