"""What all simulated SCPI instruments have in common: a command table, settings, status and common commands.

A device is its command table plus effects. Rows of the table without an effect are stored and checked: the command
form stores what it read, the query form prints it, `cmd? MIN` prints a limit.

Sources: IEEE 488.2-1992 sections 7 and 10, SCPI-1995 volume 1 section 6 and volume 2; sections "Status structure" and
"Common commands" of the 6221 reference manual and the 2182A user's manual.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

from instruments import scpi
from instruments.scpi import ScpiError
from instruments.tables import errors
from instruments.tables.table import CommandTable, Row, Value, limit, print_value, read_arguments, value_when_new
from simulators.effects import command, marked, query
from simulators.messages import CACHE_SIZE, MessageExchange
from simulators.program_message import Effect, Later, Outcome, Step
from simulators.status import REQUEST_SERVICE, EventRegister
from simulators.timeline import Timeline

TRIGGER_IGNORED = -211

_LONGEST_ARGUMENT = 1024
_REMEMBERED_LENGTH = 64
_BASES = {"ASC": "{:d}", "HEX": "#H{:X}", "OCT": "#Q{:o}", "BIN": "#B{:b}"}


class ScpiDevice(MessageExchange):
    """A box that speaks SCPI; subclasses give the table and the effects.

    Attributes:
        table: The instrument's command table.
        version: The answer to SYSTem:VERSion?.
        reset_duration: How long *RST and SYSTem:PRESet take, in s.
        idle: Headers whose effect is that of an instrument which has nothing under way, as long as what they belong to
            is not simulated.
        refused: Headers that are refused wherever they would begin something that is not simulated.
        kept: Headers whose effect is to keep a setting, from which nothing follows.
        volatile: Headers (their beginnings) whose settings *RST leaves alone and a loss of power does not.
        settings: Values of the rows that have one, by the table's own spelling of the header.
        own_rows: Rows that are different in this very instrument from those in the table, since they depend on where
            it stands.
    """

    table: ClassVar[CommandTable]
    version: ClassVar[str] = "1995.0"
    reset_duration: ClassVar[float] = 0.0
    idle: ClassVar[tuple[str, ...]] = ()
    refused: ClassVar[tuple[str, ...]] = ()
    kept: ClassVar[tuple[str, ...]] = ()
    volatile: ClassVar[tuple[str, ...]] = ("TRACe",)
    _effect_names: ClassVar[dict[tuple[str, bool], str]] = {}
    _keys: ClassVar[dict[str, str]] = {}
    _when_new: ClassVar[dict[str, Value]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not hasattr(cls, "table"):
            return
        cls._keys = {}
        cls._when_new = {row.header: value_when_new(row) for row in cls.table if row.parameters and row.command}
        cls._effect_names = {}
        for ancestor in reversed(cls.__mro__):
            for name, member in vars(ancestor).items():
                for header, asked in marked(member) if callable(member) else ():
                    try:
                        cls._effect_names[cls.table[header].header, asked] = name
                    except KeyError:  # not every instrument has all the common headers
                        if ancestor is not ScpiDevice:
                            raise

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self.settings: dict[str, Value] = dict(self._when_new)
        self.own_rows: dict[str, Row] = {}
        self._units: dict[tuple[tuple[str, ...], str], tuple[Step, tuple[str, ...]]] = {}
        self._saved: dict[int, dict[str, Value]] = {}
        self._effects: dict[tuple[str, bool], Effect] = {
            key: getattr(self, name) for key, name in self._effect_names.items()
        }
        self._attach_registers()

    # ---- what subclasses use

    @classmethod
    def key(cls, header: str) -> str:
        """Return the table's own spelling of a header, under which its value is kept in `settings`."""
        found = cls._keys.get(header)
        if found is None:
            found = cls._keys[header] = cls.table[header].header
        return found

    def value(self, header: str) -> Value:
        """Return a setting by any spelling of its header."""
        return self.settings[self._keys.get(header) or self.key(header)]

    def number(self, header: str) -> float:
        """Return a setting that is a number; `INF` is infinite."""
        value = self.value(header)
        if isinstance(value, float | int):
            return float(value)
        assert value == "INF"
        return math.inf

    def flag(self, header: str) -> bool:
        """Return a setting that is a switch."""
        return bool(self.value(header))

    def set_value(self, header: str, value: Value) -> None:
        """Change a setting by any spelling of its header."""
        self.settings[self.key(header)] = value

    def has_effect(self, header: str) -> bool:
        """Whether a row does more than keep and show its setting; `header` in the table's own spelling."""
        return (header, False) in self._effects or (header, True) in self._effects

    def rows(self) -> Iterator[Row]:
        """Return the rows as they are in this instrument."""
        return (self.own_rows.get(row.header, row) for row in self.table)

    # ---- what subclasses give or add to

    @abstractmethod
    def identity(self) -> str:
        """Return the answer to *IDN?."""

    def reset(self) -> None:
        """Carry out *RST: the rows take their reset values."""
        self.settings.update((row.header, row.reset) for row in self.rows() if row.reset is not None)

    def preset(self) -> None:
        """Carry out SYSTem:PRESet."""
        self.reset()
        self.settings.update((row.header, row.preset) for row in self.table if row.preset is not None)

    def about_to_restore(self) -> None:
        """Do what has to be done before *RCL replaces the settings."""

    def restored(self) -> None:
        """Do what follows from *RCL having replaced the settings."""

    def power_cycle(self) -> None:
        """Switch off and on; the set-up is then the one that SYSTem:POSetup selects."""
        super().power_cycle()
        for row in self.table:
            if row.header.startswith(self.volatile) and row.header in self.settings:
                self.settings[row.header] = value_when_new(row)
        setup = str(self.settings.get("SYSTem:POSetup", "RST"))
        if setup.startswith("SAV"):
            self._recall(int(setup.removeprefix("SAV")))
        elif setup == "PRES":
            self.preset()
        else:
            self.reset()

    def triggered(self) -> Outcome:
        """Carry out *TRG; nothing waits for a trigger here."""
        raise ScpiError(TRIGGER_IGNORED, "nothing waits for a trigger")

    # ---- from text to effects

    def compile(self, text: str) -> list[Step]:
        """Turn a message into steps; the first unit that is wrong becomes the last step, which says so."""
        steps: list[Step] = []
        path: tuple[str, ...] = ()
        try:
            for unit_text in scpi.split_message(text):
                known = self._units.get((path, unit_text))
                if known is None:
                    known = self._unit(path, unit_text)
                step, path = known
                steps.append(step)
        except ScpiError as error:
            steps.append((_refuse, (error.code,), False))
        return steps

    def _unit(self, path: tuple[str, ...], text: str) -> tuple[Step, tuple[str, ...]]:
        """Read one unit at a path; what is short is remembered, since values change from message to message."""
        unit = scpi.parse_unit(text)
        row, following = self.table.find(path, unit.header)
        known = self._step(self.own_rows.get(row.header, row), unit), following
        if len(text) <= _REMEMBERED_LENGTH:
            if len(self._units) >= CACHE_SIZE:
                self._units.clear()
            self._units[path, text] = known
        return known

    def _step(self, row: Row, unit: scpi.Unit) -> Step:
        if not (row.query if unit.query else row.command):
            raise ScpiError(scpi.UNDEFINED_HEADER, unit.header)
        for argument in unit.arguments:
            if len(argument) > _LONGEST_ARGUMENT:
                raise ScpiError(scpi.STRING_TOO_LONG if argument[0] in "'\"" else scpi.TOO_MANY_DIGITS, unit.header)
        effect = self._effects.get((row.header, unit.query))
        if not unit.query:
            return effect or partial(self.store, row.header), read_arguments(row, unit.arguments), False
        if row.command and unit.arguments:
            return self._limit_step(row, unit), (), True
        values = () if row.command else read_arguments(row, unit.arguments)
        return effect or partial(self._show, row), values, True

    def _limit_step(self, row: Row, unit: scpi.Unit) -> Effect:
        """`cmd? MIN`: the limits of a number can be asked."""
        value = limit(row, unit.arguments[0]) if len(unit.arguments) == 1 else None
        if value is None:
            raise ScpiError(scpi.PARAMETER_NOT_ALLOWED, unit.header)
        return partial(print_value, row, value, self.table.infinity)

    def store(self, header: str, *values: Value) -> None:
        """The command form of a row without an effect; `header` in the table's own spelling."""
        if values:
            self.settings[header] = values[0] if len(values) == 1 else values

    def _show(self, row: Row) -> str:
        """The query form of a row without an effect."""
        if row.reply == "register":
            value = self.settings[row.header]
            assert isinstance(value, int)
            return self.register_text(value)
        return print_value(row, self.settings[row.header], self.table.infinity)

    def register_text(self, value: int) -> str:
        """Print a register in the base that FORMat:SREGister selects, where the instrument has that."""
        base = self.settings.get("FORMat:SREGister", "ASC")
        return str(value) if base == "ASC" else _BASES[str(base)].format(value)

    # ---- IEEE 488.2

    @query("*IDN")
    def _ask_identity(self) -> str:
        return self.identity()

    @command("*RST")
    def _reset(self) -> Outcome:
        """Nobody hears of the completion of what this ends (IEEE 488.2, 10.32)."""
        self.want_completion(False)
        self.reset()
        return self._busy(self.reset_duration)

    @command("SYST:PRES")
    def _preset(self) -> Outcome:
        self.preset()
        return self._busy(self.reset_duration)

    def _busy(self, duration: float) -> Outcome:
        """Messages that come in this time (s) wait."""
        return Later(self.timeline.now + duration, _nothing) if duration else None

    @command("*CLS")
    def _clear_status(self) -> None:
        self.status.clear()
        self.want_completion(False)

    @command("*SAV")
    def _save(self, memory: int) -> None:
        """Keep what *RST would change, and nothing else (IEEE 488.2, 10.33); power may go meanwhile."""
        self._saved[memory] = {row.header: self.settings[row.header] for row in self.table if row.reset is not None}

    @command("*RCL")
    def _recall(self, memory: int) -> None:
        """Take a set-up back; one that was never saved is that of the factory (assumed: the reset values)."""
        if memory in self._saved:
            self.about_to_restore()
            self.settings.update(self._saved[memory])
            self.restored()
        else:
            self.reset()

    @command("*TRG")
    def _trigger(self) -> Outcome:
        return self.triggered()

    @query("*TST")
    def _ask_self_test(self) -> str:
        return "0"

    @command("*WAI")
    def _wait(self) -> Outcome:
        return self.when_complete(_nothing)

    @command("*OPC")
    def _want_completion(self) -> None:
        self.want_completion(True)

    @query("*OPC")
    def _ask_completion(self) -> Outcome:
        return self.when_complete(_one)

    @command("*ESE")
    def _set_events_enabled(self, value: int) -> None:
        self.status.events_enabled = value

    @query("*ESE")
    def _ask_events_enabled(self) -> str:
        return self.register_text(self.status.events_enabled)

    @query("*ESR")
    def _ask_events(self) -> str:
        events, self.status.events = self.status.events, 0
        return self.register_text(events)

    @command("*SRE")
    def _set_service_enable(self, value: int) -> None:
        """What is enabled anew is a new reason, so that what is not is forgotten at once."""
        self.status.service_enable = value & ~REQUEST_SERVICE
        self.service_requested()

    @query("*SRE")
    def _ask_service_enable(self) -> str:
        return self.register_text(self.status.service_enable)

    @query("*STB")
    def _ask_status_byte(self) -> str:
        """Here bit 6 is the summary of the enabled bits, and asking does not end a request for service."""
        self.refresh()
        byte = self.status.byte(self.reply_available())
        return self.register_text(byte | (REQUEST_SERVICE if byte & self.status.service_enable else 0))

    # ---- STATus and the error queue

    def _attach_registers(self) -> None:
        """Bind event, enable and condition of the three register sets."""
        sets = (("OPER", self.status.operation), ("MEAS", self.status.measurement), ("QUES", self.status.questionable))
        for name, register in sets:
            effects: tuple[tuple[str, bool, Effect], ...] = (
                (f"STAT:{name}", True, partial(self._ask_register, register, EventRegister.take)),
                (f"STAT:{name}:COND", True, partial(self._ask_register, register, EventRegister.now)),
                (f"STAT:{name}:ENAB", True, partial(self._ask_register, register, EventRegister.mask)),
                (f"STAT:{name}:ENAB", False, partial(_enable, register)),
            )
            for header, asked, effect in effects:
                try:
                    self._effects[self.key(header), asked] = effect
                except KeyError:  # not every instrument has all of them
                    continue

    def _ask_register(self, register: EventRegister, look: Callable[[EventRegister], int]) -> str:
        self.refresh()
        return self.register_text(look(register))

    @command("STAT:PRES")
    def _preset_status(self) -> None:
        self.status.preset()

    @query("STAT:QUE", "SYST:ERR")
    def _ask_error(self) -> str:
        return error_text(self.status.errors.pop(), self.table.instrument)

    @command("STAT:QUE:CLE", "SYST:CLE")
    def _clear_errors(self) -> None:
        self.status.errors.clear()

    @command("STAT:QUE:ENAB")
    def _enable_errors(self, ranges: str) -> None:
        self.status.errors.enable(ranges)

    @query("STAT:QUE:ENAB")
    def _ask_enabled_errors(self) -> str:
        return self.status.errors.enabled

    @command("STAT:QUE:DIS")
    def _disable_errors(self, ranges: str) -> None:
        self.status.errors.disable(ranges)

    @query("STAT:QUE:DIS")
    def _ask_disabled_errors(self) -> str:
        return self.status.errors.disabled

    @query("SYST:VERS")
    def _ask_version(self) -> str:
        return self.version


def error_text(code: int, instrument: str) -> str:
    """Print an entry of the error queue: `-113,"Undefined header"`, positive numbers with their sign."""
    return f'{code:+d},"{errors.message(code, instrument)}"' if code else f'0,"{errors.NO_ERROR}"'


def _refuse(code: int) -> Outcome:
    raise ScpiError(code)


def _nothing() -> None:
    return None


def _one() -> str:
    return "1"


def _enable(register: EventRegister, value: int) -> None:
    register.enable = value
