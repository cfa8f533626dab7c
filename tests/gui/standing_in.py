"""A context whose worker and desks are not there, for panels that are told what to show."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PyQt6.QtCore import QSettings

from labctl.gui.context import Context


def make_context(*, simulate: bool = True, settings: QSettings | None = None) -> Context:
    """Return one that remembers nothing, or what these settings hold."""
    folder = Path(tempfile.mkdtemp(prefix="labctl-window-"))
    settings = settings or QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    return Context("ppms", simulate=simulate, runs=folder / "runs", settings=settings)
