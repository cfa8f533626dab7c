"""What potentiation and depression show, as results and as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments.units import format_quantity
from labctl import pulses
from labctl.analysis.plasticity import POOR, Train, trains_of
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.retention import REACH, Retention, changes_agree
from labctl.analysis.saturation import Plateaus
from labctl.analysis.states import State, noise_of, states_of
from labctl.frame import COLOURS, FAINT, INK, PALETTE, framed, name_curves, say, shown, temperature_text
from procedures.endurance_results import draw_endurance, endurance_of, endurance_results
from procedures.levels import CONTROL, COUNT, CYCLE, DOWN, ENDURED, LEVEL, PREPARE, UP, WATCH
from procedures.saturating import SATURATE, plateaus_of
from procedures.saturating_results import conditions, saturation

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.levels import Levels

KEPT = (CYCLE, COUNT, LEVEL, CONTROL, ENDURED, pulses.END)
WORDS = {"up": "potentiation", "down": "depression"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run has measured.

    Attributes:
        states: All of them.
        plateaus: Both saturated states.
        noise: Standard error of a state, ohm.
        up: The positive pulses; None where no cycle has them.
        down: The negative ones.
        watched: States that were watched, by how many pulses had made them.
        controls: The same, read only first and last.
    """

    states: list[State]
    plateaus: Plateaus
    noise: float
    up: Train | None
    down: Train | None
    watched: dict[int, Retention]
    controls: dict[int, Retention]


def measured(data: pd.DataFrame) -> Measured | None:
    """Sort the rows of a run; None where it has no saturated states that are told apart."""
    states = states_of(data, KEPT)
    plateaus, noise = plateaus_of(states), noise_of(states)
    if plateaus is None or not plateaus.differ:
        return None
    by_cycle = [
        [s for s in states if s.more[CYCLE] == n] for n in dict.fromkeys(s.more[CYCLE] for s in states) if n > 0
    ]  # fmt: skip
    up = [_parts([*[s for s in c if s.step == SATURATE][-1:], *(s for s in c if s.step == UP)], plateaus)
          for c in by_cycle]  # fmt: skip
    down = [_parts([*[s for s in c if s.step == UP][-1:], *(s for s in c if s.step == DOWN)], plateaus)
            for c in by_cycle]  # fmt: skip
    part = noise / abs(plateaus.swing)
    kept = [_kept(states, control, noise) for control in (0, 1)]
    return Measured(states, plateaus, noise, trains_of(up, part), trains_of(down, part), kept[0], kept[1])


def _parts(states: Sequence[State], plateaus: Plateaus) -> list[float]:
    return [plateaus.part(state.hall) for state in states]


def _kept(states: Sequence[State], control: int, noise: float) -> dict[int, Retention]:
    """Return the states that were watched, or their controls."""
    found: dict[int, Retention] = {}
    for level in dict.fromkeys(int(s.more[LEVEL]) for s in states if s.step == WATCH):
        mine = [s for s in states if s.more[LEVEL] == level and s.more[CONTROL] == control]
        seen = [*[s for s in mine if s.step == PREPARE][-1:], *(s for s in mine if s.step == WATCH)]
        if len(seen) > 1:
            ended = float(seen[0].more[pulses.END])
            times, hall = [s.time - ended for s in seen], [s.hall for s in seen]
            found[int(seen[0].more[COUNT])] = Retention(np.array(times), np.array(hall), noise)
    return found


def results_of(procedure: Levels, data: pd.DataFrame) -> Results:
    """Find the levels, how even they are, and how long they stay."""
    run = measured(data)
    if run is None or run.up is None:
        why = "the saturated states were not measured" if run is None else "no cycle has a pulse"
        return Results({name: missing("1", why, "this run") for name in procedure.main_results})
    trains = {"up": run.up} if run.down is None else {"up": run.up, "down": run.down}
    cycles = len(run.up.states)
    without = {} if run.down is not None else {
        "nonlinearity_down": missing("1", "no cycle has a pulse of depression", "this run")
    }  # fmt: skip
    results = {
        "levels": _levels(trains, of_cycles(cycles)),
        **_courses(trains, of_cycles(cycles, "mean of ")),
        **without,
        **_spread(trains, of_cycles(cycles)),
        **_retention(run, procedure.retention_time),
        **saturation(procedure, run.states, run.plateaus),
        "pulse_current": Result(
            float(max(abs(s.current) for s in run.states if s.step == UP)), None, "A", "source", why="as it was set",
            note=_pulses(procedure),
        ),
        **conditions(procedure, run.states),
        **endurance_results(procedure, run.states, run.plateaus),
    }  # fmt: skip
    return Results(results, table=[_row(run, count) for count in run.watched])


def of_cycles(count: int, mean: str = "") -> str:
    """Say of how many cycles something is, and that it is their mean where there are several."""
    return f"{mean}{count} cycles" if count > 1 else "one cycle"


