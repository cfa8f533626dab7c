"""The expressions that a 2400 knows from the factory, and its arithmetic of values that are none.

Source: 2400 series user's manual, section 8.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

OVERFLOW = 9.9e37
NOT_THERE = 9.91e37


def beyond(*values: float) -> bool:
    """Whether one of the values is none: an overflow, or not there."""
    return any(abs(value) >= OVERFLOW for value in values)


def divided(dividend: float, divisor: float) -> float:
    """Return a quotient; an overflow where there is none."""
    return dividend / divisor if divisor and abs(dividend / divisor) < OVERFLOW else OVERFLOW


def evaluate(name: str, present: Sequence[float], before: Sequence[float] | None) -> float:
    """Return the value of an expression.

    Args:
        name: Its name, in capitals.
        present: Voltage in V, current in A and resistance in ohm of a reading.
        before: The same of the reading before, for expressions over two; None where the present one is the first.

    Returns:
        W, ohm, % per V, or a bare exponent; `NOT_THERE` of half a pair.
    """
    volts, amperes, ohms = present[:3]
    if name == "POWER":
        return OVERFLOW if beyond(volts, amperes) else volts * amperes
    if before is None or beyond(volts, amperes, before[0], before[1]):
        return NOT_THERE
    if name == "OFFCOMPOHM":
        return divided(volts - before[0], amperes - before[1])
    if name == "VOLTCOEF":
        change = ohms - before[2]
        return NOT_THERE if beyond(ohms, before[2]) else divided(100.0 * change, ohms * (volts - before[0]))
    ratios = divided(amperes, before[1]), divided(volts, before[0])
    return divided(*map(math.log, ratios)) if all(0.0 < ratio < OVERFLOW for ratio in ratios) else OVERFLOW
