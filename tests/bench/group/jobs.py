"""A store of jobs filled, kept, listed and searched, against a script on SQLite and what SQLite's own import takes."""

import json
import os
import shlex
import subprocess

from harness import Contender, Disagreement, median_cost

TITLE = "jobs stored, listed, indexed and matched"

JOBS = {"full": 300000, "quick": 30000, "tiny": 1500}
PROFILE = {
    "basics": {"label": "Senior Data Engineer", "location": {"city": "Chicago", "region": "IL"}},
    "work": [{"position": "Data Engineer", "startDate": "2017-01", "summary": "Pipelines in Python and Spark"}],
    "skills": [{"name": name} for name in ("Python", "SQL", "Spark", "Airflow", "AWS")],
}
IMPORT = "sqlite3 %s 'PRAGMA page_size=16384; CREATE TABLE t(line TEXT)' '.mode ascii' '.separator \"\\001\" \"\\n\"' '.import %s t' > /dev/null"


class Stores:
    """The files of this group: each name a fresh store."""

    def __init__(self, bench):
        self.bench = bench
        self.script = shlex.quote(os.path.join(bench.here, "peers", "jobs.py"))

    def path(self, name):
        return self.bench.path("state", name)

    def remove(self, *names):
        for name in names:
            self.bench.sh("rm -f %s*" % shlex.quote(self.path(name)))

    def ours(self, name, verb):
        return "job-store -S sqlite:%s %s" % (self.path(name), verb)

    def script_put(self, name, lines):
        return "%s %s put %s < %s > /dev/null" % (self.bench.python, self.script, self.path(name), lines)

    def put(self, name, lines):
        return "%s %s > /dev/null" % (self.ours(name, "put"), lines)


def rounds(bench, contenders, before=None):
    """{name: Cost}: as bench.race, BEFORE(round) each round and BEFORE each contender's run its own preparation, not counted."""
    samples = {c.name: [] for c, _ in contenders}
    for r in range(bench.rounds):
        if before:
            before(r)
        turn = r % len(contenders)
        for c, prepare in contenders[turn:] + contenders[:turn]:
            if not c.rounds or len(samples[c.name]) < c.rounds:
                prepare()
                samples[c.name] += bench.measure(c)
    return {name: median_cost(s) for name, s in samples.items()}


def table(bench, caption, jobs, costs):
    """Jobs a second, by the clock and by CPU, against ours."""
    first = next(iter(costs.values()))
    rows = [
        [
            name,
            "%.0f" % (jobs / c.wall),
            "%.0f" % (jobs / c.cpu),
            "%.2f" % (c.wall / first.wall),
            "%.2f" % (c.cpu / first.cpu),
            "%.3f" % c.wall,
            "%.3f" % c.cpu,
            "%.0f" % (c.rss / 2**20),
            str(c.runs),
        ]
        for name, c in costs.items()
    ]
    bench.table(caption, ["", "jobs/s", "jobs/CPU s", "time ×", "CPU ×", "s", "CPU s", "MiB", "runs"], rows)


def put_new(bench, stores, kind, lines, jobs):
    def fresh(*names):
        return lambda: stores.remove(*names)

    contenders = [
        (Contender("job-store put", stores.put("ours", lines)), fresh("ours")),
        (Contender("sqlite3 .import, one column", IMPORT % (stores.path("floor"), lines)), fresh("floor")),
        (Contender("script", stores.script_put("script", lines), rounds=3), fresh("script")),
    ]
    costs = rounds(bench, contenders)
    stat = json.loads(bench.sh(stores.ours("ours", "stat --json")))
    counted = bench.sh("sqlite3 %s 'SELECT count(*) FROM job'" % stores.path("script")).strip()
    if not stat["jobs"] == int(counted) == jobs:
        raise Disagreement("%s: %d jobs stored, by the script %s, of %d" % (kind, stat["jobs"], counted, jobs))
    table(bench, "%d new jobs, %s" % (jobs, kind), jobs, costs)
    thousands = jobs / costs["job-store put"].wall / 1000
    bench.target("job-store put, %s: thousand jobs a second" % kind, 50, thousands, at_most=False, unit="")
    sizes = [os.path.getsize(stores.path(name)) / jobs for name in ("ours", "script", "floor")]
    bench.note("On disk: %.0f bytes a job, by the script %.0f, imported %.0f." % tuple(sizes))


def put_again(bench, stores, lines, jobs):
    """The same jobs a day later, each round."""
    again = bench.path("state", "again.jsonl")

    def next_day(r):
        splice = 's/}$/,"last_seen_at":"2027-01-%02dT00:00:00Z"}/' % (r + 1)
        bench.sh("sed %s %s > %s" % (shlex.quote(splice), lines, again))

    def nothing():
        pass

    contenders = [
        (Contender("job-store put", stores.put("ours", again)), nothing),
        (Contender("script", stores.script_put("script", again), rounds=3), nothing),
    ]
    costs = rounds(bench, contenders, next_day)
    table(bench, "%d jobs seen again a day later, without embeddings" % jobs, jobs, costs)


