"""How a 2182A comes to a reading: aperture, range, noise, filter, relative, temperature.

Sources: 2182A user's manual, sections 2 to 4; specification sheet SPEC-2182A rev. A.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from instruments.tables.keithley2182a import RANGES
from simulators.devices import nanovolt_converter as converter
from simulators.devices.nanovolt_processing import OVERFLOW, Processing
from simulators.devices.nanovolt_trigger import Reading
from simulators.randomness import Gaussian
from simulators.terminals import MeterTerminals
from simulators.timeline import Timeline

FRONT_OFFSET = 500e-6
"""Largest offset in V with the front autozero off."""

ZERO_OFFSETS = {10e-3: 100e-9}
"""Largest further offset in V with the autozero off, by range; 10 uV on the others."""

BIAS_CURRENT = 60e-12
"""Largest input bias current in A."""

LOADED_RANGE = 100.0
INPUT_RESISTANCE = 10e6
"""Input resistance in ohm of the 100 V range; the others have more than 10 gigaohm, which is taken as infinite."""

_SEEBECK = {"J": 51.7e-6, "K": 40.5e-6, "T": 40.7e-6, "E": 60.9e-6, "N": 26.2e-6, "S": 6.0e-6, "R": 6.0e-6}
"""V/K at room temperature; taken as constant, which is good enough for a meter that hangs at a sample (assumed)."""

_MOST_RANGE_CHANGES = 10
"""For one reading; an input that two ranges load differently would have it hunt for ever."""

_MEMORY = 9.0
"""s; conversions that ended longer ago are left out of averages in closed form."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything about a conversion that follows from the settings.

    Attributes:
        channel: 0, 1 or 2.
        temperature: Whether the reading becomes a temperature.
        range: Range in V.
        automatic: Whether it follows the input.
        aperture: Integration time in s.
        delay: From trigger to aperture, in s.
        duration: From the aperture's beginning until the result is there, in s.
        line_sync: Whether the aperture waits for a zero crossing of the line.
        rms: The meter's own noise in V.
        offset: The meter's own offset in V.
        filter: The digital filter, None where it is off.
        reference: What relative takes off the reading, in its unit.
    """

    channel: int
    temperature: bool
    range: float
    automatic: bool
    aperture: float
    delay: float
    duration: float
    line_sync: bool
    rms: float
    offset: float
    filter: converter.FilterSettings | None
    reference: float


class Measurement(Processing):
    """The meter's input and what is behind it, up to the reading.

    Attributes:
        internal_temperature: What its own thermometer shows, in degrees Celsius (assumed constant).
    """

    def __init__(
        self, timeline: Timeline, terminals: MeterTerminals, noise: np.random.Generator | None, line_frequency: float
    ) -> None:
        super().__init__(timeline)
        self.internal_temperature = 27.0
        self.line_frequency = line_frequency
        self._terminals = terminals
        self._own = (0.0, 0.0, 0.0) if noise is None else tuple(noise.uniform(-1.0, 1.0, 3).tolist())
        self._noise = None if noise is None else Gaussian(noise)
        self._setup: Setup | None = None
        self._start = 0.0
        self._filter = converter.DigitalFilter()
        self._range_changes = 0

    # ---- what follows from the settings

    def settings_changed(self) -> None:
        """Nothing that was worked out from the settings holds any more."""
        self._setup = None
        self._filter.clear()

    def setup(self) -> Setup:
        """Return what follows from the settings as they are."""
        if self._setup is None:
            self._setup = self._work_out()
        return self._setup

    def _work_out(self) -> Setup:
        channel = round(self.number("SENS:CHAN"))
        function = "TEMP" if channel == 0 or self.value("SENS:FUNC") == "TEMP" else "VOLT"
        nplc = self.number(f"SENS:{function}:NPLC")
        node = f"SENS:{function}:CHAN{max(channel, 1)}"
        full = self.number(f"SENS:VOLT:CHAN{channel}:RANG") if function == "VOLT" else 100e-3
        duration = converter.conversion_time(
            nplc, self.line_frequency, self.flag("SYST:AZER"), self.flag("SYST:FAZ")
        ) + (converter.ANALOG_FILTER if self.flag(f"{node}:LPAS") else 0.0)
        return Setup(
            channel,
            function == "TEMP",
            full,
            function == "VOLT" and self.flag(f"{node}:RANG:AUTO"),
            nplc / self.line_frequency,
            self._delay(full),
            duration,
            self.flag("SYST:LSYN"),
            self._noise_rms(channel, full, nplc),
            self._offset(full),
            self._filter_settings(node, full) if channel else None,
            self.number(f"{node}:REF") if channel and self.flag(f"{node}:REF:STAT") else 0.0,
        )

    def _delay(self, full: float) -> float:
        if self.flag("TRIG:DEL:AUTO"):
            return 5e-3 if full == LOADED_RANGE else 1e-3
        return self.number("TRIG:DEL")

    def _noise_rms(self, channel: int, full: float, nplc: float) -> float:
        if self._noise is None or channel == 0:
            return 0.0
        low_charge = channel == 2 and self.flag("SENS:VOLT:CHAN2:LQM")
        return converter.noise_rms(channel, full, nplc) * (converter.LOW_CHARGE_NOISE if low_charge else 1.0)

    def _offset(self, full: float) -> float:
        """The offsets that autozeroing would take away; a box has its own, somewhere inside the limits (assumed)."""
        front = 0.0 if self.flag("SYST:FAZ") else self._own[0] * FRONT_OFFSET
        return front + (0.0 if self.flag("SYST:AZER") else self._own[1] * ZERO_OFFSETS.get(full, 10e-6))

    def _filter_settings(self, node: str, full: float) -> converter.FilterSettings | None:
        if not self.flag(f"{node}:DFIL"):
            return None
        window = self.number(f"{node}:DFIL:WIND") / 100.0 * full
        return converter.FilterSettings(
            round(self.number(f"{node}:DFIL:COUN")), window or math.inf, self.value(f"{node}:DFIL:TCON") == "MOV"
        )

    # ---- one conversion

    def begin_conversion(self, trigger: float | None) -> float:
        """Begin a conversion; see `TriggerModel`."""
        setup = self.setup()
        start = self.timeline.now if trigger is None else trigger + setup.delay
        if setup.line_sync:
            start = converter.line_zero_crossing(start, self.line_frequency)
        self._start = start
        return start + setup.duration

    def end_conversion(self) -> Reading | float | None:
        """Look at what the aperture collected; see `TriggerModel`."""
        setup = self.setup()
        volts = self._collected(setup, self._start)
        if self._range_changes < _MOST_RANGE_CHANGES and self._autorange(setup, volts):
            self._range_changes += 1
            return self.timeline.now + converter.RANGE_CHANGE
        volts += self._fluctuation(setup)
        if setup.filter is not None and abs(volts) <= converter.OVERRANGE * setup.range:
            filtered = self._filter.add(volts, setup.filter)
            if filtered is None:
                return None
            volts = filtered
        self._range_changes = 0
        return self._reading(setup, volts)

    def _collected(self, setup: Setup, start: float) -> float:
        """Return the mean input in V over an aperture, as the meter's input loads it.

        Open leads have no voltage of their own; the meter then shows nothing but its noise.
        """
        if setup.channel == 0:
            return 0.0
        volts = self._terminals.mean_voltage(setup.channel, start, start + setup.aperture)
        resistance = self._terminals.source_resistance(setup.channel)
        if math.isnan(volts) or math.isinf(resistance):
            return 0.0
        if setup.range == LOADED_RANGE:
            volts *= INPUT_RESISTANCE / (INPUT_RESISTANCE + resistance)
        return volts + self._own[2] * BIAS_CURRENT * resistance

    def _fluctuation(self, setup: Setup) -> float:
        return setup.offset if self._noise is None else setup.offset + setup.rms * self._noise()

    def _autorange(self, setup: Setup, volts: float) -> bool:
        """Change the range where the input asks for it: up at 120 % of it, down at 10 %."""
        if not setup.automatic:
            return False
        ranges = RANGES[setup.channel]
        index = ranges.index(setup.range)
        while index < len(ranges) - 1 and abs(volts) > converter.OVERRANGE * ranges[index]:
            index += 1
        while index > 0 and abs(volts) < converter.DOWNRANGE * ranges[index]:
            index -= 1
        if ranges[index] == setup.range:
            return False
        self.set_value(f"SENS:VOLT:CHAN{setup.channel}:RANG", ranges[index])
        self.settings_changed()
        return True

    def _reading(self, setup: Setup, volts: float) -> Reading:
        if setup.temperature:
            value = self._temperature(setup, volts)
        else:
            value = volts - setup.reference if abs(volts) <= converter.OVERRANGE * setup.range else OVERFLOW
        return Reading(value, setup.channel, setup.temperature)

    def _temperature(self, setup: Setup, volts: float) -> float:
        """Turn a thermocouple's voltage, or the internal sensor, into the selected unit."""
        celsius = self.internal_temperature
        if setup.channel:
            junction = self.value("SENS:TEMP:RJUN:RSEL")
            if junction == "SIM":
                celsius = self.number("SENS:TEMP:RJUN:SIM")
            if self.value("SENS:TEMP:TRAN") == "TC":
                sensitivity = _SEEBECK.get(str(self.value("SENS:TEMP:TC")))
                if sensitivity is None or abs(volts) > converter.OVERRANGE * setup.range:
                    return OVERFLOW
                celsius += volts / sensitivity
        unit = self.value("UNIT:TEMP")
        shown = celsius * 1.8 + 32.0 if unit == "F" else celsius + (273.15 if unit == "K" else 0.0)
        return shown - setup.reference

    # ---- readings in closed form

    def free_period(self) -> float:
        """Return the time in s from one self-triggered reading to the next."""
        setup = self.setup()
        repeats = setup.filter.count if setup.filter is not None and not setup.filter.moving else 1
        period = setup.delay + setup.duration * repeats
        if self.value("TRIG:SOUR") == "TIM":
            period = max(period, self.number("TRIG:TIM"))
        if setup.line_sync:
            period = converter.line_zero_crossing(period, self.line_frequency)
        return period

    def free_reading(self, since: float, period: float, index: int) -> Reading:
        """Return a reading of a meter that has triggered itself, from the conversions that go into it.

        Conversions that ended more than nine seconds ago are left out of the average: wiring and sample do not
        remember further back. A change of range is taken to be over.
        """
        setup = self.setup()
        for _ in range(_MOST_RANGE_CHANGES):
            if not self._autorange(setup, self._collected(setup, self._free_start(setup, since, period, index))):
                break
            setup = self.setup()
        starts = self._free_starts(setup, since, period, index)
        kept = [start for start in starts if start + setup.aperture > self.timeline.now - _MEMORY] or starts[-1:]
        self._filter.clear()
        volts = 0.0
        for start in kept:
            volts = self._collected(setup, start) + self._fluctuation(setup)
            if setup.filter is not None and abs(volts) <= converter.OVERRANGE * setup.range:
                filtered = self._filter.add(volts, setup.filter)
                volts = self._filter.latest() if filtered is None else filtered
        return self._reading(setup, volts)

    def _free_start(self, setup: Setup, since: float, period: float, index: int) -> float:
        """When the last aperture of a reading begins."""
        start = since + index * period + setup.delay
        if setup.filter is not None and not setup.filter.moving:
            start += (setup.filter.count - 1) * setup.duration
        return converter.line_zero_crossing(start, self.line_frequency) if setup.line_sync else start

    def _free_starts(self, setup: Setup, since: float, period: float, index: int) -> list[float]:
        last = self._free_start(setup, since, period, index)
        if setup.filter is None:
            return [last]
        if setup.filter.moving:
            return [last - back * period for back in reversed(range(min(setup.filter.count, index + 1)))]
        return [last - back * setup.duration for back in reversed(range(setup.filter.count))]
