"""`labctl simulate`: a simulated station that other programs can reach."""

from __future__ import annotations

import secrets
import signal
from types import FrameType

from instruments.clock import ScaledClock
from instruments.errors import BadValue
from labctl.cli import output

ROLES = ("source", "voltmeter", "smu", "lockin")


def simulate(*, station: str, sample: str, clock: str, speed: float, seed: int | None, sample_seed: int) -> None:
    """Serve until SIGINT or SIGTERM; prints the addresses first, as one line of JSON."""
    from labctl.sample import load_sample
    from labctl.simulation import build_lab
    from labctl.station import load_station
    from simulators.server import LOOPBACK, LabServer

    if clock != "scaled":
        raise BadValue(f"--clock is {clock!r}, but must be scaled")
    if not 0 < speed <= 1e5:
        raise BadValue(f"--speed is {speed:g}, but must lie above 0 and not above 100000")
    seed = secrets.randbits(32) if seed is None else seed
    running = ScaledClock(speed)
    lab = build_lab(
        load_station(station), load_sample(sample or "cotb2025"), running, seed=seed, sample_seed=sample_seed
    )
    ends = {role: b"\n;" if role == "cryostat" else b"\n" for role in lab.devices}
    server = LabServer(lab.timeline, {role: (device, ends[role]) for role, device in lab.devices.items()})

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        server.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    addresses: dict[str, object] = {
        role: f"TCPIP::{LOOPBACK}::{server.ports[role]}::SOCKET" if role in server.ports else None for role in ROLES
    }
    cryostat = server.ports.get("cryostat")
    addresses["cryostat"] = {
        "multivu": None,
        "visa": None if cryostat is None else f"TCPIP::{LOOPBACK}::{cryostat}::SOCKET",
    }
    output.print_json({**addresses, "clock": None, "seed": seed})
    server.serve()
