#!/usr/bin/env bash
# hd-fetch behind a plain socket, started as the units in scripts/systemd start it: who sends requests gets job lines and never the key.
# shellcheck source=tests/e2e/gate.bash
. "$(dirname "$0")/gate.bash"

start_provider --latency=20ms-60ms --per-page=5
activate=$(command -v systemd-socket-activate) || {
    not_ok "systemd-socket-activate is installed"
    done_testing
}

# Two users, where that can be; the one who has the key has nobody's rights otherwise.
key_user=64001 client_user=64002
if [ "$(id -u)" = 0 ] && setpriv --reuid=$client_user --regid=$client_user --clear-groups true 2>"$tmp/setpriv.err"; then
    with_key=(setpriv --reuid="$key_user" --regid="$key_user" --clear-groups)
    as_client=(setpriv --reuid="$client_user" --regid="$client_user" --clear-groups)
    chmod 711 "$tmp"
else
    diag "not root: SKIPPED is what tells two users apart"
    key_user=$(id -u)
    with_key=(env) as_client=(env)
fi
mkdir -m 755 "$tmp/bin" "$tmp/run"
mkdir -m 700 "$tmp/credentials" "$tmp/state"
cp "$BUILD/bin/hd-fetch" "$BUILD/bin/credits" "$tmp/bin/"
install -m 400 "$hd_key_file" "$tmp/credentials/hasdata-key"
secret=$(<"$hd_key_file")
chown -R "$key_user" "$tmp/credentials" "$tmp/state" "$tmp/run"
export XDG_STATE_HOME=$tmp/state JOBLINE_LEDGER=sqlite:$tmp/state/ledger.db PATH=$tmp/bin:$PATH
credits() { "${with_key[@]}" "$tmp/bin/credits" "$@"; }
account budget=100000

# The command of a unit, behind a socket; sets socket_pid.
start_unit() { # UNIT ADDRESS
    local command
    command=$(sed -n 's/^ExecStart=//p' "$top/scripts/systemd/$1@.service")
    [[ $command == 'hd-fetch '* ]] || not_ok "$1@.service runs hd-fetch: $command"
    # shellcheck disable=SC2086 # words, as systemd makes them
    "${with_key[@]}" "$activate" --accept --inetd -l "$2" -E CREDENTIALS_DIRECTORY="$tmp/credentials" \
        -E XDG_STATE_HOME="$tmp/state" -E JOBLINE_LEDGER="$JOBLINE_LEDGER" ${command/\$JOBLINE_FETCH_OPTIONS/--api=$hd_api} \
        >"$tmp/$1.log" 2>&1 &
    socket_pid=$!
}

# Sends stdin, half-closes, prints what comes. --hold: half-closes only when the file go is there. --leave=N: goes away after N lines.
cat >"$tmp/run/client.py" <<'END'
import os, socket, sys, time
*options, address = sys.argv[1:]
if address.startswith("/"):
    s = socket.socket(socket.AF_UNIX)
    s.connect(address)
else:
    host, _, port = address.rpartition(":")
    s = socket.create_connection((host, int(port)))
s.settimeout(60)
s.sendall(sys.stdin.buffer.read())
leave = [int(o.partition("=")[2]) for o in options if o.startswith("--leave=")]
lines = 0
if "--hold" not in options:
    s.shutdown(socket.SHUT_WR)
else:
    s.settimeout(0.05)
while True:
    try:
        data = s.recv(65536)
    except TimeoutError:
        if os.path.exists("go"):
            s.shutdown(socket.SHUT_WR)
            s.settimeout(60)
        continue
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    lines += data.count(b"\n")
    if not data or (leave and lines >= leave[0]):
        break
END
client() { # [OPTION...] ADDRESS
    "${as_client[@]}" "$PYTHON" "$tmp/run/client.py" "$@"
}

# --- Listings, a UNIX socket -----------------------------------------------------------------------------------------

