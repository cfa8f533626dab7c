"""Which procedures, drivers and sample families there are, in this package and in others.

A package announces them through an entry point in the group `labctl.procedures`, `labctl.instruments` or
`labctl.samples` (and its sample records in `labctl.sample_records`, see `labctl.sample_files`). The entry point
names a dict in a module that imports nothing else: name -> ("module:Class", "one line"). So listing is cheap, and
nothing is imported but what is used.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from instruments.errors import UnknownName, UsageError

KINDS = {
    "procedures": "procedure",
    "instruments": "driver",
    "samples": "sample family",
    "sample_records": "sample record",
}
"""Kind, as in the entry-point group `labctl.<kind>` -> what one of them is called."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a package offers.

    Attributes:
        name: What it is called on the command line and in files.
        where: "module:Class".
        summary: One line.
        package: The distribution that offers it.
    """

    name: str
    where: str
    summary: str
    package: str


def procedures() -> dict[str, Entry]:
    """Return the procedures by name, in alphabetical order, without importing one."""
    return _by_name("procedures")


def drivers() -> dict[str, Entry]:
    """Return the drivers by name, in alphabetical order, without importing one."""
    return _by_name("instruments")


def samples() -> dict[str, Entry]:
    """Return the families of simulated samples by name, in alphabetical order, without importing one."""
    return _by_name("samples")


def sample_records() -> dict[str, Entry]:
    """Return the sample records that packages announce, by name in alphabetical order, without reading one."""
    return _by_name("sample_records")


def faults(kind: str) -> list[str]:
    """Say what is wrong with the announcements of one kind, one sentence each.

    Args:
        kind: A key of `KINDS`.
    """
    entries, unreadable = _announced(kind)
    offered: dict[str, list[str]] = {}
    for entry in entries:
        offered.setdefault(entry.name, []).append(entry.package)
    return [*unreadable, *(_twice(kind, name, packages) for name, packages in offered.items() if len(packages) > 1)]


def _twice(kind: str, name: str, packages: Sequence[str]) -> str:
    return f"the {KINDS[kind]} {name!r} is offered by {' and '.join(packages)}; uninstall all but one of them"


def find(kind: str, name: str) -> Entry:
    """Return what goes by a name.

    Args:
        kind: A key of `KINDS`.
        name: Its name.

    Raises:
        UnknownName: Nothing goes by that name; the sentence has the nearest one.
        UsageError: Two packages offer it.
    """
    entries, unreadable = _announced(kind)
    found = [entry for entry in entries if entry.name == name]
    if len(found) > 1:
        raise UsageError(_twice(kind, name, [entry.package for entry in found]))
    if found:
        return found[0]
    nearest = difflib.get_close_matches(name, [entry.name for entry in entries], n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    sentence = f"there is no {KINDS[kind]} {name!r}; {hint}`labctl list` shows what there is"
    raise UnknownName("; ".join([sentence, *unreadable]))


def load(kind: str, name: str) -> Any:
    """Import what goes by a name and return it.

    Raises:
        UnknownName: Nothing goes by that name.
        UsageError: Its module or class is not where its package says.
    """
    entry = find(kind, name)
    module, _, attribute = entry.where.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (Exception, SystemExit) as error:  # whatever somebody's module raises is one sentence
        raise UsageError(
            f"the {KINDS[kind]} {name!r} of {entry.package} is not available: {entry.where} cannot be loaded "
            f"({_said(error)})"
        ) from error


def _by_name(kind: str) -> dict[str, Entry]:
    entries, _ = _announced(kind)
    return {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)}


@cache
def _announced(kind: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return what all packages announce, and a sentence for each package whose announcement cannot be read."""
    entries: list[Entry] = []
    unreadable: list[str] = []
    for point in entry_points(group=f"labctl.{kind}"):
        try:
            entries += _entries(point)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one package's mistake must not hide the others
            unreadable.append(f"what {_package(point)} announces at {point.value} cannot be read ({_said(error)})")
    return tuple(entries), tuple(unreadable)


def _said(error: BaseException) -> str:
    """Return what an import failed with, in one line; kind and text unless the text says it all."""
    text = " ".join(str(error).split())
    return (
        text
        if text and isinstance(error, ImportError | AttributeError | TypeError)
        else f"{type(error).__name__}: {text}"
    )


def _entries(point: EntryPoint) -> list[Entry]:
    table = point.load()
    if not isinstance(table, Mapping):
        raise TypeError("it is not a dict")
    entries: list[Entry] = []
    for name, value in cast("Mapping[Any, Any]", table).items():
        fits = isinstance(name, str) and isinstance(value, tuple | list) and len(cast("Sequence[Any]", value)) == 2
        where, summary = cast("tuple[Any, Any]", value) if fits else ("", "")
        if not (fits and isinstance(where, str) and isinstance(summary, str)):
            raise TypeError(f'{name!r} stands for {value!r}, but must for ("module:Class", "one line about it")')
        entries.append(Entry(name, where, summary, _package(point)))
    return entries


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.name
