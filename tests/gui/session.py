"""A person who measures: what they see of the window, and what they do with it."""

from __future__ import annotations

from typing import Any

from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from labctl.gui.form.parameter_field import ParameterField
from labctl.gui.window import Window
from tests.gui.conftest import wait_for_worker
from tests.gui.person import Person


class Session:
    """A person, and what they see of a window.

    Args:
        qtbot: Presses the keys.
        window: A new one.
        thorough: Whether everything is looked at closely.
    """

    def __init__(self, qtbot: QtBot, window: Window, *, thorough: bool) -> None:
        self.window, self.measure, self.queue = window, window.panels.measure, window.panels.queue
        self.me = Person(qtbot, window, thorough=thorough)
        wait_for_worker(qtbot, window)
        self.me.wait(lambda: self.measure.is_valid)

    # ---- seen

    @property
    def items(self) -> list[dict[str, Any]]:
        """What the worker has in its queue."""
        return (self.window.context.link.queue or {"items": []})["items"]

    @property
    def states(self) -> list[str]:
        return [str(item["state"]) for item in self.items]

    @property
    def temperatures(self) -> list[str]:
        return [item["asked"]["parameters"]["temperature"] for item in self.items]

    @property
    def said(self) -> str:
        """What stands in the line at the top."""
        return self.window.banner.said.text()

    @property
    def points(self) -> int:
        """How many points the run that is on has."""
        return (self.window.context.link.run or {}).get("points", 0)

    def field(self, name: str) -> ParameterField:
        return self.measure.form.fields[name]

    def is_safe(self) -> bool:
        """Whether no run is on and the source is seen to be off."""
        return self.window.context.link.run is None and self.window.far.cells["source"].value == "OFF"

    # ---- done

    def measure_as(self, name: str) -> None:
        """Say who measures."""
        self.me.click(self.measure.user_bar.name)
        self.me.press("Ctrl+A")
        self.me.type(name)
        self.me.press("Return")

    def enter(self, name: str, text: str) -> None:
        """Type another value into a field of the form."""
        self.me.click(self.field(name).editor)
        self.me.press("Ctrl+A")
        self.me.type(text)
        self.me.wait(lambda: not self.measure.is_pending)

    def button(self, key: str) -> QWidget:
        """Return a button above the queue."""
        found = self.queue.tools.widgetForAction(self.queue.actions_of.of[key])
        assert found is not None
        return found
