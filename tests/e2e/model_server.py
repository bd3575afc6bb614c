"""A seniority model on Debian's python3-grpcio, made from the same .proto, that can misbehave.

    model_server.py [--port=N] [--mode=MODE] [--n=N] [--log=FILE] [--calls=FILE] [--delay=SECONDS] [--tls CERT KEY]

Prints "listening on 127.0.0.1:PORT" once it takes calls. A pair's answer is crc32(company + "\\0" + title) % 7 + 1. --log gets a
line of JSON for each pair asked, --calls one for each call: its pairs, the monotonic
second, and how many calls are under way. Modes:

    honest     one answer for each pair
    reorder    in random order
    drop       without every third pair, unless it has been asked before
    lose       always without the pairs whose crc32 % 10 is 0
    repeat     each answer twice
    contradict each answer twice, with different values, unless the pair has been asked before
    invent     with uuids that nobody asked about, 0 and negative ones among them
    scale      0 or 9 for the pairs whose crc32 % 10 is 0
    wrongonce  9 for each pair that has not been asked before
    status     every call ends with status --status
    flaky      the same of the first --n calls
    invalid    INVALID_ARGUMENT when a title contains "INVALID"
    large      RESOURCE_EXHAUSTED "batch size … is too large" beyond --n pairs
    limit      only messages of --n bytes are taken, as gRPC itself enforces
    garbage    bytes that are no message, in the first --n calls
    die        answers --n calls, then ends in the middle of the next (os._exit)
    hang       never answers
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from concurrent import futures

import grpc

METHOD = "/SeniorityModel/InferSeniority"


def messages():
    """The Python classes of the messages, made from the .proto now."""
    proto = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
    folder = tempfile.mkdtemp()
    try:
        subprocess.run(["protoc", "-I", proto, "--python_out", folder, "seniority.proto"], check=True)
        sys.path.insert(0, folder)
        import seniority_pb2

        return seniority_pb2
    finally:
        sys.path.remove(folder)
        shutil.rmtree(folder)


pb = messages()


def crc(pair):
    return zlib.crc32(pair.company.encode() + b"\0" + pair.title.encode())


def value(pair):
    return crc(pair) % 7 + 1


class Model(grpc.GenericRpcHandler):
    def __init__(self, args):
        self.args = args
        self.calls = 0
        self.under_way = 0
        self.asked = set()
        self.lock = threading.Lock()
        self.log = open(args.log, "a", encoding="utf-8") if args.log else None
        self.call_log = open(args.calls, "a", encoding="utf-8") if args.calls else None

    def service(self, details):
        if details.method != METHOD:
            return None
        return grpc.unary_unary_rpc_method_handler(
            self.infer,
            request_deserializer=pb.SeniorityRequestBatch.FromString,
            response_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString(),
        )

    def write_logs(self, batch):
        if self.log:
            self.log.write("".join(json.dumps({"company": p.company, "title": p.title}) + "\n" for p in batch))
            self.log.flush()
        if self.call_log:
            self.call_log.write("%d %.3f %d\n" % (len(batch), time.monotonic(), self.under_way))
            self.call_log.flush()

    def infer(self, request, context):
        batch = request.batch
        with self.lock:
            self.calls += 1
            self.under_way += 1
            call = self.calls
            known = set(self.asked)
            self.asked.update((p.company, p.title) for p in batch)
            self.write_logs(batch)
        try:
            if self.args.delay:
                time.sleep(self.args.delay)
            replies = self.replies(batch, call, known, context)
        finally:
            with self.lock:
                self.under_way -= 1
        if isinstance(replies, bytes):
            return replies
        return pb.SeniorityResponseBatch(batch=[pb.SeniorityResponse(uuid=u, seniority=s) for u, s in replies])

    def replies(self, batch, call, known, context):
        args = self.args
        plain = [(p.uuid, value(p)) for p in batch]

        def new(p):
            return (p.company, p.title) not in known

        if args.mode == "reorder":
            random.shuffle(plain)
        elif args.mode == "drop":
            return [(p.uuid, value(p)) for i, p in enumerate(batch) if i % 3 or not new(p)]
        elif args.mode == "lose":
            return [(p.uuid, value(p)) for p in batch if crc(p) % 10]
        elif args.mode == "repeat":
            return [r for r in plain for _ in (0, 1)]
        elif args.mode == "contradict":
            twice = [(p.uuid, value(p) % 7 + 1) for p in batch if new(p)] + plain
            random.shuffle(twice)
            return twice
        elif args.mode == "invent":
            most = max((p.uuid for p in batch), default=0)
            strange = [0, -1, most + 1, 2**31 - 1, -(2**31)]
            return [(u, 3) for u in strange] + plain + [(u, 5) for u in strange]
        elif args.mode == "scale":
            return [(p.uuid, value(p) if crc(p) % 10 else crc(p) // 10 % 2 * 9) for p in batch]
        elif args.mode == "wrongonce":
            return [(p.uuid, 9 if new(p) else value(p)) for p in batch]
        elif args.mode == "status" or (args.mode == "flaky" and call <= args.n):
            context.abort(getattr(grpc.StatusCode, args.status), args.message)
        elif args.mode == "invalid" and any("INVALID" in p.title for p in batch):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a title cannot be read")
        elif args.mode == "large" and len(batch) > args.n:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "batch size %d is too large" % len(batch))
        elif args.mode == "garbage" and call <= args.n:
            return b"\x0a\xff\xff\xff\xff\x0fthis is no message"
        elif args.mode == "die" and call > args.n:
            os._exit(1)
        elif args.mode == "hang":
            threading.Event().wait()
        return plain


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", default="honest")
    parser.add_argument("--n", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--calls")
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--status", default="UNAVAILABLE")
    parser.add_argument("--message", default="not today")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--client-ca")
    args = parser.parse_args()
    options = [("grpc.so_reuseport", 0)]
    if args.mode == "limit":
        options.append(("grpc.max_receive_message_length", args.n))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=options)
    server.add_generic_rpc_handlers((Model(args),))
    address = "127.0.0.1:%d" % args.port
    if args.tls:
        cert, key = (open(f, "rb").read() for f in args.tls)
        ca = open(args.client_ca, "rb").read() if args.client_ca else None
        port = server.add_secure_port(address, grpc.ssl_server_credentials([(key, cert)], ca, ca is not None))
    else:
        port = server.add_insecure_port(address)
    server.start()
    print("listening on 127.0.0.1:%d" % port, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    sys.exit(main())
