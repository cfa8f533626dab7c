"""The history in front of somebody: rows that come and change, filters, keys, notes, and what is asked of others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QItemSelectionModel, QObject, QSettings, QSize, Qt, QTimer
from PyQt6.QtGui import QColor, QDesktopServices, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from instruments.errors import LabError
from labctl.desk.answers import answer_of
from labctl.gui.context import Context
from labctl.gui.history_cells import shortened, text_of, tip_of
from labctl.gui.history_filters import Looked, are_dates, within
from labctl.gui.history_model import HistoryModel
from labctl.gui.history_panel import HistoryPanel
from labctl.gui.thumbnails import KEPT, Preview, Thumbnails
from labctl.notes import add_note, read_notes
from tests.folders import write_run
from tests.gui.looking import cut_off

Role = Qt.ItemDataRole


class DeskHere(QObject):
    """Answers as a desk does, in this process, but later."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._dropped: set[int] = set()

    def ask(
        self, what: str, *, then: Callable[[Any], None], failed: Any = None, told: Any = None, **content: Any
    ) -> int:
        self.asked.append(what)
        number = len(self.asked)
        if what == "runs":
            content["telling"] = Telling(told)
        QTimer.singleShot(0, lambda: self._answer(number, what, then, failed, content))
        return number

    def _answer(
        self, number: int, what: str, then: Callable[[Any], None], failed: Any, content: dict[str, Any]
    ) -> None:
        if number in self._dropped:
            return
        try:
            answer = answer_of(what)(**content)
        except LabError as error:
            failed(str(error))
        else:
            then(json.loads(json.dumps(answer)))

    def drop(self, number: int | None) -> None:
        if number is not None:
            self._dropped.add(number)

    def end(self) -> None:
        return


class Telling:
    """Tells the pieces of an answer."""

    dropped = False

    def __init__(self, told: Callable[[Any], None]) -> None:
        self._told = told

    def tell(self, content: Any) -> None:
        self._told(json.loads(json.dumps(content)))


@pytest.fixture
def context(tmp_path: Path) -> Generator[Context]:
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    context = Context("ppms", simulate=True, runs=tmp_path / "runs", settings=settings)
    context.archive = DeskHere()  # type: ignore[assignment]
    yield context
    context.end()


@pytest.fixture
def show(context: Context, qtbot: QtBot) -> Callable[[], HistoryPanel]:
    def make() -> HistoryPanel:
        panel = HistoryPanel(context)
        qtbot.addWidget(panel)
        panel.resize(1366, 185)
        panel.show()
        count = len(list(context.runs.glob("*/*/run.json")))
        qtbot.waitUntil(lambda: len(panel.model.rows()) == count)
        qtbot.waitUntil(lambda: panel.model.rowCount() == count)
        return panel

    return make


def shown(panel: HistoryPanel, column: str = "number") -> list[str]:
    model = panel.model
    at = model.columns().index(column)
    return [str(model.data(model.index(row, at))) for row in range(model.rowCount())]


def write_some(root: Path) -> None:
    write_run(root, 1, day="2026-10-30", temperature=300.0, results={"coercive_field_up": (0.04, "T")})
    write_run(root, 2, day="2026-11-20", temperature=250.0, tags=["night"], user="AB")
    write_run(root, 3, results={"coercive_field_up": (0.06, "T")}, state="aborted")
    write_run(root, 4, sample="S043", procedure="tmr-loop", temperature=249.9)


def test_runs_are_shown_the_last_first_and_sorted_by_what_is_wanted(
    context: Context, show: Callable[[], HistoryPanel]
) -> None:
    write_some(context.runs)
    panel = show()
    assert shown(panel) == ["0004", "0003", "0002", "0001"]
    assert shown(panel, "status") == ["✓ finished", "■ aborted", "✓ finished", "✓ finished"]
    assert panel.filters.count.text() == "4 runs"
    panel.view.show_result("coercive_field_up", on=True)
    at = panel.model.columns().index("coercive_field_up")
    panel.view.sortByColumn(at, Qt.SortOrder.AscendingOrder)
    assert shown(panel, "coercive_field_up") == ["40 mT", "60 mT", "", ""]
    panel.view.sortByColumn(at, Qt.SortOrder.DescendingOrder)
    assert shown(panel)[:2] == ["0003", "0001"]
    assert context.settings.value("history/results") == "coercive_field_up"


