"""The loop of a magnetic moment against the field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import BadValue, UsageError
from labctl import moment_reading, moving
from labctl.elsewhere.moments import MOMENT_LOOP_COLUMNS
from labctl.moment_reading import MomentReader
from labctl.parameters import Choice, Count, OptionalQuantity, Quantity
from labctl.procedure import Procedure
from procedures.hall_loops import hall_loop

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results


class MomentLoop(Procedure):
    """Magnetic moment of a film against the field: saturation, coercive field, steps of its layers.

    The film is saturated at the largest field; then the field runs to the opposite one and back while the moment is
    read without pause, each reading over the magnetometer's own averaging time, and the field taken at its middle.
    `sweep=step` stops at every point instead. Substrate and holder are in what is read; their slope is told from the
    ends of the loop, where the film has to be saturated.

    The moment is a voltage at an analogue input of the cryostat's controller: the station file has the calibration,
    under `[magnetometer]`, and the sample record the area and the magnetic thickness of the piece of film, under the
    same heading. No current flows through the sample.

    Each reading has the magnetometer's noise, so that steps of a few per cent want several `loops`, which count
    together: how small a step would have been seen is among the results.
    """

    roles = ("cryostat",)
    needs_contacts = False
    no_health_check = "no current flows"
    DATA_COLUMNS = (*moment_reading.COLUMNS, "Branch", "Loop")
    main_results = ("saturation_moment", "coercive_field_up", "steps")
    columns_from_elsewhere = MOMENT_LOOP_COLUMNS

    temperature = OptionalQuantity("stay", "Temperature of the loop", unit="K", above_zero=True)
    maximum_field = Quantity("0.8 T", "Field at the loop's ends", above_zero=True)
    movement = Choice("continuous", "How the field moves", options=["continuous", "step"], called="sweep")
    sweep_rate = Quantity("50 Oe/s", "Field rate", above_zero=True)
    field_step = Quantity("5 mT", "Distance between the points of a stepped loop", above_zero=True)
    loops = Count(1, "Loops, one after the other, which count together", minimum=1, maximum=100)
    start = Choice("positive", "Saturation from which each loop begins", options=["positive", "negative"])

    def check(self) -> None:
        """Refuse a station without magnetometer, a record without film, and a step that is larger than the loop."""
        if self.field_step > self.maximum_field:
            raise BadValue(
                f"field_step is {self.field_step:g} T, but must not exceed maximum_field, {self.maximum_field:g} T"
            )
        if self.station.magnetometer is None:
            raise UsageError(moment_reading.lacking(self.station.name))
        if self.sample.magnetometer is None:
            raise UsageError(
                f"sample record {self.sample.label} does not say what piece of film is in the magnetometer; add "
                '[magnetometer] with e.g. area = "9 mm^2" and magnetic_thickness = "6 nm"'
            )

    def demands(self) -> dict[str, float]:
        """Return field, rates and temperature."""
        rate = self.sweep_rate
        wanted = {"field": self.maximum_field, "field_rate": rate, "slowest_field_rate": rate}
        return wanted if self.temperature is None else {**wanted, "temperature": self.temperature}

    def execute(self) -> None:
        """Measure the loops."""
        if self.temperature is not None:
            self.settle(temperature=self.temperature)
        self._reader = MomentReader(self)
        first = self.maximum_field if self.start == "positive" else -self.maximum_field
        for loop in self.track("loop", range(1, self.loops + 1), restart=True):
            for branch, reading in hall_loop(self, first, self.branch):
                self.record(**reading, Branch=branch, Loop=loop)

    def branch(self, begin: float, end: float) -> Iterator[dict[str, Any]]:
        """Read along one branch, from one field in T to the other."""
        if self.movement == "continuous":
            yield from moving.sweep(self, end, self.sweep_rate, self._reader)
            return
        steps = math.ceil(round(abs(end - begin) / self.field_step, 6))
        yield from moving.steps(self, np.linspace(begin, end, steps + 1).tolist(), self.sweep_rate, self._reader)

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find saturation moment, coercive field, steps and the rest; see `labctl.analysis.moment_loops`."""
        from labctl.analysis import moment_loops

        film = self.sample.magnetometer if "sample" in vars(self) else None
        return moment_loops.moment_loop(data, volume=None if film is None else film.volume)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw what was read, the film's moment with its steps, and dM/dH."""
        from procedures.moment_loop_figure import figure_of

        return figure_of(self, data, results)
