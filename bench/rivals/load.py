"""What the clients in Python share: the load, and the lines by which bench/run drives them. Runs in the rivals' interpreter, not in ours."""
import random
import string
import sys
import time

LETTERS = string.ascii_letters + string.digits


def payload():
    """Text, as JSON carries it: 100 to 300 characters."""
    return "".join(random.choices(LETTERS, k=random.randint(100, 300)))


def report(seconds, wrong, times=()):
    """The same line as that of load.h."""
    print("%.6f %d %s" % (seconds, wrong, " ".join("%.7f" % t for t in times)), flush=True)


def orders():
    """The lines of stdin as words, until it ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        yield line.split()


now = time.perf_counter