def test_filters_leave_what_is_looked_for(context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot) -> None:
    write_some(context.runs)
    panel = show()
    filters = panel.filters
    qtbot.keyClicks(filters.words, "night ab")
    assert shown(panel) == ["0002"]
    assert filters.count.text() == "1 of 4 runs"
    filters.words.clear()
    filters.lists["sample"].setCurrentText("S043")
    assert shown(panel) == ["0004"]
    filters.lists["sample"].setCurrentIndex(0)
    qtbot.keyClicks(filters.dates, "2026-11")
    assert shown(panel) == ["0004", "0003", "0002"]
    qtbot.keyClicks(filters.dates, "-x")
    assert filters.dates.property("wrong")
    filters.dates.clear()
    assert not filters.dates.property("wrong")
    filters.kind.setCurrentIndex(1)
    assert shown(panel) == []
    filters.show_all()
    assert len(shown(panel)) == 4
    qtbot.keyClicks(filters.result, "coercive_field_up>500 Oe")
    qtbot.waitUntil(lambda: shown(panel) == ["0003"])
    filters.result.setText("coercive_field_up>5")
    qtbot.waitUntil(lambda: bool(filters.result.property("wrong")))
    assert "has no unit" in filters.result.toolTip()
    filters.clear.click()
    qtbot.waitUntil(lambda: not filters.result.property("wrong"))
    assert len(shown(panel)) == 4


def test_what_changes_is_shown_and_the_chosen_run_stays_chosen(
    context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot
) -> None:
    write_some(context.runs)
    panel = show()
    second = str(context.runs / "2026-11-20" / "0002-ahe-S042")
    panel.view.choose(second)
    qtbot.waitUntil(lambda: panel.details.said.get("tags") == ["night"])
    add_note(Path(second), "later", tags=["b3"])
    write_run(context.runs, 5)
    shutil.rmtree(context.runs / "2026-10-30")
    panel.loader.ask()
    qtbot.waitUntil(lambda: shown(panel) == ["0005", "0004", "0003", "0002"])
    assert panel.view.current() == second
    assert shown(panel, "tags")[3] == "night, b3"
    qtbot.waitUntil(lambda: panel.details.said.get("tags") == ["night", "b3"])


def test_a_new_run_appears_by_itself(context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot) -> None:
    write_some(context.runs)
    panel = show()
    qtbot.waitUntil(lambda: bool(panel.loader._watcher.directories()))
    write_run(context.runs, 5)
    qtbot.waitUntil(lambda: shown(panel)[0] == "0005", timeout=10_000)
    context.link.run = {"run": "x", "state": "running", "item": "1"}
    asked = len(context.archive.asked)  # type: ignore[attr-defined]
    context.link.told.emit("run", {})
    qtbot.waitUntil(lambda: len(context.archive.asked) > asked)  # type: ignore[attr-defined]


def test_the_first_run_is_chosen_also_where_the_keys_were_brought_there(
    context: Context, show: Callable[[], HistoryPanel]
) -> None:
    write_some(context.runs)
    panel = show()
    panel.view.setFocus()
    selection = panel.view.selectionModel()
    assert selection is not None
    selection.setCurrentIndex(panel.model.index(0, 0), QItemSelectionModel.SelectionFlag.NoUpdate)  # as Qt does then
    panel.choose_first()
    assert len(panel.view.chosen_runs()) == 1


def test_keys_open_tick_repeat_and_find(context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot) -> None:
    write_some(context.runs)
    panel = show()
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Home)
    assert [Path(run).name for run in panel.view.chosen_runs()] == ["0004-tmr-loop-S043"]
    third = str(context.runs / "2026-11-21" / "0003-ahe-S042")
    panel.view.choose(third)
    panel.view.setFocus()
    with qtbot.waitSignal(context.run_opened) as opened:
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert opened.args == [third]
    with qtbot.waitSignal(panel.overlay_wanted) as ticked:
        qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    assert ticked.args == [third, True]
    index = panel.model.index_of(third)
    assert panel.model.data(index, Role.CheckStateRole) is Qt.CheckState.Checked
    qtbot.waitUntil(panel.repeat.isEnabled)
    with qtbot.waitSignal(panel.repeat_wanted) as repeat:
        panel.repeat.click()
    assert repeat.args is not None
    assert (repeat.args[0]["procedure"], repeat.args[0]["parameters"]) == ("ahe", {"loops": "2"})
    assert repeat.args[0]["repeats"] == int(Path(third).name[:4])
    panel.copy_path()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == third
    shutil.rmtree(third)
    with qtbot.waitSignal(panel.overlay_wanted) as ticked:
        panel.loader.ask()
    assert ticked.args == [third, False]


