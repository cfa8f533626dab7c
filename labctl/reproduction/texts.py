"""Claims and measurements as people write them, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Mapping

from labctl.reproduction.measured import number_text
from labctl.reproduction.rows import Row
from labctl.reproduction.targets import Target
from labctl.reproduction.values import Value

KIND_MEANS: Mapping[str, str] = {
    "input": "settings of the protocol: an agreement says that the instruments did as they were told",
    "calibrated": "parameters of the model, or settings, were chosen so that it comes out: an agreement says that the "
    "experiment and its analysis find what was put in",
    "predicted": "nothing was chosen for it: an agreement speaks for the model",
}
"""What an agreement is worth."""


def claimed_text(target: Target) -> str:
    """`12 ± 1 ms`, `yes`, `+1`, `0.03 ± 0.02`."""
    unit = "" if target.unit in {"1", "bool"} else f" {target.unit}"
    value = _values(target.value)
    match target.tolerance_kind:
        case "order":
            return "yes" if target.value else "no"
        case "sign":
            return _sign(target.value)
        case "exact":
            return f"{value}{unit}"
        case "min" | "max":
            word = "at least" if target.tolerance_kind == "min" else "at most"
            return f"{word} {value}{f', less or more by {target.tolerance:.3g}' if target.tolerance else ''}{unit}"
        case "abs":
            return f"{value} ± {target.tolerance:.3g}{unit}"


def measured_text(row: Row) -> str:
    """What was measured in the same words; a dash without a number."""
    target, value = row.target, row.measured
    if value is None:
        return "-"
    if target.tolerance_kind == "order":
        return "yes" if value else "no"
    unit = "" if target.unit in {"1", "bool"} else f" {target.unit}"
    if target.tolerance_kind == "sign":
        return _sign(value) if value else "not known"
    if isinstance(value, tuple) or not row.uncertainty:
        return f"{_values(value)}{unit}"
    return f"{number_text(value, row.uncertainty)}{unit}"


def _sign(value: Value) -> str:
    return ", ".join(f"{one:+.0f}" for one in (value if isinstance(value, tuple) else (value,)))


def _values(value: Value) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{one:.6g}" for one in value)
    return f"{value:.3g}" if abs(value) >= 1e6 else f"{value:.6g}"
