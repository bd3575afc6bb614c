"""What a paid call costs in the ledger: three steps, against bare synchronous commits on the same disk, and in a Redis server's time."""

import os
import statistics

from harness import Disagreement

TITLE = "a call held, sent and settled"

PROCESSES = (1, 16)


def server_seconds(bench, port):
    """What the server says it has spent on scripts."""
    said = bench.sh("redis-cli -p %d info commandstats" % port)
    usec = 0
    for line in said.splitlines():
        if line.startswith("cmdstat_eval"):
            usec += int(line.split("usec=")[1].split(",")[0])
    return usec / 1e6


def run(bench):
    load = os.path.join(bench.tools, "gate_load")
    calls = {"full": 1000, "quick": 300, "tiny": 60}[bench.size_name]
    _, port = bench.start_redis()
    ledger, bare = bench.path("state", "ledger.db"), bench.path("state", "bare.db")
    bench.sh("rm -f %s %s" % (ledger, bare))
    work = {
        "bare commits": "bare %s %d" % (bare, 3 * calls),
        "SQLite": "hold sqlite:%s %d" % (ledger, calls),
        "Redis": "hold redis://127.0.0.1:%d/0 %d" % (port, calls),
    }
    took, served = {}, []
    pairs = "pair redis://127.0.0.1:%d/0 %d 1" % (port, calls)
    for _ in range(bench.rounds):
        for processes in PROCESSES:
            for name, command in work.items():
                seconds, steps = bench.sh("%s %s %d" % (load, command, processes)).split()
                took.setdefault((name, processes), []).append(float(seconds) / int(steps))
        before = server_seconds(bench, port)
        bench.sh("%s %s" % (load, pairs))
        served.append((server_seconds(bench, port) - before) / calls)
    step = {key: statistics.median(times) for key, times in took.items()}
    if min(step.values()) <= 0:
        raise Disagreement("a ledger took no time")
    rows = [
        [
            "%s, %d process%s" % (name, processes, "" if processes == 1 else "es"),
            "%.3f" % (1000 * seconds),
            "%.2f" % (seconds / step["bare commits", processes]),
            "%.0f" % (1 / seconds / (3 if name != "bare commits" else 1)),
        ]
        for (name, processes), seconds in sorted(step.items(), key=lambda item: item[0][1])
    ]
    bench.table(
        "%d calls, each three steps: reserve, send, settle; a bare commit changes one row" % calls,
        ["", "ms a step", "× bare", "calls (bare: commits) a second"],
        rows,
    )
    bench.target("a step in SQLite / a bare commit", 1.5, step["SQLite", 1] / step["bare commits", 1])
    bench.target("the server's time for reserve and settle in Redis", 0.2, 1000 * statistics.median(served), unit=" ms")
    bench.note("Reserve and settle take %.0f µs of the Redis server's time together." % (1e6 * statistics.median(served)))
