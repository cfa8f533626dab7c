"""Which sample records there are, and what one of them comes to on a station."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from instruments.errors import LabError
from labctl import discovery, paths, sample_files
from labctl.desk.sample_card import card
from labctl.journal import Entry, Journal, since_mounting
from labctl.records import titles
from labctl.sample_summary import file_of, look, name_in
from labctl.station import load_station

SHIPPED, OF_PACKAGES, OWN = "shipped", "package", "own"
"""Where a record comes from."""


def own_folder(runs: str) -> Path:
    """Return the folder `samples` beside the runs, in which new records are written."""
    return Path(runs).resolve().parent / sample_files.FOLDER


def samples(runs: str) -> dict[str, Any]:
    """Return all sample records that can be chosen.

    Args:
        runs: Folder that holds the runs.

    Returns:
        {"samples": [{"id": "cotb2025", "name": "cotb2025", "title": "Pt(9 nm)/...", "from": "shipped", "file": "/..."},
        ...], "folder": "/home/u/lab/samples"}. `id` is what a run is asked for: a name, or the whole path of a file of
        one's own, which means the same wherever the worker was started.
    """
    return {"samples": [*_shipped(), *_own(runs)], "folder": str(own_folder(runs))}


def _shipped() -> Iterator[dict[str, str]]:
    shipped, announced = paths.sample_files(), discovery.sample_records()
    known = sample_files.by_name()
    files = {name: known[name] for name in sorted({*shipped, *announced}) if name in known}
    said = titles(files)
    for name, file in files.items():
        where = SHIPPED if name in shipped else OF_PACKAGES
        yield {"id": name, "name": name, "title": said[name], "from": where, "file": str(file)}


def _not_own() -> set[Path]:
    """Return the files of records that come with labctl or a package."""
    known = sample_files.by_name()
    return {known[name] for name in (*paths.sample_files(), *discovery.sample_records()) if name in known}


def _own(runs: str) -> Iterator[dict[str, str]]:
    for folder in dict.fromkeys((own_folder(runs), sample_files.FOLDER.resolve())):
        try:
            files = {path.stem: path for path in sorted(folder.glob("*.toml"))}
        except OSError:  # a folder that may not be read has no records to offer
            continue
        said = titles(files)
        for name, file in files.items():
            yield {"id": str(file), "name": name, "title": said[name], "from": OWN, "file": str(file)}


def sample(name: str, *, station: str, runs: str, simulated: bool) -> dict[str, Any]:
    """Return what a record is, what follows from it, and what is wrong with it.

    Args:
        name: Name or file of the record.
        station: A shipped name or a file.
        runs: Folder that holds the runs, and the journals.
        simulated: Whether it is the simulated sample's journal that is asked what it knows better.

    Returns:
        {"id", "file", "name", "title", "faults": [sentence, ...], "advice": [sentence, ...], "own": whether it may be
        changed, "card": {...} or null}; see `labctl.desk.sample_card.card`. `card` is null of a record that cannot be
        read as one; what is only wrong on this station is a fault, too.

    Raises:
        UnknownName: There is no such record.
        UsageError: Two go by this name, or there is no such station.
    """
    path, here = file_of(name), load_station(station)
    found: dict[str, Any] = {
        "id": name, "file": str(path), "name": path.stem, "title": "", "faults": [], "advice": [],
        "own": path not in _not_own() and os.access(path, os.W_OK),
    }  # fmt: skip
    try:
        verdict = look(path, here)
        found["name"] = name_in(path)
    except LabError as error:
        return {**found, "faults": [str(error)], "card": None}
    found |= {
        "faults": [_placed(path, fault) for fault in verdict.faults],
        "advice": list(verdict.advice),
    }
    if verdict.record is None:
        return {**found, "card": None}
    entries = _known(Path(runs), verdict.record.name, simulated=simulated)
    return {**found, "title": verdict.record.title, "card": card(verdict.record, here, entries)}


def _known(runs: Path, name: str, *, simulated: bool) -> list[Entry]:
    """Return what the journal has since the sample was mounted; nothing where it cannot be read."""
    try:
        return since_mounting(Journal(runs, name, simulated=simulated).read()[0])
    except LabError:
        return []


def _placed(path: Path, fault: str) -> str:
    return f"{path.name}: {fault}"
