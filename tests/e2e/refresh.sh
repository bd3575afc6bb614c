#!/usr/bin/env bash
# senior-refresh: a new model is asked for what the old one had answered, then pipelines are switched, then the old answers go.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# The old model and the new one, which answers otherwise.
start_model
old=$MODEL
start_python_model --log="$tmp/asked"
new=$MODEL
export JOBLINE_CACHE=sqlite:$tmp/work/cache.db
mkdir raw
for n in 1 2 3; do
    generate --lines=60 --distinct=30 --seed="$n" >"raw/$n.jsonl"
    senior-s3 -q -s "$old" --pairs=pairs/ "raw/$n.jsonl" "mod/$n.jsonl" >/dev/null
done
echo 'no line' >>raw/3.jsonl
gzip raw/2.jsonl
touch -d '40 days ago' raw/1.jsonl pairs/1.*
distinct() { jl-dedupe --keys-only mod/[23].jsonl | wc -l; }
wanted=$(distinct)
entries() { # MODEL
    senior-cache -m "$1" stat --json | jq .entries
}
cat >pipe.env <<END
# the pipelines
JOBLINE_MODEL="default"
JOBLINE_SERVER=$old
OTHER=x y
END
chmod 640 pipe.env
cp pipe.env pipe.before
refresh() { senior-refresh --to-model=v2 --env=pipe.env -s "$new" --grace=0 "$@"; }

# It is tried again for a while; meanwhile the rest goes on.
senior-refresh -q --to-model=y -s 127.0.0.1:1 --keep-old pairs/ 2>/dev/null &
away=$!

expect 0 "--dry-run" refresh -n pairs/ >dry
has dry "v2 would be asked for $wanted of $wanted pairs in 2 objects" "tells what would be asked: the pairs of the last 30 days"
is "$(entries v2) $(wc -l <"$tmp/asked")" "0 0" "and asks nothing"

expect 0 "only asking" refresh --only=ask raw/ >account
is "$(jq -c '[.objects, .pairs, .known, .missing, .dropped]' account)" "[2,$wanted,0,0,false]" "raw objects will do, packed ones and bad lines too"
is "$(entries v2) $(wc -l <"$tmp/asked")" "$wanted $wanted" "each pair is asked once"
same pipe.env pipe.before "nothing is switched yet"
expect 0 "asking again, from the pairs" refresh --only=ask pairs/ >account
is "$(jq -c '[.pairs, .known, .model_calls]' account) $(wc -l <"$tmp/asked")" "[$wanted,$wanted,0] $wanted" "asks nothing"
jl-dedupe --keys-only mod/2.jsonl | senior-cache -m v2 >v2.jsonl
jl-dedupe --keys-only mod/2.jsonl | senior-cache >v1.jsonl
check "the answers are the new model's" test "$(cmp v1.jsonl v2.jsonl | wc -l)" = 1

# shellcheck disable=SC2016 # for the shell that --on-switch gets
expect 70 "a switch that fails" refresh --on-switch='echo $JOBLINE_MODEL >>switched; false' pairs/ >/dev/null
has pipe.env "JOBLINE_MODEL_BEFORE=default" "the file remembers the old model"
check "whose answers stay" test "$(entries default)" -ge "$wanted"
expect 75 "they are not dropped before it has succeeded" refresh --only=drop
# shellcheck disable=SC2016
expect 0 "the same command again" refresh --on-switch='echo $JOBLINE_MODEL >>switched' pairs/ >account
is "$(jq -c '[.from, .to, .model_calls, .dropped]' account) $(tr '\n' ' ' <switched)" '["default","v2",0,true] v2 v2 ' "switches"
is "$(entries default) $(entries v2)" "0 $wanted" "the old answers are gone"
sed "s/^JOBLINE_MODEL=.*/JOBLINE_MODEL=v2/;s/$old/$new/" pipe.before >wanted.env
same pipe.env wanted.env "the file names the new model and its server, all else is as it was"
is "$(stat -c %a pipe.env)" 640 "its mode, too"
expect 0 "once more" refresh --on-switch='echo again >>switched' pairs/ >account
is "$(jq -c '[.from, .dropped]' account) $(wc -l <switched)" "[null,false] 2" "has nothing to do"

