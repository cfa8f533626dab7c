"""Which procedures, drivers and sample families there are, in this package and in others.

A package announces them through an entry point in the group `labctl.procedures`, `labctl.instruments` or
`labctl.samples`. The entry point names a dict in a module that imports nothing else: name -> ("module:Class", "one
line"). So listing is cheap, and nothing is imported but what is used.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from instruments.errors import UnknownName, UsageError

KINDS = {"procedures": "procedure", "instruments": "driver", "samples": "sample family"}
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


def find(kind: str, name: str) -> Entry:
    """Return what goes by a name.

    Args:
        kind: A key of `KINDS`.
        name: Its name.

    Raises:
        UnknownName: Nothing goes by that name; the sentence has the nearest one.
        UsageError: Two packages offer it.
    """
    entries, faults = _announced(kind)
    found = [entry for entry in entries if entry.name == name]
    if len(found) > 1:
        packages = " and ".join(entry.package for entry in found)
        raise UsageError(f"the {KINDS[kind]} {name!r} is offered by {packages}; uninstall all but one of them")
    if found:
        return found[0]
    nearest = difflib.get_close_matches(name, [entry.name for entry in entries], n=1)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    sentence = f"there is no {KINDS[kind]} {name!r}; {hint}`labctl list` shows what there is"
    raise UnknownName("; ".join([sentence, *faults]))


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
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the {KINDS[kind]} {name!r} of {entry.package} is not available: {entry.where} cannot be loaded ({error})"
        ) from error


def _by_name(kind: str) -> dict[str, Entry]:
    entries, _ = _announced(kind)
    return {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)}


@cache
def _announced(kind: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return what all packages announce, and a sentence for each package whose announcement cannot be read."""
    entries: list[Entry] = []
    faults: list[str] = []
    for point in entry_points(group=f"labctl.{kind}"):
        try:
            entries += _entries(point)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            faults.append(f"what {_package(point)} announces at {point.value} cannot be read ({error})")
    return tuple(entries), tuple(faults)


def _entries(point: EntryPoint) -> list[Entry]:
    table = point.load()
    if not isinstance(table, Mapping):
        raise TypeError("it is not a dict")
    entries: list[Entry] = []
    for name, (where, summary) in cast("Mapping[str, tuple[str, str]]", table).items():
        entries.append(Entry(name, where, summary, _package(point)))
    return entries


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.name
