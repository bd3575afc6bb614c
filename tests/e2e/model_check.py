"""Checks what senior-grpc made of lines whose answers model_server.py gave.

    model_check.py [--without=none|crc10|invalid|any] IN OUT

Each line of OUT must be the line of IN, or that line with the right answer spliced in before its last brace; the lines without
an answer must be exactly those that --without names: none, those whose crc32 % 10 is 0, those whose title contains
"INVALID", or any. Prints "N answered, M not", or what is wrong.
"""

import json
import sys
import zlib


def main():
    without = "none"
    paths = []
    for arg in sys.argv[1:]:
        if arg.startswith("--without="):
            without = arg.split("=")[1]
        else:
            paths.append(arg)
    answered = missing = 0
    with open(paths[0], "rb") as before, open(paths[1], "rb") as after:
        for number, line in enumerate(before, 1):
            record = json.loads(line)
            crc = zlib.crc32(record["company"].encode() + b"\0" + record["title"].encode())
            wanted = line.rstrip(b"\n")[:-1] + b',"seniority":%d}\n' % (crc % 7 + 1)
            exempt = {"none": False, "crc10": crc % 10 == 0, "invalid": "INVALID" in record["title"], "any": None}[without]
            got = after.readline()
            if got == wanted and exempt is not True:
                answered += 1
            elif got == line and exempt is not False:
                missing += 1
            else:
                sys.exit("line %d: %r\nwanted: %r" % (number, got, wanted))
        if after.readline():
            sys.exit("more lines out than in")
    print("%d answered, %d not" % (answered, missing))


main()
