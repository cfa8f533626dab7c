"""Figures of runs in small: decoded beside the window's thread, and few of them kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from PyQt6.QtCore import QFileInfo, QObject, QPoint, QRect, QRunnable, QSize, Qt, QThreadPool, pyqtSignal
from PyQt6.QtGui import QImage, QImageReader, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from labctl.gui.timing import timer

KEPT = 24 << 20
"""Bytes of decoded pictures that are kept."""
LARGEST = 64
"""MB that a picture may decode to; figures of runs are far below."""
STILL = 120
"""ms for which the size has stood still before a picture is decoded for it."""

Key = tuple[str, int, int, int]


class _Decoding(QRunnable):
    """Decodes one picture in a thread of its own."""

    def __init__(self, key: Key, done: Callable[[Key, QImage], None]) -> None:
        super().__init__()
        self._key = key
        self._done = done

    def run(self) -> None:
        """Decode it."""
        path, _, width, height = self._key
        reader = QImageReader(path)
        reader.setAllocationLimit(LARGEST)
        size = reader.size()
        if size.isValid():
            reader.setScaledSize(size.scaled(QSize(width, height), Qt.AspectRatioMode.KeepAspectRatio))
        self._done(self._key, reader.read())


class Thumbnails(QObject):
    """Pictures by file and size.

    Args:
        parent: Who owns it.
    """

    ready = pyqtSignal(str, QImage)
    """A file, and its picture; an empty one where it cannot be decoded."""
    _decoded = pyqtSignal(object, QImage)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[Key, QImage] = OrderedDict()
        self._wanted: Key | None = None
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._decoded.connect(self._take)  # which is called in the window's thread

    @property
    def bytes_kept(self) -> int:
        """Bytes that are kept."""
        return sum(image.sizeInBytes() for image in self._kept.values())

    def ask(self, path: str, size: QSize) -> None:
        """Ask for a picture; `ready` follows, unless another one is asked for meanwhile.

        Args:
            path: Its file.
            size: Pixels into which it fits.
        """
        changed = QFileInfo(path).lastModified().toMSecsSinceEpoch()
        key = (path, changed, size.width(), size.height())
        self._wanted = key
        if key in self._kept:
            self._kept.move_to_end(key)
            self.ready.emit(path, self._kept[key])
            return
        self._pool.clear()  # what has not begun is not looked at any more
        self._pool.start(_Decoding(key, self._decoded.emit), 0)

    def end(self) -> None:
        """Decode nothing any more; return when none is being decoded, and this may be destroyed."""
        self._pool.clear()
        self._pool.waitForDone()

    def _take(self, key: Key, image: QImage) -> None:
        self._kept[key] = image
        while self.bytes_kept > KEPT and len(self._kept) > 1:
            self._kept.popitem(last=False)
        if key == self._wanted:
            self.ready.emit(key[0], image)


class Preview(QWidget):
    """Shows the picture of one run, as large as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._thumbnails = Thumbnails(self)
        self._thumbnails.ready.connect(self._show)
        self._path = ""
        self._image = QImage()
        self.said = "no run is chosen"
        self._still = timer(self, STILL, self._ask, once=True)
        self.setMinimumSize(80, 60)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Figure of the run")

    def end(self) -> None:
        """Show no further picture; this may be destroyed then."""
        self._path = ""
        self._thumbnails.end()

    @property
    def image(self) -> QImage:
        """What is shown; empty where there is nothing."""
        return self._image

    def show_file(self, path: str | None, said: str) -> None:
        """Show another picture.

        Args:
            path: Its file; None where there is none.
            said: What stands there meanwhile, or without one.
        """
        self.said = said
        if path != self._path:
            self._path, self._image = path or "", QImage()
        self.update()
        if path:
            self._ask()

    def _ask(self) -> None:
        if self._path and self.width() > 0:
            ratio = self.devicePixelRatioF()
            self._thumbnails.ask(self._path, QSize(round(self.width() * ratio), round(self.height() * ratio)))

    def _show(self, path: str, image: QImage) -> None:
        if path == self._path:
            self._image = image
            self._image.setDevicePixelRatio(self.devicePixelRatioF())
            self.said = "the figure cannot be read" if image.isNull() else ""
            self.update()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Decode it anew for another size, once that stands still."""
        super().resizeEvent(a0)
        self._still.start()

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw it in the middle."""
        del a0
        painter = QPainter(self)
        if self._image.isNull():
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(6, 6, -6, -6), int(flags), self.said)
        else:
            size = self._image.deviceIndependentSize().toSize()
            size = size.scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(QPoint((self.width() - size.width()) // 2, (self.height() - size.height()) // 2), size)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, self._image)
        painter.end()
