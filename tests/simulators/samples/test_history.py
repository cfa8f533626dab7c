"""The hysterons' way through the lab's time: nothing depends on who asked when."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from simulators.environment import Piece
from simulators.physics.constants import BOLTZMANN
from simulators.physics.hysterons import Hysterons
from simulators.physics.ramp import Stretch
from simulators.samples.history import History
from tests.simulators.samples.trajectory import Trajectory

MOMENT = 3e4
BARRIER = 0.05 * MOMENT * BOLTZMANN * 300.0 * math.log(1e9)


def moment(temperature: float) -> float:
    """A/m; compensated at 280 K, so that temperature alone can turn the drive around."""
    return MOMENT * (temperature - 280.0) / 20.0


def drive(piece: Piece, start: float) -> Stretch:
    m = moment(piece.temperature)
    return Stretch(start, piece.end, piece.temperature, m * piece.field(start), m * piece.field_rate)


def history(trajectory: Trajectory, count: int = 200) -> History:
    barriers = BARRIER * (1 + 0.15 * np.random.default_rng(0).standard_normal(count))
    hysterons = Hysterons(
        barriers, attempt_rate=1e9, athermal_temperature=15.0, clocks=np.random.default_rng(1), start=0.0
    )
    return History(hysterons, trajectory, drive, 0.0)


def script(seed: int) -> tuple[list[tuple[float, list[tuple[float, float, float]]]], float]:
    """Commands at random times, many of which cut short what was going on."""
    generator = np.random.default_rng(seed)
    time, commands = 0.0, list[tuple[float, list[tuple[float, float, float]]]]()
    field, temperature = 0.0, 300.0
    for _ in range(12):
        duration = float(generator.uniform(1.0, 40.0))
        target, aim = float(generator.uniform(-0.1, 0.1)), float(generator.uniform(290.0, 305.0))
        warming = (aim - temperature) / duration if generator.random() < 0.4 else 0.0
        commands.append((time, [(duration, warming, (target - field) / duration)]))
        lived = duration * float(generator.choice([0.4, 1.0, 1.3]))
        share = min(lived / duration, 1.0)
        field, temperature = field + share * (target - field), temperature + share * warming * duration
        time += lived
    return commands, time


def play(seed: int, looks: int, linger: bool = False) -> tuple[History, list[float]]:
    """Follow a script, looking so many times in each interval between commands.

    With `linger`, a sample is not advanced to the moment of a command before the command is given.
    """
    commands, end = script(seed)
    trajectory = Trajectory()
    sample = history(trajectory)
    states: list[float] = []
    for (time, plan), until in zip(commands, [time for time, _ in commands[1:]] + [end], strict=True):
        trajectory.command(time, *plan)
        for moment_ in np.linspace(time, until, looks + 1)[1:].tolist() if looks else []:
            if moment_ < until or not linger:
                sample.advance(moment_)
                sample.hysterons.mean_magnetisation(max(moment_ - 0.5, 0.0), moment_)
    sample.advance(end)
    states.append(sample.hysterons.magnetisation(end))
    sample.hysterons.finish(end)
    return sample, states


@pytest.mark.parametrize("seed", range(6))
def test_cutting_time_differently_changes_no_bit(seed: int) -> None:
    results = [play(seed, looks, linger) for looks, linger in ((0, False), (1, False), (1000, False), (7, True))]
    reference, states = results[0]
    assert reference.hysterons._source is not None
    for other, found in results[1:]:
        assert found == states
        assert np.array_equal(other.hysterons.states, reference.hysterons.states)
        assert np.array_equal(other.hysterons._clock, reference.hysterons._clock)
        assert other.hysterons._source is not None
        assert other.hysterons._source.bit_generator.state == reference.hysterons._source.bit_generator.state


def test_those_scripts_do_move_the_film() -> None:
    samples = [play(seed, 0)[0] for seed in range(6)]
    drawn = np.random.default_rng(1)
    drawn.standard_exponential(200)
    for sample in samples:
        assert sample.hysterons._source is not None
        assert sample.hysterons._source.bit_generator.state != drawn.bit_generator.state
    assert sum(-1 < float(sample.hysterons.states.mean()) < 1 for sample in samples) >= 2


def test_cooling_through_compensation_turns_the_drive_around() -> None:
    """In a constant field the film holds until the net moment has changed its sign and grown."""
    trajectory = Trajectory(300.0, field=0.1)
    trajectory.command(0.0, (200.0, -0.2, 0.0))
    sample = history(trajectory)
    before, after = [], []
    for time in np.arange(1.0, 200.0, 1.0).tolist():
        sample.advance(time)
        side = before if trajectory.sample_temperature(time) > 280.0 else after
        side.append(sample.hysterons.magnetisation(time))
    assert set(before) == {1.0}
    assert after[0] == 1.0
    assert after[-1] == -1.0
    assert all(b <= a for a, b in itertools.pairwise(after))


def test_a_command_replaces_what_began_at_the_same_moment() -> None:
    a, b = Trajectory(), Trajectory()
    first, second = history(a), history(b)
    a.ramp(5.0, -1.0, 0.03)
    first.advance(5.0)
    first.interrupt(5.0)  # has entered the quick ramp,
    assert first.hysterons.magnetisation(5.0) == 1.0  # and somebody has looked
    a.ramp(5.0, -0.07, 0.01)
    b.ramp(5.0, -0.07, 0.01)
    second.advance(5.0)
    second.interrupt(5.0)
    for sample in (first, second):
        sample.advance(12.0)
    assert first.piece == second.piece
    assert first.hysterons.magnetisation(12.0) == second.hysterons.magnetisation(12.0) < 1.0


def test_waiting_costs_the_same_however_long() -> None:
    trajectory = Trajectory(300.0, field=-0.045)
    sample = history(trajectory)
    sample.advance(1e3)
    early = sample.hysterons.magnetisation(1e3)
    sample.advance(1e9)
    assert sample.hysterons.magnetisation(1e9) < early < 1.0
    sample.advance(5.0)  # the past is no step
    assert sample.now == 1e9
