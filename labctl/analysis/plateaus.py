"""The saturated ends of a loop: straight lines through them, the drift between them, and whether they are saturated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from labctl.analysis.bends import bend_of_longer, odd_bend
from labctl.analysis.branches import Branch, Loop
from labctl.analysis.ends import (
    AGREE,
    FEWEST,
    SIGNIFICANT,
    End,
    closing,
    ends_of,
    enough,
    inner_fields,
    wander,
    why_open,
)
from labctl.analysis.fits import LinearFit, linear_fit
from labctl.analysis.noise import TELLING, end_noise, noise_of_few, unresolved
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import quantity_text

END = 0.2
"""Outer part of the half span of the field in which a loop is expected to be saturated."""
WIDER_ENDS, NARROWER_ENDS = (0.2, 0.3, 0.4, 0.5), (0.14, 0.1, 0.06, 0.04, 0.03, 0.02, 0.015, 0.01)
"""Tried in turn: wider where the points are few, narrower where the switching reaches into the outer fifth."""
MISFIT = 2.5
"""How many times the noise from point to point straight ends may leave over before they are not straight."""
FEWEST_CLOSED = 5
"""Points of the arriving branch from which an end narrower than `END` may tell that the branches agree."""
MOST_BENT = 0.03
"""Part of the swing that a bend of the ends may leave open; less is an error of the amplitude."""
TOLERATED = 0.005
"""Part of the swing that may be left to switch at the largest field; it is counted as an error of the amplitude."""
UNSURE = 0.02
"""Part of the amplitude from which its uncertainty is worth longer ends."""
LONGER = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Tried in turn."""
SQUARE, NEAREST = 0.05, 5
"""Part of the swing by which a square loop's branches may be off their lines at the middle, by so many readings; by
fewer where a branch has less than ten times as many."""


@dataclass(frozen=True, slots=True)
class BranchLine:
    """The two saturated lines of one raw branch, with a slope of their own that takes up a drift along the branch.

    `fit` has the parameters middle, half distance (both ohm, at zero field) and slope (ohm/T).
    """

    fit: LinearFit

    @property
    def amplitude(self) -> tuple[float, float]:
        """Signed half distance of the lines and its uncertainty, ohm."""
        return self.fit.combine(np.array([0.0, 1.0, 0.0]))

    def level(self, field: FloatArray | float, part: float) -> FloatArray:
        """Hall resistance at which the part of the amplitude -1 ... 1 is reached, ohm."""
        middle, half, slope = self.fit.parameters
        return np.asarray(middle + part * half + slope * np.asarray(field), dtype=np.float64)

    def level_uncertainty(self, field: float, part: float) -> float:
        """Standard uncertainty of `level`, ohm."""
        return self.fit.combine(np.array([1.0, part, field]))[1]


@dataclass(frozen=True, slots=True)
class Plateaus:
    """The ends of a loop and what they say.

    Attributes:
        ends: Low and high end of the falling and the rising branch.
        inner: Fields (low, high) at which the ends begin from which the branches leave, T.
        closed: Fields (low, high) at which the ends begin in which the arriving branches have joined them, T.
        noise: Standard deviation of one reading, ohm.
        joint: Fit of all ends: offset, amplitude, slope (ohm/T), drift (ohm/s), slope of the even part (ohm/T).
        middle_time: s, where the drift is counted from.
        down, up: Lines of the raw branches.
        bend: Error of the amplitude from ends that still bend, ohm.
        bend_error: How well a bend would be seen, ohm; endless where the ends have too few points.
        unresolved: Error of amplitude and offset from readings with few digits, or from a step of the baseline that may
            lie elsewhere, ohm.
        doubt: Error of the half-way levels from such a step, ohm.
        even_open: Error of the offset from a background that goes with the field's square, ohm.
        slope_open: Error of the slope from a baseline that drifts unevenly or jumps, ohm/T.
        left: What the film may have left to switch at the largest fields, ohm, where the branches differ a little at
            the ends; 0 where they agree. It is counted in `bend`, too.
        why_not: Why the loop is not saturated; None when it is.
        open_ends: Not saturated because the branches differ at an end.
    """

    ends: tuple[End, ...]
    inner: tuple[float, float]
    closed: tuple[float, float]
    noise: float
    joint: LinearFit
    middle_time: float
    down: BranchLine
    up: BranchLine
    bend: float
    bend_error: float
    why_not: str | None
    open_ends: bool
    unresolved: float = 0.0
    left: float = 0.0
    doubt: float = 0.0
    even_open: float = 0.0
    slope_open: float = 0.0

    @property
    def amplitude(self) -> tuple[float, float]:
        """Signed amplitude of the joint fit and its uncertainty, ohm."""
        return self.joint.combine(np.array([0.0, 1.0, 0.0, 0.0, 0.0]))

    @property
    def slope(self) -> tuple[float, float]:
        """Slope of the ends that is odd in field and its uncertainty, ohm/T."""
        return self.joint.combine(np.array([0.0, 0.0, 1.0, 0.0, 0.0]))

    @property
    def even_slope(self) -> tuple[float, float]:
        """Slope of the ends against the field's magnitude and its uncertainty, ohm/T."""
        return self.joint.combine(np.array([0.0, 0.0, 0.0, 0.0, 1.0]))

    @property
    def drift(self) -> float:
        """Drift of the baseline, ohm per second (per row in a table without time).

        None is believed where the gap between first and last may be what the film has left to switch.
        """
        return 0.0 if self.left else float(self.joint.parameters[3])

    def line(self, branch: Branch) -> BranchLine:
        """The raw lines of a branch of this loop."""
        return self.down if branch.direction == "down" else self.up


