"""A baseline that neither stays nor drifts evenly: how much of a loop's amplitude and of its levels it leaves open.

Where a film is saturated its Hall resistance shows what the baseline does: from the largest field to just before the
switch, and again after it. Between these stretches the baseline is interpolated as a random function of time, and what
that leaves open is an error of everything that is counted across the switch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.branches import Loop
from labctl.analysis.calm import calm, group_size, grouped
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.fits import BATCH, linear_fit, persistence
from labctl.analysis.mirror import mirror_of
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.readings import FloatArray
from labctl.analysis.repeating import LENGTHS, goes_with_time
from labctl.analysis.result import short_text
from labctl.analysis.strengths import STRENGTHS, Course, courses, in_all_strengths
from labctl.analysis.switching import Crossing

SURE = 10.0
"""Gain of the log-likelihood above which a wander is believed. White noise was seen to gain 6 in one of 600 loops of
24 groups and in one of 1500 of 40, and falls off by e for a unit or nearly so: 10 in fewer than one of 10 000."""
SLOW = 1.2
"""Variance of means of neighbours over what white noise gives, below which no wander is slow enough to repeat itself
with the loop: one good loop in twenty exceeds it, and none of a hundred such wanders that were found was below 1.7."""
STATE, SLOPE, DRIFT, GAP = 1, 2, 4, 5
"""Columns of the design; the others are offset and field squared."""


@dataclass(frozen=True, slots=True)
class Wander:
    """What the baseline leaves open.

    Attributes:
        amplitude: Signed amplitude at zero field and its uncertainty, ohm.
        slope: Ordinary slope and its uncertainty, ohm/T.
        levels: How far the half-way levels of the falling and the rising branch may be off, ohm.
        size: Root mean square by which the baseline goes beside its straight line, ohm.
        gap: Height by which the baseline must have stepped while the film switched, ohm; 0 where nothing shows it.
    """

    amplitude: tuple[float, float]
    slope: tuple[float, float]
    levels: tuple[float, float]
    size: float
    gap: float

    def note(self) -> str:
        """Say what was found."""
        if not self.gap:
            return f"the baseline wanders by about {short_text(self.size, 'ohm')}, which the uncertainties count"
        height = short_text(abs(self.gap), "ohm")
        return f"the baseline stepped by {height} while the film switched; in which branch is open, and counted"


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Saturated readings in order of time, in groups; time runs from 0 to 1 in the loop.

    `design` has the columns offset, state of the film, field, field squared, drift, last against first stretch;
    `at` are the times of the two crossings and `aims` their rows of the design half way.
    """

    time: FloatArray
    hall: FloatArray
    design: FloatArray
    at: FloatArray
    aims: FloatArray


@dataclass(frozen=True, slots=True)
class _Trials:
    """Fits with one kind of wander in all strengths, or with all kinds; the first index is the trial."""

    likelihood: FloatArray
    parameters: FloatArray
    covariance: FloatArray
    levels: FloatArray
    level_variance: FloatArray
    size: FloatArray

    def mean(self, values: FloatArray, variances: FloatArray) -> tuple[float, float]:
        """Mean over the trials as likely as they are, and its uncertainty with what they differ by."""
        weight = np.exp(self.likelihood - np.max(self.likelihood))
        weight /= np.sum(weight)
        centre = float(weight @ values)
        return centre, float(np.sqrt(max(0.0, weight @ (variances + (values - centre) ** 2))))

    def parameter(self, column: int) -> tuple[float, float]:
        """One parameter and its uncertainty."""
        return self.mean(self.parameters[:, column], self.covariance[:, column, column])


def wander_of(
    loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], width: float, trapped: float
) -> Wander | None:
    """What the baseline leaves open; None where it is straight as far as the noise tells, or nothing shows it.

    What reverses with the field is taken for the film's, unless it goes with the time and not with the field.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        both: Their half-way crossings.
        width: 10-90 % width of the switching, T.
        trapped: Field that the magnet may hold beside the reported one, T: it goes with the loop's history, and the
            ordinary slope makes of it what looks like a wander.
    """
    # What may be left to switch is no matter of the baseline.
    stretches = None if plateaus.left else _stretches(loop, plateaus, both, width)
    mirror = mirror_of(loop)
    if stretches is None or not (mirror.lopsided or _hangs_together(stretches)):
        return None
    kinds = [_fitted(stretches, course) for course in courses(LENGTHS)]
    fit = _Trials(*(np.concatenate([getattr(kind, name) for kind in kinds]) for name in _Trials.__slots__))
    wanders = float(np.max(fit.likelihood) - fit.likelihood[0]) >= SURE
    if not mirror.lopsided and not (wanders and goes_with_time(loop, plateaus, both, width, mirror.off)):
        return None
    straight = float(fit.parameters[0, GAP]), float(np.sqrt(fit.covariance[0, GAP, GAP]))
    gap, gap_error = fit.parameter(GAP) if wanders else straight
    gap = gap if abs(gap) > SIGNIFICANT * gap_error else 0.0
    size = float(np.sqrt(fit.mean(fit.size**2, np.zeros_like(fit.size))[0]))
    by_field = trapped * abs(plateaus.slope[0])
    if not (wanders and size > by_field) and abs(gap) <= 2 * by_field:
        return None
    amplitude, error = fit.parameter(STATE)
    # A step in the first switch or in the second moves the mean of both by a quarter of it, to either side.
    error = float(np.hypot(error, gap / 4))
    return Wander((amplitude, error), fit.parameter(SLOPE), _levels(fit, loop, plateaus, both, gap), size, gap)


