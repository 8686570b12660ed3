"""Peers with a valid key that behave badly: hostile.py PORT SERVERKEY KEYFILE MODE. The control plane must go on as if nothing had been.

two       one connection registers two workers, then goes; a task of the first one's name is submitted
vanish    workers that register and are gone before the answer
replay    watchers that ask for all old events and are gone
flood     submissions with a watch, and gone before the answer
many      requests that name more tasks than there can be: prints the answer's code
lost      a result that refers to a blob which never came: prints how the task ended
numbers   fields out of all ranges
watches   more watches and waiting requests than a connection may have: prints the answers' codes
stdin     parts of a stdin that nobody may send: prints the answers' codes
missing   thousands of selectors that name nothing, with as many that do: prints how many of each came back
"""
import json
import sys
import time
import uuid

import zmq

PORT, SERVER = int(sys.argv[1]), sys.argv[2].encode()
OWN = {k: v.encode() for k, _, v in (line.strip().partition(" = ") for line in open(sys.argv[3])) if v}
CTX = zmq.Context()


def connect(offset=4, linger=2000):
    s = CTX.socket(zmq.DEALER)
    s.linger, s.rcvtimeo = linger, 10000
    s.curve_serverkey, s.curve_publickey, s.curve_secretkey = SERVER, OWN["public"], OWN["secret"]
    s.connect("tcp://127.0.0.1:%d" % (PORT + offset))
    return s


def send(s, **head):
    s.send(json.dumps(head).encode())


def ask(s, **head):
    send(s, **head)
    return json.loads(s.recv_multipart()[0])


def worker(s, name, tasks, call=ask, **more):
    return call(s, m="register", r=1, worker=name, host="h", instance=str(uuid.uuid4()), pid=1,
                **dict({"slots": 1, "tasks": [{"name": t} for t in tasks]}, **more))


def tasks(n, name="never"):
    return [{"id": str(uuid.uuid4()), "name": name, "defer": True} for _ in range(n)]


def hello():
    s = connect()
    ask(s, m="hello", r=1, v=1, vmin=1)
    return s


def two():
    s = connect()
    worker(s, "one", ["first"])
    print(worker(s, "other", ["second"]).get("code"))
    s.close()
    ask(connect(), m="submit", r=2, tasks=tasks(1, "first"))


def vanish():
    for i in range(30):
        s = hello()
        for _ in range(20):
            worker(s, "w%d" % i, ["n%d" % k for k in range(300)], send)
        s.close()


def replay():
    ask(connect(), m="submit", r=2, tasks=tasks(1400))
    for _ in range(15):
        s = hello()
        for k in (1, 2, 3):
            send(s, m="watch", r=k, watch=k, all=True, after=1)
        s.close()


def flood():
    for _ in range(5):
        s = hello()
        for _ in range(3):
            send(s, m="submit", r=5, watch=1, tasks=tasks(1400))
        s.close()


def many():
    c = connect()
    ask(c, m="submit", r=1, tasks=tasks(200))
    print(ask(c, m="get", r=2, ids=["1-9223372036854775807"] * 3000).get("code"))
    print(ask(c, m="cancel", r=3, ids=["1-9223372036854775807"] * 3000).get("code"))


def lost():
    w, c = connect(5), connect()
    worker(w, "liar", ["lie"])
    ask(c, m="submit", r=1, tasks=tasks(1, "lie"))
    t = json.loads(w.recv_multipart()[0])["tasks"][0]
    ask(w, m="done", tasks=[{"id": t["id"], "attempt": t["attempt"], "ok": True, "type": "bytes",
                             "result_blob": str(uuid.uuid4())}])
    print(ask(c, m="get", r=2, ids=[t["id"]])["tasks"][0]["state"])


def numbers():
    c, w = connect(), connect(5)
    big = 9223372036854775807
    print(worker(w, "wide", ["wide"], slots=4294967297).get("code"))
    for n in (-big - 1, -1, 0, big):
        ask(c, m="query", r=1, what="tasks", limit=n, offset=n, cursor=n)
        ask(c, m="blob_put", r=2, blob=str(uuid.uuid4()), offset=n, size=n, data=0)
        ask(c, m="blob_get", r=3, id="1", part="args", offset=n, size=n)
        ask(c, m="submit", r=4, tasks=[dict(tasks(1)[0], timeout_ms=n)])
        ask(c, m="unwatch", r=5, watch=n)


def watches():
    c = hello()
    made = [ask(c, m="watch", r=k, watch=k, all=True).get("code") for k in range(1, 300)]
    print(made.count(None), made[-1])
    ask(c, m="unwatch", r=300, watch=1)
    t = ask(c, m="submit", r=301, tasks=tasks(1))["tasks"][0]["id"]
    send(c, m="get", r=302, ids=[t], wait_ms=60000)
    send(c, m="get", r=303, ids=[t], wait_ms=60000)
    while (answer := json.loads(c.recv_multipart()[0])).get("r") != 303:  # events come in between
        pass
    print(answer.get("code"))


def missing():
    c = connect()
    ids = [t["id"] for t in ask(c, m="submit", r=1, tasks=tasks(1000))["tasks"]]
    send(c, m="get", r=2, ids=ids + ["none-%d" % i for i in range(12000)])
    found = lost = 0
    more = True
    while more:
        answer = json.loads(c.recv_multipart()[0])
        found, lost = found + len(answer["tasks"]), lost + len(answer.get("missing", []))
        more = answer.get("more")
    print(found, lost)


def part(c, t, r, **more):
    send(c, m="stdin", r=r, id=t["id"], **dict({"attempt": t["attempt"], "offset": 0}, **more))


def stdin():
    w, c = connect(5), connect()
    worker(w, "reader", ["read"], slots=2)
    ask(c, m="submit", r=1, tasks=[dict(t, stdin=True) for t in tasks(1, "read")] + tasks(1, "read"))
    fed, other = (json.loads(w.recv_multipart()[0])["tasks"] + [None])[:2]
    other = other or json.loads(w.recv_multipart()[0])["tasks"][0]
    codes = []

    def answer():
        a = json.loads(c.recv_multipart()[0])
        codes.append(a.get("code") or ("closed" if a.get("closed") else a["m"]))

    for t, more in ((dict(fed, id=str(uuid.uuid4())), {}), (dict(fed, attempt=9), {}), (fed, {"offset": -1}),
                    (fed, {"offset": 9223372036854775807}), (other, {})):
        part(c, t, 2, **more)
        answer()
    for r in range(3, 8):
        part(c, fed, r)
    answer()
    ask_worker = dict(id=fed["id"], attempt=fed["attempt"])
    send(w, m="stdin_ack", offset=-5, **dict(ask_worker, attempt=7))
    send(w, m="stdin_ack", offset=0, closed=True, **ask_worker)
    for _ in range(4):
        answer()
    print(*codes)


globals()[sys.argv[4]]()
time.sleep(0.3)
