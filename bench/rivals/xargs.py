"""xargs: no queue at all, only processes; what a queue can reach at best when each task is one."""
import kit
from rivals import Rival


def items(n):
    return "".join("%d\n" % i for i in range(1, n + 1))


def check_sums(out, n):
    """Each item plus one, in any order; how many are wrong or missing."""
    return n - len(set(out.split()) & {str(i + 1) for i in range(1, n + 1)})


class Xargs(Rival):
    title = "xargs"
    programs = ("xargs", "sh", "bash")

    def version(self):
        return kit.command(["xargs", "--version"])[1].split("\n")[0].split()[-1]

    def true(self, n):
        took, _ = kit.command(["xargs", "-P2", "-n1", "true"], items(n))
        return kit.Report(n, took)

    def function(self, n, shell="sh"):
        took, out = kit.command(["xargs", "-P2", "-n1", shell, "-c", "echo $(($1 + 1))", shell], items(n))
        return kit.Report(n, took, check_sums(out, n))

    def function_in_bash(self, n):
        return self.function(n, "bash")
