"""Runs a task as `run` does, with a plain REQ socket: submits it with `stream` and reads its output slowly, as its follower.

log_client.py ADDRESS SERVER_KEY KEY_FILE TASK ARGS_JSON SECONDS_PER_READ
Prints the SHA-256 of its stdout, its length, what was left out, and the state at the end."""
import hashlib, json, sys, time, uuid, zmq

address, server_key, key_file, task, args, pause = sys.argv[1:]
public, secret = [w for w in open(key_file).read().split() if len(w) == 40]
s = zmq.Context().socket(zmq.REQ)
s.curve_serverkey, s.curve_publickey, s.curve_secretkey = server_key.encode(), public.encode(), secret.encode()
s.linger, s.rcvtimeo = 0, 20000
s.connect(address)


def ask(body=b"", **head):
    s.send_multipart([json.dumps(head).encode(), body])
    frames = s.recv_multipart()
    answer = json.loads(frames[0])
    if answer["m"] == "error":
        sys.exit(json.dumps(answer))
    return answer, frames[1] if len(frames) > 1 else b""


task_id = str(uuid.UUID(int=(int(time.time() * 1000) << 80 | 7 << 76 | 2 << 62 | uuid.uuid4().int & (1 << 62) - 1)))
ask(args.encode(), m="submit", r=1, tasks=[{"id": task_id, "name": task, "args": len(args), "stream": True}])
digest, length, left_out, offset, kept, reads = hashlib.sha256(), 0, 0, 0, b"", 0
while True:
    a, data = ask(m="log", r=2, id=task_id, offset=offset, had=length + left_out, size=131072, wait=True, follower=True)
    if not a["attempt"]:
        time.sleep(0.05)
        continue
    left_out += a.get("left_out", 0)
    offset, kept, reads = a["next"], (b"" if a.get("left_out") else kept) + data, reads + 1
    while b"\n" in kept:
        head, rest = kept.split(b"\n", 1)
        stream, _, n = head[1:].split(b" ")
        if len(rest) < int(n):
            break
        if stream == b"1":
            digest.update(rest[:int(n)])
            length += int(n)
        kept = rest[int(n):]
    if a.get("end"):
        break
    if reads % 50 == 0:
        time.sleep(float(pause))
a, _ = ask(m="get", r=3, ids=[task_id], wait_ms=10000)
print(digest.hexdigest(), length, left_out, a["tasks"][0]["state"])
