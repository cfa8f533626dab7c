"""What loops of current pulses show, as results and as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.units import format_quantity
from labctl.analysis import current_loops
from labctl.analysis.current_loops import SWITCHES, Loop, Mean
from labctl.analysis.result import Result, Results, mean_of, missing
from labctl.analysis.states import State, noise_of, states_of
from labctl.frame import FAINT, PALETTE, QUIET, framed, name_curves, say, temperature_text
from procedures.sot_switching import BRANCH, FIELD, LOOP, NUMBER, REFERENCE, REFERENCE_IN_PLANE, TURN

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.sot_switching import SpinOrbitSwitching

KEPT = (TURN, FIELD, NUMBER, BRANCH)
SENSE = (
    "sign of R_xy after +I less that after -I, R_xy = V(A-B)/I, A at +y, I and H along +x: +1 = a positive current "
    "leaves the larger R_xy"
)
SIGNIFICANT = 3.0
OPEN = 5.0
"""Standard errors of the reading from which on a loop that does not close is said to be open."""
WIDE_OPEN = 0.01
"""Part of the swing from which on it is a warning."""
BEYOND = 0.02
"""Part by which pulses may seem to switch more than a field that saturates the film, e.g. since it has warmed."""
NAMES = {0.05: "_5", 0.5: "", 0.95: "_95"}
"""What stands behind the name of a switching current for the parts of a branch's way."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The loops at one field, in the order of the run.

    Attributes:
        field: T, as it was asked for.
        loops: Those that are whole.
        noise: Standard error of a state, ohm.
        clamped: How many of its pulses were.
    """

    field: float
    loops: Sequence[Loop]
    noise: float
    clamped: int


def turns_of(states: Sequence[State]) -> list[Turn]:
    """Return what was measured at each field, in the order of the run."""
    numbers = dict.fromkeys(int(state.more[TURN]) for state in states if state.step == LOOP)
    return [_turn([state for state in states if int(state.more[TURN]) == number]) for number in numbers]


def _turn(states: Sequence[State]) -> Turn:
    noise = noise_of(states)
    sent = [state for state in states if state.step == LOOP]
    by_loop = [[s for s in sent if s.more[NUMBER] == n] for n in dict.fromkeys(s.more[NUMBER] for s in sent)]
    loops = [loop for part in by_loop if (loop := current_loops.loop_of(part, noise)) is not None]
    return Turn(float(sent[0].more[FIELD]), loops, noise, sum(state.clamped for state in states))


def results_of(procedure: SpinOrbitSwitching, data: pd.DataFrame) -> Results:
    """Find switching currents, window, ratio, sense, levels and what drifted."""
    states = states_of(data, KEPT)
    turns = [turn for turn in turns_of(states) if turn.loops]
    if not turns:
        units = {"switching_ratio": "1", "sense": "1", "sense_reversed": "1"}
        wanted = dict.fromkeys((*procedure.main_results, *procedure.beside_results))
        return Results({name: missing(units.get(name, "A"), "no loop is complete", "this run") for name in wanted})
    first = turns[0]
    found = _currents(first, states, procedure)
    found |= _swings(first, states)
    found |= _senses(turns, states)
    found |= _steadiness(turns)
    found["in_plane_field"] = Result(
        first.field,
        procedure.field_remanence,
        "T",
        "magnet",
        note="as asked for; the uncertainty is the magnet's remanence",
    )
    found["pulse_width"] = Result(procedure.pulse_width, None, "s", "all pulses", why="set; the source times it")
    clamped = sum(turn.clamped for turn in turns)
    found["clamped_pulses"] = Result(clamped, 0.0, "1", "this run")
    return Results(found)


def complaints_of(data: pd.DataFrame) -> list[str]:
    """Return a sentence for each thing that the loops at the first field do not show, for a run's warnings."""
    states = states_of(data, KEPT)
    turns = [turn for turn in turns_of(states) if turn.loops]
    if not turns:
        return []
    first, said = turns[0], list[str]()
    if (alike := _alike(first, states)) is not None:
        said.append(alike)
    elif (lacking := _lacking(first, states)) is not None:
        said.append(
            f"in {format_quantity(first.field, 'T')} the pulses switch {lacking}: switching currents and window are "
            "those of this part, and a larger pulse_max may switch more"
        )
    closure, swing = _closure(first), abs(current_loops.swings(first.loops).value)
    if alike is None and abs(closure) > max(OPEN * math.sqrt(2.0) * first.noise, WIDE_OPEN * swing):
        said.append(f"the loops do not close: {_opening(closure, first)}")
    return said


