"""A few claims from the run to the page, and that a claim changes its verdict and nothing else."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from instruments.errors import LabError, UnknownName, UsageError
from labctl import paths
from labctl.reproduction import reproducing, running
from labctl.reproduction.planned import Evidence, Finished, NotFoundError, Planned
from labctl.reproduction.reproducing import Asked, Reproduced, reproduce
from labctl.reproduction.running import Setting, carry_out
from labctl.reproduction.tilting_field import anisotropy_field
from labctl.reproduction.verdicts import AGREES, DIFFERS, NOT_HERE
from tests.simulated import QUICK

HALL = ("cotb2025-01", "cotb2025-02", "cotb2025-14", "cotb2025-25")
"""Claims that one loop tells, and one that nothing tells."""
MEASURED = ("id", "quantity", "unit", "measured", "uncertainty", "kind")


def quiet(_run: Finished, _over: int, _of: int) -> None:
    pass


def few(out: Path, seed: int = 0, targets: Path | None = None) -> Reproduced:
    return reproduce("cotb2025", Asked(out, seed, targets=targets, only=HALL, processes=1), quiet)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Reproduced:
    return few(tmp_path_factory.mktemp("once"))


class Changed(NamedTuple):
    """What is found with other claims, and which runs it asks for beside those that the claims as they are ask for."""

    found: Reproduced
    asked: list[tuple[Sequence[Planned], Setting]]


@pytest.fixture(scope="module")
def changed(once: Reproduced, tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """Claims one of which is of another size, and one bounds more; of the same runs."""
    folder = tmp_path_factory.mktemp("claims")
    text = paths.target_files()["cotb2025"].read_text(encoding="utf-8")
    for old, new in (("value = 0.075\n", "value = 0.75\n"), ("value = 100\n", "value = 1e9\n")):
        assert text.count(old) >= 1
        text = text.replace(old, new)
    (folder / "cotb2025.toml").write_text(text, encoding="utf-8")
    asked: list[tuple[Sequence[Planned], Setting]] = []

    def note(plan: Sequence[Planned], setting: Setting, *_: object) -> Mapping[str, Finished]:
        asked.append((plan, replace(setting, out=Path())))
        return once.runs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproducing, "carry_out", note)
        few(tmp_path_factory.mktemp("unchanged"))
        found = few(tmp_path_factory.mktemp("changed"), targets=folder)
    return Changed(found, asked)


def rows_of(found: Reproduced) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in found.as_dict()["rows"]}


def test_a_claim_is_measured_by_a_run_and_judged(once: Reproduced) -> None:
    rows = rows_of(once)
    first = rows["cotb2025-01"]
    assert first["verdict"] == AGREES
    assert first["measured"] == pytest.approx(0.075, abs=1e-3)
    assert 0.0 < first["uncertainty"] < 1e-3
    assert (first["kind"], first["parameters"]) == ("calibrated", ["anomalous_hall_resistance"])
    evidence = Evidence("hall", Path(first["run"]))
    assert first["measured"] == evidence.results["anomalous_hall_resistance"].value
    assert Path(first["figure"]).is_file()
    network = rows["cotb2025-14"]
    assert (network["verdict"], network["measured"], network["run"]) == (NOT_HERE, None, None)
    assert "network" in network["why"]
    assert once.as_dict()["counts"] == {
        "input": {AGREES: 0, DIFFERS: 0, NOT_HERE: 0},
        "calibrated": {AGREES: 2, DIFFERS: 0, NOT_HERE: 0},
        "predicted": {AGREES: 1, DIFFERS: 0, NOT_HERE: 1},
    }


def test_a_changed_claim_changes_its_verdict_and_nothing_that_is_measured(once: Reproduced, changed: Changed) -> None:
    before, after = rows_of(once), rows_of(changed.found)
    assert {one: row["verdict"] for one, row in after.items()} == {
        "cotb2025-01": DIFFERS, "cotb2025-02": AGREES, "cotb2025-14": NOT_HERE, "cotb2025-25": DIFFERS,
    }  # fmt: skip
    assert "below 1e+09" in after["cotb2025-25"]["why"]
    for one, row in before.items():
        assert [after[one][key] for key in MEASURED] == [row[key] for key in MEASURED]
        assert after[one]["why"].endswith(row["why"])
    as_they_are, as_changed = changed.asked
    assert as_they_are[0]
    assert as_they_are == as_changed  # and so to the byte what is measured: see the runs in two processes


def test_another_seed_is_another_measurement(once: Reproduced, tmp_path: Path) -> None:
    other = few(tmp_path, seed=1)
    assert rows_of(other)["cotb2025-01"]["measured"] != rows_of(once)["cotb2025-01"]["measured"]
    assert rows_of(other)["cotb2025-01"]["verdict"] == AGREES
    assert other.report.parent.name == "cotb2025-seed1"


class Links(HTMLParser):
    """Where the figures and links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if key in {"href", "src"} and value]


