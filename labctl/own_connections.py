"""Connections to a lab in another process, each made known to the lab's clock before anything is said over it.

On a virtual clock the answers to the program that measures take their few milliseconds, and those to all others none
(`simulators.clock_door`). Whatever strangers do while the program opens its connections, and between one and the next,
must not move its time.
"""

from __future__ import annotations

from typing import Any, cast

from pyvisa.highlevel import VisaLibraryBase

from instruments.errors import InstrumentFault
from instruments.multivu_socket import Connect, SocketWire, Wire
from labctl.remote import RemoteClock


class _OwnLibrary:
    """Everything that a library is, but that it tells the clock of what it opens."""

    def __init__(self, library: Any, clock: RemoteClock) -> None:
        self._library = library
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def open(self, *arguments: Any, **options: Any) -> Any:
        """Open a connection.

        Raises:
            InstrumentFault: The clock does not answer.
        """
        opened = self._library.open(*arguments, **options)
        try:
            self._clock.claim([local_port(self._library, opened[0])])
        except InstrumentFault:
            self._library.close(opened[0])
            raise
        return opened


def own_library(library: VisaLibraryBase, clock: RemoteClock) -> VisaLibraryBase:
    """Return the same library of pyvisa-py, whose connections to sockets are the clock's program's own."""
    return cast("VisaLibraryBase", _OwnLibrary(library, clock))


def own_connect(clock: RemoteClock) -> Connect:
    """Return what connects to a MultiPyVu server, and counts the connection as the clock's program's own."""

    def connect(host: str, port: int) -> Wire:
        wire = SocketWire(host, port)
        own = wire.local_port()
        assert own is not None, "a socket that is connected has a port"
        try:
            clock.claim([own])
        except InstrumentFault:
            wire.close()
            raise
        return wire

    return connect


def local_port(library: Any, handle: Any) -> int:
    """Return the port on this side of a connection, by which a lab in another process knows it."""
    return library.sessions[handle].interface.getsockname()[1]
