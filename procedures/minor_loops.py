"""Minor loops: how much a film keeps of pulses that switch it only in part."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl.analysis.retention import read_times
from labctl.parameters import Count, OptionalQuantity, OptionalQuantityList, Quantity
from labctl.probe import Probe
from labctl.turning import found_at, leave_at
from procedures.pulsed import COLUMNS
from procedures.saturating import REFERENCE, Saturating, on_grid

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

LEVELS = 30
"""Steps from zero to the largest pulse, where `pulse_step` says nothing."""
MAXIMA = 7
"""Largest currents, where `i_max` says nothing: of the switching current these parts, or of `pulse_max` those."""
OF_SWITCHING, OF_LARGEST = (0.6, 1.2), (0.4, 1.0)
MOST_PULSES = 2000
"""Of one loop."""
PER_DECADE = 4
"""Readings of a state that is held, in each decade of time."""
LOOP, HOLD = "loop", "hold"
REPEAT, MAXIMUM, BRANCH = "Repeat", "I_max (A)", "Branch"


class MinorLoops(Saturating):
    """Minor loops: what pulses of up to I_max switch of a saturated film, and whether it stays.

    Each loop begins in the state that a pulse of -`saturation_current` leaves. A reading proves it: within three
    standard deviations of the saturated state, which five pulses of either sign tell at the beginning; otherwise the
    pulse is repeated, three times at most, and then the run stops. From there pulses run in steps of `pulse_step` up
    to I_max and back down to -`saturation_current`. The values of I_max come in random order, the largest one last,
    since what drifts or wears would otherwise look like an effect of I_max; all of them `repeats` times, each time in
    another order.

    The state that is left when the pulses are back at zero, R_rem(I_max), is what the film keeps. In the last repeat it
    is held there for `hold_time`, and read at times that are spaced by their logarithm.

    The sample gets two times (saturation_current + I_max)/pulse_step pulses a loop.
    """

    DATA_COLUMNS = (*COLUMNS, REPEAT, MAXIMUM, BRANCH)
    main_results = ("remanence_range", "monotonic", "stable")

    i_max = OptionalQuantityList("from approach", "Largest currents of the loops", unit="A", above_zero=True,
                                 each_once="repeats says how many loops go up to each")  # fmt: skip
    pulse_step = OptionalQuantity("pulse_max/30", "Step between pulses", unit="A", above_zero=True)
    repeats = Count(3, "Loops up to each I_max", minimum=1, maximum=100)
    hold_time = Quantity("100 s", "How long each state is held, in the last repeat; 0 s for not at all", minimum="0 s")
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse what pulses cannot be, an I_max above the pulses that saturate, and a step that makes no loop."""
        super().check()
        if "sample" not in vars(self):
            return
        maxima, step = self.maxima(), self.step()
        self.within_largest("i_max", max(maxima))
        if max(maxima) > self.saturating_current() * (1.0 + 1e-9):
            raise BadValue(
                f"i_max is {format_quantity(max(maxima), 'A')}, above saturation_current, "
                f"{format_quantity(self.saturating_current(), 'A')}, whose pulses would leave a part of the film as "
                "the larger ones made it; take a larger saturation_current, or a smaller i_max"
            )
        if step > min(maxima) * (1.0 + 1e-9):
            raise BadValue(
                f"pulse_step is {format_quantity(step, 'A')}, above the smallest i_max, "
                f"{format_quantity(min(maxima), 'A')}; take a smaller step"
            )
        if (most := max(len(self.heights(maximum)) for maximum in maxima)) > MOST_PULSES:
            raise BadValue(
                f"pulse_step is {format_quantity(step, 'A')}, which makes {most} pulses a loop, more than "
                f"{MOST_PULSES}; take a larger one"
            )

    def step(self) -> float:
        """Return the step between pulses in A."""
        return self.largest_current() / LEVELS if self.pulse_step is None else self.pulse_step

    def maxima(self) -> list[float]:
        """Return the largest currents in A, rising: as given, or around the switching current.

        Where the sample's journal knows no switching current they are parts of `pulse_max`. None of these is above
        `saturation_current`.
        """
        if self.i_max:
            return sorted({on_grid(value) for value in self.i_max})
        known, largest = self.switching_current(), self.largest_current()
        unit, (low, high) = (largest, OF_LARGEST) if known is None else (known, OF_SWITCHING)
        high = min(unit * high, self.saturating_current())
        low = min(unit * low, 0.5 * high)
        return [on_grid(low + (high - low) * place / (MAXIMA - 1)) for place in range(MAXIMA)]

    def heights(self, maximum: float) -> list[tuple[str, float]]:
        """Return branch and height in A of the pulses of a loop, after the one that saturates; none is of 0 A."""
        lowest, step = self.saturating_current(), self.step()
        # counted from zero, so that loops of all maxima share their pulses
        places = range(-math.floor(lowest / step + 1e-9), math.ceil(maximum / step - 1e-9))
        between = [on_grid(step * place) for place in places if place and step * place > -lowest * (1.0 - 1e-6)]
        down = [("down", height) for height in (*between[::-1], -lowest)]
        return [*(("up", height) for height in between), ("up", maximum), *down]

    # ---- the run

    def execute(self) -> None:
        """Make the saturated states; then the loops, all of them in each repeat."""
        home = found_at(self)
        for _ in self.track(REFERENCE, ("saturated states",), restart=True):
            self.refer({REPEAT: 0, MAXIMUM: 0.0, BRANCH: "up"})
        for repeat in self.track("repeat", range(1, self.repeats + 1), restart=True):
            self.begin_block()
            for maximum in self.track("I_max", self._order()):
                self._loop(repeat, maximum)
        leave_at(self, home)

    def _order(self) -> list[float]:
        """Return the maxima in A in random order, the largest last."""
        *smaller, largest = self.maxima()
        return [smaller[place] for place in self.rng.permutation(len(smaller)).tolist()] + [largest]

    def _loop(self, repeat: int, maximum: float) -> None:
        known: dict[str, Any] = {REPEAT: repeat, MAXIMUM: maximum, BRANCH: "up"}
        self.saturate_by_pulses(known)
        held = not (self.hold_time and repeat == self.repeats)
        for branch, height in self.heights(maximum):
            if branch == "down" and height < 0.0 and not held:
                times = read_times(self.wait_before_read, self.hold_time, PER_DECADE)
                self.watch(HOLD, times[1:], more={**known, BRANCH: branch})
                held = True
            self.next_state(LOOP, height, more={**known, BRANCH: branch})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find what is left of each I_max, whether it rises with it, and whether it stays."""
        from procedures.minor_loops_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the loops, what is left of each, and how it stays."""
        from procedures.minor_loops_results import figure_of

        return figure_of(self, data, results)
