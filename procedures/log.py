"""Everything against time, with nothing moving."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labctl import reversal
from labctl.parameters import Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.reversal import CHANNEL, LONGITUDINAL_CHANNEL
from labctl.sample import HEADROOM
from labctl.sample_thermometer import has_longitudinal
from labctl.waiting import word_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

HALL, LONGITUDINAL, TIME = "Hall resistance (ohm)", "Longitudinal resistance (ohm)", "Time (s)"
RESISTANCE, SECOND = "Resistance (ohm)", "Resistance on channel 2 (ohm)"
"""Columns of a junction, which has neither of the two of a bar."""
QUANTITIES = {
    "temperature": ("Temperature (K)", "K"),
    "field": ("Field (T)", "T"),
    "hall_resistance": (HALL, "ohm"),
    "longitudinal_resistance": (LONGITUDINAL, "ohm"),
}
"""What is summed up: name of the result, column, unit."""
OF_JUNCTION = {
    "temperature": ("Temperature (K)", "K"),
    "field": ("Field (T)", "T"),
    "junction_resistance": (RESISTANCE, "ohm"),
    "junction_resistance_channel_2": (SECOND, "ohm"),
}
"""The same of a junction."""
CALLED = {
    "temperature": "temperature", "field": "field", "hall_resistance": "Hall resistance",
    "longitudinal_resistance": "longitudinal", "junction_resistance": "junction",
    "junction_resistance_channel_2": "channel 2",
}  # fmt: skip
"""What they are called in the figure."""
FEWEST = 4
"""Rows from which a drift is told."""


class Log(Procedure):
    """Temperature, field, angle, states and resistances against time, while nothing is moved.

    What the cryostat and the sample do by themselves: after a ramp, overnight, with somebody else's hand on the magnet.
    Every `interval` the Hall resistance is read by current reversal, then the longitudinal one where the voltmeter's
    channel 2 is cabled, and the cryostat is asked for everything it knows. Of a junction both channels read its
    resistance, each between the leads that it is plugged into. Temperature, field and rotator stay as they are found.
    The sample gets the probe current all the time, reversed with each reading.
    """

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = (
        *reversal.COLUMNS, LONGITUDINAL, RESISTANCE, SECOND, "Temperature state", "Field state", "Chamber state",
        "Position (deg)", "Position state",
    )  # fmt: skip
    main_results = (
        "longitudinal_resistance_drift", "hall_resistance_drift", "junction_resistance_drift", "temperature_drift",
    )  # fmt: skip

    duration = Quantity("10 min", "How long", minimum="0 s")
    interval = Quantity("10 s", "From one row to the next", minimum="1 s")
    probe = Probe()

    def demands(self) -> dict[str, float]:
        """Return what the probe asks for."""
        probe = self.probe_settings()
        return {"current": probe.current, "voltage": probe.compliance}

    def execute(self) -> None:
        """Read until the time is over."""
        both = has_longitudinal(self)
        if not both:
            lacks = "second" if self.sample.is_junction else "longitudinal"
            self.run.remark(f"the voltmeter's channel 2 is not cabled, so there is no {lacks} resistance")
        for row in self.hold(duration=self.duration, interval=self.interval):
            self.record(**self._named(self._with_longitudinal(row, both=both)), **self._states())

    def _with_longitudinal(self, row: dict[str, Any], *, both: bool) -> dict[str, Any]:
        """Add the longitudinal resistance to a row; either of the two may overflow or be in compliance."""
        if not both:
            return {**row, LONGITUDINAL: math.nan}
        settings = self.reader.settings
        self.reader.select(LONGITUDINAL_CHANNEL, HEADROOM * settings.current * self.sample.sample_resistance())
        other = self.reader.read()
        self.reader.select(CHANNEL, settings.voltage_range)
        flags = {name: bool(row[name] or other[name]) for name in ("Overflow", "Compliance")}
        return {**row, **flags, LONGITUDINAL: other[HALL]}

    def _named(self, row: dict[str, Any]) -> dict[str, Any]:
        """Put the resistances of a junction under its own columns."""
        if not self.sample.is_junction:
            return {**row, RESISTANCE: math.nan, SECOND: math.nan}
        return {**row, RESISTANCE: row[HALL], SECOND: row[LONGITUDINAL], HALL: math.nan, LONGITUDINAL: math.nan}

    def _states(self) -> dict[str, Any]:
        found = self.cryostat.reading()
        return {
            "Temperature state": word_of(found.temperature_state),
            "Field state": word_of(found.field_state),
            "Chamber state": word_of(found.chamber_state),
            "Position (deg)": math.nan if found.position is None else found.position,
            "Position state": word_of(found.position_state),
        }

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find mean and drift of each quantity."""
        from labctl.analysis.result import Result, Results

        found: dict[str, Result] = {}
        hours = data[TIME].to_numpy(dtype=float) / 3600.0
        for name, (column, unit) in quantities_of(data).items():
            values = data[column].to_numpy(dtype=float)
            found |= means_and_drifts(name, unit, hours, values)
        return Results(found)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure | None:
        """Draw temperature, field and both resistances against time."""
        from labctl import plot_columns
        from labctl.frame import temperature_text

        at, quantities = temperature_text(data["Temperature (K)"]), quantities_of(data)
        names = [name for name in quantities if results[f"{name}_drift"].value is not None]
        drifts = [f"{CALLED[name]} {results[f'{name}_drift'].text()}" for name in names]
        shown = data.assign(**{"Time (min)": (data[TIME] - data[TIME].min()) / 60.0})
        columns = [column for column, _ in quantities.values() if bool(data[column].notna().any())]
        drift = "drift: " + ", ".join(drifts) if drifts else ""
        return plot_columns(
            shown, x="Time (min)", y=columns, title=" of ".join(filter(None, ["Log", self.sample_name])),
            subtitle=" · ".join(filter(None, [at, drift])), caption=self.caption,
        )  # fmt: skip


def quantities_of(data: pd.DataFrame) -> Mapping[str, tuple[str, str]]:
    """Return what is summed up: of a junction, which its column shows, its own resistances."""
    return OF_JUNCTION if RESISTANCE in data and bool(data[RESISTANCE].notna().any()) else QUANTITIES


def means_and_drifts(name: str, unit: str, hours: Any, values: Any) -> dict[str, Any]:
    """Return mean, scatter and drift (per hour) of a quantity as results.

    Args:
        name: Of the quantity.
        unit: Its unit.
        hours: When, in h.
        values: The values; NaN where there is none.
    """
    import numpy as np

    from labctl.analysis.fits import linear_fit
    from labctl.analysis.result import Result, missing

    good = np.isfinite(hours) & np.isfinite(values)
    if np.count_nonzero(good) < FEWEST or np.ptp(hours[good]) == 0.0:
        why = "it was not read" if not np.any(good) else f"{np.count_nonzero(good)} rows are too few"
        return {name: missing(unit, why, "this run"), f"{name}_drift": missing(f"{unit}/h", why, "this run")}
    time, value = hours[good] - np.mean(hours[good]), values[good]
    fit = linear_fit(np.stack([np.ones_like(time), time], axis=1), value)
    mean, drift = fit.combine(np.array([1.0, 0.0])), fit.combine(np.array([0.0, 1.0]))
    return {
        name: Result(*mean, unit, "mean of this run", scatter=float(np.std(fit.residual, ddof=2))),
        f"{name}_drift": Result(*drift, f"{unit}/h", "this run"),
    }
