"""Tunnel-magnetoresistance loops: levels, TMR and the switching fields of both layers, with uncertainties.

TMR = (R_AP - R_P) / R_P. P and AP name the alignment of the net moments: at the ends of the field both layers follow
it, which is P, whatever the resistance does; so the TMR of a ferrimagnet changes sign at its compensation. Soft is the
layer that switches first on a branch. Only a loop in which each branch steps and steps back, to one level at both ends,
has a TMR; of any other the steps are told and not more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue
from labctl.analysis.branches import Branch, Loop
from labctl.analysis.combine import combine
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.fits import LinearFit, linear_fit
from labctl.analysis.junction_levels import Levels, design, levels_of
from labctl.analysis.junction_plateaus import Course, course_of, rough_step, tails_of
from labctl.analysis.junction_steps import FEWEST, Steps, branch_of, find_steps
from labctl.analysis.middles import is_buried, middles
from labctl.analysis.plateaus import BranchLine, Plateaus
from labctl.analysis.readings import BoolArray, FloatArray
from labctl.analysis.result import THIS_LOOP, TMR_LOOP_UNITS, Result, Results, missing, quantity_text, short_text
from labctl.analysis.switching import LOWER_68, UPPER_68, Crossing
from labctl.analysis.widths import half_sum, switching_width

CONVENTION = "TMR = (R_AP - R_P) / R_P; at the ends of the field both net moments follow it: P"
"""What the sign of a TMR means here."""
FEW = 30
"""Degrees of freedom of the levels from which they need not be told."""
LARGE = "take a larger field"
LAYERS = ("soft", "hard")
OPEN = ("minor loop", "not saturated")
"""How the reasons begin by which a loop does not reach saturation."""
APART = 2.0
"""Spacings of the readings by which the one step of either branch must be apart to show a hysteresis."""
ALIKE = 0.3
"""Part by which the steps of one layer on both branches may differ."""
BESIDE = 4
"""Readings on either side that a single step needs."""


@dataclass(frozen=True, slots=True)
class JunctionLoop:
    """One loop on its way through the analysis; what a figure needs beside the results.

    Attributes:
        down, up: The steps of both branches; None where a branch has too few readings.
        levels: Of the plateaus, or why there are none.
        results: The results of this loop.
    """

    down: Steps | None
    up: Steps | None
    levels: Levels | str
    results: Results


def tmr_loop(
    field: Sequence[float] | FloatArray, resistance: Sequence[float] | FloatArray,
    branch: Sequence[str] | NDArray[np.str_], loop: Sequence[int] | NDArray[np.int_], *, noise: float | None = None,
) -> Results:  # fmt: skip
    """Results of a run: of its one loop, or means over several with their loop-to-loop scatter.

    Args:
        field: T, in the middle of each reading; all rows in the order of measurement.
        resistance: ohm.
        branch: "down" from the largest field to the smallest, "up" back.
        loop: Number of the loop.
        noise: Standard deviation of a single reading in ohm, if known; where the readings scatter more, that counts.

    Returns:
        All names of `TMR_LOOP_UNITS`; what cannot be given is None and says why.

    Raises:
        BadValue: columns of different lengths, a branch of another name, or a noise below zero.
    """
    found = analyse_junction_loops(field, resistance, branch, loop, noise=noise)
    if not found:
        return _nothing("no loop: there are no readings", saturated=False)
    return combine([each.results for each in found])


def analyse_junction_loops(
    field: Sequence[float] | FloatArray, resistance: Sequence[float] | FloatArray,
    branch: Sequence[str] | NDArray[np.str_], loop: Sequence[int] | NDArray[np.int_], *, noise: float | None = None,
) -> list[JunctionLoop]:  # fmt: skip
    """Each loop of a run by itself, in the order of measurement; arguments and errors as of `tmr_loop`."""
    fields, values = np.asarray(field, dtype=np.float64), np.asarray(resistance, dtype=np.float64)
    words, numbers = np.asarray(branch, dtype=np.str_), np.asarray(loop)
    if len({len(fields), len(values), len(words), len(numbers)}) > 1:
        lengths = f"{len(fields)}, {len(values)}, {len(words)} and {len(numbers)}"
        raise BadValue(f"Field, resistance, branch and loop have {lengths} rows: give one of each a reading.")
    unknown = sorted(set(words.tolist()) - {"down", "up"})
    if unknown:
        raise BadValue(f"A branch is called {unknown[0]!r}: call it down or up.")
    if noise is not None and not noise >= 0:
        raise BadValue(f"A noise of {noise} ohm is none: give zero or more.")
    read = np.isfinite(fields) & np.isfinite(values)
    found: list[JunctionLoop] = []
    for number in dict.fromkeys(numbers.tolist()):
        rows = (np.flatnonzero(read & (numbers == number) & (words == word)) for word in ("down", "up"))
        down, up = (
            find_steps(_branch(fields, values, of, word), noise or 0.0) if len(of) >= FEWEST else None
            for of, word in zip(rows, ("down", "up"), strict=True)
        )
        found.append(_analysed(down, up))
    return found


def _branch(field: FloatArray, value: FloatArray, rows: NDArray[np.intp], word: str) -> Branch:
    made = branch_of(field[rows], value[rows], word)
    return replace(made, rows=replace(made.rows, time=rows.astype(np.float64)))


def _analysed(down: Steps | None, up: Steps | None) -> JunctionLoop:
    if down is None or up is None:
        name = "falling" if down is None else "rising"
        why = f"no loop: the {name} branch has fewer than {FEWEST} valid readings"
        return JunctionLoop(down, up, why, _nothing(why, saturated=False))
    why = _why_other(down, up)
    if why is not None:
        return JunctionLoop(down, up, why, _partial(down, up, why))
    courses = course_of(down), course_of(up)
    bad = next((course for course in courses if isinstance(course, str)), None)
    if bad is not None or isinstance(courses[0], str) or isinstance(courses[1], str):
        why = bad or ""
        return JunctionLoop(down, up, why, _partial(down, up, why))
    levels = levels_of(courses[0], courses[1])
    if levels.why_not is not None:
        return JunctionLoop(down, up, levels, _partial(down, up, levels.why_not))
    return JunctionLoop(down, up, levels, _whole(levels))


def _why_other(down: Steps, up: Steps) -> str | None:
    """Why the steps of the branches are not those of a whole loop of two layers; None if they may be."""
    counts = len(down.edges), len(up.edges)
    if counts == (0, 0):
        return (
            f"no step stands out of the noise of {short_text(max(down.noise, up.noise), 'ohm')} a reading: no TMR, "
            f"both layers switch at one field, or none within this field; {LARGE}"
        )
    if 0 in counts:
        name = "rising" if counts[1] == 0 else "falling"
        return f"the branches contradict each other: no step stands out of the {name} one"
    return _why_backward(down, up) or (_why_single(down, up) if 1 in counts else _why_contrary(down, up))


def _why_backward(down: Steps, up: Steps) -> str | None:
    backward = down.edges[0] > up.edges[0] or (down.whole and up.whole and down.edges[1] > up.edges[1])
    apart = up.edges[0] - down.edges[0] > APART * max(_spacing(down), _spacing(up))
    if not backward and (apart or down.whole or up.whole):
        return None
    return "no hysteresis: the falling branch steps where the rising one does, or above it; no layer is seen to switch"


def _why_contrary(down: Steps, up: Steps) -> str | None:
    if down.heights[0] * up.heights[0] > 0:
        return None
    return "the branches contradict each other: the resistance rises in between on one, and falls on the other"


def _why_single(down: Steps, up: Steps) -> str:
    """What it means that a branch steps once."""
    if down.whole or up.whole:  # the one step may be any layer's
        name = "rising" if down.whole else "falling"
        return f"minor loop: on the {name} branch the hard layer does not switch within this field; {LARGE}"
    sizes = [abs(down.heights[0]), abs(up.heights[0])]
    error = float(np.hypot(down.errors[0], up.errors[0]))
    if abs(sizes[0] - sizes[1]) > max(SIGNIFICANT * error, ALIKE * max(sizes)):
        return "the branches contradict each other: each steps once, by heights that are not one layer's"
    if down.heights[0] * up.heights[0] > 0:
        return "the branches contradict each other: the one step of each has the same sense, and no layer is back"
    size = quantity_text(float(np.mean(sizes)), error / 2, "ohm")
    return f"minor loop: one layer switches, by a step of {size}, the hard one not within this field; {LARGE}"


def _spacing(steps: Steps) -> float:
    """Distance of the readings around the first step, T."""
    order = np.sort(steps.branch.rows.field)
    place = min(max(int(np.searchsorted(order, steps.edges[0])), 1), len(order) - 1)
    return float(order[place] - order[place - 1])


def _nothing(why: str, *, saturated: bool | None) -> Results:
    found = {name: missing(unit, why) for name, unit in TMR_LOOP_UNITS.items()}
    if saturated is not None:
        found["saturated"] = Result(saturated, None, "1", THIS_LOOP, note=why)
    return Results(found)


def _partial(down: Steps, up: Steps, why: str) -> Results:
    """Of a loop without a TMR: the fields at which the soft layer switches, where it is plain that it is this layer."""
    is_open = why.startswith(OPEN)
    results = dict(_nothing(why, saturated=False if is_open else None))
    plain = [steps for steps in (down, up) if is_open and (steps.whole or len(down.edges) == len(up.edges))]
    made = [_first_step(steps) for steps in plain]
    given = [step for step in made if step is not None]
    if len(given) == 2:
        results.update(_fields("soft", *_as_loop(given, _noise(down, up))))
    elif given:
        # A film of one branch is completed by its mirror image, of which nothing is told.
        branch, line = given[0]
        both = [given[0], _mirrored(branch, line)]
        found = _fields("soft", *_as_loop(both if branch.direction == "down" else both[::-1], _noise(down, up)))
        name = f"switching_field_soft_{branch.direction}"
        results[name] = found[name]
    return Results(results)


def _noise(down: Steps, up: Steps) -> float:
    return float(np.sqrt((down.noise**2 + up.noise**2) / 2))


def _mirrored(branch: Branch, line: BranchLine) -> tuple[Branch, BranchLine]:
    """The other branch of a film that is symmetric about zero field and zero resistance."""
    rows = replace(branch.rows, field=-branch.rows.field, hall=-branch.rows.hall)
    fit = replace(line.fit, parameters=line.fit.parameters * np.array([-1.0, 1.0, 1.0]))
    return replace(branch, direction="up" if branch.direction == "down" else "down", rows=rows), BranchLine(fit)


def _whole(levels: Levels) -> Results:
    results = {name: missing(unit, "not told") for name, unit in TMR_LOOP_UNITS.items()}
    results.update(_levels(levels))
    for number, layer in enumerate(LAYERS):
        pair = _pair_of_courses(levels, number)
        results.update(_fields(layer, *pair))
    lean, between = levels.term("lean"), levels.term("between_lean")
    for name, slope in (("parallel", lean), ("antiparallel", between)):
        why = f"too few readings for a slope of the {name} plateaus"
        given = missing("ohm/T", why) if slope is None else Result(slope[0], slope[1], "ohm/T", THIS_LOOP)
        results[f"plateau_slope_{name}"] = given
    gap, error = levels.closure
    results["closure"] = Result(gap, error, "ohm", THIS_LOOP, note=_closure_note(levels))
    results["saturated"] = Result(True, None, "1", THIS_LOOP)
    return Results(results)


def _closure_note(levels: Levels) -> str | None:
    gap, error = levels.closure
    if abs(gap) <= 3 * error:
        return None
    part = 100 * abs(gap) / abs(levels.step[0])
    return f"R_P drifts over the loop by {part:.2g} % of the step; a straight drift is taken out"


def _levels(levels: Levels) -> dict[str, Result]:
    """Both levels and the TMR, with what they have in common."""
    fit, names = levels.fit, levels.names
    pick = np.stack([levels.weights(parallel=1.0), levels.weights(antiparallel=1.0)])
    parallel, antiparallel = (float(value) for value in pick @ fit.parameters)
    covariance = levels.covariance
    slopes = np.array([-antiparallel / parallel**2, 1 / parallel])
    error = float(np.sqrt(slopes @ covariance @ slopes))
    freedom = len(fit.residual) - len(names)
    few = freedom if freedom < FEW else None
    # Two digits: it is alike in all loops of a run, whose notes are put together.
    where = f"levels in the middle of the antiparallel stretch, near {1e3 * abs(levels.middle):.2g} mT on either side"
    left = f"{levels.left_out} readings far off were left out" if levels.left_out else None
    note = "; ".join(filter(None, [CONVENTION, where, *levels.doubts, left]))
    both = (("resistance_parallel", parallel, 0), ("resistance_antiparallel", antiparallel, 1))
    found = {
        name: Result(value, float(np.sqrt(covariance[k, k])), "ohm", THIS_LOOP, None, note, few)
        for name, value, k in both
    }
    if parallel <= 0:
        why = f"R_P is {short_text(parallel, 'ohm')}, not above zero: a low one in cross-strip leads reads so"
        return {**found, "tmr": missing("1", why)}
    high = "antiparallel" if antiparallel > parallel else "parallel"
    said = f"{note}; the {high} state is the high one"
    found["tmr"] = Result(antiparallel / parallel - 1, error, "1", THIS_LOOP, None, said, few)
    return found


Pair = tuple[Loop, Plateaus]


def _fields(layer: str, loop: Loop, plateaus: Plateaus) -> dict[str, Result]:
    """Both switching fields of a layer, the shift of its loop and how wide it switches."""
    both = middles(loop, plateaus)
    names = [f"switching_field_{layer}_{word}" for word in ("down", "up")]
    others = {f"loop_shift_{layer}": "T", f"switching_width_{layer}": "T"}
    if isinstance(both, str):
        return {name: missing("T", "the step cannot be placed in the noise") for name in [*names, *others]}
    found = {name: _field(crossing, plateaus) for name, crossing in zip(names, both, strict=True)}
    error = float(np.hypot(both[0].uncertainty, both[1].uncertainty)) / 2
    scatter = half_sum([crossing.scatter() for crossing in both])
    shift = (both[0].field + both[1].field) / 2
    found[f"loop_shift_{layer}"] = Result(shift, error, "T", THIS_LOOP, scatter=scatter)
    found[f"switching_width_{layer}"] = switching_width(loop, plateaus, both)
    return found


def _field(crossing: Crossing, plateaus: Plateaus) -> Result:
    said, place = None, 0.0
    if crossing.sharp:
        said = f"limited by the spacing of the readings, {short_text(crossing.spacing, 'T')}"
    elif is_buried(plateaus):
        said = "a single reading does not tell the state: from the whole step"
        place = (UPPER_68 - LOWER_68) / 2 * crossing.spacing  # it may be a jump anywhere between two readings
    error = float(np.linalg.norm([crossing.uncertainty, crossing.step, place]))
    return Result(crossing.field, error, "T", THIS_LOOP, note=said, scatter=crossing.scatter())


def _pair_of_courses(levels: Levels, number: int) -> Pair:
    """Both steps of one layer as the loop of a film that it would be alone, on the levels of the fit."""
    made: list[tuple[Branch, BranchLine]] = []
    for course in levels.courses:
        low = course.middle if number else -np.inf
        high = np.inf if number else course.middle
        rows = (course.steps.along >= low) & (course.steps.along <= high)
        made.append(_on_levels(levels, course, number, rows))
    return _as_loop(made, levels.noise)


def _on_levels(levels: Levels, course: Course, number: int, rows: BoolArray) -> tuple[Branch, BranchLine]:
    """A step of a branch with the parallel line taken off, turned so that it rises with the field on either branch."""
    state = "after" if number else "before"
    fit, steps = levels.fit, course.steps
    rest = steps.branch.rows.hall[rows] - design(levels, course, state, rows) @ fit.parameters
    nearest = int(np.argmin(np.abs(steps.along - course.places[number])))
    at = slice(nearest, nearest + 1)
    parallel, other = (design(levels, course, of, at)[0] for of in (state, "between"))
    height, _ = fit.combine(other - parallel)
    # In the sense of the field the step goes from one to the other, or back.
    turn = steps.sense * (-1.0 if number else 1.0)
    shape = np.stack([(parallel + other) / 2 - parallel, turn * (other - parallel) / 2, np.zeros_like(parallel)])
    centre = np.stack([(parallel + other) / 2, turn * (other - parallel) / 2, np.zeros_like(parallel)])
    covariance = centre @ fit.covariance @ centre.T + _open(levels, turn)
    line = BranchLine(LinearFit(np.asarray(shape @ fit.parameters), np.asarray(covariance), np.zeros(0)))
    made = replace(steps.branch.rows.select(np.flatnonzero(rows)), hall=np.asarray(rest, dtype=np.float64))
    return _turned(replace(steps.branch, rows=made), line, turn * float(np.sign(height)))


def _open(levels: Levels, turn: float) -> FloatArray:
    """Covariance of middle and half distance from what leaves the levels open beside the fit."""
    parts = np.array([[0.5, -0.5 * turn, 0.0], [0.5, 0.5 * turn, 0.0]])
    sizes = np.array([levels.open_parallel, levels.open_antiparallel]) ** 2
    return np.asarray(parts.T @ np.diag(sizes) @ parts, dtype=np.float64)


def _turned(branch: Branch, line: BranchLine, sense: float) -> tuple[Branch, BranchLine]:
    """Branch and line upside down where the sense is below zero."""
    if sense > 0:
        return branch, line
    fit = replace(line.fit, parameters=-line.fit.parameters)
    return replace(branch, rows=replace(branch.rows, hall=-branch.rows.hall)), BranchLine(fit)


def _first_step(steps: Steps) -> tuple[Branch, BranchLine] | None:
    """The first step of a branch between straight lines of its own; None where too few readings lie beside it."""
    along = steps.along
    place, width, _ = rough_step(steps, 0)
    reach = (steps.sense * (steps.edges[0] + steps.edges[1])) / 2 if steps.whole else np.inf
    rows = np.flatnonzero(along <= reach)
    part = replace(steps.branch, rows=steps.branch.rows.select(rows))
    away = along[rows] - place
    clear = np.abs(away) > tails_of(steps)[1] * width
    if min(int(np.sum(clear & (away < 0))), int(np.sum(clear & (away > 0)))) < BESIDE:
        return None
    field = part.rows.field[clear]
    table = np.stack([np.ones(len(field)), np.sign(steps.sense * away[clear]), field], axis=1)
    line = BranchLine(linear_fit(table, part.rows.hall[clear], steps.noise))
    return _turned(part, line, float(np.sign(line.amplitude[0])))


def _as_loop(made: list[tuple[Branch, BranchLine]], noise: float) -> Pair:
    """A loop of one step a branch, with its levels, as the analysis of Hall loops takes it."""
    (down, down_line), (up, up_line) = made
    loop = Loop(down, up)
    half = (down_line.amplitude[0] + up_line.amplitude[0]) / 2
    error = float(np.hypot(down_line.amplitude[1], up_line.amplitude[1])) / 2
    joint = LinearFit(np.array([0.0, half, 0.0, 0.0, 0.0]), np.diag([0.0, error**2, 0.0, 0.0, 0.0]), np.zeros(0))
    ends = (loop.low, loop.high)
    return loop, Plateaus((), ends, ends, noise, joint, 0.0, down_line, up_line, 0.0, 0.0, None, False)
