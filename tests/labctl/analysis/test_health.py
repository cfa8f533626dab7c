"""What two checks of a sample tell, by hand-made readings: resistance, conversion to one temperature, certainty."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labctl.analysis.health import (
    END,
    FOUR,
    START,
    STOP,
    TWO,
    WARN,
    Change,
    Check,
    Coefficient,
    Reference,
    checks_of,
    compared,
    shown,
)  # fmt: skip
from labctl.analysis.health_doubt import reads_nothing
from labctl.analysis.health_results import results_of, summary
from labctl.analysis.result import HEALTH_UNITS

METAL = Coefficient(1.5e-3, 1.5e-4, 300.0)
NOBODY_KNOWS = Coefficient(0.0, 4e-3, 300.0)


def reading(resistance: float, *, offset: float = 3e-6, drift: float = 1e-7, current: float = 1e-4) -> dict[str, Any]:
    """Three conversions on top of a thermal voltage that drifts."""
    row: dict[str, Any] = {"Overflow": False, "Compliance": False, "Range (V)": 0.1}
    for number, sign in enumerate((1.0, -1.0, 1.0), start=1):
        row[f"Current {number} (A)"] = sign * current
        row[f"Voltage {number} (V)"] = sign * current * resistance + offset + drift * number
    return row


def event(when: str, *resistances: float, kelvin: float | None = 300.0, **more: Any) -> dict[str, Any]:
    at = {} if kelvin is None else {"temperature_K": kelvin, "settled": True}
    return {
        "event": "health", "when": when, "attempt": 1, "wires": FOUR, "between": "D and B", "current_A": 1e-4,
        "compliance_V": 0.2, "readings": [reading(each) for each in resistances], **at, **more,
    }  # fmt: skip


def check(resistance: float, kelvin: float | None = 300.0, part: float = 1e-5) -> Check:
    return Check(
        START, 1, wires=FOUR, between="D and B", resistance=resistance, uncertainty=part * resistance,
        temperature=kelvin, temperature_uncertainty=0.1, current=1e-4, compliance=0.2,
    )  # fmt: skip


def reference(resistance: float, kelvin: float | None = 300.0, part: float = 1e-5) -> Reference:
    return Reference(resistance, part * resistance, kelvin, 0.1, "that at the start of this run")


def test_a_resistance_comes_from_raw_halves_without_offset_and_drift() -> None:
    found = Check.from_event(event(START, 136.0, 136.2, 135.8, 136.1, 135.9))
    assert found.resistance == pytest.approx(136.0, rel=1e-9)
    scatter = math.sqrt((0.2**2 + 0.2**2 + 0.1**2 + 0.1**2) / 4)
    assert found.uncertainty == pytest.approx(1.14 * scatter / math.sqrt(5), rel=1e-6)
    assert found.bound == pytest.approx(2000.0)


def test_a_reading_that_overflowed_gives_none() -> None:
    found = Check.from_event(
        event(START, 136.0, readings=[{**reading(136.0), "Overflow": True, "Voltage 1 (V)": None}])
    )
    assert (found.resistance, found.why) == (None, "the voltmeter overflowed")


def test_at_one_temperature_the_change_is_the_ratio() -> None:
    change = compared(check(140.0), reference(136.0), METAL)
    assert change is not None
    assert change.value == pytest.approx(140.0 / 136.0 - 1.0)
    assert change.exceeds(WARN)
    assert not change.exceeds(STOP)
    assert not change.blind


@settings(max_examples=200, deadline=None)
@given(there=st.floats(50.0, 390.0), here=st.floats(50.0, 390.0), alpha=st.floats(-2e-3, 3e-3))
def test_a_metal_that_only_changed_its_temperature_has_not_changed(there: float, here: float, alpha: float) -> None:
    coefficient = Coefficient(alpha, 0.1 * abs(alpha), 300.0)
    one, other = (136.0 * (1.0 + alpha * (kelvin - 300.0)) for kelvin in (there, here))
    change = compared(check(other, here), reference(one, there), coefficient)
    assert change is not None
    assert change.value == pytest.approx(0.0, abs=1e-9)
    assert not change.exceeds(0.0)


@settings(max_examples=200, deadline=None)
@given(there=st.floats(100.0, 390.0), here=st.floats(100.0, 390.0), off=st.floats(-1.0, 1.0))
def test_a_coefficient_that_is_off_by_its_uncertainty_makes_no_false_alarm(
    there: float, here: float, off: float
) -> None:
    true = METAL.value + off * METAL.uncertainty
    one, other = (136.0 * (1.0 + true * (kelvin - 300.0)) for kelvin in (there, here))
    change = compared(check(other, here), reference(one, there), METAL)
    assert change is not None
    assert not change.exceeds(WARN)


def test_two_percent_with_three_percent_of_noise_are_no_warning_and_no_all_clear() -> None:
    change = compared(check(138.7, part=0.03), reference(136.0), METAL)
    assert change is not None
    assert change.value == pytest.approx(0.02, abs=1e-3)
    assert not change.exceeds(WARN)
    assert change.blind
    assert "read to 3.1 % only" in change.why_blind()


def test_ten_percent_with_three_percent_of_noise_are_a_warning_and_no_stop() -> None:
    change = compared(check(149.6, part=0.03), reference(136.0), METAL)
    assert change is not None
    assert change.exceeds(WARN)
    assert not change.exceeds(STOP)


def test_far_away_the_coefficient_cannot_tell() -> None:
    change = compared(check(136.0 * (1 - 0.075), 250.0), reference(136.0), METAL)
    assert change is not None
    assert change.value == pytest.approx(0.0, abs=1e-9)
    assert change.conversion == pytest.approx(50.0 * 1.5e-4 / 0.925, rel=0.02)
    assert change.blind
    assert "moved by -50 K" in change.why_blind()


def test_without_a_coefficient_a_kelvin_or_two_can_be_told_and_ten_cannot() -> None:
    near, far = (compared(check(136.0, kelvin), reference(136.0), NOBODY_KNOWS) for kelvin in (300.5, 310.0))
    assert near is not None
    assert not near.blind
    assert far is not None
    assert far.blind


def test_where_nobody_looks_at_the_temperature_a_small_change_cannot_be_told_and_a_large_one_can() -> None:
    small, large = (compared(check(value, None), reference(136.0, None), METAL) for value in (137.0, 160.0))
    assert small is not None
    assert small.blind
    assert "nobody looked at the temperature" in small.why_blind()
    assert large is not None
    assert large.exceeds(STOP)


def test_where_the_coefficient_leaves_nothing_of_the_resistance_nothing_is_compared() -> None:
    change = compared(check(1.0, 50.0), reference(136.0), Coefficient(5e-3, 5e-4, 300.0))
    assert change is not None
    assert math.isinf(change.uncertainty)
    assert change.blind


@pytest.mark.parametrize("resistance", [5.88e-3, -14.3e-3])
def test_what_is_left_of_nothing_is_a_certain_change_of_all_of_it(resistance: float) -> None:
    found = replace(check(136.0), resistance=resistance, uncertainty=17e-3)
    change = compared(found, reference(136.0), METAL)
    assert change is not None
    assert change.value == pytest.approx(-1.0, abs=2e-4)
    assert change.uncertainty == pytest.approx(17e-3 / 136.0, rel=0.01)
    assert change.exceeds(STOP)
    assert found.as_reference("") is None


@pytest.mark.parametrize(
    ("resistance", "uncertainty", "current", "nothing"),
    [
        (136.0, 0.1, 1e-4, False),
        (136.0, 40.0, 1e-9, False),  # honest noise of a small current
        (60.0, 90.0, 1e-8, False),
        (136.0, 40.0, 1e-4, True),  # no noise is so large
        (0.006, 0.015, 1e-4, True),
        (0.006, 0.0001, 1e-4, True),  # certainly next to nothing
        (70.0, 0.1, 1e-4, False),  # another sample, but one
        (None, None, 1e-4, True),
    ],
)
def test_an_open_input_is_told_from_the_noise_of_a_small_current(
    resistance: float | None, uncertainty: float | None, current: float, nothing: bool
) -> None:
    found = replace(check(136.0), resistance=resistance, uncertainty=uncertainty, current=current)
    assert bool(reads_nothing(found, reference(136.0), METAL)) == nothing
    assert not reads_nothing(found, None, METAL)


def test_a_vague_start_is_no_reference_and_a_later_one_is() -> None:
    vague, good, end = event(START, 100.0, 200.0, 50.0), event(START, *[136.0] * 5), event(END, *[136.0] * 5)
    results = results_of([vague, end], METAL)
    assert results["health_drift"].value is None
    assert results["health_drift"].why == "the resistance is read to 50 % only"
    assert results_of([vague, {**good, "attempt": 2}, end], METAL).number("health_drift") == pytest.approx(0.0)


def test_a_check_that_reads_nothing_is_no_resistance() -> None:
    start, end = event(START, *[0.006] * 5, nothing="it reads nothing"), event(END, *[-0.014] * 5, nothing="the same")
    results = results_of([start, end], METAL)
    assert (results["health_resistance_start"].why, results["health_drift"].why) == ("it reads nothing",) * 2
    assert summary(results).startswith("health: no resistance was checked, since it reads nothing")


# ---- results


def test_the_results_of_a_run() -> None:
    since = reference(135.0).as_dict() | {"said": "the 135 ohm at the end of run x"}
    results = results_of([event(START, *[136.0] * 5, since=since), event(END, *[138.72] * 5, kelvin=300.0)], METAL)
    assert {name: result.unit for name, result in results.items()} == dict(HEALTH_UNITS)
    assert results.number("health_resistance_start") == pytest.approx(136.0)
    assert results.number("health_resistance_end") == pytest.approx(138.72)
    assert results.number("health_drift") == pytest.approx(0.02)
    assert results.number("health_drift_before") == pytest.approx(1.0 / 135.0)
    assert results["health_drift_before"].note == "against the 135 ohm at the end of run x"
    assert results.number("health_two_wire_bound") == pytest.approx(2000.0)
    assert results["health_two_wire_resistance"].value is None
    assert "below 2 kohm" in str(results["health_two_wire_resistance"].why)
    line = "health: 136.00 ohm before, 138.72 ohm after, +2.00 ± 0.02 %; two wires < 2 kohm"
    assert summary(results) == line
    assert len(line) <= 80


def test_two_wires_are_the_leads_resistance_too() -> None:
    results = results_of([event(START, *[390.0] * 5, wires=TWO)], METAL)
    assert results.number("health_two_wire_resistance") == pytest.approx(390.0)
    assert results["health_drift"].why == "the run did not come to its end"
    line = "health: 390.00 ohm before, unknown after, since the run did not come to its end"
    assert summary(results) == f"{line}; that is with the current leads"


@pytest.mark.parametrize("events", [[], [{"event": "state", "state": "running"}], [{"event": "health", "when": 3}]])
def test_a_run_without_checks_says_so_in_each_result(events: list[dict[str, Any]]) -> None:
    results = results_of(events, METAL)
    assert set(results) == set(HEALTH_UNITS)
    assert all(result.value is None and "no check" in str(result.why) for result in results.values())
    assert summary(results) == "health: no resistance was checked, since there is no check in the run's events"


def test_a_reason_stands_with_all_of_them() -> None:
    results = results_of(
        [{"event": "health", "when": START, "attempt": 1, "why": "this procedure has no probe"}], METAL
    )
    assert {result.why for result in results.values()} == {"this procedure has no probe"}


def test_a_junctions_resistance_is_kept_and_not_compared() -> None:
    why = "the resistance of a junction is that of its magnetic state"
    results = results_of([event(START, *[136.0] * 5, incomparable=why), event(END, *[170.0] * 5)], METAL)
    assert results.number("health_resistance_end") == pytest.approx(170.0)
    assert (results["health_drift"].value, results["health_drift"].why) == (None, why)


def test_of_several_attempts_the_first_start_and_the_last_end_count() -> None:
    again = [event(START, *[140.0] * 5, attempt=2), event(END, *[141.0] * 5, attempt=2)]
    results = results_of([event(START, *[136.0] * 5), *again], METAL)
    assert results.number("health_drift") == pytest.approx(141.0 / 136.0 - 1.0)


def test_what_was_clamped_is_no_reference_and_no_bound() -> None:
    clamped = event(START, 136.0, readings=[{**reading(136.0), "Compliance": True}] * 5)
    (found,) = checks_of([clamped])
    assert found.clamped
    assert found.bound is None
    assert found.as_reference("") is None
    assert "reached its compliance of 200 mV at 100 uA" in str(
        results_of([clamped], METAL)["health_two_wire_resistance"].why
    )


def test_numbers_are_written_with_the_digits_that_they_have() -> None:
    assert shown(136.0, 0.003) == "136.00 ohm"
    assert shown(154321.0, 900.0) == "154.3 kohm"
    assert shown(136.0, 0.0) == "136.00 ohm"
    assert shown(None, None) == "unknown"
    assert Change(0.1234, 0.03, 0.0, 0.0, "").text() == "+12.3 ± 3.0 %"


def test_a_reference_is_kept_exactly() -> None:
    assert Reference.from_dict(reference(136.123456789).as_dict()) == reference(136.123456789)
    assert replace(reference(1.0), temperature=None).as_dict()["temperature_K"] is None


def test_a_change_that_an_assumed_coefficient_hides_says_how_to_tell_it() -> None:
    """30 % of the coefficient hide 1 % from 11 K on; the 10 % of a measured one from 33 K on."""
    assumed = Coefficient(1.5e-3, 0.3 * 1.5e-3, 300.0)
    measured = Coefficient(1.5e-3, 0.1 * 1.5e-3, 300.0, measured=True)
    warm = [check(136.0 * (1.0 + 1.5e-3 * moved), 300.0 + moved) for moved in (-30.0, -60.0)]
    changes = [compared(each, reference(136.0), one) for each in warm for one in (assumed, measured)]
    blind = [change is not None and change.blind for change in changes]
    assert blind == [True, False, True, True]
    says = [change is not None and "labctl run rt" in change.why_blind() for change in changes]
    assert says == [True, False, True, False]


def test_the_line_for_people_says_how_a_measured_coefficient_helps() -> None:
    start, end = event(START, *[136.0] * 5), event(END, *[136.0 * 0.955] * 5, kelvin=270.0)
    for measured, part in ((False, 0.3), (True, 0.1)):
        line = summary(results_of([start, end], Coefficient(1.5e-3, part * 1.5e-3, 300.0, measured)))
        assert ("cannot be told" in line) != measured
        assert ("labctl run rt" in line) != measured
