"""FastWorker, the one in Python: a control plane alone, since its subworkers cannot start; one client, one task at a time, since answers
get mixed up with more (a row shows it)."""
import os
import signal

import kit
from rivals import Rival


class FastWorkerPy(Rival):
    title = "FastWorker (Python)"
    program = os.path.join(kit.VENV, "fastworker")
    files = (program,)

    def version(self):
        code = "import importlib.metadata as m; print(m.version('fastworker'))"
        return kit.command([os.path.join(kit.VENV, "python"), "-c", code])[1].strip()

    def start(self, workers=2):
        base = kit.ports(7)
        self.env = kit.environment(FASTWORKER_DISCOVERY_ADDRESS="tcp://127.0.0.1:%d" % (base + 6), PYTHONDONTWRITEBYTECODE="1",
                                   PYTHONPATH=kit.HERE, FASTWORKER_BASE_ADDRESS="tcp://127.0.0.1:%d" % base)
        self.server = kit.Process([self.program, "control-plane", "--base-address", "tcp://127.0.0.1:%d" % base, "--discovery-address",
                                   "tcp://127.0.0.1:%d" % (base + 6), "--subworker-port", str(base + 5), "--no-gui", "--concurrency", "2",
                                   "--task-modules", "fastworker_py_app"], self.env)
        self.processes = [self.server]
        kit.wait_for(lambda: kit.listens(base), self.title + " is ready")
        self.client = kit.Driver([os.path.join(kit.VENV, "python"), os.path.join(kit.HERE, "fastworker_py_app.py")], self.env)
        self.processes.append(self.client)

    def echo(self, n):
        return self.client.order("echo", n, 1)

    one = echo

    def mixed_up(self, n):
        return self.client.order("echo", n, 10)

    def submit(self, n):
        line = [self.program, "submit", "--task-name", "echo", "--args", "x", "--non-blocking"]
        times = [kit.command(line, env=self.env)[0] for _ in range(n)]
        return kit.Report(n, sum(times), 0, times)

    def pids(self):
        return [(self.server.pid, "control plane")]

    def rest(self):
        for p in self.processes:
            p.signal(signal.SIGSTOP)

    def wake(self):
        for p in self.processes:
            p.signal(signal.SIGCONT)

    def stop(self):
        for p in reversed(self.processes):
            p.stop(0)  # it does not end by TERM, and says so 10,000 times a second
