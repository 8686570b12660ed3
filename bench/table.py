"""Measuring in alternating rounds, and the table: median, smallest and largest of the rounds, ratio to us within each round."""
import statistics
import time

import kit

WIDTH = 46


class Row:
    """One who takes part in a measure.

    run(n) gives a Report. bar: what the first row must reach against this one (a ratio), or, in the first row, a number of its own.
    at_least: fewer tasks would measure how long it takes to start; at_most: more make no sense.
    """

    def __init__(self, rival, label, run, bar=None, at_least=1, at_most=1000000):
        self.rival, self.label, self.run, self.bar, self.at_least, self.at_most = rival, label, run, bar, at_least, at_most
        self.note = ""  # the last report's own words
        self.n, self.wrong, self.values, self.tails, self.failed = 0, 0, [], [], ""


class Measure:
    """unit "tasks/s": more is better; "ms": the median of the times of single tasks, less is better. The first row is measured against."""

    def __init__(self, name, title, unit, rows, least=20):
        self.name, self.title, self.unit, self.rows, self.least = name, title, unit, rows, least

    def take(self, row, n):
        """One sample of n tasks; None when it failed, which ends the row."""
        row.rival.wake()
        try:
            report = row.run(n)
        except kit.Failed as e:
            row.failed = str(e)
            return None
        finally:
            row.rival.rest()
        row.wrong += report.wrong
        row.note = report.note or row.note
        return report

    def calibrate(self, row, seconds):
        """Smaller runs first, which also warm up: how many tasks take so many seconds?"""
        row.n, took = min(self.least, row.at_most), 0.0
        while not row.failed and took < seconds / 3:
            report = self.take(row, row.n)
            if report:
                took = max(report.seconds, 1e-6)
                wanted = int(row.n * min(8, seconds / took))
                row.n, before = max(row.at_least, min(row.at_most, wanted), 1), row.n
                if row.n <= before:
                    return

    def sample(self, row):
        report = self.take(row, row.n)
        if not report:
            return
        if self.unit == "ms":
            row.values.append(report.p50 * 1000)
            row.tails.append(report.p99 * 1000)
        else:
            row.values.append(report.n / report.seconds)

    def run(self, rounds, seconds, deadline):
        for row in self.rows:
            self.calibrate(row, seconds)
        for i in range(rounds):
            if time.monotonic() > deadline:
                return
            turn = i % len(self.rows)  # nobody always comes after the same one
            for row in self.rows[turn:] + self.rows[:turn]:
                if not row.failed:
                    self.sample(row)

    def ratios(self, row):
        """How much better the first row is, round by round."""
        ours = self.rows[0].values if self.ours(self.rows[0]) else []
        return [b / a if self.unit == "ms" else a / b for a, b in zip(ours, row.values) if a and b]

    @staticmethod
    def ours(row):
        return row.rival.title == "fastworker"

    def print(self):
        print("\n%-*s %10s  %-19s %-22s %s" % (WIDTH, self.title, self.unit, "smallest - largest", "our advantage", "bar"))
        for row in self.rows:
            for line in self.lines(row):
                print(line, flush=True)

    def lines(self, row):
        label = "  %s (%d)" % (row.label, row.n) if row.n else "  " + row.label
        if row.failed or not row.values:
            return ["%-*s failed: %s" % (WIDTH, label, row.failed or "no time was left")]
        low, high = number(min(row.values)), number(max(row.values))
        spread = "%s - %s" % (low, high)
        ratio = "" if row is self.rows[0] or not self.ratios(row) else times(self.ratios(row))
        lines = ["%-*s %10s  %-19s %-22s %s" % (WIDTH, label, number(statistics.median(row.values)), spread, ratio, self.verdict(row))]
        more = ["p99 %s ms" % number(statistics.median(row.tails))] if row.tails and row.n >= 20 else []
        more += ["%d WRONG" % row.wrong] if row.wrong else []
        more += [row.note] if row.note else []
        if more:
            lines.append("%-*s %s" % (WIDTH + 2, "", ", ".join(more)))
        return [line.rstrip() for line in lines]

    def verdict(self, row):
        if row.bar is None:
            return ""
        if self.ours(row):
            value = statistics.median(row.values)
            holds, what = (value <= row.bar, "at most") if self.unit == "ms" else (value >= row.bar, "at least")
            return "%s %s: %s" % (what, number(row.bar), word(holds))
        if not self.ratios(row):
            return "at least %s: not measured" % number(row.bar)
        return "at least %s: %s" % (number(row.bar), word(statistics.median(self.ratios(row)) >= row.bar))


def word(holds):
    return "holds" if holds else "MISSED"


def number(x):
    if x >= 1000:
        return "{:,.0f}".format(x)
    return "%.0f" % x if x >= 100 else "%.1f" % x if x >= 10 else ("%.3f" if x < 1 else "%.2f") % x


def times(ratios):
    return "%sx (%s - %s)" % (number(statistics.median(ratios)), number(min(ratios)), number(max(ratios)))
