"""The log: what happens in the run that is on or was opened, and what the window has to say."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QColor, QFontDatabase, QKeySequence, QShortcut, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.log_lines import ERROR, INFO, LEVELS, WARNING, Line
from labctl.gui.log_tail import LogTail
from labctl.gui.log_text import LogText
from labctl.gui.timing import timer

MOST = 3000
"""Lines that are kept; the file has all of them."""
AT_ONCE = 100
"""Lines that are written into the window before it looks for anything else."""
SIGNS = {WARNING: "⚠ ", ERROR: "✗ "}
TYPED = 200
"""ms after the last key before it is searched."""


class LogPanel(QWidget):
    """Shows lines.

    Args:
        context: What panels share.
    """

    moment_chosen = pyqtSignal(float)
    """Lab time in s of a line that was clicked."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._kept: deque[Line] = deque(maxlen=MOST)
        self._pending: deque[Line] = deque(maxlen=MOST)
        self._folder = ""
        self.tail = LogTail(self)
        self.text = LogText(MOST)
        self.words, self.level, self.on = QLineEdit(), QComboBox(), QCheckBox("&Follow")
        self.which = QLabel("no run is on")
        self._writing = timer(self, 0, self._write, once=True)
        self._typed = timer(self, TYPED, self._again, once=True)
        self._build()
        self._connect()

    def _build(self) -> None:
        self.words.setPlaceholderText("Search …")
        self.words.setToolTip("Shows lines in which all these words stand (Ctrl+F)")
        self.words.setClearButtonEnabled(True)
        self.words.setMinimumWidth(60)
        for title in ("all", "warnings", "faults"):
            self.level.addItem(title)
        self.level.setToolTip("Shows everything, warnings and faults, or faults alone")
        self.on.setChecked(True)
        self.on.setToolTip("Shows each run as it begins; without, the one that was opened stays")
        self.which.setProperty("quiet", True)
        self.which.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.words, 1)
        row.addWidget(self.level)
        row.addWidget(self.on)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.which)
        column.addWidget(self.text, 1)
        self.setFocusProxy(self.text)
        find = QShortcut(QKeySequence("Ctrl+F"), self)
        find.activated.connect(self.words.setFocus)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))

    def _connect(self) -> None:
        context = self._context
        self.tail.lines.connect(self.take)
        self.text.chosen.connect(self.moment_chosen)
        self.words.textChanged.connect(self._typed.start)
        self.level.currentIndexChanged.connect(self._again)
        self.on.toggled.connect(self._follow_run)
        context.said.connect(self._say)
        context.run_opened.connect(self._opened)
        context.theme_changed.connect(self._again)
        context.link.found.connect(self._follow_run)
        context.link.told.connect(lambda name, _: self._follow_run() if name == "run" else None)

    # ---- what comes

    def follow(self, folder: str) -> None:
        """Show the events of a run, and those that come; what the window said stays.

        Args:
            folder: The run's; "" for none.
        """
        if folder == self._folder:
            return
        self._folder = folder
        self.which.setText(Path(folder).name if folder else "no run is on")
        self.which.setToolTip(folder)
        self._kept = deque((line for line in self._kept if not line.of_run), MOST)
        self._again()
        self.tail.follow(Path(folder) / "events.jsonl" if folder else None)

    def _opened(self, folder: str) -> None:
        if folder != self._on_now():
            self.on.setChecked(False)
        self.follow(folder)

    def _on_now(self) -> str:
        run = self._context.link.run or {}
        return str(run.get("folder") or run.get("run") or "")

    def _follow_run(self, *_: object) -> None:
        if self.on.isChecked() and (folder := self._on_now()):
            self.follow(folder)

    def _say(self, level: str, sentence: str) -> None:
        clock = datetime.now().astimezone().strftime("%H:%M:%S")
        self.take([Line(level if level in LEVELS else INFO, sentence, None, clock, of_run=False)])

    def take(self, lines: Iterable[Line]) -> None:
        """Take in lines, and show those that are looked for."""
        for line in lines:
            self._kept.append(line)
            if self._fits(line):
                self._pending.append(line)
        if self._pending and not self._writing.isActive():
            self._writing.start()

    # ---- what is shown

    def _fits(self, line: Line) -> bool:
        if LEVELS.index(line.level) < self.level.currentIndex():
            return False
        said = line.said.casefold()
        return all(word in said for word in self.words.text().casefold().split())

    def _again(self, *_: object) -> None:
        """Write all lines anew that are looked for."""
        self.text.forget()
        self._pending = deque((line for line in self._kept if self._fits(line)), MOST)
        if self._pending:
            self._writing.start()

    def _write(self) -> None:
        at_end = self.text.at_end
        cursor = self.text.end_of_text()
        cursor.beginEditBlock()
        for _ in range(min(AT_ONCE, len(self._pending))):
            self._write_line(cursor, self._pending.popleft())
        cursor.endEditBlock()
        if at_end:
            self.text.go_to_end()
        if self._pending:
            self._writing.start()

    def _write_line(self, cursor: QTextCursor, line: Line) -> None:
        theme = self._context.theme
        when = "  ".join(text for text in (line.clock, line.lab_time) if text)
        self.text.begin_line(cursor, line.time_s)
        if when:
            cursor.insertText(f"{when}  ", _format(theme.quiet))
        colour = {WARNING: theme.warn, ERROR: theme.bad}.get(line.level, theme.text)
        cursor.insertText(SIGNS.get(line.level, "") + line.said, _format(colour))


def _format(colour: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    return made
