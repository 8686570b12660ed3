"""Celery with Redis for the queue and the results, two prefork workers, Redis without a file (celery_app.py is the other side)."""
import os
import signal

import kit
from rivals import Rival


class Celery(Rival):
    title = "Celery + Redis"
    programs = ("redis-server", "redis-cli")
    files = (os.path.join(kit.VENV, "celery"),)

    def version(self):
        redis = kit.command(["redis-server", "--version"])[1].split("v=")[1].split()[0]
        celery = kit.command([self.files[0], "--version"])[1].split()[0]
        return "Celery %s, Redis %s" % (celery, redis)

    def start(self, workers=2):
        self.port = kit.ports()
        self.env = kit.environment(BENCH_REDIS_PORT=str(self.port), PYTHONDONTWRITEBYTECODE="1", PYTHONPATH=kit.HERE)
        self.redis = kit.Process(["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", kit.scratch])
        self.others = []
        kit.wait_for(lambda: kit.listens(self.port), "Redis is ready")
        self.worker = kit.Process([self.files[0], "-A", "celery_app", "worker", "-c", "2", "-l", "ERROR"], self.env)
        self.others.append(self.worker)
        self.client = kit.Driver([os.path.join(kit.VENV, "python"), os.path.join(kit.HERE, "celery_app.py")], self.env)
        self.others.append(self.client)
        self.client.order("echo", 2, 1)

    def echo(self, n):
        return self.client.order("echo", n, n)

    def one(self, n):
        return self.client.order("echo", n, 1)

    def submit(self, n):
        times = [kit.command([self.files[0], "-A", "celery_app", "call", "echo", "--args=[\"x\"]"], env=self.env)[0] for _ in range(n)]
        return kit.Report(n, sum(times), 0, times)

    def pids(self):
        return [(self.redis.pid, "redis-server")] + [
            (pid, "celery, the parent" if pid == self.worker.pid else "celery, a worker") for pid, _ in kit.tree(self.worker.pid)]

    def fill(self, n):
        """One message by Celery, then n - 1 copies of it: what counts is what Redis holds, and Celery takes a minute for so many."""
        self.client.order("put")
        copies = "local m = redis.call('lindex', KEYS[1], 0) for i = 2, %d do redis.call('lpush', KEYS[1], m) end" % n
        kit.command(["redis-cli", "-p", str(self.port), "eval", copies, "1", "nobody"])
        length = kit.command(["redis-cli", "-p", str(self.port), "llen", "nobody"])[1].strip()
        if length != str(n):
            raise kit.Failed("Redis holds %s messages, not %d" % (length, n))

    def rest(self):
        for p in self.others:
            p.signal(signal.SIGSTOP)

    def wake(self):
        for p in self.others:
            p.signal(signal.SIGCONT)

    def stop(self):
        for p in reversed(self.others):
            p.stop()
        self.redis.stop()
