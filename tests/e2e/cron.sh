#!/usr/bin/env bash
# Maintenance as it is installed: every line of the crontab and every unit's command is run, and jl-job keeps what it promises.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# --- jl-job -------------------------------------------------------------------------------------------------------

mkdir prom
job() { jl-job --metrics=prom "$@"; }
metric() { # NAME JOB
    sed -n "s/^jobline_job_$1{job=\"$2\"[^}]*} //p" "prom/jobline_job_$2.prom"
}
outcome() { # JOB [FOLDER]
    sed -n 's/.*outcome="\([a-z_]*\)"} 1/\1/p' "${2:-prom}/jobline_job_$1.prom"
}

is "$(echo in | job a cat)" in "stdin and stdout are the command's"
is "$(outcome a) $(metric last_status a) $(metric running a)" "done 0 0" "the metrics say that it is done"
success=$(metric last_success_timestamp_seconds a)
check "and when" test "$success" -ge "$(($(date +%s) - 60))"
expect 3 "the status is the command's" job a sh -c 'exit 3'
is "$(outcome a) $(metric last_status a) $(metric last_success_timestamp_seconds a)" "failed 3 $success" "a failure keeps the last success"
has "$tmp/err" "jl-job: a: ended with status 3" "and is told"
expect 64 "a command that is not there" job a nosuch-command
is "$(outcome a)" not_started "was not started"
expect 64 "a name that is none" job a/b true
expect 64 "options end at the name" job --nosuch a true
is "$(job a printf '%s.' -q --help 'x y')" "-q.--help.x y." "behind it all is the command's"
expect 73 "no lock can be made" jl-job --locks=/proc/none a true
expect 66 "no such environment file" jl-job --env=none a true
expect 0 "metrics that cannot be written fail no job" jl-job --metrics=/none a true
if command -v promtool >/dev/null; then check "promtool reads the metrics" promtool check metrics <prom/jobline_job_a.prom; fi
is "$(grep -cvE '^(# (HELP|TYPE) jobline_job_[a-z_]+ .+|jobline_job_[a-z_]+\{job="a"(,outcome="[a-z_]+")?\} [0-9]+)$' prom/jobline_job_a.prom)" 0 \
    "the metrics are in the format of Prometheus"

# The lock is held by the job, however it ends.
mkfifo gate
jl-job --metrics=prom --log=b.log b sh -c 'echo begun; read -r line <gate' &
runner=$!
wait_for grep -q begun b.log
is "$(metric running b)" 1 "a running job says so"
expect 0 "the same job again is left alone" job --log=b.log b touch ran-twice
has b.log "running already" "with a note in its log"
expect 75 "--busy=fail" job --busy=fail b touch ran-twice
check "it is not run" test ! -e ran-twice
expect 0 "another job runs" job c true
stop "$runner" KILL
expect 75 "what a killed jl-job has left running holds the lock" job --busy=fail b true
echo >gate
wait_for job --busy=fail b true
is $? 0 "until it ends"

jl-job --metrics=prom --log=d.log d sh -c 'trap "echo told; exit 9" TERM; echo begun; while :; do sleep 0.05; done' &
runner=$!
wait_for grep -q begun d.log
stop "$runner"
is "$? $(outcome d)" "143 stopped" "SIGTERM ends it"
has d.log told "and reaches the command"
expect 75 "--timeout" job --timeout=1 e sleep 60
is "$(outcome e)" timeout "stops it"
expect 0 "--delay" job --delay=1 f true
(umask 077 && job f true)
is "$(stat -c %a prom/jobline_job_f.prom)" 644 "another user can read the metrics, whatever umask the job has"

