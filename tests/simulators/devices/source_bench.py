"""A 6221 with a resistor at its terminals that writes down what flows, and somebody who talks to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from instruments.clock import VirtualClock
from simulators.devices.keithley6221 import Keithley6221
from simulators.timeline import Timeline


class Change(NamedTuple):
    """What the source did at its terminals.

    Attributes:
        time: Lab time in s.
        current: What it was told to drive, in A; of a cycle its largest value; None where it let go.
        compliance: V.
        noise: A rms.
        settling: s.
        cycle: One period, as (duration in s, current in A).
    """

    time: float
    current: float | None
    compliance: float = 0.0
    noise: float = 0.0
    settling: float = 0.0
    cycle: tuple[tuple[float, float], ...] = ()


class RecordingTerminals:
    """A resistor; it can be changed, and what was driven is kept."""

    def __init__(self, timeline: Timeline, resistance: float = 1000.0) -> None:
        self._timeline = timeline
        self.resistance = resistance
        self.changes: list[Change] = []
        self._clamped_at = -math.inf

    @property
    def current(self) -> float:
        last = self.changes[-1].current if self.changes else None
        return 0.0 if last is None else last

    @property
    def driven(self) -> bool:
        return bool(self.changes) and self.changes[-1].current is not None

    @property
    def limit(self) -> float:
        return self.changes[-1].compliance

    @property
    def noise(self) -> float:
        return self.changes[-1].noise

    def drive(self, current: float, compliance: float, noise: float = 0.0, settling: float = 0.0) -> None:
        self._note(Change(self._timeline.now, current, compliance, noise, settling))

    def drive_cycle(self, steps: Sequence[tuple[float, float]], compliance: float, noise: float = 0.0) -> None:
        largest = max((current for _, current in steps), key=abs)
        self._note(Change(self._timeline.now, largest, compliance, noise, cycle=tuple(steps)))

    def release(self) -> None:
        self._note(Change(self._timeline.now, None))

    def _note(self, change: Change) -> None:
        if self.in_compliance():
            self._clamped_at = self._timeline.now
        self.changes.append(change)

    def in_compliance(self) -> bool:
        return self.driven and abs(self.current) * self.resistance > self.limit

    def clamped_since(self, time: float) -> bool:
        return self.in_compliance() or self._clamped_at > time

    def voltage(self) -> float:
        return self.current * self.resistance

    def levels(self) -> list[tuple[float, float]]:
        """When which level was driven, without what let go."""
        return [(change.time, change.current) for change in self.changes if change.current is not None]


class SourceBench:
    """The source, its terminals, and a patient client."""

    def __init__(self, calibration: np.random.Generator | None = None, kind: type[Keithley6221] = Keithley6221) -> None:
        timeline = Timeline(VirtualClock())
        self.terminals = RecordingTerminals(timeline)
        self.device = kind(timeline, self.terminals, calibration=calibration)
        self.clock = timeline.clock
        self.pulses: list[tuple[float, int]] = []
        self.device.trigger_out = lambda line: self.pulses.append((timeline.now, line))

    def write(self, *messages: str) -> None:
        for message in messages:
            self.device.timeline.catch_up()
            self.device.write(message.encode("latin-1") + b"\n")

    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.device.timeline.catch_up()

    def ask(self, message: str) -> str | None:
        self.write(message)
        while (ready := self.device.ready_at()) is not None:
            self.clock.sleep_until(ready)
            self.device.timeline.catch_up()
            reply = self.device.read()
            if reply:
                return reply.decode("latin-1").removesuffix("\n")
        return None

    def errors(self) -> list[int]:
        codes: list[int] = []
        while (code := int((self.ask("SYST:ERR?") or "0").split(",")[0])) != 0:
            codes.append(code)
        return codes

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.terminals.changes.clear()
        self.pulses.clear()
