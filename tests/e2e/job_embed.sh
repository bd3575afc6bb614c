#!/usr/bin/env bash
# job-embed and embeddings servers: batches, faults, keys, money.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
unset OPENAI_API_KEY CREDENTIALS_DIRECTORY

start() { # [OPTION...]: sets api, server
    : >calls
    start_server embedding_server.py "$PYTHON" "$top/tests/e2e/embedding_server.py" --log=calls "$@" || return 1
    api=http://$SERVER/v1 server=$SERVER_PID
}

embed() { # [OPTION...]
    job-embed -m "$api" --name=test-1 --batch-window=5ms "$@"
}

calls() { # JQ-FILTER: over the array of calls
    jq -s -c "$1" calls
}

# Each text and its vector as the server makes it, so that a mixture of answers would show.
cat >check.py <<'END'
import base64, importlib.util, json, os, struct, sys
spec = importlib.util.spec_from_file_location("server", os.environ["top"] + "/tests/e2e/embedding_server.py")
server = importlib.util.module_from_spec(spec)
spec.loader.exec_module(server)
bad = 0
for line in sys.stdin:
    job = json.loads(line)
    e = job.get("embedding")
    if not e:
        continue
    v = struct.unpack("<%df" % e["dims"], base64.b64decode(e["data"]))
    text = "\n".join(job[k] for k in ("title", "company", "location", "snippet", *(["description"] if e["stage"] == "full" else [])) if job.get(k, "").strip())
    w = server.vector(text, e["dims"])
    length = sum(x * x for x in w) ** .5
    bad += max(abs(a - b / length) for a, b in zip(v, w)) > 1e-6
print(bad)
END
right() { # FILE WHAT: as many lines as in `in`, all with their own vectors; in order and otherwise as they came
    is "$(jq -c 'select(.embedding)' "$1" | wc -l) $("$PYTHON" check.py <"$1")" "$(wc -l <in) 0" "$2"
    jq -c 'del(.embedding)' "$1" >"$1.bare"
    same "$1.bare" in "$2: nothing else has changed"
}

seq 100 | jq -c '{id: "\(.)", title: "Title \(.)", company: "Firm \"\(. % 7)\" é", location: "", snippet: "does \(.)"}' >in

start --shuffle
expect 0 "lines get embeddings" embed in >out
right out "vectors are told apart by their index"
is "$(calls '[.[] | .n] | add, max')" "$(printf '100\n32')" "in batches of 32"
is "$(calls '[.[] | .format, .model] | unique')" '["base64","test-1"]' "base64 is asked for, and the model by its name"
expect 0 "lines that have them" embed out >again
same again out "pass untouched"
is "$(calls length)" 4 "and ask nothing"
expect 0 "--again" embed --again out >again
same again out "makes the same once more"
is "$(calls length)" 8 "and asks"
expect 0 "a full text besides" embed --full out >full
same full out "lines without a description pass"
jq -c '.description = "Text of \(.title)\nand more"' in >with
expect 0 "--full" embed --full with >full
is "$(jq -c '.embedding.stage' full | sort | uniq -c | tr -d ' ')" '100"full"' "embeds the description"
is "$("$PYTHON" check.py <full)" 0 "and what the listing says"
printf '%s\n' '{"title":"","snippet":"  "}' '{"title":7}' '{"other":"x"}' >empty
expect 0 "lines without a text" embed empty >out
same out empty "pass"
is "$(calls 'map(select(.n == 0)) | length')" 0 "and no empty text is sent"
printf '{"title":"%s é"}\n' "$(head -c 9999 /dev/zero | tr '\0' x)" >long
expect 0 "a long text" embed --max-chars=100 long >out
is "$(calls 'last.longest')" 100 "is cut"
stop "$server"

start --format=float
expect 0 "floats as numbers" embed in >out
right out "are taken as well"
stop "$server"

for status in 413 422; do
    start --most=10 --most-status=$status
    expect 0 "a server that takes 10 texts ($status)" embed -j1 in >out
    right out "gets fewer"
    is "$(calls '[.[] | select(.status != 200) | .n]')" '[32,16]' "and is told more than it takes no longer than need be"
    stop "$server"
done

for error in openai flat; do
    start --error=$error --script='400'
    printf '{"title":"bad"}\n' >bad
    cat bad in >mixed
    expect 0 "a text that the server refuses ($error)" embed mixed >out
    is "$(jq -c 'select(.embedding)' out | wc -l)" 100 "goes without, the others do not"
    has "$tmp/err" "1 lines whose text the server does not take" "and is told of"
    stop "$server"
