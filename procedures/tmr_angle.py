"""Loops of a tunnel junction with the field at angles from the film's normal: TMR and switching fields against them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from instruments.cryostat import Cryostat
from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import facing
from labctl.facing import BELOW
from labctl.journal import SWITCHING_FIELDS, quantity
from labctl.parameters import OptionalQuantity, QuantityList
from labctl.turning import found_at, leave_at, turn_from_below
from procedures import tmr_angle_results
from procedures.across_junction import as_resistance
from procedures.hall_loops import OFF_NORMAL, hall_loop, windowed_branch
from procedures.tmr_angle_results import FIELD_ANGLE, ROTATOR, STEP
from procedures.tmr_loop import FIELD_PER_HARD, STATES, TmrLoop
from procedures.tmr_results import BRANCH, KIND, LOOP, RESISTANCE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

LARGEST_ANGLE = 88.0
"""deg from the normal, below which a field still has a part along it that says anything: 3.5 % of it there."""


class TmrAngle(TmrLoop):
    """Loops of a tunnel junction with the field at angles from the film's normal, from the smallest angle up.

    The sample is turned to each angle from below, saturated there at the largest field, and one loop is run as for
    `tmr-loop`. What a loop along the normal is given holds at an angle for the part of the field along the normal: the
    largest field, the windows and the rates are those of `tmr-loop` over the cosine, as far as magnet and station go.
    A layer that follows only that part (Kondorsky) so switches at the same place of the loop and in the same time at
    each angle. Once the first loop has told at which field the hard layer switches, the largest field is 1.5 times that
    over the cosine, where this is less. At the end the first angle is measured again.

    The record's `mounting.rotator_axis` says that the sample is on a rotator, and about which axis it turns.
    """

    DATA_COLUMNS = (*TmrLoop.DATA_COLUMNS, STEP, FIELD_ANGLE, ROTATOR)
    main_results = ("tmr_falls", "field_growth_soft", "field_growth_hard")
    beside_results = ("tmr_return",)
    largest_multiple = 1.0

    angles = QuantityList("0, 30, 45, 60, 70, 80, 85 deg", "Angles of the field from normal, rising", minimum="0 deg",
                          each_once="the first one is measured again at the end by itself")  # fmt: skip
    field_limit = OptionalQuantity("of the station", "Largest field at any angle", unit="T", above_zero=True)

    # ---- before

    def check(self) -> None:
        """Refuse angles that do not rise, or too near to the plane, and a sample that does not turn."""
        degrees = [math.degrees(angle) for angle in self.angles]
        said = f"angles has {degrees[-1]:.4g} deg"
        if sorted(degrees) != degrees:
            raise BadValue(
                f"angles {', '.join(f'{angle:.4g}' for angle in degrees)} deg do not rise; give them from the smallest "
                "to the largest, so that the gear's play lies on one side"
            )
        if degrees[-1] >= LARGEST_ANGLE:
            raise BadValue(
                f"{said}, but they must stay below {LARGEST_ANGLE:g} deg: nearer to the plane the field has no part "
                "along the normal to speak of, and what is wrong with the angle decides; leave it out"
            )
        super().check()
        if self.field_limit is not None and self.field_limit < self.maximum_field:
            raise BadValue(
                f"field_limit is {format_quantity(self.field_limit, 'T')}, below maximum_field, "
                f"{format_quantity(self.maximum_field, 'T')}, which the loop along the normal goes to; give more"
            )
        if "sample" in vars(self):
            self._check_turning(degrees)

    def _check_turning(self, degrees: list[float]) -> None:
        mounting = self.sample.mounting
        if not facing.tips(mounting):
            raise BadValue(
                f"sample {self.sample.label} has mounting.rotator_axis = {mounting.rotator_axis!r}, so nothing turns "
                'the field from its normal; put it on a rotator, and write rotator_axis = "across current" into a '
                "record of its own, based_on this one"
            )
        low, high = Cryostat.LOWEST_POSITION, Cryostat.HIGHEST_POSITION
        ends = self.rotator_angle(degrees[0]) - BELOW, self.rotator_angle(degrees[-1])
        if ends[0] < low or ends[1] > high:
            raise BadValue(
                f"angles ask the rotator to go from {ends[0]:g} deg to {ends[1]:g} deg, but it goes from {low:g} deg "
                f"to {high:g} deg; leave out what lies beyond"
            )

    def rotator_angle(self, angle: float) -> float:
        """Return where the rotator stands in deg with the field at an angle in deg from the normal."""
        return facing.angle_along_normal(facing.angle_in_plane(self.sample.mounting) or 0.0) + angle

    def demands(self) -> dict[str, float]:
        """Return what will be asked for at most, and of field rates also at least."""
        steepest = math.degrees(max(self.angles))
        wanted = super().demands()
        fields = [self.largest_field(math.degrees(angle), self.maximum_field) for angle in self.angles]
        rates = [self._rate(rate, steepest) for rate in (self.sweep_rate, self.window_rate)]
        return {**wanted, "field": max(fields), "field_rate": max(self.sweep_rate, self.window_rate, *rates)}

    def largest_field(self, angle: float, along: float) -> float:
        """Return the field in T at the loop's ends at an angle in deg, for so many T along the normal."""
        most = self.station.limits.field if self.field_limit is None else self.field_limit
        return max(along, min(along / _cosine(angle), most))

    def _rate(self, rate: float, angle: float) -> float:
        """Return the field rate in T/s at which the part along the normal has this one, as far as the station goes."""
        return max(rate, min(rate / _cosine(angle), self.station.limits.field_rate))

    # ---- during the run

    def execute(self) -> None:
        """Measure the loops from angle to angle, and at the first one again."""
        home = found_at(self)
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        degrees = [math.degrees(angle) for angle in self.angles]
        steps = list(enumerate([*degrees, degrees[0]], 1))
        for step, angle in self.track("angle", steps, restart=True):
            turn_from_below(self, self.rotator_angle(angle))
            self._loops_at(step, angle)
        leave_at(self, home)
        doubt = tmr_angle_results.doubt(tmr_angle_results.results_of(self.recorded()))
        if doubt:
            self.run.note("warning", text=doubt)
            self.run.remark(doubt)

    def _loops_at(self, step: int, angle: float) -> None:
        """Measure the loops at an angle in deg, each from saturation at this angle."""
        position = self.cryostat.reading().position
        along = self.maximum_field if step == 1 else self._largest_along()
        field, cosine = self.largest_field(angle, along), _cosine(angle)

        def branch(begin: float, end: float) -> Iterator[dict[str, Any]]:
            windows = [
                (low / cosine, high / cosine) for low, high in self.windows(STATES["up" if end > begin else "down"])
            ]
            rates = self._rate(self.sweep_rate, angle), self._rate(self.window_rate, angle)
            yield from windowed_branch(self, begin, end, windows, *rates)

        where = {STEP: step, FIELD_ANGLE: round(angle, 6), ROTATOR: math.nan if position is None else position}
        for loop in self.track("loop", range(1, self.loops + 1)):
            for word, reading in hall_loop(self, field, branch, along_normal=False):
                row = as_resistance(reading, RESISTANCE)
                self.record(**row, **{KIND: LOOP, BRANCH: word, "Loop": loop}, **where)

    def _largest_along(self) -> float:
        """Return the part in T of the largest field along the normal, by what the first loop told of the hard layer."""
        first = tmr_angle_results.steps_of(self.recorded())[0]
        hard = first.along("hard").value
        return self.maximum_field if hard is None else min(self.maximum_field, FIELD_PER_HARD * float(hard))

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find TMR and switching fields at each angle, and how they go with it; see `procedures.tmr_angle_results`."""
        return tmr_angle_results.results_of(data)

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the switching fields of the first loop to the sample's journal, where its field was along the normal."""
        del results
        first = tmr_angle_results.steps_of(data)[0]
        if first.angle > OFF_NORMAL:
            return
        names = [name for name in first.results if name.startswith("switching_field_")]
        if any(first.results.number(name) is not None for name in names):
            kept = (*names, "resistance_parallel", "resistance_antiparallel", "tmr", "saturated")
            yield (
                SWITCHING_FIELDS,
                {
                    **{name: first.results[name] for name in kept},
                    "temperature": quantity(first.temperature[0], "K", first.temperature[1]),
                    "largest_field": quantity(self.maximum_field, "T"),
                    "field_rate": quantity(self.window_rate if self.windows(1.0) else self.sweep_rate, "T/s"),
                },
            )

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the loops, TMR and switching fields against the angle."""
        from procedures import tmr_angle_figure

        title = f"{' of '.join(filter(None, ['TMR', self.sample_name]))} against the field's angle"
        return tmr_angle_figure.figure_of(data, results, title=title, caption=self.caption)


def _cosine(angle: float) -> float:
    return math.cos(math.radians(angle))