# The environment file: nothing is evaluated.
# shellcheck disable=SC2016
printf '%s\n' '# comment' '; another' '' 'A=plain words ' '  B="quoted $(touch evaluated) `x`"' "C='single'" 'D=' 'E=a=b' >job.env
printf 'F=last' >>job.env
# shellcheck disable=SC2016
is "$(jl-job --env=job.env g sh -c 'echo "$A|$B|$C|${D-unset}|$E|$F"')" 'plain words|quoted $(touch evaluated) `x`|single||a=b|last' "variables as systemd reads them"
check "nothing is evaluated" test ! -e evaluated
mkdir precious
for name in tmp lib job children signal opt_log opt_locks table; do printf '%s=%s\n' "$name" "$PWD/precious"; done >own.env
# shellcheck disable=SC2016
is "$(jl-job --env=own.env g sh -c 'echo "$tmp $table"') $?" "$PWD/precious $PWD/precious 0" "names that the script uses itself are the command's alone"
check "and harm nobody" test -d precious
JOBLINE_PING=http://127.0.0.1:1/secret expect 0 "--dry-run" jl-job -n --env=job.env --metrics=none --timeout=5m --log=dry.log x touch 'a b' >dry
has dry "under the lock $XDG_STATE_HOME/jobline/locks/x.lock would be run: 'touch' 'a b'" "tells the lock and the command"
has dry "with these variables of job.env: A B C D E F" "and the names of the variables"
is "$(grep -cE 'plain|secret' dry)" 0 "not their values"
check "and does nothing" test ! -e 'a b' -a ! -e dry.log -a ! -e "$XDG_STATE_HOME/jobline/locks/x.lock"
expect 64 "--dry-run of a command that is not there" jl-job -n x nosuch-command
echo 'no variable' >bad.env
expect 78 "a line that is none" jl-job --env=bad.env g true
has "$tmp/err" "bad.env:1" "is named"

