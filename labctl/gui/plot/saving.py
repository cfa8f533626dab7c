"""Saves and copies what a plot shows, in the colours of paper."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFileDialog, QGraphicsView, QWidget

from instruments.errors import LabError, UsageError
from labctl.gui.context import Context
from labctl.gui.plot import exporting
from labctl.gui.plot.drawing import Drawing
from labctl.gui.plot.map_view import MapView
from labctl.gui.theme import LIGHT, Theme

LAST = "plot/saved_in"
"""Setting: the folder in which a picture or a table was saved last."""


class Saving(QObject):
    """Saves and copies what is shown.

    Args:
        shown: Returns the drawing or the map that is shown.
        repaint: Draws it in other colours, to its end; None stands for those of the window.
        context: Where runs are, and where it is kept in which folder was saved last.
        parent: The panel.
    """

    said = pyqtSignal(str, str)
    """Level and sentence."""

    def __init__(
        self, shown: Callable[[], Drawing | MapView], repaint: Callable[[Theme | None], None], context: Context,
        parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._context = context
        self._shown, self._repaint, self._widget = shown, repaint, parent

    def save(self, path: Path) -> None:
        """Save a picture (`.png`, `.svg`, `.pdf`), or a table of the points or cells that are shown (`.csv`).

        Raises:
            UsageError: The file's name ends otherwise, or there is no map yet.
            WriteFailed: It cannot be written.
        """
        shown = self._shown()
        if isinstance(shown, MapView) and not shown.cells.size:
            raise UsageError("there is no map yet, so there is nothing to save")
        if path.suffix.lower() != ".csv":
            self._on_white(lambda: exporting.save_picture(shown, path))
        elif isinstance(shown, MapView):
            exporting.save_cells(*shown.at, shown.cells, shown.names, path)
        else:
            exporting.save_table(list(shown.shown), path)

    def copy(self) -> None:
        """Copy the picture, to be inserted elsewhere."""
        view: QGraphicsView = self._shown()
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            self._on_white(lambda: clipboard.setImage(exporting.image_of(view)))
            self.said.emit("info", "the picture was copied")

    def _on_white(self, do: Callable[[], None]) -> None:
        self._repaint(LIGHT)
        try:
            do()
        finally:
            self._repaint(None)

    def ask_where(self, kind: str, name: str) -> None:
        """Ask for a file, without holding anything up, and save what is shown then.

        Args:
            kind: How it ends, e.g. `.png`.
            name: What it is called without that, if nobody says otherwise.
        """
        dialog = QFileDialog(self._widget, "Save what is shown")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind[1:])
        dialog.setNameFilter(f"*{kind}")
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)  # that of the system may hold the window up
        dialog.setDirectory(str(self._folder()))
        dialog.selectFile(name + kind)
        dialog.fileSelected.connect(lambda chosen: self._save_as(Path(chosen)))
        dialog.setModal(False)
        dialog.show()

    def _folder(self) -> Path:
        """Return where to begin: the folder in which something was saved last, or that of the runs."""
        last = Path(str(self._context.settings.value(LAST) or ""))
        return last if last.is_absolute() and last.is_dir() else Path(self._context.runs).absolute()

    def _save_as(self, path: Path) -> None:
        try:
            self.save(path)
        except LabError as error:
            self.said.emit("error", str(error))
        else:
            self._context.settings.setValue(LAST, str(path.absolute().parent))
            self.said.emit("info", f"saved {path}")
