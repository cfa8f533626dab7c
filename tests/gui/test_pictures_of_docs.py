"""What the documentation shows, reached by a person at the real window; with LABCTL_PICTURES=docs/images it is kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from labctl import paths
from labctl.gui.main import Wanted, Windows
from labctl.gui.welcome import Welcome
from labctl.gui.window import Window
from tests.gui.person import Person
from tests.gui.session import Session

SERIES = (
    "run", "sot-switching", "--simulate", "--sample", "cotb2025", "--seed", "1",
    "-p", "loops=1", "-p", "order=+", "-p", "pulse_max=20 mA",
    "--over", "in_plane_field=25 mT, 50 mT, 100 mT, 150 mT", "--over", "pulse_width=1 ms, 2 ms, 5 ms, 10 ms",
)  # fmt: skip
GOES_OFF = """
[[simulation.events]]
at = "5 min"
what = "power cycle"
instrument = "voltmeter"
"""


@pytest.fixture
def welcome(qtbot: QtBot, tmp_path: Path, state: Path) -> Generator[Welcome]:
    """What is seen first where nothing is set up."""
    windows = Windows(Wanted("", False, tmp_path / "runs"))
    windows.begin()
    shown = windows.shown
    assert isinstance(shown, Welcome)
    qtbot.addWidget(shown)
    yield shown
    windows.end()


def test_the_first_start_asks_for_a_station(qtbot: QtBot, welcome: Welcome, thorough: bool) -> None:
    me = Person(qtbot, welcome, thorough=thorough)
    me.wait(lambda: welcome.stations.count() > 2)
    assert me.focused is welcome.guided
    me.look("gui-first-start")


@pytest.mark.endurance
def test_a_queue_a_history_and_a_map(
    qtbot: QtBot, open_window: Callable[..., Window], tmp_path: Path, thorough: bool
) -> None:
    runs = tmp_path / "runs"
    subprocess.run([sys.executable, "-m", "labctl", *SERIES, "--out", str(runs)], check=True, capture_output=True)
    session = Session(qtbot, open_window(speed=1.0), thorough=thorough)
    queue_five(session)
    know_when_they_are_done(session)
    go_through_the_history(session)
    draw_a_map(session)


def queue_five(session: Session) -> None:
    """Four loops at other temperatures and a longitudinal resistance, while nothing begins yet."""
    me, link = session.me, session.window.context.link
    session.measure_as("LW")
    me.click(session.button("pause"))
    me.wait(lambda: link.queue is not None and link.queue["paused"])
    session.enter("maximum_field", "0.3 T")
    for number, temperature in enumerate(("300 K", "310 K", "320 K", "340 K", "290 K"), 1):
        session.enter("temperature", temperature)
        session.me.press("Ctrl+Return")
        session.me.wait(lambda number=number: len(session.items) == number)


def know_when_they_are_done(session: Session) -> None:
    me, end = session.me, session.queue.end
    me.click(end.ask)
    me.wait(lambda: session.queue.model.seen.state == "done")
    me.look("gui-queue")


def go_through_the_history(session: Session) -> None:
    """Measure the first one, and look at it."""
    me, history = session.me, session.window.panels.history
    me.press(*["Ctrl+Up"] * 6)
    me.wait(lambda: session.window.banner.speed.text() == "time ×100")
    me.press("F9")
    me.wait(lambda: session.states[0] == "finished")
    me.press("F12")
    me.wait(session.is_safe)
    me.press("Alt+4")
    me.wait(lambda: history.model.rowCount() == 2)
    me.press("End", "Home", "Return")
    me.wait(lambda: history.details.said)
    me.look("gui-history")


def draw_a_map(session: Session) -> None:
    me, plot = session.me, session.window.panels.plot
    me.press("End", "Return")
    me.wait(lambda: plot.controls.map.isEnabled())
    me.click(plot.controls.map)
    me.wait(lambda: "Cuts at" in plot.map.said.text())
    me.look("gui-map")


@pytest.mark.endurance
def test_a_fault_is_seen_across_the_room(
    qtbot: QtBot, open_window: Callable[..., Window], tmp_path: Path, thorough: bool
) -> None:
    file = tmp_path / "frail.toml"
    file.write_text(paths.station_files()["ppms"].read_text(encoding="utf-8") + GOES_OFF, encoding="utf-8")
    session = Session(qtbot, open_window(station=str(file), speed=10.0), thorough=thorough)
    session.measure_as("LW")
    session.enter("maximum_field", "0.3 T")
    session.me.press("Ctrl+Return")
    session.me.wait(lambda: session.points > 20)
    session.me.press(*["Ctrl+Up"] * 3)
    session.me.wait(lambda: session.window.banner.speed.text() == "time ×100")
    session.me.wait(lambda: session.said.startswith("FAULT"))
    session.me.wait(session.is_safe)
    assert session.window.far.cells["error"].value.startswith("2182A: ")
    assert session.window.far.cells["error"].note.endswith("item 1")
    session.me.press("Alt+6")
    session.me.look("gui-fault")
