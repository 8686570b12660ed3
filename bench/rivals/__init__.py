"""The rivals, one file each: what it needs, how it is started with two workers, made to work, and ended."""
import kit


class Rival:
    title = ""
    programs = ()  # on the PATH
    files = ()  # made by `make bench` or `make bench-deps`
    package = ""  # whose version is told; empty: version() is asked for otherwise

    def missing(self):
        """What it needs and is not here, as text; empty: nothing."""
        import os
        return ", ".join([p for p in self.programs if not kit.find(p)] +
                         [os.path.relpath(f, kit.ROOT) for f in self.files if not os.path.exists(f)])

    def version(self):
        return ""

    def start(self, workers=2):
        """workers: 0 where nothing is to be taken from the queue; who cannot do that, or starts none, need not look."""

    def rest(self):
        """Others are measured: no idle work now."""

    def wake(self):
        pass

    def stop(self):
        pass
