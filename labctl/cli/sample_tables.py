"""How samples and journals look on a terminal of 80 columns, or whatever it has."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from instruments.units import format_quantity
from labctl import journal_words
from labctl.cli import output
from labctl.journal import (
    HEALTH,
    MOUNTING,
    SAFE_PULSE,
    Entry,
    Journal,
    Odometer,
    latest_device,
    of_device,
)
from labctl.journal_words import NO_BREAK, cell, health, pulses_text, safe_pulse
from labctl.sample import Junction, SampleRecord
from labctl.sample_sections import KINDS
from labctl.sample_summary import Derived

NARROWEST = 20
"""Characters that the last column keeps, however narrow the screen."""


def _width() -> int:
    return shutil.get_terminal_size((80, 24)).columns - (4 if sys.stdout.isatty() else 0)


def wrapped(rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
    """Print a table whose last column is wrapped so that it fits the screen."""
    taken = sum(max(len(row[column]) for row in (header, *rows)) + 2 for column in range(len(header) - 1))
    room = max(NARROWEST, _width() - taken)
    lines: list[tuple[str, ...]] = []
    for *first, last in rows:
        parts = [part for line in last.split("\n") for part in _wrap(line, room)] or [""]
        lines.append((*first, parts[0]))
        lines += [(*[""] * len(first), part) for part in parts[1:]]
    output.table(lines, header)


def _wrap(text: str, room: int) -> list[str]:
    return [line.replace(NO_BREAK, " ") for line in textwrap.wrap(text, room, break_on_hyphens=False)]


def items(sentences: Sequence[str]) -> None:
    """Print sentences as a list, wrapped on a terminal; elsewhere a line each, as programs like it."""
    for sentence in sentences:
        if sys.stdout.isatty():
            output.line(textwrap.fill(f"- {sentence}", _width(), subsequent_indent="  ", break_on_hyphens=False))
        else:
            output.line(f"- {sentence}")


def record(sample: SampleRecord, path: Path) -> None:
    """Print what a sample is."""
    layers = [
        f"{layer.material} {_metres(layer.thickness)}{'' if layer.carries_current else ' (no current)'}"
        for layer in sample.stack
    ]
    mounted, found = sample.mounting, sample.resistances
    named = (
        ("longitudinal", found.longitudinal), ("junction", found.junction), ("high state", found.junction_high),
        ("electrodes per square", found.electrode), ("two-wire", found.two_wire), ("Hall", found.hall),
        ("Hall offset", found.hall_offset), ("planar Hall", found.planar_hall),
    )  # fmt: skip
    resistances = [f"{name} {format_quantity(value, 'ohm')}" for name, value in named if value is not None]
    if found.resistance_area is not None:
        area = format_quantity(found.resistance_area, "ohm m^2", shown="ohm um^2")
        resistances.append(f"resistance times area {area}")
    coefficient = ""
    if found.temperature_coefficient is not None:
        basis = sample.basis.get("resistances.temperature_coefficient")
        assumed = " (assumed)" if basis is not None and basis.mark == "A" else ""
        coefficient = f"; temperature coefficient {format_quantity(found.temperature_coefficient, '1/K')}{assumed}"
    tilted = format_quantity(mounted.field_from_normal, "rad", shown="deg")
    rows = [
        ("file", str(path)),
        ("title", sample.title or "-"),
        ("shape", f"{KINDS[sample.geometry.kind].partition(' ')[2]}, {_geometry(sample)}"),
        ("stack", " / ".join(layers)),
        ("mounting", f"field {tilted} from the film normal; rotator axis: {mounted.rotator_axis}"),
        ("resistances", f"{', '.join(resistances)}, at {found.temperature:g} K{coefficient}"),
        *([("check loop", "a run that is carried on begins with one")] if sample.health.check_loop else []),
        ("model", "none: it cannot be simulated" if sample.model is None else sample.model.family),
    ]  # fmt: skip
    wrapped(rows, (sample.name, ""))


def _geometry(sample: SampleRecord) -> str:
    shape = sample.geometry
    if not isinstance(shape, Junction):
        return f"{_metres(shape.width)} wide, {_metres(shape.length)} long"
    barrier = f"barrier {_metres(shape.barrier_thickness)}"
    if shape.diameter is not None:
        return f"{_metres(shape.diameter)} across, {barrier}"
    return f"{_metres(shape.width or 0.0)} x {_metres(shape.length or 0.0)}, {barrier}"


def _metres(value: float) -> str:
    return format_quantity(value, "m")


def derived(title: str, rows: Sequence[Derived]) -> None:
    """Print values that follow from a record, with what they follow from."""
    wrapped([(row.name, row.text(), row.why) for row in rows], (title, "value", "from"))


def leads(sample: SampleRecord) -> None:
    """Print which line ends where."""
    rows = [
        (name, format_quantity(lead.resistance, "ohm") if lead.resistance else "-", lead.pad,
         sample.pads[lead.pad].function)
        for name, lead in sample.leads.items()
    ]  # fmt: skip
    wrapped(rows, ("lead", "resistance", "pad", "function"))


def summary(found: Mapping[str, Any], all_entries: Sequence[Entry], journal: Journal) -> None:
    """Print what a journal comes to."""
    if not all_entries:
        output.line(f"journal: nothing is written in {journal.path}")
        return
    pulses: Odometer = found["pulses"]
    damage: Sequence[Entry] = found["damage"]
    names = {MOUNTING: "mounted", "contacts": "contacts", "coercive_field": "coercive field", "angle": "angle"}
    rows = [(label, *_when_and_what(found[kind], kind)) for kind, label in names.items()]
    rows += [
        (label, _when(entry), text(entry.values))
        for label, kind, text in (("health check", HEALTH, health), ("safe pulse", SAFE_PULSE, safe_pulse))
        if (entry := found[kind]) is not None
    ]
    rows.append(("pulses", "", pulses_text(pulses)))
    rows += [("damage", *_when_and_what(entry, "damage")) for entry in damage] or [("damage", "", "none known")]
    wrapped(rows, ("journal", "since (UTC)", "what"))
    seed = latest_device(all_entries)
    if seed is not None and (others := len(all_entries) - len(of_device(all_entries, seed))):
        rest = "1 entry is" if others == 1 else f"{others} entries are"
        output.line(f"this is the simulated sample with the seed {seed}; {rest} about other ones")
    entries = f"all {len(all_entries)} entries" if len(all_entries) > 1 else "its entry"
    root = journal.path.parents[1]
    elsewhere = "" if root == Path("runs") else f" --out {shlex.quote(str(root))}"
    output.line(
        f"{entries}: labctl sample log {journal.sample}{' --simulated' if journal.simulated else ''}{elsewhere}"
    )


def _when_and_what(entry: Entry | None, kind: str) -> tuple[str, str]:
    if entry is None:
        return "", "not written down" if kind == MOUNTING else "not measured in this mounting"
    return _when(entry), cell(entry)


def entries(shown: Sequence[Entry]) -> None:
    """Print entries of a journal, the oldest first; pulses of one run that follow each other are one line."""
    rows: list[tuple[str, str, str, str]] = []
    for alike, text in journal_words.lines(shown):
        first = alike[0]
        seed = "" if first.sample_seed is None else f", sample seed {first.sample_seed}"
        by = f"\nrun {first.run}{seed}" if first.run else ""
        rows.append((_when(first), first.kind, first.user or "-", text + by))
    wrapped(rows, ("UTC", "kind", "user", "what"))


def _when(entry: Entry) -> str:
    return f"{entry.utc:%Y-%m-%d %H:%M}"
