"""The sample record: what is mounted, what it endures, and the defaults that follow from it.

A record (`data/samples/*.toml`, or one's own) describes a sample, real or simulated. Every value is SI inside. A value
may be written as a table that says where it comes from, `{ value = "5 um", mark = "S", note = "..." }`; mark and note
are kept in `basis`, under the value's key. The tables are in `labctl.sample_sections`, and where records are found is
said in `labctl.sample_files`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Self, cast

from pydantic import Field, model_validator

from instruments.errors import LimitExceeded, UsageError
from instruments.units import format_quantity
from labctl import paths, sample_bases, sample_files
from labctl.magnetometry import Film
from labctl.records import Ampere, AmperePerSquareMetre, Record, check, locate, suggest, titles
from labctl.sample_checks import check_electrodes, check_resistances, missing_limits
from labctl.sample_sections import (
    COMPLIANCE_OF_BREAKDOWN,
    Basis,
    HallBar,
    HealthAsked,
    Junction,
    Layer,
    Lead,
    Model,
    Mounting,
    Pad,
    ProbeDefaults,
    Resistances,
    SampleLimits,
)
from labctl.station import Station

__all__ = [
    "Basis", "HallBar", "HealthAsked", "Junction", "Layer", "Lead", "Model", "Mounting", "Pad", "ProbeDefaults",
    "Resistances", "SampleLimits", "SampleRecord", "available_samples", "connection_faults", "connections",
    "load_sample", "sample_titles",
]  # fmt: skip

LARGEST_PROBE_CURRENT = 100e-6
"""A; the most that a probe takes by default, however wide the sample is."""

SMALLEST_COMPLIANCE = 0.2
"""V; below it a source's own offset counts, and a Hall bar is in no danger."""

SMALLEST_JUNCTION_COMPLIANCE = 0.1
"""V; the smallest that a 6221 can be set to (reference manual)."""

LARGEST_COMPLIANCE = 105.0
"""V; the largest that a 6221 can be set to (reference manual)."""

VOLTMETER_RANGES = (0.01, 0.1, 1.0, 10.0, 100.0)
"""V; ranges of channel 1 of the 2182A (user's manual, specifications)."""

HEADROOM = 1.5
"""By how much a range or a compliance exceeds what is expected."""

_MARKED = {"value", "mark", "note", "date", "unit"}


