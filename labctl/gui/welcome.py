"""The first thing that is seen where nothing is set up: which station, and whether a simulated one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.desk_link import DeskLink

FIRST = "ppms"
"""The station of a first measurement."""


class Welcome(QWidget):
    """Asks which station is meant.

    Args:
        desk: Who knows the stations.
    """

    chosen = pyqtSignal(str, bool, bool)
    """Station, whether its simulated twin, and whether somebody wants to be guided."""

    def __init__(self, desk: DeskLink) -> None:
        super().__init__()
        self.setWindowTitle("labctl")
        self.stations = QListWidget()
        self.stations.setToolTip("Shipped stations; a file of your own is opened below.")
        self.guided = QPushButton("&Measure a first loop on a simulated station")
        self.guided.setProperty("primary", True)
        self.guided.setToolTip("A PPMS with Keithley 6221, 2182A and 2400, and a Co-Tb film; no instrument is needed.")
        self.simulated, self.real = QPushButton("Open its &simulated twin"), QPushButton("Open the &real instruments")
        self.simulated.setToolTip("The same station file with simulated instruments that have real physics.")
        self.real.setToolTip("Takes the station's instruments; nothing of them is changed before you ask.")
        self.file = QPushButton("A station &file …")
        self.file.setToolTip("Open a station file (.toml) of your own.")
        for button in (self.guided, self.simulated, self.real, self.file):
            button.setAutoDefault(True)  # Enter presses it
        self.wrong = QLabel()
        self.wrong.setProperty("wrong", True)
        self.wrong.setWordWrap(True)
        self._put_together()
        self._connect()
        self._enable()
        desk.ask("stations", then=self.show_stations, failed=self.wrong.setText)

    def _put_together(self) -> None:
        title, first = QLabel("Which station?"), QLabel(
            "Try everything on a simulated station first: nothing has to be set up, it speaks the real protocols, "
            "and what you measure on it looks like the lab."
        )  # fmt: skip
        title.setStyleSheet("font-size: 22px; font-weight: bold;")
        first.setWordWrap(True)
        column, row = QVBoxLayout(self), QHBoxLayout()
        column.setContentsMargins(36, 28, 36, 28)
        column.setSpacing(12)
        for button in (self.simulated, self.real, self.file):
            row.addWidget(button)
        row.addStretch(1)
        column.addWidget(title)
        column.addWidget(first)
        column.addWidget(self.guided, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(8)
        heading = QLabel("Or one of these stations:")
        heading.setProperty("heading", True)
        column.addWidget(heading)
        column.addWidget(self.stations, 1)
        column.addLayout(row)
        column.addWidget(self.wrong)
        self.resize(760, 480)
        self.guided.setFocus()

    def _connect(self) -> None:
        self.guided.clicked.connect(lambda _: self.chosen.emit(FIRST, True, True))
        self.simulated.clicked.connect(lambda _: self.chosen.emit(self.station, True, False))
        self.real.clicked.connect(lambda _: self.chosen.emit(self.station, False, False))
        self.stations.itemActivated.connect(lambda _: self.chosen.emit(self.station, True, False))
        self.stations.currentItemChanged.connect(lambda *_: self._enable())
        self.file.clicked.connect(lambda _: self._ask_for_file())

    @property
    def station(self) -> str:
        """Which one is marked."""
        item = self.stations.currentItem()
        return "" if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def show_stations(self, known: Mapping[str, Any]) -> None:
        """List stations by name, each with a title."""
        for name, title in known.items():
            self._add(name, f"{name}    {title}")
        self.stations.setCurrentRow(max(0, list(known).index(FIRST) if FIRST in known else 0))

    def _add(self, name: str, text: str) -> None:
        item = QListWidgetItem(text)
        item.setData(Qt.ItemDataRole.UserRole, name)
        self.stations.addItem(item)

    def _enable(self) -> None:
        for button in (self.simulated, self.real):
            button.setEnabled(bool(self.station))

    def _ask_for_file(self) -> None:
        dialog = QFileDialog(self, "A station file", str(Path.cwd()), "Station files (*.toml)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._take_file)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _take_file(self, path: str) -> None:
        self._add(path, path)
        self.stations.setCurrentRow(self.stations.count() - 1)
