"""What the instruments of a session are reached through: the hardware, a lab in this process, or one in another."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyvisa
from pyvisa.highlevel import VisaLibraryBase

from instruments.clock import Clock, VirtualClock, WallClock
from instruments.errors import UsageError
from instruments.multivu_socket import Connect, SocketWire
from labctl.breakout import Hands, Operator, SimulatedHands, remote_hands
from labctl.own_connections import own_connect, own_library
from labctl.remote import RemoteClock, read_addresses
from labctl.sample import SampleRecord
from labctl.simulation import build_lab
from labctl.station import Station
from simulators.beginning import FRESH, Beginning
from simulators.lab import Lab

SOCKETS = "@py"
"""The VISA library that reaches a lab in another process; a station's own may need hardware or a vendor's software."""


@dataclass(frozen=True, slots=True)
class LabStart:
    """How the lab of a session begins.

    Attributes:
        seed: Seed of what fluctuates in a simulated lab.
        sample_seed: Seed of the simulated sample's disorder.
        time: s, what the clock shows; a run that is carried on goes on counting.
        quiet: Whether nothing fluctuates in a simulated lab in this process.
        begins: How the cryostat of such a lab stands.
    """

    seed: int
    sample_seed: int = 0
    time: float = 0.0
    quiet: bool = False
    begins: Beginning = FRESH


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the instruments of a session are reached through: `resources` is where each role is.

    MultiVu's server is reached through `connect`, all others through `library`.
    """

    clock: Clock
    library: VisaLibraryBase
    resources: Mapping[str, str]
    lab: Lab | None = None
    connect: Connect = field(default=SocketWire)
    hands: Hands = field(default_factory=Operator)


@contextmanager
def surroundings(
    station: Station, record: SampleRecord, roles: Sequence[str], *, simulate: bool, start: LabStart,
    lab: Path | None,
) -> Generator[Surroundings]:  # fmt: skip
    """Choose between the hardware, a lab in this process, and one in another.

    Raises:
        UsageError: The lab lacks a role, or the VISA library cannot be opened.
        InstrumentFault: The lab in another process does not answer.
    """
    if lab is not None:
        with _lab_elsewhere(station, roles, lab) as around:
            yield around
        return
    resources = {role: instrument.resource for role, instrument in station.instruments.items()}
    if simulate:
        virtual = VirtualClock(start.time)
        twin = build_lab(
            station, record, virtual, seed=start.seed, sample_seed=start.sample_seed, quiet=start.quiet,
            begins=start.begins,
        )  # fmt: skip
        hands = SimulatedHands(twin.plug, twin.put_back)
        yield Surroundings(virtual, twin.visa, resources, twin, twin.multivu_connector(), hands)
        return
    try:
        library = pyvisa.ResourceManager(station.visa_library).visalib
    except (pyvisa.Error, OSError, ValueError) as error:
        raise UsageError(
            f"station {station.name!r}: the VISA library {station.visa_library!r} cannot be opened: {error}"
        ) from error
    yield Surroundings(WallClock(start.time), library, resources)


@contextmanager
def _lab_elsewhere(station: Station, roles: Sequence[str], lab: Path) -> Generator[Surroundings]:
    """Reach a lab in another process, by the file with the line that it printed."""
    addresses = read_addresses(lab).for_drivers({role: each.driver for role, each in station.instruments.items()})
    for role in roles:
        addresses.resource(role)
    resources = addresses.resources
    addresses.knock(roles)
    clock, library = addresses.make_clock(), pyvisa.ResourceManager(SOCKETS).visalib
    hands = remote_hands(addresses)
    if not isinstance(clock, RemoteClock):
        yield Surroundings(clock, library, resources, hands=hands)
        return
    try:
        yield Surroundings(clock, own_library(library, clock), resources, None, own_connect(clock), hands)
    finally:
        clock.close()
