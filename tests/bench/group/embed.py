"""What an embedding costs: job-embed's hash model against a script of the same features."""

import json
import os
import random

from harness import Contender

TITLE = "embeddings of listings a second"
LINES = {"full": 300000, "quick": 100000, "tiny": 1000}
SCRIPT = 100  # the script gets one line in so many

TITLES = ("Senior Data Engineer", "Registered Nurse", "Accountant", "Truck Driver CDL", "Software Developer", "Sales Manager", "Electrician")
WORDS = """design maintain pipelines python spark airflow team analysts product managers deliver reliable datasets streaming kafka
warehouse snowflake experience with sql required kubernetes terraform preferred patient care hospital shift weekend license driving
safety invoices ledger monthly closing customers pipeline quota wiring conduit blueprint the of and to in for a our we you""".split()


def write(path, lines):
    """Listings with 400 bytes of text."""
    chance = random.Random(1)
    with open(path, "w", encoding="utf-8") as f:
        for i in range(lines):
            job = {"id": str(i), "source": "bench", "title": chance.choice(TITLES), "company": "Company %d Inc" % (i % 5000), "location": "Chicago, IL"}
            room = 400 - sum(len(job[n]) for n in ("title", "company", "location"))
            text = ""
            while len(text) < room:
                text += chance.choice(WORDS) + " "
            job["snippet"] = text[:room].strip()
            f.write(json.dumps(job) + "\n")


def run(bench):
    lines = LINES[bench.size_name]
    path, few = (os.path.join(os.environ.get("TMPDIR", "/tmp"), "jobline-embed.%d.%s" % (os.getpid(), n)) for n in ("jsonl", "few.jsonl"))
    try:
        write(path, lines)
        write(few, max(lines // SCRIPT, 10))
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers", "embed.py")
        costs = bench.race(
            [
                Contender("ours", "job-embed %s > /dev/null" % path),
                Contender("script", "/usr/bin/python3 %s < %s > /dev/null" % (script, few)),
            ]
        )
    finally:
        for name in (path, few):
            if os.path.exists(name):
                os.remove(name)
    rate = {"ours": lines / costs["ours"].cpu, "script": max(lines // SCRIPT, 10) / costs["script"].cpu}
    bench.table(
        "400 bytes of text each, 384 dimensions, in and out as lines, seconds of CPU on one core",
        ["", "listings a second", "job-embed is faster by", "runs"],
        [
            ["job-embed", "%.0f" % rate["ours"], "", str(costs["ours"].runs)],
            ["the same features in Python", "%.0f" % rate["script"], "%.0f ×" % (rate["ours"] / rate["script"]), str(costs["script"].runs)],
        ],
    )
    bench.target("job-embed, in and out: thousand listings a second of CPU", 250, rate["ours"] / 1000, at_most=False, unit="")
