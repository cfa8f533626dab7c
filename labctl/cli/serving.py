"""`labctl simulate`: a simulated station that other programs can reach."""

from __future__ import annotations

import re
import secrets
import signal
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from instruments import shared_clock
from instruments.clock import Clock, ScaledClock, VirtualClock
from instruments.errors import BadValue, UsageError
from instruments.shared_clock import SharedClock
from labctl.cli import output
from labctl.cli.doors import THIS_COMPUTER, Doors
from labctl.supervision import child

if TYPE_CHECKING:
    from simulators.device import Device
    from simulators.lab import Lab
    from simulators.server import LabServer

ROLES = ("source", "voltmeter", "smu", "lockin")
FASTEST = 1e5
"""Lab seconds per real second; beyond this, the messages' own time is no longer small."""


PLAIN = Doors()


@dataclass(frozen=True, slots=True)
class LabTime:
    """How a lab's time passes.

    Attributes:
        kind: `scaled` or `virtual`.
        speed: Lab seconds per real second.
        file: In which the clock is kept, so that others can change its speed; None where nobody can.
    """

    kind: str
    speed: float
    file: Path | None = None


def simulate(
    *, station: str, sample: str, time: LabTime, seed: int | None, sample_seed: int,
    doors: Doors = PLAIN, log: Path | None = None,
) -> None:  # fmt: skip
    """Serve until SIGINT or SIGTERM; prints the addresses first, as one line of JSON.

    Raises:
        UsageError: A port is taken, or for a door that the lab lacks.
        BadValue: There is no such clock, speed, address, rule for sessions or version of MultiPyVu.
        WriteFailed: Nobody took the line with the addresses, or the clock's file cannot be made.
    """
    with _clock_of(time) as running:
        _serve(running, station=station, sample=sample, seed=seed, sample_seed=sample_seed, doors=doors, log=log)


def _serve(
    running: Clock, *, station: str, sample: str, seed: int | None, sample_seed: int, doors: Doors, log: Path | None
) -> None:
    """Serve a lab on a clock; see `simulate`."""
    from labctl.sample import load_sample
    from labctl.simulation import build_lab
    from labctl.station import load_station

    seed = secrets.randbits(32) if seed is None else seed
    sample = sample or "cotb2025"
    lab = build_lab(load_station(station), load_sample(sample), running, seed=seed, sample_seed=sample_seed)
    server = serve_lab(lab, doors, log)
    if warning := doors.warning():
        output.complain(warning)

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        server.stop()

    if child.has_supervisor():
        from labctl.service.own_lab import end_with_the_worker

        end_with_the_worker(server.stop)
    else:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
    output.print_json_or_fail(announcement(server, lab, station, sample, host=doors.announced_host()))
    server.serve()


@contextmanager
def _clock_of(time: LabTime) -> Generator[Clock]:
    """Give a lab's clock; its file is taken away afterwards."""
    if time.file is None:
        yield lab_clock(time.kind, time.speed)
        return
    if time.kind != "scaled":
        raise BadValue(f"--clock-file is for a clock that flows by itself, not for {time.kind!r}; leave one out")
    file = time.file.absolute()
    shared_clock.begin(file, time.speed)
    try:
        yield SharedClock(file)
    finally:
        with suppress(OSError):  # a run that is on still has it open
            file.unlink()


def lab_clock(kind: str, speed: float) -> Clock:
    """Make a lab's clock.

    Raises:
        BadValue: There is no such clock, or no such speed.
    """
    if kind not in {"scaled", "virtual"}:
        raise BadValue(f"--clock is {kind!r}, but must be scaled or virtual")
    if not 0 < speed <= FASTEST:
        raise BadValue(f"--speed is {speed:g}, but must lie above 0 and not above {FASTEST:.0f}")
    if kind == "scaled":
        return ScaledClock(speed)
    if speed != 1.0:
        raise BadValue(f"--speed {speed:g} means nothing to a virtual clock, which jumps; leave it out")
    return VirtualClock()