def _alike(turn: Turn, states: Sequence[State]) -> str | None:
    """Say so where both states of the film read the same in the field of the loops, so that no pulse can show there."""
    by_field = _by_field(states, REFERENCE_IN_PLANE)
    if by_field is None or by_field[0] > SWITCHES * by_field[1]:
        return None
    return (
        f"in {format_quantity(turn.field, 'T')} both states that a field along the normal made read the same: the "
        "field turns the film into its plane, and nothing can be told of what pulses switch; take a smaller "
        "in_plane_field"
    )


def _lacking(turn: Turn, states: Sequence[State]) -> str | None:
    """Say what part of the film the pulses switch where it is not all; told by a field's states where there are some.

    Without these, or where the field did not saturate, the last steps of the branches tell.
    """
    swing = current_loops.swings(turn.loops)
    if not all(loop.up.switches for loop in turn.loops):
        return None
    by_field = _by_field(states, REFERENCE_IN_PLANE)
    if by_field is not None and _beyond_the_field(swing, *by_field) is None:
        whole, error = by_field
        part = abs(swing.value) / whole
        lacks = whole - abs(swing.value) > max(BEYOND * whole, SIGNIFICANT * math.hypot(swing.uncertainty, error))
        return f"{100.0 * part:.3g} % of the film" if lacks else None
    complete = [branch.complete for loop in turn.loops for branch in loop.branches]
    if False in complete:
        return "less than all of the film, since the last pulse of a branch still switched something"
    if None in complete:
        return "perhaps less than all of the film: pulse_step is too coarse to see whether pulse_max is enough"
    return None


def _currents(turn: Turn, states: Sequence[State], procedure: SpinOrbitSwitching) -> dict[str, Result]:
    """Currents at which parts of each branch are switched, the window, and the density."""
    of = _of(turn)
    step = format_quantity(float(np.median(np.abs(np.diff(turn.loops[0].up.currents)))), "A")
    beside = f"pulses of {format_quantity(procedure.pulse_width, 's')} in steps of {step}, one a level"
    lacking, nothing = _lacking(turn, states), _alike(turn, states)
    of_part = "" if lacking is None else f", of the part that pulse_max switches: {lacking}"
    single = _of_one(turn) if len(turn.loops) == 1 else ""
    found: dict[str, Result] = {}
    for part, suffix in NAMES.items():
        for branch in ("up", "down"):
            mean = current_loops.crossings(turn.loops, branch, part)
            note = (
                f"{100 * part:g} % of the {'rising' if branch == 'up' else 'falling'} branch{of_part}; {beside}{single}"
            )
            why = nothing or "the branch switches nothing"
            found[f"switching_current_{branch}{suffix}"] = _result(mean, "A", of, note, why)
    found["current_window"] = _result(
        current_loops.windows(turn.loops), "A", of, f"from 5 % to 95 % of a branch, over both{of_part}{single}",
        nothing or "no branch switches",
    )  # fmt: skip
    up, down = found["switching_current_up"], found["switching_current_down"]
    if up.value is not None and down.value is not None:
        found["switching_current_up"] = _with_asymmetry(up, down)
        if "sample" in vars(procedure):
            area = procedure.sample.cross_section()
            half = 0.5 * (abs(up.value) + abs(down.value)) / area
            error = 0.5 * math.hypot(up.uncertainty or 0.0, down.uncertainty or 0.0) / area
            note = f"over the record's cross-section of {1e12 * area:g} um2; both branches{of_part}"
            found["switching_current_density"] = Result(half, error, "A/m^2", of, note=note)
    return found


def _of_one(turn: Turn) -> str:
    """Say what the uncertainty of a single loop's currents knows of the film."""
    if current_loops.lump(turn.loops) is None:
        return (
            "; known to the step, since too few pulses lie on the branches; one loop does not tell how the film "
            "scatters from loop to loop"
        )
    return "; one loop: how the film scatters from loop to loop is a guess from how uneven its branches are"


def _with_asymmetry(up: Result, down: Result) -> Result:
    """Say it where both currents differ: then the field has a part along the film's normal."""
    assert up.value is not None
    assert down.value is not None
    apart = abs(up.value) - abs(down.value)
    error = math.hypot(up.uncertainty or 0.0, down.uncertainty or 0.0)
    if abs(apart) <= SIGNIFICANT * error:
        return up
    said = (
        f"{up.note}; {format_quantity(abs(apart), 'A')} {'above' if apart > 0 else 'below'} that of the other branch: "
    )
    return Result(
        up.value, up.uncertainty, up.unit, up.of, scatter=up.scatter, degrees_of_freedom=up.degrees_of_freedom,
        note=said + "a part of the field is along the film's normal, or the magnet holds some",
    )  # fmt: skip


