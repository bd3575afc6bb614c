"""What a line costs as the distinct keys grow."""

import math
import os

from harness import Contender

TITLE = "the cost of a line as the distinct pairs grow"
LEAST_LINES = {"full": 3000000, "quick": 1000000, "tiny": 10000}
FAR = 10**8


def run(bench):
    floor = os.path.join(bench.tools, "floor")
    one = bench.threads("jl-dedupe", 1)
    points, rows, least = [], [], 0
    for n in bench.size.distinct:
        lines = max(LEAST_LINES[bench.size_name], n)
        name = "pairs-%d-in-%d.jsonl" % (n, lines)
        path = bench.made(name, "generate --lines=%d --distinct=%d --seed=3 --shape=pair --zipf=0" % (lines, n))
        if os.path.getsize(path) > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 3:
            bench.note("%s: not measured, it does not fit in memory beside the rest." % power(n))
            continue
        bench.warm(path)
        racers = [
            Contender("key", "%s key %s" % (floor, path)),
            Contender("dedupe", "jl-dedupe %s %s > /dev/null" % (one, path)),
        ]
        if n > 5000000:
            for racer in racers:
                racer.rounds = min(3, bench.rounds)
        costs = bench.race(racers)
        ns = {k: c.cpu / lines * 1e9 for k, c in costs.items()}
        least = least or costs["dedupe"].rss
        per_key = (costs["dedupe"].rss - least) / n
        points.append((math.log10(n), ns["dedupe"], per_key))
        rows.append(
            [
                power(n),
                "%d" % lines,
                "%.0f" % ns["dedupe"],
                "%.0f" % ns["key"],
                "%.0f" % (costs["dedupe"].rss / 2**20),
                "%.1f" % per_key if n >= 10**6 else "",
                str(costs["dedupe"].runs),
            ]
        )
    if len(points) >= 3 and bench.size_name != "tiny":
        slope, at = line_through([(x, y) for x, y, _ in points[-3:]])
        rows.append(
            [
                power(FAR) + ", extrapolated",
                "",
                "%.0f" % (at + slope * math.log10(FAR)),
                "",
                "%.0f" % (FAR * points[-1][2] / 2**20),
                "",
                "",
            ]
        )
    bench.table(
        "lines of a pair alone, each pair as likely as any other; ns of CPU a line",
        ["distinct pairs", "lines", "jl-dedupe", "up to the key", "MiB", "bytes a key", "runs"],
        rows,
    )
    if rows[-1][0].endswith("extrapolated"):
        bench.note(
            "%s is no measurement: it is the straight line through the last three points over the logarithm."
            % power(FAR)
        )


def power(n):
    e = int(math.log10(n) + 1e-9)
    return ("10^%d" if n == 10**e else "%d·10^%%d" % (n // 10**e)) % e


def line_through(points):
    """Slope and value at 0 of the least-squares line."""
    n = len(points)
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    slope = sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
    return slope, my - slope * mx
