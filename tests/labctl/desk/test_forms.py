"""Forms of experiments, and what a check says of what is entered in them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import UnknownName
from labctl import discovery
from labctl.asked import Asked
from labctl.desk.checks import check
from labctl.desk.derived import minutes
from labctl.desk.forms import form
from labctl.desk.procedures import procedures
from labctl.desk.spelling import readable, spoken
from labctl.journal import Journal, quantity
from labctl.preparing import Place, prepare
from labctl.procedures import load_procedure
from labctl.series_conditions import uneven

PULSED = {
    "demagnetise", "levels", "minor-loops", "neuron", "pulse-width", "sot-field-series", "sot-switching", "stdp",
    "switching-probability",
}  # fmt: skip
"""Experiments that refuse to begin before somebody has said how large a pulse may be, or `approach` has found it."""


def checked(procedure: str, sample: str = "cotb2025", **parameters: str) -> dict[str, Any]:
    """A check on the simulated twin of ppms, as JSON brings it."""
    asked = {"procedure": procedure, "parameters": parameters, "sample": sample}
    return json.loads(json.dumps(check(asked, "ppms", simulate=True), allow_nan=False))


@pytest.mark.parametrize("name", [*discovery.procedures()])
def test_each_form_has_all_parameters_and_its_defaults_are_clean(name: str) -> None:
    said = form(name)
    fields = [each for group in said["groups"] for each in group["fields"]]
    kind = load_procedure(name)
    assert sorted(each["name"] for each in fields) == sorted(kind.declared_parameters())
    assert all(each["what"] and each["default"] and each["label"] for each in fields)
    json.dumps(said, allow_nan=False)
    sample = "fimtj2026" if "junction" in kind.shapes else "cotb2025"
    needed = {"pulse_max": "10 mA"} if name in PULSED else {"current": "10 mA"} if name == "pulse-delay" else {}
    more = {"inputs": "-5:10:1 mA"} if name == "neuron" else {}
    found = checked(name, sample, **needed, **more)
    assert found["faults"] == []
    assert found["ok"]
    if needed:
        assert [each["field"] for each in checked(name, sample)["faults"]] == [*needed]


@pytest.mark.parametrize("name", [*discovery.procedures()])
def test_what_a_form_shows_as_default_is_taken_as_the_default(name: str) -> None:
    declared = load_procedure(name).declared_parameters()
    for group in form(name)["groups"]:
        for field in group["fields"]:
            parameter = declared[field["name"]]
            assert parameter.convert(field["default"]) == parameter.default


def test_each_experiment_is_offered_once() -> None:
    said = procedures()
    offered = [name for group in said["groups"] for name in group["names"]]
    assert sorted(offered) == sorted(said["procedures"]) == sorted(discovery.procedures())


def test_a_form_of_what_there_is_not() -> None:
    with pytest.raises(UnknownName, match="did you mean 'ahe'"):
        form("aeh")


def test_fields_are_judged_one_by_one() -> None:
    found = checked("ahe", maximum_field="nan", window="5 parsecs", sweep_rate="50 Oe/s")
    assert {each["field"] for each in found["faults"]} == {"maximum_field", "window"}
    assert "not finite" in found["fields"]["maximum_field"]["error"]
    assert "5 parsecs is not a magnetic field" in found["fields"]["window"]["error"]
    assert found["fields"]["sweep_rate"]["value"] == "5 mT/s"
    assert found["fields"]["probe_current"]["hint"] == "100 µA"  # what is right is looked at all the same


@pytest.mark.parametrize(
    ("procedure", "parameters", "field", "sentence"),
    [
        ("ahe", {"maximum_field": "600 kOe"}, "maximum_field", "60 T, above the limit of station 'ppms', 9 T"),
        ("ahe", {"temperature": "500 K"}, "temperature", "500 K, above"),
        ("ahe", {"window": "0.6 T"}, "window", "must lie below maximum_field"),
        ("ahe", {"probe_current": "10 mA"}, "probe_current", "10 mA, above the limit of sample 'cotb2025', 450 µA"),
        ("sot-switching", {"pulse_max": "100 mA"}, "pulse_max", "above the limit of sample 'cotb2025', 22.5 mA"),
        ("sot-field-series", {"pulse_max": "100 mA"}, "pulse_max", "above the limit of sample 'cotb2025', 22.5 mA"),
        ("ahe", {"sweep_rate": "9000 Oe/s"}, "sweep_rate", "above the limit of station 'ppms'"),
    ],
)
def test_a_sentence_about_the_whole_finds_its_field(
    procedure: str, parameters: dict[str, str], field: str, sentence: str
) -> None:
    [fault] = checked(procedure, **parameters)["faults"]
    assert fault["field"] == field
    assert sentence in fault["sentence"]
    assert ".toml" not in fault["sentence"]


def test_a_sample_of_another_kind_is_nobodys_field() -> None:
    [fault] = checked("ahe", "fimtj2026")["faults"]
    assert fault["field"] is None
    assert "is a junction" in fault["sentence"]


def test_values_are_normalised_and_say_what_they_were_taken_for() -> None:
    fields = checked("ahe-temperature", maximum_field="5", temperatures="300:200:-10")["fields"]
    assert fields["maximum_field"]["value"] == "5 T = 50 kOe"
    assert fields["maximum_field"]["taken"] == "5 T"
    assert fields["temperatures"]["value"] == "11 values, 300 K to 200 K"


def test_what_follows_from_the_values() -> None:
    fields = checked("sot-switching", pulse_max="10 mA")["fields"]
    # cotb2025: 10 um wide, 4.5 nm conduct, 340 ohm without leads: I/(w t), I^2 R, I (R + leads), I^2 R times 1 ms
    assert fields["pulse_max"]["follows"].startswith("2.22·10¹¹ A/m², 34 mW in the sample, 3.9 V at the source")
    assert fields["pulse_max"]["follows"].endswith("34 µJ a pulse")
    assert fields["pulse_step"]["hint"] == "500 µA"
    assert fields["angle"]["hint"] == "90 deg"
    ahe = checked("ahe", window="100 mT", sweep_rate="100 Oe/s", window_rate="20 Oe/s", maximum_field="0.5 T")
    ramps = 4 * (0.5 - 0.1) / 0.01 + 4 * 0.1 / 0.002
    assert minutes(ramps) in ahe["fields"]["maximum_field"]["follows"]
    assert checked("ahe", field_step="5 mT")["fields"]["field_step"]["idle"] == "sweep=step"


def test_a_series_is_counted() -> None:
    asked = {"procedure": "ahe", "over": ["temperature=300:280:-10 K"], "sample": "cotb2025"}
    series = check(asked, "ppms", simulate=True)["series"]
    assert series == {
        "runs": 3, "axes": [{"name": "temperature", "count": 3, "values": ["300 K", "290 K", "280 K"]}],
    }  # fmt: skip


def test_the_journal_is_asked_and_contacts_are_not_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "cotb2025", simulated=False, sample_seed=None)
    pulse = {"pulse_max": quantity(0.012, "A"), "pulse_width": quantity(1e-3, "s")}
    journal.append("safe_pulse", pulse, user="LW", run="")
    asked = {"procedure": "sot-switching", "sample": "cotb2025", "out": str(tmp_path)}
    found = check(asked, "ppms", simulate=False)
    assert found["faults"] == []
    assert found["fields"]["pulse_max"]["hint"] == "12 mA"
    assert any("contact check" in sentence for sentence in found["warnings"])


def with_loop_at_300_k(runs: Path) -> None:
    """Let the journal of cotb2025 have a loop at 300 K whose coercive field is so small that 200 mT are enough."""
    values: dict[str, Any] = {name: quantity(0.03, "T") for name in ("coercive_field_up", "coercive_field_down")}
    values |= {"temperature": quantity(300.0, "K"), "saturated": True}
    Journal(runs, "cotb2025", simulated=False, sample_seed=None).append("coercive_field", values, user="LW", run="")


def test_what_a_journal_makes_different_from_run_to_run_is_said_before(tmp_path: Path) -> None:
    with_loop_at_300_k(tmp_path)
    asked: dict[str, Any] = {
        "procedure": "ahe", "over": ["temperature=300:260:-10 K"], "sample": "cotb2025", "out": str(tmp_path),
    }  # fmt: skip
    found = check(asked, "ppms", simulate=False)
    assert found["warnings"][0] == (
        "Maximum field is not the same in all runs: 500 mT (4 runs), 200 mT at 300 K, as the sample's journal knows; "
        "enter one to have the same in all"
    )
    assert found["conditions"] == found["warnings"][:1]
    field = found["fields"]["maximum_field"]
    assert (field["hint"], field["follows"]) == ("not the same in all runs", "500 mT (4 runs), 200 mT at 300 K")
    assert found["fields"]["probe_current"]["hint"] == "100 µA"  # which is
    even = check({**asked, "parameters": {"maximum_field": "0.5 T"}}, "ppms", simulate=False)
    assert even["conditions"] == []
    assert even["fields"]["maximum_field"]["follows"].startswith("a loop takes")
    single = check({**asked, "over": [], "parameters": {"temperature": "300 K"}}, "ppms", simulate=False)
    assert (single["conditions"], single["fields"]["maximum_field"]["hint"]) == ([], "200 mT = 2 kOe")


def test_a_series_itself_says_it_with_its_first_run(tmp_path: Path) -> None:
    with_loop_at_300_k(tmp_path)
    asked = {"procedure": "ahe", "over": ["temperature=300, 290 K"], "sample": "cotb2025", "out": str(tmp_path)}
    runs = prepare(Asked.model_validate(asked), Place("ppms")).check()
    sentence = (
        "maximum_field is not the same in all runs: 200 mT at 300 K, 500 mT at 290 K, as the sample's journal knows; "
        "give it with -p maximum_field=... to have the same in all"
    )
    assert [run.request.procedure.forewarnings for run in runs] == [(sentence,), (sentence,)]


def test_many_values_are_said_by_their_ends(tmp_path: Path) -> None:
    asked = {"procedure": "ahe", "over": ["temperature=300:200:-20 K"], "sample": "cotb2025", "out": str(tmp_path)}
    runs = prepare(Asked.model_validate(asked), Place("ppms")).check()
    [found] = uneven(runs, lambda procedure: {"loops": procedure.values()["temperature"] / 1000.0})
    assert found.told(lambda name, value: f"{value:g} T") == "6 values from 0.2 T to 0.3 T"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100 uA through 390 ohm", "100 µA through 390 Ω"),
        ("5 us", "5 µs"),
        ("a usual output", "a usual output"),
        ("sample 'x' (/a/b/x.toml) is", "sample 'x' is"),
        ("sample 'x' (C:\\a b\\x.toml) is", "sample 'x' is"),
        ("25 ohm um^2", "25 Ω um^2"),
        (
            "take less, or permit it with --override current=...",
            "take less, or permit it with current=... (Run, Limits)",
        ),
        ("choose a value; --override field=... would do", "choose a value; field=... (Run, Limits) would do"),
        ('give it, e.g. -p current="10 mA"', 'give it, e.g. current="10 mA"'),
    ],
)
def test_units_are_written_as_people_do(text: str, said: str) -> None:
    assert spoken(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.012 A", "12 mA"),
        ("0.1, 0.2 T", "100, 200 mT"),
        ("0.5, 1.5 T", "500 mT, 1.5 T"),
        ("0.08333333333333333 K/s", "5 K/min"),
        ("0.01 T/s", "100 Oe/s"),
        ("290.0 K", "290 K"),
        ("1e-05 s", "10 µs"),
        ("90.0 deg", "90 deg"),
        (f"{', '.join(str(n / 1000) for n in range(21))} A", "21 values, 0 A to 20 mA"),
        ("from record", "from record"),
        ("3.0 parsecs", "3 parsecs"),
        ("2", "2"),
    ],
)
def test_values_of_runs_are_written_as_people_do(text: str, said: str) -> None:
    assert readable(text) == said


@pytest.mark.parametrize(("seconds", "said"), [(40.2, "40 s"), (400.0, "6 min 40 s"), (3600.0 * 3 + 600, "3 h 10 min")])
def test_times_are_written_as_people_say_them(seconds: float, said: str) -> None:
    assert math.isfinite(seconds)
    assert minutes(seconds) == said


PLAIN = """
from pymeasure.experiment import BooleanParameter, FloatParameter, ListParameter, Procedure


class Curve(Procedure):
    'A curve of pymeasure.'

    largest = FloatParameter("Largest current", units="mA", default=1.0, minimum=0, maximum=5)
    four = BooleanParameter("Four wires", default=True)
    way = ListParameter("Way", choices=["up", "down"], default="up")
    DATA_COLUMNS = ["I (A)"]

    def execute(self):
        self.emit("results", {"I (A)": 0.0})
"""


def test_a_procedure_of_pymeasure_has_a_form_as_well(tmp_path: Path) -> None:
    file = tmp_path / "plain.py"
    file.write_text(PLAIN)
    name = f"{file}:Curve"
    [group] = form(name)["groups"]
    assert [(each["name"], each["kind"], each["options"]) for each in group["fields"]] == [
        ("largest", "text", []), ("four", "tick", ["True", "False"]), ("way", "choice", ["up", "down"]),
    ]  # fmt: skip
    assert [each["field"] for each in checked(name, largest="9")["faults"]] == ["largest"]
    found = checked(name, largest="2 mA", four="False", way="down")
    assert found["faults"] == []
    assert found["fields"]["largest"]["value"] == "2.0 mA"
