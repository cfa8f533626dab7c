"""A VISA library that wraps another one and lets no byte out that would exceed a limit.

Everything is passed on as it is but what goes out to an instrument. That is read with the instrument's command table
before it leaves (see `instruments.guard.gate`), whoever sends it: our drivers, raw writes, other people's drivers. A
write that holds one message too many is refused whole, with one sentence. A resource that is not the station's is not
opened.

A message that has not ended yet is held back until its end comes, since an instrument puts the pieces together. On
GPIB, USB and VXI-11 a write ends its message; on a socket or a serial line only its terminator does. What VISA can do
to an instrument besides sending messages (register access, bare GPIB commands, ...) cannot be read and is refused.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, Self

from pyvisa import constants, highlevel, rname
from pyvisa.constants import BufferOperation, ResourceAttribute, SerialTermination, StatusCode
from pyvisa.util import LibraryPath

from instruments.errors import LimitExceeded, Refused
from instruments.guard.gate import Gate
from instruments.guard.heard import Heard
from instruments.guard.wire import Wire

LONGEST_MESSAGE = 65_536
"""Bytes; what an instrument does with a longer message is not known (assumed), so that none is sent."""

MOST_REMEMBERED = 4096
"""Harmless messages that are kept for an instrument, so that they need not be read again."""

_UNREADABLE = (
    "assert_interrupt_signal", "assert_utility_signal", "gpib_command", "gpib_control_atn", "gpib_pass_control",
    "map_trigger", "move", "move_asynchronously", "move_out", "move_out_8", "move_out_16", "move_out_32", "move_out_64",
    "out_8", "out_16", "out_32", "out_64", "poke", "poke_8", "poke_16", "poke_32", "poke_64", "usb_control_out",
    "vxi_command_query", "write_memory",
)  # fmt: skip
"""What VISA offers to act on an instrument or a bus other than by messages."""

MOST_REFUSALS = 20
"""Sentences that are kept."""

_OWN = {
    "assert_trigger", "buffer_write", "clear", "close", "flush", "get_debug_info", "get_library_paths", "last_status",
    "open", "set_attribute", "write", "write_asynchronously", "write_from_file", *_UNREADABLE,
}  # fmt: skip
"""What is not simply passed on."""

_library_numbers = itertools.count(1)


class GuardedLibrary(highlevel.VisaLibraryBase):
    """A VISA library through which only what is within the limits goes out.

    Args:
        library: The library that does the work, simulated or real.
        gates: What judges the messages to each instrument, by resource name; None for an instrument that can do nothing
            to the sample.
        refusals: Why a resource cannot be opened, by resource name: one sentence each.

    Raises:
        InvalidResourceName: A resource name is none (pyvisa.rname).
    """

    refused: int
    """How many messages were kept back; whoever sent them may have gone on as if nothing had been."""
    first_refusal: str
    """What was said of the first of them."""
    refusals: list[str]
    """What was said of them, each sentence once, the first of many."""
    _inner: highlevel.VisaLibraryBase
    _gates: dict[str, Gate | None]
    _refusals: dict[str, str]
    _wires: dict[Any, Wire]
    _heard: dict[str, Heard]
    _lock: threading.RLock
    _send: Callable[[Any, bytes], tuple[int, StatusCode]]

    def __new__(
        cls,
        library: highlevel.VisaLibraryBase,
        gates: Mapping[str, Gate | None],
        refusals: Mapping[str, str] | None = None,
    ) -> Self:
        """Wrap a library; the wrapper has a path of its own, so that pyvisa never takes one guard for another."""
        self = super().__new__(cls, LibraryPath(f"labctl-guard-{next(_library_numbers)}", "guard"))
        assert isinstance(self, cls)
        self._inner = library
        self._gates = {_canonical(name): gate for name, gate in gates.items()}
        self._refusals = {_canonical(name): sentence for name, sentence in (refusals or {}).items()}
        self._wires = {}
        self._heard = {}
        self.forget_refusals()
        self._lock = threading.RLock()  # two threads must not each judge by settings that the other is changing
        self._send = library.write
        for name in dir(highlevel.VisaLibraryBase):
            if not name.startswith("_") and name not in _OWN and callable(getattr(highlevel.VisaLibraryBase, name)):
                setattr(self, name, getattr(library, name))
        for name in _UNREADABLE:
            setattr(self, name, _refuser(name))
        self.issue_warning_on = library.issue_warning_on
        return self

    def __init__(
        self,
        library: highlevel.VisaLibraryBase,
        gates: Mapping[str, Gate | None],
        refusals: Mapping[str, str] | None = None,
    ) -> None:
        del library, gates, refusals

    @property
    def last_status(self) -> StatusCode:
        """Last return value of the library that does the work."""
        return self._inner.last_status

    @property
    def sessions(self) -> Any:
        """The sessions of a library that has such a list (pyvisa-py)."""
        return getattr(self._inner, "sessions", {})

    # ---- sessions

    def open(
        self,
        session: Any,
        resource_name: str,
        access_mode: Any = constants.AccessModes.no_lock,
        open_timeout: int = constants.VI_TMO_IMMEDIATE,
    ) -> tuple[Any, StatusCode]:
        """Open a session to an instrument of the station.

        Raises:
            Refused: It is not the station's, or there is nothing to read its messages with.
        """
        name = self._known_name(session, resource_name)
        if name in self._refusals:
            raise Refused(self._refusals[name])
        if name not in self._gates:
            raise Refused(
                f"{resource_name} is not an instrument of the station, so that nobody has said what it may do to the "
                f"sample; it was not opened: use {', '.join((*self._gates, *self._refusals))}, or add it to the "
                "station file"
            )
        opened, status = self._inner.open(session, resource_name, access_mode, open_timeout)
        self._wires[opened] = wire = Wire(self._gates[name], rname.ResourceName.from_string(name))
        wire.heard = self._heard.get(name)
        return opened, status

    def _known_name(self, session: Any, resource_name: str) -> str:
        """Return the full name of a resource, also where the library knows it by an alias of the user's."""
        try:
            name = _canonical(resource_name)
        except rname.InvalidResourceName:
            name = ""
        if name in self._gates or name in self._refusals:
            return name
        try:
            info, _ = self._inner.parse_resource_extended(session, resource_name)
            return _canonical(info.resource_name or "")
        except (rname.InvalidResourceName, NotImplementedError, OSError):
            return name
        except highlevel.errors.Error:
            return name

    def forget_refusals(self) -> None:
        """Begin to count anew."""
        self.refused, self.first_refusal, self.refusals = 0, "", []

    def learn(self, session: Any, message: str) -> None:
        """Take in settings that the instrument was asked for, as the commands that would set them; nothing is sent."""
        wire = self._wires.get(session)
        if wire is not None and wire.gate is not None:
            with self._lock:
                wire.gate.learn(message)

    def listen(self, heard: Mapping[str, Heard]) -> None:
        """Have it noted from now on what goes out to instruments, and which replies come.

        What is written asynchronously or through the formatted output buffer, as no driver here does, is not noted.

        Args:
            heard: Who takes note, by resource name.
        """
        self._heard = {_canonical(name): each for name, each in heard.items()}
        for wire in self._wires.values():
            wire.heard = self._heard.get(wire.name)
        send, receive = self._inner.write, self._inner.read

        def write(session: Any, data: bytes) -> tuple[int, StatusCode]:
            ear = self._wires[session].heard
            try:
                done = send(session, data)
            except BaseException:
                if ear is not None:
                    ear.lose()
                raise
            if ear is not None:
                ear.sent(data)
            return done

        def read(session: Any, count: int) -> tuple[bytes, StatusCode]:
            wire = self._wires.get(session)
            ear = None if wire is None else wire.heard
            try:
                reply = receive(session, count)
            except BaseException:
                if ear is not None:
                    ear.unanswered += 1
                raise
            if ear is not None:
                ear.replied(reply[0])
            return reply

        self._send, self.read = write, read

    def close(self, session: Any) -> StatusCode:
        """Close a session; the beginning of a message that was held back is forgotten."""
        self._wires.pop(session, None)
        return self._inner.close(session)

    def clear(self, session: Any) -> StatusCode:
        """Device clear: it leaves an instrument's settings as they are, and so what the guard knows of them."""
        wire = self._wires.get(session)
        if wire is not None:
            wire.pending = b""
        return self._inner.clear(session)

    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        """Set an attribute of a session; some decide where a message ends."""
        status = self._inner.set_attribute(session, attribute, attribute_state)
        wire = self._wires.get(session)
        if wire is not None and attribute == ResourceAttribute.send_end_enabled:
            wire.ends = wire.marked and bool(attribute_state)
            wire.harmless.clear()
        elif wire is not None and attribute == ResourceAttribute.asrl_end_out:
            wire.ends = wire.marked or attribute_state == SerialTermination.termination_char
            wire.harmless.clear()
        return status

    # ---- what goes out

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        """Send bytes, if they may leave; see this module.

        Raises:
            LimitExceeded: A message would exceed a limit; nothing of this write was sent.
        """
        wire = self._wires.get(session)
        if wire is None:
            return self._unknown()
        gate = wire.gate
        if gate is None:
            return self._send(session, data)
        if type(data) is not bytes:
            data = bytes(data)
        if not wire.pending:
            if data in wire.harmless:
                return self._send(session, data)
            if (wire.ends or data[-1:] == b"\n") and gate.quick(data):
                try:
                    return self._send(session, data)
                except BaseException:
                    gate.forget()
                    raise
        return self._judge(session, wire, gate, data, self._send)

    def _judge(
        self, session: Any, wire: Wire, gate: Gate, data: bytes,
        send: Callable[[Any, bytes], tuple[Any, StatusCode]],
    ) -> tuple[Any, StatusCode]:  # fmt: skip
        """Read what has come to its end, hold back the rest, and send what may leave."""
        with self._lock:
            try:
                return self._judge_alone(session, wire, gate, data, send)
            except LimitExceeded as refusal:
                self.refused += 1
                self.first_refusal = self.first_refusal or str(refusal)
                if len(self.refusals) < MOST_REFUSALS and str(refusal) not in self.refusals:
                    self.refusals.append(str(refusal))
                raise

    def _judge_alone(
        self, session: Any, wire: Wire, gate: Gate, data: bytes,
        send: Callable[[Any, bytes], tuple[Any, StatusCode]],
    ) -> tuple[Any, StatusCode]:  # fmt: skip
        held = len(wire.pending)
        whole, wire.pending = wire.pending + data, b""
        end = wire.ended(whole)
        if max(end, len(whole) - end) > LONGEST_MESSAGE:
            raise gate.too_long(len(whole), LONGEST_MESSAGE)
        leaving = whole[:end]
        if leaving and gate.judge(leaving) and not held and end == len(data):
            if len(wire.harmless) >= MOST_REMEMBERED:
                wire.harmless.clear()
            wire.harmless.add(data)
        wire.pending = whole[end:]
        if not leaving:
            return len(data), StatusCode.success
        try:
            count, status = send(session, leaving)
        except BaseException:
            gate.forget()
            raise
        sent = len(data) if count == end else max(0, count - held)
        return sent, status

    def buffer_write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        """Send bytes through the formatted output buffer, which sends them when a message ends or it is flushed.

        Raises:
            LimitExceeded: A message would exceed a limit; nothing of this write was sent.
        """
        wire = self._wires.get(session)
        if wire is None:
            return self._unknown()
        if wire.gate is None:
            return self._inner.buffer_write(session, data)
        ends, wire.ends = wire.ends, False
        try:
            return self._judge(session, wire, wire.gate, bytes(data), self._inner.buffer_write)
        finally:
            wire.ends = ends

    def flush(self, session: Any, mask: Any) -> StatusCode:
        """Send or throw away what is buffered; a message that is held back ends here where the interface marks ends.

        Raises:
            LimitExceeded: The message would exceed a limit; it is forgotten.
        """
        wire = self._wires.get(session)
        if wire is not None and wire.gate is not None and wire.pending:
            if mask & BufferOperation.discard_write_buffer:
                wire.pending = b""
            elif wire.ends and mask & BufferOperation.flush_write_buffer:
                self._judge(session, wire, wire.gate, b"", self._inner.buffer_write)
        return self._inner.flush(session, mask)

    def write_asynchronously(self, session: Any, data: bytes) -> tuple[Any, StatusCode]:
        """Send whole messages and return at once.

        Raises:
            LimitExceeded: A message would exceed a limit; nothing was sent.
            Refused: The last message has no end.
        """
        wire = self._wires.get(session)
        if wire is None:
            return self._unknown()
        if wire.gate is not None:
            data = bytes(data)
            if wire.pending or wire.ended(data) < len(data) or len(data) > LONGEST_MESSAGE:
                raise Refused(
                    "an unfinished message was to be sent asynchronously, so that it cannot be read as a whole; it was "
                    "not sent: end it with a line feed, or write it synchronously"
                )
            with self._lock:
                wire.gate.judge(data)
        return self._inner.write_asynchronously(session, data)

    def write_from_file(self, session: Any, filename: str, count: int) -> tuple[int, StatusCode]:
        """Send a file's first `count` bytes.

        Raises:
            LimitExceeded: A message would exceed a limit; nothing was sent.
            OSError: The file cannot be read.
        """
        with Path(filename).open("rb") as file:
            return self.write(session, file.read(count))

    def assert_trigger(self, session: Any, protocol: Any) -> StatusCode:
        """Trigger an instrument as `*TRG` does.

        Raises:
            LimitExceeded: What is armed would exceed a limit, or nobody knows what is armed.
        """
        wire = self._wires.get(session)
        if wire is None:
            return self._unknown()
        if wire.gate is not None:
            with self._lock:
                wire.gate.trigger()
        return self._inner.assert_trigger(session, protocol)

    def _unknown(self) -> NoReturn:
        raise Refused("this VISA session was not opened through the station's guard; open the resource first")


def _canonical(name: str) -> str:
    """Return the one full form of a resource name: `gpib::12` and `GPIB0::12::INSTR` are the same instrument."""
    return str(rname.ResourceName.from_string(name)).upper()


def _refuser(name: str) -> Callable[..., NoReturn]:
    """Return what stands in the place of a function whose effect on the sample cannot be read."""

    def refuse(*_arguments: Any, **_keywords: Any) -> NoReturn:
        raise Refused(
            f"{name} acts on an instrument other than by messages, so that nobody can tell what it does to the sample; "
            "nothing was done: send the instrument's commands with write"
        )

    return refuse