def _pulses(procedure: Levels) -> str:
    rising = (
        f", each {format_quantity(procedure.rise, 'A')} larger than the one before" if procedure.rise else ", all equal"
    )
    return f"the largest of {procedure.pulses} of either sign{rising}"


def _levels(trains: dict[str, Train], of: str) -> Result:
    """The states that come back, of the worse train."""
    counted = [train.levels for train in trains.values()]
    known = [count for count in counted if count is not None]
    if len(known) < len(counted):
        return missing("1", "a single cycle does not tell which states come back; take several", of)
    said = ", ".join(f"{count} in {WORDS[name]}" for name, count in zip(trains, known, strict=True))
    note = f"states more than five standard deviations from cycle to cycle apart: {said}; the fewer"
    return Result(min(known), None, "1", of, why="counted", note=note)


def _courses(trains: dict[str, Train], of: str) -> dict[str, Result]:
    """How far from a straight line each train is."""
    found: dict[str, Result] = {}
    for name, train in trains.items():
        course, first = train.course, train.first
        if course is None:
            why = "the pulses go no way beyond the noise" if first is None else (
                f"no exponential fits {len(train.mean) - 1} pulses: the first one goes {100 * first:.3g} % of the way"
            )  # fmt: skip
            found[f"nonlinearity_{name}"] = missing("1", why, of)
        else:
            left = f"the fit leaves {100 * course.residual:.2g} % of the way (rms)"
            left += ", so that the course is no exponential" if course.residual > POOR else ""
            note = f"nu of {WORDS[name]}: 0 is a straight line; {left}"
            found[f"nonlinearity_{name}"] = Result(course.nonlinearity, course.uncertainty, "1", of, note=note)
        deviation = train.deviation
        error = max(train.noise, train.spread or 0.0) / abs(train.way or 1.0) / math.sqrt(len(train.states))
        found[f"linearity_deviation_{name}"] = (
            missing("1", "the pulses go no way beyond the noise", of) if deviation is None
            else Result(
                deviation, error, "1", of, note="largest distance of the mean from a straight line, as part of its way"
            )
        )  # fmt: skip
    return found


def _spread(trains: dict[str, Train], of: str) -> dict[str, Result]:
    """How large the way is, and how it differs from cycle to cycle."""
    found: dict[str, Result] = {}
    for name, train in trains.items():
        ways = train.states[:, -1] - train.states[:, 0]
        scatter = float(ways.std(ddof=1)) if len(ways) > 1 else None
        error = max(math.sqrt(2.0) * train.noise, scatter or 0.0) / math.sqrt(len(ways))
        note = f"way of {WORDS[name]} as part of the swing between both saturated states"
        found[f"range_{name}"] = Result(
            train.way, error, "1", of_cycles(len(ways), "mean of "), note=note, scatter=scatter
        )
    spreads = [train.spread for train in trains.values()]
    if None in spreads:
        found["cycle_spread"] = missing("1", "a single cycle has no spread", of)
    else:
        note = "standard deviation of a state from cycle to cycle, as part of the swing; the median over the pulses"
        largest = max(spread for spread in spreads if spread is not None)
        found["cycle_spread"] = Result(largest, None, "1", of, why="a standard deviation", note=note)
    return found


def _retention(run: Measured, time: float) -> dict[str, Result]:
    """Whether the states stay, and what reading does to them."""
    if not run.watched:
        if not time:
            return {}
        return {"stable": missing("1", "no state was watched to its end", "this run")}
    found = {"stable": _stable(run)}
    both = [count for count in run.watched if count in run.controls]
    if both:
        apart, error = changes_agree([run.watched[n] for n in both], [run.controls[n] for n in both])
        note = "change of watched states less that of the same ones read only first and last"
        of = f"mean of {len(both)} states" if len(both) > 1 else "one state"
        found["read_disturb"] = Result(apart, error, "ohm", of, note=note)
    return found


def _stable(run: Measured) -> Result:
    """Whether the states stay that the pulses have made: the saturated one, from which they began, is none of them."""
    made = [kept for kept in run.watched.values() if not run.plateaus.is_at(-1, float(kept.hall[0]))]
    if not made:
        why = "the pulses did not bring the film out of its saturated state, so that there was nothing to watch"
        return missing("1", why, "this run")
    moving = [kept for kept in made if not kept.stable]
    longest = max(kept.times[-1] for kept in made)
    said = (
        f"{len(moving)} of {len(made)} change by more than three standard errors within {longest:.3g} s; a lifetime "
        f"beyond {REACH * longest:.0f} s would be an extrapolation"
    )
    if unmade := len(run.watched) - len(made):
        said += f"; not counted: {unmade} that the pulses had left saturated"
    of = f"{len(made)} states" if len(made) > 1 else "one state"
    return Result(not moving, None, "1", of, why="a verdict", note=said)


