"""What an alternating current makes of the Hall voltage of a bar that its torque turns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulators.environment import Direction
from simulators.physics.torque import damping_like
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulators.samples.pulsing import GEOMETRY, MODEL, bar
from tests.simulators.samples.trajectory import Trajectory

AMPLITUDE = 3e-3  # A
PHASES = 2.0 * math.pi * (np.arange(64) + 0.5) / 64
STEPS = tuple({"source": current, "drain": -current} for current in (AMPLITUDE * np.sin(PHASES)).tolist())
HARD: dict[str, Any] = {
    "switching_drive": 1e6, "wall_drive": 0.0, "anisotropy_field": 0.33, "thermal_resistance": 0.0, "slow_heating": [],
    "misalignment": 0.0, "ordinary_hall_coefficient": 0.0, "spin_torque_efficiency": 0.05, "arm_length": 0.0,
    "field_like_efficiency": 0.0, "planar_hall_resistance": 0.0, "thermal_hall_voltage": 0.0,
    "nernst_hall_voltage": 0.0,
}  # fmt: skip
"""A film that no field here reverses, that does not warm, and whose arms are opposite each other."""


def made(field: float, direction: Direction, **changes: Any) -> FerrimagnetHallBar:
    return bar(Trajectory(300.0, field=field, direction=direction), **{**HARD, **changes})


def harmonic(sample: FerrimagnetHallBar, number: int) -> complex:
    """V peak, with a sine's own phase real."""
    voltages = sample.step_differences("A", "B", STEPS, 1.0, 1.0)
    return complex(2j * np.mean(voltages * np.exp(-1j * number * PHASES)))


def fields() -> tuple[float, float]:
    """H_DL in T at the amplitude, and the Hall resistance in ohm."""
    sample = made(0.0, (0.0, 0.0, 1.0))
    section = GEOMETRY["width"] * GEOMETRY["conducting_thickness"]
    density = damping_like(0.05, AMPLITUDE / section, float(_value("magnetic_thickness")))
    return density / sample.ferrimagnet.net_magnetisation(300.0), harmonic(sample, 1).real / AMPLITUDE


def _value(name: str) -> Any:
    entry = MODEL[name]
    return entry["value"] if isinstance(entry, dict) else entry


@pytest.mark.parametrize("field", [-0.02, 0.01, 0.03])
def test_a_field_along_the_current_makes_a_second_harmonic_as_hayashi_says(field: float) -> None:
    """n_z = 1 - (H_x - H_DL sin)^2/2 H_k^2, so that V2 = -(R_A I/2) H_x H_DL/H_k^2 of cos 2wt, and none without H_x."""
    torque, hall = fields()
    second = harmonic(made(field, (1.0, 0.0, 0.0)), 2)
    wanted = -0.5 * hall * AMPLITUDE * field * torque / 0.33**2
    assert second.imag == pytest.approx(wanted, rel=2e-2)
    assert abs(second.real) < 1e-6 * abs(wanted)


def test_without_field_or_torque_there_is_no_second_harmonic() -> None:
    _, hall = fields()
    for sample in (made(0.0, (1.0, 0.0, 0.0)), made(0.03, (1.0, 0.0, 0.0), spin_torque_efficiency=0.0)):
        assert abs(harmonic(sample, 2)) < 1e-12 * abs(hall) * AMPLITUDE


def test_the_first_harmonic_falls_as_the_field_tilts_the_film() -> None:
    _, hall = fields()
    first = harmonic(made(0.033, (0.0, 1.0, 0.0)), 1).real / AMPLITUDE
    assert first / hall == pytest.approx(math.sqrt(1.0 - 0.1**2), rel=1e-3)


def test_a_field_like_torque_shows_in_a_field_across_the_current() -> None:
    torque, hall = fields()
    sample = made(0.02, (0.0, 1.0, 0.0), field_like_efficiency=0.02)
    second = harmonic(sample, 2)
    wanted = 0.5 * hall * AMPLITUDE * 0.02 * (0.4 * torque) / 0.33**2
    assert second.imag == pytest.approx(wanted, rel=2e-2)


def test_a_thermoelectric_voltage_goes_with_the_square_of_the_current_whatever_the_field() -> None:
    coefficient = 1e-2  # V/A2
    for field in (0.0, 0.02):
        without, sample = (made(field, (1.0, 0.0, 0.0), thermal_hall_voltage=value) for value in (0.0, coefficient))
        added = harmonic(sample, 2) - harmonic(without, 2)
        sign = math.copysign(1.0, sample.magnetisation(1.0, 1.0))
        assert added.imag == pytest.approx(-0.5 * sign * coefficient * AMPLITUDE**2, rel=5e-3)


def test_a_film_warmer_than_what_it_lies_on_adds_to_the_slope_in_a_field_along_the_current() -> None:
    coefficient, field = 1e-2, 0.02  # V/A2, T
    for direction, wanted in (((1.0, 0.0, 0.0), field / 0.33), ((0.0, 1.0, 0.0), 0.0)):
        without, sample = (made(field, direction, nernst_hall_voltage=value) for value in (0.0, coefficient))
        added = harmonic(sample, 2) - harmonic(without, 2)
        assert added.imag == pytest.approx(-0.5 * wanted * coefficient * AMPLITUDE**2, rel=5e-3, abs=1e-13)


def test_a_planar_hall_resistance_shows_at_rest_as_well() -> None:
    diagonal = (math.sqrt(0.5), math.sqrt(0.5), 0.0)
    read: list[float] = []
    for planar in (0.0, 0.05):
        sample = made(0.033, diagonal, planar_hall_resistance=planar)
        sample.set_currents(1.0, {"source": 1e-4, "drain": -1e-4})
        read.append(sample.mean_difference("A", "B", 1.5, 1.6) / 1e-4)
    assert read[1] - read[0] == pytest.approx(0.05 * 0.1**2, rel=1e-6)
