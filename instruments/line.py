"""The conversation with one instrument: a message out, a reply in, and never the answer to an earlier question.

Three things go wrong on a real wire: nothing comes, what comes is damaged, and something is still there from before.
The first two raise at once. Against the third: where the interface marks the end of a message (GPIB, USB, VXI-11) a
reply is read to that end, so that whatever is glued to it shows, and an instrument that keeps IEEE 488.2 forgets an
unread reply when the next message comes. On a socket or a serial line, which carry bytes without ends, what waits there
is thrown away before each message. And after anything went wrong, or when a reply was asked for and never fetched, the
instrument is cleared and asked for its identity until that is what it answers. A connection that was lost is made again
first; whoever lost it has been told, since what was said last may not have been heard.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pyvisa.errors
from pymeasure.adapters import Adapter, VISAAdapter
from pyvisa.constants import StatusCode
from pyvisa.resources import MessageBasedResource, SerialInstrument, TCPIPSocket

from instruments import silence
from instruments.errors import GarbledReply, InstrumentFault, NoReply, Refused
from instruments.stale_bytes import discarder

T = TypeVar("T")

log = logging.getLogger(__name__)

MOST_STALE_REPLIES = 20
"""How many replies to earlier questions are passed over when an instrument is asked for its identity."""

MOST_REPEATS = 4
"""How often a question is asked again during a run whose reply was lost or damaged. Where 3 % of all replies are, also
of those to the question for the identity, one question in some millions is given up."""

LONGEST_PIECE = 20 * 1024
"""Bytes asked for at once; pyvisa's own figure."""

LOST = frozenset({
    StatusCode.error_connection_lost, StatusCode.error_invalid_object, StatusCode.error_io,
    StatusCode.error_system_error,
})  # fmt: skip
"""What VISA says of a connection on which nothing will pass any more."""


