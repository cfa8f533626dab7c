"""A wire on which things go wrong, between a simulated instrument and whoever talks to it.

The instrument itself is well: it hears what reaches it and carries it out. What it says is lost, late, damaged, cut
off, said twice, or that to the question before; or nothing passes at all. Each fault has a time at which it begins and
ends, and a share of the messages that it hits, drawn from a random stream of its own.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from simulators.device import Device, Unplugged

FaultKind = Literal["silent", "late", "stuck high", "stuck low", "truncated", "doubled", "previous", "dropped"]

KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
"""All that can go wrong on a wire."""

LINES = 8
"""Data lines of a GPIB cable, bits of a byte."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, when, and how often.

    Attributes:
        kind: `silent`: no reply comes. `late`: each comes so many seconds after its question. `stuck high`, `stuck
            low`: a data line hangs at one or zero. `truncated`: the end of a reply is missing. `doubled`: it comes
            twice. `previous`: the reply to the question before comes instead. `dropped`: nothing passes in either
            direction; a socket is closed.
        line: Of a stuck line, its number from 0 to 7; bit of each byte.
        both_ways: Whether a stuck line damages what the instrument hears as well, as on a real bus.
        seconds: Of a late reply, s from the question.
        keep: Of a truncated reply, the part that comes, from 0 to 1 (excluded); drawn anew for each if None.
        start: When it begins, in s of lab time.
        duration: How long it lasts, in s.
        share: Part of the messages that it hits, from 0 to 1.
    """

    kind: FaultKind
    line: int = 0
    both_ways: bool = False
    seconds: float = 60.0
    keep: float | None = None
    start: float = 0.0
    duration: float = math.inf
    share: float = 1.0

    def holds(self, time: float) -> bool:
        """Whether it goes on at this lab time in s."""
        return self.start <= time < self.start + self.duration

    def stuck(self, data: bytes) -> bytes:
        """Return bytes as they come over the stuck line; over a sound wire they stay as they are."""
        mask = 1 << self.line
        if self.kind == "stuck high":
            return bytes(byte | mask for byte in data)
        if self.kind == "stuck low":
            return bytes(byte & ~mask for byte in data)
        return data

    def damaged(self, reply: bytes, before: bytes, dice: np.random.Generator) -> bytes:
        """Return what comes of a reply; nothing for one that is lost.

        Args:
            reply: What was said.
            before: What was said the time before.
            dice: Draws where it is cut off.
        """
        if self.kind in {"silent", "dropped"}:
            return b""
        if self.kind == "truncated":
            keep = dice.random() if self.keep is None else self.keep
            return reply[: int(keep * len(reply))]
        if self.kind == "doubled":
            return reply + reply
        return before if self.kind == "previous" else self.stuck(reply)


class Passage(Device):
    """What stands between an instrument and its door, and passes everything on in both directions.

    Attributes:
        device: The instrument.
    """

    def __init__(self, device: Device) -> None:
        super().__init__(device.timeline)
        self.device = device

    @property
    def stream(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride] - the instrument's, not a copy
        """Whether what the instrument says is sent off at once."""
        return self.device.stream

    @stream.setter
    def stream(self, value: bool) -> None:
        self.device.stream = value

    def write(self, data: bytes) -> None:
        """Pass on what the instrument is told."""
        self.device.write(data)

    def read(self) -> bytes:
        """Pass on what it says."""
        return self.device.read()

    def ready_at(self) -> float | None:
        """Return when it may say something."""
        return self.device.ready_at()

    def owes_reply(self) -> bool:
        """Whether it will say something by time alone."""
        return self.device.owes_reply()

    def overtakes(self, message: bytes) -> bool:
        """Whether a message acts before the reply to another one has come."""
        return self.device.overtakes(message)

    def hurry(self) -> None:
        """Have its finished replies now."""
        self.device.hurry()

    def clear(self) -> None:
        """Pass on a device clear."""
        self.device.clear()

    def read_without_talk(self) -> None:
        """Pass on that somebody asked for bytes that are not there."""
        self.device.read_without_talk()

    def interrupted(self) -> None:
        """Pass on that somebody wrote before all was read."""
        self.device.interrupted()

    def status_byte(self) -> int:
        """Pass on a serial poll."""
        return self.device.status_byte()

    def service_requested(self) -> bool:
        """Whether it requests service."""
        return self.device.service_requested()

    def trigger(self) -> None:
        """Pass on a group execute trigger."""
        self.device.trigger()

    def power_cycle(self) -> None:
        """Switch it off and on."""
        self.device.power_cycle()


class FaultyWire(Passage):
    """A wire with faults.

    Args:
        device: The instrument at its far end.
        faults: What goes wrong, and when; where several do at once, the first one counts.
        dice: What is left to chance.

    Attributes:
        faults: May be changed at any time.
        hit: How many messages met a fault.
    """

    def __init__(self, device: Device, faults: Sequence[Fault], dice: np.random.Generator) -> None:
        super().__init__(device)
        self.faults = faults
        self.hit = 0
        self._dice = dice
        self._now: Fault | None = None
        self._asked_at = 0.0
        self._before = b""
        self._coming: deque[tuple[float, bytes]] = deque()

    def _fault(self) -> Fault | None:
        """Return what is wrong now: with every message, or with the present one, which was decided when it was sent."""
        now = self.timeline.now
        for fault in self.faults:
            if (fault.share >= 1.0 or fault is self._now) and fault.holds(now):
                return fault
        return None

    def _draw(self) -> Fault | None:
        now = self.timeline.now
        for fault in self.faults:
            if fault.holds(now) and (fault.share >= 1.0 or self._dice.random() < fault.share):
                self.hit += 1
                return fault
        return None

    def _holds_back(self) -> bool:
        fault = self._fault()
        return fault is not None and fault.kind in {"silent", "late"}

    def _collect(self) -> None:
        """Take over what the instrument has said, with what became of it on the way."""
        while said := self.device.read():
            fault, due = self._fault(), self.timeline.now
            heard = said if fault is None else fault.damaged(said, self._before, self._dice)
            if fault is not None and fault.kind == "late":
                due = max(due, self._asked_at + fault.seconds)
            self._before = said
            if heard:
                self._coming.append((due, heard))

    def write(self, data: bytes) -> None:
        """Pass on a message, if the wire carries it.

        Raises:
            Unplugged: It does not.
        """
        if self._holds_back():
            self._collect()  # a late reply comes, whatever is said meanwhile, and a lost one does not
        self._now, self._asked_at = self._draw(), self.timeline.now
        fault = self._now
        if fault is not None and fault.kind == "dropped":
            raise Unplugged
        if fault is not None and fault.both_ways:
            data = fault.stuck(data)
            if not self.stream and data[-1:] != b"\n":  # the end of a message has a line of its own on a bus
                data += b"\n"
        self.device.write(data)

    def read(self) -> bytes:
        """Hand over what has come.

        Raises:
            Unplugged: The wire carries nothing.
        """
        fault = self._fault()
        if fault is not None and fault.kind == "dropped":
            raise Unplugged
        self._collect()
        if self._coming and self._coming[0][0] <= self.timeline.now:
            return self._coming.popleft()[1]
        return b""

    def ready_at(self) -> float | None:
        """Return when something may come."""
        if self._coming:
            return self._coming[0][0]
        ready, fault = self.device.ready_at(), self._fault()
        if ready is None or fault is None:
            return ready
        if fault.kind in {"silent", "dropped"}:
            return None
        return max(ready, self._asked_at + fault.seconds) if fault.kind == "late" else ready

    def owes_reply(self) -> bool:
        """Whether something will come by time alone."""
        fault = self._fault()
        if fault is not None and fault.kind in {"silent", "dropped"}:
            return bool(self._coming)
        return bool(self._coming) or self.device.owes_reply()

    def clear(self) -> None:
        """Pass on a device clear: what is on its way is forgotten."""
        fault = self._draw()
        if fault is None or fault.kind != "dropped":
            self._coming.clear()
            self._now = None
            self.device.clear()

    def read_without_talk(self) -> None:
        """Pass on that there is nothing to be said, unless it is the wire that keeps it."""
        if self._fault() is None:
            self.device.read_without_talk()
