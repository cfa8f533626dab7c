"""The door of an instrument: whole messages in, answers to whoever asked.

An instrument carries out one message at a time. Its clients take turns, a message each, so that who floods it makes
nobody wait for more than one message of the flood. What acts at once on the instrument, like ABORt on a run without
end, waits for nobody's answer.
"""

from __future__ import annotations

import itertools
import re
import socket
from collections import deque

from instruments.clock import VirtualClock
from simulators.device import Device, Unplugged
from simulators.doors import FREE, HEAVY, LARGEST_BACKLOG, Client, Door, Sessions
from simulators.hall import Hall
from simulators.lines import cut_messages

LONGEST_MESSAGE = 65_536
"""Bytes after which an unfinished message is too long: the rest is thrown away up to its terminator. The instrument
gets what it cannot hold either, and reports the overrun; it never hears of a message that has no end."""

_MESSAGE_OVERHEAD = 64  # bytes; what a waiting message takes besides its own, so that empty ones are bounded too
_TURN = 64  # messages that an instrument is handed before other doors are heard again
_LOOKED_THROUGH = 16  # messages of a client among which one is looked for that acts at once, lest a flood cost much


class Connection(Client):
    """A client of one instrument.

    Attributes:
        acts: Whether it has ever sent anything but questions.
        messages: What it has said and the instrument has not heard yet.
        waiting: What they take, in bytes.
        received: What it has not ended yet.
        overrun: Whether that is too long already.
    """

    __slots__ = ("acts", "messages", "overrun", "received", "waiting")

    def __init__(self, connected: socket.socket, door: Door, port: int) -> None:
        super().__init__(connected, door, port)
        self.acts = False
        self.messages: deque[bytes] = deque()
        self.waiting = 0
        self.received = bytearray()
        self.overrun = False

    def weight(self) -> int:
        """Return how many bytes are kept for it."""
        return len(self.unsent) + len(self.received) + self.waiting


