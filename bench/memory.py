"""Memory: each server idle and with many tasks of 200 bytes queued, and what each of our processes takes."""
import kit
from table import WIDTH, number, word

IDLE_BAR = 10.0  # MB, our control plane


def total(rival):
    """Resident MB of the first process, the server: that is what holds a queue."""
    return kit.memory(rival.pids()[0][0])[0]


def measure(rivals, starts, queued):
    print("\n%-*s %8s  %14s  %s" % (WIDTH, "memory of the server (resident)", "idle", "{:,} queued".format(queued), "bytes a task"))
    problems = []
    for rival in rivals:
        try:
            starts(rival)
            try:
                one(rival, queued)
            finally:
                rival.stop()
        except kit.Failed as e:
            problems.append((rival, str(e)))
            print("  %-*s failed: %s" % (WIDTH - 2, rival.title, e), flush=True)
    return problems


def one(rival, queued):
    idle = total(rival)
    line = "  %-*s %5s MB" % (WIDTH - 2, rival.title, number(idle))
    if not hasattr(rival, "fill"):
        print(line + "  its queue is in the client's memory", flush=True)
        return
    rival.fill(queued)
    full = total(rival)
    print("%s  %11s MB  %s" % (line, number(full), number((full - idle) * 1048576 / queued)), flush=True)


def processes(rivals):
    """Each process with two workers, after one task each; shared pages are counted in all of those that share them, or (own) divided."""
    print("\n%-*s %11s %11s" % (WIDTH, "memory of each process, two workers, idle", "resident", "own share"))
    for rival in rivals:
        for pid, role in rival.pids():
            rss, pss = kit.memory(pid)
            bar = ""
            if rival is rivals[0] and role == "control plane":
                bar = "   at most %d MB: %s" % (IDLE_BAR, word(rss <= IDLE_BAR))
            print("  %-*s %8s MB %8s MB%s" % (WIDTH - 2, "%s: %s" % (rival.title, role), number(rss), number(pss), bar), flush=True)
