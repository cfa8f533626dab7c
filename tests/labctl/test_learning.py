"""What runs learn comes into the journal when it is true, with the run's folder; not from a lab in the process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import Aborted, UsageError
from labctl import learning
from labctl.analysis.result import Result, Results
from labctl.journal import Journal, quantity
from labctl.learning import journal_of, relative
from labctl.parameters import Count
from labctl.procedure import Procedure
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.series import carry_out_series
from labctl.series_axes import parse_over
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from tests.served import in_a_thread
from tests.simulated import QUICK


class Pulser(Procedure):
    """Three pulses that are only said to be, and what they told."""

    DATA_COLUMNS = ("Number",)
    cut_at = 0
    pulses = Count(3, "How many", minimum=1, maximum=9)

    def execute(self) -> None:
        self.journal("note", text="set up")
        for number in self.track("pulse", range(1, self.pulses + 1), restart=True):
            self.journal("pulses", at_once=True, count=1, energy=quantity(1e-3, "J"))
            self.journal("resistance", number=number, resistance=quantity(100.0 + number, "ohm", 0.5))
            self.record(Number=number)
            if number == type(self).cut_at:
                raise Aborted("cut")

    def analyse(self, data: Any) -> Results:
        return Results({"count": Result(float(len(data)), None, "1", "this run")})

    def learned(self, data: Any, results: Results) -> Iterator[tuple[str, Mapping[str, Any]]]:
        yield "summary", {"count": results["count"], "rows": len(data)}


@pytest.fixture(autouse=True)
def _never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pulser, "cut_at", 0)


def request(out: Path, procedure: Procedure | None = None, **changes: Any) -> Request:
    asked = Request(
        "pulser", procedure or Pulser(), load_station("ppms"), load_sample("cotb2025"), simulate=True, seed=1, out=out,
        user="LW",
    )  # fmt: skip
    return replace(asked, **changes)


def journalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs in a lab of this process write as if it were hardware."""
    monkeypatch.setattr(learning, "journal_of", lambda asked: Journal(asked.out, asked.sample.name))


def folder(outcome: Outcome, out: Path) -> str:
    assert outcome.run is not None
    return outcome.run.relative_to(out).as_posix()


