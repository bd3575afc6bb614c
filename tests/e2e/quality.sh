#!/usr/bin/env bash
# The quality measure measures: values worked out by hand, orders that are known, the set as its makers wrote it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
export PYTHONDONTWRITEBYTECODE=1
set=$top/tests/quality
score() { "$PYTHON" "$set/score" "$@"; }

match() { # PROFILE JOB...: the ranking
    local profile=$1 rank=0 job
    shift
    for job; do
        rank=$((rank + 1))
        printf '{"profile":"%s","rank":%d,"score":50,"job":{"source":"s","id":"%s"}}\n' "$profile" "$rank" "$job"
    done
}
printf '%s\n' $'p\ta\t3' $'p\tb\t2' $'p\tc\t0' $'p\td\t1' $'q\ta\t1' >grades
value() { # NAME: of the score in `out`
    awk -F '\t' -v name="$1" '$1 == name { print $2 }' out
}

# p: 3/log2(2) + 7/log2(3) + 0/log2(4) + 1/log2(5) = 7.8472 of 7 + 3/log2(3) + 1/2 = 9.3928; q: 1 of 1
{ match p b a c d && match q a; } | score --grades=grades >out
is "$(value ndcg@10) $(value mrr) $(value unjudged) $(value profiles)" "0.9177 0.5000 0.0000 2" "a ranking worked out by hand"
match p b a c d | score --grades=grades --each >out
is "$(value p) $(value ndcg@10)" "0.8354 0.4177" "a profile without lines counts as 0"
{ match p a b d c && match q a; } | score --grades=grades >out
is "$(value ndcg@10)" 1.0000 "the best order is 1"
match p x y a | score --grades=grades >out # 7/log2(4) = 3.5 of 9.3928, for one of two profiles
is "$(value ndcg@10) $(value mrr) $(value unjudged)" "0.1863 0.1667 0.6667" "what nobody judged counts as 0 and is told"
match p 1 2 3 4 5 6 7 8 9 10 a | score --grades=grades >out
is "$(value ndcg@10) $(value mrr)" "0.0000 0.0455" "only the first ten count, except for the first good one"
match p b a c d | sort -r | score --grades=grades --each | awk -F '\t' '$1 == "p" { print $2 }' >got
is "$(cat got)" 0.8354 "ranks, not lines, give the order"
printf '%s\n' $'p\tdev' $'q\theld-out' >halves
{ match p b a c d && match q a; } | score --grades=grades --split=halves --part=held-out >out
is "$(value ndcg@10) $(value profiles)" "1.0000 1" "a part of the profiles"

match p a a >in
expect 65 "a job twice" score --grades=grades in >out
has "$tmp/err" "in:2: rank or job twice for p" "is named"
match z a >in
expect 65 "a profile without grades" score --grades=grades in >out
echo '{"profile":"p"}' >in
expect 65 "a line that is no match" score --grades=grades in >out

# The set is what its sources make.
mkdir made
"$PYTHON" "$set/make" made
for file in profiles.jsonl jobs.jsonl full.jsonl grades.tsv split.tsv; do
    same "made/$file" "$set/$file" "$file is what the sources make"
done
is "$(jq -s 'length == (map([.source, .id]) | unique | length)' "$set/jobs.jsonl")" true "no job twice"
is "$(cut -f 2 "$set/grades.tsv" | sort -u | join -v 1 - <(jq -r .id "$set/jobs.jsonl" | sort) | wc -l)" 0 "grades are of jobs that are there"
is "$(awk -F '\t' '$3 == 3' "$set/grades.tsv" | cut -f 1 | uniq -c | awk '$1 >= 5' | wc -l)" "$(wc -l <"$set/profiles.jsonl")" \
    "every profile has five jobs to apply for today"
is "$(cut -f 1 "$set/grades.tsv" | uniq -c | awk '$1 < 25' | wc -l)" 0 "and twenty-five judged ones"

# Rankers stand in the order in which they must, and the set is neither solved by words nor beyond them.
"$PYTHON" "$set/measure" --only=bm25,random --buys=0,50 >out
ndcg() { # RANKER FULL-TEXTS
    sed -n "s/^$1  *$2  *\([0-9.]*\) .*/\1/p" out
}
check "words beat chance" awk "BEGIN { exit !($(ndcg BM25 0) > $(ndcg 'random order' 0) + 0.2) }"
check "full texts help" awk "BEGIN { exit !($(ndcg BM25 50) > $(ndcg BM25 0) + 0.05) }"
check "words alone do not solve it" awk "BEGIN { exit !($(ndcg BM25 50) < 0.85) }"

# Titles: three of one group, two of another. By shared words "truck driver" finds "driver" first, "pilot" nothing.
printf '%s\n' $'d\ttruck driver' $'d\tDriver' $'d\tdriver' $'d\ttrucker' $'n\tnurse' $'n\ttruck nurse' $'x\tPilot' >titles.tsv
"$PYTHON" "$set/titles" --no-model titles.tsv >out # driver: 1, truck driver: 1, trucker: 0, nurse: 1, truck nurse: 1, of 5
has out "6 titles of 3 groups" "titles that differ by case are one"
is "$(awk '/^shared/ { print $3, $4 }' out)" "5 0.8000" "titles by shared words, worked out by hand"

# Vectors of two dimensions: (1,0) (0.8,0.6) (0,1) of groups 1 2 1; only the ones of group 1 have kin, each behind the other group.
floats() { # GROUP X Y
    "$PYTHON" -c 'import struct, sys; sys.stdout.buffer.write(struct.pack("=Iff", int(sys.argv[1]), *map(float, sys.argv[2:])))' "$@"
}
{ floats 1 1 0 && floats 2 0.8 0.6 && floats 1 0 1; } >vectors
is "$(nearest 2 10 <vectors | tr '\t' ' ')" "2 0.5000 0.0000 1.0000" "titles by vectors, worked out by hand"
head -c 20 vectors >part
expect 65 "a vector that is cut off" nearest 2 10 <part
done_testing
