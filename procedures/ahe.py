"""The anomalous-Hall loop."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import reversal
from labctl.elsewhere.quantities import HALL_LOOP_COLUMNS
from labctl.informed import Known, on
from labctl.journal import COERCIVE_FIELD, COOLDOWN, Entry, quantity
from labctl.parameters import Choice, Count, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from procedures.hall_loops import FIELD_PER_COERCIVE, SMALLEST_FIELD, hall_loop, swept_branch

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

SAME_TEMPERATURE = 2.0
"""K within which a coercive field is that of another loop as well; not near compensation, hence the factor of two."""


class AnomalousHallLoop(Procedure):
    """Hall resistance against perpendicular field, around one hysteresis loop or several.

    The sample is saturated at the largest field; then the field runs to the opposite one and back while the Hall
    resistance is read without pause, each reading by current reversal (+ - +) with a time stamp, and the field
    interpolated to the reading's middle. Nothing stands still, so a loop takes minutes instead of an hour, and the
    coercive field refers to the field rate that is stated with it.

    Without a window the whole loop runs at `survey_rate`. With a window, known from an earlier loop, the field runs at
    `window_rate` where its magnitude is below `window` and at `sweep_rate` outside. `sweep=step` stops at every point
    instead: slower by an order of magnitude, for those who must compare with stepped data.

    Where the sample's journal has a saturated loop of this mounting at the same `temperature`, and none came between of
    a cool-down, `maximum_field` is twice its coercive field unless it is given, and at least 0.2 T.
    """

    roles = ("source", "voltmeter", "cryostat")
    shapes = ("hall_bar",)
    DATA_COLUMNS = (*reversal.COLUMNS, "Branch", "Loop")
    main_results = ("coercive_field_up_ensemble", "coercive_field_down_ensemble", "anomalous_hall_resistance")
    columns_from_elsewhere = HALL_LOOP_COLUMNS

    temperature = OptionalQuantity("stay", "Temperature of the loop", unit="K", above_zero=True)
    maximum_field = Quantity("0.5 T", "Field at the loop's ends", above_zero=True)
    movement = Choice("continuous", "How the field moves", options=["continuous", "step"], called="sweep")
    sweep_rate = Quantity("100 Oe/s", "Field rate outside the window", above_zero=True)
    window_rate = Quantity("20 Oe/s", "Field rate inside the window", above_zero=True)
    survey_rate = Quantity("50 Oe/s", "Field rate of a loop without a window", above_zero=True)
    window = OptionalQuantity("none", "Field magnitude below which the field moves slowly", unit="T", above_zero=True)
    field_step = Quantity("2.5 mT", "Distance between the points of a stepped loop", above_zero=True)
    loops = Count(1, "Loops, one after the other", minimum=1, maximum=100)
    start = Choice("positive", "Saturation from which each loop begins", options=["positive", "negative"])
    probe = Probe()

    def informed(self) -> Mapping[str, Known]:
        """Take the largest field from the coercive field that the sample's journal has for this temperature."""
        cooled, entry = self.latest(COOLDOWN), self._loop_before()
        if entry is None or (cooled is not None and cooled.utc > entry.utc):  # the first loop after it is training
            return {}
        coercive = max(abs(entry.number(f"coercive_field_{branch}") or 0.0) for branch in ("up", "down"))
        wanted = max(SMALLEST_FIELD, round(FIELD_PER_COERCIVE * coercive, 3))
        why = f"twice the coercive field of {format_quantity(coercive, 'T')} {on(entry)}"
        if wanted == SMALLEST_FIELD:
            why = f"enough for the coercive field of {format_quantity(coercive, 'T')} {on(entry)}"
        why += ": give it for loops that are to be compared, since the trapped flux goes with the largest field"
        allowed = wanted <= self.station.limits.field and (self.window is None or self.window < wanted)
        return {"maximum_field": Known(wanted, why)} if allowed else {}

    def _loop_before(self) -> Entry | None:
        """The newest saturated loop at this temperature since the sample was mounted."""
        if self.temperature is None or self.sample_journal is None:
            return None
        for entry in reversed(self.sample_journal.since_mounting()):
            if entry.kind == COERCIVE_FIELD and entry.true("saturated"):
                at = entry.number("temperature")
                if at is not None and abs(at - self.temperature) < SAME_TEMPERATURE:
                    return entry
        return None

    def check(self) -> None:
        """Refuse a window or a step that is larger than the loop."""
        if self.window is not None and self.window >= self.maximum_field:
            raise BadValue(
                f"window is {self.window:g} T, but must lie below maximum_field, {self.maximum_field:g} T; "
                "leave it out to run the whole loop at survey_rate"
            )
        if self.field_step > self.maximum_field:
            raise BadValue(
                f"field_step is {self.field_step:g} T, but must not exceed maximum_field, {self.maximum_field:g} T"
            )

    def idle_parameters(self) -> dict[str, str]:
        """Return the parameters that were set and have no effect with the others, each with what would change that."""
        if self.movement == "step":
            idle = dict.fromkeys(("window", "window_rate", "survey_rate"), "sweep=continuous")
        elif self.window is None:
            idle = dict.fromkeys(("window_rate", "sweep_rate"), "a window") | {"field_step": "sweep=step"}
        else:
            idle = {"survey_rate": "window=none", "field_step": "sweep=step"}
        declared = self.declared_parameters()
        return {name: why for name, why in idle.items() if self.values()[name] != declared[name].default}

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most, and of field rates also at least; all of them, used or not."""
        probe = self.probe_settings()
        rates = (self.sweep_rate, self.window_rate, self.survey_rate)
        wanted = {
            "current": probe.current,
            "voltage": probe.compliance,
            "field": self.maximum_field,
            "field_rate": max(rates),
            "slowest_field_rate": min(rates),
        }
        return wanted if self.temperature is None else {**wanted, "temperature": self.temperature}

    def execute(self) -> None:
        """Measure the loops."""
        for name, otherwise in self.idle_parameters().items():
            self.run.remark(f"{name} was set and has no effect; it needs {otherwise}")
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        first = self.maximum_field if self.start == "positive" else -self.maximum_field
        for loop in self.track("loop", range(1, self.loops + 1), restart=True):
            for branch, reading in hall_loop(self, first, self.branch):
                self.record(**reading, Branch=branch, Loop=loop)

    def branch(self, begin: float, end: float) -> Iterator[dict[str, Any]]:
        """Read along one branch, from one field in T to the other."""
        if self.movement == "step":
            steps = math.ceil(round(abs(end - begin) / self.field_step, 6))
            yield from self.steps(fields=np.linspace(begin, end, steps + 1).tolist(), rate=self.sweep_rate)
        elif self.window is None:
            yield from swept_branch(self, begin, end, window=None, outside=self.survey_rate, inside=self.survey_rate)
        else:
            window = (-self.window, self.window)
            yield from swept_branch(self, begin, end, window=window, outside=self.sweep_rate, inside=self.window_rate)

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find coercive fields, amplitude, slope and the rest; see `labctl.analysis.loops`."""
        from labctl.analysis import loops

        return loops.anomalous_hall(data, remanence=self.field_remanence)

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the coercive fields to the sample's journal, with the temperature and the field rate they hold for."""
        names = ("coercive_field_up", "coercive_field_down")
        if any(results.number(name) is not None for name in names):
            temperature = data["Temperature (K)"].to_numpy(dtype=float)
            yield (
                COERCIVE_FIELD,
                {
                    **{name: results[name] for name in (*names, "field_rate", "saturated") if name in results},
                    "temperature": quantity(float(temperature.mean()), "K", float(temperature.std())),
                    "largest_field": quantity(self.maximum_field, "T"),
                },
            )

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw both branches with the coercive fields marked."""
        from labctl import figures

        return figures.hall_loop(
            data,
            results,
            title=" of ".join(filter(None, ["Anomalous Hall loop", self.sample_name])),
            subtitle=self._conditions(data, results),
            provenance=self.caption.provenance,
            simulated=self.caption.simulated,
            unit=self.caption.field_unit,
            state=self.caption.state,
        )

    def _conditions(self, data: pd.DataFrame, results: Results) -> str:
        """Say under which conditions the loop was taken: temperature, current, field rate, number of loops."""
        from labctl import figures
        from labctl.frame import temperature_text

        parts: list[str] = []
        if "Temperature (K)" in data.columns:
            parts.append(temperature_text(data["Temperature (K)"]))
        if "Current 1 (A)" in data.columns and len(data):
            parts.append(figures.current_text(abs(data["Current 1 (A)"].iloc[0])))
        rate = results.number("field_rate")
        if self.movement == "step":
            parts.append(f"stepped by {format_quantity(self.field_step, 'T')}")
        elif rate is not None:
            parts.append(f"{figures.rate_text(rate, self.caption.field_unit)} at the switch")
        if self.loops > 1:
            parts.append(f"{self.loops} loops")
        return ", ".join(filter(None, parts))
