#!/usr/bin/python3
"""Runs many clients of one gate at once, kills some of them at random moments, starts others in their place.

    gate_hammer.py --api=URL --urls=FILE --calls=N --ledger=URL [OPTION...] -- COMMAND [ARG...]

Each client is COMMAND with --ledger, --cache, --user and an input of --lines job lines from the addresses in FILE: those of a part
of its own (even places) or any (odd ones). Every other client has a cache of its own, the others share one. Clients
are started until the server has seen N calls or the gate refuses all; then those that are left come to their end.

    --processes=N     at once [64]
    --lines=N         of a client's input [24]
    --kill=SHARE      of clients that get SIGKILL [0.3] after at most --within=SECONDS [1.5]
    --cache=URL       the shared one; own ones are sqlite files beside it [sqlite:shared.db]
    --off=SHARE       of clients whose wall clock is an hour ahead or behind [0]; --clock=LIBRARY of tests/fault turns it
    --pace=N          starts a client each N ms, not all of them at once [0]
    --seconds=N       starts nothing after so long, whatever the server has seen [60]
    --seed=N

Every half second it compares the server's bill with what the ledger has spent or holds. Prints one JSON object: started, killed,
statuses (by number, of those that came to their end), seconds, below (how often the ledger had less than the bill), messages (lines on
stderr of clients that ended with another status than 0 or 75).
"""

import argparse
import collections
import heapq
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HOUR = 3600 * 10**9


class Hammer:
    def __init__(self, args):
        self.args = args
        self.draw = random.Random(args.seed)
        with open(args.urls, encoding="utf-8") as file:
            self.urls = file.read().split()
        self.clients, self.timers = {}, []
        self.started = self.killed = self.below = self.samples = 0
        self.statuses = collections.Counter()
        self.messages = collections.Counter()
        self.spent, self.budget = 0, 1 << 60
        self.clocks = []
        for name, ahead in (("ahead", HOUR), ("behind", -HOUR)):
            with open("clock." + name, "wb") as file:
                file.write(ahead.to_bytes(8, sys.byteorder, signed=True))
            self.clocks.append(file.name)

    def part(self, place):
        count = self.args.lines
        if place % 2:
            return self.draw.sample(self.urls, count)
        own = self.urls[place :: self.args.processes]
        return self.draw.sample(own, min(count, len(own)))

    def start(self, place):
        source = tempfile.TemporaryFile()
        source.write("".join(f'{{"url":{json.dumps(url)},"company":"C","title":"T"}}\n' for url in self.part(place)).encode())
        source.seek(0)
        cache = self.args.cache if place // 2 % 2 else f"sqlite:own.{place}.db"
        command = self.args.command + [f"--ledger={self.args.ledger}", f"--cache={cache}", f"--user=user{place % 3}"]
        env = dict(os.environ)
        if self.draw.random() < self.args.off:
            env.update(LD_PRELOAD=self.args.clock, JL_CLOCK=self.draw.choice(self.clocks))
        errors = tempfile.TemporaryFile()
        client = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL, stderr=errors, env=env)
        source.close()
        self.started += 1
        self.clients[client.pid] = (place, client, errors)
        if self.draw.random() < self.args.kill:
            heapq.heappush(self.timers, (time.monotonic() + self.draw.uniform(0, self.args.within), client.pid))

    def kill_due(self):
        while self.timers and self.timers[0][0] <= time.monotonic():
            _, pid = heapq.heappop(self.timers)
            if pid in self.clients and self.clients[pid][1].poll() is None:
                self.clients[pid][1].send_signal(signal.SIGKILL)

    def reap(self):
        """Places that have become free."""
        free = []
        for pid, (place, client, errors) in list(self.clients.items()):
            if client.poll() is None:
                continue
            del self.clients[pid]
            free.append(place)
            if client.returncode == -signal.SIGKILL:
                self.killed += 1
            else:
                self.statuses[str(client.returncode)] += 1
                errors.seek(0)
                if client.returncode not in (0, 75):
                    self.messages.update(errors.read().decode(errors="replace").splitlines())
            errors.close()
        return free

    def bill(self):
        with urllib.request.urlopen(self.args.api + "/_test/state", timeout=30) as reply:
            return json.load(reply)

    def sample(self):
        """The bill first: what is billed by now is held or spent by now."""
        state = self.bill()
        done = subprocess.run(["credits", "status", "--json", f"--ledger={self.args.ledger}"], capture_output=True, check=False)
        if done.returncode == 0:
            status = json.loads(done.stdout)
            self.samples += 1
            self.below += status["spent"] + status["held"] < state["credits"]
            self.spent = status["spent"] + status["held"]
            self.budget = status["budget"]
        return state

    def run(self):
        begun = sampled = time.monotonic()
        going = True
        places = list(range(self.args.processes))
        started = 0.0
        while going or self.clients:
            while going and places and time.monotonic() - started >= self.args.pace / 1000:
                started = time.monotonic()
                self.start(places.pop(0))
            places += self.reap()
            self.kill_due()
            now = time.monotonic()
            if now - sampled > 0.5:
                sampled = now
                calls = self.sample()["calls"]
                going = going and calls < self.args.calls and now - begun < self.args.seconds
                going = going and self.budget - self.spent >= self.args.least
            due = self.timers[0][0] - time.monotonic() if self.timers else 1
            time.sleep(min(max(due, 0), 0.02))
        self.sample()
        return {
            "started": self.started, "killed": self.killed, "statuses": self.statuses, "seconds": round(time.monotonic() - begun, 1),
            "samples": self.samples, "below": self.below, "messages": self.messages,
        }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--api", required=True)
    parser.add_argument("--urls", required=True)
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--processes", type=int, default=64)
    parser.add_argument("--lines", type=int, default=24)
    parser.add_argument("--kill", type=float, default=0.3)
    parser.add_argument("--within", type=float, default=1.5)
    parser.add_argument("--cache", default="sqlite:shared.db")
    parser.add_argument("--off", type=float, default=0)
    parser.add_argument("--clock", default="")
    parser.add_argument("--pace", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--least", type=int, default=5, help="a budget with less left than this is used up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("command", nargs="+")
    print(json.dumps(Hammer(parser.parse_args()).run()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
