"""What the journal knows takes the place of what nobody gave, once, and is written down; what somebody gave stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import Aborted, BadValue
from labctl import beforehand, informed, learning
from labctl.analysed_again import procedure_of
from labctl.beforehand import check_request
from labctl.cli.main import run_command
from labctl.health import coefficient_of
from labctl.informed import TWO_WIRE, Known
from labctl.journal import Journal, quantity
from labctl.procedure import Procedure
from labctl.request import Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from procedures.log import Log
from tests.simulated import QUICK

SAMPLE = "cotb2025"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Of a lab in this process, which else has none."""
    journal = Journal(tmp_path, SAMPLE)
    for module in (beforehand, learning):
        monkeypatch.setattr(module, "journal_of", lambda _: journal)
    return journal


def asked(folder: Path, procedure: Procedure, **changes: Any) -> Request:
    request = Request("ahe", procedure, load_station("ppms"), load_sample(SAMPLE), simulate=True, seed=1, out=folder)
    return replace(request, **changes)


def checked(journal: Journal, ohm: float) -> None:
    cables = load_station("ppms").cables.source
    assert cables is not None
    pairs = {f"{cables.low}/{cables.high}": quantity(ohm, "ohm"), "elsewhere/nowhere": quantity(1.0, "ohm")}
    journal.append("contacts", {"passed": True, "two_wire": pairs}, run="2026-03-01/0003-contact-check")


def looped(journal: Journal, coercive: float, *, temperature: float = 300.0, saturated: bool = True) -> None:
    up, down = quantity(coercive, "T", 1e-4), quantity(-0.9 * coercive, "T", 1e-4)
    journal.append(
        "coercive_field",
        {
            "coercive_field_up": up, "coercive_field_down": down, "temperature": quantity(temperature, "K"),
            "saturated": {"value": saturated, "uncertainty": None, "unit": "1"},
        },
    )  # fmt: skip


def prepared(folder: Path, **parameters: Any) -> AnomalousHallLoop:
    procedure = AnomalousHallLoop(**parameters)
    check_request(asked(folder, procedure, given=parameters))
    return procedure


# ---- the compliance


def test_the_compliance_follows_from_what_the_contact_check_measured(journal: Journal, tmp_path: Path) -> None:
    nominal = prepared(tmp_path).probe_settings()
    checked(journal, 6200.0)
    measured = prepared(tmp_path)
    settings = measured.probe_settings()
    assert settings.compliance == pytest.approx(1.5 * settings.current * 6200.0)
    assert settings.compliance != pytest.approx(nominal.compliance)
    assert measured.demands()["voltage"] == settings.compliance
    assert "by 0003-contact-check" in measured.known[TWO_WIRE].why
    twice = measured.probe_settings(current=2 * settings.current)
    assert twice.compliance == pytest.approx(2 * settings.compliance)


def test_a_compliance_that_is_given_stays(journal: Journal, tmp_path: Path) -> None:
    checked(journal, 6200.0)
    assert prepared(tmp_path, probe_compliance="3 V").probe_settings().compliance == pytest.approx(3.0)


def test_what_was_measured_before_it_was_mounted_anew_holds_no_more(journal: Journal, tmp_path: Path) -> None:
    nominal = prepared(tmp_path).probe_settings()
    checked(journal, 6200.0)
    looped(journal, 0.06)
    journal.append("mounting", {"text": "puck 4"})
    later = prepared(tmp_path, temperature="300 K")
    assert not later.known
    assert later.probe_settings() == nominal


def test_a_junction_is_not_held_to_the_state_that_it_was_checked_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, "fimtj2026")
    monkeypatch.setattr(beforehand, "journal_of", lambda _: journal)
    checked(journal, 1000.0)
    procedure = Log()
    check_request(asked(tmp_path, procedure, sample=load_sample("fimtj2026")))
    assert not procedure.known
    assert procedure.sample.two_wire_resistance() > 1e4


def test_a_check_of_other_leads_tells_nothing(journal: Journal, tmp_path: Path) -> None:
    journal.append("contacts", {"passed": True, "two_wire": {"elsewhere/nowhere": quantity(1.0, "ohm")}})
    assert not prepared(tmp_path).known


# ---- the temperature coefficient


def told(journal: Journal, coefficient: float, of: str = "four wires, at 300 K") -> None:
    journal.append("resistance", {"temperature_coefficient": quantity(coefficient, "1/K", 1e-6), "of": of})


def test_the_coefficient_that_was_measured_takes_the_place_of_the_records(journal: Journal, tmp_path: Path) -> None:
    assumed = coefficient_of(prepared(tmp_path).sample)
    told(journal, 1.31e-3)
    journal.append("mounting", {"text": "puck 4"})
    told(journal, 9e-3, "two wires, at 300 K")
    told(journal, 9e-3, "four wires, at 77 K")
    measured = coefficient_of(prepared(tmp_path).sample)
    assert measured.value == 1.31e-3
    assert measured.measured
    assert not assumed.measured
    assert measured.uncertainty == pytest.approx(assumed.uncertainty / 3 * 1.31e-3 / assumed.value)


