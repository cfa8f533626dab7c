"""Whole loops: right, or with the reason why not."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.errors import UsageError
from labctl.analysis.loops import CONVENTION, analyse_loops, anomalous_hall
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.result import HALL_LOOP_UNITS, Results
from tests.labctl.analysis.synthetic import Film, Grains, table_of

LEFT_OUT_WITHOUT_SWITCH = [
    "anomalous_hall_resistance",
    "anomalous_hall_resistance_saturated",
    "polarity",
    "coercive_field_up",
    "coercive_field_down",
    "loop_shift",
    "remanence_ratio",
    "switching_width_10_90",
    "ordinary_hall_slope",
]


def assert_right(results: Results, film: Film, *, within: float = 4.0) -> None:
    """Every number within so many of its standard uncertainties of what the film has."""
    truth = {
        "anomalous_hall_resistance": film.amplitude,
        "anomalous_hall_resistance_saturated": film.amplitude,
        "coercive_field_up": film.shift + film.coercive,
        "coercive_field_down": film.shift - film.coercive,
        "loop_shift": film.shift,
        "ordinary_hall_slope": film.slope,
    }
    assert results["saturated"].value is True
    assert results["polarity"].value == np.sign(film.amplitude)
    for name, value in truth.items():
        result = results[name]
        assert result.value is not None, (name, result.why)
        assert result.uncertainty is not None
        assert abs(result.value - value) <= within * result.uncertainty, (name, result)


def assert_silent(results: Results, word: str) -> None:
    """No amplitude, no coercive field, and the reason with each."""
    for name in LEFT_OUT_WITHOUT_SWITCH:
        assert results[name].value is None
        assert word in (results[name].why or "")


def test_all_names_are_there_with_their_units_and_a_reason_where_empty() -> None:
    for table in (Film().table(recorded=True), Film(amplitude=0.0).table(), Film(points=3).table()):
        results = anomalous_hall(table)
        assert {name: result.unit for name, result in results.items()} == dict(HALL_LOOP_UNITS)
        assert Results.from_json(results.to_json()) == dict(results)
        for entry in json.loads(results.to_json()).values():
            assert entry["value"] is not None or entry["why"]


def test_plain_loop_is_right_in_everything() -> None:
    film = Film(slope=-0.003, shift=0.004)
    results = anomalous_hall(film.table(recorded=True), remanence=2e-3)
    assert_right(results, film)
    assert results["polarity"].note == CONVENTION
    width = results["switching_width_10_90"]
    assert width.value == pytest.approx(2 * 1.2815516 * 0.01, abs=3 * (width.uncertainty or 0))
    assert results["remanence_ratio"].value == pytest.approx(1.0, abs=0.005)
    assert results["even_part"].value == pytest.approx(0.17, abs=1e-4)
    assert results["field_uncertainty"].value == 2e-3
    assert results["effective_field_rate"].value == pytest.approx(1.0 / 400 / 0.2, rel=1e-6)
    assert results["effective_field_rate"].uncertainty is None  # stamps and fields are those of arithmetic
    assert results["field_rate"].value is None
    assert "swept" in (results["field_rate"].why or "")
    assert {result.of for result in results.values()} == {"this loop", "magnet", "ensemble"}


@pytest.mark.parametrize(
    "film",
    [
        Film(amplitude=-0.075),
        Film(coercive=0.375, width=0.0),
        Film(coercive=0.375, width=0.0, amplitude=-0.075),
        Film(coercive=0.375, width=0.02),
        Film(offset=7.5),
        Film(offset=-7.5, width=0.0),
        Film(points=15, coercive=0.1, width=0.0),
        Film(points=15, coercive=0.1, width=0.05),
        Film(order="ud"),
        Film(shift=0.2),
        Film(coercive=0.0, width=0.03),
        Film(drift=2e-4),
        Film(slope=0.3, coercive=0.1),
        Film(field_noise=3e-3),
        Film(field_noise=3e-4),
        Film(maximum=9.0, coercive=1.3, width=0.2, slope=0.01),
    ],
    ids=str,
)
@pytest.mark.parametrize("timed", [True, False], ids=["timed", "without time"])
def test_loops_from_elsewhere_are_right_without_a_word_about_branches(film: Film, *, timed: bool) -> None:
    for seed in range(2):
        assert_right(anomalous_hall(film.table(seed, timed=timed)), film, within=4.5)


def test_a_step_in_the_baseline_is_taken_out_and_said() -> None:
    film = Film()
    table = film.table()
    table.loc[205:, "Hall resistance (ohm)"] += 0.03
    results = anomalous_hall(table)
    assert_right(results, film)
    assert results["closure"].value == pytest.approx(0.03, abs=2e-4)
    assert "a step of the baseline" in (results["saturated"].note or "")


def test_unequal_branches_holes_and_a_virgin_curve_do_no_harm() -> None:
    film = Film()
    table = film.table()
    virgin = Film(order="u").table(1).iloc[200:]
    table = pd.concat([virgin, table.drop(index=table.index[401::3])], ignore_index=True).drop(columns="Time (s)")
    table.loc[::7, "Hall resistance (ohm)"] = np.nan
    table.loc[3::11, "Field (T)"] = np.nan
    results = anomalous_hall(table.query("`Field (T)` < 0.45 or `Field (T)` != `Field (T)`"))
    assert_right(results, film, within=4.5)
    assert "rows without a valid reading left out" in (results["saturated"].note or "")


@pytest.mark.parametrize(
    ("film", "word"),
    [
        (Film(amplitude=0.0, slope=0.01), "no switch within the field"),
        (Film(coercive=0.05, width=0.4), "not saturated"),
        (Film(coercive=0.2, width=0.3), "not saturated"),
        (Film(coercive=0.0, width=0.5), "not saturated"),
        (Film(coercive=0.5, width=0.05), "not saturated"),
        (Film(coercive=0.6, width=0.1), "not saturated"),
    ],
    ids=str,
)
def test_a_loop_that_does_not_switch_to_its_end_has_no_amplitude_and_no_coercive_field(film: Film, word: str) -> None:
    for seed in range(3):
        results = anomalous_hall(film.table(seed))
        assert results["saturated"].value is False
        assert_silent(results, word)
        assert results["closure"].value is not None
        assert results["even_part"].value is None  # what is frozen in the film lies in it
        assert "frozen" in (results["even_part"].why or "")


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (Film().table().iloc[:0], "only 0 valid points"),
        (Film().table().iloc[:1], "only 1 valid points"),
        (Film(points=4).table(), "only 8 valid points"),
        (Film(order="d").table(), "down branch"),
        (Film(maximum=0.0).table(), "does not change"),
        (Film().table().assign(**{"Hall resistance (ohm)": np.nan}), "only 0 valid points"),
        (Film(points=6).table().assign(**{"Field (T)": [0.5] * 5 + [-0.5] * 2 + [0.5] * 5}), "no"),
    ],
)
def test_what_is_no_loop_has_no_results_but_reasons(table: pd.DataFrame, word: str) -> None:
    results = anomalous_hall(table)
    assert_silent(results, word)
    assert not results["saturated"].value


def test_a_constant_hall_resistance_is_no_loop() -> None:
    results = anomalous_hall(Film().table().assign(**{"Hall resistance (ohm)": 0.17}))
    assert_silent(results, "no switch")


def test_a_table_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="no column"):
        anomalous_hall(pd.DataFrame({"x": [1.0]}))


def test_a_coercive_field_near_the_remanence_of_the_magnet_is_flagged() -> None:
    near = anomalous_hall(Film(coercive=0.005, width=0.002, maximum=0.1).table(), remanence=2e-3)
    assert "remanent field" in (near["coercive_field_up"].note or "")
    far = anomalous_hall(Film().table(), remanence=2e-3)
    assert "remanent field" not in (far["coercive_field_up"].note or "")
    assert anomalous_hall(Film().table())["field_uncertainty"].value is None


def test_several_loops_give_the_mean_of_their_switching_fields_not_of_their_curves() -> None:
    shifts = (-0.004, 0.0, 0.004)
    tables = [Film(shift=shift, width=0.001, points=1001).table(seed) for seed, shift in enumerate(shifts)]
    table = pd.concat(tables, ignore_index=True).drop(columns="Time (s)")
    results = anomalous_hall(table)
    assert len(analyse_loops(table)[0]) == 3
    up = results["coercive_field_up"]
    assert up.value == pytest.approx(0.07, abs=1e-3)
    assert up.of == "mean of 3 loops"
    assert up.uncertainty == pytest.approx(0.004 / np.sqrt(3), rel=0.05)
    assert results["switching_width_10_90"].value == pytest.approx(2.563e-3, rel=0.15)  # 10 mT were the curves averaged


def test_rates_tell_a_swept_field_from_a_stepped_one() -> None:
    table = Film().table(recorded=True)
    middle, field = table["Time (s)"].to_numpy(), table["Field (T)"].to_numpy()
    for swept, rate in ((True, 0.0125), (False, 0.0)):
        change = np.where(table["Branch"] == "up", rate, -rate) * 0.05
        stamped = table.assign(
            **{
                "Field before (T)": field - change,
                "Field after (T)": field + change,
                "Field before stamp (s)": middle - 0.05,
                "Field after stamp (s)": middle + 0.05,
            }
        )
        results = anomalous_hall(stamped)
        assert results["field_rate"].value == pytest.approx(rate, abs=1e-9), swept
        assert results["effective_field_rate"].value == pytest.approx(0.0125)


def test_even_part_that_changes_is_worth_a_warning() -> None:
    table = Film().table()
    assert anomalous_hall(table)["even_part"].note is None
    table["Hall resistance (ohm)"] += 0.04 * np.exp(-((table["Field (T)"] / 0.15) ** 2))
    assert "% of the amplitude" in (anomalous_hall(table)["even_part"].note or "")


def test_superseded_attempts_do_not_count() -> None:
    good = Film().table(recorded=True)
    good["Block"], good["Attempt"] = good["Branch"].eq("up") + 1, 1
    begun = good.query("Block == 2").head(100).assign(**{"Hall resistance (ohm)": 99.0})
    again = good.query("Block == 2").assign(Attempt=2)
    table = pd.concat([good.query("Block == 1"), begun, again], ignore_index=True)
    assert dict(anomalous_hall(table)) == dict(anomalous_hall(good))


@settings(deadline=None, max_examples=12)
@given(offset=st.floats(-100, 100), seed=st.integers(0, 20))
def test_an_offset_changes_nothing_but_itself(offset: float, seed: int) -> None:
    table = Film().table(seed)
    moved = table.assign(**{"Hall resistance (ohm)": table["Hall resistance (ohm)"] + offset})
    before, after = anomalous_hall(table), anomalous_hall(moved)
    for name in ("anomalous_hall_resistance", "coercive_field_up", "coercive_field_down", "switching_width_10_90"):
        assert after.number(name) == pytest.approx(before.number(name), rel=1e-6), name
    assert after["even_part"].value == pytest.approx((before.number("even_part") or 0) + offset, abs=1e-9)


@settings(deadline=None, max_examples=12)
@given(factor=st.floats(1e-3, 1e3), gain=st.floats(1e-6, 1e6), seed=st.integers(0, 20), sharp=st.booleans())
def test_results_scale_with_field_and_resistance(factor: float, gain: float, seed: int, *, sharp: bool) -> None:
    table = Film(width=0.0 if sharp else 0.01).table(seed)
    scaled = table.assign(
        **{"Field (T)": table["Field (T)"] * factor, "Hall resistance (ohm)": table["Hall resistance (ohm)"] * gain}
    )
    before, after = anomalous_hall(table), anomalous_hall(scaled)
    for name, by in (
        ("coercive_field_up", factor),
        ("switching_width_10_90", factor),
        ("anomalous_hall_resistance", gain),
        ("ordinary_hall_slope", gain / factor),
    ):
        assert after.number(name) == pytest.approx((before.number(name) or 0) * by, rel=1e-6), name
        assert after[name].uncertainty == pytest.approx((before[name].uncertainty or 0) * by, rel=1e-4), name


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 20), sharp=st.booleans())
def test_swapped_leads_change_the_sign_and_no_field(seed: int, *, sharp: bool) -> None:
    table = Film(width=0.0 if sharp else 0.01).table(seed)
    swapped = table.assign(**{"Hall resistance (ohm)": -table["Hall resistance (ohm)"]})
    before, after = anomalous_hall(table), anomalous_hall(swapped)
    assert after["polarity"].value == -1
    assert after.number("anomalous_hall_resistance") == pytest.approx(
        -(before.number("anomalous_hall_resistance") or 0)
    )
    for name in ("coercive_field_up", "coercive_field_down", "remanence_ratio"):
        assert after.number(name) == pytest.approx(before.number(name), rel=1e-9), name


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 20), sharp=st.booleans(), shift=st.floats(-0.02, 0.02))
def test_a_mirrored_field_mirrors_the_loop(seed: int, shift: float, *, sharp: bool) -> None:
    table = Film(width=0.0 if sharp else 0.01, shift=shift).table(seed)
    mirrored = table.assign(**{"Field (T)": -table["Field (T)"]})
    before, after = anomalous_hall(table), anomalous_hall(mirrored)
    assert after["polarity"].value == -1
    assert after.number("coercive_field_up") == pytest.approx(-(before.number("coercive_field_down") or 0), rel=1e-6)
    assert after.number("coercive_field_down") == pytest.approx(-(before.number("coercive_field_up") or 0), rel=1e-6)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), rows=st.integers(0, 60), walk=st.booleans(), scale=st.sampled_from([1e-9, 1.0, 1e9]))
def test_nonsense_never_crashes_and_always_answers(seed: int, rows: int, scale: float, *, walk: bool) -> None:
    rng = np.random.default_rng(seed)
    field, hall = rng.standard_normal(rows), scale * rng.standard_normal(rows)
    if walk:
        field, hall = np.cumsum(field), np.round(np.cumsum(hall), 1)
    hall[rng.random(rows) < 0.1] = np.nan
    results = anomalous_hall(pd.DataFrame({"Field (T)": field, "Hall resistance (ohm)": hall}))
    assert list(results) == list(HALL_LOOP_UNITS)
    assert Results.from_json(results.to_json()) == dict(results)


@pytest.mark.parametrize("maximum", [0.085, 0.09, 0.095, 0.1, 0.105, 0.12])
def test_what_is_called_saturated_closes_or_says_that_it_may_lack_a_little(maximum: float) -> None:
    """Grains of 70 mT with a spread of 9.8 mT: a minor loop up to 2.5 standard deviations, and none from 4 on."""
    film = Grains(maximum=maximum)
    saturated = 0
    for seed in range(6):
        loop, at_down, at_up = film.loop(np.random.default_rng(seed))
        (analysis,), _ = analyse_loops(table_of(loop))
        results = analysis.results
        if not results["saturated"].value:
            assert "the ends do not agree between the branches" in (results["saturated"].note or "")
            continue
        saturated += 1
        closure, amplitude = results["closure"], results["anomalous_hall_resistance"]
        lacks = "may not have switched" in (closure.note or "")
        assert lacks == ("may not have switched" in (amplitude.note or ""))
        assert "taken for a drift" not in (closure.note or "")
        allowed = 0.005 * 2 * film.amplitude if lacks else 5 * (closure.uncertainty or 0.0)
        assert abs(closure.value or 0.0) <= allowed, closure
        assert isinstance(analysis.plateaus, Plateaus)
        assert not lacks or (analysis.plateaus.drift == 0.0 and analysis.plateaus.left >= abs(closure.value or 0.0))
        truth = {"anomalous_hall_resistance": film.amplitude, "remanence_ratio": 1.0, "coercive_field_down": at_down,
                 "coercive_field_up": at_up}  # fmt: skip
        for name, value in truth.items():
            result = results[name]
            assert abs((result.value or 0.0) - value) <= 3.5 * (result.uncertainty or 0.0), (name, result)
    assert saturated == 0 if maximum <= 0.095 else saturated == 6 if maximum >= 0.12 else saturated > 0


def test_a_drift_that_the_ends_confirm_is_said_beside_the_closure() -> None:
    results = anomalous_hall(Film(drift=2e-4).table())
    assert results["saturated"].value is True
    assert "taken for a drift" in (results["closure"].note or "")
    assert anomalous_hall(Film().table())["closure"].note is None


def test_more_than_the_whole_film_cannot_be_remanent() -> None:
    """A linear anomaly between the ends: they extrapolate to less than what stands at zero field."""
    table = Film().table()
    field, rising = table["Field (T)"], np.arange(len(table)) >= 401
    side = np.where(np.where(rising, field < 0.07, field < -0.07), -1.0, 1.0)
    table["Hall resistance (ohm)"] += 0.004 * side * np.clip(1 - np.abs(field) / 0.3, 0, None)
    results = anomalous_hall(table)
    assert results["saturated"].value is False
    assert "more than all of it is not possible" in (results["saturated"].note or "")
    assert_silent(results, "not saturated")


def test_overflow_is_the_reason_that_is_given() -> None:
    table = Film().table().assign(**{"Range (V)": 0.01, "Overflow": True})
    assert_silent(anomalous_hall(table), "all 802 readings overflowed the 10 mV range; one of the two leads")
    table.loc[7:, "Overflow"] = False
    said = anomalous_hall(table)["saturated"].note or ""
    assert "7 of 802 readings overflowed the 10 mV range and were left out" in said


def test_a_loop_says_by_how_much_the_next_one_would_differ() -> None:
    loop, *_ = Grains().loop(np.random.default_rng(1))
    results = anomalous_hall(table_of(loop))
    for name in ("coercive_field_up", "coercive_field_down", "loop_shift", "switching_width_10_90"):
        result = results[name]
        assert result.scatter is not None
        assert result.scatter > 3 * (result.uncertainty or 0.0)
        assert "another loop would scatter by about" in (result.note or "")
        assert result.as_dict()["scatter"] == result.scatter
    assert "scatter" not in results["anomalous_hall_resistance"].as_dict()
    up, ensemble = results["coercive_field_up"], results["coercive_field_up_ensemble"]
    assert (ensemble.value, ensemble.of) == (up.value, "ensemble")
    assert ensemble.uncertainty == pytest.approx(np.hypot(up.uncertainty or 0, up.scatter or 0))
    assert "told from one loop" in (ensemble.note or "")
    jump = anomalous_hall(Film(width=0.0).table())
    assert jump["coercive_field_up"].scatter is None  # a jump shows no grains
    assert jump["coercive_field_up_ensemble"].value is None
    assert "measure several" in (jump["coercive_field_up_ensemble"].why or "")
