"""At which field a raw branch crosses a level between its two plateaus, and how well that is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv

from labctl.analysis.activation import mean_rate, quantile_scatter, thermal_width
from labctl.analysis.branches import Branch, Loop
from labctl.analysis.fits import Decomposed, Kriging, Path, decompose, krige, white_noise
from labctl.analysis.plateaus import BranchLine, Plateaus
from labctl.analysis.readings import WEIGHTS, FloatArray

HALF_WAY = 0.0
"""The level of the 50 % crossing; -1 and +1 are the plateaus."""
REACH = {HALF_WAY: 0.6}
"""How far from a level (in units of the amplitude) points count for its crossing; others: `OUTER_REACH`."""
OUTER_REACH = 0.17
FEWEST_INSIDE = 3
"""Readings between the plateaus from which a course of the switching can be told; with fewer it is sharp."""
MOST_INSIDE = 150
"""Readings used around a crossing; more would only cost time (the cube of their number)."""
CURVED = 6
"""Readings from which a cubic trend can be told from a straight one."""
TRIALS = 14
"""Trial values of the wander, first from far below the noise to half the amplitude between neighbours.

These lie a factor of two apart; then as many among those that the readings leave possible, for forty readings tell the
wander to a tenth.
"""
POSSIBLE = 4.0
"""Trial values whose log-likelihood lies by more than this below the best are not looked at again."""
FEWEST_STEPS = 5.0
"""Grains between two readings with which the curve may still be taken for a walk."""
LOWER_68, UPPER_68 = 0.15866, 0.84134
"""Ends of the central 68.27 % of a distribution.

