#!/usr/bin/env bash
# credits among others: many at once on one ledger, commands that are killed, news told once, the provider's own figure; with
# SQLite and with Redis.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

start_redis --requirepass secret --databases 32 --appendonly yes || exit 1
start_hasdata --latency=0 || exit 1
export HASDATA_API_URL=$hd_api

figures() { # JQ-EXPRESSION
    credits status --json | jq -c "$1"
}
figures_are() { # JQ-EXPRESSION TEXT: for wait_for
    [ "$(figures "$1")" = "$2" ]
}
all_end() { # TEXT WHAT PID...: waits; how many ended with each status
    local wanted=$1 what=$2 pid status
    shift 2
    for pid; do
        status=0
        wait "$pid" || status=$?
        echo "$status"
    done >ends
    is "$(sort -n ends | uniq -c | awk '{ printf "%s%d*%d", sep, $2, $1; sep = " " }')" "$wanted" "$what"
}
count=0
new_ledger() { # sqlite|redis
    count=$((count + 1))
    case $1 in
    sqlite) export JOBLINE_LEDGER=sqlite:$PWD/$count.db ;;
    redis) export JOBLINE_LEDGER=redis://:secret@127.0.0.1:$REDIS_PORT/$count ;;
    esac
}

# --- the budget among many ---

many_at_once() {
    new_ledger "$1"
    local pids=() i
    credits set budget=10 concurrency=100
    for i in {1..25}; do
        credits -q run --cost=1 --user="u$((i % 3))" true 2>>refusals &
        pids+=($!)
    done
    all_end '0*10 75*15' "$1: of 25 calls at once as many pass as the budget has room for" "${pids[@]}"
    is "$(figures '[.spent, .held, .live]')" '[10,0,0]' "$1: that many are spent"
    is "$(grep -c 'refused for the budget' refusals)" 15 "$1: and the others hear why"
    check "$1: audit" credits audit
    is "$(credits report --by=user --json | jq -s 'map(.credits) | add')" 10 "$1: the report has them all"
}

# --- commands that are cut off ---

cut_off() {
    new_ledger "$1"
    credits set budget=1000 timeout=60s grace=1s
    credits -q run --cost=7 sh -c 'trap "exit 0" TERM; echo ready; while :; do sleep 0.01; done' >started &
    local pid=$!
    wait_for grep -q ready started
    kill -TERM "$pid"
    expect 143 "$1: SIGTERM ends it" wait "$pid"
    is "$(figures '[.spent, .uncertain, .live]')" '[7,0,0]' "$1: the command had the signal, too, and its end was waited for"

    # Killed with nobody to settle: the lease ends, the call is charged and uncertain.
    credits set timeout=500ms grace=0 budget=1000
    credits -q run --cost=9 sh -c 'echo $$; exec sleep 100' >child &
    pid=$!
    wait_for test -s child
    kill -KILL "$pid"
    wait "$pid" 2>"$tmp/null"
    kill -KILL "$(<child)"
    check "$1: the call of one that was killed is charged and uncertain" wait_for figures_are '[.spent, .uncertain, .live]' '[16,9,0]'
    credits void "$(figures '.holds[0].id' | tr -d '"')"
    is "$(figures '[.spent, .uncertain]')" '[7,0]' "$1: until somebody knows better"
    credits set timeout=300s grace=30s
}

# --- news, once ---

news() {
    new_ledger "$1"
    local pids=() i
    credits set budget=100
    credits run --cost=91 true
    credits -q run --cost=3 false
    credits breaker open
    credits breaker close
    : >hooks
    : >ran
    echo 200 >hook_status
    for i in {1..8}; do
        credits watch --run='cat >>ran' --webhook="http://$SERVER/hook" >"printed.$i" &
        pids+=($!)
    done
    all_end '0*8' "$1: eight watchers at once" "${pids[@]}"
    is "$(cat printed.* | wc -l)" 4 "$1: print each piece of news once"
    is "$(jq -r '.notice' ran | sort | uniq -c | xargs)" '2 alert 1 breaker 1 uncertain' "$1: tell it once to the command"
    is "$(cut -d ' ' -f 1-2 hooks | sort | uniq -c | xargs)" '4 /hook application/json' "$1: and once to the webhook"
    cut -d ' ' -f 3- hooks | sort >hooked
    sort ran >sorted
    same hooked sorted "$1: the same"

    # What is not taken is told again.
    credits -q run --cost=2 false
    echo 500 >hook_status
    expect 69 "$1: a webhook that fails" credits watch --run='cat >>ran' --webhook="http://$SERVER/hook" >printed
    is "$(wc -l <ran) $(wc -l <hooks) $(wc -l <printed)" '5 4 1' "$1: the other ways have told it"
    echo 200 >hook_status
    expect 0 "$1: that is well again" credits watch --run='cat >>ran' --webhook="http://$SERVER/hook" >printed
    is "$(wc -l <ran) $(wc -l <hooks) $(wc -l <printed)" '5 5 0' "$1: is told what it has missed, and nobody else"
}