# Pings, to a server that notes what it is asked for.
cat >"$tmp/pings.py" <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1], "a") as f:
            f.write(self.path + "\n")
        self.send_response(200)
        self.end_headers()
    def do_POST(self):  # a webhook
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[1] + ".news", "ab") as f:
            f.write(body + b"\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *a):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("listening on 127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
END
start_server pings.py "$PYTHON" "$tmp/pings.py" pings
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
echo "JOBLINE_PING=http://$SERVER/key/{}?create=1" >ping.env
# shellcheck disable=SC2016
jl-job --env=ping.env h sh -c '[ -z "${JOBLINE_PING+x}" ] || exit 99'
jl-job -q --env=ping.env h sh -c 'exit 5' 2>/dev/null
is "$(tr '\n' ' ' <pings)" "/key/h/start?create=1 /key/h?create=1 /key/h/start?create=1 /key/h/5?create=1 " "start, success, failure with its status"
expect 0 "a ping that does not arrive fails no job" jl-job --ping=http://127.0.0.1:1/x h true
has "$tmp/err" "did not arrive" "but is told"

# --- The crontabs -------------------------------------------------------------------------------------------------

# Stand-in places: the folders are in $tmp/place, the buckets and the queue on loopback, the delay is none.
place=$tmp/place
metrics=$place/var/lib/jobline-metrics
fetch_metrics=$place/var/lib/jobline-fetch-metrics
mkdir -p "$place/etc/jobline" "$place/var/lib/jobline" "$metrics" "$place/var/log/jobline"
mkdir -p "$place/var/lib/jobline-fetch" "$fetch_metrics" "$place/var/log/jobline-fetch"
webhook=http://$SERVER/hook
start_model
if ! start_sqs || ! start_s3 rl-data || ! start_hasdata --budget=1000 --spent-elsewhere=750; then done_testing; fi
printf 'sqlite:%s/var/lib/jobline/senior.db\n' "$place" >"$place/etc/jobline/cache.url"
chmod 600 "$place/etc/jobline/cache.url"
printf '[default]\naws_access_key_id=S3RVER\naws_secret_access_key=S3RVER\n' >"$place/etc/jobline/aws"
stand_in() { # sed script for everything that is installed
    printf '%s\n' "s#/(etc|var/lib|var/log)/jobline#$place/\\1/jobline#g"
}
sed -E "$(stand_in); s#host:50051#$MODEL#; s#^JOBLINE_EVENTS=.*#JOBLINE_EVENTS=$QUEUE_URL#; s#^AWS_DEFAULT_REGION=.*#AWS_DEFAULT_REGION=eu-west-1#
    s#^JOBLINE_SWEEP_OPTIONS=#&-j 2 --pairs=s3://rl-data/pairs/#; s#^JOBLINE_BACKUP_OPTIONS=#&--keep=5 --min-share=20#
    s#^JOBLINE_CREDITS_WATCH_OPTIONS=#&--run=$place/etc/jobline/news#; s/^#(JOBLINE_WEBHOOK=)/\1/" \
    "$top/scripts/systemd/jobline.env" >"$place/etc/jobline/jobline.env"
{
    echo "AWS_ENDPOINT_URL_S3=$AWS_ENDPOINT_URL_S3"
    echo "AWS_ENDPOINT_URL_SQS=$AWS_ENDPOINT_URL_SQS"
    sed -nE "$(stand_in); s/^#(JOBLINE_JOB_METRICS=)/\1/p" "$top/scripts/systemd/jobline.env"
    echo "HASDATA_API_URL=$hd_api"
    echo "no_proxy=127.0.0.1"
} >>"$place/etc/jobline/jobline.env"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SHARED_CREDENTIALS_FILE

# The ledger of paid calls.
cp -p "$hd_key_file" "$place/etc/jobline/hasdata.key"
(umask 077 && echo "$webhook" >"$place/etc/jobline/webhook.url")
printf '#!/bin/sh\njq -r .text >>"%s"\n' "$place/news" >"$place/etc/jobline/news"
chmod +x "$place/etc/jobline/news"
gate() { XDG_STATE_HOME=$place/var/lib/jobline-fetch credits "$@"; }
spend() { # CREDITS
    local id
    id=$(gate hold --send --cost="$1" --user=alice) && gate -q settle "$id"
}
gate_figure() { # NAME
    sed -n "s/^jobline_gate_$1{[^}]*} //p" "$fetch_metrics/jobline_gate.prom"
}
expect 0 "the account is made" gate set budget=1000
expect 0 "and spent from" spend 720

generate --lines=40 --distinct=20 --seed=5 >lines.jsonl
s3_put lines.jsonl rl-data/job-postings-raw/1721183934.jsonl
s3_age rl-data/job-postings-raw/1721183934.jsonl '100 days ago'
senior-cache -C "sqlite:$place/var/lib/jobline/senior.db" put <<<'{"company":"c","title":"t","seniority":3}' >/dev/null

jobs=()
crontab_of() { # USER: sets $variables, without PATH; lines.cron has all lines, those too that are off
    sed -E "$(stand_in); s#^(XDG_STATE_HOME=)/var/lib\$#\1$place/var/lib#; s#--delay=[0-9a-z]+#--delay=0#" \
        "$top/scripts/cron/$1.crontab" >shipped.cron
    sed -E 's/^#([0-9*].* jl-job )/\1/' shipped.cron >lines.cron
    mapfile -t variables < <(grep -E '^[A-Z_]+=' lines.cron | grep -v ^PATH=)
}
run_crontab() { # USER FOLDER-OF-METRICS
    local name command form
    crontab_of "$1"
    is "$(grep -cE '^[^#].* (cold-storage|hd-fetch) ' shipped.cron)" 0 "$1: what costs money is to be chosen, and nothing is bought"
    form="^([0-9*/]+ ){5}$1 jl-job --env=[^ ]+( --metrics=$2)? --delay=0 --timeout=[0-9]+[mhd] --log=$place/var/log/$1/([a-z-]+).log \\3 sh -c "
    is "$(grep -cvE '^(#.*|[A-Z_]+=.*|)$' lines.cron)" "$(grep -cE "$form" lines.cron)" \
        "$1: each line has five times, a user, and goes through jl-job with a delay, a limit and a log of its own"
    is "$(grep -vE '^(#|[A-Z_]+=|$)' lines.cron | grep -c '[^\\]%')" 0 "$1: no % that cron would take for the end of the line"
    check "$1: cron finds the end" test -z "$(tail -c 1 "$top/scripts/cron/$1.crontab" | tr -d '\n')"
    while read -r _ _ _ _ _ _ command; do
        name=$(sed -E 's/.*\.log ([a-z-]+) sh -c .*/\1/' <<<"$command")
        jobs+=("$name")
        expect 0 "cron: $name" env -i HOME="$HOME" PATH="$PATH" TMPDIR="${TMPDIR:-/tmp}" "${variables[@]}" sh -c "umask 077; $command"
        [ "$(outcome "$name" "$2")" = 'done' ] || {
            not_ok "$name did its work"
            diag <"$place/var/log/$1/$name.log"
        }
    done < <(grep -vE '^(#|[A-Z_]+=|$)' lines.cron)
}
run_crontab jobline "$metrics"
run_crontab jobline-fetch "$fetch_metrics"
is "$(printf '%s\n' "${jobs[@]}" | sort | uniq -d)" "" "no two lines share a lock"
same "$(s3_file rl-data/job-postings-raw/1721183934.jsonl)" lines.jsonl "the raw file is as it was"
check "senior-sweep has delivered it" test -e "$(s3_file rl-data/job-postings-mod/1721183934.jsonl.manifest)"
check "with the options of jobline.env" test -n "$(s3_keys rl-data/pairs)"
check "cache-backup has made a backup" test -n "$(s3_keys rl-data/backups | grep manifest)"
is "$(jq -c '[.moved, .undelivered]' "$place/var/log/jobline/cold-storage.log")" "[1,0]" "cold-storage has moved it"
has "$metrics/jobline_cache.prom" "jobline_cache_entries" "the figures of the cache are there"
is "$(find "$metrics" "$fetch_metrics" -name '*.prom' ! -perm 644)" "" "node_exporter can read them"
is "$(find "$metrics" -name '*credits*')" "" "each user writes into a folder of its own"

fetch_log=$place/var/log/jobline-fetch
backup=$place/var/lib/jobline-fetch/jobline/backup
has "$fetch_log/credits-watch.log" "70% of the budget" "credits watch has told the alert"
is "$(cat "$place/news")" "$(jq -r .text pings.news)" "also to the program and to the webhook"
is "$(gate_figure budget_credits) $(gate_figure spent_credits)" "1000 720" "the figures of the ledger are there"
is "$(gate status --json | jq .spent)" 750 "credits sync has adopted what the provider says"
is "$(cat "$fetch_log/credits-audit.log")" "$(gate audit)" "credits audit has proven it"
restored() { # FIGURE: of the copy
    credits --ledger="sqlite:$backup/ledger.db" status --json | jq ".$1"
}
is "$(restored spent)" 750 "the copy of the ledger is a ledger"
same "$backup/settings" <(gate set) "with its settings beside it"
check "what was bought is copied when something was" test ! -e "$backup/bought.db"

# What a person finds is what the jobs find.
cat >around.sh <<'END'
env | grep -E '^(XDG_|AWS_|JOBLINE_)' | sort
END
{
    cat "$place/etc/jobline/jobline.env"
    printf '%s\n' '  JOBLINE_A=plain words ' "JOBLINE_B='\$(touch evaluated)'" '; JOBLINE_C=x'
    printf 'JOBLINE_D="last"'
} >person.env
sed -E "$(stand_in); s#[^ <]*/jobline.env#person.env#" "$top/scripts/systemd/person.sh" >person.sh
sed -i -E "s#^( *XDG_STATE_HOME=)/var/lib\$#\1$place/var/lib#" person.sh
mkdir as
for user in jobline jobline-fetch; do
    crontab_of "$user"
    env -i HOME="$HOME" PATH="$PATH" "${variables[@]}" jl-job --locks="$tmp/locks" --env=person.env around sh around.sh >by-cron
    printf '#!/bin/sh\necho %s\n' "$user" >as/id
    chmod +x as/id
    for shell in dash 'bash --posix'; do
        # shellcheck disable=SC2086 # words
        env -i HOME="$HOME" PATH="$PWD/as:$PATH" $shell -c '. ./person.sh; sh around.sh' >by-person
        same by-person by-cron "$user, $shell: person.sh gives what the crontab and jobline.env give"
    done
done
check "nothing is evaluated" test ! -e evaluated
if command -v logrotate >/dev/null; then
    sed -E "$(stand_in); /^ *su /d" "$top"/scripts/cron/*.logrotate >rotate.conf
    chmod 644 rotate.conf
    chmod 700 "$place"/var/log/*
    expect 0 "logrotate takes its files" logrotate --state "$tmp/rotated" --force rotate.conf
    check "and rotates" test -e "$place/var/log/jobline/backup.log.1" -a -e "$fetch_log/credits-watch.log.1"
fi

# --- The units ----------------------------------------------------------------------------------------------------

units=("$top"/scripts/systemd/*.service "$top"/scripts/systemd/*.timer "$top"/scripts/systemd/*.socket)
mkdir units
for unit in "${units[@]}"; do
    sed -E "s#^ExecStart=(jl-job|hd-fetch) #ExecStart=$BUILD/bin/\1 #" "$unit" >"units/${unit##*/}"
