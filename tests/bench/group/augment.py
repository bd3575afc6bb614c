"""A member added to every line from a table, into a new file: jl-augment against copying the file, and against others."""

import hashlib
import json
import os

from group.dedupe import theirs
from harness import Contender, Disagreement, ratio

TITLE = "answers from a table, into a new file: jl-augment -t"
CHECKED = {"short": 100000, "long": 10000}  # lines whose answers are compared

ORDERED = "DuckDB, 1 thread, order kept"


def duckdb(bench, threads, path, table, out, ordered=False):
    """Parses the two members, joins, splices text: no line is written anew or lost. Their order is, unless ORDERED."""
    known = (
        "read_json('%s', format = 'newline_delimited',"
        " columns = {company: 'VARCHAR', title: 'VARCHAR', seniority: 'INTEGER'})"
        % table
    )
    number, order = ("row_number() OVER () AS n,", "ORDER BY n") if ordered else ("0 AS n,", "")
    sql = (
        "COPY (SELECT answered FROM (SELECT n,"
        " coalesce(substr(line, 1, length(line) - 1) || ',\\\"seniority\\\":' || seniority || '}', line) AS answered"
        " FROM (SELECT n, line, key[1] AS c, key[2] AS t FROM (SELECT %s json::VARCHAR AS line,"
        " json_extract_string(json, ['company', 'title']) AS key"
        " FROM read_json_objects('%s', format = 'newline_delimited'))) LEFT JOIN %s ON c = company AND t = title) %s)"
        " TO '%s' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')" % (number, path, known, order, out)
    )
    return 'node %s/peers/duckdb.js %d "%s"' % (bench.here, threads, sql)


def ours(threads):
    return "jl-augment, %d thread%s" % (threads, "s" if threads > 1 else "")


def contenders(bench, path, table, out):
    found = []
    for n in (1, 2):
        option = bench.threads("jl-augment", n)
        if option is not None:
            found.append(Contender(ours(n), "jl-augment %s -t %s %s > %s" % (option, table, path, out)))
    for n in (1, 2):
        if bench.duckdb and n <= (os.cpu_count() or 1):
            found.append(Contender(theirs(n), duckdb(bench, n, path, table, out), min(3, bench.rounds), own_clock=True))
    if bench.duckdb:
        found.append(
            Contender(ORDERED, duckdb(bench, 1, path, table, out, ordered=True), min(3, bench.rounds), own_clock=True)
        )
    slow = bench.size.slow
    found.append(
        Contender("Python", "%s %s/peers/augment.py %s %s > %s" % (bench.python, bench.here, table, path, out), slow)
    )
    # gojq takes part in finding pairs only: it walks through the whole table for every line.
    jq = "jq -c --slurpfile known %s -f %s/peers/augment.jq %s > %s" % (as_object(bench, table), bench.here, path, out)
    found.append(Contender("jq", jq, slow))
    return found


def as_object(bench, table):
    """The table as one object, which jq reads at once."""
    program = (
        "import json,sys\n"
        "rows = map(json.loads, sys.stdin)\n"
        "json.dump({r['company'] + '\\0' + r['title']: r['seniority'] for r in rows}, sys.stdout)\n"
    )
    return bench.made(os.path.basename(table) + ".object", '%s -c "%s" < %s' % (bench.python, program, table))


def fingerprint(path):
    """(lines, a sum over them) that any order and any spelling of the same lines gives."""
    lines, total = 0, 0
    with open(path, encoding="utf-8") as f:
        for line in f:
            text = json.dumps(json.loads(line, parse_int=float), sort_keys=True)
            total += int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
            lines += 1
    return lines, total


def check(bench, shape, path):
    path = bench.slice(path, min(CHECKED[shape], getattr(bench.size, shape)[0]))
    table = bench.table_for(path)
    out = bench.path("out", "augmented")
    wanted = None
    for contender in contenders(bench, path, table, out):
        bench.measure(contender)
        got = fingerprint(out)
        bench.remove("augmented")
        wanted = wanted or got
        if got != wanted:
            raise Disagreement(
                "%s and %s differ on %s: %d and %d lines" % (contender.name, ours(1), shape, got[0], wanted[0])
            )
    bench.note("%s: all give the same %d lines, once numbers and strings are read." % (shape, wanted[0]))


def run(bench):
    for shape in ("short", "long"):
        path = bench.input(shape)
        check(bench, shape, path)
        table = bench.table_for(path)
        out = bench.path("out", "augmented")
        bench.warm(path, table)
        racers = [
            Contender("cat f | cat > new", "cat %s | cat > %s" % (path, out)),
            Contender(
                "jl-augment to /dev/null",
                "jl-augment %s -t %s %s > /dev/null" % (bench.threads("jl-augment", 1), table, path),
            ),
        ] + contenders(bench, path, table, out)
        costs = bench.race(racers, after=lambda: bench.remove("augmented"))
        bench.cost_table("%s, against a copy through a pipe" % shape, costs, "cat f | cat > new", os.path.getsize(path))
        bench.figures["augment " + shape] = costs
        copy, one, two = (costs.get(n) for n in ("cat f | cat > new", ours(1), ours(2)))
        bench.target(
            "jl-augment, %s, one thread: time of cat f | cat > new" % shape,
            2.2 if shape == "short" else 1.8,
            ratio(one.wall, copy.wall),
        )
        bench.target(
            "jl-augment, %s, two threads: time of the same" % shape, 1.5, ratio(two.wall, copy.wall) if two else None
        )
        for name, what in ((theirs(1), "text splice"), (ORDERED, "text splice that keeps the order")):
            faster = ratio(costs[name].wall, one.wall) if name in costs else None
            bench.target(
                "jl-augment, %s, one thread: faster than DuckDB's %s" % (shape, what), 10, faster, at_most=False
            )
