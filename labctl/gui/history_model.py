"""The rows of the history: runs, and series with their runs below them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PyQt6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, pyqtSignal

from labctl.gui.context import Context
from labctl.gui.history_cells import AFTER, BEFORE, colour_of, text_of, tip_of
from labctl.gui.history_filters import Looked, Row

RIGHT = frozenset({"points", "lab_time_s"})
Role = Qt.ItemDataRole


class _Node:
    __slots__ = ("at", "every", "id", "parent", "row", "shown")

    def __init__(self, number: int, row: Row, parent: _Node | None) -> None:
        self.id, self.row, self.parent = number, row, parent
        self.every: list[_Node] = []
        self.shown: list[_Node] = []
        self.at = 0


class HistoryModel(QAbstractItemModel):
    """Runs in the order and with the filter that were chosen.

    Args:
        context: Where the colours are.
        parent: Who owns it.

    Attributes:
        results: Names of results that have a column of their own.
        overlaid: Folders of the runs that are ticked.
    """

    ticked = pyqtSignal(str, bool)
    """A run was ticked, or is not any more."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.results: tuple[str, ...] = ()
        self.overlaid: set[str] = set()
        self._nodes: dict[int, _Node] = {}
        self._by_run: dict[str, _Node] = {}
        self._top: list[_Node] = []
        self._looked = Looked()
        self._order = ("begun", True)
        self._last = 0

    # ---- what it is told

    def take(self, rows: Iterable[Row]) -> None:
        """Take in runs that are new or have changed; they are shown with the next `arrange`."""
        for row in rows:
            self._take(row, None)

    def _take(self, row: Row, parent: _Node | None) -> _Node:
        node = self._by_run.get(row["run"])
        if node is None:
            self._last += 1
            node = self._by_run[row["run"]] = self._nodes[self._last] = _Node(self._last, row, parent)
        node.row, node.parent = row, parent
        before = {child.id: child for child in node.every}
        node.every = [self._take(child, node) for child in row.get("runs", ())]
        for gone in set(before).difference(child.id for child in node.every):
            self._forget(before[gone])
        return node

    def drop(self, folders: Iterable[str]) -> None:
        """Take in that runs are not there any more."""
        for folder in folders:
            node = self._by_run.get(folder)
            if node is not None and node.parent is None:
                self._forget(node)

    def _forget(self, node: _Node) -> None:
        for child in node.every:
            self._forget(child)
        folder = node.row["run"]
        self._nodes.pop(node.id, None)
        self._by_run.pop(folder, None)
        if folder in self.overlaid:
            self.overlaid.discard(folder)
            self.ticked.emit(folder, False)

    def keep_only(self, folders: set[str]) -> None:
        """Take in that these are all the runs that there are."""
        self.drop([row["run"] for row in self.rows() if row["run"] not in folders])

    def arrange(self, looked: Looked | None = None) -> None:
        """Show what was taken in; with another filter, if one is given."""
        self._looked = looked or self._looked
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        held = [(index, index.internalId(), index.column()) for index in old]
        self._top = self._sorted([node for node in self._nodes.values() if node.parent is None and self._choose(node)])
        for at, node in enumerate(self._top):
            node.at = at
        self.changePersistentIndexList(old, [self._of(number, column) for _, number, column in held])
        self.layoutChanged.emit()

    def _choose(self, node: _Node) -> bool:
        """Choose a series' runs, and say whether it is shown itself."""
        looked = self._looked
        chosen = node.every
        if looked.fitting is not None:
            chosen = [child for child in node.every if child.row["run"] in looked.fitting]
        node.shown = chosen
        for at, child in enumerate(chosen):
            child.at = at
        return looked.fits(node.row) or (bool(node.every) and any(looked.fits(child.row) for child in chosen))

    def _sorted(self, nodes: list[_Node]) -> list[_Node]:
        """Return nodes in order; those without a value come last whichever way."""
        name, falling = self._order
        nodes.sort(key=lambda node: (node.row["begun"][:10], node.row["number"]), reverse=falling)
        keys = {node.id: self._key(node, name) for node in nodes}
        known = [node for node in nodes if keys[node.id] is not None]
        known.sort(key=lambda node: keys[node.id], reverse=falling)
        return known + [node for node in nodes if keys[node.id] is None]

    def _key(self, node: _Node, name: str) -> Any:
        if name in self.results:
            told = node.row["results"].get(name)
            return None if told is None else float(told[0])
        value = node.row.get(name)
        if name in {"found", "tags"} or isinstance(value, str):
            return text_of(node.row, name).casefold() or None
        return value

    # ---- what is asked of it

    def rows(self) -> list[Row]:
        """Return all runs and series, those within series left out."""
        return [node.row for node in self._nodes.values() if node.parent is None]

    def names_of_results(self) -> list[str]:
        """Return the names of results that any run has."""
        return sorted({name for node in self._nodes.values() for name in node.row["results"]})

    def row_of(self, index: QModelIndex) -> Row | None:
        """Return what is known of the run at an index; None where there is none."""
        node = self._node(index)
        return None if node is None else node.row

    def known(self, folder: str) -> Row | None:
        """Return what is known of a run by its folder."""
        node = self._by_run.get(folder)
        return None if node is None else node.row

    def index_of(self, folder: str) -> QModelIndex:
        """Return where a run is shown, an invalid index where it is not."""
        node = self._by_run.get(folder)
        return QModelIndex() if node is None else self._of(node.id, 0)

    def columns(self) -> list[str]:
        """Return the columns' keys: those of results are their names."""
        return [*BEFORE, *self.results, *AFTER]

    def choose_results(self, names: Sequence[str]) -> None:
        """Give other results columns of their own."""
        self.beginResetModel()
        self.results = tuple(names)
        self.endResetModel()

    def tick(self, folder: str, on: bool) -> None:
        """Tick a run, or take the tick away."""
        if (folder in self.overlaid) is on or folder not in self._by_run:
            return
        (self.overlaid.add if on else self.overlaid.discard)(folder)
        index = self.index_of(folder)
        self.dataChanged.emit(index, index, [Role.CheckStateRole])
        self.ticked.emit(folder, on)

    def recolour(self) -> None:
        """Take in that the colours are others."""
        if self._top:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._top) - 1, self.columnCount() - 1))

    # ---- Qt's own questions

    def _node(self, index: QModelIndex) -> _Node | None:
        return self._nodes.get(index.internalId()) if index.isValid() else None

    def _of(self, number: int, column: int) -> QModelIndex:
        node = self._nodes.get(number)
        if node is None:
            return QModelIndex()
        here = self._top if node.parent is None else node.parent.shown
        above = node.parent is None or self._of(node.parent.id, 0).isValid()
        shown = above and node.at < len(here) and here[node.at] is node
        return self.createIndex(node.at, column, node.id) if shown else QModelIndex()

    def index(self, row: int, column: int, parent: QModelIndex = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's own
        """Return where a cell is."""
        above = self._node(parent)
        here = above.shown if above is not None else self._top
        if not (0 <= row < len(here) and 0 <= column < self.columnCount()):
            return QModelIndex()
        return self.createIndex(row, column, here[row].id)

    def parent(self, child: QModelIndex = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008 - Qt's
        """Return the series that a run belongs to."""
        node = self._node(child)
        if node is None or node.parent is None:
            return QModelIndex()
        return self.createIndex(node.parent.at, 0, node.parent.id)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's own
        """Return how many rows are shown."""
        if not parent.isValid():
            return len(self._top)
        node = self._node(parent)
        return len(node.shown) if node is not None and parent.column() == 0 else 0

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's own
        """Return how many columns there are."""
        del parent
        return len(BEFORE) + len(self.results) + len(AFTER)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Return what can be done with a cell."""
        flags = super().flags(index)
        node = self._node(index)
        if node is not None and index.column() == 0 and not node.every:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:  # noqa: N802
        """Return what stands above a column."""
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        key = self.columns()[section]
        title = BEFORE.get(key) or AFTER.get(key) or key.replace("_", " ")
        if role in (Role.DisplayRole, Role.ToolTipRole):
            return title
        return None

    def data(self, index: QModelIndex, role: int = Role.DisplayRole) -> Any:  # noqa: PLR0911 - one for each question
        """Return what stands in a cell."""
        node = self._node(index)
        if node is None:
            return None
        key = self.columns()[index.column()]
        match role:
            case Role.DisplayRole:
                return text_of(node.row, key, in_series=node.parent is not None)
            case Role.ToolTipRole:
                return tip_of(node.row, key)
            case Role.ForegroundRole:
                return colour_of(node.row, key, self._context.theme)
            case Role.CheckStateRole if index.column() == 0 and not node.every:
                return Qt.CheckState.Checked if node.row["run"] in self.overlaid else Qt.CheckState.Unchecked
            case Role.TextAlignmentRole if key in RIGHT:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case _:
                return None

    def setData(self, index: QModelIndex, value: Any, role: int = Role.EditRole) -> bool:  # noqa: N802 - Qt's own
        """Tick a run, or take the tick away."""
        node = self._node(index)
        if node is None or role != Role.CheckStateRole:
            return False
        self.tick(node.row["run"], Qt.CheckState(value) is Qt.CheckState.Checked)
        return True

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Show the rows in another order."""
        if 0 <= column < self.columnCount():
            self._order = (self.columns()[column], order is Qt.SortOrder.DescendingOrder)
            self.arrange()
