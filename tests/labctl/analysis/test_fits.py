from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.fits import Path, decompose, krige, linear_fit, local_lines, white_noise


def test_white_noise_is_found_below_slopes_drifts_and_jumps() -> None:
    rng = np.random.default_rng(1)
    place = np.sort(rng.uniform(0, 1, 2000))
    value = 3 + 100 * place + 5 * np.sin(3 * place) + 10.0 * (place > 0.5) + 0.02 * rng.standard_normal(2000)
    assert white_noise(place, value) == pytest.approx(0.02, rel=0.1)


def test_white_noise_of_coarse_readings_is_not_nothing() -> None:
    value = np.zeros(40)
    value[::5] = 1.0
    assert white_noise(np.arange(40.0), value) > 0
    assert white_noise(np.arange(2.0), np.array([0.0, 1.0])) == 0
    assert white_noise(np.zeros(5), np.arange(5.0)) == 0


def pulls_of_a_line(rng: np.random.Generator, together: int) -> list[float]:
    """Pulls of a straight line's value through noise in which so many neighbours hang together."""
    place = np.linspace(-1, 1, 120)
    design = np.stack([np.ones(120), place], axis=1)
    pulls: list[float] = []
    for _ in range(400):
        noise = np.convolve(rng.standard_normal(119 + together), np.full(together, together**-0.5), mode="valid")
        value, error = linear_fit(design, 1 + 2 * place + 0.1 * noise, 0.1).combine(np.array([1.0, 0.5]))
        pulls.append((value - 2.0) / error)
    return pulls


def test_linear_fit_is_as_sure_as_white_noise_allows() -> None:
    # The scatter of 400 pulls is known to 3.5 %; the widening for persistence, never below one, costs a tenth.
    assert 0.8 < np.std(pulls_of_a_line(np.random.default_rng(2), 1)) < 1.08


def test_linear_fit_is_less_sure_where_neighbours_hang_together() -> None:
    # Taken for white, noise in which four neighbours hang together gives pulls twice too large.
    assert 0.9 < np.std(pulls_of_a_line(np.random.default_rng(3), 4)) < 1.35


def test_local_lines_keep_a_straight_line_whatever_the_spacing() -> None:
    place = np.cumsum(np.random.default_rng(3).uniform(0.1, 1, 50))
    line = 3.0 - 0.2 * place
    assert local_lines(place, line, 4) == pytest.approx(line)
    assert local_lines(place[:5], line[:5], 20) == pytest.approx(line[:5])


def test_kriging_goes_through_exact_readings_and_knows_the_bridge_between_them() -> None:
    """Between exact readings at 0 and 1 a Wiener process of unit rate has the variance x (1 - x) of its bridge."""
    places = np.arange(-20.0, 22.0)
    value = np.where(places > 0.5, 1.0, 0.0)
    path = Path(places[:, None], places[:, None], np.ones(1), value, 1e-6, 1)
    targets = np.array([0.0, 0.25, 0.5, 1.0])
    curve = krige(decompose(path, targets, targets), np.array([1.0]))
    assert curve.mean[0] == pytest.approx([0.0, 0.25, 0.5, 1.0], abs=1e-6)
    assert curve.variance[0] == pytest.approx([0.0, 0.1875, 0.25, 0.0], abs=1e-4)
    assert np.max(curve.noise) < 1e-11


def test_kriging_without_wander_is_a_straight_fit() -> None:
    rng = np.random.default_rng(4)
    places = np.linspace(-1.0, 1.0, 41)
    value = 0.5 * places + 0.1 * rng.standard_normal(41)
    path = Path(places[:, None], places[:, None], np.ones(1), value, 0.1, 1)
    curve = krige(decompose(path, np.array([0.0]), np.array([0.0])), np.array([1e-6]))
    assert curve.mean[0, 0] == pytest.approx(np.mean(value), abs=1e-6)
    assert np.sqrt(curve.variance[0, 0]) == pytest.approx(0.1 / np.sqrt(41), rel=1e-3)
    assert curve.noise[0, 0] == pytest.approx(curve.variance[0, 0], rel=1e-3)
    assert curve.slope[0, 0] == pytest.approx(np.polyfit(places, value, 1)[0], rel=1e-6)


def test_likelihood_of_the_wander_peaks_at_the_wander() -> None:
    rng = np.random.default_rng(5)
    places = np.arange(150.0)
    value = np.cumsum(0.3 * rng.standard_normal(150)) + 0.1 * rng.standard_normal(150)
    path = Path(places[:, None], places[:, None], np.ones(1), value, 0.1, 1)
    trials = np.geomspace(0.03, 3.0, 41)
    best = trials[np.argmax(krige(decompose(path, places[:1], places[:1]), trials).log_likelihood)]
    assert best == pytest.approx(0.3, rel=0.3)