def find_plateaus(loop: Loop) -> Plateaus | str:
    """The widest ends at which the loop is saturated, or why it is not; a sentence where there are too few points."""
    wide = next((part for part in WIDER_ENDS if enough(ends_of(loop, part, part))), None)
    if wide is None:
        return f"fewer than {FEWEST} points of each branch in the outer halves of the field"
    first = _plateaus(loop, wide, wide)
    if first.why_not is None:
        return _surer(loop, first, wide)
    mended: Plateaus | None = None
    if wide <= END:
        mended = (_closed_later(loop) if first.open_ends else _wider(loop)) or _narrower(loop, first)
        mended = mended or (_nearly_closed(loop) if first.open_ends else None)
    return mended or _open_by_chance(loop, wide) or first


def _surer(loop: Loop, first: Plateaus, wide: float) -> Plateaus:
    """With longer ends of the branches that come from saturation, where noise makes the amplitude unsure otherwise.

    What such an end may bend is counted; it has to be less than what the longer end makes surer.
    """
    best, least = first, _amplitude_error(first)
    if least < UNSURE * abs(first.amplitude[0]):
        return first
    for part in LONGER:
        if part > wide:
            trial = _plateaus(loop, part, wide)
            error = _amplitude_error(trial)
            if trial.why_not is None and trial.bend <= AGREE * trial.bend_error and error < least:
                best, least = trial, error
    return best


def _amplitude_error(plateaus: Plateaus) -> float:
    return float(np.hypot(plateaus.amplitude[1], plateaus.bend))


def _wider(loop: Loop) -> Plateaus | None:
    """Wider ends where the noise hides the switch between narrow ones; None if these are no better."""
    for part in WIDER_ENDS[1:]:
        trial = _plateaus(loop, part, part)
        if trial.why_not is None and (_is_square(loop, trial) or _is_straight(trial)):
            return trial
    return None


def _open_by_chance(loop: Loop, wide: float) -> Plateaus | None:
    """The wide ends, if they differ by less than must be believed and no narrower ones were any better.

    What is left of a switch is gone over narrower ends; noise is not, and where the points are few there are none.
    """
    trial = _plateaus(loop, wide, wide, SIGNIFICANT)
    return trial if trial.why_not is None else None


def _closed_later(loop: Loop) -> Plateaus | None:
    """The ends of a square loop whose switching reaches into them; None if it is none or its branches do not join.

    A branch that comes from saturation is straight, and keeps the whole end; the one that arrives counts from where
    it has joined the other. Were the tail of the switching counted, it would tilt the lines; therefore the next
    narrower end is taken, too, where it has points enough: at the edge of the first a tail of a few errors may hide.
    """
    usable = [part for part in NARROWER_ENDS if enough(ends_of(loop, END, part), arriving=FEWEST_CLOSED)]
    for part, safer in pairwise([*usable, *usable[-1:]]):
        trial = _plateaus(loop, END, part)
        if trial.why_not is None and _is_square(loop, trial) and not _lags(loop, trial):
            tighter = _plateaus(loop, END, safer)
            return trial if tighter.why_not else tighter
    return None


