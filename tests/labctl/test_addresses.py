"""The same instrument under other names, and other instruments under names that look alike."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from labctl import addresses
from labctl.addresses import host_of, place_of


@pytest.fixture(autouse=True)
def known_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks a name server."""
    names = {"localhost": "127.0.0.1", "source.lab": "192.0.2.5", "here.lab": "192.0.2.9"}

    def look_up(name: str) -> str:
        if name[0].isdigit():
            return name
        if name not in names:
            raise socket.gaierror(-2, "Name or service not known")
        return names[name]

    monkeypatch.setattr(addresses.socket, "gethostbyname", look_up)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GPIB0::12::INSTR", "GPIB::12"),
        ("GPIB0::12::INSTR", "gpib0::012::instr"),
        ("GPIB0::12::INSTR", "GPIB0::12::3::INSTR"),
        ("TCPIP::192.0.2.5::1394::SOCKET", "TCPIP0::source.lab::1394::socket"),
        ("TCPIP::127.0.0.1::27183::SOCKET", "localhost:27183"),
        ("127.0.0.1:27183", "127.0.1.1:27183"),
        ("TCPIP::source.lab::INSTR", "TCPIP0::192.0.2.5::inst0::INSTR"),
        ("TCPIP::source.lab::hislip0", "TCPIP::source.lab"),
        ("TCPIP::unknown.LAB::INSTR", "TCPIP0::Unknown.lab::inst0"),
        ("USB0::0x05E6::0x2400::12AB::INSTR", "USB::1510::9216::12ab::0::INSTR"),
        ("ASRL3::INSTR", "ASRLCOM3"),
        ("their box 7", " Their Box 7 "),
    ],
)
def test_one_place_has_several_names(one: str, other: str) -> None:
    assert place_of(one) == place_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GPIB0::12::INSTR", "GPIB1::12::INSTR"),
        ("GPIB0::1::INSTR", "GPIB0::12::INSTR"),
        ("TCPIP::source.lab::1394::SOCKET", "TCPIP::source.lab::1395::SOCKET"),
        ("TCPIP::source.lab::1394::SOCKET", "TCPIP::192.0.2.6::1394::SOCKET"),
        ("TCPIP::source.lab::gpib0,12::INSTR", "TCPIP::source.lab::gpib0,7::INSTR"),
        ("USB0::0x05E6::0x2400::1::INSTR", "USB0::0x05E6::0x2400::2::INSTR"),
        ("ASRL3::INSTR", "ASRL4::INSTR"),
        ("their box 7", "their box 8"),
    ],
)
def test_other_places_have_other_names(one: str, other: str) -> None:
    assert place_of(one) != place_of(other)


def test_a_link_to_a_serial_port_is_the_port(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    link = tmp_path / "usb-Keithley"
    link.symlink_to(port)
    assert place_of(f"ASRL{link}::INSTR") == place_of(f"ASRL{port}")


def test_all_addresses_of_this_computer_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert host_of("192.0.2.9") == host_of("here.lab") == "192.0.2.9"  # an address of documentation, of no computer

    class Door(socket.socket):
        def bind(self, address: object) -> None:
            if address != ("192.0.2.9", 0):
                raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(addresses.socket, "socket", Door)
    assert host_of("here.lab") == "127.0.0.1"
    assert host_of("source.lab") == "192.0.2.5"
