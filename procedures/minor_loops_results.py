"""What minor loops show, as results and as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.units import format_quantity
from labctl import pulses
from labctl.analysis.current_loops import count_levels
from labctl.analysis.minor_loops import MinorLoop, Remanence, monotonic, remanences
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.retention import Retention
from labctl.analysis.saturation import Plateaus
from labctl.analysis.states import State, noise_of, states_of
from labctl.frame import FAINT, INK, QUIET, framed, name_curves, say, temperature_text
from procedures.minor_loops import BRANCH, HOLD, LOOP, MAXIMUM, REPEAT
from procedures.saturating import SATURATE, plateaus_of
from procedures.saturating_results import conditions, saturation, scale_beside

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.minor_loops import MinorLoops

KEPT = (REPEAT, MAXIMUM, BRANCH, pulses.END)
NAMES = ("remanence_range", "monotonic", "stable")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run has measured.

    Attributes:
        states: All of them.
        loops: Minor loops.
        plateaus: Both saturated states; None where they are missing.
        noise: Standard error of a state, ohm.
    """

    states: list[State]
    loops: list[MinorLoop]
    plateaus: Plateaus | None
    noise: float


def measured(data: pd.DataFrame) -> Measured:
    """Sort the rows of a run."""
    states = states_of(data, KEPT)
    keys = dict.fromkeys((s.more[REPEAT], s.more[MAXIMUM]) for s in states if s.step == LOOP)
    loops = [_loop([s for s in states if (s.more[REPEAT], s.more[MAXIMUM]) == key]) for key in keys]
    return Measured(states, [loop for loop in loops if loop is not None], plateaus_of(states), noise_of(states))


def _loop(states: Sequence[State]) -> MinorLoop | None:
    """Return a loop of its states; None where it was cut before its largest pulse."""
    tries = [state for state in states if state.step == SATURATE]
    sent = [*tries[-1:], *(state for state in states if state.step == LOOP)]
    maximum = float(states[0].more[MAXIMUM])
    top = next((place for place, s in enumerate(sent) if s.more[BRANCH] == "up" and s.current == maximum), None)
    if top is None:
        return None
    held = [state for state in states if state.step == HOLD]
    loop = MinorLoop(maximum, int(states[0].more[REPEAT]), sent, top, ())
    before = loop.remanent
    return MinorLoop(loop.maximum, loop.repeat, sent, top, (before, *held) if held and before is not None else ())


def retention_of(loop: MinorLoop, noise: float) -> Retention | None:
    """Return how the state of a loop held; None where it was not watched."""
    if not loop.held:
        return None
    ended = float(loop.held[0].more[pulses.END])
    times = np.array([state.time - ended for state in loop.held])
    return Retention(times, np.array([state.hall for state in loop.held]), noise)


def results_of(procedure: MinorLoops, data: pd.DataFrame) -> Results:
    """Find what is left of each I_max, whether it rises with it, and whether it stays."""
    run = measured(data)
    found = remanences(run.loops, run.noise)
    if run.plateaus is None or not run.plateaus.differ or not found:
        why = "no loop is complete" if run.plateaus is not None else "the saturated states were not measured"
        return Results({name: missing("1", why, "this run") for name in NAMES})
    held = {loop.maximum: kept for loop in run.loops if (kept := retention_of(loop, run.noise)) is not None}
    plateaus = run.plateaus
    switched = {maximum: kept for maximum, kept in held.items() if not plateaus.is_at(-1, float(kept.hall[0]))}
    results = {
        **_remanence(run, plateaus, found),
        **_holding(switched, len(held), procedure.hold_time),
        **saturation(procedure, run.states, plateaus),
        **conditions(procedure, run.states),
    }  # fmt: skip
    table = [_row(each, plateaus, held.get(each.maximum)) for each in found]
    return Results(results, table=table)


