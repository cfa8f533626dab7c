"""The two ways of reading a resistance through two leads: source and nanovoltmeter, or a source-measure unit."""

from __future__ import annotations

import math
from typing import Any, Protocol

from instruments.clock import Clock
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from labctl.breakout import SHIELD
from labctl.sample import VOLTMETER_RANGES

ROOM = 1.2
"""By how much a range exceeds what was seen."""
SHIELD_SETTLE = 0.1
"""s; a leak of some megaohms charges the cable by the nanofarad (assumed)."""


class TwoWireReader(Protocol):
    """What drives a current through two leads and reads a voltage."""

    four_wires: bool
    """Whether the voltage can be read at other leads than those of the current."""

    def ends(self, high: str, low: str, sense_high: str = "", sense_low: str = "") -> dict[str, str]:
        """Return what is to be plugged in where, to read between the leads of the current or between others."""
        ...

    def ends_to_shield(self, lead: str, beside: str) -> dict[str, str]:
        """Return what is to be plugged in where, to drive a current from a lead to the shield."""
        ...

    def prepare(self) -> None:
        """Set up what stays, with the output off."""
        ...

    def restore(self) -> None:
        """Leave settings that others may rely on as they were found."""
        ...

    def on(self, current: float) -> None:
        """Switch the output on at zero, on the range of a current in A, with the voltmeter on its widest range."""
        ...

    def off(self) -> None:
        """Go to zero and switch the output off."""
        ...

    def choose_range(self, voltage: float) -> None:
        """Read on the smallest range that holds a voltage in V with room."""
        ...

    def watch_shield(self) -> None:
        """Read the voltage to the shield from now on."""
        ...

    def watch_drop(self) -> bool:
        """Read the voltage between a lead and the one beside it from now on; False where that cannot be."""
        ...

    def convert(self, current: float) -> dict[str, Any]:
        """Set a current in A, wait and read: the columns of a row from `Time (s)` on."""
        ...


class NanovoltReader:
    """Current source and nanovoltmeter.

    Args:
        source: The source.
        voltmeter: The meter.
        clock: The lab's clock.
        nplc: Integration time in power-line cycles.
        settle: s after each change of the current.
        compliance: V.
    """

    four_wires = True

    def __init__(
        self, source: Keithley6221, voltmeter: Keithley2182A, clock: Clock, nplc: float, settle: float,
        compliance: float,
    ) -> None:  # fmt: skip
        self._source = source
        self._voltmeter = voltmeter
        self._clock = clock
        self._nplc = nplc
        self._settle = settle
        self._compliance = compliance
        self._widest = _range_for(compliance)
        self._range = self._widest
        self._wait = settle
        self._earthed = False

    def ends(self, high: str, low: str, sense_high: str = "", sense_low: str = "") -> dict[str, str]:
        """See `TwoWireReader`."""
        sense = {"voltmeter.channel_1_high": sense_high or high, "voltmeter.channel_1_low": sense_low or low}
        return {"source.high": high, "source.low": low, **sense}

    def ends_to_shield(self, lead: str, beside: str) -> dict[str, str]:
        """Channel 1 reads lead and contact, channel 2 from the lead beside it to the shield; see `TwoWireReader`."""
        return {
            "source.high": lead, "source.low": SHIELD,
            "voltmeter.channel_1_high": lead, "voltmeter.channel_1_low": beside,
            "voltmeter.channel_2_high": SHIELD, "voltmeter.channel_2_low": beside,
        }  # fmt: skip

    def prepare(self) -> None:
        """Let the source float: with its low at earth a leak would load the pairs as well."""
        source = self._source
        source.source_enabled = False
        self._earthed = source.output_low_grounded
        if self._earthed:
            source.output_low_grounded = False
        source.source_filter_enabled = False
        self._voltmeter.line_synchronization_enabled = False

    def restore(self) -> None:
        """Join the source's low to earth again, where it was."""
        if self._earthed:
            self._source.source_enabled = False
            self._source.output_low_grounded = True

    def on(self, current: float) -> None:
        """See `TwoWireReader`."""
        source = self._source
        source.source_enabled = False
        source.source_current = 0.0
        source.source_range = current
        source.source_compliance = self._compliance
        self._wait = self._settle
        self._select(1, self._widest)
        source.source_enabled = True

    def off(self) -> None:
        """See `TwoWireReader`."""
        self._source.source_current = 0.0
        self._source.source_enabled = False

    def _select(self, channel: int, voltage_range: float) -> None:
        self._voltmeter.configure_one_shot(channel, self._nplc, voltage_range, front_auto_zero=False)
        self._range = voltage_range

    def choose_range(self, voltage: float) -> None:
        """See `TwoWireReader`."""
        if math.isfinite(voltage):
            self._select(1, _range_for(voltage))

    def watch_shield(self) -> None:
        """See `TwoWireReader`."""
        self._wait = max(SHIELD_SETTLE, self._settle)
        self._select(2, self._widest)

    def watch_drop(self) -> bool:
        """See `TwoWireReader`."""
        self._select(1, VOLTMETER_RANGES[0])
        return True

    def convert(self, current: float) -> dict[str, Any]:
        """See `TwoWireReader`."""
        self._source.source_current = current
        self._clock.sleep(self._wait)
        reading = self._voltmeter.line.insist(self._voltmeter.reading)
        return {
            "Time (s)": 0.5 * (reading.start + reading.end), "Current (A)": current, "Voltage (V)": reading.voltage,
            "Start 1 (s)": reading.start, "End 1 (s)": reading.end, "Range (V)": self._range,
            "Overflow": reading.overflow, "Clamped": bool(current) and self._source.in_compliance,
        }  # fmt: skip


