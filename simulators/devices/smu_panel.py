"""The front panel of a 2400: keys, display, beeper.

Source: 2400 series user's manual, sections 1 (front panel) and 18 (DISPlay, SYSTem:KEY with the codes of the keys).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, cast

from instruments.scpi import ScpiError
from instruments.tables.keithley2400 import TABLE
from simulators.devices.smu_expressions import MATH_ON
from simulators.devices.smu_formula import NOT_THERE, OVERFLOW
from simulators.devices.smu_limits import NULL_ON
from simulators.devices.smu_sense import FILTER, OHMS_AUTO
from simulators.devices.smu_settings import OTHER, SENSE_AUTO, Place
from simulators.devices.smu_trigger import TriggerModel
from simulators.exchange import command, query

RANGE_UP, AUTO_RANGE, RANGE_DOWN = 1, 9, 17
FILTER_KEY, DIGITS, RELATIVE, TRIGGER, LOCAL, ON_OFF, FRONT_REAR = 6, 31, 30, 20, 23, 24, 32
SOURCES = {12: "VOLT", 19: "CURR"}
MEASUREMENTS = {15: "VOLT:DC", 22: "CURR:DC", 29: "RES"}

REMEMBERED_SOUNDS = 100

_KEY = TABLE["SYST:KEY"].header
_PREFIXES = ("p", "n", "u", "m", "", "k", "M", "G")
_WIDTHS = (20, 32)


class Sound(NamedTuple):
    """What was heard: when (lab s), Hz, and s."""

    time: float
    frequency: float
    duration: float


class Panel(TriggerModel):
    """A 2400 that somebody can stand in front of.

    Attributes:
        remote: Whether it is in remote; the keys are locked then where SYSTem:RWLock is on.
        sounds: The latest beeps.
    """

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.remote = True
        self.sounds: deque[Sound] = deque(maxlen=REMEMBERED_SOUNDS)

    # ---- beeper

    @command("SYST:BEEP")
    def _beep(self, frequency: float, duration: float) -> None:
        if self.flag("SYST:BEEP:STAT"):
            self.sounds.append(Sound(self.timeline.now, frequency, duration))

    # ---- display

    @property
    def display(self) -> tuple[str, str]:
        """What both lines show: the latest reading and the source, or messages; its form is assumed."""
        if not self.flag("DISP:ENAB"):
            return "FRONT PANEL DISABLED", "Press LOCAL to resume."
        lines = self._reading_line(), self._source_line()
        texts = [
            str(self.value(f"DISP:{window}:TEXT:DATA")) if self.flag(f"DISP:{window}:TEXT:STAT") else line
            for window, line in zip(("WIND1", "WIND2"), lines, strict=True)
        ]
        return texts[0][: _WIDTHS[0]], texts[1][: _WIDTHS[1]]

    def _reading_line(self) -> str:
        """The first quantity that is measured, or the result of math, with as many digits as the display has."""
        digits = cast("int", self.value("DISP:DIG"))
        last = self._readings[-1] if self._readings else None
        if self.settings[MATH_ON]:
            unit, value = str(self.value("CALC:MATH:UNIT")), NOT_THERE if last is None else last.result
        else:
            names = self.functions() or ("VOLT:DC",)
            place, unit = {"VOLT:DC": (0, "V"), "CURR:DC": (1, "A"), "RES": (2, "Ohm")}[names[0]]
            value = NOT_THERE if last is None else last[place]
        return _engineering(value, digits, unit)

    def _source_line(self) -> str:
        source = self.source()
        units = {"VOLT": "V", "CURR": "A"}
        level = _engineering(self.level, 6, units[source])
        return f"{source[0]}src:{level} Cmpl:{_engineering(self.limit()[0], 6, units[OTHER[source]])[1:]}"

    # ---- keys

    @command("SYST:KEY")
    def _key(self, code: int) -> None:
        """Press a key from afar; what it cannot do goes into the error queue."""
        self.settings[_KEY] = code
        self._press(code)

    def press_key(self, code: int) -> None:
        """Press a key by hand, by its code; nothing happens where the keys are locked."""
        if self.remote and self.flag("SYST:RWL"):
            return
        self.settings[_KEY] = code
        try:
            self._press(code)
        except ScpiError as error:
            self.status.report(error.code)

    def _press(self, code: int) -> None:
        """Do what a key does at once; those that open a menu or edit a value wait for others, and do nothing here."""
        if code in SOURCES:
            self._set_function(SOURCES[code])
        elif code in MEASUREMENTS:
            self._set_functions((MEASUREMENTS[code],))
        elif code == ON_OFF:
            self._set_output(not self._driving)
        elif code == TRIGGER:
            self.press_trigger()
        elif code == LOCAL:
            self.remote = False
        elif code == FRONT_REAR:
            self._set_terminals("REAR" if self.value("ROUT:TERM") == "FRON" else "FRON")
        else:
            self._press_of_measurement(code)

    def _press_of_measurement(self, code: int) -> None:
        kind = OTHER[self.source()]
        if code in {RANGE_UP, RANGE_DOWN}:
            step = "UP" if code == RANGE_UP else "DOWN"
            if self.automatic_ohms():
                self._set_ohms_range(step)
            else:
                self._set_sense_range(kind, step)
        elif code == AUTO_RANGE and self.automatic_ohms():
            self.settings[OHMS_AUTO] = not self.settings[OHMS_AUTO]
        elif code == AUTO_RANGE:
            self._set_sense_automatic(kind, not self.settings[SENSE_AUTO[kind]])
        elif code == FILTER_KEY:
            self.settings[FILTER] = not self.settings[FILTER]
        elif code == RELATIVE:
            if not self.settings[NULL_ON]:
                self._acquire_null()
            self.settings[NULL_ON] = not self.settings[NULL_ON]
        elif code == DIGITS:
            self.set_value("DISP:DIG", (cast("int", self.value("DISP:DIG")) - 3) % 4 + 4)

    @query("SYST:KEY")
    def _ask_key(self) -> str:
        return str(self.settings[_KEY])

    @command("SYST:LOC")
    def _leave_remote(self) -> None:
        self.remote = False

    @command("SYST:REM")
    def _enter_remote(self) -> None:
        self.remote = True


def _engineering(value: float, digits: int, unit: str) -> str:
    """Print a number with so many digits, a prefix and its unit: `+1.00021 V`; 7 digits are 6 1/2."""
    if abs(value) >= NOT_THERE:
        return f"{'-' * digits} {unit}"
    if abs(value) >= OVERFLOW:
        return f"OVERFLOW {unit}"
    power = 0
    while abs(value) * 10.0 ** (-3 * power) >= 1000.0 and power < 3:
        power += 1
    while value and abs(value) * 10.0 ** (-3 * power) < 1.0 and power > -4:
        power -= 1
    scaled = value * 10.0 ** (-3 * power)
    whole = len(str(int(abs(scaled))))
    return f"{scaled:+.{max(0, digits - whole)}f} {_PREFIXES[power + 4]}{unit}"
