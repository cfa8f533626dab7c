"""What the guide does for somebody who presses its button."""

from __future__ import annotations

from collections.abc import Callable

from labctl.gui.banner import Banner
from labctl.gui.guide import EXPERIMENT
from labctl.gui.panels import Panels


class Guided:
    """Does the steps of the guide with the panels, as a person would.

    Args:
        panels: Of the window.
        banner: Its line at the top.
        go_to: Brings a panel to the front, by its key.
    """

    def __init__(self, panels: Panels, banner: Banner, go_to: Callable[[str], None]) -> None:
        self._panels = panels
        self._banner = banner
        self._go_to = go_to

    def do(self, step: str) -> None:
        """Do a step of `labctl.gui.guide.STEPS`, by its key."""
        panels = self._panels
        match step:
            case "check":
                self._go_to("sample")
                panels.sample.check_contacts()
            case "rehearse":
                self._go_to("measure")
                panels.measure.choose(EXPERIMENT)
                panels.measure.begin_rehearsal()
            case "queue":
                self._go_to("measure")
                panels.measure.add()
            case "watch":
                self._banner.speed.step(1)
            case _:
                self._go_to("history")
                panels.history.choose_first()
