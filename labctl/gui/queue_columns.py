"""The columns of a queue's table, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from labctl.gui import queue_rows, words
from labctl.gui.queue_times import Foreseen, Row
from labctl.gui.run_names import of_series
from labctl.gui.theme import Theme

COLUMNS = ("#", "Procedure", "Sample", "Asked for", "State", "Progress", "Points", "Time", "When", "Says", "Run")
NUMBER, PROCEDURE, SAMPLE, ASKED, STATE, PROGRESS, POINTS, TIME, WHEN, SAYS, RUN = range(len(COLUMNS))
TIPS = {
    ASKED: "Parameters that were given; all others have their defaults.",
    TIME: (
        "What is left of the run that is on, what an item takes by its rehearsal, or what it took. In a simulated lab "
        "whose time goes faster: how long you wait, and the lab's time."
    ),
    WHEN: "When it begins and ends, or has ended.",
    SAYS: "What it found, why it did not finish, or why it would be refused.",
    RUN: "Folder of its run.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is known of one item.

    Attributes:
        item: As the queue tells it.
        stands: A key of `queue_rows.WORDS`.
        run: How far it is, None if it is not on.
        row: When it begins and ends.
        found: What its rehearsal found.
        now: When that was looked at, with a time zone.
        speed: Lab seconds per real second, None where the lab's clock jumps.
        says: What it found, once that is known, and whether that is good.
    """

    item: Mapping[str, Any]
    stands: str
    run: Mapping[str, Any] | None
    row: Row | None
    found: Foreseen | None
    now: datetime
    speed: float | None = 1.0
    says: tuple[str, bool] = ("", True)

    @property
    def part(self) -> float | None:
        """How much is done, from 0 to 1, None if it is not on."""
        return None if self.run is None else float(self.run.get("progress") or 0.0)

    def text(self, column: int) -> str:
        """Return what a cell says."""
        return _TEXTS[column](self)

    def tip(self) -> str:
        """Return everything there is to say."""
        run = self.run
        on = "" if run is None or int(run.get("of") or 1) < 2 else f"run {of_series(run)} is on"
        return "\n".join(part for part in (queue_rows.tip(self.item, self.found), on, self.says[0]) if part)

    def colour(self, column: int, theme: Theme) -> str | None:
        """Return the colour of a cell's text, None for that of the table."""
        if column == STATE:
            return str(getattr(theme, queue_rows.TONES.get(self.stands, "quiet")))
        if column == SAYS and (queue_rows.complaint(self.item, self.found) or not self.says[1]):
            return theme.warn if self.item["state"] in {"waiting", "aborted"} else theme.bad
        over = self.item["state"] in queue_rows.OVER
        return theme.quiet if over or column in {NUMBER, RUN} else None


def _progress(shown: Shown) -> str:
    run = shown.run
    if run is None:
        return ""
    of = int(run.get("of") or 1)
    return f"{shown.part or 0.0:.0%}" + (f", {run['number']} of {of}" if of > 1 else "")


def _points(shown: Shown) -> str:
    points = int((shown.run or shown.item).get("points") or 0)
    foreseen = 0 if shown.found is None else shown.found.points
    if shown.item["state"] in queue_rows.OVER or not foreseen:
        return str(points) if points else ""
    return f"{points} of {foreseen}" if points or shown.run is not None else f"of {foreseen}"


_TEXTS: dict[int, Callable[[Shown], str]] = {
    NUMBER: lambda shown: str(shown.item["id"]),
    PROCEDURE: lambda shown: str(shown.item["asked"]["procedure"]),
    SAMPLE: lambda shown: Path(str(shown.item["asked"].get("sample") or words.NOTHING)).name,
    ASKED: lambda shown: queue_rows.asked_for(shown.item["asked"]),
    STATE: lambda shown: queue_rows.WORDS[shown.stands],
    PROGRESS: _progress,
    POINTS: _points,
    TIME: lambda shown: queue_rows.times(shown.item, shown.row, shown.speed),
    WHEN: lambda shown: queue_rows.span(shown.item, shown.row, shown.now),
    SAYS: lambda shown: queue_rows.complaint(shown.item, shown.found) or shown.says[0],
    RUN: lambda shown: Path(str(shown.item["run"])).name if shown.item.get("run") else "",
}
"""Column -> what its cell says."""
