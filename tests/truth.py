"""What really happened in a simulated film, told from its own history after the run."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from instruments.clock import VirtualClock
from labctl.analysis.result import Result, Results
from procedures.ahe import AnomalousHallLoop
from simulators.cryostat import SimulatedCryostat
from simulators.lab import Lab
from simulators.machines import MACHINES
from simulators.randomness import Streams
from simulators.samples.hall_bar import FerrimagnetHallBar, HallBarParameters
from simulators.timeline import Timeline
from tests.simulated import Simulate, capture_labs

DIRECTIONS = ("down", "up")
Command = tuple[float, tuple[Any, ...], dict[str, Any]]
"""When the magnet was told what, as `SimulatedCryostat.set_field` takes it."""


@dataclass(frozen=True, slots=True)
class Switch:
    """When a film's mean n_z passed through zero, and what the magnet's supply reported then.

    With an even number of grains the mean is zero for as long as it takes the next grain to reverse; this is the
    middle of that time.

    Attributes:
        time: Lab time, s.
        field: Reported field without the noise and the steps of its reading, T.
        trapped: True field less the reported one, T.
    """

    time: float
    field: float
    trapped: float


def switch_between(sample: FerrimagnetHallBar, cryostat: SimulatedCryostat, start: float, end: float) -> Switch:
    """The only passage through zero between two lab times in s."""
    magnetisation = sample.hysterons.magnetisation
    before = magnetisation(start)
    assert before * magnetisation(end) < 0, "the film does not switch there"
    sign = math.copysign(1.0, before)
    arrives = _first(lambda time: sign * magnetisation(time) <= 0, start, end)
    leaves = _first(lambda time: sign * magnetisation(time) < 0, start, end)
    middle = (arrives + leaves) / 2
    reported = cryostat._magnet.reported(middle)
    return Switch(middle, reported, cryostat.field(middle) - reported)


def _first(true: Callable[[float], bool], start: float, end: float) -> float:
    """The time from which on something is true that was not true before."""
    while True:
        middle = (start + end) / 2
        if not start < middle < end:
            return end
        start, end = (start, middle) if true(middle) else (middle, end)


@dataclass(frozen=True, slots=True)
class Observed:
    """A run of loops.

    Attributes:
        seed, sample_seed: Of its thermal clocks (and all other noise), and of the film's barriers.
        rows: What it recorded.
        results: What it found.
        switches: What it should have found, by number of the loop and direction.
        commands: What the magnet was told.
        lab: In which it was measured.
    """

    seed: int
    sample_seed: int
    rows: pd.DataFrame
    results: Results
    switches: dict[tuple[int, str], Switch]
    commands: tuple[Command, ...]
    lab: Lab

    def pull(self, direction: str) -> float:
        """Error of this loop's switching field in standard uncertainties."""
        result = self.results[f"coercive_field_{direction}"]
        assert result.value is not None
        assert result.uncertainty
        return (result.value - self.switches[1, direction].field) / result.uncertainty


@dataclass(slots=True)
class Observer:
    """Carries loops out on labs whose films keep their whole history, which changes nothing else."""

    simulate: Simulate
    commands: list[Command] = field(default_factory=list[Command])

    def __call__(self, seed: int, sample_seed: int = 0, **settings: Any) -> Observed:
        self.simulate.labs.clear()
        self.commands.clear()
        done = self.simulate(seed=seed, sample_seed=sample_seed, **settings)
        assert done.outcome.status == "finished", done.outcome.error
        rows, lab = done.rows, done.lab
        assert isinstance(lab.sample, FerrimagnetHallBar)
        found: dict[tuple[int, str], Switch] = {}
        for (loop, branch), part in rows.groupby(["Loop", "Branch"]):  # type: ignore[misc]  # a pair of labels
            start, end = float(part["Start 1 (s)"].iloc[0]), float(part["End 3 (s)"].iloc[-1])
            found[int(loop), str(branch)] = switch_between(lab.sample, lab.cryostat, start, end)
        results = Results.from_dict(done.outcome.results)
        return Observed(seed, sample_seed, rows, results, found, tuple(self.commands), lab)


@contextmanager
def observing(folder: Path) -> Generator[Observer]:
    """Observe loops; the runs lie in the folder, without figures."""
    with pytest.MonkeyPatch.context() as patch:
        observer = Observer(Simulate(folder, capture_labs(patch)))
        set_field = SimulatedCryostat.set_field

        def note(self: SimulatedCryostat, *given: Any, **named: Any) -> None:
            observer.commands.append((self.timeline.now, given, named))
            set_field(self, *given, **named)

        patch.setattr(SimulatedCryostat, "set_field", note)
        patch.setattr("simulators.physics.hysterons.MEMORY", math.inf)
        patch.setattr(AnomalousHallLoop, "figure", lambda *_: None)
        yield observer


def replayed(loop: Observed, seeds: Iterable[int]) -> Generator[dict[str, Switch]]:
    """The switches of a measured loop with other thermal clocks: the same film and field, without any instrument.

    Args:
        loop: Of which the first is gone through again; its films keep their history as long as they are observed.
        seeds: Of the thermal clocks.
    """
    lab = loop.lab
    assert isinstance(lab.sample, FerrimagnetHallBar)
    magnet = lab.sample.ferrimagnet
    told = loop.commands[:3]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HallBarParameters, "ferrimagnet", lambda _: magnet)  # its table takes ten times as long as a loop
        for seed in seeds:
            clock, streams = VirtualClock(), Streams(seed, loop.sample_seed)
            noises = streams.noise("thermometer reading"), streams.noise("field reading")
            cryostat = SimulatedCryostat(Timeline(clock), MACHINES[lab.bench.machine], *noises)
            sample = lab.bench.sample(cryostat, streams, clock.now())
            assert isinstance(sample, FerrimagnetHallBar)
            for time, given, named in told:
                clock.sleep_until(time)
                cryostat.set_field(*given, **named)
            end = cryostat._magnet.settled_at
            sample.advance(end)
            edges = (told[1][0], told[2][0], end)
            directions = DIRECTIONS if told[1][1][0] < 0 else DIRECTIONS[::-1]
            yield {
                direction: switch_between(sample, cryostat, edges[leg], edges[leg + 1])
                for leg, direction in enumerate(directions)
            }


def holds(result: Result, confidence: float, truth: float) -> bool:
    """Whether a result's interval holds the truth."""
    low, high = result.interval(confidence)
    return low <= truth <= high
