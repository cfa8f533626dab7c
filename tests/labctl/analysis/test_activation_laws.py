"""Laws of thermal activation against their own equations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2

from labctl.analysis import activation_laws as laws
from labctl.analysis.activation_laws import Fitted, Law

WIDTHS = np.geomspace(50e-6, 100e-3, 8)


def truth(law: Law, scale: float, barrier: float, widths: np.ndarray = WIDTHS, warmth: float = 1.0) -> np.ndarray:
    """The current at which the barrier in kT is ln(t/t0)."""
    height = np.log(widths / 1e-9) * warmth
    if law == "linear":
        return scale * (1.0 - height / barrier)
    if law == "quadratic":
        return scale * (1.0 - np.sqrt(height / barrier))
    return barrier / height


def fitted(law: Law, currents: np.ndarray, sigma: float = 1e-6, warmth: list[float] | None = None) -> Fitted:
    found = laws.fit(law, WIDTHS.tolist(), currents.tolist(), [sigma] * len(currents), warmth)
    assert isinstance(found, Fitted)
    return found


@pytest.mark.parametrize(("law", "barrier"), [("linear", 40.0), ("quadratic", 60.0), ("inverse", 0.2)])
def test_each_law_finds_its_own_numbers(law: Law, barrier: float) -> None:
    found = fitted(law, truth(law, 25e-3, barrier))
    assert found.barrier is not None
    assert found.barrier[0] == pytest.approx(barrier, rel=1e-9)
    if law == "inverse":
        assert found.critical is None
        assert found.offset == pytest.approx(0.0, abs=1e-8)
    else:
        assert found.critical is not None
        assert found.critical[0] == pytest.approx(25e-3)
    assert found.chi_square == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(found.current(WIDTHS), truth(law, 25e-3, barrier))


def test_a_film_ten_percent_warmer_seems_to_have_a_lower_barrier() -> None:
    """At T the barrier in kT is lower by the bath's temperature over T, and with T counted it is back."""
    hot = truth("linear", 25e-3, 40.0, warmth=1.1)
    cold = fitted("linear", hot).barrier
    counted = fitted("linear", hot, warmth=[1.1] * 8).barrier
    assert cold is not None
    assert counted is not None
    assert cold[0] == pytest.approx(40.0 / 1.1)
    assert counted[0] == pytest.approx(40.0)


@pytest.mark.parametrize("law", laws.LAWS)
def test_the_uncertainty_is_the_scatter_of_many_measurements(law: Law) -> None:
    rng = np.random.default_rng(1)
    clean = truth(law, 25e-3, 0.3 if law == "inverse" else 40.0)
    sigma = 5e-3 * float(clean.mean())  # 0.5 %
    found: list[tuple[float, float]] = []
    for _ in range(400):
        one = laws.fit(law, WIDTHS.tolist(), (clean + rng.normal(0, sigma, 8)).tolist(), [sigma] * 8)
        assert isinstance(one, Fitted)
        assert one.barrier is not None
        found.append(one.barrier)
    values, errors = np.array(found).T
    # widened by chi square where that is above one: never too small on average, and not by much too large
    low, high = (math.sqrt(float(chi2.ppf(part, 399)) / 399) for part in (0.005, 0.995))
    assert low / 1.35 < float(values.std()) / float(errors.mean()) < high


def test_a_law_that_is_not_theirs_is_seen() -> None:
    currents = truth("inverse", 0.0, 0.2)
    sigma = 2e-3 * float(currents.mean())
    by_law = {law: fitted(law, currents, sigma).chi_square for law in laws.LAWS}
    assert by_law["inverse"] < 1e-9
    assert by_law["quadratic"] > 20.0
    assert by_law["linear"] > by_law["quadratic"]


def test_what_cannot_be_told_says_so() -> None:
    few = laws.fit("linear", [1e-3, 1e-2], [1e-2, 9e-3], [1e-4, 1e-4])
    assert few == "the current is known at 2 widths; a law takes 3"
    assert fitted("linear", np.linspace(10e-3, 12e-3, 8)).barrier is None
    assert fitted("inverse", np.linspace(10e-3, 12e-3, 8)).barrier is None
