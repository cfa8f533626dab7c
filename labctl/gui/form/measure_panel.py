"""The panel in which a measurement is chosen, filled in, checked, rehearsed, and put into the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.form.checking import Checking
from labctl.gui.form.circumstances import mounted_instead, not_mounted, place_of, reason, runs_of, waits
from labctl.gui.form.footer import EditBar, Footer
from labctl.gui.form.kept_entries import KeptEntries
from labctl.gui.form.parameter_form import ParameterForm
from labctl.gui.form.preset_menu import NamingBar, PresetMenu
from labctl.gui.form.procedure_chooser import ProcedureChooser
from labctl.gui.form.rehearsal_view import RehearsalView
from labctl.gui.form.run_page import RunPage, UserBar, scrolled
from labctl.gui.form.sample_line import SampleLine
from labctl.gui.form.series_kept import KeptSeries
from labctl.gui.form.series_place import Builder, page_of
from labctl.gui.form.submission import Submission
from labctl.gui.form.window_keys import WindowKeys

LAST = "measure/procedure"
"""Where the experiment that was chosen last is remembered."""
FIRST = "ahe"


class MeasurePanel(QWidget):
    """A measurement that is put together.

    Args:
        context: What the panels share.
    """

    rehearsed = pyqtSignal(object)
    """What a rehearsal found: `rows` (a .csv with the expected rows, or None), and all else of
    `labctl.desk.rehearsals.rehearse`."""
    sample_wanted = pyqtSignal(str)
    """A run or an item was loaded that is of this sample."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._sample = ""
        self._kept: dict[str, Any] = {}  # of what was loaded, what the form does not show
        self._item: dict[str, Any] | None = None
        self._form: Mapping[str, Any] | None = None
        self._builder: Builder | None = None
        self._checked: Mapping[str, Any] | None = None
        self._trouble = ""  # why it cannot be checked
        self._refusal = ""  # what the worker answered
        self._waiting: Callable[[], None] | None = None
        self._asked_form: int | None = None
        self._build()
        self._connect()
        context.desk.ask("procedures", then=self.chooser.show_procedures)
        self.entries = KeptEntries(context.settings, lambda: self.asked() if self._item is None else None, self)
        last = str(context.settings.value(LAST, FIRST))
        self.choose(last, *self.entries.of(last))

    # ---- putting together

    def _build(self) -> None:
        context = self._context
        self.chooser, self.form = ProcedureChooser(), ParameterForm()
        self.sample_line, self.kept_series, self.naming = SampleLine(), KeptSeries(), NamingBar()
        self.presets = PresetMenu(context, self.naming)
        self.run_page = RunPage(context.settings, simulate=context.simulate)
        self.user_bar = UserBar(self.run_page, context.settings)
        self.view = RehearsalView(context)
        self.checking = Checking(context.desk, self._to_check, self)
        self.submission = Submission(context.link, self)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        pages = ((self.form, "&Parameters"), (scrolled(self.run_page), "R&un"), (self.view, "Rehearsa&l"))
        for page, title in pages:
            self.tabs.addTab(page, title)
        top = QHBoxLayout()
        top.addWidget(self.chooser, 1)
        top.addWidget(self.presets)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 6)
        column.setSpacing(4)
        column.addWidget(self.sample_line)
        column.addLayout(top)
        self.editing, self.footer = EditBar(), Footer()
        for widget in (self.naming, self.user_bar, self.editing, self.kept_series):
            column.addWidget(widget)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.footer)

    def _connect(self) -> None:
        link = self._context.link
        self.chooser.chosen.connect(self._choose_anew)
        self.chooser.typed.connect(self._show_reason)
        self.presets.taken.connect(self._take_preset)
        self.presets.defaults.connect(lambda: self._take_preset({}))
        self.presets.file_wanted.connect(self.chooser.ask_for_file)
        self.form.changed.connect(self._changed)
        self.form.built.connect(self._form_built)
        self.run_page.changed.connect(self._changed)
        self.checking.checked.connect(self._show_checked)
        self.checking.failed.connect(self._show_trouble)
        self.submission.done.connect(self._submitted)
        self.submission.refused.connect(self._refused)
        self.editing.left.connect(self.leave_item)
        self.footer.rehearse.clicked.connect(self.begin_rehearsal)
        self.footer.now.clicked.connect(lambda: self._when_checked(lambda: self._submit(first=True)))
        self.footer.add.clicked.connect(self.add)
        self.view.rehearsed.connect(self.rehearsed)
        self.view.ended.connect(self._show_reason)
        link.found.connect(self.checking.soon)
        link.lost.connect(lambda _: self._show_reason())
        link.told.connect(self.hear)
        WindowKeys(self, (("Ctrl+Return", self.add), ("Ctrl+Enter", self.add), ("Ctrl+R", self.begin_rehearsal)))
        self.setFocusProxy(self.chooser)

    def set_series(self, builder: Builder) -> None:
        """Take in what makes series; it gets a page of its own.

        Args:
            builder: A widget, or an object whose `widget()` is one.
        """
        self._builder = builder
        self.tabs.insertTab(1, page_of(builder), "Ser&ies")
        builder.changed.connect(self._changed)
        self.kept_series.wanted.connect(builder.set_over)
        if self._form is not None:
            builder.set_form(self._form)

    # ---- what is asked

    def choose(self, procedure: str, texts: Mapping[str, str] | None = None, over: Sequence[str] | None = None) -> None:
        """Show the form of an experiment.

        Args:
            procedure: A name, or a file of somebody's own.
            texts: What is entered in it already.
            over: What a series goes over; None for whatever is chosen already.
        """
        entered = dict(texts or {})
        self._context.desk.drop(self._asked_form)
        self._asked_form = None
        if self._form is not None and self._form["procedure"] == procedure:
            self.chooser.show_chosen(procedure)
            self.form.set_texts(entered)
            self._set_over(over)
            self._changed()
            return
        self._checked = None
        self.checking.forget()
        self._asked_form = self._context.desk.ask(
            "form", procedure=procedure, then=lambda form: self._show_form(form, entered, over), failed=self._no_form
        )

    def _choose_anew(self, procedure: str) -> None:
        """Take what somebody has chosen in the list; nothing of a run that was loaded before belongs to it."""
        self._kept = {}
        self.sample_line.show_repeated("")
        self.tabs.setCurrentWidget(self.form)
        self.choose(procedure)

    def _set_over(self, over: Sequence[str] | None) -> None:
        if self._builder is not None and over is not None:
            self._builder.set_over(list(over))

    def _show_form(self, form: Mapping[str, Any], texts: Mapping[str, str], over: Sequence[str] | None) -> None:
        name = str(form["procedure"])
        known = {field["name"] for group in form["groups"] for field in group["fields"]}
        for gone in sorted(texts.keys() - known):
            self._context.said.emit("warning", f"{name} has no parameter {gone} any more; it is left out")
        if self._builder is not None:
            over = self.kept_series.change(self._form, self._builder.over(), form, over)
        self._asked_form, self._form, self._checked = None, form, None
        self._context.settings.setValue(LAST, name)
        self.chooser.show_chosen(name, str(form["about"]))
        self.presets.show_procedure(name)
        if self._builder is not None:
            self._builder.set_form(form)
        self._set_over(over)
        self.form.set_form(form, {each: text for each, text in texts.items() if each in known})
        self.view.show_changed(self.asked())

    def _form_built(self) -> None:
        """Let the keys go from the tabs to the fields, and from these to the buttons."""
        footer, tabs = self.footer, self.tabs.tabBar()
        row = [self.chooser.line, self.chooser.all, self.presets, tabs, *self.form.in_order()]
        row += [footer.rehearse, footer.now, footer.add]
        for before, after in pairwise(row):
            self.setTabOrder(before, after)
        self.checking.now()

    def _no_form(self, sentence: str) -> None:
        self._asked_form = None
        self._show_trouble(sentence)
        if self._form is not None:
            self.chooser.show_chosen(str(self._form["procedure"]))
        elif self.chooser.name != FIRST:  # what was chosen last is not there any more
            self.chooser.show_chosen(FIRST)
            self.choose(FIRST)

    def asked(self) -> dict[str, Any]:
        """Return what is asked, as `labctl.asked.Asked` takes it."""
        over = [] if self._builder is None else list(self._builder.over())
        series = {text.partition("=")[0].strip() for text in over}
        texts = {name: text for name, text in self.form.texts().items() if name not in series}
        return {
            **self._kept,
            "procedure": "" if self._form is None else str(self._form["procedure"]),
            "parameters": texts,
            "over": list(self._kept.get("over", [])) if self._builder is None else over,
            "sample": self._sample,
            "out": str(self._context.runs),
            **self.run_page.values(),
        }

    def set_sample(self, name: str) -> None:
        """Measure another sample: the name or the file of its record."""
        if name != self._sample:
            self._take_sample(name)
            self._changed()

    def _take_sample(self, name: str) -> None:
        self._sample = name
        self.sample_line.show_sample(name)

    def show_known(self, name: str, known: Mapping[str, Any]) -> None:
        """Show what is known of a sample, if it is the one that is measured; see `labctl.desk.sample_journal`."""
        if name == self._sample:
            self.sample_line.show_known(known)

    def load_asked(self, asked: Mapping[str, Any]) -> None:
        """Fill the form from an item or a run, to be asked again with changes; `repeats` is the number of the run."""
        self._show_item(None)
        self.sample_line.show_repeated(str(asked.get("repeats") or ""))
        self._load(asked, with_user=False)

    def _load(self, asked: Mapping[str, Any], *, with_user: bool) -> None:
        kept = ("sample_seed", "any_folder", "over")
        self._kept = {name: asked[name] for name in kept if asked.get(name)}
        self.run_page.set_values(asked, with_user=with_user)
        sample = str(asked.get("sample") or "")
        if sample and sample != self._sample:
            self._take_sample(sample)
            self.sample_wanted.emit(sample)
        self._load_form(str(asked["procedure"]), asked)

    def _load_form(self, procedure: str, asked: Mapping[str, Any]) -> None:
        texts = {name: str(text) for name, text in (asked.get("parameters") or {}).items()}
        self.choose(procedure, texts, list(asked.get("over") or []))
        self.tabs.setCurrentWidget(self.form)

    def _take_preset(self, asked: Mapping[str, Any]) -> None:
        if self._form is not None:
            self.sample_line.show_repeated("")
            self.run_page.overrides.setText("; ".join(asked.get("overrides") or []))
            self._kept.pop("over", None)
            if asked.get("over"):
                self._kept["over"] = list(asked["over"])
            self._load_form(str(self._form["procedure"]), asked)

    # ---- an item of the queue

    def edit_item(self, item: Mapping[str, Any]) -> None:
        """Show what an item asks; saving changes it there."""
        self.sample_line.show_repeated("")
        self._show_item(dict(item))
        self._load(item["asked"], with_user=True)

    def leave_item(self) -> None:
        """End the editing of an item, which stays as it is."""
        self._show_item(None)
        self.checking.soon()

    def _show_item(self, item: dict[str, Any] | None) -> None:
        self._item = item
        self.editing.show_item(item)
        self.footer.show_item(item)
        self.chooser.setEnabled(item is None)  # the experiment of an item is not changed
        self.run_page.rehearse.setEnabled(item is None)

    # ---- checking

    def _changed(self) -> None:
        self._trouble = self._refusal = ""
        self._waiting = None  # what was to be done was meant of what stood there before
        asked = self.asked()
        self.presets.show_asked(asked)
        self.view.show_changed(asked)
        self.checking.soon()
        self.entries.soon()

    def _to_check(self) -> dict[str, Any] | None:
        if self._form is None or self._asked_form is not None or not self.form.is_built:
            return None  # it is checked as soon as it is built
        return {"asked": self.asked(), **place_of(self._context, self._sample)}

    def _show_checked(self, checked: Mapping[str, Any]) -> None:
        self._checked, self._trouble = checked, ""
        self.form.show_checked(checked)
        if self._builder is not None:
            self._builder.show_checked(checked)
        self.presets.show_asked(self.asked())
        self._show_reason()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()

    def _show_trouble(self, sentence: str) -> None:
        self._trouble, self._waiting = sentence, None
        self._show_reason()

    @property
    def is_pending(self) -> bool:
        """Whether what stands there is not checked yet."""
        return self._asked_form is not None or not self.form.is_built or self.checking.is_due

    @property
    def fault(self) -> str:
        """Why it cannot be put into the queue; "" where it can."""
        sample = "" if self._sample else "choose the sample that is mounted first (Sample)"
        stands = self.chooser.fault or sample or self._trouble or self.run_page.fault
        if stands:  # the experiment first: while another one is written there, the form is not that of what is meant
            return stands
        if self._checked is None:
            return "it is being checked …"
        wrong = next((str(each["sentence"]) for each in self._checked["faults"]), "")
        return wrong or not_mounted(self._context, self._sample)

    @property
    def is_valid(self) -> bool:
        """Whether it can be put into the queue."""
        return not self.fault

    @property
    def can_rehearse(self) -> bool:
        """Whether it can be rehearsed; of a sample that is not mounted in the simulated lab that is all there is."""
        return self.fault in {"", not_mounted(self._context, self._sample)}

    def _show_reason(self) -> None:
        fault, here = self.fault, self._context.link.here
        self.footer.show_reason(*reason(
            fault, self._checked, here=here, refusal=self._refusal, complaint=self.view.complaint,
            headline=self.view.headline, is_on=self.submission.is_on,
        ))  # fmt: skip
        self.footer.show_possible(
            submit=not fault and here and not self.submission.is_on, rehearse=self.can_rehearse or self.view.is_on,
            is_rehearsing=self.view.is_on, runs=runs_of(self._checked),
        )  # fmt: skip

    # ---- what happens to it

    def _when_checked(self, do: Callable[[], None]) -> None:
        """Do something with what stands there once it is checked; whatever is done looks whether anything is wrong."""
        if self.is_pending:
            self._waiting = do
            self.checking.now()
        else:
            do()

    def add(self) -> None:
        """Put it into the queue; where something is wrong with it, go there."""
        if self.chooser.fault:
            self.chooser.line.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if not self.is_pending and self._checked is not None:
            field = next((each["field"] for each in self._checked["faults"] if each["field"]), None)
            if field is not None:
                self.tabs.setCurrentWidget(self.form)
                self.form.show_fault(str(field))
                return
        if self._context.link.here:
            self._when_checked(lambda: self._submit(first=False))

    def _submit(self, *, first: bool) -> None:
        if not self.is_valid:
            return
        asked = self.asked()
        if self._item is not None:
            self.submission.save(self._item, asked)
        else:
            self.submission.add(asked, first=first)
        self._show_reason()

    def _submitted(self, sentence: str, item: Mapping[str, Any]) -> None:
        del item
        self._context.said.emit("info", sentence)
        if self._item is not None:
            self._show_item(None)
        self._show_reason()

    def _refused(self, sentence: str) -> None:
        self._refusal = sentence
        self._show_reason()

    def begin_rehearsal(self) -> None:
        """Rehearse what stands there, or end the rehearsal that is on."""
        if self.view.is_on:
            self.view.stop()
        else:
            self._when_checked(self._rehearse)

    def _rehearse(self) -> None:
        if not self.can_rehearse:
            return
        self.tabs.setCurrentWidget(self.view)
        fresh = bool(mounted_instead(self._context, self._sample))
        self.view.begin(self.asked(), place_of(self._context, self._sample), fresh=fresh)
        self._show_reason()

    def hear(self, name: str, content: object) -> None:
        """Take in an event of the worker."""
        del content
        if name == "station" or (name == "run" and self._context.link.run is None):
            self.checking.soon()  # the lab, or what the journal knows, may be another one
        elif name == "queue":
            self._leave_gone()

    def _leave_gone(self) -> None:
        """End the editing of an item that has begun or is gone."""
        if self._item is not None and not waits(self._context.link.queue, self._item):
            self._context.said.emit("warning", f"item {self._item['id']} does not wait any more, so it is not changed")
            self._show_item(None)
            self._show_reason()
