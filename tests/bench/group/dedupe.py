"""The distinct (company, title) pairs of a file: jl-dedupe against the programs that people use for it."""

import csv
import json
import os

from harness import Contender, Disagreement, median_cost, ratio

TITLE = "distinct pairs: jl-dedupe --keys-only"
CHECKED = 10  # of the inputs whose answers are many the first tenth is compared
SLOWEST = ("jq", "gojq", "Miller")


def duckdb(bench, threads, path, out):
    sql = (
        "COPY (SELECT DISTINCT company, title FROM read_json('%s', format = 'newline_delimited',"
        " columns = {company: 'VARCHAR', title: 'VARCHAR'})) TO '%s' (FORMAT csv, HEADER false)" % (path, out)
    )
    return 'node %s/peers/duckdb.js %d "%s"' % (bench.here, threads, sql)


def contenders(bench, path, out):
    """[(Contender, format of its answers)]; OUT is where they go."""
    cores = min(2, os.cpu_count() or 1)
    found = []
    for n in (1, 2):
        option = bench.threads("jl-dedupe", n)
        if option is not None:
            found.append((Contender(ours(n), "jl-dedupe %s --keys-only %s > %s" % (option, path, out)), "lines"))
        if bench.duckdb and n <= cores:
            found.append((Contender(theirs(n), duckdb(bench, n, path, out), own_clock=True), "csv"))
    slow = bench.size.slow
    pairs = "-c '[.company,.title]' %s | LC_ALL=C sort -u > %s" % (path, out)
    found.append(
        (
            Contender(
                "mawk | sort -u",
                "mawk -f %s/peers/pairs.awk %s | LC_ALL=C sort -u > %s" % (bench.here, path, out),
                slow,
            ),
            "lines",
        )
    )
    found.append(
        (Contender("Python", "%s %s/peers/dedupe.py %s > %s" % (bench.python, bench.here, path, out), slow), "lines")
    )
    if bench.have("mlr"):
        found.append(
            (
                Contender(
                    "Miller",
                    "mlr --ijsonl --ojsonl head -n 1 -g company,title then cut -o -f company,title %s > %s"
                    % (path, out),
                    slow,
                ),
                "lines",
            )
        )
    if bench.have("gojq"):
        found.append((Contender("gojq | sort -u", "gojq " + pairs, slow), "lines"))
    found.append((Contender("jq | sort -u", "jq " + pairs, slow), "lines"))
    return found


def ours(threads):
    return "jl-dedupe, %d thread%s" % (threads, "s" if threads > 1 else "")


def theirs(threads):
    return "DuckDB, %d thread%s" % (threads, "s" if threads > 1 else "")


def answers(path, form):
    """The set of pairs in a file of answers, whatever their spelling."""
    with open(path, encoding="utf-8", newline="" if form == "csv" else None) as f:
        if form == "csv":
            return {tuple(row) for row in csv.reader(f)}
        found = set()
        for line in f:
            value = json.loads(line)
            found.add((value["company"], value["title"]) if isinstance(value, dict) else tuple(value))
        return found


def cannot(name, shape):
    """What a peer gets wrong on an input by design, or None."""
    if shape == "mixed" and name.startswith("mawk"):
        return "takes JSON for text: nested, repeated and escaped names mislead it"
    if shape == "mixed" and name.startswith("DuckDB"):
        return "refuses an object with two members of the same name; compared on the lines without such, and not timed"
    return None


def once_only(bench, path):
    """The lines of a file in which no member comes twice."""
    program = (
        "import json,sys\n"
        "def once(pairs):\n"
        "    global twice\n"
        "    twice |= len(dict(pairs)) != len(pairs)\n"
        "for line in sys.stdin:\n"
        "    twice = False\n"
        "    json.loads(line, object_pairs_hook=once)\n"
        "    twice or sys.stdout.write(line)\n"
    )
    return bench.made(os.path.basename(path) + ".once", "%s -c '%s' < %s" % (bench.python, program, path))


