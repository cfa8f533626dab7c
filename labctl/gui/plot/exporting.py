"""What is shown, as a picture or a table: always on white, as it goes into a notebook or a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QMarginsF, QRectF, QSize, QSizeF, Qt
from PyQt6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PyQt6.QtSvg import QSvgGenerator
from PyQt6.QtWidgets import QGraphicsView
from pyqtgraph import GraphicsScene

from instruments.errors import UsageError, WriteFailed
from labctl.gui.plot.envelope import FloatArray
from labctl.gui.plot.growing import Words
from labctl.gui.plot.pane import Pane
from labctl.gui.plot.rundata import Line, RunData
from labctl.gui.plot.trace import Trace

SCALE = 2
"""Pixels of a picture for each of the window's."""
POINTS = 72 / 96
"""Points of a page for each pixel of the window."""
PICTURES = (".png", ".svg", ".pdf")


def image_of(drawing: QGraphicsView) -> QImage:
    """Return a picture with two pixels for each of the window's."""
    image = QImage(drawing.size() * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint(drawing, painter, QSizeF(drawing.size()))
    painter.end()
    return image


def save_picture(drawing: QGraphicsView, path: Path) -> None:
    """Write a picture: `.png`, or `.svg` and `.pdf` of which every line can be taken up again.

    Raises:
        UsageError: It shall end otherwise.
        WriteFailed: The file cannot be written.
    """
    kinds: dict[str, Callable[[QGraphicsView, Path], bool]] = {".png": _png, ".svg": _svg, ".pdf": _pdf}
    kind = path.suffix.lower()
    if kind not in kinds:
        raise UsageError(f"{path.name} ends with {kind or 'nothing'}, but a picture ends with {', '.join(PICTURES)}")
    if not kinds[kind](drawing, path):
        raise WriteFailed(f"cannot write {path}: is the folder there, and may it be written to?")


def _png(drawing: QGraphicsView, path: Path) -> bool:
    return image_of(drawing).save(str(path))


def _svg(drawing: QGraphicsView, path: Path) -> bool:
    device = QSvgGenerator()
    device.setFileName(str(path))
    device.setSize(QSize(drawing.size()))
    device.setViewBox(drawing.rect())
    device.setTitle("labctl")
    return _painted(drawing, device, QSizeF(drawing.size()))


def _pdf(drawing: QGraphicsView, path: Path) -> bool:
    device = QPdfWriter(str(path))
    device.setResolution(
        96
    )  # one of the window's pixels for each of the page's: pyqtgraph's labels know no other scale
    size = QSizeF(drawing.size())
    device.setPageSize(QPageSize(size * POINTS, QPageSize.Unit.Point, "plot", QPageSize.SizeMatchPolicy.ExactMatch))
    device.setPageMargins(QMarginsF(0, 0, 0, 0))
    return _painted(drawing, device, size)


def _painted(drawing: QGraphicsView, device: QSvgGenerator | QPdfWriter, size: QSizeF) -> bool:
    painter = QPainter()
    if not painter.begin(device):
        return False
    _paint(drawing, painter, size)
    return painter.end()


def _paint(drawing: QGraphicsView, painter: QPainter, size: QSizeF) -> None:
    """Draw all of a view into a rectangle of this size."""
    scene = drawing.scene()
    if isinstance(scene, GraphicsScene):
        scene.prepareForPaint()
    if scene is not None:
        scene.render(painter, QRectF(0, 0, size.width(), size.height()), QRectF(drawing.rect()))


def save_cells(x: FloatArray, y: FloatArray, z: FloatArray, names: tuple[str, str, str], path: Path) -> None:
    """Write a map as a table: one row a cell; cells of which nothing is known are left out.

    Raises:
        WriteFailed: The file cannot be written.
    """
    lines = [",".join(names)]
    for row, column in np.argwhere(~np.isnan(z)).tolist():
        lines.append(f"{float(x[column])!r},{float(y[row])!r},{float(z[row, column])!r}")
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error


def save_table(panes: list[Pane], path: Path) -> None:
    """Write the points that are shown as a table: one row a point, each run under the other.

    Raises:
        WriteFailed: The file cannot be written.
    """
    try:
        path.write_text("".join(_tables(panes)), encoding="utf-8")
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror}") from error


def _tables(panes: list[Pane]) -> Iterator[str]:
    """Yield lines: one heading over all columns, then the rows of each run."""
    runs: dict[int, tuple[RunData, list[tuple[Pane, Trace]]]] = {}
    for pane in panes:
        for trace in pane.traces:
            runs.setdefault(id(trace.line.data), (trace.line.data, []))[1].append((pane, trace))
    names = list(
        dict.fromkeys(name for _, drawn in runs.values() for pane, trace in drawn for name in _of(pane, trace))
    )
    yield ",".join(["Run", "File", *names]) + "\n"
    for data, drawn in runs.values():
        seen = np.zeros(data.rows, dtype=np.bool_)
        for pane, trace in drawn:
            seen |= _seen(pane, trace.line)
        rows = np.flatnonzero(seen)
        columns = [_texts(data, name, rows) for name in names]
        for cells in zip(*columns, strict=True) if columns else ():
            yield ",".join([data.folder.name, data.file or "processed", *cells]) + "\n"


def _of(pane: Pane, trace: Trace) -> list[str]:
    group = [trace.line.only[0]] if trace.line.only is not None else []
    return [*([pane.x] if pane.x else []), trace.line.y, *group]


def _seen(pane: Pane, line: Line) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    (left, right), (bottom, top) = pane.plot.vb.viewRange()
    x, y = line.between(0, len(line))
    return (x >= left) & (x <= right) & (y >= bottom) & (y <= top)


def _texts(data: RunData, name: str, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[str]:
    """Write a column's values so that reading them gives the very same; "" where there is none."""
    column = data.columns.get(name)
    if column is None:
        return [""] * len(rows)
    if isinstance(column, Words):
        return [column.labels[code] if code >= 0 else "" for code in column.at(rows).tolist()]
    return ["" if value != value else repr(value) for value in column.at(rows).tolist()]  # noqa: PLR0124 - nan is not itself
