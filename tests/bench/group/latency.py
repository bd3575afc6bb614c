"""How long one line takes through the whole chain at rest, from a producer that sends one now and then."""

from group.chain import pipe, sentence
from harness import Disagreement

TITLE = "latency of one line at rest, a cache hit"
PAUSE = 2  # ms between lines


def percentile(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def run(bench):
    lines = bench.size.probes + 20
    # All pairs differ, so that each line goes the whole way.
    path = bench.made(
        "probes-%d.jsonl" % lines, "generate --lines=%d --distinct=%d --seed=5 --shape=short" % (lines, lines)
    )
    _, port = bench.start_redis()
    _, model = bench.start_model()
    caches = {"SQLite": "sqlite:" + bench.path("state", "latency.db"), "Redis": "redis://127.0.0.1:%d/0" % port}
    chains = {"cat": "cat", "cat | cat | cat": "cat | cat | cat"}
    for name, cache in caches.items():
        bench.sh(sentence(cache, model, path, "/dev/null"))
        chains["sentence, " + name] = sentence(cache, model, "/dev/stdin", "/dev/stdout")
        chains["plain pipe, " + name] = pipe(cache, model, "/dev/stdin", "/dev/stdout")
    took = {name: [] for name in chains}
    for _ in range(2):
        for name, command in chains.items():
            out = bench.sh(
                "%s %s/peers/latency.py %d %d %s '%s'"
                % (bench.python, bench.here, bench.size.probes // 2, PAUSE, path, command)
            )
            took[name] += [float(t) for t in out.split()]
    rows, middle = [], {}
    for name, times in took.items():
        if len(times) != bench.size.probes // 2 * 2:
            raise Disagreement("%s lost lines" % name)
        times.sort()
        middle[name] = {p: percentile(times, p) * 1000 for p in (0.5, 0.9, 0.99)}
        rows.append(
            [name]
            + ["%.3f" % middle[name][p] for p in (0.5, 0.9, 0.99)]
            + ["%.3f" % (times[-1] * 1000), str(len(times))]
        )
    bench.table(
        "ms from writing a line to having it back, one every %d ms" % PAUSE,
        ["", "p50", "p90", "p99", "longest", "lines"],
        rows,
    )
    for name in chains:
        if name.startswith(("sentence", "plain")):
            added = {p: middle[name][p] - middle["cat"][p] for p in (0.5, 0.99)}
            bench.target("one line through the %s: added to cat, median" % name, 1, added[0.5], unit=" ms")
            bench.target("one line through the %s: added to cat, 99 of 100" % name, 1, added[0.99], unit=" ms")
