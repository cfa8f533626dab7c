"""Between the two switches: a background that is not straight, which moves the half-way level of both.

The half-way level of a switch is taken from lines through the saturated ends. A background that is not straight (two
kinds of carriers, a paramagnetic layer that saturates) leaves these lines, and shows it at zero field: it is odd and
vanishes there, so that a film that has not begun to switch stands at another height than the lines extrapolate to. A
film that has begun lacks as much again after the switch, twice as far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, stdtrit

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.fits import linear_fit
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import Result, short_text
from labctl.analysis.switching import Crossing

AWAY = 1.5
"""10-90 % widths before its half-way field up to which a branch counts as it left saturation; there a hyperbolic
tangent lacks 0.3 % of the amplitude, and an error function less."""
FEWEST = 6
"""Readings of the falling branch between the switches from which their mean tells its slope."""
NEAR = 0.15
"""Part of the coercive field about zero, and about twice the coercive field, in which readings count for these."""
FARTHEST = 0.5
"""Part of the coercive field within which the nearest two readings count where fewer are near."""
SMALL = 0.005
"""Part of the amplitude below which a bent background is not worth a sentence."""
DOUBTFUL = 2.5
"""Standard errors from which the curve at zero field makes the lines of the ends doubtful; one good loop in eighty is
so by chance, and is stated wider than it need be."""


@dataclass(frozen=True, slots=True)
class Lack:
    """By how much the curve at zero field is off the lines of the ends before it switches.

    Attributes:
        height: ohm; 0 where it is on them as far as the noise tells.
        sure: Whether that is beyond doubt; it is said then, and else counted as an error of the lines.
    """

    height: float
    sure: bool

    @property
    def doubt(self) -> float:
        """Error of the amplitude from lines that may be off, ohm."""
        return 0.0 if self.sure else self.height


def with_bent_background(
    loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], width: float, lack: Lack, said: dict[str, str]
) -> tuple[Crossing, Crossing]:
    """The crossings, as uncertain as a background that is not straight may move them.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        both: Their crossings.
        width: 10-90 % width of the switching, T.
        lack: See `lack_at_zero`.
        said: Notes by branch, to which is added what was found.
    """
    if not lack.height:
        return both
    slope = _slope_between(loop, plateaus, both, AWAY * width)
    size = short_text(lack.height, "ohm")
    found: list[Crossing] = []
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        # Anything from nothing to all of it, unless the readings before the switch say how far it has come.
        off = lack.height / float(np.sqrt(3)) if slope is None else min(lack.height, abs(slope * crossing.field))
        moved = off / abs(crossing.slope)
        if crossing.jump or moved <= crossing.uncertainty:
            found.append(crossing)
            continue
        found.append(replace(crossing, uncertainty=float(np.hypot(crossing.uncertainty, moved))))
        if not lack.sure:
            continue
        note = (
            f"at zero field the curve is {size} off the lines of its ends before it switches: with "
            f"a background that is not straight the film's own half-way field lies some {short_text(moved, 'T')} "
            "beside this one, which the uncertainty counts"
        )
        said[branch.direction] = "; ".join(filter(None, [said.get(branch.direction), note]))
    return found[0], found[1]


def said_of(result: Result, lack: Lack) -> Result:
    """Amplitude or slope of the ends, with a sentence on what of that is not there at zero field."""
    if not lack.sure:
        return result
    note = (
        f"of the ends: at zero field the curve is {short_text(lack.height, 'ohm')} off their lines before it switches, "
        "so there is a soft layer, a background that is not straight or a baseline; see remanence_ratio"
    )
    return replace(result, note="; ".join(filter(None, [result.note, note])))


def lack_at_zero(loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing]) -> Lack:
    """By how much the curve at zero field is off the lines of the ends before it switches."""
    if not both[0].field * both[1].field < 0:
        return Lack(0.0, False)
    total, square = 0.0, plateaus.amplitude[1] ** 2
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        begun = _height(branch, plateaus, 0.0, crossing.field)
        if begun is None:
            return Lack(0.0, False)
        past = _height(branch, plateaus, 2 * crossing.field, crossing.field)
        amplitude = abs(plateaus.line(branch).amplitude[0])
        before, after = -begun[0] / amplitude, 1.0 if past is None else past[0] / amplitude
        # What a film lacks after the switch only is its tail, and no matter of the background.
        total += amplitude * (min(max(after, before), 1.0) - before if before < 1 else 1.0 - before)
        square += (begun[1] ** 2 + (past[1] if past else 0.0) ** 2) / 4
    height, error = abs(total) / 2, float(np.sqrt(square))
    # Where the ends have few readings their noise is not known well enough for normal errors.
    freedom = sum(len(end.rows) for end in plateaus.ends) - len(plateaus.joint.parameters)
    certain = -float(stdtrit(max(freedom, 1), ndtr(-SIGNIFICANT)))
    sure = height > max(certain * error, SMALL * abs(plateaus.amplitude[0]))
    return Lack(height if height > DOUBTFUL * error else 0.0, sure)


def _height(branch: Branch, plateaus: Plateaus, field: float, coercive: float) -> tuple[float, float] | None:
    """Height over the half-way line near a field, turned so that the switch goes up, and its error, ohm.

    None where the branch has no readings there.
    """
    away = np.abs(branch.rows.field - field)
    near = away <= NEAR * abs(coercive)
    if np.sum(near) < 2:
        near = away <= min(float(np.sort(away)[1]), FARTHEST * abs(coercive))
    if not branch.low <= field <= branch.high or not np.any(near):
        return None
    sense = float(np.sign(plateaus.amplitude[0])) * (1.0 if branch.direction == "up" else -1.0)
    height = sense * (branch.rows.hall - plateaus.line(branch).level(branch.rows.field, 0.0))[near]
    return float(np.mean(height)), plateaus.noise / float(np.sqrt(np.sum(near)))


def _slope_between(loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], away: float) -> float | None:
    """Slope of the mean of both branches between their switches, beside that of the ends, ohm/T.

    None where too few readings tell.
    """
    low, high = both[0].field + away, both[1].field - away
    (down, down_hall), (up, up_hall) = (_beside(branch, plateaus) for branch in (loop.down, loop.up))
    inside = (down > low) & (down < high)
    field = down[inside]
    if away <= 0 or len(field) < FEWEST or float(np.ptp(field)) == 0:
        return None
    mean = (down_hall[inside] + np.interp(field, up, up_hall)) / 2
    return float(linear_fit(np.stack([np.ones(len(field)), field], axis=1), mean).parameters[1])


def _beside(branch: Branch, plateaus: Plateaus) -> tuple[FloatArray, FloatArray]:
    """Field, ascending, T; Hall resistance beside the branch's half-way line, ohm."""
    order = np.argsort(branch.rows.field, kind="stable")
    height = branch.rows.hall - plateaus.line(branch).level(branch.rows.field, 0.0)
    return branch.rows.field[order], height[order]
