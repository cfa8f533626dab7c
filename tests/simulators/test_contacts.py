"""Bad contacts by themselves: tunnelling, telegraph noise, and what they make of leads."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.cables import Lead
from simulators.contacts import ContactFault, Telegraph, damaged, tunnelling_voltage

LEADS = {"A": Lead("left", 25.0), "B": Lead("right", 30.0)}


def broken(*faults: ContactFault) -> dict[str, Lead]:
    return damaged(LEADS, faults, lambda lead: np.random.default_rng(len(lead)), 0.0)


@pytest.mark.parametrize("voltage", [-0.3, -1e-6, 0.0, 1e-3, 0.05, 2.0])
def test_the_tunnelling_voltage_solves_its_equation_and_is_odd(voltage: float) -> None:
    current = voltage / 1e4 * (1.0 + (voltage / 0.05) ** 2)
    assert tunnelling_voltage(current, 1e4, 0.05) == pytest.approx(voltage, rel=1e-12)
    assert tunnelling_voltage(-current, 1e4, 0.05) == pytest.approx(-voltage, rel=1e-12)


def test_without_a_knee_it_is_ohms_law() -> None:
    assert tunnelling_voltage(1e-6, 1e4, math.inf) == 1e-2


def test_telegraph_noise_is_a_function_of_time_whoever_asks_in_which_order() -> None:
    one, other = (Telegraph(np.random.default_rng(3), 0.02, 0.0) for _ in range(2))
    windows = [(0.5, 0.6), (0.0, 0.1), (3.0, 3.02), (0.55, 0.9)]
    assert [one(*window) for window in windows] == [other(*window) for window in reversed(windows)][::-1]
    halves = 0.5 * (one(1.0, 1.5) + one(1.5, 2.0))
    assert one(1.0, 2.0) == pytest.approx(halves, abs=1e-12)
    assert {one(moment, moment) for moment in np.linspace(0.0, 1.0, 200)} == {0.0, 1.0}


def test_telegraph_noise_has_its_mean_and_its_variance_over_an_aperture() -> None:
    """Of a symmetric one with dwell d the variance of a mean over T is d^2/(4 T^2) (2 T/d - 1 + exp(-2 T/d)) / 2."""
    dwell, aperture = 0.02, 0.05
    noise = Telegraph(np.random.default_rng(5), dwell, 0.0)
    means = np.array([noise(start, start + aperture) for start in np.arange(0.0, 2000.0, 0.5)])
    ratio = 2.0 * aperture / dwell
    expected = 0.25 * 2.0 / ratio**2 * (ratio - 1.0 + math.exp(-ratio))
    assert means.mean() == pytest.approx(0.5, abs=4.0 * math.sqrt(expected / len(means)))
    assert means.var() == pytest.approx(expected, rel=0.1)


def test_before_it_begins_it_is_zero() -> None:
    noise = Telegraph(np.random.default_rng(1), 0.02, 10.0)
    assert noise(0.0, 9.0) == 0.0
    assert 0.0 < noise(10.0, 11.0) < 1.0


def test_each_fault_changes_its_lead_and_no_other() -> None:
    assert "A" not in broken(ContactFault("A", "open"))
    assert broken(ContactFault("A", "open"))["B"] == LEADS["B"]
    high = broken(ContactFault("A", "high", 1e4, knee=0.05))["A"]
    assert (high.resistance, high.barrier, high.knee, high.sound) == (25.0, 1e4, 0.05, False)
    assert broken(ContactFault("A", "leaking", 1e6))["A"].leakage == 1e6
    noisy = broken(ContactFault("A", "noisy", change=0.1))["A"]
    assert noisy.flicker is not None
    assert noisy.change == 0.1
    assert LEADS["A"].sound


def test_exchanged_leads_go_with_all_that_is_wrong_with_them() -> None:
    swapped = broken(ContactFault("A", "high", 1e4), ContactFault("A", "swapped", other="B"))
    assert (swapped["A"].pad, swapped["B"].pad, swapped["B"].barrier) == ("right", "left", 1e4)
    gone = broken(ContactFault("A", "open"), ContactFault("A", "swapped", other="B"))
    assert gone == {"A": LEADS["B"]}


def test_a_quiet_lab_has_no_noisy_contact() -> None:
    assert damaged(LEADS, [ContactFault("A", "noisy", change=0.1)], lambda _: None, 0.0) == LEADS
