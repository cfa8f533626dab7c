"""What is said above the plots and in their place: which run it is, whose curve is which, what it waits for, a row."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QObject

from labctl.gui.context import Context
from labctl.gui.plot.composing import heading
from labctl.gui.plot.controls import Controls
from labctl.gui.plot.drawing import Drawing
from labctl.gui.plot.markers import Marker, markers_of
from labctl.gui.plot.open_run import OpenRun
from labctl.gui.plot.selection import Selection
from labctl.gui.plot.trace import Trace
from labctl.gui.plot.waiting import waiting_words
from labctl.gui.plot.words_of_runs import brief_values, legend, row_values
from labctl.gui.run_names import run_name
from labctl.gui.theme import Theme


class Saying(QObject):
    """Writes what is said of the run that is shown.

    Args:
        context: Whose worker says what the station does.
        drawing: Where it is written.
        controls: What of it is wanted.
        selection: Which rows are shown.
    """

    def __init__(self, context: Context, drawing: Drawing, controls: Controls, selection: Selection) -> None:
        super().__init__(drawing)
        self._link, self._drawing, self._controls, self._selection = context.link, drawing, controls, selection
        self._run: OpenRun | None = None
        self._marked: list[Marker] = []
        self._traces: Sequence[Trace] = ()
        self._theme = context.theme
        self._waits = self._lacking = ""
        context.link.told.connect(lambda *_: self.wait())

    @property
    def has_axes(self) -> bool:
        """Whether there is any point to be drawn, measured or expected, and something chosen of it."""
        run = self._run
        expected = None if run is None or not self._controls.expected.isChecked() else run.expected
        there = self._has_points or (expected is not None and expected.rows > 0)
        return there and bool(self._selection.axes[1])

    @property
    def _has_points(self) -> bool:
        data = None if self._run is None else self._selection.data_of(self._run)
        return data is not None and data.rows > 0

    def begin(self, run: OpenRun | None) -> None:
        """Speak of a run from now on, or of none."""
        self._run = run

    def show(self, traces: Sequence[Trace], theme: Theme, lacking: str = "") -> None:
        """Name the curves, and mark what was found.

        Args:
            traces: The curves.
            theme: Whose colours.
            lacking: Which runs are not among them, and why.
        """
        run, drawing = self._run, self._drawing
        results = {} if run is None or not self._controls.marks.isChecked() else run.facts.get("results", {})
        self._marked, self._traces, self._theme, self._lacking = [], traces, theme, lacking
        for pane in drawing.panes:
            found = markers_of(results, [pane.x, *pane.ys])
            linked = pane is not drawing.panes[0] and self._controls.linked.isChecked()
            pane.show_markers(found, theme, self._marked if linked else ())
            self._marked += found if pane in drawing.shown else []
        self._waits = self._waiting()
        self._write()

    def wait(self) -> None:
        """Say what a run without points waits for now."""
        if (said := self._waiting()) != self._waits:
            self._waits = said
            self._write()

    def _waiting(self) -> str:
        run = self._run
        if run is None or self._has_points:
            return ""
        on = self._link.run
        its = on if on is not None and str(on.get("folder") or "") == str(run.folder) else None
        return waiting_words(its, self._link.instruments, done=run.is_read)

    def _write(self) -> None:
        axes, theme = self.has_axes, self._theme
        said = heading(self._run, self._selection, self._marked, self._waits if axes else "")
        said = " · ".join(word for word in (said, self._lacking) if word)
        self._drawing.legend.set_html(legend(said, self._traces, theme.quiet), theme.text)
        self._drawing.legend.setToolTip("\n".join(trace.tip for trace in self._traces if trace.tip))
        self._drawing.show_instead("" if axes else self._waits)

    def show_row(self) -> tuple[str, int] | None:
        """Write all values of the row on which the crosshair stands; return its run's folder and its number."""
        chosen, theme = self._drawing.chosen, self._theme
        if chosen is None:
            self._drawing.show_read_out("", lambda _: "")
            return None
        pane, trace, row = chosen
        data = trace.line.data
        number = run_name(data.folder)
        title = trace.title if trace.title.startswith(number) else f"{number} {trace.title}".strip()
        axes, colours = [pane.x, trace.line.y], (theme.text, theme.quiet)
        self._drawing.show_read_out(
            brief_values(data, row, axes, colours, title),
            lambda columns: row_values(data, row, axes, colours, title, columns),
        )
        return str(data.folder), row
