#!/usr/bin/python3
"""A webhook on loopback: appends the body of each POST to a file, as a line, and answers with a status that a file says.

    hook_server.py BODIES STATUS

Prints "listening on 127.0.0.1:PORT". STATUS holds the status to answer with; what is answered with another than 200 is not kept.
"""
import http.server
import sys

BODIES, STATUS = sys.argv[1:]


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(STATUS, encoding="ascii") as f:
            status = int(f.read())
        if status == 200:
            with open(BODIES, "ab") as f:
                f.write(self.path.encode() + b" " + self.headers["Content-Type"].encode() + b" " + body + b"\n")
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
