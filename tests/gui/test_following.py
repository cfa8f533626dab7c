"""Which run the plot shows: the one that is on, or the one that somebody has chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from labctl.gui.context import Context
from labctl.gui.following import Following
from labctl.gui.plot.panel import PlotPanel
from tests.gui.standing_in import make_context


class Shown(PlotPanel):
    """A plot that only takes note of what it is asked to show."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.said: list[tuple[str, bool]] = []

    def show_run(self, folder: Any, *, live: bool = False) -> None:
        self.said.append((str(folder), live))

    def set_live(self, live: bool) -> None:
        if hasattr(self, "said"):
            self.said.append(("", live))

    def show_rehearsal(self, found: Mapping[str, Any]) -> None:
        self.said.append((str(found["rows"]), False))


@pytest.fixture
def plot(qtbot: QtBot) -> Shown:
    shown = Shown(make_context())
    qtbot.addWidget(shown)
    return shown


def on(plot: PlotPanel, folder: str | None) -> None:
    plot.context.link.run = None if folder is None else {"folder": folder}
    plot.context.link.told.emit("run", {})


def test_each_run_is_shown_when_it_begins_and_once(plot: Shown) -> None:
    following = Following(plot.context, plot)
    for folder in ("a", "a", None, "b"):
        on(plot, folder)
    assert plot.said == [("a", True), ("", False), ("b", True)]
    assert following.is_live


def test_somebody_who_looks_at_an_earlier_run_keeps_it(plot: Shown) -> None:
    following = Following(plot.context, plot)
    on(plot, "a")
    plot.context.run_opened.emit("old")
    on(plot, "b")
    assert plot.said == [("a", True), ("old", False)]
    following.follow()
    assert plot.said[-1] == ("b", True)


def test_a_rehearsal_does_not_take_the_place_of_a_run_that_is_on(plot: Shown) -> None:
    following = Following(plot.context, plot)
    following.show_rehearsal({"rows": "expected.csv"})
    on(plot, "a")
    following.show_rehearsal({"rows": "expected.csv"})
    following.show_rehearsal({"rows": None})
    assert plot.said == [("expected.csv", False), ("a", True)]


def test_a_series_that_is_looked_at_goes_on_while_its_runs_are_on(plot: Shown) -> None:
    Following(plot.context, plot)
    on(plot, "series/1")
    plot.context.run_opened.emit("series")
    on(plot, "series/2")
    on(plot, None)
    assert plot.said == [("series/1", True), ("series", True), ("", False)]