def test_a_run_that_is_analysed_again_has_what_it_was_told(journal: Journal, tmp_path: Path) -> None:
    told(journal, 1.31e-3)
    done = carry_out(asked(tmp_path, AnomalousHallLoop(**QUICK), given=QUICK))
    assert done.run is not None
    assert any("resistances.temperature_coefficient is 0.00131 /K" in line for line in done.informed), done.informed
    first = (done.run / "result.json").read_bytes()
    told(journal, 2.2e-3)
    assert run_command(["analyse", str(done.run)]) == 0
    again = (done.run / "result.json").read_bytes()
    assert json.loads(again)["results"] == json.loads(first)["results"]
    directory = RunDirectory(done.run)
    procedure = procedure_of(directory, directory.request(), print)
    assert procedure.sample.resistances.temperature_coefficient == 1.31e-3


# ---- the largest field of a loop


@pytest.mark.parametrize(("coercive", "largest"), [(0.06, 0.2), (0.15, 0.3), (0.4, 0.8)])
def test_a_loop_goes_to_twice_the_coercive_field_that_is_known(
    journal: Journal, tmp_path: Path, coercive: float, largest: float
) -> None:
    looped(journal, coercive, temperature=300.4)
    procedure = prepared(tmp_path, temperature="300 K")
    assert procedure.maximum_field == pytest.approx(largest)
    assert procedure.demands()["field"] == pytest.approx(largest)
    assert "coercive field of" in procedure.known["maximum_field"].why


@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": "300 K", "maximum_field": "0.4 T"},
        {"temperature": "300 K", "maximum_field": "0.5 T"},  # the default, but somebody wants it
        {"temperature": "290 K"},
        {},  # it stays where it is, and nobody has asked yet where that is
        {"temperature": "300 K", "window": "0.35 T"},
    ],
)
def test_what_is_given_or_unknown_stays(journal: Journal, tmp_path: Path, parameters: dict[str, Any]) -> None:
    looped(journal, 0.15)
    assert prepared(tmp_path, **parameters).maximum_field == AnomalousHallLoop(**parameters).maximum_field


def test_only_a_saturated_loop_since_the_last_cooldown_tells(journal: Journal, tmp_path: Path) -> None:
    looped(journal, 0.15, saturated=False)
    assert prepared(tmp_path, temperature="300 K").maximum_field == pytest.approx(0.5)
    looped(journal, 0.15)
    assert prepared(tmp_path, temperature="300 K").maximum_field == pytest.approx(0.3)
    journal.append("cooldown", {"text": "to 100 K and back"})
    assert prepared(tmp_path, temperature="300 K").maximum_field == pytest.approx(0.5)


def test_a_field_beyond_the_stations_is_not_asked_for(journal: Journal, tmp_path: Path) -> None:
    looped(journal, 6.0)
    assert prepared(tmp_path, temperature="300 K").maximum_field == pytest.approx(0.5)


# ---- it is decided once, and written down


def test_a_procedure_that_is_used_again_is_told_anew(journal: Journal, tmp_path: Path) -> None:
    procedure = AnomalousHallLoop(temperature="300 K")
    looped(journal, 0.15)
    check_request(asked(tmp_path, procedure))
    assert procedure.maximum_field == pytest.approx(0.3)
    looped(journal, 0.2)
    check_request(asked(tmp_path, procedure))
    assert procedure.maximum_field == pytest.approx(0.4)


class Cut(AnomalousHallLoop):
    """A loop that a power cut ends after some rows."""

    after = 20

    def record(self, **row: Any) -> None:
        super().record(**row)
        type(self).after -= 1
        if type(self).after == 0:
            raise Aborted("cut")


def test_the_run_says_it_and_is_carried_on_with_it(journal: Journal, tmp_path: Path) -> None:
    checked(journal, 420.0)
    looped(journal, 0.11)
    given: dict[str, Any] = {**QUICK, "temperature": "300 K"}
    given.pop("maximum_field")
    first = carry_out(asked(tmp_path, Cut(**given), given=given))
    assert first.run is not None
    assert first.status == "aborted"
    assert [line.split(",")[0] for line in first.informed] == [
        "resistances.two_wire is 420 ohm", "maximum_field is 0.22 T",
    ]  # fmt: skip
    described = RunDirectory(first.run).request()
    assert described["parameters"]["maximum_field"]["value"] == pytest.approx(0.22)
    assert described["informed"]["maximum_field"]["why"].startswith("twice the coercive field of 110 mT measured on ")
    looped(journal, 0.2)
    again = Cut(**given)
    second = carry_out(asked(tmp_path, again, given=given, resume=first.run))
    assert second.status == "finished", second.error
    assert again.maximum_field == pytest.approx(0.22)
    assert again.known[TWO_WIRE].value == 420.0


def test_a_lab_in_the_runs_own_process_has_no_journal(tmp_path: Path) -> None:
    procedure = AnomalousHallLoop(**QUICK)
    request = asked(tmp_path, procedure)
    check_request(request)
    assert not procedure.known
    assert informed.described(procedure) == {}


class Own(AnomalousHallLoop):
    """Somebody's own, with something of its own to say."""

    def informed(self) -> dict[str, Known]:
        return {"loops": Known(0, "a slip")}


def test_a_value_that_does_not_fit_is_refused_like_any_other(journal: Journal, tmp_path: Path) -> None:
    assert not journal.entries()
    with pytest.raises(BadValue, match="loops is 0"):
        check_request(asked(tmp_path, Own()))
