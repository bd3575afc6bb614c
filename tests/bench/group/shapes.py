"""Inputs that nobody ordered: what a byte of them costs, against a byte of the usual lines."""

import json
import os
import random
import shutil
import subprocess

from harness import Contender, median_cost, ratio

TITLE = "odd shapes: CPU a byte, as multiples of the usual lines"
DIFFERENT = 2000  # lines of a shape before it repeats
LIMIT = 3
SLOW_LINES = 40000  # through slow pipes
WORDS = "You will own the roadmap together with product and design while we offer health insurance and matching".split()
FILES, LINES_A_FILE = 10000, 10


def compact(record):
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def pair(r):
    return {"company": "Company %d Inc." % r.randrange(500), "title": "Senior Analyst %d" % r.randrange(4)}


def words(r, n):
    return " ".join(r.choice(WORDS) for _ in range(n))


def with_rest(r, rest):
    return compact({**pair(r), **rest})


# name: (key options, a function that makes a line)
SHAPES = {
    "a late key, behind 60 members": (
        "",
        lambda r: compact({**{"member%d" % i: words(r, 2) for i in range(60)}, **pair(r)}),
    ),
    "keys that are numbers": (
        "-k company=id,title=sub",
        lambda r: compact({"id": r.randrange(1000), "sub": r.random() * 1e6, "text": words(r, 30)}),
    ),
    "keys that are nested": (
        "-k company=job.organization.name,title=job.position.title",
        lambda r: compact(
            {
                "id": words(r, 5),
                "job": {
                    "organization": {"kind": "Organization", "name": "Company %d" % r.randrange(500)},
                    "position": {"text": words(r, 20), "title": "Analyst %d" % r.randrange(4)},
                },
            }
        ),
    ),
    "keys that are arrays and objects": (
        "-k company,title=tags",
        lambda r: compact(
            {
                "company": {"name": words(r, 2), "id": r.randrange(500)},
                "tags": [words(r, 1) for _ in range(4)],
                "text": words(r, 20),
            }
        ),
    ),
    "100 keys": (
        "-k " + ",".join("k%d" % i for i in range(100)),
        lambda r: compact({"k%d" % i: words(r, 1) for i in range(100)}),
    ),
    "300 tiny members": ("", lambda r: with_rest(r, {"m%d" % i: r.randrange(10) for i in range(300)})),
    "an array of 384 floats": (
        "",
        lambda r: with_rest(r, {"embedding": [round(r.uniform(-1, 1), 8) for _ in range(384)]}),
    ),
    "arrays of small integers": ("", lambda r: with_rest(r, {"n": [r.randrange(100) for _ in range(500)]})),
    "arrays of tiny strings": ("", lambda r: with_rest(r, {"tags": [r.choice("abcdef") for _ in range(500)]})),
    "arrays of tiny objects": ("", lambda r: with_rest(r, {"o": [{"a": r.randrange(10)} for _ in range(300)]})),
    "true, false, null": ("", lambda r: with_rest(r, {"b": [r.choice([True, False, None]) for _ in range(400)]})),
    "nested 200 deep": ("", lambda r: '%s,"deep":%s1%s}' % (compact(pair(r))[:-1], '{"a":[' * 100, "]}" * 100)),
    "much white space": (
        "",
        lambda r: json.dumps(
            {**pair(r), "place": {"city": words(r, 1), "list": [1, 2, 3]}, "text": words(r, 5)}, indent=8
        ).replace("\n", " "),
    ),
    "escapes everywhere": ("", lambda r: with_rest(r, {"text": '\\"\n\t/' * 60 + words(r, 3)})),
    "\\u escapes everywhere": ("", lambda r: json.dumps({**pair(r), "text": "Zürich–Łódź→東京" * 12})),
    "no ASCII in the text": ("", lambda r: with_rest(r, {"text": "求人情報と年収の詳細について" * 14})),
    "emoji and accents between ASCII": ("", lambda r: with_rest(r, {"text": "naïve café 🚀 résumé – " * 16})),
    "the shortest lines": ("", lambda r: compact({"company": "c%d" % r.randrange(500), "title": "t"})),
    "lines without a key": ("--no-key", lambda r: compact({"text": words(r, 30), "n": r.randrange(10**6)})),
    "an empty object a line": ("--no-key", lambda r: "{}"),
    "blank lines": ("--no-key", lambda r: ""),
    "CR LF": ("", lambda r: with_rest(r, {"text": words(r, 25)}) + "\r"),
}


