from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labctl.analysis.branches import Loop, find_loops
from labctl.analysis.ends import closing, ends_of, why_open
from labctl.analysis.parity import Parity, split
from labctl.analysis.plateaus import Plateaus, find_plateaus
from labctl.analysis.readings import read_table
from tests.labctl.analysis.synthetic import Film, Grains


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
    """With the amplitude at four standard errors of the widest ends hardly a loop may count as switched."""
    field = np.linspace(-0.5, 0.5, 401)
    field = np.tile(field[np.abs(field) >= 0.25], 2)
    design = np.stack([np.ones(len(field)), np.sign(field), field], axis=1)
    four = 4 * 5e-3 * float(np.sqrt(np.linalg.inv(design.T @ design)[1, 1]))
    switched = [plateaus_of(Film(noise=5e-3, amplitude=four), seed)[1].why_not is None for seed in range(40)]
    assert sum(switched) <= 14  # P(a normal variable exceeds its mean by one sd) = 0.16


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


def pulls_of_the_amplitude(film: Grains, draws: int) -> list[float]:
    """Error of the amplitude over its uncertainty, of those loops that are called saturated."""
    pulls: list[float] = []
    for seed in range(draws):
        loop, *_ = film.loop(np.random.default_rng(seed))
        plateaus = find_plateaus(loop)
        assert isinstance(plateaus, Plateaus)
        if plateaus.why_not is None:
            parity = split(loop, plateaus)
            assert isinstance(parity, Parity)
            value, error = parity.line().combine(np.array([0.0, 1.0, 0.0]))
            pulls.append((value - film.amplitude) / float(np.hypot(error, plateaus.bend)))
    return pulls


def test_amplitude_is_not_pulled_by_grains_that_switch_within_the_ends() -> None:
    pulls = pulls_of_the_amplitude(Grains(maximum=0.105), 80)
    assert len(pulls) >= 40
    assert abs(np.mean(pulls)) < 0.5  # 0.3, and one and a half of what the mean of so many is good to


@pytest.mark.endurance
@pytest.mark.parametrize(("maximum", "fewest"), [(0.105, 100), (0.11, 190), (0.12, 200), (0.15, 200), (0.2, 200)])
def test_mean_pull_of_the_amplitude_is_within_three_tenths(maximum: float, fewest: int) -> None:
    pulls = pulls_of_the_amplitude(Grains(maximum=maximum), 200)
    assert len(pulls) >= fewest
    assert abs(np.mean(pulls)) < 0.3
    assert 0.6 < np.std(pulls) < 1.2


def test_branches_that_are_left_keep_their_ends_where_those_that_arrive_are_cut() -> None:
    loop, *_ = Grains(maximum=0.105).loop(np.random.default_rng(3))
    plateaus = find_plateaus(loop)
    assert isinstance(plateaus, Plateaus)
    assert plateaus.why_not is None
    assert plateaus.inner[1] == pytest.approx(0.084, abs=1e-3)
    assert plateaus.closed[1] > plateaus.inner[1] + 3e-3
    arriving = [len(end.rows) for end in plateaus.ends if not end.leaving]
    leaving = [len(end.rows) for end in plateaus.ends if end.leaving]
    assert max(arriving) < min(leaving)


def test_agreement_is_counted_in_errors_not_in_parts_of_the_swing() -> None:
    """One part in a thousand of the swing, far below two per cent of it, but many of its standard errors."""
    (loop,), _ = find_loops(read_table(Film(noise=1e-5, width=0.0).table(recorded=True)))
    ends = ends_of(loop, 0.2, 0.2)
    residuals = [1e-5 * np.random.default_rng(i).standard_normal(len(end.rows)) for i, end in enumerate(ends)]
    assert why_open(ends, residuals, 1e-5) is None
    residuals[3] = residuals[3] - 1.5e-4
    assert "upper end" in (why_open(ends, residuals, 1e-5) or "")
    residuals[3] = residuals[3] + 1.5e-4 - 1e-4 * np.linspace(1, -1, len(residuals[3]))
    assert "come together" in (why_open(ends, residuals, 1e-5) or "")


def test_closing_is_the_last_end_less_the_first() -> None:
    (loop,), _ = find_loops(read_table(Film(noise=1e-5, drift=1e-4).table(recorded=True)))
    gap, error = closing(loop, ends_of(loop, 0.2, 0.2), 0.0, 1e-5)
    assert gap == pytest.approx(1e-4 * (802 - 41) * 0.2, abs=5 * error)


@pytest.mark.parametrize(("gap", "saturated"), [(-2e-4, False), (2e-4, True)])
def test_late_grains_are_not_excused_as_a_drift_where_the_switching_reaches_the_ends(
    gap: float, *, saturated: bool
) -> None:
    """The gap of a branch that ends low is what grains leave that have not switched; one that ends high is a drift."""
    loop, *_ = Grains(maximum=0.105).loop(np.random.default_rng(3))
    up = loop.up.rows
    hall = np.where(up.field > 0.08, up.hall + gap, up.hall)
    moved = Loop(loop.down, replace(loop.up, rows=replace(up, hall=hall)))
    plateaus = find_plateaus(moved)
    assert isinstance(plateaus, Plateaus)
    assert (plateaus.why_not is None) == saturated


@pytest.mark.parametrize("seed", [114, 249, 322, 480, 505])
def test_a_good_loop_of_few_points_is_not_open_by_chance(seed: int) -> None:
    """Of 600 such loops these differ by three to four standard errors at an end that cannot be made narrower."""
    _, plateaus = plateaus_of(Film(points=31, coercive=0.1, width=0.0), seed)
    assert plateaus.why_not is None
