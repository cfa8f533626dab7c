"""A series belongs to its experiment: it is put away, which is said, when another one is chosen; it comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from labctl.gui.form.series_row import fields_of
from labctl.gui.marks import mark


class KeptSeries(QWidget):
    """The series of the experiments that were chosen before, and a line that says what became of the last one."""

    wanted = pyqtSignal(list)
    """This series shall be the one of the experiment that is chosen now, as of `SeriesBuilder.over`."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, list[str]] = {}
        self._offered: list[str] = []
        self.said, self.other, self.close_button = QLabel(), QPushButton(), QToolButton()
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        mark(self.said, "warn")
        self.close_button.setText("×")
        self.close_button.setToolTip("Takes this sentence away.")
        self.close_button.setAccessibleName("Take the sentence away")
        self.close_button.clicked.connect(self.hide)
        self.other.clicked.connect(self._want)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.said, 1)
        row.addWidget(self.other)
        row.addWidget(self.close_button)
        self.hide()

    def change(
        self, before: Mapping[str, Any] | None, over: Sequence[str], form: Mapping[str, Any],
        given: Sequence[str] | None,
    ) -> Sequence[str]:  # fmt: skip
        """Put a series away, and give back that of another experiment.

        Args:
            before: The form of the experiment that was chosen, None where none was.
            over: Its series.
            form: That of the one that is chosen now.
            given: The series that this one is to have; None for the one that it had when it was left.

        Returns:
            The series that it has.
        """
        name, there = str(form["procedure"]), [] if before is None else _own(before, over)
        if before is not None:
            self._kept[str(before["procedure"])] = list(over)
        if given is not None:
            self.hide()
            return given
        back = self._kept.get(name, [])
        if _own(form, back):
            said = f"Series of {name} is back: {_words(_own(form, back))}"
            self._say(said, "No series", [], "Measures a single run")
        elif there and before is not None:
            known = fields_of(form)
            fitting = [text for text in there if text.partition("=")[0].strip() in known]
            self._say(
                f"Series of {before['procedure']} put away: {_words(there)}",
                "Take along" if fitting else "", [*back, *fitting],
                f"Varies here, too, what {name} has of it: {_words(fitting)}",
            )  # fmt: skip
        else:
            self.hide()
        return back

    def _say(self, sentence: str, button: str, offered: Sequence[str], tip: str) -> None:
        self._offered = list(offered)
        self.said.setText(sentence)
        self.said.setToolTip("A series belongs to its experiment, and comes back with it")
        self.other.setText(button)
        self.other.setToolTip(tip)
        self.other.setVisible(bool(button))
        self.show()

    def _want(self) -> None:
        self.hide()
        self.wanted.emit(self._offered)


def _own(form: Mapping[str, Any], over: Sequence[str]) -> list[str]:
    """Return what of a series is not what the experiment always goes over."""
    usual = {f"{name}={values}" for name, values in form["series_over"].items()}
    return [text for text in over if text not in usual]


def _words(over: Sequence[str]) -> str:
    parts = (text.partition("=") for text in over)
    return ", ".join(f"{name.strip().replace('_', ' ')} {values.strip()}".rstrip() for name, _, values in parts)