def _remanence(run: Measured, plateaus: Plateaus, found: Sequence[Remanence]) -> dict[str, Result]:
    """The range over all I_max, whether it is monotonic, and how many of its states are apart."""
    count = found[-1].count
    of = f"mean of {count} repeats" if count > 1 else "this run"
    results = {"remanence_range": _range(found, plateaus, of)}
    rising = monotonic(found, math.copysign(1.0, plateaus.swing))
    if rising is None:
        results["monotonic"] = missing("1", "a single I_max tells nothing of the others", of)
    else:
        said = "what is left grows with I_max, within three standard uncertainties"
        results["monotonic"] = Result(rising, None, "1", of, why="a verdict", note=said)
    whole = max(each.count for each in found)
    if len(found) == 1:
        results["levels"] = missing("1", "a single I_max leaves a single state", of)
    elif whole < 2:
        results["levels"] = missing("1", "a single repeat does not tell which states come back; take more", of)
    else:
        table = np.array([_left(run, repeat, found) for repeat in _whole_repeats(run, found)])
        count = count_levels(table) if len(table) > 1 else None
        note = "states of different I_max that are more than five standard deviations of the repeats apart"
        results["levels"] = (
            missing("1", "less than two repeats are complete", of) if count is None
            else Result(count, None, "1", of, why="counted", note=note)
        )  # fmt: skip
    return results


def _range(found: Sequence[Remanence], plateaus: Plateaus, of: str) -> Result:
    """By how much of the swing what is left differs between the smallest I_max and the largest."""
    first, last = found[0], found[-1]
    if len(found) == 1:
        return missing("1", f"there is a single I_max, {format_quantity(last.maximum, 'A')}; give several", of)
    reach = (last.hall - first.hall) / plateaus.swing
    error = math.hypot(
        math.hypot(first.uncertainty, last.uncertainty) / abs(plateaus.swing),
        reach * plateaus.swing_uncertainty / abs(plateaus.swing),
    )
    between = f"between I_max of {format_quantity(first.maximum, 'A')} and {format_quantity(last.maximum, 'A')}"
    return Result(reach, error, "1", of, note=f"{between}; part of the swing between both saturated states")


def _whole_repeats(run: Measured, found: Sequence[Remanence]) -> list[int]:
    numbers = sorted({loop.repeat for loop in run.loops})
    return [n for n in numbers if len(_left(run, n, found)) == len(found)]


def _left(run: Measured, repeat: int, found: Sequence[Remanence]) -> list[float]:
    """What is left in one repeat, ohm, in order of I_max."""
    known = {loop.maximum: state.hall for loop in run.loops if loop.repeat == repeat and (state := loop.remanent)}
    return [known[each.maximum] for each in found if each.maximum in known]


def _holding(held: dict[float, Retention], count: int, hold: float) -> dict[str, Result]:
    """Whether all states stay that pulses have made, and the largest drift.

    Args:
        held: These states.
        count: Of all states that were held, with those that no pulse had switched.
        hold: For how long, s.
    """
    if not held:
        why = "no state was held: hold_time is 0 s" if not hold else "the last repeat was not reached"
        if count:
            why = "no pulse brought the film out of its saturated state, so that there was nothing to hold"
        return {"stable": missing("1", why, "this run"), "largest_drift": missing("ohm", why, "this run")}
    moving = [maximum for maximum, kept in held.items() if not kept.stable]
    said = "the last reading of every state is the first one within three standard errors"
    if moving:
        said = f"not so after I_max of {', '.join(format_quantity(maximum, 'A') for maximum in sorted(moving))}"
    if unswitched := count - len(held):
        said += f"; not counted: {unswitched} that no pulse had brought out of the saturated one"
    of = f"{len(held)} states" if len(held) > 1 else "one state"
    results = {"stable": Result(not moving, None, "1", of, why="a verdict", note=said)}
    slopes = {maximum: slope for maximum, kept in held.items() if (slope := kept.per_decade()) is not None}
    if not slopes:
        results["largest_drift"] = missing("ohm", "a state was read less than three times; hold it longer", "this run")
        return results
    worst = max(slopes, key=lambda maximum: abs(slopes[maximum].value))
    kept, slope = held[worst], slopes[worst]
    note = (
        f"per decade of time, after I_max of {format_quantity(worst, 'A')}, from {kept.times[0]:.3g} s to "
        f"{kept.times[-1]:.3g} s; the largest of {len(slopes)}, some of which are large by chance"
    )
    results["largest_drift"] = Result(slope.value, slope.uncertainty, "ohm", "one state", note=note)
    return results