def test_the_page_shows_every_claim_with_figures_and_assumptions(once: Reproduced) -> None:
    page = once.report.read_text(encoding="utf-8")
    links = Links()
    links.feed(page)
    assert len(links.found) > len(HALL)
    assert all((once.report.parent / link).exists() for link in links.found)
    assert all(one in page for one in HALL)
    assert "0.075 ± 0.008 Ω" in page
    assert re.search(r"model\.exchange_field</td><td>110<", page)
    assert "model.anomalous_hall_resistance</td>" not in page  # stated, not assumed
    assert "SIMULATED" in page


def test_the_rows_are_kept_for_programs(once: Reproduced) -> None:
    kept = json.loads((once.report.parent / "rows.json").read_text(encoding="utf-8"))
    assert kept == once.as_dict()


def test_the_paths_stand_when_the_folder_is_moved(once: Reproduced, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(once.report.parent, moved)
    links = Links()
    links.feed((moved / "report.html").read_text(encoding="utf-8"))
    assert all((moved / link).exists() for link in links.found)


def test_only_papers_can_be_reproduced(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="there is no paper 'cogd202' to reproduce; did you mean 'cogd2022'"):
        reproduce("cogd202", Asked(tmp_path), quiet)


def test_a_folder_that_cannot_be_made_is_a_question_of_what_was_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="name another folder with --out"):
        few(tmp_path / "file")


