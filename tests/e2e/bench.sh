#!/usr/bin/env bash
# The measurements work: a miniature run compares answers, measures, reports, and stops when answers differ.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

bench() { # [OPTION...]: as tests/bench/run does it, with what is built already, and data in a folder of its own
    PYTHONDONTWRITEBYTECODE=1 BUILD=$tmp/build "$PYTHON" "$top/tests/bench/main.py" "$@"
}
mkdir "$tmp/build"
ln -s "$BUILD/bin" "$BUILD/test" "$tmp/build/"

bench --tiny --only=floor,dedupe,start,jobs >out 2>err
is "$?" 0 "a miniature run ends well" || diag <err
has out 'short: all give the same 600 pairs of 20000 lines' "the answers are compared"
is "$(grep -cE '^  (wc -l|jl-dedupe, 1 thread|Python|jq [|] sort -u) .* [0-9.]+ +[12]$' out)" 17 "who takes part is measured on each input"
has out 'jl-dedupe, short: less CPU than jq' "the targets are told"
is "$(grep -cE '^  (job-store put|script|job-match, (1|64) profiles?|index, new) ' out)" 9 "jobs are stored and matched, by a script too"
is "$(sed -n 's/.*all distinct, one thread: faster than DuckDB  *≥ 2.5×  *\([^ ]*\).*/\1/p' out | grep -cE '^(not|[0-9.]+×)$')" 1 \
    "a peer that is not there is no target met"

# A program that loses a pair is found out before anything is measured.
mkdir "$tmp/wrong"
printf '#!/bin/sh\nexec "%s" "$@" | sed 7d\n' "$BUILD/bin/jl-dedupe" >"$tmp/wrong/jl-dedupe"
cp "$BUILD/bin/jl-augment" "$tmp/wrong/"
chmod +x "$tmp/wrong/jl-dedupe"
rm "$tmp/build/bin"
ln -s "$tmp/wrong" "$tmp/build/bin"
expect 1 "a lost pair ends the run" bench --tiny --only=dedupe >out
has "$tmp/err" 'differ on short: it lacks 0 pairs' "and is named"
is "$(grep -c 'time ×' out)" 0 "before anything is measured"

# A run of some groups writes these into the results of all.
merge() { # writes OLD with group "b" measured anew
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$top/tests/bench "$PYTHON" -c '
import sys, types, report
bench = types.SimpleNamespace(size_name="full", only="b", machine={"cores": "2"}, sections=[("b", "new", ["fresh"])])
sys.stdout.write(report.merged(bench, sys.stdin.read()))'
}
printf '# Results\n\n## a: old\n\nkept\n\n## b: old\n\ngone\n\n## c: old\n\nkept\n' >old.md
is "$(merge <old.md | grep -vc '^$') $(merge <old.md | grep -c '^kept$') $(merge <old.md | grep -c gone)" "8 2 0" "results of one group replace what there is of it"
is "$(merge <old.md | merge | cksum)" "$(merge <old.md | cksum)" "as often as one likes"
sed '/^## b/,/^gone/d' old.md >without.md
is "$(merge <without.md | grep '^## ' | tr '\n' ' ')" "## a: old ## c: old ## b: new " "or go behind the others"

# What a killed run started is gone.
expect 64 "measure without a command" "$BUILD/test/bench/measure" >out
"$BUILD/test/bench/measure" bash -c 'sleep 300 & sleep 300; :' >out 2>err &
pid=$!
sleeping() { # both of the group of the command that measure has started
    [ "$(pgrep -c -g "$(pgrep -P "$pid" | head -n 1)" sleep)" = 2 ]
}
wait_for sleeping
group=$(pgrep -P "$pid" | head -n 1)
stop "$pid"
is "$(pgrep -c -g "$group")" 0 "a stopped measurement leaves no process behind"
is "$("$BUILD/test/bench/measure" -t 1 sleep 300 | jq .status)" 124 "a run that takes too long is ended"
is "$("$BUILD/test/bench/measure" -n 3 sh -c 'exit 3' | jq .status | sort -u)" 3 "the status of the command is told"
done_testing
