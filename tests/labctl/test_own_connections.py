"""Connections of a run to a lab in another process are its own from the first byte."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
import pyvisa

from instruments.clock import VirtualClock
from instruments.errors import InstrumentFault
from labctl.own_connections import own_connect, own_library
from labctl.remote import RemoteClock
from tests.served import in_a_thread


def test_a_connection_counts_as_the_runs_own_before_anything_is_said_over_it(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json", VirtualClock()) as served:
        ports = served.server.ports
        clock = RemoteClock("127.0.0.1", ports["clock"])
        library: Any = pyvisa.ResourceManager("@py").visalib
        own = own_library(library, clock)
        with socket.create_connection(("127.0.0.1", ports["cryostat"]), timeout=10) as stranger:
            stranger.sendall(b"LIGHT 0 1\n")  # it acts, so that before, time would have passed for it
            session, _ = own.open_default_resource_manager()
            handle, _ = own.open(session, f"TCPIP::127.0.0.1::{ports['cryostat']}::SOCKET")
            wire = own_connect(clock)("127.0.0.1", ports["multivu"])
            began = clock.now()
            stranger.sendall(b"FIELD?\n")
            assert stranger.recv(100).endswith(b";")
            assert clock.now() == began
            plain: socket.socket = library.sessions[handle].interface
            plain.settimeout(10)
            plain.sendall(b"FIELD?\n")
            assert plain.recv(100).endswith(b";")
            assert clock.now() > began
            own.close(handle)
            own.close(session)
            wire.close()
        clock.close()


class DeafClock(RemoteClock):
    """A lab's clock that does not answer."""

    def claim(self, ports: Any) -> None:
        raise InstrumentFault(f"no answer about {list(ports)}")


def test_a_connection_that_cannot_be_made_known_is_closed(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json", VirtualClock()) as served:
        library: Any = pyvisa.ResourceManager("@py").visalib
        clock = DeafClock("127.0.0.1", 1)
        own = own_library(library, clock)
        session, _ = own.open_default_resource_manager()
        opened = set(library.sessions)
        with pytest.raises(InstrumentFault):
            own.open(session, f"TCPIP::127.0.0.1::{served.server.ports['source']}::SOCKET")
        assert [library.sessions[handle].interface for handle in set(library.sessions) - opened] == [None]
        with pytest.raises(InstrumentFault):
            own_connect(clock)("127.0.0.1", served.server.ports["multivu"])
        own.close(session)
