"""What a run needs of this computer: packages, drivers, VISA, disk, station and sample files."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from instruments.errors import LabError, UnknownName, UsageError
from labctl import discovery, guarding, paths
from labctl.checkup.finding import Finding
from labctl.sample import load_sample
from labctl.station import Station, load_station

SCARCE, TOO_LITTLE = 1e9, 50e6
"""Bytes of disk below which a warning, or a fault, is due; a long run with its figure takes some ten million."""


def environment() -> Iterator[Finding]:
    """Look at Python, and at the packages that labctl needs."""
    yield Finding("system", "ok", f"{platform.platform()}, {platform.machine()}")
    yield _version("Python", platform.python_version(), importlib.metadata.metadata("labctl")["Requires-Python"])
    place = Path(__file__).resolve().parents[2]
    yield Finding("labctl", "ok", f"{importlib.metadata.version('labctl')} in {place}")
    for text in importlib.metadata.requires("labctl") or []:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            yield _version(requirement.name, importlib.metadata.version(requirement.name), str(requirement.specifier))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(requirement.name, "fault", "is not installed", "install labctl again: pip install labctl")
    foreign = guarding.in_the_way()
    names = ", ".join(guarding.PACKAGES)
    if foreign is None:
        yield Finding("packages", "ok", f"{names} are labctl's own")
    else:
        yield Finding("packages", "fault", foreign, "make an environment of its own for labctl")
    if find_spec("pytest") is None:
        yield Finding(
            "pytest", "ok", "is not installed; only tests of your own procedures need it",
            f"{sys.executable} -m pip install pytest",
        )  # fmt: skip


def _version(name: str, version: str, wanted: str) -> Finding:
    if not wanted or Requirement(f"x{wanted}").specifier.contains(version, prereleases=True):
        return Finding(name, "ok", version)
    return Finding(name, "fault", f"{version}, but labctl needs {wanted}", f"pip install '{name}{wanted}'")


def announcements() -> Iterator[Finding]:
    """Look at what packages announce: read each listing, and load everything on it."""
    tables: Mapping[str, Callable[[], dict[str, discovery.Entry]]] = {
        "procedures": discovery.procedures,
        "instruments": discovery.drivers,
        "samples": discovery.samples,
    }
    for kind, table in tables.items():
        faults = discovery.faults(kind)
        for fault in faults:
            yield Finding(kind, "fault", fault, "mend or uninstall that package")
        entries = table()
        for name in entries:
            try:
                discovery.load(kind, name)
            except UsageError as error:
                if str(error) not in faults:
                    yield Finding(kind, "fault", str(error), f"mend or uninstall {entries[name].package}")
        packages = ", ".join(sorted({entry.package for entry in entries.values()}))
        yield Finding(kind, "ok", f"{len(entries)} from {packages}")


def visa() -> Iterator[Finding]:
    """Look at the ways to real instruments."""
    import pyvisa
    from pyvisa.highlevel import get_wrapper_class, list_backends

    backends = {name: f"@{name}" for name in list_backends()}
    yield Finding("VISA", "ok", f"pyvisa {pyvisa.__version__}, libraries {', '.join(sorted(backends.values()))}")
    if "ivi" in backends:
        found = [str(path) for path in get_wrapper_class("ivi").get_library_paths()]
        yield Finding("VISA @ivi", "ok", ", ".join(found) or "no vendor's VISA is installed; simulation needs none")
    if "py" not in backends:
        yield Finding("VISA @py", "fault", "pyvisa-py is not installed", "pip install pyvisa-py")
        return
    said: Any = get_wrapper_class("py").get_debug_info()
    ways = {name: str(said[name]) for name in said if name not in {"Version", "zeroconf", "psutil"}}
    there = [name for name, state in ways.items() if state.startswith("Available")]
    yield Finding("VISA @py", "ok", ", ".join(there))
    if find_spec("gpib") is None and find_spec("gpib_ctypes") is None:
        yield Finding("GPIB", "ok", "no driver for a GPIB card that @py could use; simulation and sockets need none")


def folder(out: Path) -> Finding:
    """Look whether runs can be written, and how many."""
    existing = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            free = shutil.disk_usage(existing).free
    except OSError as error:
        return Finding("runs", "fault", f"{out} cannot be written: {error.strerror}", "name another folder with --out")
    what = f"{out.absolute()} can be written, {free / 1e9:.1f} GB free"
    if free < SCARCE:
        return Finding("runs", "fault" if free < TOO_LITTLE else "warning", what, "make room, or use another disk")
    return Finding("runs", "ok", what)


def records(station: str, sample: str) -> Iterator[Finding]:
    """Look at station and sample files, the shipped ones and those that are named."""
    kinds: list[tuple[str, Callable[[], dict[str, Path]], Callable[[str], Any], str]] = [
        ("stations", paths.station_files, load_station, station),
        ("samples", paths.sample_files, load_sample, sample),
    ]
    for subject, shipped, read, named in kinds:
        try:
            names = list(shipped())
        except UsageError as error:
            yield Finding(subject, "fault", str(error), "install labctl again")
            continue
        good: list[str] = []
        unusable: dict[str, list[str]] = {}
        for name in names:
            try:
                record = read(name)
            except LabError as error:
                yield Finding(subject, "fault", *_what_and_do(error))
                continue
            why = missing_driver(record) if isinstance(record, Station) else ""
            (unusable.setdefault(why, []) if why else good).append(name)
        of_no_use = [f"not to be used yet: {', '.join(names)} ({why})" for why, names in unusable.items()]
        said = "; ".join([", ".join(good), *of_no_use])
        yield Finding(subject, "ok", said)
        if named and named not in names:
            yield _named(subject.removesuffix("s"), named, read)


def _named(subject: str, name: str, read: Callable[[str], Any]) -> Finding:
    """Look at a file that was named, or at a name that nothing goes by."""
    try:
        read(name)
    except UnknownName as error:
        what, _, do = str(error).partition("; ")
        return Finding(f"{subject} {name}", "fault", what, do or "name another one")
    except LabError as error:
        return Finding(f"{subject} {name}", "fault", *_what_and_do(error))
    return Finding(f"{subject} {name}", "ok", "can be read")


def _what_and_do(error: LabError) -> tuple[str, str]:
    """Return what is wrong with a file, and what to do: what the sentence says itself, else to mend it."""
    what, _, do = str(error).rpartition("; ")
    return (what, do) if do in {"check its path", "save it as UTF-8"} else (str(error), "mend the file")


def missing_driver(station: Station) -> str:
    """Say which driver a station needs that is not installed; "" if it can be used."""
    known = discovery.drivers()
    lacking = [f"its {role} needs the driver {entry.driver!r}, which is not there"
               for role, entry in station.instruments.items() if entry.driver not in known]  # fmt: skip
    return " and ".join(lacking)
