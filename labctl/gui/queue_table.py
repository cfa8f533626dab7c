"""The table of a queue: rows are chosen, dragged and opened."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QItemSelectionModel, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from labctl.gui.context import Context
from labctl.gui.queue_cells import SIZE, ProgressDelegate
from labctl.gui.queue_columns import COLUMNS, PROGRESS, SAYS
from labctl.gui.queue_model import Item, QueueModel

WIDTHS = (4, 16, 12, 40, 16, 14, 15, 27, 17, 30, 18)
"""Of the columns, in letters; that of what an item says takes what is left."""
KEPT = "queue/widths"


class QueueTable(QTableView):
    """Shows a queue.

    Args:
        model: Of what.
        context: Where the colours are.

    Attributes:
        empty: What is said where there is nothing to show.
    """

    wanted = pyqtSignal()
    """Somebody wants to see more of what is selected: Return, or a double click."""
    picked = pyqtSignal()
    """What is selected is something else."""

    def __init__(self, model: QueueModel, context: Context) -> None:
        super().__init__()
        self._context = context
        self._model = model
        self._empty = ""
        self.setModel(model)
        self.setAccessibleName("Queue")
        self._set_up()
        self.setItemDelegateForColumn(PROGRESS, ProgressDelegate(context))
        self.doubleClicked.connect(self.wanted)
        selection = self.selectionModel()
        assert selection is not None
        selection.selectionChanged.connect(self.picked)

    def _set_up(self) -> None:
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDragDropOverwriteMode(False)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        assert rows is not None
        assert columns is not None
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(max(self.fontMetrics().height(), SIZE) + 4)
        columns.setHighlightSections(False)
        columns.setStretchLastSection(False)
        columns.setMinimumSectionSize(24)
        columns.setSelectionModel(QItemSelectionModel(self._model, self))  # else it looks at all rows to draw itself
        letter = self.fontMetrics().averageCharWidth()
        for column, letters in enumerate(WIDTHS):
            self.setColumnWidth(column, letters * letter)
        if isinstance(kept := self._context.settings.value(f"{KEPT}/{len(COLUMNS)}"), QByteArray):
            columns.restoreState(kept)
        columns.setSectionResizeMode(SAYS, QHeaderView.ResizeMode.Stretch)
        columns.sectionResized.connect(self._remember)

    def _remember(self) -> None:
        columns = self.horizontalHeader()
        assert columns is not None
        self._context.settings.setValue(f"{KEPT}/{len(COLUMNS)}", columns.saveState())

    @property
    def empty(self) -> str:
        """What is said where there is nothing to show."""
        return self._empty

    @empty.setter
    def empty(self, sentence: str) -> None:
        viewport = self.viewport()
        if sentence != self._empty and viewport is not None:
            viewport.update()  # else the sentence before stays as long as no row comes
        self._empty = sentence

    def chosen(self) -> list[Item]:
        """Return the items that are selected, in the queue's order."""
        selection = self.selectionModel()
        assert selection is not None
        rows = {row for each in selection.selection() for row in range(each.top(), each.bottom() + 1)}
        return [self._model.item_at(row) for row in sorted(rows)]

    def choose(self, number: str) -> None:
        """Select an item, and no other one, and bring it into sight."""
        row, selection = self._model.row_of(number), self.selectionModel()
        if row is None or selection is None:
            return
        flags = QItemSelectionModel.SelectionFlag
        index = self._model.index(row, 0)
        selection.setCurrentIndex(index, flags.ClearAndSelect | flags.Rows)
        self.scrollTo(index)

    def show_on(self, number: str) -> None:
        """Bring the item that is on to the top, unless somebody is at work in the table."""
        row = self._model.row_of(number)
        if row is not None and not self.hasFocus():
            self.scrollTo(self._model.index(max(row - 1, 0), 0), QAbstractItemView.ScrollHint.PositionAtTop)

    def keyPressEvent(self, e: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Open what is selected with Return."""
        if e is not None and e.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not e.modifiers():
            self.wanted.emit()
        else:
            super().keyPressEvent(e)

    def paintEvent(self, e: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the rows, or what to do where there are none."""
        super().paintEvent(e)
        viewport = self.viewport()
        if not self.empty or self._model.rowCount() or viewport is None:
            return
        painter = QPainter(viewport)
        painter.setPen(QColor(self._context.theme.quiet))
        painter.drawText(
            viewport.rect().adjusted(24, 4, -24, -4),
            Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
            self.empty,
        )
        painter.end()
