"""Shapes of the waves that a 6221 makes, cut into steps of constant current.

Source: 6220/6221 reference manual, chapter on waves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

LONGEST_STEP = 1e-3
"""s; a wave is cut so finely that no step lasts longer, as far as the memory for a period reaches."""

FEWEST_STEPS = 64
MOST_STEPS = 65536
"""Of a period; the largest is the memory of the instrument."""

Steps = list[tuple[float, float]]
"""Duration in s and value of each step."""


def one_period(shape: str, frequency: float, duty: float, points: Sequence[float]) -> Steps:
    """Cut one period of a wave of height 1 into steps.

    Sine and ramp take the value that the wave has in the middle of a step, which keeps the phase, the mean and, of a
    sine, the effective value.

    Args:
        shape: `SIN`, `SQU`, `RAMP`, or anything else for the points that are given.
        frequency: Hz.
        duty: Part of the period in which a square is high and a ramp rises, 0 to 1.
        points: The arbitrary wave, each from -1 to 1 and as long as the others.
    """
    period = 1.0 / frequency
    if shape == "SQU":
        both = ((duty * period, 1.0), ((1.0 - duty) * period, -1.0))
        return [step for step in both if step[0] > 0.0]
    if shape not in {"SIN", "RAMP"}:
        return [(period / len(points), value) for value in points]
    count = min(MOST_STEPS, max(FEWEST_STEPS, math.ceil(period / LONGEST_STEP)))
    phases = ((index + 0.5) / count for index in range(count))
    if shape == "SIN":
        values = [math.sin(2.0 * math.pi * phase) for phase in phases]
    else:
        values = [_ramp(phase, duty) for phase in phases]
    return [(period / count, value) for value in values]


def _ramp(phase: float, rising: float) -> float:
    """From -1 up to 1 in a part of the period, and back in the rest of it (where it begins is assumed)."""
    if phase < rising:
        return 2.0 * phase / rising - 1.0
    return 1.0 - 2.0 * (phase - rising) / (1.0 - rising)


def turned(steps: Steps, time: float) -> Steps:
    """Return a period that begins at a time in s after the beginning of the one that is given."""
    if time <= 0.0:
        return steps
    passed = 0.0
    for index, (duration, value) in enumerate(steps):
        if passed + duration > time:
            head, rest = time - passed, passed + duration - time
            tail = [(head, value)] if head > 0.0 else []
            return [(rest, value), *steps[index + 1 :], *steps[:index], *tail]
        passed += duration
    return steps
