"""A tunnel junction on its own: Ohm's law where it holds, the barrier where it does not, and what is left of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, UnknownName
from simulators.physics.tunnelling import Barrier
from simulators.randomness import Streams
from simulators.samples.sample import Discharge
from simulators.samples.tunnel_junction import TunnelJunction
from tests.junctions import PLAIN as MODEL
from tests.simulators.samples.trajectory import Trajectory

GEOMETRY = {"area": math.pi * 1e-12}
COLD = 2.025
CONTACT = 20.0


def junction(temperature: float = COLD, device: int = 0, **changes: Any) -> TunnelJunction:
    return TunnelJunction.from_model({**MODEL, **changes}, GEOMETRY, Trajectory(temperature), Streams(1, device))


def through(current: float) -> dict[str, float]:
    return {"top_1": current, "bottom_1": -current}


def broken(device: int = 0) -> TunnelJunction:
    sample = junction(device=device)
    sample.discharge("top_1", "bottom_1", Discharge(1.0, 10.0, 1e-9, 50.0))
    assert sample.broken == 1.0
    return sample


def test_at_small_currents_it_is_a_resistance() -> None:
    sample = junction()
    wanted = 1.0 / (Barrier(0.42, 0.10, 2.3e-9).conductance() * GEOMETRY["area"])
    assert wanted == pytest.approx(154e3, rel=0.01)
    sample.set_currents(1.0, through(6.5e-12))
    assert sample.mean_difference("top_2", "bottom_2", 1.0, 2.0) == pytest.approx(6.5e-12 * wanted, rel=1e-4)
    assert sample.resistance("top_1", "bottom_1", 2.0) == pytest.approx(wanted + 2 * CONTACT, rel=1e-4)
    assert junction(200.0).resistance_at("top_2", "bottom_2", 0.0, 0.0) == pytest.approx(wanted / 1.182, rel=1e-3)


@pytest.mark.parametrize("voltage", [0.01, -0.01, 0.2, -0.2, 0.5])
def test_its_current_is_that_of_the_barrier_for_both_signs(voltage: float) -> None:
    sample, barrier = junction(), Barrier(0.42, 0.10, 2.3e-9)
    current = barrier.conductance() * GEOMETRY["area"] * barrier.reduced_current(voltage)
    sample.set_currents(1.0, through(current))
    assert sample.mean_difference("top_2", "bottom_2", 1.0, 1.5) == pytest.approx(voltage, rel=1e-4)
    assert sample.mean_difference("top_1", "bottom_1", 1.0, 1.5) == pytest.approx(
        voltage + 2 * CONTACT * current, rel=1e-4
    )
    assert sample.resistance_at("bottom_2", "top_2", -current, 1.5) * current == pytest.approx(
        voltage + 2 * CONTACT * current, rel=1e-4
    )
    assert sample.resistance("top_1", "bottom_1", 1.5) == sample.resistance("bottom_1", "top_1", 1.5)


def test_contacts_of_one_electrode_see_the_electrode_only() -> None:
    sample = junction()
    sample.set_currents(1.0, {"top_1": 1e-3, "top_2": -1e-3})
    assert sample.mean_difference("top_1", "top_2", 1.0, 2.0) == pytest.approx(1e-3 * 2 * CONTACT)
    assert sample.mean_difference("top_1", "bottom_2", 1.0, 2.0) == pytest.approx(1e-3 * CONTACT)
    assert sample.damage == 0.0


def test_strips_that_cross_show_a_third_of_a_square_in_front_and_a_sixth_behind() -> None:
    """Against 150 kohm; within one electrode it is a square, whatever the junction has."""
    sample, bare = junction(upper_sheet_resistance=6.0, lower_sheet_resistance=60.0), junction()
    for each in (sample, bare):
        each.set_currents(1.0, through(1e-9))

    def more(high: str, low: str) -> float:
        return (sample.mean_difference(high, low, 1.0, 2.0) - bare.mean_difference(high, low, 1.0, 2.0)) / 1e-9

    assert more("top_1", "bottom_1") == pytest.approx(22.0, abs=0.01)
    assert more("top_2", "bottom_2") == pytest.approx(-11.0, abs=0.01)
    assert more("top_1", "top_2") == pytest.approx(3.0, abs=0.01)
    assert more("top_2", "bottom_1") == pytest.approx(19.0, abs=0.01)
    assert sample.resistance("top_1", "bottom_1", 2.0) - bare.resistance("top_1", "bottom_1", 2.0) == pytest.approx(
        22.0, abs=0.01
    )
    assert sample.resistance("bottom_2", "bottom_1", 2.0) == pytest.approx(2 * CONTACT + 60.0, abs=0.01)
    sample.set_currents(3.0, {"bottom_1": 1e-9, "bottom_2": -1e-9})
    assert sample.mean_difference("bottom_1", "bottom_2", 3.0, 4.0) == pytest.approx(
        1e-9 * (2 * CONTACT + 60.0),
        rel=1e-4,  # less what takes the way through the other strip
    )
    assert sample.mean_difference("top_1", "top_2", 3.0, 4.0) == 0.0


def test_beside_a_short_four_wires_read_less_than_it_has() -> None:
    sample = junction(upper_sheet_resistance=5.0, lower_sheet_resistance=500.0, short_resistance=10.0)
    sample.discharge("top_1", "bottom_1", Discharge(1.0, 10.0, 1e-9, 50.0))
    sample.set_currents(2.0, through(1e-6))
    read = sample.mean_difference("top_2", "bottom_2", 2.0, 3.0) / 1e-6
    bare = junction(short_resistance=10.0)
    bare.discharge("top_1", "bottom_1", Discharge(1.0, 10.0, 1e-9, 50.0))
    bare.set_currents(2.0, through(1e-6))
    assert -1.0 < read < 0.1 * bare.mean_difference("top_2", "bottom_2", 2.0, 3.0) / 1e-6


def test_what_is_no_current_or_no_pad_is_refused() -> None:
    sample = junction()
    with pytest.raises(BadValue, match="do not add up to zero"):
        sample.set_currents(1.0, {"top_1": 1e-6})
    with pytest.raises(UnknownName, match="no pad 'A'"):
        sample.set_currents(1.0, {"A": 1e-6, "top_1": -1e-6})
    with pytest.raises(BadValue, match="lasts longer than 0 s"):
        sample.set_cycle(1.0, [(0.0, through(1e-6))])


def test_a_fast_cycle_is_the_mean_of_its_steps() -> None:
    sample, steady = junction(), junction()
    sample.set_cycle(1.0, [(1e-4, through(2e-6)), (3e-4, through(-1e-6))])
    parts: list[float] = []
    for time, current in ((1.0, 2e-6), (2.0, -1e-6)):
        steady.set_currents(time, through(current))
        parts.append(steady.mean_difference("top_2", "bottom_2", time, time + 1.0))
    assert sample.mean_difference("top_2", "bottom_2", 1.0, 1.4) == pytest.approx(0.25 * parts[0] + 0.75 * parts[1])
    assert sample.mean_difference("top_2", "bottom_2", 1.4, 1.4001) == pytest.approx(parts[0])


# ---- breakdown


def test_half_its_breakdown_voltage_takes_a_day_and_the_reading_voltage_for_ever() -> None:
    for current, least in ((6.5e-9, 1e10), (1.7e-5, 1e4)):
        sample = junction(breakdown_shape=20.0)
        sample.set_currents(0.0, through(current))
        assert sample.breaks(least) == math.inf


def test_100_ua_break_it_within_seconds() -> None:
    times = [
        sample.breaks(1e3)
        for device in range(100)
        for sample in [junction(device=device)]
        if sample.set_currents(0.0, through(100e-6)) is None
    ]
    assert max(times) < 1.0  # 1.01 V
    ranks = (np.arange(100) + 0.5) / 100
    slope = np.polyfit(np.log(np.sort(times)), np.log(-np.log(1 - ranks)), 1)[0]
    assert slope == pytest.approx(1.5, rel=0.2)  # Weibull's shape


def test_what_is_left_is_a_short_for_good() -> None:
    for device in range(20):
        sample = broken(device)
        assert sample.damage == 1.0
        for time, current in ((2.0, 1e-9), (1e3, 1e-3)):
            sample.set_currents(time, through(current))
            across = sample.mean_difference("top_2", "bottom_2", time, time + 1.0)
            assert across / current == pytest.approx(sample.resistance("top_1", "bottom_1", time) - 2 * CONTACT)
            assert 10.0 < across / current < 1000.0


@pytest.mark.parametrize(
    ("voltage", "survives"), [(0.5, True), (-0.5, True), (1.0, True), (2.0, False), (-10.0, False)]
)
def test_a_charged_cable(voltage: float, survives: bool) -> None:
    sample = junction()
    sample.discharge("top_1", "bottom_1", Discharge(1.0, voltage, 1e-9, 50.0))
    assert (sample.broken is None) == survives
    assert sample.damage > 0.0


def test_a_cable_across_one_electrode_does_nothing() -> None:
    sample = junction()
    sample.discharge("top_1", "top_2", Discharge(1.0, 10.0, 1e-9, 50.0))
    assert sample.damage == 0.0


def test_without_a_breakdown_voltage_nothing_breaks() -> None:
    sample = TunnelJunction.from_model(
        {k: v for k, v in MODEL.items() if k != "breakdown_voltage"}, GEOMETRY, Trajectory(COLD), Streams(1, 0)
    )
    sample.set_currents(0.0, through(1.0))
    sample.discharge("top_1", "bottom_1", Discharge(0.0, 100.0, 1e-9, 0.0))
    assert (sample.breaks(1e9), sample.damage, sample.broken) == (math.inf, 0.0, None)


# ---- the record


def checked(**changes: Any) -> tuple[str, ...]:
    return TunnelJunction.check_model({**MODEL, **changes}, GEOMETRY, (1.9, 400.0))


def test_the_models_pads() -> None:
    assert checked() == ("top_1", "top_2", "bottom_1", "bottom_2")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"barrier_asymmetry": 0.5}, "barrier_asymmetry is 0.5 eV, but must be less than barrier_height"),
        ({"barrier_height": 0.2}, "over which too much would flow at 400 K"),
        ({"barrier_height": -1.0}, "barrier_height (eV, mean height phi of the barrier) is -1.0"),
        ({"barier_height": 1.0}, "perhaps 'barrier_height' is meant"),
    ],
)
def test_what_does_not_fit_is_said(changes: dict[str, float], words: str) -> None:
    with pytest.raises((BadValue, UnknownName)) as caught:
        checked(**changes)
    assert words in str(caught.value)


def test_an_area_is_needed() -> None:
    with pytest.raises(BadValue, match="needs an area"):
        TunnelJunction.check_model(MODEL, {}, (1.9, 400.0))