def _swings(turn: Turn, states: Sequence[State]) -> dict[str, Result]:
    """What the pulses switch, what a field does, and the one over the other."""
    swing, of = current_loops.swings(turn.loops), _of(turn)
    lacking, nothing = _lacking(turn, states), _alike(turn, states)
    note = nothing if lacking is None else f"the pulses switch {lacking}"
    found = {"hall_swing_current": Result(abs(swing.value), swing.uncertainty, "ohm", of, note=note)}
    for name, step, where in (
        ("", REFERENCE, "at zero field"), ("_in_plane", REFERENCE_IN_PLANE, "in the field of the loops"),
    ):  # fmt: skip
        by_field = _by_field(states, step)
        if by_field is None:
            why = "no field along the film's normal made its states in this run"
            found[f"hall_swing_field{name}"] = missing("ohm", why, "this run")
            found[f"switching_ratio{name}"] = missing("1", why, of)
            continue
        whole, error = by_field
        said = f"between both states that a field along the normal made, read {where}"
        found[f"hall_swing_field{name}"] = Result(whole, error, "ohm", "this run", note=said)
        if whole <= SWITCHES * error:
            nothing = nothing or f"both states that a field along the normal made are the same, read {where}"
        if (why := nothing or _beyond_the_field(swing, whole, error)) is not None:
            found[f"switching_ratio{name}"] = missing("1", why, of)
            continue
        ratio = abs(swing.value) / whole
        spread = ratio * math.hypot(swing.uncertainty / abs(swing.value) if swing.value else 0.0, error / whole)
        found[f"switching_ratio{name}"] = Result(ratio, spread, "1", of, note=f"over the swing by field, read {where}")
    return found


def _beyond_the_field(swing: Mean, whole: float, error: float) -> str | None:
    """Say so where pulses switch more than the field does, in ohm: it made no saturated states to compare with."""
    more = abs(swing.value) - whole
    if more <= max(BEYOND * whole, SIGNIFICANT * math.hypot(swing.uncertainty, error)):
        return None
    by_pulses, by_field = format_quantity(abs(swing.value), "ohm"), format_quantity(whole, "ohm")
    return (
        f"pulses switch {by_pulses}, more than the {by_field} between the states that the field along the normal made: "
        "it does not saturate the film, as near compensation; take a larger saturation"
    )


def _by_field(states: Sequence[State], step: str) -> tuple[float, float] | None:
    """Return the swing in ohm between the states that a field made, with its uncertainty; None where it made none."""
    made = [state for state in states if state.step == step]
    if len(made) < 2:
        return None
    return abs(made[-1].hall - made[0].hall), math.sqrt(2.0) * noise_of(states)


def _senses(turns: list[Turn], states: Sequence[State]) -> dict[str, Result]:
    """Which way the current switches in each field, and what it does without one."""
    found: dict[str, Result] = {}
    first = turns[0]
    for name, turn in (
        ("sense", first),
        ("sense_reversed", next((t for t in turns if t.field * first.field < 0), None)),
    ):
        if turn is None:
            continue
        swing = current_loops.swings(turn.loops)
        if not all(loop.up.switches for loop in turn.loops):
            why = f"pulses of either sign leave the same state in {format_quantity(turn.field, 'T')}"
            found[name] = missing("1", _alike(turn, states) or why, _of(turn))
        else:
            note = f"{SENSE}; here in {format_quantity(turn.field, 'T')}"
            found[name] = Result(math.copysign(1.0, swing.value), 0.0, "1", _of(turn), note=note)
    one, other = found.get("sense"), found.get("sense_reversed")
    if one is not None and one.value is not None and first.field:
        found["polarity"] = Result(
            math.copysign(1.0, one.value * first.field),
            0.0,
            "1",
            one.of,
            note="sign of I H_x times that of the change of R_xy",
        )
    if one is not None and other is not None and one.value is not None and other.value is not None:
        note = "-1: the reversed field reverses what a current does"
        found["sense_product"] = Result(one.value * other.value, 0.0, "1", one.of, note=note)
    zero = next((turn for turn in turns if turn.field == 0.0), None)
    if zero is not None:
        swing = current_loops.swings(zero.loops)
        note = "of the rising branch; without a field along the current no current decides"
        found["hall_swing_zero_field"] = Result(swing.value, swing.uncertainty, "ohm", _of(zero), note=note)
    return found


