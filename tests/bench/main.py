"""Runs the groups of measurements that are asked for, and reports."""

import argparse
import importlib
import os
import signal
import sys
import time

import report
from harness import SIZES, Bench, Disagreement

# In the order in which they run; each is a module in group/.
GROUPS = [
    "floor",
    "dedupe",
    "augment",
    "chain",
    "cache",
    "grpc",
    "latency",
    "start",
    "job",
    "threads",
    "distinct",
    "shapes",
    "production",
    "gate",
    "embed",
    "jobs",
    "nearest",
    "quality",
]


def positive(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def arguments():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Measures jobline against others.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_const", const="quick", dest="size", help="a tenth of the data, about three minutes"
    )
    size.add_argument(
        "--tiny", action="store_const", const="tiny", dest="size", help="only to see that everything works"
    )
    parser.add_argument("--only", metavar="GROUP,…", help="these groups: " + " ".join(GROUPS))
    parser.add_argument("--rounds", type=positive, metavar="N", help="rounds of the fast contenders")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write RESULTS.md, with --only these groups of it; a run of everything in full size writes it always, and the chart "
        "and the README's figures",
    )
    parser.add_argument("--list", action="store_true", help="name the groups")
    parser.set_defaults(size="full")
    return parser.parse_args()


def main():
    args = arguments()
    names = args.only.split(",") if args.only is not None else GROUPS
    for name in names:
        if name not in GROUPS:
            sys.exit("bench: no such group: %s (there are: %s)" % (name, " ".join(GROUPS)))
    if args.list:
        for name in GROUPS:
            print("%-10s %s" % (name, importlib.import_module("group." + name).TITLE))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(args.size, args.rounds or SIZES[args.size].rounds)
    bench.only = args.only
    try:
        bench.look_around()
        for name in names:
            group = importlib.import_module("group." + name)
            bench.begin(name, group.TITLE)
            group.run(bench)
            bench.settle()
            bench.say("%s took %.0f s" % (name, time.monotonic() - bench.since))
    except Disagreement as trouble:
        report.print_targets(bench)
        print("bench: %s" % trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        bench.close()
    report.print_targets(bench)
    complete = args.size == "full" and args.only is None
    if complete or args.write:
        report.write(bench, os.path.dirname(os.path.abspath(__file__)), complete)
    return 0


if __name__ == "__main__":
    sys.exit(main())
