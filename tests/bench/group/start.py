"""What a program costs that does nothing: --version against an empty program with the same libraries."""

import re
import shutil
import statistics

from harness import Contender

TITLE = "start-up: CPU of --version"
PROGRAMS = ["jl-dedupe", "jl-augment", "senior-cache", "senior-grpc", "senior-model"]
FREE = ("libc.so", "libxxhash.so", "libm.so", "ld-linux")


def libraries(bench, program):
    """[(name, path)] that the program asks for itself; their own come with them."""
    path = shutil.which(program)
    needed = re.findall(r"NEEDED.*\[(.*)\]", bench.sh("readelf -d %s" % path))
    where = dict(re.findall(r"(\S+) => (\S+)", bench.sh("ldd %s" % path)))
    return [(name, where[name]) for name in needed if name in where]


def run(bench):
    times = {"full": 40, "quick": 10, "tiny": 2}[bench.size_name]
    source = bench.path("state", "empty.c")
    with open(source, "w", encoding="ascii") as f:
        f.write("int main(void) { return 0; }\n")
    racers, linked = [], {}
    for program in PROGRAMS:
        linked[program] = libraries(bench, program)
        empty = bench.path("state", "empty-" + program)
        bench.sh(
            "${CC:-cc} -O2 -pie -fPIE -Wl,-z,now -Wl,--no-as-needed -o %s %s %s"
            % (empty, source, " ".join(p for _, p in linked[program]))
        )
        racers += [Contender(program, program + " --version"), Contender("empty, as " + program, empty)]
    samples = {c.name: [] for c in racers}
    for r in range(bench.rounds):
        for c in racers[r % len(racers) :] + racers[: r % len(racers)]:
            samples[c.name] += bench.measure(c, times)
    cpu = {name: statistics.median(c.cpu for c in runs) * 1000 for name, runs in samples.items()}
    rows = []
    for program in PROGRAMS:
        empty = cpu["empty, as " + program]
        others = [name.split(".so")[0] for name, _ in linked[program] if not name.startswith(FREE)]
        rss = statistics.median(c.rss for c in samples[program])
        rows.append(
            [
                program,
                "%.2f" % cpu[program],
                "%.2f" % empty,
                "%.2f" % (cpu[program] - empty),
                "%.1f" % (rss / 2**20),
                " ".join(others) or "-",
            ]
        )
        bench.target("%s --version: CPU above an empty program" % program, 1.5, cpu[program] - empty, unit=" ms")
        if program in ("jl-dedupe", "jl-augment"):
            bench.target("%s: libraries besides libc and xxhash" % program, 0, len(others), unit="")
    bench.table(
        "ms of CPU, %d runs" % (times * bench.rounds),
        ["", "--version", "empty", "above", "MiB", "libraries besides libc and xxhash"],
        rows,
    )
