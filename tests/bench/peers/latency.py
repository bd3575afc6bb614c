"""Sends lines, one at a time and with pauses, through a pipeline, and tells how long each takes to come out.

    latency.py PROBES PAUSE_MS FILE COMMAND: the lines of FILE to COMMAND (for bash); prints seconds, one in a line
"""

import os
import subprocess
import sys
import time


def main():
    probes, pause, path, command = int(sys.argv[1]), float(sys.argv[2]) / 1000, sys.argv[3], sys.argv[4]
    with open(path, "rb") as f:
        lines = [f.readline() for _ in range(probes + 20)]
    child = subprocess.Popen(["bash", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    to, back = child.stdin.fileno(), child.stdout.fileno()
    took = []
    for line in lines:
        time.sleep(pause)
        since = time.perf_counter()
        os.write(to, line)
        got = b""
        while not got.endswith(b"\n"):
            piece = os.read(back, 65536)
            if not piece:
                sys.exit("latency: the command ended: %s" % command)
            got += piece
        took.append(time.perf_counter() - since)
    child.stdin.close()
    child.wait()
    if child.returncode != 0:
        sys.exit("latency: status %d: %s" % (child.returncode, command))
    print("\n".join("%.9f" % t for t in took[20:]))  # the first ones still open connections


main()
