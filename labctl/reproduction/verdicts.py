"""Whether what was measured is what was claimed. The only place that sees a claimed value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from labctl.reproduction.measured import Measured
from labctl.reproduction.targets import Also, Target
from labctl.reproduction.values import Value

AGREES: str = "agrees"
DIFFERS: str = "differs"
NOT_HERE: str = "not measurable here"
ROUNDING = 1e-6
"""Of a value, by which a setting may differ without being another one: instruments have six digits."""
READ_BACK = 2.0
"""Standard deviations of one read-back by which a setting may differ besides."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`agrees` or `differs`, and what it was that differs."""

    word: str
    why: str = ""


def judge(target: Target, measured: Measured) -> Verdict:
    """Compare what was measured with what was claimed.

    `abs`: within the tolerance. `exact`: the same setting, within the tolerance and two standard deviations of one
    read-back. `sign`: of the same sign, known by three standard deviations. `order`: as said. `min` and `max`: not
    below or above the value by more than the tolerance. What is bounded besides has to hold too. The uncertainty never
    makes a tolerance of `abs`, `min` or `max` wider.
    """
    found = [_differs(target, measured), *(_beyond(bound, measured) for bound in target.also)]
    reasons = [reason for reason in found if reason]
    return Verdict(DIFFERS, "; ".join(reasons)) if reasons else Verdict(AGREES)


def _differs(target: Target, measured: Measured) -> str:
    claimed, value = _numbers(target.value), _numbers(measured.value)
    if len(claimed) != len(value):
        return f"{len(value)} numbers were measured and {len(claimed)} are claimed"
    unlike = [
        (one, other)
        for one, other in zip(claimed, value, strict=True)
        if not _fits(target, one, other, measured.uncertainty)
    ]
    if not unlike:
        return ""
    match target.tolerance_kind:
        case "order":
            return "the order is not as claimed"
        case "sign":
            return "the sign is another one" if unlike[0][1] else "the sign is not known by three standard deviations"
        case _:
            return "; ".join(_apart(target, one, other) for one, other in unlike)


def _fits(target: Target, claimed: float, value: float, uncertainty: float) -> bool:
    slack = 1e-9 * abs(claimed)  # what a change of units leaves
    match target.tolerance_kind:
        case "abs":
            return abs(value - claimed) <= target.tolerance + slack
        case "exact":
            return abs(value - claimed) <= target.tolerance + ROUNDING * abs(claimed) + READ_BACK * uncertainty
        case "sign":
            return value != 0.0 and math.copysign(1.0, value) == math.copysign(1.0, claimed)
        case "order":
            return value == claimed
        case "min":
            return value >= claimed - target.tolerance - slack
        case "max":
            return value <= claimed + target.tolerance + slack


def _apart(target: Target, claimed: float, value: float) -> str:
    unit = "" if target.unit == "1" else f" {target.unit}"
    match target.tolerance_kind:
        case "exact":
            return f"{value:.6g}{unit} is not {claimed:.6g}{unit}"
        case "min":
            return f"{value:.4g}{unit} is below {claimed - target.tolerance:.4g}{unit}"
        case "max":
            return f"{value:.4g}{unit} is above {claimed + target.tolerance:.4g}{unit}"
        case _:
            return f"{value:.4g}{unit} is more than {target.tolerance:.4g}{unit} away from {claimed:.4g}{unit}"


def _beyond(bound: Also, measured: Measured) -> str:
    """Say that a further number is beyond its bound; "" if it is not.

    Raises:
        KeyError: The measurement does not give this number: data and code do not fit together.
    """
    value = measured.also[bound.what]
    if value >= bound.value if bound.tolerance_kind == "min" else value <= bound.value:
        return ""
    unit = "" if bound.unit == "1" else f" {bound.unit}"
    side = "below" if bound.tolerance_kind == "min" else "above"
    return f"{bound.what} is {value:.4g}{unit}, {side} {bound.value:.4g}{unit}"


def _numbers(value: Value) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)
