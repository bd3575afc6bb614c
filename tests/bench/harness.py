"""What the groups share: inputs, contenders, rounds, medians, tables, targets, servers."""

import dataclasses
import json
import os
import re
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import time


@dataclasses.dataclass
class Size:
    rounds: int  # of the fast contenders
    short: tuple  # lines, distinct pairs
    long: tuple
    unique: tuple
    mixed: tuple
    stored: tuple  # pairs in the caches
    lookups: int  # of them, in a measurement
    few: int  # lines for what takes a hundred times longer
    asked: int  # pairs for the model
    probes: int  # lines whose latency is measured
    distinct: tuple  # the numbers of distinct pairs
    shape_bytes: int  # of each odd shape
    slow: int  # rounds of the slow contenders


SIZES = {
    "full": Size(
        7,
        (5000000, 150000),
        (345000, 10350),
        (5000000, 5000000),
        (1000000, 100000),
        (2000000, 20000000),
        4000000,
        300000,
        2000000,
        2000,
        (10**4, 10**5, 10**6, 10**7, 3 * 10**7),
        64 << 20,
        1,
    ),
    "quick": Size(
        5,
        (500000, 15000),
        (34500, 1035),
        (500000, 500000),
        (100000, 10000),
        (200000, 2000000),
        500000,
        20000,
        200000,
        300,
        (10**4, 10**5, 10**6),
        16 << 20,
        1,
    ),
    "tiny": Size(
        2,
        (20000, 600),
        (1000, 30),
        (20000, 20000),
        (4000, 400),
        (20000,),
        20000,
        2000,
        20000,
        50,
        (10**3, 10**4),
        1 << 20,
        1,
    ),
}


class Disagreement(Exception):
    """Two contenders that should give the same answers do not, or one that should run cannot."""


@dataclasses.dataclass
class Contender:
    name: str
    command: str  # for a shell; may be a pipeline
    rounds: int = 0  # 0: as many as the others
    own_clock: bool = False  # writes its own cost to $BENCH_COST: without the start of its interpreter


@dataclasses.dataclass
class Cost:
    wall: float  # seconds, the median of the runs, as the others
    cpu: float  # user and system, of all its processes
    rss: float  # bytes, of its largest process
    runs: int


@dataclasses.dataclass
class Target:
    work: str
    wanted: str
    got: float  # None: not measured
    limit: float
    at_most: bool
    unit: str

    @property
    def verdict(self):
        if self.got is None:
            return "not measured"
        return "met" if (self.got <= self.limit if self.at_most else self.got >= self.limit) else "MISSED"


def median_cost(samples):
    pick = lambda name: statistics.median(getattr(s, name) for s in samples)
    return Cost(pick("wall"), pick("cpu"), pick("rss"), len(samples))


