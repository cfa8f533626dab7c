"""The front of a 6221, and what locks it and its commands: keys, display, sounds, remote control, passwords, network.

Nothing of this is in a reading, but for the keys that do what a command does. What somebody in front of the instrument
would see and hear is found in the attributes.

Sources: 6220/6221 reference manual, section 10 (passwords, Ethernet) and chapter on the front panel; the codes of the
keys are those of the public driver in pyacquisition, which names all 33 of them (tag `wild`).
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from functools import partial
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from instruments import scpi
from instruments.scpi import DATA_OUT_OF_RANGE, SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley6221 import RANGES, TABLE
from instruments.tables.table import Row
from simulators.devices.source_modes import SourceModes
from simulators.exchange import command, query
from simulators.program_message import Effect, Outcome, Step
from simulators.terminals import SourceTerminals
from simulators.timeline import Timeline

LATEST = 100
"""Sounds and keys that are remembered."""

_PASSWORDS = "SYSTem:PASSword"
_NETWORK = "SYST:COMM:ETH"
_USER_REQUEST = 0x40
_OUTPUT = TABLE["OUTP"].header

_ALWAYS = ("*ESE", "*ESR", "*IDN", "*OPC", "*OPT", "*SRE", "*STB", "OUTP", "STAT:QUE", "SYST:ABO:REV", "SYST:DBO:REV",
           "SYST:ABO:SNUM", "SYST:DBO:SNUM", "SYST:ERR", "SYST:LFR", "SYST:PASS:STAT", "SYST:VERS")  # fmt: skip
UNPROTECTED = frozenset(
    {(TABLE[header].header, True) for header in _ALWAYS}
    | {(TABLE[header].header, False)
       for header in ("*OPC", "*SRE", "*WAI", "SYST:LOC", "SYST:REM", "SYST:PASS:CEN", "SYST:PASS:CDIS")}
)  # fmt: skip
"""What can be sent while commands are protected (manual, table 10-3), as header and whether it asks; and OUTPut OFF."""


class Key(IntEnum):
    """Keys of the front by the codes of SYSTem:KEY; 25, 32, 34 to 38, 41, 42 and 44 are none."""

    RANGE_UP = 1
    WAVE = 2
    AMPLITUDE = 3
    MENU = 4
    SWEEP = 5
    DISPLAY = 6
    SETUP = 7
    LOCAL = 8
    AUTO = 9
    FREQUENCY = 10
    EXIT = 11
    CONDUCTANCE = 12
    TRIGGER = 13
    TRIAX = 14
    FILTER = 15
    CONFIGURE = 16
    RANGE_DOWN = 17
    ENTER = 18
    DELTA = 19
    UNITS = 20
    AVERAGE = 21
    PRESET = 22
    COMMUNICATION = 23
    OUTPUT = 24
    PULSE = 26
    RECALL = 27
    MATH = 28
    DC = 29
    ADDRESS = 30
    SAVE = 31
    KNOB = 33
    CURSOR_RIGHT = 39
    CURSOR_LEFT = 40
    KNOB_LEFT = 43
    KNOB_RIGHT = 45


class Network(NamedTuple):
    """Settings of the Ethernet connector that are in use."""

    address: str
    mask: str
    gateway: str
    dhcp: bool


class SourcePanel(SourceModes):
    """Front panel, passwords and network.

    Attributes:
        remote: Whether it is under remote control by a word: over GPIB a line of the bus says it, which is not
            simulated.
        locked: Whether the LOCAL key is locked as well (SYSTem:RWLock).
        pressed: When (lab s) which key was pressed, by hand or by SYSTem:KEY, the latest of them.
        clicks: When (lab s) a key clicked, the latest of them.
        network: Settings of the Ethernet connector that are in use; new ones are from SAVE on.
        password: The password for protected commands.
        protected: Whether commands are protected: most are refused then.
    """

    factory_password: ClassVar[str] = "622x"  # noqa: S105 - it protects nothing
    """The password as it leaves the factory (unsure: no source gives it)."""
    password_refused: ClassVar[int] = SETTINGS_CONFLICT
    """Number of a wrong password, and of a command that is protected (unsure; SCPI has -203 for the latter, which the
    instrument's list of errors has not)."""
    refuses_empty_password: ClassVar[bool] = True
    """Whether NEW takes no empty password (unsure; -222)."""

    def __init__(
        self,
        timeline: Timeline,
        terminals: SourceTerminals,
        line_frequency: float = 50.0,
        calibration: np.random.Generator | None = None,
    ) -> None:
        super().__init__(timeline, terminals, line_frequency, calibration)
        self.remote = self.locked = self.protected = False
        self.password = self.factory_password
        self.pressed: deque[tuple[float, int]] = deque(maxlen=LATEST)
        self.clicks: deque[float] = deque(maxlen=LATEST)
        self.network = self._network_settings()
        self._watched = False

    # ---- keys

    @command("SYST:KEY")
    def _press_by_word(self, code: int) -> None:
        """Press a key as if nothing locked it."""
        self.set_value("SYST:KEY", code)
        self._press(code)

    def press(self, key: Key) -> None:
        """Press a key by hand.

        Under remote control only LOCAL does something, and OUTPUT where it turns the output off; with the front
        disabled, LOCAL alone (assumed, as with others of the manufacturer).
        """
        self.set_value("SYST:KEY", int(key))
        free = not self.remote and not self.locked and self.flag("DISP:ENAB")
        if free or key is Key.LOCAL or (key is Key.OUTPUT and self.flag("OUTP")):
            try:
                self._press(key)
            except ScpiError as error:  # the front shows what it says
                self.status.report(error.code)

    def _press(self, code: int) -> None:
        """Keys that do what a command does; the others lead to menus, which are not simulated."""
        self.pressed.append((self.timeline.now, code))
        if self.flag("SYST:KCL"):
            self.clicks.append(self.timeline.now)
        if code == Key.OUTPUT:
            self._set_output(not self.flag("OUTP"))
        elif code == Key.TRIGGER:
            self.press_trigger_key()
        elif code == Key.LOCAL:
            self._press_local()
        elif code == Key.AUTO:
            self._set_automatic(not self.flag("SOUR:CURR:RANG:AUTO"))
        elif code in {Key.RANGE_UP, Key.RANGE_DOWN}:
            step = 1 if code == Key.RANGE_UP else -1
            self._set_range(RANGES[max(0, min(len(RANGES) - 1, self._range + step))])

    def _press_local(self) -> None:
        """The user requests attention; a front that is not locked comes back, without messages (assumed)."""
        self.status.events |= _USER_REQUEST
        if self.locked:
            return
        self.remote = False
        self.set_value("DISP:ENAB", True)
        for window in ("DISP", "DISP:WIND2"):
            self.set_value(f"{window}:TEXT:STAT", False)

    @command("SYST:LOC")
    def _go_to_local(self) -> None:
        self.remote = self.locked = False

    @command("SYST:REM")
    def _go_to_remote(self) -> None:
        self.remote = True

    @command("SYST:RWL")
    def _lock(self) -> None:
        self.remote = self.locked = True

    # ---- display

    @property
    def display(self) -> tuple[str | None, str | None]:
        """What the upper and the lower line show: a message, nothing on a dark front, None for its own readings."""
        if not self.flag("DISP:ENAB"):
            return "", ""
        upper, lower = (
            str(self.value(f"{window}:TEXT:DATA")) if self.flag(f"{window}:TEXT:STAT") else None
            for window in ("DISP", "DISP:WIND2")
        )
        return upper, lower

    @query("DISP:ATTR")
    def _ask_attributes(self) -> str:
        """Which characters blink: those that are edited at the front, and nobody does."""
        return "0" * 20

    @query("DISP:WIND2:ATTR")
    def _ask_lower_attributes(self) -> str:
        return "0" * 32

    # ---- network

    def _network_settings(self) -> Network:
        address, mask, gateway = (str(self.value(f"{_NETWORK}:{part}")) for part in ("ADDR", "MASK", "GAT"))
        return Network(address, mask, gateway, self.flag(f"{_NETWORK}:DHCP"))

    @command("SYST:COMM:ETH:SAVE")
    def _save_network(self) -> None:
        self.network = self._network_settings()

    # ---- passwords

    @command("SYST:PASS:CEN")
    def _enable_commands(self, password: str) -> None:
        self._protect(password, on=False)

    @command("SYST:PASS:CDIS")
    def _disable_commands(self, password: str) -> None:
        self._protect(password, on=True)

    def _protect(self, password: str, *, on: bool) -> None:
        if password != self.password:
            raise ScpiError(self.password_refused, "this is not the password")
        self.protected = on

    @command("SYST:PASS:NEW")
    def _set_password(self, password: str) -> None:
        if not password and self.refuses_empty_password:
            raise ScpiError(DATA_OUT_OF_RANGE, "a password has at least one character")
        self.password = password

    @query("SYST:PASS:STAT")
    def _ask_protection(self) -> Literal["0", "1"]:
        """1 where the commands that a password can protect are enabled."""
        return "0" if self.protected else "1"

    def compile(self, text: str) -> list[Step]:
        """Turn a message into steps; from the first word about passwords on, all steps look whether they may."""
        watched = self._watched
        steps = super().compile(text)
        return super().compile(text) if self._watched and not watched else steps

    def _step(self, row: Row, unit: scpi.Unit) -> Step:
        step = super()._step(row, unit)
        if not self._watched and row.header.startswith(_PASSWORDS):
            self._watched = True
            self._units.clear()
            self._programs.clear()
        if not self._watched or (row.header, unit.query) in UNPROTECTED:
            return step
        effect, values, asked = step
        if row.header == _OUTPUT and values == (False,):
            return step
        return partial(self._unless_protected, effect), values, asked

    def _unless_protected(self, effect: Effect, *values: object) -> Outcome:
        if self.protected:
            raise ScpiError(self.password_refused, "commands are protected by a password")
        return effect(*values)

    def power_cycle(self) -> None:
        """Switch off and on: under local control; network settings that were not saved are gone (assumed)."""
        super().power_cycle()
        self.remote = self.locked = False
        for part, value in zip(("ADDR", "MASK", "GAT", "DHCP"), self.network, strict=True):
            self.set_value(f"{_NETWORK}:{part}", value)
