"""Throws away what waits to be read on a wire that does not mark where a message ends."""

from __future__ import annotations

import logging
import select
import socket
from collections.abc import Callable
from typing import Any

import pyvisa.errors
from pymeasure.adapters import VISAAdapter
from pyvisa.constants import BufferOperation
from pyvisa.resources import MessageBasedResource, SerialInstrument, TCPIPSocket

log = logging.getLogger(__name__)


def discarder(adapter: VISAAdapter, connection: MessageBasedResource) -> Callable[[], None] | None:
    """Return what throws away bytes that wait to be read; None for interfaces that mark the end of a message."""
    if isinstance(connection, SerialInstrument):
        return adapter.flush_read_buffer
    if not isinstance(connection, TCPIPSocket):
        return None
    sessions: Any = getattr(connection.visalib, "sessions", {})
    plain = getattr(sessions.get(connection.session), "interface", None) if isinstance(sessions, dict) else None
    if isinstance(plain, socket.socket):
        return _PythonSocket(connection, plain).discard
    return _OtherSocket(connection).discard


class _PythonSocket:
    """A socket of pyvisa-py, which can be looked at directly: a read without waiting would cost 1 ms a message."""

    def __init__(self, connection: MessageBasedResource, plain: socket.socket) -> None:
        self._connection = connection
        self._plain = plain

    def discard(self) -> None:
        self._connection.flush(BufferOperation.discard_receive_buffer)
        while select.select([self._plain], [], [], 0)[0]:
            stale = self._plain.recv(4096)
            if not stale:
                raise ConnectionResetError("the other end has closed it")
            log.warning("%s: thrown away, nobody had asked for it: %r", self._connection.resource_name, stale)


class _OtherSocket:
    """A socket of any other VISA library: read without waiting until nothing comes."""

    def __init__(self, connection: MessageBasedResource) -> None:
        self._connection = connection

    def discard(self) -> None:
        connection = self._connection
        timeout = connection.timeout
        connection.timeout = 0
        try:
            while True:
                stale = connection.read_raw()
                log.warning("%s: thrown away, nobody had asked for it: %r", connection.resource_name, stale)
        except pyvisa.errors.VisaIOError:
            return
        finally:
            connection.timeout = timeout
