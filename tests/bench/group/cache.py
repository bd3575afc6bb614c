"""Pairs a second, asked of the cache and stored in it."""

import os
import statistics

from harness import Contender, Disagreement, ratio

TITLE = "the cache: pairs a second"
BUCKETS = 1 << 17  # lib/bucket/layout.h
PAIR = 7  # bytes in a bucket
BATCH = 1000000


def pairs_file(bench, n, answers):
    name = "%s-%d.jsonl" % ("answers" if answers else "pairs", n)
    return bench.made(
        name, "generate --lines=%d --distinct=%d --seed=11 --shape=pair%s" % (n, n, " --answers" if answers else "")
    )


def asked_file(bench, stored, n):
    """The first N of the stored pairs, without their answers; their hashes, and so their buckets, follow no order."""
    return bench.made(
        "pairs-%d-of-%d.jsonl" % (n, stored),
        "{ generate --lines=%d --distinct=%d --seed=11 --shape=pair || :; } | head -n %d" % (stored, stored, n),
    )


def benchmark_get(bench, port, value_bytes):
    """GET a second of redis-benchmark -c 1 -P 100 over values of VALUE_BYTES, in a database of its own."""
    common = "redis-benchmark -p %d --dbnum 1 -c 1 -P 100 -r %d --csv" % (port, BUCKETS)
    return common + " -t set -d %d -n %d" % (value_bytes, 5 * BUCKETS), common + " -t get -n %d" % (
        2000000 if bench.size_name == "full" else 300000
    )


def requests_per_second(text):
    for line in text.splitlines():
        if line.startswith('"GET"') or line.startswith('"SET"'):
            return float(line.split(",")[1].strip('"'))
    raise Disagreement("redis-benchmark says nothing: %s" % text)


def run(bench):
    for stored in bench.size.stored:
        measure_size(bench, stored)


def measure_size(bench, stored):
    _, port = bench.start_redis()
    caches = {"SQLite": "sqlite:" + bench.path("state", "cache.db"), "Redis": "redis://127.0.0.1:%d/0" % port}
    asked = min(bench.size.lookups, stored)
    answers, questions = pairs_file(bench, stored, True), asked_file(bench, stored, asked)
    bench.warm(answers, questions)
    rounds = 1 if stored >= 4 * asked else min(3, bench.rounds)
    rows = []
    for name, cache in caches.items():
        runs = []
        for r in range(rounds):
            if r:
                bench.sh("senior-cache -C %s drop 2> /dev/null" % cache)
            runs += bench.measure(Contender("put, " + name, "senior-cache -C %s put %s > /dev/null" % (cache, answers)))
        wall, cpu = (statistics.median(getattr(c, n) for c in runs) for n in ("wall", "cpu"))
        rows.append(row("put, " + name, stored, wall, cpu, rounds))
        bench.target(
            "senior-cache put, %s, %s pairs" % (name, millions(stored)),
            1,
            stored / wall / 1e6,
            at_most=False,
            unit=" M/s",
        )
    known = bench.sh("senior-cache -C %s get %s | grep -c seniority" % (caches["SQLite"], questions)).strip()
    other = bench.sh("senior-cache -C %s get %s | grep -c seniority" % (caches["Redis"], questions)).strip()
    if known != str(asked) or other != str(asked):
        raise Disagreement("of %d pairs stored SQLite finds %s and Redis %s" % (asked, known, other))

    racers = []
    for name, cache in caches.items():
        racers.append(Contender("get, " + name, "cat %s | senior-cache -C %s get > /dev/null" % (questions, cache)))
        racers.append(
            Contender(
                "get --batch=1000000, " + name,
                "cat %s | senior-cache -C %s --batch=%d get > /dev/null" % (questions, cache, BATCH),
            )
        )
    value = max(PAIR, stored * PAIR // BUCKETS)
    fill, get = benchmark_get(bench, port, value)
    bench.sh(fill)
    rates = []
    costs = bench.race(
        racers + [Contender("redis-benchmark", "%s > %s" % (get, bench.path("state", "benchmark.csv")))],
        after=lambda: rates.extend(read_rate(bench)),
    )
    plain = statistics.median(rates)
    for name, c in costs.items():
        if name != "redis-benchmark":
            rows.append(row(name, asked, c.wall, c.cpu, c.runs))
    rows.append(["redis-benchmark -c 1 -P 100 GET, %d bytes" % value, "%.2f" % (plain / 1e6), "", "", str(len(rates))])
    bench.table(
        "%s pairs stored, %s asked" % (millions(stored), millions(asked)),
        ["", "M pairs/s", "ns a pair", "CPU ns a pair", "runs"],
        rows,
    )
    speed = lambda name: asked / costs[name].wall / 1e6
    bench.target(
        "senior-cache get, SQLite, %s pairs" % millions(stored), 0.5, speed("get, SQLite"), at_most=False, unit=" M/s"
    )
    bench.target(
        "senior-cache get, Redis, %s pairs: of redis-benchmark's GET" % millions(stored),
        0.8,
        ratio(speed("get, Redis") * 1e6, plain),
        at_most=False,
    )
    for name in caches:
        bench.target(
            "senior-cache get --batch=1000000, %s, %s pairs" % (name, millions(stored)),
            1.5,
            speed("get --batch=1000000, " + name),
            at_most=False,
            unit=" M/s",
        )
    bench.settle()


def row(name, pairs, wall, cpu, runs):
    return [name, "%.2f" % (pairs / wall / 1e6), "%.0f" % (wall / pairs * 1e9), "%.0f" % (cpu / pairs * 1e9), str(runs)]


def read_rate(bench):
    path = bench.path("state", "benchmark.csv")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        rate = requests_per_second(f.read())
    os.unlink(path)
    return [rate]


def millions(n):
    return "%gM" % (n / 1e6)