def listing(bench, stores, jobs):
    script = stores.path("script")
    like = 'sqlite3 %s "SELECT line FROM job WHERE title LIKE \'%%engineer%%\'" > /dev/null' % script
    costs = bench.race(
        [
            Contender("job-store list", stores.ours("ours", "list > /dev/null")),
            Contender("sqlite3 SELECT line", 'sqlite3 %s "SELECT line FROM job" > /dev/null' % script),
            Contender("job-store list --title=engineer", stores.ours("ours", "list --title=engineer > /dev/null")),
            Contender("sqlite3 title LIKE", like),
        ]
    )
    table(bench, "%d jobs listed" % jobs, jobs, costs)


def index(bench, stores, lines, jobs):
    few = bench.slice(lines, max(jobs // 100, 1))
    changed = bench.path("state", "changed.jsonl")
    side = stores.path("ours") + ".*index"

    def forget():
        bench.sh("rm -f %s" % side)

    def change():
        forget()
        bench.sh(stores.ours("ours", "index"))
        count[0] += 1
        splice = 's/}$/,"last_seen_at":"2027-02-%02dT00:00:00Z"}/' % count[0]
        bench.sh("sed %s %s > %s && %s" % (shlex.quote(splice), few, changed, stores.put("ours", changed)))

    count = [0]
    costs = rounds(
        bench,
        [
            (Contender("index, new", stores.ours("ours", "index"), rounds=3), forget),
            (Contender("index, after 1 % were put again", stores.ours("ours", "index"), rounds=3), change),
        ],
    )
    table(bench, "The side file of %d jobs" % jobs, jobs, costs)
    bench.sh(stores.ours("ours", "index"))


def matched(bench, stores, jobs):
    profile, query = bench.path("state", "me.json"), bench.path("state", "query.jsonl")
    with open(profile, "w", encoding="ascii") as f:
        json.dump(PROFILE, f)
    asked = {"title": PROFILE["basics"]["label"], "company": "", "snippet": "Python SQL Spark Airflow AWS"}
    bench.sh("job-embed > %s" % query, input=json.dumps(asked) + "\n")
    match = "job-match -S sqlite:%s -p %s > /dev/null" % (stores.path("ours"), profile)
    people = bench.path("state", "people.jsonl")
    with open(people, "w", encoding="ascii") as f:
        for i in range(64):
            f.write(json.dumps(dict(PROFILE, id="p%d" % i)) + "\n")
    script = "%s %s %%s %s %s > /dev/null" % (bench.python, stores.script, stores.path("script"), query)
    extension = os.path.join(os.environ["NODE_PATH"], "sqlite-vec-linux-x64", "vec0.so")
    contenders = [
        Contender("job-match, 1 profile", match),
        Contender("job-match --stage=full", match.replace(" -p", " --stage=full -p")),
        Contender("job-match, 64 profiles", "job-match -S sqlite:%s < %s > /dev/null" % (stores.path("ours"), people)),
    ]
    numpy = subprocess.run([bench.python, "-c", "import numpy"], capture_output=True)
    if numpy.returncode == 0:
        contenders.append(Contender("nearest by numpy, out of the table", script % "numpy", rounds=3))
    if os.path.exists(extension):
        contenders.append(Contender("nearest by sqlite-vec, out of the table", script % ("sqlite-vec " + extension), rounds=3))
    bench.sh(match)
    costs = bench.race(contenders)
    one = costs["job-match, 1 profile"]
    rows = [
        [name, "%.1f" % (1000 * c.wall), "%.1f" % (1000 * c.cpu), "%.1f" % (c.cpu / one.cpu), "%.0f" % (c.rss / 2**20), str(c.runs)]
        for name, c in costs.items()
    ]
    bench.table("The best 20 of %d jobs, whole processes" % jobs, ["", "ms", "CPU ms", "CPU ×", "MiB", "runs"], rows)
    bench.note("The scripts hand out the nearest 20 rows; job-match scores the nearest 500 and says why.")
    bench.target("job-match, one profile, a whole process: CPU", 25, 1000 * one.cpu, unit=" ms")
    bench.target("job-match, one profile: memory", 100, one.rss / 2**20, unit=" MiB")


def disk(bench):
    """Bytes a second that the disk takes when each 12 MiB have to be durable."""
    target = shlex.quote(bench.path("state", "dd"))
    blocks = {"full": 50, "quick": 10, "tiny": 2}[bench.size_name]
    said = bench.sh("LC_ALL=C dd if=/dev/zero of=%s bs=12M count=%d oflag=dsync 2>&1; rm -f %s" % (target, blocks, target))
    seconds = float(said.rsplit("copied, ", 1)[1].split()[0])
    bench.note("The disk takes %.0f MB a second where every 12 MiB are synced (dd)." % (blocks * 12 * 1.048576 / seconds))


def run(bench):
    jobs = JOBS[bench.size_name]
    lines = bench.made("jobs-%d.jsonl" % jobs, "generate --shape=job --lines=%d --distinct=%d --seed=7" % (jobs, max(jobs // 5, 1)))
    embedded = bench.made("jobs-%d.embedded.jsonl" % jobs, "job-embed %s" % shlex.quote(lines))
    stores = Stores(bench)
    bench.warm(lines, embedded)
    disk(bench)
    put_new(bench, stores, "without embeddings", lines, jobs)
    put_again(bench, stores, lines, jobs)
    put_new(bench, stores, "with embeddings", embedded, jobs)
    listing(bench, stores, jobs)
    index(bench, stores, lines, jobs)
    matched(bench, stores, jobs)
