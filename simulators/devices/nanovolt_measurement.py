"""How a 2182A comes to a reading: conversions, range, noise, digital filter, relative, temperature.

Sources: 2182A user's manual, sections 2 to 5; specification sheet SPEC-2182A rev. A.
"""

from __future__ import annotations

import math

import numpy as np

from instruments.scpi import SETTINGS_CONFLICT, ScpiError
from instruments.tables.keithley2182a import RANGES
from simulators.devices import nanovolt_converter as converter
from simulators.devices import nanovolt_input as front
from simulators.devices.nanovolt_modes import HOLD_ON, SCAN, Modes
from simulators.devices.nanovolt_processing import OVERFLOW
from simulators.devices.nanovolt_setup import Setup
from simulators.devices.nanovolt_trigger import Reading
from simulators.physics import thermocouple
from simulators.terminals import MeterTerminals
from simulators.timeline import Timeline

_MOST_RANGE_CHANGES = 10
"""For one reading; an input that two ranges load differently would have it hunt for ever."""

_MEMORY = 9.0
"""s; conversions that ended longer ago are left out of averages in closed form."""

_ICE = 273.15

_FRONT_WANDER = front.FRONT_DRIFT * front.ROOM
"""V by which the zero of the front end wanders in a decade of frequency."""


class Measurement(Modes):
    """What is behind the meter's input, up to the reading.

    Attributes:
        input: The input itself, with what is not at the terminals but around them (power line hum).
        internal_temperature: What its own thermometer shows, in degrees Celsius (assumed constant); also the
            temperature of its input connector, where a thermocouple's reference junction is.
    """

    def __init__(
        self, timeline: Timeline, terminals: MeterTerminals, noise: np.random.Generator | None, line_frequency: float,
        calibration: np.random.Generator | None = None,
    ) -> None:  # fmt: skip
        super().__init__(timeline, noise, calibration, line_frequency)
        self.internal_temperature = 27.0
        self.input = front.Input(terminals, line_frequency, self._box.bias)
        self._start = 0.0
        self._phase = 0
        self._values: list[float] = []
        self._filters = (converter.DigitalFilter(), converter.DigitalFilter())
        self._range_changes = 0
        self._unreferenced: dict[int, float] = {}

    def settings_changed(self) -> None:
        """Nothing that was worked out from the settings holds any more."""
        super().settings_changed()
        self._phase, self._seed = 0, None
        self._values.clear()
        self._unreferenced.clear()
        for one in self._filters:
            one.clear()

    def another_channel(self) -> None:
        """The next reading is one of another channel of a scan, with a filter stack of its own."""
        self._filters[0].clear()

    # ---- one conversion

    def begin_conversion(self, trigger: float | None) -> float:
        """Begin a conversion; see `TriggerModel`. One that is triggered is the first of its reading."""
        if trigger is not None:
            if self._phase or self._values:
                self._phase = 0
                self._values.clear()
            self._seed = None
        setup = (self._plan or self.make_plan())[self._phase]
        start = self.timeline.now if trigger is None else trigger + setup.delay
        start += setup.settle
        if setup.line_sync:
            start = converter.line_zero_crossing(start, self.input.mains)
        self._start = start
        return start + setup.duration

    def end_conversion(self) -> Reading | float | None:
        """Look at what the aperture collected; see `TriggerModel`."""
        plan = self._plan or self.make_plan()
        setup = plan[self._phase]
        channel = setup.channel
        volts = self.input.volts(channel, setup.range, self._start, setup.aperture, setup.filtered) if channel else 0.0
        if setup.automatic and self._range_changes < _MOST_RANGE_CHANGES and self._autorange(setup, volts):
            self._range_changes += 1
            return self.timeline.now + converter.RANGE_CHANGE
        volts = self._shown(setup, volts, self._start)
        if abs(volts) > setup.limit:
            self.input.overloaded(setup.channel, volts, self._start + setup.aperture)
        elif setup.filter is not None:
            filtered = self._filters[self._phase].add(volts, setup.filter)
            if filtered is None:
                return None
            volts = filtered
        self._range_changes = 0
        if len(plan) > 1:
            return self._next_phase(plan, setup, volts)
        reading = self._reading(setup, volts)
        return self._after_hold(reading) if self.settings[HOLD_ON] else reading

    def _next_phase(self, plan: tuple[Setup, ...], setup: Setup, volts: float) -> Reading | float | None:
        """One of two voltages is there: go on to the other one, or make a reading of both.

        For a Delta this is told to the source over the Trigger Link, which then reverses the current.
        """
        self._values.append(self._relative(setup, volts))
        if len(self._values) < len(plan):
            self._phase += 1
            if self._mode == "delta":
                self.voltmeter_complete()
            return self.timeline.now + plan[self._phase].delay
        reading = self._combined(self._values)
        self._phase = 0
        self._values.clear()
        return self._after_hold(reading) if self.settings[HOLD_ON] else reading

    def _collected(self, setup: Setup, start: float) -> float:
        """Return the mean input in V over an aperture; the internal thermometer has none."""
        if setup.channel == 0:
            return 0.0
        return self.input.volts(setup.channel, setup.range, start, setup.aperture, setup.filtered)

    def _shown(self, setup: Setup, volts: float, time: float) -> float:
        """Return what the converter makes of an input in V that it collected from a lab time in s on."""
        volts = volts * setup.gain + setup.offset
        noise = self._noise
        if noise is None or setup.channel == 0:
            return volts
        variance = setup.variance + setup.source_variance * self.input.resistance
        volts += math.sqrt(variance) * noise() + setup.slow * self._box.slow(time)
        return volts + _FRONT_WANDER * self._box.room(time) if setup.front else volts

    def _autorange(self, setup: Setup, volts: float) -> bool:
        """Change the range where the input asks for it: up at 120 % of it, down at 10 %."""
        ranges = RANGES[setup.channel]
        index = ranges.index(setup.range)
        while index < len(ranges) - 1 and abs(volts) > converter.OVERRANGE * ranges[index]:
            index += 1
        while index > 0 and abs(volts) < converter.DOWNRANGE * ranges[index]:
            index -= 1
        if ranges[index] == setup.range:
            return False
        self.set_value(f"SENS:VOLT:CHAN{setup.channel}:RANG", ranges[index])
        self.input.forget_overload(setup.channel)
        phase, values, inputs = self._phase, list(self._values), dict(self._unreferenced)
        self.settings_changed()
        self._phase, self._values, self._unreferenced = phase, values, inputs
        self.make_plan()
        return True

    def input_value(self, function: str, channel: int) -> float:
        """Return what the latest reading says of a channel's input, in V or degrees, without relative.

        Raises:
            ScpiError: There is no reading (-230), it overflows or says nothing of this channel (-221).
        """
        value = self.present_value()
        latest = self._latest
        assert latest is not None
        if len(self._plan or self.make_plan()) > 1:
            if function == "VOLT" and channel in self._unreferenced:
                return self._unreferenced[channel]
        elif (1 if latest.external else latest.channel) == channel and latest.temperature == (function == "TEMP"):
            node = f"SENS:{function}:CHAN{channel}:REF"
            return value + (self.number(node) if self.flag(f"{node}:STAT") else 0.0)
        raise ScpiError(SETTINGS_CONFLICT, f"no valid reading of channel {channel}")

    # ---- from volts to what is shown

    def _relative(self, setup: Setup, volts: float) -> float:
        """Take the reference off a voltage; overflow where it is beyond the range."""
        if abs(volts) > setup.limit:
            return OVERFLOW
        self._unreferenced[setup.channel] = volts
        return volts - setup.reference

    def _reading(self, setup: Setup, volts: float) -> Reading:
        if setup.temperature:
            value = self._temperature(setup, volts)
        else:
            value = volts - setup.reference if abs(volts) <= setup.limit else OVERFLOW
        reading = Reading(value, setup.channel, setup.temperature)
        return self._labelled(reading) if self.settings[SCAN] == "EXT" else reading

    def _temperature(self, setup: Setup, volts: float) -> float:
        """Turn a thermocouple's voltage, or the internal sensor, into the selected unit."""
        celsius = self.internal_temperature
        if setup.channel and self.value("SENS:TEMP:TRAN") == "TC":
            if abs(volts) > setup.limit:
                return OVERFLOW
            if self.value("SENS:TEMP:RJUN:RSEL") == "SIM":
                celsius = self.number("SENS:TEMP:RJUN:SIM")
            kind = str(self.value("SENS:TEMP:TC"))
            try:
                celsius = thermocouple.temperature(kind, volts + thermocouple.voltage(kind, celsius))
            except ValueError:  # no temperature gives this voltage
                return OVERFLOW
        unit = self.value("UNIT:TEMP")
        shown = celsius * 1.8 + 32.0 if unit == "F" else celsius + (_ICE if unit == "K" else 0.0)
        return shown - setup.reference

    # ---- readings in closed form

    def free_period(self) -> float:
        """Return the time in s from one self-triggered reading to the next."""
        period = sum(self._span(setup) for setup in self._plan or self.make_plan())
        if self.value("TRIG:SOUR") == "TIM":
            period = max(period, self.number("TRIG:TIM"))
        if self.setup().line_sync:
            period = converter.line_zero_crossing(period, self.input.mains)
        return period

    def _span(self, setup: Setup) -> float:
        """Time in s that one voltage takes: its delay, and its conversion or the filter's."""
        repeats = setup.filter.count if setup.filter is not None and not setup.filter.moving else 1
        return setup.delay + (setup.settle + setup.duration) * repeats

    def free_reading(self, since: float, period: float, index: int) -> Reading:
        """Return a reading of a meter that has triggered itself, from the conversions that go into it.

        Conversions that ended more than nine seconds ago are left out of the average: wiring and sample do not
        remember further back. A change of range is taken to be over.
        """
        begin = since + index * period
        values: list[float] = []
        for phase in range(len(self._plan or self.make_plan())):
            setup = self._settled(phase, begin)
            volts = self._free_volts(setup, phase, begin, period, index)
            if len(self._plan) == 1:
                return self._reading(setup, volts)
            values.append(self._relative(setup, volts))
            begin += self._span(setup)
        return self._combined(values)

    def _settled(self, phase: int, begin: float) -> Setup:
        """Return the set-up of a voltage that begins at a lab time in s, its range having followed the input."""
        setup = (self._plan or self.make_plan())[phase]
        for _ in range(_MOST_RANGE_CHANGES):
            if not (setup.automatic and self._autorange(setup, self._collected(setup, self._last_start(setup, begin)))):
                break
            setup = (self._plan or self.make_plan())[phase]
        return setup

    def _free_volts(self, setup: Setup, phase: int, begin: float, period: float, index: int) -> float:
        """Return one voltage of a reading that begins at a lab time in s."""
        starts = self._free_starts(setup, begin, period, index)
        kept = [start for start in starts if start + setup.aperture > self.timeline.now - _MEMORY] or starts[-1:]
        stack = self._filters[phase]
        stack.clear()
        volts = 0.0
        for start in kept:
            volts = self._shown(setup, self._collected(setup, start), start)
            if abs(volts) > setup.limit:
                self.input.overloaded(setup.channel, volts, start + setup.aperture)
            elif setup.filter is not None:
                filtered = stack.add(volts, setup.filter)
                volts = stack.latest() if filtered is None else filtered
        return volts

    def _last_start(self, setup: Setup, begin: float) -> float:
        """When the last aperture of a voltage begins that begins itself at a lab time in s."""
        start = begin + setup.delay + setup.settle
        if setup.filter is not None and not setup.filter.moving:
            start += (setup.filter.count - 1) * (setup.settle + setup.duration)
        return converter.line_zero_crossing(start, self.input.mains) if setup.line_sync else start

    def _free_starts(self, setup: Setup, begin: float, period: float, index: int) -> list[float]:
        last = self._last_start(setup, begin)
        if setup.filter is None:
            return [last]
        if setup.filter.moving:
            return [last - back * period for back in reversed(range(min(setup.filter.count, index + 1)))]
        each = setup.settle + setup.duration
        return [last - back * each for back in reversed(range(setup.filter.count))]
