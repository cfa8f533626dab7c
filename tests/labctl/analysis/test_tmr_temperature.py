"""A junction's loops over temperatures against truths that are put in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from labctl.analysis.junction_fields import half_distance, of_the_layer
from labctl.analysis.result import Result
from labctl.analysis.tmr_temperature import ON_THE_WAY, over_temperatures
from tests.labctl.analysis.junctions import Junction

T_M = 27.3
TEMPERATURES = (20.0, 23.0, 31.0, 35.0)
SLOPE = 0.3
"""1/(T K), of the signed inverse switching field at T_M."""


def athermal(temperature: float) -> float:
    """Switching field in T of a moment that is linear in temperature, over a barrier that does not depend on it."""
    return 1.0 / (SLOPE * abs(temperature - T_M))


def activated(temperature: float) -> float:
    """The same of a barrier that heat alone overcomes."""
    return athermal(temperature) * T_M / temperature


def rows_at(temperature: float, block: int, hard: float, *, maximum: float = 1.6, seed: int = 0) -> pd.DataFrame:
    tmr = 0.25 if temperature < T_M else -0.17
    junction = Junction(tmr=tmr, hard=hard, hard_width=0.02, maximum=maximum, points=120)
    field, value, words, _ = junction.table(seed)
    return pd.DataFrame(
        {
            "Time (s)": 1000.0 * block + 0.5 * np.arange(len(field)),
            "Temperature (K)": temperature + 1e-3 * np.cos(np.arange(len(field))),
            "Field (T)": field,
            "Resistance (ohm)": value,
            "Branch": words,
            "Loop": 1,
            "Kind": "loop",
            "Set temperature (K)": temperature,
            "Block": f"temperature={block}",
        }
    )


def way_to(
    temperature: float, block: int, rate: float, lag: float, *, start: float = 23.0, field: float = 1.5
) -> pd.DataFrame:
    """Readings every 2 s on a ramp in K/s, by a sample that is a time in s behind, in a field that turns its layer."""
    time = np.arange(0.0, (temperature - start) / rate + 200.0, 2.0)
    at = np.minimum(start + rate * time, temperature)
    constant = np.exp(-2.0 / lag)
    sample = np.empty_like(at)
    sample[0] = start
    for row in range(1, len(at)):
        sample[row] = at[row] + (sample[row - 1] - at[row]) * constant
    value = 154e3 * np.where((sample > T_M) & (field > 1.0), 1.2, 1.0)
    return pd.DataFrame(
        {
            "Time (s)": 1000.0 * block - 500.0 + time / 2,
            "Temperature (K)": at,
            "Field (T)": field,
            "Resistance (ohm)": value,
            "Branch": "none",
            "Loop": 0,
            "Kind": "moving",
            "Set temperature (K)": temperature,
            "Block": f"temperature={block}",
        }
    )


def loops(law: Callable[[float], float], temperatures: Sequence[float] = TEMPERATURES) -> pd.DataFrame:
    parts = [rows_at(at, number, law(at), seed=number) for number, at in enumerate(temperatures, 1)]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("law", [athermal, activated])
def test_either_law_of_the_barrier_is_within_the_uncertainty_and_one_of_both_zeros(
    law: Callable[[float], float],
) -> None:
    results = over_temperatures(loops(law))
    found = results["compensation_temperature"]
    assert found.value is not None
    assert found.uncertainty is not None
    assert abs(found.value - T_M) < found.uncertainty < 1.0
    zeros = [float(word) for word in (found.note or "").split() if word.count(".") == 1 and word[:2] in {"26", "27"}]
    assert zeros[0 if law is athermal else 1] == pytest.approx(T_M, abs=0.05)
    assert abs(zeros[1] - zeros[0]) > 0.2
    low, high = (results.number(f"compensation_temperature_bracket_{end}") for end in ("low", "high"))
    assert (low, high) == (pytest.approx(23.0, abs=1e-2), pytest.approx(31.0, abs=1e-2))


def test_the_table_has_both_layers_at_each_temperature_and_the_nominal_polarisation() -> None:
    results = over_temperatures(loops(athermal), assumed=-1.0)
    for row, temperature in zip(results.table, TEMPERATURES, strict=True):
        assert row.number("temperature") == pytest.approx(temperature, abs=1e-2)
        assert row.number("tmr") == pytest.approx(0.25 if temperature < T_M else -0.17, abs=2e-3)
        assert row.number("switching_field_hard") == pytest.approx(athermal(temperature), abs=5e-3)
        assert row.number("switching_field_soft") == pytest.approx(0.06, abs=0.014)  # half a spacing
        tmr = row.number("tmr") or 0.0
        assert row.number("nominal_polarisation") == pytest.approx(-tmr / (2 + tmr), rel=1e-9)
    assert "nominal_polarisation" not in over_temperatures(loops(athermal)).table[0]


def test_without_a_change_of_sign_there_is_no_compensation_and_it_says_why() -> None:
    results = over_temperatures(loops(athermal, TEMPERATURES[:2]))
    for name in ("compensation_temperature", "compensation_temperature_bracket", ON_THE_WAY):
        assert results.number(name) is None
        assert "the same at all saturated temperatures" in str(results[name].why)


def test_an_unsaturated_loop_is_left_out_and_named() -> None:
    whole = loops(athermal)
    small = rows_at(26.0, 9, athermal(26.0), maximum=1.0)
    results = over_temperatures(pd.concat([whole, small], ignore_index=True))
    row = next(row for row in results.table if abs((row.number("temperature") or 0.0) - 26.0) < 0.1)
    assert row.number("tmr") is None
    assert row["in_compensation_fit"].value is False
    assert "not saturated and left out: 26 K" in (results["compensation_temperature"].note or "")


@pytest.mark.parametrize(("rate", "lag"), [(5.0, 33.0), (1.0, 33.0), (2.0, 80.0)])
def test_on_the_way_it_changes_over_by_rate_times_lag_too_late(rate: float, lag: float) -> None:
    data = loops(athermal, (15.0, 45.0))
    data = pd.concat([data, way_to(45.0, 2, rate / 60, lag, start=15.0)], ignore_index=True)
    found = over_temperatures(data)[ON_THE_WAY]
    assert found.value == pytest.approx(T_M + rate / 60 * lag, abs=0.2)
    assert "no compensation temperature" in (found.note or "")


def test_a_field_that_does_not_turn_the_layer_shows_nothing_on_the_way() -> None:
    data = pd.concat([loops(athermal, (23.0, 31.0)), way_to(31.0, 2, 0.05, 33.0, field=0.3)], ignore_index=True)
    found = over_temperatures(data)[ON_THE_WAY]
    assert found.value is None
    assert "did not change over" in str(found.why)


def test_reasons_name_what_changes_its_sign() -> None:
    cold = pd.concat([rows_at(temperature, k, athermal(temperature)) for k, temperature in enumerate((20.0, 23.0), 1)])
    results = over_temperatures(cold)
    assert "the sign of the TMR is the same" in str(results["compensation_temperature"].why)
    assert "polarity" not in str(results.as_dict())


def test_the_line_is_as_uncertain_as_loops_scatter_and_the_table_as_they_were_read() -> None:
    both = {
        f"switching_field_hard_{branch}": Result(sign * 0.5, 3e-4, "T", "this loop", scatter=2e-3)
        for branch, sign in (("up", 1.0), ("down", -1.0))
    }
    found = half_distance(both, "hard")
    assert found.uncertainty == pytest.approx(3e-4 / np.sqrt(2))
    assert of_the_layer(found).uncertainty == pytest.approx(np.hypot(3e-4, 2e-3) / np.sqrt(2))
    mean = dataclasses.replace(found, of="mean of 3 loops")
    assert of_the_layer(mean) == mean  # the scatter is in it already
