"""What the specifications make of both ways to read a junction: the numbers by hand, and the limits."""

from __future__ import annotations

import math

import pytest

from labctl.junction_accuracy import REVERSED, tmr_without_reversal, with_current, with_voltage


def test_offsets_of_a_2400_at_a_millivolt_across_154_kilohm() -> None:
    """300 pA of 6.5 nA is 4.6 %, and makes 24.6 % to 27.6 % of a TMR of 26 %."""
    low, high = tmr_without_reversal(0.26, 154e3, 1e-3)
    assert low == pytest.approx(0.246, abs=5e-4)
    assert high == pytest.approx(0.276, abs=5e-4)
    of_voltage, of_current = 300e-6 / 1e-3, 300e-12 / (1e-3 / 154e3)
    assert of_current == pytest.approx(0.046, abs=5e-4)
    assert with_voltage(154e3, 1e-3, 10.0, 20.0).offset == pytest.approx(of_voltage + of_current)


def test_a_large_bias_leaves_nothing_of_the_offsets() -> None:
    """Of 1.3 uA on the range of 100 uA, which holds ten times as much, 6 nA are left."""
    low, high = tmr_without_reversal(0.26, 154e3, 0.2)
    part = 6e-9 / (0.2 / 154e3)
    assert high - low == pytest.approx(2.0 * 0.26 * 1.26 * part, rel=0.01)
    assert tmr_without_reversal(0.0, 154e3, 1e-3) == (0.0, 0.0)


def test_the_scale_is_that_of_the_gains() -> None:
    assert with_current(154e3, 1e-3, 5.0, 20.0).scale == pytest.approx(0.003 / math.sqrt(3.0), rel=1e-3)
    both = math.hypot(1.2e-4, 2.9e-4) / math.sqrt(3.0)
    assert with_voltage(154e3, 1e-3, 10.0, 20.0).scale == pytest.approx(both)


def test_a_cold_small_resistance_scatters_by_the_voltmeter_alone() -> None:
    """70 nV peak to peak at 1 PLC on 10 mV are 12 nV rms."""
    found = with_current(10.0, 1e-3, 1.0, 1e-3).reading
    assert found == pytest.approx(REVERSED * math.hypot(70e-9 / 6.0, 4e-9 * 10.0) / 1e-3, rel=1e-3)


def test_johnson_noise_of_a_large_resistance_falls_with_the_root_of_the_time() -> None:
    hot = 1e8  # K, at which nothing else counts
    one, four = (with_current(154e3, 1e-3, nplc, hot).reading for nplc in (1.0, 4.0))
    assert one == pytest.approx(2.0 * four, rel=1e-3)
    volts = math.sqrt(4 * 1.380649e-23 * hot * 154e3 * 25.0)
    assert one == pytest.approx(REVERSED * volts / 1e-3, rel=1e-3)


def test_ranges_that_have_to_hold_more_are_noisier() -> None:
    """2.6 nA need the range of 20 nA, with 0.8 pA of noise for 80 fA."""
    own, wide = (with_current(773e3, 1e-3, 5.0, 1e-3, largest).reading for largest in (None, 2e-3))
    assert wide == pytest.approx(REVERSED * math.hypot(0.8e-12 * 773e3, 70e-9 / 6.0 / math.sqrt(5.0)) / 1e-3, rel=1e-3)
    assert own < 0.2 * wide


def test_which_way_scatters_less() -> None:
    """At a millivolt the nanovoltmeter always; the source-measure unit gains with the bias."""
    for ohm in (200.0, 10e3, 154e3):
        assert with_current(ohm, 1e-3, 5.0, 20.0).reading < with_voltage(ohm, 1e-3, 10.0, 20.0).reading
    assert with_voltage(154e3, 0.1, 10.0, 20.0).reading < 0.05 * with_voltage(154e3, 1e-3, 10.0, 20.0).reading
