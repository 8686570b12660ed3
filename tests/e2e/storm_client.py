"""One of many clients: storm_client.py PORT SERVERKEY KEYFILE SEED N. Submits N mixed tasks and checks each answer: the right one, to the right client, once.

Says `half` when half of them have ended, then `ok N`; or what was wrong."""
import json
import random
import sys
import time
import uuid

import zmq

BATCH = 100


def connect(port, server_key, key_file):
    public, secret = [w.encode() for w in open(key_file).read().split() if len(w) == 40]
    s = zmq.Context.instance().socket(zmq.DEALER)
    s.linger = 0
    s.curve_publickey, s.curve_secretkey, s.curve_serverkey = public, secret, server_key.encode()
    s.connect("tcp://127.0.0.1:%d" % port)
    return s


def make_id(rng):
    """UUIDv7."""
    n = int(time.time() * 1000) << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 2 << 62 | rng.getrandbits(62)
    return str(uuid.UUID(int=n))


def make_task(rng):
    """Name, arguments, and how it must end: event, result."""
    text = "%032x" % rng.getrandbits(128) * rng.randint(1, 10)
    kind = rng.random()
    if kind < 0.6:
        return "echo", [text], ("task.success", json.dumps(text).encode())
    if kind < 0.7:
        return "say", [text], ("task.success", text.encode())
    if kind < 0.8:
        return "sleep", [rng.random() / 50], ("task.success", None)
    if kind < 0.85:
        return "end_with", [3], ("task.failure", None)
    return "true", [], ("task.success", None)


def submit(s, rng, n, want):
    for first in range(0, n, BATCH):
        tasks, body = [], b""
        for _ in range(min(BATCH, n - first)):
            name, args, end = make_task(rng)
            data = json.dumps(args).encode()
            t = {"id": make_id(rng), "name": name, "priority": rng.choice(["low", "normal", "high", "critical"]), "args": len(data)}
            want[t["id"]] = end
            tasks.append(t)
            body += data
        s.send_multipart([json.dumps({"m": "submit", "r": first + 1, "watch": 1, "results": True, "ends": True, "tasks": tasks}).encode(), body])


def check(event, body, at, want):
    """Where the next result begins."""
    size = event.get("result", 0)
    expected = want.pop(event["id"], None)
    if expected is None:
        sys.exit("an end that is not awaited: %s" % event)
    if event["event"] != expected[0]:
        sys.exit("%s, not %s" % (event, expected[0]))
    if expected[1] is not None and body[at:at + size] != expected[1]:
        sys.exit("%s: %r, not %r" % (event, body[at:at + size], expected[1]))
    return at + size


def main():
    n = int(sys.argv[5])
    rng = random.Random(int(sys.argv[4]))
    s = connect(int(sys.argv[1]), sys.argv[2], sys.argv[3])
    want, half = {}, False
    submit(s, rng, n, want)
    if len(want) != n:
        sys.exit("two ids are the same")
    while want:
        if not s.poll(60000):
            sys.exit("nothing for a minute; %d of %d are missing: %s" % (len(want), n, list(want)[:3]))
        parts = s.recv_multipart()
        head, at = json.loads(parts[0]), 0
        if head["m"] == "submitted":
            for t in head["tasks"]:
                if "code" in t:
                    sys.exit("refused: %s" % t)
        elif head["m"] == "event":
            if head.get("gap"):
                sys.exit("a gap")
            for e in head["events"]:
                at = check(e, parts[1] if len(parts) > 1 else b"", at, want)
        elif head["m"] != "watching":
            sys.exit("%s" % head)
        if not half and len(want) <= n // 2:
            half = True
            print("half", flush=True)
    # A second end of anything would come now.
    while s.poll(300):
        head = json.loads(s.recv_multipart()[0])
        if head["m"] == "event" and head["events"]:
            sys.exit("too much: %s" % head)
    print("ok", n, flush=True)


main()
