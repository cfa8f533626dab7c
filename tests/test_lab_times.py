"""The table of lab times can be measured again, and its page holds what is measured."""

from __future__ import annotations

import pytest

from benchmarks.lab_times import TABLE, Line, lab_time, main, rows, text
from labctl import discovery
from tests.sources import ROOT

PAGE = ROOT / "docs" / "lab-times.md"


def line(name: str) -> Line:
    (found,) = [each for each in TABLE if each.name == name]
    return found


def test_every_line_is_an_experiment_with_parameters_that_it_takes() -> None:
    for each in TABLE:
        kind = discovery.load("procedures", each.procedure)
        assert kind(**each.parameters).values()
        assert each.name.startswith(each.procedure)


@pytest.mark.parametrize("name", ["degauss", "log"])
def test_the_page_holds_what_is_measured(name: str) -> None:
    *_, row = rows([line(name)])
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


@pytest.mark.endurance
@pytest.mark.parametrize(
    "name", ["contact-check", "cooldown, 300 K to 50 K", "align", "read-heating, resistance alone"]
)
def test_the_page_holds_what_takes_longer(name: str) -> None:
    *_, row = rows([line(name)])
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_a_log_takes_as_long_as_it_is_told() -> None:
    assert lab_time(Line("log", "log", "1 min", parameters={"duration": "1 min"})) == pytest.approx(60.0, abs=2.0)


def test_times_are_written_as_people_say_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert [text(seconds) for seconds in (18.0, 462.6, 5399.0, 7200.0)] == ["0.3 min", "7.7 min", "90.0 min", "2.0 h"]
    assert main(["no such experiment"]) == 2
    assert capsys.readouterr().out.count("\n") == 2
