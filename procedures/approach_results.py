"""What an approach found, as results and as a figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import approaching
from labctl.analysis.approaching import COARSE, Half, Story
from labctl.analysis.result import Result, Results, missing
from labctl.frame import COLOURS, FAINT, QUIET, framed, name_curves, say, temperature_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.approach import Approach

THIS_DEVICE = "this device"
WORDS = {
    approaching.SWITCHED: "it ended at 1.15 times the level that switches fully",
    approaching.CHANGED: "it ended because the longitudinal resistance had changed",
    approaching.CLAMPED: "it ended because a pulse was clamped: less than its current has flowed",
    approaching.VOLTAGE: "it ended because the next pulse would have needed too much of the largest compliance",
    approaching.LARGEST: "it ended at the largest current",
    approaching.GOING_ON: "it was cut before its end",
}
"""Sentences for why the coarse pulses ended."""
NO_FIELD = 1e-6
"""T; a field along the current below this is none."""


def results_of(procedure: Approach, data: pd.DataFrame) -> Results:
    """Find the switching currents, and the largest pulse that did no harm."""
    story = Story(approaching.shots(data), procedure.expected_swing())
    ended = WORDS[approaching.stopped(data)]
    along = float(data.loc[data["Pulse current (A)"] != 0.0, "Field along current (T)"].mean())
    along = 0.0 if math.isnan(along) else along
    why = why_not(story, along, ended)
    found = {
        **_switching(story, why, procedure.width),
        "pulse_max": _largest(story, ended, procedure.width),
        "pulse_width": Result(procedure.width, None, "s", "all pulses", why="set; the source times it"),
        **_device(story, ended),
        "field_along_current": Result(
            along, procedure.field_remanence, "T", "magnet", note="the uncertainty is the magnet's remanence"
        ),
    }
    if "sample" in vars(procedure):
        found |= _densities(found, story, procedure.sample.cross_section())
    return Results(found)


def why_not(story: Story, along: float, ended: str) -> str:
    """Say in a sentence why no current switches half of the film."""
    pulses = story.pulses()
    if not pulses:
        return "no pulse was sent"
    upmost = format_quantity(max(map(abs, pulses)), "A")
    seen = max((part for _, part in story.parts), default=0.0)
    what = f"pulses of up to {upmost} switch {100 * seen:.2g} % of the film"
    if abs(along) < NO_FIELD:
        what += "; without a field along the current none decides which way the film goes"
    return f"{what}; {ended}"


def _switching(story: Story, why: str, width: float) -> dict[str, Result]:
    """Switching currents of either sign, and of both."""
    halves: dict[int, Half | None] = {sign: approaching.fitted(story.single(sign)) for sign in (1, -1)}
    note = f"half of the film, by a single pulse of {format_quantity(width, 's')}"
    found: dict[str, Result] = {}
    for sign, name in ((1, "switching_current_up"), (-1, "switching_current_down")):
        half = halves[sign]
        if half is None:
            reason = why if story.half() is None else "no single pulses from a full state were sent; " + why
            found[name] = missing("A", reason, THIS_DEVICE)
        else:
            said = f"{note} of this sign from the full state of the other; step {format_quantity(half.step, 'A')}"
            found[name] = Result(sign * half.current, half.uncertainty, "A", THIS_DEVICE, note=said)
    known = [half for half in halves.values() if half is not None]
    coarse = story.half()
    if known:
        mean = sum(half.current for half in known) / len(known)
        error = math.sqrt(sum(half.uncertainty**2 for half in known)) / len(known)
        found["switching_current"] = Result(mean, error, "A", THIS_DEVICE, note=f"{note}; both signs")
    elif coarse is not None:
        said = f"{note}; from the coarse levels alone, step {format_quantity(coarse.step, 'A')}"
        found["switching_current"] = Result(coarse.current, coarse.uncertainty, "A", THIS_DEVICE, note=said)
    else:
        found["switching_current"] = missing("A", why, THIS_DEVICE)
    return found


def _largest(story: Story, ended: str, width: float) -> Result:
    """The largest pulse that is recommended."""
    proven, full = story.proven(), story.full
    if proven is None:
        return missing("A", f"no level is proven to leave the device as it was; {ended}", THIS_DEVICE)
    at = f"for pulses of {format_quantity(width, 's')}"
    if full is None:
        return Result(proven, None, "A", THIS_DEVICE, why="a level", note=f"{at}; it does not switch fully; {ended}")
    most = min(proven, approaching.BEYOND * full.level)
    if most < full.level:
        at += "; below full switching"
    return Result(most, None, "A", THIS_DEVICE, why="a level", note=f"{at}; {ended}")


def _device(story: Story, ended: str) -> dict[str, Result]:
    """What became of the device."""
    changes = [change for change in story.along() if math.isfinite(change)]
    between = [change for change in story.between_leads() if not math.isnan(change)]
    swing, full = story.swing, story.full
    ratio = max((part for _, part in story.parts), default=None)
    largest = max(changes, key=abs) if changes else None
    by = "between both saturations" if story.between_saturations is not None else "of full switching"
    if story.between_saturations is None and full is None:
        by = "by the sample record"
    return {
        "full_switching_current": missing("A", f"no level switches fully; {ended}", THIS_DEVICE)
        if full is None
        else Result(full.level, None, "A", THIS_DEVICE, why="a coarse level"),
        "switching_ratio": missing("1", "no level has pulses of both signs, or no swing is known", THIS_DEVICE)
        if ratio is None
        else Result(ratio, None, "1", THIS_DEVICE, why="the largest that was seen", note=f"of the swing {by}"),
        "hall_swing": missing("ohm", "no swing is known", THIS_DEVICE)
        if swing is None
        else Result(swing, math.sqrt(2.0) * story.noise, "ohm", THIS_DEVICE, note=by),
        "resistance_change": missing("1", "the longitudinal resistance was not read", THIS_DEVICE)
        if largest is None
        else Result(largest, None, "1", THIS_DEVICE, why="the largest that was seen", note=ended),
        "two_wire_change": missing("1", "no source-measure unit is on the current leads", THIS_DEVICE)
        if not between
        else Result(max(between, key=abs), None, "1", THIS_DEVICE, why="the largest that was seen", note=ended),
        "number_of_pulses": Result(len(story.pulses()), 0.0, "1", "this run"),
    }


def _densities(found: dict[str, Result], story: Story, area: float) -> dict[str, Result]:
    """Current densities, by the record's cross-section in m2."""
    note = f"over the record's cross-section of {1e12 * area:g} um2"
    largest = max(map(abs, story.pulses()), default=0.0) / area
    densities = {"largest_current_density": Result(largest, None, "A/m^2", "this run", why="set", note=note)}
    half = found["switching_current"]
    densities["switching_current_density"] = (
        missing("A/m^2", half.why or "", THIS_DEVICE)
        if half.value is None
        else Result(half.value / area, (half.uncertainty or 0.0) / area, "A/m^2", THIS_DEVICE, note=note)
    )
    return densities


