"""A rehearsal that is looked at before its run is measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject

from labctl.gui.context import Context
from labctl.gui.plot.open_run import OpenRun
from labctl.gui.plot.rundata import RunData


class RehearsedRun(OpenRun):
    """A rehearsal's rows, in the place of a run's.

    Args:
        context: As for a run.
        found: What `labctl.desk.rehearsals.rehearse` answers, with `asked`.
    """

    def __init__(self, context: Context, found: Mapping[str, Any], parent: QObject | None = None) -> None:
        self._file = Path(found["rows"])
        super().__init__(context, self._file.parent, parent)
        asked = found.get("asked", {})
        self.facts = {
            "procedure": str(asked.get("procedure", "")), "sample": str(asked.get("sample", "")), "series": False,
            "simulated": False, "results": found.get("results") or {}, "parameters": asked.get("parameters", {}),
            "processed": "a rehearsal is shown as it would be measured", "main_results": [],
        }  # fmt: skip

    @property
    def number(self) -> str:
        """What stands in the place of its number."""
        return "REHEARSED"

    def load(self) -> None:
        """Begin with what is there, which is all."""
        self.raw = RunData(self.folder, self._file.name)

    def ask_facts(self) -> None:
        """Ask nobody: the rehearsal has said all."""

    def read_on(self) -> bool:
        """Read what is not read yet."""
        return self.raw is not None and self.raw.read_on()
