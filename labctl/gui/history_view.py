"""The table of the history: keys, widths of columns, and the menu by which results get columns."""

from __future__ import annotations

import json

from PyQt6.QtCore import QItemSelection, QPoint, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView

from labctl.gui.context import Context
from labctl.gui.history_model import HistoryModel
from labctl.gui.timing import timer

WIDTHS = {
    "number": 126, "begun": 118, "procedure": 92, "sample": 74, "keys": 150, "status": 94, "found": 290, "points": 58,
    "lab_time_s": 90, "user": 48, "tags": 84, "simulated": 40,
}  # fmt: skip
"""Pixels of columns at first."""
RESULT_WIDTH = 150
"""Those of a result's."""
WIDEST = 10_000
"""Wider is no column; who wrote that into the settings was no window."""
COLUMNS, SIZES = "history/results", "history/widths"
"""Settings: results that have columns, and the widths of all."""
MOVES = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
)  # fmt: skip
CHOSEN = 60
"""ms for which a row has been the current one before its run is told of: keys that are held down pass over rows."""


class HistoryView(QTreeView):
    """Shows a `HistoryModel`.

    Args:
        context: What is remembered.
        model: The rows.
    """

    chosen = pyqtSignal(str)
    """Folder of the run that is chosen; "" for none."""
    opened = pyqtSignal(str)
    """Folder of a run that is to be opened."""

    def __init__(self, context: Context, model: HistoryModel) -> None:
        super().__init__()
        self._context = context
        self.runs = model
        self._widths: dict[str, int] = {**WIDTHS, **self._kept_widths()}
        self._chosen = timer(self, CHOSEN, self._tell, once=True)
        self._told = self._why_empty = ""
        self.setModel(model)
        self.setMinimumHeight(60)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIndentation(14)
        self.setAccessibleName("Runs")
        self.setExpandsOnDoubleClick(False)
        self.setSortingEnabled(True)
        self.sortByColumn(1, Qt.SortOrder.DescendingOrder)
        kept = str(context.settings.value(COLUMNS, ""))
        model.choose_results([name for name in kept.split(",") if name])
        self._build_header()
        self.setStyleSheet("QTreeView::item { padding: 1px 0; }")
        self.doubleClicked.connect(lambda _: self.open_chosen())

    def say_why_empty(self, why: str) -> None:
        """Say in the table why nothing is shown; "" where something is."""
        if why != self._why_empty:
            self._why_empty = why
            viewport = self.viewport()
            if viewport is not None:
                viewport.update()

    def paintEvent(self, e: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the rows, or why there are none."""
        super().paintEvent(e)
        viewport = self.viewport()
        if not self._why_empty or viewport is None:
            return
        painter = QPainter(viewport)
        painter.setPen(QColor(self._context.theme.quiet))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(viewport.rect().adjusted(24, 4, -24, -4), flags, self._why_empty)
        painter.end()

    def _build_header(self) -> None:
        header = self.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(36)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.column_menu().popup(header.mapToGlobal(at)))
        header.setToolTip("Click: sort. Right click: columns of results")
        self.runs.modelReset.connect(self._size_columns)
        self._size_columns()
        header.sectionResized.connect(self._resized)

    # ---- columns

    def _kept_widths(self) -> dict[str, int]:
        try:
            said = json.loads(str(self._context.settings.value(SIZES, "{}")))
        except ValueError:
            return {}
        kept = said.items() if isinstance(said, dict) else ()
        return {name: width for name, width in kept if isinstance(width, int) and 0 < width <= WIDEST}

    def _size_columns(self) -> None:
        for at, name in enumerate(self.runs.columns()):
            self.setColumnWidth(at, self._widths.get(name, RESULT_WIDTH))

    def _resized(self, at: int, old: int, new: int) -> None:
        del old
        columns = self.runs.columns()
        if at < len(columns) and new > 0:
            self._widths[columns[at]] = new
            self._context.settings.setValue(SIZES, json.dumps(self._widths))

    def column_menu(self) -> QMenu:
        """Return the menu in which results get columns, or lose them."""
        menu = QMenu("&Columns", self)
        for name in sorted({*self.runs.names_of_results(), *self.runs.results}):
            action = menu.addAction(name.replace("_", " "))
            assert action is not None
            action.setCheckable(True)
            action.setChecked(name in self.runs.results)
            action.toggled.connect(lambda on, name=name: self.show_result(name, on))
        if menu.isEmpty():
            none = menu.addAction("no run has results")
            assert none is not None
            none.setEnabled(False)
        return menu

    def show_result(self, name: str, on: bool) -> None:
        """Give a result a column, or take it away."""
        results = [each for each in self.runs.results if each != name] + ([name] if on else [])
        unfolded = [row["run"] for row in self.runs.rows() if self.isExpanded(self.runs.index_of(row["run"]))]
        current = self.current()
        self.runs.choose_results(results)
        self._context.settings.setValue(COLUMNS, ",".join(results))
        for folder in unfolded:
            self.expand(self.runs.index_of(folder))
        if current:
            self.choose(current)

    # ---- rows

    def current(self) -> str:
        """Return the folder of the run that is chosen, "" for none."""
        row = self.runs.row_of(self.currentIndex())
        return "" if row is None else str(row["run"])

    def chosen_runs(self) -> list[str]:
        """Return the folders of all runs that are selected."""
        selection = self.selectionModel()
        found = [] if selection is None else [self.runs.row_of(index) for index in selection.selectedRows()]
        return [str(row["run"]) for row in found if row is not None]

    def choose(self, folder: str) -> None:
        """Choose a run, and show it."""
        index = self.runs.index_of(folder)
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def choose_first(self) -> None:
        """Choose the uppermost run, if none is."""
        if not self.chosen_runs() and (model := self.model()) is not None and model.rowCount():
            self.setCurrentIndex(model.index(0, 0))

    def open_chosen(self) -> None:
        """Open the run that is chosen."""
        if folder := self.current():
            self.opened.emit(folder)

    def tick_chosen(self) -> None:
        """Tick the runs that are selected, or take the ticks away if all of them have one."""
        folders = [folder for folder in self.chosen_runs() if "runs" not in (self.runs.known(folder) or {})]
        on = not all(folder in self.runs.overlaid for folder in folders)
        for folder in folders:
            self.runs.tick(folder, on)

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:  # noqa: N802 - Qt's name
        """Tell which run is chosen, once the keys are at rest."""
        super().selectionChanged(selected, deselected)
        self._chosen.start()

    def _tell(self) -> None:
        folder = self.current() if self.chosen_runs() else ""
        if folder != self._told:
            self._told = folder
            self.chosen.emit(folder)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Open at Enter, tick at Space; a key that moves chooses a run also where none was chosen yet."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_chosen()
        elif event is not None and event.key() == Qt.Key.Key_Space:
            self.tick_chosen()
        elif event is not None and event.key() in MOVES and not self.chosen_runs():
            self._begin_at(last=event.key() in (Qt.Key.Key_End, Qt.Key.Key_Up))
        else:
            super().keyPressEvent(event)

    def _begin_at(self, *, last: bool) -> None:
        """Choose the first run, or the last one."""
        rows = self.runs.rowCount()
        if rows:
            self.setCurrentIndex(self.runs.index(rows - 1 if last else 0, 0))

    def at_pointer(self, place: QPoint) -> str:
        """Return the folder of the run at a place of the table, "" where there is none."""
        row = self.runs.row_of(self.indexAt(place))
        return "" if row is None else str(row["run"])