def ratio(a, b):
    return a / b if b else float("inf")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Bench:
    def __init__(self, size_name, rounds):
        self.size_name = size_name
        self.size = SIZES[size_name]
        self.rounds = rounds
        self.only = None  # the groups, when not all
        self.here = os.path.dirname(os.path.abspath(__file__))
        self.top = os.path.dirname(os.path.dirname(self.here))
        self.build = os.environ["BUILD"]
        self.dir = os.path.join(self.build, "bench")
        self.tools = os.path.join(self.build, "test", "bench")
        self.python = sys.executable
        for folder in ("in", "out", "state"):
            os.makedirs(os.path.join(self.dir, folder), exist_ok=True)
        self.sections = []  # of the report: (group, title, [text or table])
        self.targets = []
        self.figures = {}  # for the chart and the README
        self.servers = []  # Popen of this group
        self.machine = {}
        os.environ.update(
            {
                "PATH": ":".join(
                    [os.path.join(self.build, "bin"), os.path.join(self.build, "test", "bin"), os.environ["PATH"]]
                ),
                "LC_ALL": "C.UTF-8",
                "NODE_PATH": os.path.join(self.dir, "npm", "node_modules"),
                "BENCH_COST": os.path.join(self.dir, "state", "cost"),
                "XDG_STATE_HOME": os.path.join(self.dir, "state"),
            }
        )
        for name in [n for n in os.environ if n.startswith("JOBLINE_")]:
            del os.environ[name]

    # --- What there is ---------------------------------------------------------------------------------------------

    def have(self, program):
        return shutil.which(program) is not None

    @property
    def duckdb(self):
        return self.have("node") and os.path.exists(os.path.join(os.environ["NODE_PATH"], "@duckdb", "node-api"))

    def threads(self, program, n):
        """The option that makes PROGRAM use N threads; None when it has no such option and N is not 1."""
        text = subprocess.run([program, "--help"], capture_output=True, text=True).stdout
        if "--threads" in text:
            return "--threads=%d" % n
        return "" if n == 1 else None

    def look_around(self):
        """The kind of machine, without its name; warns when others use it."""

        def version(command):
            """The first thing that looks like a version in what the command says."""
            try:
                run = subprocess.run(
                    command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, shell=isinstance(command, str)
                )
            except OSError:
                return None
            found = re.search(r"\d+(\.\d+)+|\d+", run.stdout)
            return found.group() if found and run.returncode == 0 else None

        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
            processor = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
        self.machine = {
            "cores": str(os.cpu_count()),
            "processor": processor.group(1) if processor else os.uname().machine,
            "memory": "%.0f GiB" % (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "Linux": re.match(r"[\d.]*\d", os.uname().release).group(),
            "jobline": version("jl-dedupe --version"),
            "glibc": version("getconf GNU_LIBC_VERSION"),
            "coreutils": version("cat --version"),
            "compiler": " ".join(
                filter(None, [os.environ.get("CC", "cc"), version(os.environ.get("CC", "cc") + " -dumpfullversion")])
            ),
            "jq": version("jq --version"),
            "gojq": version("gojq --version"),
            "Miller": version("mlr --version"),
            "mawk": version("mawk -W version"),
            "Python": version([self.python, "--version"]),
            "Redis": version("redis-server --version"),
            "gRPC core": version("pkg-config --modversion grpc"),
            "SQLite": version("pkg-config --modversion sqlite3"),
            "DuckDB": version(["node", os.path.join(self.here, "peers", "duckdb.js"), "--version"])
            if self.duckdb
            else None,
        }
        before, total = self.idle_ticks()
        time.sleep(1 if self.size_name != "tiny" else 0.1)
        after, later = self.idle_ticks()
        busy = 1 - (after - before) / max(1, later - total)
        if busy > 0.1:
            self.machine["note"] = "other programs took %.0f %% of the machine when the run began" % (100 * busy)
            self.say("This machine is busy (%.0f %%): times mean little, CPU somewhat more." % (100 * busy))

    @staticmethod
    def idle_ticks():
        with open("/proc/stat", encoding="ascii") as f:
            ticks = [int(t) for t in f.readline().split()[1:9]]
        return ticks[3] + ticks[4], sum(ticks)

    # --- Inputs ----------------------------------------------------------------------------------------------------

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def made(self, name, command):
        """The file in/NAME; made by the shell command (its stdout) when it is not there."""
        path = self.path("in", name)
        if not os.path.exists(path):
            self.say("making %s" % name)
            subprocess.run(["bash", "-c", command + " > " + shlex.quote(path + ".new")], check=True)
            os.rename(path + ".new", path)
        return path

    def input(self, shape):
        lines, distinct = getattr(self.size, shape)
        kind = {"unique": "short"}.get(shape, shape)
        return self.made(
            "%s-%d.jsonl" % (shape, lines),
            "generate --lines=%d --distinct=%d --seed=7 --shape=%s" % (lines, distinct, kind),
        )

    def slice(self, path, lines):
        name = "%s.first-%d" % (os.path.basename(path), lines)
        return self.made(name, "head -n %d %s" % (lines, shlex.quote(path)))

    def table_for(self, path):
        """Lines of company, title and a seniority for each distinct pair of the input."""
        return self.made(
            os.path.basename(path) + ".table",
            'jl-dedupe --keys-only %s | awk \'{ sub(/}$/, ",\\"seniority\\":" (NR %% 7 + 1) "}"); print }\''
            % shlex.quote(path),
        )

    # --- Running ---------------------------------------------------------------------------------------------------

    def sh(self, command, **more):
        """Runs a shell command that has to succeed; returns its stdout as text."""
        run = subprocess.run(["bash", "-o", "pipefail", "-c", command], stdout=subprocess.PIPE, text=True, **more)
        if run.returncode != 0:
            raise Disagreement("status %d: %s" % (run.returncode, command))
        return run.stdout

    def measure(self, contender, times=1, stdin=subprocess.DEVNULL):
        """[Cost] of TIMES runs."""
        command = contender.command
        simple = not any(c in command for c in "|;&")
        shell = ["sh", "-c", "exec " + command] if simple else ["bash", "-o", "pipefail", "-c", command]
        cost_file = os.environ["BENCH_COST"]
        if os.path.exists(cost_file):
            os.unlink(cost_file)
        with open(self.path("state", "stderr"), "w+", encoding="utf-8", errors="replace") as stderr:
            run = subprocess.Popen(
                [os.path.join(self.tools, "measure"), "-n", str(times), *shell],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
            try:
                told, _ = run.communicate()
            except (
                BaseException
            ):  # also a signal: the tool ends what it runs, which a kill of the tool would leave behind
                run.terminate()
                run.wait()
                raise
            stderr.seek(0)
            said = stderr.read(2000)
        costs = []
        for line in told.splitlines():
            m = json.loads(line)
            if m["status"] != 0:
                raise Disagreement("%s ended with status %d: %s\n%s" % (contender.name, m["status"], command, said))
            costs.append(Cost(m["wall"], m["user"] + m["sys"], m["rss"], 1))
        if run.returncode != 0 or not costs:
            raise Disagreement("%s could not be measured: %s\n%s" % (contender.name, command, said))
        if contender.own_clock:
            with open(cost_file, encoding="ascii") as f:
                own = json.load(f)
            costs[-1].wall, costs[-1].cpu = own["wall"], own["cpu"]
        return costs

    def race(self, contenders, after=None):
        """{name: Cost}: each once per round, in an order that turns from round to round; AFTER each run: cleans up."""
        samples = {c.name: [] for c in contenders}
        for r in range(self.rounds):
            turn = r % len(contenders)
            for c in contenders[turn:] + contenders[:turn]:
                if not c.rounds or len(samples[c.name]) < c.rounds:
                    samples[c.name] += self.measure(c)
                    if after:
                        after()
        return {name: median_cost(s) for name, s in samples.items()}

    def warm(self, *paths):
        for path in paths:
            self.sh("cat %s > /dev/null" % shlex.quote(path))

    def remove(self, *names):
        for name in names:
            path = self.path("out", name)
            if os.path.exists(path):
                os.unlink(path)

    # --- Servers ---------------------------------------------------------------------------------------------------

    def start(self, command, ready, log):
        """A server that ends with the group; READY() tells when it serves."""
        with open(self.path("state", log), "w", encoding="utf-8") as out:
            server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.servers.append(server)
        deadline = time.monotonic() + 30
        while not ready():
            if server.poll() is not None or time.monotonic() > deadline:
                with open(self.path("state", log), encoding="utf-8", errors="replace") as f:
                    raise Disagreement("%s does not start:\n%s" % (command[0], f.read()[-2000:]))
            time.sleep(0.02)
        return server

    def start_redis(self):
        """(server, port) of a Redis that keeps nothing on disk."""
        port = free_port()
        folder = self.path("state")

        def ready():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", port)) == 0

        server = self.start(
            [
                "redis-server",
                "--port",
                str(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder,
                "--save",
                "",
                "--appendonly",
                "no",
            ],
            ready,
            "redis.log",
        )
        return server, port

    def start_listener(self, command, log):
        """(server, "ADDRESS:PORT") of one that says "listening on ADDRESS:PORT"."""
        address = []

        def ready():
            with open(self.path("state", log), encoding="utf-8", errors="replace") as f:
                for line in f:
                    if "listening on " in line:
                        address.append(line.split("listening on ", 1)[1].split()[0])
                        return True
            return False

        return self.start(command, ready, log), address[-1] if address else None

    def start_model(self):
        return self.start_listener(["senior-model", "-l", "127.0.0.1:0", "-q"], "model.log")

    def cpu_of(self, server):
        """CPU seconds that a server has used so far."""
        with open("/proc/%d/stat" % server.pid, encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self):
        """Ends the servers of a group and removes what it wrote."""
        for server in reversed(self.servers):
            server.terminate()
        for server in self.servers:
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        self.servers = []
        for folder in ("out", "state"):
            shutil.rmtree(self.path(folder), ignore_errors=True)
            os.makedirs(self.path(folder), exist_ok=True)

    def close(self):
        self.settle()

    # --- Telling ---------------------------------------------------------------------------------------------------

    def say(self, text):
        print("   " + text, file=sys.stderr, flush=True)

    def begin(self, name, title):
        print("\n== %s: %s" % (name, title), flush=True)
        self.sections.append((name, title, []))
        self.since = time.monotonic()

    def note(self, text):
        print(text, flush=True)
        self.sections[-1][2].append(text)

    def table(self, caption, head, rows):
        """Rows of texts; the first column is text, the others are figures."""
        self.sections[-1][2].append((caption, head, rows))
        widths = [max(len(str(r[i])) for r in [head] + rows) for i in range(len(head))]
        print("\n" + caption)
        for row in [head] + rows:
            cells = [str(row[0]).ljust(widths[0])] + [str(c).rjust(w) for c, w in zip(row[1:], widths[1:])]
            print("  " + "  ".join(cells).rstrip(), flush=True)

    def cost_table(self, caption, costs, base, size=0):
        """One row for each contender, as multiples of BASE; SIZE: bytes of the input, for a speed."""
        rows = []
        for name, c in costs.items():
            rows.append(
                [
                    name,
                    "%.2f" % ratio(c.wall, costs[base].wall),
                    "%.2f" % ratio(c.cpu, costs[base].cpu),
                    "%.3f" % c.wall,
                    "%.3f" % c.cpu,
                    "%.0f" % (size / c.wall / 1e6) if size else "",
                    "%.1f" % (c.rss / 2**20),
                    str(c.runs),
                ]
            )
        self.table(caption, ["", "time ×", "CPU ×", "s", "CPU s", "MB/s", "MiB", "runs"], rows)

    def target(self, work, limit, got, at_most=True, unit="×"):
        wanted = "%s %s%s" % ("≤" if at_most else "≥", "%g" % limit, unit)
        self.targets.append(Target(work, wanted, got, limit, at_most, unit))
