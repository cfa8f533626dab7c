"""What the panel of a measurement needs of whatever makes series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from PyQt6.QtWidgets import QWidget


class Builder(Protocol):
    """Makes a series of a run: a widget, or something whose `widget()` is one.

    Attributes:
        changed: A signal: `over` gives something else now.
    """

    changed: Any

    def set_form(self, form: Mapping[str, Any]) -> None:
        """Take in of which experiment a series is made; see `labctl.desk.forms.form`."""

    def over(self) -> list[str]:
        """Return what the series goes over, as `labctl.asked.Asked` takes it."""
        ...

    def set_over(self, over: list[str]) -> None:
        """Show what a series goes over."""

    def show_checked(self, checked: Mapping[str, Any]) -> None:
        """Show what a check found; see `labctl.desk.checks.check`."""


def page_of(builder: Any) -> QWidget:
    """Return the widget of what makes series."""
    return builder if isinstance(builder, QWidget) else builder.widget()
