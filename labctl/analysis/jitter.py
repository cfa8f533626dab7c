"""What is left open where the readings of the field go back and forth: whether the field did, or only its readings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labctl.analysis.branches import Branch, Loop
from labctl.analysis.plateaus import BranchLine, Plateaus
from labctl.analysis.readings import FloatArray
from labctl.analysis.result import short_text
from labctl.analysis.switching import Crossing

ON_THE_WAY = 0.8
"""Part of the amplitude about the middle within which a reading tells to which field it belongs."""
TELLING = 16
"""Readings on the way from which they may tell."""
PLAIN = 4.0
"""Ratio of the variances about both curves from which the steadier field is believed."""
CURVE = 3
"""Degree of the curve through the readings on the way."""


def jittered(
    loop: Loop, plateaus: Plateaus, both: tuple[Crossing, Crossing], said: dict[str, str]
) -> tuple[Crossing, Crossing]:
    """The crossings, as uncertain as two explanations of a field that goes back and forth lie apart.

    If only the readings of the field are noisy, the smoothed field is that of the film. If the field itself went back
    and forth, the film has switched at the farthest fields, and does not switch back when the field returns. Where
    many readings lie on the way these follow a steady course against one of both fields only; else both count.

    Args:
        loop: The raw branches.
        plateaus: Their plateaus.
        both: Their crossings in the smoothed field.
        said: Notes by branch, to which is added what is open.
    """
    found: list[Crossing] = []
    for branch, crossing in zip((loop.down, loop.up), both, strict=True):
        if branch.reached is None or _is_read_noise(branch, branch.reached, plateaus.line(branch)):
            found.append(crossing)
            continue
        other, step = _farthest(branch, branch.reached, crossing.field)
        error = float(np.linalg.norm([crossing.uncertainty, other - crossing.field, step / np.sqrt(12)]))
        found.append(replace(crossing, uncertainty=error))
        note = (
            f"if the field itself went back and forth, and not only its readings, the film switched near "
            f"{short_text(other, 'T')}; the uncertainty counts it"
        )
        said[branch.direction] = "; ".join(filter(None, [said.get(branch.direction), note]))
    return found[0], found[1]


def _farthest(branch: Branch, reached: FloatArray, field: float) -> tuple[float, float]:
    """Farthest field that had been read when the smoothed field was there, T, and its step from reading to reading."""
    nearest = np.sort(np.argsort(np.abs(branch.rows.field - field))[:2])
    before, after = (float(value) for value in reached[nearest])
    order = np.argsort(branch.rows.field, kind="stable")
    return float(np.interp(field, branch.rows.field[order], reached[order])), abs(after - before)


def _is_read_noise(branch: Branch, reached: FloatArray, line: BranchLine) -> bool:
    """Whether the Hall resistance goes evenly with the smoothed field, and unevenly with the farthest one."""
    height = (branch.rows.hall - line.level(branch.rows.field, 0.0)) / abs(line.amplitude[0])
    way = np.abs(height) < ON_THE_WAY
    if np.sum(way) < TELLING:
        return False
    smooth, far = (_variance(field[way], height[way]) for field in (branch.rows.field, reached))
    return far > PLAIN * smooth


def _variance(field: FloatArray, height: FloatArray) -> float:
    """Of the readings about a smooth curve against a field."""
    place = (field - np.mean(field)) / (float(np.ptp(field)) or 1.0)
    rest = height - np.polyval(np.polyfit(place, height, CURVE), place)
    return float(rest @ rest) / (len(rest) - CURVE - 1)