class Line:
    """One instrument's end of the wire.

    Args:
        adapter: What carries the messages.
        name: What the instrument is called in errors.
        terminator: What a reply ends with on the wire.
        identity: Found in the reply to `*IDN?` of the instrument that should be there, and in no other reply.
        padding: Characters that may surround a reply, terminator included, without meaning anything.

    Attributes:
        most_repeats: How often a question is asked again whose reply was lost or damaged; never, unless a run says so.
        repeats: How often something was asked again, since the reply was lost or damaged.
        on_repeat: Is told of each, with what was asked and what is said of the reply.
        asked: The message that was sent last.
        address: The VISA resource name; empty where there is none.
    """

    def __init__(
        self,
        adapter: Adapter,
        name: str,
        *,
        terminator: str,
        identity: re.Pattern[str],
        padding: str = "",
    ) -> None:
        self._adapter = adapter
        self._terminator = terminator.encode("ascii")
        self._padding = padding.encode("ascii")
        self._identity = identity
        self._owed = False
        self._lost = False
        self._kept: Any = None
        self._given_up = False
        self._known = False
        self.most_repeats = 0
        self.repeats = 0
        self.on_repeat: Callable[[str, str], None] | None = None
        self.asked = ""
        self.address = ""
        self._read: Callable[[], str] = self._read_adapter
        self._write: Callable[[str], object] = adapter.write
        self._connection: MessageBasedResource | None = None
        self._discard: Callable[[], None] | None = None
        connection: Any = getattr(adapter, "connection", None)
        if isinstance(adapter, VISAAdapter) and isinstance(connection, MessageBasedResource):
            self._connection = connection
            self._read = self._read_visa
            self._write = self._write_visa
            self._ending = connection.write_termination
            self.address = str(connection.resource_name)
            self._discard = discarder(adapter, connection)
            if connection.read_termination:
                self._terminator = connection.read_termination.encode("ascii")
            if self._discard is None:
                connection.read_termination = None  # read to the end of the message, not to the first terminator in it
        self.name = f"{name} at {self.address}" if self.address else name

    @property
    def timeout(self) -> float | None:
        """How long a reply may take, in s; None where it is not known or without limit."""
        try:
            milliseconds = None if self._connection is None else self._connection.timeout
        except pyvisa.errors.Error:  # it is closed
            return None
        return None if milliseconds is None or milliseconds == float("inf") else milliseconds / 1e3

    @property
    def forgets(self) -> bool:
        """Whether a device clear takes back what was asked before, so that no late reply can come."""
        return self._connection is not None and self._discard is None

    @contextmanager
    def patience(self, seconds: float) -> Generator[None]:
        """Wait at least this many s for each reply inside: some commands are carried out slowly."""
        connection = self._connection
        before = self.timeout
        if connection is None or before is None or before >= seconds:
            yield
            return
        connection.timeout = seconds * 1e3
        silence.expect(seconds)
        try:
            yield
        finally:
            with suppress(pyvisa.errors.Error):  # it may be lost meanwhile, and not made again
                connection.timeout = before * 1e3

    def insist(self, ask: Callable[[], T]) -> T:
        """Ask, and again after a reply that was lost or damaged, `most_repeats` times; the line is cleared in between.

        Whoever calls this knows that asking twice does no harm. An instrument that was given up is asked once, until it
        answers.

        Raises:
            NoReply: Nothing came, not even then.
            GarbledReply: The reply was damaged each time.
        """
        left = 0 if self._given_up else self.most_repeats
        while True:
            try:
                answer = ask()
            except (NoReply, GarbledReply) as fault:
                if not left:
                    self._given_up = True
                    raise
                left -= 1
                self.note_repeat(fault)
            else:
                self._given_up = False
                return answer

    def note_repeat(self, fault: InstrumentFault) -> None:
        """Count a reply that was lost or damaged and made up for, by asking again or by reading back."""
        self.repeats += 1
        log.warning("asking again: %s", fault)
        if self.on_repeat is not None:
            self.on_repeat(self.asked, str(fault))

    def send_behind(self, message: str) -> None:
        """Send a query although more of the reply before may be waiting, which is then to be received first.

        Raises:
            NoReply: The message could not be sent.
        """
        self._put(message)

    def send(self, message: str) -> None:
        """Send a message, once the line is quiet.

        Raises:
            NoReply: The message could not be sent, or the instrument could not be brought back into step.
            InstrumentFault: Another instrument answers here.
        """
        if self._owed or self._lost:
            self.resynchronise()
        elif self._discard is not None:
            self._throw_away()
        self._put(message)

    def send_regardless(self, message: str) -> None:
        """Send a message although nobody answers any more; for what makes the sample safe and is the last resort.

        Raises:
            NoReply: It could not be sent.
        """
        if self._lost:
            self._reopen()
        self._put(message)
        self._owed = True

    def receive(self) -> str:
        """Return the reply to the last message, without its terminator.

        Raises:
            NoReply: Nothing came in time, or the connection is lost.
            GarbledReply: What came has no terminator, or is not ASCII.
        """
        try:
            reply = self._read()
        except (pyvisa.errors.Error, OSError) as error:
            raise self._failure(error) from error
        self._owed = False
        return reply

    def doubt(self, expected: str, reply: str) -> GarbledReply:
        """Return the error of a reply that has not the expected form; before the next message the line is cleared."""
        self._owed = True
        return GarbledReply(f"{self.name}: asked {self.asked!r}, came {reply!r}, expected {expected}")

    def resynchronise(self) -> None:
        """Clear the instrument's input and output, and ask for its identity until that is what it answers.

        Settings stay as they are. Replies come in the order of the questions, so that after the identity nothing of
        what was asked before can still be on its way.

        Raises:
            NoReply: Nothing answers.
            InstrumentFault: What answers is another instrument.
        """
        log.warning("%s: out of step after %r; clearing it", self.name, self.asked)
        self.clear()
        self.identify()

    def clear(self) -> None:
        """Send a device clear, as far as the interface has one, and throw away what waits to be read.

        Raises:
            NoReply: The other end has closed the connection, or there is no way to make it again.
        """
        if self._connection is None:
            return
        if self._lost:
            self._reopen()
        if not isinstance(self._connection, TCPIPSocket):  # a socket has none, and pyvisa-py never ends on a closed one
            try:
                self._connection.clear()
            except (pyvisa.errors.Error, OSError, NotImplementedError) as error:
                log.debug("%s: no device clear: %s", self.name, error)
        self._throw_away()

    def _throw_away(self) -> None:
        """Throw away what waits to be read, where the interface does not mark the end of a message."""
        if self._discard is None:
            return
        try:
            self._discard()
        except (pyvisa.errors.Error, OSError) as error:
            self._lost = True
            raise NoReply(f"{self.name}: the connection failed: {error}") from error

    def _reopen(self) -> None:
        """Make a connection again that was lost; settings of this end are taken over.

        Raises:
            NoReply: It cannot be made; next time it is tried again.
        """
        connection = self._connection
        if connection is None or isinstance(connection, SerialInstrument):  # which takes more than opening
            raise NoReply(f"{self.name}: the connection is lost; open the instrument again")
        log.warning("%s: the connection was lost; making it again", self.name)
        with suppress(pyvisa.errors.Error):  # it is closed already where this was tried before
            self._kept = connection.timeout
        try:
            with suppress(pyvisa.errors.Error, OSError):
                connection.close()
            connection.open()
            connection.timeout, connection.read_termination = self._kept, connection.read_termination
        except BaseException as error:
            # pyvisa-py raises a bare Exception where nobody answers in time
            if type(error) is not Exception and not isinstance(error, pyvisa.errors.Error | OSError):
                raise
            raise NoReply(f"{self.name}: the connection was lost, and cannot be made again: {error}") from error
        assert isinstance(self._adapter, VISAAdapter)
        self._discard = discarder(self._adapter, connection)
        self._lost = False

    def identify(self) -> str:
        """Ask for the identity, pass over replies to earlier questions, and return it.

        Raises:
            NoReply: Nothing answers.
            InstrumentFault: What answers is another instrument; the sentence names it.
        """
        self._put("*IDN?")
        came = ""
        for _ in range(MOST_STALE_REPLIES):
            try:
                reply = self.receive()
            except GarbledReply:
                continue
            except NoReply:
                if not came:
                    raise
                break
            if self._identity.search(reply):
                self._known = True
                return reply
            came, self._owed = reply, True
        if self._known:  # who answers here is known, so that this is an answer to something else
            raise GarbledReply(f"{self.name}: asked '*IDN?', came {came!r} and nothing more")
        raise InstrumentFault(
            f"{self.name}: asked '*IDN?', came {came!r}; that is not the instrument that belongs here: "
            "check its address and the station file"
        )

    def _put(self, message: str) -> None:
        self.asked = message
        self._owed = "?" in message
        try:
            self._write(message)
        except Refused:  # the guard kept it back, so that no reply will come
            self._owed = False
            raise
        except (pyvisa.errors.Error, OSError) as error:
            self._owed = True
            self._note(error)
            raise NoReply(f"{self.name}: {message!r} could not be sent: {error}") from error

    def _failure(self, error: BaseException) -> NoReply:
        """Return what is said of a reply that could not be read."""
        if isinstance(error, pyvisa.errors.VisaIOError) and error.error_code == StatusCode.error_timeout:
            return self._silence()
        self._note(error)
        return NoReply(f"{self.name}: asked {self.asked!r}, the connection failed: {error}")

    def _note(self, error: BaseException) -> None:
        """Note whether this is the end of the connection, and not only of a message."""
        if isinstance(error, pyvisa.errors.VisaIOError):
            self._lost = error.error_code in LOST
        else:
            self._lost = isinstance(error, OSError)

    def _silence(self) -> NoReply:
        timeout = self.timeout
        waited = "time" if timeout is None else f"{timeout:.3g} s"
        return NoReply(f"{self.name}: asked {self.asked!r}, no reply came in {waited}")

    def _write_visa(self, message: str) -> None:
        """Write past pymeasure's and pyvisa's text layers, which cost as much as the rest of a simulated query."""
        connection = self._connection
        assert connection is not None
        connection.visalib.write(connection.session, (message + self._ending).encode("ascii"))

    def _read_visa(self) -> str:
        """Read to the end of a message, past the same layers."""
        connection = self._connection
        assert connection is not None
        raw, status = connection.visalib.read(connection.session, LONGEST_PIECE)
        if status == StatusCode.success_max_count_read:
            raw += connection.read_raw()
        raw = bytes(raw)
        if self._padding:
            raw = raw.strip(self._padding)
        if not raw.endswith(self._terminator):
            raise GarbledReply(
                f"{self.name}: asked {self.asked!r}, came {raw!r}, which is cut off: "
                f"a reply ends with {self._terminator.decode('ascii')!r}"
            )
        try:
            return raw[: -len(self._terminator)].decode("ascii")
        except UnicodeDecodeError:
            raise GarbledReply(f"{self.name}: asked {self.asked!r}, came {raw!r}, which is not ASCII text") from None

    def _read_adapter(self) -> str:
        """Read through an adapter without VISA; such adapters take the terminator off and time out with nothing."""
        try:
            reply = self._adapter.read()
        except UnicodeDecodeError as error:
            raise GarbledReply(f"{self.name}: asked {self.asked!r}, came {error.object!r}, not ASCII text") from None
        if not reply:
            raise self._silence()
        return reply
