"""The panels of a window, where they are, and what they tell each other."""

from __future__ import annotations

from typing import NamedTuple

from PyQt6.QtWidgets import QWidget

from labctl.gui.context import Context
from labctl.gui.following import Following
from labctl.gui.form.measure_panel import MeasurePanel
from labctl.gui.form.series_builder import SeriesBuilder
from labctl.gui.history_panel import HistoryPanel
from labctl.gui.instruments.by_hand import ByHand
from labctl.gui.instruments.panel import InstrumentPanel
from labctl.gui.log_panel import LogPanel
from labctl.gui.plot.panel import PlotPanel
from labctl.gui.queue_panel import QueuePanel
from labctl.gui.sample_panel import SamplePanel


class Panel(NamedTuple):
    """A panel beside the plot: its key, its title, on which side it is (`left`, `right`, `below`), and the widget."""

    key: str
    title: str
    side: str
    widget: QWidget


class Panels:
    """All panels.

    Args:
        context: What they share.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.plot = PlotPanel(context)
        self.following = Following(context, self.plot)
        self.measure = MeasurePanel(context)
        self.measure.set_series(SeriesBuilder(context))
        self.sample = SamplePanel(context)
        self.instruments, self.by_hand = InstrumentPanel(context), ByHand(context)
        self.log = LogPanel(context)
        self.queue = QueuePanel(context)
        self.history = HistoryPanel(context)

    def around(self) -> tuple[Panel, ...]:
        """Return the panels around the plot, in the order of their keys Alt+1, Alt+2 ..."""
        return (
            Panel("measure", "Measure", "left", self.measure),
            Panel("sample", "Sample", "left", self.sample),
            Panel("queue", "Queue", "below", self.queue),
            Panel("history", "History", "below", self.history),
            Panel("instruments", "Instruments", "right", self.instruments),
            Panel("log", "Log", "right", self.log),
            Panel("by hand", "By hand", "right", self.by_hand),
        )

    def connect_all(self) -> None:
        """Let panels hear of each other."""
        self.sample.chosen.connect(self.measure.set_sample)
        self.sample.known.connect(self.measure.show_known)
        self.sample.lab_wanted.connect(self.context.mount_wanted)
        self.measure.sample_wanted.connect(self.sample.choose)
        self.queue.edit_wanted.connect(self.measure.edit_item)
        self.history.repeat_wanted.connect(self.measure.load_asked)
        self.history.overlay_wanted.connect(self._overlay)
        self.plot.run_shown.connect(self._lay_over)
        self.measure.rehearsed.connect(self.following.show_rehearsal)
        self.log.moment_chosen.connect(self.plot.go_to_moment)

    def _overlay(self, folder: str, on: bool) -> None:
        if on:
            self.plot.add_overlay(folder)
        else:
            self.plot.remove_overlay(folder)

    def _lay_over(self, folder: str) -> None:
        """Draw over another run what is ticked in the history, but not this run itself."""
        self.plot.remove_overlay(folder)
        for ticked in sorted(self.history.model.overlaid - {folder}):
            self.plot.add_overlay(ticked)
