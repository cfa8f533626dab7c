"""What pulses of growing height tell, from states that are written down by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy.special import ndtr

from labctl.analysis.approaching import BEGIN, COARSE, FINE, RESET, SATURATED, Shot, Story, between, fitted

UP, DOWN = 0.25, 0.10


def shot(step: str, current: float, hall: float, change: float = 0.0, *, clamped: bool = False) -> Shot:
    return Shot(0, step, current, hall, 1e-4, 3, 136.0 * (1.0 + change), clamped)


def course(parts: Sequence[float], changes: Sequence[float] = (), *, saturated: bool = False) -> Story:
    """Levels of 1 mA, 2 mA, ... that switch these parts of a film whose swing is 0.15 ohm; + favours up."""
    shots = [shot(SATURATED, 0.0, DOWN), shot(SATURATED, 0.0, UP)] if saturated else []
    shots.append(shot(BEGIN, 0.0, UP))
    for number, part in enumerate(parts, start=1):
        change = changes[number - 1] if changes else 0.0
        shots += [shot(COARSE, number * 1e-3, UP, change), shot(COARSE, -number * 1e-3, UP - part * 0.15, change)]
    return Story(shots, 0.15)


def test_between_the_saturations_full_is_97_percent() -> None:
    story = course([0.0, 0.4, 0.9, 0.98, 0.985], saturated=True)
    assert story.between_saturations == pytest.approx(0.15)
    assert story.full is not None
    assert story.full.level == 4e-3
    assert story.swing == story.between_saturations


def test_without_them_full_is_where_it_grows_no_more() -> None:
    story = course([0.0, 0.4, 0.9, 0.98, 0.985])
    assert story.full is not None
    assert story.full.level == 5e-3
    assert story.swing == pytest.approx(0.985 * 0.15)
    assert course([0.0, 0.1, 0.101]).full is None  # far from what the record says
    assert course([0.0, 0.0, 0.0]).full is None


def test_a_film_of_which_some_never_switches_has_no_full_level() -> None:
    assert course([0.2, 0.5, 0.6, 0.6], saturated=True).full is None


def test_the_half_lies_between_the_levels_around_it() -> None:
    half = course([0.0, 0.2, 0.7, 1.0, 1.0]).half()
    assert half is not None
    assert half.current == pytest.approx(2.6e-3)
    assert half.uncertainty == pytest.approx(1e-3 / math.sqrt(12))
    assert course([0.0, 0.2, 0.3]).half() is None
    assert between([]) is None


def test_single_pulses_count_only_from_the_full_state_of_the_other_sign() -> None:
    story = course([0.0, 0.5, 1.0, 1.0])
    full = story.full
    assert full is not None
    shots = [
        *story.shots,
        shot(RESET, -full.level, DOWN), shot(FINE, 2e-3, DOWN + 0.6 * 0.15),
        shot(RESET, full.level, UP), shot(FINE, -2e-3, UP - 0.4 * 0.15),
        shot("check", 0.0, UP), shot(FINE, -2.1e-3, DOWN),
    ]  # fmt: skip
    other = Story(shots, 0.15)
    assert other.single(1) == [(2e-3, pytest.approx(0.6))]
    assert other.single(-1) == [(2e-3, pytest.approx(0.4))]


def test_a_line_through_the_probits_finds_the_half_of_a_normal_film() -> None:
    height = np.linspace(11e-3, 14e-3, 9)
    part = ndtr((height - 12.6e-3) / 1.7e-3)
    found = fitted(list(zip(height.tolist(), part.tolist(), strict=True)))
    assert found is not None
    assert found.current == pytest.approx(12.6e-3, rel=1e-6)
    assert found.uncertainty == pytest.approx(found.step / math.sqrt(12.0), rel=1e-3)
    chance = np.random.default_rng(2)
    pulls = [
        (line.current - 12.6e-3) / line.uncertainty
        for line in (fitted([(h, p + 0.02 * chance.standard_normal()) for h, p in zip(height, part, strict=True)])
                     for _ in range(100))
        if line is not None
    ]  # fmt: skip
    assert len(pulls) == 100
    assert float(np.std(pulls)) < 1.2


def test_what_changed_the_device_is_proven_to_be_too_much() -> None:
    assert course([0.0] * 4, [0.0, 0.0, 0.0, 0.0]).proven() == 4e-3
    assert course([0.0] * 4, [0.0, 2e-5, 2e-3, 4e-3]).proven() == 2e-3
    assert course([0.0] * 4, [0.0, 0.0, 0.0, -6e-3]).proven() == 3e-3
    assert course([0.0], [2e-3]).proven() is None
    late = Story([*course([0.0, 0.5, 1.0, 1.0]).shots, shot(RESET, -3e-3, DOWN, 2e-3)], 0.15)
    assert late.proven() == 2e-3
    clamped = Story([*course([0.0, 0.5]).shots, shot(COARSE, 3e-3, UP, clamped=True)], 0.15)
    assert clamped.proven() == 2e-3
    unread = Story([*course([0.0, 0.5]).shots, shot(COARSE, 3e-3, UP, math.nan)], 0.15)
    assert unread.proven() == 2e-3  # what was not looked at is not proven


def test_the_noise_is_that_of_a_states_mean() -> None:
    assert course([0.0]).noise == pytest.approx(1e-4 / math.sqrt(3))
    assert Story([], None).noise == 0.0
    assert Story([], None).swing is None
