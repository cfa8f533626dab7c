"""The station as the VISA library of a program that opens its instruments itself.

`pyvisa.ResourceManager()`, `Keithley6221("GPIB0::12::INSTR")` and `ResourceManager("@py")` in somebody's procedure all
reach the station of the run, simulated or real, through the guard. What such a program closes is its own: a resource
manager that is closed takes every session with it, and the run still has to bring the instruments to their safe state.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import pyvisa
from pyvisa import highlevel, rname
from pyvisa.constants import ResourceAttribute, StatusCode
from pyvisa.util import LibraryPath

from instruments.errors import UsageError
from instruments.guard.library import GuardedLibrary
from labctl.station import Instrument

_numbers = itertools.count(1)

LEARNED = {
    "keithley6221": (":SOUR:CURR:COMP", ":SOUR:CURR", ":TRIG:SOUR"),
    "keithley2400": (
        ":SENS:FUNC", ":SENS:RES:MODE", ":SENS:RES:RANG", ":SENS:RES:RANG:AUTO", ":SOUR:FUNC",
        *(f":SOUR:{kind}{node}" for kind in ("VOLT", "CURR")
          for node in ("", ":TRIG", ":RANG", ":RANG:AUTO", ":MODE", ":STAR", ":STOP")),
        *(f":SENS:{kind}:{node}" for kind in ("VOLT", "CURR") for node in ("PROT", "RANG:AUTO")),
        ":OUTP",
    ),
}  # fmt: skip
"""Settings of a driver's instrument without which the guard lets nobody turn its output on."""

WATCHED = ("keithley6221", "keithley2182a", "keithley2400")
"""Drivers of instruments whose standard event register says that they were switched on."""

SCPI = ("source", "voltmeter", "smu", "lockin")
"""Roles whose instruments answer to `*STB?` at any time and change nothing by it."""


