"""Loops of a tunnel junction at angles of the field: against the model's own truth, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import BadValue, LabError, LimitExceeded
from labctl.analysis.result import Result, Results
from labctl.beforehand import check_request
from labctl.request import Request
from labctl.sample import SampleRecord, load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.tmr_angle import TmrAngle
from procedures.tmr_angle_results import AngleStep, doubt, results_of, steps_of
from simulators.physics.tilt import normal_part
from tests.simulated import Done, Simulate

SAMPLE = "fimtj2026"
QUICK: dict[str, Any] = {"maximum_field": "0.5 T", "sweep_rate": "150 Oe/s", "temperature": "35 K"}


def tilted_tmr(done: Done, angle: float, field: float, temperature: float) -> float:
    """What the model has for both states in a field at an angle in deg: tilted by it, and beside the leak."""
    sample: Any = done.lab.sample
    product = sample._polarisations.product(temperature)
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    parts: dict[tuple[int, int], float] = {}
    for layer, hard in enumerate((1.0, 3.0)):  # anisotropy fields in T of the record
        for state in (1, -1):
            parts[layer, state] = normal_part(state, field * sine / hard, field * cosine / hard)

    def resistance(upper: int, lower: int) -> float:
        one, other = parts[0, lower], parts[1, upper]
        between = one * other + math.sqrt((1.0 - one**2) * (1.0 - other**2))
        net = 1.0 if temperature > 27.0 else -1.0  # of the transition metal along the net moment
        return 1.0 / sample._zero_bias(temperature, net * product * between)

    return resistance(-1, 1) / resistance(1, 1) - 1.0


def test_the_models_tmr_and_switching_fields_at_each_angle(simulate: Simulate) -> None:
    done = simulate(TmrAngle(**QUICK, angles="0, 60 deg"), sample=SAMPLE)
    assert done.outcome.status == "finished"
    first, tilted, again = steps_of(done.rows)
    assert (first.angle, tilted.angle, again.angle) == (0.0, 60.0, 0.0)
    assert abs(tilted.rotator - 60.0) < 0.3
    assert done.value("tmr_falls") is True
    for step in (first, tilted):
        middle = 0.5 * (float(step.size("soft").value or 0.0) + float(step.size("hard").value or 0.0))
        assert step.tmr.value == pytest.approx(tilted_tmr(done, step.angle, middle, 35.0), abs=2e-3)
    assert abs(tilted.tmr.value or 0.0) < abs(first.tmr.value or 0.0) - 2e-3
    for layer, within in (("soft", 0.15), ("hard", 0.03)):
        assert done.value(f"field_growth_{layer}") == pytest.approx(2.0, abs=within)
    assert done.value("tmr_return") == pytest.approx(0.0, abs=4.0 * done.uncertainty("tmr_return") + 1e-5)
    # Turned back, at zero field.
    assert float(done.ask("cryostat", b"GETDAT? 8\n").split(b",")[-1].strip(b" ;\r\n")) == pytest.approx(0.0, abs=0.3)
    assert not any("rotator stands" in said for said in done.outcome.warnings)
    learnt = dict(TmrAngle(**QUICK).learned(done.rows, results_of(done.rows)))["switching_fields"]
    assert learnt["switching_field_hard_up"].value == pytest.approx(0.3, abs=0.03)
    done.assert_source_off()


@pytest.mark.endurance
@pytest.mark.parametrize("temperature", [15.0, 35.0])
def test_the_default_angles_fall_and_what_has_no_levels_is_no_tmr(simulate: Simulate, temperature: float) -> None:
    done = simulate(TmrAngle(temperature=f"{temperature} K"), sample=SAMPLE)
    assert done.value("tmr_falls") is True
    steps = steps_of(done.rows)
    assert [step.tmr.value is None for step in steps] == [False] * 5 + [True] * 2 + [False]
    assert "no antiparallel plateau" in str(steps[5].tmr.why)
    for layer in ("soft", "hard"):
        assert done.value(f"field_growth_{layer}") == pytest.approx(2.0, abs=0.15)
    sizes = [abs(step.change.value or 0.0) for step in steps[:-1]]
    assert sizes[0] > sizes[-2] > sizes[-1]


# ---- what loops come to


def step(number: int, angle: float, tmr: float | None, hard: float = 0.3) -> AngleStep:
    found = Result(tmr, 1e-3, "1", "this loop", why=None if tmr is not None else "tilted")
    fields = {
        f"switching_field_{layer}_{branch}": Result(sign * size, 1e-4, "T", "this loop")
        for layer, size in (("soft", 0.06), ("hard", hard))
        for branch, sign in (("up", 1.0), ("down", -1.0))
    }
    change = Result(tmr or 0.1, None, "1", "this loop")
    return AngleStep(number, angle, angle, 1.0, (15.0, 0.1), change, Results({"tmr": found, **fields}))


def test_a_tmr_that_grows_again_does_not_fall(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(*tmr: float | None) -> Results:
        steps = [step(place + 1, 20.0 * place, each) for place, each in enumerate(tmr)]
        monkeypatch.setattr("procedures.tmr_angle_results.steps_of", lambda _: steps)
        monkeypatch.setattr(AngleStep, "row", lambda _: Results({}))
        return results_of(None)  # pyright: ignore[reportArgumentType] - the steps are given

    assert told(-0.2, -0.19, -0.15)["tmr_falls"].value is True
    assert told(0.2, 0.19, 0.195)["tmr_falls"].value is False
    assert told(0.2, 0.2, 0.2)["tmr_falls"].value is False
    found = told(0.2, 0.15, None)["tmr_falls"]
    assert found.value is True
    assert "no TMR at 40 deg" in str(found.note)
    assert told(0.2, None)["tmr_falls"].value is None
    assert told(0.2, 0.19)["tmr_return"].why == "the first angle was not measured again"


def test_a_first_angle_that_is_another_at_the_end_is_said() -> None:
    assert "changed by" in doubt(Results({"tmr_return": Result(0.01, 1e-3, "1", "this run")}))
    assert doubt(Results({"tmr_return": Result(2e-3, 1e-3, "1", "this run")})) == ""


# ---- before


def asked(sample: SampleRecord | None = None, **parameters: Any) -> TmrAngle:
    procedure = TmrAngle(**parameters)
    check_request(
        Request(
            "tmr-angle", procedure, load_station("ppms"), sample or load_sample(SAMPLE), simulate=True, seed=1,
            out=Path("nowhere"),
        )
    )  # fmt: skip
    return procedure


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"angles": "0, 88 deg"}, BadValue, r"angles has 88 deg, but they must stay below 88 deg"),
        ({"angles": "0, 90 deg"}, BadValue, "must stay below 88 deg"),
        ({"angles": "60, 30 deg"}, BadValue, "do not rise"),
        ({"angles": "0, 30, 30 deg"}, BadValue, "more than once"),
        ({"angles": "-30, 0 deg"}, BadValue, "angles"),
        ({"field_limit": "1 T"}, BadValue, "field_limit is 1 T, below maximum_field, 2 T"),
        ({"field_limit": "12 T"}, LimitExceeded, "the field would be"),
        ({"maximum_field": "10 T"}, LimitExceeded, "the field would be 10 T"),
        ({"bias": "0.25 V"}, LimitExceeded, "endures 200 mV"),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, Any], error: type[LabError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        asked(**parameters)
    assert "\n" not in str(caught.value)


def test_a_sample_that_nothing_turns_is_refused() -> None:
    record = load_sample(SAMPLE)
    for axis in ("none", "along normal"):
        still = record.model_copy(update={"mounting": record.mounting.model_copy(update={"rotator_axis": axis})})
        with pytest.raises(BadValue, match=f"rotator_axis = '{axis}', so nothing turns the field"):
            asked(sample=still)


def test_field_and_rates_grow_with_the_angle_up_to_the_station() -> None:
    procedure = asked()
    assert procedure.largest_field(60.0, 1.0) == pytest.approx(2.0)
    assert procedure.largest_field(85.0, 1.0) == 9.0
    assert procedure.demands()["field"] == 9.0
    assert procedure.demands()["field_rate"] == pytest.approx(0.019)
    bounded = asked(field_limit="3 T")
    assert bounded.demands()["field"] == 3.0
    flat = load_sample(SAMPLE)
    flat = flat.model_copy(update={"mounting": flat.mounting.model_copy(update={"field_from_normal": math.pi / 2})})
    assert asked(sample=flat).rotator_angle(30.0) == pytest.approx(120.0)


# ---- carried on


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    """A third of a millitesla, by which readings may lie elsewhere, is a part of the soft layer's step of some mT."""
    carried_on = assert_resumable(
        TmrAngle, sample=SAMPLE, at={60}, maximum_field="0.3 T", sweep_rate="190 Oe/s", angles="0, 45 deg",
        tolerance=0.02,
    )  # fmt: skip
    assert carried_on >= 2
