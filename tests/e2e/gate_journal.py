#!/usr/bin/python3
"""Replays a ledger's journal by the words of lib/gate/ledger.h, knowing nothing of the code that wrote it.

    gate_journal.py [--turned] LEDGER-URL [PROVIDER]

--turned: the entries were written by clocks that disagree, so that their times say nothing about leases.

Ends with 1 and a line for each broken promise. Else prints one JSON object: entries, calls (holds that were sent), lapsed and
doubted (holds whose lease ended unsent, sent), live (holds at the end), live_max, spent (by period), uncertain (credits),
breaker (the notes of its entries), probes_max, over_worst (calls that cost more than their worst case).
"""

import calendar
import collections
import datetime
import json
import socket
import sqlite3
import sys
import urllib.parse

KINDS = "? set reserve send settle void uncertain adjust breaker rebuild".split()
FIELDS = "seq at kind id endpoint user credits period reach note".split()


def from_sqlite(path, provider):
    db = sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=ro", uri=True, timeout=30)
    query = "SELECT seq, at_ms, kind, id, endpoint, user, credits, period, reach, note FROM journal WHERE provider = ? ORDER BY seq"
    for row in db.execute(query, (provider,)):
        entry = dict(zip(FIELDS, row))
        entry["kind"] = KINDS[entry["kind"]]
        yield entry


class Redis:
    def __init__(self, address, database):
        self.link = socket.create_connection(address, 30) if isinstance(address, tuple) else socket.socket(socket.AF_UNIX)
        if not isinstance(address, tuple):
            self.link.connect(address)
        self.file = self.link.makefile("rb")
        self.ask("SELECT", str(database))

    def ask(self, *words):
        parts = [b"*%d\r\n" % len(words)] + [b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words]
        self.link.sendall(b"".join(parts))
        return self.read()

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"-":
            raise SystemExit(rest.decode())
        return rest.decode()


def from_redis(url, provider):
    database = int(url.path.strip("/") or 0) if url.scheme == "redis" else 0
    redis = Redis((url.hostname, url.port) if url.scheme == "redis" else url.path, database)
    last = "-"
    while True:
        rows = redis.ask("XRANGE", f"jobline:ledger:v1:{{{provider}}}:journal", last, "+", "COUNT", "1000")
        for name, pairs in rows:
            entry = {"seq": int(name.split("-")[0])}
            entry.update(zip(pairs[::2], pairs[1::2]))
            entry["at"], entry["credits"] = int(entry["at"]), int(entry["credits"])
            yield entry
            last = "(" + name
        if not rows:
            return


def journal(text, provider="hasdata"):
    url = urllib.parse.urlsplit(text)
    return from_sqlite(text[len("sqlite:") :], provider) if url.scheme == "sqlite" else from_redis(url, provider)


def period_of(ms, anchor):
    """The date on which the period of this moment began."""
    day = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).date()
    begin = day.replace(day=min(anchor, calendar.monthrange(day.year, day.month)[1]))
    if begin > day:
        last = day.replace(day=1) - datetime.timedelta(days=1)
        begin = last.replace(day=min(anchor, last.day))
    return begin.isoformat()


def duration(text):
    for unit, factor in (("ms", 1), ("s", 1000), ("m", 60000), ("h", 3600000), ("d", 86400000)):
        if text.endswith(unit) and text[: -len(unit)].replace(".", "", 1).isdigit():
            return float(text[: -len(unit)]) * factor
    return float(text) * 1000