class SmuReader:
    """A source-measure unit by itself, with two wires.

    Args:
        smu: The unit.
        clock: The lab's clock.
        nplc: Integration time in power-line cycles.
        settle: s after each change of the current.
        compliance: V.
    """

    four_wires = False

    def __init__(self, smu: Keithley2400, clock: Clock, nplc: float, settle: float, compliance: float) -> None:
        self._smu = smu
        self._clock = clock
        self._nplc = nplc
        self._settle = settle
        self._compliance = compliance
        self._wait = settle

    def ends(self, high: str, low: str, sense_high: str = "", sense_low: str = "") -> dict[str, str]:
        """See `TwoWireReader`; it reads where its current flows."""
        del sense_high, sense_low
        return {"smu.high": high, "smu.low": low}

    def ends_to_shield(self, lead: str, beside: str) -> dict[str, str]:
        """See `TwoWireReader`."""
        del beside
        return {"smu.high": lead, "smu.low": SHIELD}

    def prepare(self) -> None:
        """Bring all settings to known ones, but for what its relay does with the output off."""
        smu = self._smu
        smu.source_enabled = False
        off_state = smu.output_off_state
        smu.reset()  # nothing that is left from before can put a voltage on the sample
        smu.output_off_state = off_state
        smu.source_function = "current"
        smu.four_wires = False
        smu.configure_reading(("voltage", "current"), self._nplc)

    def restore(self) -> None:
        """Nothing was changed that others rely on."""

    def on(self, current: float) -> None:
        """See `TwoWireReader`."""
        smu = self._smu
        smu.source_enabled = False
        smu.source_current = 0.0
        smu.source_current_range = current
        smu.voltage_compliance = self._compliance
        smu.voltage_range = self._compliance
        self._wait = self._settle
        smu.source_enabled = True

    def off(self) -> None:
        """See `TwoWireReader`."""
        self._smu.source_current = 0.0
        self._smu.source_enabled = False

    def choose_range(self, voltage: float) -> None:
        """The range stays: a fixed one below the compliance would limit the voltage, too."""
        del voltage

    def watch_shield(self) -> None:
        """It reads there already; see `TwoWireReader`."""
        self._wait = max(SHIELD_SETTLE, self._settle)

    def watch_drop(self) -> bool:
        """It has no further input; see `TwoWireReader`."""
        return False

    def convert(self, current: float) -> dict[str, Any]:
        """See `TwoWireReader`."""
        self._smu.source_current = current
        self._clock.sleep(self._wait)
        start = self._clock.now()
        reading = self._smu.measure()
        end = self._clock.now()
        return {
            "Time (s)": 0.5 * (start + end), "Current (A)": current, "Voltage (V)": reading.voltage,
            "Start 1 (s)": start, "End 1 (s)": end, "Range (V)": self._compliance,
            "Overflow": math.isnan(reading.voltage), "Clamped": bool(current) and reading.in_compliance,
        }  # fmt: skip


def _range_for(voltage: float) -> float:
    return next(largest for largest in VOLTMETER_RANGES if largest >= ROOM * voltage)
