"""A queue whose last row is dragged to its first place by the mouse of a real screen, in a process of its own.

Prints the numbers of the items as they stand then. Dragging is a matter between Qt and the screen: it cannot be played
where there is none.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QPoint, QProcess
from PyQt6.QtWidgets import QApplication

from labctl.gui.main import Wanted, Windows
from labctl.gui.window import Window
from tests.gui.fine_screen import until

STEPS = 8
"""Parts of the way, with a moment between them, as a hand moves."""


def main() -> None:
    """Open a window with three items that wait, and drag the last one above the others."""
    application = QApplication(sys.argv)
    windows = Windows(Wanted("ppms", True, Path(sys.argv[1]), "", 10.0))
    window = windows.open("ppms", simulate=True)
    until(lambda: window.context.link.here)
    window.context.link.ask("POST", "/pause", {"by": "LW", "now": False})
    for field in ("0.2 T", "0.3 T", "0.4 T"):
        asked = {"procedure": "ahe", "sample": "cotb2025", "parameters": {"maximum_field": field}, "out": sys.argv[1]}
        window.context.link.ask("POST", "/queue", asked)
    until(lambda: window.panels.queue.model.rowCount() == 3)
    drag(place(window, 2, 0.5), place(window, 0, 0.1))
    until(lambda: order(window)[0] == "3")
    print(*order(window))
    window.close()
    windows.end()
    application.processEvents()


def order(window: Window) -> list[str]:
    """Return the numbers of the items, as the worker says."""
    return [item["id"] for item in (window.context.link.queue or {"items": []})["items"]]


def place(window: Window, row: int, down: float) -> QPoint:
    """Return a place of the screen in a row: how far down in it, from 0 to 1."""
    table = window.panels.queue.table
    area = table.visualRect(window.panels.queue.model.index(row, 1))
    viewport = table.viewport()
    assert viewport is not None
    return viewport.mapToGlobal(QPoint(area.center().x(), round(area.top() + down * area.height())))


def drag(start: QPoint, end: QPoint) -> None:
    """Press the mouse at a place, and let it go at another one."""
    words = ["mousemove", str(start.x()), str(start.y()), "mousedown", "1"]
    for step in range(1, STEPS + 1):
        there = start + (end - start) * step / STEPS
        words += ["sleep", "0.1", "mousemove", str(there.x()), str(there.y())]
    hand = QProcess()
    hand.start("xdotool", [*words, "sleep", "0.3", "mouseup", "1"])
    until(lambda: hand.state() == QProcess.ProcessState.NotRunning)


if __name__ == "__main__":
    main()
