"""Steps of synthetic moment loops: two, one, three and none in noise; background, saturation, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import erf

from instruments.errors import UsageError
from labctl.analysis import moment_loops
from labctl.analysis.result import Results

LARGE, SMALL, THIRD = (0.06, 0.008, 4e-8), (0.25, 0.035, 1.42e-9), (0.5, 0.03, 1.5e-9)
"""Field in T, width in T, moment in A m2. The small one is 3.4 % of what reverses, and 1.4 times a reading's noise."""
SLOPE, NOISE = -5e-8, 1e-9


def table(steps: list[tuple[float, float, float]], *, seed: int = 0, loops: int = 1, **how: float) -> pd.DataFrame:
    """A loop up to 0.8 T with 321 readings a branch, 1 s each, with an offset that drifts."""
    generator = np.random.default_rng(seed)
    largest, noise, drift = how.get("largest", 0.8), how.get("noise", NOISE), how.get("drift", 2e-13)
    rising = np.linspace(-largest, largest, 321)
    rows: list[pd.DataFrame] = []
    for number in range(1, loops + 1):
        for branch, field in (("down", rising[::-1]), ("up", rising)):
            sign = 1.0 if branch == "up" else -1.0
            film = sum((size * erf((field - sign * at) / (2**0.5 * width)) for at, width, size in steps), 0.0 * field)
            moment = film + SLOPE * field + 3e-9 + generator.normal(0.0, noise, len(field))
            rows.append(pd.DataFrame({"Field (T)": field, "Moment (A m^2)": moment, "Branch": branch, "Loop": number}))
    data = pd.concat(rows, ignore_index=True)
    data["Time (s)"] = np.arange(len(data), dtype=float)
    data["Moment (A m^2)"] += drift * data["Time (s)"]
    return data


def near(results: Results, name: str, truth: float, within: float = 4.0) -> bool:
    value, error = results.number(name), results[name].uncertainty
    assert value is not None
    assert error
    return abs(value - truth) < within * error


@pytest.mark.parametrize("seed", range(4))
def test_a_small_step_beside_a_large_one_is_found_and_measured(seed: int) -> None:
    results = moment_loops.moment_loop(table([LARGE, SMALL], seed=seed), volume=1e-13)
    assert results.number("steps") == 2
    for number, (field, _, size) in enumerate((LARGE, SMALL), start=1):
        assert near(results, f"step_{number}_moment", size)
        assert near(results, f"step_{number}_field_up", field)
        assert near(results, f"step_{number}_field_down", -field)
    assert results["step_2_field_up"].interval(0.95)[1] < 0.35
    assert near(results, "step_2_share", SMALL[2] / (LARGE[2] + SMALL[2]))
    assert results["step_1_share"].uncertainty == pytest.approx(results["step_2_share"].uncertainty)  # they add to one
    assert "a layer that needs more is not in it" in str(results["saturation_moment"].note)
    assert (results.number("step_2_signal_to_noise") or 0.0) > 10
    assert near(results, "saturation_moment", LARGE[2] + SMALL[2])
    assert near(results, "magnetisation", (LARGE[2] + SMALL[2]) / 1e-13)
    assert near(results, "high_field_slope", SLOPE)
    assert near(results, "remanent_moment", LARGE[2] + SMALL[2])
    assert results["saturated"].value is True


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_a_large_step_make_no_further_one(seed: int) -> None:
    assert moment_loops.moment_loop(table([LARGE], seed=seed)).number("steps") == 1
    nothing = moment_loops.moment_loop(table([], seed=seed))
    assert nothing.number("steps") == 0
    assert nothing["coercive_field_up"].value is None
    assert "beyond the noise" in str(nothing["coercive_field_up"].why)
    assert near(nothing, "saturation_moment", 0.0)


def test_three_steps_are_three() -> None:
    results = moment_loops.moment_loop(table([LARGE, SMALL, THIRD]))
    assert results.number("steps") == 3
    assert near(results, "step_3_field_up", THIRD[0])


def test_what_is_called_visible_is_seen_and_less_is_not_invented() -> None:
    """A step of 1.5 times the size that is named is found, one of a third of it is not."""
    limit = moment_loops.moment_loop(table([LARGE])).number("smallest_visible_step")
    assert limit is not None
    assert 0.1e-9 < limit < SMALL[2]
    seen = [
        [moment_loops.moment_loop(table([LARGE, (0.25, 0.035, part * limit)], seed=seed)).number("steps")
         for seed in range(4)]
        for part in (1.5, 0.33)
    ]  # fmt: skip
    assert seen == [[2] * 4, [1] * 4]


def test_more_loops_show_smaller_steps() -> None:
    one, four = (moment_loops.moment_loop(table([LARGE], loops=loops)) for loops in (1, 4))
    seen = [each.number("smallest_visible_step") for each in (one, four)]
    assert seen[0] is not None
    assert seen[1] is not None
    assert 1.5 < seen[0] / seen[1] < 3.0
    assert four["steps"].of == "mean of 4 loops"


def test_a_step_that_is_no_error_function_stays_one() -> None:
    field = np.linspace(-0.8, 0.8, 321)
    rows = []
    for branch, sign in (("down", -1.0), ("up", 1.0)):
        x = (field if sign > 0 else field[::-1]) - sign * 0.15
        moment = 4e-8 * np.tanh(x / 0.03) + np.random.default_rng(5).normal(0.0, NOISE, 321)
        rows.append(pd.DataFrame({"Field (T)": x + sign * 0.15, "Moment (A m^2)": moment, "Branch": branch}))
    results = moment_loops.moment_loop(pd.concat(rows, ignore_index=True))
    assert results.number("steps") == 1
    assert near(results, "step_1_field_up", 0.15)


def test_a_film_that_is_not_saturated_has_no_saturation_moment() -> None:
    results = moment_loops.moment_loop(table([(0.7, 0.15, 4e-8)]))
    assert results["saturated"].value is False
    assert "larger maximum_field" in str(results["saturation_moment"].why)


def test_half_a_loop_and_no_moment_are_refused_in_a_sentence() -> None:
    whole = table([LARGE])
    results = moment_loops.moment_loop(whole.loc[[word == "up" for word in whole["Branch"].tolist()]])
    assert results["steps"].value is None
    assert "a falling and a rising one are needed" in str(results["steps"].why)
    with pytest.raises(UsageError, match="no column 'Moment"):
        moment_loops.moment_loop(whole.drop(columns="Moment (A m^2)"))
