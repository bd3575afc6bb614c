"""A local AWS Lambda Runtime API: what a custom runtime's bootstrap talks to, fed with events from files.

    lambda_api.py --log=FILE [--deadline=SECONDS] [EVENT-FILE...]

Prints "listening on 127.0.0.1:PORT", which is the bootstrap's AWS_LAMBDA_RUNTIME_API. GET …/invocation/next gives out one event after
the other, in the order of the arguments and then of POST /control/event (the body is an event; for tests), and waits when there is
none, as the real one does while the function is frozen. An event that is given out stays in progress until its response or its error
has come, or until POST /control/died says that the bootstrap's process has ended (the event is then given out again, as one that
was invoked asynchronously is); `next` before that is refused, as are answers for an id that is not in progress, and bodies over 6 MB.

--log gets a line of JSON for each call: time, call (next, response, error, init-error), id, body, type (of an error, from its header),
stream (true for a response that was streamed), refused (why, when it was). The deadline that an event is given out with
is --deadline (60) seconds away.
"""

import argparse
import json
import select
import socket
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime/"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:senior-s3"
MOST = 6 * 1024 * 1024


class Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    events = []
    progress = None  # the id of the event that the runtime works on
    event = b""  # that event
    changed = threading.Condition()
    deadline = 60
    log = None

    def gone(self):
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def note(self, call, **more):
        self.log.write(json.dumps(dict({"time": time.time(), "call": call}, **more)) + "\n")
        self.log.flush()

    def answer(self, status, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, kind, message, call, **more):
        self.note(call, refused=message, **more)
        self.answer(status, json.dumps({"errorMessage": message, "errorType": kind}).encode())

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return data
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self):
        if self.path != PREFIX + "invocation/next":
            return self.refuse(404, "NotFound", f"no such path: {self.path}", "unknown")
        with self.changed:
            if Call.progress:
                return self.refuse(403, "InvalidStateTransition", "State transition from Invoked to Ready is not allowed", "next")
            while not self.events:
                self.changed.wait(0.1)
                if self.gone():
                    return None
            event = Call.event = self.events.pop(0)
            Call.progress = str(uuid.uuid4())
            self.note("next", id=Call.progress)
        headers = [
            ("Lambda-Runtime-Aws-Request-Id", Call.progress),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + self.deadline) * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", ARN),
            ("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"),
        ]
        return self.answer(200, event, headers)

    def do_POST(self):
        data = self.body()
        if self.path == "/control/event":
            with self.changed:
                self.events.append(data)
                self.changed.notify_all()
            return self.answer(202, b"{}")
        if self.path == "/control/died":
            with self.changed:
                if Call.progress:
                    self.events.insert(0, Call.event)
                    Call.progress = None
                self.changed.notify_all()
            return self.answer(202, b"{}")
        text = data.decode(errors="replace")
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type")
        if self.path == PREFIX + "init/error":
            self.note("init-error", body=text, type=kind)
            return self.answer(202, b'{"status":"OK"}')
        if not self.path.startswith(PREFIX + "invocation/") or self.path.count("/") != 5:
            return self.refuse(404, "NotFound", f"no such path: {self.path}", "unknown", body=text)
        _, _, _, _, name, call = self.path.split("/")
        if call not in ("response", "error"):
            return self.refuse(404, "NotFound", f"no such path: {self.path}", "unknown", body=text)
        with self.changed:
            if name != Call.progress:
                return self.refuse(400, "InvalidRequestID", "Invalid request ID", call, id=name, body=text)
            if len(data) > MOST:
                message = f"Exceeded maximum allowed payload size ({MOST} bytes)."
                return self.refuse(413, "RequestEntityTooLarge", message, call, id=name)
            streamed = self.headers.get("Lambda-Runtime-Function-Response-Mode") == "streaming"
            more = {"type": kind} if call == "error" else {"stream": streamed}
            self.note(call, id=name, body=text, **more)
            Call.progress = None
            self.changed.notify_all()
        return self.answer(202, b'{"status":"OK"}')

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # a bootstrap may be killed
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--deadline", type=float, default=60)
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    for path in args.files:
        with open(path, "rb") as file:
            Call.events.append(file.read())
    Call.deadline = args.deadline
    Call.log = open(args.log, "a", encoding="utf-8")
    server = Server(("127.0.0.1", 0), Call)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
