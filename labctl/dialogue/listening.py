"""A VISA library, and a connection to MultiVu, that note every byte that passes, both ways, with the lab time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Self

from pyvisa import constants, highlevel, rname
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError
from pyvisa.util import LibraryPath

from instruments.clock import Clock
from instruments.multivu_socket import Connect, Wire
from labctl.dialogue.script import Entry, Way

_OWN = {"open", "close", "write", "read", "clear", "assert_trigger", "get_library_paths", "last_status"}

_library_numbers = itertools.count(1)


class ListeningLibrary(highlevel.VisaLibraryBase):
    """A VISA library with a listener. It changes nothing of what passes.

    Args:
        library: The library that does the work.
        roles: Role of each resource that is listened to, by the resource's name; others pass unheard.
        clock: The lab's time.
        hear: Gets each entry, at the moment it happens.
    """

    _inner: highlevel.VisaLibraryBase
    _roles: dict[str, str]
    _sessions: dict[Any, str]
    _clock: Clock
    _start: float
    _hear: Callable[[Entry], None]

    def __new__(
        cls, library: highlevel.VisaLibraryBase, roles: Mapping[str, str], clock: Clock, hear: Callable[[Entry], None]
    ) -> Self:
        """Wrap a library; the wrapper has a path of its own, so that pyvisa never takes one for another."""
        self = super().__new__(cls, LibraryPath(f"labctl-listening-{next(_library_numbers)}", "listening"))
        assert isinstance(self, cls)
        self._inner = library
        self._roles = {_canonical(name): role for name, role in roles.items()}
        self._sessions = {}
        self._clock, self._start, self._hear = clock, clock.now(), hear
        for name in dir(highlevel.VisaLibraryBase):
            if not name.startswith("_") and name not in _OWN and callable(getattr(highlevel.VisaLibraryBase, name)):
                setattr(self, name, getattr(library, name))
        self.issue_warning_on = library.issue_warning_on
        return self

    def __init__(
        self, library: highlevel.VisaLibraryBase, roles: Mapping[str, str], clock: Clock, hear: Callable[[Entry], None]
    ) -> None:
        del library, roles, clock, hear

    @property
    def last_status(self) -> StatusCode:
        """Last return value of the library that does the work."""
        return self._inner.last_status

    @property
    def sessions(self) -> Any:
        """The sessions of a library that has such a list (pyvisa-py)."""
        return getattr(self._inner, "sessions", {})

    def _note(self, session: Any, way: Any, data: bytes) -> None:
        role = self._sessions.get(session)
        if role is not None:
            self._hear(Entry(self._clock.now() - self._start, way, role, data))

    def open(
        self,
        session: Any,
        resource_name: str,
        access_mode: Any = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> tuple[Any, StatusCode]:
        """Open a session, and listen to it if it has a role."""
        opened, status = self._inner.open(session, resource_name, access_mode, open_timeout)
        role = self._roles.get(_canonical(resource_name))
        if role is not None:
            self._sessions[opened] = role
        return opened, status

    def close(self, session: Any) -> StatusCode:
        """Close a session."""
        self._sessions.pop(session, None)
        return self._inner.close(session)

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        """Send bytes; what was taken of them is noted as sent at the moment before."""
        at = self._clock.now() - self._start
        count, status = self._inner.write(session, data)
        role = self._sessions.get(session)
        if role is not None:
            self._hear(Entry(at, "to", role, bytes(data)[:count]))
        return count, status

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        """Fetch bytes; a wait that brought nothing is noted as silence."""
        try:
            data, status = self._inner.read(session, count)
        except VisaIOError:
            self._note(session, "event", b"silence")
            raise
        self._note(session, "from", bytes(data))
        return data, status

    def clear(self, session: Any) -> StatusCode:
        """Device clear."""
        self._note(session, "event", b"clear")
        return self._inner.clear(session)

    def assert_trigger(self, session: Any, protocol: Any) -> StatusCode:
        """Group execute trigger."""
        self._note(session, "event", b"trigger")
        return self._inner.assert_trigger(session, protocol)


class ListeningWire:
    """A connection to a MultiPyVu server with a listener; see `instruments.multivu_socket.Wire`.

    Args:
        wire: The connection that does the work.
        note: Gets what happens: `to`, `from` or `event`, and the bytes.
    """

    def __init__(self, wire: Wire, note: Callable[[Way, bytes], None]) -> None:
        self._wire = wire
        self._note = note
        self.clock = wire.clock

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._note("to", data)
        self._wire.send(data)

    def receive(self, seconds: float) -> bytes:
        """Return what came; nothing is noted as silence only where the wait was one."""
        data = self._wire.receive(seconds)
        if data:
            self._note("from", data)
        elif seconds > 0:
            self._note("event", b"silence")
        return data

    def local_port(self) -> int | None:
        """Return the port on this side."""
        return self._wire.local_port()

    def close(self) -> None:
        """Hang up."""
        self._note("event", b"hang up")
        self._wire.close()


def listening(connect: Connect, note: Callable[[Way, bytes], None]) -> Connect:
    """Return what connects as `connect` does, and listens to what is connected."""
    return lambda host, port: ListeningWire(connect(host, port), note)


def _canonical(name: str) -> str:
    try:
        return str(rname.ResourceName.from_string(name))
    except rname.InvalidResourceName:
        return name
