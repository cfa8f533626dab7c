"""Holding a recorded dialogue again, with simulated instruments, to find the first difference.

What was sent is sent again at the same lab times; what comes back is compared byte by byte, or, since a reading
fluctuates, by what the command tables say of it: see `labctl.dialogue.likeness`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from instruments.clock import VirtualClock
from labctl.dialogue.conversation import TABLES, Conversation
from labctl.dialogue.likeness import Level, alike
from labctl.dialogue.multivu_talk import ServerTalk, end_of_messages, is_message
from labctl.dialogue.script import Dialogue, Entry
from simulators.device import Device
from simulators.timeline import Timeline

PATIENCE = 30.0
"""s that a reply may come later than it did in the recording before it counts as missing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where simulation and recording part.

    Attributes:
        line: Line of the dialogue's file.
        role: The instrument.
        asked: What was sent to it last.
        recorded: What it then said, or the form of it.
        simulated: What the simulated instrument said.
    """

    line: int
    role: str
    asked: bytes
    recorded: bytes
    simulated: bytes

    def __str__(self) -> str:
        return (
            f"line {self.line}: asked {_shown(self.asked)}, the {self.role} said {_shown(self.recorded)} in the "
            f"recording and {_shown(self.simulated)} in simulation"
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of a replay.

    Attributes:
        replies: How many replies were compared.
        difference: The first difference, None where there is none.
        slowest: Largest difference of the time that a reply took, simulated minus recorded, in s.
        slowest_line: The line of that reply.
    """

    replies: int
    difference: Difference | None
    slowest: float = 0.0
    slowest_line: int = 0


def replay(dialogue: Dialogue, devices: dict[str, Device], clock: VirtualClock, level: Level = "form") -> Comparison:
    """Hold a dialogue with simulated instruments, up to the first difference.

    Args:
        dialogue: What was recorded.
        devices: The simulated instruments by role, on this clock.
        clock: Their lab's clock; the dialogue begins at its present.
        level: What has to agree: every byte, or what is discrete and the form of measured numbers, or of these only
            their being there.
    """
    stage, judge = _Stage(devices, clock, dialogue.on_gpib), _Judge(dialogue, level)
    replies, slowest, slowest_line = 0, 0.0, 0
    for run in _runs(dialogue.entries):
        first = run[0]
        stage.wait_until(first.at)
        if first.way != "from":
            stage.act(first)
            judge.note(first)
            continue
        said = b"".join(entry.data for entry in run)
        answer = stage.hear(first.role, run[-1].at, said)
        replies += 1
        if not judge.agree(first, said, answer):
            expected = first.like.encode() if first.like else said
            return Comparison(replies, Difference(first.line, first.role, stage.asked[first.role], expected, answer))
        late = stage.now - run[-1].at
        if abs(late) > abs(slowest):
            slowest, slowest_line = late, first.line
    return Comparison(replies, None, slowest, slowest_line)


def _runs(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Put together the pieces in which one reply came."""

    def whose(entry: Entry) -> tuple[str, str, object]:
        whole = entry.way != "from" or entry.like
        return entry.way, entry.role, id(entry) if whole else None

    for _, run in groupby(entries, whose):
        yield list(run)


class _Stage:
    """The simulated instruments, and what was said to them last."""

    def __init__(self, devices: dict[str, Device], clock: VirtualClock, on_gpib: Collection[str]) -> None:
        self._on_gpib = on_gpib
        self._devices = devices
        self._clock = clock
        self._start = clock.now()
        self._timeline: Timeline = next(iter(devices.values())).timeline
        self._left: dict[str, bytes] = dict.fromkeys(devices, b"")
        self.asked: dict[str, bytes] = dict.fromkeys(devices, b"")

    @property
    def now(self) -> float:
        """Seconds since the dialogue began."""
        return self._clock.now() - self._start

    def wait_until(self, at: float) -> None:
        if at > self.now:
            self._clock.sleep_until(self._start + at)
        self._timeline.catch_up()

    def act(self, entry: Entry) -> None:
        device = self._devices[entry.role]
        if entry.way == "to":
            self.asked[entry.role] = entry.data
            device.write(entry.data)
        elif entry.data == b"clear":
            self._left[entry.role] = b""
            device.clear()
        elif entry.data == b"trigger":
            device.trigger()
        elif entry.data == b"hang up":
            device.power_cycle()
        elif entry.role in self._on_gpib and not self._left[entry.role] and device.ready_at() is None:
            device.read_without_talk()  # on GPIB an instrument notices that it was asked to talk and had nothing

    def hear(self, role: str, at: float, recorded: bytes) -> bytes:
        """Return what an instrument says, as soon as it has said as many lines as were recorded.

        Of a recording that does not end with a line, as many bytes.
        """
        device, heard = self._devices[role], self._left[role]
        until = self._start + at + PATIENCE
        while not (end := _end(heard, recorded)):
            self._timeline.catch_up()
            said = device.read()
            heard += said
            if said:
                continue
            ready = device.ready_at() if device.ready_at() is not None else self._timeline.next_time()
            if ready is None or ready > until:
                break
            self._clock.sleep_until(max(ready, self._clock.now()))
        end = end or len(heard)
        self._left[role] = heard[end:]
        return heard[:end]


def _end(heard: bytes, recorded: bytes) -> int:
    """Where in what was heard the counterpart of a recorded reply ends; 0 while it is not there.

    Where only the form is known (nothing is recorded), it is one line; of MultiVu's server, as many messages.
    """
    if is_message(recorded):
        return end_of_messages(heard, recorded)
    last = recorded[-1:] or b"\n"
    if last not in b"\n;\r":
        return len(recorded) if len(heard) >= len(recorded) else 0
    end = 0
    for _ in range(max(1, recorded.count(last))):
        end = heard.find(last, end) + 1
        if not end:
            return 0
    return end


class _Judge:
    """Says whether a reply of the recording and that of the simulation agree.

    Args:
        dialogue: What was recorded.
        level: What has to agree.
    """

    def __init__(self, dialogue: Dialogue, level: Level) -> None:
        self._level: Level = level
        self._conversations: dict[str, Conversation | ServerTalk] = {
            role: Conversation(TABLES[driver], forgets=role in dialogue.on_gpib)
            for role, driver in dialogue.drivers.items()
            if driver in TABLES
        }
        self._conversations |= {role: ServerTalk() for role, driver in dialogue.drivers.items() if driver == "multivu"}

    def note(self, entry: Entry) -> None:
        """Take note of what goes to an instrument, or of what happens to it."""
        conversation = self._conversations.get(entry.role)
        if conversation is not None and entry.way == "to":
            conversation.hear(entry.data)
        elif conversation is not None and entry.data != b"trigger":
            conversation.forget()

    def agree(self, entry: Entry, recorded: bytes, simulated: bytes) -> bool:
        """Whether two replies agree."""
        conversation = self._conversations.get(entry.role)
        said, says = recorded.decode("latin-1"), simulated.decode("latin-1")
        if entry.like:
            if conversation is not None:
                conversation.agrees(says, says, self._level)  # it answers what was asked
            return re.fullmatch(entry.like, says.rstrip("\r\n")) is not None
        if self._level == "exact":
            return recorded == simulated
        if conversation is not None:
            return conversation.agrees(said, says, self._level)
        return alike(said, says, self._level)


def _shown(data: bytes) -> str:
    text = repr(data.decode("latin-1"))
    return text if len(text) <= 200 else f"{text[:200]}... ({len(data)} bytes)"
