"""Named forms of an experiment: taken, kept and forgotten from a menu."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from labctl.gui.context import Context


class PresetMenu(QToolButton):
    """A button with the presets of the experiment that is chosen.

    Args:
        context: Whose desk keeps them.
        naming: The line in which a new one gets its name.
    """

    taken = pyqtSignal(object)
    """What a preset asks."""
    defaults = pyqtSignal()
    """Everything is to go to its default."""
    file_wanted = pyqtSignal()
    """An experiment in a file of one's own is to be opened."""

    def __init__(self, context: Context, naming: NamingBar) -> None:
        super().__init__()
        self._context = context
        self._naming = naming
        self._procedure = ""
        self.presets: dict[str, Any] = {}
        self.setText("⋯")
        self.setToolTip("Presets, defaults, and experiments in files of one's own")
        self.setAccessibleName("Presets")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self.setMenu(self._menu)
        naming.named.connect(self._keep)
        self._asked: Mapping[str, Any] = {}
        self._fill()

    def show_procedure(self, procedure: str) -> None:
        """Offer the presets of another experiment."""
        self._procedure = procedure
        self._take({"presets": {}, "faults": []})
        self._context.desk.ask("presets", procedure=procedure, then=self._take)

    def show_asked(self, asked: Mapping[str, Any]) -> None:
        """Take in what would be kept."""
        self._asked = asked

    def _take(self, said: Any) -> None:
        self.presets = dict(said["presets"])
        for fault in said["faults"]:
            self._context.said.emit("warning", str(fault))
        self._fill()

    def _fill(self) -> None:
        menu = self._menu
        menu.clear()
        for name, asked in self.presets.items():
            self._add(menu, name, partial(self.taken.emit, asked))
        if self.presets:
            menu.addSeparator()
        self._add(menu, "&Defaults of the experiment", self.defaults.emit)
        self._add(menu, "&Keep as a preset …", self._naming.ask)
        forget = menu.addMenu("&Forget a preset")
        assert forget is not None
        forget.setEnabled(bool(self.presets))
        for name in self.presets:
            self._add(forget, name, partial(self.drop, name))
        menu.addSeparator()
        self._add(menu, "&Open an experiment in a file …", self.file_wanted.emit)

    def _add(self, menu: QMenu, title: str, do: Any) -> None:
        action = menu.addAction(title)
        assert action is not None
        action.triggered.connect(lambda _: do())

    def _keep(self, name: str) -> None:
        self._context.desk.ask(
            "keep_preset", procedure=self._procedure, name=name, asked=dict(self._asked),
            then=lambda said: self._kept(said, f"the preset {name} of {self._procedure} is kept"),
        )  # fmt: skip

    def drop(self, name: str) -> None:
        """Forget a preset; what it was stands in the log."""
        kept = self.presets.get(name, {})
        self._context.desk.ask(
            "drop_preset", procedure=self._procedure, name=name,
            then=lambda said: self._kept(said, f"the preset {name} is forgotten; it was {kept}"),
        )  # fmt: skip

    def _kept(self, said: Any, sentence: str) -> None:
        self._take(said)
        self._context.said.emit("info", sentence)


class NamingBar(QWidget):
    """A line that asks for the name of a preset, and goes away again."""

    named = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setPlaceholderText("e.g. quick look")
        self.line.setToolTip("Name of the preset; one of that name is replaced")
        self.line.returnPressed.connect(self._take)
        keep, leave = QPushButton("Keep"), QToolButton()
        keep.setToolTip("Keep the form under this name")
        keep.clicked.connect(self._take)
        leave.setText("✕")
        leave.setToolTip("Keep nothing")
        leave.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Preset"))
        row.addWidget(self.line, 1)
        row.addWidget(keep)
        row.addWidget(leave)
        self.hide()

    def ask(self) -> None:
        """Ask for a name."""
        self.line.clear()
        self.show()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take(self) -> None:
        name = self.line.text().strip()
        if name:
            self.hide()
            self.named.emit(name)
