"""One name for each place where an instrument is reached, however a station file writes its address.

`GPIB::12` and `GPIB0::12::INSTR` are one instrument, and so are `localhost:27183` and
`TCPIP::127.0.0.1::27183::SOCKET`. Two addresses that the computer cannot know to lead to one instrument, such as its
GPIB connector and its socket, stay two places.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import Path

_SOCKET = re.compile(r"TCPIP\d*::([^:\s]+)::(\d{1,5})::SOCKET", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"([^:\s]+):(\d{1,5})")
_LAN = re.compile(r"TCPIP\d*::([^:\s]+)(?:::([^:\s]+))?(?:::INSTR)?", re.IGNORECASE)
_GPIB = re.compile(r"GPIB(\d*)::(\d+)(?:::.*)?", re.IGNORECASE)
_SERIAL = re.compile(r"ASRL(.+?)(?:::INSTR)?", re.IGNORECASE)
_USB = re.compile(r"USB\d*::([^:\s]+)::([^:\s]+)::([^:\s]+)(?:::.*)?", re.IGNORECASE)

THIS_COMPUTER = "127.0.0.1"


def place_of(resource: str) -> str:
    """Return the name of the place that a resource name, or host and port, leads to.

    A GPIB secondary address is a part of an instrument, and no instrument of its own.
    """
    text = resource.strip()
    if match := _SOCKET.fullmatch(text) or _HOST_AND_PORT.fullmatch(text):
        return f"{host_of(match[1])}:{int(match[2])}"
    if match := _LAN.fullmatch(text):
        name = (match[2] or "").lower()  # gpib0,12 is one of a gateway's; inst0 and hislip0 are the one that there is
        return f"{host_of(match[1])}::{name}" if "," in name else host_of(match[1])
    if match := _GPIB.fullmatch(text):
        return f"gpib{int(match[1] or 0)}::{int(match[2])}"
    if match := _USB.fullmatch(text):
        return "::".join(["usb", *(_number(part) for part in match.groups()[:2]), match[3].lower()])
    if match := _SERIAL.fullmatch(text):
        return f"serial {_serial(match[1])}"
    return text.lower()


def host_of(name: str) -> str:
    """Return a host's address as this computer knows it, its own ones as one; the name where it knows none."""
    try:
        address = socket.gethostbyname(name)
    except (OSError, UnicodeError):
        return name.lower()
    return THIS_COMPUTER if _is_own(address) else address


def _is_own(address: str) -> bool:
    """Whether an address is one of this computer's: only there can a program listen."""
    if ipaddress.ip_address(address).is_loopback:
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        try:
            door.bind((address, 0))
        except OSError:
            return False
    return True


def _number(text: str) -> str:
    """Return the maker's or the model's number on USB, which is written in decimal or as 0x05e6."""
    try:
        return str(int(text, 0))
    except ValueError:
        return text.lower()


def _serial(port: str) -> str:
    """Return a serial port by its number on Windows, and elsewhere by the device that a link such as by-id leads to."""
    if match := re.fullmatch(r"(?:COM)?(\d+)", port, re.IGNORECASE):
        return str(int(match[1]))
    return str(Path(port).resolve()) if port.startswith("/") else port.lower()
