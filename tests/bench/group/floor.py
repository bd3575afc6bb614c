"""Where the time goes: reading, writing, finding lines, checking them, making keys."""

import os

from harness import Contender

TITLE = "the floor: what the stages of a filter cost, without any work"


def run(bench):
    for shape in ("short", "long"):
        path = bench.input(shape)
        floor = os.path.join(bench.tools, "floor")
        bench.warm(path)
        costs = bench.race(
            [
                Contender("cat > /dev/null", "cat %s > /dev/null" % path),
                Contender("wc -l", "wc -l %s" % path),
                Contender("our reader", "%s read %s" % (floor, path)),
                Contender("our reader and writer", "%s copy %s > /dev/null" % (floor, path)),
                Contender("our reader, ends of lines", "%s lines %s" % (floor, path)),
                Contender("each line checked, members found", "%s scan %s" % (floor, path)),
                Contender("the same and its key made", "%s key %s" % (floor, path)),
                Contender(
                    "jl-dedupe --keys-only", "jl-dedupe %s --keys-only %s" % (bench.threads("jl-dedupe", 1), path)
                ),
            ]
        )
        bench.cost_table("%s, against wc -l" % shape, costs, "wc -l", os.path.getsize(path))
