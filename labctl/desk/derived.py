"""What follows from the values of a form: current densities, powers, voltages, numbers of pulses, times of ramps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from instruments.units import SPOKEN, format_quantity
from labctl import pulses
from labctl.desk.resolved import told_by
from labctl.procedure import Procedure

LOOP = frozenset({"maximum_field", "sweep", "window", "window_rate", "sweep_rate", "survey_rate", "field_step"})
"""Parameters of a loop whose ramps can be reckoned."""


def derived(procedure: Procedure) -> dict[str, str]:
    """Return what follows, in a few words, by the parameter that it is shown below.

    Args:
        procedure: With station and sample, as `labctl.beforehand.check_request` leaves it.

    Raises:
        LabError: A value that something follows from is refused.
    """
    found: dict[str, str] = {}
    declared = procedure.declared_parameters()
    if "probe_current" in declared:
        found["probe_current"] = of_current(procedure, procedure.probe_settings().current)
    if "bias" in declared and procedure.sample.is_junction:
        found["bias"] = _of_bias(procedure)
    demands = procedure.demands()
    height = demands.get("pulse_current")
    where = next((name for name in ("pulse_max", "maximum_current", "current") if name in declared), None)
    if height and where is not None:
        found[where] = of_current(procedure, height) + _energy(procedure, height)
    if "pulse_step" in declared and (heights := told_by(procedure, "heights")) is not None:
        found["pulse_step"] = f"{len(list(heights))} pulses a loop"
    if declared.keys() >= LOOP:
        found["maximum_field"] = loop_time(procedure)
    return found


def of_current(procedure: Procedure, current: float) -> str:
    """Return density, power in the sample and voltage between the source's terminals of a current in A."""
    sample = procedure.sample
    density = abs(current) / sample.cross_section()
    power = current**2 * sample.highest_resistance()
    return ", ".join((
        f"{_power_of_ten(density)} A/m²",
        f"{format_quantity(power, 'W', digits=3)} in the sample",
        f"{format_quantity(pulses.voltage_of(procedure, current), 'V', digits=3)} at the source",
    ))  # fmt: skip


def _energy(procedure: Procedure, current: float) -> str:
    values = procedure.values()
    width = values.get("pulse_width", values.get("width"))
    if not isinstance(width, float):
        return ""
    energy = current**2 * procedure.sample.highest_resistance() * width
    return f", {format_quantity(energy, 'J', digits=3)} a pulse"


def _of_bias(procedure: Procedure) -> str:
    """Return the current and the power in a junction's low state."""
    volts = float(told_by(procedure, "bias_voltage") or 0.0)
    ohms = procedure.sample.sample_resistance()
    current = volts / ohms
    density = abs(current) / procedure.sample.cross_section()
    return (
        f"{format_quantity(current, 'A', digits=3)} in the low state, {_power_of_ten(density)} A/m², "
        f"{format_quantity(volts * current, 'W', digits=3)}"
    )


def loop_time(procedure: Procedure) -> str:
    """Return how long the field of one loop is on its way, and its points where it stops at them."""
    values = procedure.values()
    largest, window = float(values["maximum_field"]), values["window"]
    if values["sweep"] == "step":
        points = 2 * (math.ceil(round(2.0 * largest / float(values["field_step"]), 6)) + 1)
        return f"{points} points a loop"
    if window is None:
        seconds = 4.0 * largest / float(values["survey_rate"])
    else:
        seconds = 4.0 * (largest - window) / float(values["sweep_rate"]) + 4.0 * window / float(values["window_rate"])
    return f"a loop takes {minutes(seconds)} of ramps"


def minutes(seconds: float) -> str:
    """Return a time as people say it: `40 s`, `6 min 40 s`, `3 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def listed(values: Sequence[float], unit: str) -> str:
    """Return a list in a few words: `21 values, 0 A to 10 mA`; a short one as it is."""
    texts = [format_quantity(value, unit, shown=SPOKEN.get(unit, "")) for value in values]
    if len(texts) <= 4:
        return ", ".join(texts) or "none"
    return f"{len(texts)} values, {texts[0]} to {texts[-1]}"


def _power_of_ten(value: float) -> str:
    """Return a number with two decimals and its power of ten: 2.10·10⁹."""
    if not value:
        return "0"
    exponent = math.floor(math.log10(value))
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10.0**exponent:.2f}·10{raised}"
