"""Adds the seniority from a table to each line of a file of JSON Lines.

    augment.py TABLE FILE
"""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as lines:
    known = {(r["company"], r["title"]): r["seniority"] for r in map(json.loads, lines)}
write = sys.stdout.write
with open(sys.argv[2], encoding="utf-8") as lines:
    for line in lines:
        record = json.loads(line)
        answer = known.get((record["company"], record["title"]))
        if answer is not None:
            record["seniority"] = answer
        write(json.dumps(record, ensure_ascii=False) + "\n")
