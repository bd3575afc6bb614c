# shellcheck shell=bash
# What the test scripts share: TAP lines, a temporary folder, servers on loopback, waiting for conditions.
#
#   . "$(dirname "$0")/../lib.sh"     first line of a test script; the working folder is then $tmp
#   …
#   done_testing                      last line; a script that ends before it has failed
#
# Given: $top (the source tree), $BUILD, $tmp (removed at the end), programs and test tools in PATH, HOME and
# XDG_STATE_HOME inside $tmp, no JOBLINE_* variable, JL_SCALE (1 = the share that `make check` runs), JL_SEED.
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
PYTHON=${PYTHON:-/usr/bin/python3}
JL_SCALE=${JL_SCALE:-1}
JL_SEED=${JL_SEED:-$(date +%Y%m%d)}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/jobline-test.XXXXXX")
mkdir "$tmp/home" "$tmp/work"
for name in $(compgen -e JOBLINE_); do unset "$name"; done
export top BUILD PYTHON JL_SCALE JL_SEED
export PATH=$BUILD/bin:$BUILD/test/bin:$PATH HOME=$tmp/home XDG_STATE_HOME=$tmp/home/state LC_ALL=C.UTF-8
RANDOM=$((JL_SEED % 32768))

tap_done=0
pg_folders=() pg_pids=()
: >"$tmp/results" # a character each, + or -; a file, because results also come from subshells

running() { # PID: a child of this script that has not ended. A pid alone may by now belong to somebody else.
    local pids
    pids=$(jobs -pr)
    [[ $'\n'$pids$'\n' == *$'\n'$1$'\n'* ]]
}

on_exit() {
    local status=$? pid
    trap - EXIT
    for pid in $(jobs -pr); do
        # PostgreSQL's processes share memory that its first one has to give back.
        [[ " ${pg_pids[*]} " != *" $pid "* ]] || { kill -QUIT "$pid" && wait "$pid"; } 2>/dev/null
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    [ "${#pg_folders[@]}" = 0 ] || rm -rf "${pg_folders[@]}"
    if [ "$tap_done" = 0 ]; then
        echo "not ok $(($(wc -c <"$tmp/results") + 1)) - the script reached its end (status $status)"
        status=1
    fi
    cd / && rm -rf "$tmp"
    exit "$status"
}
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$tmp/work" || exit 1
exec 3>&1 # where the results go, also from where stdout is redirected

# --- TAP ---------------------------------------------------------------------------------------------------------

ok() { # WHAT
    printf + >>"$tmp/results"
    echo "ok $(wc -c <"$tmp/results") - $*" >&3
}

not_ok() { # WHAT
    printf - >>"$tmp/results"
    echo "not ok $(wc -c <"$tmp/results") - $*" >&3
}

skip() { # WHAT WHY: a test that cannot run here, which is told where all is well, too
    printf + >>"$tmp/results"
    echo "ok $(wc -c <"$tmp/results") - $1 # SKIP $2" >&3
}

