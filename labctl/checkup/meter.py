"""Talking to an instrument by bare messages, and leaving its settings as they were.

A nanovoltmeter stands at its own address, or behind the 6221 whose RS-232 connector it hangs on: the doctor asks the
same in both ways.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from instruments.errors import LabError, NoReply, Restarted
from instruments.forms import REGISTER
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_relay import METER
from instruments.scpi_driver import POWER_ON, ScpiDriver
from instruments.tables.keithley2182a import TABLE as METER_TABLE
from instruments.tables.table import CommandTable
from labctl.checkup.finding import plain
from labctl.checkup.replies import reply_form


class Talk(Protocol):
    """Somebody who answers.

    Attributes:
        name: What it is called in sentences.
    """

    name: str

    def ask(self, question: str) -> str:
        """Return the answer to a question; raises InstrumentFault where there is none, or one without its form."""
        ...

    def restarted(self) -> bool:
        """Whether it was switched off and on since this was asked first; raises InstrumentFault without an answer."""
        ...

    def identify(self) -> None:
        """Make sure that it is still there; raises InstrumentFault where it is not."""
        ...

    def tell(self, message: str) -> None:
        """Say something; raises InstrumentFault where it is known not to have been taken."""
        ...


class AtItsAddress:
    """An instrument at its own address; what it refuses raises at once.

    Args:
        driver: The instrument.
        table: Its commands, which say what its replies look like.
    """

    def __init__(self, driver: ScpiDriver, table: CommandTable) -> None:
        self._driver = driver
        self._table = table
        self._before = driver.restarts
        self.name = driver.line.name

    def ask(self, question: str) -> str:
        """Return the answer to a question."""
        return self._driver.query(question, reply_form(self._table, question))

    def restarted(self) -> bool:
        """Look at the power-on bit, which this clears; what a command has found meanwhile counts as well."""
        with suppress(Restarted):
            self._driver.ask_watching("*STB?", REGISTER)
        return self._driver.restarts > self._before

    def identify(self) -> None:
        """Ask for its identity."""
        _ = self._driver.identity

    def tell(self, message: str) -> None:
        """Say something; see `ScpiDriver.command`."""
        self._driver.command(message)


class BehindTheSource:
    """A meter on the RS-232 connector of a 6221, which passes words on and fetches answers."""

    def __init__(self, source: Keithley6221) -> None:
        self._source = source
        self._looked = self._found = False
        self.name = "the meter behind the source"

    def ask(self, question: str) -> str:
        """Return the answer to a question."""
        return self._source.relay_query(question, reply_form(METER_TABLE, question))

    def restarted(self) -> bool:
        """Look at the power-on bit, which this clears."""
        came_up = bool(self._source.relay_query("*ESR?", REGISTER) & POWER_ON)
        self._found = self._found or (came_up and self._looked)
        self._looked = True
        return self._found

    def identify(self) -> None:
        """Ask for its identity."""
        self._source.relay_query("*IDN?", METER)

    def tell(self, message: str) -> None:
        """Say something; nobody says whether it was heard."""
        self._source.relay_write(message)


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that an instrument was told.

    Attributes:
        header: Its command.
        automatic: Command of the switch that lets the instrument choose by itself; "" where there is none.
    """

    header: str
    automatic: str = ""


PATIENCE = 3
"""Commands in a row that may go unanswered before an instrument is given up."""

STOP_METER = ":INIT:CONT 0;:ABOR"
"""Ends what a 2182A measures, so that its settings can be changed."""


def meter_settings(channels: Sequence[int]) -> tuple[Setting, ...]:
    """Return what a test of a 2182A, or Delta, changes in it; what makes it measure stands at the end."""
    each = [
        setting
        for channel in channels
        for setting in (
            Setting(f":SENS:VOLT:CHAN{channel}:RANG", f":SENS:VOLT:CHAN{channel}:RANG:AUTO"),
            Setting(f":SENS:VOLT:CHAN{channel}:DFIL"),
            Setting(f":SENS:VOLT:CHAN{channel}:LPAS"),
            Setting(f":SENS:VOLT:CHAN{channel}:REF:STAT"),
        )
    ]
    plain = (
        ":SENS:FUNC", ":SENS:CHAN", ":SENS:VOLT:RAT", ":SENS:VOLT:DELT", ":SENS:HOLD:STAT", ":SENS:VOLT:NPLC",
        ":SYST:FAZ", ":SYST:AZER", ":SYST:LSYN", ":CALC:STAT", ":FORM", ":FORM:ELEM",
        ":TRIG:SOUR", ":TRIG:COUN", ":SAMP:COUN",
    )  # fmt: skip
    delay = Setting(":TRIG:DEL", ":TRIG:DEL:AUTO")
    return (*each, *(Setting(header) for header in plain), delay, Setting(":INIT:CONT"))


def read_settings(talk: Talk, settings: Sequence[Setting]) -> dict[str, str]:
    """Return what an instrument is set to, by header; of what it chooses by itself, that it does so.

    Raises:
        InstrumentFault: One was not answered, or not in its form.
    """
    found: dict[str, str] = {}
    for setting in settings:
        if setting.automatic and talk.ask(f"{setting.automatic}?") == "1":
            found[setting.automatic] = "1"
        else:
            found[setting.header] = talk.ask(f"{setting.header}?")
    return found


def restoring(talk: Talk, settings: Sequence[Setting]) -> list[str]:
    """Ask for settings, and return what brings them back.

    Raises:
        InstrumentFault: One was not answered, or not in its form.
    """
    return [f"{header} {_as_parameter(answer)}" for header, answer in read_settings(talk, settings).items()]


def _as_parameter(answer: str) -> str:
    """Return an answer as the command takes it."""
    if answer.startswith('"'):
        return "'" + answer.strip('"') + "'"
    return "INF" if answer.upper() == "+9.9E37" else answer


@contextmanager
def unchanged(talk: Talk, settings: Sequence[Setting], doubts: list[str], stop: str = "") -> Generator[None]:
    """Read settings first, and bring them back whatever happens inside.

    Args:
        talk: The instrument.
        settings: What is kept, in the order in which it has to come back.
        doubts: Takes a sentence, if a setting could not be brought back.
        stop: What is said first, at the beginning and at the end.

    Raises:
        InstrumentFault: The settings could not be read; nothing was changed.
    """
    commands = restoring(talk, settings)
    try:
        if stop:
            talk.tell(stop)
        yield
    finally:
        _bring_back(talk, ([stop] if stop else []) + commands, doubts)


def _bring_back(talk: Talk, commands: Sequence[str], doubts: list[str]) -> None:
    """Send commands; one that keeps silent for long is not asked about each of them."""
    silent, first, more = 0, "", 0
    for number, command in enumerate(commands):
        try:
            talk.tell(command)
            silent = 0
        except LabError as error:
            first, more = first or f"{command!r} could not be brought back: {plain(error)}", more + 1
            silent = silent + 1 if isinstance(error, NoReply) else 0
        if silent == PATIENCE:
            more += len(commands) - number - 1
            break
    if first:
        doubts.append(f"{first}{f' (nor {more - 1} further settings)' if more > 1 else ''}")