class SampleRecord(Record):
    """A sample record."""

    reference: str = ""
    based_on: str = ""
    """Record that gave everything that this one's file does not say; see `labctl.sample_bases`."""
    stack: tuple[Layer, ...] = Field(min_length=1, description="[[stack]], a table for each layer")
    geometry: HallBar | Junction = Field(discriminator="kind", description="[geometry]")
    pads: dict[str, Pad] = Field(min_length=1, description="[pads], what each contact is for")
    leads: dict[str, Lead] = Field(min_length=1, description="[leads], which pad each line of the breakout ends on")
    mounting: Mounting = Field(description="[mounting]")
    resistances: Resistances = Field(
        description='[resistances], at least longitudinal = "..." of a Hall bar, junction = "..." of a junction'
    )
    probe: ProbeDefaults = ProbeDefaults()
    limits: SampleLimits = SampleLimits()
    health: HealthAsked = HealthAsked()
    magnetometer: Film | None = None
    """The piece of film that is measured in a magnetometer; None where nobody said."""
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
        _let_all_layers_carry(plain)
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
        check_electrodes(self)
        check_resistances(self)
        filled = self.model_copy(update={"limits": self.limits.model_copy(update=missing_limits(self))})
        density = filled.limits.read_current_density
        if density is not None and self.probe.current_density > density:
            raise ValueError(
                f"probe.current_density, {self.probe.current_density:g} A/m^2, is above limits.read_current_density, "
                f"{density:g} A/m^2; lower it"
            )
        return filled

    # ---- what it is

    @property
    def is_junction(self) -> bool:
        """Whether the current crosses a barrier."""
        return isinstance(self.geometry, Junction)

    def conducting_thickness(self) -> float:
        """Return the thickness in m that the current density refers to: of all layers that carry current."""
        return float(sum(_decimal(layer.thickness) for layer in self.stack if layer.carries_current))

    def cross_section(self) -> float:
        """Return the area in m2 that the current flows through: width times conducting thickness, or the junction's."""
        return self.current_at(1.0)

    def current_at(self, density: AmperePerSquareMetre) -> float:
        """Return the current in A that has this density in A/m2."""
        if isinstance(self.geometry, Junction):
            return density * self.geometry.area()
        return _product(density, self.geometry.width, self.conducting_thickness())

    def sample_resistance(self) -> float:
        """Return the resistance in ohm of the sample without leads: of the bar, or of the junction's low state."""
        found = self.resistances
        own = found.junction if self.is_junction else found.longitudinal
        if own is None:
            assert found.resistance_area is not None
            own = found.resistance_area / self.cross_section()
        return own

    def highest_resistance(self) -> float:
        """Return the largest resistance in ohm that the sample without leads is known to take."""
        return max(self.sample_resistance(), self.resistances.junction_high or 0.0)

    def two_wire_resistance(self) -> float:
        """Return what a current source sees, in ohm: as measured, or the sample's own with the two worst leads."""
        if self.resistances.two_wire is not None:
            return self.resistances.two_wire
        return self.sample_resistance() + sum(sorted(lead.resistance for lead in self.leads.values())[-2:])

    # ---- what it endures

    def read_current_limit(self) -> float:
        """Return the largest current in A that may be used for reading, of what the record's limits leave."""
        density, current = self.limits.read_current_density, self.limits.current
        bounds = [bound for bound in (current, None if density is None else self.current_at(density)) if bound]
        return min(bounds)

    def pulse_current_limit(self) -> float | None:
        """Return the largest pulse in A, None where the record sets no density for pulses."""
        density = self.limits.pulse_current_density
        return None if density is None else self.current_at(density)

    def why(self, limit: str) -> str:
        """Say what a limit follows from, `voltage`, `bias` or `current`; empty where it stands in the record."""
        breakdown, held = self.limits.breakdown_voltage, self.limits
        if limit == "voltage" and breakdown is not None and held.voltage == COMPLIANCE_OF_BREAKDOWN * breakdown:
            return f"half its breakdown voltage of {format_quantity(breakdown, 'V')}"
        if limit == "bias" and breakdown is not None and held.bias is not None:
            return f"its largest bias, where it breaks at {format_quantity(breakdown, 'V')}"
        if limit == "current" and self.is_junction and held.bias is not None:
            resistance = format_quantity(self.highest_resistance(), "ohm")
            if held.current == held.bias / self.highest_resistance():
                return f"which makes {format_quantity(held.bias, 'V')} across {resistance}"
        return ""

    # ---- how it is read unless somebody says otherwise

    def probe_current(self) -> float:
        """Return the default probe current in A: the probe's current density times the area, at most 100 uA.

        In a junction also no more than makes the probe's voltage across it.
        """
        by_density = min(LARGEST_PROBE_CURRENT, self.current_at(self.probe.current_density))
        return min(by_density, self.probe.voltage / self.sample_resistance()) if self.is_junction else by_density

    def probe_compliance(self, current: Ampere) -> float:
        """Return the compliance in V for a probe current in A: 1.5 times what it needs, at least 0.2 V.

        Of a junction it is what its high state needs, and at least 0.1 V.

        Raises:
            LimitExceeded: That is more than the sample endures, or than a source gives.
        """
        resistance = self.two_wire_resistance() + self.highest_resistance() - self.sample_resistance()
        smallest = SMALLEST_JUNCTION_COMPLIANCE if self.is_junction else SMALLEST_COMPLIANCE
        needed = max(HEADROOM * abs(current) * resistance, smallest)
        asks = (
            f"{format_quantity(current, 'A')} through {resistance:g} ohm asks for a compliance of "
            f"{format_quantity(needed, 'V')}"
        )
        if needed > LARGEST_COMPLIANCE:
            most = format_quantity(LARGEST_COMPLIANCE, "V")
            raise LimitExceeded(f"{asks}, above the {most} that a source gives at most; take a smaller current")
        if self.limits.voltage is not None and needed > self.limits.voltage:
            raise LimitExceeded(
                f"{asks}, above the {format_quantity(self.limits.voltage, 'V')} that sample {self.name!r} endures; "
                "take a smaller current, or permit more with --override voltage=..."
            )
        return needed

    def hall_voltage(self, current: Ampere) -> float:
        """Return the largest Hall voltage in V to expect: offset and signal at a current in A.

        Where the record lacks one of them, the bar's longitudinal resistance stands in, which it never exceeds.
        """
        parts = (self.resistances.hall, self.resistances.hall_offset)
        if None in parts:
            return abs(current) * self.sample_resistance()
        return abs(current) * sum(abs(part) for part in parts if part is not None)

    def voltmeter_range(self, current: Ampere) -> float:
        """Return the voltmeter's range in V for a probe current in A: the smallest with 1.5 times what is expected.

        That is the Hall voltage of a Hall bar, and the voltage across a junction in its high state.

        Raises:
            LimitExceeded: No range is large enough.
        """
        expected = abs(current) * self.highest_resistance() if self.is_junction else self.hall_voltage(current)
        needed = HEADROOM * expected
        for largest in VOLTMETER_RANGES:
            if needed <= largest:
                return largest
        where = "across" if self.is_junction else "at the Hall arms of"
        raise LimitExceeded(
            f"{format_quantity(current, 'A')} could make {format_quantity(needed, 'V')} {where} sample "
            f"{self.name!r}, above the voltmeter's largest range of {VOLTMETER_RANGES[-1]:g} V; take a smaller current"
        )

    def model_geometry(self) -> dict[str, float]:
        """Return the lengths that a simulated sample may need, in m.

        Width, length and conducting thickness of a Hall bar; of a junction its area in m2 and its barrier's thickness.
        """
        if isinstance(self.geometry, Junction):
            return {"area": self.geometry.area(), "barrier_thickness": self.geometry.barrier_thickness}
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
    for fault in connection_faults(station, record):
        raise UsageError(fault)
    return {end: record.leads[lead].pad for end, lead in station.cables.leads().items()}


