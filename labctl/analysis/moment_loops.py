"""Magnetisation loops: from moments against field to saturation moment, coercive field, and the steps of a stack.

What a magnetometer shows is film, substrate and holder together, with an offset that drifts. Film and background part
at high fields, where the film is saturated: there the moment is a straight line in field and in time on either side,
and the two sides are twice the saturation moment apart. Whether the film is saturated there is looked at: its branches
must agree, and the line be straight. Steps are found on the whole loop, see `labctl.analysis.moment_steps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import UsageError
from labctl.analysis.branches import find_loops
from labctl.analysis.fits import linear_fit, white_noise
from labctl.analysis.moment_steps import Curve, Steps, find_steps
from labctl.analysis.readings import HALL, BoolArray, FloatArray, read_table
from labctl.analysis.result import THIS_LOOP, Result, Results, mean_of, missing, short_text

if TYPE_CHECKING:
    import pandas as pd

MOMENT = "Moment (A m^2)"
END = 0.6
"""Part of the largest field beyond which the film has to be saturated."""
SURE = 3.5
"""Standard uncertainties from which branches that differ, or a line that bends, are no accident."""
LITTLE = 0.01
"""Part of the saturation moment below which neither matters."""
FLOOR = 1e-4
"""Noise as part of the whole, at least: data without any have the last digit of their numbers."""
FEWEST = 8
"""Readings at either end."""
NOTHING = "no step is seen: the film does not reverse, or not beyond the noise"

UNITS = {
    "saturation_moment": "A m^2", "magnetisation": "A/m", "remanent_moment": "A m^2", "remanence_ratio": "1",
    "coercive_field_up": "T", "coercive_field_down": "T", "steps": "1", "smallest_visible_step": "A m^2",
    "high_field_slope": "A m^2/T", "saturated": "1", "moment_noise": "A m^2",
}  # fmt: skip
"""Names of the results that every loop has, with their units; those of each step come besides."""


@dataclass(frozen=True, slots=True)
class Ends:
    """What the saturated ends of loops say; moments in A m2.

    Attributes:
        moment: Saturation moment and its standard uncertainty.
        why_not: Why the film is not saturated there; empty where it is.
    """

    moment: tuple[float, float]
    why_not: str


@dataclass(frozen=True, slots=True)
class MomentLoop:
    """Loops on their way through the analysis; one entry a reading, in SI units.

    Attributes:
        field: T.
        moment: A m2, as read.
        film: A m2, without background.
        time: From -1 to 1; zero where the table has no time.
        up: Whether the field rises.
        number: Of the loop, from 0.
        noise: Standard deviation of a reading, A m2.
        ends: What the ends say.
        steps: What was found in units of `scale`.
        scale: T and A m2 that the steps are given in.
    """

    field: FloatArray
    moment: FloatArray
    film: FloatArray
    time: FloatArray
    up: BoolArray
    number: FloatArray
    noise: float
    ends: Ends
    steps: Steps
    scale: tuple[float, float]

    @property
    def loops(self) -> int:
        """How many."""
        return int(self.number.max()) + 1


def moment_loop(data: pd.DataFrame, *, volume: float | None = None) -> Results:
    """Results of the loops of a table, all taken together.

    Args:
        data: Rows in the order of measurement, with `Field (T)` and `Moment (A m^2)`, better with `Time (s)`.
        volume: m3 of the magnetic layers; None if nobody knows.

    Returns:
        All names of `UNITS`, and for each step `step_1_moment` (its part of the saturation moment), `step_1_share`,
        `step_1_field_up`, `step_1_field_down`, `step_1_width` and `step_1_signal_to_noise`, numbered by the magnitude
        of their fields. What cannot be given is None and says why.

    Raises:
        UsageError: A column is missing or holds no numbers.
    """
    loop = look(data)
    if isinstance(loop, str):
        return Results({name: missing(unit, loop) for name, unit in UNITS.items()})
    found = _of_ends(loop, volume) | _remanence(loop) | _of_steps(loop)
    return Results({name: found[name] for name in (*UNITS, *(name for name in found if name not in UNITS))})


def look(data: pd.DataFrame) -> MomentLoop | str:
    """Find the loops of a table and take them apart; a sentence where there is none.

    Raises:
        UsageError: As for `moment_loop`.
    """
    if MOMENT not in data.columns:
        raise UsageError(f"The table has no column {MOMENT!r}: name the column that holds the moment.")
    kept = data.drop(columns=[name for name in (HALL, "Overflow") if name in data.columns])
    readings = read_table(kept.rename(columns={MOMENT: HALL}))  # loops of whatever quantity are found in the same way
    loops, why = find_loops(readings)
    if not loops:
        return why or "no loop"
    branches = [(number, branch) for number, loop in enumerate(loops) for branch in loop.in_time]
    field, moment, time = (
        np.concatenate([getattr(branch.rows, name) for _, branch in branches]) for name in ("field", "hall", "time")
    )
    sizes = [len(branch.rows.field) for _, branch in branches]
    up = np.repeat([branch.direction == "up" for _, branch in branches], sizes)
    number = np.repeat([float(number) for number, _ in branches], sizes)
    largest, whole = float(np.max(np.abs(field))), 0.5 * float(np.ptp(moment)) or 1e-30
    span = float(np.ptp(time)) if readings.timed else 0.0
    clock = 2.0 * (time - time.mean()) / span if span else np.zeros_like(time)
    measured = [white_noise(branch.rows.field, branch.rows.hall) for _, branch in branches]
    noise = max(float(np.sqrt(np.mean(np.square(measured)))), FLOOR * whole)
    ends = _ends(field, moment, clock, up, noise)
    if isinstance(ends, str):
        return ends
    curve = Curve(field / largest, moment / whole, clock, up, noise / whole)
    steps = find_steps(curve)
    offset, slope, drift = steps.background
    film = moment - whole * (offset + slope * field / largest + drift * clock)
    return MomentLoop(field, moment, film, clock, up, number, noise, ends, steps, (largest, whole))


def _ends(field: FloatArray, moment: FloatArray, clock: FloatArray, up: BoolArray, noise: float) -> Ends | str:
    """Fit a straight line to both ends, two saturation moments apart, and look whether they are saturated."""
    largest = float(np.max(np.abs(field)))
    outer = np.abs(field) >= END * largest
    side = np.sign(field)
    if min(np.sum(outer & (side > 0)), np.sum(outer & (side < 0))) < FEWEST:
        return f"fewer than {FEWEST} readings beyond {short_text(END * largest, 'T')} at one of the ends"
    reach = (np.abs(field) / largest - 0.5 * (1.0 + END)) / (1.0 - END)
    columns = [np.ones_like(field), clock, field / largest, side, np.where(up, -1.0, 1.0), side * (reach**2 - 1 / 12)]
    design = np.stack(columns, axis=1)[outer]
    straight = linear_fit(design[:, :4], moment[outer], noise)
    tested = linear_fit(design, moment[outer], noise)
    size = straight.combine(np.array([0.0, 0.0, 0.0, 1.0]))
    least = max(LITTLE * abs(size[0]), 1e-300)
    why = ""
    for place, said in ((4, "its branches differ by {} at the ends"), (5, "the moment bends by {} at the ends")):
        weight = np.zeros(6)
        weight[place] = 2.0 if place == 4 else 0.25
        value, error = tested.combine(weight)
        if not why and abs(value) > max(SURE * error, least):
            why = f"{said.format(short_text(abs(value), 'A m^2'))}: go to a larger maximum_field"
    return Ends(size, why)


def _of(loop: MomentLoop) -> str:
    return THIS_LOOP if loop.loops == 1 else mean_of(loop.loops)


def _of_ends(loop: MomentLoop, volume: float | None) -> dict[str, Result]:
    """Background, and the saturation moment where the film is saturated: what all steps, or else the ends, say."""
    ends, of, (largest, whole) = loop.ends, _of(loop), loop.scale
    slope, error = (value * whole / largest for value in loop.steps.slope)
    found = {
        "high_field_slope": Result(slope, error, "A m^2/T", of, note="of substrate and holder, and of the film's own"),
        "saturated": Result(not ends.why_not, None, "1", of, note=ends.why_not or None),
        "moment_noise": Result(loop.noise, None, "A m^2", "one reading"),
    }
    if ends.why_not:
        why = f"not saturated: {ends.why_not}"
        return found | {
            "saturation_moment": missing("A m^2", why, of), "magnetisation": missing("A/m", why, of),
        }  # fmt: skip
    moment, error = (value * whole for value in loop.steps.total) if loop.steps.steps else ends.moment
    found["saturation_moment"] = Result(moment, error, "A m^2", of, note=_what_reverses(loop))
    if volume is None:
        why = "the sample record has no [magnetometer] with the film's area and magnetic thickness"
        return found | {"magnetisation": missing("A/m", why, of)}
    note = "of the record's volume, whose own uncertainty is not in it"
    return found | {"magnetisation": Result(moment / volume, error / volume, "A/m", of, note=note)}


def _what_reverses(loop: MomentLoop) -> str:
    """Say what is not in the saturation moment: what a loop does not show, or not beyond its noise."""
    (largest, whole), smallest = loop.scale, loop.steps.smallest_visible
    text = f"of what reverses within {short_text(largest, 'T')}: a layer that needs more is not in it"
    if np.isfinite(smallest):
        text += f", nor may be a step below {short_text(smallest * whole, 'A m^2')}"
    return text


def _remanence(loop: MomentLoop) -> dict[str, Result]:
    """Half the distance of the branches at zero field, and its part of the saturation moment."""
    of, whole = _of(loop), loop.scale[1]
    if not loop.steps.steps:
        return {name: missing(UNITS[name], NOTHING, of) for name in ("remanent_moment", "remanence_ratio")}
    moment, error = (value * whole for value in loop.steps.remanence)
    found = {"remanent_moment": Result(moment, error, "A m^2", of)}
    if loop.ends.why_not:
        return found | {"remanence_ratio": missing("1", f"not saturated: {loop.ends.why_not}", of)}
    size, size_error = (value * whole for value in loop.steps.total)
    ratio = moment / size
    spread = float(np.hypot(error, ratio * size_error)) / size  # an upper bound: both go with the same readings
    return found | {"remanence_ratio": Result(ratio, spread, "1", of)}


def _of_steps(loop: MomentLoop) -> dict[str, Result]:
    of, (largest, whole) = _of(loop), loop.scale
    found, steps = dict[str, Result](), loop.steps
    crossing = steps.crossing
    for place, name in enumerate(("coercive_field_up", "coercive_field_down")):
        if crossing is None:
            found[name] = missing("T", NOTHING, of)
        else:
            value, error = crossing[place]
            found[name] = Result(
                value * largest, error * largest, "T", of, note="where half of the moment has reversed"
            )
    found["steps"] = Result(float(len(steps.steps)), None, "1", of, note=_visible(loop))
    found["smallest_visible_step"] = (
        Result(steps.smallest_visible * whole, None, "A m^2", of, note=_visible(loop))
        if np.isfinite(steps.smallest_visible)
        else missing("A m^2", "the steps fill the whole loop; go to a larger maximum_field", of)
    )
    for number, step in enumerate(steps.steps, start=1):
        name = f"step_{number}"
        found[f"{name}_moment"] = Result(step.size * whole, step.size_error * whole, "A m^2", of)
        found[f"{name}_share"] = _share(loop, number - 1, of)
        found[f"{name}_field_up"] = Result(step.up * largest, step.up_error * largest, "T", of)
        found[f"{name}_field_down"] = Result(step.down * largest, step.down_error * largest, "T", of)
        note = "standard deviation of its switching fields, and of what averaging smears"
        found[f"{name}_width"] = Result(step.width * largest, None, "T", of, note=note)
        found[f"{name}_signal_to_noise"] = Result(step.size / step.size_error, None, "1", of)
    return found


def _share(loop: MomentLoop, place: int, of: str) -> Result:
    """Part of a step in the sum of all that are seen; the steps' errors are taken for independent."""
    sizes = np.array([step.size for step in loop.steps.steps])
    errors = np.array([step.size_error for step in loop.steps.steps])
    total, own = float(sizes.sum()), float(sizes[place])
    if len(sizes) == 1:
        return Result(1.0, None, "1", of, why="no other is seen", note="of all steps that are seen")
    gradient = -own / total**2 * np.ones(len(sizes))
    gradient[place] += 1.0 / total
    return Result(own / total, float(np.linalg.norm(gradient * errors)), "1", of, note="of all steps that are seen")


def _visible(loop: MomentLoop) -> str:
    """Say how small a further step could be and would still be seen."""
    steps = loop.steps
    if not np.isfinite(steps.smallest_visible):
        return "how small a further step would still be seen cannot be told"
    total = sum(step.size for step in steps.steps)
    share = f", {100 * steps.smallest_visible / total:.2g} % of what reverses," if total else ""
    size = short_text(steps.smallest_visible * loop.scale[1], "A m^2")
    return f"a further step of {size}{share} would have been seen where none is; smaller ones may be there"
