"""A sample record as a window shows it: texts, and the numbers that its drawings need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from instruments.errors import LimitExceeded
from labctl import limits
from labctl.desk.sample_drawing import ASSUMED, area, assumed, drawn, shown, signs
from labctl.informed import TWO_WIRE, completed, two_wire
from labctl.journal import Entry
from labctl.sample import (
    HEADROOM,
    LARGEST_PROBE_CURRENT,
    SMALLEST_COMPLIANCE,
    SMALLEST_JUNCTION_COMPLIANCE,
    SampleRecord,
)
from labctl.station import Station

Row = dict[str, Any]

SHOWN_LIMITS = {
    "current": ("Current", "A"),
    "pulse_current": ("Pulse current", "A"),
    "voltage": ("Compliance", "V"),
    "bias": ("Bias", "V"),
    "pulse_width": ("Pulse width", "s"),
    "pulse_energy": ("Pulse energy", "J"),
    "power": ("Power", "W"),
    "average_power": ("Average power", "W"),
    "average_current": ("Average current", "A"),
    "field": ("Field", "T"),
    "temperature": ("Highest T", "K"),
    "lowest_temperature": ("Lowest T", "K"),
}
"""Limits that hold, by their names in `labctl.limits`: what they are called, and their unit."""


def card(record: SampleRecord, station: Station, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return a record for a window.

    Args:
        record: The record.
        station: Where it is to be measured.
        entries: Of its journal since it was mounted.

    Returns:
        {"kind": "hall_bar" | "junction", "reference": text, all of `labctl.desk.sample_drawing.drawn`,
        "mounting", "resistances", "defaults", "limits": rows, "model": {"family", "assumed": n, "of": n} or null}.
        A row is {"name", "value", "why", "assumed"}; one of limits has `value` as it holds, `whose` ("sample",
        "station" or "both"), and the texts `sample` and `station`, "" where there is none.
    """
    known = two_wire(record, station, entries)
    better = record if known is None else completed(record, {TWO_WIRE: known})
    return {
        "kind": record.geometry.kind, "reference": record.reference, **drawn(record, station),
        "mounting": list(_mounting(record)), "resistances": list(_resistances(record)),
        "defaults": list(_defaults(better, station, "" if known is None else known.why)),
        "limits": list(_limits(record, station)), "model": _model(record),
    }  # fmt: skip


def _mounting(record: SampleRecord) -> Iterator[Row]:
    how = record.mounting
    yield _row(record, "mounting.field_from_normal", "Field to film normal", shown(how.field_from_normal, "rad", "deg"))
    if how.in_plane_from_current:
        angle = shown(how.in_plane_from_current, "rad", "deg")
        yield _row(record, "mounting.in_plane_from_current", "In the plane, from the current", angle)
    turns = {
        "none": "no rotator", "across current": "from the normal towards the current",
        "along current": "from the normal towards +y", "along normal": "in the plane, from the current towards +y",
    }  # fmt: skip
    why = "" if how.rotator_axis == "none" else turns[how.rotator_axis]
    yield _row(record, "mounting.rotator_axis", "Rotator's axis", how.rotator_axis, why)


def _resistances(record: SampleRecord) -> Iterator[Row]:
    held = record.resistances
    names = {
        "longitudinal": "Along the bar", "junction": "Junction, low state", "junction_high": "Junction, high state",
        "electrode": "Electrode per square", "two_wire": "Two-wire", "hall": "Hall", "hall_offset": "Hall offset",
        "planar_hall": "Planar Hall",
    }  # fmt: skip
    for key, name in names.items():
        value = getattr(held, key)
        if value is not None:
            yield _row(record, f"resistances.{key}", name, shown(value, "ohm"))
    if held.resistance_area is not None:
        product = shown(held.resistance_area, "ohm m^2", "ohm um^2")
        yield _row(record, "resistances.resistance_area", "Resistance × area", product)
    if held.temperature_coefficient is not None:
        coefficient = shown(held.temperature_coefficient, "1/K")
        yield _row(record, "resistances.temperature_coefficient", "Temperature coefficient", coefficient)
    yield _row(record, "resistances.temperature", "All of this at", f"{held.temperature:g} K")


