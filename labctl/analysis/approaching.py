"""What pulses of growing height tell: how much of a film each switches, whether it lasts, and how large one may be.

At each level a pulse of either sign is sent, so that the difference of the Hall resistances after the two is what this
level switches, wherever the film began. The current at which half of the film switches is then told from single pulses,
each from a state that a full pulse of the other sign has just made: pulses that follow one another without that add up,
and the finer their steps the smaller a current they give (at 1 ms by a tenth in steps of 2 %).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

SATURATED, BEGIN, COARSE, RESET, FINE, END = "saturated", "begin", "coarse", "reset", "fine", "end"
"""What a state was read for."""

STATE, STEP, STOPPED = "State", "Step", "Stopped by"
TWO_WIRE = "Two-wire resistance (ohm)"
GOING_ON, SWITCHED, CHANGED, CLAMPED, VOLTAGE, LARGEST = (
    "-", "full switching", "resistance", "compliance", "voltage", "limit",
)  # fmt: skip
"""Why the coarse pulses ended."""

FULL = 0.97
"""Part of the swing between both saturations from which on a pulse switches fully: the rest is what noise hides."""
PLATEAU = 0.03
"""Where that swing is not measured: growth from one level to the next, as part of what is switched, below which it is
all."""
LEAST = 0.3
"""Part of the record's swing that a plateau has to be, at least: the record may have the amplitude for the swing."""
BEYOND = 1.15
"""Of the level of full switching, to which the pulses go on: so much is a state made without doubt."""
SIGNIFICANT = 10.0
"""Standard errors of the reading below which nothing was switched."""
PROVEN = 1e-3
"""Relative change of the longitudinal resistance within which a level is proven to be safe. Assumed; the heat that is
left a second after a pulse is below half of it."""
FEWEST_CHANGES = 3
"""Changes of a resistance that its noise is told from."""
NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
INSIDE = (0.03, 0.97)
"""Parts of a film between which the straight line of the probit is fitted."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A state, and the pulse that made it.

    Attributes:
        number: Of the state, in the order of the run.
        step: What it was read for.
        current: Of the pulse, A; 0 where there was none.
        hall: Hall resistance, ohm.
        scatter: Standard deviation of its readings, ohm; NaN of a single one.
        reads: How many these were.
        resistance: Longitudinal resistance, ohm; NaN where it was not read.
        two_wire: Resistance between the current leads, ohm; NaN where it was not read.
        clamped: Whether the pulse was.
    """

    number: int
    step: str
    current: float
    hall: float
    scatter: float
    reads: int
    resistance: float
    clamped: bool
    two_wire: float = math.nan


@dataclass(frozen=True, slots=True)
class Toggle:
    """What one level switches: Hall resistance in ohm after a pulse of +level (A), and after one of -level."""

    level: float
    plus: float
    minus: float

    @property
    def change(self) -> float:
        """Signed, ohm."""
        return self.plus - self.minus


@dataclass(frozen=True, slots=True)
class Half:
    """A current in A at which half of the film switches, its uncertainty, and the step on either side."""

    current: float
    uncertainty: float
    step: float


def shots(rows: pd.DataFrame) -> list[Shot]:
    """Return the states that rows tell of, in the order in which they were read."""
    found: list[Shot] = []
    for number, part in rows.groupby(STATE, sort=True):
        hall = part["Hall resistance (ohm)"].dropna().to_numpy(dtype=float)
        along = part["Resistance (ohm)"].dropna().to_numpy(dtype=float)
        two = part[TWO_WIRE].dropna().to_numpy(dtype=float) if TWO_WIRE in part else np.array([])
        found.append(
            Shot(
                int(str(number)), str(part[STEP].iloc[0]), float(part["Pulse current (A)"].iloc[0]),
                float(hall.mean()) if hall.size else math.nan,
                float(hall.std(ddof=1)) if hall.size > 1 else math.nan, int(hall.size),
                float(along[-1]) if along.size else math.nan, bool(part["Pulse clamped"].any()),
                float(two[-1]) if two.size else math.nan,
            )
        )  # fmt: skip
    return found


def stopped(rows: pd.DataFrame) -> str:
    """Return why the coarse pulses ended; a hyphen where they have not."""
    words = [str(word) for word in rows[STOPPED].tolist() if word != GOING_ON]
    return words[-1] if words else GOING_ON


