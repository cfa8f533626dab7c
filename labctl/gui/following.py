"""Keeps the plot on the run that is on, until somebody looks at another one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject

from labctl.gui.context import Context
from labctl.gui.plot.panel import PlotPanel
from labctl.gui.run_names import run_name


class Following(QObject):
    """Shows the run that is on as soon as it has a folder.

    Somebody who has opened another run keeps it, until `follow` is called or that run is closed.

    Args:
        context: Whose worker tells of runs.
        plot: Where they are shown.
    """

    def __init__(self, context: Context, plot: PlotPanel) -> None:
        super().__init__(plot)
        self._context, self._link = context, context.link
        self._plot = plot
        self._shown = ""  # by this, and not by somebody
        self._theirs = self._live = False
        self._offered = ""  # of the runs that are on, the one that somebody was told of
        context.run_opened.connect(self.open)
        for signal in (context.link.found, context.link.lost, context.link.told):
            signal.connect(self._look)

    def open(self, folder: str) -> None:
        """Show a run that somebody has chosen."""
        self._theirs = folder != self._on_now
        self._show(folder)

    def follow(self) -> None:
        """Show the run that is on, from now on."""
        self._theirs = False
        self._look()

    @property
    def _on_now(self) -> str:
        return str((self._link.run or {}).get("folder") or "")

    @property
    def is_live(self) -> bool:
        """Whether the run that is shown is on, or the series that it belongs to."""
        on = self._on_now
        return bool(on) and self._shown in (on, str(Path(on).parent))

    def _look(self, *_: object) -> None:
        on = self._on_now
        if on and on != self._shown and not self._theirs:
            self._show(on)
        elif on and on not in (self._shown, self._offered):
            self._offered = on
            self._context.said.emit("info", f"{run_name(on)} is on; F6 shows it in the plot")
        elif self._live != self.is_live:
            self._live = self.is_live
            self._plot.set_live(self._live)

    def _show(self, folder: str) -> None:
        self._shown = folder
        self._live = self.is_live
        self._plot.show_run(folder, live=self._live)

    def show_rehearsal(self, found: Mapping[str, Any]) -> None:
        """Show what a rehearsal expects, unless a run is being looked at that is on."""
        if found.get("rows") and not self.is_live:
            self._shown, self._theirs = "", False
            self._plot.show_rehearsal(found)
