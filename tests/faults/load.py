"""Load for the power-cut proof: load.py PORT SERVERKEY KEYFILE N BATCH: submits N tasks `echo` in batches and says when it read that each was taken in, and
that it succeeded: lines `NS submitted ID` and `NS success ID RESULT`, NS of CLOCK_MONOTONIC."""
import json
import sys
import time
import uuid

import zmq

PORT, SERVER, KEYFILE, N, BATCH = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
OWN = {k: v.encode() for k, _, v in (line.strip().partition(" = ") for line in open(KEYFILE)) if v}


def uuid7():
    value = (time.time_ns() // 1000000) << 80 | uuid.uuid4().int & ((1 << 80) - 1)
    return str(uuid.UUID(int=value & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62))


def main():
    s = zmq.Context().socket(zmq.DEALER)
    s.linger, s.rcvtimeo = 0, 20000
    s.curve_serverkey, s.curve_publickey, s.curve_secretkey = SERVER, OWN["public"], OWN["secret"]
    s.connect("tcp://127.0.0.1:%d" % PORT)
    sent = done = 0
    while done < N:
        if sent < N and sent - done < 4 * BATCH:
            ids = [uuid7() for _ in range(min(BATCH, N - sent))]
            args = [b"[%d]" % (sent + i) for i in range(len(ids))]
            head = {"m": "submit", "r": sent + 1, "watch": 1, "results": True,
                    "tasks": [{"id": i, "name": "echo", "args": len(a)} for i, a in zip(ids, args)]}
            s.send_multipart([json.dumps(head).encode(), b"".join(args)])
            sent += len(ids)
            if sent < N and sent - done < 4 * BATCH:
                continue
        frames = s.recv_multipart()
        now, m, at = time.monotonic_ns(), json.loads(frames[0]), 0
        if m["m"] == "error":
            sys.exit(m["why"])
        for t in m.get("tasks", []):
            if "code" in t:
                sys.exit(t["why"])
            print(now, "submitted", t["id"])
        for e in m.get("events", []):
            size = e.get("result", 0)
            if e["event"] == "task.success":
                print(now, "success", e["id"], frames[1][at:at + size].decode())
                done += 1
            at += size


main()