# Text for a person who reads a failure: arguments, or stdin (at most 40 lines).
diag() {
    if [ $# -gt 0 ]; then printf '%s\n' "$*"; else head -n 40; fi | cut -c 1-400 | sed 's/^/#   /' >&3
}

check() { # WHAT COMMAND [ARG...]: ok when the command succeeds
    local what=$1
    shift
    if "$@" >"$tmp/check.out" 2>&1; then
        ok "$what"
    else
        not_ok "$what"
        diag "command: $*"
        diag <"$tmp/check.out"
    fi
}

is() { # GOT WANTED WHAT
    if [ "$1" = "$2" ]; then
        ok "$3"
    else
        not_ok "$3"
        diag "got:    $1"
        diag "wanted: $2"
    fi
}

same() { # FILE WANTED-FILE WHAT: the same bytes
    if cmp -s -- "$1" "$2"; then
        ok "$3"
    else
        not_ok "$3"
        { cmp -- "$1" "$2"; ls -l -- "$1" "$2"; diff -a -- "$2" "$1" | head -n 6; } 2>&1 | diag
    fi
}

has() { # FILE TEXT WHAT: the file contains the text
    if grep -qF -- "$2" "$1"; then
        ok "$3"
    else
        not_ok "$3"
        diag "no »$2« in:"
        diag <"$1"
    fi
}

# Runs a command with its stderr in $tmp/err and stdin and stdout as they are; compares its exit status.
expect() { # STATUS WHAT COMMAND [ARG...]
    local wanted=$1 what=$2 got=0
    shift 2
    "$@" 2>"$tmp/err" || got=$?
    if [ "$got" = "$wanted" ]; then
        ok "$what"
    else
        not_ok "$what"
        diag "status $got, wanted $wanted: $*"
        diag <"$tmp/err"
    fi
}

done_testing() {
    tap_done=1
    echo "1..$(wc -c <"$tmp/results")"
    ! grep -q - "$tmp/results"
    exit
}

# --- Waiting -----------------------------------------------------------------------------------------------------

# Waits until the command succeeds, at most $WAIT (30) seconds.
wait_for() { # COMMAND [ARG...]
    local deadline=$((SECONDS + ${WAIT:-30}))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

gone() { # PID
    ! running "$1"
}

lines_in() { # FILE COUNT: the file has at least so many lines
    [ "$(wc -l <"$1")" -ge "$2" ]
}

# --- Servers on loopback -----------------------------------------------------------------------------------------

# A port on which nobody listens now, below the range that the kernel gives out by itself.
free_port() {
    local port try
    for try in {1..100}; do
        port=$((10000 + (RANDOM * 32768 + RANDOM + BASHPID + try) % 22000))
        (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || {
            echo "$port"
            return 0
        }
    done
    return 1
}

# Kills a server with the signal (TERM) and waits for its end.
stop() { # PID [SIGNAL]
    running "$1" && kill -"${2:-TERM}" "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

redis_settled() {
    gone "$REDIS_PID" || [[ $(redis-cli -p "$REDIS_PORT" ping 2>&1) =~ PONG|NOAUTH ]]
}

# A real Redis on a free port; sets REDIS_PORT, REDIS_DIR (its folder), REDIS_PID, REDIS_URL. After `stop "$REDIS_PID"`,
# restart_redis starts one on the same port and folder.
start_redis() { # [REDIS-OPTION...]
    local try
    for try in 1 2 3 4 5; do
        REDIS_PORT=$(free_port)
        REDIS_DIR=$(mktemp -d "$tmp/redis.XXXXXX")
        if redis_at "$@"; then return 0; fi
    done
    not_ok "redis-server starts"
    diag <"$REDIS_DIR/log"
    return 1
}

restart_redis() { # [REDIS-OPTION...]
    redis_at "$@" && return 0
    not_ok "redis-server starts again"
    diag <"$REDIS_DIR/log"
    return 1
}

redis_at() { # [REDIS-OPTION...]
    redis-server --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$REDIS_DIR" --save '' --appendonly no "$@" \
        >>"$REDIS_DIR/log" 2>&1 &
    REDIS_PID=$!
    # shellcheck disable=SC2034 # for the scripts
    REDIS_URL=redis://127.0.0.1:$REDIS_PORT/0
    wait_for redis_settled && ! gone "$REDIS_PID"
}

# A real Redis Cluster on free ports: three masters, each with a replica. Sets CLUSTER_PORTS (six), CLUSTER_PID[PORT], CLUSTER_DIR
# (PORT/log below it), CLUSTER_URL. redis_node PORT starts a node again; on_cluster runs a redis-cli command on all of them.
start_redis_cluster() { # [REDIS-OPTION...]
    local try port base alive
    declare -gA CLUSTER_PID=()
    cluster_options=("$@")
    for try in 1 2 3 4 5; do
        # The bus of each node is 10000 higher, and below the range that the kernel gives out by itself as well.
        base=$((10000 + (RANDOM * 32768 + RANDOM + BASHPID + try) % 2000 * 6))
        CLUSTER_DIR=$(mktemp -d "$tmp/cluster.XXXXXX")
        CLUSTER_PORTS=()
        alive=0
        for port in $(seq "$base" $((base + 5))); do
            mkdir "$CLUSTER_DIR/$port"
            CLUSTER_PORTS+=("$port")
            redis_node "$port"
        done
        # Where somebody else has a port, somebody else would answer.
        for port in "${CLUSTER_PORTS[@]}"; do gone "${CLUSTER_PID[$port]}" || alive=$((alive + 1)); done
        # shellcheck disable=SC2034 # for the scripts
        CLUSTER_URL=redis+cluster://127.0.0.1:$base,127.0.0.1:$((base + 1))
        if [ "$alive" = 6 ] && timeout 30 redis-cli --cluster create "${CLUSTER_PORTS[@]/#/127.0.0.1:}" --cluster-replicas 1 \
            --cluster-yes >"$CLUSTER_DIR/log" 2>&1 && wait_for cluster_settled; then
            return 0
        fi
        for port in "${CLUSTER_PORTS[@]}"; do stop "${CLUSTER_PID[$port]}" KILL; done
    done
    not_ok 'a Redis Cluster starts'
    tail "$CLUSTER_DIR/log" "$CLUSTER_DIR"/*/log | diag
    return 1
}

redis_node() { # PORT
    (cd "$CLUSTER_DIR/$1" && exec redis-server --port "$1" --bind 127.0.0.1 --cluster-enabled yes --cluster-node-timeout 2000 \
        --repl-diskless-sync-delay 0 --save '' --appendonly no "${cluster_options[@]}") >>"$CLUSTER_DIR/$1/log" 2>&1 &
    CLUSTER_PID[$1]=$!
    wait_for redis_node_answers "$1"
}

redis_node_answers() { # PORT
    gone "${CLUSTER_PID[$1]}" || [[ $(redis-cli -p "$1" ping 2>&1) =~ PONG|NOAUTH ]]
}

# Every node knows all of them and doubts none, all slots are served, and each master has a replica that is in step.
cluster_settled() {
    local port info replicas=0
    for port in "${CLUSTER_PORTS[@]}"; do
        info=$(redis-cli -p "$port" cluster info && redis-cli -p "$port" cluster nodes && redis-cli -p "$port" info replication)
        [[ $info =~ cluster_state:ok && $info =~ cluster_known_nodes:6 && $info =~ cluster_size:3 ]] || return 1
        [[ ! $info =~ ,fail && ! $info =~ handshake ]] || return 1
        if [[ $info =~ role:slave ]]; then
            [[ $info =~ master_link_status:up ]] || return 1
            replicas=$((replicas + 1))
        fi
    done
    [ "$replicas" = 3 ]
}

on_cluster() { # REDIS-COMMAND...
    local port
    for port in "${CLUSTER_PORTS[@]}"; do redis-cli -p "$port" "$@"; done
}

# A real PostgreSQL on a free port; sets PG_URL (with its password), PG_SOCKET_URL (over a socket, without one), PG_DIR, PG_PID.
# After `stop "$PG_PID" INT` (in order; QUIT: as a crash would), restart_postgres starts it again on the same port and folder.
start_postgres() { # [OPTION...]
    local try
    for try in 1 2 3; do
        PG_DIR=$(mktemp -d "${TMPDIR:-/tmp}/jobline-pg.XXXXXX") # a socket's path has to be short
        pg_folders+=("$PG_DIR")
        "$top/tests/tools/pg_server" make "$PG_DIR" >"$PG_DIR/log" 2>&1 && postgres_at "$@" && return 0
    done
    not_ok "PostgreSQL starts"
    tail -n 20 "$PG_DIR/log" "$PG_DIR/initdb.log" 2>&1 | diag
    return 1
}

restart_postgres() { # [OPTION...]
    postgres_at "$@" && return 0
    not_ok "PostgreSQL starts again"
    tail -n 20 "$PG_DIR/log" "$PG_DIR/initdb.log" 2>&1 | diag
    return 1
}

postgres_at() { # [OPTION...]
    local port
    port=$(<"$PG_DIR/port")
    "$top/tests/tools/pg_server" run "$PG_DIR" "$@" >>"$PG_DIR/log" 2>&1 &
    PG_PID=$!
    pg_pids+=("$PG_PID")
    # shellcheck disable=SC2034 # for the scripts
    PG_URL=postgres://jobline:s3cret@127.0.0.1:$port/jobline PG_SOCKET_URL="postgres://jobline@/jobline?host=$PG_DIR&port=$port"
    wait_for postgres_settled && ! gone "$PG_PID"
}

postgres_settled() {
    gone "$PG_PID" || "$top/tests/tools/pg_server" answers "$PG_DIR"
}

pg() { # SQL [PSQL-ARG...]: rows with | between their values
    local sql=$1
    shift
    "$top/tests/tools/pg_server" psql "$PG_DIR" "$@" -c "$sql"
}

# Waits for the line "listening on ADDRESS:PORT" in a server's output; sets SERVER to ADDRESS:PORT.
server_listens() { # PID FILE
    SERVER=$(sed -n 's/.*listening on \([^ ]*:[0-9][0-9]*\).*/\1/p' "$2" | head -n 1)
    [ -n "$SERVER" ] || gone "$1"
}

start_server() { # WHAT COMMAND [ARG...]
    local what=$1
    shift
    SERVER='' SERVER_LOG=$(mktemp "$tmp/server.XXXXXX")
    "$@" >"$SERVER_LOG" 2>"$SERVER_LOG.err" &
    SERVER_PID=$!
    wait_for server_listens "$SERVER_PID" "$SERVER_LOG"
    if [ -z "$SERVER" ]; then
        not_ok "$what starts"
        cat "$SERVER_LOG" "$SERVER_LOG.err" | diag
        return 1
    fi
}

# senior-model on a free port; sets MODEL (127.0.0.1:PORT), MODEL_PID, MODEL_LOG (its stdout; stderr in $MODEL_LOG.err).
start_model() { # [OPTION...]
    start_server senior-model senior-model -l 127.0.0.1:0 "$@" || return 1
    MODEL=$SERVER MODEL_PID=$SERVER_PID MODEL_LOG=$SERVER_LOG
}

# The python3-grpcio server of the same contract; sets MODEL, MODEL_PID, MODEL_LOG likewise.
start_python_model() { # [OPTION...]
    start_server model_server.py "$PYTHON" "$top/tests/e2e/model_server.py" "$@" || return 1
    # shellcheck disable=SC2034 # for the scripts
    MODEL=$SERVER MODEL_PID=$SERVER_PID MODEL_LOG=$SERVER_LOG
}

# --- AWS on loopback ---------------------------------------------------------------------------------------------

# The settings of the aws command: Debian's where it is there (JL_AWS names another), nobody's own configuration. The scripts
# of the kit give --endpoint-url themselves when AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SQS or AWS_ENDPOINT_URL is set.
use_aws() {
    local name aws=${JL_AWS:-/usr/bin/aws}
    [ ! -d "$tmp/aws" ] || return 0
    mkdir "$tmp/aws"
    [ -x "$aws" ] || aws=$(command -v aws) || { not_ok "aws is installed" && return 1; }
    ln -s "$aws" "$tmp/aws/aws"
    for name in $(compgen -e AWS_); do unset "$name"; done
    export PATH=$tmp/aws:$PATH NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 AWS_ACCESS_KEY_ID=S3RVER AWS_SECRET_ACCESS_KEY=S3RVER \
        AWS_DEFAULT_REGION=eu-west-1 AWS_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' \
        AWS_CONFIG_FILE=$tmp/aws/none AWS_SHARED_CREDENTIALS_FILE=$tmp/aws/none
}

# An S3 server (tests/e2e/s3_server.js says what it is and is not) with these buckets, which have three letters at least.
# Sets S3_URL, S3_PID, S3_DIR (its data), S3_LOG (a line of JSON for each request that is done). It sends events to the queues of
# start_sqs, if that came first and `s3api put-bucket-notification-configuration` says so.
start_s3() { # [BUCKET...]
    use_aws || return 1
    S3_DIR=$(mktemp -d "$tmp/s3.XXXXXX")
    if [ ! -d "$top/build/npm/node_modules/s3rver" ]; then
        not_ok "s3rver is installed: scripts/install-deps --test"
        return 1
    fi
    start_server s3_server.js node "$top/tests/e2e/s3_server.js" "$top/build/npm/node_modules/s3rver" "$S3_DIR" "$@" || return 1
    # shellcheck disable=SC2034 # for the scripts
    S3_URL=http://$SERVER S3_PID=$SERVER_PID S3_LOG=$SERVER_LOG
    export AWS_ENDPOINT_URL_S3=$S3_URL
}

s3() { # ARG...: aws s3, straight to the server also when there is a proxy
    aws --endpoint-url "$S3_URL" s3 "$@"
}

s3api() { # ARG...
    aws --endpoint-url "$S3_URL" s3api "$@"
}

# These need no start of the aws command, which costs half a second.

s3_put() { # FILE BUCKET/KEY: the key without characters that a URL would have to escape
    curl -sS -f --noproxy '*' -T "$1" "$S3_URL/$2"
}

s3_file() { # BUCKET/KEY: the path of the object's bytes; no such file when there is no such object
    printf '%s\n' "$S3_DIR/$1._S3rver_object"
}

s3_keys() { # BUCKET[/FOLDER]: the keys in this bucket or folder of it, one a line, in the order of their bytes
    (cd "$S3_DIR/${1%%/*}" && find . -name '*._S3rver_object' -printf '%P\n') | sed 's/\._S3rver_object$//' | LC_ALL=C sort |
        awk -v from="${1#*/}/" -v all="${1##*/*}" 'all != "" || index($0, from) == 1'
}

s3_age() { # BUCKET/KEY TIME: makes the object's LastModified what `date -d TIME` says
    touch -d "$2" "$(s3_file "$1")"
}

# A proxy before the S3 server that breaks what goes through it, as tests/e2e/faulty_proxy.py says; the scripts' way to S3 from
# now on. Sets S3_PROXY, S3_PROXY_PID, S3_PROXY_LOG (a line of JSON for each request and fault).
start_s3_proxy() { # [FAULT...]
    S3_FAULTS=$(mktemp "$tmp/faults.XXXXXX")
    S3_PROXY_LOG=$(mktemp "$tmp/proxy.XXXXXX")
    s3_faults "$@"
    start_server faulty_proxy.py "$PYTHON" "$top/tests/e2e/faulty_proxy.py" --to="${S3_URL#http://}" --faults="$S3_FAULTS" \
        --log="$S3_PROXY_LOG" || return 1
    # shellcheck disable=SC2034 # for the scripts
    S3_PROXY_PID=$SERVER_PID S3_PROXY=http://$SERVER
    export AWS_ENDPOINT_URL_S3=$S3_PROXY
}

s3_faults() { # [FAULT...]: these from now on, as »cut-download after=1000 times=2 key=raw/«; none: all goes through
    printf '%s\n' "$@" >"$S3_FAULTS.new" && mv "$S3_FAULTS.new" "$S3_FAULTS"
}

s3_fault_happened() { # NAME [TIMES]: for wait_for, or to count
    [ "$(grep -c "\"fault\": \"$1\"" "$S3_PROXY_LOG")" -ge "${2:-1}" ]
}

# An SQS server with two queues (tests/e2e/sqs_server.py, which takes the options, tells how faithful it is). Sets SQS_PID, SQS_URL,
# QUEUE_URL, DEAD_QUEUE_URL, SQS_LOG (a line of JSON for each call).
start_sqs() { # [OPTION...]
    use_aws || return 1
    SQS_LOG=$(mktemp "$tmp/sqs.XXXXXX")
    start_server sqs_server.py "$PYTHON" "$top/tests/e2e/sqs_server.py" --log="$SQS_LOG" "$@" || return 1
    # shellcheck disable=SC2034 # for the scripts
    SQS_PID=$SERVER_PID SQS_URL=http://$SERVER
    # shellcheck disable=SC2034
    QUEUE_URL=$SQS_URL/123456789012/job-postings DEAD_QUEUE_URL=$SQS_URL/123456789012/job-postings-dead
    export AWS_ENDPOINT_URL_SQS=$SQS_URL
}

sqs() { # ARG...: aws sqs
    aws --endpoint-url "$SQS_URL" sqs "$@"
}

# These start no aws command. A queue is named by its URL.

sqs_send() { # TEXT [QUEUE]
    curl -sS -f --noproxy '*' --data-binary "$1" "$SQS_URL/control/send/$(basename "${2:-$QUEUE_URL}")" >"$tmp/sqs.answer"
}

sqs_messages() { # [QUEUE]: prints an array of objects with id, body, received (a count), state (visible, in flight)
    curl -sS -f --noproxy '*' "$SQS_URL/control/messages/$(basename "${1:-$QUEUE_URL}")"
}

sqs_expire() { # [QUEUE]: what is in flight becomes visible, as if its time had passed
    curl -sS -f --noproxy '*' -X POST "$SQS_URL/control/expire/$(basename "${1:-$QUEUE_URL}")" >"$tmp/sqs.answer"
}

sqs_purge() { # [QUEUE]
    curl -sS -f --noproxy '*' -X POST "$SQS_URL/control/purge/$(basename "${1:-$QUEUE_URL}")" >"$tmp/sqs.answer"
}

# Prints the message that S3 sends about a new object.
s3_event() { # BUCKET KEY [SEQUENCER]
    jq -cn --arg bucket "$1" --arg key "$2" --arg sequencer "${3:-0055AED6DCD90281E5}" '
        {Records: [{eventVersion: "2.1", eventSource: "aws:s3", awsRegion: "eu-west-1", eventTime: "2026-11-22T10:00:00.000Z",
          eventName: "ObjectCreated:Put", s3: {s3SchemaVersion: "1.0", configurationId: "new-files",
          bucket: {name: $bucket, arn: "arn:aws:s3:::\($bucket)"},
          object: {key: ($key | @uri | gsub("%20"; "+") | gsub("%2F"; "/") | gsub("[(]"; "%28") | gsub("[)]"; "%29") | gsub("!"; "%21")),
            size: 1024, eTag: "d41d8cd98f00b204e9800998ecf8427e", sequencer: $sequencer}}}]}'
}

# --- AWS Lambda --------------------------------------------------------------------------------------------------

# The API that a custom runtime's bootstrap asks for events (tests/e2e/lambda_api.py); the arguments are files with an event each.
# Sets LAMBDA_PID, LAMBDA_LOG (a line of JSON for each call); exports AWS_LAMBDA_RUNTIME_API.
start_lambda_api() { # [OPTION...] [EVENT-FILE...]
    LAMBDA_LOG=$(mktemp "$tmp/lambda.XXXXXX")
    start_server lambda_api.py "$PYTHON" "$top/tests/e2e/lambda_api.py" --log="$LAMBDA_LOG" "$@" || return 1
    # shellcheck disable=SC2034 # for the scripts
    LAMBDA_PID=$SERVER_PID
    export AWS_LAMBDA_RUNTIME_API=$SERVER
}

lambda_event() { # TEXT: one more event
    curl -sS -f --noproxy '*' --data-binary "$1" "http://$AWS_LAMBDA_RUNTIME_API/control/event" >"$tmp/lambda.answer"
}

lambda_died() { # the bootstrap's process has ended: its event is given out again
    curl -sS -f --noproxy '*' -X POST "http://$AWS_LAMBDA_RUNTIME_API/control/died" >"$tmp/lambda.answer"
}

lambda_answered() { # COUNT: so many events have their response or error
    [ "$(jq -c 'select((.call == "response" or .call == "error") and (has("refused") | not))' "$LAMBDA_LOG" | wc -l)" -ge "$1" ]
}

# --- HasData -----------------------------------------------------------------------------------------------------

# The provider of paid job data (tests/e2e/hasdata_server.py --help tells its options, faults, settings and figures). Sets hd_api
# (http://127.0.0.1:PORT), hd_pid, hd_key_file (mode 600), hd_log (a line of JSON for each paid call).
start_hasdata() { # [--NAME=VALUE...]
    hd_log=$(mktemp "$tmp/hasdata.XXXXXX")
    hd_key_file=$hd_log.key
    start_server hasdata_server.py "$PYTHON" "$top/tests/e2e/hasdata_server.py" --key-file="$hd_key_file" --log="$hd_log" "$@" || return 1
    # shellcheck disable=SC2034 # for the scripts
    hd_api=http://$SERVER hd_pid=$SERVER_PID
}

hd_state() { # JQ-FILTER: prints figures, as in hd_state .in_flight_max; .urls only where the filter names it
    local query=''
    [[ $1 != *.urls* ]] || query='?urls=1'
    curl -sS -f --noproxy '*' "$hd_api/_test/state$query" | jq -r "$1"
}

hd_is() { # JQ-FILTER TEXT: for wait_for
    [ "$(hd_state "$1")" = "$2" ]
}

hd_set() { # NAME=VALUE...: from now on, as in hd_set script='500*3 lost' latency=50ms
    printf '%s\n' "$@" | curl -sS --fail-with-body --noproxy '*' --data-binary @- "$hd_api/_test/set" >"$tmp/hasdata.answer" || {
        not_ok "hd_set $*"
        diag <"$tmp/hasdata.answer"
        return 1
    }
}

hd_reset() { # [settings]: the counters to zero; the settings too, as they were at the start
    curl -sS -f --noproxy '*' -X POST "$hd_api/_test/reset${1:+?settings=1}" >"$tmp/hasdata.answer"
}

hd_urls() { # [COUNT] [KIND] [SOURCE] [FROM]: addresses of postings, good ones of Indeed if nothing is said; KIND "any" for all
    local kind=${2:-good}
    curl -sS -f --noproxy '*' "$hd_api/_test/urls?count=${1:-1}&kind=${kind/any/}&source=${3:-indeed}&from=${4:-0}"
}

hd_call() { # PATH [CURL-OPTION...]: a call with the key, as in hd_call scrape/indeed/job -G --data-urlencode "url=$url"
    local path=$1
    shift
    curl -sS --noproxy '*' -H "x-api-key: $(<"$hd_key_file")" "$@" "$hd_api/$path"
}
