"""The whole job with a warm cache, said in two ways, against answers from a table."""

import filecmp
import os

from harness import Contender, Disagreement, ratio

TITLE = "the whole job with a warm cache: the sentence and the plain pipe"


def sentence(cache, model, path, out):
    return "jl-augment senior-cache -C %s fill senior-grpc -s %s --rate=0 < %s > %s" % (cache, model, path, out)


def pipe(cache, model, path, out):
    return "senior-cache -C %s get < %s | senior-grpc -s %s --rate=0 | senior-cache -C %s put > %s" % (
        cache,
        path,
        model,
        cache,
        out,
    )


def run(bench):
    path = bench.input("short")
    out = bench.path("out", "answered")
    redis, port = bench.start_redis()
    _, model = bench.start_model()
    caches = {"SQLite": "sqlite:" + bench.path("state", "chain.db"), "Redis": "redis://127.0.0.1:%d/0" % port}
    table, wanted = bench.path("out", "table"), bench.path("out", "wanted")
    for cache in caches.values():
        bench.sh(sentence(cache, model, path, wanted))
    bench.sh("jl-dedupe --keys-only %s | senior-cache -C %s get > %s" % (path, caches["SQLite"], table))
    racers = []
    for threads in (1, 2):
        option = bench.threads("jl-augment", threads)
        if option is not None:
            racers.append(Contender(from_table(threads), "jl-augment %s -t %s %s > %s" % (option, table, path, out)))
    for name, cache in caches.items():
        racers.append(Contender("sentence, " + name, sentence(cache, model, path, out)))
        racers.append(Contender("plain pipe, " + name, pipe(cache, model, path, out)))
    for racer in racers:
        bench.measure(racer)
        if not filecmp.cmp(out, wanted, shallow=False):
            raise Disagreement("%s does not give the bytes of jl-augment from a table" % racer.name)
        bench.remove("answered")
    bench.note("short: all give the same bytes.")
    before = bench.cpu_of(redis)
    costs = bench.race(racers, after=lambda: bench.remove("answered"))
    used = (bench.cpu_of(redis) - before) / (2 * bench.rounds)
    bench.cost_table("short, warm; against answers from a table", costs, from_table(1), os.path.getsize(path))
    bench.note("The Redis server took %.3f s of CPU in a run on top." % used)
    bench.figures["chain"] = costs
    table = costs[from_table(1)]
    for name in caches:
        bench.target(
            "jl-augment senior-cache fill, warm, %s: time of jl-augment from a table" % name,
            1.3,
            ratio(costs["sentence, " + name].wall, table.wall),
        )
    for name in caches:
        bench.target(
            "plain pipe, warm, %s: time of jl-augment from a table" % name,
            2.5,
            ratio(costs["plain pipe, " + name].wall, table.wall),
        )


def from_table(threads):
    return "from a table, %d thread%s" % (threads, "s" if threads > 1 else "")
