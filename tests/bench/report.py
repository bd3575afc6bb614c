"""Prints the targets."""


def print_targets(bench):
    if not bench.targets:
        return
    print("\n== targets")
    for t in bench.targets:
        got = "" if t.got is None else "%.3g%s" % (t.got, t.unit)
        print("  %-72s %-9s %9s  %s" % (t.work, t.wanted, got, t.verdict))


def write(bench, here):
    raise NotImplementedError
