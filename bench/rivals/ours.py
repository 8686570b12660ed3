"""fastworker itself, with shipped defaults: encrypted, two local slots, a private control plane on ports of its own."""
import json
import os
import time

import kit
from rivals import Rival
from rivals.xargs import items


class Ours(Rival):
    title = "fastworker"

    def __init__(self):
        self.fw = os.environ.get("FW") or os.path.join(kit.ROOT, "fastworker")
        self.files = (self.fw,)
        self.pid = self.nstarts = 0

    def version(self):
        return kit.command([self.fw, "version"])[1].split()[-1]

    def environment(self):
        """New folders at each start: a store without tasks, and numbers that begin at 1."""
        self.nstarts += 1
        name = "ours.%d" % self.nstarts
        base = {"XDG_%s_HOME" % k: kit.folder("%s/%s" % (name, k.lower())) for k in ("CONFIG", "STATE")}
        return kit.environment(XDG_RUNTIME_DIR=kit.folder(name + "/run"), **base)

    def modules(self):
        """Shell functions, and a folder whose program `program` is the system's true."""
        programs = kit.folder("programs")
        if not os.path.exists(programs + "/program"):
            os.symlink(kit.find("true"), programs + "/program")
        return [os.path.join(kit.ROOT, "bench", name) for name in ("tasks.sh", "resident.sh")] + [programs]

    def start(self, workers=2, wrap=()):
        """wrap: a command that our control plane is started by."""
        self.env = self.environment()
        self.ntasks = 0
        told = self.env["XDG_RUNTIME_DIR"] + "/fastworker/default.ctx"
        line = [self.fw, "control-plane", "--base-address", "auto", "--concurrency", str(workers), "-t"] + self.modules()
        with open(self.env["XDG_RUNTIME_DIR"] + "/said", "w+") as said:
            self.process = kit.Process(list(wrap) + line, self.env, stderr=said)
            kit.wait_for(lambda: os.path.exists(told) or self.process.popen.poll() is not None, "our control plane listens")
            said.seek(0)
            if not os.path.exists(told):
                raise kit.Failed("our control plane ended: " + said.read().strip()[-300:])
        with open(told) as f:
            self.pid = json.load(f)["pid"]
        kit.wait_for(lambda: not workers or "active" in kit.command([self.fw, "workers"], env=self.env)[1], "our worker is there")

    def stop(self):
        kit.command([self.fw, "stop"], env=self.env, ok=(0, 69))
        self.process.stop()

    def has(self, name):
        return kit.command([self.fw, "help", name], ok=range(256))[1] != ""

    def can(self, label):
        """Whether this build has what a row of the table needs."""
        return " map " not in label or self.has("map")

    # Through `map`: one process that submits, waits and prints the results in the order of the items.

    def map_true(self, n):
        took, _ = kit.command([self.fw, "map", "--", "true"], items(n), self.env)
        self.ntasks += n
        return kit.Report(n, took)

    def map_function(self, n, task="plus_one"):
        """Any task that is given a number and writes the next one."""
        took, out = kit.command([self.fw, "map", task], items(n), self.env)
        self.ntasks += n
        return kit.Report(n, took, self.check(out.split(), n))

    def map_resident(self, n):
        return self.map_function(n, "plus_one_resident")

    def check(self, answers, n):
        return abs(n - len(answers)) + sum(a != str(i + 2) for i, a in enumerate(answers[:n]))

    # Through the client library: bench/echo.c.

    def load(self, n, window, *more):
        """The figures that it prints, by name; it ends with 1 when an answer is wrong or missing."""
        here = os.path.dirname(self.fw)
        program = next((p for p in (here + "/bench/echo", here + "/build/bench/echo") if os.path.exists(p)), None)
        if not program:
            raise kit.Failed("no build/bench/echo: `make bench` builds it")
        _, out = kit.command([program, "-n", str(n), "-w", str(window)] + list(more), env=self.env, ok=(0, 1))
        self.ntasks += n
        return {line.split("\t")[0].split(".")[-1]: float(line.split("\t")[1]) for line in out.splitlines()}

    def echo(self, n):
        f = self.load(n, 2000)
        return kit.Report(n, n / f["rate"], int(f["wrong"]), note="%.1f tasks a message" % f["per_message"])

    def task(self, n, *words):
        f = self.load(n, 200, "-t", *words)
        return kit.Report(n, n / f["rate"], int(f["wrong"]))

    def library_true(self, n):
        return self.task(n, "program")

    def library_function(self, n):
        return self.task(n, "plus_one", "-s")

    def library_resident(self, n):
        return self.task(n, "plus_one_resident", "-s")

    def one(self, n):
        f = self.load(n, 1)
        return kit.Report(n, n / f["rate"], int(f["wrong"]), p50=f["p50"] / 1000, p99=f["p99"] / 1000)

    # Through `shell`: one process, one request after the other.

    def shell(self, lines, ok=(0,)):
        return kit.command([self.fw, "shell"], "\n".join(lines) + "\n", self.env, ok)

    def typed(self, lines):
        """Queues a task per line and waits for all; the worst exit status is the shell's."""
        first = self.ntasks + 1
        self.ntasks += len(lines)
        took, _ = self.shell(lines + ["wait -q %d-%d" % (first, self.ntasks)])
        return took

    def typed_true(self, n):
        return kit.Report(n, self.typed(["submit -n program"] * n))

    def typed_function(self, n):
        took = self.typed(["submit -n plus_one %d" % (i + 1) for i in range(n)])
        _, out = self.shell(["result %d" % i for i in range(self.ntasks - n + 1, self.ntasks + 1)])
        return kit.Report(n, took, self.check(out.split(), n))

    def program_ways(self):
        """What runs `true` as a program, as (label, run)."""
        return [("map -- true", self.map_true)] if self.has("map") else [("a program of a module", self.typed_true)]

    # A process per call.

    def each(self, n, *words):
        times = []
        for _ in range(n):
            times.append(kit.command([self.fw] + list(words), env=self.env)[0])
        self.ntasks += n
        return kit.Report(n, sum(times), 0, times)

    def submit(self, n):
        report = self.each(n, "submit", "-n", "true")
        self.shell(["wait -q %d-%d" % (self.ntasks - n + 1, self.ntasks)])
        return report

    def submit_and_wait(self, n):
        return self.each(n, "submit", "true")

    # Memory.

    def pids(self):
        def role(line):
            return "runner" if "__runner" in line else "worker" if " subworker " in line else "control plane"
        return [(pid, role(line)) for pid, line in kit.tree(self.pid)]

    def fill(self, n):
        """200 bytes each, as the rivals' on average; for a task that nobody has. Four clients at once."""
        path = os.path.join(kit.scratch, "lines")
        with open(path, "w") as f:
            f.write(("submit -n --defer nobody --str %s\n" % ("x" * 200)) * (n // 4))
        parts = []
        for _ in range(4):
            with open(path) as f:
                parts.append(kit.Process([self.fw, "shell"], self.env, f))
        kit.wait_for(lambda: all(p.popen.poll() is not None for p in parts), "all is queued", 2 * kit.PATIENCE)
        for p in parts:
            p.stop()
        queued = sum(json.loads(line)["queued"] for line in kit.command([self.fw, "queues", "--json"], env=self.env)[1].splitlines())
        if queued != n // 4 * 4:
            raise kit.Failed("%d tasks are queued, not %d" % (queued, n))
