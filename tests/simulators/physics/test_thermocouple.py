"""Thermocouples against points of the tables in NIST Monograph 175."""

import numpy as np
import pytest

from simulators.physics.thermocouple import FUNCTIONS, temperature, voltage

# (type, degrees Celsius, mV) as tabulated, to 1 uV
TABULATED = [
    ("B", 100.0, 0.033), ("B", 500.0, 1.242), ("B", 1000.0, 4.834), ("B", 1800.0, 13.591),
    ("E", -200.0, -8.825), ("E", 100.0, 6.319), ("E", 500.0, 37.005), ("E", 1000.0, 76.373),
    ("J", -100.0, -4.633), ("J", 25.0, 1.277), ("J", 100.0, 5.269), ("J", 760.0, 42.919), ("J", 1000.0, 57.953),
    ("K", -200.0, -5.891), ("K", 25.0, 1.000), ("K", 100.0, 4.096), ("K", 500.0, 20.644), ("K", 1000.0, 41.276),
    ("N", -200.0, -3.990), ("N", 100.0, 2.774), ("N", 1000.0, 36.256),
    ("R", 100.0, 0.647), ("R", 1000.0, 10.506), ("R", 1700.0, 20.222),
    ("S", 100.0, 0.646), ("S", 1000.0, 9.587), ("S", 1600.0, 16.777),
    ("T", -200.0, -5.603), ("T", -100.0, -3.379), ("T", 25.0, 0.992), ("T", 100.0, 4.279), ("T", 400.0, 20.872),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "celsius", "millivolts"), TABULATED)
def test_tabulated_points(kind, celsius, millivolts):
    assert voltage(kind, celsius) * 1e3 == pytest.approx(millivolts, abs=0.0006)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_pieces_meet(kind):
    for below, above in zip(FUNCTIONS[kind][:-1], FUNCTIONS[kind][1:], strict=True):
        assert below.high == above.low
        assert below.millivolts(below.high) == pytest.approx(above.millivolts(above.low), abs=2e-5)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_inverse(kind):
    low = {"B": 60.0}.get(kind, FUNCTIONS[kind][0].low + 5.0)
    for celsius in np.linspace(low, FUNCTIONS[kind][-1].high - 0.5, 200).tolist():
        assert temperature(kind, voltage(kind, celsius)) == pytest.approx(celsius, abs=2e-3)


def test_what_no_temperature_gives():
    for kind, volts in [("K", 0.060), ("K", -0.007), ("B", -1e-3), ("T", 0.021)]:
        with pytest.raises(ValueError, match=f"type {kind}"):
            temperature(kind, volts)
    with pytest.raises(ValueError, match="not defined"):
        voltage("T", 401.0)