class Replay:
    def __init__(self, turned):
        self.turned = turned
        self.settings = {}
        self.live, self.doubt, self.ended = {}, {}, set()
        self.carried = {}  # of doubt, what reaches another period
        self.spent = collections.Counter()
        self.seq, self.at, self.live_max = 0, 0, 0
        self.count = collections.Counter()
        self.breaker, self.broken = [], []
        self.state, self.probes_max = "closed", 0

    def complain(self, entry, what):
        self.broken.append(f"entry {entry['seq']}, {entry['kind']} {entry['id']}: {what}")

    def committed(self, period):
        all_of_it = self.spent[period]
        all_of_it += sum(h["credits"] for h in self.live.values() if h["period"] <= period <= h["reach"])
        return all_of_it + sum(h["credits"] for h in self.carried.values() if h["period"] < period <= h["reach"])

    def take(self, entry):
        if entry["seq"] != self.seq + 1:
            self.complain(entry, f"follows entry {self.seq}")
        if entry["at"] < self.at:
            self.complain(entry, "time goes back")
        self.seq, self.at = entry["seq"], entry["at"]
        getattr(self, "take_" + entry["kind"])(entry)

    def take_set(self, entry):
        name, _, value = entry["note"].partition("=")
        self.settings[name] = value

    def take_reserve(self, entry):
        number = {name: int(self.settings[name]) for name in ("budget", "concurrency", "priority-share", "anchor")}
        if entry["id"] in self.live or entry["id"] in self.doubt or entry["id"] in self.ended:
            self.complain(entry, "is there already")
        limit = number["budget"]
        if "priority" not in entry["note"].split():
            limit = limit * (100 - number["priority-share"]) // 100
        price = self.settings.get("price." + entry["endpoint"])
        if price is not None and int(price.split(":")[-1]) != entry["credits"]:
            self.complain(entry, f"holds {entry['credits']}, the worst case is {price}")
        for period in sorted({entry["period"], entry["reach"]}):
            if self.committed(period) + entry["credits"] > limit:
                self.complain(entry, f"{self.committed(period)} + {entry['credits']} credits in {period} are over {limit}")
        if len(self.live) >= number["concurrency"]:
            self.complain(entry, f"{len(self.live)} calls are live")
        if entry["period"] != period_of(entry["at"], number["anchor"]):
            self.complain(entry, f"is in period {entry['period']}")
        lease = sum(duration(self.settings[name]) for name in ("hold", "timeout", "grace"))
        if entry["reach"] < period_of(entry["at"] + lease - 1, number["anchor"]):
            self.complain(entry, f"reaches only {entry['reach']}")
        self.live[entry["id"]] = dict(entry, state="reserved", probe="probe" in entry["note"].split())
        self.check_breaker(entry)
        self.live_max = max(self.live_max, len(self.live))

    def check_breaker(self, entry):
        probes = sum(h["probe"] for h in self.live.values())
        self.probes_max = max(self.probes_max, probes)
        if self.state.startswith("open"):
            self.complain(entry, "the breaker is " + self.state)
        if self.live[entry["id"]]["probe"] != (self.state == "half-open"):
            self.complain(entry, f"the breaker is {self.state}, its note '{entry['note']}'")
        if self.state == "half-open" and probes > int(self.settings["breaker-probes"]):
            self.complain(entry, f"{probes} probes at once")

    def take_send(self, entry):
        hold = self.live.get(entry["id"])
        if not hold or hold["state"] != "reserved":
            return self.complain(entry, "was not reserved")
        if not self.turned and entry["at"] > hold["at"] + duration(self.settings["hold"]) + 2:
            self.complain(entry, f"{entry['at'] - hold['at']} ms behind its reservation")
        if entry["reach"] > hold["reach"]:
            self.complain(entry, f"reaches {entry['reach']}, was admitted for {hold['reach']}")
        self.count["calls"] += 1
        hold.update(state="sent", at=entry["at"], period=entry["period"], reach=entry["reach"])

    def end(self, entry):
        """What it was before: a hold, or None when it was lost."""
        hold = self.live.pop(entry["id"], None)
        if not hold and entry["id"] in self.doubt:
            hold = self.doubt.pop(entry["id"])
            self.carried.pop(entry["id"], None)
            self.spent[hold["period"]] -= hold["charged"]
        if not hold and entry["note"] != "lost":
            self.complain(entry, "settled twice" if entry["id"] in self.ended else "was not reserved")
        if hold and hold["period"] != entry["period"]:
            self.complain(entry, f"in period {entry['period']}, the hold's is {hold['period']}")
        return hold

    def take_settle(self, entry):
        hold = self.end(entry)
        self.spent[entry["period"]] += entry["credits"]
        self.count["over_worst"] += bool(hold and entry["credits"] > hold["credits"])
        self.ended.add(entry["id"])

    def take_void(self, entry):
        hold = self.end(entry)
        if entry["note"] == "lease":
            self.count["lapsed"] += 1
            if hold and hold["state"] != "reserved":
                self.complain(entry, f"was {hold['state']}: its money was given back")
        self.ended.add(entry["id"])

    def take_uncertain(self, entry):
        hold = self.end(entry)
        if entry["note"] == "lease":
            self.count["doubted"] += 1
            if hold and hold["state"] != "sent":
                self.complain(entry, f"was {hold['state']}")
        if hold and entry["credits"] != hold["credits"]:
            self.complain(entry, f"charged {entry['credits']}, held {hold['credits']}")
        self.spent[entry["period"]] += entry["credits"]
        self.doubt[entry["id"]] = dict(hold or entry, state="uncertain", charged=entry["credits"])
        if entry["period"] != entry["reach"]:
            self.carried[entry["id"]] = self.doubt[entry["id"]]

    def take_adjust(self, entry):
        self.spent[entry["period"]] += entry["credits"]

    def take_breaker(self, entry):
        self.breaker.append(entry["note"])
        self.state = entry["note"]
        if self.state == "half-open" or self.state.startswith("closed"):
            for hold in self.live.values():
                hold["probe"] = False

    def take_rebuild(self, entry):
        pass


def main():
    turned = "--turned" in sys.argv
    replay = Replay(turned)
    for entry in journal(*sys.argv[1 + turned :]):
        replay.take(entry)
    if replay.broken or not replay.seq:
        print("\n".join(replay.broken or ["there is no journal"]))
        return 1
    figures = {
        "entries": replay.seq, **{name: replay.count[name] for name in ("calls", "lapsed", "doubted", "over_worst")},
        "live": len(replay.live), "live_max": replay.live_max, "spent": {p: n for p, n in replay.spent.items() if n},
        "uncertain": sum(h["charged"] for h in replay.doubt.values()), "breaker": replay.breaker,
        "probes_max": replay.probes_max,
    }  # fmt: skip
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