# ---- figure


def figure_of(procedure: Approach, data: pd.DataFrame, results: Results) -> Figure:
    """Draw what each level switches, the single pulses, and the change of the longitudinal resistance."""
    story = Story(approaching.shots(data), procedure.expected_swing())
    half = results["switching_current"]
    said = f"switching current {half.text()}" if half.value is not None else "no switching current"
    at, width = temperature_text(data["Temperature (K)"]), format_quantity(procedure.width, "s")
    title = " of ".join(filter(None, ["Approach to the switching", procedure.sample_name]))
    figure, (above, below) = framed(
        title,
        " · ".join(filter(None, [at, said, f"pulses of {width}", WORDS[approaching.stopped(data)]])),
        procedure.caption,
        rows=2,
        sharex=True,
    )
    _draw_parts(above, story, results)
    _draw_changes(below, procedure, story)
    below.set_xlabel("Height of the pulse (mA)")
    return figure


def _draw_parts(axes: Axes, story: Story, results: Results) -> None:
    coarse = np.array(story.parts).reshape(-1, 2)
    error = 100 * math.sqrt(2.0) * story.noise / story.swing if story.swing else 0.0
    bars: Any = {"elinewidth": 1.0, "capsize": 2}
    axes.set_ylabel("Film that switches (%)")
    if not len(coarse):
        say(axes, "no level has pulses of both signs, or no swing is known")
        return
    axes.errorbar(
        1e3 * coarse[:, 0], 100 * coarse[:, 1], error, fmt="o-", color=QUIET, markersize=4, linewidth=1,
        label="pulses of both signs", **bars,
    )  # fmt: skip
    for sign, name, label in ((1, "up", "single, positive"), (-1, "down", "single, negative")):
        single = np.array(story.single(sign)).reshape(-1, 2)
        if len(single):
            shape = "^" if sign > 0 else "v"
            axes.errorbar(
                1e3 * single[:, 0], 100 * single[:, 1], error, fmt=shape, color=COLOURS[name], markersize=6,
                label=label, **bars,
            )  # fmt: skip
    axes.axhline(50.0, color=FAINT, linewidth=0.8, zorder=0)
    half, most = results.number("switching_current"), results.number("pulse_max")
    if half is not None:
        axes.axvline(1e3 * half, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0, label="switching current")
    if most is not None:
        axes.axvline(1e3 * most, color=COLOURS["up"], linewidth=0.9, linestyle=(0, (1, 2)), label="recommended at most")
    name_curves(axes, loc="upper left")


def _draw_changes(axes: Axes, procedure: Approach, story: Story) -> None:
    pairs = list(zip(story.shots, story.changes(), strict=True))
    coarse: Any = np.array([(abs(s.current), change) for s, change in pairs if s.step == COARSE]).reshape(-1, 2)
    others: Any = np.array([(abs(s.current), c) for s, c in pairs if s.current and s.step != COARSE]).reshape(-1, 2)
    limit = procedure.resistance_change
    largest = float(np.nanmax(np.abs([0.1 * approaching.PROVEN, *(change for _, change in pairs)])))
    factor, unit = (1e2, "%") if largest > 1e-3 else (1e6, "ppm")
    axes.set_ylabel(f"Change of resistance ({unit})")
    if not np.any(np.isfinite([*coarse[:, 1], *others[:, 1]])):
        say(axes, "no resistance was read after a pulse")
        return
    error = None if story.change_noise is None else factor * story.change_noise
    for found, colour, size, word in (
        (others, QUIET, 2.5, "fine, and full ones"), (coarse, COLOURS["down"], 4, "coarse pulses"),
    ):  # fmt: skip
        axes.errorbar(
            1e3 * found[:, 0], factor * found[:, 1], error, fmt="o", color=colour, markersize=size, elinewidth=0.7,
            label=word,
        )  # fmt: skip
    if largest > 0.2 * limit:
        axes.axhline(factor * limit, color=COLOURS["up"], linewidth=0.9, label="it stops here")
        axes.axhline(-factor * limit, color=COLOURS["up"], linewidth=0.9)
    axes.margins(y=0.3)
    name_curves(axes, loc="upper left", ncols=3)
