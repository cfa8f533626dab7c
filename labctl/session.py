"""A station in use: its instruments opened, simulated or real, and the way to leave them safe."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import pyvisa

from instruments.clock import Clock, VirtualClock, WallClock
from instruments.cryostat import Cryostat
from instruments.driver import Driver
from instruments.errors import LabError, UsageError
from labctl import discovery
from labctl.procedure import Procedure
from labctl.sample import SampleRecord
from labctl.simulation import build_lab
from labctl.station import Station
from simulators.lab import Lab


class Session:
    """The instruments of a station by role, on a clock.

    Attributes:
        clock: The lab's clock.
        instruments: The drivers by role.
        lab: The simulated lab, None on hardware.
    """

    def __init__(self, clock: Clock, instruments: dict[str, Driver], lab: Lab | None) -> None:
        self.clock = clock
        self.instruments = instruments
        self.lab = lab

    def bind(self, procedure: Procedure) -> None:
        """Hand the instruments and the clock to a procedure."""
        procedure.clock = self.clock
        for role, driver in self.instruments.items():
            setattr(procedure, role, driver)

    def identities(self) -> dict[str, str]:
        """Ask every instrument who it is.

        Raises:
            InstrumentFault: One is not what the station file says.
        """
        return {role: str(driver.check_identity()) for role, driver in self.instruments.items()}

    def make_safe(self) -> list[str]:
        """Ramp sources to zero and turn them off, and hold field; return what could not be done, one sentence each."""
        faults: list[str] = []
        for role, driver in self.instruments.items():
            try:
                if isinstance(driver, Cryostat):
                    driver.hold_field()
                else:
                    driver.shutdown()
            except (LabError, pyvisa.Error, OSError) as error:
                faults.append(f"the safe state was not reached: {role}: {error}")
        return faults


@contextmanager
def open_session(
    station: Station, record: SampleRecord, roles: Sequence[str], *, simulate: bool, seed: int, sample_seed: int
) -> Generator[Session]:
    """Open a station's instruments for the roles that are needed, and close them afterwards.

    Args:
        station: The station.
        record: The sample that is mounted.
        roles: Instruments that are needed.
        simulate: Whether to open the simulated twin, on a virtual clock.
        seed: Seed of the simulated lab's noise.
        sample_seed: Seed of the simulated sample's disorder.

    Raises:
        UsageError: The station lacks a role, or a driver is not there.
        InstrumentFault: An instrument cannot be opened.
    """
    clock: Clock = VirtualClock() if simulate else WallClock()
    lab = build_lab(station, record, clock, seed=seed, sample_seed=sample_seed) if simulate else None
    instruments: dict[str, Driver] = {}
    try:
        for role in roles:
            instruments[role] = _open(station, role, clock, lab)
        yield Session(clock, instruments, lab)
    finally:
        for driver in instruments.values():
            driver.adapter.close()


def _open(station: Station, role: str, clock: Clock, lab: Lab | None) -> Driver:
    instrument = station.instrument(role)
    kind: Any = discovery.load("instruments", instrument.driver)
    library: Any = station.visa_library if lab is None else lab.visa
    try:
        return kind(instrument.resource, clock=clock, visa_library=library)
    except (pyvisa.Error, OSError, ValueError) as error:  # pyvisa's InvalidResourceName is a ValueError
        raise UsageError(f"station {station.name!r}: cannot open {role} at {instrument.resource}: {error}") from error
