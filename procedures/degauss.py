"""Removing the flux that a high field has left trapped in the magnet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.cryostat import FieldApproach
from instruments.errors import InstrumentError, LimitExceeded
from labctl import waiting
from labctl.journal import DEGAUSS
from labctl.parameters import Choice, OptionalQuantity, Quantity
from labctl.procedure import Procedure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

MOST_NEEDED = 1.0
"""T; going further than that leaves no less behind (common practice; application note 1070-207 gives no figure)."""
FACTOR = 0.7
"""Of each set point to the one before, where they alternate."""
SMALLEST = 5e-4
"""T; the last of the alternating set points before zero."""
LEFT = 0.1
"""Part of the magnet's largest remanence that may be left. Assumed: application note 1070-207 says that an oscillating
approach removes nearly all of it."""
INTERVAL = 1.0
"""s between two rows."""
NEAR = 2e-3
"""T; to either side of zero that the figure shows enlarged."""
OUT, DOWN, RELAXING = "out", "to zero", "relaxing"

Tick = Callable[[], None]
Ticks = Callable[..., Tick]
"""Makes what is called on the way to a field in T, given as `field` with its `approach`."""


class Degauss(Procedure):
    """The magnet's trapped flux, removed: out to a large field, oscillating to zero, five minutes of rest.

    The field that a cryostat reports is that of the magnet's current. Flux that a high field has left in the windings
    adds to it: up to 20 Oe after 9 T, which is 8 % of 25 mT. Whatever is measured below 100 mT begins with this.

    The field goes to the largest one since it was last done (1 T is enough, however high the field was), and from there
    to zero with ever smaller swings to either side; then the magnet rests while what is left relaxes. Where the machine
    knows no oscillating approach, alternating set points do the same.

    The sample goes through all of these fields: its magnetic state is lost. Initialise it afterwards, and never do this
    between initialising and measuring. No current is switched on.
    """

    roles = ("cryostat",)
    DATA_COLUMNS = (
        "Time (s)", "Temperature (K)", "Field (T)", "Set field (T)", "Field state", "Step", "Approach",
    )  # fmt: skip
    main_results = ("field_uncertainty",)

    largest_field = OptionalQuantity(
        "1 T or less", "Field gone to first: at least the largest one since the last time, up to 1 T", unit="T",
        above_zero=True,
    )  # fmt: skip
    rate = Quantity("150 Oe/s", "Field rate", above_zero=True)
    approach = Choice("oscillate", "How zero is approached", options=["oscillate", "alternate"])
    wait = Quantity("5 min", "Rest at zero field", minimum="0 s")

    def demands(self) -> dict[str, float]:
        """Return the largest field, and the rate."""
        return {"field": self._outermost(), "field_rate": self.rate, "slowest_field_rate": self.rate}

    def _outermost(self) -> float:
        """Field in T that is gone to first; without a word about it 1 T, or what the station allows."""
        if self.largest_field is not None:
            return self.largest_field
        return min(MOST_NEEDED, self.station.limits.field)

    def execute(self) -> None:
        """Go out, come back in swings, rest."""
        outermost = self._outermost()
        for step in self.track("step", [OUT, DOWN, RELAXING]):
            ticks = partial(self._recorder, step=step)
            if step == OUT:
                go(self, outermost, self.rate, FieldApproach.LINEAR, ticks(outermost, approach=FieldApproach.LINEAR))
            elif step == DOWN:
                to_zero(self, outermost, self.rate, ticks, oscillate=self.approach == "oscillate")
            else:
                self._rest()

    def _rest(self) -> None:
        tick, begin = self._recorder(0.0, RELAXING, FieldApproach.LINEAR), self.clock.now()
        tick()
        while (passed := self.clock.now() - begin) < self.wait:
            self.run.path.within = passed / self.wait
            self.clock.sleep(min(INTERVAL, self.wait - passed))
            tick()

    def _recorder(self, field: float, step: str, approach: FieldApproach) -> Tick:
        """Make what records a row whenever it is called and a second has passed."""
        due = [-math.inf]

        def tick() -> None:
            self.run.check()
            now = self.clock.now()
            if now < due[0]:
                return
            due[0] = now + INTERVAL
            reading = self.cryostat.reading()
            self.record(
                **{
                    "Time (s)": reading.stamp,
                    "Temperature (K)": reading.temperature,
                    "Field (T)": reading.field,
                    "Set field (T)": field,
                    "Field state": waiting.word_of(reading.field_state),
                    "Step": step,
                    "Approach": approach.value,
                }
            )

        return tick

    def analyse(self, data: pd.DataFrame) -> Results:
        """State by how much the true field may differ from the reported one, before and after."""
        from labctl.analysis.result import Result, Results, missing

        bound = self.field_remanence
        names = ("field_uncertainty", "field_uncertainty_before")
        if bound is None:
            why = "the station file gives no field_remanence"
            return Results({name: missing("T", why, "magnet") for name in names})
        before = Result(bound, None, "T", "magnet", note="bound on the trapped flux after a high field")
        field = np.abs(data["Field (T)"].to_numpy(dtype=float))
        if not np.any(np.isfinite(field)):
            return Results({names[0]: missing("T", "no field was read", "magnet"), names[1]: before})
        largest = float(np.nanmax(field))
        done = data.loc[[step == RELAXING for step in data["Step"].tolist()]]
        note = f"bound at zero field: a tenth of {1e4 * bound:g} Oe (assumed), until the next large field"
        after = Result(LEFT * bound, None, "T", "magnet", note=note)
        if done.empty or float(np.ptp(done["Time (s)"].to_numpy(dtype=float))) < self.wait - 2 * INTERVAL:
            after = missing("T", "it was not carried out to its end", "magnet")
        elif largest < min(MOST_NEEDED, self._outermost()) - 1e-3:
            after = missing("T", f"the field went to {largest:.3g} T only", "magnet")
        return Results(
            {
                "field_uncertainty": after,
                "field_uncertainty_before": before,
                "largest_field": Result(largest, None, "T", "this run", why="as the supply reports it"),
            }
        )

    def learned(self, data: pd.DataFrame, results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
        """Say in the sample's journal that the magnet was degaussed while it was mounted."""
        del data
        if results.number("field_uncertainty") is not None:
            yield DEGAUSS, {name: results[name] for name in ("field_uncertainty", "largest_field")}

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the field against time, and its end enlarged."""
        from labctl.frame import COLOURS, framed, name_curves

        unit, (factor, _) = self.caption.field_unit, self.caption.field_axis
        bound = results.number("field_uncertainty")
        said = f"no bound on the true field: {results['field_uncertainty'].why}"
        if bound is not None:
            said = f"true field within ±{factor * bound:g} {unit} afterwards"
        figure, (whole, near) = framed("Degaussing the magnet", said, self.caption, rows=2, sharex=True)
        minutes = data["Time (s)"].to_numpy(dtype=float) / 60.0
        field = data["Field (T)"].to_numpy(dtype=float)
        minutes -= np.min(minutes, initial=np.inf)
        whole.plot(minutes, field, color=COLOURS["down"], linewidth=1.4)
        whole.set_ylabel("Reported field (T)")
        near.plot(minutes, factor * field, color=COLOURS["down"], linewidth=1.4)
        near.set_ylim(-NEAR * factor, NEAR * factor)
        near.set_ylabel(f"Reported field ({unit})")
        near.set_xlabel("Time (min)")
        resting = minutes[[step == RELAXING for step in data["Step"].tolist()]]
        if bound and len(resting):
            ends = [float(resting[0]), float(resting[-1])]
            near.fill_between(
                ends, -factor * bound, factor * bound, color=COLOURS["up"], alpha=0.3, linewidth=0,
                label="bound on what may be left (assumed)",
            )  # fmt: skip
            name_curves(near, loc="upper right")
        return figure


def go(procedure: Procedure, field: float, rate: float, approach: FieldApproach, tick: Tick) -> None:
    """Go to a field in T at a rate in T/s, and call `tick` on the way."""
    swings = 4.0 * abs(procedure.cryostat.reading().field - field) / rate
    waiting.settle_field(
        procedure, field, rate=rate, approach=approach, dwell=0.0, tick=tick, deadline=swings + waiting.DEADLINE
    )


def to_zero(procedure: Procedure, outermost: float, rate: float, ticks: Ticks, *, oscillate: bool = True) -> None:
    """Come to zero field in ever smaller swings.

    Args:
        procedure: Whose cryostat.
        outermost: T, where the magnet is.
        rate: T/s.
        ticks: Makes what is called on the way to a field in T, with its approach.
        oscillate: Whether the machine is asked for its own oscillating approach first.
    """
    if oscillate:
        try:
            go(procedure, 0.0, rate, FieldApproach.OSCILLATE, ticks(field=0.0, approach=FieldApproach.OSCILLATE))
        except (LimitExceeded, InstrumentError) as refusal:
            procedure.run.remark(f"zero was approached by alternating set points instead of oscillating: {refusal}")
        else:
            return
    for field in alternating(outermost):
        go(procedure, field, rate, FieldApproach.LINEAR, ticks(field=field, approach=FieldApproach.LINEAR))


def alternating(outermost: float) -> Iterator[float]:
    """Yield set points in T that alternate and shrink from the first one's opposite to zero."""
    field = -FACTOR * outermost
    while abs(field) > SMALLEST:
        yield field
        field *= -FACTOR
    yield 0.0
