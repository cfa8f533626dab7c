"""Message exchange of IEEE 488.2: bytes become messages, messages run, replies wait to be read.

Messages run unit by unit. A unit that needs time holds back the ones behind it (sequential commands); operations that
run on by themselves (overlapped commands) hold back only *WAI, *OPC and *OPC?.

Source: IEEE 488.2-1992 section 6.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from operator import length_hint
from typing import ClassVar

from instruments.scpi import ScpiError
from simulators.device import Device
from simulators.lines import cut_messages
from simulators.program_message import Later, Message, Outcome, Step
from simulators.status import OPERATION_COMPLETE, Status
from simulators.timeline import Timeline

INPUT_LIMIT = 65536
"""Bytes of unfinished and waiting messages that a device holds (assumed; the manuals give no figure)."""

OUTPUT_LIMIT = 8 * 1024 * 1024
"""Bytes of one reply, more than the largest buffer of readings needs (assumed)."""

INPUT_OVERRUN = -363
INTERRUPTED = -410
UNTERMINATED = -420
DEADLOCKED = -430

CACHE_SIZE = 4096
"""Messages whose meaning is remembered."""

_CACHED_LENGTH = 256
_MESSAGE_OVERHEAD = 64  # what a waiting message takes besides its bytes, so that empty ones are bounded too


class MessageExchange(Device):
    """A box that takes messages, carries them out in order, and keeps replies until they are read.

    Attributes:
        input_limit: Bytes of unfinished and waiting messages that the box holds.
        output_limit: Bytes of one reply that it holds.
        stream: Whether the door carries bytes without bus messages (a socket): replies are then sent one after the
            other, and a message that comes before the reply was read interrupts nothing.
        status: What the box says about itself in bits.
    """

    input_limit: ClassVar[int] = INPUT_LIMIT
    output_limit: ClassVar[int] = OUTPUT_LIMIT

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.stream = False
        self.status = Status()
        self._programs: dict[bytes, list[Step]] = {}
        self._input = b""
        self._overrun = False
        self._output = b""
        self._running: Message | None = None
        self._held: Message | None = None
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._operations = 0
        self._completion_wanted = False

    # ---- what subclasses give

    @abstractmethod
    def compile(self, text: str) -> list[Step]:
        """Turn a message into steps; what is wrong with it becomes a step that raises `ScpiError`."""

    @abstractmethod
    def triggered(self) -> Outcome:
        """Carry out *TRG or a group execute trigger."""

    def refresh(self) -> None:
        """Bring condition bits up to date before somebody looks at them."""

    def operations_end(self) -> float | None:
        """Return when pending overlapped operations will be over (lab time in s), None if that is not known."""
        return None

    def abandon(self) -> None:
        """A command that was waiting for its end was cleared away: stop what it had begun."""

    # ---- what subclasses use

    def begin_operation(self) -> None:
        """An overlapped operation has begun."""
        self._operations += 1

    def end_operation(self) -> None:
        """An overlapped operation is over; when none is left, whoever waits for that goes on."""
        self._operations = max(0, self._operations - 1)
        if self._operations:
            return
        if self._completion_wanted:
            self._completion_wanted = False
            self.status.events |= OPERATION_COMPLETE
        if self._held is not None and self._held.time is None:
            self._resume()

    def when_complete(self, finish: Callable[[], Outcome]) -> Outcome:
        """Do something when no overlapped operation is pending: now, or later."""
        return Later(None, finish) if self._operations else finish()

    def want_completion(self, wanted: bool) -> None:
        """*OPC: set bit 0 of the standard event register when no overlapped operation is pending."""
        self._completion_wanted = wanted and self._operations > 0
        if wanted and not self._operations:
            self.status.events |= OPERATION_COMPLETE

    def busy(self) -> bool:
        """Whether a command is under way that holds back the next."""
        return self._held is not None

    def reply_available(self) -> bool:
        """Whether a reply waits to be read, or has been begun by the message that is running."""
        return bool(self._output) or (self._running is not None and bool(self._running.replies))

    # ---- the doors' side

    def write(self, data: bytes) -> None:
        """Receive bytes; see `Device.write`."""
        steps = self._programs.get(data)
        if steps is not None and self._held is None and not self._output and not self._input and not self._overrun:
            self._run(Message(steps, 0))
        else:
            self._receive(data)
        if self.status.service_enable:
            self.service_requested()

    def write_aside(self, line: bytes, answer: Callable[[str], None]) -> None:
        """Receive one message, without its end, through another connector of the box.

        Its reply, without an end, is handed to `answer` when it is made. Like a socket, such a connector has no bus
        messages: nothing that comes or goes there interrupts anything.
        """
        if len(line) > self.input_limit:
            self.status.report(INPUT_OVERRUN)
        elif line and not line.isspace():
            message = Message(self._program(line), len(line), answer)
            self._end_hopeless_wait()
            if self._held is None:
                self._run(message)
            else:
                self._queue(message)
        if self.status.service_enable:
            self.service_requested()

    def read(self) -> bytes:
        """Hand over what is ready; see `Device.read`."""
        output, self._output = self._output, b""
        if self.status.service_enable:
            self.service_requested()
        return output

    def ready_at(self) -> float | None:
        """Return when bytes may be ready; see `Device.ready_at`."""
        if self._output:
            return self.timeline.now
        held = self._held
        if held is None or not self._awaits_reply():
            return None
        time = self.operations_end() if held.time is None else held.time
        return max(time, self.timeline.now) if time is not None and time < math.inf else None

    def owes_reply(self) -> bool:
        """Whether time alone brings a reply; see `Device.owes_reply`."""
        held = self._held
        return bool(self._output) or (held is not None and held.time != math.inf and self._awaits_reply())

    def interrupted(self) -> None:
        """Queue -410; see `Device.interrupted`."""
        self.status.report(INTERRUPTED)

    def read_without_talk(self) -> None:
        """Queue -420, unless a query is at work; see `Device.read_without_talk`."""
        if not self._output and not self._awaits_reply():
            self.status.report(UNTERMINATED)

    def clear(self) -> None:
        """Device clear: input, output and what waits are forgotten; settings stay."""
        self._input, self._output, self._overrun = b"", b"", False
        self._waiting.clear()
        self._waiting_bytes = 0
        self._completion_wanted = False
        if self._held is not None:
            self._give_up(self._held)

    def status_byte(self) -> int:
        """Answer a serial poll; see `Device.status_byte`."""
        self.refresh()
        return self.status.poll(bool(self._output))

    def service_requested(self) -> bool:
        """Whether the SRQ line is pulled; looking changes nothing."""
        self.refresh()
        return self.status.update_service(bool(self._output))

    def trigger(self) -> None:
        """Group execute trigger: *TRG without the letters.

        It interrupts nothing. It waits its turn behind a command that takes time, but not behind *OPC? or *WAI or a
        query for a reading that nobody knows of yet, which may be waiting for it.
        """
        message = Message([(self.triggered, (), False)], 0)
        if self._held is None:
            self._run(message)
        elif self._held.time is not None and self._held.time < math.inf:
            self._queue(message)
        else:
            try:
                self.triggered()
            except ScpiError as error:
                self.status.report(error.code)
            else:
                self.look_again()

    def look_again(self) -> None:
        """Something has happened from which a command may know when its wait is over."""
        if self._held is not None and self._held.time == math.inf:
            self._resume()

    def power_cycle(self) -> None:
        """Switch off and on: nothing is pending, the power-on bit is set, all masks are zero."""
        self.clear()
        self._operations = 0
        self.status.power_on()

    # ---- input

    def _receive(self, data: bytes) -> None:
        """Cut bytes into messages; an input without end is thrown away with -363."""
        if self._output and not self.stream and not data.isspace() and data:
            self._output = b""
            self.status.report(INTERRUPTED)
        *lines, self._input = cut_messages(self._input + data, whole=not self.stream)
        for line in lines:
            if self._overrun:
                self._overrun = False
            elif len(line) > self.input_limit:
                self.status.report(INPUT_OVERRUN)
            elif line and not line.isspace():
                self._accept(Message(self._program(line), len(line)))
        if self._overrun:
            self._input = b""
        elif len(self._input) > self.input_limit:
            self._input, self._overrun = b"", True
            self.status.report(INPUT_OVERRUN)

    def _program(self, line: bytes) -> list[Step]:
        """Return a message's steps; they depend on nothing but its text, so they are kept."""
        key = line + b"\n"
        steps = self._programs.get(key)
        if steps is None:
            steps = self.compile(line.decode("latin-1"))
            if len(key) <= _CACHED_LENGTH:
                if len(self._programs) >= CACHE_SIZE:
                    self._programs.clear()
                self._programs[key] = steps
        return steps

    def _accept(self, message: Message) -> None:
        """Run a message, or let it wait for the ones before it."""
        self._end_hopeless_wait()
        if not self.stream:
            self._interrupt()
        if self._held is None:
            self._run(message)
        else:
            self._queue(message)

    def _end_hopeless_wait(self) -> None:
        """A new message ends a wait for something that nothing is known to bring about."""
        held = self._held
        if held is not None and held.time == math.inf:
            self._give_up(held)
            self.status.report(INTERRUPTED)

    def _queue(self, message: Message) -> None:
        """Let a message wait, as far as there is room."""
        length = message.length + _MESSAGE_OVERHEAD
        if self._waiting_bytes + length > self.input_limit:
            self.status.report(INPUT_OVERRUN)
            return
        self._waiting.append(message)
        self._waiting_bytes += length

    def _interrupt(self) -> None:
        """A new message on a bus: the reply to the one before it will not be read any more."""
        if self._output:
            self._output = b""
            self.status.report(INTERRUPTED)
        latest = self._waiting[-1] if self._waiting else self._held  # it has interrupted the ones before it already
        if latest is not None and latest.expects_reply():
            latest.dropped = True
            self.status.report(INTERRUPTED)

    def _give_up(self, held: Message) -> None:
        """End a wait before its time; the rest of the message is lost."""
        self._held = None
        if held.event is not None:
            held.event.cancel()
        self.abandon()

    # ---- execution

    def _run(self, message: Message) -> None:
        """Carry out a message from where it stands, until its end or a unit that needs time."""
        self._running = message
        replies, status = message.replies, self.status
        for effect, values, _ in message.rest:
            try:
                outcome = effect(*values)
            except ScpiError as error:
                status.report(error.code)
                break
            if status.service_enable:  # a reason that goes and comes again within a message is a new one
                self.service_requested()
            if outcome is None:
                continue
            if isinstance(outcome, Later):
                message.position = len(message.steps) - length_hint(message.rest)
                self._hold(message, outcome)
                self._running = None
                return
            replies.append(outcome)
        self._running = None
        if replies and not message.dropped:
            (self._send if message.answer is None else message.answer)(";".join(replies))

    def _send(self, reply: str) -> None:
        if len(reply) > self.output_limit:
            self.status.report(DEADLOCKED)
            return
        self._output += reply.encode("latin-1", "replace") + b"\n"

    def _hold(self, message: Message, later: Later) -> None:
        message.time, message.finish, message.event = later.time, later.finish, None
        self._held = message
        if later.time == math.inf and self._waiting:  # what is behind it has come to end it already
            self._give_up(message)
            if not message.dropped:
                self.status.report(INTERRUPTED)
            return
        if later.time is not None and later.time < math.inf:
            message.event = self.timeline.schedule(later.time, self._resume)

    def _resume(self) -> None:
        """What was waited for has come: go on with the message, then with those behind it."""
        held, self._held = self._held, None
        assert held is not None
        assert held.finish is not None
        finish, held.finish = held.finish, None
        self._running = held
        try:
            outcome = finish()
        except ScpiError as error:
            self.status.report(error.code)
            outcome, held.rest = None, iter(())
        if isinstance(outcome, Later):
            self._running = None
            self._hold(held, outcome)
        else:
            if outcome is not None:
                held.replies.append(outcome)
            if self.status.service_enable:  # before the next unit may take the reason away
                self.service_requested()
            self._run(held)
        while self._waiting and self._held is None:
            following = self._waiting.popleft()
            self._waiting_bytes -= following.length + _MESSAGE_OVERHEAD
            self._run(following)
        if self.status.service_enable:
            self.service_requested()

    def _awaits_reply(self) -> bool:
        held = self._held
        if held is not None and held.expects_reply():
            return True
        return any(message.expects_reply() for message in self._waiting)
