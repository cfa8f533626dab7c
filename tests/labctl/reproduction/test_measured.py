"""Orders, signs and settings, told from numbers with their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from labctl.reproduction.measured import Curve, Point, in_order, set_to, sign_of, significance, spread_of


def curve(*values: float, error: float = 0.1) -> Curve:
    return Curve("field (Oe)", "range (mA)", [Point(float(at), value, error) for at, value in enumerate(values)])


@pytest.mark.parametrize(
    ("values", "rising", "as_claimed"),
    [
        ((1.0, 2.0, 3.0), True, True),
        ((1.0, 2.0, 3.0), False, False),
        ((3.0, 2.0, 1.0), False, True),
        ((1.0, 0.9, 3.0), True, True),  # a step back within the noise
        ((1.0, 0.4, 3.0), True, False),  # and one beyond it
        ((1.0, 1.1, 1.2), True, False),  # the ends do not differ
    ],
)
def test_an_order_needs_ends_apart_and_no_step_back(values: Sequence[float], rising: bool, as_claimed: bool) -> None:
    assert in_order(curve(*values), "mA", rising=rising).value == float(as_claimed)


def test_an_order_says_its_numbers_and_its_smallest_step() -> None:
    found = in_order(curve(1.0, 2.0, 2.5), "mA", ratio="last over first")
    assert found.why == (
        "1.00 ± 0.10, 2.00 ± 0.10, 2.50 ± 0.10 mA at field (Oe) = 0, 1, 2; the ends differ by 11 sigma, the smallest "
        "step is 3.5 sigma"
    )
    assert found.also == {"last over first": 2.5}
    assert found.curve is not None


def test_the_uncertainty_of_an_order_is_how_often_noise_turns_it_around() -> None:
    rng = np.random.default_rng(5)
    for sigmas in (0.0, 0.5, 1.5):
        turned = rng.normal(sigmas, 1.0, 400_000) > 0.0
        assert spread_of(sigmas) == pytest.approx(turned.std(), abs=2e-3)
        assert spread_of(sigmas, 2.0) == pytest.approx(2.0 * spread_of(sigmas))
    assert spread_of(20.0) == 0.0


def test_a_sign_that_noise_could_have_made_is_none() -> None:
    assert sign_of(-0.2, 2.0, "").value == 0.0
    assert sign_of(-0.2, 4.0, "").value == -1.0
    assert sign_of(0.2, -4.0, "").value == 1.0


def test_what_has_no_noise_is_known_well_and_nothing_is_not() -> None:
    assert significance(1.0, 0.0) > 1e5
    assert significance(-1.0, 0.0) < -1e5
    assert significance(0.0, 0.0) == 0.0
    assert significance(3.0, 1.5) == 2.0


def test_a_setting_is_its_mean_with_the_scatter_of_one_reading() -> None:
    same = set_to(np.full(1000, 1e-4), 1e3, "why")
    assert (same.value, same.uncertainty) == (0.1, 0.0)
    found = set_to(np.array([0.07999, 0.08001]), 1e4, "why")
    assert found.value == pytest.approx(800.0)
    assert math.isclose(found.uncertainty, 0.1, rel_tol=1e-6)
