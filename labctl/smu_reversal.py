"""One resistance reading by a source-measure unit: three conversions with voltages + - +, sensed at the device.

The unit keeps a voltage and measures both that voltage, at its sense terminals, and the current on one fixed range. The
value is (V1 - 2 V2 + V3) / (I1 - 2 I2 + I3) of what it measured: the offsets of both converters cancel, and that of its
source only shifts the two voltages. At 1 mV they are as large as what is measured: up to 600 uV of the source, 300 uV
and, on the range of 1 uA, 300 pA of the measurement (2400 series user's manual, appendix A).
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from instruments.clock import Clock
from instruments.errors import UsageError
from instruments.keithley2400 import Keithley2400
from labctl.probe import ProbeSettings
from labctl.reversal import CHANNEL
from labctl.state_reader import StateReader

CURRENT_RANGES = (1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 100e-3, 1.0)
"""A; ranges of the 2400's ammeter (user's manual, appendix A)."""
VOLTAGE_RANGES = (0.2, 2.0, 20.0, 200.0)
"""V; its ranges of voltage."""
OVER = 1.05
"""What a range holds, over its name."""
ROOM = 10.0
"""The largest current that the unit may give, over what the low state takes: what an open sense lead can make of it."""
LONGEST = 10.0
"""Power line cycles of one conversion, at most."""


def current_limit(bias: float, resistance: float, most: float) -> float:
    """Return the compliance in A for a bias in V across a low state in ohm.

    Args:
        bias: V.
        resistance: ohm.
        most: A that the sample endures.
    """
    return min(ROOM * bias / resistance, most)


def current_range(limit: float) -> float:
    """Return the smallest range in A that holds a compliance in A; a larger one the unit refuses."""
    return next((full for full in CURRENT_RANGES if OVER * full >= limit), CURRENT_RANGES[-1])


def voltage_range(bias: float) -> float:
    """Return the smallest range in V that holds a bias in V."""
    return next((full for full in VOLTAGE_RANGES if OVER * full >= bias), VOLTAGE_RANGES[-1])


class SourceMeterReader(StateReader):
    """Takes readings with a source-measure unit that keeps a voltage.

    Args:
        smu: The unit, with its sense terminals at the device.
        clock: The lab's clock.
        settings: Their `compliance` is the bias in V, their `current` what it makes; nplc and settle as they are.
        limit: Largest current in A.
        reverse: Whether the bias is reversed. Without it a reading is one conversion, with all offsets in it.
    """

    def __init__(
        self, smu: Keithley2400, clock: Clock, settings: ProbeSettings, limit: float, *, reverse: bool = True
    ) -> None:
        self._smu = smu
        self._clock = clock
        self._settings = settings
        self._limit = limit
        self._reverse = reverse
        self._level = math.nan
        self._stale = False

    @property
    def channel(self) -> int:
        """It has one input."""
        return CHANNEL

    @property
    def voltage_range(self) -> float:
        """Range in V, of the source and of what reads it."""
        return voltage_range(self._settings.compliance)

    @property
    def settings(self) -> ProbeSettings:
        """How readings are taken; setting it takes effect with the next reading, or with `prepare`."""
        return self._settings

    @settings.setter
    def settings(self, settings: ProbeSettings) -> None:
        if settings != self._settings:
            self._settings = settings
            self._stale = self._stale or not math.isnan(self._level)

    @property
    def compliance(self) -> float | None:
        """It keeps a voltage and limits the current."""
        return None

    @property
    def unfit(self) -> str:
        """Without reversal a check would find the unit's offsets."""
        return "" if self._reverse else "it reads without reversal, so that a check would find the unit's offsets"

    def change(self, settings: ProbeSettings) -> None:
        """Read in another way from now on: ranges stay where they hold the bias, or the output goes off meanwhile.

        Raises:
            LimitExceeded: The guard does not let the new settings pass; the source is at zero.
        """
        before = self._settings
        self.settings = settings
        if not self._stale:
            return
        self._put(0.0)
        if settings.nplc != before.nplc or voltage_range(settings.compliance) != voltage_range(before.compliance):
            self.prepare()
        self._stale = False

    def prepare(self) -> None:
        """Set the unit up, and switch it on at 0 V.

        Its ranges are fixed: no relay switches while the device is connected. The largest current is set before the
        range, which it must not exceed. What the relay does with the output off stays as it was.
        """
        smu, settings = self._smu, self._settings
        smu.source_enabled = False
        off_state = smu.output_off_state
        smu.reset()  # nothing that is left from before can put a voltage on the sample
        smu.output_off_state = off_state
        smu.source_function = "voltage"
        smu.source_voltage = 0.0
        smu.source_voltage_range = self.voltage_range
        smu.current_compliance = self._limit
        smu.current_range = current_range(self._limit)
        smu.four_wires = True
        smu.configure_reading(("voltage", "current"), min(settings.nplc, LONGEST))
        # Reversal cancels the zero that the reference of each reading would, in half the time.
        smu.auto_zero_enabled = not self._reverse
        smu.source_enabled = True
        self._level, self._stale = 0.0, False

    @contextmanager
    def aside(self) -> Generator[None]:
        """Let something else drive the unit in a `with` block: the output stays on, at 0 V before and after it."""
        self._check_ready()
        self._put(0.0)
        yield
        self._put(0.0)

    def select(self, channel: int, voltage_range: float) -> None:
        """It has one input, and the range of what it sources."""
        del channel, voltage_range

    def rest(self) -> None:
        """Put 0 V on the sample until the next reading; the output stays on."""
        self._put(0.0)

    def _put(self, voltage: float) -> None:
        self._smu.source_voltage = voltage
        self._level = voltage

    def _check_ready(self) -> None:
        if math.isnan(self._level):
            raise UsageError("a SourceMeterReader reads before it is set up; call its prepare() first")

    def read(self) -> dict[str, Any]:
        """Take one reading: voltages in V, currents in A, both measured, with start and end of each conversion in s.

        A reading begins with the bias with which the one before ended. The resistance is NaN if either overflowed.

        Raises:
            UsageError: `prepare` was not called.
        """
        if not self._reverse:
            row = self.convert(1)
            voltage, current = row["Voltage 1 (V)"], row["Current 1 (A)"]
            return {**row, "Hall resistance (ohm)": math.nan if row["Overflow"] else _ratio(voltage, current)}
        parts = [self._converted(sign) for sign in (1, -1, 1)]
        row = _row(parts)
        voltage, current = (
            row[f"{name} 1 ({unit})"] - 2.0 * row[f"{name} 2 ({unit})"] + row[f"{name} 3 ({unit})"]
            for name, unit in (("Voltage", "V"), ("Current", "A"))
        )
        row["Range (V)"] = self.voltage_range
        row["Hall resistance (ohm)"] = math.nan if row["Overflow"] else _ratio(voltage, current)
        row["Time (s)"] = 0.5 * (row["Start 2 (s)"] + row["End 2 (s)"])
        return row

    def convert(self, sign: int) -> dict[str, Any]:
        """Take one conversion with one polarity of the bias, offsets and all; see `StateReader.convert`."""
        found = self._converted(sign)
        nothing = (math.nan, math.nan, math.nan, math.nan, False, False)
        row = _row([found, nothing, nothing])
        middle = 0.5 * (found[2] + found[3])
        return {**row, "Range (V)": self.voltage_range, "Hall resistance (ohm)": math.nan, "Time (s)": middle}

    def _converted(self, sign: int) -> tuple[float, float, float, float, bool, bool]:
        """Voltage in V, current in A, start and end in s, whether it overflowed, whether the limit held."""
        self._check_ready()
        if self._stale:
            self.change(self._settings)
        level = math.copysign(self._settings.compliance, sign)
        if level != self._level:
            self._put(level)
            self._clock.sleep(self._settings.settle)
        start = self._clock.now()
        found = self._smu.measure()
        overflow = math.isnan(found.voltage) or math.isnan(found.current)
        return found.voltage, found.current, start, self._clock.now(), overflow, found.in_compliance


def _row(parts: list[tuple[float, float, float, float, bool, bool]]) -> dict[str, Any]:
    """Name what the conversions gave as the columns of a reading are called."""
    names = ("Voltage {} (V)", "Current {} (A)", "Start {} (s)", "End {} (s)")
    row: dict[str, Any] = {
        name.format(number): part[place] for place, name in enumerate(names) for number, part in enumerate(parts, 1)
    }
    return {**row, "Overflow": any(part[4] for part in parts), "Compliance": any(part[5] for part in parts)}


def _ratio(voltage: float, current: float) -> float:
    return voltage / current if current else math.nan