def _levels(
    fit: _Trials, loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], gap: float
) -> tuple[float, float]:
    """How far the half-way levels of the falling and the rising branch may be off, ohm."""
    levels: list[float] = []
    for place, (branch, crossing) in enumerate(zip((loop.down, loop.up), both, strict=True)):
        level, error = fit.mean(fit.levels[:, place], fit.level_variance[:, place])
        away = level - float(plateaus.line(branch).level(crossing.field, 0.0))
        levels.append(float(np.linalg.norm([away, error, gap / 2])))
    return levels[0], levels[1]


def unsettled(both: tuple[Crossing, Crossing], wander: Wander) -> tuple[Crossing, Crossing]:
    """The crossings with what the levels leave open; a jump does not move."""
    down, up = (
        crossing
        if crossing.jump
        else replace(crossing, uncertainty=float(np.hypot(crossing.uncertainty, level / abs(crossing.slope))))
        for crossing, level in zip(both, wander.levels, strict=True)
    )
    return down, up


def _hangs_together(stretches: _Stretches) -> bool:
    """Whether straight lines leave over what may be a slow wander; it saves the work of looking for one."""
    return persistence(linear_fit(stretches.design, stretches.hall).residual) > SLOW


def _stretches(loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], width: float) -> _Stretches | None:
    crossings = both if loop.in_time[0] is loop.down else both[::-1]
    start = float(loop.in_time[0].rows.time[0])
    duration = float(loop.in_time[1].rows.time[-1]) - start
    size = group_size(loop)
    parts: list[FloatArray] = []
    for branch, crossing, late in zip(loop.in_time, crossings, (False, True), strict=True):
        before, after = calm(loop, plateaus, branch, crossing, width, size)
        if min(np.sum(before), np.sum(after)) < 2 * size or duration <= 0:
            return None
        state = 1.0 if branch.direction == "down" else -1.0
        first, last = (0.0, 0.5) if late else (-0.5, 0.0)
        for rows, sign, gap in ((before, state, first), (after, -state, last)):
            values = (branch.rows.time, branch.rows.hall, branch.rows.field)
            time, hall, field = (grouped(column[rows], size) for column in values)
            elapsed, one = (time - start) / duration, np.ones(len(time))
            parts.append(np.stack([elapsed, hall, one, sign * one, field, field**2, elapsed, gap * one], axis=1))
    table = np.concatenate(parts)
    if len(table) < 4 * BATCH or np.any(np.diff(table[:, 0]) < 0):
        return None
    at = [(float(branch.rows.time[crossing.row]) - start) / duration
          for branch, crossing in zip((loop.down, loop.up), both, strict=True)]  # fmt: skip
    aims = [[1.0, 0.0, crossing.field, crossing.field**2, time, 0.0] for time, crossing in zip(at, both, strict=True)]
    return _Stretches(table[:, 0], table[:, 1], table[:, 2:], np.array(at), np.array(aims))


def _beside(walks: FloatArray, line: FloatArray) -> FloatArray:
    """Root mean square of each trial's wander beside the straight line through it."""
    basis = np.linalg.qr(line)[0]
    return np.sqrt(np.mean((walks - walks @ basis @ basis.T) ** 2, axis=1))


def _fitted(stretches: _Stretches, course: Course) -> _Trials:
    """Universal kriging in time as `fits.krige` does it in field, with the noise taken from the readings themselves."""
    fit = in_all_strengths(stretches.design, stretches.hall, course(stretches.time, stretches.time))
    reach = fit.axes.T @ course(stretches.time, stretches.at)
    own, aims = np.diag(course(stretches.at, stretches.at)), stretches.aims
    strength = STRENGTHS[:, None]
    lack = aims.T - strength[..., None] * (fit.weighted @ reach)
    bridged = np.einsum("sat,sab,sbt->st", lack, fit.spread, lack)
    open_ = strength * own - strength**2 * (1 / fit.total @ reach**2) + bridged
    return _Trials(
        likelihood=fit.likelihood,
        parameters=fit.parameters,
        covariance=fit.spread * fit.variance[:, None, None],
        levels=fit.parameters @ aims.T + strength * ((fit.rest / fit.total) @ reach),
        level_variance=np.maximum(fit.variance[:, None] * open_, 0.0),
        size=_beside(strength * fit.along / fit.total * fit.rest, fit.design[:, [0, DRIFT]]),
    )
