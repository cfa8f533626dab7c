"""How a bias is put on a tunnel junction and what flows is read: step by step, always from zero and back to zero.

A source-measure unit sets the voltage, senses it at the junction's own leads and measures the current; that is for
junctions of high resistance. Through one of low resistance a current source drives a current, and the nanovoltmeter
reads the voltage at the other two leads. The level that either of them is set to is called level here: V or A.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

from instruments.errors import UsageError
from labctl import limits
from labctl.cables import OPEN
from labctl.sample import VOLTMETER_RANGES
from labctl.smu_reversal import CURRENT_RANGES, current_range
from labctl.two_wire import on_current_leads

if TYPE_CHECKING:
    from labctl.procedure import Procedure

SMU, SOURCE = "smu", "source"
LOW_RESISTANCE = 10e3
"""ohm below which a current is sourced and the nanovoltmeter reads, where the station has both."""
SUPERLINEAR = 2.5
"""So many times what a plain resistor would take is allowed for before anybody has looked (assumed)."""
ROOM = 1.2
"""By which a range exceeds what was seen."""
SETTLED = 5e-3
"""s that any source waits after a change at least."""
SMALLEST_COMPLIANCE = 0.1
"""V, of a 6221."""
STEP_OF_COMPLIANCE = 0.01
"""V; a 6221 rounds down to it."""
COMPLIANCE_ROOM, LEADS_ROOM = 1.1, 2.0
"""What the bias, and the leads by the record, are multiplied by: the electrodes are in the way, too (assumed)."""
OVERRANGE = 0.2
"""Part by which a 2182A reads beyond the name of its range."""

COLUMNS = ("Time (s)", "Current (A)", "Voltage (V)", "Level", "Clamped")
"""What `BiasMeter.read` gives."""


class BiasMeter(Protocol):
    """Puts a bias on a junction and reads current and voltage.

    Attributes:
        held: Whether a limit of the sample holds its compliance below what its range would allow.
    """

    held: bool

    def on(self, current: float) -> None:
        """Switch the output on at zero, on fixed ranges that hold a current in A; the relays move before that."""
        ...

    def off(self) -> None:
        """Ramp to zero and switch the output off."""
        ...

    def go(self, level: float) -> None:
        """Ramp to a level in V or A at the rate, and wait for the dwell."""
        ...

    def read(self) -> dict[str, Any]:
        """Measure here: the columns `COLUMNS`."""
        ...

    def expect(self, voltage: float) -> None:
        """Be on ranges that hold a voltage in V from now on; the level is zero."""
        ...

    def ready(self) -> None:
        """Be on the ranges of `on` again; the level is zero."""
        ...

    def levels(self, biases: Sequence[float]) -> list[float]:
        """Return the levels in V or A for biases in V, from what was learnt."""
        ...

    def learn(self, points: Sequence[tuple[float, float]]) -> None:
        """Take in currents in A that were seen at biases in V, all above zero."""
        ...


class SmuBias:
    """A source-measure unit that sets the voltage and senses it at leads of its own where it has them.

    Args:
        procedure: Whose instruments.
        bias: Largest bias in V.
        rate: V/s of all ramps.
        dwell: s at a level before it is read.
        nplc: Integration time in power-line cycles.

    Attributes:
        held: See `BiasMeter`.
    """

    def __init__(self, procedure: Procedure, bias: float, rate: float, dwell: float, nplc: float) -> None:
        self.held = False
        self._smu, self._clock = procedure.smu, procedure.clock
        self._bias, self._rate, self._wait, self._nplc = bias, rate, max(dwell, SETTLED), nplc
        cables = procedure.station.cables.smu
        self.four_wires = cables is not None and OPEN not in {cables.sense_high, cables.sense_low}
        self._most = limits.of(procedure.station, procedure.sample).lasting_compliance.value
        if on_current_leads(procedure.station):
            procedure.source.source_enabled = False
        self._level = 0.0
        self._prepare()

    def _prepare(self) -> None:
        """Bring all settings to known ones, with the output off; what its relay does then stays as it was found."""
        smu = self._smu
        smu.source_enabled = False
        off_state = smu.output_off_state
        smu.reset()
        smu.output_off_state = off_state
        smu.source_function = "voltage"
        smu.four_wires = self.four_wires
        smu.source_voltage_range = self._bias
        smu.configure_reading(("voltage", "current"), self._nplc)

    def on(self, current: float) -> None:
        """See `BiasMeter`."""
        smu = self._smu
        smu.source_enabled = False
        smu.source_voltage = 0.0
        full = next(full for full in CURRENT_RANGES if full >= min(ROOM * current, CURRENT_RANGES[-1]))
        self.held = full > self._most
        limit = min(full, self._most)
        smu.current_compliance = limit
        smu.current_range = current_range(limit)  # of a smaller limit the unit refuses a larger one
        smu.source_enabled = True

    def off(self) -> None:
        """See `BiasMeter`."""
        self._smu.ramp(0.0, self._rate)
        self._smu.source_enabled = False

    def go(self, level: float) -> None:
        """See `BiasMeter`."""
        self._smu.ramp(level, self._rate)
        self._level = level
        self._clock.sleep(self._wait)

    def read(self) -> dict[str, Any]:
        """See `BiasMeter`."""
        start = self._clock.now()
        reading = self._smu.measure()
        return {
            "Time (s)": 0.5 * (start + self._clock.now()), "Current (A)": reading.current,
            "Voltage (V)": reading.voltage, "Level": self._level, "Clamped": reading.in_compliance,
        }  # fmt: skip

    def expect(self, voltage: float) -> None:
        """See `BiasMeter`; the range of the source is that of the reading."""
        del voltage

    def ready(self) -> None:
        """See `BiasMeter`; it is."""

    def levels(self, biases: Sequence[float]) -> list[float]:
        """See `BiasMeter`; the voltage is what is set."""
        return list(biases)

    def learn(self, points: Sequence[tuple[float, float]]) -> None:
        """See `BiasMeter`; it needs to know nothing."""
        del points


class SourceBias:
    """A current source, and the nanovoltmeter at the other two leads of the junction.

    Args:
        procedure: Whose instruments.
        bias: Largest bias in V.
        rate: V/s of all ramps.
        dwell: s at a level before it is read.
        nplc: Integration time in power-line cycles.

    Attributes:
        conductance: S near zero bias, by the record until the junction has been looked at.
        held: See `BiasMeter`; currents that are too large are not driven.
    """

    held = False

    def __init__(self, procedure: Procedure, bias: float, rate: float, dwell: float, nplc: float) -> None:
        self._source, self._voltmeter, self._clock = procedure.source, procedure.voltmeter, procedure.clock
        self._bias, self._rate, self._wait, self._nplc = bias, rate, max(dwell, SETTLED), nplc
        sample = procedure.sample
        self._nominal = self.conductance = 1.0 / sample.sample_resistance()
        self._leads = sample.two_wire_resistance() - sample.sample_resistance()
        held = limits.of(procedure.station, sample)
        self._most, self.largest_voltage = held.lasting_current.value, held.voltage.value
        self._driven = self._largest = 0.0
        self._ladder: list[tuple[float, float]] = [(0.0, 0.0)]
        if on_current_leads(procedure.station):
            procedure.smu.source_enabled = False
            procedure.smu.output_off_state = "high impedance"  # or it takes the source's current

    @property
    def compliance(self) -> float:
        """The compliance in V: what the largest bias and the leads take, and no more than is allowed."""
        current = min(SUPERLINEAR * self._bias * self._nominal, self._most)
        needed = COMPLIANCE_ROOM * (self._bias + LEADS_ROOM * current * self._leads)
        stepped = math.ceil(max(needed, SMALLEST_COMPLIANCE) / STEP_OF_COMPLIANCE - 1e-9) * STEP_OF_COMPLIANCE
        return min(round(stepped, 2), self.largest_voltage)

    def on(self, current: float) -> None:
        """See `BiasMeter`."""
        source = self._source
        source.source_enabled = False
        source.source_current = 0.0
        self._largest = min(ROOM * current, self._most)
        source.source_range = self._largest
        source.source_compliance = self.compliance
        source.source_filter_enabled = False
        self._voltmeter.line_synchronization_enabled = False
        self._voltmeter.configure_one_shot(1, self._nplc, self.range_for(self._bias))
        source.source_enabled = True

    def off(self) -> None:
        """See `BiasMeter`."""
        self._source.ramp_current(0.0, self._rate * self.conductance)
        self._source.source_enabled = False

    def go(self, level: float) -> None:
        """See `BiasMeter`."""
        self._source.ramp_current(level, self._rate * self.conductance)
        self._driven = level
        self._clock.sleep(self._wait)

    def read(self) -> dict[str, Any]:
        """See `BiasMeter`."""
        level = self._driven
        reading = self._voltmeter.line.insist(self._voltmeter.reading)
        return {
            "Time (s)": 0.5 * (reading.start + reading.end), "Current (A)": level, "Voltage (V)": reading.voltage,
            "Level": level, "Clamped": bool(level) and self._source.in_compliance,
        }  # fmt: skip

    def expect(self, voltage: float) -> None:
        """See `BiasMeter`; the source's range follows, at 0 A with the output on."""
        self._source.source_current = 0.0
        self._driven = 0.0
        self._source.source_range = min(self._largest, ROOM * self._level(voltage))
        self._voltmeter.configure_one_shot(1, self._nplc, self.range_for(voltage))

    def ready(self) -> None:
        """See `BiasMeter`."""
        self._source.source_range = self._largest
        self._voltmeter.configure_one_shot(1, self._nplc, self.range_for(self._bias))

    def range_for(self, voltage: float) -> float:
        """Return the voltmeter's range in V that holds a voltage in V with what the two may differ by."""
        return next(full for full in VOLTMETER_RANGES if full >= voltage / (1.0 + OVERRANGE) * ROOM)

    def levels(self, biases: Sequence[float]) -> list[float]:
        """See `BiasMeter`: between two points that were seen a straight line, beyond them the last one's conductance.

        That drives a little less than the bias asks for, since a barrier's conductance grows with it.
        """
        return [math.copysign(self._level(abs(bias)), bias) for bias in biases]

    def learn(self, points: Sequence[tuple[float, float]]) -> None:
        """See `BiasMeter`."""
        self._ladder = [(0.0, 0.0), *sorted(points)]
        if points:
            bias, current = self._ladder[1]
            self.conductance = current / bias

    def _level(self, bias: float) -> float:
        for (low, below), (high, above) in pairwise(self._ladder):
            if bias <= high:
                return below + (above - below) * (bias - low) / (high - low)
        last, current = self._ladder[-1]
        return bias * (current / last if last > 0.0 else self.conductance)


def meter_for(procedure: Procedure, choice: str) -> str:
    """Choose what puts the bias on: by the record's resistance, and by what the station has.

    Args:
        procedure: With station and sample.
        choice: `auto`, or what a person wants.

    Raises:
        UsageError: The station does not have it.
    """
    has = procedure.station.instruments.keys()
    able = {SMU: "smu" in has, SOURCE: {"source", "voltmeter"} <= has}
    if choice == "auto":
        wanted = SOURCE if procedure.sample.sample_resistance() < LOW_RESISTANCE else SMU
        choice = wanted if able[wanted] else next((name for name in able if able[name]), wanted)
    if not able[choice]:
        lacks = "smu" if choice == SMU else "source and voltmeter"
        raise UsageError(
            f"station {procedure.station.name!r} has no {lacks}, which reading with {choice!r} needs; give another one "
            "with read_by, or add the instrument to the station file"
        )
    return choice
