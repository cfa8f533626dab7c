"""The limits of the station file against what its instruments can do: a limit beyond that protects nothing."""

from __future__ import annotations

from collections.abc import Iterator

from instruments import units
from instruments.cryostat_words import CryostatLimits
from instruments.errors import LimitExceeded
from instruments.keithley2400_settings import LARGEST_CURRENT as SMU_CURRENT
from instruments.keithley2400_settings import LARGEST_VOLTAGE as SMU_VOLTAGE
from instruments.keithley6221_core import LARGEST_CURRENT as SOURCE_CURRENT
from instruments.units import format_quantity
from labctl.checkup.finding import Finding, ok, warning
from labctl.checkup.scene import Scene

SOURCE_VOLTAGE = 105.0
"""V; largest compliance of a 6221 (table of specifications)."""

ABILITIES = {"keithley6221": (SOURCE_CURRENT, SOURCE_VOLTAGE), "keithley2400": (SMU_CURRENT, SMU_VOLTAGE)}
"""Largest current in A and voltage in V, by driver."""

_SHOWN = {"T/s": "Oe/s", "K/s": "K/min"}


def bounds(scene: Scene) -> Iterator[Finding]:
    """Compare the station's limits with the instruments."""
    found = [*_electrical(scene), *_of_cryostat(scene)]
    subject = "limits"
    for what in found:
        do = f"correct [limits] in {scene.station.label}, so that a mistyped value is refused before it is sent"
        yield warning(subject, what, do)
    if not found:
        yield ok(subject, "lie within what the instruments can do")
    yield from _probe(scene)


def _electrical(scene: Scene) -> Iterator[str]:
    abilities = [ABILITIES[each.driver] for each in scene.station.instruments.values() if each.driver in ABILITIES]
    if not abilities:
        return
    limits = scene.station.limits
    current, voltage = (max(values) for values in zip(*abilities, strict=True))
    yield from _beyond("current", limits.current, current, "A", "the instruments give")
    yield from _beyond("voltage", limits.voltage, voltage, "V", "the instruments give")


def _of_cryostat(scene: Scene) -> Iterator[str]:
    cryostat = scene.cryostat
    if cryostat is None:
        return
    can: CryostatLimits = cryostat.limits
    limits = scene.station.limits
    yield from _beyond("field", limits.field, can.field, "T", "the magnet goes to")
    yield from _beyond("field_rate", limits.field_rate, can.field_rate, "T/s", "the magnet changes by")
    low, high = limits.temperature
    yield from _beyond("temperature", high, can.highest_temperature, "K", "the cryostat goes to")
    if low < can.lowest_temperature * (1.0 - 1e-3):
        yield f"temperature begins at {low:g} K, the cryostat goes down to {can.lowest_temperature:g} K"
    yield from _beyond(
        "temperature_rate", limits.temperature_rate, can.temperature_rate, "K/s", "the cryostat changes by"
    )


def _beyond(name: str, limit: float, most: float, unit: str, what: str) -> Iterator[str]:
    if limit > most * (1.0 + 1e-3):
        shown = _SHOWN.get(unit, "")
        allowed, possible = (format_quantity(value, unit, shown=shown) for value in (limit, most))
        yield f"{name} is {allowed}, but {what} {possible} at most"


def _probe(scene: Scene) -> Iterator[Finding]:
    """Say what the sample record makes of current and compliance, where a sample was named."""
    sample = scene.sample
    if sample is None:
        return
    subject, current = "probe", sample.probe_current()
    try:
        compliance = sample.probe_compliance(current)
    except LimitExceeded as refusal:
        yield warning(subject, str(refusal), "correct probe.current_density in the sample record")
        return
    text = f"{format_quantity(current, 'A')} with a compliance of {format_quantity(compliance, 'V')} by default"
    if current > scene.station.limits.current:
        limit = units.format_quantity(scene.station.limits.current, "A")
        yield warning(subject, f"{text}, above the station's {limit}", "give a smaller probe_current to each run")
    else:
        yield ok(subject, f"{text} for sample {sample.name!r}")
