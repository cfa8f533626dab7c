"""Square waves of several bridges: when they change their sign, and what they add to a sample's currents."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.bridge_currents import BridgeCurrents
from simulators.cables import Lead

IN, OUT = Lead("left", 20.0), Lead("right", 30.0)
WAVE = BridgeCurrents((), (((IN, OUT), 1e-3),), 0.25, 1.0 / 15.0)

times = st.floats(0.0, 1e5)


@settings(deadline=None, max_examples=200)
@given(start=times, lasts=st.floats(1e-4, 3.0))
def test_halves_cover_a_time_and_take_turns(start: float, lasts: float) -> None:
    parts = list(WAVE.halves(start, start + lasts))
    assert parts[0][0] == start
    assert parts[-1][1] == start + lasts
    for (_, end, sign), (begin, _, other) in itertools.pairwise(parts):
        assert end == begin
        assert sign == -other
    assert all(finish - begin <= WAVE.half * (1 + 1e-6) for begin, finish, _ in parts)
    assert len(parts) >= lasts / WAVE.half * (1 - 1e-6)


@settings(deadline=None, max_examples=200)
@given(time=times)
def test_a_period_lasts_a_period_and_its_halves_cancel(time: float) -> None:
    steps = WAVE.cycle({"left": 2e-3, "right": -2e-3}, time)
    assert sum(duration for duration, _ in steps) == pytest.approx(2.0 * WAVE.half, rel=1e-9)
    assert all(duration > 0.0 for duration, _ in steps)
    mean = sum(duration * currents["left"] for duration, currents in steps) / (2.0 * WAVE.half)
    assert mean == pytest.approx(2e-3, rel=1e-6)
    assert all(math.fsum(currents.values()) == 0.0 for _, currents in steps)
    assert steps[0][1]["left"] == pytest.approx(2e-3 + WAVE.sign(time, time) * 1e-3)


def test_it_is_positive_first() -> None:
    assert WAVE.sign(0.25, 0.25) == 1.0
    assert WAVE.sign(0.25, 0.25 + WAVE.half) == 1.0
    assert WAVE.sign(0.25 + WAVE.half, 0.25 + 1.5 * WAVE.half) == -1.0
    assert WAVE.sign(0.25, 0.25 + 4 * WAVE.half) == pytest.approx(0.0, abs=1e-9)


def test_what_it_makes_in_a_lead_that_it_shares() -> None:
    ends = 0.25, 0.25 + WAVE.half
    assert WAVE.drop((IN, OUT), *ends) == pytest.approx(1e-3 * 50.0)
    assert WAVE.drop((OUT, IN), *ends) == pytest.approx(-1e-3 * 50.0)
    assert WAVE.drop((IN, Lead("right", 30.0)), *ends) == pytest.approx(1e-3 * 20.0)  # another line to the same pad
    steady = BridgeCurrents((((IN, OUT), 1e-3),), (), 0.0, math.inf)
    assert steady.drop((IN, OUT), 0.0, 7.0) == pytest.approx(1e-3 * 50.0)
    assert steady.amplitude((IN, OUT)) == 1e-3 or (IN, OUT) is not steady.direct[0][0]
