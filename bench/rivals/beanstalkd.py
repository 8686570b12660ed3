"""beanstalkd, in memory as shipped: tasks through one tube, answers through another; the client in C (beanstalkd.c)."""
import os

import kit
from rivals import Rival


class Beanstalkd(Rival):
    title = "beanstalkd"
    programs = ("beanstalkd",)
    client = os.path.join(kit.BUILD, "beanstalkd")
    files = (client,)

    def version(self):
        return kit.command(["beanstalkd", "-v"])[1].split()[-1]

    def server(self, port):
        return ["beanstalkd", "-l", "127.0.0.1", "-p", str(port)]

    def start(self, workers=2):
        self.port = kit.ports()
        self.processes = [kit.Process(self.server(self.port))]
        kit.wait_for(lambda: kit.listens(self.port), self.title + " is ready")
        self.processes += [kit.Process([self.client, "worker", str(self.port)]) for _ in range(workers)]

    def ask(self, *words):
        _, out = kit.command([self.client, words[0], str(self.port)] + [str(w) for w in words[1:]])
        return kit.Report.parse(words[1], out)

    def echo(self, n):
        return self.ask("echo", n, 100)

    def one(self, n):
        return self.ask("echo", n, 1)

    def pids(self):
        return [(self.processes[0].pid, self.title)]

    def fill(self, n):
        self.ask("put", n)

    def stop(self):
        for p in reversed(self.processes):
            p.stop()
