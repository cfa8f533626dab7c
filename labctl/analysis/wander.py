"""A baseline that neither stays nor drifts evenly: how much of a loop's amplitude and of its levels it leaves open.

Where a film is saturated its Hall resistance shows what the baseline does: from the largest field to just before the
switch, and again after it. Between these stretches the baseline is interpolated as a random function of time, and what
that leaves open is an error of everything that is counted across the switch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.fits import BATCH
from labctl.analysis.mirror import is_lopsided
from labctl.analysis.plateaus import END, Plateaus
from labctl.analysis.readings import BoolArray, FloatArray
from labctl.analysis.result import short_text
from labctl.analysis.switching import Crossing

AWAY = 3.0
"""10-90 % widths from the half-way field beyond which a branch counts as straight; there an error function and a
hyperbolic tangent lack less than 1e-4 of the amplitude."""
GROUPS = 360
"""Groups of neighbouring readings that a long loop is put together to; the work goes with the cube of their number."""
OPEN = 0.25
"""Part of the amplitude by which the branches are apart where a film of two layers has switched one of them."""
FEWEST = 4
"""Groups after the switch that a branch must have."""
LENGTHS = (0.1, 0.2, 0.4, 0.8)
"""Parts of the loop's time over which a smooth wander is taken to hang together."""
STRENGTHS = np.concatenate([[0.0], np.geomspace(1e-2, 1e8, 31)])
"""Trial variances of a wander over that of a group's noise."""
SURE = 10.0
"""Gain of the log-likelihood above which a wander is believed. White noise was seen to gain 6 in one of 600 loops of
24 groups and in one of 1500 of 40, and falls off by e for a unit or nearly so: 10 in fewer than one of 10 000."""
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

    What reverses with the field is taken for the film's, and no wander is looked for in it.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        both: Their half-way crossings.
        width: 10-90 % width of the switching, T.
        trapped: Field that the magnet may hold beside the reported one, T: it goes with the loop's history, and the
            ordinary slope makes of it what looks like a wander.
    """
    # What may be left to switch is no matter of the baseline.
    stretches = None if plateaus.left or not is_lopsided(loop) else _stretches(loop, plateaus, both, width)
    if stretches is None:
        return None
    kinds = [_fitted(stretches, kind) for kind in range(len(LENGTHS) + 2)]
    fit = _Trials(*(np.concatenate([getattr(kind, name) for kind in kinds]) for name in _Trials.__slots__))
    wanders = float(np.max(fit.likelihood) - fit.likelihood[0]) >= SURE
    straight = float(fit.parameters[0, GAP]), float(np.sqrt(fit.covariance[0, GAP, GAP]))
    gap, gap_error = fit.parameter(GAP) if wanders else straight
    gap = gap if abs(gap) > SIGNIFICANT * gap_error else 0.0
    size = float(np.sqrt(fit.mean(fit.size**2, np.zeros_like(fit.size))[0]))
    by_field = trapped * abs(plateaus.slope[0])
    if not (wanders and size > by_field) and abs(gap) <= 2 * by_field:
        return None
    levels: list[float] = []
    for place, (branch, crossing) in enumerate(zip((loop.down, loop.up), both, strict=True)):
        level, error = fit.mean(fit.levels[:, place], fit.level_variance[:, place])
        away = level - float(plateaus.line(branch).level(crossing.field, 0.0))
        levels.append(float(np.linalg.norm([away, error, gap / 2])))
    amplitude, error = fit.parameter(STATE)
    # A step in the first switch or in the second moves the mean of both by a quarter of it, to either side.
    error = float(np.hypot(error, gap / 4))
    return Wander((amplitude, error), fit.parameter(SLOPE), (levels[0], levels[1]), size, gap)


def unsettled(both: tuple[Crossing, Crossing], wander: Wander) -> tuple[Crossing, Crossing]:
    """The crossings with what the levels leave open; a jump does not move."""
    down, up = (
        crossing
        if crossing.sharp
        else replace(crossing, uncertainty=float(np.hypot(crossing.uncertainty, level / abs(crossing.slope))))
        for crossing, level in zip(both, wander.levels, strict=True)
    )
    return down, up


def _stretches(loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], width: float) -> _Stretches | None:
    crossings = both if loop.in_time[0] is loop.down else both[::-1]
    start = float(loop.in_time[0].rows.time[0])
    duration = float(loop.in_time[1].rows.time[-1]) - start
    size = -(-(len(loop.down.rows.field) + len(loop.up.rows.field)) // GROUPS)
    parts: list[FloatArray] = []
    for branch, crossing, late in zip(loop.in_time, crossings, (False, True), strict=True):
        before, after = _calm(loop, plateaus, branch, crossing, width, size)
        if min(np.sum(before), np.sum(after)) < 2 * size or duration <= 0:
            return None
        state = 1.0 if branch.direction == "down" else -1.0
        first, last = (0.0, 0.5) if late else (-0.5, 0.0)
        for rows, sign, gap in ((before, state, first), (after, -state, last)):
            values = (branch.rows.time, branch.rows.hall, branch.rows.field)
            time, hall, field = (_grouped(column[rows], size) for column in values)
            elapsed, one = (time - start) / duration, np.ones(len(time))
            parts.append(np.stack([elapsed, hall, one, sign * one, field, field**2, elapsed, gap * one], axis=1))
    table = np.concatenate(parts)
    if len(table) < 4 * BATCH or np.any(np.diff(table[:, 0]) < 0):
        return None
    at = [(float(branch.rows.time[crossing.row]) - start) / duration
          for branch, crossing in zip((loop.down, loop.up), both, strict=True)]  # fmt: skip
    aims = [[1.0, 0.0, crossing.field, crossing.field**2, time, 0.0] for time, crossing in zip(at, both, strict=True)]
    return _Stretches(table[:, 0], table[:, 1], table[:, 2:], np.array(at), np.array(aims))


def _calm(
    loop: Loop, plateaus: Plateaus, branch: Branch, crossing: Crossing, width: float, size: int
) -> tuple[BoolArray, BoolArray]:
    """Rows of a branch before and after its switch at which it is straight."""
    sign = -1.0 if branch.direction == "down" else 1.0
    onwards = sign * (branch.rows.field - crossing.field)
    reach = AWAY * width + crossing.spacing
    end, closed = (loop.low, plateaus.closed[0]) if sign < 0 else (loop.high, plateaus.closed[1])
    begun = plateaus.inner[1] if sign < 0 else plateaus.inner[0]
    left, joined = sign * (begun - crossing.field), sign * (closed - crossing.field)
    # Where the film has a tail of grains that switch late, the arriving branch counts from where it has joined.
    late = abs(closed - end) < END * (loop.high - loop.low) / 2 * (1 - 1e-6)
    after = onwards >= (joined if late else min(reach, joined))
    after &= onwards > _opened(loop, branch, onwards, plateaus)
    if np.sum(after) < FEWEST * size:  # so late that a wander may have parted the ends
        after = onwards >= min(reach, joined)
    # The ends count in any case: a wander may make the switch look as wide as the loop.
    return onwards <= max(-reach, left), after


def _opened(loop: Loop, branch: Branch, onwards: FloatArray, plateaus: Plateaus) -> float:
    """How far beyond its middle a branch is still apart from the other one: there a part of the film has yet to switch.

    A wander parts the branches, too, but a little.
    """
    other = loop.up.rows if branch is loop.down else loop.down.rows
    order = np.argsort(other.field, kind="stable")
    apart = np.abs(branch.rows.hall - np.interp(branch.rows.field, other.field[order], other.hall[order]))
    limit = max(OPEN * abs(plateaus.amplitude[0]), 2 * SIGNIFICANT * plateaus.noise)
    return float(np.max(onwards[apart > limit], initial=-np.inf))


def _grouped(values: FloatArray, size: int) -> FloatArray:
    """Means of so many neighbours each; what is left over at the end is left out."""
    whole = len(values) // size
    return values[: whole * size].reshape(whole, size).mean(axis=1)


def _covariance(kind: int, first: FloatArray, second: FloatArray) -> FloatArray:
    """Of a wander of unit strength between two times: a random walk, its integral, or a smooth one of some length."""
    a, b = first[:, None], second[None, :]
    low, high = np.minimum(a, b), np.maximum(a, b)
    if kind == 0:
        return np.asarray(low, dtype=np.float64)
    if kind == 1:
        return np.asarray(low**2 * (3 * high - low) / 2, dtype=np.float64)
    return np.asarray(np.exp(-(((a - b) / LENGTHS[kind - 2]) ** 2) / 2), dtype=np.float64)


def _beside(walks: FloatArray, line: FloatArray) -> FloatArray:
    """Root mean square of each trial's wander beside the straight line through it."""
    basis = np.linalg.qr(line)[0]
    return np.sqrt(np.mean((walks - walks @ basis @ basis.T) ** 2, axis=1))


