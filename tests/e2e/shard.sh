#!/usr/bin/env bash
# jl-dedupe --shard: the outputs of N shards together are the unsharded output, whatever else is asked for.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

# Two inputs that share many of their pairs; some lines without a key, some with a key that is spelled otherwise.
generate --lines=4000 --distinct=900 --seed="$JL_SEED" >one.jsonl
{
    generate --lines=3000 --distinct=900 --seed="$JL_SEED" | tail -n 1500
    generate --lines=1000 --distinct=300 --seed="$((JL_SEED + 1))"
} >two.jsonl
"$PYTHON" - one.jsonl two.jsonl <<'END'
import json, sys
for name in sys.argv[1:]:
    out = []
    with open(name, encoding="utf-8") as f:
        for i, line in enumerate(f):
            out.append(line)
            if i % 50 == 0:
                out.append('{"company":"no title %d"}\n' % (i % 7))
            if i % 30 == 0:  # the same key, its company written in escapes
                job = json.loads(line)
                company = "".join("\\u%04x" % ord(c) if ord(c) < 0x10000 else c for c in job["company"])
                out.append('{"title":%s, "company":"%s"}\n' % (json.dumps(job["title"]), company))
    with open(name, "w", encoding="utf-8") as f:
        f.writelines(out)
END

# Lines of the unsharded output, with their numbers there, which every shard must keep in order.
in_order() { # SHARD WHOLE: the lines of SHARD are a subsequence of those of WHOLE
    "$PYTHON" - "$1" "$2" <<'END'
import sys
part, whole = (open(f, "rb").read().splitlines() for f in sys.argv[1:])
rest = iter(whole)
sys.exit(0 if all(any(line == other for other in rest) for line in part) else 1)
END
}

key_of() { # FILE: the key of each line that has one, its values decoded
    jq -c 'select(.company != null and .title != null) | [.company, .title]' "$1"
}

shards() { # N WHAT OPTION... -- FILE...: compares the shards with the whole
    local n=$1 what=$2 i options=() bad_order=0 empty=0
    shift 2
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    jl-dedupe -q ${options[@]+"${options[@]}"} "$@" >whole
    rm -f part.*
    for i in $(seq 0 $((n - 1))); do
        jl-dedupe -q ${options[@]+"${options[@]}"} --shard="$i/$n" "$@" >"part.$i" || diag "shard $i/$n ended with $?"
        in_order "part.$i" whole || bad_order=1
        [ -s "part.$i" ] || empty=$((empty + 1))
    done
    sort whole >wanted
    sort part.* >got
    same got wanted "$what, $n shards: together they are the whole"
    is "$bad_order" 0 "$what, $n shards: each in input order"
    # Lines without a key do not count: shard 0 has them all.
    is "$(for i in part.*; do key_of "$i" | sort -u; done | sort | uniq -d | wc -l)" 0 "$what, $n shards: no key is in two"
    if [ "$n" -le 16 ]; then is "$empty" 0 "$what, $n shards: none is empty"; fi
}

for n in 1 2 3 7 16 64; do
    shards "$n" "plain" -- one.jsonl two.jsonl
done
is "$(grep -l 'no title' part.* | paste -sd ' ')" part.0 "lines without a key are all in shard 0"
shards 3 "--no-key=drop" --no-key=drop -- one.jsonl two.jsonl
is "$(cat part.* | grep -c 'no title')" 0 "--no-key=drop drops them in every shard"
shards 4 "--keys-only" --keys-only -- one.jsonl two.jsonl
shards 4 "--keys-only --count" --keys-only --count -- one.jsonl two.jsonl
shards 3 "--repeated" --repeated -- one.jsonl two.jsonl
shards 3 "--unique" --unique -- one.jsonl two.jsonl
shards 5 "--threads" --threads=3 -- one.jsonl two.jsonl
shards 5 "another key" -k title -- one.jsonl two.jsonl
cp part.0 threads.0
jl-dedupe -q -k title --threads=4 --shard=0/5 one.jsonl two.jsonl | cmp -s - threads.0
is "$?" 0 "with threads a shard is the same"

# The same key is in the same shard of whatever it comes in: two files, another order, through a pipe.
agree=0
for i in 0 1 2 3 4; do
    jl-dedupe -q --shard="$i/5" one.jsonl | key_of - | sort >a
    jl-dedupe -q --shard="$i/5" two.jsonl | key_of - | sort >b
    for j in 0 1 2 3 4; do
        [ "$i" = "$j" ] || [ -z "$(jl-dedupe -q --shard="$j/5" two.jsonl | key_of - | sort | comm -12 a -)" ] || agree=1
    done
    [ -n "$(comm -12 a b)" ] || agree=1
    tac one.jsonl | jl-dedupe -q --shard="$i/5" | key_of - | sort | cmp -s - a || agree=1
done
is "$agree" 0 "two files, and one read backwards, have the same keys in the same shards"
# And of every later version: these are what shards were when the format was frozen.
is "$(for i in 0 1 2; do printf '{"company":"C%d","title":"T"}\n' {1..9} | jl-dedupe --shard="$i/3" | jq -r .company | paste -sd ' '; done)" \
    $'C1 C4 C8\nC2 C7 C9\nC3 C5 C6' "the keys are where they have always been"

# Bad lines have no key and belong to no shard: each run meets them all, and each account is right by itself.
{
    head -n 500 one.jsonl
    echo '{"company":"bad"'
    sed -n '501,700p' one.jsonl
    echo nonsense
} >bad.jsonl
jl-dedupe -q --rejects=rejects --stats=whole.stats bad.jsonl >whole
for i in 0 1 2; do
    jl-dedupe -q --rejects="rejects.$i" --reasons="reasons.$i" --stats=stats --shard="$i/3" bad.jsonl >"part.$i"
    same "rejects.$i" rejects "--rejects: shard $i has put aside every bad line"
done
is "$(jq -s 'all(.[]; .rejected == 2 and .lines_in == .lines_out + .rejected + .dropped)' stats)" true "each account adds up"
is "$(jq -s 'map(.lines_out) | add' stats)" "$(jq .lines_out whole.stats)" "their lines together are as many as of the whole"
sort part.0 part.1 part.2 | cmp -s - <(sort whole)
is "$?" 0 "and the same"
cmp -s reasons.0 reasons.2
is "$?" 0 "with the same reasons"

# A seen-set of each machine's own, or one for all.
for seen in own shared; do
    rm -f ./*.db
    for round in 1 2; do
        for i in 0 1 2; do
            db=$seen.db
            [ "$seen" = shared ] || db=$seen.$i.db
            jl-dedupe -q --no-key=drop --seen="sqlite:$db" --shard="$i/3" one.jsonl >"round.$round.$i"
        done
    done
    jl-dedupe -q --no-key=drop one.jsonl | sort >wanted
    sort round.1.* >got
    same got wanted "--seen ($seen): the first runs together are the whole"
    is "$(cat round.2.* | wc -l)" 0 "--seen ($seen): the second ones pass nothing"
done
is "$(jl-dedupe -q --no-key=drop --seen=sqlite:shared.db one.jsonl | wc -l)" 0 "what shards have seen, the whole has seen"
jl-dedupe -q --no-key=drop --seen=sqlite:shared.db two.jsonl | sort >got
cat one.jsonl two.jsonl | jl-dedupe -q --no-key=drop | sort | comm -13 <(jl-dedupe -q --no-key=drop one.jsonl | sort) - >wanted
same got wanted "and only what is new in another file passes"
done_testing
