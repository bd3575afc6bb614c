"""The whole job with a warm cache against a straightforward Python program on the same servers."""

from group.augment import fingerprint
from group.chain import pipe, sentence
from harness import Contender, Disagreement, ratio

TITLE = "the whole job, warm, against a straightforward Python program"


def run(bench):
    if bench.sh("%s -c 'import redis, grpc' 2> /dev/null && echo yes || echo no" % bench.python).strip() != "yes":
        bench.note("Not measured: Python's redis and grpc are missing.")
        return
    path = bench.slice(bench.input("short"), bench.size.few)
    out = bench.path("out", "answered")
    redis, port = bench.start_redis()
    _, model = bench.start_model()
    cache = "redis://127.0.0.1:%d/0" % port
    service = "%s %s/peers/service.py 127.0.0.1:%d %s" % (bench.python, bench.here, port, model)
    racers = [
        Contender("sentence", sentence(cache, model, path, out)),
        Contender("plain pipe", pipe(cache, model, path, out)),
        Contender("Python", "%s < %s > %s" % (service, path, out), min(3, bench.rounds)),
        Contender("Python, lines by hundreds, MGET", "%s 100 < %s > %s" % (service, path, out), min(3, bench.rounds)),
    ]
    wanted = None
    for racer in racers * 2:  # the second time around all is warm
        bench.measure(racer)
        got = fingerprint(out)
        wanted = wanted or got
        if got != wanted:
            raise Disagreement("%s and the %s differ" % (racer.name, racers[0].name))
        bench.remove("answered")
    bench.note("All give the same %d lines, once numbers and strings are read." % wanted[0])
    server = {}
    for racer in racers:
        before = bench.cpu_of(redis)
        bench.measure(racer)
        server[racer.name] = bench.cpu_of(redis) - before
    costs = bench.race(racers, after=lambda: bench.remove("answered"))
    rows = [
        [
            name,
            "%.1f" % ratio(c.cpu, costs["sentence"].cpu),
            "%.1f" % ratio(c.wall, costs["sentence"].wall),
            "%.2f" % (c.cpu / bench.size.few * 1e6),
            "%.2f" % (server[name] / bench.size.few * 1e6),
            "%.0f" % (c.rss / 2**20),
            str(c.runs),
        ]
        for name, c in costs.items()
    ]
    bench.table(
        "%d lines of short, Redis" % bench.size.few,
        ["", "CPU ×", "time ×", "CPU µs a line", "and the server's", "MiB", "runs"],
        rows,
    )
    bench.figures["job"] = costs
    bench.target(
        "the whole job, warm: less CPU than the Python program",
        30,
        ratio(costs["Python"].cpu, costs["sentence"].cpu),
        at_most=False,
    )
    bench.target("the same as a plain pipe", 30, ratio(costs["Python"].cpu, costs["plain pipe"].cpu), at_most=False)
