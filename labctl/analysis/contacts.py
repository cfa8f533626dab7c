"""Jumps of the curve that no film makes: it goes back, at once and to stay, on a branch on which it switches forth.

A contact that opens and closes, a range that changes and a charge that comes and goes (telegraph noise) jump so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.drift import NEIGHBOURS
from labctl.analysis.plateaus import Plateaus
from labctl.analysis.result import short_text

QUIET = 8.0
"""Standard deviations of a reading by which a jump must stand out, and beyond which its neighbours are not quiet. The
mean of four readings against that of four others does so by chance once in 1e15."""
ALIKE = 0.25
"""Part by which the jumps of two branches may differ that are taken for those of a second film of opposite sense."""
SAME = 0.1
"""Part by which a step of the baseline must differ from the film's swing, so that both are not one and the same."""
MIRRORED = 0.2
"""Part by which the magnitudes of their fields may differ: a second film's loop may be shifted."""
MOST = 0.2
"""Part of the amplitude that jumps may leave open; beyond nothing of the loop is known to be the film's."""


@dataclass(frozen=True, slots=True)
class _Jump:
    """A jump between two readings: field there (T), and its height beside what the curve does there anyway (ohm)."""

    field: float
    height: float


def with_jumps(loop: Loop, plateaus: Plateaus, step: float) -> tuple[Plateaus, str | None]:
    """The plateaus with what the highest jump against the film leaves open, and a sentence about it; None without one.

    Where one contact has jumped there may have been others on the way of the switch; a state that lasts for part of a
    branch moves the levels by the height of its jumps and the amplitude by half of it.

    Args:
        loop: The loop, without a step of its baseline.
        plateaus: Its plateaus.
        step: Height of the step that was taken out, ohm; 0 where none was.
    """
    swing = 2 * abs(plateaus.amplitude[0])
    if abs(abs(step) - swing) < SAME * swing:
        why = (
            f"not saturated: the baseline stepped by {short_text(abs(step), 'ohm')}, which is what the film would "
            "switch by: what jumps between two states may be a contact"
        )
        return replace(plateaus, why_not=why), None
    jump, pairs = _against(loop, plateaus)
    if jump is None:
        return plateaus, _of_layers(pairs)
    height = abs(jump.height)
    distance = max(map(abs, plateaus.inner))
    where = f"the curve jumps back by {short_text(height, 'ohm')} near {1e3 * jump.field:.4g} mT, which no film does"
    if height > MOST * swing:
        why = f"not saturated: {where}: a contact or the meter jumps, and what of the loop is the film's is not known"
        return replace(plateaus, why_not=why), None
    found = replace(
        plateaus,
        unresolved=float(np.hypot(plateaus.unresolved, height / 2)),
        doubt=float(np.hypot(plateaus.doubt, height)),
        slope_open=float(np.hypot(plateaus.slope_open, height / distance)),
    )
    return found, f"{where}: the baseline jumps, and the uncertainties count it"


def _of_layers(pairs: list[tuple[_Jump, _Jump]]) -> str | None:
    """A sentence about jumps that are taken for a film of opposite sense whose loop is shifted; None without any."""
    said = [
        f"the curve jumps back by {short_text(abs(down.height), 'ohm')} near {1e3 * down.field:.4g} mT and near "
        f"{1e3 * up.field:.4g} mT: taken for a second film of opposite sense with a shifted loop; were it a contact, "
        f"the amplitude would be off by {short_text(abs(down.height) / 2, 'ohm')}"
        for down, up in pairs
    ]
    return "; ".join(said) or None


def _against(loop: Loop, plateaus: Plateaus) -> tuple[_Jump | None, list[tuple[_Jump, _Jump]]]:
    """The highest jump that goes against the switch of its branch and is no film's; and pairs that may be a film's."""
    sense = float(np.sign(plateaus.amplitude[0]))
    down, up = (_jumps(branch, plateaus.slope[0], plateaus.noise) for branch in (loop.down, loop.up))
    back = [jump for jump in down if jump.height * sense > 0], [jump for jump in up if jump.height * sense < 0]
    pairs = [(one, other) for one in back[0] for other in back[1] if _is_shifted(one, other, down, up)]
    paired = [jump for pair in pairs for jump in pair]
    found: list[_Jump] = []
    for own, others in ((back[0], up), (back[1], down)):
        alone = [jump for jump in own if jump not in paired]
        found += [jump for jump in alone if not any(_is_counterpart(jump, other) for other in others)]
    pairs = [pair for pair in pairs if not _is_counterpart(*pair)]
    return max(found, key=lambda jump: abs(jump.height), default=None), pairs


def _is_counterpart(jump: _Jump, other: _Jump) -> bool:
    """Whether a second film of opposite sense makes both: at mirrored fields, more or less, and of opposite height."""
    low, high = sorted((abs(jump.field), abs(other.field)))
    mirrored = jump.field * other.field < 0 and high - low < MIRRORED * high
    return mirrored and _alike(jump, other) and jump.height * other.height < 0


def _is_shifted(one: _Jump, other: _Jump, down: list[_Jump], up: list[_Jump]) -> bool:
    """Whether a film of opposite sense with a shifted loop makes a jump of the falling and one of the rising branch.

    It follows its field, the rising branch later than the falling one, and jumps once in each. What jumps between two
    states for other reasons comes back on the same branch as often as not.
    """
    once = all(sum(_alike(one, jump) for jump in jumps) == 1 for jumps in (down, up))
    return once and _alike(one, other) and one.height * other.height < 0 and one.field < other.field


def _alike(one: _Jump, other: _Jump) -> bool:
    return abs(abs(one.height) - abs(other.height)) < ALIKE * abs(one.height)


def _jumps(branch: Branch, slope: float, noise: float) -> list[_Jump]:
    """Jumps from one reading to the next with quiet neighbours on either side, at another level before and after."""
    width = 2 * NEIGHBOURS
    if len(branch.rows.hall) < width:
        return []
    hall, field = branch.rows.hall - slope * branch.rows.field, branch.rows.field
    windows = np.lib.stride_tricks.sliding_window_view(hall, width)
    steps = np.diff(windows, axis=1)
    across = steps[:, NEIGHBOURS - 1]
    around = np.delete(steps, NEIGHBOURS - 1, axis=1)
    usual = np.median(around, axis=1)
    # Between the means of four readings and of four others lie four ordinary steps.
    height = windows[:, NEIGHBOURS:].mean(axis=1) - windows[:, :NEIGHBOURS].mean(axis=1) - NEIGHBOURS * usual
    limit = QUIET * noise
    quiet = np.max(np.abs(around - usual[:, None]), axis=1) <= limit
    # On the shoulder of a switch the steps change, but all go the way of the film; a jump is one that goes its own.
    sudden = np.abs(across - height) <= np.maximum(limit, ALIKE * np.abs(height))
    high = (np.abs(height) > limit) & (np.abs(across) > limit) & (across * height > 0)
    found = np.flatnonzero(quiet & sudden & high).tolist()
    places = (field[1:] + field[:-1]) / 2
    return [_Jump(float(places[row + NEIGHBOURS - 1]), float(height[row])) for row in found]
