"""The figure of a contact check: the matrix of two-wire resistances, and the leads with their verdicts."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np

from labctl.analysis.result import quantity_text
from labctl.contacts.check import Check, LeadState
from labctl.contacts.results import ohms_text
from labctl.contacts.table import PAIR
from labctl.frame import AMBER, COLOURS, FAINT, GREEN, INK, Caption, framed, say, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RED = COLOURS["up"]
SMALLEST, _LARGEST = 1.0, 1e6  # ohm; ends of the logarithmic axis
LARGEST_LINEAR = 200.0
"""ohm up to which the leads have a linear axis where one of them is below 1 ohm."""
LIGHTEST, DARKEST = 0.06, 0.34
"""Shades of the smallest and the largest resistance, as parts of the colour scale."""


FEWEST_LEADS = 2
FEW_DECADES = 200.0
"""Ratio of the axis' ends below which its numbers stand closer than a factor of ten."""


def contacts(check: Check, *, title: str, subtitle: str, caption: Caption) -> Figure:
    """Draw a check.

    Args:
        check: What was found.
        title: What was checked.
        subtitle: How.
        caption: Whence it comes.
    """
    word = "all contacts good" if check.passed else "not all contacts are good"
    if caption.state:
        word = "THE CHECK DID NOT COME TO ITS END"
    if check.solution is not None and check.solution.told:
        solution = check.solution
        word += f"; film {quantity_text(solution.sheet_resistance, solution.sheet_uncertainty, 'ohm')} per square"
    if (barrier := check.barrier) is not None and barrier.resistance is not None:
        word += f"; junction {quantity_text(barrier.resistance, barrier.uncertainty, 'ohm')}"
    figure, (matrix, leads) = framed(title, f"{subtitle}: {word}", caption, columns=2)
    if len(check.leads) < FEWEST_LEADS:
        for panel in (matrix, leads):
            panel.set_axis_off()
        say(leads, "no pair of leads was measured")
        return figure
    _draw_matrix(matrix, check, cut=bool(caption.state))
    _draw_leads(leads, check)
    return figure


def _draw_matrix(axes: Axes, check: Check, *, cut: bool) -> None:
    """Two-wire resistances by pair in their squares, but of a pair that conducts at times; and the uses, unless cut."""
    names = [lead.name for lead in check.leads]
    values = np.full((len(names), len(names)), math.nan)
    torn = {each.leads for each in check.plugged if each.kind == PAIR and each.intermittent}
    at_times: set[tuple[int, ...]] = set()
    for (one, other), ohm in check.pairs.items():
        row, column = sorted((names.index(one), names.index(other)), reverse=True)
        values[row, column] = math.inf if (one, other) in torn else ohm
        if (one, other) in torn:
            at_times.add((row, column))
    finite = values[np.isfinite(values) & (values > 0.0)]  # of next to nothing the noise may leave less
    low, high = (float(np.min(finite)), float(np.max(finite))) if finite.size else (1.0, 10.0)
    values_shown = np.where(np.isfinite(values), values, math.nan)  # what is open stays white
    shades = np.log(np.clip(values_shown, low, high) / low) / max(math.log(high / low), math.log(1.5))
    # Never darker than what dark numbers can be read on.
    axes.imshow(LIGHTEST + (DARKEST - LIGHTEST) * shades[1:, :-1], cmap="Blues", vmin=0.0, vmax=1.0, aspect="equal")
    for row in range(1, len(names)):
        for column in range(row):
            ohm = values[row, column]
            if not math.isnan(ohm):
                closed = math.isfinite(ohm)
                word = "at times" if (row, column) in at_times else _short(ohm)
                axes.text(
                    column, row - 1, word, ha="center", va="center", fontsize=9.5 if closed else 9,
                    color=INK if closed else _RED, fontweight="normal" if closed else "bold",
                )  # fmt: skip
    axes.set_xticks(range(len(names) - 1), names[:-1])
    axes.set_yticks(range(len(names) - 1), names[1:])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    axes.set_title("Two-wire resistance (Ω)", fontsize=11, color=INK, loc="left")
    for line, (word, uses, colour) in enumerate([] if cut else _uses(check)):
        text = f"{word} {', '.join(uses)}"
        wrapped = textwrap.fill(text, 26, break_on_hyphens=False)
        axes.text(
            1.0, 0.98 - 0.22 * line, wrapped, transform=axes.transAxes, ha="right", va="top", fontsize=9, color=colour
        )


