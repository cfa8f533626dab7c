"""`labctl sample new | show | check | log`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from labctl import journal_words
from labctl.cli.main import run_command
from labctl.journal import Journal, quantity
from labctl.sample import load_sample
from tests.samples import HALL_BAR, JUNCTION


@pytest.fixture(autouse=True)
def _workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


class Labctl:
    """The command line, and what it printed last."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = ""
        self.error = ""

    def __call__(self, *words: str) -> int:
        code = run_command(["sample", *words])
        self.out, self.error = self._capsys.readouterr()
        assert "Traceback" not in self.out + self.error
        return code

    def new(self, name: str, template: str, values: dict[str, str]) -> None:
        given = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        assert self("new", name, "--template", template, *given) == 0

    def lines(self) -> list[str]:
        return self.out.splitlines()

    def json(self, *words: str) -> dict[str, Any]:
        self(*words, "--json")
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        assert self.out == ""
        assert self.error.count("\n") == 1
        return self.error.removeprefix("error: ").rstrip("\n")


@pytest.fixture
def labctl(capsys: pytest.CaptureFixture[str]) -> Labctl:
    return Labctl(capsys)


# ---- new


def test_a_new_record_is_commented_and_says_what_is_left(labctl: Labctl) -> None:
    assert labctl("new", "S042-B3", "--template", "hall-bar", "--set", "geometry.width=5 um") == 0
    path = Path("samples/S042-B3.toml")
    assert labctl.out.startswith(f"written: {path}\nto fill in: 8 values ")
    assert labctl.out.count("\n- ") == 8
    text = path.read_text(encoding="utf-8")
    assert 'name = "S042-B3"\n' in text
    assert 'width = "5 um"                   # e.g. "5 um"; with the thickness it turns' in text
    assert all("#" in line for line in text.splitlines() if '= "?"' in line and not line.startswith("thickness"))


def test_what_is_set_makes_a_record_that_can_be_used(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", {**HALL_BAR, "resistances.hall": "-0.1 ohm", "stack[1].carries_current": "false",
                                   "stack[2].carries_current": "true"})  # fmt: skip
    record = load_sample("bar")
    assert (record.name, record.conducting_thickness(), record.resistances.hall) == ("bar", 1e-9, -0.1)
    assert labctl("check", "bar", "--station", "ppms") == 0


def test_a_rectangular_junction_needs_no_diameter(labctl: Labctl) -> None:
    values = {key: value for key, value in JUNCTION.items() if key not in {"geometry.diameter", "resistances.junction"}}
    more = {"geometry.width": "56 um", "geometry.length": "56 um", "resistances.resistance_area": "6e5 ohm um^2"}
    labctl.new("J1", "junction", {**values, **more})
    assert load_sample("J1").sample_resistance() == pytest.approx(6e5 / 56**2)


