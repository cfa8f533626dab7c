"""A session as a person has it: by keys and clicks alone, with a real worker and its simulated lab.

With LABCTL_PICTURES=docs/images it keeps the pictures of the documentation.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from labctl.gui.window import Window
from tests.gui.session import Session


@pytest.fixture
def session(qtbot: QtBot, open_window: Callable[..., Window], thorough: bool) -> Session:
    """Somebody at a new window of a simulated station."""
    return Session(qtbot, open_window(), thorough=thorough)


def test_a_session_by_keys_and_clicks(session: Session) -> None:
    say_who(session)
    choose_sample_and_experiment(session)
    make_and_mend_a_mistake(session)
    rehearse(session)
    queue_three(session)
    let_the_last_be_next(session)
    watch(session)
    stand_and_go_on(session)
    abort_and_stop(session)


def say_who(session: Session) -> None:
    session.measure_as("LW")
    assert not session.measure.user_bar.isVisible()


def choose_sample_and_experiment(session: Session) -> None:
    me, sample = session.me, session.window.panels.sample
    me.press("Alt+2")
    me.wait(lambda: sample.chooser.samples)
    me.press("Ctrl+A")
    me.type("cotb2025")
    me.press("Return")
    me.wait(lambda: "CoTb" in sample.title.text())
    me.press("Alt+1")
    me.type("ahe")
    me.press("Return")
    me.wait(lambda: not session.measure.is_pending)
    assert session.measure.asked() == {
        **session.measure.asked(), "procedure": "ahe", "sample": "cotb2025", "user": "LW", "parameters": {},
    }  # fmt: skip


def make_and_mend_a_mistake(session: Session) -> None:
    wrong = session.field("maximum_field").fault
    session.enter("maximum_field", "600 kOe")
    assert wrong.isVisible()
    assert "60 T, above the limit of station 'ppms', 9 T" in wrong.text()
    assert not session.measure.footer.add.isEnabled()
    session.me.look("gui-error")
    session.enter("maximum_field", "0.3 T")
    assert not wrong.isVisible()
    assert session.measure.footer.add.isEnabled()


def rehearse(session: Session) -> None:
    session.me.press("Ctrl+R")
    session.me.wait(lambda: session.measure.view.title.text().startswith("Rehearsed: "))
    session.me.wait(lambda: session.window.panels.plot.run)
    session.me.look("gui-rehearsal")


def queue_three(session: Session) -> None:
    session.me.press("Alt+1", "Alt+P")
    for number, temperature in enumerate(("300 K", "290 K", "280 K"), 1):
        session.enter("temperature", temperature)
        session.me.press("Ctrl+Return")
        session.me.wait(lambda number=number: len(session.items) == number)
    assert session.temperatures == ["300 K", "290 K", "280 K"]


def let_the_last_be_next(session: Session) -> None:
    table = session.queue.table
    session.me.wait(lambda: session.queue.model.rowCount() == 3)
    session.me.press("Alt+3")
    session.me.click(table.viewport(), table.visualRect(session.queue.model.index(2, 1)).center())
    session.me.press("Alt+Up")
    session.me.wait(lambda: session.temperatures == ["300 K", "280 K", "290 K"])


def watch(session: Session) -> None:
    """See the curve come in over the grey one that was rehearsed, in both themes."""
    run = session.window.panels.plot
    session.me.wait(lambda: session.points > 250)
    session.me.wait(lambda: run.run is not None and run.run.expected is not None and run.run.expected.rows > 250)
    session.me.keep("gui-running")
    session.me.press("Ctrl+L")
    session.me.keep("gui-light")
    session.me.press("Ctrl+L")


def stand_and_go_on(session: Session) -> None:
    session.me.press("F8")
    session.me.wait(lambda: "STANDS STILL" in session.said)
    session.me.look()
    session.me.press("F9")
    session.me.wait(lambda: "%" in session.said)


def abort_and_stop(session: Session) -> None:
    session.me.click(session.button("abort"))
    session.me.wait(lambda: session.states == ["aborted", "running", "waiting"])
    session.me.press("F12")
    session.me.wait(lambda: session.states == ["aborted", "aborted", "waiting"])
    session.me.wait(lambda: session.said.startswith("Paused: stopped by "))
