"""What is taken for parameters that nobody gives: from the sample record, its journal, or another parameter."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping
from typing import Any

from instruments.errors import LabError
from instruments.units import format_quantity
from labctl.own_code import own_code
from labctl.procedure import Procedure

ASKED_OF = {
    "pulse_max": ("largest_current", "from approach"),
    "maximum_current": ("largest_current", "from the record"),
    "current": ("height", "from the journal"),
    "pulse_current": ("height", "from approach"),
    "amplitude": ("height", "from the journal"),
    "pulse_step": ("step", ""),
    "saturation_current": ("saturating_current", ""),
    "demag_start": ("demag_first", ""),
    "demag_step": ("demag_fall", ""),
    "reset": ("reset_current", ""),
    "angle": ("rotator_angle", "from align or the record"),
    "nominal": ("nominal_angle", "from the record"),
    "magnet_field": ("field_of_scans", ""),
    "test_current": ("current", "from the record"),
    "bias": ("bias_voltage", "from the record"),
}
"""Parameter -> where its experiment decides it, as a method without arguments or a property, and where that looks."""
IN_DEGREES = frozenset({"angle", "nominal"})
"""Of these, what experiments decide in degrees, as rotators have them."""


def resolved(procedure: Procedure) -> dict[str, tuple[Any, str]]:
    """Return what is taken for each parameter that was left out, in SI units, and where it comes from.

    Args:
        procedure: With station and sample, as `labctl.beforehand.check_request` leaves it.
    """
    declared, values = procedure.declared_parameters(), procedure.values()
    found: dict[str, tuple[Any, str]] = {}
    for name, (where, why) in ASKED_OF.items():
        if name in declared and values[name] is None:
            value = _asked(procedure, where)
            if value is not None:
                value = math.radians(value) if name in IN_DEGREES else value
                found[name] = value, why or declared[name].shown_default()
    found.update(_probe(procedure, values))
    found.update({name: (known.value, known.why) for name, known in procedure.known.items() if name in declared})
    return found


def told_by(procedure: Procedure, name: str) -> Any:
    """Return what an experiment says by a property, or by a method that takes nothing; None where it does not.

    Raises:
        LabError: It refuses to say.
    """
    with own_code(procedure, f"{name} failed"):
        value: Any = getattr(procedure, name, None)
        if not callable(value):
            return value
        return None if inspect.signature(value).parameters else value()


def _asked(procedure: Procedure, where: str) -> float | None:
    """Ask an experiment for a number; None where it has none, or cannot say yet."""
    try:
        value = told_by(procedure, where)
    except LabError:  # it is what the check complains of
        return None
    return float(value) if isinstance(value, float | int) and not isinstance(value, bool) else None


def _probe(procedure: Procedure, values: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Yield what the sample record decides of the probe."""
    if "probe_current" not in values:
        return
    try:
        settings = procedure.probe_settings()
    except LabError:
        return
    record = procedure.sample
    if values["probe_current"] is None:
        density = format_quantity(record.probe.current_density, "A/m^2")
        yield "probe_current", (settings.current, f"from the record: at most {density} and 100 uA")
    if values["probe_range"] is None:
        yield (
            "probe_range",
            (
                settings.voltage_range,
                "from the record: the smallest with 1.5 times the voltage that it leads to expect",
            ),
        )
    if values["probe_compliance"] is None:
        ohms = format_quantity(record.two_wire_resistance(), "ohm")
        yield (
            "probe_compliance",
            (settings.compliance, f"from the record: 1.5 times what {ohms} need, with a lower bound"),
        )


def idle(procedure: Procedure) -> dict[str, str]:
    """Return the parameters that were set and have no effect with the others, each with what would change that."""
    return dict(told_by(procedure, "idle_parameters") or {})
