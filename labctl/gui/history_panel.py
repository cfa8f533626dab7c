"""The history: all runs, which of them are shown, what is known of the one that is chosen, and what to do with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QAction, QDesktopServices, QGuiApplication, QKeySequence, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QMenu, QPushButton, QSplitter, QToolButton, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.export_bar import ExportBar
from labctl.gui.history_cells import shortened
from labctl.gui.history_filters import HistoryFilters
from labctl.gui.history_loader import HistoryLoader
from labctl.gui.history_model import HistoryModel
from labctl.gui.history_view import HistoryView
from labctl.gui.run_details import RunDetails
from labctl.gui.timing import timer

TOGETHER = 40
"""ms in which rows that come are shown together."""
WIDE = 720
"""Pixels from which the details stand beside the table."""
UNFINISHED = frozenset({"aborted", "failed", "fault", "refused", "killed", "not finished"})
"""How a run stands that can be carried on."""


class HistoryPanel(QWidget):
    """Shows runs.

    Args:
        context: What panels share.
    """

    overlay_wanted = pyqtSignal(str, bool)
    """Folder of a run, and whether it is to be drawn beside the one that is open."""
    repeat_wanted = pyqtSignal(object)
    """What a run was asked to do, as `labctl.asked.Asked` takes it, with its number as `repeats`: for the form."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.model = HistoryModel(context, self)
        self.view = HistoryView(context, self.model)
        self.filters = HistoryFilters()
        self.details = RunDetails(context)
        self.exporting = ExportBar(context)
        self.loader = HistoryLoader(context, self)
        self._begun = self._first_wanted = False
        self._arrange_soon = timer(self, TOGETHER, self._arrange, once=True)
        self.open, self.repeat, self.resume = QPushButton("&Open"), QPushButton("Repea&t …"), QPushButton("Carr&y on")
        self.export = QPushButton("E&xport …")
        self.more = QToolButton()
        self._actions: dict[str, QAction] = {}
        self._build_actions()
        self._build()
        self._connect()
        self._choose("")

    # ---- putting together

    def _build(self) -> None:
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.view)
        self.split.addWidget(self.details)
        self.split.setSizes([860, 490])
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        for button, tip in (
            (self.open, "Shows the run in the plot (Enter)"),
            (self.repeat, "Fills the form with what this run was asked to do, to be changed or sent again (Ctrl+R)"),
            (self.resume, "Puts the run into the queue to be carried on in its folder, where it was cut"),
            (self.export, "Writes the run into a file: table for spreadsheets, NetCDF, MultiVu, .zip (Ctrl+S)"),
            (self.more, "Overlay, note, export, analyse again, open the folder, copy its path, columns"),
        ):
            button.setToolTip(tip)
            self.filters.side.addWidget(button)
        self.filters.side.setSpacing(4)
        self.more.setText("More  ")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(lambda: self._fill(self._menu))
        self.more.setMenu(self._menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(4)
        column.addWidget(self.filters)
        column.addWidget(self.exporting)
        column.addWidget(self.split, 1)
        self.setFocusProxy(self.view)

    def _build_actions(self) -> None:
        for key, title, keys, do in (
            ("open", "&Open in the plot", "", self.view.open_chosen),
            ("overlay", "Draw &beside the open run (Space)", "", self.view.tick_chosen),
            ("repeat", "&Repeat, with changes …", "Ctrl+R", self.repeat_chosen),
            ("resume", "&Carry on in its folder", "", self.resume_chosen),
            ("note", "Add a &note or a tag …", "Ctrl+N", self.note_chosen),
            ("export", "&Export …", "Ctrl+S", self.export_chosen),
            ("analyse", "&Analyse again", "", self.analyse_chosen),
            ("folder", "Open the &folder", "Ctrl+O", self.open_folder),
            ("copy", "Copy the &path", "Ctrl+Shift+C", self.copy_path),
            ("find", "Find &words", "Ctrl+F", self.go_to_words),
            ("refresh", "&Look again now", "F5", self.loader.ask),
        ):
            self._actions[key] = self._action(title, keys, do)

    def _action(self, title: str, keys: str, do: Callable[[], object]) -> QAction:
        action = QAction(title, self)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _: do())
        self.addAction(action)
        return action

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        for key, action in self._actions.items():
            menu.addAction(action)
            if key in {"overlay", "resume", "copy"}:
                menu.addSeparator()
        menu.addMenu(self.view.column_menu())

    def _connect(self) -> None:
        loader, view = self.loader, self.view
        loader.told.connect(self._take)
        loader.gone.connect(self._gone)
        loader.complete.connect(self._complete)
        loader.answered.connect(lambda _: self._count())
        loader.failed.connect(lambda why: self.context.said.emit("error", f"the history cannot be told: {why}"))
        view.chosen.connect(self._choose)
        view.opened.connect(self.context.run_opened)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._pop_up)
        self.model.ticked.connect(self.overlay_wanted)
        self.filters.changed.connect(self._arrange)
        self.filters.conditions.connect(self._ask_for_fitting)
        self.details.notes.noted.connect(lambda _: loader.look_soon())
        self.open.clicked.connect(view.open_chosen)
        self.repeat.clicked.connect(self.repeat_chosen)
        self.resume.clicked.connect(self.resume_chosen)
        self.export.clicked.connect(self.export_chosen)
        self.exporting.closed.connect(view.setFocus)
        self.context.theme_changed.connect(self.model.recolour)

    # ---- rows

    def begin(self) -> None:
        """Ask for runs, now and from now on; done when it is shown first."""
        if not self._begun:
            self._begun = True
            self.filters.count.setText("reading …")
            self.loader.begin()

    def _take(self, rows: list[dict[str, Any]]) -> None:
        self.model.take(rows)
        told = {each["run"] for row in rows for each in (row, *row.get("runs", ()))}
        if self.details.folder in told:
            self.details.show_run(self.details.folder)
        if not self._arrange_soon.isActive():
            self._arrange_soon.start()

    def choose_first(self) -> None:
        """Choose the uppermost run if none is chosen, as soon as there is one."""
        self.view.choose_first()
        self._first_wanted = not self.view.chosen_runs()

    def _gone(self, folders: list[str]) -> None:
        self.model.drop(folders)
        self._arrange()

    def _complete(self, folders: set[str]) -> None:
        self.model.keep_only(folders)
        self._arrange()

    def _arrange(self) -> None:
        self.filters.offer(self.model.rows())
        self.model.arrange(self.filters.looked)
        self._count()
        if self._first_wanted:
            self.choose_first()

    def _count(self) -> None:
        shown, every = self.model.rowCount(), len(self.model.rows())
        of = f"{shown} of {every}" if shown != every else f"{every}"
        self.filters.count.setText(f"{of} {'run' if every == 1 else 'runs'}")
        self.view.say_why_empty("" if shown or not every else f"No run fits: {self.filters.said()}.")

    def _ask_for_fitting(self, parameters: list[str], results: list[str]) -> None:
        def take(said: dict[str, Any]) -> None:
            self.filters.take_fitting(said["runs"], warning="; ".join(said["warnings"]))
            for warning in said["warnings"]:
                self.context.said.emit("warning", warning)

        self.context.archive.ask(
            "runs_fitting", root=str(self.context.runs), parameters=parameters, results=results, then=take,
            short={name: shortened(name) for name in self.model.names_of_results()},
            failed=lambda why: self.filters.take_fitting(None, why),
        )  # fmt: skip

    def _choose(self, folder: str) -> None:
        row = self.model.known(folder)
        self.details.show_run(folder)
        for button in (self.open, self.repeat, self.export):
            button.setEnabled(row is not None)
        unfinished = row is not None and row["status"] in UNFINISHED
        self.resume.setEnabled(unfinished)
        for key, action in self._actions.items():
            if key not in {"find", "refresh"}:
                action.setEnabled(row is not None)
        self._actions["resume"].setEnabled(unfinished)

    def _pop_up(self, place: Any) -> None:
        viewport = self.view.viewport()
        if self.view.at_pointer(place) and viewport is not None:
            self._menu.popup(viewport.mapToGlobal(place))

    # ---- what can be done with a run

    def repeat_chosen(self) -> None:
        """Ask for what the run was asked to do."""
        if folder := self.view.current():
            self.context.archive.ask(
                "asked_of", folder=folder,
                then=lambda said: self.repeat_wanted.emit({**said["asked"], "repeats": said["number"]}),
            )  # fmt: skip

    def resume_chosen(self) -> None:
        """Put the run into the worker's queue, to be carried on."""
        folder = self.view.current()
        row = self.model.known(folder)
        if row is None or row["status"] not in UNFINISHED:
            return
        self.context.link.ask(
            "POST", "/queue/resume", {"run": folder},
            then=lambda item: self.context.said.emit("info", f"item {item['id']} carries on {Path(folder).name}"),
        )  # fmt: skip

    def note_chosen(self) -> None:
        """Go to where a note is written."""
        self.details.tabs.setCurrentWidget(self.details.notes)
        self.details.notes.text.setFocus()

    def export_chosen(self) -> None:
        """Ask where the run is to be written."""
        if folder := self.view.current():
            self.exporting.begin(folder)

    def analyse_chosen(self) -> None:
        """Analyse the run again."""
        folder = self.view.current()
        if not folder:
            return
        name, said = Path(folder).name, self.context.said
        said.emit("info", f"{name} is being analysed again")

        def done(found: dict[str, Any]) -> None:
            for warning in found["warnings"]:
                said.emit("warning", f"{name}: {warning}")
            said.emit("error" if found["error"] else "info", found["error"] or f"{name} was analysed again")
            self.loader.look_soon()

        self.context.archive.ask("analyse_run", folder=folder, then=done)

    def open_folder(self) -> None:
        """Show the run's folder in the system's own program."""
        if folder := self.view.current():
            QDesktopServices.openUrl(QUrl.fromLocalFile(folder))

    def copy_path(self) -> None:
        """Take the folders of the runs that are selected onto the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and (folders := self.view.chosen_runs()):
            clipboard.setText("\n".join(folders))
            self.context.said.emit("info", f"copied: {', '.join(folders)}")

    def go_to_words(self) -> None:
        """Go to where words are typed."""
        self.filters.words.setFocus()
        self.filters.words.selectAll()

    # ---- how it looks

    def showEvent(self, a0: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Ask for the runs when they are to be seen first."""
        super().showEvent(a0)
        self.begin()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Put the details beside the table where there is room."""
        super().resizeEvent(a0)
        wanted = Qt.Orientation.Horizontal if self.width() >= WIDE else Qt.Orientation.Vertical
        if self.split.orientation() != wanted:
            self.split.setOrientation(wanted)
        for button in (self.open, self.repeat, self.resume, self.export):  # they are in the menu as well
            button.setVisible(self.width() >= WIDE)
        self.filters.make_room(self.width())
