"""Peers that are not fastworker: peers.py MODE ..., each says what became of it on stdout.

plain PORT               a ZeroMQ peer without CURVE
stranger PORT SERVERKEY  CURVE with a key that nobody let in
wrong PORT               CURVE with a wrong server key
garbage PORT             bytes that are no ZeroMQ at all
listen PORT [WORDS]      accepts connections and says nothing
workers PORT SERVERKEY KEYFILE N [SECONDS]   N idle workers; "ready" when all are registered
"""
import json
import socket
import sys
import time
import uuid

import zmq
from zmq.utils.monitor import recv_monitor_message

CTX = zmq.Context()
EVENTS = {zmq.EVENT_HANDSHAKE_SUCCEEDED: "handshake succeeded", zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused: auth",
          zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "refused: no detail", zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "refused: protocol",
          zmq.EVENT_DISCONNECTED: "disconnected", zmq.EVENT_CLOSED: "closed"}


def attempt(port, prepare):
    """How a request to the port ends, and after how many ms."""
    s = CTX.socket(zmq.DEALER)
    s.linger = 0
    prepare(s)
    monitor = s.get_monitor_socket(sum(EVENTS))
    begun = time.monotonic()
    s.connect("tcp://127.0.0.1:%d" % port)
    s.send(b'{"m":"query","r":1,"what":"workers"}', zmq.DONTWAIT)
    poller = zmq.Poller()
    poller.register(monitor, zmq.POLLIN)
    poller.register(s, zmq.POLLIN)
    end = "nothing happened"
    while time.monotonic() - begun < 5:
        ready = dict(poller.poll(100))
        if s in ready:
            end = "ANSWERED"
            break
        if monitor in ready:
            what = EVENTS[recv_monitor_message(monitor)["event"]]
            if what != "handshake succeeded":
                end = what
                break
    print(end, int((time.monotonic() - begun) * 1000))


def stranger(server_key):
    def prepare(s):
        s.curve_publickey, s.curve_secretkey = zmq.curve_keypair()
        s.curve_serverkey = server_key
    return prepare


def garbage(port):
    for data in (b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 5000, b"\x00", b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL" + b"\0" * 200):
        with socket.create_connection(("127.0.0.1", port), 5) as c:
            c.settimeout(10)
            try:
                c.sendall(data)
                if len(data) > 1:
                    while c.recv(4096):
                        pass
            except OSError:
                pass
    print("closed")


def listen(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(100)
    print("listening", flush=True)
    held = []
    while True:
        held.append(s.accept())


def workers(port, server_key, key_file, n, seconds):
    public, secret = [w.encode() for w in open(key_file).read().split() if len(w) == 40]
    poller, socks, registered, alive = zmq.Poller(), [], 0, 0
    for i in range(n):
        s = CTX.socket(zmq.DEALER)
        s.linger = 0
        s.curve_publickey, s.curve_secretkey, s.curve_serverkey = public, secret, server_key
        s.connect("tcp://127.0.0.1:%d" % port)
        s.send(json.dumps({"m": "register", "r": 1, "worker": "sim-%d" % i, "host": "sim", "instance": str(uuid.uuid4()), "pid": 1,
                           "slots": 1, "tasks": [{"name": "sim_task"}]}).encode())
        poller.register(s, zmq.POLLIN)
        socks.append(s)
    end, beat_ms = time.monotonic() + seconds, 10000
    due = {}
    while time.monotonic() < end:
        wait = min([t for t in due.values()] + [time.monotonic() + 1]) - time.monotonic()
        for s, _ in poller.poll(max(0, int(wait * 1000))):
            head = json.loads(s.recv_multipart()[0])
            if head["m"] == "registered":
                registered += 1
                beat_ms = head["heartbeat_ms"]
                due[s] = time.monotonic() + beat_ms / 1000 * len(due) / n  # spread
                if registered == n:
                    print("ready", flush=True)
            elif head["m"] == "alive":
                alive += 1
            elif head["m"] != "task":
                print(head, flush=True)
        now = time.monotonic()
        for s in [s for s, t in due.items() if t <= now]:
            s.send(b'{"m":"heartbeat","r":2}', zmq.DONTWAIT)
            due[s] = now + beat_ms / 1000
    print("alive", alive, flush=True)


def main():
    mode, port, rest = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    if mode == "plain":
        attempt(port, lambda s: None)
    elif mode == "stranger":
        attempt(port, stranger(rest[0].encode()))
    elif mode == "wrong":
        attempt(port, stranger(zmq.curve_keypair()[0]))
    elif mode == "garbage":
        garbage(port)
    elif mode == "listen":
        listen(port)
    elif mode == "workers":
        workers(port, rest[0].encode(), rest[1], int(rest[2]), float(rest[3]) if len(rest) > 3 else 600)


main()
