"""What bench/run and the rivals share: folders, processes that are surely ended, ports, reports."""
import os
import secrets
import select
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build-bench")
VENV = os.path.join(BUILD, "venv", "bin")
HERE = os.path.join(ROOT, "bench", "rivals")
MARK = "FWBENCH_RUN"  # in the environment of everything that is started, so that what is left behind can be found
RUN = secrets.token_hex(6)
PATIENCE = 30.0  # seconds for one command, or for a server to be ready
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # no version manager's wrappers: they cost more than the task

scratch = tempfile.mkdtemp(prefix="fwb.", dir=os.environ.get("BENCH_DIR", "/tmp"))  # short, for Unix sockets


running = []  # processes that nobody stopped yet


class Failed(Exception):
    """A rival (or we) did not do what it should; says what."""


class Report:
    """One sample: n tasks in so many seconds, how many answers were wrong, and the seconds that half and 99 % of them took at most, given or
    from the time of each."""

    def __init__(self, n, seconds, wrong=0, times=(), p50=None, p99=None, note=""):
        self.n, self.seconds, self.wrong, self.note = n, seconds, wrong, note
        times = sorted(times)
        if times:
            p50, p99 = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.99))]
        self.p50, self.p99 = p50, p99

    @classmethod
    def parse(cls, n, line):
        """The line that load.h and load.py print."""
        try:
            seconds, wrong, *times = line.split()
            return cls(n, float(seconds), int(wrong), map(float, times))
        except ValueError:
            raise Failed("a report expected, got: %r" % line[:200]) from None


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k in ("LANG", "USER", "LOGNAME")}
    env.update(LC_ALL="C.UTF-8", PATH=PATH, HOME=folder("home"), TMPDIR=folder("tmp"), **{MARK: RUN})
    env.update(more)
    return env


def folder(name):
    path = os.path.join(scratch, name)
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def find(program):
    return shutil.which(program, path=PATH)


def command(argv, text="", env=None, ok=(0,), patience=PATIENCE):
    """Runs one to its end; (seconds, stdout). Not one of the exit statuses in ok: Failed."""
    begun = time.perf_counter()
    p = Process(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = p.popen.communicate(text.encode(), patience)
        took = time.perf_counter() - begun
        running.remove(p)
    except subprocess.TimeoutExpired:
        p.stop()
        raise Failed("%s: no end after %d s" % (" ".join(argv[:3]), patience)) from None
    if p.popen.returncode not in ok:
        raise Failed("%s: exit status %d: %s" % (" ".join(argv[:3]), p.popen.returncode, err.decode(errors="replace").strip()[-300:]))
    return took, out.decode(errors="replace")


class Process:
    """Something that runs until it is stopped, with a process group of its own."""

    def __init__(self, argv, env=None, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=None):
        self.name = os.path.basename(argv[0])
        self.popen = subprocess.Popen(argv, env=env or environment(), stdin=stdin, stdout=stdout, stderr=stderr, cwd=cwd or scratch,
                                      start_new_session=True)
        self.pid = self.popen.pid
        running.append(self)

    def signal(self, signo):
        try:
            os.killpg(self.pid, signo)
        except ProcessLookupError:
            pass

    def stop(self, patience=3.0):
        """TERM, and KILL for what does not listen."""
        self.signal(signal.SIGCONT)
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(patience)
            except subprocess.TimeoutExpired:
                pass
        self.signal(signal.SIGKILL)
        self.popen.wait()
        if self in running:
            running.remove(self)
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe:
                pipe.close()


class Driver(Process):
    """A client that stays: it takes orders as lines and answers each with a report."""

    def __init__(self, argv, env=None, cwd=None):
        self.said = open(os.path.join(scratch, "driver.%s" % secrets.token_hex(4)), "w+")
        super().__init__(argv, env, subprocess.PIPE, subprocess.PIPE, self.said, cwd)
        self.line("ready")

    def line(self, want=""):
        if not select.select([self.popen.stdout], [], [], PATIENCE)[0]:
            raise Failed("%s: no answer for %d s" % (self.name, PATIENCE))
        line = self.popen.stdout.readline().decode()
        if not line.startswith(want) or not line:
            self.said.seek(0)
            raise Failed("%s: %r: %s" % (self.name, line[:80], self.said.read().strip()[-300:]))
        return line

    def order(self, *words):
        self.popen.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.popen.stdin.flush()
        return Report.parse(int(words[1]) if len(words) > 1 else 1, self.line())


def wait_for(true, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not true():
        if time.monotonic() > end:
            raise Failed("waited %d s in vain until %s" % (patience, what))
        time.sleep(0.02)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def ports(n=1):
    """The first of n free ports in a row."""
    for _ in range(200):
        first = 20000 + secrets.randbelow(9000)
        held = []
        try:
            for port in range(first, first + n):
                held.append(socket.socket())
                held[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for s in held:
                s.close()
    raise Failed("no %d free ports in a row" % n)


def busy(seconds=1.0):
    """How much of the processors is used just now, 0 to 1."""
    def count():
        with open("/proc/stat") as f:
            fields = [int(x) for x in f.readline().split()[1:9]]
        return sum(fields), fields[3] + fields[4]
    all1, idle1 = count()
    time.sleep(seconds)
    all2, idle2 = count()
    return 1 - (idle2 - idle1) / max(1, all2 - all1)


def memory(pid):
    """(resident, proportional) MB of a process."""
    found = {"Rss": 0, "Pss": 0}
    try:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            for line in f:
                key = line.split(":")[0]
                if key in found:
                    found[key] = int(line.split()[1])
    except OSError as e:
        raise Failed("the memory of process %d: %s" % (pid, e.strerror)) from None
    return found["Rss"] / 1024, found["Pss"] / 1024


def tree(pid):
    """The process and all below it, as (pid, command line)."""
    parents, names = {}, {}
    for other in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % other) as f:
                parents[int(other)] = int(f.read().rsplit(")", 1)[1].split()[1])
            with open("/proc/%s/cmdline" % other, "rb") as f:
                names[int(other)] = f.read().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            pass
    out = [pid]
    for p in out:
        out += sorted(child for child, parent in parents.items() if parent == p)
    return [(p, names[p]) for p in out if p in names]


def left():
    """What runs still and was started by us; tasks of fastworker get HOME only, and it is below our folder."""
    want = (("%s=%s" % (MARK, RUN)).encode(), ("HOME=%s" % scratch).encode())
    out = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as f:
                if int(pid) != os.getpid() and any(v.startswith(want) for v in f.read().split(b"\0")):
                    out.append(int(pid))
        except OSError:
            pass
    return out


def clean_up():
    """Ends what is known to run; ends and names what is left behind then; removes the folder."""
    for p in list(reversed(running)):
        p.stop()
    end = time.monotonic() + 3
    while left() and time.monotonic() < end:
        time.sleep(0.02)
    names = []
    for pid in left():
        names.append("%d %s" % (pid, dict(tree(pid)).get(pid, "")))
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
    shutil.rmtree(scratch, ignore_errors=True)
    return names
