"""A small SQS for the tests: standard queues in memory, spoken to by the aws command in either of its two protocols.

    sqs_server.py [--port=N] [--queue=NAME] [--visibility=SECONDS] [--max-receive=N] [--duplicates=N] [--longest-wait=SECONDS]
                  [--log=FILE]

Prints "listening on 127.0.0.1:PORT". There are two queues from the start, NAME (job-postings) and its dead-letter queue NAME-dead, in
which a message ends that would be received more than --max-receive (3) times; CreateQueue makes others. --duplicates: the first N
messages that are given out stay visible as well, as a standard queue may do. --longest-wait (20): a receive that finds nothing is answered
after that long, whatever it asks for, for tests in which nothing comes so late. --log gets a line of JSON for each call: time, action,
queue, ids of the messages, error.

The JSON protocol (X-Amz-Target) is that of newer commands, the query protocol with XML answers that of those up to 2.13. What a
receipt handle is worth, as in SQS: each receive makes a new one; a message is deleted by its newest handle, also behind its time; an
older one, or one of a deleted message, is answered with success and deletes nothing; the visibility changes only while a message
is in flight, at most to twelve hours behind its receive. A message goes to no client that has gone away.

For the tests, without the aws command: POST /control/send/QUEUE with the message as body, GET /control/messages/QUEUE (an array of
objects: id, body, received, state visible or in flight), POST /control/expire/QUEUE (what is in flight becomes visible now), POST
/control/purge/QUEUE (all are gone).
"""

import argparse
import hashlib
import json
import select
import socket
import sys
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

ACCOUNT = "123456789012"
TWELVE_HOURS = 43200
LISTS = {  # how the query protocol names the members of a list
    "AttributeNames": "AttributeName",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "Entries": "",  # with the action's name before RequestEntry
}


class Refusal(Exception):
    """An answer with an error: its code in the query protocol, its shape in the JSON protocol."""

    def __init__(self, code, message, shape=None):
        super().__init__(message)
        self.code, self.message, self.shape = code, message, shape or code.rsplit(".", 1)[-1]


def number(params, name, default, low, high):
    value = params.get(name, default)
    try:
        value = int(value)
    except (TypeError, ValueError):
        raise Refusal("InvalidParameterValue", f"Value {value} for parameter {name} is invalid.") from None
    if not low <= value <= high:
        raise Refusal(
            "InvalidParameterValue",
            f"Value {value} for parameter {name} is invalid. Reason: Must be >= {low} and <= {high}, if provided.",
        )
    return value


class Message:
    def __init__(self, body, delay):
        self.id = str(uuid.uuid4())
        self.body = body
        self.md5 = hashlib.md5(body.encode()).hexdigest()
        self.sent = time.time()
        self.first = None
        self.received = 0
        self.visible_at = time.monotonic() + delay
        self.received_at = None
        self.handle = None
        self.deleted = False

    def attributes(self, names):
        known = {
            "SenderId": "AIDATEST",
            "SentTimestamp": str(int(self.sent * 1000)),
            "ApproximateReceiveCount": str(self.received),
            "ApproximateFirstReceiveTimestamp": str(int((self.first or 0) * 1000)),
        }
        return {k: v for k, v in known.items() if "All" in names or k in names}


class Queue:
    def __init__(self, name, attributes):
        self.name = name
        self.attributes = {"VisibilityTimeout": "30", "ReceiveMessageWaitTimeSeconds": "0", "DelaySeconds": "0"}
        self.attributes.update(attributes)
        self.messages = []
        self.handles = {}

    def redrive(self):
        policy = json.loads(self.attributes.get("RedrivePolicy") or "{}")
        if not policy:
            return None, 0
        return policy["deadLetterTargetArn"].rsplit(":", 1)[-1], int(policy["maxReceiveCount"])

    def counts(self):
        now = time.monotonic()
        visible = sum(m.visible_at <= now for m in self.messages)
        delayed = sum(m.visible_at > now and m.handle is None for m in self.messages)
        return visible, len(self.messages) - visible - delayed, delayed


