"""Talking to an instrument by bare messages, and leaving its settings as they were.

A nanovoltmeter stands at its own address, or behind the 6221 whose RS-232 connector it hangs on: the doctor asks the
same in both ways.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from instruments.errors import LabError
from instruments.keithley6221 import Keithley6221
from instruments.scpi_driver import ScpiDriver


class Talk(Protocol):
    """Somebody who answers.

    Attributes:
        name: What it is called in sentences.
    """

    name: str

    def ask(self, question: str) -> str:
        """Return the answer to a question; raises InstrumentFault where there is none."""
        ...

    def tell(self, message: str) -> None:
        """Say something; raises InstrumentFault where it is known not to have been taken."""
        ...


class AtItsAddress:
    """An instrument at its own address; what it refuses raises at once."""

    def __init__(self, driver: ScpiDriver) -> None:
        self._driver = driver
        self.name = driver.line.name

    def ask(self, question: str) -> str:
        """Return the answer to a question."""
        return self._driver.ask(question).strip()

    def tell(self, message: str) -> None:
        """Say something; see `ScpiDriver.command`."""
        self._driver.command(message)


class BehindTheSource:
    """A meter on the RS-232 connector of a 6221, which passes words on and fetches answers."""

    def __init__(self, source: Keithley6221) -> None:
        self._source = source
        self.name = "the meter behind the source"

    def ask(self, question: str) -> str:
        """Return the answer to a question."""
        return self._source.relay_ask(question).strip()

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


def restoring(talk: Talk, settings: Sequence[Setting]) -> list[str]:
    """Ask for settings, and return what brings them back.

    Raises:
        InstrumentFault: One was not answered.
    """
    commands: list[str] = []
    for setting in settings:
        if setting.automatic and talk.ask(f"{setting.automatic}?") == "1":
            commands.append(f"{setting.automatic} 1")
        else:
            commands.append(f"{setting.header} {_as_parameter(talk.ask(f'{setting.header}?'))}")
    return commands


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
        doubts: Takes a sentence for each setting that could not be brought back.
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
        for command in ([stop] if stop else []) + commands:
            try:
                talk.tell(command)
            except LabError as error:
                doubts.append(f"{command!r} could not be brought back: {error}")
