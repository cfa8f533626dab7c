"""`labctl sample new | show | check | log`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from instruments.errors import BadValue, UsageError
from labctl.cli import output, sample_tables
from labctl.journal import BY_HAND, CONTACTS, KINDS, MOUNTING, Entry, Journal
from labctl.sample import SampleRecord, load_sample
from labctl.sample_summary import Derived, bounds, defaults, file_of, history, look, name_in


@dataclass(frozen=True, slots=True)
class LogOptions:
    """The options of `labctl sample log`, as they were typed."""

    name: str
    text: str | None
    kind: str
    user: str
    simulated: bool
    out: Path


def new(name: str, template: str, given: Sequence[str], *, json: bool) -> None:
    """Write a record from a template, and say what is still to be filled in."""
    from labctl.sample_templates import write_new

    path, left = write_new(name, template, _assignments(given))
    if json:
        output.print_json({"sample": name, "file": str(path), "to_fill_in": left})
        return
    output.line(f"written: {path}")
    if left:
        output.line(f'to fill in: {len(left)} values that are "?" in the file')
        sample_tables.items(left)
    output.line(f"then: labctl sample check {name}")


def _assignments(texts: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        key, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not key or not value:
            raise BadValue(f'--set {text!r} is no assignment; write e.g. --set geometry.width="5 um"')
        if key in values:
            raise BadValue(f"--set {key} is given twice; give it once")
        values[key] = value
    return values


def check(name: str, station: str, *, json: bool) -> None:
    """Print what is wrong with a record; exit with 2 if it cannot be used."""
    from labctl.station import load_station

    path = file_of(name)
    verdict = look(path, load_station(station) if station else None)
    code = 2 if verdict.faults else 0
    if json:
        output.print_json({
            "sample": name, "file": str(path), "faults": list(verdict.faults), "advice": list(verdict.advice),
        })  # fmt: skip
        raise typer.Exit(code)
    sample_tables.items(verdict.faults)
    where = f" on station {station}" if station else ""
    if verdict.faults:
        many = f"{len(verdict.faults)} things are" if len(verdict.faults) > 1 else "1 thing is"
        output.line(f"{path}: {many} wrong or missing; it cannot be used{where} yet")
    else:
        output.line(f"{path}: complete, it can be used{where}")
        if verdict.advice:
            output.line("better still:")
            sample_tables.items(verdict.advice)
    raise typer.Exit(code)


def show(name: str, out: Path, *, simulated: bool, json: bool) -> None:
    """Print a record and all that follows from it."""
    record, path = load_sample(name), file_of(name)
    journal = Journal(out, record.name, simulated=simulated)
    entries, warnings = journal.read()
    for warning in warnings:
        output.complain(f"warning: {warning}")
    if json:
        output.print_json(_as_json(record, path, entries))
        return
    sample_tables.record(record, path)
    output.line()
    sample_tables.derived("by default", list(defaults(record)))
    output.line()
    sample_tables.derived("endures", list(bounds(record)))
    output.line()
    sample_tables.leads(record)
    output.line()
    sample_tables.summary(history(entries), entries, journal)


def _as_json(record: SampleRecord, path: Path, entries: Sequence[Entry]) -> dict[str, Any]:
    def values(rows: Iterator[Derived]) -> dict[str, Any]:
        return {row.name: {"value": row.value, "unit": row.unit, "why": row.why} for row in rows}

    found = history(entries)
    pulses = found.pop("pulses")
    return {
        "sample": record.name,
        "file": str(path),
        "record": record.snapshot(),
        "defaults": values(defaults(record)),
        "limits": values(bounds(record)),
        "journal": {
            **{name: _entries_as_json(entry) for name, entry in found.items()},
            "pulses": asdict(pulses),
            "entries": len(entries),
        },
    }


def _entries_as_json(found: Entry | Sequence[Entry] | None) -> Any:
    if found is None:
        return None
    return _entry_as_json(found) if isinstance(found, Entry) else [_entry_as_json(entry) for entry in found]


def _entry_as_json(entry: Entry) -> Mapping[str, Any]:
    return {
        "kind": entry.kind, "utc": entry.utc.isoformat(), "run": entry.run, "user": entry.user,
        "simulated": entry.simulated, **({} if entry.sample_seed is None else {"sample_seed": entry.sample_seed}),
        "values": dict(entry.values),
    }  # fmt: skip


def log(options: LogOptions, *, json: bool) -> None:
    """Append to a journal, or print it."""
    name = name_in(file_of(options.name))
    journal = Journal(options.out, name, simulated=options.simulated)
    if options.text is not None:
        _append(journal, options, json=json)
        return
    if options.kind and options.kind not in KINDS:
        raise UsageError(f"--kind {options.kind} is no kind of entry; there are {', '.join(KINDS)}")
    entries, warnings = journal.read()
    for warning in warnings:
        output.complain(f"warning: {warning}")
    shown = [entry for entry in entries if options.kind in {"", entry.kind}]
    if json:
        output.print_json({"sample": name, "file": str(journal.path), "entries": [_entry_as_json(e) for e in shown]})
    elif shown:
        sample_tables.entries(shown)
    else:
        what = f"nothing of the kind {options.kind!r}" if options.kind and entries else "nothing"
        output.line(f"{what} is written in {journal.path}")


def _append(journal: Journal, options: LogOptions, *, json: bool) -> None:
    kind = options.kind or "note"
    if kind not in BY_HAND:
        why = "is measured by a run" if kind in KINDS else "is no kind of entry"
        raise UsageError(f"--kind {kind} {why}; what is written by hand is of the kind {', '.join(BY_HAND)}")
    if not (options.text or "").strip():
        raise BadValue("the text is empty; write what happened, or leave it out to print the journal")
    entry = journal.append(kind, {"text": (options.text or "").strip()}, user=options.user)
    if json:
        output.print_json({"sample": journal.sample, "file": str(journal.path), "entries": [_entry_as_json(entry)]})
        return
    output.line(f"{kind} written into {journal.path}")
    if kind == MOUNTING and journal.latest(CONTACTS) is not None:
        output.line("the contact check that is there is older than this mounting; make a new one")