def _nearly_closed(loop: Loop) -> Plateaus | None:
    """The ends of a square loop of which hardly anything is left to switch; None if it is more.

    The last grains of a film may stay behind: what they lack is an error of the amplitude, and hides no other result.
    """
    part = next((part for part in reversed(NARROWER_ENDS) if enough(ends_of(loop, END, part), FEWEST_CLOSED)), None)
    if part is None:
        return None
    trial = _plateaus(loop, END, part)
    left = _left_over(loop, trial)
    if not trial.open_ends or left > TOLERATED * 2 * abs(trial.amplitude[0]) or not _is_square(loop, trial):
        return None
    bend = float(np.hypot(trial.bend, left))
    return _judged(loop, replace(trial, why_not=None, open_ends=False, bend=bend, left=left))


def _left_over(loop: Loop, trial: Plateaus) -> float:
    """How far the branches may be apart at either end, or first and last, ohm: what they are, and twice its error."""
    residuals = np.split(trial.joint.residual, np.cumsum([len(end.rows) for end in trial.ends])[:-1])
    sigma = trial.noise * float(np.sqrt(wander(trial.ends)))
    gaps = [closing(loop, trial.ends, trial.slope[0], trial.noise)]
    for down, up in ((0, 2), (1, 3)):
        error = sigma * float(np.sqrt(1 / len(residuals[down]) + 1 / len(residuals[up])))
        gaps.append((float(np.mean(residuals[up]) - np.mean(residuals[down])), error))
    return max(abs(gap) + 2 * error for gap, error in gaps)


def _lags(loop: Loop, trial: Plateaus) -> bool:
    """The last branch ends beside the first in the sense of grains that have not switched.

    Where the switching reaches into the ends these cannot be told from a drift, which would hide them.
    """
    gap, error = closing(loop, trial.ends, trial.slope[0], trial.noise)
    arrives_high = loop.in_time[1].direction == "up"
    return abs(gap) > SIGNIFICANT * error and (gap * trial.amplitude[0] < 0) == arrives_high


def _narrower(loop: Loop, first: Plateaus) -> Plateaus | None:
    """Narrower ends of both branches; None if the loop is not saturated there either.

    A narrower end helps where the switching reaches into the wider one; a bend only hides in it. It does not help a
    square loop that is open: there the branches differ less only because less is known of their lines.
    """
    for part in NARROWER_ENDS:
        if enough(ends_of(loop, part, part), arriving=FEWEST_CLOSED):
            trial = _plateaus(loop, part, part)
            square = _is_square(loop, trial)
            if trial.why_not is None and square != first.open_ends and (square or _is_straight(trial)):
                return trial
    return None