def test_nothing_is_written_over(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    before = Path("samples/bar.toml").read_bytes()
    assert labctl("new", "bar", "--template", "junction") == 2
    assert labctl.sentence == "samples/bar.toml is there already and is not written over; take another name"
    assert Path("samples/bar.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["x", "--template", "hall"], "there is no template 'hall'; did you mean 'hall-bar'? there are hall-bar, jun"),
        (["cotb2025", "--template", "hall-bar"], "there is a sample record 'cotb2025' already, "),
        (["a/b", "--template", "hall-bar"], "'a/b' is no name: the record is written to samples/NAME.toml"),
        (["a b", "--template", "hall-bar"], "nothing was written, because name: 'a b' cannot be part of a folder's"),
        (["a-sim", "--template", "hall-bar"], "'a-sim' ends in -sim, as do the journals of simulated samples"),
        (["x", "--template", "hall-bar", "--set", "geometry.width"], "--set 'geometry.width' is no assignment"),
        (["x", "--template", "hall-bar", "--set", "title=a", "--set", "title=b"], "--set title is given twice"),
        (["x", "--template", "hall-bar", "--set", "geometry.widht=5um"],
         "--set geometry.widht: the template has no such key; did you mean 'geometry.width'? it has name, title"),
        (["x", "--template", "hall-bar", "--set", "geometry.width=5 uA"],
         "nothing was written, because geometry.width: 5 uA is not a length"),
        (["x", "--template", "junction", "--set", "resistances.junction_high=1 kohm", "--set",
          "resistances.junction=2 kohm"], "nothing was written, because resistances: junction_high is 1000 ohm"),
        (["x"], "missing option '--template'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence_and_nothing_is_written(
    labctl: Labctl, words: list[str], sentence: str
) -> None:
    assert labctl("new", *words) == 2
    assert labctl.sentence.startswith(sentence)
    assert not Path("samples").exists()


# ---- check


def test_check_says_everything_a_line_each(labctl: Labctl) -> None:
    labctl.new("J1", "junction", {"geometry.diameter": "2 um"})
    path = Path("samples/J1.toml")
    path.write_text(path.read_text().replace('B = { pad = "bottom_2" }', 'B = { pad = "bottom_2", resistence = 5 }'))
    assert labctl("check", "J1") == 2
    *faults, last = labctl.out.splitlines()
    assert last == "samples/J1.toml: 12 things are wrong or missing; it cannot be used yet"
    assert faults[0].startswith("- unknown key leads.B.resistence; did you mean 'resistance'?")
    assert len(faults) == 12
    assert labctl.json("check", "J1")["faults"][0].startswith("unknown key")
    assert labctl("check", "samples/J1.toml") == 2


def test_check_holds_a_record_to_a_station(labctl: Labctl, tmp_path: Path) -> None:
    labctl.new("bar", "hall-bar", {**HALL_BAR, "resistances.longitudinal": "900 kohm", "limits.voltage": "100 V"})
    path = Path("samples/bar.toml")
    path.write_text(path.read_text().replace('B = { pad = "B" }\n', "").replace('D = { pad = "D" }\n', ""))
    assert labctl("check", "bar") == 0
    assert labctl("check", "bar", "--station", "ppms") == 2
    ends = ("voltmeter.channel_1_low", "voltmeter.channel_2_high", "voltmeter.channel_2_low", "smu.sense_high")
    for end in ends:
        assert f"- station 'ppms' has cables.{end} at the lead" in labctl.out
    assert "- by default the compliance would be 33.75 V, above the limit of station 'ppms', 21 V" in labctl.out


def test_check_finds_defaults_that_the_sample_does_not_endure_and_a_name_that_is_not_the_files(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", {**HALL_BAR, "limits.voltage": "0.1 V"})
    Path("samples/bar.toml").rename("samples/other.toml")
    assert labctl("check", "other") == 2
    assert "- name is 'bar', but the file is other.toml" in labctl.out
    assert "asks for a compliance of 200 mV, above the 100 mV that sample 'bar' endures" in labctl.out


def test_check_of_what_is_not_there(labctl: Labctl) -> None:
    assert labctl("check", "nobody") == 2
    assert labctl.sentence.startswith("there is no sample record 'nobody'")


# ---- show


def fill(name: str) -> None:
    journal = Journal(Path("runs"), name)
    journal.append("angle", {"angle": quantity(0.5, "rad", 0.01)})
    journal.append("mounting", {"text": "puck 3, bonded with aluminium wire, all lines shorted while it went in"})
    journal.append(
        "contacts",
        {"passed": True, "leads": {"I+": {"verdict": "ok"}, "C": {"verdict": "open"}}},
        run="2026-03-01/0001-x",
    )
    journal.append("coercive_field", {"coercive_field_up": quantity(0.0312, "T", 0.0004)}, run="2026-03-01/0002-x")
    journal.append("pulses", {"count": 120, "largest_current_density": quantity(4.4e11, "A/m^2"),
                              "energy": quantity(0.0123, "J")})  # fmt: skip
    journal.append("damage", {"text": "arm C is open"}, user="LW")


def test_show_prints_record_defaults_limits_leads_and_journal_within_80_columns(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    fill("bar")
    assert labctl("show", "bar") == 0
    for text in (
        "Pt 5 nm / Co 1 nm (no current)",
        "probe current        25 uA      1e9 A/m^2 in 2.5e-14 m^2",
        "current      125 uA  that may flow for any time",
        "A     -           A       Hall arm at +y, nearer to the drain",
        "passed, C open",
        "coercive field up 31.2 ± 0.4 mT",
        "angle                             not measured in this mounting",
        "120 so far, up to 4.4e11 A/m^2, 12.3 mJ in all",
        "arm C is open",
        "all 6 entries: labctl sample log bar",
    ):
        assert text in labctl.out
    assert max(map(len, labctl.out.splitlines())) <= 80
    assert labctl("show", "cotb2025") == 0
    assert "temperature coefficient 0.0015 /K (assumed)" in " ".join(labctl.out.split())
    assert "journal: nothing is written in runs/samples/cotb2025.jsonl" in labctl.out


def test_show_has_the_last_health_check_and_the_last_safe_pulse(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    journal = Journal(Path("runs"), "bar")
    journal.append("note", {"text": "new"})
    assert labctl("show", "bar") == 0
    assert "health check" not in labctl.out
    assert "safe pulse" not in labctl.out
    for ohm in (136.0, 137.5):
        journal.append("health", {"when": "end", "resistance": quantity(ohm, "ohm", 0.02),
                                  "temperature": quantity(295.0, "K", 0.1)})  # fmt: skip
    when = journal.append(
        "safe_pulse", {"pulse_max": quantity(0.0133336, "A"), "pulse_width": quantity(1e-3, "s"), "stopped_by": "x"}
    ).utc
    assert labctl("show", "bar") == 0
    day = f"{when:%Y-%m-%d %H:%M}"
    text = " ".join(labctl.out.split())
    assert f"health check {day} 137.500 ± 0.020 ohm at 295.00 ± 0.10 K, end of a run" in text
    assert f"safe pulse {day} up to 13.33 mA, 1 ms wide" in text
    assert labctl.json("show", "bar")["journal"]["health"]["values"]["resistance"]["value"] == 137.5


def test_show_of_a_junction(labctl: Labctl) -> None:
    labctl.new("J1", "junction", JUNCTION)
    assert labctl("show", "J1") == 0
    assert "current      3.896 uA  which makes 600 mV across 154 kohm" in labctl.out
    assert "compliance   1.5 V     half its breakdown voltage of 3 V" in labctl.out
    found = labctl.json("show", "J1")
    assert found["limits"]["bias"]["value"] == pytest.approx(0.6)
    assert found["defaults"]["probe current"] == {
        "value": pytest.approx(1e-3 / 154e3), "unit": "A", "why": "1 mV across 154 kohm",
    }  # fmt: skip
    assert found["journal"]["mounting"] is None
    assert found["journal"]["pulses"] == {"count": 0, "largest_current_density": None, "energy": 0.0}


def test_show_as_json_has_the_journal(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    fill("bar")
    found = labctl.json("show", "bar")
    assert found["record"]["geometry"]["width"] == 5e-6
    assert found["journal"]["contacts"]["values"]["passed"] is True
    assert found["journal"]["angle"] is None  # that was before it was mounted again
    assert [entry["values"]["text"] for entry in found["journal"]["damage"]] == ["arm C is open"]
    assert found["journal"]["entries"] == 6


def test_show_says_what_is_missing_in_a_record(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", {})
    assert labctl("show", "bar") == 2
    assert "stack[1].material is still to be filled in" in labctl.sentence


def test_a_damaged_journal_is_a_sentence_and_a_torn_one_a_warning(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    fill("bar")
    path = Journal(Path("runs"), "bar").path
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert labctl("show", "bar") == 0
    assert labctl.error == "warning: bar.jsonl: the last line is torn and was dropped\n"
    path.write_bytes(b"{}\n" + whole)
    assert labctl("show", "bar") == 2
    assert labctl.sentence.startswith(f"{path}, line 1: it is no entry of a journal")


# ---- log


def test_log_appends_and_prints(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    assert labctl("log", "bar") == 0
    assert labctl.out == "nothing is written in runs/samples/bar.jsonl\n"
    assert labctl("log", "bar", "puck 3", "--kind", "mounting", "--user", "LW") == 0
    assert labctl.out == "mounting written into runs/samples/bar.jsonl\n"
    assert labctl("log", "bar", "looks fine " * 20) == 0
    assert labctl("log", "bar") == 0
    header, mounting, note, *more = labctl.lines()
    assert header.split() == ["UTC", "kind", "user", "what"]
    assert mounting.endswith("mounting  LW    puck 3")
    assert "note      -     looks fine" in note
    assert more
    assert max(map(len, labctl.out.splitlines())) <= 80
    found = labctl.json("log", "bar", "--kind", "note")
    assert [entry["kind"] for entry in found["entries"]] == ["note"]
    assert labctl("log", "bar", "--kind", "angle") == 0
    assert labctl.out == "nothing of the kind 'angle' is written in runs/samples/bar.jsonl\n"


def test_log_prints_the_pulses_of_a_run_in_one_line(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    journal = Journal(Path("runs"), "bar")
    for run, count in (("2026-03-01/0001-a", 70), ("2026-03-01/0002-b", 1)):
        for number in range(count):
            values = {"count": 1, "largest_current_density": quantity((1 + number) * 1e10, "A/m^2"),
                      "energy": quantity(1e-6, "J"), "width": quantity(1e-3, "s")}  # fmt: skip
            journal.append("pulses", values, run=run)
    journal.append("note", {"text": "in between"})
    journal.append("pulses", {"count": 1}, run="2026-03-01/0002-b")
    assert labctl("log", "bar") == 0
    kinds = [line.split()[2] for line in labctl.lines() if " pulses  " in line or " note  " in line]
    assert kinds == ["pulses", "pulses", "note", "pulses"]
    assert "70 pulses of 1 ms, up to 7e11 A/m^2, 70 uJ in all" in " ".join(labctl.out.split())
    assert labctl.out.count("run 2026-03-01/0001-a") == 1
    assert len(labctl.json("log", "bar")["entries"]) == 73


def test_the_templates_pads_take_position_and_arm(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    assert labctl("check", "bar") == 0
    assert "contact-check gives no sheet resistance" in " ".join(labctl.out.split())
    path = Path("samples/bar.toml")
    bare = re.sub(r"^# (\w+\.(?:position|arm) = )", r"\1", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path.write_text(bare, encoding="utf-8")
    assert labctl("check", "bar") == 0
    assert "contact-check" not in labctl.out
    pads = load_sample("bar").pads
    assert all(pad.position is not None and pad.arm is not None for pad in pads.values())
    assert (len(pads), pads["C"].position, pads["C"].arm) == (6, pytest.approx(15e-6), 3)


def test_a_new_mounting_says_that_the_contact_check_is_old(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", HALL_BAR)
    fill("bar")
    assert labctl("log", "bar", "again", "--kind", "mounting") == 0
    assert "the contact check that is there is older than this mounting" in labctl.out


def test_a_record_that_is_not_complete_has_a_journal_already(labctl: Labctl) -> None:
    labctl.new("bar", "hall-bar", {})
    assert labctl("log", "bar", "dropped it", "--kind", "damage") == 0
    assert [entry.kind for entry in Journal(Path("runs"), "bar").entries()] == ["damage"]


def test_the_simulated_sample_has_a_journal_of_its_own(labctl: Labctl) -> None:
    labctl("log", "cotb2025", "a rehearsal", "--simulated", "--out", "elsewhere")
    assert Journal(Path("elsewhere"), "cotb2025").entries() == []
    assert len(Journal(Path("elsewhere"), "cotb2025", simulated=True).entries()) == 1
    assert labctl.json("show", "cotb2025", "--simulated", "--out", "elsewhere")["journal"]["entries"] == 1


def test_of_simulated_samples_with_several_seeds_the_latest_is_shown(labctl: Labctl) -> None:
    for seed, ohm in ((0, 100.0), (0, 101.0), (3, 200.0)):
        Journal(Path("runs"), "cotb2025", simulated=True, sample_seed=seed).append(
            "health", {"resistance": quantity(ohm, "ohm")}, run=f"2026-03-01/000{seed}-ahe-cotb2025"
        )
    assert labctl("show", "cotb2025", "--simulated") == 0
    assert "200 ohm" in labctl.out
    assert "this is the simulated sample with the seed 3; 2 entries are about other ones" in labctl.out
    shown = labctl.json("log", "cotb2025", "--simulated")["entries"]
    assert [entry["sample_seed"] for entry in shown] == [0, 0, 3]
    assert labctl("log", "cotb2025", "--simulated") == 0
    assert "0003-ahe-cotb2025, sample seed 3" in labctl.out
    labctl("log", "cotb2025", "put in")
    assert "sample_seed" not in labctl.json("log", "cotb2025")["entries"][0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["x", "--kind", "angle"], "--kind angle is measured by a run; what is written by hand is of the kind mount"),
        (["x", "--kind", "rumour"], "--kind rumour is no kind of entry; what is written by hand is of the kind mount"),
        (["--kind", "rumour"], "--kind rumour is no kind of entry; there are mounting, contacts, "),
        ([" "], "the text is empty; write what happened, or leave it out to print the journal"),
    ],
)
def test_what_cannot_be_logged_is_one_sentence(labctl: Labctl, words: list[str], sentence: str) -> None:
    assert labctl("log", "cotb2025", *words) == 2
    assert labctl.sentence.startswith(sentence)
    assert not Path("runs").exists()


def test_values_in_words() -> None:
    entry = Journal(Path("runs"), "x").append(
        "contacts", {"text": "by hand", "passed": False, "angle": None, "pairs": [["A", "B"], ["C"]],
                     "slope": quantity(2.0, "ohm/T"), "linear": {"value": True, "unit": "1"}},
    )  # fmt: skip
    assert journal_words.entry_text(entry) == ("by hand, passed no, angle -, pairs A, B, C, slope 2 ohm/T, linear yes")