def serve_lab(lab: Lab, doors: Doors = PLAIN, log: Path | None = None) -> LabServer:
    """Give each of a lab's instruments a socket, and MultiVu; messages to a PPMS may end with a semicolon, too.

    Args:
        lab: The lab.
        doors: What is wanted of its sockets.
        log: File into which every message to an instrument with a socket is written.

    Raises:
        UsageError: A port is taken, or for a door that the lab lacks.
        BadValue: There is no such address, rule for sessions or version of MultiPyVu.
        WriteFailed: The log cannot be written.
    """
    from simulators.breakout import BreakoutDoor
    from simulators.server import LabServer, PortTaken

    ends = {role: b"\n;" if role == "cryostat" else b"\n" for role in lab.devices}
    devices: dict[str, tuple[Device, bytes]] = {role: (device, ends[role]) for role, device in lab.wires.items()}
    at_end = None
    if log is not None:
        from simulators.witness import Witness

        witness = Witness(log, lambda: lab.wiring.circuit.source_current(lab.timeline.now))
        devices = {role: (witness.of(role, device), end) for role, (device, end) in devices.items()}
        at_end = witness.close
    services = {}
    _check_version(doors.multivu.version)
    if lab.bench.faults.get("cryostat") and "cryostat" not in lab.devices:
        raise UsageError(
            "simulation.faults names the cryostat, but on the way to a served MultiVu nothing can be made to go wrong; "
            "take these faults out of the station file, or run with --simulate"
        )
    if "cryostat" in lab.bench.instruments:
        services["multivu"] = lab.multivu_server(doors.multivu.settings())
    cables = attrgetter("wiring.cables")
    devices["breakout"] = (BreakoutDoor(lab.timeline, lab.plug, lab.put_back, partial(cables, lab)), b"\n")
    doors.check([*devices, *services, *(["clock"] if isinstance(lab.clock, VirtualClock) else [])])
    try:
        return LabServer(
            lab.timeline, devices, services,
            host=doors.host, fixed=doors.ports, sessions={"source": doors.session.rule()}, at_end=at_end,
        )  # fmt: skip
    except PortTaken as error:
        port = f" port {error.port}" if error.port else ""
        raise UsageError(
            f"the lab cannot be served: {error.door} cannot listen at {doors.host}{port}: {error.strerror}; "
            f"{'end what listens there, or choose another port' if port else 'choose another --host'}"
        ) from error


def _check_version(version: str) -> None:
    """Refuse what no MultiPyVu calls itself, at which its client would end with an error of its own; "" is none."""
    if version and not re.fullmatch(r"\d{1,4}\.\d{1,4}\.\d{1,4}", version, re.ASCII):
        raise BadValue(f"--multivu-version is {version!r}, but must look like 3.8.0")


def announcement(
    server: LabServer, lab: Lab, station: str, sample: str, *, host: str = THIS_COMPUTER
) -> dict[str, Any]:
    """Return what others need to know of a lab that is served; None for what it lacks.

    Args:
        server: Its doors.
        lab: The lab.
        station: Name of the station, or its file.
        sample: Name of the sample, or its file.
        host: Where they are.
    """
    from labctl import paths, sample_files

    ports = server.ports

    def visa(role: str) -> str | None:
        return f"TCPIP::{host}::{ports[role]}::SOCKET" if role in ports else None

    return {
        **{role: visa(role) for role in ROLES},
        "cryostat": {
            "multivu": f"{host}:{ports['multivu']}" if "multivu" in ports else None,
            "visa": visa("cryostat"),
        },
        "clock": f"{host}:{ports['clock']}" if "clock" in ports else None,
        "breakout": f"{host}:{ports['breakout']}",
        "speed": lab.clock.speed if isinstance(lab.clock, ScaledClock) else None,
        "clock_file": str(lab.clock.file) if isinstance(lab.clock, SharedClock) else None,
        "seed": lab.streams.seed,
        "sample_seed": lab.streams.sample_seed,
        "station": _name_elsewhere(station, paths.station_files()),
        "sample": _name_elsewhere(sample, paths.sample_files(), sample_files.by_name()),
    }


def _name_elsewhere(name: str, shipped: Mapping[str, Path], named: Mapping[str, Path] | None = None) -> str:
    """Return what `--station` or `--sample` takes for the same record in another folder: a file by its whole path."""
    return name if name in shipped else str((named or {}).get(name, Path(name)).resolve())
