"""What experiments that measure loops against a field over temperatures have in common: each plans the next one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl.parameters import Choice, OptionalQuantity, Quantity, QuantityList
from labctl.procedure import Procedure
from procedures.hall_loops import FIELD_PER_COERCIVE, hall_loop, swept_branch

if TYPE_CHECKING:
    import pandas as pd

    from labctl.analysis.compensation import AtTemperature
    from labctl.analysis.result import Results

UNSATURABLE = 1.5
"""Largest field over the expected coercive field below which a refined temperature is not worth its loops."""
APART = 0.1
"""K that a sample may be apart which has settled twice, from either side, at one temperature (assumed)."""
BACK = 5.0
"""K beyond the first refined temperature that the sample goes back, to pass all of them in the same direction."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One loop: its largest field in T, and the coercive field in T that is expected (None: unknown)."""

    maximum: float
    coercive: float | None


class OverTemperatures(Procedure):
    """Base of experiments that measure a loop at each of a list of temperatures, and more of them near compensation.

    A subclass says how it gets to a temperature (`go_to`), how a reading of a loop becomes a row (`record_loop`), and
    what the rows of a temperature tell (`found_in`). The coercive field is that of the layer which switches last.
    """

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

    window_per_coercive: ClassVar[float] = 1.6
    """End of the window over the coercive field that is expected; it begins at zero field.

    A coercive field falls as the compensation temperature is left behind. A window that began above the new one would
    cost a second loop, one that begins at zero costs ten seconds.
    """

    told_by_a_loop: ClassVar[Sequence[str]] = ()
    """Columns of the table over temperatures that a check loop is compared by."""

    # ---- to be written by experiments

    def go_to(self, temperature: float) -> None:
        """Go to a temperature in K and wait there as long as it needs."""
        raise NotImplementedError

    def record_loop(self, reading: dict[str, Any], temperature: float, plan: Plan, branch: str, number: int) -> None:
        """Record a reading of a loop, with its set temperature in K, its plan and its number there from 1."""
        raise NotImplementedError

    def found_in(self, rows: pd.DataFrame) -> AtTemperature | None:
        """Return what the rows of one temperature tell, None where they have no loop."""
        raise NotImplementedError

    # ---- before

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
        """Return what fields and temperatures will be asked for at most and at least, be they needed or not."""
        rates = (self.sweep_rate, self.window_rate)
        return {
            "field": self.field_limit,
            "field_rate": max(rates),
            "slowest_field_rate": min(rates),
            "temperature": max(self.temperatures),
            "lowest_temperature": min(self.temperatures),
        }

    # ---- during the run

    def execute(self) -> None:
        """Measure at the temperatures, then at the refined ones."""
        self._known: dict[tuple[str, int, float], AtTemperature | None] = {}
        for temperature in self.track("temperature", self.temperatures, restart=True):
            self._measure(temperature, self.plan(temperature))
        refined = self._refined()
        for temperature, coercive in self.track("refinement", refined, restart=True):
            self._go_back(temperature, refined[0][0])
            self._measure(temperature, self.planned(coercive))

    # ---- loops at one temperature

    def _measure(self, temperature: float, planned: Plan) -> None:
        """Settle, then measure loops until one is good or the field is at its limit."""
        self.go_to(temperature)
        block = self.run.path.block
        for number, plan in enumerate(self.track("loop", self._plans(block, planned)), 1):
            first = plan.maximum if self.start == "positive" else -plan.maximum
            for branch, reading in hall_loop(self, first, lambda begin, end, plan=plan: self.branch(begin, end, plan)):
                self.record_loop(reading, temperature, plan, branch, number)

    def branch(self, begin: float, end: float, plan: Plan) -> Iterator[dict[str, Any]]:
        """Read along one branch, from one field in T to the other: slowly from zero field to behind the switch."""
        reach = math.inf if plan.coercive is None else self.window_per_coercive * plan.coercive
        # Two parts at one rate would only stop between them, and a switch there would have a rate of its own.
        if reach >= abs(end) or self.window_rate == self.sweep_rate:
            yield from swept_branch(self, begin, end, window=None, outside=self.window_rate, inside=self.window_rate)
            return
        window = (0.0, reach) if end > 0 else (-reach, 0.0)
        yield from swept_branch(self, begin, end, window=window, outside=self.sweep_rate, inside=self.window_rate)

    def _plans(self, block: str, first: Plan) -> Iterator[Plan]:
        """Plan the next loop at a temperature from what the loops so far tell, until one is good."""
        plan, again = first, True
        while True:
            yield plan
            visit = self._visit(block)
            if visit is None:
                return
            if visit.saturated and (visit.at_one_rate or not again):
                return
            if visit.saturated:
                plan, again = self.planned(visit.coercive_field.value), False
            elif plan.maximum < self.field_limit:
                plan = Plan(min(2 * plan.maximum, self.field_limit), None)
            else:
                return

    def planned(self, coercive: float | None) -> Plan:
        """Plan a loop for a coercive field in T that is expected; None for one that is not known."""
        if coercive is None:
            return Plan(self.maximum_field, None)
        wanted = max(self.minimum_field, FIELD_PER_COERCIVE * coercive)
        return Plan(min(wanted, self.field_limit), coercive)

    # ---- what was found so far

    def of_one_block(self, data: pd.DataFrame) -> Results:
        """Return what the loops of one temperature tell; see `labctl.check_loop`."""
        from labctl.analysis.result import Results

        visit = self.found_in(data)
        row = Results({}) if visit is None else visit.row()
        told = {name: row[name] for name in self.told_by_a_loop if name in row}
        if visit is not None and "coercive_field" in told and visit.saturated:
            found = told["coercive_field"]
            error = math.hypot(found.uncertainty or 0.0, APART * self._steepness(visit))
            told["coercive_field"] = replace(found, uncertainty=error)
        return Results(told)

    def _steepness(self, visit: AtTemperature) -> float:
        """By how much a coercive field changes with temperature, T/K, by the nearest other one; 0 without another.

        Its inverse, with the sign of the loop, is a straight line through zero at compensation.
        """
        found = self._visits() if "_known" in vars(self) else []
        others = [one for one in found if one.saturated and one.temperature != visit.temperature]
        if not others:
            return 0.0
        other = min(others, key=lambda one: abs(one.temperature - visit.temperature))
        inverse, its = (one.polarity / (one.coercive_field.value or math.inf) for one in (visit, other))
        slope = (inverse - its) / (visit.temperature - other.temperature)
        return abs(slope) * (visit.coercive_field.value or 0.0) ** 2

    def _visit(self, block: str) -> AtTemperature | None:
        """What a block measured, None if it has no loop."""
        rows = self.recorded(block)
        if rows.empty:
            return None
        key = (block, len(rows), float(rows["Time (s)"].iloc[-1]))
        if key not in self._known:  # nothing but the time that it takes to look at the same rows again
            self._known[key] = self.found_in(rows)
        return self._known[key]

    def before(self, temperature: float) -> Iterator[AtTemperature]:
        """What was found at the temperatures of the list before this one that have a coercive field, last first."""
        for index in range(self.temperatures.index(temperature), 0, -1):
            visit = self._visit(f"temperature={index}")
            if visit is not None and visit.saturated:
                yield visit

    def _visits(self) -> list[AtTemperature]:
        """What was found at the temperatures of the list, in their order; those without a loop are left out."""
        found = (self._visit(f"temperature={index + 1}") for index in range(len(self.temperatures)))
        return [visit for visit in found if visit is not None]

    def plan(self, temperature: float) -> Plan:
        """Plan the first loop at a temperature: for the coercive field of the last one before it that has any."""
        return self.planned(next((visit.coercive_field.value for visit in self.before(temperature)), None))

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
            self.run.remark(
                f"no temperature was added by refinement: {self.refinement:g} K from compensation a switching field of "
                f"{format_quantity(expected, 'T', digits=3)} is expected, and field_limit is "
                f"{format_quantity(self.field_limit, 'T')}; give a larger distance, or a field_limit above "
                f"{format_quantity(UNSATURABLE * expected, 'T', digits=3)}"
            )
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
            self.go_to(min(max(first + coming, min(self.temperatures)), max(self.temperatures)))