def test_only_what_was_cut_is_carried_on_and_through_the_worker(
    context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_some(context.runs)
    panel = show()
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(context.link, "ask", lambda *words, then: (asked.append(words), then({"id": "8"})))
    panel.view.choose(str(context.runs / "2026-11-20" / "0002-ahe-S042"))
    qtbot.waitUntil(lambda: panel.open.isEnabled())
    assert not panel.resume.isEnabled()
    third = str(context.runs / "2026-11-21" / "0003-ahe-S042")
    panel.view.choose(third)
    qtbot.waitUntil(lambda: panel.resume.isEnabled())
    with qtbot.waitSignal(context.said) as said:
        panel.resume.click()
    assert asked == [("POST", "/queue/resume", {"run": third})]
    assert said.args == ["info", "item 8 carries on 0003-ahe-S042"]


def test_notes_and_tags_are_written_by_keys(context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot) -> None:
    write_some(context.runs)
    context.settings.setValue("user", "LW")
    panel = show()
    folder = context.runs / "2026-11-20" / "0002-ahe-S042"
    panel.view.choose(str(folder))
    box = panel.details.notes
    qtbot.waitUntil(box.isEnabled)
    panel.note_chosen()
    qtbot.keyClicks(box.text, "lead A is loose")
    qtbot.keyClicks(box.tag, "b3, b4")
    qtbot.keyClick(box.tag, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "lead A is loose" in box.list.toPlainText())
    note = read_notes(folder)[0]
    assert (note.user, note.text, note.tags) == ("LW", "lead A is loose", ["b3", "b4"])
    assert box.text.text() == ""
    qtbot.keyClick(box.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "nothing to note" in box.wrong.text())


def test_a_run_is_exported_where_it_is_said(
    context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_some(context.runs)
    panel = show()
    panel.view.choose(str(context.runs / "2026-11-20" / "0002-ahe-S042"))
    panel.export_chosen()
    bar = panel.exporting
    assert bar.place.text().endswith("0002-ahe-S042.csv")
    bar.form.setCurrentIndex(bar.form.findData("zip"))
    assert bar.place.text().endswith("0002-ahe-S042.zip")
    bar.place.setText(str(tmp_path / "there" / "two.zip"))
    with qtbot.waitSignal(context.said):
        qtbot.keyClick(bar.place, Qt.Key.Key_Return)
    assert (tmp_path / "there" / "two.zip").is_file()
    assert bar.said.text() == f"Written: {tmp_path / 'there' / 'two.zip'}"
    assert not bar.place.isVisible()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    qtbot.mouseClick(bar.folder, Qt.MouseButton.LeftButton)
    assert opened == [str(tmp_path / "there")]
    qtbot.keyClick(bar.folder, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert panel.view.hasFocus()
    panel.export_chosen()
    assert bar.form.currentData() == "zip"  # as last time
    bar.place.setText(str(tmp_path / "there" / "two.zip"))
    bar.go.click()
    qtbot.waitUntil(lambda: "is there already" in bar.said.text())
    qtbot.keyClick(bar.place, Qt.Key.Key_Escape)
    assert not bar.isVisible()


@pytest.mark.parametrize(
    ("key", "chosen"),
    [(Qt.Key.Key_Home, 0), (Qt.Key.Key_Down, 0), (Qt.Key.Key_PageDown, 0), (Qt.Key.Key_End, -1), (Qt.Key.Key_Up, -1)],
)
def test_the_first_key_chooses_a_run(
    context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot, key: Qt.Key, chosen: int
) -> None:
    write_some(context.runs)
    view = show().view
    assert view.current() == ""
    qtbot.keyClick(view, key)
    rows = view.runs.rowCount()
    assert rows > 1
    assert view.current() == view.runs.row_of(view.runs.index(chosen % rows, 0))["run"]  # type: ignore[index]


@pytest.mark.parametrize("size", [(1366, 165), (420, 600), (1920, 400)])
def test_nothing_is_cut_off(
    context: Context, show: Callable[[], HistoryPanel], qtbot: QtBot, size: tuple[int, int]
) -> None:
    write_some(context.runs)
    panel = show()
    panel.resize(*size)
    panel.view.choose(str(context.runs / "2026-11-20" / "0002-ahe-S042"))
    qtbot.waitUntil(lambda: bool(panel.details.said))
    assert (panel.width(), panel.height()) == size
    assert cut_off(panel) == []


def test_a_series_is_unfolded(context: Context, qtbot: QtBot) -> None:
    model = HistoryModel(context)
    row: dict[str, Any] = {
        "number": 1, "begun": "2026-11-21 12:00", "procedure": "ahe", "sample": "S", "keys": "", "status": "finished",
        "points": 5, "lab_time_s": None, "user": "LW", "tags": [], "notes": "", "simulated": False, "wrong": [],
        "main": [], "results": {},
    }  # fmt: skip
    assert text_of({**row, "run": "/runs/2026-11-21/0007-series-ahe-S/0001-temperature=300K"}, "number") == "0007/0001"
    children = [{**row, "run": f"/s/{number}", "number": number} for number in (1, 2)]
    model.take([{**row, "run": "/s", "planned": 3, "over": {}, "runs": children}])
    model.arrange()
    series = model.index(0, 0)
    assert model.rowCount(series) == 2
    assert model.parent(model.index(1, 3, series)) == series
    assert model.data(model.index(0, model.columns().index("found"))) == "series, 2 of 3 runs"
    model.arrange(Looked(fitting=frozenset({"/s", "/s/2"})))
    assert [model.row_of(model.index(row, 0, series))["run"] for row in range(model.rowCount(series))] == ["/s/2"]  # type: ignore[index]
    assert not model.index_of("/s/1").isValid()
    model.drop(["/s"])
    model.arrange()
    assert (model.rowCount(), model.rows()) == (0, [])
    assert model.known("/s/2") is None


def test_dates_are_days_months_and_ranges() -> None:
    begun = "2026-11-21 12:00"
    assert all(within(begun, dates) for dates in ("", "2026", "2026-11", "2026-11-01:2026-11-21", ":2026-11-21"))
    assert not any(within(begun, dates) for dates in ("2026-10", "2026-11-22:", ":2026-11-20"))
    assert not within("", "2026")
    assert are_dates("2026-11:")
    assert not any(are_dates(text) for text in (":", "11", "2026-1", "2026:2026:2026"))


def test_pictures_are_decoded_small_and_few_are_kept(qtbot: QtBot, tmp_path: Path) -> None:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    for number in range(6):
        assert image.save(str(tmp_path / f"{number}.png"))
    thumbnails = Thumbnails()
    found: dict[str, QImage] = {}
    thumbnails.ready.connect(found.__setitem__)
    path = ""
    for number in range(6):
        path = str(tmp_path / f"{number}.png")
        thumbnails.ask(path, QSize(2000, 1500))
        qtbot.waitUntil(lambda path=path: path in found)
    assert (found[path].width(), found[path].height()) == (2000, 1500)
    assert found[path].pixelColor(5, 5) == QColor("#336699")
    assert 0 < thumbnails.bytes_kept <= KEPT < 6 * found[path].sizeInBytes()
    (tmp_path / "bad.png").write_bytes(b"\x89PNG torn")
    preview = Preview()
    qtbot.addWidget(preview)
    preview.resize(200, 100)
    preview.show_file(str(tmp_path / "1.png"), "")
    qtbot.waitUntil(lambda: preview.image.width() == 133)
    preview.show_file(str(tmp_path / "bad.png"), "")
    qtbot.waitUntil(lambda: preview.said == "the figure cannot be read")


def test_what_is_of_the_ensemble_says_so() -> None:
    names = ["coercive_field_up_ensemble", "coercive_field_down_ensemble", "anomalous_hall_resistance"]
    texts = ["69.2 ± 0.3 mT", "-68.7 ± 0.3 mT", "75.1 ± 0.1 mohm"]
    row = {"main": names, "results": {name: (0.0, text) for name, text in zip(names, texts, strict=True)}}
    said = text_of(row, "found")
    assert said.startswith("ensemble: Hc up 69.2 ± 0.3 mT, Hc down -68.7 ± 0.3 mT; ")
    assert said.endswith("75.1 ± 0.1 mohm")
    assert "in the plot, ± is that of this loop alone" in tip_of(row, "found")
    assert shortened("coercive_field_up_ensemble") == "Hc up (ensemble)"
    assert shortened("coercive_field_up") == "Hc up"
