"""The compensation temperature from loops at several temperatures: against truths that are put in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from instruments.errors import UsageError
from labctl.analysis.compensation import Line, compensation, find_compensation, fit_line
from labctl.analysis.compensation import results_of as all_results
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.visits import TIME_CONSTANT, Visit, visits
from tests.labctl.analysis.synthetic import Film, covered, fewest, most

T_M = 274.3
SLOPE = 0.6
"""1/(T K), of the signed inverse coercive field of a film of the size of the simulated one."""
DEFAULT = (300.0, 290.0, 280.0, 270.0, 260.0, 250.0, 240.0)


def visit(temperature: float, inverse: float, relative: float = 0.003, *, saturated: bool = True) -> Visit:
    """What a loop would have told whose signed inverse coercive field is this, in 1/T."""
    field = 1 / abs(inverse)
    results = {
        "polarity": Result(float(np.sign(inverse)), None, "1", "this loop"),
        "saturated": Result(saturated, None, "1", "this loop"),
        "anomalous_hall_resistance": Result(np.sign(inverse) * 0.075, 1e-4, "ohm", "this loop"),
        "field_rate": Result(5e-3, None, "T/s", "this loop"),
    }
    for branch, sign in (("up", 1), ("down", -1)):
        value = Result(sign * field, relative * field * np.sqrt(2), "T", "this loop")
        results[f"coercive_field_{branch}"] = value if saturated else missing("T", "not saturated")
    return Visit(temperature, 1e-3, 0.0, 1.0, 1, at_one_rate=True, results=Results(results))


def straight(temperatures: Sequence[float] = DEFAULT, bend: float = 0.0) -> list[Visit]:
    """Loops whose inverse coercive fields lie on a line through T_M, or on one that bends so much in a kelvin."""
    return [visit(t, SLOPE * (t - T_M) * (1 + bend * (t - T_M))) for t in temperatures]


def results_of(measured: Sequence[Visit]) -> Results:
    return all_results(find_compensation(measured))


def line_of(measured: Sequence[Visit]) -> Line:
    line = find_compensation(measured).line
    assert isinstance(line, Line), line
    return line


# ---- the bracket


def test_the_bracket_lies_between_the_neighbours_with_opposite_signs() -> None:
    found = find_compensation(straight())
    assert not isinstance(found.bracket, str)
    assert [edge.temperature for edge in found.bracket] == [270.0, 280.0]


def test_an_unsaturated_loop_inside_widens_the_bracket_and_is_named() -> None:
    measured = [*straight(), visit(275.0, 0.1, saturated=False)]
    results = results_of(measured)
    assert (results.number("compensation_temperature_bracket_low")) == 270.0
    assert (results.number("compensation_temperature_bracket_high")) == 280.0
    assert "not saturated and left out: 275 K" in (results["compensation_temperature"].note or "")


def test_the_middle_of_the_bracket_is_uncertain_by_half_its_width_over_the_root_of_three() -> None:
    middle = results_of(straight())["compensation_temperature_bracket"]
    assert middle.value == 275.0
    assert middle.uncertainty == pytest.approx(5 / np.sqrt(3), rel=1e-3)
    assert "root of 3" in (middle.note or "")


@pytest.mark.parametrize(
    ("temperatures", "why"),
    [
        ((300.0, 290.0, 280.0), "polarity is the same"),
        ((300.0,), "needs two"),
        ((280.0, 270.0), "only 2 saturated temperatures"),
    ],
)
def test_what_cannot_be_told_is_empty_and_says_why(temperatures: Sequence[float], why: str) -> None:
    found = results_of(straight(temperatures))["compensation_temperature"]
    assert found.value is None
    assert why in (found.why or "")


def test_a_sign_that_changes_twice_has_no_single_compensation_temperature() -> None:
    measured = [visit(t, sign * 3.0) for t, sign in ((300.0, 1), (280.0, -1), (260.0, 1))]
    results = results_of(measured)
    assert results["compensation_temperature_bracket"].value is None
    assert "changes 2 times" in (results["compensation_temperature"].why or "")


# ---- the line


def test_a_straight_line_gives_the_truth() -> None:
    line = line_of(straight())
    assert line.temperature == pytest.approx(T_M, abs=1e-9)
    assert line.slope == pytest.approx(SLOPE)


def test_the_line_goes_through_the_nearest_two_on_either_side_and_names_the_others() -> None:
    results = results_of(straight())
    assert results["compensation_temperature"].of.endswith("at 260, 270, 280, 290 K")
    assert "left out: 240 K, 250 K, 300 K" in (results["compensation_temperature"].note or "")


def test_the_order_of_measurement_does_not_matter() -> None:
    assert line_of(straight()) == line_of(straight(sorted(DEFAULT)))


@pytest.mark.parametrize("bend", [-4e-3, -1e-3, 1e-3, 4e-3])
def test_a_bent_line_is_found_out_and_its_uncertainty_holds_the_truth(bend: float) -> None:
    found = find_compensation(straight(bend=bend))
    assert isinstance(found.line, Line)
    assert abs(found.line.temperature - T_M) <= found.uncertainty
    assert found.curvature > 0.5 * abs(found.line.temperature - T_M)


def test_three_points_are_enough_and_their_scatter_is_in_the_uncertainty() -> None:
    found = find_compensation(straight((280.0, 270.0, 260.0), bend=4e-3))
    assert isinstance(found.line, Line)
    assert found.line.freedom == 1
    assert abs(found.line.temperature - T_M) <= found.uncertainty


def test_the_lag_of_the_sample_and_trapped_flux_make_it_less_certain() -> None:
    plain = find_compensation(straight())
    lagging = find_compensation([dataclasses.replace(one, lag=0.3) for one in straight()])
    flux = find_compensation(straight(), remanence=2e-3)
    assert lagging.uncertainty == pytest.approx(np.hypot(plain.uncertainty, 0.3))
    assert flux.remanence > 0
    assert find_compensation([dataclasses.replace(one, lag=None) for one in straight()]).lag == 0.2


def test_the_intervals_of_the_line_cover_the_truth_as_often_as_they_say() -> None:
    """Four points leave two degrees of freedom; chi square above that widens, so they cover a bit more."""
    rng = np.random.default_rng(5)
    pulls: list[float] = []
    for _ in range(400):
        t_m = rng.uniform(271.0, 279.0)
        used = [visit(t, SLOPE * (t - t_m) * (1 + 0.03 * rng.normal()), 0.03) for t in (260.0, 270.0, 280.0, 290.0)]
        line = fit_line(used)
        pulls.append((line.temperature - t_m) / line.uncertainty)
    array = np.array(pulls)
    assert covered(array, 0.68) >= fewest(400, 0.68)
    assert covered(array, 0.95) >= fewest(400, 0.95)
    assert covered(array, 0.68) <= most(400, 0.80)
    assert abs(np.mean(array)) < 3.3 / np.sqrt(400)


def test_errors_of_the_temperatures_count_through_the_slope() -> None:
    exact = [dataclasses.replace(one, uncertainty=0.0) for one in straight((270.0, 280.0))]
    rough = [dataclasses.replace(one, uncertainty=0.5) for one in straight((270.0, 280.0))]
    nearer = abs(T_M - 270.0) / 10.0
    expected = np.hypot(0.5 * nearer, 0.5 * (1 - nearer))
    assert np.sqrt(fit_line(rough).uncertainty ** 2 - fit_line(exact).uncertainty ** 2) == pytest.approx(expected)


# ---- from tables


def series(temperatures: Sequence[float], *, kinds: bool = True) -> pd.DataFrame:
    """Loops at these temperatures, each swept to three times its coercive field, one after the other."""
    parts: list[pd.DataFrame] = []
    begun = 0.0
    for number, temperature in enumerate(temperatures, 1):
        inverse = SLOPE * (temperature - T_M)
        coercive = abs(1 / inverse)
        film = Film(
            coercive=coercive, width=0.1 * coercive, amplitude=0.075 * float(np.sign(inverse)), maximum=3 * coercive
        )
        table = film.table(seed=number)
        table["Time (s)"] += begun
        begun = max(table["Time (s)"].tolist()) + 10.0
        table["Temperature (K)"] = temperature
        if kinds:
            table["Kind"], table["Loop"], table["Block"] = "loop", 1, f"temperature={number}"
            table["Set temperature (K)"] = temperature
        parts.append(table)
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("kinds", [True, False])
def test_a_table_of_loops_gives_both_and_a_row_for_each_temperature(kinds: bool) -> None:
    temperatures = (290.0, 280.0, 270.0, 260.0)
    results = compensation(series(temperatures, kinds=kinds))
    found = results["compensation_temperature"]
    assert found.value is not None
    assert found.uncertainty is not None
    assert abs(float(found.value) - T_M) < 3 * found.uncertainty
    assert len(results.table) == 4
    rows = {row.number("temperature"): row for row in results.table}
    assert list(rows) == sorted(temperatures)
    for temperature, row in rows.items():
        assert temperature is not None
        truth = 1 / abs(SLOPE * (temperature - T_M))
        assert row.number("coercive_field") == pytest.approx(truth, abs=5 * (row["coercive_field"].uncertainty or 0))
        assert row.number("polarity") == np.sign(temperature - T_M)
        assert row["saturated"].value is True


def test_the_last_of_several_loops_at_a_temperature_counts() -> None:
    table = series((290.0, 280.0))
    small = table.loc[[block == "temperature=1" for block in table["Block"].tolist()]]
    small = small.assign(**{"Loop": 0, "Hall resistance (ohm)": 0.1, "Field (T)": 0.2 * small["Field (T)"]})
    both = visits(pd.concat([small, table], ignore_index=True))
    assert [one.loops for one in both] == [2, 1]
    assert both[0].saturated
    assert both[0].largest_field == pytest.approx(3 / (SLOPE * (290.0 - T_M)), rel=0.01)


def test_a_loop_without_a_switch_is_a_row_without_a_coercive_field() -> None:
    table = series((290.0, 280.0, 270.0))
    flat = np.array([block == "temperature=2" for block in table["Block"].tolist()])
    table["Hall resistance (ohm)"] = np.where(flat, 0.17, table["Hall resistance (ohm)"].to_numpy(float))
    results = compensation(table)
    row = results.table[1]
    assert row["saturated"].value is False
    assert row["coercive_field"].value is None
    assert row["in_compensation_fit"].value is False


def test_the_lag_is_that_of_a_sample_that_follows_with_the_longest_time_constant() -> None:
    table = series((280.0,))
    start = min(table["Time (s)"].tolist())
    moments = np.arange(start - 400.0, start, 1.0)
    block = np.where(moments < start - 300.0, 290.0, 280.0)
    way = pd.DataFrame({"Time (s)": moments, "Temperature (K)": block, "Set temperature (K)": 280.0})
    way = way.assign(Kind="moving", Loop=0, Block="temperature=1")
    lag = visits(pd.concat([way, table], ignore_index=True))[0].lag
    times = table["Time (s)"].to_numpy(float) - (start - 300.0)
    assert lag == pytest.approx(float(np.mean(10 * np.exp(-times / TIME_CONSTANT))), rel=0.02)
    assert visits(table)[0].lag is None


def test_a_table_without_fields_is_refused() -> None:
    with pytest.raises(UsageError, match="Field"):
        visits(series((290.0, 280.0)).drop(columns=["Field (T)"]))
