"""A line in which it is said where a run is to be written, and in which form; nothing waits for it."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from labctl.gui.context import Context

FORMS = {
    "netcdf": ("NetCDF (.nc)", ".nc"),
    "dat": ("MultiVu (.dat)", ".dat"),
    "zip": ("one file for a colleague (.zip)", ".zip"),
}
FOLDER = "history/exports"
"""Setting: folder into which was exported last."""


class ExportBar(QWidget):
    """Writes a run into one file.

    Args:
        context: Whom to ask, and what is remembered.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run = ""
        self.form, self.place, self.said = QComboBox(), QLineEdit(), QLabel()
        for key, (title, _) in FORMS.items():
            self.form.addItem(title, key)
        self.form.setToolTip("The form of the file")
        self.place.setToolTip("The file that is written; one that is there is not replaced")
        self.go, self.leave = QPushButton("Write"), QPushButton("Cancel")
        self.go.setToolTip("Writes the file (Enter)")
        self.leave.setToolTip("Writes nothing (Esc)")
        self.said.setProperty("wrong", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._title = QLabel("Export")
        for widget, share in (
            (self._title, 0),
            (self.form, 0),
            (self.place, 1),
            (self.said, 0),
            (self.go, 0),
            (self.leave, 0),
        ):
            row.addWidget(widget, share)
        self.form.currentIndexChanged.connect(self._suggest)
        self.place.returnPressed.connect(self.write)
        self.go.clicked.connect(self.write)
        self.leave.clicked.connect(self.hide)
        self.place.installEventFilter(self)
        self.hide()

    def begin(self, run: str) -> None:
        """Ask where a run is to be written."""
        self._run = run
        self._title.setText(f"Export {Path(run).name}")
        self.said.clear()
        self._suggest()
        self.show()
        self.place.setFocus()

    def _suggest(self) -> None:
        folder = Path(str(self._context.settings.value(FOLDER, "") or Path.home()))
        self.place.setText(str(folder / f"{Path(self._run).name}{FORMS[self.form.currentData()][1]}"))

    def write(self) -> None:
        """Write the file."""
        out = self.place.text().strip()
        if not out:
            return
        self.said.setText("")
        self.go.setEnabled(False)
        self._context.archive.ask(
            "export_run", folder=self._run, form=self.form.currentData(), out=out,
            then=lambda said: self._written(said["file"], said["warnings"]), failed=self._fail,
        )  # fmt: skip

    def _written(self, file: str, warnings: list[str]) -> None:
        self.go.setEnabled(True)
        self.hide()
        self._context.settings.setValue(FOLDER, str(Path(file).parent))
        self._context.said.emit("info", f"written: {file}")
        for warning in warnings:
            self._context.said.emit("warning", f"{Path(file).name}: {warning}")

    def _fail(self, sentence: str) -> None:
        self.go.setEnabled(True)
        self.said.setText(sentence)
        self.said.setToolTip(sentence)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Go away at Esc."""
        if isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress and a1.key() == Qt.Key.Key_Escape:
            self.hide()
        return super().eventFilter(a0, a1)
