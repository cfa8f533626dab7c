"""Hall bars of the two layers of the shipped junction: loops of the sign, the shape and the fields that it has, too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labctl.sample import load_sample
from simulators.randomness import Streams
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulators.samples.trajectory import Trajectory

OERSTED = 1e-4  # T
PROBE = 1e-4  # A
FILM, OXIDE = "fimtj2026-cogd", "fimtj2026-nco"


def model(name: str) -> dict[str, Any]:
    record = load_sample(name)
    assert record.model is not None
    return dict(record.model.parameters)


def branch(name: str, temperature: float, largest: float) -> tuple[float, float, float]:
    """Amplitude in ohm, coercive field in Oe and remanence ratio of a branch from positive field, at 20 Oe/s."""
    record, parameters = load_sample(name), model(name)
    trajectory = Trajectory(temperature)
    sample = FerrimagnetHallBar.from_model(parameters, record.model_geometry(), trajectory, Streams(1, 0))
    sample.set_currents(0.0, {"source": PROBE, "drain": -PROBE})
    time = trajectory.ramp(0.0, largest, 0.1)
    end = trajectory.ramp(time, -largest, 20 * OERSTED)
    times = np.linspace(time, end, 1001)[1:-1]
    fields = np.array([trajectory.field(moment) for moment in times.tolist()])
    hall = np.array([sample.mean_difference("A", "B", moment, moment + 0.01) / PROBE for moment in times.tolist()])
    hall -= parameters["ordinary_hall_coefficient"]["value"] * fields
    hall -= 0.5 * (hall[0] + hall[-1])
    crossing = int(np.flatnonzero(hall * hall[0] < 0.0)[0])
    remanent = float(hall[int(np.argmin(np.abs(fields)))])
    return float(hall[0]), -float(fields[crossing]) / OERSTED, remanent / float(hall[0])


@pytest.mark.parametrize("temperature", [10.025, 20.025, 35.025, 40.025])
def test_the_film_s_loops_are_square_negative_below_compensation_and_positive_above(temperature: float) -> None:
    amplitude, _, remanence = branch(FILM, temperature, 1.0)
    assert amplitude == pytest.approx(5e-3 if temperature > 27.0 else -5e-3, rel=0.01)
    assert remanence == pytest.approx(1.0, abs=1e-6)


def test_its_coercive_field_rises_towards_compensation_from_both_sides() -> None:
    """Stated are 2500 Oe at 10 K, 12000 Oe at most and 1600 Oe at 40 K."""
    below = [branch(FILM, temperature, 2.0)[1] for temperature in (10.025, 20.025, 25.025, 26.775)]
    above = [branch(FILM, temperature, 2.0)[1] for temperature in (40.025, 35.025, 32.025, 27.275)]
    assert below == sorted(below)
    assert above == sorted(above)
    assert below[0] == pytest.approx(2500.0, abs=250.0)
    assert above[0] == pytest.approx(1600.0, abs=200.0)
    assert below[-1] == pytest.approx(12000.0, abs=1800.0)
    assert above[-1] == pytest.approx(12000.0, abs=1800.0)


@pytest.mark.parametrize("temperature", [10.025, 40.025])
def test_the_oxide_switches_around_600_oe_and_does_not_compensate(temperature: float) -> None:
    amplitude, coercive, remanence = branch(OXIDE, temperature, 0.2)
    assert amplitude == pytest.approx(2.0, rel=0.02)
    assert coercive == pytest.approx(600.0, abs=90.0)
    assert remanence == pytest.approx(1.0, abs=1e-6)


def test_they_are_the_layers_of_the_junction() -> None:
    junction, film, oxide = (model(name) for name in ("fimtj2026", FILM, OXIDE))
    same = (
        "rare_earth_fraction", "rare_earth_spin", "rare_earth_lande_factor", "rare_earth_moment", "exchange_field",
        "exchange_shape", "curie_temperature", "compensation_temperature", "atom_density", "attempt_rate",
        "athermal_temperature", "switching_drive", "switching_spread", "reference_temperature", "reference_time",
        "anisotropy_field",
    )  # fmt: skip
    for key in same:
        assert film[key]["value"] == junction[key]["value"], key
    for key in ("curie_temperature", "athermal_temperature", "switching_drive", "switching_spread", "anisotropy_field"):
        assert oxide[key]["value"] == junction[f"lower_{key}"]["value"], key
    moment = oxide["atom_density"]["value"] * oxide["transition_metal_moment"]["value"] * 9.274e-24
    assert moment == pytest.approx(junction["lower_moment"]["value"], rel=2e-3)
