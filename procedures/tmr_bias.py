"""TMR of a tunnel junction against the voltage across it: both states, held in one field, at a list of biases."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue, ComplianceFault, LimitExceeded, SampleChanged
from instruments.units import format_quantity
from labctl.parameters import Count, QuantityList
from labctl.waiting import settle_field
from procedures import tmr_bias_results
from procedures.across_junction import NANOVOLTMETER, as_resistance
from procedures.hall_loops import hall_loop
from procedures.tmr_bias_results import ANTIPARALLEL, BIAS, PARALLEL, SET_BIAS, STATE
from procedures.tmr_loop import TmrLoop
from procedures.tmr_results import BRANCH, KIND, LOOP, RESISTANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

REST = 30.0
"""s for which the field holds before a state is read."""
LOOK, LOOKS = "look", 3
"""Kind of the rows with the smallest bias after each larger one, and how many these are."""
LARGEST_CHANGE = 0.02
"""Part by which the resistance may be beyond that of both states."""
CLEAR = 4.0
"""Standard uncertainties by which it has to be beyond them besides."""


class TmrBias(TmrLoop):
    """TMR of a tunnel junction against the voltage across it, and the voltage V_half at which half of it is left.

    A loop at `bias`, as for `tmr-loop`, tells where both layers switch. Then both states are made in one and the same
    field, half-way between the two switching fields: antiparallel, come from negative saturation, and parallel, come
    from positive. Each is read with all biases, from the smallest to the largest, and with the smallest again, which
    shows whether the state held and the barrier is what it was. After each bias the smallest is read as well: where
    the resistance is then 2 % outside of that of both states, the run ends with the bias at zero.

    TMR(V) is of both states at one voltage, as it was read at the device. Each reading has both polarities; where
    TMR differs with the polarity, it is said. All biases are read on the ranges that the largest one needs.
    """

    DATA_COLUMNS = (*TmrLoop.DATA_COLUMNS, STATE, SET_BIAS)
    main_results = ("half_bias", "tmr_zero_bias")
    beside_results = ("bias_asymmetry", "tmr_of_loop")

    biases = QuantityList("1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100 mV", "Voltages across the junction, rising",
                          minimum="100 uV", each_once="the smallest is read again at the end by itself")  # fmt: skip
    readings = Count(10, "Readings with each bias in each state", minimum=3, maximum=1000)

    # ---- before

    def check(self) -> None:
        """Refuse biases that do not rise, beyond what the sample endures, and what cannot be read."""
        if list(self.biases) != sorted(self.biases):
            shown = ", ".join(format_quantity(bias, "V") for bias in self.biases)
            raise BadValue(
                f"biases {shown} do not rise; give them from the smallest to the largest, so that each is the largest "
                "that the barrier has borne"
            )
        if len(self.biases) < 2:
            raise BadValue("biases has one value, of which nothing can be compared; give two or more")
        if self.reversal == "no":
            raise BadValue("reversal is no, but tmr-bias needs both polarities; leave reversal out")
        if "sample" in vars(self) and self.sample.is_junction:
            self._check_largest()
            self.largest_multiple = max(1.0, self.biases[-1] / self.bias_voltage())
        super().check()

    def _check_largest(self) -> None:
        most, largest = self.sample.limits.bias, self.biases[-1]
        if most is not None and largest > most * (1.0 + 1e-9):
            raise LimitExceeded(
                f"biases go up to {format_quantity(largest, 'V')}, but sample {self.sample.label} endures "
                f"{format_quantity(most, 'V')} ({self.sample.why('bias') or 'limits.bias'}); nothing was sent: leave "
                "out what is larger, or permit more with --override bias=..."
            )

    # ---- during the run

    def execute(self) -> None:
        """Measure the loop, then each state with all biases."""
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        for loop in self.track("loop", range(1, self.loops + 1), restart=True):
            for branch, reading in hall_loop(self, self.maximum_field, self.branch):
                self._keep(reading, LOOP, branch, loop, "none", self.bias_voltage())
        found = tmr_bias_results.between_of(self.recorded())
        if isinstance(found, str):
            self.run.remark(f"no state was read with other biases, since none of the loop's could be held: {found}")
            return
        self._ends = sorted(found.resistances.values())
        for state in self.track("state", [ANTIPARALLEL, PARALLEL], restart=True):
            came_from = -self.maximum_field if state == ANTIPARALLEL else self.maximum_field
            settle_field(self, came_from)
            settle_field(self, found.field, dwell=REST)
            self._read_state(state, found.resistances[state])
        doubt = tmr_bias_results.doubt(tmr_bias_results.results_of(self.recorded(), sample=self.sample))
        if doubt:
            self.run.note("warning", text=doubt)
            self.run.remark(doubt)

    def _read_state(self, state: str, resistance: float) -> None:
        """Read a state of so many ohm with all biases, and with the smallest again."""
        first: list[float] = []
        try:
            for bias in self.track("bias", [*self.biases, self.biases[0]]):
                ohms = self._read_at(bias, state, resistance, self.readings, BIAS)
                first = first or ohms
                if bias > self.biases[0]:
                    looked = self._read_at(self.biases[0], state, resistance, LOOKS, LOOK)
                    self._check_barrier(bias, first, looked, resistance)
        finally:
            self.reader.rest()
        self.reader.change(self.at_bias(1.0))

    def _read_at(self, bias: float, state: str, resistance: float, times: int, kind: str) -> list[float]:
        """Read a state of so many ohm with a bias in V, a few times; return what resistances in ohm are numbers.

        Raises:
            ComplianceFault: More flows than the 2400 may give.
        """
        self.reader.change(self.at_bias(self._asked(bias, resistance) / self.bias_voltage()))
        ohms: list[float] = []
        for _ in range(times):
            reading = self.read()
            ohms.append(float(as_resistance(reading, RESISTANCE)[RESISTANCE]))
            try:
                self._keep(reading, kind, "none", 0, state, bias)
            except ComplianceFault as fault:
                if self.reading_by().way == NANOVOLTMETER:
                    raise
                most = format_quantity(self.current_limit(), "A")
                raise ComplianceFault(
                    f"at {format_quantity(bias, 'V')} more would flow than {most}, the most that the 2400 may give "
                    "here: the barrier is breaking, or the record's current is too small for this bias; the bias was "
                    "taken back to zero; look at the junction (labctl run contact-check), or leave out the larger "
                    "biases"
                ) from fault
        return [ohm for ohm in ohms if math.isfinite(ohm)]

    def _check_barrier(self, bias: float, first: Sequence[float], now: Sequence[float], resistance: float) -> None:
        """Stop where the resistance after a bias in V is that of neither state, nor between them.

        Args:
            bias: V, the one that came before.
            first: ohm that the state had with the smallest bias.
            now: ohm that it has with it.
            resistance: ohm that it had in the loop.

        Raises:
            SampleChanged: It is: no magnetic state has it, so that the barrier is another.
        """
        before, scatter = (statistics.fmean(first), statistics.stdev(first)) if len(first) > 1 else (resistance, 0.0)
        found = statistics.fmean(now) if now else math.nan
        room = max(LARGEST_CHANGE, CLEAR * scatter / math.sqrt(LOOKS) / before)
        low, high = (before * end / resistance for end in self._ends)
        if low * (1.0 - room) <= found <= high * (1.0 + room):
            return
        raise SampleChanged(
            f"after {format_quantity(bias, 'V')} the resistance at {format_quantity(self.biases[0], 'V')} is "
            f"{format_quantity(found, 'ohm')}, where both states have {format_quantity(low, 'ohm')} and "
            f"{format_quantity(high, 'ohm')}: the barrier is changing; the bias was taken back to zero; look at the "
            "junction (labctl run contact-check), and leave out the larger biases"
        )

    def _asked(self, bias: float, resistance: float) -> float:
        """Return the V to ask for, so that no more than a bias in V lies across so many ohm.

        The 6221 drives the current that makes them across the record's resistance, and never more than that.
        """
        if self.reading_by().way != NANOVOLTMETER:
            return bias
        return bias * min(1.0, self.sample.sample_resistance() / resistance)

    def _keep(self, reading: dict[str, Any], kind: str, branch: str, loop: int, state: str, bias: float) -> None:
        row = as_resistance(reading, RESISTANCE)
        self.record(**row, **{KIND: kind, BRANCH: branch, "Loop": loop, STATE: state, SET_BIAS: bias})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find TMR at each bias, V_half and the asymmetry; see `procedures.tmr_bias_results`."""
        known = "sample" in vars(self) and self.sample.is_junction
        return tmr_bias_results.results_of(data, sample=self.sample if known else None)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw TMR and both states' resistances against the voltage."""
        from procedures import tmr_bias_figure

        title = " of ".join(filter(None, ["TMR against the voltage", self.sample_name]))
        return tmr_bias_figure.figure_of(data, results, title=title, caption=self.caption)