done
if command -v systemd-analyze >/dev/null; then
    expect 0 "systemd-analyze accepts the units" systemd-analyze verify --man=no units/* >"$tmp/verify"
    is "$(cat "$tmp/verify" "$tmp/err" | grep -v '^$')" "" "without a warning"
fi
for unit in "$top"/scripts/systemd/*.timer; do
    name=${unit##*/}
    check "$name has its service" test -e "$top/scripts/systemd/${name%.timer}.service"
    is "$(grep -cE '^(OnCalendar=.* UTC|RandomizedDelaySec=.+)$' "$unit")" 2 "$name is in UTC, with a random delay"
done
lacks() { # UNIT SETTING...: sets $missing to those that no line begins with, nor a word of Environment=
    local unit=$1 setting
    shift
    missing=''
    for setting; do
        grep -qE "^(Environment=.* )?$setting" "$unit" || missing="$missing $setting"
    done
}
for unit in "$top"/scripts/systemd/*.socket; do
    name=${unit##*/}
    check "$name has its service" test -e "$top/scripts/systemd/${name%.socket}@.service"
    lacks "$unit" Accept=yes MaxConnections= SocketUser=root SocketGroup=jobline SocketMode=0660
    is "$missing" "" "$name is for the group jobline, one run for each connection"