def _is_square(loop: Loop, plateaus: Plateaus) -> bool:
    """Both branches stay on their lines down to the middle of the field: these are the lines of saturation."""
    middle, swing = (loop.low + loop.high) / 2, 2 * abs(plateaus.amplitude[0])
    for branch, side in ((loop.down, 1.0), (loop.up, -1.0)):
        before = np.flatnonzero((branch.rows.field - middle) * side >= 0)  # coming from saturation
        count = len(branch.rows.field)
        # As many readings as the noise asks for, but not half the branch.
        wanted = min(int(min(plateaus.noise / (SQUARE / 4 * swing + 1e-300), 1e6) ** 2), count // 20)
        wanted = max(min(NEAREST, count // 10), wanted, 1)
        nearest = before[np.argsort(np.abs(branch.rows.field[before] - middle))[:wanted]]
        if not len(nearest):
            return False
        field, hall = branch.rows.field[nearest], branch.rows.hall[nearest]
        away = float(np.mean(hall - plateaus.line(branch).level(field, side)))
        if abs(away) > SQUARE * swing + 2 * plateaus.noise / np.sqrt(len(nearest)):
            return False
    return True


def _is_straight(plateaus: Plateaus) -> bool:
    """A bend that matters would have been seen."""
    return plateaus.bend + 2 * plateaus.bend_error < MOST_BENT * 2 * abs(plateaus.amplitude[0])


def _plateaus(loop: Loop, part: float, arriving: float, agree: float = AGREE) -> Plateaus:
    ends = ends_of(loop, part, arriving)
    noise = end_noise(ends, loop)
    times = np.concatenate([loop.down.rows.time, loop.up.rows.time])
    middle_time = float((np.min(times) + np.max(times)) / 2)
    design, hall = _joint_design(ends, middle_time), np.concatenate([end.hall for end in ends])
    if any(len(end.rows) < TELLING for end in ends):
        of_few = noise_of_few(design, hall)
        noise = of_few if of_few < MISFIT * noise else noise
    joint = linear_fit(design, hall, noise)
    residuals = np.split(joint.residual, np.cumsum([len(end.rows) for end in ends])[:-1])
    used = [(e, r) for e, r in zip(ends, residuals, strict=True) if e.leaving or arriving == part]
    bend, bend_error = odd_bend([end for end, _ in used], [residual for _, residual in used], noise)
    wider = max(1.0, END / part)  # over a narrower end the same curve bends less
    draft = Plateaus(
        ends=ends,
        inner=inner_fields(loop, part),
        closed=inner_fields(loop, arriving),
        noise=noise,
        joint=joint,
        middle_time=middle_time,
        down=_branch_line(ends[:2], noise),
        up=_branch_line(ends[2:], noise),
        bend=bend * wider,
        bend_error=bend_error * wider,
        why_not=why_open(ends, residuals, noise * float(np.sqrt(wander(ends))), agree),
        open_ends=False,
    )
    if draft.why_not is not None:
        return replace(draft, open_ends=True)
    judged = _judged(loop, draft)
    return replace(judged, bend=_counted_bend(loop, draft, part), unresolved=unresolved(loop, noise))


def _judged(loop: Loop, draft: Plateaus) -> Plateaus:
    """With the reason why it is not saturated although its branches agree at the ends; None if there is none."""
    return replace(draft, why_not=_why_no_switch(draft) or _why_contrary(draft) or _why_bent(loop, draft))


def _counted_bend(loop: Loop, draft: Plateaus, part: float) -> float:
    """The bend as an error of the amplitude, ohm.

    A square loop shows by its long straight branches that there is none unless it stands out; a slanted one may hide
    as much as its noise allows, and so may ends that are long themselves.
    """
    if draft.bend > 3 * draft.bend_error:
        return draft.bend
    if part <= END and _is_square(loop, draft):
        return 0.0
    hidden = float(np.hypot(draft.bend, draft.bend_error))
    if not _is_slanted(loop, draft):
        hidden = min(hidden, bend_of_longer(loop, draft.ends, draft.noise))
    return hidden if np.isfinite(hidden) else 0.0


def _why_no_switch(draft: Plateaus) -> str | None:
    value, error = draft.amplitude
    if abs(value) > SIGNIFICANT * error:
        return None
    difference = quantity_text(2 * value, 2 * error, "ohm")
    after = f"after the slope the ends differ by {difference}"
    return f"not saturated: no switch within the field stands out of the noise, {after}"


def _why_contrary(draft: Plateaus) -> str | None:
    """Each branch must switch for itself, and in the same sense."""
    down, up = draft.down.amplitude[0], draft.up.amplitude[0]
    if down * draft.amplitude[0] > 0 and up * draft.amplitude[0] > 0:
        return None
    each = (
        f"{quantity_text(2 * down, None, 'ohm')} on the falling and {quantity_text(2 * up, None, 'ohm')} on the rising"
    )
    return f"not saturated: the branches contradict each other, their ends differ by {each} one"


def _why_bent(loop: Loop, draft: Plateaus) -> str | None:
    amplitude = abs(draft.amplitude[0])
    if draft.bend > max(SIGNIFICANT * draft.bend_error, MOST_BENT * 2 * amplitude):
        share = 100 * draft.bend / amplitude
        return f"not saturated: the ends still bend, which leaves {share:.0f} % of the amplitude open"
    unknown = not np.isfinite(draft.bend_error)
    if (_is_slanted(loop, draft) or unknown) and not _is_square(loop, draft) and not _is_straight(draft):
        return "not saturated: the curve is slanted to its ends, and nothing shows that they are straight"
    return None


def _is_slanted(loop: Loop, draft: Plateaus) -> bool:
    """Whether the ends' slope makes more of the curve than its switch."""
    return abs(draft.slope[0]) * (loop.high - loop.low) > 2 * abs(draft.amplitude[0])


def _joint_design(ends: Iterable[End], middle_time: float) -> FloatArray:
    return np.concatenate(
        [
            np.stack(
                [
                    np.ones(len(end.rows)),
                    np.full(len(end.rows), float(end.sign)),
                    end.field,
                    end.time - middle_time,
                    end.sign * end.field,
                ],
                1,
            )
            for end in ends
        ]
    )


def _branch_line(ends: tuple[End, ...], sigma: float) -> BranchLine:
    design = np.concatenate(
        [np.stack([np.ones(len(end.rows)), np.full(len(end.rows), float(end.sign)), end.field], 1) for end in ends]
    )
    return BranchLine(linear_fit(design, np.concatenate([end.hall for end in ends]), sigma))