class Sqs:
    """The queues; every call holds one lock, `changed` wakes those that wait for a message."""

    def __init__(self, duplicates, longest_wait):
        self.longest_wait = longest_wait
        self.queues = {}
        self.changed = threading.Condition()
        self.duplicates = duplicates

    def queue(self, params):
        name = params.get("QueueUrl", "").rsplit("/", 1)[-1]
        if name not in self.queues:
            raise Refusal(
                "AWS.SimpleQueueService.NonExistentQueue",
                "The specified queue does not exist for this wsdl version.",
                "QueueDoesNotExist",
            )
        return self.queues[name]

    def create_queue(self, params, call):
        name = params["QueueName"]
        self.queues.setdefault(name, Queue(name, params.get("Attributes", {})))
        return {"QueueUrl": call.url(name)}

    def get_queue_url(self, params, call):
        return {"QueueUrl": call.url(self.queue({"QueueUrl": params["QueueName"]}).name)}

    def list_queues(self, params, call):
        return {"QueueUrls": [call.url(n) for n in sorted(self.queues) if n.startswith(params.get("QueueNamePrefix", ""))]}

    def get_queue_attributes(self, params, call):
        queue = self.queue(params)
        visible, in_flight, delayed = queue.counts()
        known = dict(
            queue.attributes,
            ApproximateNumberOfMessages=str(visible),
            ApproximateNumberOfMessagesNotVisible=str(in_flight),
            ApproximateNumberOfMessagesDelayed=str(delayed),
            QueueArn=f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{queue.name}",
        )
        names = params.get("AttributeNames", [])
        return {"Attributes": {k: v for k, v in known.items() if "All" in names or k in names}}

    def set_queue_attributes(self, params, call):
        self.queue(params).attributes.update(params.get("Attributes", {}))
        return {}

    def purge_queue(self, params, call):
        queue = self.queue(params)
        for message in queue.messages:
            message.deleted = True
        queue.messages = []
        return {}

    def send_message(self, params, call):
        queue = self.queue(params)
        body = params.get("MessageBody", "")
        if not body:
            raise Refusal("MissingParameter", "The request must contain the parameter MessageBody.")
        if len(body.encode()) > 1 << 20:
            raise Refusal("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter.")
        message = Message(body, number(params, "DelaySeconds", queue.attributes["DelaySeconds"], 0, 900))
        queue.messages.append(message)
        call.ids.append(message.id)
        self.changed.notify_all()
        return {"MD5OfMessageBody": message.md5, "MessageId": message.id}

    def receive_message(self, params, call):
        queue = self.queue(params)
        most = number(params, "MaxNumberOfMessages", 1, 1, 10)
        hidden = number(params, "VisibilityTimeout", queue.attributes["VisibilityTimeout"], 0, TWELVE_HOURS)
        wait = number(params, "WaitTimeSeconds", queue.attributes["ReceiveMessageWaitTimeSeconds"], 0, 20)
        names = params.get("AttributeNames", []) + params.get("MessageSystemAttributeNames", [])
        end = time.monotonic() + min(wait, self.longest_wait)
        while True:
            if call.gone():
                return {}
            taken = self.take(queue, most, hidden)
            now = time.monotonic()
            if taken or now >= end:
                break
            soon = min([end] + [m.visible_at for m in queue.messages])
            self.changed.wait(max(0.001, min(soon - now, 0.2)))  # now and then, to see whether the client is still there
        call.ids += [m.id for m in taken]
        answers = []
        for m in taken:
            answer = {"MessageId": m.id, "ReceiptHandle": m.handle, "MD5OfBody": m.md5, "Body": m.body}
            if names:
                answer["Attributes"] = m.attributes(names)
            answers.append(answer)
        return {"Messages": answers} if answers else {}

    def take(self, queue, most, hidden):
        dead, limit = queue.redrive()
        taken = []
        for message in list(queue.messages):
            now = time.monotonic()
            if len(taken) == most:
                break
            if message.visible_at > now:
                continue
            if dead and message.received >= limit:
                queue.messages.remove(message)
                message.handle = None
                self.queues[dead].messages.append(message)
                continue
            message.received += 1
            message.first = message.first or time.time()
            message.received_at = now
            message.handle = uuid.uuid4().hex * 4
            queue.handles[message.handle] = message
            if self.duplicates > 0:
                self.duplicates -= 1
            else:
                message.visible_at = now + hidden
            taken.append(message)
        return taken

    def held(self, queue, params, call):
        """The message of a receipt handle; None when the handle is good for nothing any more."""
        handle = params.get("ReceiptHandle", "")
        message = queue.handles.get(handle)
        if message is None:
            raise Refusal("ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.')
        call.ids.append(message.id)
        return message if message.handle == handle and not message.deleted else None

    def delete_message(self, params, call):
        queue = self.queue(params)
        message = self.held(queue, params, call)
        if message:
            message.deleted = True
            queue.messages.remove(message)
        return {}

    def change_message_visibility(self, params, call):
        queue = self.queue(params)
        hidden = number(params, "VisibilityTimeout", None, 0, TWELVE_HOURS)
        message = self.held(queue, params, call)
        now = time.monotonic()
        what = f"Value {params['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason: "
        if not message or message.visible_at <= now:
            raise Refusal(
                "InvalidParameterValue",
                what + "Message does not exist or is not available for visibility timeout change.",
            )
        if now + hidden > message.received_at + TWELVE_HOURS:
            raise Refusal(
                "InvalidParameterValue",
                what + "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
            )
        message.visible_at = now + hidden
        self.changed.notify_all()
        return {}

    def batch(self, single):
        def run(params, call):
            entries = params.get("Entries", [])
            if not entries:
                raise Refusal("AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one entry in the request.")
            if len(entries) > 10:
                raise Refusal("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10.")
            done, failed = [], []
            for entry in entries:
                try:
                    done.append(dict(single(dict(entry, QueueUrl=params.get("QueueUrl", "")), call), Id=entry["Id"]))
                except Refusal as refusal:
                    failed.append({"Id": entry["Id"], "SenderFault": True, "Code": refusal.code, "Message": refusal.message})
            return {"Successful": done, "Failed": failed}

        return run

    def actions(self):
        return {
            "CreateQueue": self.create_queue,
            "GetQueueUrl": self.get_queue_url,
            "ListQueues": self.list_queues,
            "GetQueueAttributes": self.get_queue_attributes,
            "SetQueueAttributes": self.set_queue_attributes,
            "PurgeQueue": self.purge_queue,
            "SendMessage": self.send_message,
            "ReceiveMessage": self.receive_message,
            "DeleteMessage": self.delete_message,
            "ChangeMessageVisibility": self.change_message_visibility,
            "SendMessageBatch": self.batch(self.send_message),
            "DeleteMessageBatch": self.batch(self.delete_message),
            "ChangeMessageVisibilityBatch": self.batch(self.change_message_visibility),
        }


def from_query(form, action):
    """The parameters of the query protocol (A.1.B=…) in the shape of the JSON protocol."""
    params = {}
    lists = {}
    for name, value in form.items():
        head, *rest = name.split(".")
        if not rest:
            params[name] = value
        elif len(rest) == 1:
            lists.setdefault(head, {})[int(rest[0])] = value
        else:
            lists.setdefault(head, {}).setdefault(int(rest[0]), {})[".".join(rest[1:])] = value
    for head, members in lists.items():
        values = [members[i] for i in sorted(members)]
        if head == "Attribute":
            params["Attributes"] = {v["Name"]: v["Value"] for v in values}
        elif head == action + "RequestEntry":
            params["Entries"] = values
        else:
            params[head + "s"] = values
    return params


def to_xml(action, answer):
    def element(name, value):
        return f"<{name}>{escape(str(value).lower() if isinstance(value, bool) else str(value))}</{name}>"

    def members(shape):
        text = []
        for name, value in shape.items():
            if name == "Attributes":
                text += [f"<Attribute>{element('Name', k)}{element('Value', v)}</Attribute>" for k, v in value.items()]
            elif isinstance(value, list):
                one = {"Messages": "Message", "QueueUrls": "QueueUrl", "Successful": action + "ResultEntry"}.get(
                    name, "BatchResultErrorEntry"
                )
                text += [f"<{one}>{members(v)}</{one}>" if isinstance(v, dict) else element(one, v) for v in value]
            else:
                text.append(element(name, value))
        return "".join(text)

    return (
        f'<?xml version="1.0"?><{action}Response xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><{action}Result>{members(answer)}'
        f"</{action}Result><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata></{action}Response>"
    )


class Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sqs = None
    log = None

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_port}/{ACCOUNT}/{name}"

    def gone(self):
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def answer(self, status, kind, text, headers=()):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.control(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/control/"):
            return self.control(body)
        self.ids = []
        target = self.headers.get("X-Amz-Target")
        if target:
            action = target.rsplit(".", 1)[-1]
            params = json.loads(body or b"{}")
        else:
            form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            action = form.pop("Action", "")
            params = from_query(form, action)
            params.setdefault("QueueUrl", self.path)
        refusal = None
        with self.sqs.changed:
            try:
                act = self.sqs.actions().get(action)
                if not act:
                    raise Refusal("InvalidAction", f"The action {action} is not valid for this endpoint.")
                answer = act(params, self)
            except Refusal as error:
                refusal = error
            self.note(action, params, refusal)
        if target and refusal:
            kind = json.dumps({"__type": f"com.amazonaws.sqs#{refusal.shape}", "message": refusal.message})
            self.answer(400, "application/x-amz-json-1.0", kind, [("x-amzn-query-error", f"{refusal.code};Sender")])
        elif target:
            self.answer(200, "application/x-amz-json-1.0", json.dumps(answer))
        elif refusal:
            text = f"<Type>Sender</Type><Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
            text = f"<ErrorResponse><Error>{text}</Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
            self.answer(400, "text/xml", '<?xml version="1.0"?>' + text)
        else:
            self.answer(200, "text/xml", to_xml(action, answer))
        return None

    def note(self, action, params, refusal):
        if self.log:
            entry = {"time": time.time(), "action": action, "queue": params.get("QueueUrl", "").rsplit("/", 1)[-1], "ids": self.ids}
            if "VisibilityTimeout" in params:
                entry["visibility"] = int(params["VisibilityTimeout"])
            if refusal:
                entry["error"] = refusal.code
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()

    def control(self, body):
        _, _, what, name = (self.path + "///").split("/")[:4]
        self.ids = []
        with self.sqs.changed:
            queue = self.sqs.queues.get(name)
            if not queue or what not in ("send", "messages", "expire", "purge"):
                return self.answer(404, "text/plain", "no such queue, or nothing to do with it\n")
            now = time.monotonic()
            answer = {}
            if what == "send":
                answer = self.sqs.send_message({"QueueUrl": name, "MessageBody": body.decode()}, self)
            elif what == "purge":
                self.sqs.purge_queue({"QueueUrl": name}, self)
            elif what == "expire":
                for message in queue.messages:
                    message.visible_at = min(message.visible_at, now)
                self.sqs.changed.notify_all()
            else:
                answer = [
                    {"id": m.id, "body": m.body, "received": m.received, "state": "visible" if m.visible_at <= now else "in flight"}
                    for m in queue.messages
                ]
        return self.answer(200, "application/json", json.dumps(answer) + "\n")

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):  # clients may be killed
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--queue", default="job-postings")
    parser.add_argument("--visibility", type=int, default=30)
    parser.add_argument("--max-receive", type=int, default=3)
    parser.add_argument("--duplicates", type=int, default=0)
    parser.add_argument("--longest-wait", type=float, default=20)
    parser.add_argument("--log")
    args = parser.parse_args()
    sqs = Sqs(args.duplicates, args.longest_wait)
    dead = args.queue + "-dead"
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{dead}", "maxReceiveCount": str(args.max_receive)}
    sqs.queues[args.queue] = Queue(
        args.queue, {"VisibilityTimeout": str(args.visibility), "RedrivePolicy": json.dumps(policy)}
    )
    sqs.queues[dead] = Queue(dead, {})
    Call.sqs = sqs
    Call.log = open(args.log, "a", encoding="utf-8") if args.log else None
    server = Server(("127.0.0.1", args.port), Call)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