# A model that does not answer everything.
start_python_model --mode=lose
next() { senior-refresh --to-model=v3 --env=pipe.env -s "$MODEL" --grace=0 "$@"; }
expect 75 "unanswered pairs" next pairs/
has "$tmp/err" "have no answer of v3" "are counted"
same pipe.env wanted.env "nothing is switched"
expect 0 "--allow-missing lets some go" next --allow-missing=40% --keep-old pairs/ >account
check "they are in the account" jq -e '.missing > 0 and .missing < .pairs / 2' account
is "$(entries v2) $(grep -c BEFORE pipe.env)" "$wanted 0" "--keep-old keeps"

# Killed between any two steps of the file.
start_python_model
printf 'JOBLINE_MODEL=v3\n' >k.env
cat >"$tmp/kill.sh" <<'END'
#!/bin/bash
n=$(($(cat "$KILL_IN/calls") + 1))
echo "$n" >"$KILL_IN/calls"
[ "$n" != "$KILL_AT" ] || kill -KILL 0
exec "$REAL/${0##*/}" "$@"
END
mkdir killers
for name in cp mv sync awk; do cp "$tmp/kill.sh" "killers/$name"; done
chmod +x killers/*
bad=0 finished='' from=v3 stride=$((JL_SCALE > 1 ? 1 : 3))
for ((at = 1 + RANDOM % stride; at <= 60; at += stride)); do
    to=k$at
    echo 0 >"$tmp/calls"
    { TMPDIR=$tmp KILL_IN=$tmp REAL=/usr/bin KILL_AT=$at PATH=$tmp/work/killers:$PATH setsid senior-refresh -j 1 --to-model=$to --env=k.env -s "$MODEL" --grace=0 pairs/ \
        >/dev/null; } 2>/dev/null && finished=$at
    # Whatever the file names has its answers.
    now=$(sed -n 's/^JOBLINE_MODEL=//p' k.env)
    [ "$(entries "$now")" -gt 0 ] || bad=$((bad + 1))
    senior-refresh -q --to-model=$to --env=k.env -s "$MODEL" --grace=0 pairs/ >/dev/null || bad=$((bad + 1))
    [ "$(grep -v '^$' k.env)" = "JOBLINE_MODEL=$to" ] && [ "$(entries "$from")" = 0 ] && [ "$(entries "$to")" = "$wanted" ] || bad=$((bad + 1))
    from=$to
    [ -z "$finished" ] || break
done
is "$bad" 0 "killed at any moment: the model in the file has answers, a rerun completes"
check "there were moments, and an end" test "${finished:-0}" -ge 6

# Without a file.
expect 0 "--on-switch alone" senior-refresh -m "$from" --to-model=w -s "$MODEL" --on-switch='echo w >>switched' --grace=0 pairs/ >account
is "$(tail -n 1 switched) $(entries "$from")" "w 0" "switches and drops"
expect 78 "a model without answers is not switched to" senior-refresh -m w --to-model=empty --only=switch
expect 64 "the same model" senior-refresh -m w --to-model=w pairs/
expect 64 "nothing switched, so nothing to drop" senior-refresh -m w --to-model=x -s "$MODEL" --grace=0 pairs/
is "$(entries w) $(entries x)" "$wanted 0" "the answers in use stay, the new model is not asked"
expect 64 "an empty PREFIX" senior-refresh -m w --to-model=x --keep-old ''
expect 66 "nothing of the last days" senior-refresh -m w --to-model=x --keep-old --days=0 pairs/
expect 66 "no such file" senior-refresh --to-model=x --env=none.env pairs/
mkdir -p cut && head -c 30 pairs/2.*.zst >cut/p.pairs.jsonl.zst && cp pairs/3.* cut/
expect 0 "a damaged object is left out" senior-refresh -m w --to-model=z -s "$MODEL" --only=ask cut/ >account
is "$(jq -c '[.objects, .skipped]' account)" "[2,1]" "and counted"
wait "$away"
is "$? $(entries y)" "69 0" "a model that is away"
done_testing
