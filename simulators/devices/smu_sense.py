"""What a 2400 measures: functions, ranges, conversions, filter, resistance.

Source: 2400 series user's manual, sections 3, 4 (ohms), 7 (range, speed, filters) and 18 (SENSe).
"""

from __future__ import annotations

import math
from collections import deque
from functools import partial
from typing import ClassVar, NamedTuple, cast

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley2400 import RESISTANCE_RANGES, TABLE
from simulators.devices import smu_accuracy as accuracy
from simulators.devices import smu_timing as timing
from simulators.devices.smu_formula import NOT_THERE, OVERFLOW, beyond, divided
from simulators.devices.smu_settings import (
    DIVISORS,
    FUNCTION,
    KINDS,
    LEVEL,
    LIMIT,
    OHMS_MODE,
    OHMS_RANGE,
    OTHER,
    RANGE,
    RANGES,
    SENSE_AUTO,
    SENSE_RANGE,
    SENSED,
    TRIGGERED,
    Kind,
    Place,
    holding,
    stepped,
)
from simulators.devices.smu_source import INVALID_WITH_AUTO_OHMS, TEST_CURRENTS, TEST_VOLTAGES, SourceUnit
from simulators.exchange import command, query
from simulators.program_message import Effect
from simulators.randomness import Gaussian

NOT_WITH_READ_BACK = 823
BEYOND_COMPLIANCE_RANGE = 824

OVERRANGE = 1.055 / 1.05
"""A measuring range reads 5.5 % more than its name, a source range 5 %."""

DOWNRANGE = 0.1
"""Automatic ranging goes down below this part of the range (assumed)."""

_MOST_RANGE_CHANGES = 10

_ORDER = ("VOLT:DC", "CURR:DC", "RES")
NPLC = {kind: TABLE[f"SENS:{kind}:NPLC"].header for kind in (*KINDS, "RES")}
OFF = TABLE["SENS:FUNC:OFF"].header
COMPENSATED = TABLE["SENS:RES:OCOM"].header
OHMS_AUTO = TABLE["SENS:RES:RANG:AUTO"].header
AUTOZERO = TABLE["SYST:AZER"].header
FILTER = TABLE["SENS:AVER"].header
_COUNT = TABLE["SENS:AVER:COUN"].header
_LINE = TABLE["SYST:LFR"].header
_LOWER = {kind: TABLE[f"SENS:{kind}:RANG:AUTO:LLIM"].header for kind in KINDS}


class Converted(NamedTuple):
    """What one conversion or the mean of several gave.

    Attributes:
        voltage: V; overflow beyond the range. Programmed where it is sourced and not measured, else `NOT_THERE`.
        current: A, likewise.
        resistance: ohm.
    """

    voltage: float
    current: float
    resistance: float