def connection_faults(station: Station, record: SampleRecord) -> Iterator[str]:
    """Say why a station's cables do not fit the sample's leads, a sentence for each cable."""
    leads = station.cables.leads()
    for end, lead in leads.items():
        if lead not in record.leads:
            yield (
                f"station {station.name!r} has {end} at the lead {lead!r}, which sample {record.name!r} does not have; "
                f"{suggest(lead, list(record.leads))}its leads are {', '.join(record.leads)}"
            )
    reached = {end: record.leads[lead].pad for end, lead in leads.items() if lead in record.leads}
    for high, low in station.cables.pairs():
        if high in reached and reached[high] == reached.get(low):
            yield (
                f"station {station.name!r} has {high} and {low} at leads that both end on the pad {reached[high]!r} of "
                f"sample {record.name!r}: a short is no measurement; plug one of them into another lead"
            )


def load_sample(name: str | os.PathLike[str]) -> SampleRecord:
    """Read a sample record by its name, or by the path of its file.

    A name is that of a shipped record, of one that an installed package announces, or of a file in the folder
    `samples` where one works: `S042-B3` is `samples/S042-B3.toml`.

    Raises:
        UnknownName: No record has this name.
        UsageError: Two have it, the file is not there or does not fit; the sentence names file, key and value, and
            what would be right.
    """
    path = locate(sample_files.KIND, name, sample_files.places(name))
    return check(sample_files.KIND, sample_bases.read(path), path, SampleRecord).read_from(path)


def available_samples() -> tuple[str, ...]:
    """Return the names of the shipped sample records."""
    return tuple(paths.sample_files())


def sample_titles() -> dict[str, str]:
    """Return the titles of all records that go by a name, in alphabetical order; a broken file hides no other."""
    return titles(sample_files.by_name())


def _let_all_layers_carry(plain: dict[str, object]) -> None:
    """Across a junction every layer carries the current, so that its record need not say so."""
    geometry, stack = plain.get("geometry"), plain.get("stack")
    if not isinstance(geometry, Mapping) or not isinstance(stack, list):
        return
    if cast("Mapping[str, object]", geometry).get("kind") == "junction":
        layers = cast("list[object]", stack)
        plain["stack"] = [
            {"carries_current": True, **cast("Mapping[str, object]", layer)} if isinstance(layer, Mapping) else layer
            for layer in layers
        ]


@lru_cache(maxsize=256)
def _decimal(value: float) -> Fraction:
    return Fraction(repr(value))


@lru_cache(maxsize=256)
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
