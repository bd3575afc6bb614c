#!/usr/bin/env bash
# The demonstration does what it says, on the sample and on somebody's own file, and keeps away from real caches.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL

export JOBLINE_DEPS=present # what the tests need is there: nothing is to be installed from here
export JOBLINE_CACHE=sqlite:$tmp/real.db JOBLINE_MODEL=real
expect 0 "on the sample" "$top/scripts/demo" >out
has out "200 lines with 60 distinct (company, title) pairs" "it counts lines and pairs"
has out "Pairs asked: 60, model calls: 1," "the first run asks each pair once"
has out "Pairs asked: 0, model calls: 0," "the second asks none"
has out "the output is the same, byte for byte" "both runs give the same bytes"
has out '"seniority":' "lines are shown with their answer"
is "$("$PYTHON" "$top/tests/tools/oracle.py" splice "$top/share/sample.jsonl" "$BUILD/demo/mod1.jsonl" 2>&1)" "200 60" \
    "the output is the sample with answers"

printf 'no JSON\n{"company":"A","title":"CEO"}\n' >own.jsonl
expect 0 "on a file of one's own" "$top/scripts/demo" own.jsonl >out
has out '"title":"CEO","seniority":7}' "its line is answered"
has out "1 of them" "its bad line is set aside"
echo '{"a":1}' >no-pairs.jsonl
expect 65 "on a file that is something else" "$top/scripts/demo" "$top/LICENSE" >out
has "$tmp/err" "is not JSON Lines" "it is said what is wrong with it"
expect 66 "on a file that is not there" "$top/scripts/demo" nowhere.jsonl >out
expect 65 "on a file without companies and titles" "$top/scripts/demo" no-pairs.jsonl >out

is "$(ls "$tmp"/real.db* "$HOME/state" 2>/dev/null)" "" "no real cache was touched"
done_testing
