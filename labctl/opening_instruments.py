"""Opening the instruments of a session, and naming its connections to a lab in another process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyvisa
from pyvisa.highlevel import VisaLibraryBase
from pyvisa.rname import InvalidResourceName

from instruments.driver import Driver
from instruments.errors import InstrumentFault, LabError, UsageError
from instruments.multivu import MultiVu
from instruments.ramped_source import RampedSource
from labctl import discovery
from labctl.own_connections import local_port
from labctl.protection import multivu_gate
from labctl.remote import RemoteClock
from labctl.sample import SampleRecord
from labctl.station import Station
from labctl.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Door:
    """The way to a session's instruments."""

    station: Station
    around: Surroundings
    library: VisaLibraryBase
    record: SampleRecord
    overrides: Mapping[str, float]

    def open(self, role: str) -> Driver | MultiVu:
        """Open an instrument.

        Raises:
            UsageError: The station or the lab lacks the role, or a driver is not there.
            InstrumentFault: It cannot be opened.
        """
        around = self.around
        if role not in around.resources:
            raise UsageError(
                f"there is no {role} in the lab that the addresses are of; simulate a station that has one"
            )
        way: dict[str, Any] = {"visa_library": self.library}
        if self.station.instrument(role).driver == "multivu":
            gate = multivu_gate(self.station, self.record, self.overrides, role, around.resources[role])
            way = {"connect": around.connect, "gate": gate}
        driver = _open(self.station, role, around, way)
        if isinstance(driver, RampedSource):
            driver.shutdown_time = self.station.safe_state.source_ramp
        return driver

    def claim(self, instruments: Mapping[str, Driver | MultiVu], handles: Sequence[Any] = ()) -> None:
        """Name the run's connections to a lab in another process; no other lab asks."""
        if isinstance(self.around.clock, RemoteClock):
            drivers = instruments.values()
            connections: list[Any] = [driver.adapter.connection for driver in drivers if isinstance(driver, Driver)]
            own = [connection.session for connection in connections]
            ports = _ports(self.around.library, [*own, *handles])
            ports += [driver.link.local_port for driver in drivers if isinstance(driver, MultiVu)]
            named = [port for port in ports if port is not None]
            if named:  # naming none would be to say that some are about to be opened
                self.around.clock.claim(named)


def _open(station: Station, role: str, around: Surroundings, way: Mapping[str, Any]) -> Driver | MultiVu:
    instrument = station.instrument(role)
    kind: Any = discovery.load("instruments", instrument.driver)
    resource = around.resources[role]
    try:
        return kind(resource, clock=around.clock, **way)
    except (pyvisa.Error, OSError, ValueError) as error:  # pyvisa's InvalidResourceName is a ValueError
        if isinstance(error, LabError):
            raise
        where = f"station {station.name!r}: cannot open {role} at {resource}"
        if isinstance(error, InvalidResourceName):
            raise UsageError(f"{where}: {' '.join(str(error).split())}") from error
        raise InstrumentFault(f"{where}: {why_closed(error, resource)}") from error


def why_closed(error: BaseException, resource: str) -> str:
    """Say in one sentence why an address cannot be opened; pyvisa-py has three about a missing GPIB driver."""
    if resource.upper().startswith("GPIB") and "linux-gpib" in str(error):
        return (
            "pyvisa-py finds no driver for a GPIB card on this computer; install linux-gpib, or a vendor's VISA with "
            'visa_library = "@ivi" in the station file, or measure on the simulated twin with --simulate'
        )
    return " ".join(str(error).split())


def _ports(library: Any, handles: Sequence[Any]) -> list[int | None]:
    """Return the local ports of the connections, by which a lab in another process knows them from a spectator's."""
    return [local_port(library, handle) for handle in handles]
