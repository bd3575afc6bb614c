"""One file a minute and one day of production, cold and warm: what they cost, and where the time goes."""

import json
import os

from harness import Contender, Disagreement

TITLE = "one file and one day of production, cold and warm"

STATS = "stats"
OUT = "answered"
# A file of a minute; a day of them, with 3 pairs in 100 lines distinct; a tenth of the day for the scaling.
FILE, DAY = (5600, 1500), (8000000, 240000)


def sentence(bench, cache, model, path):
    stats = bench.path("state", STATS)
    return (
        "jl-augment --stats=%s -o %s -i %s senior-cache --stats=%s -C %s fill senior-grpc --stats=%s -s %s --rate=0"
        % (stats, bench.path("out", OUT), path, stats, cache, stats, model)
    )


def took(bench):
    """What the programs of the last run said about themselves, as one dictionary: seconds, and times in ms."""
    all_of = {}
    with open(bench.path("state", STATS), encoding="utf-8") as f:
        for line in f:
            one = json.loads(line)
            all_of[one["program"]] = one
    os.unlink(bench.path("state", STATS))
    cache, model, lines = (all_of.get(name, {}) for name in ("senior-cache", "senior-grpc", "jl-augment"))
    if lines.get("status") != 0 or lines.get("unanswered") != 0:
        raise Disagreement("a line was left without an answer: %s" % lines)
    return {
        "seconds": lines["seconds"],
        "read": cache.get("cache_read_ms", 0),
        "write": cache.get("cache_write_ms", 0),
        "model": model.get("model_wait_ms", 0),
        "asked": model.get("pairs_asked", 0),
        "calls": model.get("calls", 0),
    }


def share(told, what):
    """The median of the runs: part of the wall time, in percent."""
    shares = sorted(100 * t[what] / 1000 / t["seconds"] for t in told)
    return "%.0f %%" % shares[len(shares) // 2]


def run(bench):
    day = tuple(n * bench.size.short[0] // 5000000 for n in DAY)  # smaller runs: a tenth, a 250th
    parts = {
        "a file": FILE,
        "a tenth of a day": tuple(n // 10 for n in day),
        "a day": day,
    }
    redis, port = bench.start_redis()
    _, model = bench.start_model()
    database = bench.path("state", "production.db")
    caches = {
        "SQLite": ("sqlite:" + database, "rm -f %s" % database),
        "Redis": ("redis://127.0.0.1:%d/0" % port, "redis-cli -p %d flushall > /dev/null" % port),
    }
    racers, told, served, size = [], {}, {}, {}
    for part, (lines, distinct) in parts.items():
        path = bench.made(
            "production-%d.jsonl" % lines, "generate --lines=%d --distinct=%d --seed=7 --shape=short" % (lines, distinct)
        )
        bench.warm(path)
        for name, (cache, empty) in caches.items():
            command = sentence(bench, cache, model, path)
            # Cold comes right before warm, which finds what it has stored.
            for state, said in (("cold", "%s; %s" % (empty, command)), ("warm", command)):
                racer = Contender("%s, %s, %s" % (part, name, state), said)
                racers.append(racer)
                told[racer.name], served[racer.name], size[racer.name] = [], [], lines
    costs = {racer.name: [] for racer in racers}
    for _ in range(bench.rounds):
        for racer in racers:
            before = bench.cpu_of(redis)
            costs[racer.name] += bench.measure(racer)
            served[racer.name].append(bench.cpu_of(redis) - before)
            told[racer.name].append(took(bench))
            bench.remove(OUT)
    middle = lambda values: sorted(values)[len(values) // 2]
    rows = []
    for name, runs in costs.items():
        asked = told[name][-1]["asked"]
        if name.endswith("warm") and asked:
            raise Disagreement("%s: %d pairs were asked again" % (name, asked))
        cpu = middle([c.cpu for c in runs])
        rows.append(
            [
                name,
                "%.3f" % middle([c.wall for c in runs]),
                "%.3f" % cpu,
                "%.2f" % (cpu / size[name] * 1e6),
                "%.2f" % middle(served[name]) if "Redis" in name else "",
                "%.0f" % (max(c.rss for c in runs) / 2**20),
                str(asked),
                share(told[name], "read"),
                share(told[name], "write"),
                share(told[name], "model"),
            ]
        )
    bench.table(
        "the sentence on %d, %d and %d lines; the model answers at once" % tuple(n for n, _ in parts.values()),
        ["", "s", "CPU s", "CPU µs a line", "server's CPU s", "MiB", "pairs asked", "cache read", "written", "model"],
        rows,
    )
    bench.note(
        "The last three: part of the wall time in which the cache was read, was written, or a call to the model was out; the "
        "rest is lines. A model of 1000 pairs a second adds a second for each thousand pairs asked."
    )
    whole_object(bench, model, caches["SQLite"][0])


def whole_object(bench, model, cache):
    """senior-s3 around the same file: what the script costs."""
    path = bench.path("in", "production-%d.jsonl" % FILE[0])
    to = bench.path("out", OUT)
    racers = [
        Contender("the sentence", sentence(bench, cache, model, path)),
        Contender("senior-s3, file to file", "senior-s3 --force --rate=0 -C %s -s %s %s %s" % (cache, model, path, to)),
    ]
    if bench.have("aws"):
        # Everything that a request takes but the network.
        keys = "env AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_DEFAULT_REGION=eu-west-1"
        racers.append(Contender("aws s3 presign, once", keys + " aws s3 presign s3://bucket/key"))
    costs = bench.race(racers, after=lambda: bench.remove(OUT, OUT + ".manifest"))
    bench.cost_table("one file of %d lines, warm, SQLite" % FILE[0], costs, "the sentence")
    bench.note("From S3 and back takes four requests by aws on top: manifest, source, object, manifest.")
