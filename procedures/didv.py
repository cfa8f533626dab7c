"""Differential conductance of a tunnel junction against the bias, and the barrier that follows from it."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from instruments.errors import BadValue, ComplianceFault
from instruments.keithley6221_relay import MeterSettings
from instruments.units import format_quantity
from labctl.cables import OPEN
from labctl.junction_bias import SMU, SourceBias
from labctl.parameters import Count, Quantity
from labctl.sample import Junction
from procedures.biased import (
    BIAS,
    CHECK,
    CONDUCTANCE,
    CURRENT,
    CYCLE,
    FIELD,
    KIND,
    RISING,
    STAIRS,
    SWING,
    TEMPERATURE,
    VOLTAGE,
    Biased,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from instruments.keithley6221_readings import ConductanceReadings
    from labctl.analysis.result import Results

STEP_OF_SWING = 0.5
"""Step of the staircase over the modulation."""
LEAST_IN_WINDOW = 10
"""Points in a window on one way, so that half of it still holds enough on both."""


class DifferentialConductance(Biased):
    """dI/dV of a tunnel junction against the bias, with the barrier's height, asymmetry and thickness.

    The largest bias is approached in ten steps of both signs, as in `iv`, with a look at the resistance after each.

    Above 10 kohm a source-measure unit goes around in voltage, and dI/dV is the slope of a parabola through the
    readings in windows of `window`, side by side. Below, source and nanovoltmeter measure it by themselves
    (Differential Conductance): a staircase of currents with an alternating step on it, which makes `modulation` either
    way at zero bias, from zero to either end. Between the staircases the source's output is off; it goes off at the
    end of each in one step, as the instrument does it.

    In the end the same is measured, or evaluated, with half the modulation: dI/dV has to be the same within 1 %.

    The barrier is that of Brinkman, Dynes and Rowell; see `labctl.analysis.brinkman`. It needs the junction's area,
    from the record, and a reading between four leads. The temperature is taken into account by Stratton's factor.

    The sample gets up to `maximum_bias`, which stays within its record's largest bias. The field stays as it is.
    """

    DATA_COLUMNS = (*Biased.DATA_COLUMNS, CONDUCTANCE, SWING)
    main_results = ("barrier_height", "barrier_thickness", "barrier_asymmetry", "conductance_zero_bias")

    empty = MappingProxyType({CONDUCTANCE: math.nan, SWING: math.nan})

    points = Count(201, "Points from one end to the other, where the voltage is swept", minimum=21, maximum=2001)
    window = Quantity("20 mV", "Width in which a parabola gives dI/dV, where the voltage is swept", above_zero=True)
    modulation = Quantity(
        "5 mV", "Alternating step either way at zero bias, where a current is driven", above_zero=True
    )
    stair_nplc = Count(5, "Integration time of the staircase's conversions in power line cycles", minimum=1, maximum=50)

    def check(self) -> None:
        """Refuse windows that the points do not fill, and a modulation beyond the bias.

        Raises:
            BadValue: They do not, or it is.
        """
        super().check()
        if "read_with" not in vars(self):
            return
        spacing = 2.0 * self.bias / (self.points // 2 * 2)
        if self.read_with == SMU and self.window < LEAST_IN_WINDOW * spacing * (1.0 - 1e-9):
            wanted = math.ceil(2.0 * self.bias * LEAST_IN_WINDOW / self.window) + 1
            raise BadValue(
                f"a window of {format_quantity(self.window, 'V')} holds fewer than {LEAST_IN_WINDOW} points of "
                f"{self.points} over {format_quantity(2.0 * self.bias, 'V')}; take {wanted} points or more, or a wider "
                "window"
            )
        if self.modulation > 0.2 * self.bias:
            raise BadValue(
                f"modulation is {format_quantity(self.modulation, 'V')}, above a fifth of the largest bias of "
                f"{format_quantity(self.bias, 'V')}: that would measure a mean over the curve; take less"
            )

    def measure(self) -> None:
        """Sweep, or have the source climb its stairs."""
        if self.read_with == SMU:
            for cycle in self.track("cycle", list(range(1, self.cycles + 1)), restart=True):
                for _ in self.around(cycle):
                    pass
            return
        signs = [(cycle, sign) for cycle in range(1, self.cycles + 1) for sign in (1.0, -1.0)]
        for cycle, sign in self.track("stairs", signs, restart=True):
            self._stairs(sign, cycle, self.modulation, STAIRS)
        for _ in self.track("check", [0.5 * self.modulation], restart=True):
            self._stairs(1.0, 0, 0.5 * self.modulation, CHECK)

    def _stairs(self, sign: float, cycle: int, modulation: float, kind: str) -> None:
        """Measure one staircase from zero to one end, and record it.

        Raises:
            ComplianceFault: The source reached its compliance.
        """
        assert isinstance(self.meter, SourceBias)
        delta = modulation * self.meter.conductance
        step = STEP_OF_SWING * self.modulation * self.meter.conductance  # the same centres for half the modulation
        room = self.modulation * self.meter.conductance + step
        count = math.floor((self.largest - room) / step)
        readings = self.source.differential_conductance(
            0.0, sign * count * step, step, delta=delta, compliance=self.meter.compliance,
            meter=MeterSettings(nplc=self.stair_nplc, voltage_range=self.meter.range_for(self.reached)),
        )  # fmt: skip
        self._write(readings, sign, cycle, kind, delta)
        if readings.aborted or readings.clamped:
            raise ComplianceFault(
                f"the source reached its compliance of {format_quantity(self.meter.compliance, 'V')} on "
                "its staircase; a lead is open, or the barrier is not what it was in the approach"
            )

    def _write(self, readings: ConductanceReadings, sign: float, cycle: int, kind: str, delta: float) -> None:
        found = self.cryostat.reading()
        where = {TEMPERATURE: found.temperature, FIELD: found.field}
        began = self.clock.now() - float(readings.time[-1])  # the source counts from its first reading
        for number in range(len(readings.value)):
            ampere, volt = float(readings.current[number]), float(readings.average_voltage[number])
            swing = abs(float(readings.value[number]))
            self.record(**{
                "Time (s)": began + float(readings.time[number]), CURRENT: ampere, VOLTAGE: volt, "Level": ampere,
                "Clamped": bool(readings.clamped), BIAS: volt, RISING: sign > 0.0, CYCLE: cycle, KIND: kind, **where,
                CONDUCTANCE: delta / float(readings.value[number]), SWING: swing,
            })  # fmt: skip

    # ---- what it is about

    @property
    def area(self) -> float | None:
        """The junction's area in m2, None where no record is known."""
        geometry = self.sample.geometry if "sample" in vars(self) else None
        return geometry.area() if isinstance(geometry, Junction) else None

    @property
    def leads(self) -> float:
        """Ohm of leads that the voltage is read over, by the record; 0 where it is read between leads of its own."""
        if "station" not in vars(self) or "sample" not in vars(self):
            return 0.0
        cables, own = self.station.cables, self.sample.two_wire_resistance() - self.sample.sample_resistance()
        if getattr(self, "read_with", SMU) == SMU:
            sensed = cables.smu is not None and OPEN not in {cables.smu.sense_high, cables.smu.sense_low}
            return 0.0 if sensed else own
        meter, source = cables.voltmeter, cables.source
        apart = meter and source and {meter.channel_1_high, meter.channel_1_low}.isdisjoint({source.high, source.low})
        return 0.0 if apart else own

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find dI/dV and the barrier; see `procedures.didv_results`."""
        from procedures.didv_results import results_of

        return results_of(data, area=self.area, window=self.window, leads=self.leads)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw dI/dV with the barrier's, and what is left between them."""
        from procedures.didv_figure import figure_of

        title = " of ".join(filter(None, ["Differential conductance", self.sample_name]))
        return figure_of(data, results, area=self.area, window=self.window, title=title, caption=self.caption)
