"""What a sample record comes to: the defaults that follow from it, what is wrong with it, and what its journal says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.errors import LimitExceeded, UsageError
from instruments.units import format_quantity
from labctl import limits, sample_bases, sample_files
from labctl.journal import (
    CONTACTS,
    HEALTH,
    MOUNTING,
    SAFE_PULSE,
    Entry,
    latest,
    latest_device,
    odometer,
    of_device,
    since_mounting,
)
from labctl.records import locate, looked_at, read_toml
from labctl.sample import LARGEST_PROBE_CURRENT, SampleRecord, connection_faults
from labctl.station import Station


@dataclass(frozen=True, slots=True)
class Derived:
    """A value that follows from a record.

    Attributes:
        name: What it is.
        value: In `unit`; None where there is none.
        unit: SI.
        why: What it follows from, or why there is none.
    """

    name: str
    value: float | None
    unit: str
    why: str

    def text(self) -> str:
        """Return the value for people."""
        return "-" if self.value is None else format_quantity(self.value, self.unit)


def defaults(record: SampleRecord) -> Iterator[Derived]:
    """Give what a run takes unless somebody says otherwise."""
    current, area = record.probe_current(), record.cross_section()
    density = format_quantity(record.probe.current_density, "A/m^2")
    if current == LARGEST_PROBE_CURRENT:
        why = "the largest default"
    elif record.is_junction and current < record.current_at(record.probe.current_density):
        why = f"{format_quantity(record.probe.voltage, 'V')} across {_ohm(record.sample_resistance())}"
    else:
        why = f"{density} in {format_quantity(area, 'm^2')}"
    yield Derived("probe current", current, "A", why)
    yield Derived("its current density", current / area, "A/m^2", f"in {format_quantity(area, 'm^2')}")
    try:
        why = f"for {_ohm(record.two_wire_resistance())} with leads, and some room"
        yield Derived("compliance", record.probe_compliance(current), "V", why)
    except LimitExceeded as refusal:
        yield Derived("compliance", None, "V", str(refusal))
    try:
        across = "the junction" if record.is_junction else "the Hall arms"
        yield Derived("voltmeter's range", record.voltmeter_range(current), "V", f"for what {across} may show")
    except LimitExceeded as refusal:
        yield Derived("voltmeter's range", None, "V", str(refusal))


def bounds(record: SampleRecord) -> Iterator[Derived]:
    """Give what the sample endures; a station's limits may be tighter."""
    held = record.limits
    rows: Sequence[tuple[str, float | None, str, str]] = (
        ("current", record.read_current_limit(), "A", record.why("current") or "that may flow for any time"),
        ("pulse", record.pulse_current_limit(), "A", "largest current in a pulse"),
        ("compliance", held.voltage, "V", record.why("voltage") or "largest voltage that a source may reach"),
        ("bias", held.bias, "V", record.why("bias") or "largest voltage that is set"),
        ("pulse energy", held.pulse_energy, "J", "of one pulse"),
        ("average power", held.average_power, "W", ""),
        ("average current", held.average_current, "A", ""),
        ("temperature", held.temperature, "K", "highest"),
    )
    for name, value, unit, why in rows:
        if value is not None:
            yield Derived(name, value, unit, why)


def file_of(name: str) -> Path:
    """Return the file that a sample's name or path stands for.

    Raises:
        UnknownName: There is none.
        UsageError: There are two.
    """
    return locate(sample_files.KIND, name, sample_files.places(name))


def name_in(path: Path) -> str:
    """Return the name that a record says, also of one that is not complete; that of its file where it says none.

    Raises:
        UsageError: The file cannot be read.
    """
    name = read_toml(sample_files.KIND, path).get("name")
    return name if isinstance(name, str) and name.strip("? ") else path.stem


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found when a record was looked at.

    Attributes:
        record: The record, None if it cannot be used.
        faults: What is wrong or missing, a sentence each.
        advice: What a run works without, and would be better with.
    """

    record: SampleRecord | None
    faults: Sequence[str]
    advice: Sequence[str]


def look(path: Path, station: Station | None = None) -> Verdict:
    """Look at everything in a record, and whether it fits a station.

    Raises:
        UsageError: The file cannot be read at all.
    """
    record, faults = looked_at(sample_bases.read(path), SampleRecord)
    if record is None:
        return Verdict(None, faults, ())
    if record.name != path.stem:
        faults.append(
            f"name is {record.name!r}, but the file is {path.name}, by which --sample finds it; give both one name"
        )
    faults += [one.why for one in defaults(record) if one.value is None]
    if station is not None:
        faults += _against(station, record)
    return Verdict(record.read_from(path), faults, list(_advice(record)))


def _against(station: Station, record: SampleRecord) -> Iterator[str]:
    yield from connection_faults(station, record)
    try:
        current = record.probe_current()
        limits.check({"current": current, "voltage": record.probe_compliance(current)}, station, record)
    except LimitExceeded as refusal:
        yield f"by default {refusal}"
    except UsageError as error:
        yield str(error)


def _advice(record: SampleRecord) -> Iterator[str]:
    found = record.resistances
    if record.limits.voltage is None:
        yield "limits.voltage is not given, so that the compliance is held to the station's limit only"
    if record.limits.temperature is None:
        yield "limits.temperature is not given, so that only the station's limit holds; annealing may ruin a film"
    if found.two_wire is None:
        yield "resistances.two_wire is not given, so that the compliance follows from the leads' resistances"
    if not record.is_junction and (found.hall is None or found.hall_offset is None):
        yield "resistances.hall and hall_offset are not both given, so that the voltmeter's range is a coarse one"
    if record.is_junction and found.junction_high is None:
        yield "resistances.junction_high is not given, so that the low state decides the largest current"
    if found.temperature_coefficient is None:
        yield "resistances.temperature_coefficient is not given: the sample cannot be its own thermometer"
    lacking = [name for name, pad in record.pads.items() if pad.position is None or pad.arm is None]
    if lacking and not record.is_junction:
        yield (
            f"pads {', '.join(lacking)} have no position and arm, so that contact-check gives no sheet resistance and "
            'cannot tell leads from film; e.g. A.position = "35 um" and A.arm = 3 in [pads]'
        )
    if record.model is None:
        yield "there is no [model], so that it can be measured and not simulated"


def history(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what a journal comes to, by kind; `pulses` is an odometer and `damage` a list.

    Coercive fields, angle and contacts are those since the last mounting, in which `contacts` must be newer; health
    check and safe pulse are the last ones there are, with their date; damage and pulses are all there ever were. Of
    simulated samples all of it is about the one with the newest entry's seed.
    """
    seed = latest_device(entries)
    here = since_mounting(entries, seed)
    entries = entries if seed is None else of_device(entries, seed)
    return {
        MOUNTING: latest(entries, MOUNTING),
        CONTACTS: latest(here, CONTACTS),
        "coercive_field": latest(here, "coercive_field"),
        "angle": latest(here, "angle"),
        HEALTH: latest(entries, HEALTH),
        SAFE_PULSE: latest(entries, SAFE_PULSE),
        "pulses": odometer(entries),
        "damage": [entry for entry in entries if entry.kind == "damage"],
    }


def _ohm(value: float) -> str:
    return format_quantity(value, "ohm")
