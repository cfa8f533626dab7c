"""How uncertain the slope of a held state is: of a layer that turns grain by grain, and of readings that scatter."""

from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.retention import Retention

NOISE, GRAIN = 7.0, 55.0
"""ohm: of a reading, and of one grain."""


def pulls(per_decade: float, draws: int = 400) -> np.ndarray:
    """By how many of its uncertainties the slope is off, for so many grains in a decade of time."""
    dice = np.random.default_rng(6)
    times = 170.0 * 10.0 ** np.linspace(0.0, 1.06, 28)
    found: list[float] = []
    for _ in range(draws):
        turned = dice.poisson(per_decade * np.diff(np.log10(times)))
        state = -GRAIN * np.concatenate([[0], np.cumsum(turned)]) + NOISE * dice.standard_normal(len(times))
        slope = Retention(times, state, NOISE).per_decade()
        assert slope is not None
        found.append((slope.value + GRAIN * per_decade) / slope.uncertainty)
    return np.array(found)


@pytest.mark.parametrize("per_decade", [20.0, 60.0])
def test_the_slope_of_a_layer_that_relaxes_grain_by_grain_is_as_uncertain_as_it_scatters(per_decade: float) -> None:
    assert float(np.sqrt(np.mean(pulls(per_decade) ** 2))) == pytest.approx(1.1, abs=0.2)


def test_the_slope_of_a_state_that_stands_is_as_uncertain_as_its_readings() -> None:
    assert 0.6 < float(np.sqrt(np.mean(pulls(0.0) ** 2))) < 1.1
