"""What a desk says of sample records and journals."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import LabError, UnknownName, UsageError
from instruments.units import parse
from labctl.desk.answers import ANSWERS, answer_of
from labctl.journal import CONTACTS, HEALTH, PULSES, Journal, quantity
from labctl.sample import load_sample
from tests.samples import HALL_BAR, JUNCTION


def ask(question: str, **given: Any) -> Any:
    """What a desk answers, as it goes over the pipe."""
    return json.loads(json.dumps(answer_of(question)(**given), allow_nan=False))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder of runs in the folder where one works."""
    monkeypatch.chdir(tmp_path)
    return str(tmp_path / "runs")


def card(name: str, runs: str, **changes: Any) -> Any:
    """The card of a record."""
    given = {"station": "ppms", "runs": runs, "simulated": False, **changes}
    return ask("sample", name=name, **given)["card"]


def named(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by name."""
    return {row["name"]: row for row in rows}


def write(runs: str, template: str, values: dict[str, str], **more: Any) -> Any:
    """Have a record written."""
    given = {"layers": 0, "folder": str(Path(runs).parent / "samples"), **more}
    return ask("sample_write", template=template, values=values, **given)


def test_every_question_has_its_function() -> None:
    assert all(callable(answer_of(question)) for question in ANSWERS if question.startswith("sample"))


# ---- which records there are


def test_records_are_shipped_ones_by_name_and_own_ones_by_path(runs: str) -> None:
    write(runs, "hall-bar", {"name": "S042", **HALL_BAR})
    told = ask("samples", runs=runs)
    found = {each["id"]: each for each in told["samples"]}
    own = str(Path(runs).parent / "samples" / "S042.toml")
    assert (found["cotb2025"]["from"], found[own]["from"]) == ("shipped", "own")
    assert (found[own]["name"], found[own]["title"]) == ("S042", "Pt(5)/Co(1)")
    assert told["folder"] == str(Path(own).parent)
    assert load_sample(own).name == "S042"


# ---- a record


def test_a_default_is_what_its_formula_says(runs: str) -> None:
    row = named(card("cotb2025", runs)["defaults"])["Probe current"]
    assert row["value"] == "100 µA"
    assert row["why"] == "= min(100 µA, 2.3e9 A/m² × 0.045 µm²)"
    record = load_sample("cotb2025")
    assert record.probe_current() == min(100e-6, 2.3e9 * 0.045e-12)
    assert row["assumed"] is True


def test_the_compliance_follows_from_what_the_contact_check_measured(runs: str) -> None:
    before = named(card("cotb2025", runs)["defaults"])["Compliance"]
    pairs = {"I+/I-": quantity(2000.0, "ohm")}
    Journal(Path(runs), "cotb2025").append(CONTACTS, {"passed": True, "leads": {}, "two_wire": pairs})
    after = named(card("cotb2025", runs)["defaults"])["Compliance"]
    assert (before["value"], after["value"]) == ("200 mV", "300 mV")  # 1.5 x 100 uA x 390 ohm is below the smallest
    assert "2 kΩ" in after["why"]
    assert "measured on" in after["why"]
    simulated = named(card("cotb2025", runs, simulated=True)["defaults"])["Compliance"]
    assert simulated == before


def test_the_tighter_limit_is_marked(runs: str) -> None:
    rows = named(card("cotb2025", runs)["limits"])
    assert (rows["Current"]["whose"], rows["Current"]["sample"], rows["Current"]["station"]) == (
        "sample", "450 µA", "100 mA")  # fmt: skip
    assert (rows["Field"]["whose"], rows["Field"]["sample"], rows["Field"]["value"]) == ("station", "", "9 T")
    assert rows["Highest T"]["whose"] == "both"


def test_a_junction_has_a_barrier_and_its_pads_on_two_strips(runs: str) -> None:
    told = card("fimtj2026-17.5um", runs)
    assert [layer["barrier"] for layer in told["stack"]] == [False, True, False, False]
    assert {pad["name"]: pad["side"] for pad in told["pads"]} == {
        "top_1": "top", "top_2": "bottom", "bottom_1": "left", "bottom_2": "right",
    }  # fmt: skip
    area = math.pi / 4 * 17.5**2
    assert f"{area:.1f} µm²" in told["conducting"]


def test_cables_are_at_the_leads_that_the_station_says(runs: str) -> None:
    leads = {lead["name"]: lead for lead in card("cotb2025", runs)["leads"]}
    assert leads["A"]["short"] == ["V1 +", "lock-in A"]
    assert leads["D"]["cables"] == ["voltmeter channel 2 high", "smu sense high"]
    assert leads["C"]["cables"] == []


def test_a_wrong_record_is_told_with_file_and_key(runs: str) -> None:
    file = write(runs, "hall-bar", {"name": "S042", **HALL_BAR})["file"]
    path = Path(file)
    path.write_text(path.read_text().replace("width =", "widht ="), encoding="utf-8")
    told = ask("sample", name=file, station="ppms", runs=runs, simulated=False)
    assert told["card"] is None
    assert told["faults"][0].startswith("S042.toml: unknown key geometry.widht; did you mean 'width'?")
    path.write_text("schema = 1\nname = ", encoding="utf-8")
    assert "is not TOML" in ask("sample", name=file, station="ppms", runs=runs, simulated=False)["faults"][0]


def test_a_cable_without_its_lead_is_a_fault_of_a_record_that_can_be_shown(runs: str) -> None:
    file = write(runs, "hall-bar", {"name": "S042", **HALL_BAR, "leads.D": ""})["file"]
    told = ask("sample", name=file, station="ppms", runs=runs, simulated=False)
    assert {each["cable"] for each in told["card"]["loose"]} == {"voltmeter channel 2 high", "smu sense high"}
    assert any("'D', which sample 'S042' does not have" in fault for fault in told["faults"])


def test_what_is_not_there_is_refused(runs: str) -> None:
    with pytest.raises(UnknownName, match="did you mean 'cotb2025'"):
        ask("sample", name="cotb205", station="ppms", runs=runs, simulated=False)


# ---- a new record


def test_a_form_asks_for_what_the_template_leaves_open(runs: str) -> None:
    form = ask("sample_form", template="hall-bar", runs=runs)
    fields = {field["key"]: field for section in form["sections"] for field in section["fields"]}
    assert fields["geometry.width"]["needed"]
    assert fields["geometry.width"]["example"] == "5 um"
    assert (fields["pads.A.position"]["value"], fields["pads.A.position"]["example"]) == ("", "35 um")
    assert fields["leads.I+"]["choices"] == ["source", "drain", "A", "B", "C", "D", ""]
    assert "across current" in fields["mounting.rotator_axis"]["choices"]
    assert form["layers"] == 2
    more = ask("sample_form", template="hall-bar", runs=runs, layers=4)
    assert sum(field["label"] == "material" for each in more["sections"] for field in each["fields"]) == 4
    with pytest.raises(UsageError, match="a stack of -1 layers"):
        ask("sample_form", template="hall-bar", runs=runs, layers=-1)


def check(runs: str, template: str, values: dict[str, str], layers: int = 0) -> Any:
    """What the check of a form says."""
    folder = str(Path(runs).parent / "samples")
    return ask("sample_check", template=template, layers=layers, values=values, folder=folder)


def test_what_is_typed_is_judged_by_what_reads_records(runs: str) -> None:
    told = check(runs, "hall-bar", {"name": "cotb2025", "geometry.width": "5 uA", "stack[1].thickness": "5"})
    assert told["faults"]["geometry.width"].startswith("width: 5 uA is not a length")
    assert "it is 5 m" in told["faults"]["stack[1].thickness"]
    assert "there is a sample record 'cotb2025' already" in told["faults"]["name"]
    assert "geometry.length" in told["left"]
    assert told["defaults"] == []


def test_a_fault_of_two_values_is_at_the_one_that_it_names(runs: str) -> None:
    told = check(runs, "junction", {**JUNCTION, "name": "J", "resistances.junction_high": "1 kohm"})
    assert told["faults"]["resistances.junction_high"].startswith("resistances: junction_high is 1000 ohm")


def test_what_is_complete_says_its_defaults_and_is_written_once(runs: str) -> None:
    values = {**HALL_BAR, "name": "S042", "stack[3].material": "MgO", "stack[3].thickness": "2 nm",
              "pads.A.position": "35 um", "leads.C": ""}  # fmt: skip
    told = check(runs, "hall-bar", values, layers=3)
    assert (told["faults"], told["others"], told["left"]) == ({}, [], [])
    assert told["defaults"][0]["name"] == "probe current"
    written = write(runs, "hall-bar", values, layers=3)
    record = load_sample(written["file"])
    assert ([layer.material for layer in record.stack], record.pads["A"].position) == (["Pt", "Co", "MgO"], 35e-6)
    assert "C" not in record.leads
    before = Path(written["file"]).read_bytes()
    with pytest.raises(UsageError, match="is not written over"):
        write(runs, "hall-bar", values)
    assert Path(written["file"]).read_bytes() == before


@pytest.mark.parametrize(
    ("values", "folder", "said"),
    [
        ({}, None, "the record has no name"),
        ({"name": "x"}, "samples", "is no whole path"),
        ({"name": "x"}, " ", "is no whole path"),
        ({"name": "x", "geometry.width": "-5 um"}, None, "because width is -5e-06, but must be above 0"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(
    runs: str, values: dict[str, str], folder: str | None, said: str
) -> None:
    with pytest.raises(LabError, match=said):
        write(runs, "hall-bar", values, **({} if folder is None else {"folder": folder}))
    assert not Path("samples").exists()


def test_what_is_half_is_not_written(runs: str) -> None:
    values = {key: value for key, value in HALL_BAR.items() if key not in {"geometry.width", "stack[2].thickness"}}
    with pytest.raises(UsageError, match="because thickness of layer 2, width are still open"):
        write(runs, "hall-bar", {**values, "name": "S042"})
    assert not (Path(runs).parent / "samples" / "S042.toml").exists()


def test_what_is_changed_twice_is_kept_twice_and_stays_of_its_name(runs: str) -> None:
    file = Path(write(runs, "hall-bar", {"name": "S042", **HALL_BAR})["file"])
    for width in ("6 um", "7 um"):
        form = ask("sample_form", template="hall-bar", runs=runs, file=str(file), layers=0)
        write(runs, "hall-bar", {"geometry.width": width}, file=str(file), was=form["was"])
    assert load_sample(file).geometry.width == pytest.approx(7e-6)
    kept = [load_record(file.with_name(f"{file.name}.{end}")) for end in ("old", "old2")]
    assert kept == [pytest.approx(5e-6), pytest.approx(6e-6)]
    more = ask("sample_form", template="hall-bar", runs=runs, file=str(file), layers=3)
    assert more["layers"] == 3


def load_record(file: Path) -> float:
    """The width in a record of another ending."""
    return parse(tomllib.loads(file.read_text(encoding="utf-8"))["geometry"]["width"], "m")


# ---- the journal


@pytest.fixture
def journal(runs: str) -> Journal:
    """A journal with an older mounting."""
    kept = Journal(Path(runs), "cotb2025")
    kept.append("note", {"text": "older"})
    kept.append("mounting", {"text": "puck 3"}, user="LW")
    return kept


def told_of(runs: str, **more: Any) -> Any:
    """What the desk says of the journal."""
    return ask("sample_journal", name="cotb2025", runs=runs, simulated=False, **more)


def health(journal: Journal, ohm: float, kelvin: float) -> None:
    """Write what a run's check writes."""
    values = {"when": "start", "resistance": quantity(ohm, "ohm", 0.1), "wires": "four wires", "between": "D and B",
              "temperature": quantity(kelvin, "K")}  # fmt: skip
    journal.append(HEALTH, values)


def test_entries_are_those_since_the_mounting_or_all(runs: str, journal: Journal) -> None:
    for _ in range(3):
        journal.append(PULSES, {"count": 10}, run="2026-01-01/0001-x", user="LW")
    told = told_of(runs)
    assert [entry["kind"] for entry in told["entries"]] == ["pulses", "mounting"]
    assert told["entries"][0]["text"] == "30 pulses"
    assert told["entries"][0]["run"] == str(Path(runs) / "2026-01-01/0001-x")
    assert told["older"] == 1
    everything = told_of(runs, everything=True)
    assert ([entry["kind"] for entry in everything["entries"]], everything["older"]) == (
        ["pulses", "mounting", "note"], 0)  # fmt: skip
    rows = named(told["summary"])
    assert (rows["Mounted"]["text"], rows["Pulses"]["text"]) == ("puck 3", "30 so far")


def test_a_contact_check_counts_in_its_mounting_only(runs: str, journal: Journal) -> None:
    leads = {"I+": {"verdict": "ok", "resistance": quantity(25.0, "ohm")}, "A": {"verdict": "open"}}
    values = {"passed": False, "leads": leads, "good_for": {"ahe": "lead A is open", "rt": "pass"}}
    journal.append(CONTACTS, values)
    told = told_of(runs)
    assert told["contacts"]["passed"] is False
    assert told["contacts"]["leads"][0] == {"name": "I+", "verdict": "ok", "resistance": "25 Ω", "bad": False}
    assert told["contacts"]["not_for"] == [{"name": "ahe", "why": "lead A is open"}]
    assert told["entries"][0]["bad"]
    journal.append("mounting", {"text": "again"})
    assert told_of(runs)["contacts"] is None


def test_the_resistance_is_compared_with_checks_of_the_same_kind(runs: str, journal: Journal) -> None:
    for ohm, kelvin in ((100.0, 300.0), (60.0, 100.0), (102.0, 300.2)):
        health(journal, ohm, kelvin)
    told = told_of(runs)["health"]
    assert [point["change"] for point in told["points"]] == pytest.approx([0.0, 0.02])
    assert told["of"] == "four wires, at 300.2 K"


def test_people_write_mountings_damage_and_remarks_and_nothing_else(runs: str, journal: Journal) -> None:
    say: Callable[..., Any] = lambda **more: ask("sample_log", name="cotb2025", runs=runs, simulated=False, **more)  # noqa: E731
    told = say(kind="damage", text=" lead A is gone ", user="LW")
    assert told["entries"][0] | {"utc": ""} == {
        "utc": "", "kind": "damage", "text": "lead A is gone", "whole": "lead A is gone", "user": "LW", "run": "",
        "bad": True,
    }  # fmt: skip
    assert named(told["summary"])["Damage"]["tone"] == "bad"
    with pytest.raises(UsageError, match="not written by hand; mounting, damage, note are"):
        say(kind="contacts", text="passed", user="")
    with pytest.raises(UsageError, match="the text is empty"):
        say(kind="note", text=" ", user="")


def test_a_damaged_journal_says_so(runs: str, journal: Journal) -> None:
    journal.path.write_text("nothing\n", encoding="utf-8")
    told = told_of(runs)
    assert "line 1: it is no entry of a journal" in told["error"]
    assert told["entries"] == []
