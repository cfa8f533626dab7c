"""The MultiPyVu server of a simulated lab, behind whichever door: over TCP, or within the same process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from instruments.clock import VirtualClock
from simulators.cryostat import SimulatedCryostat
from simulators.multivu.actions import Actions
from simulators.multivu.bridges import Bridges
from simulators.multivu.talk import Greeting, Talk
from simulators.service import Service
from simulators.timeline import Timeline

NEWEST_KNOWN = "3.8.0"
"""Version of MultiPyVu whose protocol this is."""

PORT = 27183
"""Where clients look for a server that nobody has told them of."""

LATENCY = 5e-3
"""s of a virtual clock from a question to its answer; assumed, as for the other instruments. On a clock that flows the
exchange takes time by itself."""

REALISTIC_LATENCY = 88e-3
"""s, measured between the official server and the official client on one computer: each end waits for the other's
delayed acknowledgement once."""


@dataclass(frozen=True, slots=True)
class MultiVuSettings:
    """How a server presents itself.

    Attributes:
        version: Version of MultiPyVu that it says it is. Clients insist on their own, so that it is the installed one's
            if there is one.
        multivu_version: Version of MultiVu that it says it talks to.
        latency: s from a question to its answer; `LATENCY` if None is given.
        exits: Whether EXIT really ends it. Otherwise whoever says EXIT is let go and nobody else notices: the
            constructor of the official server says it to whatever listens already, and some drivers do when they close.
        port: Where it is reached over TCP; 0 for any port.
        flags: Single letters of START's answer: v verbose, s scaffolding, t threaded.
    """

    version: str = ""
    multivu_version: str = "simulated"
    latency: float | None = None
    exits: bool = False
    port: int = 0
    flags: str = ""

    def options(self) -> str:
        """Return what START is answered."""
        own = self.version or spoken_version()
        return ";".join([own, f"mv={self.multivu_version.replace(';', ',')}", *self.flags])


DEFAULT = MultiVuSettings()


class MultiVuServer(Service):
    """A MultiPyVu server.

    Args:
        timeline: The lab's time.
        cryostat: What it controls.
        settings: How it presents itself.
        flavour: Which MultiVu it is; that of the cryostat's machine by default.
        resistors: Ohm of what is connected to the resistance bridges, by number.
    """

    def __init__(
        self,
        timeline: Timeline,
        cryostat: SimulatedCryostat,
        settings: MultiVuSettings = DEFAULT,
        *,
        flavour: str = "",
        resistors: Mapping[int, float] | None = None,
    ) -> None:
        self.timeline = timeline
        self.port = settings.port
        flavour = flavour or cryostat.machine.flavour
        self.greeting = Greeting(flavour, settings.options())
        flows = not isinstance(timeline.clock, VirtualClock)
        self.latency = (0.0 if flows else LATENCY) if settings.latency is None else settings.latency
        self.actions = Actions(cryostat, Bridges(resistors), flavour)
        self._exits = settings.exits
        self._holder: Talk | None = None

    def connect(self, host: str, port: int) -> Talk:
        """Begin a conversation."""
        return Talk(self, (host, port))

    def take(self, talk: Talk) -> bool:
        """Let a client hold the server, unless somebody does."""
        if self._holder is not None:
            return False
        self._holder = talk
        return True

    def leave(self, talk: Talk) -> None:
        """Free the server, if this client held it."""
        if self._holder is talk:
            self._holder = None

    def status(self) -> str:
        """Return whether somebody holds it."""
        return "idle" if self._holder is None else "connected"

    def exit(self) -> None:
        """End, if that is wanted."""
        self.stopped = self._exits


def spoken_version() -> str:
    """Return the version of MultiPyVu that is installed here, or the newest known."""
    try:
        return version("MultiPyVu")
    except PackageNotFoundError:
        return NEWEST_KNOWN
