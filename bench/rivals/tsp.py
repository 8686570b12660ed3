"""task-spooler (tsp): a server of its own with two slots; each job is queued by a process."""
import os
import time

import kit
from rivals import Rival

# Queues N jobs, waits until the last one and the one beside it have ended, prints how many ended well.
SCRIPT = """
i=0
while [ $i -lt "$1" ]; do
	tsp -n true || exit
	i=$((i + 1))
done
tsp -w
while tsp -l | grep -qE '^[0-9]+ +(running|queued)'; do :; done
tsp -l | grep -cE '^[0-9]+ +finished +[^ ]+ +0 '
tsp -C
"""


class Tsp(Rival):
    title = "task-spooler"
    programs = ("tsp",)

    def version(self):
        return kit.command(["tsp", "-V"])[1].split("\n")[0].split(" - ")[0].split()[-1]

    def start(self, workers=2):
        self.env = kit.environment(TS_SOCKET=os.path.join(kit.scratch, "tsp"), TS_MAXFINISHED="1000000")
        kit.command(["tsp", "-S", "2"], env=self.env)

    def true(self, n):
        took, out = kit.command(["sh", "-c", SCRIPT, "sh", str(n)], env=self.env)
        return kit.Report(n, took, n - int(out.split()[-1]))

    def submit(self, n):
        times = [kit.command(["tsp", "-n", "true"], env=self.env)[0] for _ in range(n)]
        kit.command(["tsp", "-w"], env=self.env)
        kit.command(["tsp", "-C"], env=self.env)
        return kit.Report(n, sum(times), 0, times)

    def one(self, n):
        begun, times = time.perf_counter(), []
        for _ in range(n):
            times.append(kit.command(["tsp", "-nf", "true"], env=self.env)[0])
        return kit.Report(n, time.perf_counter() - begun, 0, times)

    def stop(self):
        kit.command(["tsp", "-K"], env=self.env)