Of a uniform one they span 0.683 of its width. Its standard deviation, 1/sqrt(12) = 0.289 either way, would hold the
truth in 58 % of cases only.
"""
STEPS_A_READING = 2
"""Steps in which a curve is taken to rise for every reading that lies on its way; without any it is one jump."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a branch crosses a level.

    Attributes:
        field: T, reported field.
        uncertainty: T, standard uncertainty of this crossing of this branch.
        sharp: Too few readings lie on the way to show a course: the spacing limits it.
        jump: No reading lies on the way: neither noise nor the level moves it.
        slope: ohm/T, steepness at the crossing (of the jump, if sharp), sign as in the raw data.
        spacing: T, distance of the two readings around it.
        row: Row of the branch, in order of measurement, nearest to it.
        steepness: 1/T, `slope` over the amplitude: the part of the film that switches there in a tesla, doubled.
        grains: How many independent grains would make the curve wander as it does; None where no course shows.
        thermal_width: T, over which a grain of one barrier switches; see `activation`.
        lag: T, standard uncertainty of the field from the moment at which it was read, apart from `uncertainty`: it
            moves the branches apart or together. A cryostat looks at its field when it is asked or when it composes its
            reply, which are the two ends of the query, and not at a random moment between them: the whole distance
            from the stamp counts, and not a part of it.
        step: T, the part of `uncertainty` that a field which moves in steps leaves open; the same in every loop.
    """

    field: float
    uncertainty: float
    sharp: bool
    slope: float
    spacing: float
    row: int
    steepness: float
    grains: float | None
    thermal_width: float = float("inf")
    lag: float = 0.0
    step: float = 0.0
    jump: bool = False

    def scatter(self, part: float = HALF_WAY) -> float | None:
        """Standard deviation of this crossing from loop to loop, T (see `activation`); None where no course shows."""
        if self.grains is None:
            return None
        return quantile_scatter((1 + part) / 2, self.grains, self.steepness / 2, self.thermal_width)


@dataclass(frozen=True, slots=True)
class _Course:
    """A branch from low to high field, in units of its amplitude: -1 below the switching, +1 above, level at 0."""

    branch: Branch
    line: BranchLine
    part: float
    field: FloatArray
    height: FloatArray
    nodes: FloatArray
    weights: FloatArray
    noise: float
    rows: np.ndarray[tuple[int], np.dtype[np.intp]]
    edge: int

    @property
    def amplitude(self) -> float:
        """Signed amplitude of the branch, ohm."""
        return self.line.amplitude[0]


@dataclass(frozen=True, slots=True)
class _Curve:
    """The readings around a crossing, and the fields at which the curve is wanted."""

    path: Path
    targets: FloatArray
    ticks: FloatArray
    clock: Callable[[FloatArray], FloatArray]
    middle: float
    step: float


def crossings(loop: Loop, plateaus: Plateaus, part: float = HALF_WAY) -> tuple[Crossing, Crossing]:
    """Crossing of the level `part` (-1 ... 1 of the signed amplitude) on the raw falling and the raw rising branch.

    Many readings between the plateaus: kriging (see `fits.krige`) of the readings around the crossing, each branch by
    itself but for one number, how much the film's grains make the curve wander. Fewer: the crossing is somewhere
    between the two readings around it (see `_between`).

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        part: Level, 0 half way, -0.8 for 10 %, 0.8 for 90 %.
    """
    courses = [_course(branch, plateaus.line(branch), plateaus.noise, part) for branch in (loop.down, loop.up)]
    reach = REACH.get(part, OUTER_REACH)
    curves = [_curve(course, reach) for course in courses]
    trials = _trials(curves)
    decomposed = [None if curve is None else decompose(curve.path, curve.targets, curve.ticks) for curve in curves]
    trials = _closer(trials, _plausibility(_kriged(decomposed, trials), trials))
    kriged = _kriged(decomposed, trials)
    weight = _plausibility(kriged, trials)
    wander = float(weight @ trials)
    found: list[Crossing] = []
    for course, curve, fit in zip(courses, curves, kriged, strict=True):
        if curve is None or fit is None:
            found.append(_crossing(course, reach, None))
        else:
            crossing = _crossing(course, reach, _place(fit, curve, trials, weight))
            found.append(replace(crossing, grains=_grains(crossing, curve, wander)))
    down, up = found
    width = thermal_width((up.field - down.field) / 2, mean_rate(loop))
    return replace(down, thermal_width=width), replace(up, thermal_width=width)


def _grains(crossing: Crossing, curve: _Curve, wander: float) -> float | None:
    """How many grains, each of which moves the curve by two of n-th parts of the amplitude, make it wander so."""
    if crossing.sharp:
        return None
    power = wander**2 * _clock_rate(curve, crossing.field)
    return 2 * crossing.steepness / power if power > 0 else None


def _crossing(course: _Course, reach: float, found: tuple[float, float, float] | None) -> Crossing:
    edge = course.edge
    spacing = float(course.field[edge + 1] - course.field[edge])
    jump = False
    if found is None:
        first, last = _inside(course, reach)
        on_the_way = max(0, last - first + 1)
        place, error, slope = _between(course, min(on_the_way, FEWEST_INSIDE))
        jump = not on_the_way
        if not jump:  # from reading to reading noise makes the curve steeper than it is
            slope = min(slope, 2 * reach / (on_the_way + 1) / max(spacing, 1e-300))
            error = float(np.hypot(error, course.noise / slope))
    else:
        place, error, slope = found
    nearest = edge if abs(course.field[edge] - place) <= abs(course.field[edge + 1] - place) else edge + 1
    level_error = course.line.level_uncertainty(place, course.part) / abs(course.amplitude) / slope
    uncertainty = float(np.linalg.norm([error, 0.0 if jump else level_error, course.branch.field_error]))
    rows = course.branch.rows
    reading_rate = 0.0 if rows.rate is None else float(np.nan_to_num(np.abs(rows.rate[course.rows[nearest]])))
    slack = 0.0 if rows.slack is None else float(np.nanmedian(rows.slack))
    return Crossing(
        field=place,
        uncertainty=uncertainty,
        sharp=found is None,
        jump=jump,
        slope=slope * course.amplitude,
        spacing=spacing,
        row=int(course.rows[nearest]),
        steepness=slope,
        grains=None,
        lag=reading_rate * slack,
    )


def _course(branch: Branch, line: BranchLine, noise: float, part: float) -> _Course:
    rows, amplitude = branch.rows, line.amplitude[0]
    height = (rows.hall - line.level(rows.field, part)) / amplitude
    order = np.argsort(rows.field, kind="stable")
    nodes, weights = rows.field[:, None], np.ones(1)
    if rows.offsets is not None and len(rows.field) > 2:
        nodes, weights = rows.field[:, None] + _local_rate(branch)[:, None] * rows.offsets, WEIGHTS
    edge = _split(height[order])
    relative = noise / abs(amplitude)
    return _Course(branch, line, part, rows.field[order], height[order], nodes[order], weights, relative, order, edge)


def _local_rate(branch: Branch) -> FloatArray:
    """dH/dt at each reading: while it was read if that is known, otherwise from reading to reading, T/s."""
    rows = branch.rows
    if rows.rate is not None and np.all(np.isfinite(rows.rate)):
        return rows.rate
    return np.gradient(rows.field, rows.time) if np.all(np.diff(rows.time) > 0) else np.zeros(len(rows.field))


def _split(height: FloatArray) -> int:
    """The last reading before the crossing: the division with the least height on the wrong side.

    A first crossing would be one of many where the noise is large; this one counts them all.
    """
    above = np.concatenate([[0.0], np.cumsum(np.maximum(height, 0.0))])
    below = np.cumsum(np.maximum(-height[::-1], 0.0))[::-1]
    wrong = above + np.concatenate([below, [0.0]])
    return int(np.argmin(wrong[1:-1]))


def _inside(course: _Course, reach: float) -> tuple[int, int]:
    """First and last reading within the reach of the level, counted outwards from the crossing.

    Noise must not end the stretch early: heights are averaged until it is a tenth of the amplitude.
    """
    edge = course.edge
    width = 2 * int(np.ceil((course.noise / 0.1) ** 2) // 2) + 1
    width = min(width, 2 * ((len(course.height) - 1) // 4) + 1)
    smooth = np.convolve(np.pad(course.height, width // 2, mode="edge"), np.full(width, 1 / width), mode="valid")
    outside_below = np.flatnonzero(smooth[: edge + 1] <= -reach)
    outside_above = np.flatnonzero(smooth[edge + 1 :] >= reach)
    first = int(outside_below[-1]) + 1 if len(outside_below) else 0
    last = edge + int(outside_above[0]) if len(outside_above) else len(smooth) - 1
    if last - first + 1 > MOST_INSIDE:
        first, last = max(first, edge + 1 - MOST_INSIDE // 2), min(last, edge + MOST_INSIDE // 2)
    return first, last


def _between(course: _Course, on_the_way: int) -> tuple[float, float, float]:
    """Place, uncertainty and steepness of a crossing between two readings with few or no others on the way.

    If the curve rises from the one reading to the other in n equal steps at random places, the crossing is the place
    of one of them, and such an order statistic has a beta distribution: uniform for a single jump, narrow about the
    straight line between the readings for many steps.
    """
    edge = course.edge
    start, end = float(course.field[edge]), float(course.field[edge + 1])
    low, high = float(course.height[edge]), float(course.height[edge + 1])
    width, rise = end - start, max(high - low, 0.1)
    fraction = min(max(-low / rise, 0.0), 1.0)
    steps = 1 + STEPS_A_READING * on_the_way
    if not on_the_way:
        fraction = 0.5  # both readings lie on the plateaus; where between them tells nothing
    lower, upper = (
        float(betaincinv(steps * fraction + 0.5, steps * (1 - fraction) + 0.5, part)) for part in (LOWER_68, UPPER_68)
    )
    place = start + width * (lower + upper) / 2
    return place, width * (upper - lower) / 2, rise / width if width > 0 else 1e300


def _curve(course: _Course, reach: float) -> _Curve | None:
    """The readings around the crossing; None when too few lie between the plateaus to show a course."""
    first, last = _inside(course, reach)
    field, height = course.field[first : last + 1], course.height[first : last + 1]
    if len(field) < FEWEST_INSIDE or float(np.ptp(field)) == 0:
        return None
    degree = 3 if len(field) >= CURVED else 1
    nodes = course.nodes[first : last + 1]
    steep = float(np.polyfit(field - np.mean(field), height, 1)[0])
    noise = float(np.hypot(course.noise, steep * _field_noise(course.branch)))
    clock = _clock(field, height, degree)
    path = Path(nodes, clock(nodes), course.weights, height, max(noise, 1e-7), degree)
    step = float(np.ptp(field)) / (len(field) - 1)
    before, after = float(course.field[course.edge]), float(course.field[course.edge + 1])
    # Over so far the noise outweighs the rise of the curve, and by as much it may have moved the edge.
    blurred = (4 * noise**2 * step / max(steep, 1e-9) ** 2) ** (1 / 3)
    middle, wide = (before + after) / 2, max(3 * step, after - before, 3 * blurred)
    targets = np.linspace(max(middle - wide, field[0]), min(middle + wide, field[-1]), 61)
    return _Curve(path, targets, clock(targets), clock, middle, step)


def _clock(field: FloatArray, height: FloatArray, degree: int) -> Callable[[FloatArray], FloatArray]:
    """Field as the wander counts it, T: as many grains switch between two ticks everywhere, as the trend shows.

    Each grain's field is drawn once, so that the scatter of the curve between two fields grows with the number of
    grains between them and not with the field.
    """
    origin, span = float(np.mean(field)), float(np.ptp(field))
    trend = np.polyfit((field - origin) / span, height, degree)
    grid = np.linspace(-1.5, 1.5, 301)
    density = np.maximum(np.polyval(np.polyder(trend), np.clip(grid, -0.5, 0.5)), 0.0) + 1e-12
    density = np.maximum(density / np.mean(density[100:201]), 0.2)
    count = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])
    return lambda places: np.asarray(span * np.interp((places - origin) / span, grid, count), dtype=np.float64)


def _trials(curves: list[_Curve | None]) -> FloatArray:
    """Trial values for the wander, amplitudes per square root of tesla.

    From far below the noise to half the amplitude between neighbouring readings.
    """
    usable = [curve for curve in curves if curve is not None]
    if not usable:
        return np.ones(1)
    lowest = min(max(0.1 * curve.path.noise, 1e-6) / np.sqrt(curve.step) for curve in usable)
    highest = max(0.5 / np.sqrt(curve.step) for curve in usable)
    return np.geomspace(lowest, max(highest, 2 * lowest), TRIALS)


def _closer(trials: FloatArray, weight: FloatArray) -> FloatArray:
    """As many trial values again, among those that are possible and their neighbours."""
    possible = np.flatnonzero(weight > np.exp(-POSSIBLE) * np.max(weight))
    first, last = max(0, int(possible[0]) - 1), min(len(trials) - 1, int(possible[-1]) + 1)
    return np.geomspace(trials[first], trials[last], len(trials))


def _kriged(decomposed: list[Decomposed | None], trials: FloatArray) -> list[Kriging | None]:
    return [None if readings is None else krige(readings, trials) for readings in decomposed]


def _plausibility(kriged: list[Kriging | None], trials: FloatArray) -> FloatArray:
    """Probability of each trial value after both branches: the likelihoods times a prior even in the wander itself."""
    total = np.log(trials) + sum(fit.log_likelihood for fit in kriged if fit is not None)
    weight = np.exp(total - np.max(total))
    return np.asarray(weight / np.sum(weight), dtype=np.float64)


def _place(fit: Kriging, curve: _Curve, trials: FloatArray, weights: FloatArray) -> tuple[float, float, float] | None:
    """Field, uncertainty and steepness of the crossing over all trial values; None when the curve does not cross."""
    found: list[tuple[float, float, float, float]] = []
    targets, clock_rate = curve.targets, _clock_rate(curve, curve.middle)
    for trial, weight in enumerate(weights.tolist()):
        mean = fit.mean[trial]
        rises = np.flatnonzero((mean[:-1] < 0) & (mean[1:] >= 0))
        if weight < 1e-4 or not len(rises):
            continue
        near = int(rises[np.argmin(np.abs(targets[rises] - curve.middle))])
        fraction = float(mean[near] / (mean[near] - mean[near + 1]))
        place, spread, noise, steep = (
            float(values[near] + fraction * (values[near + 1] - values[near]))
            for values in (targets, fit.variance[trial], fit.noise[trial], fit.slope[trial])
        )
        if steep > 0:
            grains = curve.step * (steep / trials[trial]) ** 2 / clock_rate
            spread = noise + (spread - noise) * _grainy(float(grains))
            found.append((place, spread / steep**2, steep, weight))
    if sum(weight for *_, weight in found) < 0.5:
        return None
    places, variances, slopes, used = (np.array(column) for column in zip(*found, strict=True))
    place = float(np.average(places, weights=used))
    error = float(np.sqrt(np.average(variances + (places - place) ** 2, weights=used)))
    return place, error, float(np.average(slopes, weights=used))


def _grainy(grains: float) -> float:
    """What a walk's variance between readings has to be multiplied by for a curve of so many steps between them.

    The crossing is the place of one grain among n at random places. The k-th of them has the variance
    p (1 - p) / (n + 2) with p = k / (n + 1) (a beta distribution), where the bridge of a walk would give p (1 - p) / n.
    Below `FEWEST_STEPS` the curve is a staircase and no walk, and nothing more is taken off.
    """
    steps = max(grains, FEWEST_STEPS)
    return steps / (steps + 2)


def _clock_rate(curve: _Curve, field: float) -> float:
    """How fast the wander's clock goes at a field, against the field itself."""
    before, after = curve.clock(np.array([field - curve.step, field + curve.step]))
    return float(after - before) / (2 * curve.step)


def _field_noise(branch: Branch) -> float:
    """Noise of the reported field from reading to reading, T.

    A swept field is straight in time, a stepped one from reading to reading; the smaller departure is the noise.
    """
    field, time = branch.rows.field, branch.rows.time
    noise = white_noise(np.arange(len(field), dtype=np.float64), field)
    return min(noise, white_noise(time, field)) if np.all(np.diff(time) > 0) else noise
