"""Memory: each server idle and with many tasks of 200 bytes queued, and what each of our processes takes."""
import kit
from table import WIDTH, number, word

IDLE_BAR = 10.0  # MB, our control plane


def measure(rivals, start, stop, queued):
    """start(rival) and stop() are the bench's. Gives what failed, as (rival, what)."""
    print("\n%-*s %8s  %14s  %s" % (WIDTH, "memory of the server (resident)", "idle", "{:,} queued".format(queued), "bytes a task"))
    problems = []
    for rival in rivals:
        try:
            start(rival)
            rival.wake()
            one(rival, queued)
        except kit.Failed as e:
            problems.append((rival, str(e)))
            print("  %-*s failed: %s" % (WIDTH - 2, rival.title, e), flush=True)
        stop()
    return problems


def one(rival, queued):
    server = rival.pids()[0][0]
    idle = kit.memory(server)[0]
    line = "  %-*s %5s MB" % (WIDTH - 2, rival.title, number(idle))
    if not hasattr(rival, "fill"):
        print(line + "  its queue is in the client's memory", flush=True)
        return
    rival.fill(queued)
    full = kit.memory(server)[0]
    print("%s  %11s MB  %s" % (line, number(full), number((full - idle) * 1048576 / queued)), flush=True)


def processes(rivals):
    """Each process with two workers and nothing to do. Resident counts shared pages in each that shares them, own share divides them."""
    print("\n%-*s %11s %11s" % (WIDTH, "memory of each process, two workers, idle", "resident", "own share"))
    for rival in rivals:
        for pid, role in rival.pids():
            rss, pss = kit.memory(pid)
            bar = ""
            if rival is rivals[0] and role == "control plane":
                bar = "   at most %d MB: %s" % (IDLE_BAR, word(rss <= IDLE_BAR))
            print("  %-*s %8s MB %8s MB%s" % (WIDTH - 2, "%s: %s" % (rival.title, role), number(rss), number(pss), bar), flush=True)
