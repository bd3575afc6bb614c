"""Prints each (company, title) of a file of JSON Lines once."""

import json
import sys

seen = set()
write = sys.stdout.write
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        record = json.loads(line)
        pair = (record["company"], record["title"])
        if pair not in seen:
            seen.add(pair)
            write(json.dumps(pair, ensure_ascii=False) + "\n")