class VisaDoor(highlevel.VisaLibraryBase):
    """A VISA library that passes on to a station's, once it has been led there.

    Attributes:
        tried: Resources that a program wanted to open before there was a station.
        opened: Roles of the instruments that it has opened.
        watched: Those of them whose power-on bit was cleared then, so that it tells of a later loss of power.
    """

    tried: list[str]
    opened: set[str]
    watched: set[str]
    _station: GuardedLibrary | None
    _manager: Any
    _elsewhere: set[Any]
    _managers: list[Any]
    _sessions: list[Any]
    _roles: dict[str, str]
    _drivers: Mapping[str, str]
    _addresses: Mapping[str, str]
    _stands_alone: bool
    _count: Callable[[list[Any]], None]

    def __new__(cls) -> Self:
        """Make a door of its own for every program."""
        self = super().__new__(cls, LibraryPath(f"labctl-door-{next(_numbers)}", "station"))
        assert isinstance(self, cls)
        self.tried = []
        self.opened = set()
        self.watched = set()
        self._station = None
        self._manager = None
        self._elsewhere = set()
        self._managers = []
        self._sessions = []
        self._roles = {}
        self._drivers = {}
        self._addresses = {}
        self._stands_alone = False
        return self

    def lead_to(
        self,
        library: GuardedLibrary,
        instruments: Mapping[str, Instrument],
        addresses: Mapping[str, str],
        *,
        stands_alone: bool,
        count: Callable[[list[Any]], None],
    ) -> None:
        """Pass on to a station.

        Args:
            library: The station's, guarded.
            instruments: What the station file says of each instrument, by role.
            addresses: What it is opened as, by role: of a lab in its own process the address there.
            stands_alone: Whether there is nothing but the station's instruments: it is simulated.
            count: Is told of all sessions whenever another one is opened.
        """
        self.opened.clear()
        self.watched.clear()
        self._station = library
        self._manager, _ = library.open_default_resource_manager()
        self._roles = {_canonical(instrument.resource): role for role, instrument in instruments.items()}
        self._drivers = {role: instrument.driver for role, instrument in instruments.items()}
        self._addresses = addresses
        self._stands_alone = stands_alone
        self._count = count

    def open_default_resource_manager(self) -> tuple[Any, StatusCode]:
        """Open a resource manager's session; there may be no station yet."""
        handle: Any = -next(_numbers)  # of no session that a library hands out
        self._managers.append(handle)
        return handle, StatusCode.success

    def open(self, session: Any, resource_name: str, *args: Any, **keywords: Any) -> tuple[Any, StatusCode]:
        """Open an instrument of the station.

        Raises:
            UsageError: There is no station yet, or it is simulated and has no such instrument.
        """
        del session
        if self._station is None:
            self.tried.append(resource_name)
            raise UsageError(too_early(resource_name))
        role = self._roles.get(_canonical(resource_name))
        if role is None and self._stands_alone:
            there = ", ".join(f"{role} at {name}" for name, role in self._roles.items())
            raise UsageError(
                f"the procedure opens {resource_name}, but the simulated station has no instrument there; it has "
                f"{there}: give the procedure that address, or --station a file with an instrument at {resource_name}"
            )
        name = resource_name if role is None else self._addresses.get(role, resource_name)
        handle, status = self._station.open(self._manager, name, *args, **keywords)
        self._sessions.append(handle)
        self._count(self._sessions)
        socket = name.upper().endswith("SOCKET")
        if role is not None and role not in self.opened:
            self.opened.add(role)
            self._get_acquainted(handle, role, socket=socket)
        if socket and self._stands_alone and role in SCPI:
            self._elsewhere.add(handle)
        return handle, status

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        """Send bytes. To a simulated lab in another process, wait until a message has been carried out.

        There every instrument has its own connection, and nothing else would make a setting of the source come before
        a reading that is asked of the meter a moment later.
        """
        library = super() if self._station is None else self._station
        done = library.write(session, data)
        if session in self._elsewhere and b"?" not in data and data.endswith(b"\n"):
            before, _ = library.get_attribute(session, ResourceAttribute.termchar_enabled)
            library.set_attribute(session, ResourceAttribute.termchar_enabled, True)
            library.write(session, b"*STB?\n")
            library.read(session, 256)
            library.set_attribute(session, ResourceAttribute.termchar_enabled, before)
        return done

    def _get_acquainted(self, session: Any, role: str, *, socket: bool) -> None:
        """Let the guard know the settings as they are, and clear the bit that tells of a loss of power.

        A program may turn on an output whose level was set before it came. What an instrument does not answer stays
        unknown.
        """
        library, driver = self._station, self._drivers[role]
        assert library is not None
        with contextlib.suppress(pyvisa.Error, OSError, ValueError):
            if socket:
                library.set_attribute(session, ResourceAttribute.termchar_enabled, True)
            if driver in WATCHED:
                int(self._ask(session, "*ESR?"))
                self.watched.add(role)
            told = [f"{header} {self._ask(session, header + '?')}" for header in LEARNED.get(driver, ())]
            library.learn(session, ";".join(told))
        if socket:
            library.set_attribute(session, ResourceAttribute.termchar_enabled, False)

    def _ask(self, session: Any, question: str) -> str:
        assert self._station is not None
        self._station.write(session, f"{question}\n".encode())
        reply, _ = self._station.read(session, 256)
        return reply.decode("latin-1").strip()

    def close(self, session: Any) -> StatusCode:
        """Close a session; a resource manager's takes along those that were opened through this door, and no other."""
        if session in self._managers:
            self._managers.remove(session)
            self._close_sessions()
            return StatusCode.success
        if session in self._sessions:
            self._sessions.remove(session)
            self._elsewhere.discard(session)
        return StatusCode.success if self._station is None else self._station.close(session)

    def close_all(self) -> None:
        """Close what the program left open, as far as it can be closed, and lead nowhere from now on.

        A resource manager that it keeps stays usable: in a series the program comes again.
        """
        for resource in [] if self.resource_manager is None else self.resource_manager.list_opened_resources():
            with contextlib.suppress(pyvisa.Error, OSError):  # whoever has gone is closed already
                resource.close()
        self._close_sessions()
        if self._station is not None:
            with contextlib.suppress(pyvisa.Error, OSError):
                self._station.close(self._manager)
        self._station = None

    def _close_sessions(self) -> None:
        for session in list(self._sessions):
            with contextlib.suppress(pyvisa.Error, OSError):
                self.close(session)

    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        """List the station's instruments, and on hardware what else is there."""
        del session
        if self._station is None:
            return ()
        if self._stands_alone:
            return rname.filter(list(self._roles), query)
        return self._station.list_resources(self._manager, query)


def too_early(resource_name: str) -> str:
    """Say that an instrument was opened while a file was imported."""
    return f"{resource_name} is opened while the file is imported, when there is no station yet; open it in startup()"


def _canonical(resource_name: str) -> str:
    """Return `GPIB0::12::INSTR` for `GPIB::12`; a name that is none stays what it is."""
    try:
        return str(rname.ResourceName.from_string(resource_name))
    except rname.InvalidResourceName:
        return resource_name


def _passing_on(name: str) -> Callable[..., Any]:
    def method(self: VisaDoor, *args: Any, **keywords: Any) -> Any:
        library = self._station  # pyright: ignore[reportPrivateUsage] - this is a method of that class
        return getattr(super(VisaDoor, self) if library is None else library, name)(*args, **keywords)

    method.__name__ = name
    return method


def _pass_on_the_rest() -> None:
    """Give the class every operation of VISA that it does not answer itself."""
    own = {"get_library_paths", "get_debug_info", "parse_resource", "parse_resource_extended"}
    for name, value in vars(highlevel.VisaLibraryBase).items():
        if callable(value) and not name.startswith("_") and name not in own and name not in vars(VisaDoor):
            setattr(VisaDoor, name, _passing_on(name))


_pass_on_the_rest()


@contextmanager
def as_default(door: VisaDoor) -> Generator[None]:
    """Make a door what pyvisa opens for every library that is named or not named, but not for one that is handed over.

    A name such as "@py" would lead past the guard.
    """
    real = highlevel.open_visa_library

    def open_door(specification: str = "") -> highlevel.VisaLibraryBase:
        del specification
        return door

    highlevel.open_visa_library = open_door
    try:
        yield
    finally:
        highlevel.open_visa_library = real