def shape_file(bench, name, make):
    path = bench.path(
        "in", "shape-%s-%d.jsonl" % ("".join(c if c.isalnum() else "-" for c in name), bench.size.shape_bytes)
    )
    if not os.path.exists(path):
        r = random.Random(name)
        block = "".join(make(r) + "\n" for _ in range(DIFFERENT)).encode()
        with open(path + ".new", "wb") as f:
            for _ in range(max(1, bench.size.shape_bytes // len(block))):
                f.write(block)
        os.rename(path + ".new", path)
    return path


def huge_lines(bench):
    path = bench.path("in", "shape-huge-%d.jsonl" % bench.size.shape_bytes)
    if not os.path.exists(path):
        length = min(15 << 20, bench.size.shape_bytes // 4)
        with open(path + ".new", "w", encoding="utf-8") as f:
            for i in range(4):
                f.write('{"company":"C%d","text":"%s","title":"t"}\n' % (i, "x y, z. " * (length // 8)))
        os.rename(path + ".new", path)
    return path


def many_files(bench):
    """(folder, bytes): the first lines of short in FILES files."""
    files = FILES if bench.size_name != "tiny" else 200
    folder = bench.path("in", "files-%d" % files)
    if not os.path.isdir(folder):
        shutil.rmtree(folder + ".new", ignore_errors=True)
        os.makedirs(folder + ".new")
        with open(bench.input("short"), "rb") as lines:
            for i in range(files):
                with open(os.path.join(folder + ".new", "%05d" % i), "wb") as f:
                    f.writelines(lines.readline() for _ in range(LINES_A_FILE))
        os.rename(folder + ".new", folder)
    return folder, sum(e.stat().st_size for e in os.scandir(folder))


def cost_of(bench, path, key):
    """{program: CPU ns a byte} on a file."""
    one, also = bench.threads("jl-dedupe", 1), bench.threads("jl-augment", 1)
    if key == "--no-key":
        dedupe, augment, table = "--no-key=drop", "", bench.path("out", "table")
        with open(table, "w", encoding="ascii") as f:
            f.write('{"company":"a","title":"b","seniority":1}\n')
    else:
        dedupe, augment, table = key, key, bench.path("out", "table")
        bench.sh(
            'jl-dedupe %s --keys-only %s | awk \'{ sub(/}$/, ",\\"seniority\\":3}"); print }\' > %s'
            % (key, path, table)
        )
    bench.warm(path)
    costs = bench.race(
        [
            Contender("jl-dedupe", "jl-dedupe %s %s --keys-only %s > /dev/null" % (one, dedupe, path)),
            Contender("jl-augment", "jl-augment %s %s -t %s %s > /dev/null" % (also, augment, table, path)),
        ]
    )
    size = os.path.getsize(path)
    return {name: c.cpu / size * 1e9 for name, c in costs.items()}


def run(bench):
    lines = bench.size.shape_bytes // 220
    usual = cost_of(bench, bench.slice(bench.input("short"), min(lines, bench.size.short[0])), "")
    rows, beyond = [], []

    def add(name, costs, bytes_a_line):
        times = {p: ratio(c, usual[p]) for p, c in costs.items()}
        far = any(t > LIMIT for t in times.values())
        if far:
            beyond.append(name)
        cells = [
            text
            for p in ("jl-dedupe", "jl-augment")
            for text in (("%.2f" % costs[p], "%.2f" % times[p]) if p in costs else ("", ""))
        ]
        rows.append([name, "%.0f" % bytes_a_line] + cells + ["beyond %d×" % LIMIT if far else ""])

    add("the usual lines (short)", usual, 223)
    for name, (key, make) in SHAPES.items():
        path = shape_file(bench, name, make)
        with open(path, "rb") as f:
            first = sum(len(f.readline()) for _ in range(DIFFERENT)) / DIFFERENT
        add(name, cost_of(bench, path, key), first)
    path = huge_lines(bench)
    add("lines of %.0f MB" % (os.path.getsize(path) / 4e6), cost_of(bench, path, ""), os.path.getsize(path) / 4)
    folder, size = many_files(bench)
    option = bench.threads("jl-dedupe", 1)
    costs = bench.race(
        [
            Contender("files", "cd %s && jl-dedupe %s --keys-only * > /dev/null" % (folder, option)),
            Contender("cat", "cd %s && cat * > /dev/null" % folder),
        ]
    )
    add(
        "%d files of %d lines, above cat" % (len(os.listdir(folder)), LINES_A_FILE),
        {"jl-dedupe": above(costs["files"], costs["cat"], size)},
        223,
    )
    slow_producer(bench, add)
    slow_reader(bench, add)
    bench.table("ns of CPU a byte", ["", "bytes a line", "jl-dedupe", "×", "jl-augment", "×", ""], rows)
    if beyond:
        bench.note("Beyond %d×: %s." % (LIMIT, "; ".join(beyond)))
    bench.target("shapes of which a byte costs more than %d× the usual" % LIMIT, 0, len(beyond), unit="")
    cold(bench)


def above(cost, other, size):
    """CPU ns a byte that one took above the other, which did the least that is possible there."""
    return max(0, cost.cpu - other.cpu) / size * 1e9


def slow_producer(bench, add):
    """A producer that pauses after every 20 lines: a program wakes for each of them, as cat does."""
    lines = bench.slice(bench.input("short"), min(SLOW_LINES, bench.size.few))
    program = (
        "import sys,time\n"
        "while True:\n"
        "    piece = b''.join(l for _, l in zip(range(20), sys.stdin.buffer))\n"
        "    if not piece: break\n"
        "    sys.stdout.buffer.write(piece); sys.stdout.buffer.flush(); time.sleep(0.0005)\n"
    )
    racers = [Contender("jl-dedupe", "jl-dedupe %s" % bench.threads("jl-dedupe", 1)), Contender("cat", "cat")]
    costs = {c.name: [] for c in racers}
    for _ in range(min(3, bench.rounds)):
        for c in racers:
            with open(lines, "rb") as f, subprocess.Popen(
                [bench.python, "-c", program], stdin=f, stdout=subprocess.PIPE
            ) as producer:
                costs[c.name] += bench.measure(c, stdin=producer.stdout)
                producer.stdout.close()
    cost = above(median_cost(costs["jl-dedupe"]), median_cost(costs["cat"]), os.path.getsize(lines))
    add("from a slow producer, 20 lines at a time, above cat", {"jl-dedupe": cost}, 223)


def slow_reader(bench, add):
    """A reader that takes 64 KiB now and then."""
    lines = bench.slice(bench.input("unique"), min(SLOW_LINES, bench.size.few))
    pipe = bench.path("out", "pipe")
    program = "import os,sys,time\nf = os.open(sys.argv[1], os.O_RDONLY)\nwhile os.read(f, 65536): time.sleep(0.002)\n"
    racers = [
        Contender("jl-dedupe", "jl-dedupe %s %s > %s" % (bench.threads("jl-dedupe", 1), lines, pipe)),
        Contender("cat", "cat %s > %s" % (lines, pipe)),
    ]
    costs = {c.name: [] for c in racers}
    for _ in range(min(3, bench.rounds)):
        for c in racers:
            os.mkfifo(pipe)
            with subprocess.Popen([bench.python, "-c", program, pipe]):
                costs[c.name] += bench.measure(c)
            os.unlink(pipe)
    cost = above(median_cost(costs["jl-dedupe"]), median_cost(costs["cat"]), os.path.getsize(lines))
    add("to a slow reader, above cat", {"jl-dedupe": cost}, 223)


def cold(bench):
    """The same file from the page cache and from the disk."""
    path = bench.input("short")
    samples = {"warm": [], "cold": [], "cat, cold": []}
    command = {"warm": "jl-dedupe --keys-only %s > /dev/null", "cat, cold": "cat %s > /dev/null"}
    for _ in range(min(3, bench.rounds)):
        for name in samples:
            if name == "warm":
                bench.warm(path)
            else:
                forget(path)
            samples[name] += bench.measure(Contender(name, command.get(name, command["warm"]) % path))
    bench.warm(path)
    costs = {name: median_cost(runs) for name, runs in samples.items()}
    bench.cost_table(
        "short, read from the disk (its pages dropped from the cache)", costs, "warm", os.path.getsize(path)
    )


def forget(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)
