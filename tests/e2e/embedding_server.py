#!/usr/bin/python3
"""An OpenAI-compatible embeddings server on loopback, with faults.

    embedding_server.py [--port=N] [--dims=N] [--key=KEY] [--most=N] [--most-status=413|422] [--format=asked|float|base64]
                        [--latency=SECONDS] [--shuffle] [--script=FAULT,...] [--error=openai|flat] [--log=FILE]

Prints "listening on 127.0.0.1:PORT" once it takes calls. POST /v1/embeddings; a text's vector follows from its SHA-256 alone and has
no particular length. Empty texts are refused with 400, more than --most with --most-status, another key than --key with 401; "bad" as
a text is refused with 400, too. --log gets a line of JSON for each call: n, status, fault, longest (bytes), key (was it right), format.

Faults, one for each of the next calls; FAULT*N for N of them, ok for none:

    429 429(S) 500 503 401 404 400     this status, 429 and 503 with Retry-After: S if given
    count        one vector too few                     index     no "index" in the elements
    nan          NaN as a number (of base64: the bits)  dims      one number too few in each vector
    twice        an element twice                       strange   an index that nobody asked for
    garbage      no JSON                                html      a web page, 200
    cut          closes in the middle of the body       lost      closes instead of answering
    slow(S)      waits so long first

GET /_test/state: calls, texts, in_flight_max, largest (texts in an accepted call).
"""

import argparse
import base64
import hashlib
import http.server
import json
import re
import struct
import threading
import time


def vector(text, dims):
    numbers = []
    block = hashlib.sha256(text.encode()).digest()
    while len(numbers) < dims:
        numbers += [(b - 127.5) / 16 for b in block]
        block = hashlib.sha256(block).digest()
    return numbers[:dims]


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, args):
        super().__init__(("127.0.0.1", args.port), Handler)
        self.args = args
        self.lock = threading.Lock()
        self.script = []
        for fault in filter(None, args.script.split(",")):
            name, _, times = fault.partition("*")
            self.script += [name] * int(times or 1)
        self.state = {"calls": 0, "texts": 0, "in_flight": 0, "in_flight_max": 0, "largest": 0}
        self.log = open(args.log, "a", encoding="utf-8") if args.log else None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, headers=(), cut=False):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def error(self, status, message, headers=()):
        flat = {"message": message, "type": "invalid_request_error", "code": status}
        body = flat if self.server.args.error == "flat" else {"error": {**flat, "code": str(status)}}
        self.send(status, json.dumps(body).encode(), headers)

    def do_GET(self):
        with self.server.lock:
            self.send(200, json.dumps(self.server.state).encode())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state, s = self.server.state, self.server
        with s.lock:
            state["calls"] += 1
            state["in_flight"] += 1
            state["in_flight_max"] = max(state["in_flight_max"], state["in_flight"])
            fault = s.script.pop(0) if s.script else "ok"
        try:
            status = self.answer(body, fault)
        except OSError:
            status = "gone"
        finally:
            with s.lock:
                state["in_flight"] -= 1
        if s.log:
            told = {"n": len(body["input"]), "status": status, "fault": fault, "longest": max(len(t.encode()) for t in body["input"]),
                    "key": self.headers["Authorization"] == "Bearer %s" % s.args.key, "format": body.get("encoding_format"), "model": body["model"]}
            with s.lock:
                s.log.write(json.dumps(told) + "\n")
                s.log.flush()

    def answer(self, body, fault):
        args, texts = self.server.args, body["input"]
        name, _, value = fault.rstrip(")").partition("(")
        time.sleep(args.latency + (float(value) if name == "slow" else 0))
        if name == "lost":
            self.close_connection = True
            return "lost"
        refusal = self.refusal(texts, name)
        if refusal:
            self.error(*refusal, [("Retry-After", value)] if value and name in ("429", "503") else [])
            return refusal[0]
        if name in ("garbage", "html"):
            self.send(200, b'{"data": [' if name == "garbage" else b"<html>hello</html>")
            return 200
        floats = args.format == "float" or (args.format == "asked" and body.get("encoding_format") != "base64")
        data = [self.element(i, text, floats, name) for i, text in enumerate(texts)]
        if args.shuffle:
            data.sort(key=lambda e: hashlib.sha256(b"%d" % e.get("index", 0)).digest())
        if name == "count":
            data.pop()
        if name == "twice":
            data.append(data[0])
        if name == "strange":
            data[0] = {**data[0], "index": len(texts) + 7}
        with self.server.lock:
            self.server.state["texts"] += len(texts)
            self.server.state["largest"] = max(self.server.state["largest"], len(texts))
        reply = {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        self.send(200, json.dumps(reply).encode(), cut=name == "cut")
        return 200

    def refusal(self, texts, name):
        args = self.server.args
        if args.key and self.headers["Authorization"] != "Bearer " + args.key:
            return 401, "Incorrect API key provided"
        if not self.path.endswith("/v1/embeddings"):
            return 404, "no such path"
        if re.fullmatch("[0-9]+", name):
            return int(name), "Loading model" if name == "503" else "as the script says"
        if len(texts) > args.most:
            return args.most_status, "batch size %d > maximum allowed batch size %d" % (len(texts), args.most)
        if not texts or "" in texts or "bad" in texts:
            return 400, "$.input is invalid"
        return None

    def element(self, i, text, floats, name):
        v = vector(text, self.server.args.dims - (name == "dims"))
        if name == "nan":
            v[0] = float("nan")
        e = {"object": "embedding", "index": i, "embedding": v if floats else base64.b64encode(struct.pack("<%df" % len(v), *v)).decode()}
        if name == "index":
            del e["index"]
        return e


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--dims", type=int, default=8)
    p.add_argument("--key", default="")
    p.add_argument("--most", type=int, default=2048)
    p.add_argument("--most-status", type=int, default=413)
    p.add_argument("--format", default="asked")
    p.add_argument("--latency", type=float, default=0)
    p.add_argument("--shuffle", action="store_true")
    p.add_argument("--script", default="")
    p.add_argument("--error", default="openai")
    p.add_argument("--log", default="")
    server = Server(p.parse_args())
    print("listening on 127.0.0.1:%d" % server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