done

start --script='429(1),503,500'
expect 0 "a server that is busy, then loads, then fails" embed -j1 -v in >out
right out "is asked again"
has "$tmp/err" "HTTP 429: as the script says, again in 1." "after the time that it wants"
has "$tmp/err" "HTTP 503: Loading model" "and what it says is told"
stop "$server"

start --script='count,index,twice,strange,garbage,html,nan,cut,lost'
expect 0 "replies that lack vectors, repeat or invent them, are cut, or none" embed -j1 --retries=9 in >out
right out "are made good"
stop "$server"
start --format=float --script='nan'
expect 0 "NaN as a number" embed -j1 in >out
right out "is no vector"
stop "$server"

start --script='ok,dims*9'
expect 78 "vectors of another length in mid-run end it" embed -j1 in >out
has "$tmp/err" "a vector of 7 numbers where the model had 8 before" "and it says so"
is "$(jq -c .embedding.dims out | sort | uniq -c | tr -d ' \n')" "328""68null" "nothing is mixed, nothing lost"
stop "$server"

start --script='500*99'
expect 69 "a server that only fails" embed -j1 --retries=1 in >out
same out in "leaves lines as they are"
is "$(calls length)" 2 "and is left alone"
stop "$server"
start --script='ok,500*99'
expect 75 "a server that fails later" embed -j1 --retries=0 in -o whole
is "$(jq -c 'select(.embedding)' whole.partial | wc -l)" 32 "keeps what it gave"
stop "$server"
expect 69 "no server" embed --retries=0 in >out
same out in "leaves lines as they are, too"

start --script='slow(60)*9'
expect 69 "a server that does not answer" embed --timeout=200ms --retries=0 in >out
stop "$server"
start --script='404*9'
expect 78 "no such path" embed in >out
has "$tmp/err" "HTTP 404" "is named"
stop "$server"

# ---- keys ----

start --key=sesame-open
printf 'sesame-open\n' >key && chmod 600 key
expect 77 "no key" embed in >out
has "$tmp/err" "Incorrect API key provided" "is refused by the server, in its words"
expect 0 "--key-file" embed --key-file=key in >out
JOBLINE_EMBED_KEY=sesame-open expect 0 "JOBLINE_EMBED_KEY" embed in >out
OPENAI_API_KEY=sesame-open expect 0 "OPENAI_API_KEY" embed in >out
mkdir creds && cp key creds/embed-key
CREDENTIALS_DIRECTORY=$PWD/creds expect 0 "a credential" embed in >out
chmod 644 key
expect 77 "a key that others can read" embed --key-file=key in >out
JOBLINE_EMBED_KEY=sesame-open expect 64 "a key to another machine in the clear" job-embed -m http://192.0.2.1/v1 --name=x in >out
has "$tmp/err" "https" "is not sent"
check "no message shows a key" bash -c "! grep -q sesame-open out '$tmp/err'"
stop "$server"

# ---- money ----

start --script='500,ok,429,ok'
export JOBLINE_LEDGER=sqlite:$PWD/ledger.db
expect 78 "--cost without an account" embed --cost=2 in >out
same out in "leaves lines as they are"
is "$(calls length)" 0 "and asks nothing"
expect 0 "credits set" credits --provider=embeddings set budget=100 >/dev/null
expect 0 "paid calls" embed --cost=2 -j1 --stats=stats in >out
right out "bring embeddings"
is "$(jq -c '[.credits, .calls, .uncertain]' stats)" '[8,6,0]' "what failed is free"
is "$(credits --provider=embeddings status --json | jq -c '[.spent]')" '[8]' "the ledger says the same"
stop "$server"

start
credits --provider=embeddings set budget=12 >/dev/null
expect 75 "a budget that ends" embed --cost=2 -j1 in >out
is "$(calls length)" 2 "ends the calls"
is "$(jq -c 'select(.embedding)' out | wc -l) $(wc -l <out)" "64 100" "the other lines go out as they are"
has "$tmp/err" "budget" "and it says why"
stop "$server"

start --script='lost'
credits --provider=embeddings set budget=100 >/dev/null
: >stats
expect 75 "a paid call without a reply" embed --cost=2 -j1 --stats=stats in >out
is "$(jq -c '[.calls, .uncertain, .retries]' stats)" '[4,1,0]' "is not made again, and is uncertain"
stop "$server"

done_testing
