from __future__ import annotations

import pytest

from labctl.analysis.combine import combine
from labctl.analysis.loops import anomalous_hall
from labctl.analysis.result import FIXED_UNITS, Result, Results, missing
from labctl.cli.findings import HEADER, rows_and_remarks
from labctl.cli.output import SHOWN_OF_POINTS, nothing_found, points_table, results_table
from tests.labctl.analysis.synthetic import Film


def printed(results: Results, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", "80")
    results_table(results.as_dict())
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    "film",
    [Film(), Film(amplitude=0.0), Film(order="dududu", shift=0.002), Film(order="d"), Film(maximum=0.1)],
    ids=str,
)
def test_the_table_fits_80_columns(
    film: Film, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = printed(anomalous_hall(film.table(), remanence=2e-3), capsys, monkeypatch)
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == list(HEADER)


def test_a_reason_is_printed_once_and_dashes_stand_in_the_rows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = anomalous_hall(Film(amplitude=0.0).table(), remanence=2e-3)
    lines = printed(results, capsys, monkeypatch)
    assert " ".join(lines).count("no switch within the field") == 1
    (row,) = (line for line in lines if line.startswith("coercive field up") and "ensemble" not in line)
    assert row.split() == ["coercive", "field", "up", "-", "this", "loop", "[1]"]
    assert any(line.startswith("[1] not saturated") for line in lines)


def test_remarks_are_kept_whole_and_scatter_stands_in_one_of_them() -> None:
    results = combine([anomalous_hall(Film(shift=shift).table()) for shift in (0.0, 0.003)])
    _, remarks = rows_and_remarks(results, 400)
    assert sum("loop-to-loop sd" in remark for remark in remarks) == 1
    assert any("coercive field up 2.1 mT" in remark and "loop shift" in remark for remark in remarks)
    assert any("positive = R_xy rises with H" in remark for remark in remarks)


def test_only_the_last_column_is_wrapped() -> None:
    rows, _ = rows_and_remarks(anomalous_hall(Film(order="dududu", shift=0.002).table()), 70)
    assert any(name == value == "" and of for name, value, of in rows)
    assert all(value for name, value, _ in rows if name)


def points(*names: str) -> list[dict[str, dict[str, object]]]:
    row = Results({name: Result(1.0, 0.1, FIXED_UNITS.get(name, "s"), "this point") for name in names})
    return [row.as_dict(), row.as_dict()]


def test_the_table_of_an_experiment_of_one_s_own_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    first = Results({"set_field": Result(-0.05, None, "T", "x"), "time_constant": Result(59.0, 8.0, "s", "x")})
    second = Results({"set_field": Result(-0.06, None, "T", "x"), "time_constant": missing("s", "no fit", "x")})
    points_table([first.as_dict(), second.as_dict()])
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        [],
        ["set", "field", "time", "constant"],
        ["-50", "mT", "59", "±", "8", "s"],
        ["-60", "mT", "-"],
    ]


def test_of_a_large_table_the_rest_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    points_table(points("a", "b", "c", "temperature", "d", "e", "f"))
    _, header, *_, last = capsys.readouterr().out.splitlines()
    assert header.split() == ["temperature", "a", "b", "c", "d"]
    assert last == "result.json has of each point also e, f"


def test_of_the_table_of_a_shipped_experiment_the_chosen_ones_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    points_table(points("polarity", *SHOWN_OF_POINTS, "loop_shift"))
    _, header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == " ".join(SHOWN_OF_POINTS).replace("_", " ").split()
    assert first == second


def test_no_table_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    points_table([])
    assert capsys.readouterr().out == ""


def test_a_run_without_any_of_its_main_results_says_why_in_a_line_of_its_own() -> None:
    open_lead = Results({"one": missing("T", "a lead may be open"), "two": missing("ohm", "a lead may be open"),
                         "three": Result(1.0, None, "T", "magnet", why="set")})  # fmt: skip
    assert nothing_found(["one", "two"], open_lead.as_dict()) == "not found: one, two (a lead may be open)"
    both = Results({"one": missing("T", "no field"), "two": missing("ohm", "a lead may be open")})
    assert nothing_found(["one", "two"], both.as_dict()) == "not found: one (no field); two (a lead may be open)"
    assert nothing_found(["one", "three"], open_lead.as_dict()) == ""
    assert nothing_found(["four"], open_lead.as_dict()) == nothing_found([], open_lead.as_dict()) == ""
