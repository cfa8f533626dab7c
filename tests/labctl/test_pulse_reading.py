"""Resistance at the end of a pulse: what is read is what the film has then, and only within the pulse."""

from __future__ import annotations

import math
from typing import Any

import pytest

from labctl import pulses
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.pulse_reading import pulse_and_read
from tests.simulated import Simulate


class Once(Procedure):
    """One pulse that is read, and the resistance before it."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = pulses.COLUMNS
    width = 0.06
    current = 10e-3
    probe = Probe()

    def demands(self) -> dict[str, float]:
        return pulses.pulse_demands(self, self.current, self.width)

    def execute(self) -> None:
        self.record(**{**pulses.NONE_YET, **pulses.read_longitudinal(self)})
        self.record(**pulse_and_read(self, self.current, self.width))
        self.record(**{**pulses.NONE_YET, **self.read(), pulses.RESISTANCE: math.nan})


class Short(Once):
    """As long as a conversion."""

    width = 0.025


def rows_of(simulate: Simulate, procedure: Procedure) -> list[dict[str, Any]]:
    done = simulate(procedure)
    assert done.outcome.status == "finished"
    return done.rows.to_dict("records")


def test_the_film_is_warm_at_the_end_of_a_pulse(simulate: Simulate) -> None:
    cold, hot, after = rows_of(simulate, Once())
    part = hot["Resistance (ohm)"] / cold["Resistance (ohm)"] - 1.0
    assert part == pytest.approx(1.5e-3 * 7.8e4 * 1e-4, rel=0.05)  # temperature coefficient, K/A2, A2
    assert hot["Pulse start stamp (s)"] < hot["Start 1 (s)"] < hot["End 1 (s)"] < hot["Pulse end stamp (s)"]
    assert hot["End 1 (s)"] > hot["Pulse end stamp (s)"] - 0.015
    assert hot["Current 1 (A)"] == 10e-3
    assert hot["Current 2 (A)"] == 0.0
    # the Hall voltage is read as before
    assert math.isfinite(after["Hall resistance (ohm)"])
    assert after["Range (V)"] != hot["Range (V)"]


def test_a_conversion_that_is_not_within_the_pulse_gives_no_resistance(simulate: Simulate) -> None:
    _, hot, _ = rows_of(simulate, Short())
    assert math.isnan(hot["Resistance (ohm)"])
    assert math.isfinite(hot["Voltage 1 (V)"])
