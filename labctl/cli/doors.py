"""Where a served lab can be reached: addresses, ports, sessions."""

from __future__ import annotations

import ipaddress
import math
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments.errors import BadValue, UsageError

if TYPE_CHECKING:
    from simulators.doors import Sessions
    from simulators.multivu.server import MultiVuSettings

THIS_COMPUTER = "127.0.0.1"
LONGEST_STALE = 86_400.0
"""s; longer than this, a place that stays taken is one that is lost."""


@dataclass(frozen=True, slots=True)
class MultiVuOptions:
    """How MultiVu's server is to present itself.

    Attributes:
        version: Of MultiPyVu; "" for the installed one.
        realistic_latency: Whether answers take as long as the official server's.
    """

    version: str = ""
    realistic_latency: bool = False

    def settings(self) -> MultiVuSettings:
        """Return this as the server takes it."""
        from simulators.multivu.server import REALISTIC_LATENCY, MultiVuSettings

        return MultiVuSettings(version=self.version, latency=REALISTIC_LATENCY if self.realistic_latency else None)


@dataclass(frozen=True, slots=True)
class SingleSession:
    """Whether the current source's socket serves one client at a time, and what it does with a second one.

    Attributes:
        wanted: Whether it does.
        second: "refuse" hangs up on it, "wait" lets it wait until the first is gone; "" is "refuse".
        stale: Lab s for which a session stays taken whose client went without closing it.
    """

    wanted: bool = False
    second: str = ""
    stale: float = 0.0

    def rule(self) -> Sessions:
        """Return this as the server takes it.

        Raises:
            BadValue: It makes no sense.
        """
        from simulators.doors import FREE, Sessions

        if self.second not in {"", "refuse", "wait"}:
            raise BadValue(f"--second-client is {self.second!r}, but must be refuse or wait")
        if not 0.0 <= self.stale <= LONGEST_STALE or math.isnan(self.stale):
            raise BadValue(
                f"--stale-session is {self.stale:g} s, but must lie between 0 and {LONGEST_STALE:.0f} s (a day)"
            )
        if self.wanted:
            return Sessions(1, waits=self.second == "wait", stale=self.stale)
        if self.stale or self.second:
            option = "--second-client" if self.second else "--stale-session"
            raise BadValue(f"{option} means something with --single-session only; add it, or leave {option} out")
        return FREE


@dataclass(frozen=True, slots=True)
class Doors:
    """How a lab is served.

    Attributes:
        host: Where it listens; an IPv4 address of this computer, or a name that stands for one.
        ports: Ports of those doors that are to have certain ones, by role, `multivu` or `clock`.
        session: Whether the current source serves one client only.
        multivu: How MultiVu presents itself.
    """

    host: str = THIS_COMPUTER
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    session: SingleSession = SingleSession()
    multivu: MultiVuOptions = MultiVuOptions()

    def announced_host(self) -> str:
        """Return what a program on this computer connects to."""
        address = self._address()
        return THIS_COMPUTER if ipaddress.ip_address(address).is_unspecified else address

    def warning(self) -> str:
        """Return what to say if other computers can reach the lab, "" if none can."""
        address = ipaddress.ip_address(self._address())
        if address.is_loopback:
            return ""
        return (
            f"the lab listens at {self.host}: there is no password, and whoever can reach this computer over the "
            "network can command it; leave --host out unless you trust them all"
        )

    def _address(self) -> str:
        """Return the IPv4 address that the host stands for.

        Raises:
            BadValue: It stands for none.
        """
        host = self.host.strip() or "?"  # nothing would be all addresses to the operating system
        try:
            found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise BadValue(
                f"--host is {self.host!r}, which is no IPv4 address or name of this computer; give e.g. "
                f"{THIS_COMPUTER}, or 0.0.0.0 for all its addresses"
            ) from error
        return str(found[0][4][0])

    def check(self, doors: Sequence[str]) -> None:
        """Refuse what a lab with these doors cannot do.

        Raises:
            BadValue: The host stands for no address, or the session rule makes no sense.
            UsageError: A port is for a door that the lab lacks.
        """
        self._address()
        self.session.rule()
        if self.session.wanted and "source" not in doors:
            raise UsageError("--single-session is about the current source's socket, but this station has no source")
        for name in self.ports:
            if name not in doors:
                raise UsageError(
                    f"--port {name}={self.ports[name]}: this lab has no {name}, but {', '.join(doors)}"
                    + ("; a clock only with --clock virtual" if name == "clock" else "")
                )


def parse_ports(words: Sequence[str]) -> dict[str, int]:
    """Read `NAME=N` as it is written on the command line.

    Raises:
        BadValue: It is not of that form, or a name or a port comes twice.
    """
    ports: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if not name or not (number.isascii() and number.isdigit() and 0 < int(number[:6]) < 65_536):
            raise BadValue(f"--port {word!r} is not of the form NAME=N with a port from 1 to 65535, e.g. source=1394")
        if name in ports:
            raise BadValue(f"--port {word!r}: {name} has port {ports[name]} already; give it once")
        if int(number) in ports.values():
            raise BadValue(f"--port {word!r}: port {number} is given twice; two doors have two ports")
        ports[name] = int(number)
    return ports
