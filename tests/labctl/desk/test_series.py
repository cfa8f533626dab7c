"""What the desk says of a series that somebody puts together."""

from __future__ import annotations

import json

import pytest

from instruments.errors import LabError
from labctl.desk.answers import answer_of
from labctl.desk.series import series


def test_it_is_a_question_of_the_desk() -> None:
    assert answer_of("series") is series


def test_runs_are_told_from_the_first_to_the_last() -> None:
    said = series("ahe", ["temperature=300:200:-10 K", "maximum_field=0.1, 0.2"])
    assert (said["runs"], said["factors"], said["error"]) == (22, [11, 2], "")
    assert said["first"][1] == {"number": 2, "text": "300 K, 200 mT"}
    assert said["last"][-1] == {"number": 22, "text": "200 K, 200 mT"}
    assert said["rows"][0] == {"count": 11, "values": "300 K, 290 K, 280 K, …, 200 K", "taken": "", "error": ""}
    assert said["rows"][1]["taken"] == "0.1, 0.2 T"
    assert json.loads(json.dumps(said)) == said


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_no_run_is_told_twice(count: int) -> None:
    said = series("ahe", [f"temperature={', '.join(str(300 - k) for k in range(count))} K"])
    numbers = [run["number"] for run in (*said["first"], *said["last"])]
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1]) == (1, count)


def test_what_is_wrong_is_told_row_by_row() -> None:
    said = series("ahe", ["temperature=300 T", "loops=1, 2", "nothing=1", "maximum_field=", "=1"])
    assert [bool(row["error"]) for row in said["rows"]] == [True, False, True, True, True]
    assert said["rows"][3]["error"] == "maximum_field has no values; write e.g. 1, 2, 5 T or 0:10:2 T"
    assert (said["runs"], said["first"]) == (0, [])


def test_what_is_wrong_with_the_whole_is_a_sentence() -> None:
    assert "given twice" in series("ahe", ["loops=1", "loops=2"])["error"]
    assert "a value and a series" in series("ahe", ["loops=1"], {"loops": "2"})["error"]
    assert "more than 1000" in series("ahe", ["temperature=2:300:0.1 K"])["error"]


def test_the_list_of_the_experiment_itself_is_told_too() -> None:
    said = series("sot-field-series", [])
    assert (said["rows"], said["runs"], said["factors"]) == ([], 5, [5])
    assert series("ahe", [])["runs"] == 0


def test_lists_of_lists_and_words_are_told() -> None:
    said = series("ahe", ["start=positive, negative"])
    assert said["rows"][0]["values"] == "positive, negative"


def test_an_experiment_that_is_not_there_is_refused() -> None:
    with pytest.raises(LabError, match="nonsense"):
        series("nonsense", [])
