from __future__ import annotations

import numpy as np
import pytest

from labctl.analysis.branches import Loop, find_loops
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.readings import read_table
from tests.labctl.analysis.synthetic import Film


def plateaus_of(film: Film, seed: int = 0) -> tuple[Loop, Plateaus]:
    (loop,), _ = find_loops(read_table(film.table(seed)))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    return loop, plateaus


def test_joint_fit_finds_amplitude_slope_and_drift_together() -> None:
    _, plateaus = plateaus_of(Film(slope=0.02, drift=1e-4, noise=1e-6))
    assert plateaus.why_not is None
    assert plateaus.amplitude[0] == pytest.approx(0.075, abs=5e-6)
    assert plateaus.joint.parameters[2] == pytest.approx(0.02, abs=1e-5)
    assert plateaus.drift == pytest.approx(1e-4, rel=1e-3)


def test_noise_is_that_of_a_reading() -> None:
    _, plateaus = plateaus_of(Film(noise=3e-4, drift=1e-3))
    assert plateaus.noise == pytest.approx(3e-4, rel=0.2)


def test_lines_of_a_raw_branch_take_up_its_drift() -> None:
    (loop,), _ = find_loops(read_table(Film(drift=1e-3, noise=1e-6).table(recorded=True)))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    assert plateaus.down.amplitude[0] == pytest.approx(0.075, abs=1e-5)
    assert plateaus.up.amplitude[0] == pytest.approx(0.075, abs=1e-5)


@pytest.mark.parametrize("amplitude", [0.075, -0.075])
@pytest.mark.parametrize(("coercive", "width"), [(0.375, 0.0), (0.375, 0.015), (0.375, 0.03), (0.45, 0.0)])
def test_a_loop_that_switches_late_is_saturated_beyond(coercive: float, width: float, amplitude: float) -> None:
    _, plateaus = plateaus_of(Film(coercive=coercive, width=width, amplitude=amplitude))
    assert plateaus.why_not is None
    value, error = plateaus.amplitude
    assert abs(value - amplitude) < 4 * error


@pytest.mark.parametrize("sharp", [0.0, 0.02])
@pytest.mark.parametrize("coercive", [0.49, 0.5, 0.52])
def test_a_loop_that_has_not_finished_at_the_largest_field_is_not_saturated(coercive: float, sharp: float) -> None:
    loop, _ = plateaus_of(Film(coercive=coercive, width=sharp))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    assert plateaus.why_not is not None
    assert plateaus.why_not.startswith("not saturated")


@pytest.mark.parametrize("width", [0.18, 0.2, 0.22, 0.25, 0.3, 0.4, 0.8])
@pytest.mark.parametrize("coercive", [0.0, 0.05, 0.2])
def test_slanted_loops_are_not_called_saturated(coercive: float, width: float) -> None:
    for seed in range(3):
        _, plateaus = plateaus_of(Film(coercive=coercive, width=width), seed)
        assert plateaus.why_not is not None


@pytest.mark.parametrize("width", [0.08, 0.1, 0.12, 0.14, 0.15])
def test_slanted_loops_that_are_called_saturated_count_what_is_missing(width: float) -> None:
    for seed in range(3):
        _, plateaus = plateaus_of(Film(coercive=0.05, width=width), seed)
        value, error = plateaus.amplitude
        if plateaus.why_not is None:
            assert abs(value - 0.075) < 4 * np.hypot(error, plateaus.bend)


@pytest.mark.parametrize("slope", [0.0, 0.02, -0.5])
def test_a_curve_without_a_switch_says_so(slope: float) -> None:
    for seed in range(5):
        _, plateaus = plateaus_of(Film(amplitude=0.0, slope=slope, drift=1e-4), seed)
        assert plateaus.why_not is not None
        assert "no switch within the field" in plateaus.why_not


def test_five_standard_errors_are_needed() -> None:
    """With the amplitude at four standard errors of the joint fit hardly a loop may count as switched."""
    _, plateaus = plateaus_of(Film(noise=5e-3))
    four = 4 * plateaus.amplitude[1]
    switched = [plateaus_of(Film(noise=5e-3, amplitude=four), seed)[1].why_not is None for seed in range(100)]
    assert sum(switched) <= 30  # P(a normal variable exceeds its mean by one sd) = 0.16


def test_few_points_make_the_ends_wider() -> None:
    _, plateaus = plateaus_of(Film(points=9, coercive=0.1, width=0.0))
    assert plateaus.inner == pytest.approx((-0.35, 0.35))
    (loop,), _ = find_loops(read_table(Film(points=5, coercive=0.1, width=0.0).table()))
    assert isinstance(find_plateaus(loop), Plateaus)


def test_noise_free_square_loop_is_no_accident_of_zero_errors() -> None:
    _, plateaus = plateaus_of(Film(noise=0.0, width=0.0))
    assert plateaus.why_not is None
    _, flat = plateaus_of(Film(noise=0.0, amplitude=0.0, slope=0.01))
    assert flat.why_not is not None