def _row(run: Measured, count: int) -> Results:
    """What the table says of one state that was watched."""
    kept, control = run.watched[count], run.controls.get(count)
    of = "one state"
    decade, second = kept.per_decade(), kept.per_second()
    return Results(
        {
            "pulses": Result(count, 0.0, "1", of),
            "part": Result(
                run.plateaus.part(float(kept.hall[0])), run.plateaus.part_uncertainty(0.5, run.noise), "1", of,
            ),
            "change": Result(kept.change, kept.change_uncertainty, "ohm", of, note=f"within {kept.duration:.3g} s"),
            "change_of_control": missing("ohm", "no control", of) if control is None
            else Result(control.change, control.change_uncertainty, "ohm", of),
            "drift_per_decade": missing("ohm", "it was read less than three times", of) if decade is None
            else Result(decade.value, decade.uncertainty, "ohm", of),
            "drift_per_second": missing("ohm/s", "it was read less than three times", of) if second is None
            else Result(second.value, second.uncertainty, "ohm/s", of),
        }
    )  # fmt: skip


# ---- figure


def figure_of(procedure: Levels, data: pd.DataFrame, results: Results) -> Figure:
    """Draw the states pulse by pulse, those that were watched over time, and the window over the cycles."""
    run = measured(data)
    title = " of ".join(filter(None, ["Potentiation and depression", procedure.sample_name]))
    said = [temperature_text(data["Temperature (K)"]), f"pulses of {format_quantity(procedure.pulse_width, 's')}"]
    levels = results.get("levels")
    if levels is not None and levels.value is not None:
        said.append(f"{levels.value:.0f} levels in {levels.of}")
    endured = None if run is None else endurance_of(run.states, run.plateaus)
    watched = run is not None and bool(run.watched)
    rows, columns = (2, 2) if endured is not None else (1, 1 + watched)
    figure, panels = framed(title, " · ".join(filter(None, said)), procedure.caption, rows=rows, columns=columns)
    axes = panels if rows == columns == 1 else panels.flat[0]
    axes.set(xlabel="Pulse of the cycle", ylabel="Part of the swing")
    if run is None or run.up is None:
        say(axes, "the saturated states were not measured" if run is None else "no cycle has a pulse")
        return figure
    _draw_train(axes, run.up, 0, "up")
    if run.down is not None:
        _draw_train(axes, run.down, len(run.up.mean) - 1, "down")
    if watched:  # half of the width: the names go above
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.3 * (high - low))
        name_curves(axes, loc="upper left", ncols=2, fontsize=8, handlelength=1.4, columnspacing=1.0)
        _draw_watched(panels.flat[1], run)
    else:
        name_curves(axes, loc="best")
    if endured is not None and not watched:  # the one panel takes the whole row
        panels[0, 1].set_visible(False)
        axes.set_subplotspec(axes.get_gridspec()[0, :])
    if endured is not None:
        draw_endurance(panels[1], endured)
    return figure


def _draw_train(axes: Axes, train: Train, begin: int, branch: str) -> None:
    numbers = begin + np.arange(len(train.mean))
    for place, cycle in enumerate(train.states):
        label = f"{WORDS[branch]}, each cycle" if place == 0 else None
        axes.plot(numbers, cycle, "o", color=COLOURS[branch], markersize=3, alpha=0.35, label=label, markeredgewidth=0)
    axes.plot(numbers, train.mean, color=COLOURS[branch], linewidth=1.0)
    if (course := train.course) is not None:
        fitted = course.at(np.linspace(0.0, 1.0, len(numbers)))
        label = shown(f"exponential, ν = {course.nonlinearity:.2g}")
        axes.plot(numbers, fitted, color=INK, linewidth=1.2, linestyle=(0, (4, 3)), label=label)


def _draw_watched(axes: Axes, run: Measured) -> None:
    axes.set(xlabel="Time since the pulse (s)", ylabel="Change of the Hall resistance (mΩ)")
    axes.set_xscale("log")
    for place, (count, kept) in enumerate(run.watched.items()):
        colour = PALETTE[place % len(PALETTE)]
        change = 1e3 * (kept.hall - kept.hall[0])
        axes.errorbar(kept.times, change, 1e3 * kept.noise, fmt="o-", color=colour, markersize=4, linewidth=0.8,
                      label=f"after {count} pulses")  # fmt: skip
        control = run.controls.get(count)
        if control is not None:
            axes.plot(control.times[-1:], 1e3 * (control.hall[-1:] - control.hall[0]), "s", color=colour, markersize=7,
                      markerfacecolor="none", label="read only first and last" if place == 0 else None)  # fmt: skip
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))  # room for the names
    name_curves(axes, loc="upper left", ncols=2)