done
# Who may see what: the pipeline the cache and S3, the gate the key of the provider, and neither the other's.
pipeline='User=jobline StateDirectory=jobline LoadCredential=cache: LoadCredential=aws: ReadWritePaths=-/var/lib/jobline-metrics'
credits='User=jobline-fetch StateDirectory=jobline-fetch XDG_STATE_HOME=%S/jobline-fetch ReadWritePaths=-/var/lib/jobline-fetch-metrics'
bought='User=jobline-fetch StateDirectory=jobline-fetch XDG_STATE_HOME=%S/jobline-fetch LoadCredential=hasdata-key:
    StandardInput=socket StandardOutput=socket StandardError=journal CollectMode=inactive-or-failed'
for unit in "$top"/scripts/systemd/*.service; do
    name=${unit##*/}
    case $name in
    hd-fetch*) family=$bought ;;
    jobline-credits-sync.service) family="$credits LoadCredential=hasdata-key:" ;;
    jobline-credits-*) family=$credits ;;
    *) family=$pipeline ;;
    esac
    # shellcheck disable=SC2086 # words
    lacks "$unit" NoNewPrivileges=yes ProtectSystem=strict ProtectHome=yes PrivateTmp=yes CapabilityBoundingSet= \
        SystemCallFilter=@system-service EnvironmentFile= StateDirectoryMode=0700 UMask=0077 $family
    is "$missing" "" "$name is hardened, and gets its secrets as credentials"
    # shellcheck disable=SC2086
    printf '%s\n' $family | tr -d : >family
    is "$(grep -oE '^(User|StateDirectory|LoadCredential|ReadWritePaths)=[^:]*' "$unit" | grep -vxFf family)" "" "$name gets no others"
    is "$(grep -c ^ExecStart= "$unit")" 1 "$name does one thing, which no other can hold up"
done

