"""Chooses an experiment: by typing parts of its name or of its line, from a list in groups, or a file of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QModelIndex, Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QStandardItem, QStandardItemModel
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QTreeView,
    QWidget,
)

NAME, SOUGHT = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2


class _Completer(QCompleter):
    """Looks for what was typed in name and line, and gives the name."""

    def pathFromIndex(self, index: QModelIndex) -> str:  # noqa: N802 - Qt's name
        return str(index.siblingAtColumn(0).data(NAME) or "")

    def splitPath(self, path: str | None) -> list[str]:  # noqa: N802 - Qt's name
        return [(path or "").strip()]


class _Line(QLineEdit):
    """A line that is replaced as a whole by typing, once it has the keys."""

    opened = pyqtSignal()
    entered = pyqtSignal()
    """Return was pressed, and no entry of the list is marked that it would take."""
    left = pyqtSignal()
    """Escape was pressed."""

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Leave it to the chooser what Return takes: the list closes by itself, whether or not it gave anything."""
        if a0 is not None and a0.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if self._is_marked():
                a0.ignore()  # the list takes it
            else:
                a0.accept()
                self.entered.emit()
            return
        if a0 is not None and a0.key() == Qt.Key.Key_Escape:
            self.left.emit()
        super().keyPressEvent(a0)

    def _is_marked(self) -> bool:
        completer = self.completer()
        popup = None if completer is None else completer.popup()
        return popup is not None and popup.isVisible() and popup.currentIndex().isValid()

    def focusInEvent(self, a0: QFocusEvent | None) -> None:  # noqa: N802 - Qt's name
        super().focusInEvent(a0)
        if a0 is not None and a0.reason() != Qt.FocusReason.PopupFocusReason:
            self.selectAll()

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        super().mouseReleaseEvent(a0)
        self.opened.emit()


class ProcedureChooser(QWidget):
    """A line with the experiment's name, below which the others are listed.

    Attributes:
        name: What is chosen; "" before anything is.
        line: Where it is typed.
    """

    chosen = pyqtSignal(str)
    """A name, or a file of somebody's own."""
    typed = pyqtSignal()
    """What stands in the line is another text."""

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self._summaries: dict[str, str] = {}
        self.line = _Line()
        self.line.setPlaceholderText("experiment: type parts of its name …")
        self.line.setAccessibleName("Experiment")
        self.line.setToolTip("Type parts of its name or description, or choose from the list (arrow down)")
        self._model = QStandardItemModel(0, 2)
        self._list = self._made_list()
        self._completer = self._made_completer()
        self.all = QToolButton()
        self.all.setText("▾")
        self.all.setToolTip("All experiments, in groups")
        self.all.clicked.connect(self.open)
        self.line.opened.connect(self.open)
        self.line.textChanged.connect(self.typed)
        self.line.entered.connect(self._take_typed)
        self.line.left.connect(lambda: self.line.setText(self.name))
        self.line.editingFinished.connect(self._put_back)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        row.addWidget(self.line, 1)
        row.addWidget(self.all)
        self.setFocusProxy(self.line)

    def _made_list(self) -> QTreeView:
        view = QTreeView()
        view.setRootIsDecorated(False)
        view.setHeaderHidden(True)
        view.setUniformRowHeights(True)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setMinimumWidth(760)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return view

    def _made_completer(self) -> QCompleter:
        completer = _Completer(self)
        completer.setPopup(self._list)
        completer.setCompletionRole(SOUGHT)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(18)
        completer.activated[QModelIndex].connect(self._activated)
        return completer

    def show_procedures(self, said: Mapping[str, Any]) -> None:
        """Offer experiments; see `labctl.desk.procedures.procedures`."""
        self._summaries = {str(name): str(line) for name, line in said["procedures"].items()}
        self._model.removeRows(0, self._model.rowCount())
        for group in said["groups"]:
            self._add(str(group["title"]), "", "")
            for name in group["names"]:
                self._add("", str(name), self._summaries[str(name)])
        self._completer.setModel(self._model)
        self.line.setCompleter(self._completer)
        self._list.setColumnWidth(0, 170)

    def _add(self, title: str, name: str, line: str) -> None:
        first, second = QStandardItem(title or f"   {name}"), QStandardItem(line)
        for item in (first, second):
            item.setData(name, NAME)
            item.setData(f"{name} {line}" if name else "", SOUGHT)
            item.setEditable(False)
        if title:
            font = first.font()
            font.setBold(True)
            first.setFont(font)
            first.setEnabled(False)
            second.setEnabled(False)
        self._model.appendRow([first, second])

    def open(self) -> None:
        """List all experiments."""
        if self.line.isEnabled():
            self.line.setFocus(Qt.FocusReason.OtherFocusReason)
            self._completer.setCompletionPrefix("")
            self._completer.complete()
            self._show_titles()

    def _show_titles(self) -> None:
        """Give titles of groups the whole width."""
        model = self._list.model()
        assert model is not None
        self._list.setColumnWidth(0, 170)
        for row in range(model.rowCount()):
            self._list.setFirstColumnSpanned(row, QModelIndex(), not model.index(row, 0).data(NAME))

    def show_chosen(self, name: str, about: str = "") -> None:
        """Show another name, without a signal.

        Args:
            name: What is chosen.
            about: What there is to say of it.
        """
        self.name = name
        self.line.setText(name)
        self.line.setToolTip(about or "Type parts of its name or description, or choose from the list (arrow down)")

    def _activated(self, index: QModelIndex) -> None:
        name = str(index.siblingAtColumn(0).data(NAME) or "")
        if name:
            self.take(name)

    @property
    def fault(self) -> str:
        """Why what stands in the line is not what is chosen; "" where it is."""
        typed = self.line.text().strip()
        if typed == self.name:
            return ""
        if not typed:
            return "choose an experiment"
        found = self._found(typed)
        if not found:
            return f"there is no experiment with {typed!r} in its name or description; choose one of the list"
        if len(found) == 1:
            return f"press Return in the line above to choose the experiment {found[0]}"
        return f"choose one of the {len(found)} experiments with {typed!r} in their name or description"

    def _found(self, typed: str) -> list[str]:
        """Return the experiments that a text can mean: one of just that name, or all that have it in their line."""
        if ".py" in typed:
            return [typed]
        sought = typed.lower()
        found = [name for name, line in self._summaries.items() if sought and sought in f"{name} {line}".lower()]
        return [name for name in found if name.lower() == sought] or found

    def _take_typed(self) -> None:
        """Choose what was typed where it can mean one experiment only; of several show the list."""
        typed = self.line.text().strip()
        found = self._found(typed)
        if len(found) == 1:
            self._hide_list()
            self.take(found[0])
        else:
            self._completer.setCompletionPrefix(typed)
            self._completer.complete()

    def _hide_list(self) -> None:
        popup = self._completer.popup()
        if popup is not None:
            popup.hide()

    def take(self, name: str) -> None:
        """Choose an experiment."""
        is_other = name != self.name
        self.name = name
        self.line.setText(name)
        if is_other:
            self.chosen.emit(name)

    def _put_back(self) -> None:
        """Show what is chosen again where something else was typed."""
        popup = self._completer.popup()
        if popup is None or not popup.isVisible():
            self.line.setText(self.name)

    def ask_for_file(self) -> None:
        """Choose a file of one's own; nothing waits for the answer."""
        dialog = QFileDialog(self, "A file with an experiment", "", "Python files (*.py)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setModal(False)
        dialog.fileSelected.connect(self.take)
        dialog.show()
