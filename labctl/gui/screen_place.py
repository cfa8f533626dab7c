"""Where a window is on the screen, and the sizes of its panels: kept as they change, and put back within the screen."""

from __future__ import annotations

from PyQt6.QtCore import QByteArray, QEvent, QObject, QRect, QSettings, Qt
from PyQt6.QtWidgets import QMainWindow, QSplitter

from labctl.gui.timing import timer

SAVED_AFTER = 1000
"""ms after a change that it is written down: a window that is killed comes back as it was, too."""
MOVES = {QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange}


class ScreenPlace(QObject):
    """Keeps place and sizes of a window in its settings.

    Args:
        window: Whose.
        splitters: By the name under which their sizes are kept.
        settings: Where.
    """

    def __init__(self, window: QMainWindow, splitters: dict[str, QSplitter], settings: QSettings) -> None:
        super().__init__(window)
        self._window = window
        self._splitters = splitters
        self._settings = settings
        self._soon = timer(self, SAVED_AFTER, self.keep, once=True)

    def restore(self) -> None:
        """Put it where it was, as far as the screen has room; follow its changes from now on."""
        for name, splitter in self._splitters.items():
            if isinstance(kept := self._settings.value(name), QByteArray):
                splitter.restoreState(kept)
            splitter.splitterMoved.connect(lambda *_: self._soon.start())
        frame, inside = self._settings.value("frame"), self._settings.value("inside")
        if isinstance(frame, QRect) and isinstance(inside, QRect):
            self._put(frame, inside)
        if str(self._settings.value("maximised", "")) == "true":
            self._window.setWindowState(Qt.WindowState.WindowMaximized)
        self._window.installEventFilter(self)

    def _put(self, frame: QRect, inside: QRect) -> None:
        """Move the frame to where it was: a size without its frame grows out of the screen, or wanders, each time."""
        screen = self._window.screen()
        room = frame if screen is None else screen.availableGeometry()
        width, height = min(frame.width(), room.width()), min(frame.height(), room.height())
        left = max(room.left(), min(frame.left(), room.left() + room.width() - width))
        top = max(room.top(), min(frame.top(), room.top() + room.height() - height))
        self._window.resize(width - (frame.width() - inside.width()), height - (frame.height() - inside.height()))
        self._window.move(left, top)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Keep it soon after it has changed."""
        if a0 is self._window and a1 is not None and a1.type() in MOVES:
            self._soon.start()
        return super().eventFilter(a0, a1)

    def end(self) -> None:
        """Write it down, and look at its events no more: a window that is taken apart has some that nobody may see."""
        self.keep()
        self._window.removeEventFilter(self)

    def keep(self) -> None:
        """Write it down now."""
        self._soon.stop()
        window, settings = self._window, self._settings
        maximised = window.isMaximized() or window.isFullScreen()
        settings.setValue("maximised", "true" if maximised else "false")
        if not maximised and window.isVisible():
            settings.setValue("frame", window.frameGeometry())
            settings.setValue("inside", window.geometry())
        for name, splitter in self._splitters.items():
            if all(not splitter.widget(number).isHidden() for number in range(splitter.count())):  # type: ignore[union-attr]
                settings.setValue(name, splitter.saveState())
        settings.sync()
