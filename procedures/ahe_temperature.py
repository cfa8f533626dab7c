"""Anomalous-Hall loops over temperatures, through the compensation temperature of a ferrimagnet."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from instruments.errors import BadValue
from labctl import reversal
from labctl.elsewhere.quantities import HALL_LOOP_COLUMNS
from labctl.elsewhere.wanted import Wanted
from labctl.journal import COERCIVE_FIELD
from labctl.moving import KIND, ON_THE_WAY
from labctl.parameters import Choice, OptionalQuantity, Quantity, QuantityList
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.reversal import CHANNEL, LONGITUDINAL_CHANNEL
from procedures.hall_loops import FIELD_PER_COERCIVE, hall_loop, swept_branch

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results
    from labctl.analysis.visits import Visit

WINDOW_PER_COERCIVE = 1.6
"""End of the window over the coercive field that is expected; it begins at zero field.

A coercive field falls as the compensation temperature is left behind. A window that began above the new one would cost
a second loop, one that begins at zero costs ten seconds.
"""
UNSATURABLE = 1.5
"""Largest field over the expected coercive field below which a refined temperature is not worth its loops."""
BACK = 5.0
"""K beyond the first refined temperature that the sample goes back, to pass all of them in the same direction."""
SAME_RATE = 1.05
"""Ratio of the largest to the smallest field rate at a switch up to which one number says them all."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """One loop: its largest field in T, and the coercive field in T that is expected (None: unknown)."""

    maximum: float
    coercive: float | None


class AnomalousHallTemperature(Procedure):
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
    columns_from_elsewhere: ClassVar[Mapping[str, Wanted]] = {
        **HALL_LOOP_COLUMNS,
        "temperature": replace(HALL_LOOP_COLUMNS["temperature"], needed=True, constant=None),
    }

    temperatures = QuantityList("300:240:-10 K", "Temperatures, in one direction", above_zero=True)
    refinement = OptionalQuantity(
        "none", "Distance of two more temperatures from compensation", unit="K", default="3 K", above_zero=True
    )
    maximum_field = Quantity("0.5 T", "Field at the ends of the very first loop", above_zero=True)
    minimum_field = Quantity("0.2 T", "Field at the ends of a loop, at least", above_zero=True)
    field_limit = Quantity("1 T", "Field up to which an unsaturated loop is repeated", above_zero=True)
    sweep_rate = Quantity("100 Oe/s", "Field rate where no switch is expected", above_zero=True)
    window_rate = Quantity("50 Oe/s", "Field rate where a switch is expected, or may be", above_zero=True)
    start = Choice("positive", "Saturation from which each loop begins", options=["positive", "negative"])
    rt_while_moving = Choice("on", "Reading a resistance on the way to a temperature", options=["on", "off"])
    probe = Probe()

    def check(self) -> None:
        """Refuse temperatures that turn round, and fields that contradict each other."""
        steps = [after - before for before, after in itertools.pairwise(self.temperatures)]
        if any(step * steps[0] <= 0 for step in steps):
            raise BadValue(
                f"temperatures {', '.join(f'{t:g}' for t in self.temperatures)} K do not go in one direction; "
                "give them rising or falling, each once, and the other direction in a run of its own"
            )
        for name in ("maximum_field", "minimum_field"):
            if getattr(self, name) > self.field_limit:
                raise BadValue(
                    f"{name} is {getattr(self, name):g} T, but must not exceed field_limit, {self.field_limit:g} T"
                )

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most and at least, whether it will be needed or not."""
        probe = self.probe_settings()
        rates = (self.sweep_rate, self.window_rate)
        return {
            "current": probe.current,
            "voltage": probe.compliance,
            "field": self.field_limit,
            "field_rate": max(rates),
            "slowest_field_rate": min(rates),
            "temperature": max(self.temperatures),
            "lowest_temperature": min(self.temperatures),
        }

    def execute(self) -> None:
        """Measure at the temperatures, then at the refined ones."""
        self._known: dict[tuple[str, int, float], Visit | None] = {}
        for temperature in self.track("temperature", self.temperatures, restart=True):
            self._measure(temperature, self._before(temperature))
        refined = self._refined()
        for temperature, coercive in self.track("refinement", refined, restart=True):
            self._go_back(temperature, refined[0][0])
            self._measure(temperature, coercive)

    # ---- going there

    def _go_to(self, temperature: float) -> None:
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

    # ---- loops at one temperature

    def _measure(self, temperature: float, coercive: float | None) -> None:
        """Settle, then measure loops until one is good or the field is at its limit."""
        self._go_to(temperature)
        block = self.run.path.block
        for number, plan in enumerate(self.track("loop", self._plans(block, coercive)), 1):
            first = plan.maximum if self.start == "positive" else -plan.maximum
            for branch, reading in hall_loop(self, first, lambda begin, end, plan=plan: self._branch(begin, end, plan)):
                self._record(reading, math.nan, CHANNEL, "loop", temperature, plan.maximum, branch, number)

    def _branch(self, begin: float, end: float, plan: _Plan) -> Iterator[dict[str, Any]]:
        reach = math.inf if plan.coercive is None else WINDOW_PER_COERCIVE * plan.coercive
        # Two parts at one rate would only stop between them, and a switch there would have a rate of its own.
        if reach >= abs(end) or self.window_rate == self.sweep_rate:
            yield from swept_branch(self, begin, end, window=None, outside=self.window_rate, inside=self.window_rate)
            return
        window = (0.0, reach) if end > 0 else (-reach, 0.0)
        yield from swept_branch(self, begin, end, window=window, outside=self.sweep_rate, inside=self.window_rate)

    def _plans(self, block: str, coercive: float | None) -> Iterator[_Plan]:
        """Plan the next loop at a temperature from what the loops so far tell, until one is good."""
        plan = self._plan(coercive)
        again = True
        while True:
            yield plan
            visit = self._visit(block)
            if visit is None:
                return
            if visit.saturated and (visit.at_one_rate or not again):
                return
            if visit.saturated:
                plan, again = self._plan(visit.coercive_field.value), False
            elif plan.maximum < self.field_limit:
                plan = _Plan(min(2 * plan.maximum, self.field_limit), None)
            else:
                return

    def _plan(self, coercive: float | None) -> _Plan:
        if coercive is None:
            return _Plan(self.maximum_field, None)
        wanted = max(self.minimum_field, FIELD_PER_COERCIVE * coercive)
        return _Plan(min(wanted, self.field_limit), coercive)

    # ---- what was found so far

    def _visit(self, block: str) -> Visit | None:
        """What a block measured, None if it has no loop."""
        from labctl.analysis.visits import visits

        rows = self.recorded(block)
        if rows.empty:
            return None
        key = (block, len(rows), float(rows["Time (s)"].iloc[-1]))
        if key not in self._known:  # nothing but the time that it takes to look at the same rows again
            self._known[key] = (visits(rows) or [None])[-1]
        return self._known[key]

    def _visits(self) -> list[Visit]:
        """What was found at the temperatures of the list, in their order; those without a loop are left out."""
        found = (self._visit(f"temperature={index + 1}") for index in range(len(self.temperatures)))
        return [visit for visit in found if visit is not None]

    def _before(self, temperature: float) -> float | None:
        """Coercive field of the last temperature before this one that has any, in T."""
        for index in range(self.temperatures.index(temperature), 0, -1):
            visit = self._visit(f"temperature={index}")
            if visit is not None and visit.saturated:
                return visit.coercive_field.value
        return None

    def _refined(self) -> list[tuple[float, float]]:
        """Temperatures around compensation in the order of the list, with the coercive fields in T expected there."""
        from labctl.analysis.compensation import Line, find_compensation, fit_line

        if self.refinement is None or len(self.temperatures) < 2:
            return []
        found = find_compensation(self._visits())
        if isinstance(found.bracket, str):
            return []
        line = found.line if isinstance(found.line, Line) else fit_line(found.bracket)
        step = math.copysign(self.refinement, self.temperatures[0] - self.temperatures[-1])
        expected = round(1.0 / (abs(line.slope) * self.refinement), 4)
        if UNSATURABLE * expected > self.field_limit:
            return []
        known = [visit.temperature for visit in found.visits if visit.saturated]
        return [
            (round(temperature, 1), expected)
            for temperature in (line.temperature + step, line.temperature - step)
            if min(abs(temperature - other) for other in known) > self.refinement / 3
        ]

    def _go_back(self, temperature: float, first: float) -> None:
        """Go back beyond the first refined temperature if the sample is not on the side from which the list comes."""
        coming = math.copysign(BACK, self.temperatures[0] - self.temperatures[-1])
        if (self.cryostat.reading().temperature - temperature) * coming < 0:
            self._go_to(min(max(first + coming, min(self.temperatures)), max(self.temperatures)))

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
