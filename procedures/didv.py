"""Differential conductance of a tunnel junction against the bias, and the barrier that follows from it."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from instruments.errors import BadValue, ComplianceFault
from instruments.keithley6221_relay import MeterSettings
from instruments.units import format_quantity
from labctl.cables import OPEN
from labctl.junction_bias import SMU, SourceBias
from labctl.parameters import Count, OptionalRun, Quantity
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
    from procedures.didv_results import Known
    from procedures.didv_spin import States

MOST_STAIRS = 1000
"""Steps of a staircase to either end, at most: 3 h of them by default."""
MOST_POINTS = 2001
FEWEST_WINDOWS, REACHED = 7, 0.99
"""Windows side by side that a barrier takes, and the part of the bias that a voltage is sure to reach."""
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
    Magnetoresistance falls with the bias, which bends the curve as a barrier does. With `tmr_bias_run`, a run of
    `tmr-bias` at this temperature, it is taken out; without it the barrier of a magnetic junction has no uncertainty.

    The sample gets up to `maximum_bias`, which stays within its record's largest bias. The field stays as it is.
    """

    DATA_COLUMNS = (*Biased.DATA_COLUMNS, CONDUCTANCE, SWING)
    main_results = ("barrier_height", "barrier_thickness", "barrier_asymmetry", "conductance_zero_bias")

    empty = MappingProxyType({CONDUCTANCE: math.nan, SWING: math.nan})

    points = Count(201, "Points from one end to the other, where the voltage is swept", minimum=21, maximum=MOST_POINTS)
    window = Quantity("20 mV", "Width in which a parabola gives dI/dV, where the voltage is swept", above_zero=True)
    modulation = Quantity(
        "5 mV", "Alternating step either way at zero bias, where a current is driven", above_zero=True
    )
    stair_nplc = Count(5, "Integration time of the staircase's conversions in power line cycles", minimum=1, maximum=50)
    tmr_bias_run = OptionalRun("none", "Run of tmr-bias at this temperature, by which magnetoresistance is taken out")

    def check(self) -> None:
        """Refuse windows that the points do not fill, a modulation beyond the bias, and states of something else.

        Raises:
            BadValue: They do not, it is, or they are.
        """
        super().check()
        if "read_with" not in vars(self):
            return
        if self.read_with == SMU:
            self._check_window()
        else:
            self._check_modulation()
        states = self.states
        if states is not None and self.temperature is not None:
            states.check_temperature(self.temperature)
        if states is None and self.is_magnetic:
            self.forewarn(
                f"sample {self.sample.label} is magnetic, and its magnetoresistance falls with the bias, which bends "
                "the curve as a barrier does: the barrier that is found is off by more than the noise says; measure "
                "tmr-bias at this temperature, and give that run as tmr_bias_run"
            )

    def _check_window(self) -> None:
        spacing = 2.0 * self.bias / (self.points // 2 * 2)
        if self.window < LEAST_IN_WINDOW * spacing * (1.0 - 1e-9):
            wanted = math.ceil(2.0 * self.bias * LEAST_IN_WINDOW / self.window) + 1
            more = "" if wanted > MOST_POINTS else f"take {wanted} points or more, or "
            raise BadValue(
                f"a window of {format_quantity(self.window, 'V')} holds fewer than {LEAST_IN_WINDOW} points of "
                f"{self.points} over {format_quantity(2.0 * self.bias, 'V')}; {more or 'take '}a wider window"
            )
        widest = REACHED * self.bias / (0.5 * FEWEST_WINDOWS)
        if self.window > widest * (1.0 + 1e-9):
            raise BadValue(
                f"fewer than {FEWEST_WINDOWS} windows of {format_quantity(self.window, 'V')} fit into "
                f"{format_quantity(2.0 * self.bias, 'V')}, too few for a barrier; take "
                f"{format_quantity(widest, 'V', digits=3)} or less, or a larger maximum_bias"
            )

    def _check_modulation(self) -> None:
        if self.modulation > 0.2 * self.bias:
            raise BadValue(
                f"modulation is {format_quantity(self.modulation, 'V')}, above a fifth of the largest bias of "
                f"{format_quantity(self.bias, 'V')}: that would measure a mean over the curve; take less"
            )
        least = self.bias / (STEP_OF_SWING * MOST_STAIRS)
        if self.modulation < least * (1.0 - 1e-9):
            raise BadValue(
                f"modulation is {format_quantity(self.modulation, 'V')}, with which a staircase to "
                f"{format_quantity(self.bias, 'V')} has more than {MOST_STAIRS} steps; take "
                f"{format_quantity(least, 'V', digits=3)} or more, or a smaller maximum_bias"
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

    @property
    def is_magnetic(self) -> bool:
        """Whether the junction has two states, by its record."""
        return "sample" in vars(self) and self.sample.highest_resistance() > self.sample.sample_resistance()

    @cached_property
    def states(self) -> States | None:
        """Both states against the voltage, by `tmr_bias_run`; None without one.

        Raises:
            BadValue: It is no run of `tmr-bias`, of another sample, or has no V_half.
        """
        if not self.tmr_bias_run or "sample" not in vars(self):
            return None
        from procedures.didv_spin import States

        return States(Path(self.tmr_bias_run), self.sample.name)

    @property
    def _known(self) -> Known:
        """What is known of the junction besides its curve."""
        from procedures.didv_results import Known

        electrode = self.sample.resistances.electrode if "sample" in vars(self) else None
        return Known(self.area, self.leads, electrode, self.is_magnetic, self.states)

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find dI/dV and the barrier; see `procedures.didv_results`."""
        from procedures.didv_results import results_of

        return results_of(data, window=self.window, known=self._known)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw dI/dV with the barrier's, and what is left between them."""
        from procedures.didv_figure import figure_of

        title = " of ".join(filter(None, ["Differential conductance", self.sample_name]))
        return figure_of(data, results, known=self._known, window=self.window, title=title, caption=self.caption)
