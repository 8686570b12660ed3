"""Many tasks in one message, as the command line cannot: bulk.py PORT SERVERKEY KEYFILE COUNT NAME ARGS [COUNT NAME ARGS]...

Prints the id of each, a line each.
"""
import json
import os
import sys
import time

import zmq


def make_id():
    """A UUIDv7."""
    b = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    b[6] = b[6] & 15 | 0x70
    b[8] = b[8] & 63 | 0x80
    h = b.hex()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def main():
    port, server_key, key_file, *what = sys.argv[1:]
    with open(key_file) as f:
        own = {k: v.encode() for k, _, v in (line.strip().partition(" = ") for line in f) if v}
    s = zmq.Context().socket(zmq.DEALER)
    s.linger = 2000
    s.curve_secretkey, s.curve_publickey, s.curve_serverkey = own["secret"], own["public"], server_key.encode()
    s.connect("tcp://127.0.0.1:%s" % port)
    tasks, body = [], b""
    for count, name, args in zip(what[::3], what[1::3], what[2::3]):
        for _ in range(int(count)):
            tasks.append({"id": make_id(), "name": name, "args": len(args)})
            body += args.encode()
    s.send_multipart([json.dumps({"m": "submit", "r": 1, "tasks": tasks}).encode(), body])
    answer = json.loads(s.recv_multipart()[0])
    for t in answer["tasks"]:
        print(t["id"] if "n" in t else t)


main()
