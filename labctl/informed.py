"""What the sample's journal knows, in the place of parameters that nobody gave and of nominal resistances.

The record of a sample holds what its maker wrote down; its journal what was measured in this mounting. So the
compliance follows from the two-wire resistance that the contact check found, a sample that is its own thermometer has
the temperature coefficient that `rt` found, and a procedure may say in `informed` what else follows for it.

It is decided once, before anything is checked or sent, and written into run.json with its source. A run that is carried
on later takes it from there, whatever the journal has learnt meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.units import format_quantity
from labctl.adopted import Adopted
from labctl.analysis.health import FOUR
from labctl.journal import CONTACTS, Entry, latest
from labctl.own_code import own_code
from labctl.rundir import RunDirectory
from labctl.sample_sections import Basis

if TYPE_CHECKING:
    from labctl.procedure import Procedure
    from labctl.request import Request
    from labctl.sample import SampleRecord
    from labctl.station import Station

TWO_WIRE, COEFFICIENT = "resistances.two_wire", "resistances.temperature_coefficient"
"""Keys of the record that the journal may know better: what the contact check found between the current source's leads,
in ohm, and what `rt` found, in 1/K. All other names are parameters."""


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that follows from the journal.

    Attributes:
        value: In SI units.
        why: Where it comes from, in a few words.
    """

    value: Any
    why: str


def inform(request: Request) -> None:
    """Give a procedure what the journal of its sample knows; its `known` says what that was.

    Raises:
        DataDamaged: The journal, or the description of the run that is carried on, cannot be read.
        BadValue: A procedure's own `informed` gives a value that does not fit the parameter.
    """
    procedure = request.procedure
    if isinstance(procedure, Adopted):
        return
    declared = procedure.declared_parameters()
    procedure.set(**{name: declared[name].default for name in procedure.known if name in declared})
    if request.resume is None:
        found = dict(_of_journal(request))
    else:
        found = of_description(RunDirectory.open(request.resume).request())
    procedure.set(**{name: known.value for name, known in found.items() if name in declared})
    procedure.sample = completed(procedure.sample, found)
    procedure.known = found


def completed(record: SampleRecord, known: Mapping[str, Known]) -> SampleRecord:
    """Return a record with what was measured in the place of its own numbers, each marked as measured."""
    better = {name: each for name, each in known.items() if name in {TWO_WIRE, COEFFICIENT}}
    if not better:
        return record
    values = {name.partition(".")[2]: each.value for name, each in better.items()}
    basis = {name: Basis(mark="M", note=each.why) for name, each in better.items()}
    resistances = record.resistances.model_copy(update=values)
    return record.model_copy(update={"resistances": resistances, "basis": {**record.basis, **basis}})


def described(procedure: Procedure) -> dict[str, Any]:
    """Return what the journal told, as run.json keeps it; empty where it told nothing."""
    known = {name: {"value": each.value, "why": each.why} for name, each in procedure.known.items()}
    return {"informed": known} if known else {}


def sentences(procedure: Procedure) -> Iterator[str]:
    """Say what follows from the journal, one line each."""
    declared = procedure.declared_parameters()
    for name, known in procedure.known.items():
        parameter = declared.get(name)
        unit = "ohm" if name == TWO_WIRE else "1/K"
        text = format_quantity(known.value, unit) if parameter is None else parameter.show(known.value)
        yield f"{name} is {text}, {known.why}"


def on(entry: Entry) -> str:
    """Say when an entry was written, and by which run: `measured on 2026-03-01 by 0007-ahe-S042-B3`."""
    by = f" by {Path(entry.run).name}" if entry.run else ""
    return f"measured on {entry.utc:%Y-%m-%d}{by}"


def of_description(description: Mapping[str, Any]) -> dict[str, Known]:
    """Return what was taken from the journal when a run began, from what its run.json says."""
    return {name: Known(each["value"], each["why"]) for name, each in description.get("informed", {}).items()}


def _of_journal(request: Request) -> Iterator[tuple[str, Known]]:
    procedure = request.procedure
    if procedure.sample_journal is None:
        return
    if "probe_current" in procedure.declared_parameters():
        known = two_wire(procedure.sample, procedure.station, procedure.sample_journal.since_mounting())
        if known is not None:
            yield TWO_WIRE, known
        yield from _coefficient(procedure.sample, procedure.sample_journal.entries("resistance"))
    with own_code(procedure, "informed() failed"):
        told = dict(procedure.informed())
    for name, known in told.items():
        if not _given(request, name):
            yield name, known


def _given(request: Request, name: str) -> bool:
    """Whether somebody chose a parameter, in words or by another value than its default."""
    procedure = request.procedure
    return name in request.given or procedure.values()[name] != procedure.declared_parameters()[name].default


def two_wire(record: SampleRecord, station: Station, entries: Sequence[Entry]) -> Known | None:
    """Return what the last contact check measured between the leads that the current source is plugged into, in ohm.

    Not of a junction: there it is that of the state which the junction was in.

    Args:
        record: The sample.
        station: Whose cables lead to it.
        entries: Of its journal since it was mounted.
    """
    entry, cables = latest(entries, CONTACTS), station.cables.source
    if entry is None or cables is None or record.is_junction:
        return None
    pairs: Mapping[str, Any] = entry.values.get("two_wire") or {}
    for row in (f"{cables.high}/{cables.low}", f"{cables.low}/{cables.high}"):
        if pairs.get(row):
            return Known(float(pairs[row]["value"]), on(entry))
    return None


def _coefficient(record: SampleRecord, entries: list[Entry]) -> Iterator[tuple[str, Known]]:
    """Find the last temperature coefficient that was measured with four wires, at the record's own temperature."""
    for entry in reversed(entries):
        value, of = entry.number("temperature_coefficient"), entry.values.get("of")
        if value is not None and of == f"{FOUR}, at {record.resistances.temperature:g} K":
            yield COEFFICIENT, Known(value, on(entry))
            return
