"""TMR loops: levels, TMR and switching fields of made-up junctions, and of what must not be taken for a TMR."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from instruments.errors import BadValue
from labctl.analysis.junction_loops import tmr_loop
from labctl.analysis.junction_steps import switches
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import TMR_LOOP_UNITS, Results
from tests.labctl.analysis.junctions import Junction

LEVELS = ("tmr", "resistance_parallel", "resistance_antiparallel")
FIELDS = tuple(f"switching_field_{layer}_{branch}" for layer in ("soft", "hard") for branch in ("down", "up"))
HARD = ("switching_field_hard_down", "switching_field_hard_up")


def held(results: Results, truth: dict[str, float], factor: float = 4.0) -> bool:
    """Whether every number that is given lies within so many uncertainties of the truth."""
    return all(
        abs(float(result.value) - truth[name]) <= factor * (result.uncertainty or 0.0) + 1e-12
        for name in (*LEVELS, *FIELDS)
        if (result := results[name]).value is not None
    )


def none_of(results: Results, names: tuple[str, ...]) -> bool:
    return all(results[name].value is None and results[name].why for name in names)


def drawn(seed: int, **fixed: Any) -> Junction:
    """One of a family: either sign, noise from 0.01 % to a third of the step, drift, leaning plateaus, shifts."""
    rng = np.random.default_rng([7, seed])
    draw = rng.uniform
    values: dict[str, Any] = {
        "tmr": float(rng.choice([1, -1]) * draw(0.1, 0.4)), "noise": float(10 ** draw(-4, np.log10(1 / 3))),
        "drift": draw(-0.3, 0.3), "lean": draw(-0.1, 0.1), "lean_between": draw(-0.1, 0.1), "even": draw(-0.1, 0.1),
        "points": int(rng.integers(150, 400)), "soft": draw(0.04, 0.08), "hard": draw(0.2, 0.35),
        "soft_width": draw(0, 0.006), "hard_width": draw(0, 0.012), "soft_shift": draw(-0.01, 0.01),
        "hard_shift": draw(-0.02, 0.02), "shape": str(rng.choice(["normal", "logistic", "jump"])),
        "windows": bool(rng.random() < 0.5),
    }  # fmt: skip
    return Junction(**{**values, **fixed})


def covered(draws: int, **fixed: Any) -> dict[float, Counter[str]]:
    """How many intervals hold the truth, by confidence and name; that no draw is refused is part of it."""
    hits: dict[float, Counter[str]] = {0.68: Counter(), 0.95: Counter()}
    for seed in range(draws):
        junction = drawn(seed, **fixed)
        results, truth = junction.results(seed), junction.truth()
        for confidence, counts in hits.items():
            for name in (*LEVELS, *FIELDS):
                low, high = results[name].interval(confidence)
                counts[name] += low <= truth[name] <= high
    return hits


@pytest.mark.parametrize("draws", [12, pytest.param(400, marks=pytest.mark.endurance)])
def test_intervals_hold_the_truth(draws: int) -> None:
    """As often as they say, or oftener: a smooth step is taken for that of a film of grains, which scatters."""
    for confidence, counts in covered(draws).items():
        least = binom.ppf(0.005, draws, confidence)
        assert all(counts[name] >= least for name in (*LEVELS, *FIELDS)), counts


@pytest.mark.endurance
@pytest.mark.parametrize("noise", [0.003, 0.03, 0.3])
def test_levels_are_as_uncertain_as_they_say(noise: float) -> None:
    """Without what an uncertainty has to count beside the noise it is within the band on either side."""
    for confidence, counts in covered(400, noise=noise, points=400, even=0.0, lean=0.0, lean_between=0.0).items():
        low, high = binom.ppf(0.005, 400, confidence), binom.ppf(0.995, 400, confidence)
        assert all(low <= counts[name] <= high for name in LEVELS), counts


@pytest.mark.parametrize("draws", [6, pytest.param(400, marks=pytest.mark.endurance)])
@pytest.mark.parametrize("grains", [11, 31, 101])
def test_fields_of_few_grains_are_no_surer_than_they_say(draws: int, grains: int) -> None:
    """A survey does not tell how many grains a layer has: where few do, it may jump between two readings."""
    for confidence, counts in covered(draws, shape="grains", grains=grains, soft_width=0.004, noise=0.003).items():
        assert all(counts[name] >= binom.ppf(0.005, draws, confidence) for name in FIELDS), counts


def test_a_lean_that_noise_makes_of_a_plateau_is_no_reason_to_refuse() -> None:
    """One of four hundred draws leans by three standard errors, which here are a third of the step."""
    plain = drawn(383, noise=0.3, points=400, even=0.0, lean=0.0, lean_between=0.0)
    assert held(plain.results(383), plain.truth())
    assert plain.results(383)["tmr"].value is not None


def test_what_another_loop_would_differ_by_is_told_from_one() -> None:
    """A hundred grains that switch over 20 mT leave a wandering curve, and with it the scatter of the next one."""
    results = Junction(shape="grains", grains=101, hard_width=0.02, noise=1e-3).results()
    for name in (*HARD, "loop_shift_hard"):
        assert (results[name].scatter or 0.0) > (results[name].uncertainty or 0.0)
        assert "another loop would scatter by about" in (results[name].note or "")
    assert results["switching_field_soft_up"].scatter is None  # too few readings lie on the way


def test_a_loop_gives_every_name_with_its_unit() -> None:
    junction = Junction()
    results = junction.results()
    assert list(results) == list(TMR_LOOP_UNITS)
    assert held(results, junction.truth())
    assert all(result.of == "this loop" for result in results.values())
    assert results["saturated"].value is True
    assert "R_AP - R_P) / R_P" in (results["tmr"].note or "")
    assert (
        results["switching_width_hard"].interval(0.99)[0]
        < 2.563 * 0.008
        < results["switching_width_hard"].interval(0.99)[1]
    )


def test_tmr_is_below_zero_where_antiparallel_is_low() -> None:
    junction = Junction(tmr=-0.18)
    results = junction.results()
    assert held(results, junction.truth())
    assert "the parallel state is the high one" in (results["tmr"].note or "")


@pytest.mark.parametrize(("scale", "tmr"), [(0.1, 0.2), (2.5, -0.2)])
def test_nothing_depends_on_units(scale: float, tmr: float) -> None:
    """A junction of another resistance has the same TMR, and its fields scale with those of the loop."""
    field, resistance, branch, loop = Junction(points=120, tmr=tmr).table()
    one, other = tmr_loop(field, resistance, branch, loop), tmr_loop(field * scale, resistance * 1e-3, branch, loop)
    for name, factor in (("tmr", 1.0), ("resistance_parallel", 1e-3), ("switching_field_hard_up", scale)):
        first, second = one[name], other[name]
        # Rounding may move a reading over the edge of a plateau.
        assert abs(float(second.value or 0) - factor * float(first.value or 0)) < 0.2 * factor * (
            first.uncertainty or 0
        )


def test_a_drift_shows_as_closure_and_is_taken_out() -> None:
    junction = Junction(drift=0.5)
    results = junction.results()
    assert held(results, junction.truth())
    assert results["closure"].value == pytest.approx(0.5 * junction.step, rel=0.35)
    assert "drifts" in (results["closure"].note or "")


def test_leaning_plateaus_have_their_slopes_apart() -> None:
    junction = Junction(lean=1.0, lean_between=0.3, noise=0.003)
    results = junction.results()
    assert held(results, junction.truth())
    assert results["plateau_slope_parallel"].value == pytest.approx(junction.step, rel=0.05)
    assert results["plateau_slope_antiparallel"].value == pytest.approx(0.3 * junction.step, rel=0.1)


def test_shifts_are_those_of_the_layers() -> None:
    results = Junction(soft_shift=0.02, hard_shift=-0.01).results()
    for layer, shift in (("soft", 0.02), ("hard", -0.01)):
        found = results[f"loop_shift_{layer}"]
        assert abs(float(found.value or 0.0) - shift) < 4 * (found.uncertainty or 0.0)


def test_several_loops_are_a_mean_with_degrees_of_freedom() -> None:
    junction = Junction(loops=3, points=120)
    results = junction.results()
    assert held(results, junction.truth())
    assert results["tmr"].of == "mean of 3 loops"
    assert results["tmr"].degrees_of_freedom == 2


def test_a_rising_branch_may_come_first() -> None:
    field, resistance, branch, loop = Junction(points=120).table()
    turned = tmr_loop(np.roll(field, 120), np.roll(resistance, 120), np.roll(branch, 120), loop)
    assert turned["tmr"].value == pytest.approx(0.26, abs=4 * (turned["tmr"].uncertainty or 0.0))


@pytest.mark.parametrize("noise", [1e-4, 0.01, 0.3])
def test_a_minor_loop_has_the_soft_layer_only(noise: float) -> None:
    junction = Junction(hard=0.8, noise=noise, tmr=-0.18)
    results = junction.results()
    assert none_of(results, (*LEVELS, *HARD))
    assert "minor loop" in (results["tmr"].why or "")
    assert "take a larger field" in (results["tmr"].why or "")
    assert results["saturated"].value is False
    assert results["switching_field_soft_up"].value is not None
    assert held(results, junction.truth())


@pytest.mark.parametrize("switched", [0.2, 0.5, 0.7, 0.9, 0.95])
@pytest.mark.parametrize("noise", [1e-3, 0.03])
def test_a_hard_layer_that_switches_in_part_gives_no_tmr(switched: float, noise: float) -> None:
    results = Junction(switched=switched, noise=noise).results()
    assert none_of(results, (*LEVELS, *HARD))
    assert results["saturated"].value is not True
    for name in FIELDS[:2]:
        assert results[name].value is None or abs(abs(float(results[name].value or 0.0)) - 0.06) < 4 * (
            results[name].uncertainty or 0.0
        )


@pytest.mark.parametrize("hard", [0.40, 0.45, 0.48])
def test_a_hard_layer_that_is_not_through_at_the_largest_field_gives_no_tmr(hard: float) -> None:
    results = Junction(hard=hard, hard_width=0.05).results()
    assert none_of(results, (*LEVELS, *HARD))
    assert "take a larger field" in (results["tmr"].why or "")


@pytest.mark.parametrize("noise", [1e-4, 0.01, 0.3])
def test_a_junction_without_tmr_says_so(noise: float) -> None:
    results = Junction(tmr=0.0, noise=noise, even=3.0, lean=1.0).results()
    assert none_of(results, (*LEVELS, *FIELDS))
    assert "no TMR" in (results["tmr"].why or "")


def test_a_short_antiparallel_stretch_is_told_with_the_tails_of_both_steps() -> None:
    """At 84 mT and 49 mT, with the widths of a warm junction, no reading is free of both."""
    near = Junction(tmr=-0.22, soft=0.0487, hard=0.0834, soft_width=0.0033, hard_width=0.0066, noise=0.0017,
                    maximum=0.4, points=659)  # fmt: skip
    pulls: list[float] = []
    for seed in range(20):
        tmr = near.results(seed)["tmr"]
        assert tmr.value is not None
        assert "reach into the short antiparallel stretch" in (tmr.note or "")
        pulls.append((float(tmr.value) + 0.22) / (tmr.uncertainty or 0.0))
    assert np.abs(pulls).max() < 3.0


@pytest.mark.parametrize("hard", [0.06, 0.065, 0.07, 0.08])
def test_layers_that_switch_together_have_no_antiparallel_plateau(hard: float) -> None:
    results = Junction(hard=hard).results()
    assert none_of(results, (*LEVELS, *FIELDS))
    assert "no antiparallel plateau" in (results["tmr"].why or "") or "no TMR" in (results["tmr"].why or "")


def test_parts_of_a_film_that_switch_apart_are_more_than_two_levels() -> None:
    """Near compensation a part of the hard layer has the other sign, and another switching field."""
    field, one, branch, loop = Junction(hard_width=0.02).table()
    other = Junction(hard=0.4, hard_width=0.02, tmr=-0.26).table(1)[1]
    for part in (0.9, 0.7):
        results = tmr_loop(field, part * one + (1 - part) * other, branch, loop)
        assert none_of(results, LEVELS)
        assert "more than two levels" in (results["tmr"].why or "")


Shape = Callable[[FloatArray, FloatArray, np.random.Generator], FloatArray]


def _walk(size: float) -> Shape:
    return lambda field, time, rng: size * np.cumsum(rng.standard_normal(len(time))) / np.sqrt(len(time))


ADVERSE: dict[str, Shape] = {
    "walk": _walk(1.0),
    "strong walk": _walk(5.0),
    "telegraph": lambda field, time, rng: (np.cumsum(rng.random(len(time)) < 0.01) % 2).astype(float),
    "jump": lambda field, time, rng: (time > rng.uniform(0.1, 0.9)).astype(float),
    "bump without hysteresis": lambda field, time, rng: np.exp(-((field / 0.1) ** 2)),
    "box without hysteresis": lambda field, time, rng: (np.abs(field - 0.2) < 0.05).astype(float),
    "step without hysteresis": lambda field, time, rng: (field > 0.1).astype(float),
    "cubic": lambda field, time, rng: (field / 0.5) ** 3,
}


@pytest.mark.parametrize("shape", ADVERSE.values(), ids=ADVERSE.keys())
def test_what_is_no_tmr_is_not_taken_for_one(shape: Shape) -> None:
    """What a flat junction may show beside its noise gives no TMR.

    Of one jump on either branch only further loops tell that they are not those of a soft layer.
    """
    for seed in range(6):
        field, resistance, branch, loop = Junction(tmr=0.0, points=150).table(seed)
        more = shape(field, np.linspace(0, 1, len(field)), np.random.default_rng([seed, 3]))
        assert none_of(tmr_loop(field, resistance + 40e3 * more, branch, loop), (*LEVELS, *HARD))


@pytest.mark.parametrize("name", ["walk", "telegraph", "jump"])
@pytest.mark.parametrize("size", [0.05, 0.3])
def test_a_disturbed_loop_is_right_or_null(name: str, size: float) -> None:
    for seed in range(5):
        junction = Junction(points=150)
        field, resistance, branch, loop = junction.table(seed)
        time = np.linspace(0, 1, len(field))
        more = size * junction.step * ADVERSE[name](field, time, np.random.default_rng([seed, 3]))
        results = tmr_loop(field, resistance + more, branch, loop)
        truth = junction.truth()
        found = results["tmr"]
        if found.value is not None:
            # the mean of what disturbs belongs to R_P
            tmr = junction.step / (junction.parallel + float(np.mean(more)))
            assert abs(float(found.value) - tmr) < 4 * (found.uncertainty or 0.0)
        for field_name in FIELDS:
            given = results[field_name]
            assert given.value is None or abs(float(given.value) - truth[field_name]) < 5 * (given.uncertainty or 0.0)


@pytest.mark.parametrize(("count", "size"), [(1, 1.0), (1, 1e4), (3, 0.7), (10, 5.0)])
def test_stray_readings_are_left_out_and_told(count: int, size: float) -> None:
    junction = Junction()
    field, resistance, branch, loop = junction.table()
    rng = np.random.default_rng(5)
    resistance[rng.choice(len(field), count, replace=False)] += size * junction.step
    results = tmr_loop(field, resistance, branch, loop)
    assert results["tmr"].value is not None
    assert held(results, junction.truth())
    assert "left out" in (results["tmr"].note or "")


@pytest.mark.parametrize("points", [10, 12, 16, 20, 24, 40])
@pytest.mark.parametrize("shape", ["normal", "jump"])
def test_few_readings_are_right_or_null(points: int, shape: str) -> None:
    for seed in range(3):
        junction = Junction(points=points, shape=shape, noise=0.02)
        assert held(junction.results(seed), junction.truth(), 5.0)


def test_branches_that_contradict_each_other_give_no_tmr() -> None:
    field, one, branch, loop = Junction().table()
    other = Junction(tmr=-0.26).table()[1]
    results = tmr_loop(field, np.where(branch == "up", other, one), branch, loop)
    assert none_of(results, (*LEVELS, *FIELDS))
    assert "contradict" in (results["tmr"].why or "")


def test_a_cheap_look_finds_the_switches_of_a_branch() -> None:
    field, resistance, branch, _ = Junction().table()
    for word, sign in (("down", -1), ("up", 1)):
        rows = branch == word
        assert switches(field[rows], resistance[rows], word) == pytest.approx([sign * 0.06, sign * 0.25], abs=0.006)
    assert switches([0.1], [1.0], "up") == ()


def test_wrong_input_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadValue, match="rows"):
        tmr_loop([0.0, 1.0], [1.0], ["up"], [1])
    with pytest.raises(BadValue, match="'sideways'"):
        tmr_loop([0.0], [1.0], ["sideways"], [1])
    with pytest.raises(BadValue, match="noise"):
        tmr_loop([0.0], [1.0], ["up"], [1], noise=-1.0)
    empty = tmr_loop([], [], [], [])
    assert none_of(empty, LEVELS)
    field, resistance, branch, loop = Junction().table()
    up = branch == "up"
    half = tmr_loop(field[up], resistance[up], branch[up], loop[up])
    assert "falling branch" in (half["tmr"].why or "")
