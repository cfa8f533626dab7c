"""What all panels of a window share."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, QSettings, pyqtSignal

from labctl.gui.desk_link import DeskLink
from labctl.gui.theme import DARK, Theme
from labctl.gui.worker_link import WorkerLink

PATIENCE = 20_000
"""ms that a form or a check may take; an experiment's own code may wait for ever."""


class Context(QObject):
    """What all panels of a window share; panels do not know each other.

    Args:
        station: A shipped name or a file.
        simulate: Whether its simulated twin is meant.
        runs: Folder that holds the runs.
        settings: What the window remembers.

    Attributes:
        link: The station's worker.
        desk: Quick answers: forms, checks of what is typed, samples.
        archive: Answers about runs that are there: catalogue, data.
        rehearser: Rehearsals, one after the other.
        theme: Colours in use; `theme_changed` says that these are others.
    """

    theme_changed = pyqtSignal()
    said = pyqtSignal(str, str)  # level (info, warning, error) and a sentence, for the log and the line at the bottom
    mount_wanted = pyqtSignal(str)  # name of a record that the simulated station is to have, in a new lab
    worker_wanted = pyqtSignal()  # somebody wants the station to have a worker, if it has none
    ended = pyqtSignal()  # nobody is to do anything any more
    run_opened = pyqtSignal(str)  # folder of a run that somebody wants to look at

    def __init__(self, station: str, *, simulate: bool, runs: Path, settings: QSettings) -> None:
        super().__init__()
        self.station = station
        self.simulate = simulate
        self.runs = runs
        self.settings = settings
        self.theme: Theme = DARK
        self.link = WorkerLink(self)
        self.desk = DeskLink("desk", self, patience=PATIENCE)
        self.archive = DeskLink("archive", self)
        self.rehearser = DeskLink("rehearser", self)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours, and say so."""
        self.theme = theme
        self.theme_changed.emit()

    def end(self) -> None:
        """Let go of the worker, which goes on, and end the desks."""
        self.ended.emit()
        self.link.end()
        for desk in (self.desk, self.archive, self.rehearser):
            desk.end()