def _row(found: Remanence, plateaus: Plateaus, kept: Retention | None) -> Results:
    """What the table says of one I_max."""
    of = f"mean of {found.count} repeats" if found.count > 1 else "one loop"
    scatter = None if math.isnan(found.scatter) else found.scatter
    part = plateaus.part(found.hall)
    row = {
        "i_max": Result(found.maximum, None, "A", "source", why="as it was set"),
        "remanent_part": Result(
            part, plateaus.part_uncertainty(part, found.uncertainty), "1", of,
            scatter=None if scatter is None else scatter / abs(plateaus.swing),
        ),
        "remanent_resistance": Result(found.hall, found.uncertainty, "ohm", of, scatter=scatter),
        "resistance_at_maximum": Result(found.at_top, found.uncertainty, "ohm", of),
    }  # fmt: skip
    if kept is None:
        why = "it was not held"
        return Results(
            {**row, "drift_per_decade": missing("ohm", why, of), "drift_per_second": missing("ohm/s", why, of)}
        )
    row["change_in_hold"] = Result(
        kept.change, kept.change_uncertainty, "ohm", "one state", note=f"in {kept.duration:.3g} s"
    )
    for name, slope, unit in (
        ("drift_per_decade", kept.per_decade(), "ohm"), ("drift_per_second", kept.per_second(), "ohm/s"),
    ):  # fmt: skip
        row[name] = (
            missing(unit, "it was read less than three times", of) if slope is None
            else Result(slope.value, slope.uncertainty, unit, "one state")
        )  # fmt: skip
    return Results(row)


# ---- figure


def figure_of(procedure: MinorLoops, data: pd.DataFrame, results: Results) -> Figure:
    """Draw the loops of one repeat, what is left of each I_max, and how it stays."""
    run = measured(data)
    title = " of ".join(filter(None, ["Minor loops", procedure.sample_name]))
    said = [temperature_text(data["Temperature (K)"]), f"pulses of {format_quantity(procedure.pulse_width, 's')}"]
    if results.number("remanence_range") is not None:
        said.append(f"range {results['remanence_range'].text()}")
    figure, (left, right) = framed(title, " · ".join(filter(None, said)), procedure.caption, columns=2)
    left.set(xlabel="Pulse current (mA)", ylabel="Hall resistance (Ω)")
    right.set(xlabel="$I_\\mathrm{max}$ (mA)", ylabel="What is left, $R_\\mathrm{rem}$ (Ω)")
    found = remanences(run.loops, run.noise)
    if run.plateaus is None or not found:
        say(left, "no loop is complete")
        return figure
    _draw_loops(left, run)
    _draw_left(right, run, found)
    if run.plateaus.differ:
        scale_beside(right, run.plateaus)
    return figure


def _draw_loops(axes: Axes, run: Measured) -> None:
    colours = shades(sorted({loop.maximum for loop in run.loops}))
    repeat = max(loop.repeat for loop in run.loops)
    for loop in sorted((each for each in run.loops if each.repeat == repeat), key=lambda each: -each.maximum):
        currents = [1e3 * state.current for state in loop.states]
        axes.plot(currents, [state.hall for state in loop.states], "o-", color=colours[loop.maximum], markersize=2.2,
                  linewidth=0.9, label=f"{1e3 * loop.maximum:.3g} mA")  # fmt: skip
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    name_curves(axes, loc="best", title="$I_\\mathrm{max}$", title_fontsize=9)


def _draw_left(axes: Axes, run: Measured, found: Sequence[Remanence]) -> None:
    for loop in run.loops:
        if (state := loop.remanent) is not None:
            label = "each repeat" if loop is run.loops[0] else None
            axes.plot(1e3 * loop.maximum, state.hall, "o", color=FAINT, markersize=4, label=label)
    axes.errorbar(
        [1e3 * each.maximum for each in found], [each.hall for each in found],
        [0.0 if math.isnan(each.scatter) else each.scatter for each in found],
        fmt="o-", color=INK, markersize=4.5, linewidth=1.0, capsize=3, label="mean ± sd",
    )  # fmt: skip
    held = [(loop.maximum, loop.held[-1].hall) for loop in run.loops if loop.held]
    if held:
        axes.plot([1e3 * maximum for maximum, _ in held], [hall for _, hall in held], "x", color="#D55E00",
                  markersize=7, label="after the hold")  # fmt: skip
    assert run.plateaus is not None
    for plateau in (run.plateaus.minus, run.plateaus.plus):
        axes.axhline(plateau.hall, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    name_curves(axes, loc="best")


def shades(values: Sequence[float]) -> dict[float, Any]:
    """Return a colour for each of some rising values, from dark to light."""
    from matplotlib import colormaps

    shade = colormaps["viridis"]
    return {value: shade(0.92 * place / max(1, len(values) - 1)) for place, value in enumerate(values)}
