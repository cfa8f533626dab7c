"""Loops of a tunnel junction over temperatures, through the compensation temperature of its ferrimagnet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from instruments.errors import LimitExceeded
from labctl import reversal, waiting
from labctl.journal import SWITCHING_FIELDS, quantity
from labctl.moving import KIND, ON_THE_WAY
from labctl.parameters import Choice, OptionalQuantity, Quantity, QuantityList
from procedures import tmr_devices, tmr_results
from procedures.across_junction import AcrossJunction, as_resistance
from procedures.hall_loops import swept_branch
from procedures.over_temperatures import OverTemperatures, Plan
from procedures.tmr_devices import OptionalRuns
from procedures.tmr_results import BRANCH, LOOP, RESISTANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results
    from labctl.analysis.tmr_temperature import JunctionVisit

FOR_THE_SAMPLE, NOT = "for the sample", "none"
SET_TEMPERATURE = "Set temperature (K)"
NEAREST = 1e-3
"""T to which the switching field that is expected is rounded: no plan is finer."""
LEARNED = ("tmr", "resistance_parallel", "resistance_antiparallel", "saturated", "temperature", "largest_field",
           "field_rate")  # fmt: skip


class TmrTemperature(OverTemperatures, AcrossJunction):
    """TMR loops at a list of temperatures: both layers' switching fields, the TMR with its sign, where that changes.

    The temperatures are passed in one direction, at 5 K/min, and at 2 K/min below 50 K. `waiting` says when a loop
    begins: `for the sample`, when the block has held for 60 s and three time constants of the sample have passed (a
    junction has no thermometer of its own: its resistance is that of its magnetic state), or `none`, as soon as the
    block says that it is there.

    At each temperature the junction is saturated and one loop is swept, as for `tmr-loop`. The hard layer's switching
    field at the temperatures before tells what to expect: its inverse goes on along a straight line. The largest field
    is twice what is expected, at least `minimum_field`, at most `field_limit`; on each branch the field runs at
    `window_rate` from zero to 1.5 times that, elsewhere at `sweep_rate`, so that both layers switch at one rate. Where
    the line passes zero the loop goes to `field_limit`. One that is not saturated is measured again at twice the field,
    up to `field_limit`; what is not saturated there either is marked, and the next temperature follows. `refinement`
    adds temperatures on either side of compensation.

    On the way from one temperature to the next the resistance is read every 2 s, at the field at which the last loop
    ended. Where that turns the hard layer at any temperature, the resistance changes over when the sample passes
    compensation, behind the block: `compensation_temperature_on_the_way`.

    With `other_runs`, finished runs of other devices, the table has mean and scatter over the devices beside the
    devices' own uncertainties, and the figure shows each as a point.
    """

    DATA_COLUMNS = (
        *(RESISTANCE if name == "Hall resistance (ohm)" else name for name in reversal.COLUMNS), KIND, SET_TEMPERATURE,
        "Largest field (T)", BRANCH, "Loop",
    )  # fmt: skip
    main_results = ("compensation_temperature",)
    told_by_a_loop = ("tmr", "resistance_parallel", "resistance_antiparallel")
    window_per_coercive: ClassVar[float] = 1.5

    temperatures = QuantityList("10, 15, 20, 22, 24, 30, 32, 35, 40 K", "Temperatures, in one direction",
                                above_zero=True)  # fmt: skip
    refinement = OptionalQuantity(
        "none", "Distance of two more temperatures from compensation", unit="K", above_zero=True
    )
    maximum_field = Quantity("1 T", "Field at the ends of the very first loop", above_zero=True)
    minimum_field = Quantity("0.5 T", "Field at the ends of a loop, at least", above_zero=True)
    field_limit = Quantity("1.5 T", "Field up to which an unsaturated loop is repeated", above_zero=True)
    sweep_rate = Quantity("150 Oe/s", "Field rate where no switch is expected", above_zero=True)
    waiting = Choice(FOR_THE_SAMPLE, "What a loop waits for", options=[FOR_THE_SAMPLE, NOT])
    temperature_rate = OptionalQuantity(
        "5 K/min, and 2 K/min below 50 K", "Rate from one temperature to the next", unit="K/min", above_zero=True
    )
    assumed_polarisation = OptionalQuantity(
        "none", "Polarisation of the other electrode, for the nominal one of the ferrimagnet", unit="%",
        minimum="-100 %", maximum="100 %",
    )  # fmt: skip
    other_runs = OptionalRuns("none", "Finished runs of other devices, which are shown beside this one")

    # ---- before

    def check(self) -> None:
        """Refuse what cannot be read, temperatures that turn round, and other runs that are none of other devices."""
        super().check()
        self.check_reading()
        rate = self.temperature_rate
        if rate is not None and "station" in vars(self) and rate > self.station.limits.temperature_rate:
            raise LimitExceeded(
                f"temperature_rate is {60 * rate:g} K/min, but station {self.station.name!r} goes at "
                f"{60 * self.station.limits.temperature_rate:g} K/min at most; give less"
            )
        if self.other_runs:
            tmr_devices.check_others(self)

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most and at least, whether it will be needed or not."""
        return {**self.bias_demands(), **super().demands()}

    # ---- going there

    def go_to(self, temperature: float) -> None:
        """Go to a temperature in K, recording the resistance that is read on the way."""

        def note(row: dict[str, Any], channel: int) -> None:
            del channel
            self._record(row, ON_THE_WAY, temperature, float("nan"), "none", 0)

        first = temperature == self.temperatures[0]
        # Before the first loop the field is nobody's, and the way may be a long one.
        reading, rate = (None, None) if first else (note, self.temperature_rate)
        here, below = self.cryostat.reading().temperature, waiting.SLOW_BELOW
        if rate is None and here > below + waiting.NEAR and temperature < below:
            waiting.ramp_temperature(self, below, rate=waiting.FAST_TEMPERATURE_RATE)
        if self.waiting == FOR_THE_SAMPLE:
            self.settle(temperature=temperature, rate=rate, reading=reading)
        else:
            slow = waiting.SLOW_TEMPERATURE_RATE if temperature < below else waiting.FAST_TEMPERATURE_RATE
            waiting.ramp_temperature(self, temperature, rate=slow if rate is None else rate, reading=reading)

    def _record(
        self, row: dict[str, Any], kind: str, temperature: float, largest: float, branch: str, loop: int
    ) -> None:
        self.record(
            **as_resistance(row, RESISTANCE),
            **{KIND: kind, SET_TEMPERATURE: temperature, "Largest field (T)": largest, BRANCH: branch, "Loop": loop},
        )

    # ---- loops

    def record_loop(self, reading: dict[str, Any], temperature: float, plan: Plan, branch: str, number: int) -> None:
        """Record a reading of a loop."""
        self._record(reading, LOOP, temperature, plan.maximum, branch, number)

    def branch(self, begin: float, end: float, plan: Plan) -> Iterator[dict[str, Any]]:
        """Read along one branch: fast to zero field, where no layer switches, and slowly to behind the switches."""
        reach = abs(end) if plan.coercive is None else min(abs(end), self.window_per_coercive * plan.coercive)
        window = (0.0, reach) if end > 0 else (-reach, 0.0)
        if self.window_rate == self.sweep_rate:  # two parts at one rate would only stop between them
            window = None
        yield from swept_branch(self, begin, end, window=window, outside=self.sweep_rate, inside=self.window_rate)

    def plan(self, temperature: float) -> Plan:
        """Plan the first loop at a temperature: along the inverse switching fields of the last two before."""
        found = list(itertools.islice(self.before(temperature), 2))
        last = found[0].coercive_field.value if found else None
        if not found or last is None:
            return super().plan(temperature)
        inverse = found[0].polarity / last
        if len(found) > 1 and found[1].polarity == found[0].polarity:
            slope = (inverse - found[1].polarity / (found[1].coercive_field.value or last)) / (
                found[0].temperature - found[1].temperature
            )
            inverse += slope * (temperature - found[0].temperature)
        if inverse * found[0].polarity <= 1.0 / self.field_limit:
            return Plan(self.field_limit, None)
        return self.planned(round(abs(1.0 / inverse) / NEAREST) * NEAREST)

    def found_in(self, rows: pd.DataFrame) -> JunctionVisit | None:
        """Return what the rows of one temperature tell, None where they have no loop."""
        from labctl.analysis.tmr_temperature import junction_visits

        return (junction_visits(rows) or [None])[-1]

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find what each loop tells, and the compensation temperature; see `labctl.analysis.tmr_temperature`."""
        from labctl.analysis.tmr_temperature import over_temperatures

        found = over_temperatures(data, remanence=self.field_remanence, assumed=self.assumed_polarisation)
        known = "sample" in vars(self) and self.sample.is_junction
        return tmr_devices.beside(
            found,
            tmr_devices.devices_of(self) if self.other_runs else (),
            {
                "bias": tmr_results.bias_of(tmr_results.of_loops(data)),
                "reading_scale": tmr_results.scale_of(self.reading_by() if known else None),
            },
        )

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the switching fields and resistances at each temperature to the sample's journal."""
        from labctl.analysis.tmr_temperature import FIELDS

        del data
        for row in results.table:
            if any(row.number(name) is not None for name in FIELDS):
                values: dict[str, Any] = {name: row[name] for name in (*FIELDS, *LEARNED) if name in row}
                if row.number("field_rate") is None:
                    values["field_rate"] = quantity(self.window_rate, "T/s")
                yield SWITCHING_FIELDS, values

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw TMR, switching fields and the inverse of the hard layer's against temperature."""
        from procedures import tmr_temperature_figure

        others = tmr_devices.devices_of(self) if self.other_runs else ()
        title = " of ".join(filter(None, ["TMR", self.sample_name])) + " over temperature"
        return tmr_temperature_figure.figure_of(data, results, others, title=title, caption=self.caption)
