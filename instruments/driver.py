"""The base of all drivers: pymeasure's Instrument, made strict.

A driver reads as a table of properties, each with its command, its docstring, what may be sent and the form of the
reply. pymeasure's own layer hands a damaged reply over as text, only logs what an instrument's error queue holds, and
sends six digits; here the whole reply must have its form, the queue raises (see `instruments.scpi_driver`), and values
are sent exactly.
"""

from __future__ import annotations

import inspect
import logging
import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, TypeVar, cast

from pymeasure.adapters import Adapter
from pymeasure.instruments import Channel, Instrument
from pymeasure.instruments.common_base import CommonBase, DynamicProperty

from instruments.clock import Clock, WallClock
from instruments.errors import GarbledReply, InstrumentFault, LabError, NoReply, UsageError
from instruments.forms import Check, Form
from instruments.known_names import Closing, check_settable, opened
from instruments.line import Line

T = TypeVar("T")

_TAKES_OUT = re.compile(
    r"[*]ESR[?]|SYST\w*:ERR|STAT\w*:(?:OPER|MEAS|QUES)\w*(?::EVEN\w*)?[?]|LIAS[?]$|READ[?]|MEAS\w*[?]|INIT(?!\w*:CONT\w*[?])|[*]OPC|[*]TST|;",
    re.IGNORECASE,
)
"""Questions that change something: they take out what they answer, or begin something. They are asked once."""

QUESTIONS = ";*ESR?;:SYST:ERR?"
"""Ends every message that sets something: what has happened, and what is wrong."""


def control(
    get: str, put: str, docs: str, check: Check, form: Form[T],
    *, step: Callable[[Any], float] | None = None, again: bool = False,
) -> T:  # fmt: skip
    """Make a property that is asked for and set.

    Args:
        get: The query.
        put: The command, with %s where the value goes; the questions for events and errors are added.
        docs: What it controls, its unit and range, in the words "Control ...".
        check: What may be sent, and how it is spelled.
        form: The form of the query's reply.
        step: Asks an instrument to what steps it rounds a number, and returns them; it keeps the digits unless given.
        again: Whether it may be sent again, since carrying it out twice does no harm to any sample.

    Returns:
        A property; typed as what it holds, so that a reader of the driver and a type checker see the same. What was set
        is not sent again when the reply is lost or damaged, unless `again`; during a run it is read back.
    """
    made = cast(
        "property",
        Instrument.control(
            get,
            put + QUESTIONS,
            docs,
            validator=lambda value, _limits: check(value),
            check_set_errors=True,
            values_kwargs={"form": form},
        ),
    )
    assert made.fset is not None
    assert made.fget is not None
    ask, send = made.fget, made.fset

    def put_and_make_sure(owner: Any, value: Any) -> None:
        if again:
            _line_of(owner).insist(lambda: send(owner, value))
            return
        try:
            send(owner, value)
        except (NoReply, GarbledReply) as doubt:
            line = _line_of(owner)
            if not line.most_repeats:
                raise
            try:
                shown, rounded = ask(owner), 0.0 if step is None else step(owner)
            except InstrumentFault:  # it says nothing at all: what was told it last is what matters
                raise doubt from None
            if not _same(check(value), shown, check, rounded):
                raise
            line.note_repeat(doubt)

    return cast("T", property(made.fget, put_and_make_sure, doc=made.__doc__))


def _line_of(owner: Any) -> Line:
    """Return the line of an instrument, or of the one that a channel belongs to."""
    return getattr(owner, "parent", owner).line


def _same(sent: str, shown: object, check: Check, step: float) -> bool:
    """Whether what an instrument shows is what it was sent, to the digits and steps that it has."""
    try:
        spelled = check(shown)
    except LabError:
        return False
    if spelled == sent:
        return True
    try:
        return math.isclose(float(sent), float(spelled), rel_tol=1e-6, abs_tol=0.51 * step)
    except ValueError:
        return False


def measurement(get: str, docs: str, form: Form[T]) -> T:
    """Make a property that is only asked for ("Get ..." or "Measure ..."); see `control`."""
    made = cast("property", Instrument.measurement(get, docs, values_kwargs={"form": form}))
    return cast("T", property(made.fget, doc=made.__doc__))  # without a setter, so that everybody sees that it has none


def setting(put: str, docs: str, check: Check) -> Any:
    """Make a property that is only set ("Set ..."); see `control`."""
    return Instrument.setting(
        put + QUESTIONS, docs, validator=lambda value, _limits: check(value), check_set_errors=True
    )


class _LookedAtOnce(CommonBase):
    """pymeasure looks at all members of a class, several times, whenever it makes an object; here it does so once."""

    def _setup_special_names(self) -> list[str]:
        return super()._setup_special_names() if _has_member(type(self), DynamicProperty) else []

    def _create_channels(self) -> None:
        if _has_member(type(self), CommonBase.BaseChannelCreator):
            super()._create_channels()


@cache
def _has_member(kind: type, of: type) -> bool:
    return any(isinstance(member, of) for _, member in inspect.getmembers(kind))


def _keep_one_idle_handler(logger: logging.Logger) -> None:
    """Take away what pymeasure adds to its logger with every adapter: one more handler that does nothing."""
    idle = [handler for handler in logger.handlers if isinstance(handler, logging.NullHandler)]
    for handler in idle[1:]:
        logger.removeHandler(handler)


class Driver(_LookedAtOnce, Instrument, metaclass=Closing):
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
        _keep_one_idle_handler(self.adapter.log)
        self.line = Line(
            self.adapter,
            name,
            terminator=self.TERMINATOR,
            identity=self.IDENTITY,
            padding=self.PADDING,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that there is.

        Raises:
            UnknownAttribute: There is none of that name, or it cannot be set; nothing was sent.
        """
        check_settable(self, name, value)
        super().__setattr__(name, value)

    def add_child(self, *args: Any, **kwargs: Any) -> Any:
        """Add a channel, as pymeasure's `add_child` does; its name is one of the driver's from then on."""
        with opened(self):
            return super().add_child(*args, **kwargs)

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
        """Send a query and return its reply's value; asked again where that does no harm, see `Line.insist`.

        Raises:
            NoReply: Nothing came in time; the sentence says what was asked and how long was waited.
            GarbledReply: The reply has not this form.
        """
        if _TAKES_OUT.search(command):
            return self._query_once(command, form)
        return self.line.insist(lambda: self._query_once(command, form))

    def _query_once(self, command: str, form: Form[T]) -> T:
        """Send a query once and return its reply's value; see `query`."""
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


class DriverChannel(_LookedAtOnce, Channel, metaclass=Closing):
    """One channel of an instrument; {ch} in its commands stands for the channel's number."""

    __getattribute__ = cast("Any", object.__getattribute__)  # as in Driver

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that there is; see `Driver`.

        Raises:
            UnknownAttribute: There is none of that name, or it cannot be set; nothing was sent.
        """
        check_settable(self, name, value)
        super().__setattr__(name, value)

    def values(self, command: str, *args: Any, form: Form[Any] | None = None, **kwargs: Any) -> list[Any]:
        """Send a query and return its reply's value as the only item of a list; see `Driver.values`."""
        return self.parent.values(self.insert_id(command), *args, form=form, **kwargs)
