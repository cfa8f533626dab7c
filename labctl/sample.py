"""The sample record: what is mounted, what it endures, and the defaults that follow from it.

A record (`data/samples/*.toml`, or one's own) describes a sample, real or simulated. Every value is SI inside. A value
may be written as a table that says where it comes from, `{ value = "5 um", mark = "S", note = "..." }`; mark and note
are kept in `basis`, under the value's key.
"""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruments.errors import LimitExceeded, UsageError
from instruments.units import format_quantity
from labctl import paths
from labctl.records import (
    Ampere,
    AmperePerSquareMetre,
    Joule,
    Kelvin,
    Metre,
    Ohm,
    PerKelvin,
    Radian,
    Record,
    Section,
    Volt,
    Watt,
    read_record,
    suggest,
    titles,
)
from labctl.station import Station

LARGEST_PROBE_CURRENT = 100e-6
"""A; the most that a probe takes by default, however wide the sample is."""

SMALLEST_COMPLIANCE = 0.2
"""V; below it a source's own offset counts, and a Hall bar is in no danger."""

VOLTMETER_RANGES = (0.01, 0.1, 1.0, 10.0, 100.0)
"""V; ranges of channel 1 of the 2182A (user's manual, specifications)."""

HEADROOM = 1.5
"""By how much a range or a compliance exceeds what is expected."""

_MARKED = {"value", "mark", "note", "date", "unit"}


class Basis(Section):
    """Where a value comes from."""

    mark: Literal["S", "F", "D", "L", "A", "M"] | None = None
    """S stated in the paper, F read off a figure, D derived, L literature, A assumed, M measured on this sample."""
    note: str = ""
    date: datetime.date | None = None


class Layer(Section):
    """One layer of the stack."""

    material: str = Field(min_length=1, description='e.g. material = "Pt"')
    thickness: Metre = Field(gt=0, description='e.g. thickness = "9 nm"')
    carries_current: bool = Field(description="whether its thickness counts in the current density: true or false")


class Geometry(Section):
    """Shape of the conductor."""

    kind: Literal["hall_bar"] = Field(description='shape of the sample, e.g. kind = "hall_bar"')
    width: Metre = Field(gt=0, description='width of the bar, e.g. width = "5 um"')
    length: Metre = Field(gt=0, description='length of the bar between the current pads, e.g. length = "50 um"')


class Lead(Section):
    """A line from the breakout box to a pad."""

    pad: str = Field(min_length=1, description='the pad that it ends on, e.g. pad = "A"')
    resistance: Ohm = Field(default=0.0, ge=0)
    """ohm, of line and contact."""


class Pad(Section):
    """A contact on the sample."""

    function: str = Field(min_length=1, description='what it is for, e.g. function = "Hall arm at +y"')


class Mounting(Section):
    """How the sample sits in the cryostat."""

    field_from_normal: Radian = Field(
        description='angle between field and film normal, e.g. field_from_normal = "0 deg"'
    )
    """rad; between the magnet's field and the film normal, with a rotator at zero."""
    in_plane_from_current: Radian = 0.0
    """rad; from the current towards +y, of the field's part in the film plane, with a rotator at zero."""
    rotator_axis: Literal["none", "along current", "across current", "along normal"] = "none"
    """A positive angle turns the field, as the sample sees it, from the normal towards the current (axis across it),
    from the normal towards +y (axis along the current), or from the current towards +y (axis along the normal)."""
    tilt: Radian = 0.0
    """rad; by how much more than `field_from_normal` says the simulated sample leans, as pucks do. On hardware nobody
    knows it, and it has no effect."""


class Resistances(Section):
    """What was measured, or is assumed until it is."""

    longitudinal: Ohm = Field(gt=0, description='from end to end of the bar, e.g. longitudinal = "340 ohm"')
    two_wire: Ohm | None = Field(default=None, gt=0)
    """ohm, between the current leads with their contacts."""
    hall: Ohm | None = None
    """ohm, largest Hall resistance by field or magnetisation."""
    hall_offset: Ohm | None = None
    """ohm, by which the Hall arms miss each other."""
    temperature: Kelvin = Field(default=300.0, gt=0)
    """K at which all of this holds."""
    temperature_coefficient: PerKelvin | None = Field(default=None, ge=-0.1, le=0.1)
    """1/K; metals have some 1e-3, and nothing that a film is made of comes near the bounds."""

    @model_validator(mode="after")
    def _two_wires_hold_the_bar(self) -> Self:
        if self.two_wire is not None and self.two_wire < self.longitudinal:
            raise ValueError(
                f"two_wire is {self.two_wire:g} ohm, below longitudinal, {self.longitudinal:g} ohm, but what is "
                "measured with two wires is the bar and its leads; correct one of them"
            )
        return self


