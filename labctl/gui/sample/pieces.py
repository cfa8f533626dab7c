"""Small pieces of the sample panel: a part that folds, and rows of what is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import QSettings, QSize, Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

NO_BREAK = "\u00a0"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=[A-Za-zµΩ%°/])")


class Wrapped(QLabel):
    """Text that is broken into lines, in whatever width there is."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a line's height and next to no width: neither makes the panel larger than its dock."""
        return QSize(1, self.fontMetrics().height())


def label(text: str = "", look: str = "", *, wrap: bool = True) -> QLabel:
    """Return a label for text that may be selected.

    Args:
        text: What it says, as it is.
        look: `quiet`, `good`, `warn`, `wrong` or `heading`; see `labctl.gui.theme`.
        wrap: Whether long lines are broken.
    """
    made = Wrapped(text) if wrap else QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if look:
        made.setProperty(look, True)
    return made


def set_look(widget: QWidget, look: str) -> None:
    """Give a label another look, see `label`; "" for plain text."""
    if widget.property("look") == look:
        return
    widget.setProperty("look", look)
    for each in ("quiet", "good", "warn", "wrong", "heading"):
        widget.setProperty(each, each == look)
    style = widget.style()
    assert style is not None
    style.unpolish(widget)
    style.polish(widget)


def together(text: str) -> str:
    """Return a text in which no number stands on another line than its unit."""
    return _BEFORE_UNIT.sub(NO_BREAK, text)


def breakable(path: str) -> str:
    """Return a path that a label may break into lines at its folders."""
    return path.replace("/", "/\u200b").replace("\\", "\\\u200b")


def empty(layout: QGridLayout | QVBoxLayout) -> None:
    """Take everything out of a layout."""
    while layout.count():
        item = layout.takeAt(0)
        widget = None if item is None else item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


class Box(QComboBox):
    """A list to choose from that the wheel leaves alone: whoever turns it above one means to scroll."""

    def wheelEvent(self, e: QWheelEvent | None) -> None:  # noqa: N802 - Qt's name
        """Let what is around it scroll."""
        if e is not None:
            e.ignore()


class Page(QWidget):
    """What scrolls: as high as its texts are in the width that there is, and not as in the smallest width."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return no height: how high it becomes follows from the width."""
        return QSize(super().minimumSizeHint().width(), 0)


def scrolling(page: Page) -> QScrollArea:
    """Return an area in which a page scrolls up and down."""
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


APART = 2
"""Points between two rows."""


class Part(QWidget):
    """A part of the panel with its title, which folds it away.

    Args:
        title: What it is about.
        settings: Where it is remembered whether it is folded.
        folded: Whether it is at first.
        skipped: Whether the tab key goes past the title, from one field to the next.
    """

    def __init__(self, title: str, settings: QSettings, *, folded: bool = False, skipped: bool = False) -> None:
        super().__init__()
        self._settings, self._key = settings, f"sample/folded/{title}"
        self.head = QPushButton()
        self._title = title
        self.head.setCheckable(True)
        if skipped:
            self.head.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.head.setToolTip(f"Show or fold away: {title}")
        self.head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.head.setStyleSheet(
            "QPushButton { border: none; background: transparent; color: palette(window-text);"
            "font-weight: bold; padding: 4px 0px; text-align: left; }"
            "QPushButton:focus, QPushButton:hover { color: palette(link); padding: 4px 0px; border: none; }"
        )
        self.inside = QWidget()
        self.column = QVBoxLayout(self.inside)
        self.column.setContentsMargins(2, 0, 0, 6)
        self.column.setSpacing(4)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.inside)
        kept = str(settings.value(self._key, "true" if folded else "false"))
        self.head.setChecked(kept != "true")
        self.head.toggled.connect(self._fold)
        self._show()

    def _fold(self, opened: bool) -> None:
        self._settings.setValue(self._key, "false" if opened else "true")
        self._show()

    def _show(self) -> None:
        opened = self.head.isChecked()
        self.inside.setVisible(opened)
        self.head.setText(f"{'▾' if opened else '▸'}  {self._title}")


class Rows(QWidget):
    """Rows of a name, a value, and what it follows from below; labels that are there are used again."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[tuple[QLabel, QLabel, QLabel]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(0, 4)
        self._grid.setColumnStretch(1, 5)

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show rows with `name`, `value`, and perhaps `why`, `assumed` and `tone`."""
        while len(self._labels) < len(rows):
            self._labels.append(self._more())
        for (name, value, why), row in zip(self._labels, rows, strict=False):
            name.setText(str(row["name"]))
            value.setText(together(f"{row['value']}  (assumed)" if row.get("assumed") else str(row["value"])))
            set_look(value, str(row.get("tone") or ""))
            why.setText(together(str(row.get("why") or "")))
            for each in (name, value):
                each.show()
            why.setVisible(bool(row.get("why")))
        for further in self._labels[len(rows) :]:
            for each in further:
                each.hide()

    def texts(self) -> list[tuple[str, str, str]]:
        """Return what is shown: name, value and why of each row."""
        shown = [row for row in self._labels if not row[0].isHidden()]
        plain = [[each.text().replace(NO_BREAK, " ") for each in row] for row in shown]
        return [(name, value, why) for name, value, why in plain]

    def _more(self) -> tuple[QLabel, QLabel, QLabel]:
        place = 2 * len(self._labels)
        found = label("", "quiet"), label(), label("", "quiet")
        for column, each in enumerate(found[:2]):
            each.setContentsMargins(0, APART, 0, 0)
            self._grid.addWidget(each, place, column, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(found[2], place + 1, 0, 1, 2)
        return found
