#!/usr/bin/env bash
# jobs-backup and jobs-restore: what counts as a backup can be restored, whatever died, and nothing else is ever restored.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

export JOBLINE_STORE=sqlite:$tmp/work/jobs.db TMPDIR=$tmp/room
mkdir "$TMPDIR"
generate --shape=job --lines=400 --seed="$JL_SEED" >in.jsonl
job-store put in.jsonl >/dev/null
head -n 5 in.jsonl | job-store mark failed >/dev/null

# A backup has the second in its name: here the clock that names it goes on by a second each time it is asked.
mkdir clock
cat >clock/date <<END
#!/bin/sh
[ "\$*" = '-u +%Y%m%dT%H%M%SZ' ] || exec "$(command -v date)" "\$@"
echo . >>"$tmp/ticks"
exec "$(command -v date)" -d "now + \$(wc -l <"$tmp/ticks") seconds" "\$@"
END
chmod +x clock/date
PATH=$tmp/work/clock:$PATH
newest() { # FOLDER: the latest object
    find "$1" -name '*.zst' | sort | tail -n 1
}

expect 0 'a backup' jobs-backup safe/ >manifest
object=$(newest safe)
same "$object.manifest" manifest 'the manifest is printed'
is "$(jq -r '"\(.entries) \(.bytes) \(.sha256) \(.restored)"' manifest)" \
    "400 $(stat -c %s "$object") $(sha256sum <"$object" | cut -d ' ' -f 1) true" 'it says what it is of'
job-store export >whole.export
zstd -qdc "$object" | cmp -s - whole.export
is $? 0 'it holds the export'
is "$(find "$TMPDIR" -mindepth 1 | wc -l)" 0 'no private folder is left'

expect 0 'restored' jobs-restore -S sqlite:again.db safe/ >account
is "$(jq -c '[.jobs, .jobs_now, .written]' account)" '[400,400,true]' 'all jobs are there'
job-store -S sqlite:again.db export | cmp -s - whole.export
is $? 0 'both stores are the same'
expect 78 'a store that has jobs is not written to' jobs-restore -S sqlite:again.db safe/
expect 0 --dry-run jobs-restore -n -S sqlite:dry.db "$object" >account
is "$(jq -c '.written' account) $(ls dry.db 2>/dev/null)" 'false ' 'writes nothing'
expect 66 'no backup' jobs-restore -S sqlite:never.db nowhere/
has "$tmp/err" 'no backup that counts under nowhere/' 'names where it looked'
expect 65 'an export' jobs-restore -S sqlite:never.db whole.export
has "$tmp/err" 'whole.export has no manifest beside it' 'says what it lacks'
expect 64 'an empty PREFIX' jobs-backup ''

# What does not count, or is damaged, is refused before anything is written.
refused() { # WHAT
    expect 65 "$1" jobs-restore -S sqlite:never.db "$object"
    is "$(job-store -S sqlite:never.db list | wc -l)" 0 'nothing is written'
}
cp -r safe kept
rm "$object.manifest" && refused 'one without a manifest'
cp kept/* safe/ && head -c 2000 "kept/${object##*/}" >"$object" && refused 'one that is cut short'
zstd -qdc "kept/${object##*/}" | sed '7s/"title"/"Title"/' | zstd -qf -o "$object"
jq -c --arg sha "$(sha256sum <"$object" | cut -d ' ' -f 1)" --argjson bytes "$(stat -c %s "$object")" '.sha256 = $sha | .bytes = $bytes' \
    kept/*.manifest >"$object.manifest"
refused 'one whose line was changed, though the manifest fits'
cp kept/* safe/

# Older ones go; a store that was emptied pushes none out.
for _ in 1 2 3; do jobs-backup -q --keep=2 safe/ >/dev/null || not_ok 'one more backup'; done
is "$(find safe -name '*.zst' | wc -l) $(find safe -name '*.manifest' | wc -l)" '2 2' '--keep'
is "$(jobs-restore --list safe/ | wc -l)" 2 '--list'
head -n 100 in.jsonl | job-store -S sqlite:small.db put >/dev/null
expect 65 'a store that has shrunk' jobs-backup -S sqlite:small.db safe/
expect 65 'the same, --dry-run' jobs-backup -n -S sqlite:small.db safe/
expect 65 'a store that is empty' jobs-backup -S sqlite:nothing.db safe/
is "$(find safe -name '*.zst' | wc -l)" 2 'both stay'
expect 0 --force jobs-backup --force -S sqlite:small.db safe/ >manifest
is "$(jq .entries manifest)" 100 'backs it up all the same'

# Killed at any moment: the latest that counts can be restored.
kills=0
for ((round = 0; round < 6 * JL_SCALE; round++)); do
    jobs-backup -q --force safe/ >/dev/null 2>&1 &
    pid=$!
    sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
    kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
    wait "$pid" 2>/dev/null
    rm -f killed.db*
    jobs-restore -q -S sqlite:killed.db safe/ >/dev/null || not_ok 'after a kill, the latest backup cannot be restored'
done
ok "jobs-backup was killed $kills times: the latest that counts was whole"
done_testing
