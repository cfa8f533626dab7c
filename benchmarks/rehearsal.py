"""Rehearsals: what they cost beside the laboratory time that they stand for, and how well they tell it.

Each is measured with its analysis and everything that is read first, in processor time, since a computer that does
other work as well says nothing of the code. The goal is a 500th of the laboratory time; the anomalous-Hall loop, which
reads without pause, is what costs most for each second.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Comparison, main
from benchmarks.simulated import SAMPLE, STATION
from labctl.abort import AbortSwitch
from labctl.procedure import Procedure
from labctl.rehearsal import rehearse
from labctl.rehearsed import Rehearsal
from labctl.request import Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from procedures.rt import ResistanceTemperature

PART = 1.0 / 500.0
"""Of the laboratory time, which a rehearsal may cost."""

RUNS: Sequence[tuple[str, Callable[[], Procedure]]] = (
    ("ahe", AnomalousHallLoop),
    ("ahe at 250 K", lambda: AnomalousHallLoop(temperature="250 K")),
    ("rt", ResistanceTemperature),
)


def request(name: str, procedure: Procedure, **more: Any) -> Request:
    return Request(name, procedure, load_station(STATION), load_sample(SAMPLE), simulate=True, **more)


def rehearsed(make: Callable[[], Procedure]) -> tuple[Rehearsal, float]:
    """Rehearse, and return what was found with the processor time in s that it took."""
    began = time.process_time()
    found = rehearse(request("rehearsed", make()), AbortSwitch())
    return found, time.process_time() - began


def lab_time(make: Callable[[], Procedure]) -> float:
    """Return the laboratory time in s of the run itself, with other noise."""
    with tempfile.TemporaryDirectory() as folder:
        return carry_out(request("run", make(), seed=2, out=Path(folder)), analyse=False).lab_time_s


def measure(repeats: int) -> Sequence[Comparison]:
    rows: list[Comparison] = []
    for name, make in RUNS:
        done = [rehearsed(make) for _ in range(max(2, min(repeats, 5)))]
        cost, duration = min(each for _, each in done), done[-1][0].duration_s or 0.0
        rows.append(
            Comparison(f"rehearsal of {name} : a 500th of its laboratory time", "s", cost, duration * PART, 1.0)
        )
        rows.append(Comparison(f"time that it tells : time of the run {name}", "s", duration, lab_time(make)))
    return rows


if __name__ == "__main__":
    sys.exit(main(measure))
