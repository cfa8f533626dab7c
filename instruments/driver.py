"""The base of all drivers: pymeasure's Instrument, made strict.

A driver reads as a table of properties, each with its command, its docstring, what may be sent and the form of the
reply. pymeasure's own layer hands a damaged reply over as text, only logs what an instrument's error queue holds, and
sends six digits; here the whole reply must have its form, the queue raises, and values are sent exactly.

A setting goes out in one message with the question for errors (`:SOUR:CURR 0.0001;:SYST:ERR?`). That the reply has come
means that the setting has been carried out, before anything is said to another instrument over another connection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

from pymeasure.adapters import Adapter
from pymeasure.instruments import Channel, Instrument

from instruments.clock import Clock, WallClock
from instruments.errors import InstrumentError, InstrumentFault, NoReply, UsageError
from instruments.forms import REGISTER, Check, Form, form
from instruments.line import Line

T = TypeVar("T")

ERROR_QUERY = ";:SYST:ERR?"
"""Ends every message that sets something."""

NO_ERROR = '0,"No error"'
"""What an empty error queue says."""

QUERY_UNTERMINATED = -420
"""The error of an instrument that is read while it has nothing to say."""

LONGEST_ERROR_QUEUE = 30
"""The queues of these instruments hold ten; more than this many errors in a row are not a queue."""


@dataclass(frozen=True, slots=True)
class QueuedError:
    """One entry of an instrument's error queue; code 0 says that the queue is empty."""

    code: int
    text: str

    def __str__(self) -> str:
        return f'{self.code}, "{self.text}"'


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an instrument says it is (`*IDN?`)."""

    manufacturer: str
    model: str
    serial: str
    firmware: str


def _queued_error(text: str) -> QueuedError:
    code, _, quoted = text.partition(",")
    return QueuedError(int(code), quoted[1:-1].replace('""', '"'))


ERROR = form(
    'an error number and its text in quotes, or 0,"No error"',
    r'0,"No error"|[+-]?[1-9]\d{0,4},"(?:[^"]|"")*"',
    _queued_error,
)


COMPLETE = form("1, once all is carried out", "1", lambda text: text == "1")


def control(get: str, put: str, docs: str, check: Check, form: Form[T]) -> T:
    """Make a property that is asked for and set.

    Args:
        get: The query.
        put: The command, with %s where the value goes; the question for errors is added.
        docs: What it controls, its unit and range, in the words "Control ...".
        check: What may be sent, and how it is spelled.
        form: The form of the query's reply.

    Returns:
        A property; typed as what it holds, so that a reader of the driver and a type checker see the same.
    """
    return cast(
        "T",
        Instrument.control(
            get,
            put + ERROR_QUERY,
            docs,
            validator=lambda value, _limits: check(value),
            check_set_errors=True,
            values_kwargs={"form": form},
        ),
    )


def measurement(get: str, docs: str, form: Form[T]) -> T:
    """Make a property that is only asked for ("Get ..." or "Measure ..."); see `control`."""
    return cast("T", Instrument.measurement(get, docs, values_kwargs={"form": form}))


def setting(put: str, docs: str, check: Check) -> Any:
    """Make a property that is only set ("Set ..."); see `control`."""
    return Instrument.setting(
        put + ERROR_QUERY, docs, validator=lambda value, _limits: check(value), check_set_errors=True
    )


class Driver(Instrument):
    """An instrument whose replies must have the form that its manual gives.

    Args:
        adapter: A VISA resource name, a GPIB address, or a pymeasure adapter.
        clock: Where the driver waits; the wall's if none is given. A driver never waits anywhere else.
        name: What it is called in errors.
        **kwargs: For pymeasure's VISAAdapter, e.g. `visa_library`, `timeout` (ms).
    """

    TERMINATOR: ClassVar[str] = "\n"
    """What a reply ends with."""
    PADDING: ClassVar[str] = ""
    """Characters that may surround a reply and mean nothing."""
    IDENTITY: ClassVar[re.Pattern[str]] = re.compile("")
    """Found in this instrument's reply to `*IDN?` and in no other reply."""

    # pymeasure looks every attribute up in Python, to hide the variables of its dynamic properties. These drivers have
    # none, and a property costs a third less without.
    __getattribute__ = cast("Any", object.__getattribute__)

    def __init__(self, adapter: Adapter | str | int, clock: Clock | None, name: str, **kwargs: Any) -> None:
        # An interface that marks the end of a message (GPIB) is read to that end, see Line; the others need to be told.
        stream = {"read_termination": self.TERMINATOR}
        kwargs.setdefault("write_termination", "\n")
        kwargs.setdefault("tcpip", stream)
        kwargs.setdefault("asrl", stream)
        self.clock = clock or WallClock()
        super().__init__(adapter, name, includeSCPI=False, **kwargs)
        self.line = Line(
            self.adapter,
            name,
            terminator=self.TERMINATOR,
            identity=self.IDENTITY,
            padding=self.PADDING,
        )

    def write(self, command: str, **kwargs: Any) -> None:
        """Send a message.

        Raises:
            NoReply: It could not be sent.
        """
        del kwargs  # VISA offers another terminator or encoding for one message; these instruments have one of each
        self.line.send(command)

    def read(self, **kwargs: Any) -> str:
        """Return the reply to the last message, without its terminator.

        Raises:
            NoReply: Nothing came in time.
            GarbledReply: It was cut off.
        """
        del kwargs
        return self.line.receive()

    def ask(self, command: str, query_delay: float | None = None) -> str:
        """Send a query and return its reply, without its terminator.

        Raises:
            NoReply: Nothing came in time.
            GarbledReply: It was cut off.
        """
        self.write(command)
        self.wait_for(query_delay)
        return self.read()

    def wait_for(self, query_delay: float | None = None) -> None:
        """Let this many s pass on the driver's clock."""
        if query_delay:
            self.clock.sleep(query_delay)

    def query(self, command: str, form: Form[T]) -> T:
        """Send a query and return its reply's value.

        Raises:
            NoReply: Nothing came in time; the sentence says what was asked and how long was waited.
            GarbledReply: The reply has not this form.
        """
        self.write(command)
        reply = self.line.receive()
        if form.matches(reply) is None:
            raise self.line.doubt(form.expected, reply)
        return form.read(reply)

    def values(self, command: str, *args: Any, form: Form[Any] | None = None, **kwargs: Any) -> list[Any]:
        """Send a query and return its reply's value as the only item of a list, as pymeasure's properties want it.

        Without a form this is pymeasure's `values`, which takes any reply.
        """
        if form is None:
            return super().values(command, *args, **kwargs)
        return [self.query(command, form)]

    def _speak_binary(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: these instruments speak text, and bytes would pass by all that keeps the line in step.

        Raises:
            UsageError: Always.
        """
        del args, kwargs
        raise UsageError(f"{self.line.name}: these drivers speak text; use ask() and query(), or the properties")

    read_bytes = write_bytes = binary_values = read_binary_values = write_binary_values = _speak_binary

    @property
    def id(self) -> str:
        """Get what the instrument answers to `*IDN?`."""
        return self._checked_identity(self.ask("*IDN?"))

    def check_identity(self) -> str:
        """Clear the line and make sure that the right instrument answers; to be called once after connecting.

        Returns:
            Its reply to `*IDN?`.

        Raises:
            NoReply: Nothing answers.
            InstrumentFault: Another instrument answers; the sentence says which.
            GarbledReply: The reply names the right instrument but is damaged.
        """
        self.line.clear()
        return self._checked_identity(self.line.identify())

    def _checked_identity(self, reply: str) -> str:
        """Return a reply to `*IDN?` that has its form.

        Raises:
            GarbledReply: It has not.
        """
        if self.IDENTITY.search(reply) is None or self.TERMINATOR in reply:
            raise self.line.doubt("one identity", reply)
        return reply


class ScpiDriver(Driver):
    """A driver of an instrument with an error queue and the common commands of IEEE 488.2."""

    IDENTITY_FORM: ClassVar[Form[Identity]]
    """The form of its reply to `*IDN?`."""
    RESET_TIME: ClassVar[float] = 3.0
    """How long it is left alone after `*RST`, in s."""

    standard_event = measurement(
        "*ESR?", "Get the standard event register (integer from 0 to 255); reading clears it.", REGISTER
    )

    @property
    def identity(self) -> Identity:
        """Get manufacturer, model, serial number and firmware."""
        return self.query("*IDN?", self.IDENTITY_FORM)

    @property
    def complete(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] - pymeasure gives text
        """Get True, once all commands before are carried out; the reply waits for that (`*OPC?`).

        A meter that measures without end is never done, and then this raises NoReply.
        """
        return self.query("*OPC?", COMPLETE)

    @property
    def status(self) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - pymeasure gives text
        """Get the status byte (`*STB?`, integer from 0 to 255); works on every interface, unlike a serial poll."""
        return self.query("*STB?", REGISTER)

    @property
    def next_error(self) -> QueuedError:  # pyright: ignore[reportIncompatibleMethodOverride] - pymeasure gives text
        """Get the oldest entry of the error queue and take it out; code 0 when the queue is empty."""
        return self.query(":SYST:ERR?", ERROR)

    def command(self, message: str) -> None:
        """Send commands in one message with the question for errors.

        Raises:
            InstrumentError: The error queue holds something; all of it is named.
            NoReply: No reply came, and no error explains why. Whether the commands were carried out is not known.
            GarbledReply: The reply was damaged. Whether the commands were carried out is not known.
        """
        self.write(message + ERROR_QUERY)
        self.check_set_errors()

    def check_set_errors(self) -> list[Any]:
        """Read the reply to the question for errors that went out with a setting; see `command` for what it raises."""
        message = self.line.asked.removesuffix(ERROR_QUERY)
        try:
            reply = self.line.receive()
        except NoReply as silence:
            # The rest of a message is dropped behind a unit that is invalid, and the question for errors with it.
            # That nothing was there to be read then is a -420 of our own making.
            taken = self._take_errors()
            held = [error for error in taken if error.code != QUERY_UNTERMINATED] or taken
            if not held:
                raise
            raise self._refusal(message, held) from silence
        if reply == NO_ERROR:
            return []
        if ERROR.matches(reply) is None:
            raise self.line.doubt(f"{ERROR.expected}; read back what was set", reply)
        error = ERROR.read(reply)
        if error.code:
            raise self._refusal(message, [error, *self._take_errors()])
        return []

    def ask_then_command(self, question: str, form: Form[T], message: str) -> T:
        """Ask something and then send commands, in one message with the question for errors.

        What is asked is answered as it was before the commands.

        Raises:
            InstrumentError: The error queue holds something; all of it is named.
            NoReply: No reply came. Whether the commands were carried out is not known.
            GarbledReply: The reply was damaged. Whether the commands were carried out is not known.
        """
        self.write(f"{question};{message}{ERROR_QUERY}")
        reply = self.line.receive()
        answer, separator, entry = reply.partition(";")
        entry = entry.lstrip(" ")  # the manual prints a blank there, instruments send none
        if entry == NO_ERROR and form.matches(answer):
            return form.read(answer)
        if form.matches(answer) is None or (separator and ERROR.matches(entry) is None):
            raise self.line.doubt(f"{form.expected}, a semicolon and {ERROR.expected}; read back what was set", reply)
        if not separator:  # the rest of a message is dropped behind a unit that is invalid
            raise self._refusal(message, self._take_errors() or [QueuedError(0, "nothing")])
        error = ERROR.read(entry)
        if error.code:
            raise self._refusal(message, [error, *self._take_errors()])
        return form.read(answer)

    def check_errors(self) -> list[Any]:
        """Empty the error queue.

        Raises:
            InstrumentError: It was not empty; all that it held is named.
        """
        held = self._take_errors()
        if held:
            raise self._refusal("", held)
        return []

    def _take_errors(self) -> list[QueuedError]:
        held: list[QueuedError] = []
        while len(held) < LONGEST_ERROR_QUEUE:
            error = self.next_error
            if not error.code:
                return held
            held.append(error)
        raise InstrumentFault(f"{self.line.name}: the error queue does not get empty; it last held {held[-1]}")

    def _refusal(self, message: str, held: list[QueuedError]) -> InstrumentError:
        cause = f"after {message!r} " if message else ""
        return InstrumentError(
            f"{self.line.name}: {cause}the error queue held {'; '.join(map(str, held))}", held[0].code
        )

    def _checked_identity(self, reply: str) -> str:
        if self.IDENTITY_FORM.matches(reply) is None:
            raise self.line.doubt(self.IDENTITY_FORM.expected, reply)
        return reply

    def clear(self) -> None:
        """Clear the event registers and the error queue (`*CLS`).

        Raises:
            InstrumentError: An error was queued nevertheless.
        """
        self.command("*CLS")

    def reset(self) -> None:
        """Bring all settings to the manual's defaults, clear events, enables and errors; waits on the clock.

        Raises:
            InstrumentError: An error was queued nevertheless.
        """
        self.write("*RST")
        self.clock.sleep(self.RESET_TIME)
        self.command(":STAT:PRES;*CLS")


class DriverChannel(Channel):
    """One channel of an instrument; {ch} in its commands stands for the channel's number."""

    __getattribute__ = cast("Any", object.__getattribute__)  # as in Driver

    def values(self, command: str, *args: Any, form: Form[Any] | None = None, **kwargs: Any) -> list[Any]:
        """Send a query and return its reply's value as the only item of a list; see `Driver.values`."""
        return self.parent.values(self.insert_id(command), *args, form=form, **kwargs)


def identity_form(model: str) -> Form[Identity]:
    """Return the form of a Keithley's reply to `*IDN?`: `KEITHLEY INSTRUMENTS INC.,MODEL 6221,1234567,D04  /700x `."""

    def read(text: str) -> Identity:
        manufacturer, name, serial, firmware = (part.strip() for part in text.split(",", 3))
        return Identity(manufacturer, name.removeprefix("MODEL ").strip(), serial, firmware)

    pattern = rf"KEITHLEY INSTRUMENTS INC\., ?MODEL {re.escape(model)}, ?\w+, ?[\w :./-]+"
    return form(f"the identity of a Keithley {model}", pattern, read)
