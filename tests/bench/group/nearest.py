"""The nearest vectors: a side file against brute force, sqlite-vec, faiss, hnswlib and pgvector, at the same recall."""

import glob
import os
import shlex
import shutil
import statistics
import subprocess
import tempfile

from harness import Contender, Disagreement

TITLE = "the ten nearest of many vectors"

ROWS = {"full": 300000, "quick": 30000, "tiny": 2000}
DIMS = 384
QUERIES = 64
K = 10
ENOUGH = 0.99  # recall of those that guess; they are given more effort until they reach it


class Peer:
    """A program that builds an index and asks it."""

    def __init__(self, name, index, build, search, efforts=("0",), once=None, server=None):
        self.name, self.index, self.build, self.search = name, index, build, search
        self.efforts, self.effort, self.recall, self.seconds, self.bytes = efforts, efforts[0], 0, 0, 0
        self.queries = once  # fewer queries for what takes long
        self.server = server  # the program that serves the index, where no process does by itself

    def command(self, queries):
        return self.search % {"queries": shlex.quote(queries), "effort": self.effort}


def size_of(path):
    if os.path.exists(path + ".bytes"):
        with open(path + ".bytes", encoding="ascii") as f:
            return int(f.read())
    return sum(os.path.getsize(p) for p in [path, *glob.glob(path + "-*")] if os.path.exists(p))


def built(bench, peer):
    """Builds once, and remembers how long it took."""
    peer.bytes = size_of(peer.index)
    if peer.build is None:
        return
    seconds = peer.index + ".seconds"
    if not os.path.exists(seconds):
        bench.say("building %s" % peer.name)
        for old in [peer.index, *glob.glob(peer.index + "-*")]:
            if os.path.exists(old):
                os.unlink(old)
        cost = bench.measure(Contender(peer.name, peer.build))[0]
        with open(seconds, "w", encoding="ascii") as f:
            f.write("%.3f" % cost.cpu)
    with open(seconds, encoding="ascii") as f:
        peer.seconds = float(f.read())
    peer.bytes = size_of(peer.index)


