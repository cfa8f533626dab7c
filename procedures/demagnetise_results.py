"""What demagnetising has led to, as results and as a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from instruments.units import format_quantity
from labctl.analysis import demagnetising
from labctl.analysis.demagnetising import ENOUGH, FINE, Repeat, Staircase, Summary, is_binary
from labctl.analysis.result import Result, Results, missing
from labctl.analysis.saturation import Plateaus
from labctl.analysis.states import State, noise_of, states_of
from labctl.frame import COLOURS, FAINT, GREEN, QUIET, framed, name_curves, say, temperature_text
from procedures.demagnetise import BEGUN, REPEAT
from procedures.demagnetising import DEMAGNETISE, TRAINS, measured_offset, stairs_of
from procedures.saturating import plateaus_of
from procedures.saturating_results import conditions, saturation

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from procedures.demagnetise import Demagnetise

KEPT = (REPEAT, BEGUN)
BINARY, COARSE = "binary sample", "few grains"
ADVISED = 0.8 * FINE
"""Part of the current that switches half of the film which is advised for the step, where it was too coarse."""


def repeats_of(states: Sequence[State], plateaus: Plateaus) -> list[Repeat]:
    """Return the repeats of a run that are whole, in their order."""
    noise = noise_of(states)
    found: list[Repeat] = []
    for number in dict.fromkeys(int(state.more[REPEAT]) for state in states):
        same = [state for state in states if state.more[REPEAT] == number and state.step == DEMAGNETISE]
        tries = [plateaus.magnetisation(state.hall) for state in same]
        if tries and (abs(tries[-1]) < ENOUGH or len(tries) == TRAINS):
            error = 2.0 * plateaus.part_uncertainty(0.5 * (tries[-1] + 1.0), noise)
            found.append(Repeat(int(same[0].more[BEGUN]), tries, error))
    return found


def results_of(procedure: Demagnetise, data: pd.DataFrame) -> Results:
    """Find how near to zero the film came, and whether it can be demagnetised at all."""
    states = states_of(data, KEPT)
    plateaus = plateaus_of(states)
    repeats = [] if plateaus is None or not plateaus.differ else repeats_of(states, plateaus)
    if plateaus is None or not repeats:
        why = "the saturated states were not measured" if plateaus is None else "no train was sent and read"
        return Results({name: missing("1", why, "this run") for name in procedure.main_results})
    found, stairs = demagnetising.summary(repeats), stairs_of(states, plateaus)
    of = _of(found)
    middle = 0.5 * (plateaus.plus.hall + plateaus.minus.hall)
    results = {
        "demagnetised": _verdict(found, stairs, repeats, procedure.demag_offset),
        "magnetisation": Result(
            found.mean, found.uncertainty, "1", f"mean of {of}" if found.count > 1 else of,
            scatter=None if math.isnan(found.scatter) else found.scatter,
            note="after the last train of each repeat; -1 and 1 are the saturated states, 1 that of positive pulses",
        ),
        "largest_magnetisation": Result(found.largest, max(r.uncertainty for r in repeats), "1",
                                       f"largest of {of}" if found.count > 1 else of),
        **_tries(found, repeats, of),
        "zero_resistance": Result(
            middle, 0.5 * plateaus.swing_uncertainty, "ohm", "both saturated states",
            note="Hall resistance of zero magnetisation",
        ),
        **_staircase(stairs),
        **_train(procedure, _offset(procedure, states, plateaus)),
        **saturation(procedure, states, plateaus),
        **conditions(procedure, states),
    }  # fmt: skip
    return Results(results)


def _of(found: Summary) -> str:
    return f"{found.count} repeats" if found.count > 1 else "one repeat"


def _verdict(found: Summary, stairs: Sequence[Staircase], repeats: Sequence[Repeat], offset: float | None) -> Result:
    """Whether the film is demagnetised, and what stands against it; `offset` is the one that was given, A."""
    of = _of(found)
    if found.reached == found.count:
        return Result(True, None, "1", of, why="a verdict", note=f"|m| < {ENOUGH:g}, by a reading after every repeat")
    said = (
        f"{found.reached} of {of} came below |m| of {ENOUGH:g} with {TRAINS} trains at most, the worst ended at "
        f"{found.largest:.3g}"
    )
    if is_binary(stairs) and not any(repeat.between for repeat in repeats):
        said = (
            f"{BINARY}: cannot be demagnetised by pulses; rising ones in steps of {_step(stairs)} leave no state "
            f"between the saturated ones; {said}"
        )
    elif (levels := _coarse_levels(stairs, repeats)) is not None:
        shown = ", ".join(f"{m:.2g}" for m in levels)
        said = (
            f"{COARSE}: between the saturated states the film shows only m = {shown}, none below {ENOUGH:g}, and no "
            f"smaller demag_step makes another; {said}"
        )
    else:
        said = f"{said}; {_advice(found, stairs, repeats, offset)}"
    return Result(False, None, "1", of, why="a verdict", note=said)


def _advice(found: Summary, stairs: Sequence[Staircase], repeats: Sequence[Repeat], offset: float | None) -> str:
    """Say why a film that may have states in between was not demagnetised, and what to do."""
    if demagnetising.too_small(stairs):
        largest = _text(max(stairs[0].currents))
        return f"rising pulses of up to {largest} did not switch half of the film: take a larger demag_start"
    if demagnetising.too_coarse(stairs):
        half = min(stair.half or 0.0 for stair in stairs)
        advised = format_quantity(ADVISED * half, "A", digits=2)
        to_tell = "" if any(repeat.between for repeat in repeats) else " to tell whether there are states in between"
        return (
            f"the step of {_step(stairs)} is too coarse{to_tell}, since half of the film switches at "
            f"{format_quantity(half, 'A', digits=2)}: take a demag_step of {advised} or less"
        )
    if demagnetising.remembers(repeats):
        return "what the trains leave depends on the state from which they began: take a larger demag_start"
    if not found.one_sided:
        return "they scatter to both sides: take a smaller demag_step"
    if offset is None:
        return "all lie on one side, as in a field along the normal: run align, or take a larger demag_step"
    return (
        f"all lie on one side, with the demag_offset of {_text(offset)} that was given: leave it out to have it "
        "measured, or run align"
    )


def _step(stairs: Sequence[Staircase]) -> str:
    """Write how far apart the pulses are between which the film switches."""
    return _text(max(round(stair.crossing[1], 12) for stair in stairs if stair.crossing is not None))


def _coarse_levels(stairs: Sequence[Staircase], repeats: Sequence[Repeat]) -> list[float] | None:
    """Return the only magnetisations in between; None where there are more, or too small pulses do not tell."""
    states = [m for row in stairs for m in row.states] + [m for repeat in repeats for m in repeat.tries]
    return None if demagnetising.too_small(stairs) else demagnetising.coarse_levels(states, repeats[0].uncertainty)


def _text(current: float) -> str:
    return format_quantity(current, "A")


def _tries(found: Summary, repeats: Sequence[Repeat], of: str) -> dict[str, Result]:
    """How often the first train was enough, and whether the film knows where it began."""
    known = demagnetising.asymmetry(repeats)
    note = "m from positive saturation less m from the negative one; a train that is large enough makes them alike"
    return {
        "first_trains_enough": Result(found.first, 0.0, "1", of, note="the other repeats took more"),
        "memory": missing("1", "it takes two repeats from either saturated state", of) if known is None
        else Result(*known, "1", of, note=note),
    }  # fmt: skip


def _offset(procedure: Demagnetise, states: Sequence[State], plateaus: Plateaus) -> float:
    """Return what was added to each pulse, A."""
    if procedure.demag_offset is not None:
        return procedure.demag_offset
    return measured_offset(states, plateaus, procedure.demag_fall()) if "sample" in vars(procedure) else 0.0


def _staircase(stairs: Sequence[Staircase]) -> dict[str, Result]:
    """What rising pulses of either sign tell: how unequal they are, and the states in between."""
    apart = demagnetising.offset_of(stairs)
    why = "rising pulses of either sign did not switch half of the film"
    note = (
        "what positive pulses need more than negative ones for half of the film: not zero in a field along the normal; "
        "one row of either sign, uncertain by its step"
    )
    return {
        "current_asymmetry": missing("A", why, "rising pulses") if apart is None
        else Result(2.0 * apart, 2.0 * demagnetising.offset_uncertainty(stairs), "A", "rising pulses", note=note),
        "states_between": Result(
            sum(stair.inner for stair in stairs), None, "1", "rising pulses", why="counted",
            note="states of both rows with |m| < 0.9",
        ),
    }  # fmt: skip


def _train(procedure: Demagnetise, offset: float) -> dict[str, Result]:
    """Pulses of a train, how long it takes, and what energy goes into the sample."""
    if "sample" not in vars(procedure):
        return {}
    sent = procedure.demag_heights(offset)
    energy = math.fsum(height**2 for height in sent) * procedure.sample.two_wire_resistance() * procedure.pulse_width
    lasting = len(sent) * (procedure.pulse_width + procedure.demag_gap) - procedure.demag_gap
    said = f"from {_text(sent[0])} to {_text(sent[-1])}"
    if left_out := len(procedure.demag_heights(0.0)) - len(sent):
        said += f"; {left_out} left out, which the offset brings above pulse_max or to zero"
    return {
        "train_offset": Result(
            offset, None, "A", "one train", why="set, or from rising pulses", note="added to each pulse"
        ),
        "train_pulses": Result(len(sent), 0.0, "1", "one train", note=said),
        "train_time": Result(lasting, None, "s", "one train", why="set; the source times it"),
        "train_energy": Result(energy, None, "J", "one train", why="by the record's two-wire resistance"),
    }


# ---- figure


def figure_of(procedure: Demagnetise, data: pd.DataFrame, results: Results) -> Figure:
    """Draw the train, and what each one left."""
    states = states_of(data, KEPT)
    plateaus = plateaus_of(states)
    title = " of ".join(filter(None, ["Demagnetising", procedure.sample_name]))
    said = [temperature_text(data["Temperature (K)"]), f"pulses of {format_quantity(procedure.pulse_width, 's')}"]
    verdict = results["demagnetised"]
    if verdict.value is not None:
        why = (verdict.note or "").partition(":")[0]
        cannot = {BINARY: "binary, cannot be demagnetised", COARSE: "few grains, cannot be demagnetised"}
        word = "demagnetised" if verdict.value else cannot.get(why, "not demagnetised")
        said.append(f"{word}, m = {results['magnetisation'].text()}")
    figure, (left, right) = framed(title, " · ".join(filter(None, said)), procedure.caption, columns=2)
    left.set(xlabel="Time in the train (s)", ylabel="Pulse current (mA)")
    right.set(xlabel="Repeat", ylabel="Magnetisation m")
    repeats = [] if plateaus is None or not plateaus.differ else repeats_of(states, plateaus)
    if not repeats:
        say(right, "no train was sent and read")
        return figure
    assert plateaus is not None
    if "sample" in vars(procedure):
        _draw_train(left, procedure, _offset(procedure, states, plateaus))
    _draw_repeats(right, repeats)
    return figure


def _draw_train(axes: Axes, procedure: Demagnetise, offset: float) -> None:
    period = procedure.pulse_width + procedure.demag_gap
    sent = procedure.demag_heights(offset)
    times = [place * period for place in range(len(sent))]
    axes.vlines(times, 0.0, [1e3 * height for height in sent], color=COLOURS["down"], linewidth=1.4)
    axes.axhline(0.0, color=QUIET, linewidth=0.8)


def _draw_repeats(axes: Axes, repeats: Sequence[Repeat]) -> None:
    axes.axhspan(-ENOUGH, ENOUGH, color=GREEN, alpha=0.13, linewidth=0, label=f"|m| < {ENOUGH:g}")
    for height in (-1.0, 0.0, 1.0):
        axes.axhline(height, color=FAINT, linewidth=0.8, zorder=0)
    early = False
    for sign, branch in ((-1, "down"), (1, "up")):
        colour, name = COLOURS[branch], f"from {'positive' if sign > 0 else 'negative'} saturation"
        mine = [(number, repeat) for number, repeat in enumerate(repeats, 1) if repeat.begun == sign]
        earlier = [(number, m) for number, repeat in mine for m in repeat.tries[:-1]]
        axes.plot([n for n, _ in earlier], [m for _, m in earlier], "o", color=colour, markersize=6, alpha=0.35,
                  markerfacecolor="none", label="earlier trains" if earlier and not early else None)  # fmt: skip
        early = early or bool(earlier)
        axes.errorbar(
            [n for n, _ in mine], [repeat.left for _, repeat in mine], [repeat.uncertainty for _, repeat in mine],
            fmt="o", color=colour, markersize=5, capsize=2, label=name if mine else None,
        )  # fmt: skip
    axes.set_ylim(-1.12, 1.12)
    axes.locator_params(axis="x", integer=True)
    name_curves(axes, loc="upper left", bbox_to_anchor=(0.0, 0.95))
