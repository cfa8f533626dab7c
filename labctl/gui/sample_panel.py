"""The sample first: which record, what it says, what is known of the sample, and a new record."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QFileSystemWatcher, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from labctl.gui.context import Context
from labctl.gui.sample.chooser import SampleChooser
from labctl.gui.sample.contacts_line import CHECK, ContactsLine
from labctl.gui.sample.journal_view import JournalView
from labctl.gui.sample.new_record import NewRecord
from labctl.gui.sample.pieces import Page, breakable, label, scrolling
from labctl.gui.sample.record_view import RecordView
from labctl.gui.timing import timer

SOON = 300
"""ms after a change of the queue or of the file until all is read again."""
ON = ("waiting", "running")
"""States of an item that is still to be measured, or is being."""


class SamplePanel(QWidget):
    """Chooses a sample, and shows what there is to know of it.

    Args:
        context: What all panels share.
    """

    chosen = pyqtSignal(str)
    """Another record is chosen: its name, or the path of its file; it was found, and may still be wrong."""
    known = pyqtSignal(str, object)
    """What is known of the record that is chosen: its name, and what `labctl.desk.sample_journal` answers."""
    lab_wanted = pyqtSignal(str)
    """A simulated lab is wanted in which this sample is mounted."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._name, self._file, self._known = "", "", ""
        self._questions: dict[str, int | None] = {"sample": None, "sample_journal": None}
        self._states: list[tuple[str, str]] = []
        self._everything = self._there = self._usable = self._check_wanted = False
        self._soon = timer(self, SOON, self.reload, once=True)
        self._files = QFileSystemWatcher(self)
        self._files.fileChanged.connect(lambda _: self._soon.start())
        self.chooser, self.new, self.change = SampleChooser(), QToolButton(), QToolButton()
        self.title, self.file = label("", "heading"), label("", "quiet")
        self.notice, self.notice_text = QWidget(), label("", "warn")
        self.faults = label("", "wrong")
        self.contacts = ContactsLine(simulate=context.simulate)
        self.record, self.journal = RecordView(context), JournalView(context)
        self.form, self.changing = NewRecord(context), NewRecord(context)
        self.tabs, self.pages = QTabBar(), QStackedWidget()
        self._build()
        self._connect()
        self._ask_samples()
        self.show_mounted()

    # ---- for others

    @property
    def name(self) -> str:
        """The record that is chosen, as a run is asked for it: a name, or the path of a file; "" for none."""
        return self._name

    def choose(self, name: str) -> None:
        """Choose a record by its name, or by the path of its file; "" for none."""
        name = name.strip()
        self._leave_form()
        self.chooser.show_name(name)
        if name == self._name:
            self.reload()
            return
        self._name, self._file, self._known = name, "", ""
        self.title.setText("")
        self.file.setText("")
        self._show_faults([])
        self._there = self._usable = False
        self.change.hide()
        self._show_parts()
        self.show_mounted()
        self.reload()

    def reload(self) -> None:
        """Read the record and its journal again."""
        self._soon.stop()
        if not self._name:
            self.title.setText("Choose a sample, or write a record of your own.")
            return
        context = self._context
        self._ask("sample", self._show_sample, station=context.station)
        self._ask("sample_journal", self._show_journal, everything=self._everything)

    def show_mounted(self) -> None:
        """Say whether the sample that is chosen lies in the simulated cryostat."""
        mounted = self.mounted
        other = bool(mounted) and bool(self._name) and not self._is(mounted)
        self.notice.setVisible(other)
        if other:
            self.notice_text.setText(
                f"In this simulated cryostat lies {_called(mounted)}, not {_called(self._name)}: a run with it would "
                "be refused. It can be rehearsed, on a simulated station of its own; to measure it, a lab with it "
                "has to be started."
            )
            self.back.setText(f"Choose {_called(mounted)}")
            self.other_lab.setVisible(self.receivers(self.lab_wanted) > 0)
        self._show_queued()

    @property
    def mounted(self) -> str:
        """The record of what lies in the worker's simulated cryostat; "" on hardware, or where nothing is known."""
        lab = (self._context.link.station or {}).get("lab")
        return str(lab.get("sample") or "") if isinstance(lab, dict) else ""

    # ---- putting together

    def _build(self) -> None:
        self.new.setText("N&ew…")
        self.new.setToolTip("Write a record of a sample of your own from a template")
        self.change.setText("Change…")
        self.change.setToolTip("Opens this record in a form, to complete or mend it; the one before is kept beside it")
        self.change.hide()
        page = Page()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(4)
        self.tabs.addTab("Re&cord")
        self.tabs.addTab("&Journal")
        self.tabs.setTabToolTip(0, "What the record says, and what follows from it here")
        self.tabs.setTabToolTip(1, "What runs and people have learnt of the sample")
        self.tabs.setExpanding(False)
        for widget in (self.title, self.file, self._build_notice(), self.faults, self.contacts, self.tabs, self.record):
            column.addWidget(widget)
        column.addWidget(self.journal, 100)  # its list takes the room that is left
        column.addStretch(1)
        self.faults.hide()
        self._show_parts()
        self.pages.addWidget(scrolling(page))
        self.pages.addWidget(self.form)
        self.pages.addWidget(self.changing)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.chooser, 1)
        top.addWidget(self.change)
        top.addWidget(self.new)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(6, 4, 4, 2)
        whole.setSpacing(4)
        whole.addLayout(top)
        whole.addWidget(self.pages, 1)
        self.setFocusProxy(self.chooser)

    def _show_parts(self) -> None:
        """Show what there is: of a record that cannot be used its journal alone."""
        front = self.tabs.currentIndex()
        self.tabs.setVisible(self._there)
        self.contacts.setVisible(self._usable)
        self.other_lab.setEnabled(self._usable)
        self.record.setVisible(self._usable and front == 0)
        self.journal.setVisible(self._there and front == 1)

    def _build_notice(self) -> QWidget:
        self.back, self.other_lab = QPushButton(), QPushButton("Start a &lab with it")
        self.back.setToolTip("Back to the sample that lies in the simulated cryostat")
        self.other_lab.setToolTip("Ends the simulated lab once its run has ended, and starts one with this sample")
        self.back.clicked.connect(lambda: self.choose(self.mounted))
        self.other_lab.clicked.connect(lambda: self.lab_wanted.emit(self._name))
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addWidget(self.other_lab)
        row.addStretch(1)
        column = QVBoxLayout(self.notice)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.notice_text)
        column.addLayout(row)
        return self.notice

    def _connect(self) -> None:
        link = self._context.link
        self.chooser.wanted.connect(self.choose)
        self.tabs.currentChanged.connect(lambda _: self._show_parts())
        self.new.clicked.connect(self._new)
        self.change.clicked.connect(self._change)
        for form in (self.form, self.changing):
            form.left.connect(self._leave_form)
            form.written.connect(self._written)
        self.contacts.check_wanted.connect(self.check_contacts)
        self.journal.write_wanted.connect(self._write)
        self.journal.everything_wanted.connect(self._list)
        link.found.connect(self._found)
        link.lost.connect(self._show_queued)
        link.told.connect(self._told)

    # ---- the desk

    def _ask(self, what: str, then: Any, **more: Any) -> None:
        context = self._context
        context.desk.drop(self._questions[what])
        self._questions[what] = context.desk.ask(
            what, name=self._name, runs=str(context.runs), simulated=context.simulate, **more,
            then=then, failed=self._failed,
        )  # fmt: skip

    def _ask_samples(self) -> None:
        self._context.desk.ask("samples", runs=str(self._context.runs), then=self._show_samples, failed=self._failed)

    def _show_samples(self, told: Mapping[str, Any]) -> None:
        first = not self.chooser.samples
        self.chooser.show_samples(told["samples"])
        if first and not self._name:
            self.choose(str(self._context.settings.value(self._remembered, "")) or self.mounted)

    @property
    def _remembered(self) -> str:
        """Under what the last sample of this station is remembered."""
        return f"sample/{self._context.station.replace('/', '|')}{' simulated' if self._context.simulate else ''}"

    def _failed(self, why: str) -> None:
        self._show_faults([why])

    def _show_sample(self, told: Mapping[str, Any]) -> None:
        self._questions["sample"] = None
        self._file = str(told["file"])
        self._watch(self._file)
        card = told["card"]
        self.title.setText(str(told["title"] or told["name"]))
        self.file.setText(breakable(self._file))
        self._show_faults(told["faults"])
        self._there, self._usable = True, card is not None
        self.change.setVisible(bool(told["own"]))
        self._show_parts()
        if card is not None:
            self.record.show_card(card, told["advice"])
        self.show_mounted()
        if self._known != self._name:
            self._known = self._name
            self._context.settings.setValue(self._remembered, self._name)
            self.chosen.emit(self._name)
        self._check_now()

    def _show_faults(self, faults: list[str]) -> None:
        self.faults.setText("\n".join(faults))
        self.faults.setVisible(bool(faults))

    def _show_journal(self, told: Mapping[str, Any]) -> None:
        self._questions["sample_journal"] = None
        self.known.emit(self._name, told)
        self.journal.show_journal(told)
        self.contacts.show_contacts(told["contacts"])
        self.record.leads.show_verdicts(None if told["contacts"] is None else told["contacts"]["leads"])

    def _watch(self, file: str) -> None:
        """Have the record read again when its file changes; an editor may put another file in its place."""
        if before := self._files.files():
            self._files.removePaths(before)
        self._files.addPath(file)

    def _list(self, everything: bool) -> None:
        self._everything = everything
        self._ask("sample_journal", self._show_journal, everything=everything)

    def _write(self, kind: str, text: str) -> None:
        def then(told: Mapping[str, Any]) -> None:
            self.journal.written()
            self._show_journal(told)

        context = self._context
        context.desk.ask(
            "sample_log", name=self._name, runs=str(context.runs), simulated=context.simulate, kind=kind, text=text,
            user=getpass.getuser(), everything=self._everything, then=then, failed=self.journal.show_refused,
        )  # fmt: skip

    # ---- a new record

    def _new(self) -> None:
        self.pages.setCurrentWidget(self.form)
        if not self.form.entries:
            self.form.begin()
        self.form.setFocus(Qt.FocusReason.OtherFocusReason)

    def _change(self) -> None:
        self.pages.setCurrentWidget(self.changing)
        self.changing.change(self._file)
        self.changing.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_form(self) -> None:
        self.pages.setCurrentIndex(0)

    def _written(self, file: str) -> None:
        self._context.said.emit("info", f"the record is written: {file}")
        self._ask_samples()
        self.choose(file)

    # ---- the worker

    def _found(self) -> None:
        if not self._name and self.chooser.samples:
            self.choose(self.mounted)
        self.show_mounted()

    def _told(self, event: str, content: Mapping[str, Any]) -> None:
        if event == "station":
            self.show_mounted()
        elif event == "queue":
            self._show_queued()
            states = [(str(item["id"]), str(item["state"])) for item in content["items"]]
            if states != self._states:  # a run that ended has written into the journal
                self._states = states
                self._soon.start()

    def _is(self, mounted: str) -> bool:
        """Whether the record that is chosen is that of what lies in the cryostat."""
        return mounted != "" and mounted in {self._name, self._file, Path(self._file).stem}

    def _show_queued(self, *_: object) -> None:
        link = self._context.link
        items = (link.queue or {"items": []})["items"]
        named = {self._name, ""} if self._is(self.mounted) else {self._name}  # "" is what lies in the cryostat
        own = [item for item in items if item["asked"]["procedure"] == CHECK and item["state"] in ON
               and item["asked"]["sample"] in named]  # fmt: skip
        impossible = "" if link.here else "No worker is there to be asked; it is being looked for"
        if not impossible and not self.notice.isHidden():
            impossible = f"Only {_called(self.mounted)} lies in this simulated cryostat"
        state, number = (str(own[0]["state"]), str(own[0]["id"])) if own else ("", "")
        self.contacts.show_queued(state, number, possible=impossible)

    def check_contacts(self) -> None:
        """Put a contact check of this sample into the queue, as soon as its record is read."""
        if not self._name and not self._context.simulate:
            self._context.said.emit("warning", "choose the sample that is mounted first (Sample)")
            return
        if not self._usable:
            self._check_wanted = True
            self._context.said.emit("info", f"{CHECK} waits for the sample's record to be read")
            return
        asked = {"procedure": CHECK, "sample": self._name, "out": str(self._context.runs), "user": getpass.getuser()}
        self.contacts.show_refused("")
        self._context.link.ask("POST", "/queue", asked, then=self._queued, failed=self.contacts.show_refused)

    def _check_now(self) -> None:
        """Put the contact check into the queue that was asked for before the record was read."""
        wanted, self._check_wanted = self._check_wanted, False
        if wanted and self._usable:
            self.check_contacts()
        elif wanted:
            said = f"no {CHECK} is queued: the record of {_called(self._name)} cannot be used, see Sample"
            self._context.said.emit("warning", said)

    def _queued(self, item: Mapping[str, Any]) -> None:
        self._context.said.emit("info", f"{CHECK} of {_called(self._name)} waits in the queue as item {item['id']}")


def _called(name: str) -> str:
    """Return a record's name, also of one that is given by its file."""
    return Path(name).stem if name.endswith(".toml") else name
