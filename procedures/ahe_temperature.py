"""Anomalous-Hall loops over temperatures, through the compensation temperature of a ferrimagnet."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from labctl import reversal
from labctl.elsewhere.quantities import HALL_LOOP_COLUMNS
from labctl.elsewhere.wanted import Wanted
from labctl.journal import COERCIVE_FIELD
from labctl.moving import KIND, ON_THE_WAY
from labctl.parameters import Choice
from labctl.probe import Probe
from labctl.reversal import CHANNEL, LONGITUDINAL_CHANNEL
from procedures.over_temperatures import OverTemperatures, Plan

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.compensation import AtTemperature
    from labctl.analysis.result import Results

SAME_RATE = 1.05
"""Ratio of the largest to the smallest field rate at a switch up to which one number says them all."""


class AnomalousHallTemperature(OverTemperatures):
    """Hall loops at a list of temperatures: coercive field, amplitude and sign, and the compensation temperature.

    The temperatures are passed in one direction, each settled until the block has held for 60 s and the sample has
    followed it, as its own longitudinal resistance tells (where that is not cabled, three time constants). There the
    film is saturated and one loop is swept. Its largest field is twice the coercive field of the temperature before, at
    least `minimum_field`, at most `field_limit`; from zero to 1.6 times that coercive field it is swept at
    `window_rate`, elsewhere at `sweep_rate`. All coercive fields so refer to one field rate. A loop whose switch lies
    elsewhere is measured once more with what it told; one that is not saturated is measured again at twice the field,
    without a window, up to `field_limit`. What is not saturated there either is marked, and the next temperature
    follows.

    Near compensation the coercive field diverges. With a `refinement`, two more temperatures so far from the
    compensation temperature that the first loops told, on either side, narrow the bracket. They are passed in the same
    direction: the sample first goes back, 5 K beyond the first of them. No loop is measured where field_limit would not
    saturate it, nor where a saturated one was measured already.

    On the way to each temperature a resistance is read every 2 s: the longitudinal one where the voltmeter's channel 2
    is cabled, the Hall resistance elsewhere. That is at the field at which the last loop ended (column Field).
    """

    roles = ("source", "voltmeter", "cryostat")
    shapes = ("hall_bar",)
    DATA_COLUMNS = (
        *reversal.COLUMNS, "Longitudinal resistance (ohm)", "Channel", KIND, "Set temperature (K)",
        "Largest field (T)", "Branch", "Loop",
    )  # fmt: skip
    main_results = ("compensation_temperature",)
    told_by_a_loop = ("coercive_field", "anomalous_hall_resistance")
    columns_from_elsewhere: ClassVar[Mapping[str, Wanted]] = {
        **HALL_LOOP_COLUMNS,
        "temperature": replace(HALL_LOOP_COLUMNS["temperature"], needed=True, constant=None),
    }

    rt_while_moving = Choice("on", "Reading a resistance on the way to a temperature", options=["on", "off"])
    probe = Probe()

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most and at least, whether it will be needed or not."""
        probe = self.probe_settings()
        return {"current": probe.current, "voltage": probe.compliance, **super().demands()}

    # ---- going there

    def go_to(self, temperature: float) -> None:
        """Settle at a temperature, recording the resistance that is read on the way."""
        if self.rt_while_moving == "off":
            self.settle(temperature=temperature)
            return

        def note(row: dict[str, Any], channel: int) -> None:
            longitudinal = math.nan
            if channel == LONGITUDINAL_CHANNEL:
                longitudinal, row["Hall resistance (ohm)"] = row["Hall resistance (ohm)"], math.nan
            self._record(row, longitudinal, channel, ON_THE_WAY, temperature, math.nan, "-", 0)

        self.settle(temperature=temperature, reading=note)

    def record_loop(self, reading: dict[str, Any], temperature: float, plan: Plan, branch: str, number: int) -> None:
        """Record a reading of a loop."""
        self._record(reading, math.nan, CHANNEL, "loop", temperature, plan.maximum, branch, number)

    def found_in(self, rows: pd.DataFrame) -> AtTemperature | None:
        """Return what the rows of one temperature tell, None where they have no loop."""
        from labctl.analysis.visits import visits

        return (visits(rows) or [None])[-1]

    def _record(
        self, row: dict[str, Any], longitudinal: float, channel: int, kind: str, temperature: float, largest: float,
        branch: str, loop: int,
    ) -> None:  # fmt: skip
        self.record(
            **row,
            **{
                "Longitudinal resistance (ohm)": longitudinal,
                "Channel": channel,
                KIND: kind,
                "Set temperature (K)": temperature,
                "Largest field (T)": largest,
                "Branch": branch,
                "Loop": loop,
            },
        )

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find what each loop tells, and the compensation temperature; see `labctl.analysis.compensation`."""
        from labctl.analysis.compensation import compensation

        return compensation(data, remanence=self.field_remanence)

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the coercive field at each temperature to the sample's journal."""
        del data
        for row in results.table:
            if row.number("coercive_field") is not None:
                names = ("coercive_field_up", "coercive_field_down", "field_rate", "largest_field", "temperature")
                yield COERCIVE_FIELD, {name: row[name] for name in names if name in row}

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw coercive field, amplitude, inverse coercive field and resistance against temperature."""
        from labctl import temperature_figure

        return temperature_figure.loops_over_temperature(
            data,
            results,
            title=" of ".join(filter(None, ["Anomalous Hall loops", self.sample_name])) + " over temperature",
            subtitle=self._conditions(data, results),
            caption=self.caption,
        )

    def _conditions(self, data: pd.DataFrame, results: Results) -> str:
        """Say under which conditions the loops were taken: current, and field rate where it is the same for all."""
        from labctl import figures

        parts: list[str] = []
        if "Current 1 (A)" in data.columns and len(data):
            parts.append(figures.current_text(abs(data["Current 1 (A)"].iloc[0])))
        rates = [rate for row in results.table if (rate := row.number("field_rate")) is not None]
        if rates and max(rates) < SAME_RATE * min(rates):
            rate = sum(rates) / len(rates)
            parts.append(f"{figures.rate_text(rate, self.caption.field_unit)} at the switch")
        return ", ".join(parts)