def check(bench, shape, path):
    """All give the same set of pairs, on the whole input or on its first lines. Returns {name: Cost} of those that need
    not run again, because they run once and were measured on the whole input now."""
    whole = shape not in ("unique", "mixed")
    if not whole:
        path = bench.slice(path, getattr(bench.size, shape)[0] // CHECKED)
    once = {}
    out = bench.path("out", "pairs")
    wanted, notes = {}, []
    for contender, form in contenders(bench, path, out):
        on = path
        why_not = cannot(contender.name, shape)
        if why_not:
            notes.append("%s %s." % (contender.name.split(",")[0].split(" |")[0], why_not))
            if "compared on" not in why_not:
                continue
            on = once_only(bench, path)
            contender, form = next(c for c in contenders(bench, on, out) if c[0].name == contender.name)
        cost = median_cost(bench.measure(contender))
        if whole and contender.rounds == 1:
            once[contender.name] = cost
        got = answers(out, form)
        if on not in wanted:
            wanted[on] = got if contender.name == ours(1) else None
            if wanted[on] is None:
                bench.sh("jl-dedupe --keys-only %s > %s" % (on, out))
                wanted[on] = answers(out, "lines")
        if got != wanted[on]:
            missing, invented = wanted[on] - got, got - wanted[on]
            raise Disagreement(
                "%s and jl-dedupe differ on %s: it lacks %d pairs (e.g. %s) and has %d more (e.g. %s)"
                % (contender.name, shape, len(missing), sorted(missing)[:1], len(invented), sorted(invented)[:1])
            )
    lines = sum(1 for _ in open(path, "rb"))
    bench.note(
        "%s: all give the same %d pairs of %d lines.%s"
        % (shape, len(wanted[path]), lines, "".join(" " + n for n in dict.fromkeys(notes)))
    )
    return once


def run(bench):
    shapes = {shape: bench.input(shape) for shape in ("short", "long", "unique", "mixed")}
    checked = {}
    for shape, path in shapes.items():
        bench.warm(path)
        checked[shape] = check(bench, shape, path)
    for shape, path in shapes.items():
        bench.warm(path)
        racers = [Contender("wc -l", "wc -l %s" % path)] + [c for c, _ in contenders(bench, path, "/dev/null")]
        if shape == "mixed":
            racers = [c for c in racers if not c.name.startswith("DuckDB")]
        if bench.size_name == "quick" and shape in ("unique", "mixed"):
            racers = [c for c in racers if not c.rounds]
        if shape == "unique":
            racers = [c for c in racers if not c.name.startswith(SLOWEST)]
        if bench.duckdb:
            # DuckDB does not write over a device by name.
            for c in racers:
                c.command = c.command.replace("TO '/dev/null'", "TO '/dev/stdout'")
        raced = bench.race([c for c in racers if c.name not in checked[shape]])
        costs = {c.name: raced.get(c.name) or checked[shape][c.name] for c in racers}
        bench.cost_table("%s: %s" % (shape, describe(bench, shape, path)), costs, ours(1), os.path.getsize(path))
        bench.figures["dedupe " + shape] = costs
        targets(bench, shape, costs)


def describe(bench, shape, path):
    lines, distinct = getattr(bench.size, shape)
    return "%d lines of %.0f bytes, %d pairs" % (lines, os.path.getsize(path) / lines, distinct)


def targets(bench, shape, costs):
    one, two = costs[ours(1)], costs.get(ours(2))
    duck1, duck2 = costs.get(theirs(1)), costs.get(theirs(2))
    faster = lambda a, b: ratio(b.wall, a.wall) if a and b else None
    if shape in ("short", "long"):
        bench.target(
            "jl-dedupe, %s, one thread: time of wc -l" % shape,
            5 if shape == "short" else 3.6,
            ratio(one.wall, costs["wc -l"].wall),
        )
        least = 3 if shape == "short" else 2.2
        bench.target(
            "jl-dedupe, %s, one thread: faster than DuckDB with one" % shape, least, faster(one, duck1), at_most=False
        )
        bench.target(
            "jl-dedupe, %s, two threads: faster than DuckDB with two" % shape, least, faster(two, duck2), at_most=False
        )
    if shape == "short" and "jq | sort -u" in costs:
        bench.target("jl-dedupe, short: less CPU than jq", 40, ratio(costs["jq | sort -u"].cpu, one.cpu), at_most=False)
    if shape == "unique":
        for mine, duck, text in ((one, duck1, "one thread"), (two, duck2, "two threads")):
            bench.target(
                "jl-dedupe, all distinct, %s: faster than DuckDB" % text, 2.5, faster(mine, duck), at_most=False
            )
        bench.target(
            "jl-dedupe, all distinct: share of DuckDB's memory", 0.5, ratio(one.rss, duck1.rss) if duck1 else None
        )