def test_one_that_is_ended_leaves_no_page_that_could_pass_for_its_own(
    once: Reproduced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / once.report.parent.name
    shutil.copytree(once.report.parent, folder)
    page = (folder / "report.html").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(reproducing, "carry_out", interrupt)
        with pytest.raises(KeyboardInterrupt):
            few(tmp_path)
    assert not (folder / "report.html").exists()
    assert not (folder / "rows.json").exists()
    assert (folder / "earlier-report.html").read_bytes() == page
    monkeypatch.setattr(reproducing, "carry_out", lambda *_: once.runs)
    few(tmp_path)
    assert (folder / "report.html").exists()
    assert not list(folder.glob("earlier-*"))


# ---- runs that need others, and runs that fail


def plan_of(*runs: Planned) -> list[Planned]:
    return list(runs)


def test_a_run_learns_from_one_before_and_fails_alone(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    found = carry_out(
        plan_of(
            Planned("first", "align", "cogd2022"),
            Planned("wrong", "ahe", "cogd2022", {"probe_current": "1 A"}),
            Planned("then", "ahe", "cogd2022", {"maximum_field": "0.2 T", "probe_nplc": "4 PLC"}, ("first",),
                    lambda runs: {"survey_rate": f"{100 + runs['first'].number('in_plane_angle')[0]:.0f} Oe/s"}),
            Planned("never", "ahe", "cogd2022", {}, ("wrong",), lambda _: {}),
            Planned("blind", "ahe", "cogd2022", {}, ("first",), lambda runs: {"x": str(runs["first"].number("tmr"))}),
        ),
        Setting("cogd2022", tmp_path, 3, 0),
        lambda run, over, of: told.append((run.name, over, of)),
    )  # fmt: skip
    assert {name: run.status for name, run in found.items()} == {
        "first": "finished", "wrong": "refused", "then": "finished", "never": "not begun", "blind": "not begun",
    }  # fmt: skip
    assert found["wrong"].exit_code == 4
    assert "which did not finish" in str(found["never"].error)
    assert "first gives no tmr: there is no such result" in str(found["blind"].error)
    assert found["then"].path is not None
    assert Evidence("then", found["then"].path).setting("survey_rate") == pytest.approx(0.019)
    assert sorted(name for name, _, _ in told) == sorted(found)
    assert [over for _, over, _ in told] == [1, 2, 3, 4, 5]


def test_what_two_processes_find_is_what_one_finds(tmp_path: Path) -> None:
    plan = [Planned(f"ahe-{sample}", "ahe", sample, QUICK) for sample in ("cogd2022", "cotb2025")]
    one, two = (carry_out(plan, Setting("p", tmp_path / str(count), 5, 0), quiet, count) for count in (1, 2))
    for name, run in one.items():
        other = two[name].path
        assert run.path is not None
        assert other is not None
        for file in ("data.csv", "result.json"):
            assert (run.path / file).read_bytes() == (other / file).read_bytes()


def test_claims_of_a_run_that_failed_cannot_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(plan: list[Planned], *_: Any) -> dict[str, Finished]:
        return {planned.name: Finished(planned.name, None, "fault", "no answer", 5) for planned in plan}

    monkeypatch.setattr(reproducing, "carry_out", fail)
    found = few(tmp_path)
    assert {row.verdict for row in found.rows} == {NOT_HERE}
    assert found.rows[0].why == "the run hall is fault: no answer"
    assert [run.exit_code for run in found.unfinished] == [5]


def test_a_claim_that_a_run_gives_no_number_for_differs(once: Reproduced, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(_self: Evidence, name: str) -> tuple[float, float]:
        raise NotFoundError(f"hall gives no {name}")

    monkeypatch.setattr(Evidence, "number", blind)
    reading = reproducing.reading_of(reproducing.REPRODUCTIONS["cotb2025"], once.runs)
    row = reading.row(once.paper.target[0])
    assert (row.verdict, row.measured, row.why) == (DIFFERS, None, "hall gives no anomalous_hall_resistance")


def test_a_process_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_begin", _die)
    with pytest.raises(LabError, match="a process that measured has died"):
        carry_out([Planned("first", "align", "cogd2022")], Setting("p", tmp_path, 0, 0), quiet, 1)


def _die() -> None:
    import os

    os._exit(3)


# ---- the anisotropy field


def test_the_lean_of_both_states_tells_the_anisotropy_field(tmp_path: Path) -> None:
    from labctl import api

    parameters = {"in_plane_field": "80 mT", "order": "+", "loops": "1", "pulse_max": "30 mA", "pulse_width": "10 ms",
                  "pulse_step": "5 mA", "reads": "20"}  # fmt: skip
    for sample in ("cogd2022", "cogd2022-alox1"):
        run = api.run(
            "sot-switching", sample=paths.sample_files()[sample], simulate=True, seed=4, parameters=parameters,
            out=tmp_path,
        )  # fmt: skip
        assert run.path is not None
        evidence = Evidence("loops", run.path)
        true = evidence.asked["sample"]["model"]["anisotropy_field"]["value"]
        found = anisotropy_field(evidence)
        magnet = true * 0.002 / 0.08  # what it holds beside the field that it reads back, at most
        assert abs(found.value - true) < 4.0 * found.uncertainty + magnet
        assert found.uncertainty < 0.02 * true