def asked(peer, queries):
    """(seconds of an average query, the rows found for each)"""
    run = subprocess.run(["sh", "-c", peer.command(queries)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if run.returncode != 0:
        raise Disagreement("%s ended with status %d: %s" % (peer.name, run.returncode, run.stderr[-500:]))
    return float(run.stderr.split()[-1]), [line.split() for line in run.stdout.splitlines()]


def recall(found, right):
    return sum(len(set(f) & set(r)) for f, r in zip(found, right)) / sum(len(r) for r in right[: len(found)])


def tune(peer, queries, right):
    """The least effort that finds enough."""
    for peer.effort in peer.efforts:
        peer.recall = recall(asked(peer, queries)[1], right)
        if peer.recall >= ENOUGH:
            return


def compiled(bench):
    """The program around faiss and hnswlib, or None where there is no compiler or one of them is missing."""
    source = os.path.join(bench.here, "peers", "nearest.cpp")
    program = bench.path("nearest_peer")
    if os.path.exists(program) and os.path.getmtime(program) > os.path.getmtime(source):
        return program
    command = ["g++", "-O3", "-march=native", "-fopenmp", "-o", program, source, "-lfaiss", "-llapack", "-lblas"]
    if not bench.have("g++"):
        return None
    run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return program if run.returncode == 0 else None


def sqlite_vec(bench):
    """The extension as its maker's package has it."""
    found = os.path.join(os.environ["NODE_PATH"], "sqlite-vec-linux-x64", "vec0.so")
    return found if os.path.exists(found) else None


def pgvector(bench):
    """A server is made by the tests' own tool, with the extension where it is installed."""
    there = glob.glob("/usr/share/postgresql/*/extension/vector.control")
    return os.path.join(bench.top, "tests", "tools", "pg_server") if there else None


def peers_of(bench, folder, vectors, served):
    tool = os.path.join(bench.tools, "nearest")
    ours = os.path.join(folder, "ours.index")
    yield Peer(
        "ours",
        ours,
        "%s build %s %d %s" % (tool, vectors, DIMS, ours),
        "%s search %s %%(queries)s %d 1" % (tool, ours, K),
    )
    yield Peer(
        "ours, 64 at once",
        ours,
        None,
        "%s search %s %%(queries)s %d 64" % (tool, ours, K),
    )
    yield Peer("float32 brute force", vectors, None, "%s brute %s %d %%(queries)s %d" % (tool, vectors, DIMS, K))
    program = compiled(bench)
    kinds = {
        "faiss Flat": ("flat", ("0",)),
        "faiss IVF1024": ("ivf", ("4", "8", "16", "32", "64", "128", "256", "512")),
        "hnswlib (M 16)": ("hnswlib", ("16", "32", "64", "128", "256", "512", "1024", "2048", "4096")),
    }
    for name, (kind, efforts) in kinds.items() if program else ():
        index = os.path.join(folder, kind + ".index")
        yield Peer(
            name,
            index,
            "%s %s build %s %d %s" % (program, kind, vectors, DIMS, index),
            "%s %s search %s %d %%(queries)s %d %%(effort)s" % (program, kind, index, DIMS, K),
            efforts,
        )
    extension = sqlite_vec(bench)
    if extension:
        index = os.path.join(folder, "sqlite-vec.db")
        script = "%s %s %s" % (bench.python, os.path.join(bench.here, "peers", "nearest_sqlite.py"), extension)
        yield Peer(
            "sqlite-vec",
            index,
            "%s build %s %d %s" % (script, vectors, DIMS, index),
            "%s search %s %d %%(queries)s %d" % (script, index, DIMS, K),
            once=8,
        )
    server = pgvector(bench)
    if server:
        index = os.path.join(served, "pg")
        script = "%s %s %s" % (bench.python, os.path.join(bench.here, "peers", "nearest_pg.py"), server)
        yield Peer(
            "pgvector (M 16)",
            index,
            "%s build %s %d %s" % (script, vectors, DIMS, index),
            "%s search %s %d %%(queries)s %d %%(effort)s" % (script, index, DIMS, K),
            ("40", "80", "160", "320", "640", "1000"),
            server=server,
        )


def first_queries(path, n):
    name = "%s.first-%d" % (path, n)
    if not os.path.exists(name):
        with open(path, "rb") as whole, open(name, "wb") as f:
            f.write(whole.read(4 * DIMS * n))
    return name


def serve(bench, peer):
    def answers():
        return subprocess.run([peer.server, "answers", peer.index]).returncode == 0

    bench.start([peer.server, "run", peer.index, "-c", "shared_buffers=1GB"], answers, "postgres.log")


def ready(bench, peers, queries, right):
    """Builds all, and compares what they find with brute force."""
    for peer in peers:
        built(bench, peer)
        if peer.server:
            serve(bench, peer)
        else:
            bench.warm(peer.index)
        tune(peer, first_queries(queries, peer.queries) if peer.queries else queries, right)
        exact = peer.name.startswith(("ours", "float32", "faiss Flat", "sqlite"))
        if peer.recall < (0.999 if exact else 0.9):
            raise Disagreement("%s finds %.3f of the nearest" % (peer.name, peer.recall))
        if peer.name.startswith("ours") and peer.recall < 1:
            raise Disagreement("%s finds %.5f of the nearest" % (peer.name, peer.recall))


def run(bench):
    # A server's folder: short enough for the path of a socket, where others than root may go.
    served = tempfile.mkdtemp(prefix="jobline-nearest.")
    os.chmod(served, 0o755)
    try:
        race(bench, served)
    finally:
        for server in bench.servers:
            server.terminate()
            server.wait()
        shutil.rmtree(served, ignore_errors=True)


def race(bench, served):
    rows = ROWS[bench.size_name]
    folder = bench.path("in", "nearest-%d" % rows)
    vectors, queries = os.path.join(folder, "vectors.f32"), os.path.join(folder, "queries.f32")
    tool = os.path.join(bench.tools, "nearest")
    if not os.path.exists(folder):
        os.makedirs(folder + ".new", exist_ok=True)
        bench.sh("%s make %d %d %d %s.new" % (tool, rows, DIMS, QUERIES, folder))
        os.rename(folder + ".new", folder)
    peers = list(peers_of(bench, folder, vectors, served))
    brute = next(p for p in peers if p.name.startswith("float32"))
    ready(bench, peers, queries, asked(brute, queries)[1])

    query, whole = {p.name: [] for p in peers}, {}
    for r in range(bench.rounds):
        turn = r % len(peers)
        for peer in peers[turn:] + peers[:turn]:
            few = first_queries(queries, peer.queries) if peer.queries else queries
            query[peer.name].append(asked(peer, few)[0])
    one = first_queries(queries, 1)
    shots = [Contender(p.name, p.command(one)) for p in peers if "at once" not in p.name and not p.server]
    whole = bench.race(shots)
    tell(bench, rows, peers, {name: statistics.median(times) for name, times in query.items()}, whole)


def tell(bench, rows, peers, query, whole):
    table = []
    for p in peers:
        shot = whole.get(p.name)
        table.append(
            [
                p.name,
                "%.2f" % (1000 * query[p.name]),
                "%.2f" % (query[p.name] / query["ours"]),
                "%.3f" % p.recall,
                "%.1f" % (1000 * shot.wall) if shot else "",
                "%.1f" % (1000 * shot.cpu) if shot else "",
                "%.2f" % (shot.cpu / whole["ours"].cpu) if shot else "",
                "%.0f" % (shot.rss / 2**20) if shot else "",
                "%.1f" % p.seconds if p.build else "",
                "%.0f" % (p.bytes / 1e6) if p.build else "",
            ]
        )
    bench.table(
        "The %d nearest of %d × %d, one thread; a whole process opens or loads its index and asks one query"
        % (K, rows, DIMS),
        ["", "ms a query", "×", "recall", "process ms", "CPU ms", "CPU ×", "MiB", "build CPU s", "MB"],
        table,
    )
    bench.note(
        "Ours reads the file for every search, the others hold their vectors in memory (sqlite-vec: in its pages); it holds the "
        "answers that brute force gives for all %d queries. sqlite-vec and its clock run inside Python, whose start its "
        "process includes. pgvector's queries are those of a psql to a server that runs with the index in memory." % QUERIES
    )
    known = (("faiss, hnswlib", compiled), ("sqlite-vec", sqlite_vec), ("pgvector", pgvector))
    absent = [name for name, there in known if not there(bench)]
    if absent:
        bench.note("Not at hand, not measured: %s." % ", ".join(absent))
    if bench.size_name == "full":
        bench.target("CPU of a process that asks one query", 15, 1000 * whole["ours"].cpu, unit=" ms")
        bench.target("CPU of such a process / float32 brute force", 0.25, whole["ours"].cpu / whole["float32 brute force"].cpu)
        bench.target("64 queries at once, each", 1.2, 1000 * query["ours, 64 at once"], unit=" ms")
