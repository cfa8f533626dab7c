"""From runs and what is chosen to the curves of a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labctl.gui.plot.choices import BRANCH, NOT_A_BRANCH, Groups
from labctl.gui.plot.colours import mixed, of_groups, one_by_one
from labctl.gui.plot.growing import Words
from labctl.gui.plot.quantities import bare_name
from labctl.gui.plot.rundata import Line, RunData
from labctl.gui.plot.trace import Look, Trace
from labctl.gui.plot.words_of_runs import group_text
from labctl.gui.theme import Theme

EXPECTED_WIDTH = 3.0
PALER = (0.0, 0.55, 0.3)
"""How much of the ground's colour is in that of an overlay's first, second and third branch."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is drawn of each run.

    Attributes:
        x: Column to the right.
        ys: Columns upwards.
        log: Whether either axis is logarithmic.
    """

    x: str
    ys: Sequence[str]
    log: tuple[bool, bool]

    def drawn(self, data: RunData) -> list[str]:
        """Columns upwards that a run has; none where it lacks the one to the right."""
        numeric = set(data.numeric())
        return [y for y in self.ys if y in numeric] if self.x in numeric or not self.x else []


def of_run(data: RunData, chosen: Chosen, groups: Groups | None, theme: Theme) -> list[Trace]:
    """Return the curves of the run that is shown, each value of the column that colours them by itself."""
    drawn, traces = chosen.drawn(data), list[Trace]()
    values: Sequence[str | float] = groups.values if groups is not None and not groups.too_many else []
    if groups is not None and values and len(drawn) == 1:
        for value, colour in zip(values, of_groups(theme, values), strict=True):
            line = Line(data, chosen.x, drawn[0], (groups.column, value), chosen.log)
            traces.append(Trace(line, Look(colour), group_text(groups.column, value)))
        return traces
    for y, colour in zip(drawn, one_by_one(theme, len(drawn)), strict=True):
        title = bare_name(y) if len(drawn) > 1 else ""
        traces.append(Trace(Line(data, chosen.x, y, None, chosen.log), Look(colour), title))
    return traces


def of_overlay(
    data: RunData, chosen: Chosen, title: str, colour: str, theme: Theme, *, apart: bool = True
) -> list[Trace]:  # fmt: skip
    """Return the curves of a run that lies over the one that is shown, in one colour.

    Args:
        data: The run.
        chosen: What is drawn of it.
        title: What it is called.
        colour: Of its curves; a second branch has it paler.
        theme: On whose ground.
        apart: Whether its branches are told apart.
    """
    found = branches(data) if apart else []
    if not data.rows:
        return []  # nothing is named that is not drawn
    parts = found if len(found) in range(2, len(PALER) + 1) else [""]
    traces: list[Trace] = []
    for number, y in enumerate(chosen.drawn(data)):
        called = f"{title}, {bare_name(y)}" if number else title
        for part, paler in zip(parts, PALER, strict=False):
            line = Line(data, chosen.x, y, (BRANCH, part) if part else None, chosen.log)
            named = part if part and paler else f"{called}, {part}" if part else called
            traces.append(Trace(line, Look(mixed(colour, theme.field, paler), under=True), named))
    return traces


def branches(data: RunData) -> list[str]:
    """Return the branches of a run that occur so far."""
    column = data.columns.get(BRANCH)
    return [word for word in column.labels if word not in NOT_A_BRANCH] if isinstance(column, Words) else []


def of_rehearsal(data: RunData, chosen: Chosen, theme: Theme) -> list[Trace]:
    """Return the expected curves, in grey behind all others."""
    look = Look(theme.line, EXPECTED_WIDTH, dots=False, behind=True)
    return [
        Trace(Line(data, chosen.x, y, None, chosen.log), look, "" if number else "expected")
        for number, y in enumerate(chosen.drawn(data))
    ]