secret_webhook() {
    credits -q run --cost=1 false
    (umask 077 && echo "http://$SERVER/T0/secret" >hook)
    expect 0 "$1: a webhook in a file" credits -v watch --webhook=@hook --run='env >seen' >printed
    is "$(grep -c /T0/secret hooks)" 1 "$1: is told"
    check "$1: nothing says where" bash -c "! grep -q T0 printed '$tmp/err' seen"
    credits -q run --cost=1 false
    JOBLINE_WEBHOOK=http://$SERVER/T1/secret credits -v watch --run='env >seen' >printed 2>err
    is "$(grep -c /T1/secret hooks)" 1 "$1: so is one in the environment"
    check "$1: which the command does not see" bash -c '! grep -q T1 printed err seen'
    check "$1: audit" credits audit
}

# --- the provider's figure ---

sync_all() {
    new_ledger "$1"
    credits set budget=200000
    hd_reset
    local before=9 key id
    key=$(<"$hd_key_file")
    credits run --cost=5 true
    credits -q run --cost=4 false
    hd_set spent-elsewhere=$((before + 500))
    hd_call scrape/indeed/job -G --data-urlencode "url=$(hd_urls)" >answer
    expect 0 "$1: sync" credits -v sync --key-file="$hd_key_file" --json >synced
    is "$(jq -c '[.difference, .adopted]' synced)" '[505,true]' "$1: what others spent is found"
    is "$(figures '[.spent, .uncertain]')" "[$((before + 505)),0]" "$1: and adopted, and nothing is uncertain any more"
    mkdir -p credentials && cp "$hd_key_file" credentials/hasdata-key
    is "$(CREDENTIALS_DIRECTORY=$PWD/credentials credits sync --json | jq .difference)" 0 "$1: the key as a credential"
    is "$(HASDATA_API_KEY=$key credits sync --json | jq .difference)" 0 "$1: the key in the environment; the second time there is no difference"
    hd_set spent-elsewhere="$before"
    id=$(credits hold --cost=1)
    is "$(credits sync --settled=0 --key-file="$hd_key_file" --json | jq -c '[.difference, .adopted]')" '[-500,false]' "$1: less is not adopted while a call is out"
    credits void "$id"
    is "$(credits sync --settled=0 --key-file="$hd_key_file" --json | jq -c '[.difference, .adopted]')" '[-500,true]' "$1: but when none is"
    echo wrong >wrong.key && chmod 600 wrong.key
    expect 77 "$1: a wrong key" credits sync --key-file=wrong.key
    expect 69 "$1: nobody there" credits sync --key-file="$hd_key_file" --api="http://127.0.0.1:$(free_port)"
    is "$(hd_state '[.keys.elsewhere, .calls] | join(" ")')" '0 1' "$1: the key went nowhere else, and nothing was bought"
    check "$1: nor does anything show it" bash -c "! grep -qr '$key' synced '$tmp/err'"
    check "$1: audit" credits audit
}

# --- both back ends give the same ---

story() {
    local id
    credits -q set budget=500 price.page=2:6
    credits run --endpoint=page --user=ann true
    credits -q run --endpoint=page --user=bob false
    id=$(credits hold --endpoint=page.js --user=ann --send)
    credits settle --cost=12 "$id"
    credits hold --cost=3 --user=cy >/dev/null
    credits sync --used=40
    credits breaker open --for=1h
    credits report --by=user
    credits report --by=endpoint --json
    credits forecast
    credits status --json | jq -S 'del(.ledger, .at, .breaker_wait_seconds, .holds[].id, .holds[].age_seconds, .holds[].lease_seconds)'
    credits journal | jq -c 'del(.at, .id)'
}

for scheme in sqlite redis; do
    mkdir "$tmp/$scheme" && cd "$tmp/$scheme" || exit 1
    start_server hook_server.py "$PYTHON" "$top/tests/e2e/hook_server.py" hooks hook_status || exit 1
    hook_pid=$SERVER_PID
    many_at_once "$scheme"
    cut_off "$scheme"
    news "$scheme"
    secret_webhook "$scheme"
    sync_all "$scheme"
    expect 0 "$scheme: rebuild" credits rebuild
    check "$scheme: audit after it" credits audit
    new_ledger "$scheme"
    story >"$tmp/story.$scheme" 2>&1
    stop "$hook_pid"
done
same "$tmp/story.redis" "$tmp/story.sqlite" "the same story in both is told in the same words"

# --- Redis alone ---

new_ledger redis
credits set budget=100
credits -q run --cost=1 sh -c 'env' >seen
check "a ledger's password is kept from the command" bash -c '! grep -q secret seen && grep -q JOBLINE_HOLD= seen'
check "nor is it shown" bash -c "credits -v 2>&1 | grep -q 'redis://127.0.0.1' && ! credits -v --json 2>&1 | grep -q secret"
expect 0 "what a command has done stands when the ledger has gone meanwhile" credits --patience=100ms run --cost=1 \
    sh -c "echo done; kill -KILL $REDIS_PID" >did
is "$(<did)" "done" "it has run"
has "$tmp/err" "it is charged when its lease ends" "the message says what becomes of the call"
stop "$REDIS_PID"
expect 69 "a ledger that is away" credits --patience=100ms run --cost=1 touch it_ran
check "nothing is run then" test ! -e it_ran
done_testing
