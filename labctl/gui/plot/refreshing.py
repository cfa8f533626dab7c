"""What the desk makes of a run that goes on is asked for anew: the rows of its series, its map, processed curves."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject

from labctl.gui.plot.map_panel import MapPanel
from labctl.gui.plot.open_run import OpenRun
from labctl.gui.timing import timer

EVERY, SELDOM = 5000, 80_000
"""ms between two times that the desk is asked, at least and at most. It is asked again only after it has answered;
where that takes longer than it was given, it is given twice the time, so that others are answered as well."""


class Refreshing(QObject):
    """Asks anew while a run is on, and once more when it has ended.

    Args:
        runs: Returns the runs that are drawn.
        map_panel: The map, if it is on.
    """

    def __init__(self, runs: Callable[[], list[OpenRun]], map_panel: MapPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._runs, self._map = runs, map_panel
        self._timer = timer(self, EVERY, self.refresh)

    def set_live(self, live: bool) -> None:
        """Say whether the run that is shown goes on."""
        if live and not self._timer.isActive():  # the next run of a series must not put it off
            self._timer.start()
        elif live:
            return
        elif self._timer.isActive():
            self._timer.stop()
            self._timer.setInterval(EVERY)
            self.refresh()

    def refresh(self) -> None:
        """Ask anew for what is there already."""
        if self._map.is_asking or any(run.is_asking for run in self._runs()):
            self._timer.setInterval(min(SELDOM, 2 * self._timer.interval()))
        for run in self._runs():
            run.refresh()
        if self._map.isVisible():
            self._map.refresh()
