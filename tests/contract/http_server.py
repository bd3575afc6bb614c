"""An HTTP/1.1 server whose replies go wrong as their paths say, over raw sockets, so that every fault is what it is called.

Prints one line: the ports of plain HTTP, of TLS (a certificate for localhost and 127.0.0.1), of TLS with a certificate for
another name. `http_server.py FOLDER`: FOLDER has good.pem, good.key, other.pem, other.key. Ends with its stdin.
"""
import gzip
import socket
import ssl
import struct
import sys
import threading
import time

lock = threading.Condition()
requests = {}  # of each context: (number of the connection, path) of all that were read, in order
connections = 0
closed = 0  # connections that were ended after a whole reply that said they would stay
waiting = {}  # requests in each barrier
poured = 0  # bytes of endless bodies
held = 0  # requests that wait to be released, or are being answered since
releases = 0


class Gone(Exception):
    pass


def read_request(conn, pending):
    """(head, path, body, what came behind it); Gone at the end of the connection."""
    data = pending
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more:
            raise Gone
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        more = conn.recv(65536)
        if not more:
            raise Gone
        body += more
    return head, head.split(b" ")[1].decode(), body[:length], body[length:]


def reply(conn, body, status="200 OK", header=()):
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *header))
    conn.sendall(head.encode() + b"\r\n" + body)


def trickle(conn, text):
    """A byte at a time, until the other side has had enough."""
    while True:
        conn.sendall(text[:1])
        text = text[1:] or text
        time.sleep(0.05)


def pour(conn, packed):
    """Two hundred megabytes, compressed or not."""
    global poured
    if packed:
        squeeze = gzip.compress(bytes(200 << 20), 9)
        conn.sendall(f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(squeeze)}\r\n\r\n".encode() + squeeze)
        return
    conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    block = b"%x\r\n" % (1 << 16) + bytes(1 << 16) + b"\r\n"
    for _ in range(200 << 4):
        conn.sendall(block)
        with lock:
            poured += 1 << 16
    conn.sendall(b"0\r\n\r\n")


def barrier(many):
    """Waits until so many are here."""
    with lock:
        waiting[many] = waiting.get(many, 0) + 1
        lock.notify_all()
        lock.wait_for(lambda: waiting[many] >= int(many), 30)


def hold():
    """Waits until somebody asks for /release."""
    global held
    with lock:
        held += 1
        before = releases
        lock.wait_for(lambda: releases > before, 30)


def answered():
    """What was held has its reply."""
    global held
    with lock:
        held -= 1
        lock.notify_all()


def release():
    """Lets go what is held, and waits until it has its replies."""
    global releases
    with lock:
        releases += 1
        lock.notify_all()
        lock.wait_for(lambda: held == 0, 30)


def broken(conn, name):
    """The replies that are none, or not whole: each ends the connection. False: it is none of them."""
    if name == "reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif name == "cut-length":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    elif name == "cut-chunked":
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n")
    elif name == "cut-header":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")
    elif name == "bad-gzip":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!")
    elif name == "no-http":
        conn.sendall(b"220 mail.example ESMTP\r\n")
    elif name == "interim":
        conn.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    elif name == "until-close":
        conn.sendall(b"HTTP/1.1 200 OK\r\nRetry-After: 1\r\nretry-AFTER: \t7 \r\nX-Retry-After: 9\r\n\r\nto the end")
    elif name == "slow-header":
        trickle(conn, b"HTTP/1.1 200 OK\r\nX: ")
    elif name == "slow-body":
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        trickle(conn, b"x")
    elif name == "nothing-without-end":  # gzip's header, then empty blocks, faster than one can read them
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
        conn.sendall(b"a\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff\r\n")
        blocks = b"5\r\n\0\0\0\xff\xff\r\n" * 65536
        while True:
            conn.sendall(blocks)
    elif name != "close":
        return False
    return True


def whole(conn, head, path, body, log):
    """The replies after which the connection goes on."""
    name, _, argument = path[1:].partition("/")
    if name == "echo":
        reply(conn, head + b"\r\n\r\n" + body)
    elif name == "bytes":
        reply(conn, b"x" * int(argument))
    elif name == "status":
        reply(conn, b"{}", argument + " So", ["Location: /echo", "Set-Cookie: a=b"])
    elif name == "gzip":
        reply(conn, gzip.compress(b"so it was " * 1000), header=["Content-Encoding: gzip"])
    elif name in ("pour", "bomb"):
        pour(conn, name == "bomb")
    elif name == "barrier":
        barrier(argument)
        reply(conn, b"all here")
    elif name == "many-headers":
        reply(conn, b"", header=["First: 1", *(f"H{i}: {'v' * 1000}" for i in range(100)), "Last: 1"])
    elif name == "hints":
        conn.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nIs: final\r\n\r\n2\r\nok\r\n0\r\nIs: trailer\r\n\r\n")
    elif name == "log":
        with lock:
            reply(conn, "".join(f"{c} {p}\n" for c, p in log).encode())
    elif name == "held":
        with lock:
            reply(conn, str(held).encode())
    elif name == "release":
        release()
        reply(conn, b"released")
    elif name == "poured":
        reply(conn, str(poured).encode())
    elif name == "closed":
        reply(conn, str(closed).encode())
    else:
        reply(conn, b"ok")


def serve(conn, number, log):
    """The requests of one connection."""
    global closed
    pending, served = b"", 0
    while True:
        head, path, body, pending = read_request(conn, pending)
        with lock:
            log.append((number, path))
        path = path.split("?")[0]
        holding = path.startswith("/hold/")
        if holding:
            hold()
            path = path[5:]
        name = path[1:].split("/")[0]
        if head.startswith(b"CONNECT "):
            reply(conn, b"", "502 Bad Gateway")
            return
        # What a server does that carries out a request and then is stopped, or falls over.
        if name in ("again-close", "again-reset") and served:
            broken(conn, name[6:])
            return
        try:
            if broken(conn, name):
                return
            whole(conn, head, path, body, log)
        finally:
            if holding:
                answered()
        served += 1
        if name == "leave":
            conn.close()
            with lock:
                closed += 1
            return


def accept(listener, context):
    global connections
    while True:
        conn, _ = listener.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with lock:
            connections += 1
            number = connections
        threading.Thread(target=handle, args=(conn, number, context), daemon=True).start()


def handle(conn, number, context):
    try:
        with lock:
            log = requests.setdefault(context, [])
        if context:
            conn = context.wrap_socket(conn, server_side=True)
        serve(conn, number, log)
    except (OSError, Gone):
        pass
    finally:
        conn.close()


def listen(context=None):
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept, args=(listener, context), daemon=True).start()
    return listener.getsockname()[1]


def tls(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
    return context


folder = sys.argv[1]
print(listen(), listen(tls(folder, "good")), listen(tls(folder, "other")), flush=True)
sys.stdin.read()