def _fitted(stretches: _Stretches, kind: int) -> _Trials:
    """Universal kriging in time as `fits.krige` does it in field, with the noise taken from the readings themselves."""
    along, axes = np.linalg.eigh(_covariance(kind, stretches.time, stretches.time))
    along = np.maximum(along, 0.0)
    reach = axes.T @ _covariance(kind, stretches.time, stretches.at)
    own = np.diag(_covariance(kind, stretches.at, stretches.at))
    design, hall, aims = axes.T @ stretches.design, axes.T @ stretches.hall, stretches.aims
    strength = STRENGTHS[:, None]
    total = 1 + strength * along
    weighted = design.T / total[:, None, :]
    information = weighted @ design
    spread = np.linalg.inv(information)
    beta = (spread @ (weighted @ hall)[..., None])[..., 0]
    rest = hall - beta @ design.T
    freedom = len(hall) - design.shape[1]
    variance = np.maximum(np.sum(rest**2 / total, axis=1) / freedom, 1e-300)
    misfit = freedom * np.log(variance) + np.sum(np.log(total), axis=1) + np.linalg.slogdet(information)[1]
    lack = aims.T - strength[..., None] * (weighted @ reach)
    open_ = strength * own - strength**2 * (1 / total @ reach**2) + np.einsum("sat,sab,sbt->st", lack, spread, lack)
    return _Trials(
        likelihood=-0.5 * misfit,
        parameters=beta,
        covariance=spread * variance[:, None, None],
        levels=beta @ aims.T + strength * ((rest / total) @ reach),
        level_variance=np.maximum(variance[:, None] * open_, 0.0),
        size=_beside(strength * along / total * rest, design[:, [0, DRIFT]]),
    )
