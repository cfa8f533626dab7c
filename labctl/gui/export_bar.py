"""A line in which it is said where a run is to be written, and in which form; nothing waits for it."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices, QKeyEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from labctl.gui.context import Context
from labctl.gui.elided import ElidedLabel
from labctl.gui.marks import mark

FORMS = {
    "csv": ("table for spreadsheets (.csv)", ".csv"),
    "netcdf": ("NetCDF (.nc)", ".nc"),
    "dat": ("MultiVu (.dat)", ".dat"),
    "zip": ("one file for a colleague (.zip)", ".zip"),
}
FOLDER, FORM = "history/exports", "history/export as"
"""Settings: folder into which was exported last, and the form."""


class ExportBar(QWidget):
    """Writes a run into one file, and says where it is.

    Args:
        context: Whom to ask, and what is remembered.
    """

    closed = pyqtSignal()
    """Nothing more is to be written."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run = self._file = ""
        self.form, self.place, self.said = QComboBox(), QLineEdit(), ElidedLabel()
        for key, (title, _) in FORMS.items():
            self.form.addItem(title, key)
        self.form.setCurrentIndex(max(0, self.form.findData(context.settings.value(FORM, "csv"))))
        self.form.setToolTip("The form of the file")
        self.form.setAccessibleName("Form of the file")
        self.form.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.place.setToolTip("The file that is written; one that is there is not replaced")
        self.place.setAccessibleName("File")
        self.go, self.folder, self.leave = QPushButton("Write"), QPushButton("Open its folder"), QPushButton()
        self.go.setToolTip("Writes the file (Enter)")
        self.folder.setToolTip("Shows the file's folder in the system's own program (Enter)")
        self._build()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._title = QLabel("Export")
        self._asks = (self._title, self.form, self.place, self.go)
        for widget, share in (
            (self._title, 0), (self.form, 0), (self.place, 3), (self.said, 2), (self.go, 0), (self.folder, 0),
            (self.leave, 0),
        ):  # fmt: skip
            row.addWidget(widget, share)
        self.form.currentIndexChanged.connect(self._suggest)
        self.place.returnPressed.connect(self.write)
        self.go.clicked.connect(self.write)
        self.folder.clicked.connect(self.open_folder)
        self.leave.clicked.connect(self.close_bar)
        self.hide()

    def begin(self, run: str) -> None:
        """Ask where a run is to be written."""
        self._run = run
        self._title.setText(f"Export {Path(run).name}")
        self._say("", "")
        self._show("")
        self._suggest()
        self.show()
        self.place.setFocus()

    def _show(self, file: str) -> None:
        """Show what asks for a file, or, once it is written, where it is."""
        self._file = file
        for widget in self._asks:
            widget.setVisible(not file)
        self.folder.setVisible(bool(file))
        self.leave.setText("Close" if file else "Cancel")
        self.leave.setToolTip("Puts this line away (Esc)" if file else "Writes nothing (Esc)")

    def _suggest(self) -> None:
        folder = Path(str(self._context.settings.value(FOLDER, "") or Path.home()))
        self.place.setText(str(folder / f"{Path(self._run).name}{FORMS[self.form.currentData()][1]}"))

    def write(self) -> None:
        """Write the file."""
        out = self.place.text().strip()
        if not out:
            return
        self._say("", "")
        self.go.setEnabled(False)
        self._context.archive.ask(
            "export_run", folder=self._run, form=self.form.currentData(), out=out,
            then=lambda said: self._written(said["file"], said["warnings"]), failed=self._fail,
        )  # fmt: skip

    def _written(self, file: str, warnings: list[str]) -> None:
        self.go.setEnabled(True)
        self._context.settings.setValue(FOLDER, str(Path(file).parent))
        self._context.settings.setValue(FORM, self.form.currentData())
        self._context.said.emit("info", f"written: {file}")
        for warning in warnings:
            self._context.said.emit("warning", f"{Path(file).name}: {warning}")
        if self.isVisible():
            self._show(file)
            self._say(f"Written: {file}", "")
            self.folder.setFocus()

    def _fail(self, sentence: str) -> None:
        self.go.setEnabled(True)
        self._say(sentence, "wrong")

    def _say(self, sentence: str, which: str) -> None:
        self.said.say(sentence)
        self.said.setVisible(bool(sentence))
        mark(self.said, which)

    def open_folder(self) -> None:
        """Show the folder of what was written in the system's own program."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._file).parent)))

    def close_bar(self) -> None:
        """Go away."""
        self.hide()
        self.closed.emit()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Go away at Esc, wherever in this line the keys go."""
        if a0 is not None and a0.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(a0)
