"""One resistance reading by current reversal: three conversions with currents + - +.

The value is (V1 - 2 V2 + V3) / (I1 - 2 I2 + I3): constant voltages and linearly drifting ones cancel. What was
measured is kept whole, because the parts that cancel tell of thermal voltages and of rectifying contacts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from instruments.clock import Clock
from instruments.cryostat import CryostatReading
from instruments.errors import BadValue, GarbledReply, NoReply, Restarted, UsageError
from instruments.keithley2182a import Keithley2182A
from instruments.keithley6221 import Keithley6221
from labctl.probe import ProbeSettings
from labctl.state_reader import StateReader

COLUMNS = (
    "Time (s)", "Temperature (K)", "Field (T)", "Hall resistance (ohm)",
    "Voltage 1 (V)", "Voltage 2 (V)", "Voltage 3 (V)",
    "Current 1 (A)", "Current 2 (A)", "Current 3 (A)",
    "Start 1 (s)", "Start 2 (s)", "Start 3 (s)",
    "End 1 (s)", "End 2 (s)", "End 3 (s)",
    "Field before (T)", "Field before stamp (s)", "Field after (T)", "Field after stamp (s)",
    "Range (V)", "Overflow", "Compliance",
)  # fmt: skip
"""Columns of a reading taken between two readings of the field."""

COARSEST = 0.01
"""Largest relative difference between the current that was asked for and the one that the source can set."""

MOST_RETAKEN = 20
"""Readings in a row that are taken again because a reply was lost or damaged."""

CHANNEL = 1
"""Channel of the voltmeter that reads the Hall voltage."""
LONGITUDINAL_CHANNEL = 2
"""Channel that reads the longitudinal voltage, where the station has it cabled."""


class ReversalReader(StateReader):
    """Takes readings with a current source and a nanovoltmeter.

    Args:
        source: The current source.
        voltmeter: The nanovoltmeter.
        clock: The lab's clock.
        settings: Current, integration time, ranges.
    """

    def __init__(self, source: Keithley6221, voltmeter: Keithley2182A, clock: Clock, settings: ProbeSettings) -> None:
        self._source = source
        self._voltmeter = voltmeter
        self._clock = clock
        self._settings = settings
        self._conversions: list[tuple[float, str, str, str, str]] = []
        self._weight = 0.0
        self._level = 0.0
        self._channel = CHANNEL
        self._range = settings.voltage_range
        self._stale = False

    @property
    def channel(self) -> int:
        """Channel of the voltmeter that is read."""
        return self._channel

    @property
    def voltage_range(self) -> float:
        """Range in V that it is read on."""
        return self._range

    @property
    def settings(self) -> ProbeSettings:
        """How readings are taken; setting it takes effect with the next reading, or with `prepare`."""
        return self._settings

    @settings.setter
    def settings(self, settings: ProbeSettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._stale = self._stale or bool(self._conversions)

    def change(self, settings: ProbeSettings) -> None:
        """Read in another way from now on.

        The current goes to zero first, and the output is off while ranges and compliance change: at no moment does a
        level meet a setting that it was not meant for.

        Raises:
            BadValue: The source has no level near the probe current.
            LimitExceeded: The guard does not let the new settings pass; the source is at zero.
        """
        self.settings = settings
        if self._stale:
            self._source.source_current = 0.0
            self.prepare()

    def prepare(self) -> None:
        """Set both instruments up and switch the source on at zero current.

        Raises:
            BadValue: The source has no level near the probe current.
        """
        settings = self._settings
        self._source.source_enabled = False
        self._source.source_current = 0.0
        self._source.source_range = settings.source_range or settings.current
        self._plan(self._nearest_level(settings.current))
        self._source.source_compliance = settings.compliance
        self._source.source_filter_enabled = False
        self.select(CHANNEL, settings.voltage_range)
        # Line synchronisation would hold each conversion back by an unknown part of a cycle, and with it the time that
        # belongs to the field; whole cycles reject hum without it.
        self._voltmeter.line_synchronization_enabled = False
        self._source.source_enabled = True
        self._level = 0.0
        self._stale = False

    @contextmanager
    def aside(self) -> Generator[None]:
        """Let something else drive the source in a `with` block: the output stays on, at 0 A before and after it.

        Afterwards the compliance is that of the readings again; the range has to be as it was found.

        Raises:
            UsageError: `prepare` was not called.
        """
        if not self._conversions:
            raise UsageError("a ReversalReader reads before it is set up; call its prepare() first")
        if self._stale:
            self.change(self._settings)
        self._source.source_current = 0.0
        self._level = 0.0
        yield
        self._source.source_current = 0.0
        self._source.source_compliance = self._settings.compliance

    def select(self, channel: int, voltage_range: float) -> None:
        """Read another channel of the voltmeter from now on, on a range in V."""
        # Reversal cancels what the front autozero would.
        self._voltmeter.configure_one_shot(channel, self._settings.nplc, voltage_range, front_auto_zero=False)
        self._channel = channel
        self._range = voltage_range

    def rest(self) -> None:
        """Let no current flow until the next reading; the output stays on."""
        self._source.source_current = 0.0
        self._level = 0.0

    def _nearest_level(self, current: float) -> float:
        """Ask the source, with its output off, which of its levels it takes for a current in A."""
        self._source.source_current = current
        level = self._source.source_current
        self._source.source_current = 0.0
        if abs(level - current) > COARSEST * current:
            raise BadValue(
                f"probe_current is {current:g} A, but the source's nearest level is {level:g} A; give a current that "
                "its range resolves"
            )
        return level

    def _plan(self, current: float) -> None:
        self._conversions = [
            (level, f"Voltage {number} (V)", f"Current {number} (A)", f"Start {number} (s)", f"End {number} (s)")
            for number, level in enumerate((current, -current, current), start=1)
        ]
        self._weight = 4.0 * current

    def read(self) -> dict[str, Any]:
        """Take one reading: voltages in V, currents in A, start and end of each conversion in s on the lab's clock.

        A reading begins with the current with which the one before ended. Compliance is asked for with each reversal,
        for the conversion that is over, so that either polarity is looked at. The resistance is NaN if the voltmeter
        overflowed. After a reply that was lost or damaged the whole reading is taken again.

        Raises:
            UsageError: `prepare` was not called.
            InstrumentFault: An instrument does not answer, or has lost its settings.
        """
        return self._insist(self._read)

    def _insist(self, take: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Take something, and again after a reply that was lost or damaged, a few times."""
        if not self._conversions:
            raise UsageError("a ReversalReader reads before it is set up; call its prepare() first")
        if self._stale:
            self.change(self._settings)
        taken = 0
        while True:
            try:
                return take()
            except (NoReply, GarbledReply) as fault:
                taken += 1
                if not self._voltmeter.line.most_repeats or taken >= MOST_RETAKEN:
                    raise
                self._recover(fault)

    def _recover(self, fault: NoReply | GarbledReply) -> None:
        """Find out where both instruments stand; nothing is sent again.

        What a lost reply would have said of a loss of power is found out here: the source's output would be off, and
        the meter would measure without end.

        Raises:
            InstrumentFault: They are not as they were set up.
        """
        source, meter = self._source, self._voltmeter
        (source if str(fault).startswith(source.line.name) else meter).line.note_repeat(fault)
        if not source.source_enabled or meter.continuous_initiation_enabled:
            raise Restarted(
                f"{fault}; after that the source's output was off or the voltmeter measured by itself, so that one of "
                "them was switched off and on: see to its power, and carry the run on"
            ) from fault
        self._level = source.source_current

    def _read(self) -> dict[str, Any]:
        voltmeter = self._voltmeter
        row: dict[str, Any] = {}
        overflow = compliance = False
        for current, voltage_name, current_name, start_name, end_name in self._conversions:
            if current != self._level:
                compliance = self._source.change_current(current) or compliance
                self._level = current
                self._clock.sleep(self._settings.settle)
            reading = voltmeter.reading()
            overflow = overflow or reading.overflow
            row[voltage_name] = reading.voltage
            row[current_name] = current
            row[start_name] = reading.start
            row[end_name] = reading.end
        row["Range (V)"] = self._range
        row["Overflow"] = overflow
        row["Compliance"] = compliance
        voltage = row["Voltage 1 (V)"] - 2.0 * row["Voltage 2 (V)"] + row["Voltage 3 (V)"]
        row["Hall resistance (ohm)"] = math.nan if overflow else voltage / self._weight
        row["Time (s)"] = 0.5 * (row["Start 2 (s)"] + row["End 2 (s)"])
        return row

    def convert(self, sign: int) -> dict[str, Any]:
        """Take one conversion with one polarity of the current, in a third of the time of a reading.

        Constant voltages are in it, so that it gives no resistance by itself. Compliance is asked for where the current
        has to be changed, for the one before.

        Returns:
            A row in which only the first conversion has values.

        Raises:
            UsageError: `prepare` was not called.
            InstrumentFault: An instrument does not answer, or has lost its settings.
        """
        return self._insist(lambda: self._convert(sign))

    def _convert(self, sign: int) -> dict[str, Any]:
        current = math.copysign(self._conversions[0][0], sign)
        compliance = False
        if current != self._level:
            compliance = self._source.change_current(current)
            self._level = current
            self._clock.sleep(self._settings.settle)
        reading = self._voltmeter.reading()
        values = (reading.voltage, current, reading.start, reading.end)
        row: dict[str, Any] = {}
        for number, (_, *names) in enumerate(self._conversions):
            row |= dict(zip(names, values if number == 0 else (math.nan,) * 4, strict=True))
        row |= {"Range (V)": self._range, "Overflow": reading.overflow, "Compliance": compliance}
        return {**row, "Hall resistance (ohm)": math.nan, "Time (s)": 0.5 * (reading.start + reading.end)}


def with_field(row: dict[str, Any], before: CryostatReading, after: CryostatReading) -> dict[str, Any]:
    """Complete a reading with the field at its mid-time, interpolated between the readings of the field around it."""
    span = after.stamp - before.stamp
    part = (row["Time (s)"] - before.stamp) / span if span > 0 else 0.0
    row["Field (T)"] = before.field + part * (after.field - before.field)
    row["Temperature (K)"] = after.temperature
    row["Field before (T)"] = before.field
    row["Field before stamp (s)"] = before.stamp
    row["Field after (T)"] = after.field
    row["Field after stamp (s)"] = after.stamp
    return row
