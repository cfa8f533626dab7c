"""The guard of a station: a VISA library through which nothing goes out that exceeds its limits or the sample's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyvisa.highlevel import VisaLibraryBase
from pyvisa.rname import InvalidResourceName, ResourceName

from instruments.clock import Clock, WallClock
from instruments.guard.cryostat import CryostatGate
from instruments.guard.gate import Gate
from instruments.guard.library import GuardedLibrary
from instruments.guard.multivu import MultiVuGate
from instruments.guard.sentences import Speaker
from instruments.guard.source import SourceGate
from instruments.guard.sourcemeter import SourceMeterGate
from labctl import limits
from labctl.sample import SampleRecord
from labctl.station import Station

GATES: Mapping[str, Callable[..., Gate]] = {
    "keithley6221": SourceGate,
    "keithley2400": SourceMeterGate,
    "ppms6000": CryostatGate,
}
"""What judges the messages to an instrument, by its driver."""

SOURCES = frozenset({"keithley6221", "keithley2400"})
"""Drivers of instruments of which the guard also watches how fast they change, on a clock."""

HARMLESS = frozenset({"keithley2182a", "sr830"})
"""Drivers of instruments that can put nothing on the sample, by their command tables. An SR830 has a sine output and
auxiliary outputs, of which no cable goes to the sample: a station file has none for them."""


def guarded(
    library: VisaLibraryBase,
    station: Station,
    sample: SampleRecord,
    overrides: Mapping[str, float],
    resources: Mapping[str, str],
    clock: Clock | None = None,
) -> GuardedLibrary:
    """Wrap a VISA library so that nothing beyond the limits goes out through it.

    An instrument whose driver brings no command table that is known here cannot be guarded, and is not opened unless
    the override `unguarded` names its role.

    Args:
        library: The station's library, simulated or real.
        station: The station, with its limits.
        sample: The sample that is mounted, with its limits.
        overrides: Limits for this run by name, in SI units; see `labctl.limits.parse_overrides`.
        resources: Resource name of each instrument as it is opened, by role; those that are not VISA's are passed over,
            since nothing reaches them through a VISA library.
        clock: The lab's, for how fast a source's level changes; the wall's if it is None.
    """
    held = limits.of(station, sample, overrides)
    lab_clock = clock or WallClock()
    gates: dict[str, Gate | None] = {}
    refusals: dict[str, str] = {}
    for role, resource in resources.items():
        if role not in station.instruments or not _is_visa(resource):
            continue
        driver = station.instruments[role].driver
        if f"{limits.UNGUARDED}.{role}" in overrides or driver in HARMLESS:
            gates[resource] = None
        elif driver in GATES:
            speaker = Speaker(f"the {role} at {resource}", role)
            unseen = f"{limits.UNSEEN}.{role}" in overrides
            timed = {"clock": lab_clock} if driver in SOURCES else {}
            gates[resource] = GATES[driver](speaker, held, unseen=unseen, **timed)
        else:
            refusals[resource] = _cannot_guard(station, role, driver, resource)
    return GuardedLibrary(library, gates, refusals)


def multivu_gate(
    station: Station, sample: SampleRecord, overrides: Mapping[str, float], role: str, resource: str
) -> MultiVuGate | None:
    """Return what judges the requests to a MultiPyVu server; None where an override says that nobody does."""
    if f"{limits.UNGUARDED}.{role}" in overrides:
        return None
    held = limits.of(station, sample, overrides)
    speaker = Speaker(f"the {role} at {resource}", role)
    return MultiVuGate(speaker, held, unseen=f"{limits.UNSEEN}.{role}" in overrides)


def _is_visa(resource: str) -> bool:
    try:
        ResourceName.from_string(resource)
    except InvalidResourceName:
        return False
    return True


def _cannot_guard(station: Station, role: str, driver: str, resource: str) -> str:
    return (
        f"the {role} at {resource} was not opened, because its driver {driver!r} has no command table, so that what it "
        f"sends cannot be held to the limits of station {station.name!r}; allow it without guard for this run with "
        f"--override {limits.UNGUARDED}={role}"
    )
