"""`labctl reproduce`: words, one JSON object, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labctl.cli.main import run_command
from labctl.reproduction import reproducing
from labctl.reproduction.planned import Finished, Planned
from labctl.reproduction.running import Setting, Told

KEYS = {
    "id", "quantity", "published", "tolerance", "measured", "uncertainty", "run", "kind", "verdict", "why",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these commands say is looked at here; what runs find, elsewhere."""

    def refuse(plan: list[Planned], setting: Setting, told: Told, processes: int) -> dict[str, Finished]:
        found = {planned.name: Finished(planned.name, None, "refused", "too much", 4) for planned in plan}
        for place, run in enumerate(found.values(), 1):
            told(run, place, len(found))
        return found

    monkeypatch.setattr(reproducing, "carry_out", refuse)


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out, _ = capsys.readouterr()
    assert out.count("\n") == 1
    return json.loads(out)


def test_one_object_with_a_row_for_every_claim(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["reproduce", "cotb2025", "--seed", "3", "--out", str(tmp_path), "--json"]) == 4
    found = printed(capsys)
    assert (found["paper"], found["seed"], len(found["rows"])) == ("cotb2025", 3, 27)
    assert all(set(row) >= KEYS for row in found["rows"])
    assert {row["verdict"] for row in found["rows"]} == {"not measurable here"}
    assert all(row["why"] for row in found["rows"])
    assert sum(n for kind in found["counts"].values() for n in kind.values()) == 27
    assert Path(found["report"]).is_file()


def test_all_papers_are_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["reproduce", "--out", str(tmp_path), "--json"]) == 4
    found = printed(capsys)
    assert found["paper"] is None
    assert len(found["rows"]) == 103
    assert [each["paper"] for each in found["papers"]] == ["cogd2022", "cotb2025", "fimtj2026"]


def test_people_get_a_table_reasons_counts_and_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")  # what people make wide enough
    assert run_command(["reproduce", "cotb2025", "--out", str(tmp_path)]) == 4
    out, error = capsys.readouterr()
    assert "cotb2025: run 1 of 6, align" in out
    assert "claim" in out
    assert "01     anomalous Hall resistance" in out
    assert "0.075 ± 0.008 ohm" in out
    assert "cotb2025-14, cotb2025-15" in out  # one reason, told once
    assert "predicted: nothing was chosen for it" in out
    assert str(tmp_path / "cotb2025-seed0" / "report.html") in out
    assert "warning: the run sot is refused: too much" in error


@pytest.mark.parametrize("json_too", [True, False])
def test_a_paper_that_is_not_there_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], json_too: bool
) -> None:
    words = ["reproduce", "cotb205", "--out", str(tmp_path), *(["--json"] if json_too else [])]
    assert run_command(words) == 2
    out, error = capsys.readouterr()
    assert error.strip() == (
        "error: there is no paper 'cotb205' to reproduce; did you mean 'cotb2025'? there are cogd2022, "
        "cotb2025, fimtj2026"
    )
    assert (json.loads(out)["error"] in error) if json_too else out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run_command(["reproduce", "cotb2025", "--out", str(tmp_path / "file")]) == 2
    assert "name another folder with --out" in capsys.readouterr().err
