"""`labctl gui`."""

from __future__ import annotations

import sys
from pathlib import Path

from instruments.errors import Refused, UsageError
from labctl.cli.working import check_extra

EXTRA = ("PyQt6", "pyqtgraph")


def show(*, station: str, simulate: bool, sample: str, speed: float | None, out: Path) -> None:
    """Show the window until it is closed.

    Raises:
        UsageError: What it needs is not installed, or there is no screen.
    """
    from importlib.util import find_spec

    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise UsageError(f"{missing[0]} is not installed, which the window needs; install labctl[gui]")
    check_extra()
    if not simulate and (sample or speed is not None):
        raise UsageError("--sample and --speed are of the simulated station; add --simulate, or leave them out")
    if sys.platform.startswith("linux"):
        _check_screen()
    from labctl.gui.main import Wanted
    from labctl.gui.main import show as show_window

    if code := show_window(Wanted(station, simulate, out, sample, speed)):
        raise Refused(f"the window ended with code {code}")


def _check_screen() -> None:
    """Say in a sentence that there is no screen, where Qt would end the program.

    Raises:
        UsageError: There is none.
    """
    import os

    if not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        raise UsageError(
            "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set); log in at the computer or with `ssh -X`, "
            "or use `labctl queue` from here"
        )
