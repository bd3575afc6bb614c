"""Adds the seniority to each line, as such services are usually written: a GET for each pair, the model for misses.

    service.py REDIS_HOST:PORT MODEL_HOST:PORT [LINES] < raw.jsonl > mod.jsonl

With LINES, that many lines share one MGET and one call of the model: what somebody does who has measured it once.
"""

import json
import os
import subprocess
import sys
import tempfile

import grpc
import redis


def messages():
    """The classes of the messages, from the project's .proto."""
    proto = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "proto")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["protoc", "-I", proto, "--python_out", folder, "seniority.proto"], check=True)
        sys.path.insert(0, folder)
        import seniority_pb2

        return seniority_pb2


def main():
    host, port = sys.argv[1].split(":")
    cache = redis.Redis(host=host, port=int(port), db=2, decode_responses=True)
    pb = messages()
    infer = grpc.insecure_channel(sys.argv[2]).unary_unary(
        "/SeniorityModel/InferSeniority",
        request_serializer=pb.SeniorityRequestBatch.SerializeToString,
        response_deserializer=pb.SeniorityResponseBatch.FromString,
    )

    def ask(pairs):
        """Asks the model and remembers what it says; unanswered pairs are missing in the result."""
        pairs = list(dict.fromkeys(pairs))
        requests = [pb.SeniorityRequest(uuid=i, company=c, title=t) for i, (c, t) in enumerate(pairs)]
        replies = infer(pb.SeniorityRequestBatch(batch=requests), timeout=30)
        answers = {pairs[r.uuid]: r.seniority for r in replies.batch if 1 <= r.seniority <= 7}
        for (company, title), seniority in answers.items():
            cache.set(key(company, title), seniority)
        return answers

    def key(company, title):
        return "seniority:%s:%s" % (company, title)

    def one_by_one():
        for line in sys.stdin:
            posting = json.loads(line)
            company, title = posting["company"], posting["title"]
            known = cache.get(key(company, title))
            if known is None:
                known = ask([(company, title)]).get((company, title))
            if known is not None:
                posting["seniority"] = int(known)
            sys.stdout.write(json.dumps(posting) + "\n")

    def in_batches(size):
        while True:
            postings = [json.loads(line) for _, line in zip(range(size), sys.stdin)]
            if not postings:
                return
            pairs = [(p["company"], p["title"]) for p in postings]
            known = dict(zip(pairs, cache.mget([key(*pair) for pair in pairs])))
            misses = [pair for pair in pairs if known[pair] is None]
            if misses:
                known.update(ask(misses))
            for posting, pair in zip(postings, pairs):
                if known[pair] is not None:
                    posting["seniority"] = int(known[pair])
                sys.stdout.write(json.dumps(posting) + "\n")

    if len(sys.argv) > 3:
        in_batches(int(sys.argv[3]))
    else:
        one_by_one()


main()
