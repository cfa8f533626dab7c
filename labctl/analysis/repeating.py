"""A baseline that repeats itself with the loop, told from a film, which goes with the field and not with the time.

A baseline that goes to and fro an odd number of times in a loop reverses with the field as a film does. But a film
stays on one line from the largest field to zero field, but for a background that the branch which arrives there has as
well, and only that one may have a tail of what switches late. A wander in time parts the branches to both sides: the
one that leaves goes from its line as far as the one that arrives, and over a turn of the field it goes on evenly.
"""

from __future__ import annotations

import numpy as np

from labctl.analysis.branches import Loop
from labctl.analysis.calm import calm, group_size, grouped
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.readings import BoolArray, FloatArray
from labctl.analysis.strengths import courses, in_all_strengths
from labctl.analysis.switching import Crossing

LENGTHS = (0.1, 0.2, 0.4, 0.8)
"""Parts of the loop's time over which a smooth wander is taken to hang together."""
OF_FIELD = (*LENGTHS, *(4 * length for length in LENGTHS[2:]))
"""Parts of the half span of the field over which what a film does is: the same, and as long ones as those in time, for
the field runs over its half span in a quarter of the loop."""
LIKELIER = 3.0
"""Gain of the log-likelihood over that of a film above which a wander is believed: it is twenty times as likely then.
Of 1600 films of many kinds (tails, layers, backgrounds) with little noise one, with a tail as 1/H, lost more."""
FEWEST = 24
"""Groups of readings from which the two are told apart."""


def goes_with_time(
    loop: Loop,
    plateaus: Plateaus,
    both: tuple[Crossing, Crossing],
    width: float,
    left_out: tuple[tuple[float, float], ...],
) -> bool:
    """Whether a wander in time describes the saturated readings better than what films do, beside straight lines.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        both: Their half-way crossings.
        width: 10-90 % width of the switching, T.
        left_out: Stretches, T, in which the falling branch and the mirror image of the rising one differ: there a
            layer with a shifted loop switches.
    """
    table = _saturated(loop, plateaus, both, width, left_out)
    time, hall, design, side, arrives, away = np.split(table, [1, 2, 7, 8, 9], axis=1)
    if len(table) < FEWEST:
        return False
    in_time = _likelihood(design, hall, [course(time[:, 0], time[:, 0]) for course in courses(LENGTHS)])
    return in_time > LIKELIER + _likelihood(design, hall, _of_film(side[:, 0], arrives[:, 0], away[:, 0]))


def _likelihood(design: FloatArray, hall: FloatArray, covariances: list[FloatArray]) -> float:
    """Logarithm of the mean over all kinds and strengths: that there are many of them makes nothing likelier."""
    trials = np.concatenate([in_all_strengths(design, hall[:, 0], kind).likelihood for kind in covariances])
    highest = float(np.max(trials))
    return highest + float(np.log(np.mean(np.exp(trials - highest))))


def _of_film(side: FloatArray, arrives: FloatArray, away: FloatArray) -> list[FloatArray]:
    """Covariances of what films do in saturation: a background, odd or of any parity, and a tail, or one of them.

    A tail is on the arriving branches only, alike on both, and is counted from the end of the field.
    """
    reverses, arriving = np.outer(side, side), np.outer(arrives, arrives)
    kinds: list[FloatArray] = []
    for course in courses(OF_FIELD):
        tail = reverses * arriving * course(1 - away, 1 - away)
        for background in (reverses * course(away, away), (reverses > 0) * course(away, away)):
            kinds += [background, background + tail]
        kinds.append(tail)
    return kinds


def _within(field: FloatArray, stretches: tuple[tuple[float, float], ...]) -> BoolArray:
    inside = np.zeros(len(field), dtype=np.bool_)
    for low, high in stretches:
        inside |= (field >= low) & (field <= high)
    return inside


def _saturated(
    loop: Loop,
    plateaus: Plateaus,
    both: tuple[Crossing, Crossing],
    width: float,
    left_out: tuple[tuple[float, float], ...],
) -> FloatArray:
    """Groups of readings in order of time, those of the leaving branches up to the middle of the field.

    Columns are the time (0 to 1 in the loop), the Hall resistance (ohm), the design (offset, state of the film, field,
    its square, drift), the side of the field, 1 on an arriving branch and else 0, and the distance from the middle
    over the half span of the field.
    """
    start = float(loop.in_time[0].rows.time[0])
    duration = float(loop.in_time[1].rows.time[-1]) - start
    middle, half = (loop.low + loop.high) / 2, (loop.high - loop.low) / 2
    size = group_size(loop)
    parts: list[FloatArray] = []
    for branch in loop.in_time:
        falling = branch.direction == "down"
        sense, crossing = (1.0, both[0]) if falling else (-1.0, both[1])
        before, after = calm(loop, plateaus, branch, crossing, width, size)
        use = ~_within(sense * branch.rows.field, left_out)
        leaving = before & use & (sense * (branch.rows.field - middle) > 0)
        for rows, side, arrives in ((leaving, sense, 0.0), (after & use, -sense, 1.0)):
            values = (branch.rows.time, branch.rows.hall, branch.rows.field)
            time, hall, field = (grouped(column[rows], size) for column in values)
            elapsed, one = (time - start) / duration, np.ones(len(time))
            away = np.clip(side * (field - middle) / half, 0.0, 1.0)
            columns = [elapsed, hall, one, side * one, field, field**2, elapsed, side * one, arrives * one, away]
            parts.append(np.stack(columns, axis=1))
    return np.concatenate(parts)
