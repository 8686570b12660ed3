"""How many programs are started per task, counted by strace: a queue that goes through a shell or a wrapper pays for it each time."""
import os
import re

import kit
from table import WIDTH, number, word

TASKS = 40


def count(path):
    """(started, not found) of the execve calls in a record of strace."""
    with open(path) as f:
        text = f.read()
    # A call that another thread's line has cut in two ends in a line of its own.
    ended = re.findall(r"execve(?:\(| resumed>).*= (-?\d+)", text)
    return sum(r == "0" for r in ended), sum(r.startswith("-") for r in ended)


def traced(argv, n, text="", env=None):
    record = os.path.join(kit.scratch, "execve.%d" % n)
    kit.command(["strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", record] + argv, text, env)
    return count(record)


def of_command(argv):
    """Twice as many tasks less as many: what start and end cost goes away. The first run may prepare things in HOME."""
    traced(argv, 1, "0\n")
    few, many = (traced(argv, n, "".join("%d\n" % i for i in range(n))) for n in (TASKS, 2 * TASKS))
    return (many[0] - few[0]) / TASKS, (many[1] - few[1]) / TASKS


def of_server(ours, run):
    """Our processes under strace while run(n) does n tasks."""
    def once(n):
        ours.start(wrap=["strace", "-f", "-qq", "-e", "trace=execve", "-e", "signal=none", "-o", os.path.join(kit.scratch, "execve.%d" % n)])
        try:
            run(n)
        finally:
            ours.stop()
        return count(os.path.join(kit.scratch, "execve.%d" % n))
    few, many = once(TASKS), once(2 * TASKS)
    return (many[0] - few[0]) / TASKS, (many[1] - few[1]) / TASKS


def measure(rows):
    """rows: (label, bar or None, call that gives started and not found per task)."""
    print("\n%-*s %10s  %s" % (WIDTH, "programs started per task (strace)", "execve", "not found"))
    if not kit.find("strace"):
        print("  not measured: no strace here")
        return []
    problems = []
    for label, bar, call in rows:
        try:
            started, missed = call()
        except kit.Failed as e:
            problems.append((label, str(e)))
            print("  %-*s failed: %s" % (WIDTH - 2, label, e), flush=True)
            continue
        verdict = "" if bar is None else "   %d: %s" % (bar, word(started == bar and not missed))
        print("  %-*s %10s  %s%s" % (WIDTH - 2, label, number(started), number(missed), verdict), flush=True)
    return problems