address=$tmp/run/hd-fetch.sock
start_unit hd-fetch "$address"
check "the socket is there" wait_for test -S "$address"
[ "$(id -u)" != 0 ] || chmod 666 "$address"
request() { printf '{"keyword":"%s","location":"Chicago, IL"}\n' "$@"; }
request nurse lawyer | client "$address" >jobs.jsonl
check "request lines in, job lines out" jq -es 'length >= 8 and all(.[]; .source == "indeed" and (.id | length > 0))' jobs.jsonl
is "$(hd_state '[.calls, .credits]' | jq -c .)" '[2,10]' "each request is one call"
is "$(standing .spent)" 10 "which the ledger knows of"
request welder barista | client "$address" >one &
one=$!
request barista cook | client "$address" >two &
two=$!
wait "$one" "$two"
check "two clients at once get what they ask for" [ "$(wc -l <one)" -ge 8 ] && check "both of them" [ "$(wc -l <two)" -ge 8 ]
is "$(hd_state '[.calls, .bought_twice]' | jq -c .)" '[5,0]' "what both ask for is bought once"
echo 'no request' | client "$address" >none
is "$(wc -l <none)" 0 "what is no request ends the run"
has "$tmp/hd-fetch.log" "stdin:1:" "and is in the journal"
request nurse | client "$address" >again
check "the next client is served" [ "$(wc -l <again)" -ge 4 ]

# --- What the client can see -----------------------------------------------------------------------------------------

request plumber | client --hold "$address" >held &
holding=$!
check "job lines come while the client still holds its side open" wait_for lines_in held 4
pid=$(pgrep -P "$socket_pid" -x hd-fetch)
check "it is served by a process of its own" [ -n "$pid" ]
for file in environ cmdline; do
    is "$(tr '\0' '\n' <"/proc/$pid/$file" 2>/dev/null | grep -cF -- "$secret")" 0 "the key is not in /proc/PID/$file"
done
[ "$(id -u)" = 0 ] && is "$(stat -c %u "/proc/$pid/environ")" 0 "the process is not dumpable: its files below /proc are root's"
if [ "$key_user" = 64001 ]; then
    is "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" "$key_user" "it runs as the user who has the key"
    refused() { ! "$@" 2>"$tmp/refused.err" && grep -q 'denied' "$tmp/refused.err"; }
    for file in environ mem maps; do
        check "the client cannot read /proc/PID/$file" refused "${as_client[@]}" cat "/proc/$pid/$file"
        check "nor can another process of the user who has the key" refused "${with_key[@]}" cat "/proc/$pid/$file"
    done
    for file in credentials/hasdata-key state/ledger.db; do
        check "the client cannot read $file" refused "${as_client[@]}" cat "$tmp/$file"
    done
fi
touch go
wait "$holding"
is "$?" 0 "the half-close ends the connection"
is "$(cat jobs.jsonl one two again held "$tmp/hd-fetch.log" | grep -cF -- "$secret")" 0 "the key is in nothing that came out"

# --- Postings, a port on loopback ------------------------------------------------------------------------------------

port=$(free_port)
start_unit hd-fetch-job "127.0.0.1:$port"
listens() { (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
check "the port is there" wait_for listens
lines 30 50000 >in
hd_reset
client "127.0.0.1:$port" <in >full
is "$(jq -r .enrichment_status full | sort | uniq -c | xargs)" "30 done" "job lines in, the same enriched out"
is "$(jq -c .url full | sha256sum)" "$(jq -c .url in | sha256sum)" "in their order"
lines 40 51000 >in
hd_reset
client --leave=3 "127.0.0.1:$port" <in >part
wait_for hd_is .in_flight 0
check "a client that goes away: what was sent is charged" [ "$(standing .spent)" -ge "$(hd_state .credits)" ]
client "127.0.0.1:$port" <in >full
is "$(jq -r .enrichment_status full | sort | uniq -c | xargs)" "40 done" "it comes again and has it all"
is "$(hd_state '[.billed, .bought_twice]' | jq -c .)" '[40,0]' "and nothing was bought twice"
wait_for no_lease_left
check "credits audit" credits audit

done_testing