class Story:
    """What a row of states tells.

    Args:
        told: The states, in order.
        expected: Swing of the Hall resistance in ohm by the sample record, None where it has none.
    """

    def __init__(self, told: Sequence[Shot], expected: float | None) -> None:
        self.shots = tuple(told)
        self.expected = expected
        self.toggles = tuple(_toggles(self.shots))

    # ---- switching

    @property
    def noise(self) -> float:
        """Standard error of the Hall resistance of a state, ohm."""
        known = [(shot.scatter, shot.reads) for shot in self.shots if math.isfinite(shot.scatter)]
        if not known:
            return 0.0
        variance = sum(scatter**2 * (reads - 1) for scatter, reads in known) / sum(reads - 1 for _, reads in known)
        return math.sqrt(variance / max(reads for _, reads in known))

    @property
    def between_saturations(self) -> float | None:
        """Swing of the Hall resistance in ohm between the states that the field has made; None where it made none."""
        made = [shot.hall for shot in self.shots if shot.step == SATURATED and math.isfinite(shot.hall)]
        return abs(made[0] - made[-1]) if len(made) > 1 else None

    @property
    def full(self) -> Toggle | None:
        """The first level that switches fully, None where none does."""
        whole = self.between_saturations
        for before, toggle in zip((None, *self.toggles), self.toggles, strict=False):
            change = abs(toggle.change)
            if change < SIGNIFICANT * math.sqrt(2.0) * self.noise:
                continue
            if whole is not None and change >= FULL * whole:
                return toggle
            flat = before is not None and abs(toggle.change - before.change) <= PLATEAU * change
            if flat and whole is None and change >= LEAST * abs(self.expected or 0.0):
                return toggle
        return None

    @property
    def swing(self) -> float | None:
        """Swing in ohm that parts refer to: between the saturations, at full switching, or by the record."""
        if self.between_saturations is not None:
            return self.between_saturations
        if self.full is not None:
            return abs(self.full.change)
        return None if self.expected is None else abs(self.expected)

    @property
    def parts(self) -> list[tuple[float, float]]:
        """Each level in A, with the part of the film that it switches."""
        whole = self.swing
        return [] if not whole else [(toggle.level, abs(toggle.change) / whole) for toggle in self.toggles]

    def half(self) -> Half | None:
        """Tell from the coarse levels where half of the film switches; None where none switches as much."""
        return between(self.parts)

    def single(self, sign: int) -> list[tuple[float, float]]:
        """Return pulses of one sign from the full state of the other: their height in A, and the part they switch."""
        full = self.full
        if full is None:
            return []
        found: list[tuple[float, float]] = []
        for before, shot in itertools.pairwise(self.shots):
            if shot.step == FINE and before.step == RESET and shot.current * sign > 0.0:
                found.append((abs(shot.current), (shot.hall - before.hall) / (sign * full.change)))
        return found

    # ---- what it does to the device

    @property
    def resistance(self) -> float:
        """Longitudinal resistance in ohm before the first pulse; NaN where it was not read."""
        return next((shot.resistance for shot in self.shots if math.isfinite(shot.resistance)), math.nan)

    def along(self) -> list[float]:
        """Relative change of the longitudinal resistance at each state; NaN where it was not read."""
        first = self.resistance
        return [shot.resistance / first - 1.0 for shot in self.shots]

    def between_leads(self) -> list[float]:
        """Relative change of the resistance between the current leads at each state; NaN where it was not read."""
        first = next((shot.two_wire for shot in self.shots if math.isfinite(shot.two_wire)), math.nan)
        return [shot.two_wire / first - 1.0 for shot in self.shots]

    def changes(self) -> list[float]:
        """The larger of both at each state; NaN where the longitudinal resistance was not read."""
        both = zip(self.along(), self.between_leads(), strict=True)
        return [one if math.isnan(other) else max(one, other, key=abs) for one, other in both]

    @property
    def change_noise(self) -> float | None:
        """Standard uncertainty of such a change, told from how they go to and fro; None of fewer than three.

        The median of the differences from state to state, so that a device that gives way does not count as noise.
        """
        known = [change for change in self.changes() if math.isfinite(change)][1:]  # the first is zero by definition
        if len(known) < FEWEST_CHANGES:
            return None
        return NORMAL_MAD * float(np.median(np.abs(np.diff(known))))

    def proven(self) -> float | None:
        """Return the largest level in A after which nothing had happened to the device; None where there is none."""
        levels = sorted({toggle.level for toggle in self.toggles})
        for shot, change in zip(self.shots, self.changes(), strict=True):
            if shot.current and (shot.clamped or not abs(change) <= PROVEN):
                levels = [level for level in levels if level < abs(shot.current)]
        return levels[-1] if levels else None

    def pulses(self) -> list[float]:
        """Currents in A of all pulses."""
        return [shot.current for shot in self.shots if shot.current]


def _toggles(told: Sequence[Shot]) -> list[Toggle]:
    """Pair the coarse pulses of both signs; a level whose second one was not sent is left out."""
    found: list[Toggle] = []
    coarse = [shot for shot in told if shot.step == COARSE]
    for one, other in itertools.pairwise(coarse):
        read = math.isfinite(one.hall) and math.isfinite(other.hall)
        if read and one.current > 0.0 and other.current == -one.current:
            found.append(Toggle(one.current, one.hall, other.hall))
    return found


def between(parts: Sequence[tuple[float, float]]) -> Half | None:
    """Return the current in A at which parts of a film, by height, pass through one half; None where they do not.

    It lies on the straight line between the two heights around it; it is uncertain by their distance over the root of
    twelve, as if it could lie anywhere between them.
    """
    ordered = sorted(parts)
    for (low, less), (high, more) in itertools.pairwise(ordered):
        if less < 0.5 <= more:
            current = low + (high - low) * (0.5 - less) / (more - less)
            return Half(current, (high - low) / math.sqrt(12.0), high - low)
    return None


def fitted(parts: Sequence[tuple[float, float]]) -> Half | None:
    """Return the same from a straight line through the probits of the parts, for heights that lie close together.

    The uncertainty is that of the line, and the step around the crossing over the root of twelve.
    """
    from scipy.special import ndtri

    step = between(parts)
    inner = sorted((height, part) for height, part in parts if INSIDE[0] <= part <= INSIDE[1])
    if step is None or len(inner) < 3:
        return step
    height, part = np.array(inner).T
    probit = np.asarray(ndtri(part), dtype=float)
    middle = float(height.mean())
    design = np.column_stack([np.ones_like(height), height - middle])
    (offset, slope), *_ = np.linalg.lstsq(design, probit, rcond=None)
    if slope <= 0.0:
        return step
    residual = probit - design @ np.array([offset, slope])
    scatter = float(np.sqrt(np.sum(residual**2) / max(1, len(inner) - 2)))
    current = middle - float(offset / slope)
    lever = 1.0 / len(inner) + (current - middle) ** 2 / float(np.sum((height - middle) ** 2))
    error = scatter / float(slope) * math.sqrt(lever)
    return Half(current, math.hypot(step.step / math.sqrt(12.0), error), step.step)
