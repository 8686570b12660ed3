"""A whole client in 20 lines: a plain REQ socket with CURVE. req_client.py ADDRESS SERVER_KEY KEY_FILE TASK ARGS_JSON"""
import json, sys, time, uuid, zmq

address, server_key, key_file, task, args = sys.argv[1:]
public, secret = [w for w in open(key_file).read().split() if len(w) == 40]
s = zmq.Context().socket(zmq.REQ)
s.curve_serverkey, s.curve_publickey, s.curve_secretkey = server_key.encode(), public.encode(), secret.encode()
s.linger, s.rcvtimeo = 0, 10000
s.connect(address)


def ask(body=b"", **head):
    s.send_multipart([json.dumps(head).encode(), body])
    frames = s.recv_multipart()
    return json.loads(frames[0]), frames[1] if len(frames) > 1 else b""


task_id = str(uuid.UUID(int=(int(time.time() * 1000) << 80 | 7 << 76 | 2 << 62 | uuid.uuid4().int & (1 << 62) - 1)))
answer, _ = ask(args.encode(), m="submit", r=1, tasks=[{"id": task_id, "name": task, "args": len(args)}])
if answer["m"] != "submitted" or "code" in answer["tasks"][0]:
    sys.exit(json.dumps(answer))
answer, body = ask(m="get", r=2, ids=[task_id], results=True, wait_ms=10000)
print(answer["tasks"][0]["state"], body.decode(), end="")
