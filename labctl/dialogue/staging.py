"""The simulated instruments with which a recorded dialogue is held again."""

from __future__ import annotations

from instruments.clock import VirtualClock
from instruments.errors import UsageError
from labctl.dialogue.script import Dialogue
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.device import Device
from simulators.lab import Lab
from simulators.multivu.server import DEFAULT, MultiVuServer, MultiVuSettings

DEFAULT_SAMPLE = "cotb2025"

FIRST_PORT = 49_152
"""Port of the first client within a process."""


def stage(dialogue: Dialogue, station: str, sample: str, seed: int | None) -> tuple[dict[str, Device], VirtualClock]:
    """Build the simulated lab of a dialogue, and return its instruments by role, and its clock.

    Args:
        dialogue: What is to be held again.
        station: Name or file of the station; empty for the one that the dialogue names.
        sample: Name or file of the sample; empty for the one that the dialogue names, or the default one.
        seed: Seed of the noise; None for that of the dialogue, if it was with a simulated lab, or 0.

    Raises:
        UsageError: The station lacks an instrument of the dialogue, or has another one in its place.
    """
    chosen = load_station(station or str(dialogue.about.get("station", "")) or "ppms")
    record = load_sample(sample or str(dialogue.about.get("sample", "")) or DEFAULT_SAMPLE)
    clock = VirtualClock()
    recorded = dialogue.about.get("seeds", {})
    lab = build_lab(
        chosen, record, clock,
        seed=int(recorded.get("seed", 0)) if seed is None else seed, sample_seed=int(recorded.get("sample_seed", 0)),
    )  # fmt: skip
    devices: dict[str, Device] = {}
    for role, driver in dialogue.drivers.items():
        there = chosen.instruments.get(role)
        if there is not None and there.driver == driver == "multivu":
            devices[role] = _connection(lab, dialogue)
            continue
        if there is None or role not in lab.devices:
            raise UsageError(
                f"station {chosen.name!r} has no simulated {role}, which the dialogue is with; name another --station"
            )
        if there.driver != driver:
            raise UsageError(
                f"the dialogue's {role} is a {driver}, and that of station {chosen.name!r} a {there.driver}; name "
                "another --station"
            )
        devices[role] = lab.devices[role]
    return devices, clock


def _connection(lab: Lab, dialogue: Dialogue) -> Device:
    """Connect to a server that greets as the recorded one did; in this labctl's way where the dialogue does not say."""
    said = dialogue.about.get("multivu", {})
    settings = MultiVuSettings(**said) if said else DEFAULT
    return _Connection(lab.multivu_server(settings), int(dialogue.about.get("client_port", FIRST_PORT)))


class _Connection(Device):
    """A client's connection to the simulated MultiPyVu server, as a box with a connector."""

    def __init__(self, server: MultiVuServer, port: int) -> None:
        super().__init__(server.timeline)
        self._server = server
        self._port = port
        self._talk = server.connect("127.0.0.1", self._port)

    def write(self, data: bytes) -> None:
        self._talk.receive(data)

    def read(self) -> bytes:
        return self._talk.read()

    def ready_at(self) -> float | None:
        return self._talk.ready_at()

    def clear(self) -> None:
        """There is no device clear on a socket."""

    def power_cycle(self) -> None:
        """Hang up, and connect again."""
        self._talk.close()
        self._port += 1
        self._talk = self._server.connect("127.0.0.1", self._port)
