"""The nearest neighbours by sqlite-vec.

    nearest_sqlite.py VEC0.SO build VECTORS DIMS DATABASE
    nearest_sqlite.py VEC0.SO search DATABASE DIMS QUERIES K

`search` prints the rows found, a query a line, and on stderr the seconds of an average query.
"""

import sqlite3
import sys
import time


def opened(path, extension):
    db = sqlite3.connect(path)
    db.enable_load_extension(True)
    db.load_extension(extension)
    return db


def rows_of(path, dims):
    with open(path, "rb") as f:
        while True:
            row = f.read(4 * dims)
            if not row:
                return
            yield row


def main():
    extension, verb = sys.argv[1:3]
    extension = extension[:-3] if extension.endswith(".so") else extension
    if verb == "build":
        vectors, dims, path = sys.argv[3], int(sys.argv[4]), sys.argv[5]
        db = opened(path, extension)
        db.execute("CREATE VIRTUAL TABLE v USING vec0(e float[%d] distance_metric=cosine)" % dims)
        with db:
            db.executemany("INSERT INTO v (rowid, e) VALUES (?, ?)", ((i, row) for i, row in enumerate(rows_of(vectors, dims))))
        return
    path, dims, queries, k = sys.argv[3], int(sys.argv[4]), sys.argv[5], int(sys.argv[6])
    db = opened(path, extension)
    asked = list(rows_of(queries, dims))
    found = []
    start = time.perf_counter()
    for query in asked:
        answer = db.execute("SELECT rowid FROM v WHERE e MATCH ? AND k = ? ORDER BY distance", (query, k))
        found.append(" ".join(str(row) for row, in answer))
    print("%.9f" % ((time.perf_counter() - start) / len(asked)), file=sys.stderr)
    print("\n".join(found))


main()
