"""How coarse a branch is, told from branches whose grains are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from labctl.analysis.graininess import lump_of

PLACES = np.arange(0.0, 20.0, 0.5)


def test_a_smooth_course_has_no_lump() -> None:
    assert lump_of([(np.asarray(ndtr((PLACES - 11.0) / 1.6)), 0.0)]) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("count", [100, 1000])
@pytest.mark.parametrize("step", [1, 2])
def test_the_lump_is_one_grain(count: int, step: int) -> None:
    rng = np.random.default_rng(1)
    found: list[float] = []
    for _ in range(60):
        at = rng.normal(11.0, 1.6, (2, count))
        gone = [(np.asarray((PLACES[::step, None] >= row).mean(axis=1), float), 0.0) for row in at]
        found.append(lump_of(gone) or 0.0)
    assert float(np.mean(found)) == pytest.approx(1.0 / count, rel=0.25)
    assert max(found) < 10.0 / count


def test_the_noise_of_reading_is_no_lump() -> None:
    rng = np.random.default_rng(2)
    course, noise = ndtr((PLACES - 11.0) / 1.6), 2e-3
    rows = [np.asarray(course + noise * rng.standard_normal(len(course))) for _ in range(60)]
    known, unknown = (np.mean([lump_of([(row, said)]) or 0.0 for row in rows]) for said in (noise, 0.0))
    assert known < 0.5 * unknown


def test_too_few_pulses_on_the_way_tell_nothing() -> None:
    assert lump_of([(np.array([0.0, 0.0, 0.3, 1.0, 1.0]), 1e-4)]) is None
    assert lump_of([]) is None
