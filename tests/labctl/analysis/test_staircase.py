from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.readings import Readings
from labctl.analysis.staircase import few_grains, stepped
from labctl.analysis.switching import Crossing

CROSSING = Crossing(
    field=0.0604, uncertainty=1e-5, sharp=False, slope=6.0, spacing=5e-4, row=20, steepness=82.0, grains=30.0
)


@pytest.mark.parametrize(("grains", "spacing"), [(10.0, 5e-4), (30.0, 5e-4), (30.0, 1e-4), (100.0, 5e-4)])
def test_a_staircase_adds_what_its_long_steps_leave_open(grains: float, spacing: float) -> None:
    """A crossing anywhere on a step on which a reading lies for sure; steps drawn one by one."""
    lengths = np.random.default_rng(1).exponential(2 / (grains * CROSSING.steepness), 400_000)
    wide = few_grains(replace(CROSSING, uncertainty=0.0, grains=grains, spacing=spacing)).uncertainty
    assert wide == pytest.approx(np.sqrt(np.mean(np.where(lengths > 2 * spacing, lengths**2 / 12, 0.0))), rel=0.02)


def test_a_usual_film_is_no_staircase() -> None:
    assert few_grains(replace(CROSSING, grains=1000.0)).uncertainty == pytest.approx(1e-5)
    for none in (replace(CROSSING, grains=None), replace(CROSSING, sharp=True)):
        assert few_grains(none) == none


def branch(direction: str, *, moving: float) -> Branch:
    """Forty points 2.5 mT and 8 s apart; `moving` is the rate while a reading is taken, T/s."""
    sign = 1 if direction == "up" else -1
    field, time = np.linspace(-0.05 * sign, 0.0475 * sign, 40), np.linspace(0.0, 312.0, 40)
    rate = sign * moving + 1e-6 * np.random.default_rng(1).standard_normal(40)
    return Branch(direction, Readings(field, field, time, True, rate, None, None, None, None, None))


def test_where_the_field_waits_the_film_switches_at_the_later_of_two_points() -> None:
    loop = Loop(branch("down", moving=0.0), branch("up", moving=0.0))
    down, up = replace(CROSSING, field=-0.0604, spacing=2.5e-3), replace(CROSSING, spacing=2.5e-3)
    said = {"up": "before"}
    fell, rose = stepped(loop, (down, up), said)
    assert (fell.field, rose.field) == (pytest.approx(-0.06165), pytest.approx(0.06165))
    assert rose.uncertainty == pytest.approx(0.3413 * 2.5e-3, rel=1e-3)  # 68 % of a step, either way
    assert rose.step == pytest.approx(rose.uncertainty, rel=1e-3)
    assert said["up"].startswith("before; the field moved in steps of 2.5 mT and the film switched while it waited")
    assert "before" not in said["down"]


def test_a_swept_field_and_one_that_nobody_knows_of_are_left_alone() -> None:
    loop = Loop(branch("down", moving=2.5e-3 / 8), branch("up", moving=2.5e-3 / 8))
    said: dict[str, str] = {}
    assert stepped(loop, (CROSSING, CROSSING), said) == (CROSSING, CROSSING)
    down, up = (replace(one, rows=replace(one.rows, rate=None)) for one in (loop.down, loop.up))
    unknown = Loop(down, up)
    assert stepped(unknown, (CROSSING, CROSSING), said) == (CROSSING, CROSSING)
    assert not said