def _defaults(record: SampleRecord, station: Station, measured: str) -> Iterator[Row]:
    """Give what a run takes unless somebody says otherwise, each with its formula in numbers.

    Args:
        record: With the two-wire resistance that the contact check found.
        station: Whose field is the largest.
        measured: When that was; "" where it is the record's own.
    """
    current, most = record.probe_current(), shown(LARGEST_PROBE_CURRENT, "A")
    density, size = shown(record.probe.current_density, "A/m^2"), area(record)
    parts = [most, f"{density} × {size}"]
    if record.is_junction:
        parts.append(f"{shown(record.probe.voltage, 'V')} / {shown(record.sample_resistance(), 'ohm')}")
    formula = f"min({', '.join(parts)})"
    marks = ["probe.voltage", "probe.current_density"] if record.is_junction else ["probe.current_density"]
    guessed = any(assumed(record, mark) for mark in marks)
    yield {"name": "Probe current", "value": shown(current, "A"), "why": f"= {formula}", "assumed": guessed}
    yield {"name": "Its current density", "value": shown(current / record.cross_section(), "A/m^2"),
           "why": f"= {shown(current, 'A')} / {size}", "assumed": False}  # fmt: skip
    yield _compliance(record, current, measured)
    yield _voltmeter_range(record, current)
    why = f"limit of station {station.name}; an experiment's own default is less"
    yield {"name": "Largest field", "value": shown(station.limits.field, "T"), "why": why, "assumed": False}


def _compliance(record: SampleRecord, current: float, measured: str) -> Row:
    least = SMALLEST_JUNCTION_COMPLIANCE if record.is_junction else SMALLEST_COMPLIANCE
    resistance = record.two_wire_resistance() + record.highest_resistance() - record.sample_resistance()
    whence = f", the resistance {measured}" if measured else ""
    why = f"= max({shown(least, 'V')}, {HEADROOM:g} × {shown(current, 'A')} × {shown(resistance, 'ohm')}){whence}"
    guessed = assumed(record, "resistances.two_wire")
    try:
        value = shown(record.probe_compliance(current), "V")
    except LimitExceeded as refusal:
        value, why = "-", str(refusal)
    return {"name": "Compliance", "value": value, "why": why, "assumed": guessed}


def _voltmeter_range(record: SampleRecord, current: float) -> Row:
    try:
        value, expected = record.voltmeter_range(current), record.hall_voltage(current)
    except LimitExceeded as refusal:
        return {"name": "Voltmeter's range", "value": "-", "why": str(refusal), "assumed": False}
    if record.is_junction:
        expected = current * record.highest_resistance()
    what = "across the junction in its high state" if record.is_junction else "at the Hall arms"
    why = f"the smallest above {HEADROOM:g} × {shown(expected, 'V')} {what}"
    return {"name": "Voltmeter's range", "value": shown(value, "V"), "why": why, "assumed": False}


def _limits(record: SampleRecord, station: Station) -> Iterator[Row]:
    """Give the limits that hold here, whose each is, and what the other one has."""
    hold, low_high = limits.of(station, record), station.limits.temperature
    for name, (called, unit) in SHOWN_LIMITS.items():
        bound = getattr(hold, name)
        if bound is None:
            continue
        here = {"temperature": low_high[1], "lowest_temperature": low_high[0], "pulse_current": station.limits.current}
        at_station = here.get(name, getattr(station.limits, name, None))
        own = {"current": record.read_current_limit(), "pulse_current": record.pulse_current_limit()}
        of_sample = own.get(name, getattr(record.limits, name, None))
        whose = "both" if of_sample == at_station else "sample" if bound.owner.startswith("sample") else "station"
        yield {
            "name": called, "value": shown(bound.value, unit), "whose": whose,
            "sample": "" if of_sample is None else shown(of_sample, unit),
            "station": "" if at_station is None else shown(at_station, unit),
            "why": signs(record.why(name)) if whose == "sample" else "",
            "assumed": whose != "station" and _limit_assumed(record, name),
        }  # fmt: skip


def _limit_assumed(record: SampleRecord, limit: str) -> bool:
    keys = {"current": ("current", "read_current_density"), "pulse_current": ("pulse_current_density",)}
    found = [f"limits.{key}" for key in keys.get(limit, (limit, "breakdown_voltage"))]
    return any(assumed(record, key) for key in found)


def _model(record: SampleRecord) -> dict[str, Any] | None:
    if record.model is None:
        return None
    given = list(record.model.parameters.values())
    marked = [value for value in given if isinstance(value, dict) and value.get("mark") == ASSUMED]
    return {"family": record.model.family, "assumed": len(marked), "of": len(given)}


def _row(record: SampleRecord, key: str, name: str, value: str, why: str = "") -> Row:
    basis = record.basis.get(key)
    note = why or ("" if basis is None else basis.note)
    return {"name": name, "value": value, "why": note, "assumed": assumed(record, key)}