# As systemd would run them: its variables expanded in the words, the credentials as files of its own.
credentials=$tmp/credentials
mkdir -m 700 "$credentials"
cp "$place/etc/jobline/cache.url" "$credentials/cache"
cp "$place/etc/jobline/aws" "$credentials/aws"
cp "$hd_key_file" "$credentials/hasdata-key"
chmod 400 "$credentials"/*
cat >"$tmp/run_unit.py" <<'END'
"""Runs the ExecStart lines of a unit with what systemd would give them: Environment=, EnvironmentFile=, $X, ${X}, $$, %d, %S."""
import os, re, shlex, subprocess, sys
unit, place, credentials = sys.argv[1:4]
env = {k: os.environ[k] for k in ("HOME", "PATH")}
env["CREDENTIALS_DIRECTORY"] = credentials
commands = []
for line in open(unit):
    key, _, value = line.rstrip("\n").partition("=")
    value = re.sub(r"/(etc|var/lib|var/log)/jobline", place + r"/\1/jobline", value)
    value = value.replace("%d", credentials).replace("%S", place + "/var/lib")
    if key == "Environment":
        env.update(word.split("=", 1) for word in shlex.split(value) if not word.startswith("PATH="))
    elif key == "EnvironmentFile":
        env.update(l.rstrip("\n").split("=", 1) for l in open(value) if re.match(r"[A-Za-z_][A-Za-z0-9_]*=", l))
    elif key == "ExecStart":
        commands.append(value)
for command in commands:
    words = []
    for word in shlex.split(command):
        if re.fullmatch(r"\$\w+", word):  # without braces: as many words as it has
            words += shlex.split(env.get(word[1:], ""))
        else:
            words.append(re.sub(r"\$\$|\$\{(\w+)\}", lambda m: "$" if m[0] == "$$" else env.get(m[1], ""), word))
    if "senior-sqs" in words:
        words.append("--drain")
    status = subprocess.run(words, env=env).returncode
    if status:
        sys.exit(status)
END
s3_age rl-data/job-postings-raw/1721183934.jsonl '100 days ago'
second_passed() { # a backup has the second in its name
    [ "$(date +%s)" != "$(stat -c %Y "$metrics/jobline_job_backup.prom")" ]
}
# They find something to do again: what was spent since, and elsewhere.
expect 0 "more is spent" spend 170
hd_set spent-elsewhere=930
cp "$backup/ledger.db" "$place/var/lib/jobline-fetch/jobline/bought.db" # a database of some kind
for unit in "$top"/scripts/systemd/jobline-*.service; do # those of the sockets: socket.sh
    wait_for second_passed
    expect 0 "systemd: ${unit##*/}" "$PYTHON" "$tmp/run_unit.py" "$unit" "$place" "$credentials" >"$tmp/out"
    [ "$unit" != "$top/scripts/systemd/jobline-credits-backup.service" ] || copied=$(restored spent)
done
is "$(tail -n 1 "$place/news")|$(wc -l <"$place/news")" "$(tail -n 1 pings.news | jq -r .text)|2" "the second alert was told, the first not again"
has "$place/news" "90% of the budget" "it is that of nine tenths"
is "$(gate_figure spent_credits) $(gate status --json | jq .spent)" "930 930" "the ledger was set right"
is "$copied" 920 "a copy is replaced by the next one"
check "what was bought is copied" test -s "$backup/bought.db"

# A copy that fails leaves the last one as it was.
backup_unit() { # prints the status and what the metrics say
    "$PYTHON" "$tmp/run_unit.py" "$top/scripts/systemd/jobline-credits-backup.service" "$place" "$credentials" >"$tmp/out" 2>&1
    echo "$? $(outcome credits-backup "$fetch_metrics")"
}
cp "$backup/bought.db" whole.db
yes | head -c 5000 >"$place/var/lib/jobline-fetch/jobline/bought.db"
is "$(backup_unit)" "1 failed" "what cannot be copied is told"
same "$backup/bought.db" whole.db "the copy before is kept"
cp whole.db "$place/var/lib/jobline-fetch/jobline/bought.db"
is "$(backup_unit)" "0 done" "and the next run copies again"
done_testing
