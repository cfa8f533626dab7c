"""Resistance against temperature."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from labctl import reversal
from labctl.informed import Known
from labctl.parameters import Choice, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.reversal import CHANNEL
from labctl.waiting import time_constant
from procedures import flux
from procedures.longitudinal import FOUR, TWO, choose_range, wires_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.resistance import AtReference, Course
    from labctl.analysis.result import Result, Results

RESISTANCE, DIRECTION, TIME, TEMPERATURE = "Resistance (ohm)", "Direction", "Time (s)", "Temperature (K)"
STAMP = "Field after stamp (s)"
"""Column of the time at which a row's temperature was read, with the field after the reading."""
COOLING, WARMING, SETTLING = "cooling", "warming", "settling"
OUTSIDE = 1.0
"""K by which the reference temperature may lie beyond what was measured for R(T) to be carried on to there."""
FIELD_NOTE = "the uncertainty is the magnet's remanence: degauss before, where it matters"


class ResistanceTemperature(Procedure):
    """Longitudinal resistance against temperature, on the way down and up again.

    The block is ramped at a steady rate while the resistance is read every 2 s by current reversal. The sample lags
    behind the block, by 3 K at 2 K/min; measured in both directions, the hysteresis tells the lag and takes it out. At
    both ends the sample is waited for. The temperature coefficient that comes out is what makes the sample its own
    thermometer: for waiting, and for the heating by a current.

    Read on the voltmeter's channel 2, between two arms of the bar; where that is not cabled, on channel 1 if it is on
    the current leads themselves: then with the leads' resistance in it, and the results say so.

    The field stays as it is unless one is given; it is stated with the results.
    """

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = (*reversal.COLUMNS, RESISTANCE, "Wires", DIRECTION, "Set temperature (K)")
    main_results = ("temperature_coefficient", "resistance_at_reference", "residual_resistance_ratio")

    begin = OptionalQuantity("now", "Temperature to begin at", unit="K", above_zero=True)
    end = Quantity("50 K", "Temperature to go to", above_zero=True)
    rate = Quantity("2 K/min", "Rate, in both directions", above_zero=True)
    directions = Choice("both", "Whether to come back at the same rate", options=["both", "one"])
    field = OptionalQuantity("stay", "Field to measure in; none means that it stays as it is", unit="T")
    trapped_field = flux.parameter()
    probe = Probe()

    def informed(self) -> Mapping[str, Known]:
        """Take the bound on the trapped flux from the last `degauss` in the sample's journal."""
        return flux.informed(self, self.field)

    def check(self) -> None:
        """Refuse a station on which no longitudinal resistance can be read; say what temperatures will not give."""
        if "station" in vars(self):
            wires_of(self)
        if self.begin is not None:
            self._look_for_reference(self.begin)

    def _look_for_reference(self, begin: float) -> None:
        """Say beforehand if no temperature coefficient will follow, of a run that begins at a temperature in K."""
        if "sample" not in vars(self):
            return
        reference, low, high = self.sample.resistances.temperature, *sorted((begin, self.end))
        if not low - OUTSIDE <= reference <= high + OUTSIDE:
            self.forewarn(
                f"no temperature coefficient will follow, and no resistance at the reference: the run stays between "
                f"{low:g} K and {high:g} K, and the record's resistances are those at {reference:g} K; begin or end "
                f"there if you want them, e.g. with -p begin={reference:g}K"
            )

    def demands(self) -> dict[str, float]:
        """Return what the probe asks for, and the temperatures."""
        probe = self.probe_settings()
        ends = [self.end, *([] if self.begin is None else [self.begin])]
        wanted = {"current": probe.current, "voltage": probe.compliance}
        wanted |= {"temperature": max(ends), "lowest_temperature": min(ends)}
        return wanted if self.field is None else {**wanted, "field": abs(self.field)}

    def startup(self) -> None:
        """Set the probe up; on the current leads with a range for the whole bar's voltage."""
        super().startup()
        choose_range(self)

    def execute(self) -> None:
        """Settle where it begins, go to the end, and come back."""
        if wires_of(self) == TWO:
            self.run.remark("the resistance is that of the current leads and the bar: channel 2 is not cabled")
        if self.field is not None:
            self.settle(field=self.field)
        begin = self._begin()
        self._look_for_reference(begin)
        for sentence in self.forewarnings:
            self.run.remark(sentence)
        ways = [(begin, self.end), *([(self.end, begin)] if self.directions == "both" else [])]
        for start, end in self.track("way", ways, restart=True):
            self._settle(start, start, None)
            self._settle(start, end, self.rate)

    def _begin(self) -> float:
        """Where it begins, in K; in a run that is carried on, where it began."""
        if self.begin is not None:
            return self.begin
        rows = self.recorded()
        if rows.empty:
            return round(self.cryostat.reading().temperature, 1)
        return float(rows["Set temperature (K)"].to_list()[0])

    def _settle(self, start: float, end: float, rate: float | None) -> None:
        """Go from a temperature in K to another, at a rate in K/s, and record all that is read on the way."""
        direction = SETTLING if start == end else COOLING if end < start else WARMING
        wires = wires_of(self)

        def note(row: dict[str, Any], channel: int) -> None:
            resistance = row["Hall resistance (ohm)"]
            if channel != CHANNEL or wires == TWO:
                row["Hall resistance (ohm)"] = math.nan
            self.record(
                **row, **{RESISTANCE: resistance, "Wires": wires, DIRECTION: direction, "Set temperature (K)": end}
            )

        self.settle(temperature=end, rate=rate, reading=note)

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the lag, and from R(T) without it the coefficient, the ratio and a table."""
        from labctl.analysis.resistance import at_reference, find_lag, sample_temperatures
        from labctl.analysis.result import Result, Results, missing

        course = course_of(data)
        if not (course.cooling | course.warming).any():
            why = "no row was read on the way"
            return Results(
                {
                    "temperature_coefficient": missing("1/K", why, "this run"),
                    "time_constant": missing("s", why, "this run"),
                }
            )
        lag = find_lag(course, time_constant)
        sample, later = (sample_temperatures(course, lag, more) for more in (0.0, 1.0))
        reference = self.sample.resistances.temperature if "sample" in vars(self) else 300.0
        middle = min(max(reference, float(sample.min())), float(sample.max()))
        constant, error = lag.at(middle)
        at = at_reference(course, lag, reference, self.rate * error if lag.why else 0.0)
        field = float(data["Field (T)"].to_numpy(dtype=float).mean())
        bound = self.field_remanence if self.trapped_field is None else self.trapped_field
        field_note = flux.said_of(self, self.trapped_field, FIELD_NOTE)
        lag_note = lag.why or "from the hysteresis between cooling and warming; taken out of R(T) and all that follows"
        return Results(
            {
                **self._at(at, reference, str(data["Wires"].iloc[0])),
                "residual_resistance_ratio": ratio_of(course, sample, later, data["Set temperature (K)"]),
                "time_constant": Result(constant, error, "s", f"sample at {middle:.4g} K"),
                "lag": Result(self.rate * constant, self.rate * error, "K", f"sample at {middle:.4g} K", note=lag_note),
                "field": Result(field, bound, "T", "magnet", note=field_note),
            },
            table=_table(course, sample, later),
        )  # fmt: skip

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give resistance and temperature coefficient to the sample's journal."""
        del data
        if results.number("temperature_coefficient") is not None:
            yield (
                "resistance",
                {
                    "resistance": results["resistance_at_reference"],
                    "temperature_coefficient": results["temperature_coefficient"],
                    "of": results["temperature_coefficient"].of,
                },
            )

    def _at(self, at: AtReference | str, reference: float, wires: str) -> dict[str, Result]:
        """Resistance and coefficient at the reference temperature in K."""
        from labctl.analysis.result import Result, missing

        of = f"{wires}, at {reference:g} K"
        if isinstance(at, str):
            units = {"temperature_coefficient": "1/K", "resistance_at_reference": "ohm"}
            return {name: missing(unit, at, of) for name, unit in units.items()}
        note = "the thermometer is taken as right" + ("" if wires == FOUR else "; the resistance of the leads is in it")
        return {
            "temperature_coefficient": Result(*at.coefficient, "1/K", of, note=note),
            "resistance_at_reference": Result(*at.resistance, "ohm", of, note=note),
        }

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw R against the sample's temperature, and the difference of the directions against the block's."""
        from labctl.resistance_figure import resistance_temperature

        course = course_of(data)
        return resistance_temperature(
            course, results, title=" of ".join(filter(None, ["Resistance", self.sample_name])) + " against temperature",
            caption=self.caption, assumed=time_constant,
        )  # fmt: skip


def ratio_of(course: Course, sample: Any, later: Any, ends: Any) -> Result:
    """Resistance at the highest of the temperatures that it went to, over that at the lowest.

    `later` is the sample's temperature with the lag longer by its uncertainty: what changes by it is in the ratio's.
    """
    from labctl.analysis.resistance import value_at
    from labctl.analysis.result import Result, missing

    high, low = float(ends.max()), float(ends.min())
    width = max(15.0, 0.08 * (high - low))
    found = [value_at(course, temperatures, end, width) for temperatures in (sample, later) for end in (high, low)]
    above, below, above_later, below_later = found
    if above is None or below is None or above_later is None or below_later is None:
        return missing("1", f"too little was read at {low:.4g} K or {high:.4g} K", "this run")
    ratio, other = above[0] / below[0], above_later[0] / below_later[0]
    error = abs(ratio) * math.hypot(above[1] / above[0], below[1] / below[0])
    return Result(ratio, math.hypot(error, other - ratio), "1", f"R({high:g} K)/R({low:g} K)")


def _table(course: Course, sample: Any, other: Any) -> list[Results]:
    """R(T) at round temperatures; `other` is the sample's temperature with the lag longer by its uncertainty."""
    from labctl.analysis.resistance import table_of
    from labctl.analysis.result import Result, Results

    return [
        Results(
            {
                "temperature": Result(at, None, "K", "sample", why="where it is stated"),
                "resistance": Result(value, error, "ohm", "this run"),
            }
        )
        for at, value, error in table_of(course, sample, other=other)
    ]


def course_of(data: pd.DataFrame) -> Course:
    """Return the rows with a resistance in the order in which they were read, the block's temperature at their time."""
    import numpy as np

    from labctl.analysis.resistance import Course

    rows = data.loc[data[RESISTANCE].notna()].sort_values(TIME, kind="stable")
    names = (TIME, STAMP, TEMPERATURE, RESISTANCE)
    time, stamp, block, resistance = (rows[name].to_numpy(dtype=float) for name in names)
    direction = rows[DIRECTION].to_numpy(dtype=str)
    # At 2 K/min a tenth of a second is 3 mK, of opposite sign in the two directions.
    if len(time):
        block = np.interp(time, stamp, block)
    return Course(time, block, resistance, direction == WARMING, direction == COOLING)