class InstrumentDoor(Door):
    """The socket of one instrument, and its clients.

    Args:
        listener: The socket.
        hall: What all doors share.
        device: The instrument.
        terminators: Bytes each of which ends a message.
        sessions: How many may be in at once.

    Attributes:
        asking: Who is answered at the moment.
    """

    def __init__(
        self, listener: socket.socket, hall: Hall, device: Device, terminators: bytes, sessions: Sessions = FREE
    ) -> None:
        super().__init__(listener, hall, sessions)
        device.stream = True
        self.asking: Connection | None = None
        self._device = device
        self._scpi = terminators == b"\n"
        characters = b"[" + re.escape(terminators) + b"]"
        self._terminator = re.compile(characters)
        # No message begins with a quote: in front of one a terminator is part of a string, and the instrument's affair.
        self._end = re.compile(b"(" + characters + b")(?![\"'])")
        self._turns: deque[Connection] = deque()

    def greet(self, connected: socket.socket, address: tuple[str, int]) -> Connection:
        """Plug in a client."""
        return Connection(connected, self, address[1])

    def receive(self, client: Client, data: bytes) -> None:
        """Put what a client says into whole messages, and hand them to the instrument in turn."""
        assert isinstance(client, Connection)
        first = self._end.search(data)
        if first is not None and first.end() == len(data) and not client.received:
            self._queue(client, data)  # one message, all of it, as almost always
        else:
            self._gather(client, data)
        if client.waiting > HEAVY:
            if client.waiting > LARGEST_BACKLOG:
                self.drop(client)
            self.hall.weigh()
        self.attend()

    def _gather(self, client: Connection, data: bytes) -> None:
        """Cut messages where they end. Without an end it costs nothing, lest bytes one by one cost much."""
        if self._terminator.search(data) is not None:
            messages, rest = self._cut(data if client.overrun else bytes(client.received) + data)
            if client.overrun:
                if not messages:
                    return
                messages[0] = bytes(client.received) + messages[0][-1:]
                client.overrun = False
            for message in messages:
                self._queue(client, message)
            client.received = bytearray(rest)
        elif not client.overrun:
            client.received += data
        if len(client.received) > LONGEST_MESSAGE:
            del client.received[LONGEST_MESSAGE + 1 :]
            client.overrun = True

    def _cut(self, received: bytes) -> tuple[list[bytes], bytes]:
        """Cut what a client has sent into whole messages with their ends, and what is unfinished."""
        if self._scpi:  # where a line feed may be part of a quoted string
            *lines, rest = cut_messages(received, whole=False)
            return [line + b"\n" for line in lines], rest
        # The pattern captures, so that each message is followed by what ended it.
        *pieces, rest = self._end.split(received)
        return [message + end for message, end in zip(pieces[::2], pieces[1::2], strict=True)], rest

    def _queue(self, client: Connection, message: bytes) -> None:
        if not client.messages:
            self._turns.append(client)
        client.messages.append(message)
        client.waiting += len(message) + _MESSAGE_OVERHEAD

    def attend(self) -> None:
        """Hand the instrument its next messages, and bring its answers to whoever asked."""
        try:
            self._attend()
        except Unplugged:  # nothing reaches the instrument: everybody's connection to it is lost
            for client in tuple(self.clients):
                self.drop(client)
            self.asking = None
            self.hall.busy.discard(self)

    def _attend(self) -> None:
        device, timeline, moved = self._device, self.hall.timeline, False
        for _ in range(_TURN):
            timeline.catch_up()
            answer = device.read()
            if self.asking is not None:
                if answer:
                    self.send(self.asking, answer)
                if device.owes_reply():
                    if self._overtake(self.asking):
                        continue
                    self.hall.busy.add(self)
                    # Once at most, lest an answer that never comes keep all other clients from being heard.
                    if moved or not self._move_clock():
                        return
                    moved = True
                    continue
                self.asking = None
            if not self._turns:
                self.hall.busy.discard(self)
                return
            self._hand_over(self._turns.popleft())
        self.hall.busy.add(self)

    def _overtake(self, asking: Connection) -> bool:
        """Hand the instrument a message that acts at once, and what its client has said before; whether there is one.

        While somebody is answered, all replies go to them: nobody else's question may be among what is handed over.
        """
        for client in self._turns:
            for position, message in enumerate(itertools.islice(client.messages, _LOOKED_THROUGH)):
                if client is not asking and b"?" in message:
                    break
                if self._device.overtakes(message):
                    self._turns.remove(client)
                    earlier = [self._take(client) for _ in range(position + 1)]
                    if client.messages:
                        self._turns.append(client)
                    for each in earlier:
                        self._looks_on(client, each)
                        self._device.write(each)
                    return True
        return False

    def _take(self, client: Connection) -> bytes:
        """Take a client's next message out of what waits."""
        message = client.messages.popleft()
        client.waiting -= len(message) + _MESSAGE_OVERHEAD
        return message

    def _hand_over(self, client: Connection) -> None:
        """Hand the instrument a client's next message."""
        message = self._take(client)
        if client.messages:
            self._turns.append(client)
        self.asking = client
        self._device.write(message)
        if self.hall.virtual and self._looks_on(client, message):
            self._device.hurry()

    def _looks_on(self, client: Connection, message: bytes) -> bool:
        """Whether somebody is a spectator, for whom no time may pass."""
        if not client.acts:
            client.acts = any(b"?" not in unit and not unit.isspace() for unit in message.split(b";") if unit)
        return self.hall.is_spectator(client, acts=client.acts)

    def _move_clock(self) -> bool:
        """On a virtual clock, go to when the answer may be ready; whether time has passed."""
        clock, moment = self.hall.timeline.clock, self.next_moment()
        if moment is None or not isinstance(clock, VirtualClock):
            return False
        clock.sleep_until(moment)
        return True

    def next_moment(self) -> float | None:
        """When the answer that somebody is waiting for may be ready (lab time in s), None if nothing will bring it."""
        timeline = self.hall.timeline
        if self.asking is None or not self._device.owes_reply():
            return timeline.now if self._turns else None
        ready = self._device.ready_at()
        # Without a moment of its own the answer may still be brought by what happens next in the lab.
        return timeline.next_time() if ready is None else ready

    def left(self, client: Client) -> None:
        """Forget a client's messages and its unfinished question."""
        assert isinstance(client, Connection)
        if client.messages:
            self._turns.remove(client)
            client.messages.clear()
            client.waiting = 0
        if self.asking is client:
            self._device.clear()
            self.asking = None
