"""The queue's panel, on a real worker's HTTP."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QEvent, QItemSelectionModel, QMimeData, QModelIndex, QObject, QSettings, Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from labctl.gui.context import Context
from labctl.gui.queue_actions import ACTIONS, MOST_RETRIES
from labctl.gui.queue_columns import NUMBER, PROGRESS, SAYS, STATE, TIME, WHEN
from labctl.gui.queue_model import MIME
from labctl.gui.queue_panel import EMPTY, NO_WORKER, QueuePanel
from labctl.service import items
from labctl.service.worker import Worker
from tests.gui.looking import cut_off
from tests.worker_at_hand import REFUSED, at_hand, begin, fill

Shift, Control, Alt = (
    Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip


@pytest.fixture
def worker(tmp_path: Path) -> Generator[Worker]:
    with at_hand(tmp_path / "queue") as found:
        yield found


@pytest.fixture
def context(qtbot: QtBot, tmp_path: Path) -> Generator[Context]:
    del qtbot
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    made = Context("ppms", simulate=True, runs=tmp_path, settings=settings)
    yield made
    made.end()


@pytest.fixture
def panel(qtbot: QtBot, context: Context, worker: Worker) -> QueuePanel:
    """One that is shown, and knows the worker; `worker.queue` has five items that wait."""
    fill(worker, 5)
    worker.queue.pause("paused by LW")
    made = QueuePanel(context)
    qtbot.addWidget(made)
    made.resize(1358, 168)
    made.show()
    with qtbot.waitSignal(context.link.found, timeout=5000):
        context.link.begin(worker.here.folder)
    return made


def order(worker: Worker) -> list[str]:
    return [item.id for item in worker.queue.book.items]


def shown(panel: QueuePanel, column: int = NUMBER) -> list[str]:
    model = panel.model
    return [str(model.index(row, column).data()) for row in range(model.rowCount())]


def states(worker: Worker) -> list[str]:
    return [item.state for item in worker.queue.book.items]


def choose(panel: QueuePanel, *numbers: str) -> None:
    panel.table.clearSelection()
    for number in numbers:
        row = panel.model.row_of(number)
        assert row is not None
        flags = QItemSelectionModel.SelectionFlag
        selection = panel.table.selectionModel()
        assert selection is not None
        selection.select(panel.model.index(row, 0), flags.Select | flags.Rows)


def chosen(panel: QueuePanel) -> list[str]:
    return [item["id"] for item in panel.table.chosen()]


def press(qtbot: QtBot, panel: QueuePanel, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    panel.table.setFocus()
    together = Qt.KeyboardModifier.NoModifier
    for each in modifiers:
        together |= each
    qtbot.keyClick(panel.table, key, together)


def until(qtbot: QtBot, holds: Callable[[], bool]) -> None:
    qtbot.waitUntil(holds, timeout=5000)


def drop(panel: QueuePanel, numbers: list[str], row: int) -> None:
    model = panel.model
    rows = [model.row_of(number) for number in numbers]
    data: QMimeData = model.mimeData([model.index(row, 0) for row in rows if row is not None])
    assert data.hasFormat(MIME)
    assert not model.dropMimeData(data, Qt.DropAction.MoveAction, row, 0, QModelIndex())


def able(panel: QueuePanel) -> set[str]:
    return {key for key, action in panel.actions_of.of.items() if action.isEnabled()}


def test_what_waits_is_on_and_is_over_is_told_in_words(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    assert shown(panel, STATE) == ["waits"] * 5
    assert panel.end.paused.text() == "Paused by LW"
    worker.queue.go()
    until(qtbot, lambda: shown(panel, STATE)[0] == "next")
    item = begin(worker, remaining_lab_time_s=760.0)
    until(qtbot, lambda: shown(panel, PROGRESS)[0] == "25%")
    assert (shown(panel, STATE)[:2], shown(panel, TIME)[0]) == (["is on", "next"], "12 min 40 s left")
    assert panel.end.paused.text() == ""
    worker.on = {**(worker.on or {}), "state": "stands"}
    until(qtbot, lambda: shown(panel, STATE)[0] == "stands still")
    assert "stands still" in panel.end.paused.text()
    panel.context.link.here = False  # as when the worker hangs up
    panel.context.link.lost.emit("the worker has hung up")
    assert "this is how it stood last" in panel.end.paused.text()
    assert "go" not in able(panel)
    panel.context.link.here = True
    worker.queue.note(item.id, state="fault", error="the 6221 does not answer")
    worker.on = None
    until(qtbot, lambda: shown(panel, STATE)[0] == "fault")
    assert shown(panel, SAYS)[0] == "the 6221 does not answer"


def test_rows_that_are_dropped_between_others_move_in_the_queue(
    qtbot: QtBot, panel: QueuePanel, worker: Worker
) -> None:
    drop(panel, ["4", "5"], 1)
    assert shown(panel) == ["1", "4", "5", "2", "3"]  # at once
    until(qtbot, lambda: order(worker) == ["1", "4", "5", "2", "3"] and not panel.orders.busy)
    drop(panel, ["1"], 5)
    until(qtbot, lambda: order(worker) == ["4", "5", "2", "3", "1"] and not panel.orders.busy)
    assert shown(panel) == order(worker)
    assert not panel.notice.isVisible()


def test_what_is_selected_moves_with_alt_and_arrows(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    choose(panel, "3", "4")
    press(qtbot, panel, Qt.Key.Key_Up, Alt)
    until(qtbot, lambda: order(worker) == ["1", "3", "4", "2", "5"] and not panel.orders.busy)
    assert chosen(panel) == ["3", "4"]
    press(qtbot, panel, Qt.Key.Key_Down, Alt)
    press(qtbot, panel, Qt.Key.Key_Down, Alt)
    until(qtbot, lambda: order(worker) == ["1", "2", "5", "3", "4"] and not panel.orders.busy)
    assert chosen(panel) == ["3", "4"]
    press(qtbot, panel, Qt.Key.Key_Down, Alt)  # they are last already
    assert not panel.orders.busy


def test_an_order_that_the_worker_refuses_snaps_back(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    worker.queue.go()
    begin(worker)  # of which the panel has not heard when the row is let go
    drop(panel, ["1"], 3)
    assert shown(panel) == ["2", "3", "1", "4", "5"]
    until(qtbot, lambda: not panel.orders.busy and shown(panel) == ["1", "2", "3", "4", "5"])
    assert "item 1 is running, and only items that wait can be moved" in panel.notice.said.text()
    assert panel.notice.isVisible()
    panel.notice.close_button.click()
    assert not panel.notice.isVisible()


def test_what_was_removed_comes_back_in_its_place(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    choose(panel, "2", "4")
    press(qtbot, panel, Qt.Key.Key_Delete)
    assert shown(panel) == ["1", "3", "5"]
    assert "removed 2 items" in panel.notice.said.text()
    until(qtbot, lambda: states(worker) == ["waiting", "skipped", "waiting", "skipped", "waiting"])
    press(qtbot, panel, Qt.Key.Key_Z, Control)
    until(qtbot, lambda: states(worker) == ["waiting"] * 5)
    until(qtbot, lambda: shown(panel, STATE) == ["waits"] * 5)
    assert order(worker) == shown(panel) == ["1", "2", "3", "4", "5"]
    assert "undo" not in able(panel)


def test_a_removal_that_is_not_undone_is_for_good(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    choose(panel, "2")
    panel.actions_of.of["remove"].trigger()
    choose(panel, "3")
    panel.actions_of.of["remove"].trigger()  # with which the first one is final
    until(qtbot, lambda: order(worker) == ["1", "3", "4", "5"])
    assert panel.notice.said.text() == "removed item 3"
    panel.removal.finish()
    until(qtbot, lambda: order(worker) == ["1", "4", "5"])
    assert shown(panel) == ["1", "4", "5"]


def test_a_removal_is_undone_by_its_key_long_after_and_moves_no_row(
    qtbot: QtBot, panel: QueuePanel, worker: Worker
) -> None:
    before = panel.table.geometry().top()
    choose(panel, "2")
    press(qtbot, panel, Qt.Key.Key_Delete)
    assert panel.notice.isVisible()
    layout = panel.layout()
    assert layout is not None
    layout.activate()
    assert panel.table.geometry().top() == before
    assert (panel.notice.said.text(), panel.notice.undo.text()) == ("removed item 2", "Put item 2 back")
    panel.notice.say("info", "added as item 11")
    assert (panel.notice.said.text(), panel.notice.undo.text()) == ("added as item 11", "Put item 2 back")
    assert panel.actions_of.of["undo"].text() == "Undo: Put item 2 back"
    panel.notice.close_button.click()
    assert not panel.notice.isVisible()
    press(qtbot, panel, Qt.Key.Key_Z, Control)
    until(qtbot, lambda: shown(panel) == ["1", "2", "3", "4", "5"] and states(worker) == ["waiting"] * 5)


class Drawn(QObject):
    """Notes what the empty table said each time that it was drawn."""

    def __init__(self, panel: QueuePanel) -> None:
        super().__init__(panel)
        self.said: list[str] = []
        self._table = panel.table
        viewport = panel.table.viewport()
        assert viewport is not None
        viewport.installEventFilter(self)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Take note of what is being drawn."""
        if a1 is not None and a1.type() == QEvent.Type.Paint:
            self.said.append(self._table.empty)
        return super().eventFilter(a0, a1)


