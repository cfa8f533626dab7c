"""Droplets whose walls cost less in a field in the film plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue
from simulators.environment import Direction
from simulators.physics.constants import ELEMENTARY_CHARGE, REDUCED_PLANCK
from simulators.physics.nucleation import wall_part
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulators.samples.pulsing import ALONG, Bench, bar, root
from tests.simulators.samples.trajectory import Trajectory

WALL = 600.0
ATHERMAL = 15.0
COOL: dict[str, Any] = {"slow_heating": [], "thermal_resistance": 0.0, "wall_drive": WALL}


def torque(current: float, field: float) -> float:
    dampinglike = REDUCED_PLANCK * 0.1 * current / (5e-6 * 9e-9) / (2 * ELEMENTARY_CHARGE * 6e-9)
    return math.pi / 2 * dampinglike * field / math.hypot(field, 6e-3)


def holding(drive: float, width: float, tilt: float) -> float:
    """Part of the film that holds, by quadrature over the disorder of what the defects hold."""
    z = np.linspace(-4.0, 4.0, 4001)
    weight = np.exp(-0.5 * z**2)
    needed = 1700.0 - WALL + 0.14 * 1700.0 * z + WALL * wall_part(tilt)
    exponent = np.maximum(needed, 1.0) * math.log(1e9) / drive
    return float(np.sum(weight * np.exp(-width * 1e9 * np.exp(-exponent))) / np.sum(weight))


@pytest.mark.parametrize("field", [0.025, 0.1, 0.25, 0.4, 0.6])
def test_a_pulse_switches_half_of_the_film_where_the_lowered_barrier_says(field: float) -> None:
    expected = root(lambda current: holding(torque(current, field), 1e-2, field / 0.5) - 0.5, 1e-3, 40e-3, 1e-7)
    left = Bench(bar(Trajectory(300.0, field, direction=ALONG), **COOL)).pulse(-expected, 1e-2)
    assert 0.5 * (1.0 + left) == pytest.approx(0.5, abs=0.06)


def test_the_field_across_the_current_lowers_it_as_much() -> None:
    def switched(direction: Direction) -> float:
        sample = bar(Trajectory(300.0, direction=direction), **COOL)
        return coercive(sample, direction)

    lean = math.radians(20.0)
    along = switched((math.sin(lean), 0.0, math.cos(lean)))
    across = switched((0.0, math.sin(lean), math.cos(lean)))
    assert along == across
    assert along < switched((0.0, 0.0, 1.0)) / math.cos(lean)


def coercive(sample: FerrimagnetHallBar, direction: Direction) -> float:
    """T of a field that grows against the film by 10 mT/s, when half of it has switched."""
    trajectory = sample._environment
    assert isinstance(trajectory, Trajectory)
    times = np.linspace(1.0, trajectory.ramp(1.0, -0.3, 0.01), 3001)
    return next(abs(trajectory.field(time)) for time in times.tolist() if sample.magnetisation(time, time) <= 0.0)


def test_looking_more_often_changes_nothing() -> None:
    lean = math.radians(60.0)
    direction = (math.sin(lean), 0.0, math.cos(lean))
    found: list[list[float]] = []
    for often in (1, 7):
        trajectory = Trajectory(300.0, direction=direction)
        sample = bar(trajectory, **COOL)
        end = trajectory.ramp(1.0, -0.4, 0.01)
        end = trajectory.ramp(end, 0.4, 0.01)
        seen = [sample.magnetisation(time, time) for time in np.linspace(1.0, end, 200 * often + 1).tolist()]
        found.append(seen[::often])
    assert found[0] == found[1]
    assert min(found[0]) == -1.0


def test_without_a_wall_part_the_field_in_the_plane_lowers_nothing() -> None:
    def left(**changes: Any) -> float:
        sample = bar(Trajectory(300.0, 0.3, direction=ALONG), slow_heating=[], thermal_resistance=0.0, **changes)
        return Bench(sample).pulse(-11e-3, 1e-2)

    assert left(wall_drive=0.0) == left()
    assert left(wall_drive=WALL) < left()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"wall_drive": 1700.0}, "wall_drive is 1700 J/m3 and has to be below switching_drive, 1700 J/m3"),
        ({"wall_drive": 100.0, "anisotropy_field": None}, "lacks anisotropy_field"),
        ({"transition_metal_moment": 1.7}, "either compensation_temperature or transition_metal_moment"),
    ],
)
def test_what_does_not_go_together_is_said(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        bar(Trajectory(), **changes)