class ProbeDefaults(Section):
    """How gently the sample is to be read."""

    current_density: AmperePerSquareMetre = Field(default=1e9, gt=0)


class SampleLimits(Section):
    """What the sample endures."""

    voltage: Volt | None = Field(default=None, gt=0)
    read_current_density: AmperePerSquareMetre = Field(default=5e9, gt=0)
    pulse_current_density: AmperePerSquareMetre | None = Field(default=None, gt=0)
    pulse_energy: Joule | None = Field(default=None, gt=0)
    average_power: Watt | None = Field(default=None, gt=0)
    average_current: Ampere | None = Field(default=None, gt=0)
    temperature: Kelvin | None = Field(default=None, gt=0)


class Model(BaseModel):
    """What stands for the sample in simulation; the family itself checks its parameters."""

    model_config = ConfigDict(extra="allow", frozen=True)

    family: str = Field(min_length=1, description='name of the sample family, e.g. family = "ferrimagnet_hall_bar"')

    @property
    def parameters(self) -> dict[str, Any]:
        """The family's parameters as they are written: numbers, or tables with value, mark and note."""
        return dict(self.model_extra or {})


class SampleRecord(Record):
    """A sample record."""

    reference: str = ""
    stack: tuple[Layer, ...] = Field(min_length=1, description="[[stack]], a table for each layer")
    geometry: Geometry = Field(description="[geometry]")
    pads: dict[str, Pad] = Field(min_length=1, description="[pads], what each contact is for")
    leads: dict[str, Lead] = Field(min_length=1, description="[leads], which pad each line of the breakout ends on")
    mounting: Mounting = Field(description="[mounting]")
    resistances: Resistances = Field(description='[resistances], at least longitudinal = "..."')
    probe: ProbeDefaults = ProbeDefaults()
    limits: SampleLimits = SampleLimits()
    model: Model | None = None
    basis: dict[str, Basis] = Field(default_factory=dict[str, Basis])

    @model_validator(mode="before")
    @classmethod
    def _keep_marks(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        found: dict[str, object] = {}
        entries = cast("Mapping[str, object]", values)
        plain = {
            key: value if key in {"model", "basis"} else _unmarked(key, value, found) for key, value in entries.items()
        }
        given = entries.get("basis")
        return {
            **plain,
            "basis": {**found, **cast("Mapping[str, object]", given)} if isinstance(given, Mapping) else found,
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not any(layer.carries_current for layer in self.stack):
            raise ValueError("no layer of the stack has carries_current = true, so that no current density can be told")
        for name, lead in self.leads.items():
            if lead.pad not in self.pads:
                raise ValueError(
                    f"leads.{name}.pad is {lead.pad!r}, which is not one of the pads; "
                    f"{suggest(lead.pad, list(self.pads))}there are {', '.join(self.pads)}"
                )
        if self.probe.current_density > self.limits.read_current_density:
            raise ValueError(
                f"probe.current_density, {self.probe.current_density:g} A/m^2, is above limits.read_current_density, "
                f"{self.limits.read_current_density:g} A/m^2; lower it"
            )
        return self

    def conducting_thickness(self) -> float:
        """Return the thickness in m that the current density refers to: of all layers that carry current."""
        return float(sum(_decimal(layer.thickness) for layer in self.stack if layer.carries_current))

    def cross_section(self) -> float:
        """Return the area in m2 that the current flows through: width times conducting thickness."""
        return _product(self.geometry.width, self.conducting_thickness())

    def _current(self, density: float) -> float:
        """Return the current in A that has this density in A/m2."""
        return _product(density, self.geometry.width, self.conducting_thickness())

    def read_current_limit(self) -> float:
        """Return the largest current in A that may be used for reading: the limit of the density times the area."""
        return self._current(self.limits.read_current_density)

    def pulse_current_limit(self) -> float | None:
        """Return the largest pulse in A, None where the record sets no density for pulses."""
        density = self.limits.pulse_current_density
        return None if density is None else self._current(density)

    def probe_current(self) -> float:
        """Return the default probe current in A: the probe's current density times the area, at most 100 uA."""
        return min(LARGEST_PROBE_CURRENT, self._current(self.probe.current_density))

    def two_wire_resistance(self) -> float:
        """Return what a current source sees, in ohm: as measured, or the bar's own with the two worst leads."""
        if self.resistances.two_wire is not None:
            return self.resistances.two_wire
        return self.resistances.longitudinal + sum(sorted(lead.resistance for lead in self.leads.values())[-2:])

    def probe_compliance(self, current: Ampere) -> float:
        """Return the compliance in V for a probe current in A: 1.5 times what it needs, at least 0.2 V.

        Raises:
            LimitExceeded: That is more than the sample endures.
        """
        needed = max(HEADROOM * abs(current) * self.two_wire_resistance(), SMALLEST_COMPLIANCE)
        if self.limits.voltage is not None and needed > self.limits.voltage:
            raise LimitExceeded(
                f"{format_quantity(current, 'A')} through {self.two_wire_resistance():g} ohm asks for a compliance of "
                f"{format_quantity(needed, 'V')}, above the {format_quantity(self.limits.voltage, 'V')} that sample "
                f"{self.name!r} endures; take a smaller current"
            )
        return needed

    def hall_voltage(self, current: Ampere) -> float:
        """Return the largest Hall voltage in V to expect: offset and signal at a current in A.

        Where the record lacks one of them, the bar's longitudinal resistance stands in, which it never exceeds.
        """
        parts = (self.resistances.hall, self.resistances.hall_offset)
        if None in parts:
            return abs(current) * self.resistances.longitudinal
        return abs(current) * sum(abs(part) for part in parts if part is not None)

    def voltmeter_range(self, current: Ampere) -> float:
        """Return the voltmeter's range in V for a probe current in A: the smallest with 1.5 times the Hall voltage.

        Raises:
            LimitExceeded: No range is large enough.
        """
        needed = HEADROOM * self.hall_voltage(current)
        for largest in VOLTMETER_RANGES:
            if needed <= largest:
                return largest
        raise LimitExceeded(
            f"{format_quantity(current, 'A')} could make {format_quantity(needed, 'V')} at the Hall arms of sample "
            f"{self.name!r}, above the voltmeter's largest range of {VOLTMETER_RANGES[-1]:g} V; take a smaller current"
        )

    def model_geometry(self) -> dict[str, float]:
        """Return the lengths that a simulated sample may need: width, length and conducting thickness in m."""
        return {
            "width": self.geometry.width,
            "length": self.geometry.length,
            "conducting_thickness": self.conducting_thickness(),
        }


def connections(station: Station, record: SampleRecord) -> dict[str, str]:
    """Return the pad that each cable of a station reaches, by the cable's key in the station file.

    Raises:
        UsageError: A cable is plugged into a lead that the sample does not have, or two ends of one instrument reach
            the same pad.
    """
    reached: dict[str, str] = {}
    for end, lead in station.cables.leads().items():
        if lead not in record.leads:
            raise UsageError(
                f"station {station.name!r} has {end} at the lead {lead!r}, which sample {record.name!r} does not have; "
                f"{suggest(lead, list(record.leads))}its leads are {', '.join(record.leads)}"
            )
        reached[end] = record.leads[lead].pad
    for high, low in station.cables.pairs():
        if high in reached and reached[high] == reached.get(low):
            raise UsageError(
                f"station {station.name!r} has {high} and {low} at leads that both end on the pad {reached[high]!r} of "
                f"sample {record.name!r}: a short is no measurement; plug one of them into another lead"
            )
    return reached


def load_sample(name: str | os.PathLike[str]) -> SampleRecord:
    """Read a sample record by the name of a shipped one, or by the path of its file.

    Raises:
        UnknownName: No shipped record has this name.
        UsageError: The file is not there or does not fit; the sentence names file, key, value and what would be right.
    """
    return read_record("sample record", name, paths.sample_files(), SampleRecord)


def available_samples() -> tuple[str, ...]:
    """Return the names of the shipped sample records."""
    return tuple(paths.sample_files())


def sample_titles() -> dict[str, str]:
    """Return the titles of the shipped sample records by name, in alphabetical order; a broken file hides no other."""
    return titles(paths.sample_files())


def _decimal(value: float) -> Fraction:
    return Fraction(repr(value))


def _product(*factors: float) -> float:
    """Multiply as decimals, so that a limit of 1e10 A/m2 on 5 um x 9 nm is the very number that "450 uA" is."""
    return float(math.prod(map(_decimal, factors)))


def _unmarked(key: str, value: object, found: dict[str, object]) -> object:
    """Return a value without its mark, and put the mark into `found` under the value's key."""
    if isinstance(value, list):
        return [_unmarked(f"{key}[{place}]", item, found) for place, item in enumerate(cast("list[object]", value), 1)]
    if not isinstance(value, Mapping):
        return value
    table = cast("Mapping[str, object]", value)
    if "value" in table and not table.keys() <= _MARKED:
        raise ValueError(f"{key} has the keys {', '.join(table)}; beside value there may be unit, mark, note and date")
    if "value" not in table:
        return {name: _unmarked(f"{key}.{name}", item, found) for name, item in table.items()}
    found[key] = {name: item for name, item in table.items() if name in {"mark", "note", "date"}}
    return f"{table['value']} {table['unit']}" if "unit" in table else table["value"]
