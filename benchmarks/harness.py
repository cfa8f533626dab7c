"""Compare two ways of doing the same thing: alternately, in one process, by the median.

A machine that does other work as well is slow now and quick a minute later. Measurements of ours and of the peer are
therefore taken in turns, so that both see the same weather, and the median forgets a disturbed one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

REPEATS = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """What it costs us, what it costs the peer, and how the two should compare.

    Attributes:
        name: What was done, and by whom on either side.
        unit: Unit of `ours` and `peer`.
        ours: Median cost of our way.
        peer: Median cost of the other way; None where there is no peer.
        goal: Largest `ours / peer` that is good enough; None when the figure is only stated.
        spread: Largest over smallest of our own measurements: far above 1, the machine was busy.
    """

    name: str
    unit: str
    ours: float
    peer: float | None = None
    goal: float | None = None
    spread: float = 1.0

    @property
    def ratio(self) -> float | None:
        """`ours / peer`, None without a peer."""
        return None if self.peer is None else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Whether the goal is met, None without one."""
        return None if self.goal is None or self.ratio is None else self.ratio <= self.goal


def seconds(action: Callable[[], object]) -> float:
    """Wall-clock seconds that one call of this takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def alternate(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    goal: float | None = None,
    count: int = 1,
    repeats: int = REPEATS,
) -> Comparison:
    """Time both in turns, after one unmeasured call of each; the result is in microseconds for one of `count` things.

    Args:
        name: What the row is called.
        ours: Does `count` things our way.
        peer: Does as many things the other way.
        goal: Largest ratio of the medians that is good enough.
        count: How many things one call does.
        repeats: How often each is measured.
    """
    scale = 1e6 / count
    return beside(
        name, lambda: seconds(ours) * scale, lambda: seconds(peer) * scale, unit="us", goal=goal, repeats=repeats
    )


def beside(
    name: str,
    ours: Callable[[], float],
    peer: Callable[[], float],
    *,
    unit: str,
    goal: float | None = None,
    repeats: int = REPEATS,
) -> Comparison:
    """Compare two measurements that return their own figure, in turns, after one of each that does not count.

    Args:
        name: What the row is called.
        ours: Measures our way, in `unit`.
        peer: Measures the other way, in the same unit.
        unit: Unit of both.
        goal: Largest ratio of the medians that is good enough.
        repeats: How often each is measured.
    """
    ours()
    peer()
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(repeats):
        mine.append(ours())
        theirs.append(peer())
    return Comparison(name, unit, statistics.median(mine), statistics.median(theirs), goal, max(mine) / min(mine))


def table(rows: Sequence[Comparison]) -> str:
    """The rows as text, one line each under a heading."""
    lines = [("", "ours", "peer", "ratio", "goal", "met"), *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join([name.ljust(widths[0]), *map(str.rjust, figures, widths[1:])]).rstrip() for name, *figures in lines
    )


def _cells(row: Comparison) -> tuple[str, ...]:
    return (
        row.name,
        _figure(row.ours, row.unit),
        "" if row.peer is None else _figure(row.peer, row.unit),
        "" if row.ratio is None else f"{row.ratio:.2f}" if row.ratio >= 0.1 else f"{row.ratio:.2g}",
        "" if row.goal is None else f"<= {row.goal:.2f}",
        {True: "yes", False: "NO", None: ""}[row.met],
    )


def _figure(value: float, unit: str) -> str:
    return f"{value / 1e3:.4g} ms" if unit == "us" and value >= 1e3 else f"{value:.4g} {unit}"


def as_json(rows: Sequence[Comparison]) -> str:
    """The rows and the machine they were measured on, as one JSON object."""
    machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
    measured = [{**asdict(row), "ratio": row.ratio, "met": row.met} for row in rows]
    return json.dumps({"machine": machine, "rows": measured}, indent=2)


def main(measure: Callable[[int], Sequence[Comparison]], arguments: Sequence[str] | None = None) -> int:
    """Command line of every benchmark: measure, print, and return 1 if a goal is missed (for `sys.exit`).

    Args:
        measure: Takes the number of repeats and returns the rows.
        arguments: Command-line arguments, those of the process by default.
    """
    parser = argparse.ArgumentParser(description=sys.modules[measure.__module__].__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help="measurements of each (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, not {options.repeats}")
    rows = measure(options.repeats)
    print(as_json(rows) if options.json else table(rows))
    return int(any(row.met is False for row in rows))