def journal_events(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.run is not None
    lines = (outcome.run / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == "journal"]


def test_whose_journal_it_is(tmp_path: Path) -> None:
    asked = request(tmp_path)
    assert journal_of(asked) is None
    real = journal_of(replace(asked, simulate=False))
    assert real is not None
    assert real.path == tmp_path / "samples" / "cotb2025.jsonl"
    for lab in (replace(asked, lab=tmp_path / "lab.json"), replace(asked, lab=tmp_path / "lab.json", simulate=False)):
        simulated = journal_of(lab)
        assert simulated is not None
        assert simulated.path == tmp_path / "samples" / "cotb2025-sim.jsonl"


def test_a_lab_in_the_runs_process_has_no_journal_and_the_events_have_it(tmp_path: Path) -> None:
    outcome = carry_out(request(tmp_path))
    assert (outcome.status, outcome.warnings) == ("finished", [])
    assert not (tmp_path / "samples").exists()
    kinds = [event["kind"] for event in journal_events(outcome)]
    assert kinds == ["note", *["pulses", "resistance"] * 3]


def test_a_finished_run_writes_all_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalled(monkeypatch)
    outcome = carry_out(request(tmp_path))
    entries = Journal(tmp_path, "cotb2025").entries()
    # What is true at once comes first; what waits for the end keeps its order; the analysis comes last.
    assert [entry.kind for entry in entries] == ["pulses"] * 3 + ["note"] + ["resistance"] * 3 + ["summary"]
    assert {entry.run for entry in entries} == {folder(outcome, tmp_path)}
    assert {(entry.user, entry.simulated) for entry in entries} == {("LW", False)}
    assert entries[4].values == {"number": 1, "resistance": quantity(101.0, "ohm", 0.5)}
    assert entries[-1].values == {"count": quantity(3.0, "1"), "rows": 3}


def test_a_run_that_is_cut_leaves_only_what_is_true_however_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journalled(monkeypatch)
    monkeypatch.setattr(Pulser, "cut_at", 2)
    outcome = carry_out(request(tmp_path))
    assert outcome.status == "aborted"
    journal = Journal(tmp_path, "cotb2025")
    assert [entry.kind for entry in journal.entries()] == ["pulses"] * 2
    assert journal.odometer().count == 2


def test_a_run_that_is_carried_on_writes_what_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalled(monkeypatch)
    monkeypatch.setattr(Pulser, "cut_at", 2)
    cut = carry_out(request(tmp_path))
    monkeypatch.setattr(Pulser, "cut_at", 0)
    outcome = carry_out(request(tmp_path, resume=cut.run))
    assert (outcome.status, outcome.run) == ("finished", cut.run)
    journal = Journal(tmp_path, "cotb2025")
    resistances = [entry.values["number"] for entry in journal.entries("resistance")]
    assert resistances == [1, 2, 3]  # the first of the first attempt; the second was cut, and measured again
    assert len(journal.entries("note")) == 1
    assert journal.odometer().count == 4  # and four pulses really went out
    assert len(journal.entries("summary")) == 1


def test_an_entry_that_cannot_be_kept_fails_the_run_in_a_sentence(tmp_path: Path) -> None:
    class Careless(Pulser):
        """No unit."""

        def execute(self) -> None:
            self.journal("angle", angle=0.01)

    outcome = carry_out(request(tmp_path, Careless()))
    assert outcome.exit_code == 2
    assert outcome.error is not None
    assert outcome.error.startswith("angle of a 'angle' entry is 0.01; a journal keeps")


def test_what_learned_gets_wrong_is_a_warning(tmp_path: Path) -> None:
    class Careless(Pulser):
        """Divides by zero."""

        def learned(self, data: Any, results: Results) -> Iterator[tuple[str, Mapping[str, Any]]]:
            yield "summary", {"rows": 1 // 0}

    outcome = carry_out(request(tmp_path, Careless()))
    assert (outcome.status, outcome.exit_code) == ("finished", 0)
    (warning,) = outcome.warnings
    assert warning.startswith("the journal of sample 'cotb2025' lacks what this run found: learned() failed: ")


def test_a_full_disk_fails_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalled(monkeypatch)
    (tmp_path / "samples").write_text("in the way")
    outcome = carry_out(request(tmp_path))
    assert outcome.exit_code == 1
    assert outcome.error is not None
    assert outcome.error.startswith("cannot write to")


def test_a_record_whose_journal_would_be_anothers_is_refused(tmp_path: Path) -> None:
    sample = load_sample("cotb2025").model_copy(update={"name": "x-sim"})
    outcome = carry_out(request(tmp_path, sample=sample, simulate=False))
    assert outcome.exit_code == 2
    assert outcome.run is None


def test_a_series_writes_of_each_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journalled(monkeypatch)
    axes = parse_over(["pulses=1, 2"], "pulser", Pulser, {})
    outcome = carry_out_series(request(tmp_path), axes, Pulser)
    assert outcome.status == "finished"
    runs = [f"{folder(outcome, tmp_path)}/{name}" for name in ("0001-pulses=1", "0002-pulses=2")]
    journal = Journal(tmp_path, "cotb2025")
    assert [entry.run for entry in journal.entries("summary")] == runs
    assert [entry.run for entry in journal.entries("resistance")] == [runs[0], runs[1], runs[1]]


def test_a_folder_elsewhere_is_named_whole(tmp_path: Path) -> None:
    assert relative(tmp_path / "runs" / "day" / "0001-x", tmp_path / "runs") == "day/0001-x"
    assert relative(tmp_path / "other", tmp_path / "runs") == (tmp_path / "other").as_posix()


def test_a_loop_leaves_its_coercive_fields_in_the_simulated_samples_journal(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        asked = request(tmp_path, AnomalousHallLoop(**QUICK), name="ahe", simulate=False, lab=served.file, seed=None)
        outcome = carry_out(asked)
    assert (outcome.status, outcome.warnings) == ("finished", [])
    assert not Journal(tmp_path, "cotb2025").path.exists()
    before, after, entry = Journal(tmp_path, "cotb2025", simulated=True).entries()
    assert [before.kind, after.kind] == ["health", "health"]
    assert (entry.kind, entry.run, entry.simulated) == ("coercive_field", folder(outcome, tmp_path), True)
    for name in ("coercive_field_up", "coercive_field_down", "field_rate"):
        result = outcome.results[name]
        assert entry.values[name] == quantity(result["value"], result["unit"], result["uncertainty"])
    assert entry.number("temperature") == pytest.approx(300.0, abs=0.5)
    assert entry.values["temperature"]["unit"] == "K"
    assert entry.values["temperature"]["uncertainty"] is not None
    assert entry.number("largest_field") == 0.2


def test_a_loop_without_coercive_fields_leaves_nothing() -> None:
    import pandas as pd

    procedure = AnomalousHallLoop()
    lacking = Result(None, None, "T", "this loop", "not saturated")
    results = Results({"coercive_field_up": lacking, "coercive_field_down": lacking})
    assert list(procedure.learned(pd.DataFrame({"Temperature (K)": [300.0]}), results)) == []


def test_the_name_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give its record a name that does not end in -sim"):
        Journal(tmp_path, "b-sim")


def test_on_hardware_no_current_flows_before_a_contact_check_of_this_mounting(tmp_path: Path) -> None:
    asked = request(tmp_path, AnomalousHallLoop(**QUICK), name="ahe", simulate=False, seed=None)
    journal = Journal(tmp_path, "cotb2025")

    def refusal(overrides: Mapping[str, float] | None = None) -> str:
        outcome = carry_out(replace(asked, overrides=overrides or {}))
        assert outcome.exit_code in {4, 5}  # 5: nothing answers here
        return outcome.error or "" if outcome.exit_code == 4 else ""

    assert "no contact check since it was mounted" in refusal()
    journal.append("contacts", {"passed": True})
    assert refusal() == ""
    journal.append("mounting", {"text": "puck 3"})
    assert "no contact check since it was mounted" in refusal()
    journal.append("contacts", {"passed": False, "good_for": {"ahe": "lead A is open"}})
    assert "its last contact check says: lead A is open; run contact-check" in refusal()
    journal.append("contacts", {"passed": False, "good_for": {"ahe": "pass"}})  # what is bad is not used here
    assert refusal() == ""
    journal.append("contacts", {"passed": False})
    assert refusal({"unchecked.contacts": 1.0}) == ""


def test_a_lab_with_another_sample_seed_has_another_device(tmp_path: Path) -> None:
    def measure(**options: Any) -> Outcome:
        asked = request(tmp_path, AnomalousHallLoop(**QUICK), name="ahe", simulate=False, seed=None)
        return carry_out(replace(asked, **options))

    said: list[list[str]] = []
    for seed in (0, 0, 3, 3):
        with in_a_thread(tmp_path / "lab.json", sample_seed=seed) as served:
            outcome = measure(lab=served.file)
        assert outcome.status == "finished"
        assert outcome.run is not None
        warned = [event["text"] for event in RunDirectory(outcome.run).events() if event.get("event") == "warning"]
        said.append([text for text in outcome.warnings if "another device" in text])
        assert said[-1] == [text for text in warned if "another device" in text]
        assert (outcome.results["health_drift_before"]["value"] is None) == (len(said) in {1, 3})
    assert [len(sentences) for sentences in said] == [0, 0, 1, 0]
    assert said[2][0].startswith(
        "cotb2025-sim.jsonl was last written for the simulated sample with the seed 0, and the lab has the one with 3, "
    )
    entries = Journal(tmp_path, "cotb2025", simulated=True).entries()
    assert {entry.sample_seed for entry in entries} == {0, 3}
    kept = Journal(tmp_path, "cotb2025", simulated=True).path.read_bytes()
    here = measure(simulate=True, sample_seed=5)  # in the run's own process the sample is a fresh one in any case
    assert (here.status, [text for text in here.warnings if "device" in text]) == ("finished", [])
    assert Journal(tmp_path, "cotb2025", simulated=True).path.read_bytes() == kept
