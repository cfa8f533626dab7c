"""The saturated ends of a loop: straight lines through them, the drift between them, and whether they are saturated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.fits import LinearFit, linear_fit, white_noise
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import quantity_text, short_text

END = 0.2
"""Outer part of the half span of the field in which a loop is expected to be saturated."""
WIDER_ENDS, NARROWER_ENDS = (0.2, 0.3, 0.4, 0.5), (0.14, 0.1, 0.06)
"""Tried in turn: wider where the points are few, narrower where the switching reaches into the outer fifth."""
SIGNIFICANT = 5.0
"""Standard errors by which something must stand out to be believed."""
TOLERATED = 0.02
"""Part of the swing by which the branches may differ at an end: less is drift that is not quite straight."""
MOST_BENT = 0.03
"""Part of the swing that a bend of the ends may leave open; less is an error of the amplitude."""
SQUARE, NEAREST = 0.05, 5
"""Part of the swing by which a square loop's branches may be off their lines at the middle, by so many readings."""
FEWEST = 2
"""Points of one branch at one end that a line needs."""


@dataclass(frozen=True, slots=True)
class End:
    """Readings of one branch at one end of the field."""

    sign: int
    branch: Branch
    rows: np.ndarray[tuple[int], np.dtype[np.intp]]

    @property
    def field(self) -> FloatArray:
        """Field of the readings, T."""
        return self.branch.rows.field[self.rows]

    @property
    def hall(self) -> FloatArray:
        """Hall resistance of the readings, ohm."""
        return self.branch.rows.hall[self.rows]

    @property
    def time(self) -> FloatArray:
        """Time of the readings, s."""
        return self.branch.rows.time[self.rows]


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
        inner: Fields (low, high) at which the ends begin, T.
        noise: Standard deviation of one reading, ohm.
        joint: Fit of all ends: offset, amplitude, slope (ohm/T), drift (ohm/s).
        middle_time: s, where the drift is counted from.
        down, up: Lines of the raw branches.
        bend: Error of the amplitude from ends that still bend, ohm.
        bend_error: How well a bend would be seen, ohm; endless where the ends have too few points.
        why_not: Why the loop is not saturated; None when it is.
        open_ends: Not saturated because the branches differ at an end.
    """

    ends: tuple[End, ...]
    inner: tuple[float, float]
    noise: float
    joint: LinearFit
    middle_time: float
    down: BranchLine
    up: BranchLine
    bend: float
    bend_error: float
    why_not: str | None
    open_ends: bool

    @property
    def amplitude(self) -> tuple[float, float]:
        """Signed amplitude of the joint fit and its uncertainty, ohm."""
        return self.joint.combine(np.array([0.0, 1.0, 0.0, 0.0]))

    @property
    def drift(self) -> float:
        """Drift of the baseline, ohm per second (per row in a table without time)."""
        return float(self.joint.parameters[3])

    def line(self, branch: Branch) -> BranchLine:
        """The raw lines of a branch of this loop."""
        return self.down if branch.direction == "down" else self.up


def find_plateaus(loop: Loop) -> Plateaus | str:
    """The widest ends at which the loop is saturated, or why it is not; a sentence where there are too few points."""
    wide = next((part for part in WIDER_ENDS if _enough(_ends(loop, part))), None)
    if wide is None:
        return f"fewer than {FEWEST} points of each branch in the outer halves of the field"
    first = _plateaus(loop, wide)
    if first.why_not is None or wide > END:
        return first
    for part in NARROWER_ENDS:
        if _enough(_ends(loop, part)):
            trial = _plateaus(loop, part)
            # A narrower end helps where the switching reaches into the wider one; a bend only hides in it.
            if trial.why_not is None and (_is_square(loop, trial) or (first.open_ends and _is_straight(trial))):
                return trial
    return first


def _is_square(loop: Loop, plateaus: Plateaus) -> bool:
    """Both branches stay on their lines down to the middle of the field: these are the lines of saturation."""
    middle = (loop.low + loop.high) / 2
    for branch, side in ((loop.down, 1.0), (loop.up, -1.0)):
        nearest = np.argsort(np.abs(branch.rows.field - middle))[:NEAREST]
        field, hall = branch.rows.field[nearest], branch.rows.hall[nearest]
        away = float(np.mean(hall - plateaus.line(branch).level(field, side)))
        if abs(away) > SQUARE * 2 * abs(plateaus.amplitude[0]):
            return False
    return True


def _is_straight(plateaus: Plateaus) -> bool:
    """A bend that matters would have been seen."""
    return plateaus.bend + 2 * plateaus.bend_error < MOST_BENT * 2 * abs(plateaus.amplitude[0])


def _enough(ends: Iterable[End]) -> bool:
    return all(len(end.rows) >= FEWEST for end in ends)


def _inner(loop: Loop, part: float) -> tuple[float, float]:
    reach = part * (loop.high - loop.low) / 2
    return loop.low + reach, loop.high - reach


def _ends(loop: Loop, part: float) -> tuple[End, ...]:
    low, high = _inner(loop, part)
    slack = 1e-9 * (loop.high - loop.low)  # set points like 0.8 x 0.5 T are not exact
    ends: list[End] = []
    for branch in (loop.down, loop.up):
        field = branch.rows.field
        ends.append(End(-1, branch, np.flatnonzero(field <= low + slack)))
        ends.append(End(+1, branch, np.flatnonzero(field >= high - slack)))
    return tuple(ends)


def _plateaus(loop: Loop, part: float) -> Plateaus:
    ends = _ends(loop, part)
    noise = _end_noise(ends, loop)
    times = np.concatenate([loop.down.rows.time, loop.up.rows.time])
    middle_time = float((np.min(times) + np.max(times)) / 2)
    joint = linear_fit(_joint_design(ends, middle_time), np.concatenate([end.hall for end in ends]), noise)
    residuals = np.split(joint.residual, np.cumsum([len(end.rows) for end in ends])[:-1])
    bend, bend_error = _odd_bend(ends, residuals, noise)
    wider = max(1.0, END / part)  # over a narrower end the same curve bends less
    draft = Plateaus(
        ends=ends,
        inner=_inner(loop, part),
        noise=noise,
        joint=joint,
        middle_time=middle_time,
        down=_branch_line(ends[:2], noise),
        up=_branch_line(ends[2:], noise),
        bend=bend * wider,
        bend_error=bend_error * wider,
        why_not=_why_open(ends, residuals, noise, 2 * abs(float(joint.parameters[1]))),
        open_ends=False,
    )
    if draft.why_not is not None:
        return replace(draft, open_ends=True)
    return replace(draft, why_not=_why_no_switch(draft) or _why_bent(loop, draft), bend=_counted_bend(loop, draft))


def _counted_bend(loop: Loop, draft: Plateaus) -> float:
    """The bend as an error of the amplitude, ohm.

    A square loop shows by its long straight branches that there is none unless it stands out; a slanted one may hide
    as much as its noise allows.
    """
    if draft.bend > 3 * draft.bend_error:
        return draft.bend
    hidden = 0.0 if _is_square(loop, draft) else float(np.hypot(draft.bend, draft.bend_error))
    return hidden if np.isfinite(hidden) else 0.0


def _why_no_switch(draft: Plateaus) -> str | None:
    value, error = draft.amplitude
    if abs(value) > SIGNIFICANT * error:
        return None
    difference = quantity_text(2 * value, 2 * error, "ohm")
    return f"not saturated: no switch within the field, the ends differ by {difference} after the slope"


def _why_bent(loop: Loop, draft: Plateaus) -> str | None:
    amplitude = abs(draft.amplitude[0])
    if draft.bend > max(SIGNIFICANT * draft.bend_error, MOST_BENT * 2 * amplitude):
        share = 100 * draft.bend / amplitude
        return f"not saturated: the ends still bend, which leaves {share:.0f} % of the amplitude open"
    slanted = abs(float(draft.joint.parameters[2])) * (loop.high - loop.low) > 2 * amplitude
    if slanted and not _is_square(loop, draft) and not _is_straight(draft):
        return "not saturated: the curve is slanted to its ends, and nothing shows that they are straight"
    return None


def _end_noise(ends: tuple[End, ...], loop: Loop) -> float:
    """Point-to-point noise, ohm: of the ends, or of the whole branches where the ends have too few points to tell."""
    squares = [(len(end.rows) - 2, white_noise(end.time, end.hall) ** 2) for end in ends if len(end.rows) >= 8]
    if len(squares) < 4:
        rows = (loop.down.rows, loop.up.rows)
        squares = [(1, white_noise(branch.field, branch.hall) ** 2) for branch in rows]
    noise = float(np.sqrt(sum(n * square for n, square in squares) / sum(n for n, _ in squares)))
    # A made-up curve may have no noise at all, but its numbers still have a last digit.
    return max(noise, 1e-12 * max(float(np.max(np.abs(end.hall))) for end in ends))


def _joint_design(ends: Iterable[End], middle_time: float) -> FloatArray:
    return np.concatenate(
        [
            np.stack(
                [np.ones(len(end.rows)), np.full(len(end.rows), float(end.sign)), end.field, end.time - middle_time], 1
            )
            for end in ends
        ]
    )


def _branch_line(ends: tuple[End, ...], sigma: float) -> BranchLine:
    design = np.concatenate(
        [np.stack([np.ones(len(end.rows)), np.full(len(end.rows), float(end.sign)), end.field], 1) for end in ends]
    )
    return BranchLine(linear_fit(design, np.concatenate([end.hall for end in ends]), sigma))


def _why_open(ends: tuple[End, ...], residuals: list[FloatArray], sigma: float, swing: float) -> str | None:
    """Why the ends of the two branches do not agree; None when they do, as far as the noise can tell."""
    for low_or_high, name in ((0, "lower"), (1, "upper")):
        down, up = low_or_high, 2 + low_or_high
        for test, what in ((_difference, "differ at"), (_change, "close only within")):
            gap, error = test(ends[down], residuals[down], ends[up], residuals[up], sigma)
            if abs(gap) > max(SIGNIFICANT * error, TOLERATED * swing):
                return f"not saturated: the branches {what} the {name} end, by {short_text(abs(gap), 'ohm')}"
    return None


def _difference(
    down: End, down_residual: FloatArray, up: End, up_residual: FloatArray, sigma: float
) -> tuple[float, float]:
    error = sigma * np.sqrt(1 / len(down.rows) + 1 / len(up.rows))
    return float(np.mean(up_residual) - np.mean(down_residual)), float(error)


def _change(
    down: End, down_residual: FloatArray, up: End, up_residual: FloatArray, sigma: float
) -> tuple[float, float]:
    """Change of the distance between the branches over the end, ohm; zero with an endless error for two points."""
    total, square = 0.0, 0.0
    for sign, end, residual in ((-1, down, down_residual), (1, up, up_residual)):
        field = end.field - np.mean(end.field)
        power = float(field @ field)
        if len(field) < 3 or power == 0:
            return 0.0, float("inf")
        width = float(np.ptp(end.field))
        total += sign * float(field @ residual) / power * width
        square += sigma**2 / power * width**2
    return total, float(np.sqrt(square))


def _odd_bend(ends: tuple[End, ...], residuals: list[FloatArray], sigma: float) -> tuple[float, float]:
    """What a bend of both ends in opposite senses does to an amplitude extrapolated from them, and its error, ohm.

    A saturating curve bends so, a parabola below the loop does not. A bend by c over an end of width w changes the
    slope there by c / w, and the lines meet zero field c x distance / w higher or lower.
    """
    if any(len(end.rows) < 6 for end in ends):
        return 0.0, float("inf")
    total, square = 0.0, 0.0
    for end, residual in zip(ends, residuals, strict=True):
        width = float(np.ptp(end.field)) or 1.0
        reach = np.abs(end.field - float(np.median(end.field)))
        outward = end.sign * (end.field - np.mean(end.field)) / width
        design = np.stack([np.ones(len(outward)), outward, outward**2], axis=1)
        bend, error = linear_fit(design, residual, sigma).combine(np.array([0.0, 0.0, 1.0]))
        lever = (abs(float(np.mean(end.field))) + float(np.mean(reach))) / width
        total += end.sign * bend * lever / 4
        square += (error * lever / 4) ** 2
    return abs(total), float(np.sqrt(square))
