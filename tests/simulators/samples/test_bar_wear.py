"""A Hall bar that wears out: what it endures, what its voltages say, and that it is open in the end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulators.randomness import Streams
from simulators.samples.bar_wear import GAP_RESISTANCE
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulators.samples.pulsing import GEOMETRY, RECORD
from tests.simulators.samples.trajectory import Trajectory

MODEL: dict[str, Any] = {**RECORD["model"], "hysterons": 1}
PAPER, LIMIT = 20e-3, 22.5e-3  # A


def bar(device: int = 0, **changes: Any) -> FerrimagnetHallBar:
    return FerrimagnetHallBar.from_model({**MODEL, **changes}, GEOMETRY, Trajectory(300.0), Streams(1, device))


def typical(**changes: Any) -> FerrimagnetHallBar:
    return bar(lifetime_spread=0.0, **changes)


def through(current: float) -> dict[str, float]:
    return {"source": current, "drain": -current}


def pulse(sample: FerrimagnetHallBar, current: float, width: float, time: float) -> float:
    """The damage of one pulse."""
    before = sample.damage
    sample.set_currents(time, through(current))
    sample.breaks(time + width)
    sample.set_currents(time + width, {})
    return sample.damage - before


@pytest.mark.parametrize(("current", "least", "most"), [(PAPER, 2000, 5000), (LIMIT, 500, 1500)])
def test_the_typical_bar_endures_many_pulses_of_the_paper(current: float, least: int, most: int) -> None:
    assert least < 1.0 / pulse(typical(), current, 0.01, 1.0) < most


def test_a_tera_ampere_per_square_metre_kills_within_a_pulse_of_milliseconds() -> None:
    assert pulse(typical(), 1e12 * 45e-15, 1e-3, 1.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("width", "median", "weak"), [(1e-3, 40e-3, 38e-3), (1e-2, 35e-3, 33e-3)])
def test_the_currents_that_open_a_fresh_bar_are_those_of_the_page(width: float, median: float, weak: float) -> None:
    weakest = math.exp(-1.645 * MODEL["lifetime_spread"]["value"]) * MODEL["lifetime"]["value"]
    for lifetime, current in ((MODEL["lifetime"]["value"], median), (weakest, weak)):
        assert pulse(typical(lifetime=lifetime), 0.97 * current, width, 1.0) < 1.0
        assert pulse(typical(lifetime=lifetime), 1.03 * current, width, 1.0) == 1.0


def test_reading_currents_are_harmless_for_ever() -> None:
    sample = typical()
    sample.set_currents(1.0, through(450e-6))
    sample.advance(1e9)
    assert sample.damage == 0.0
    assert not sample.wearing


def test_bars_differ_by_a_lognormal_factor_and_the_weakest_bear_hundreds_of_pulses_at_the_limit() -> None:
    pulses = np.log([1.0 / pulse(bar(device), LIMIT, 0.01, 1.0) for device in range(200)])
    assert np.std(pulses) == pytest.approx(0.7, rel=0.2)
    assert np.exp(np.median(pulses)) == pytest.approx(1.0 / pulse(typical(), LIMIT, 0.01, 1.0), rel=0.25)
    assert 100 < np.exp(np.quantile(pulses, 0.05)) < 500


def test_lives_go_by_black_and_by_the_warmth_of_the_film() -> None:
    hot = typical(thermal_resistance=15e4)
    cold = typical()
    warmth, boltzmann = 7.5e4 * LIMIT**2, 8.617333e-5
    slow = 2.5e3 * LIMIT**2  # the substrate
    first, second = 300.0 + slow + warmth, 300.0 + slow + 2 * warmth
    wanted = math.exp(1.2 / boltzmann * (1 / first - 1 / second))
    assert pulse(hot, LIMIT, 0.01, 1.0) / pulse(cold, LIMIT, 0.01, 1.0) == pytest.approx(wanted, rel=0.02)


def test_its_resistance_grows_with_the_void_and_the_bar_is_open_in_the_end() -> None:
    sample = typical()
    sample.set_currents(1.0, through(LIMIT))
    for time in (2.0, 4.0):
        sample.advance(time)
        whole = typical(lifetime=1e12)
        whole.set_currents(1.0, through(LIMIT))
        sheet = whole.resistance("source", "drain", time) / 10.0
        added = sample.resistance("source", "drain", time) - 10.0 * sheet
        damage = sample.damage
        assert added == pytest.approx(sheet * damage / (1.0 - damage), rel=1e-6)
        voltage = sample.mean_difference("source", "drain", time, time)
        assert voltage == pytest.approx(LIMIT * (10.0 * sheet + added), rel=1e-4)
    opened = sample.breaks(100.0)
    assert 5.0 < opened < 10.0
    sample.set_currents(opened, through(1e-9))
    sample.advance(opened + 1.0)
    assert (sample.damage, sample.broken) == (1.0, opened)
    assert sample.resistance("source", "drain", opened) == pytest.approx(GAP_RESISTANCE, rel=1e-6)
    assert sample.mean_difference("source", "drain", opened, opened) == pytest.approx(10.0, rel=1e-6)


def test_only_voltages_across_the_spot_show_it() -> None:
    for device in range(12):
        sample = bar(device)
        sample.set_currents(1.0, through(30e-3))
        sample.set_currents(opened := sample.breaks(1e3), {})
        parts = [sample.resistance(a, b, opened) for a, b in (("source", "C"), ("C", "A"), ("A", "drain"))]
        assert sum(part > 1e9 for part in parts) == 1
        assert sample.resistance("A", "B", opened) < 1e4 or sample.resistance("C", "D", opened) < 1e4


def test_a_fast_cycle_does_the_damage_of_its_steps() -> None:
    steps = [(1e-4, through(LIMIT)), (1e-4, {}), (1e-4, through(-LIMIT)), (1e-4, {})]
    cycled, steady = typical(slow_heating=[]), typical(slow_heating=[])
    cycled.set_cycle(1.0, steps)
    cycled.advance(1.02)
    assert cycled.damage == pytest.approx(pulse(steady, LIMIT, 0.01, 1.0), rel=1e-9)


def test_without_a_lifetime_there_is_no_damage_and_no_other_draw_moves() -> None:
    spared = {name: value for name, value in MODEL.items() if name != "lifetime"}
    sound = FerrimagnetHallBar.from_model(spared, GEOMETRY, Trajectory(300.0), Streams(1, 0))
    worn = bar()
    for sample in (sound, worn):
        sample.set_currents(1.0, through(1e-4))
    assert sound.mean_potentials(1.0, 2.0) == worn.mean_potentials(1.0, 2.0)
    sound.set_currents(2.0, through(0.1))
    sound.advance(1e6)
    assert (sound.damage, sound.broken, sound.breaks(1e9)) == (0.0, None, math.inf)
