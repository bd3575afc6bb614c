#!/usr/bin/python3
"""A store of jobs and a match as a script does them.

    jobs.py put DATABASE < LINES              upserts by (source, id), 4096 lines a transaction; passes the lines on
    jobs.py numpy DATABASE QUERY              the 20 jobs nearest to QUERY's embedding (a line of job-embed), by brute force
    jobs.py sqlite-vec VEC0.SO DATABASE QUERY the same by sqlite-vec's distance over the table
"""

import base64
import json
import sqlite3
import sys
import time

BATCH = 4096
TABLE = """CREATE TABLE IF NOT EXISTS job(source TEXT NOT NULL, id TEXT NOT NULL, url TEXT, company TEXT, title TEXT, location TEXT,
first_seen TEXT, last_seen TEXT, line TEXT NOT NULL, vector BLOB, PRIMARY KEY(source, id))"""
UPSERT = """INSERT INTO job VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(source, id) DO UPDATE SET url = excluded.url,
company = excluded.company, title = excluded.title, location = excluded.location, last_seen = excluded.last_seen,
line = excluded.line, vector = coalesce(excluded.vector, vector)"""


def row_of(line, now):
    job = json.loads(line)
    embedding = job.pop("embedding", None)
    seen = job.get("last_seen_at", now)
    texts = [job.get(name) for name in ("source", "id", "url", "company", "title", "location")]
    vector = base64.b64decode(embedding["data"]) if embedding else None
    return (*texts, job.get("first_seen_at", seen), seen, json.dumps(job, ensure_ascii=False), vector)


def put(path):
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = FULL")
    db.execute(TABLE)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    lines = []

    def store():
        with db:
            db.executemany(UPSERT, (row_of(line, now) for line in lines))
        sys.stdout.writelines(lines)
        lines.clear()

    for line in sys.stdin:
        lines.append(line)
        if len(lines) == BATCH:
            store()
    store()
    db.close()


def query_of(path):
    with open(path, encoding="utf-8") as f:
        return base64.b64decode(json.loads(f.readline())["embedding"]["data"])


def by_numpy(path, query):
    import numpy

    db = sqlite3.connect(path)
    rows, blobs = zip(*db.execute("SELECT rowid, vector FROM job"))
    vectors = numpy.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(rows), -1)
    scores = vectors @ numpy.frombuffer(query_of(query), dtype="<f4")
    for i in numpy.argsort(-scores)[:20]:
        print(db.execute("SELECT line FROM job WHERE rowid = ?", (rows[i],)).fetchone()[0])


def by_sqlite_vec(extension, path, query):
    db = sqlite3.connect(path)
    db.enable_load_extension(True)
    db.load_extension(extension[:-3])
    nearest = "SELECT line FROM job ORDER BY vec_distance_cosine(vector, ?) LIMIT 20"
    for (line,) in db.execute(nearest, (query_of(query),)):
        print(line)


sys.stdin.reconfigure(encoding="utf-8", newline="\n")
sys.stdout.reconfigure(encoding="utf-8", newline="\n")
{"put": put, "numpy": by_numpy, "sqlite-vec": by_sqlite_vec}[sys.argv[1]](*sys.argv[2:])
