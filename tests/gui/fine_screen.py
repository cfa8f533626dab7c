"""The window on a screen of 3840 x 2160 pixels on which everything is twice as large, in a process of its own.

Prints what is cut off or hard to read while a run is on, one line each, and last how many pixels a point had.
Qt reads the scale (QT_SCALE_FACTOR) once, when a program begins.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QEventLoop, QTimer
from PyQt6.QtWidgets import QApplication

from labctl.gui import theme
from labctl.gui.main import Wanted, Windows
from labctl.gui.window import Window
from tests.gui.looking import cut_off, hard_to_read

POINTS = (1920, 1080)
EVERY = 50
"""ms between two looks at what is waited for."""
RECOLOURED = 1500
"""ms after which another theme is everywhere."""


def main() -> None:
    """Open a window, measure a loop, and look at all panels in both themes."""
    application = QApplication(sys.argv)
    windows = Windows(Wanted("ppms", True, Path(sys.argv[1]), "", 10.0))
    window = windows.open("ppms", simulate=True, guided=True)
    window.resize(*POINTS)
    until(lambda: window.context.link.here and window.panels.measure.is_valid)
    for step in (0, 1, 2):  # check, rehearse, measure
        until(lambda step=step: window.guide.number >= step)
        window.guide.button.click()
    until(lambda: measures(window))
    for fault in faults(window):
        print(fault)
    print(f"{window.devicePixelRatio():g} pixels a point, {window.width()} x {window.height()}")
    window.close()
    windows.end()
    application.processEvents()


def measures(window: Window) -> bool:
    """Whether the loop, which follows the contact check, has some points."""
    run = window.context.link.run or {}
    return run.get("item") == "2" and int(run.get("points", 0)) > 50


def faults(window: Window) -> list[str]:
    """Return what is wrong with each panel in each theme."""
    found: list[str] = []
    for chosen in (theme.DARK, theme.LIGHT):
        window.set_theme(chosen)
        rest(RECOLOURED)
        for panel in window.panels.around():
            window.go_to(panel.key)
            rest(10 * EVERY)
            assert window.context.link.run is not None, "the run is over"
            found += [f"{chosen.name}, {panel.key}: {each}" for each in (*cut_off(window), *hard_to_read(window))]
    return found


def rest(milliseconds: int) -> None:
    """Let what was begun be drawn."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(seen: Callable[[], object]) -> None:
    """Wait until something is seen; whoever began this process gives it a time."""
    while not seen():
        rest(EVERY)


if __name__ == "__main__":
    main()
