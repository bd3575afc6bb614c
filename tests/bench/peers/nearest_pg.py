"""The nearest neighbours by PostgreSQL with pgvector: an HNSW index over inner products, iterative scans.

    nearest_pg.py PG_SERVER build VECTORS DIMS FOLDER    a server of its own in FOLDER, stopped again; FOLDER.bytes: what is kept
    nearest_pg.py PG_SERVER search FOLDER DIMS QUERIES K EFFORT    of the server that runs there

PG_SERVER is tests/tools/pg_server. `search` prints the rows found, a query a line, and on stderr the seconds of an average query as
the client sees them, which is psql in one session.
"""

import array
import os
import signal
import struct
import subprocess
import sys
import time


def blocks_of(path, dims, rows):
    with open(path, "rb") as f:
        while True:
            block = array.array("f", f.read(4 * dims * rows))
            if not block:
                return
            yield block


def copied(vectors, dims, to):
    """COPY's binary form: rows of an int8 and a vector, numbers with their highest byte first."""
    to.write(b"PGCOPY\n\377\r\n\0" + bytes(8))
    row = 0
    for block in blocks_of(vectors, dims, 1000):
        block.byteswap()
        floats = block.tobytes()
        for at in range(0, len(floats), 4 * dims):
            to.write(struct.pack(">hiqihh", 2, 8, row, 4 + 4 * dims, dims, 0) + floats[at : at + 4 * dims])
            row += 1
    to.write(struct.pack(">h", -1))


def build(server, vectors, dims, folder):
    os.makedirs(folder, exist_ok=True)
    subprocess.run([server, "make", folder], check=True)
    running = subprocess.Popen([server, "run", folder])
    try:
        while subprocess.run([server, "answers", folder]).returncode != 0:
            if running.poll() is not None:
                sys.exit("nearest_pg.py: the server does not start: %s/initdb.log" % folder)
            time.sleep(0.02)
        psql = [server, "psql", folder, "-c"]
        subprocess.run(psql + ["CREATE EXTENSION vector"], check=True)
        subprocess.run(psql + ["CREATE TABLE v(row int8 PRIMARY KEY, e vector(%d) NOT NULL)" % dims], check=True)
        copy = subprocess.Popen(psql + ["COPY v FROM STDIN (FORMAT binary)"], stdin=subprocess.PIPE)
        copied(vectors, dims, copy.stdin)
        copy.stdin.close()
        if copy.wait() != 0:
            sys.exit("nearest_pg.py: the vectors are not taken")
        index = "SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 0; CREATE INDEX ON v USING hnsw (e vector_ip_ops)"
        subprocess.run(psql + [index], check=True)
        size = subprocess.run(psql + ["SELECT pg_total_relation_size('v')"], check=True, stdout=subprocess.PIPE, text=True)
        with open(folder + ".bytes", "w", encoding="ascii") as f:
            f.write(size.stdout)
    finally:
        running.send_signal(signal.SIGINT)
        running.wait()


def search(server, folder, dims, queries, k, effort):
    script = [
        "\\timing on",
        "SET enable_seqscan = off;",
        "SET hnsw.iterative_scan = relaxed_order;",
        "SET hnsw.ef_search = %d;" % effort,
        "PREPARE ask(vector) AS SELECT string_agg(row::text, ' ') FROM (SELECT row FROM v ORDER BY e <#> $1 LIMIT %d) AS t;" % k,
    ]
    for query in blocks_of(queries, dims, 1):
        script.append("EXECUTE ask('[%s]');" % ",".join("%.9g" % x for x in query))
    psql = subprocess.run([server, "psql", folder], input="\n".join(script), stdout=subprocess.PIPE, text=True, check=True)
    lines = psql.stdout.splitlines()
    found = [i for i, line in enumerate(lines) if line[:1].isdigit()]
    times = [float(lines[i + 1].split()[1]) for i in found]
    print("%.9f" % (sum(times) / len(times) / 1000), file=sys.stderr)
    print("\n".join(lines[i] for i in found))


def main():
    server, verb = sys.argv[1:3]
    if verb == "build":
        build(server, sys.argv[3], int(sys.argv[4]), sys.argv[5])
    else:
        search(server, sys.argv[3], *(int(x) if x.isdigit() else x for x in sys.argv[4:8]))


main()
