#!/usr/bin/env bash
# The demonstration of jobs and profiles does what it says, from a clone and without anything in the environment.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL

export JOBLINE_DEPS=present JOBLINE_STORE=sqlite:$tmp/real.db JOBLINE_LEDGER=sqlite:$tmp/real-ledger.db
expect 0 "on the sample profile" "$top/scripts/demo-jobs" >out
has out "1. " "matches are shown"
has out "a free search shows the jobs at hand" "a free user's search buys nothing"
has out '"credits":505' "the worst case of a paid search is told"
check "a paid one tells its steps" grep -Eq 'discovery: [0-9]+ found' out
check "and its last ranking" grep -Eq 'final: [0-9]+ found' out
check "and what it cost" grep -Eq 'full texts for [0-9]+ credits' out
echo '{"text":"Registered nurse in Boston, eight years in intensive care."}' >own.json
expect 0 "on a profile of one's own" "$top/scripts/demo-jobs" own.json >out
expect 66 "on one that is not there" "$top/scripts/demo-jobs" nowhere.json >out
is "$(ls "$tmp"/real*.db 2>/dev/null)" "" "no real store or ledger was touched"
done_testing
