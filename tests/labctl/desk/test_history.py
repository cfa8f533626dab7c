"""What the desk tells of runs: all of them once, then only what has changed; and what it does with one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import BadValue, DataDamaged, Refused
from labctl.analysis.result import Result, missing
from labctl.asked import Asked
from labctl.catalogue import Entry
from labctl.desk import history, notes, run_details
from labctl.preparing import Place, prepare
from tests.folders import write_run


class Heard:
    """Hears what is told; drops the question after so many pieces."""

    def __init__(self, most: int = 99) -> None:
        self.pieces: list[list[dict[str, Any]]] = []
        self._most = most

    @property
    def dropped(self) -> bool:
        return len(self.pieces) >= self._most

    def tell(self, content: Mapping[str, Any]) -> None:
        self.pieces.append(json.loads(json.dumps(content))["rows"])

    @property
    def numbers(self) -> list[int]:
        return [row["number"] for piece in self.pieces for row in piece]


def asked(root: Path, before: Mapping[str, Any] | None = None) -> tuple[Heard, dict[str, Any]]:
    heard = Heard()
    last = {} if before is None else {"shelf": before["shelf"], "since": before["since"]}
    return heard, history.runs(str(root), **last, telling=heard)


def write_series(root: Path, number: int) -> Path:
    folder = write_run(root, number, temperature=300.0)
    said = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for index, kelvin in enumerate((300.0, 290.0), 1):
        child = write_run(root / "made", index, temperature=kelvin)
        shutil.move(child, folder / f"{index:04d}-temperature={kelvin:g}K")
    said |= {"kind": "series", "over": [{"name": "temperature", "unit": "K", "values": [300.0, 290.0],
                                         "texts": ["300.0 K", "290.0 K"]}]}  # fmt: skip
    said["children"] = [
        {"run": f"{index:04d}-temperature={kelvin:g}K",
         "parameters": {"temperature": {"value": kelvin, "text": f"{kelvin} K"}}}
        for index, kelvin in enumerate((300.0, 290.0), 1)
    ]  # fmt: skip
    (folder / "run.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "data.csv").unlink()
    return folder


def test_all_runs_are_told_in_pieces_and_then_only_what_has_changed(tmp_path: Path) -> None:
    for number in range(1, 46):
        write_run(tmp_path, number, temperature=290.0)
    heard, said = asked(tmp_path)
    assert [len(piece) for piece in heard.pieces] == [20, 20, 5]
    assert heard.numbers == list(range(45, 0, -1))
    assert (said["whole"], said["count"], said["gone"]) == (True, 45, [])
    row = heard.pieces[0][0]
    assert (row["keys"], row["status"], row["results"]["tmr"]) == ("290 K, loops 2", "finished", [0.25, "0.25", "1"])

    heard, said = asked(tmp_path, said)
    assert (heard.pieces, said["whole"]) == ([], False)

    write_run(tmp_path, 46)
    notes.note(str(tmp_path / "2026-11-21" / "0003-ahe-S042"), text="loose lead", user="LW", tags=["b3"])
    shutil.rmtree(tmp_path / "2026-11-21" / "0001-ahe-S042")
    heard, said = asked(tmp_path, said)
    assert heard.numbers == [46, 3]
    assert heard.pieces[0][1]["tags"] == ["b3"]
    assert heard.pieces[0][1]["notes"] == "why\nloose lead"
    assert said["gone"] == [str(tmp_path / "2026-11-21" / "0001-ahe-S042")]
    assert asked(tmp_path, said)[1]["gone"] == []
    assert asked(tmp_path, {"shelf": "of another desk", "since": 9})[1]["whole"]


def test_a_folder_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    heard, said = asked(tmp_path / "nowhere")
    assert (heard.pieces, said["count"]) == ([], 0)


def test_a_question_that_was_taken_back_is_not_told_to_its_end(tmp_path: Path) -> None:
    for number in range(1, 61):
        write_run(tmp_path, number)
    heard = Heard(most=1)
    history.runs(str(tmp_path), telling=heard)
    assert len(heard.numbers) == 20


def test_a_series_has_its_runs_and_changes_with_them(tmp_path: Path) -> None:
    folder = write_series(tmp_path, 4)
    heard, said = asked(tmp_path)
    row = next(row for piece in heard.pieces for row in piece if row["number"] == 4)
    assert row["keys"] == "temperature 300 K to 290 K"
    assert [(run["varied"], run["keys"]) for run in row["runs"]] == [
        ({"temperature": "300 K"}, "300 K, loops 2"), ({"temperature": "290 K"}, "290 K, loops 2"),
    ]  # fmt: skip
    notes.note(str(folder / "0002-temperature=290K"), text="here")
    heard, said = asked(tmp_path, said)
    assert heard.numbers == [4]
    fits = history.runs_fitting(str(tmp_path), parameters=["temperature<295K"])
    assert {Path(run).name for run in fits["runs"]} == {folder.name, "0002-temperature=290K"}


def test_conditions_find_runs_and_say_what_is_wrong_with_them(tmp_path: Path) -> None:
    write_run(tmp_path, 1, results={"coercive_field_up": (0.04, "T")})
    write_run(tmp_path, 2, results={"coercive_field_up": (0.06, "T")})
    found = history.runs_fitting(str(tmp_path), results=["coercive_field_up>500 Oe"])
    assert [Path(run).name for run in found["runs"]] == ["0002-ahe-S042"]
    short = {"coercive_field_up": "Hc up", "coercive_field_down": "Hc down"}
    for text in ("Hc up > 500 Oe", "hc > 500 Oe"):
        assert history.runs_fitting(str(tmp_path), results=[text], short=short) == found
    none = history.runs_fitting(str(tmp_path), results=["Hx > 500 Oe"], short=short)
    assert none["runs"] == []
    assert "Hc up" in none["warnings"][-1]
    assert "did you mean" in history.runs_fitting(str(tmp_path), results=["coercive_field_upp"])["warnings"][0]
    with pytest.raises(BadValue):
        history.runs_fitting(str(tmp_path), results=["coercive_field_up>5"])


def test_all_about_a_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path, 1, temperature=290.0, results={"tmr": (0.25, "1"), "closure": (1e-6, "ohm")})
    with (folder / "events.jsonl").open("a", encoding="utf-8") as events:
        events.write('{"event": "warning", "text": "the lead is loose"}\n{"event": "warning", "text": "the lead is ')
    said = json.loads(json.dumps(run_details.run(str(folder))))
    assert [each["name"] for each in said["results"]] == ["tmr", "closure"]
    assert said["warnings"] == ["the lead is loose"]
    assert ["temperature", "290 K", True] in said["asked"]
    assert ["sweep", "continuous", False] in said["asked"]
    assert said["figure"] is None
    (folder / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataDamaged):
        run_details.run(str(folder))


def test_what_was_asked_can_be_asked_again(tmp_path: Path) -> None:
    said = run_details.asked_of(str(write_series(tmp_path, 4)))
    again = Asked.model_validate(said["asked"])
    assert (again.procedure, again.sample, again.over) == ("ahe", "S042", ["temperature=300.0 K, 290.0 K"])
    assert (again.parameters, again.out, again.seed) == ({"loops": "2"}, str(tmp_path), None)
    made = prepare(again.model_copy(update={"sample": "cotb2025"}), Place("ppms", simulate=True))
    assert [request.procedure.values()["temperature"] for request in made.requests()] == [300.0, 290.0]


def test_a_run_is_exported_and_no_file_replaced(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "runs", 1)
    said = run_details.export_run(str(folder), form="zip", out=str(tmp_path / "out"))
    assert said["file"] == str(tmp_path / "out" / "0001-ahe-S042.zip")
    with pytest.raises(Refused, match="is there already"):
        run_details.export_run(str(folder), form="zip", out=said["file"])


def test_a_run_is_analysed_again_unless_it_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = {"maximum_field": "0.15 T", "survey_rate": "180 Oe/s", "probe_nplc": "4 PLC"}
    wanted = Asked(procedure="ahe", parameters=short, sample="cotb2025", seed=3, out=str(tmp_path / "runs"))
    run = prepare(wanted, Place("ppms", simulate=True)).carry_out().run
    assert run is not None
    before = json.loads((run / "result.json").read_text(encoding="utf-8"))
    (run / "result.json").unlink()
    assert run_details.analyse_run(str(run)) == {"warnings": [], "error": None}
    assert json.loads((run / "result.json").read_text(encoding="utf-8")) == before
    monkeypatch.setattr(run_details, "read_entry", lambda path: Entry(path, status="running"))
    with pytest.raises(Refused, match="is on"):
        run_details.analyse_run(str(run))


def test_of_a_run_with_nothing_but_defaults_nothing_is_asked_again(tmp_path: Path) -> None:
    folder = write_run(tmp_path, 5)
    said = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    said["parameters"] = {"sweep": said["parameters"]["sweep"], "temperature": said["parameters"]["temperature"]}
    (folder / "run.json").write_text(json.dumps(said), encoding="utf-8")
    assert run_details.asked_of(str(folder))["asked"]["parameters"] == {}
    assert [own for _, _, own in run_details.run(str(folder))["asked"]] == [False, False]


def test_results_are_written_with_the_signs_of_the_window(tmp_path: Path) -> None:
    folder = write_run(tmp_path, 6, results={"anomalous_hall_resistance": (0.075, "ohm")})
    assert "mΩ" in run_details.run(str(folder))["results"][0]["text"]
    assert "mΩ" in history.row_of(run_details.read_entry(folder))["results"]["anomalous_hall_resistance"][1]


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ({}, []),
        ({"contacts_passed": Result(True, None, "1", "this check")}, ["contacts passed", True]),
        (
            {"contacts_passed": Result(False, None, "1", "this check", note="I+: 5 kohm; A: open")},
            ["CONTACTS DID NOT PASS (I+: 5 kΩ; A: open)", False],
        ),
        ({"contacts_passed": missing("1", "it was cut", "this check")}, []),
    ],
)
def test_a_contact_check_has_a_verdict(results: dict[str, Result], said: list[Any]) -> None:
    assert history.verdict(results) == said