def test_an_empty_table_says_what_is_so(qtbot: QtBot, context: Context) -> None:
    panel = QueuePanel(context)
    qtbot.addWidget(panel)
    panel.show()
    drawn, link = Drawn(panel), context.link
    until(qtbot, lambda: drawn.said[-1:] == [NO_WORKER])
    link.here, link.queue = True, {"items": []}
    panel._say_empty()
    until(qtbot, lambda: drawn.said[-1:] == [EMPTY])  # it is drawn anew, though no row has come


def test_finished_items_that_are_cleared_are_not_called_hidden(panel: QueuePanel) -> None:
    panel.model.hide(["1", "2", "3", "4", "5"])
    panel.removal.changed.emit()
    assert panel.table.empty == EMPTY


def test_an_item_that_begins_meanwhile_is_not_removed(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    worker.queue.go()
    begin(worker)
    choose(panel, "1", "2")
    panel.actions_of.of["remove"].trigger()
    until(qtbot, lambda: shown(panel) == ["1", "3", "4", "5"])
    assert "1 of 2 were not removed: item 1 is running" in panel.notice.said.text()
    assert states(worker)[:2] == ["running", "skipped"]


def test_a_clone_asks_for_the_same(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    choose(panel, "2")
    press(qtbot, panel, Qt.Key.Key_D, Control)
    until(qtbot, lambda: len(order(worker)) == 6)
    assert worker.queue.item("6").asked.parameters == worker.queue.item("2").asked.parameters
    until(qtbot, lambda: shown(panel) == order(worker) == ["1", "2", "6", "3", "4", "5"] and not panel.orders.busy)
    fill(worker, 1, notes=REFUSED)
    until(qtbot, lambda: shown(panel)[-1] == "7")
    choose(panel, "7")
    press(qtbot, panel, Qt.Key.Key_D, Control)
    until(qtbot, lambda: "not added: maximum_field is 12 T" in panel.notice.said.text())


def test_skip_and_again_take_all_that_is_selected(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    choose(panel, "2", "3")
    press(qtbot, panel, Qt.Key.Key_K, Control)
    until(qtbot, lambda: states(worker) == ["waiting", "skipped", "skipped", "waiting", "waiting"])
    until(qtbot, lambda: "again" in able(panel) and "skip" not in able(panel))
    press(qtbot, panel, Qt.Key.Key_R, Control)
    until(qtbot, lambda: states(worker) == ["waiting"] * 5)


def test_buttons_are_enabled_where_they_mean_something(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    assert able(panel) == {"go", "hide"}
    panel.actions_of.of["go"].trigger()
    until(qtbot, lambda: able(panel) == {"pause", "hide"})
    begin(worker)
    until(qtbot, lambda: able(panel) == {"pause", "pause_now", "abort", "hide"})
    panel.actions_of.of["pause_now"].trigger()
    until(qtbot, lambda: worker.queue.book.paused and able(panel) == {"go", "pause_now", "abort", "hide"})
    panel.actions_of.of["abort"].trigger()
    until(qtbot, lambda: shown(panel, STATE)[0] == "is stopped")
    assert "abort" not in able(panel)
    choose(panel, "1")
    assert {"open", "copy", "clone"} <= able(panel)
    assert not {"edit", "remove", "skip", "again", "up"} & able(panel)


def test_every_button_says_what_it_will_do(panel: QueuePanel) -> None:
    for key, action in panel.actions_of.of.items():
        assert len(action.toolTip()) > 20, key
        if ACTIONS[key][1]:
            assert ACTIONS[key][1] in action.toolTip()
    buttons = [*panel.tools.buttons.values(), panel.tools.more]
    assert all(each.focusPolicy() & Qt.FocusPolicy.TabFocus for each in buttons)


@pytest.mark.parametrize("width", [560, 1000, 1600])
def test_a_button_without_room_is_in_a_menu_and_none_is_cut(qtbot: QtBot, panel: QueuePanel, width: int) -> None:
    tools, menu = panel.tools, panel.tools.more.menu()
    assert menu is not None
    panel.resize(width, 300)
    qtbot.waitUntil(lambda: tools.width() == width - 8)
    assert cut_off(panel) == []
    seen = {key for key, button in tools.buttons.items() if button.isVisibleTo(panel)}
    assert {"pause_now", "pause", "go", "abort"} <= seen
    assert tools.more.isVisibleTo(panel) == (len(seen) < len(tools.buttons))
    in_menu = {action.text() for action in menu.actions()}
    missing = set(tools.buttons) - seen - {"policy"}
    assert {panel.actions_of.of[key].text() for key in missing} <= in_menu
    assert any(text.startswith("After a failure: ") for text in in_menu) == ("policy" not in seen)
    assert bool(missing) == (width < 1600)


def test_return_opens_a_run_or_edits_what_waits(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    choose(panel, "2")
    with qtbot.waitSignal(panel.edit_wanted) as edited:
        press(qtbot, panel, Qt.Key.Key_Return)
    wanted: Any = edited.args
    assert wanted[0]["asked"]["parameters"] == {"maximum_field": "2 mT"}
    worker.queue.note("2", state="failed", run="/runs/0007-ahe")
    until(qtbot, lambda: "open" in able(panel))
    with qtbot.waitSignal(panel.context.run_opened) as opened:
        press(qtbot, panel, Qt.Key.Key_Return)
    assert opened.args == ["/runs/0007-ahe"]


def test_the_command_line_is_copied(qtbot: QtBot, panel: QueuePanel) -> None:
    choose(panel, "1", "3")
    press(qtbot, panel, Qt.Key.Key_C, Control, Shift)
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text().splitlines() == [
        f"labctl run ahe --station ppms --simulate --sample cotb2025 -p 'maximum_field={k} mT'" for k in (1, 3)
    ]


def test_finished_ones_are_hidden_or_cleared(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    for number in ("1", "3"):
        worker.queue.note(number, state="finished")
    until(qtbot, lambda: shown(panel, STATE).count("finished") == 2)
    panel.actions_of.of["hide"].trigger()
    assert shown(panel) == ["2", "4", "5"]
    panel.actions_of.of["hide"].trigger()
    assert shown(panel) == ["1", "2", "3", "4", "5"]
    panel.actions_of.of["clear"].trigger()
    assert shown(panel) == ["2", "4", "5"]
    panel.removal.finish()
    until(qtbot, lambda: order(worker) == ["2", "4", "5"])


def test_the_policy_is_shown_and_changed(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    assert panel.policy.text().strip() == "After a failure: pause"
    menu = panel.policy.menu()
    assert menu is not None
    next(action for action in menu.actions() if "next" in action.text()).trigger()
    until(qtbot, lambda: worker.queue.book.policy.after_failure == "skip")
    until(qtbot, lambda: panel.policy.text().strip() == "After a failure: next")
    assert items.MOST_RETRIES == MOST_RETRIES


def test_a_rehearsal_is_asked_for_and_stopped(qtbot: QtBot, panel: QueuePanel) -> None:
    wanted: list[bool] = []
    panel.end.rehearse_wanted.connect(wanted.append)
    panel.context.link.told.emit("rehearsal", {"state": "on", "of": 5, "duration_s": 60.0, "error": None, "done": 1})
    assert panel.end.ask.text() == "Stop rehearsing (1 of 5)"
    qtbot.mouseClick(panel.end.ask, Qt.MouseButton.LeftButton)
    assert wanted == [False]
    until(qtbot, lambda: "the queue is not being rehearsed" in panel.notice.said.text())
    panel.context.link.told.emit("rehearsal", {"state": "done", "of": 5, "duration_s": 300.0, "error": None, "done": 5})
    assert panel.end.ask.text() == "&When will it be done?"


def test_a_deadline_turns_amber_when_it_is_missed(qtbot: QtBot, panel: QueuePanel) -> None:
    panel.end.by.setFocus()
    qtbot.keyClicks(panel.end.by, "tomorrow")
    qtbot.keyClick(panel.end.by, Qt.Key.Key_Return)
    assert "'tomorrow' is no time" in panel.end.late.text()
    panel.end.by.clear()
    qtbot.keyClicks(panel.end.by, "23:59")
    qtbot.keyClick(panel.end.by, Qt.Key.Key_Return)
    assert panel.end.late.text() == "not known whether in time"
    found = [{"item": str(k), "duration_s": 86_400.0, "points": 10, "violations": []} for k in range(1, 6)]
    told = {"state": "done", "of": 5, "items": found, "error": None, "begun": "2026-11-22T20:00:00+00:00"}
    panel.model.seen.hear(told, panel.model.items)
    panel.show_times()
    assert panel.end.late.text().startswith("too late by ")
    assert panel.end.total.property("warn") == "true"
    assert shown(panel, TIME) == ["1 d"] * 5
    assert all(" to " in text for text in shown(panel, WHEN))
    assert panel.end.total.text().startswith("total 5 d, finishes ")
    assert panel.end.total.text().endswith("if it goes on now")


def test_five_thousand_items_are_changed_row_by_row(qtbot: QtBot, context: Context) -> None:
    panel = QueuePanel(context)
    qtbot.addWidget(panel)
    panel.resize(1358, 300)
    panel.show()
    known = [_item(number) for number in range(1, 5001)]
    panel.model.take(known)
    panel.table.choose("2500")
    top, resets = panel.table.rowAt(0), list[bool]()
    panel.model.modelReset.connect(lambda: resets.append(True))
    changes: list[tuple[int, int]] = []
    panel.model.dataChanged.connect(lambda first, last: changes.append((first.row(), last.row())))
    panel.model.take([*known[:2000], {**known[2000], "state": "finished"}, *known[2001:]])
    assert changes == [(2000, 2000)]
    assert (panel.table.rowAt(0), chosen(panel)) == (top, ["2500"])
    panel.model.take([known[4999], *known[:4999:2]])
    assert shown(panel)[:3] == ["5000", "1", "3"]
    assert panel.model.rowCount() == 2501
    panel.model.take(known[::-1])
    panel.model.take(known[::-1][1:])
    panel.table.choose("2500")
    panel.model.take(known)
    assert shown(panel) == [str(number) for number in range(1, 5001)]
    assert (chosen(panel), resets) == (["2500"], [])


def _item(number: int) -> dict[str, Any]:
    return {
        "id": str(number), "asked": {"procedure": "ahe", "parameters": {"loops": str(number)}}, "state": "waiting",
        "run": None, "error": None, "points": 0, "lab_time_s": 0.0, "ended": None, "attempts": 0,
    }  # fmt: skip


def test_without_a_worker_nothing_can_be_asked_for(qtbot: QtBot, context: Context) -> None:
    panel = QueuePanel(context)
    qtbot.addWidget(panel)
    assert panel.table.empty == NO_WORKER
    assert able(panel) == {"hide"}
    assert not panel.end.ask.isEnabled()
    panel.model.take([_item(number) for number in range(1, 2001)])
    panel.removal.remove(panel.model.items)  # the worker went away in between: all fail at once
    assert "2000 of 2000 were not removed: no worker is there" in panel.notice.said.text()
    assert panel.model.rowCount() == 2000


@pytest.mark.parametrize(("said", "colour"), [(["contacts passed", True], None), (["DID NOT PASS", False], "bad")])
def test_what_a_finished_run_has_found_is_said(
    qtbot: QtBot, panel: QueuePanel, worker: Worker, monkeypatch: pytest.MonkeyPatch, said: list[Any],
    colour: str | None,
) -> None:  # fmt: skip
    def ask(what: str, *, then: Callable[[Any], None], failed: Any, folder: str) -> None:
        del failed
        assert (what, folder) == ("run_row", "/runs/0001-ahe")
        then({"verdict": said, "main": ["tmr"], "results": {"tmr": [30.0, "30.0 ± 0.1 %", "%"]}})

    monkeypatch.setattr(panel.context.archive, "ask", ask)
    worker.queue.go()
    worker.queue.note(begin(worker).id, state="finished")
    until(qtbot, lambda: shown(panel, STATE)[0] == "finished")
    assert shown(panel, SAYS)[0] == f"{said[0]}; tmr 30.0 ± 0.1 %"
    told = panel.model.shown(panel.model.item_at(0)).colour(SAYS, panel.context.theme)
    assert told == (getattr(panel.context.theme, colour) if colour else panel.context.theme.quiet)


def test_a_refusal_names_the_windows_own_buttons(qtbot: QtBot, panel: QueuePanel, worker: Worker) -> None:
    worker.queue.go()
    begin(worker)
    heard: list[str] = []
    panel.context.link.ask("DELETE", "/queue/1", failed=heard.append)
    until(qtbot, lambda: bool(heard))
    assert heard == ["item 1 is on; abort it first (Queue, Abort run)"]
