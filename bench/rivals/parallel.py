"""GNU parallel."""
import kit
from rivals import Rival
from rivals.xargs import check_sums, items


class Parallel(Rival):
    title = "GNU parallel"
    programs = ("parallel",)

    def version(self):
        return kit.command(["parallel", "--version"])[1].split("\n")[0].split()[-1]

    def true(self, n):
        took, _ = kit.command(["parallel", "--will-cite", "-j2", "true"], items(n))
        return kit.Report(n, took)

    def function(self, n):
        took, out = kit.command(["parallel", "--will-cite", "-j2", "echo $(({} + 1))"], items(n))
        return kit.Report(n, took, check_sums(out, n))