def _uses(check: Check) -> list[tuple[str, list[str], str]]:
    """What the sample can be used for, and what not."""
    good = [use.name for use in check.uses if not use.why]
    bad = [use.name for use in check.uses if use.why]
    both = (("good for", good, INK), ("not for", bad, _RED))
    return [(word, uses, colour) for word, uses, colour in both if uses]


def _short(ohm: float) -> str:
    """`390`, `12.4k`, `open`."""
    if not math.isfinite(ohm):
        return "open"
    if ohm >= 1e5:
        return f"{ohm / 1e3:.0f}k"
    return f"{ohm / 1e3:.1f}k" if ohm >= 1e4 else f"{ohm:.0f}"


def _draw_leads(axes: Axes, check: Check) -> None:
    """A bar for each lead, with its uncertainty, and its verdict beside it."""
    names = [lead.name for lead in check.leads]
    low, high = _span(axes, check)
    for place, lead in enumerate(check.leads):
        colour = GREEN if not lead.faults else _RED
        if lead.resistance is not None:
            _draw_lead(axes, place, lead, low, colour)
        else:
            axes.barh(
                place, high - low, left=low, height=0.42, color="none", edgecolor=FAINT, hatch="///", linewidth=0.8
            )
        axes.annotate(
            _words(lead), (0.0, place - 0.36), (4.0, 0.0), xycoords=("axes fraction", "data"),
            textcoords="offset points", fontsize=9.5, color=INK if not lead.faults else _RED, va="center",
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.75)
    axes.set_xlabel("Lead resistance (Ω)")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0, pad=10)
    axes.set_title("Leads and verdicts", fontsize=11, color=INK, loc="left")
    axes.axvline(max(low, 0.0), color=AMBER if not check.told else FAINT, linewidth=1.0, zorder=0)


def _draw_lead(axes: Axes, place: int, lead: LeadState, low: float, colour: str) -> None:
    """A lead's bar and its uncertainty; on a logarithmic axis an arrow for one that is off its lower end."""
    ohm, error = lead.resistance, lead.uncertainty
    assert ohm is not None
    start = max(low, 0.0)
    axes.barh(place, max(ohm - start, 0.0), left=start, height=0.42, color=colour, alpha=0.85)
    if ohm < low:
        axes.plot([low], [place], marker="<", color=colour, markersize=8, clip_on=False)
    elif ohm < SMALLEST:  # no bar to speak of
        axes.plot([ohm], [place], marker="o", color=colour, markersize=6, clip_on=False)
    if error is not None and ohm + error > low:
        reach = [max(low, ohm - error), ohm + error]
        axes.plot(reach, [place, place], color=INK, linewidth=1.6, solid_capstyle="butt")


def _span(axes: Axes, check: Check) -> tuple[float, float]:
    """Set the axis of the leads' resistances up, and return its ends in ohm.

    It is logarithmic, but where leads are next to nothing, which has no place on such an axis, and none is large.
    """
    known = [(lead.resistance, lead.uncertainty or 0.0) for lead in check.leads if lead.resistance is not None]
    largest = max((ohm + error for ohm, error in known), default=0.0)
    if any(ohm < SMALLEST for ohm, _ in known) and largest <= LARGEST_LINEAR:
        low, high = min(0.0, *(ohm - error for ohm, error in known)), max(10.0 * SMALLEST, 1.3 * largest)
        axes.set_xlim(1.1 * low, high)
        return 1.1 * low, high
    seen = [ohm for ohm, _ in known if ohm > 0.0]
    low = min(SMALLEST * 10.0, *(0.5 * ohm for ohm in seen)) if seen else SMALLEST
    low, high = max(low, SMALLEST), min(max([1e2, *(3.0 * ohm for ohm in seen)]), _LARGEST)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    steps = (1.0, 2.0, 5.0) if high < FEW_DECADES * low else (1.0,)
    ticks = [step * 10.0**power for power in range(7) for step in steps if low <= step * 10.0**power <= high]
    axes.set_xticks(ticks, [f"{tick / 1e3:.0f}k" if tick >= 1e3 else f"{tick:.0f}" for tick in ticks])
    axes.minorticks_off()
    return low, high


def _words(lead: LeadState) -> str:
    """`ok, 25.0 ± 0.9 Ω`."""
    parts = [lead.verdict]
    if lead.resistance is not None:
        parts.append(quantity_text(lead.resistance, lead.uncertainty, "ohm"))
    if lead.leak is not None:
        parts.append(f"{ohms_text(lead.leak)} to the shield")
    return shown(", ".join(parts))
