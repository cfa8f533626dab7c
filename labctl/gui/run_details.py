"""All about the run that is chosen: its figure, results, request and surroundings, and its notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QBoxLayout, QTabWidget, QTextBrowser, QWidget

from labctl.gui.context import Context
from labctl.gui.note_box import NoteBox
from labctl.gui.theme import Theme
from labctl.gui.thumbnails import Preview
from labctl.gui.timing import timer

WIDE = 460
"""Pixels from which the figure stands beside the words instead of above them."""


class RunDetails(QWidget):
    """Shows one run.

    Args:
        context: Whom to ask, and the colours.
    """

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.folder = ""
        self.said: Mapping[str, Any] = {}
        self._asked: int | None = None
        self.preview = Preview()
        self.results, self.request, self.about = _text("Results"), _text("Asked"), _text("About")
        self.notes = NoteBox(context)
        self.tabs = QTabWidget()
        for title, tip, widget in (
            ("&Results", "What the analysis found, and what went wrong", self.results),
            ("As&ked", "What was asked; what is not the default stands out", self.request),
            ("&Notes", "What people noted, and tags", self.notes),
            ("A&bout", "Station, sample, instruments, versions", self.about),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(widget, title), tip)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4)
        self._box.addWidget(self.preview, 2)
        self._box.addWidget(self.tabs, 3)
        self._left: list[Callable[[], None]] = []
        self._writing = timer(self, 0, self._write_next)
        self.tabs.currentChanged.connect(lambda _: self._write_all())
        context.theme_changed.connect(self._write)
        context.ended.connect(self.preview.end)

    def show_run(self, folder: str) -> None:
        """Show another run, or the same as it is now; "" shows none."""
        self._context.archive.drop(self._asked)
        self._asked = None
        if folder != self.folder:
            self.folder, self.said = folder, {}
            self._write()
            self.notes.show_notes(folder, [], [])
            self.preview.show_file(None, "…" if folder else "no run is chosen")
        if folder:
            self._asked = self._context.archive.ask(
                "run", folder=folder, then=lambda said: self._take(folder, said), failed=self._fail
            )

    def _take(self, folder: str, said: Mapping[str, Any]) -> None:
        self._asked = None
        if folder != self.folder or said == self.said:
            return  # what is read and selected stays where it is
        self.said = said
        self.preview.show_file(said["figure"], "this run has no figure")
        self.notes.show_notes(folder, said["notes"], said["tags"])
        self._write()

    def _fail(self, sentence: str) -> None:
        self._asked, self._left = None, []
        self.preview.show_file(None, "")
        self.results.setHtml(_paragraph(f"✗ {sentence}", self._context.theme.bad))

    def _write(self) -> None:
        """Write all, one text after the other: together they would hold the window up."""
        theme, said = self._context.theme, self.said
        self._left = []
        if not said:
            for text in (self.results, self.request, self.about):
                text.clear()
            return
        asked = sorted(said["asked"], key=lambda each: not each[2])
        rows = [(_plain(name), text, "" if own else theme.quiet, "") for name, text, own in asked]
        about = [(name, text, "", "") for name, text in said["about"]]
        self._left = [
            lambda: self.results.setHtml(_results(said, theme)),
            lambda: self.request.setHtml(_rows(rows, theme)),
            lambda: self.about.setHtml(_rows(about, theme)),
        ]
        self._writing.start()

    def _write_next(self) -> None:
        if self._left:
            self._left.pop(0)()
        if not self._left:
            self._writing.stop()

    def _write_all(self) -> None:
        """Write what is left: somebody looks at another text already."""
        while self._left:
            self._left.pop(0)()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Put the figure beside the words where there is room."""
        super().resizeEvent(a0)
        across = self.width() >= WIDE or self.height() < 240
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom)
        self.preview.setVisible(self.width() >= WIDE or self.height() >= 240)


def _results(said: Mapping[str, Any], theme: Theme) -> str:
    row = said["row"]
    warnings = "".join(_paragraph(f"⚠ {sentence}", theme.warn) for sentence in said["warnings"])
    if "runs" in row:
        rows = [(", ".join(run["varied"].values()), _main(run), "", "") for run in row["runs"]]
        return warnings + _rows(rows, theme)
    found = [(_plain(each["name"]), each["text"], "" if each["name"] in row["main"] else theme.quiet, each["note"])
             for each in said["results"]]  # fmt: skip
    return warnings + (_rows(found, theme) if found else _paragraph("nothing was found yet", theme.quiet))


def _main(run: Mapping[str, Any]) -> str:
    found = [run["results"][name][1] for name in run["main"] if name in run["results"]]
    return ", ".join(found) or str(run["status"])


def _rows(rows: Sequence[tuple[str, str, str, str]], theme: Theme) -> str:
    """Write name, text, colour of the text and remark as a table."""
    lines: list[str] = []
    for name, text, colour, remark in rows:
        lines.append(
            f"<tr><td style='color:{theme.quiet}; padding-right:8px'>{escape(name)}</td>"
            f"<td style='color:{colour or theme.text}'>{escape(text)}</td></tr>"
        )
        if remark:
            small = f"style='color:{theme.quiet}; padding-left:10px'"
            lines.append(f"<tr><td colspan='2' {small}><small>{escape(remark)}</small></td></tr>")
    return f"<table cellspacing='1'>{''.join(lines)}</table>"


def _paragraph(text: str, colour: str) -> str:
    return f"<p style='color:{colour}; margin:2px 0'>{escape(text)}</p>"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _text(name: str) -> QTextBrowser:
    text = QTextBrowser()
    text.setOpenLinks(False)
    text.setAccessibleName(name)
    text.setTabChangesFocus(True)
    text.setMinimumSize(100, 30)
    text.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return text
