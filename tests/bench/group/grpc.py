"""senior-grpc against a C client that parses no JSON, on a server that costs next to nothing."""

import os

from group.cache import pairs_file
from harness import Contender, ratio

TITLE = "the model's client: senior-grpc against a bare C client"


def run(bench):
    n = bench.size.asked
    questions = pairs_file(bench, n, False)
    _, server = bench.start_listener([os.path.join(bench.tools, "grpc_server")], "grpc_server.log")
    client = os.path.join(bench.tools, "grpc_client")
    bench.warm(questions)
    costs = bench.race(
        [
            Contender("bare C client", "%s --server=%s --pairs=%d --batch=1000" % (client, server, n)),
            Contender(
                "bare C client, requests made once",
                "%s --server=%s --pairs=%d --batch=1000 --encode=once" % (client, server, n),
            ),
            Contender("senior-grpc -b 1000", "senior-grpc -s %s --rate=0 -b 1000 %s > /dev/null" % (server, questions)),
            Contender("jl-dedupe, the same lines", "jl-dedupe --keys-only %s > /dev/null" % questions),
        ]
    )
    rows = [
        [
            name,
            "%.2f" % (n / c.wall / 1e6),
            "%.0f" % (c.wall / n * 1e9),
            "%.0f" % (c.cpu / n * 1e9),
            "%.2f" % ratio(c.cpu, costs["bare C client"].cpu),
            "%.1f" % (c.rss / 2**20),
            str(c.runs),
        ]
        for name, c in costs.items()
    ]
    bench.table(
        "%g M distinct pairs" % (n / 1e6), ["", "M pairs/s", "ns a pair", "CPU ns a pair", "CPU ×", "MiB", "runs"], rows
    )
    ours = costs["senior-grpc -b 1000"]
    bench.target("senior-grpc, batch 1000: CPU of a bare C client", 1.5, ratio(ours.cpu, costs["bare C client"].cpu))
    bench.target("senior-grpc, batch 1000", 1.5, n / ours.wall / 1e6, at_most=False, unit=" M/s")
    window(bench, server)


def window(bench, server):
    """Lines that come one by one: how long a lone pair waits for others."""
    probes = bench.size.probes // 10
    path = pairs_file(bench, bench.size.asked, False)
    command = "%s %s/peers/latency.py %d 5 %s 'senior-grpc -s %s --rate=0'" % (
        bench.python,
        bench.here,
        probes,
        path,
        server,
    )
    times = sorted(float(t) * 1000 for t in bench.sh(command).split())
    middle, late = times[len(times) // 2], times[int(len(times) * 0.99)]
    bench.note(
        "A lone pair, 5 ms after the one before: answered after %.2f ms (median), %.2f ms (99 of 100); the window is 20 ms."
        % (middle, late)
    )
    bench.target("senior-grpc: a lone pair is answered within its window of 20 ms and a call", 22, late, unit=" ms")
