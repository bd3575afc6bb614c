"""A proxy on loopback between the aws command and an S3 server, which can break what goes through it.

    faulty_proxy.py --to=HOST:PORT --faults=FILE [--log=FILE]

Prints "listening on 127.0.0.1:PORT". FILE holds a fault a line and is read again at each request, so it can be changed at any time
(which forgets how often a fault has happened); the first line that fits a request and has times left is used:

    FAULT [after=BYTES] [times=N] [key=REGEX] [method=NAME] [status=CODE]

    cut-download   the connection ends behind so many bytes of the answer's body        (GET)
    cut-upload     the connection ends behind so many bytes of the request's body       (PUT)
    stall          nothing more comes behind so many bytes of the answer's body, until the line is gone or the client is (GET)
    stall-upload   nothing more is taken behind so many bytes of the request's body, until then                           (PUT)
    refuse         the connection ends before there is an answer; nothing reaches the server
    answer         the server is not asked, the answer is --status (503), with the body that S3 gives (SlowDown)
    deaf           the server does it, but its answer is not passed on: the connection ends

BYTES is 0, N without end, REGEX is searched in "BUCKET/KEY?QUERY". --log gets a line of JSON for each request: time, method, key, and
the fault, when there is one, at the moment when it happens.
"""

import argparse
import json
import re
import select
import socket
import sys
import threading
import time
import urllib.parse

BLOCK = 1 << 16
FAULTS = {
    "cut-download": "GET",
    "cut-upload": "PUT",
    "stall": "GET",
    "stall-upload": "PUT",
    "refuse": None,
    "answer": None,
    "deaf": None,
}
BODY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class Cut(Exception):
    """The connection is to end here."""


class Faults:
    def __init__(self, path):
        self.path = path
        self.text = None
        self.faults = []
        self.lock = threading.Lock()

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        if text == self.text:
            return
        self.text, self.faults = text, []
        for line in text.splitlines():
            if not line.strip():
                continue
            name, *settings = line.split()
            fault = {"name": name, "method": FAULTS[name], "after": "0", "times": "-1", "key": "", "status": "503"}
            fault.update(s.split("=", 1) for s in settings)
            fault["left"] = int(fault["times"])
            self.faults.append(fault)

    def pick(self, method, key):
        with self.lock:
            self.read()
            for fault in self.faults:
                if fault["method"] in (None, method) and re.search(fault["key"], key) and fault["left"] != 0:
                    fault["left"] -= 1
                    return fault
        return None

    def has(self, fault):
        with self.lock:
            self.read()
            return fault in self.faults


def read_head(connection):
    """The bytes up to the empty line, and those behind it that have come along."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(BLOCK)
        if not more:
            raise Cut
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    return head, rest


def header(head, name):
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return b""


def without_keep_alive(head):
    lines = [x for x in head.split(b"\r\n") if x.partition(b":")[0].lower() not in (b"connection", b"expect", b"keep-alive")]
    return b"\r\n".join(lines + [b"Connection: close"]) + b"\r\n\r\n"


class Request:
    def __init__(self, client, server, faults, log):
        self.client, self.server, self.faults, self.log = client, server, faults, log

    def note(self, fault):
        if self.log:
            entry = {"time": time.time(), "method": self.method, "key": self.key}
            if fault:
                entry["fault"] = fault["name"]
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()

    def run(self):
        head, body = read_head(self.client)
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ", 2)
        self.method = method.decode()
        self.key = urllib.parse.unquote(target.decode().lstrip("/"))
        fault = self.faults.pick(self.method, self.key)
        name = fault["name"] if fault else None
        if name not in ("cut-download", "cut-upload", "stall", "stall-upload"):
            self.note(fault)
        if name == "refuse":
            raise Cut
        if header(head, b"expect"):
            self.client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(header(head, b"content-length") or 0)
        if name == "answer":
            self.copy(self.client, None, body, length)
            reply = f"HTTP/1.1 {fault['status']} Fault\r\nContent-Type: application/xml\r\nContent-Length: {len(BODY)}\r\n"
            self.client.sendall(reply.encode() + b"Connection: close\r\n\r\n" + (b"" if self.method == "HEAD" else BODY))
            return
        with socket.create_connection(self.server) as server:
            server.sendall(without_keep_alive(head))
            self.copy(self.client, server, body, length, fault if name in ("cut-upload", "stall-upload") else None)
            head, body = read_head(server)
            if name == "deaf":
                raise Cut
            self.client.sendall(without_keep_alive(head))
            length = int(header(head, b"content-length") or 0) if header(head, b"content-length") else sys.maxsize
            if self.method == "HEAD" or b" 204 " in head or b" 304 " in head:
                length = 0
            self.copy(server, self.client, body, length, fault if name in ("cut-download", "stall") else None)
            if name in ("cut-download", "cut-upload", "stall", "stall-upload"):
                self.note(None)  # it was shorter than the fault's place

    def copy(self, source, target, data, length, fault=None):
        """Passes on so many bytes of which `data` have come; a fault happens where it says, when the body is that long."""
        end = min(length, int(fault["after"])) if fault else length
        left = end
        while left > 0:
            if not data:
                data = source.recv(min(BLOCK, left))
            if not data:
                if length == sys.maxsize:
                    return
                raise Cut
            now, data = data[:left], data[left:]
            if target:
                target.sendall(now)
            left -= len(now)
        if not fault or end == length:
            return
        self.note(fault)
        if fault["name"] in ("stall", "stall-upload"):
            self.stall(fault)
            self.copy(source, target, data, length - end)
        else:
            raise Cut

    def stall(self, fault):
        while self.faults.has(fault):
            readable, _, _ = select.select([self.client], [], [], 0.05)
            if readable and fault["name"] == "stall" and not self.client.recv(1, socket.MSG_PEEK):
                raise Cut
            if fault["name"] == "stall-upload" and self.closed():
                raise Cut
        if self.closed():
            raise Cut

    def closed(self):
        """The client has gone, whatever it has sent before."""
        poll = select.poll()
        poll.register(self.client, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))


def serve(client, server, faults, log):
    with client:
        try:
            Request(client, server, faults, log).run()
        except (Cut, ConnectionError):
            pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", required=True)
    parser.add_argument("--faults", required=True)
    parser.add_argument("--log")
    args = parser.parse_args()
    host, port = args.to.rsplit(":", 1)
    faults = Faults(args.faults)
    log = open(args.log, "a", encoding="utf-8") if args.log else None
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, (host, int(port)), faults, log), daemon=True).start()


if __name__ == "__main__":
    main()
