"""The base of drivers of instruments with an error queue and the common commands of IEEE 488.2.

A setting goes out in one message with the questions for events and errors (`:SOUR:CURR 0.0001;*ESR?;:SYST:ERR?`). That
the reply has come means that the setting has been carried out, before anything is said to another instrument over
another connection; and it says whether the instrument has been switched off and on since the driver last looked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from instruments.driver import QUESTIONS, Driver, measurement
from instruments.errors import InstrumentError, InstrumentFault, NoReply, Restarted
from instruments.forms import REGISTER, Form, form

T = TypeVar("T")

NO_ERROR = '0,"No error"'
"""What an empty error queue says."""

NOTHING_NEW = f"0;{NO_ERROR}"
"""The reply to the questions behind a setting, when no event has happened and no error is queued."""

POWER_ON = 0x80
"""Bit of the standard event register: the instrument was switched on."""

QUERY_UNTERMINATED = -420
"""The error of an instrument that is read while it has nothing to say."""

WATCH = ";*ESR?"
"""What a question is followed by to learn whether the instrument was switched off and on."""

MARK = ";*ESE?"
"""What every second question of the same kind is followed by besides; it asks for a mask that nobody changes. So the
reply to the question before has another form than the one that is awaited, and cannot be taken for it."""

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
EVENTS = form("the standard event register, from 0 to 255", r"\d{1,3}", int)
COMPLETE = form("1, once all is carried out", "1", lambda text: text == "1")
_EXPECTED = f"{EVENTS.expected}, a semicolon and {ERROR.expected}; read back what was set"


@dataclass(slots=True)
class _PowerWatch:
    """When the driver last saw the standard events, in s of its clock: it was not switched on since, or it was said.

    An object of its own, since a driver's attributes are set through pymeasure's dynamic properties, which takes time.
    """

    looked: float | None = None
    longer: bool = True
    """Whether the last question with `WATCH` that was answered had `MARK` behind it."""


class ScpiDriver(Driver):
    """A driver of an instrument with an error queue and the common commands of IEEE 488.2."""

    IDENTITY_FORM: ClassVar[Form[Identity]]
    """The form of its reply to `*IDN?`."""
    RESET_TIME: ClassVar[float] = 3.0
    """How long it is left alone after `*RST`, in s."""

    restarts: int = 0
    """How often it was seen that the instrument had been switched off and on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._power = _PowerWatch()
        super().__init__(*args, **kwargs)

    standard_event = measurement(
        "*ESR?", "Get the standard event register (integer from 0 to 255); reading clears it.", REGISTER
    )
    measurement_event = measurement(
        ":STAT:MEAS?", """Get the measurement event register (see MeasurementBit); reading clears it.""", REGISTER
    )
    measurement_condition = measurement(
        ":STAT:MEAS:COND?", """Get the measurement condition register (see MeasurementBit).""", REGISTER
    )
    operation_event = measurement(
        ":STAT:OPER?", """Get the operation event register (see OperationBit); reading clears it.""", REGISTER
    )
    operation_condition = measurement(
        ":STAT:OPER:COND?", """Get the operation condition register (see OperationBit).""", REGISTER
    )
    questionable_event = measurement(
        ":STAT:QUES?",
        """Get the questionable event register (bit 8 calibration, 4 power or temperature); reading clears it.""",
        REGISTER,
    )
    questionable_condition = measurement(
        ":STAT:QUES:COND?",
        """Get the questionable condition register (bit 8 calibration, 4 power or temperature).""",
        REGISTER,
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
        """Send commands in one message with the questions for events and errors.

        Raises:
            InstrumentError: The error queue holds something; all of it is named.
            Restarted: The instrument was switched off and on since the driver last looked.
            NoReply: No reply came, and no error explains why. Whether the commands were carried out is not known.
            GarbledReply: The reply was damaged. Whether the commands were carried out is not known.
        """
        self.write(message + QUESTIONS)
        self.check_set_errors()

    def _insist(self, message: str) -> None:
        """Send commands that may be carried out twice, and again if the reply was lost or damaged; see `command`.

        Raises:
            InstrumentFault: As `command`, and NoReply or GarbledReply only after `Line.most_repeats` times more.
        """
        self.line.insist(lambda: self.command(message))

    def check_set_errors(self) -> list[Any]:
        """Read the reply to the questions that went out with a setting; see `command` for what it raises."""
        message = self.line.asked.removesuffix(QUESTIONS)
        reply = self._reply_to(message)
        self._judge(message, reply, reply)
        return []

    def _reply_to(self, message: str) -> str:
        """Return the reply to a message with the questions for events and errors.

        Raises:
            InstrumentError: None came, since the instrument has refused something.
            NoReply: None came, and no error explains why.
        """
        try:
            return self.line.receive()
        except NoReply as silence:
            # The rest of a message is dropped behind a unit that is invalid, and the questions with it.
            # That nothing was there to be read then is a -420 of our own making.
            taken = self._take_errors()
            held = [error for error in taken if error.code != QUERY_UNTERMINATED] or taken
            if not held:
                raise
            raise self._refusal(message, held) from silence

    def ask_among(self, message: str, *forms: Form[Any]) -> list[Any]:
        """Send commands and questions, in any order, in one message with the questions for events and errors.

        Args:
            message: What is sent.
            *forms: Those of the replies to its questions, in order.

        Returns:
            The answers; each as it was at its place among the commands.

        Raises:
            InstrumentError: The error queue holds something; all of it is named.
            Restarted: The instrument was switched off and on since the driver last looked.
            NoReply: No reply came, and no error explains why. Whether the commands were carried out is not known.
            GarbledReply: The reply was damaged. Whether the commands were carried out is not known.
        """
        self.write(message + QUESTIONS)
        reply = self._reply_to(message)
        parts = [part.lstrip(" ") for part in reply.split(";", len(forms))]
        if any(form.matches(part) is None for form, part in zip(forms, parts, strict=False)):
            raise self.line.doubt(f"{'; '.join(form.expected for form in forms)}, and behind it {_EXPECTED}", reply)
        if len(parts) <= len(forms):  # the rest of a message is dropped behind a unit that is invalid
            raise self._refusal(message, self._take_errors() or [QueuedError(0, "nothing")])
        self._judge(message, parts[-1], reply)
        return [form.read(part) for form, part in zip(forms, parts, strict=False)]

    def ask_then_command(self, question: str, form: Form[T], message: str) -> T:
        """Ask something and then send commands, in one message with the questions for events and errors.

        What is asked is answered as it was before the commands.

        Raises:
            InstrumentError: The error queue holds something; all of it is named.
            Restarted: The instrument was switched off and on since the driver last looked.
            NoReply: No reply came. Whether the commands were carried out is not known.
            GarbledReply: The reply was damaged. Whether the commands were carried out is not known.
        """
        self.write(f"{question};{message}{QUESTIONS}")
        reply = self.line.receive()
        answer, separator, rest = reply.partition(";")
        if form.matches(answer) is None:
            raise self.line.doubt(f"{form.expected}, and behind it {_EXPECTED}", reply)
        if not separator:  # the rest of a message is dropped behind a unit that is invalid
            raise self._refusal(message, self._take_errors() or [QueuedError(0, "nothing")])
        self._judge(message, rest, reply)
        return form.read(answer)

    def ask_watching(self, question: str, form: Form[T]) -> T:
        """Ask something and, in the same message, whether the instrument was switched off and on.

        Raises:
            Restarted: It was, since the driver last looked.
            NoReply: No reply came.
            GarbledReply: The reply was damaged.
        """
        longer = not self._power.longer
        self.write(question + WATCH + MARK if longer else question + WATCH)
        reply = self.line.receive()
        shorter, mask = reply, "0"
        if longer:
            shorter, _, mask = reply.rpartition(";")
        answer, _, events = shorter.rpartition(";")
        if EVENTS.matches(mask.lstrip(" ")) is None:
            raise self.line.doubt(f"{form.expected}, {EVENTS.expected} and a mask of it", reply)
        self._power.longer = longer
        if events == "0" and form.matches(answer) is not None:
            self._power.looked = self.clock.now()
            return form.read(answer)
        events = events.lstrip(" ")  # the manual prints a blank there, instruments send none
        if form.matches(answer) is None or EVENTS.matches(events) is None:
            raise self.line.doubt(f"{form.expected}, a semicolon and {EVENTS.expected}", reply)
        self._watch(int(events), question)
        return form.read(answer)

    def _judge(self, message: str, answers: str, reply: str) -> None:
        """Judge the answers to the questions for events and errors, which are a reply or its end."""
        if answers == NOTHING_NEW:
            self._power.looked = self.clock.now()
            return
        events, _, entry = (answer.lstrip(" ") for answer in answers.partition(";"))
        if EVENTS.matches(events) is None or ERROR.matches(entry) is None:
            raise self.line.doubt(_EXPECTED, reply)
        error = ERROR.read(entry)
        held = [error, *self._take_errors()] if error.code else []
        self._watch(int(events), message)
        if held:
            raise self._refusal(message, held)

    def _watch(self, events: int, message: str) -> None:
        """Look for the power-on bit among events; the first look only takes note, since it was switched on once.

        Raises:
            Restarted: It was switched on since the last look.
        """
        power = self._power
        before, power.looked = power.looked, self.clock.now()
        if before is None or not events & POWER_ON:
            return
        self.restarts += 1
        self._settle_restart()
        raise Restarted(
            f"{self.line.name}: it was switched off and on, or lost its power, between {before:.6g} s and "
            f"{power.looked:.6g} s on the driver's clock: its power-on bit was set when {message!r} had been sent. Its "
            "settings are gone, and what was read in between does not count: see to its power, and set it up again"
        )

    def _settle_restart(self) -> None:
        """Forget what was known of the settings, and make safe what a message may have done with other ones."""

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
        """Clear the event registers and the error queue (`*CLS`), once it is seen what the events say.

        Raises:
            InstrumentError: An error was queued nevertheless.
            Restarted: The instrument was switched off and on since the driver last looked.
        """
        self._watch(self.standard_event, "*ESR?")
        self.command("*CLS")

    def reset(self) -> None:
        """Bring all settings to the manual's defaults, clear events, enables and errors; waits on the clock.

        Raises:
            InstrumentError: An error was queued nevertheless.
        """
        self.write("*RST")
        self.clock.sleep(self.RESET_TIME)
        self._insist(":STAT:PRES;*CLS")


def identity_form(model: str) -> Form[Identity]:
    """Return the form of a Keithley's reply to `*IDN?`: `KEITHLEY INSTRUMENTS INC.,MODEL 6221,1234567,D04  /700x `."""

    def read(text: str) -> Identity:
        manufacturer, name, serial, firmware = (part.strip() for part in text.split(",", 3))
        return Identity(manufacturer, name.removeprefix("MODEL ").strip(), serial, firmware)

    pattern = rf"KEITHLEY INSTRUMENTS INC\., ?MODEL {re.escape(model)}, ?\w+, ?[\w :./-]+"
    return form(f"the identity of a Keithley {model}", pattern, read)
