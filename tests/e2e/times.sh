#!/usr/bin/env bash
# What --stats says about time: in the cache, for the command, for the model; never more than the run took.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

awk 'BEGIN { for (i = 0; i < 400; i++) printf "{\"company\":\"C\",\"title\":\"T%d\"}\n", i }' >in.jsonl
jq -c '.seniority = 3' in.jsonl >answered.jsonl

figure() { # FIGURE LEAST WHAT: at least so many ms, and no more than the run took
    is "$(jq "(.$1 >= $2) and (.$1 <= .seconds * 1000 + 1)" stats)" true "$3: $1 is $(jq ".$1" stats) of $(jq '.seconds * 1000 | round' stats) ms"
}

# Four calls at once, each of 400 ms: together they take little more than one.
start_python_model --delay=0.4 || exit
senior-grpc -q -s "$MODEL" -b 100 -j 4 --rate=0 --stats=stats in.jsonl >out
is "$(jq .calls stats)" 4 "four calls"
figure model_wait_ms 400 "the model was waited for"
rm stats

# One after the other: the times add up.
senior-grpc -q -s "$MODEL" -b 200 -j 1 --rate=0 --stats=stats in.jsonl >out
figure model_wait_ms 800 "one call after the other"
rm stats

start_redis || exit
pause() { # the server answers nothing for a second
    redis-cli -p "$REDIS_PORT" client pause 1000 >/dev/null
}
pause
senior-cache -q -C "$REDIS_URL" --stats=stats put answered.jsonl >out
figure cache_write_ms 0 "put"
is "$(jq '.cache_write_ms + .cache_read_ms >= 200' stats)" true "put: the store was waited for, $(jq .cache_read_ms stats) ms reading and $(jq .cache_write_ms stats) ms writing"
is "$(jq '.cache_writes >= 1' stats)" true "put: cache_writes"
rm stats
pause
senior-cache -q -C "$REDIS_URL" --stats=stats get in.jsonl >out
figure cache_read_ms 200 "get"
is "$(jq '.cache_reads >= 1' stats)" true "get: cache_reads"
rm stats
senior-cache -q -C "sqlite:$PWD/fill.db" --stats=stats fill -i in.jsonl sh -c 'cat >questions; sleep 0.4; jq -c ".seniority = 2" questions' >out
figure command_wait_ms 400 "fill: the command was waited for"
figure cache_write_ms 0 "fill"
is "$(jq '.cache_writes >= 1 and .cache_reads >= 1 and .stored == 400' stats)" true "fill: reads and writes"
rm stats
senior-cache -q -C "sqlite:$PWD/fill.db" --stats=stats fill -i in.jsonl cat >out
is "$(jq '.command_wait_ms == 0 and .hits == 400' stats)" true "fill: a command that is asked nothing is not waited for"
done_testing
