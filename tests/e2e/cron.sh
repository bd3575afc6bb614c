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

# --- The crontab --------------------------------------------------------------------------------------------------

# Stand-in places: the folders are in $tmp/place, the buckets and the queue on loopback, the delay is none.
place=$tmp/place
metrics=$place/var/lib/jobline-metrics
mkdir -p "$place/etc/jobline" "$place/var/lib/jobline" "$metrics" "$place/var/log/jobline"
start_model
if ! start_sqs || ! start_s3 rl-data; then done_testing; fi
printf 'sqlite:%s/var/lib/jobline/senior.db\n' "$place" >"$place/etc/jobline/cache.url"
chmod 600 "$place/etc/jobline/cache.url"
printf '[default]\naws_access_key_id=S3RVER\naws_secret_access_key=S3RVER\n' >"$place/etc/jobline/aws"
stand_in() { # sed script for everything that is installed
    printf '%s\n' "s#/(etc|var/lib|var/log)/jobline#$place/\\1/jobline#g"
}
sed -E "$(stand_in); s#host:50051#$MODEL#; s#^JOBLINE_EVENTS=.*#JOBLINE_EVENTS=$QUEUE_URL#; s#^AWS_DEFAULT_REGION=.*#AWS_DEFAULT_REGION=eu-west-1#
    s#^JOBLINE_SWEEP_OPTIONS=#&-j 2 --pairs=s3://rl-data/pairs/#; s#^JOBLINE_BACKUP_OPTIONS=#&--keep=5 --min-share=20#" \
    "$top/scripts/systemd/jobline.env" >"$place/etc/jobline/jobline.env"
{
    echo "AWS_ENDPOINT_URL_S3=$AWS_ENDPOINT_URL_S3"
    echo "AWS_ENDPOINT_URL_SQS=$AWS_ENDPOINT_URL_SQS"
    sed -nE "$(stand_in); s/^#(JOBLINE_JOB_METRICS=)/\1/p" "$top/scripts/systemd/jobline.env"
    echo "no_proxy=127.0.0.1"
} >>"$place/etc/jobline/jobline.env"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SHARED_CREDENTIALS_FILE

generate --lines=40 --distinct=20 --seed=5 >lines.jsonl
s3_put lines.jsonl rl-data/job-postings-raw/1721183934.jsonl
s3_age rl-data/job-postings-raw/1721183934.jsonl '100 days ago'
senior-cache -C "sqlite:$place/var/lib/jobline/senior.db" put <<<'{"company":"c","title":"t","seniority":3}' >/dev/null

sed -E "$(stand_in); s#--delay=[0-9a-z]+#--delay=0#" "$top/scripts/cron/jobline.crontab" >shipped.cron
is "$(grep -vE '^(#|[A-Z_]+=|$)' shipped.cron | grep -c cold-storage)" 0 "what changes the storage class is to be chosen"
sed -E 's/^#([0-9*].* jobline jl-job )/\1/' shipped.cron >lines.cron
mapfile -t variables < <(grep -E '^[A-Z_]+=' lines.cron | grep -v ^PATH=)
is "$(grep -vcE '^(#.*|[A-Z_]+=.*|)$' lines.cron)" "$(grep -cE '^([0-9*/]+ ){5}jobline jl-job --env=[^ ]+ --delay=0 --timeout=[0-9]+[mhd] --log=[^ ]+/([a-z-]+).log [a-z-]+ sh -c ' lines.cron)" \
    "each line has five times, a user, and goes through jl-job with a delay, a limit and a log"
is "$(grep -vE '^(#|[A-Z_]+=|$)' lines.cron | grep -c '[^\\]%')" 0 "no % that cron would take for the end of the line"
check "cron finds its end" test -z "$(tail -c 1 "$top/scripts/cron/jobline.crontab" | tr -d '\n')"
jobs=()
while read -r _ _ _ _ _ _ command; do
    name=$(sed -E 's/.*\.log ([a-z-]+) sh -c .*/\1/' <<<"$command")
    jobs+=("$name")
    expect 0 "cron: $name" env -i HOME="$HOME" PATH="$PATH" TMPDIR="${TMPDIR:-/tmp}" "${variables[@]}" XDG_STATE_HOME="$place/var/lib" \
        sh -c "umask 077; $command"
    [ "$(outcome "$name" "$metrics")" = 'done' ] || {
        not_ok "$name did its work"
        diag <"$place/var/log/jobline/$name.log"
    }
