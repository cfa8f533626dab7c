"""Seven temperatures from 300 K to 240 K and two refined ones: what the computer and the laboratory need for them.

The laboratory's time is that of the simulated clock. Beside it stands what the same temperatures would take with a
fixed field of 1 T, which is what one measures when no temperature tells the next one how far to go. With it goes what
the series is worth: the compensation temperature, and how well it is known.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Comparison, main, seconds
from benchmarks.simulated import SAMPLE, STATION
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe_temperature import AnomalousHallTemperature

FIXED: dict[str, Any] = {"maximum_field": "1 T", "minimum_field": "1 T", "field_limit": "1 T"}


def series(**parameters: Any) -> Outcome:
    """Carry a series out and throw its files away."""
    procedure = AnomalousHallTemperature(**parameters)
    station, sample = load_station(STATION), load_sample(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        outcome = carry_out(
            Request("ahe-temperature", procedure, station, sample, simulate=True, seed=1, out=Path(folder))
        )
    if outcome.status != "finished":
        raise RuntimeError(f"the run to be measured {outcome.status}: {outcome.error}")
    return outcome


def measure(repeats: int) -> Sequence[Comparison]:
    done: list[Outcome] = []
    walls = [seconds(lambda: done.append(series())) for _ in range(min(repeats, 2))]  # 47,000 points each
    best, plain, fixed = done[-1], series(refinement="none"), series(refinement="none", **FIXED)
    found = best.results["compensation_temperature"]
    unrefined = plain.results["compensation_temperature"]
    wall, hour = min(walls), 3600.0
    return [
        Comparison("7 temperatures and 2 refined: wall time", "s", wall, spread=max(walls) / wall),
        Comparison("wall time of a point of it", "us", wall / best.points * 1e6),
        Comparison("lab time, refined : not", "h", best.lab_time_s / hour, plain.lab_time_s / hour),
        Comparison("lab time, field that follows : fixed 1 T", "h", plain.lab_time_s / hour, fixed.lab_time_s / hour),
        Comparison("compensation temperature, refined : not", "K", found["value"], unrefined["value"]),
        Comparison("its uncertainty, refined : not", "K", found["uncertainty"], unrefined["uncertainty"]),
    ]


if __name__ == "__main__":
    sys.exit(main(measure))