class SenseUnit(SourceUnit):
    """Everything of a 2400 that measures.

    Attributes:
        line_frequency: Of the mains, in Hz.
    """

    functions_add: ClassVar[bool] = True
    """Whether SENSe:FUNCtion leaves on what it does not name, with concurrent measurements on (unsure)."""
    steps: ClassVar[float | None] = accuracy.STEPS
    """Steps of a conversion of one power line cycle, from zero to the range's name (in shorter ones, fewer: assumed);
    None for a converter without steps."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.line_frequency = place.line_frequency
        self._noise = None if place.noise is None else Gaussian(place.noise)
        self._zeroed = place.timeline.now
        self._stack: deque[tuple[float, float]] = deque()
        self._attach_sense()

    def _attach_sense(self) -> None:
        for kind in KINDS:
            effects: tuple[tuple[str, bool, Effect], ...] = (
                (SENSE_RANGE[kind], False, partial(self._set_sense_range, kind)),
                (SENSE_AUTO[kind], False, partial(self._set_sense_automatic, kind)),
                (TABLE[f"SENS:{kind}:RANG:AUTO:ULIM"].header, True, partial(self._ask_upper_limit, kind)),
                (TABLE[f"SENS:{kind}:PROT:RSYN"].header, False, self._set_synchronised),
            )
            self._effects.update({(header, asked): effect for header, asked, effect in effects})
        for header in NPLC.values():
            self._effects[header, False] = self._set_nplc

    # ---- what follows from the settings

    def functions(self) -> tuple[str, ...]:
        """Return what is measured."""
        return cast("tuple[str, ...]", self.settings[SENSED])

    def measured(self) -> tuple[bool, bool]:
        """Whether voltage and current are converted; a resistance takes both."""
        functions = self.functions()
        resistance = "RES" in functions
        return resistance or "VOLT:DC" in functions, resistance or "CURR:DC" in functions

    def sense_full(self, kind: Kind) -> float:
        """Return the measuring range in V or A; what is sourced is read back on the source's range."""
        if kind == self.settings[FUNCTION]:
            return self.full(RANGE[kind])
        if kind == "VOLT" and self.automatic_ohms():
            return TEST_VOLTAGES[RESISTANCE_RANGES.index(self.full(OHMS_RANGE))]
        return self.full(SENSE_RANGE[kind])

    def aperture(self) -> float:
        """Return the integration time in s."""
        return self.full(NPLC["VOLT"]) / self.full(_LINE)

    def autozero(self) -> bool:
        """Whether each reading takes its own reference."""
        return self.settings[AUTOZERO] == "ON"

    def conversion_time(self) -> float:
        """Return how long one reading takes from the beginning of its first aperture, in s."""
        quantities = sum(self.measured())
        if not quantities:
            return timing.overhead(self.source(), 1, autozero=False)
        autozero = self.autozero()
        one = self.aperture() + timing.CONVERSION
        return timing.phases(quantities, autozero) * one + timing.overhead(self.source(), quantities, autozero)

    # ---- one conversion

    def convert(self, start: float) -> tuple[float, float]:
        """Return voltage and current as the converter found them; NaN for what is not measured.

        The current comes first, then the reference, then the voltage.

        Args:
            start: When the first aperture began, lab time in s.
        """
        aperture = self.aperture()
        one = aperture + timing.CONVERSION
        volts, amperes = self.measured()
        current = self._read("CURR", start, aperture) if amperes else math.nan
        if not volts:
            return math.nan, current
        if amperes:
            start += one * (3 if self.autozero() else 1)
        return self._read("VOLT", start, aperture), current

    def _read(self, kind: Kind, start: float, aperture: float) -> float:
        """What one aperture gives on the present range; open terminals show the zero."""
        look = self._terminals.mean_voltage if kind == "VOLT" else self._terminals.mean_current
        value = look(start, start + aperture)
        full = self.sense_full(kind)
        value = self._calibration.measured[kind].apply(0.0 if math.isnan(value) else value, RANGES[kind].index(full))
        if not self.autozero():
            value += self._calibration.drift * full * (start - self._zeroed)
        if self._noise is not None:
            value += accuracy.converter_noise(full, aperture * self.full(_LINE)) * self._noise()
        if self.steps is not None:
            step = accuracy.converter_step(full, aperture * self.full(_LINE), self.steps)
            value = round(value / step) * step
        return value if abs(value) <= OVERRANGE * full else math.copysign(OVERFLOW, value)

    def autorange(self, voltage: float, current: float) -> bool:
        """Change a measuring range, or that of automatic ohms, where a reading asks for it; return whether it did."""
        if self.automatic_ohms():
            return self._autorange_ohms(voltage, current)
        kind = OTHER[self.source()]
        value = abs(voltage if kind == "VOLT" else current)
        if not self.settings[SENSE_AUTO[kind]] or math.isnan(value):
            return False
        ranges, present = RANGES[kind], RANGES[kind].index(self.full(SENSE_RANGE[kind]))
        index = self.wanted_range(kind, value, present)
        self.settings[SENSE_RANGE[kind]] = ranges[index]
        return index != present

    def wanted_range(self, kind: Kind, value: float, present: int) -> int:
        """Return the index of the range that a reading asks for, within the limits of automatic ranging."""
        ranges = RANGES[kind]
        highest = holding(self.full(LIMIT[kind]), ranges)
        lowest = min(holding(self.full(_LOWER[kind]), ranges), highest)
        index = present
        while index < highest and value > OVERRANGE * ranges[index]:
            index += 1
        while index > lowest and value < DOWNRANGE * ranges[index]:
            index -= 1
        return min(max(index, lowest), highest)

    def _autorange_ohms(self, voltage: float, current: float) -> bool:
        if not self.settings[OHMS_AUTO] or math.isnan(voltage) or not current:
            return False
        ranges, present = RESISTANCE_RANGES, RESISTANCE_RANGES.index(self.full(OHMS_RANGE))
        highest = holding(self.number("SENS:RES:RANG:AUTO:ULIM"), ranges)
        lowest = min(holding(self.number("SENS:RES:RANG:AUTO:LLIM"), ranges), highest)
        index, resistance = present, abs(voltage / current)
        if self.in_compliance() or resistance > OVERRANGE * ranges[present]:
            index = max(present + 1, holding(resistance, ranges))
        elif resistance < DOWNRANGE * ranges[present]:
            index = holding(resistance, ranges)
        index = min(max(index, lowest), highest)
        if index == present:
            return False
        self._take_ohms_range(index)
        return True

    def zero(self) -> None:
        """The reference is converted now."""
        self._zeroed = self.timeline.now

    # ---- filter and resistance

    def averaged(self, pairs: list[tuple[float, float]]) -> tuple[float, float]:
        """Return the mean of conversions; one that overflowed makes the mean overflow."""
        return _mean([volts for volts, _ in pairs]), _mean([amperes for _, amperes in pairs])

    def moved(self, pair: tuple[float, float]) -> tuple[float, float]:
        """Put a conversion into the moving filter's stack and return the mean of it."""
        self._stack.append(pair)
        while len(self._stack) > self.full(_COUNT):
            self._stack.popleft()
        return self.averaged(list(self._stack))

    def elements(self, pair: tuple[float, float], zero: tuple[float, float] | None) -> Converted:
        """Return what is said of a reading.

        Args:
            pair: Voltage and current.
            zero: The same with the source at zero, for offset compensation; None without it.
        """
        source, functions = self.source(), self.functions()
        shown: list[float] = []
        for kind, value, measured in zip(KINDS, pair, self.measured(), strict=True):
            if measured:
                shown.append(value)
            else:
                shown.append(self.level if kind == source else NOT_THERE)
        most = OVERRANGE * self.full(OHMS_RANGE) if self.automatic_ohms() else math.inf  # manual, 7-2
        resistance = _quotient(pair, zero, most) if "RES" in functions else NOT_THERE
        return Converted(shown[0], shown[1], resistance)

    # ---- functions

    @command("SENS:FUNC")
    def _set_functions(self, functions: tuple[str, ...]) -> None:
        """Without concurrent measurements the last one named is the only one."""
        if not self.flag("SENS:FUNC:CONC"):
            self._measure(functions[-1:])
        else:
            self._measure(functions + (self.functions() if self.functions_add else ()))

    @command("SENS:FUNC:ALL")
    def _set_all_functions(self) -> None:
        self._measure(_ORDER if self.flag("SENS:FUNC:CONC") else _ORDER[:1])

    @command("SENS:FUNC:OFF")
    def _end_functions(self, functions: tuple[str, ...]) -> None:
        self._measure(tuple(one for one in self.functions() if one not in functions))

    @command("SENS:FUNC:OFF:ALL")
    def _end_all_functions(self) -> None:
        self._measure(())

    @command("SENS:FUNC:CONC")
    def _set_concurrent(self, on: bool) -> None:
        """Off: one function remains (assumed: the first)."""
        self.set_value("SENS:FUNC:CONC", on)
        if not on:
            self._measure(self.functions()[:1])

    def _measure(self, functions: tuple[str, ...]) -> None:
        """Measure this and nothing else; what has been averaged before does not count any more."""
        chosen = tuple(one for one in _ORDER if one in functions)
        self.settings[SENSED], self.settings[OFF] = chosen, tuple(one for one in _ORDER if one not in chosen)
        self._stack.clear()
        self._renew_ohms()

    @query("SENS:FUNC")
    def ask_functions(self) -> str:
        """Answer what is measured, in quotes."""
        return ",".join(f'"{one}"' for one in self.functions()) or '""'

    @query("SENS:FUNC:OFF")
    def _ask_ended_functions(self) -> str:
        return ",".join(f'"{one}"' for one in _ORDER if one not in self.functions()) or '""'

    @query("SENS:FUNC:ON:COUN")
    def _ask_function_count(self) -> str:
        return str(len(self.functions()))

    @query("SENS:FUNC:OFF:COUN")
    def _ask_ended_count(self) -> str:
        return str(len(_ORDER) - len(self.functions()))

    @query("SENS:FUNC:STAT")
    def _ask_function_state(self, function: str) -> str:
        return f"{function in self.functions():d}"

    # ---- ranges

    def _set_sense_range(self, kind: Kind, value: float | str) -> None:
        """Fix a measuring range; that of what is sourced follows the source."""
        self._refuse_read_back(kind)
        ranges = RANGES[kind]
        index = stepped(value, ranges.index(self.full(SENSE_RANGE[kind])), ranges)
        if index > holding(self.full(LIMIT[kind]), ranges):
            raise ScpiError(BEYOND_COMPLIANCE_RANGE, f"{ranges[index]} with a compliance of {self.full(LIMIT[kind])}")
        self.settings[SENSE_AUTO[kind]] = False
        self.settings[SENSE_RANGE[kind]] = ranges[index]
        self._stack.clear()
        self.renew()

    def _set_sense_automatic(self, kind: Kind, on: bool) -> None:
        if on:
            self._refuse_read_back(kind)
        self.settings[SENSE_AUTO[kind]] = on
        self.renew()

    def _refuse_read_back(self, kind: Kind) -> None:
        if kind == self.settings[FUNCTION]:
            raise ScpiError(NOT_WITH_READ_BACK, "the range of what is sourced is that of the source")
        if self.automatic_ohms():
            raise ScpiError(INVALID_WITH_AUTO_OHMS, "automatic ohms decides on the range")

    def _ask_upper_limit(self, kind: Kind) -> str:
        return f"{RANGES[kind][holding(self.full(LIMIT[kind]), RANGES[kind])]:.6E}"

    def _set_synchronised(self, on: bool) -> None:
        """One switch under two names: a fixed measuring range then follows the compliance."""
        for kind in KINDS:
            self.set_value(f"SENS:{kind}:PROT:RSYN", on)
        kind = OTHER[self.source()]
        if on and not self.settings[SENSE_AUTO[kind]]:
            self.settings[SENSE_RANGE[kind]] = RANGES[kind][holding(self.full(LIMIT[kind]), RANGES[kind])]
            self.renew()

    def _set_nplc(self, cycles: float) -> None:
        """There is one converter."""
        for header in NPLC.values():
            self.settings[header] = cycles

    # ---- ohms

    @command("SENS:RES:MODE")
    def _set_ohms_mode(self, mode: str) -> None:
        self.settings[OHMS_MODE] = mode
        self._renew_ohms()

    @command("SENS:RES:RANG")
    def _set_ohms_range(self, value: float | str) -> None:
        """Only automatic ohms has ranges."""
        if self.settings[OHMS_MODE] == "MAN":
            raise ScpiError(SETTINGS_CONFLICT, "manual ohms has no ranges")
        self.settings[OHMS_AUTO] = False
        self._take_ohms_range(stepped(value, RESISTANCE_RANGES.index(self.full(OHMS_RANGE)), RESISTANCE_RANGES))

    def _take_ohms_range(self, index: int) -> None:
        self.settings[OHMS_RANGE] = RESISTANCE_RANGES[index]
        self._renew_ohms()

    def _renew_ohms(self) -> None:
        """Automatic ohms makes the instrument a current source with its own test current."""
        if self.automatic_ohms():
            current = TEST_CURRENTS[RESISTANCE_RANGES.index(self.full(OHMS_RANGE))]
            index = holding(current, RANGES["CURR"])
            divisor = DIVISORS["CURR"][index]
            self.settings[FUNCTION] = "CURR"
            self.settings[RANGE["CURR"]] = RANGES["CURR"][index]
            self.settings[LEVEL["CURR"]] = self.settings[TRIGGERED["CURR"]] = round(current * divisor) / divisor
            self.level = self.full(LEVEL["CURR"])
        self._settle_function()


def _mean(values: list[float]) -> float:
    beyond = next((value for value in values if abs(value) >= OVERFLOW), None)
    return sum(values) / len(values) if beyond is None else beyond


def _quotient(pair: tuple[float, float], zero: tuple[float, float] | None, most: float) -> float:
    """Resistance from two readings, or from their differences to readings at zero; `most` is what its range reads."""
    if beyond(*pair, *(zero or ())):
        return OVERFLOW
    volts, amperes = pair if zero is None else (pair[0] - zero[0], pair[1] - zero[1])
    resistance = divided(volts, amperes)
    return resistance if abs(resistance) <= most else OVERFLOW
