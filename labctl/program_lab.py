"""The simulated labs of a process whose program reaches them through pyvisa alone."""

from __future__ import annotations

import atexit
import builtins
import logging
import os
import secrets
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from pyvisa.constants import StatusCode

from instruments.clock import Clock, VirtualClock, WallClock
from instruments.errors import BadValue
from labctl import labtime, paths
from labctl.program_clock import BUS_TIME, ProgramClock, make_clock
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.device import Device
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary

log = logging.getLogger(__name__)

SAMPLE, SEED, SAMPLE_SEED, CLOCK = "LABCTL_SAMPLE", "LABCTL_SEED", "LABCTL_SAMPLE_SEED", "LABCTL_CLOCK"
DEFAULT_SAMPLE = "cotb2025"

_Status = tuple[Any, StatusCode]


class ProgramLibrary(SimulatedVisaLibrary):
    """A simulated lab's VISA library for a program that may have threads, which a lab has not."""

    _turn: AbstractContextManager[Any]

    def __new__(cls, timeline: Timeline, devices: Mapping[str, Device], turn: AbstractContextManager[Any]) -> Self:
        """Make a library; `turn` is entered for every call that touches the lab."""
        self = super().__new__(cls, timeline, devices)
        self._turn = turn
        return self

    def another(self) -> ProgramLibrary:
        """Return a library of the same instruments with sessions of its own."""
        library = ProgramLibrary(self._timeline, {}, self._turn)
        library._ports = self._ports
        return library

    def write(self, session: Any, data: bytes) -> _Status:
        """Send bytes."""
        with self._turn:
            if isinstance(self._timeline.clock, VirtualClock):
                self._timeline.clock.sleep(BUS_TIME)
            return super().write(session, data)

    def read(self, session: Any, count: int) -> _Status:
        """Receive one message."""
        with self._turn:
            return super().read(session, count)

    def clear(self, session: Any) -> StatusCode:
        """Device clear."""
        with self._turn:
            return super().clear(session)

    def flush(self, session: Any, mask: Any) -> StatusCode:
        """Throw away what was received and not read."""
        with self._turn:
            return super().flush(session, mask)

    def read_stb(self, session: Any) -> tuple[int, StatusCode]:
        """Serial poll."""
        with self._turn:
            return super().read_stb(session)

    def assert_trigger(self, session: Any, protocol: Any) -> StatusCode:
        """Group execute trigger."""
        with self._turn:
            return super().assert_trigger(session, protocol)

    def wait_on_event(self, session: Any, in_event_type: Any, timeout: int) -> tuple[Any, Any, StatusCode]:
        """Wait for a request for service."""
        with self._turn:
            return super().wait_on_event(session, in_event_type, timeout)


@dataclass(slots=True)
class _Process:
    """What the labs of this process share."""

    clock: Clock | None = None
    libraries: dict[str, ProgramLibrary] = field(default_factory=dict[str, ProgramLibrary])
    bound: ExitStack = field(default_factory=ExitStack)
    lock: threading.RLock = field(default_factory=threading.RLock)


_process = _Process()


def open_library(station: str) -> ProgramLibrary:
    """Return a VISA library of a simulated station; the first call for a station builds its lab.

    Args:
        station: Name of a shipped station, or a file.

    Raises:
        UsageError: Station, sample or environment are wrong; the sentence says what.
    """
    key = station if station in paths.station_files() else str(Path(station).resolve())
    with _process.lock:
        if key not in _process.libraries:
            _process.libraries[key] = _build(station)
        return _process.libraries[key].another()


def _build(station: str) -> ProgramLibrary:
    record, sample = load_station(station), load_sample(os.environ.get(SAMPLE) or DEFAULT_SAMPLE)
    seed, sample_seed = _seed(SEED), _seed(SAMPLE_SEED)
    clock = _process.clock or make_clock(os.environ.get(CLOCK, ""))
    seed = secrets.randbits(32) if seed is None else seed
    lab = build_lab(record, sample, clock, seed=seed, sample_seed=sample_seed or 0)
    log.info("simulated station %s with sample %s, %s=%d, %s=%d",
             record.name, sample.name, SEED, seed, SAMPLE_SEED, sample_seed or 0)  # fmt: skip
    if _process.clock is None:
        _process.clock = clock
        _bind_time(clock)
    turn = clock if isinstance(clock, ProgramClock) else threading.RLock()
    devices = {lab.bench.instruments[role].resource: device for role, device in lab.wires.items()}
    return ProgramLibrary(lab.timeline, devices, turn)


def _seed(variable: str) -> int | None:
    text = os.environ.get(variable, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise BadValue(f"{variable} is {text!r}, but must be a whole number not below zero")
    return int(text)


def _bind_time(clock: Clock) -> None:
    """Let the program's own waiting and its stamps follow the lab, until the process ends."""
    if isinstance(clock, WallClock):
        return
    # What is lent to the program is taken back before Python tears the modules down: its instruments have to be closed
    # by then, and would stay as long as somebody knows its module.
    atexit.register(_process.bound.close)
    file = getattr(sys.modules["__main__"], "__file__", None)
    folders = [Path(file).resolve().parent if file else Path.cwd()]
    _process.bound.enter_context(labtime.following(clock, folders, ["__main__"]))
    _bind_later_imports(folders)


def _bind_later_imports(folders: Sequence[Path]) -> None:
    """Let `import time` within a function, or at the prompt, mean what it means at the program's top."""
    real: Any = builtins.__import__

    def importing(  # programs hand over some of these by name
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - Python's own name
        locals: Mapping[str, Any] | None = None,  # noqa: A002 - Python's own name
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if name in labtime.STAND_INS and level == 0 and globals is not None and _is_programs(globals, folders):
            return labtime.STAND_INS[name]
        return real(name, globals, locals, fromlist, level)

    builtins.__import__ = importing
    _process.bound.callback(setattr, builtins, "__import__", real)


def _is_programs(namespace: Mapping[str, Any], folders: Sequence[Path]) -> bool:
    file = namespace.get("__file__")
    return namespace.get("__name__") == "__main__" or (
        isinstance(file, str) and labtime.lies_in(Path(file).resolve(), folders)
    )