done < <(grep -vE '^(#|[A-Z_]+=|$)' lines.cron)
is "$(printf '%s\n' "${jobs[@]}" | sort | uniq -d)" "" "no two lines share a lock"
is "${#jobs[@]}" "$(cut -d . -f 1 <<<"$(ls "$place/var/log/jobline")" | wc -l)" "each has a log of its own"
same "$(s3_file rl-data/job-postings-raw/1721183934.jsonl)" lines.jsonl "the raw file is as it was"
check "senior-sweep has delivered it" test -e "$(s3_file rl-data/job-postings-mod/1721183934.jsonl.manifest)"
check "with the options of jobline.env" test -n "$(s3_keys rl-data/pairs)"
check "cache-backup has made a backup" test -n "$(s3_keys rl-data/backups | grep manifest)"
is "$(jq -c '[.moved, .undelivered]' "$place/var/log/jobline/cold-storage.log")" "[1,0]" "cold-storage has moved it"
has "$metrics/jobline_cache.prom" "jobline_cache_entries" "the figures of the cache are there"
is "$(find "$metrics" -name '*.prom' ! -perm 644)" "" "node_exporter can read them"

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
env -i HOME="$HOME" PATH="$PATH" "${variables[@]}" jl-job --locks="$tmp/locks" --env=person.env around sh around.sh >by-cron
for shell in dash 'bash --posix'; do
    # shellcheck disable=SC2086 # words
    env -i HOME="$HOME" PATH="$PATH" $shell -c '. ./person.sh; sh around.sh' >by-person
    same by-person by-cron "$shell: person.sh gives what the crontab and jobline.env give"
done
check "nothing is evaluated" test ! -e evaluated
if command -v logrotate >/dev/null; then
    sed -E "$(stand_in); /^ *su /d" "$top/scripts/cron/jobline.logrotate" >rotate.conf
    chmod 644 rotate.conf
    chmod 700 "$place/var/log/jobline"
    expect 0 "logrotate takes its file" logrotate --state "$tmp/rotated" --force rotate.conf
    check "and rotates" test -e "$place/var/log/jobline/backup.log.1"
fi

# --- The units ----------------------------------------------------------------------------------------------------

units=("$top"/scripts/systemd/*.service "$top"/scripts/systemd/*.timer)
mkdir units
for unit in "${units[@]}"; do
    sed -E "s#^ExecStart=jl-job #ExecStart=$BUILD/bin/jl-job #" "$unit" >"units/${unit##*/}"
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
for unit in "$top"/scripts/systemd/*.service; do
    name=${unit##*/}
    missing=''
    for setting in User=jobline StateDirectory=jobline NoNewPrivileges=yes ProtectSystem=strict ProtectHome=yes PrivateTmp=yes \
        CapabilityBoundingSet= SystemCallFilter=@system-service LoadCredential=cache: LoadCredential=aws: EnvironmentFile= \
        StateDirectoryMode=0700 ReadWritePaths=-/var/lib/jobline-metrics; do
        grep -q "^$setting" "$unit" || missing="$missing $setting"
    done
    is "$missing" "" "$name is hardened, and gets its secrets as credentials"
    is "$(grep -c ^ExecStart= "$unit")" 1 "$name does one thing, which no other can hold up"
done

# As systemd would run them: its variables expanded in the words, the credentials as files of its own.
credentials=$tmp/credentials
mkdir -m 700 "$credentials"
cp "$place/etc/jobline/cache.url" "$credentials/cache"
cp "$place/etc/jobline/aws" "$credentials/aws"
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
for unit in "$top"/scripts/systemd/*.service; do
    wait_for test "$(date +%s)" != "$(stat -c %Y "$metrics/jobline_job_backup.prom")" # a backup has the second in its name
    expect 0 "systemd: ${unit##*/}" "$PYTHON" "$tmp/run_unit.py" "$unit" "$place" "$credentials" >"$tmp/out"
done
done_testing
