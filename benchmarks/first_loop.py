"""The default anomalous-Hall run on the simulated station: what a point costs the computer and the laboratory.

The computer's time is put beside ten queries of pyvisa-sim, asked in the same process. The laboratory's time is that
of the simulated clock, which depends on no computer; there the swept loop stands beside a stepped one of the same
field and number of points per branch, with what either is worth: field rate and uncertainty of the coercive field.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks.harness import Comparison, beside, main, seconds
from benchmarks.simulated import QUERY, loop, pyvisa_sim_source
from labctl.request import Outcome
from procedures.ahe import AnomalousHallLoop
from simulators.visa import SimulatedVisaLibrary

PEER_QUERIES = 10
"""Queries of pyvisa-sim that a point may cost."""
COUNT = 40_000
"""Queries of pyvisa-sim in one measurement, which then lasts about as long as a run."""


@contextmanager
def counted_replies() -> Generator[list[int]]:
    """Count the replies that are fetched from simulated instruments: a query or a setting has one each."""
    read = SimulatedVisaLibrary.read
    replies = [0]

    def counting(self: SimulatedVisaLibrary, session: Any, count: int) -> Any:
        replies[0] += 1
        return read(self, session, count)

    SimulatedVisaLibrary.read = counting
    try:
        yield replies
    finally:
        SimulatedVisaLibrary.read = read


def wall_time(repeats: int) -> tuple[Comparison, Outcome]:
    """The wall time of a point beside that of pyvisa-sim's queries, and the last of the measured runs."""
    done: list[Outcome] = []
    with pyvisa_sim_source() as peer:

        def our_point() -> float:
            done.append(loop())
            return done[-1].wall_time_s / done[-1].points * 1e6

        def peer_queries() -> float:
            return seconds(lambda: [peer.query(QUERY) for _ in range(COUNT)]) / COUNT * PEER_QUERIES * 1e6

        name = f"wall time of a point of the default ahe run : {PEER_QUERIES} queries of pyvisa-sim"
        row = beside(name, our_point, peer_queries, unit="us", goal=1.0, repeats=repeats)
    return row, done[-1]


def lab_rows(swept: Outcome, stepped: Outcome) -> list[Comparison]:
    """What the laboratory spends on a swept loop and on a stepped one, and what it gets for it."""
    rows = [Comparison("lab time of the loop, swept : stepped", "s", swept.lab_time_s, stepped.lab_time_s)]
    rows.append(Comparison("points, swept : stepped", "", swept.points, stepped.points))
    for name, what, factor, unit in (
        ("effective_field_rate", "value", 1e3, "mT/s"),
        ("coercive_field_up", "value", 1e3, "mT"),
        ("coercive_field_up", "uncertainty", 1e6, "uT"),
        ("coercive_field_down", "uncertainty", 1e6, "uT"),
        ("anomalous_hall_resistance", "uncertainty", 1e6, "uohm"),
    ):
        figures = [outcome.results[name][what] for outcome in (swept, stepped)]
        if None not in figures:
            of = "" if what == "value" else f"{what} of "
            text = f"{of}{name.replace('_', ' ')}, swept : stepped"
            rows.append(Comparison(text, unit, figures[0] * factor, figures[1] * factor))
    return rows


def measure(repeats: int) -> Sequence[Comparison]:
    timed, swept = wall_time(repeats)
    with counted_replies() as replies:
        points = loop().points
    wall_per_lab = timed.ours * 1e-6 / (swept.lab_time_s / points)
    return [
        timed,
        Comparison("queries and settings of a point", "", replies[0] / points),
        Comparison("lab time of a point", "s", swept.lab_time_s / points),
        Comparison("lab seconds per wall second", "", 1.0 / wall_per_lab),
        *lab_rows(swept, loop(AnomalousHallLoop(sweep="step"))),
    ]


if __name__ == "__main__":
    sys.exit(main(measure))
