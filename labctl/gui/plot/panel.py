"""The live plot of a window: a run as it grows, others over it, what was expected and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QEvent, pyqtSignal
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from labctl.gui.context import Context
from labctl.gui.plot import curves
from labctl.gui.plot.composing import not_drawn, offered, traces_of
from labctl.gui.plot.controls import Controls
from labctl.gui.plot.drawing import Drawing
from labctl.gui.plot.map_panel import MapPanel
from labctl.gui.plot.map_view import MapView
from labctl.gui.plot.moments import nearest
from labctl.gui.plot.open_run import OpenRun
from labctl.gui.plot.refreshing import Refreshing
from labctl.gui.plot.rehearsed_run import RehearsedRun
from labctl.gui.plot.saving import Saving
from labctl.gui.plot.saying import Saying
from labctl.gui.plot.selection import AS_MEASURED, AS_PROCESSED, Selection
from labctl.gui.plot.trace import Trace
from labctl.gui.theme import Theme
from labctl.gui.timing import timer

TICK, NEXT = 40, 5
"""ms between two looks at what came since, and to the next one where there was more than one look reads."""


class PlotPanel(QWidget):
    """The plot.

    Args:
        context: What the panels of the window share.
    """

    run_shown = pyqtSignal(str)
    """Folder of the run that is shown now."""
    overlays_changed = pyqtSignal(list)
    """Folders of the runs that lie over it."""
    row_chosen = pyqtSignal(str, int)
    """Folder and row on which the crosshair stands."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._theme = context.theme
        self.controls, self.drawing, self.map = Controls(self), Drawing(self), MapPanel(context, self)
        self.run: OpenRun | None = None
        self._overlays: dict[str, OpenRun] = {}
        self._live = False
        self.selection = Selection(self.controls, context.settings)
        self.saying = Saying(context, self.drawing, self.controls, self.selection)
        self._drawn_from: tuple[object, ...] = ()
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.drawing)
        self._stack.addWidget(self.map)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.controls)
        column.addWidget(self._stack, 1)
        self.setFocusProxy(self.drawing)
        self._timer = timer(self, TICK, self.tick)
        self._refreshing = Refreshing(self._runs, self.map, self)
        self._saving = Saving(self._on_top, self._repaint_in, context, self)
        self._connect()
        self._take_theme()
        self._allow()

    def _connect(self) -> None:
        controls, drawing = self.controls, self.drawing
        controls.changed.connect(self._choose)
        controls.mode_wanted.connect(lambda on: self._set_mode(AS_PROCESSED if on else AS_MEASURED))
        controls.map_wanted.connect(self._show_map)
        controls.fit_wanted.connect(self.fit)
        controls.copy_wanted.connect(self._saving.copy)
        controls.picture_wanted.connect(self._ask_where)
        controls.table_wanted.connect(lambda: self._ask_where(".csv"))
        drawing.fit_wanted.connect(self.fit)
        drawing.row_chosen.connect(self._row_chosen)
        for pane in drawing.panes:
            pane.plot.vb.sigRangeChanged.connect(lambda *_: self._wake())
            pane.plot.vb.sigResized.connect(lambda *_: self._wake())
        self.context.theme_changed.connect(self._take_theme)
        self._saving.said.connect(self.context.said)

    # ---- which runs

    def show_run(self, folder: str | Path, *, live: bool = False) -> None:
        """Show a run instead of the one that is shown; what lies over it stays.

        Args:
            folder: The run's folder, or that of a series.
            live: Whether it is on.
        """
        self._show(OpenRun(self.context, Path(folder), self), live=live)

    def show_rehearsal(self, found: Mapping[str, Any]) -> None:
        """Show what a rehearsal expects, before the run is measured.

        Args:
            found: What `labctl.desk.rehearsals.rehearse` answers, with the file of its `rows`.
        """
        self._show(RehearsedRun(self.context, found, self), live=False)

    def go_to_moment(self, moment: float) -> None:
        """Put the crosshair on the row that was measured nearest to a moment, in s of lab time."""
        data = None if self.run is None else self.selection.data_of(self.run)
        if data is not None:
            self.drawing.choose(nearest(self.drawing.shown, data, moment))

    def _show(self, run: OpenRun, *, live: bool) -> None:
        old, self.run = self.run, self._heard(run)
        self._drawn_from = ()
        if old is not None:
            old.close()
        self.selection.begin()
        self.controls.processed.setChecked(False)
        if self.map.series not in (run.folder, run.folder.parent):  # a map of the series stays while it goes on
            self.controls.map.setChecked(False)
            self.map.forget()
        self.run.load()
        self.set_live(live)
        self._draw()
        self.run_shown.emit(str(run.folder))
        self.tick()

    def set_live(self, live: bool) -> None:
        """Say whether the run that is shown is on: then what comes is drawn as it comes."""
        self._live = live
        if self.run is not None and not live:
            self.run.ask_facts()
        self._refreshing.set_live(live)
        self.saying.wait()
        self._wake()

    def add_overlay(self, folder: str | Path) -> None:
        """Draw another run over the one that is shown, with the same columns."""
        key = str(folder)
        if key not in self._overlays and (self.run is None or Path(key) != self.run.folder):
            self._overlays[key] = self._heard(OpenRun(self.context, Path(key), self))
            self._overlays[key].load()
            self._ask_processed()
            self.overlays_changed.emit(self.overlays)
            self._draw()

    def remove_overlay(self, folder: str | Path) -> None:
        """Take a run away that lies over the one that is shown."""
        found = self._overlays.pop(str(folder), None)
        if found is not None:
            found.close()
            self.overlays_changed.emit(self.overlays)
            self._draw()

    @property
    def overlays(self) -> list[str]:
        """Folders of the runs that lie over the one that is shown."""
        return list(self._overlays)

    def close_run(self) -> None:
        """Show nothing, and let go of all that was loaded."""
        for each in self._runs():
            each.close()
        self.map.forget()
        self._overlays, self.run, self._drawn_from = {}, None, ()
        self.selection.begin()
        self.set_live(False)
        self._draw()

    def _runs(self) -> list[OpenRun]:
        """The run that is shown, and those that lie over it."""
        return [*([self.run] if self.run is not None else []), *self._overlays.values()]

    def _heard(self, run: OpenRun) -> OpenRun:
        run.changed.connect(self._run_changed)
        run.failed.connect(self._run_failed)
        return run

    def _run_changed(self) -> None:
        self.selection.facts_came()
        self._allow()
        self._draw()
        if self.map.isVisible() and self.map.is_empty:  # with its first rows, there is a map
            self.map.refresh()
        self._wake()

    def _run_failed(self, why: str) -> None:
        processed = self.selection.mode == AS_PROCESSED
        if processed and self.run is not None and self.run.processed is None:
            self.controls.processed.setChecked(False)
        self.context.said.emit("warning", why)

    # ---- as time goes on

    def _wake(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def tick(self) -> None:
        """Read what came since and draw it; at rest, nothing is looked at any more."""
        run = self.run
        runs = self._runs()
        more = [each.read_on() for each in runs]
        if run is not None and self._live and run.analysed():
            run.ask_facts()
        if self._stale():
            self._draw()
        busy = self._refresh()
        behind = any(each.behind for each in runs)
        if self._timer.interval() != (interval := NEXT if behind else TICK):
            self._timer.setInterval(interval)
        if not (self._live or busy or any(more) or behind):
            self._rest()

    def _rest(self) -> None:
        """Let the range fit what is there, now that nothing more comes; look again only when something changes."""
        self._timer.stop()
        if not self._live and self.isVisible():
            for pane in self.drawing.shown:
                if pane.auto:
                    pane.fit(self._across())

    def _across(self) -> tuple[float, float] | None:
        """Lowest and highest x of both plots, where they are linked."""
        panes = self.drawing.shown
        boxes = [box for pane in panes if (box := pane.bounds) is not None]
        if len(panes) < 2 or not self.controls.linked.isChecked() or not boxes:
            return None
        return min(box[0] for box in boxes), max(box[1] for box in boxes)

    def _stale(self) -> bool:
        """Whether other curves are to be drawn than are."""
        return self.selection.grown() or self._drawn_from != self._drawn_of()

    def _drawn_of(self) -> tuple[object, ...]:
        """What decides which curves there are."""
        return tuple(
            (id(data), data.rows > 0, tuple(map(type, data.columns.values())), len(curves.branches(data)))
            for run in self._runs() for data in (run.raw, run.processed, run.expected) if data is not None
        )  # fmt: skip

    def _refresh(self) -> bool:
        if not self.isVisible():
            return False
        for pane in self.drawing.shown:
            pane.follow(self._across())
        return self._all_refreshed()

    def _all_refreshed(self) -> bool:
        """Draw in both plots what there is by now; return whether a further call has more to draw."""
        busy = [pane.refresh(self.drawing.ratio) for pane in self.drawing.shown]
        return any(busy)

    def fit(self) -> None:
        """Show all points again, and let the range follow new ones."""
        for pane in self.drawing.shown:
            pane.fit(self._across())
        self._wake()

    def showEvent(self, a0: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw what came while nobody looked."""
        super().showEvent(a0)
        self._wake()

    def changeEvent(self, a0: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw with other fonts."""
        super().changeEvent(a0)
        if a0 is not None and a0.type() == QEvent.Type.FontChange:
            self._take_theme()

    # ---- what is chosen

    def _choose(self) -> None:
        """Take what somebody has set."""
        if self.run is not None:
            self.selection.take(self.run)
        groups = self.selection.groups
        if groups is not None and groups.too_many:
            self.context.said.emit("info", f"{groups.column} has too many values to be told apart by colour")
        self._draw()

    def _set_mode(self, mode: str) -> None:
        if mode != self.selection.mode:
            self.selection.set_mode(mode)
            self._ask_processed()
            self._draw()
            self.fit()

    def _ask_processed(self) -> None:
        if self.selection.mode == AS_PROCESSED:
            for run in self._runs():
                if run.processed is None and not run.why_not_processed:
                    run.ask_processed()

    def _allow(self) -> None:
        self.controls.allow_for(self.run)

    # ---- drawing

    def _draw(self) -> None:
        """Make the curves anew."""
        run, controls, drawing = self.run, self.controls, self.drawing
        self.saying.begin(run)
        self._drawn_from = self._drawn_of()
        kept = drawing.chosen if drawing.kept else None
        drawing.choose(None)
        data = None if run is None else offered(run, self.selection)
        if run is not None and data is not None and data.columns:
            self.selection.fit(run, data)
        x, ys = self.selection.axes
        drawing.show_two(controls.second.isChecked(), linked=controls.linked.isChecked())
        shown: list[Trace] = []
        chosen: list[curves.Chosen] = []
        for pane, columns in zip(drawing.panes, (ys, controls.second_columns.current), strict=True):
            of_pane = curves.Chosen(x, columns, controls.log)
            traces = self._traces(of_pane)
            chosen += [of_pane] if pane in drawing.shown else []
            pane.show_traces(x, columns, traces, controls.log)
            pane.plot.setVisible(self.saying.has_axes and bool(columns))  # axes of nothing would say nothing
            shown += traces if pane in drawing.shown else []
        lacking = not_drawn(self._overlays.values(), self.selection, chosen) if data is not None else ""
        self.saying.show(shown, self._theme, lacking)
        drawing.keep_again(kept)
        self._wake()

    def _traces(self, chosen: curves.Chosen) -> list[Trace]:
        if self.run is None:
            return []
        expected = self.controls.expected.isChecked()
        others = self._overlays.values()
        return traces_of(self.run, others, self.selection, chosen, self._theme, expected=expected)

    def _repaint_in(self, theme: Theme | None) -> None:
        """Draw the same in other colours, to its end: those of paper, or those of the window again."""
        self._theme = theme or self.context.theme
        self.drawing.take_theme(self._theme)
        self.map.view.take_theme(self._theme)
        self._draw()
        while self._all_refreshed():
            pass

    def _take_theme(self) -> None:
        self._theme = self.context.theme
        self.drawing.take_theme(self._theme)
        self.map.take_theme()
        self._draw()

    def _row_chosen(self) -> None:
        if (chosen := self.saying.show_row()) is not None:
            self.row_chosen.emit(*chosen)

    def _show_map(self, on: bool) -> None:
        self._stack.setCurrentWidget(self.map if on else self.drawing)
        self.controls.show_map_only(on)
        if on and self.run is not None and (series := self.run.series) is not None:
            self.map.show_series(series)

    def save(self, path: Path) -> None:
        """Save what is shown: a picture on white (`.png`, `.svg`, `.pdf`), or a table of the points (`.csv`).

        Raises:
            UsageError: The file's name ends otherwise.
            WriteFailed: It cannot be written.
        """
        self._saving.save(path)

    def _ask_where(self, kind: str) -> None:
        run = self.run
        series = [] if run is None else run.number.split("/")[:-1]
        self._saving.ask_where(kind, "plot" if run is None else "-".join([*series, run.folder.name]))

    def _on_top(self) -> Drawing | MapView:
        return self.map.view if self.controls.map.isChecked() else self.drawing
