"""Which cable reaches which pad: a sketch of a Hall bar or of a junction, with its leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from labctl.gui.context import Context

PAD = 22.0
"""Points of a pad's side."""
BAR = 16.0
ARM = 7.0


class LeadsDrawing(QWidget):
    """The sample seen from above, its pads, and at each pad the lead and the cables' ends that it is plugged into.

    Args:
        context: Where the colours are.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.pads: Sequence[Mapping[str, Any]] = ()
        self.words: dict[str, list[str]] = {}
        self.verdicts: dict[str, bool] = {}
        self._leads: dict[str, list[str]] = {}
        self._junction = False
        self._round = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Leads and pads")
        context.theme_changed.connect(self.update)

    def show_card(self, card: Mapping[str, Any]) -> None:
        """Show another sample; see `labctl.desk.sample_drawing.drawn`."""
        self.pads = card["pads"]
        self._junction = card["kind"] == "junction"
        self._round = bool(card["geometry"]["round"])
        self.words = {pad["name"]: [] for pad in self.pads}
        self._leads = {pad["name"]: [] for pad in self.pads}
        for lead in card["leads"]:
            self._leads[lead["pad"]].append(lead["name"])
            self.words[lead["pad"]] += [each for each in lead["short"] if each not in self.words[lead["pad"]]]
        told = [(lead["name"], lead["pad"], ", ".join(lead["cables"]) or "no cable") for lead in card["leads"]]
        self.setToolTip("\n".join(f"{name} → pad {pad}: {cables}" for name, pad, cables in told))
        self.setAccessibleDescription(self.toolTip())
        self.updateGeometry()
        self.update()

    def show_verdicts(self, leads: Sequence[Mapping[str, Any]] | None) -> None:
        """Show which leads the contact check found good or bad; None where there was none."""
        self.verdicts = {} if leads is None else {str(lead["name"]): not lead["bad"] for lead in leads}
        self.update()

    @property
    def _line(self) -> int:
        return QFontMetrics(self.font()).height()

    def _rows(self, *sides: str) -> int:
        """Return the largest number of lines of text at the pads of these sides."""
        return max((len(self.words[pad["name"]]) for pad in self.pads if pad["side"] in sides), default=0)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a height in which all texts have their lines."""
        ends = self._rows("left", "right") * self._line
        if self._junction:
            return QSize(260, round(self.middle() + PAD / 2 + ends + max(self._rows("bottom") * self._line, PAD) + 8))
        under = self._rows("bottom") * self._line
        return QSize(260, round(self.middle() + max(2.0 * PAD + under, PAD / 2 + ends) + 6))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the same height, and any width."""
        return QSize(200, self.sizeHint().height())

    def middle(self) -> float:
        """Return how far from the upper edge the bar lies."""
        if self._junction:
            return max(self._rows("top") * self._line, 1.4 * PAD) + PAD + 4
        return self._rows("top") * self._line + 2.0 * PAD + 4

    def pad_place(self, pad: Mapping[str, Any]) -> QPointF:
        """Return the middle of a pad."""
        width, y = float(self.width()), self.middle()
        first, last = self._ends()
        if pad["side"] == "left":
            return QPointF(first, y)
        if pad["side"] == "right":
            return QPointF(last, y)
        up = -1.0 if pad["side"] == "top" else 1.0
        if self._junction:
            return QPointF(width / 2, PAD / 2 + 2 if up < 0 else self.height() - PAD / 2 - 2)
        left, right = first + PAD / 2, last - PAD / 2
        return QPointF(left + float(pad["along"]) * (right - left), y + up * 1.5 * PAD)

    def _ends(self) -> tuple[float, float]:
        """Return where the pads at the left and the right are: as far out as their texts allow."""
        metrics = QFontMetrics(self.font())

        def half(side: str) -> float:
            texts = [text for pad in self.pads if pad["side"] == side for text in self.words[pad["name"]]]
            return max([PAD, *(float(metrics.horizontalAdvance(text)) for text in texts)]) / 2 + 2

        return half("left"), self.width() - half("right")

    def paintEvent(self, a0: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the sample, and then its pads with their texts."""
        del a0
        theme, painter = self._context.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        self._draw_conductors(painter)
        for pad in self.pads:
            place = self.pad_place(pad)
            names = self._leads[pad["name"]]
            known = [self.verdicts[name] for name in names if name in self.verdicts]
            edge = theme.line if not known else theme.good if all(known) else theme.bad
            painter.setPen(QPen(QColor(edge), 2))
            painter.setBrush(QColor(theme.panel))
            wide = max(PAD, QFontMetrics(self._bold()).horizontalAdvance(",".join(names)) + 6.0)
            area = QRectF(place.x() - wide / 2, place.y() - PAD / 2, wide, PAD)
            painter.drawRoundedRect(area, 3, 3)
            self._write(painter, pad, area)
        painter.end()

    def _draw_conductors(self, painter: QPainter) -> None:
        theme = self._context.theme
        film = QColor(theme.curves[0])
        left, right = self._ends()
        y = self.middle()
        painter.setBrush(QColor(theme.line) if self._junction else film)
        painter.drawRect(QRectF(left, y - BAR / 2, right - left, BAR))
        if self._junction:
            x = self.width() / 2
            painter.setBrush(film)
            painter.drawRect(QRectF(x - BAR / 2, PAD / 2, BAR, self.height() - PAD))
            painter.setBrush(QColor(theme.warn))
            area = QRectF(x - BAR / 3, y - BAR / 3, BAR / 1.5, BAR / 1.5)
            painter.drawEllipse(area) if self._round else painter.drawRect(area)
            return
        for pad in self.pads:
            if pad["side"] in {"top", "bottom"}:
                place = self.pad_place(pad)
                painter.drawRect(QRectF(place.x() - ARM / 2, min(y, place.y()), ARM, abs(place.y() - y)))

    def _bold(self) -> QFont:
        bold = QFont(self.font())
        bold.setBold(True)
        return bold

    def _write(self, painter: QPainter, pad: Mapping[str, Any], area: QRectF) -> None:
        """The pad's lead in it, and the cables' ends beside it."""
        theme, line = self._context.theme, self._line
        painter.setFont(self._bold())
        painter.setPen(QColor(theme.text))
        leads = self._leads[pad["name"]]
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, ",".join(leads) if leads else "–")
        painter.setFont(self.font())
        painter.setPen(QColor(theme.quiet))
        words = self.words[pad["name"]]
        if self._junction and pad["side"] in {"top", "bottom"}:
            at = QRectF(area.right() + 6, 2.0, self.width(), line)
            if pad["side"] == "bottom":
                at.moveBottom(self.height() - 2.0 - (len(words) - 1) * line)
            alignment = Qt.AlignmentFlag.AlignLeft
        elif pad["side"] == "top":
            at = QRectF(area.center().x() - 80, area.top() - 2 - len(words) * line, 160, line)
            alignment = Qt.AlignmentFlag.AlignHCenter
        else:
            at = QRectF(area.center().x() - 80, area.bottom() + 2, 160, line)
            alignment = Qt.AlignmentFlag.AlignHCenter
        for word in words:
            painter.drawText(at, alignment, word)
            at.translate(0, line)
