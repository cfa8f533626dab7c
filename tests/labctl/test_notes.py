"""Notes of a run: appended, never lost, never in the way, and found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from instruments.errors import BadValue, UnknownName, WriteFailed
from labctl.catalogue import catalogue, read_entry
from labctl.catalogue_filters import Wanted, select
from labctl.cli.main import run_command
from labctl.export.writing import export
from labctl.notes import FILE, LONGEST, Note, add_note, read_notes, tags_with, with_notes
from labctl.rundir import RunDirectory
from tests.folders import write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "runs", 7, tags=["night"])


def test_notes_are_appended_with_date_and_user_and_nothing_else_is_touched(run: Path) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    add_note(run, "  noisy near zero\nlead A?  ", user="LW", tags=["recheck", " ", "recheck"])
    add_note(run / "data.csv", "was the lead", user="MK", untags=["Night"])
    assert [(note.user, note.text, note.tags) for note in read_notes(run)] == [
        ("LW", "noisy near zero\nlead A?", ["recheck"]), ("MK", "was the lead", []),
    ]  # fmt: skip
    assert all(note.utc.endswith("+00:00") for note in read_notes(run))
    assert len((run / FILE).read_text(encoding="utf-8").splitlines()) == 2
    assert {name: (run / name).read_bytes() for name in before} == before


def test_tags_are_given_and_taken_in_their_order() -> None:
    notes = [Note("", "a", tags=["One", "two"]), Note("", "a", untags=["ONE"]), Note("", "a", tags=["three", "Two"])]
    assert tags_with(["zero", "two"], notes) == ["zero", "two", "three"]


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST + 1), "a\0b", "\ud800"])
def test_what_is_no_note_is_refused_and_leaves_no_file(run: Path, text: str) -> None:
    with pytest.raises(BadValue):
        add_note(run, text, tags=[" "])
    assert not (run / FILE).exists()


def test_what_is_no_run_gets_no_note(tmp_path: Path) -> None:
    with pytest.raises(UnknownName):
        add_note(tmp_path, "here")


def test_a_file_that_cannot_be_written_is_said(run: Path) -> None:
    (run / FILE).mkdir()
    with pytest.raises(WriteFailed, match=FILE):
        add_note(run, "here")


def test_damaged_lines_are_left_out_and_a_torn_one_is_ended_first(run: Path) -> None:
    (run / FILE).write_bytes(b'{"utc": "x", "user": 3, "text": ""}\n\xff\n[]\n{"utc": "2026-11-21T10:00:00+00:')
    add_note(run, "after the power failure", user="LW")
    assert [note.text for note in read_notes(run)] == ["after the power failure"]
    assert read_entry(run).wrong == []


def test_runs_are_found_by_later_notes_and_tags(run: Path) -> None:
    write_run(run.parents[1], 8)
    add_note(run, "Lead A was loose", user="LW", tags=["recheck"], untags=["night"])
    entries = catalogue([run.parents[1]])

    def found(**wanted: object) -> list[int]:
        return [entry.number for entry in select(entries, Wanted(**wanted))[0]]  # type: ignore[arg-type]

    assert found(note="lead a") == [7]
    assert found(note="why") == [7, 8]
    assert found(tags=["recheck"]) == [7]
    assert found(tags=["night"]) == []
    assert entries[0].to_json()["added_notes"][0]["text"] == "Lead A was loose"


def test_exports_have_what_was_noted_later(run: Path, tmp_path: Path) -> None:
    add_note(run, "lead A", user="LW", tags=["recheck"])
    said = with_notes(RunDirectory(run).request(), run)
    assert said["tags"] == ["night", "recheck"]
    assert said["notes"].startswith("why; lead A (LW, ")
    file = export(run, "dat", tmp_path / "run.dat")[0].read_text(encoding="utf-8")
    assert "night; recheck" in file
    assert "lead A (LW" in file


def test_the_command_notes_and_prints(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.parents[2])
    assert run_command(["note", "7"]) == 0
    assert capsys.readouterr().out.splitlines() == ["nothing was noted", "tags: night"]
    assert run_command(["note", "7", "lead A", "--tag", "b3", "--untag", "night", "--user", "LW"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.endswith("LW: lead A +b3 -night")
    assert last == "tags: b3"
    assert run_command(["note", "7", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["tags"], [note["text"] for note in said["notes"]]) == (["b3"], ["lead A"])
    assert run_command(["runs", "--note", "LEAD", "--json"]) == 0
    assert [each["number"] for each in json.loads(capsys.readouterr().out)["runs"]] == [7]
    assert run_command(["note", "8", "nowhere"]) == 2
