"""The levels of a tunnel junction's loop: layers along each other at both ends, against each other in between.

All readings on plateaus are fitted at once. Either state has a level and a slope of its own, both share a drift and
what is odd in the field. The levels are those in the middle of the antiparallel stretch: there both states are read at
one field, antiparallel on the one branch and parallel on the other, so that what any field does to electrodes and
leads is no part of their difference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.fits import NORMAL_MAD, LinearFit, linear_fit
from labctl.analysis.junction_plateaus import FEWEST, Course
from labctl.analysis.readings import BoolArray, FloatArray
from labctl.analysis.result import quantity_text, short_text
from labctl.analysis.strengths import in_all_strengths, random_walk

FAR = 5.0
"""Standard deviations from its plateau beyond which a reading is left out."""
ROW = 4
"""Readings in a row far from their plateau that are no stray ones."""
GROUPS = 240
"""Groups of neighbours that the plateaus are put together to; the work goes with the cube of their number."""
STEADY = 4.0
"""How much likelier than all walks together a baseline without one is taken to be, before the readings are asked."""
CLEAR = 3.0
"""Standard errors from which something is said, and counted."""
BENT = 2.0
"""Standard errors from which a bend of the antiparallel stretch is counted: one of 1.1 moves its level by one."""
LEFT = 0.04
"""Part of the step by which levels that should be one may differ; more is a layer that switched in part."""
UNEVEN = 0.1
"""Part of the step by which a plateau may be no straight line; more is no plateau."""
LEANS = 0.3
"""Part of the step by which the antiparallel stretch may lean from end to end."""
TERMS = (("lean", 8), ("half", 10), ("odd", 20), ("square", 30))
"""What parallel levels are fitted with beside their mean, and from how many readings."""
STATES = ("before", "between", "after")
"""Of the layers along a branch; the first and the last are parallel."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Both levels and what they are known by.

    Attributes:
        courses: Falling and rising branch.
        names: Of the parameters of the fit.
        fit: Of all readings on plateaus.
        origin: T, field that the odd part is counted from.
        middle: T, field along a branch at which the levels hold.
        centre: Number of the row from which the drift is counted.
        noise: Standard deviation of one reading, ohm.
        open_parallel, open_antiparallel: What else leaves either level open, ohm.
        closure: Last saturated stretch less the first, at the same fields, and its uncertainty, ohm.
        doubts: What a reader should know, in sentences.
        why_not: Why these are no levels of a saturated loop; None if they are.
        left_out: Readings far from their plateaus, and lone ones.
        run: Longest row of such readings.
    """

    courses: tuple[Course, Course]
    names: tuple[str, ...]
    fit: LinearFit
    origin: float
    middle: float
    centre: float
    noise: float
    open_parallel: float = 0.0
    open_antiparallel: float = 0.0
    closure: tuple[float, float] = (0.0, 0.0)
    doubts: tuple[str, ...] = ()
    why_not: str | None = None
    left_out: int = 0
    run: int = 0

    def weights(self, **parts: float) -> FloatArray:
        """Weights of the parameters by name; of those that were not fitted none."""
        return np.array([parts.get(name, 0.0) for name in self.names])

    def term(self, name: str) -> tuple[float, float] | None:
        """One parameter and its uncertainty; None where it was not fitted."""
        return self.fit.combine(self.weights(**{name: 1.0})) if name in self.names else None

    @property
    def step(self) -> tuple[float, float]:
        """R_AP - R_P and its uncertainty as the fit gives it, ohm."""
        return self.fit.combine(self.weights(parallel=1.0, antiparallel=-1.0) * -1.0)

    @property
    def covariance(self) -> FloatArray:
        """Of R_P and R_AP, ohm^2: of the fit, of what leaves each open, and of the field that both hold at."""
        pick = np.stack([self.weights(parallel=1.0), self.weights(antiparallel=1.0)])
        both = 2.0 * self.middle
        leans = [self.weights(lean=1.0, square=both), self.weights(between_lean=1.0, square=both)]
        slopes = np.array([float(lean @ self.fit.parameters) for lean in leans])
        place = float(np.linalg.norm([course.error for course in self.courses])) / 2
        opened = np.diag([self.open_parallel**2, self.open_antiparallel**2])
        return np.asarray(pick @ self.fit.covariance @ pick.T + opened + place**2 * np.outer(slopes, slopes))


def design(levels: Levels, course: Course, state: str, rows: BoolArray | slice) -> FloatArray:
    """Columns of the fit, in the order of its names, for some rows of a branch in a state.

    Args:
        levels: With names, origin, middle and centre.
        course: The branch.
        state: "before", "between" or "after".
        rows: Which of its rows.
    """
    steps = course.steps
    field, time, along = steps.branch.rows.field[rows], steps.branch.rows.time[rows], steps.along[rows]
    one, none = np.ones(len(field)), np.zeros(len(field))
    parallel = state != "between"
    # Along the layers: a branch begins with both against its own direction.
    moment = along if state == "after" else -along
    upward = (state == "after") == (steps.sense > 0)
    known = {
        "parallel": one if parallel else none,
        "antiparallel": none if parallel else one,
        "drift": time - levels.centre,
        "lean": moment - levels.middle if parallel else none,
        "half": (0.5 if upward else -0.5) * one if parallel else none,
        "odd": field - levels.origin,
        "square": moment**2 - levels.middle**2 if parallel else along**2 - course.middle**2,
        "between_lean": none if parallel else along - course.middle,
        "between_half": none if parallel else 0.5 * steps.sense * one,
        "between_square": none if parallel else (along - course.middle) ** 2,  # beside what both states share
    }
    return np.stack([known[name] for name in levels.names], axis=1)


def levels_of(down: Course, up: Course) -> Levels:
    """Fit the plateaus of both branches, and judge whether they are the plateaus of one saturated loop."""
    count = sum(int(np.sum(c.before) + np.sum(c.after)) for c in (down, up))
    names = ["parallel", "antiparallel", "drift", "between_half"]
    names += [name for name, least in TERMS if count >= least]
    reaching = max(course.tail for course in (down, up))
    if not reaching and min(int(np.sum(c.between)) for c in (down, up)) > FEWEST:
        names.append("between_lean")
    times = np.concatenate([c.steps.branch.rows.time for c in (down, up)])
    empty = LinearFit(np.zeros(0), np.zeros((0, 0)), np.zeros(0))
    draft = Levels(
        courses=(down, up),
        names=tuple(names),
        fit=empty,
        origin=(up.middle - down.middle) / 2,
        middle=(up.middle + down.middle) / 2,
        centre=float((np.min(times) + np.max(times)) / 2),
        noise=float(np.sqrt((down.steps.noise**2 + up.steps.noise**2) / 2)),
        left_out=down.steps.lone + up.steps.lone,
    )
    return _judged(_fitted(draft))


def _in_time(levels: Levels) -> tuple[Course, Course]:
    down, up = levels.courses
    return (down, up) if down.steps.branch.rows.time[0] <= up.steps.branch.rows.time[0] else (up, down)


def _table(levels: Levels) -> tuple[FloatArray, FloatArray]:
    """Design and resistance of all readings on plateaus, in the order of time."""
    parts: list[FloatArray] = []
    values: list[FloatArray] = []
    for course in _in_time(levels):
        for state in STATES:
            rows: BoolArray = getattr(course, state)
            parts.append(design(levels, course, state, rows))
            values.append(course.steps.branch.rows.hall[rows])
    return np.concatenate(parts), np.concatenate(values)


def _fitted(levels: Levels) -> Levels:
    """With the fit, and without the readings that are far from it."""
    table, value = _table(levels)
    kept = np.ones(len(value), dtype=np.bool_)
    tails = max(course.tail * abs(course.steps.heights[0]) for course in levels.courses)
    for _ in range(3):
        parameters = linear_fit(table[kept], value[kept]).parameters
        rest = np.abs(value - table @ parameters)
        scale = max(levels.noise, NORMAL_MAD * float(np.median(rest)))
        kept = rest <= FAR * scale + tails
    kept_rows, start, courses = kept, 0, []
    for course in _in_time(levels):
        found: dict[str, BoolArray] = {}
        for state in STATES:
            rows = np.flatnonzero(getattr(course, state))
            mask = np.zeros(len(course.steps.along), dtype=np.bool_)
            mask[rows[kept_rows[start : start + len(rows)]]] = True
            found[state], start = mask, start + len(rows)
        courses.append(replace(course, **found))
    down, up = courses if courses[0].steps.sense < 0 else courses[::-1]
    lost = ~kept
    run = int(np.max(np.diff(np.flatnonzero(np.concatenate([[True], kept, [True]]))))) - 1
    told = replace(levels, courses=(down, up), left_out=levels.left_out + int(np.sum(lost)), run=run)
    return replace(told, fit=_wandering(told))


def _wandering(levels: Levels) -> LinearFit:
    """The fit beside a baseline that walks at random, in all strengths, each as likely as the readings make it.

    A junction's resistance wanders slowly beside its noise, and each plateau is read but once or twice: what straight
    lines leave over within plateaus tells how far plateaus may be apart by that.
    """
    table, value = _table(levels)
    size = -(-len(value) // GROUPS)
    starts = np.cumsum([0] + [int(np.sum(getattr(c, state))) for c in _in_time(levels) for state in STATES])
    groups = [
        group
        for start, end in pairwise(starts.tolist())
        for group in np.array_split(np.arange(start, end), max(1, (end - start) // size))
        if len(group)
    ]
    rows = np.concatenate([c.steps.branch.rows.time[getattr(c, state)] for c in _in_time(levels) for state in STATES])
    means = [np.array([np.mean(column[group], axis=0) for group in groups]) for column in (table, value, rows)]
    time = (means[2] - means[2][0]) / max(float(np.ptp(means[2])), 1e-300)
    # Columns of like size, or the matrices cannot be inverted.
    scale = np.maximum(np.max(np.abs(means[0]), axis=0), 1e-300)
    walk = random_walk(time, time)
    # Counted from its mean over the loop: the levels are those of the loop and not of its first moment.
    walk = walk - walk.mean(axis=0) - walk.mean(axis=1)[:, None] + walk.mean()
    if np.linalg.matrix_rank(means[0] / scale) < table.shape[1]:
        return linear_fit(table, value)  # a plateau of few readings: means of so many do not tell its level and slope
    trials = in_all_strengths(means[0] / scale, means[1] - float(np.mean(value)), walk)
    weight = np.exp(trials.likelihood - np.max(trials.likelihood))
    weight[0] *= STEADY * (len(weight) - 1)
    weight /= np.sum(weight)
    found = weight @ trials.parameters
    apart = trials.parameters - found
    spread = trials.spread * trials.variance[:, None, None] + apart[:, :, None] * apart[:, None, :]
    covariance = np.einsum("t,tab->ab", weight, spread) / np.outer(scale, scale)
    level = levels.weights(parallel=1.0, antiparallel=1.0) * float(np.mean(value))
    parameters = found / scale + level
    return LinearFit(parameters, np.asarray(covariance), value - table @ parameters)


def _judged(levels: Levels) -> Levels:
    """With what leaves the levels open, the doubts, and why they are none."""
    step, error = levels.step
    levels = replace(levels, closure=_closure(levels))
    why = (
        _why_third(levels)
        or _why_few(levels)
        or _why_small(step, error)
        or _why_open(levels)
        or _why_no_plateau(levels)
    )
    if why is not None:
        return replace(levels, why_not=why)
    doubts: list[str] = []
    parallel, between = 0.0, 0.0
    half, other = levels.term("half"), levels.term("between_half")
    if half is not None and abs(half[0]) > CLEAR * half[1]:
        parallel = abs(half[0]) / 2
        doubts.append(f"R_P at positive fields differs by {quantity_text(*half, 'ohm')} from that at negative ones")
    if other is not None and abs(other[0]) > max(CLEAR * other[1], 0.005 * abs(step)):
        between = abs(other[0]) / 2
        doubts.append(f"the branches disagree: R_AP differs by {quantity_text(abs(other[0]), other[1], 'ohm')}")
    uneven, bend = _unevenness(levels), _bend(levels)
    if uneven:
        doubts.append(
            f"the parallel plateaus are no straight lines by {short_text(uneven, 'ohm')}: a wander, which is counted"
        )
    if bend:
        doubts.append(f"the antiparallel plateau bends by {short_text(bend, 'ohm')}, which is counted")
    reaching = max(course.tail for course in levels.courses) * abs(levels.step[0])
    if reaching:
        doubts.append(
            "both steps reach into the short antiparallel stretch, by up to "
            f"{100 * max(course.tail for course in levels.courses):.2g} % of their height, which is counted"
        )
    return replace(
        levels,
        # The walk of the fit counts what wanders evenly; a jump or a relaxation counts once more.
        open_parallel=float(np.hypot(parallel, uneven)),
        open_antiparallel=float(np.linalg.norm([between, bend, uneven, reaching])),
        doubts=tuple(doubts),
    )


def _why_few(levels: Levels) -> str | None:
    least = min(int(np.sum(getattr(course, state))) for course in levels.courses for state in STATES)
    return None if least >= FEWEST else f"no plateaus: readings scatter so that only {least} are left on one of them"


def _why_third(levels: Levels) -> str | None:
    if levels.run < ROW:
        return None
    return (
        f"more than two levels: {levels.run} readings in a row lie far from the plateaus that they should be on; parts "
        "of a layer switch apart, as near compensation, or the resistance jumped"
    )


def _why_small(step: float, error: float) -> str | None:
    if abs(step) > SIGNIFICANT * error:
        return None
    return f"no TMR stands out: R_AP - R_P is {quantity_text(step, error, 'ohm')}"


def _why_open(levels: Levels) -> str | None:
    """Both ends must be one state, and the hard layer must have switched wholly when it is come to the end."""
    size = abs(levels.step[0])
    half = levels.term("half")
    if half is not None and abs(half[0]) > max(SIGNIFICANT * half[1], LEFT * size):
        by = quantity_text(abs(half[0]), half[1], "ohm")
        return (
            f"not saturated: the two ends of the loop differ by {by}, so the hard layer switches in part only, or the "
            "resistance wanders; take a larger field, or wait"
        )
    for arriving, leaving in ((0, 1), (1, 0)):
        gap, error = _gap(levels, arriving, leaving, drift=False)
        if abs(gap) > max(SIGNIFICANT * error, LEFT * size):
            by = quantity_text(abs(gap), error, "ohm")
            return (
                f"not saturated: at one end the branches differ by {by} after the hard layer's switch, so that it may "
                "not be through, or the resistance wanders; take a larger field, or wait"
            )
    return None


def _why_no_plateau(levels: Levels) -> str | None:
    size = abs(levels.step[0])
    lean = levels.term("between_lean")
    if lean is not None:
        length = max(float(np.ptp(course.steps.along[course.between])) for course in levels.courses)
        if abs(lean[0]) * length > max(LEANS * size, SIGNIFICANT * lean[1] * length):
            return (
                f"no antiparallel plateau: between the steps the resistance goes on changing by "
                f"{100 * abs(lean[0]) * length / size:.0f} % of the step; the layers switch too near to each other"
            )
    for name, off in (("parallel", _unevenness(levels)), ("antiparallel", _bend(levels))):
        if off > UNEVEN * size:
            by = f"{short_text(off, 'ohm')} of a step of {short_text(size, 'ohm')}"
            return (
                f"the {name} stretches are no plateaus: they leave straight lines by {by}; there are more than two "
                "steps, or the resistance wanders"
            )
    other = levels.term("between_half")
    if other is not None and abs(other[0]) > max(SIGNIFICANT * other[1], 4 * LEFT * size):
        by = quantity_text(abs(other[0]), other[1], "ohm")
        return f"the branches contradict each other: their antiparallel levels differ by {by}"
    return None


def _rest(levels: Levels, course: Course, state: str, rows: BoolArray, *, drift: bool) -> FloatArray:
    """What the fit leaves over of some readings; with the drift in it if wanted, ohm."""
    weights = levels.fit.parameters.copy()
    if drift:
        weights = weights - levels.weights(drift=1.0) * weights
    return course.steps.branch.rows.hall[rows] - design(levels, course, state, rows) @ weights


def _gap(levels: Levels, arriving: int, leaving: int, *, drift: bool) -> tuple[float, float]:
    """Readings that arrive at an end less those that leave it, at the fields of both, and the uncertainty, ohm."""
    first, last = _in_time(levels)
    both = (first, last)
    to, fro = both[arriving], both[leaving]
    begin = max(float(np.min(to.steps.along[to.after])), float(np.min(-fro.steps.along[fro.before])))
    arrived, left = to.after & (to.steps.along >= begin), fro.before & (-fro.steps.along >= begin)
    if not np.any(arrived) or not np.any(left):
        return 0.0, float("inf")
    gap = float(np.mean(_rest(levels, to, "after", arrived, drift=drift)))
    gap -= float(np.mean(_rest(levels, fro, "before", left, drift=drift)))
    scatter = float(np.sqrt(np.mean(levels.fit.residual**2)))
    error = max(scatter, levels.noise) * float(np.sqrt(1 / np.sum(arrived) + 1 / np.sum(left)))
    return gap, error


def _closure(levels: Levels) -> tuple[float, float]:
    """The last end of the loop less its first, with the drift and all, ohm."""
    return _gap(levels, 1, 0, drift=True)


def _unevenness(levels: Levels) -> float:
    """Root mean square by which parts of the parallel stretches are off the fit beyond the noise, ohm; 0 if none is."""
    means: list[float] = []
    counts: list[int] = []
    for course in levels.courses:
        for state in ("before", "after"):
            rest = _rest(levels, course, state, getattr(course, state), drift=False)
            for start, end in pairwise(np.linspace(0, len(rest), 1 + max(1, min(4, len(rest) // 6))).astype(int)):
                means.append(float(np.mean(rest[start:end])))
                counts.append(int(end - start))
    white = levels.noise**2 / np.array(counts)
    square = np.array(means) ** 2
    excess, parts = float(np.sum(square / white)), len(means)
    if excess <= parts + 4 * np.sqrt(2 * parts):
        return 0.0
    return float(np.sqrt(max(0.0, np.mean(square - white))))


def _bend(levels: Levels) -> float:
    """By how much the antiparallel stretch is off a straight line in its middle, ohm; 0 where nothing shows it."""
    if "between_lean" not in levels.names:
        return 0.0
    bent = replace(levels, names=(*levels.names, "between_square"))
    table, value = _table(bent)
    fit = linear_fit(table, value, levels.noise)
    curved, error = fit.combine(bent.weights(between_square=1.0))
    if abs(curved) <= BENT * error:
        return 0.0
    length = max(float(np.ptp(course.steps.along[course.between])) for course in levels.courses)
    return abs(curved) * length**2 / 12