def _steadiness(turns: list[Turn]) -> dict[str, Result]:
    """Levels that come back, whether the loop closes, and what has drifted between the first loops and the last."""
    first = turns[0]
    of, noise = _of(first), first.noise
    counted = [current_loops.levels(first.loops, name) for name in ("up", "down")]
    found: dict[str, Result] = {}
    if None in counted:
        found["levels"] = missing("1", "a single loop does not tell which states come back; measure several", of)
    else:
        note = "states of a branch that differ by more than five standard deviations from cycle to cycle; the fewer"
        found["levels"] = Result(min(n for n in counted if n is not None), None, "1", of, why="counted", note=note)
    closure, error = _closure(first), math.sqrt(2.0) * noise
    note = "state after the last pulse less that after the first, both of the largest negative current"
    if abs(closure) > OPEN * error:
        note = f"{note}; {_opening(closure, first)}"
    found["closure"] = Result(closure, error, "ohm", of, note=note)
    again = [turn for turn in turns[1:] if turn.field == first.field]
    if again:
        before, after = (current_loops.crossings(turn.loops, "up", 0.5) for turn in (first, again[-1]))
        if before is not None and after is not None:
            error = math.hypot(before.uncertainty, after.uncertainty)
            found["switching_current_drift"] = Result(
                after.value - before.value, error, "A", "this run", note="of the rising branch, in the same field again"
            )
    return found


def _closure(turn: Turn) -> float:
    """Return the state after the last pulse less that after the first, in ohm."""
    return float(turn.loops[-1].down.hall[-1] - turn.loops[0].up.hall[0])


def _opening(closure: float, turn: Turn) -> str:
    """Say how far loops are open by, and what that means."""
    swing = abs(current_loops.swings(turn.loops).value)
    part = f", {100.0 * abs(closure) / swing:.2g} % of the swing" if swing else ""
    return (
        f"{format_quantity(closure, 'ohm')} from the first state to the last{part}, which is beyond the noise of "
        "reading: the pulses did not make the same state again, or something drifted"
    )


def _of(turn: Turn) -> str:
    return "this loop" if len(turn.loops) == 1 else mean_of(len(turn.loops))


def _result(mean: Mean | None, unit: str, of: str, note: str, why: str) -> Result:
    if mean is None:
        return missing(unit, why, of)
    scatter = None if math.isnan(mean.scatter) else mean.scatter
    return Result(mean.value, mean.uncertainty, unit, of, note=note, scatter=scatter, degrees_of_freedom=mean.freedom)


# ---- figure


def figure_of(procedure: SpinOrbitSwitching, data: pd.DataFrame, results: Results) -> Figure:
    """Draw the loops at each field."""
    states = states_of(data, KEPT)
    turns = turns_of(states)
    title = " of ".join(filter(None, ["Current-induced switching", procedure.sample_name]))
    ratio = results.get("switching_ratio")
    said = [
        temperature_text(data["Temperature (K)"]),
        f"pulses of {format_quantity(procedure.pulse_width, 's')}",
        f"switching ratio {ratio.text()}" if ratio is not None and ratio.value is not None else "",
    ]
    figure, axes = framed(title, " · ".join(filter(None, said)), procedure.caption)
    axes.set_xlabel("Pulse current (mA)")
    axes.set_ylabel("Hall resistance (Ω)")
    if not any(turn.loops for turn in turns):
        say(axes, "no loop is complete")
        return figure
    for place, turn in enumerate(turns):
        again = any(earlier.field == turn.field for earlier in turns[:place])
        _draw(axes, turn, PALETTE[place % len(PALETTE)], again=again)
    for number, state in enumerate(state for state in states if state.step == REFERENCE):
        label = "made by a field" if number == 0 else None
        axes.axhline(state.hall, color=QUIET, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0, label=label)
    axes.axvline(0.0, ymax=0.86, color=FAINT, linewidth=0.8, zorder=0)  # below the names
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.15 * (high - low))  # room for the names above all curves
    name_curves(axes, loc="upper center", ncols=5, columnspacing=1.4)
    return figure


def _draw(axes: Axes, turn: Turn, colour: str, *, again: bool) -> None:
    """Draw the loops at a field; those at a field that was there before are open, so that these are seen below."""
    looks: dict[str, Any] = {"markersize": 2.5, "linewidth": 0.8, "alpha": 0.8}
    if again:
        looks |= {"markersize": 4.5, "linestyle": (0, (3, 3)), "markerfacecolor": "none", "markeredgewidth": 0.7}
    for number, loop in enumerate(turn.loops):
        said = f"{format_quantity(turn.field, 'T')}{' again' if again else ''}"
        known = axes.get_legend_handles_labels()[1]
        label = said if number == 0 and said not in known else None
        axes.plot(*_line(loop), marker="o", color=colour, label=label, **looks)


def _line(loop: Loop) -> tuple[list[float], list[float]]:
    currents = [*loop.up.currents.tolist(), *loop.down.currents.tolist()[1:]]
    return [1e3 * current for current in currents], [*loop.up.hall.tolist(), *loop.down.hall.tolist()[1:]]
