"""What more threads bring."""

import os

from harness import Contender

TITLE = "threads: 1 to one more than there are cores"


def run(bench):
    cores = os.cpu_count() or 1
    counts = [n for n in sorted({1, 2, 3, 4, cores, cores + 1}) if n <= cores + 1]
    for program in ("jl-dedupe", "jl-augment"):
        if bench.threads(program, 2) is None:
            bench.note("%s has no --threads." % program)
            continue
        for shape in ("short", "long"):
            path = bench.input(shape)
            rest = "--keys-only" if program == "jl-dedupe" else "-t " + bench.table_for(path)
            bench.warm(path)
            name = lambda n: "%d thread%s" % (n, "s" if n > 1 else "")
            racers = [Contender("default", "%s %s %s > /dev/null" % (program, rest, path))]
            racers += [
                Contender(name(n), "%s --threads=%d %s %s > /dev/null" % (program, n, rest, path)) for n in counts
            ]
            costs = bench.race(racers)
            bench.cost_table("%s, %s, against one thread" % (program, shape), costs, name(1), os.path.getsize(path))
