"""Potentiation and depression: how many states single pulses reach, how evenly, and how long these stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl.analysis.retention import read_times
from labctl.parameters import Count, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.turning import found_at, leave_at
from procedures.enduring import ENDURANCE, Enduring
from procedures.pulsed import COLUMNS
from procedures.saturating import REFERENCE, on_grid

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

OF_SWITCHING, OF_LARGEST = 0.9, 0.5
"""Height of the pulses, where nothing is said: of the switching current this part, or of `pulse_max` that."""
PER_DECADE = 4
"""Readings of a state that is watched, in each decade of time."""
UP, DOWN, PREPARE, WATCH = "potentiation", "depression", "prepare", "watch"
"""What a state is read for."""
CYCLE, COUNT, LEVEL, CONTROL, ENDURED = "Cycle", "Pulses in train", "Level", "Control", "Cycles endured"
NOTHING = {CYCLE: 0, COUNT: 0, LEVEL: 0, CONTROL: 0, ENDURED: 0}


class Levels(Enduring):
    """Potentiation and depression: the states that one pulse after another leaves, up and back down.

    Each cycle begins in the state that a pulse of -`saturation_current` leaves, proven by a reading. Then come `pulses`
    positive pulses, and as many negative ones, all of `pulse_current`; with `rise` each is larger than the one before.
    After each the state is read. States count as different ones where they are more than five standard deviations
    apart, those from cycle to cycle and not those of the reading.

    With `retention_time`, some of the states are made again and watched for so long, with readings that are spaced by
    their logarithm; each is then made once more and read at the beginning and the end only, which shows what the
    readings themselves do.

    With `endurance`, so many cycles of a pulse of +`saturation_current` and one of -`saturation_current` follow, in
    bursts that the source times by itself. After 10, 20, 50, 100 and so on the window, the difference of both saturated
    states, is read, and it is told from which count on some of it is lost.

    The sample gets two times `pulses` pulses a cycle, and two more for each cycle of `endurance`.
    """

    DATA_COLUMNS = (*COLUMNS, CYCLE, COUNT, LEVEL, CONTROL, ENDURED)
    main_results = ("levels", "nonlinearity_up", "nonlinearity_down")

    pulse_current = OptionalQuantity("from approach", "Height of the pulses", unit="A", above_zero=True)
    rise = Quantity("0 A", "By which each pulse is larger than the one before", unit="mA", minimum="0 A")
    pulses = Count(30, "Pulses of either sign in a cycle", minimum=2, maximum=1000)
    cycles = Count(5, "Cycles", minimum=1, maximum=1000)
    retention_time = Quantity("0 s", "How long some states are watched; 0 s for not at all", minimum="0 s")
    retention_levels = Count(3, "How many states are watched", minimum=1, maximum=100)
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse what pulses cannot be, and trains that grow beyond the largest pulse."""
        super().check()
        if "sample" not in vars(self):
            return
        self.within_largest("pulse_current", self.height())
        last = self.heights()[-1]
        if last > self.largest_current() * (1.0 + 1e-9):
            raise BadValue(
                f"rise is {format_quantity(self.rise, 'A')}, with which the last of {self.pulses} pulses has "
                f"{format_quantity(last, 'A')}, above pulse_max, {format_quantity(self.largest_current(), 'A')}; take "
                "less, or fewer pulses"
            )

    def height(self) -> float:
        """Return the height of the first pulse in A: as given, or a part of the switching current.

        Where the sample's journal knows no switching current it is a part of `pulse_max`.
        """
        if self.pulse_current is not None:
            return on_grid(self.pulse_current)
        known = self.switching_current()
        return on_grid(OF_LARGEST * self.largest_current() if known is None else OF_SWITCHING * known)

    def heights(self) -> list[float]:
        """Return the heights of a train in A, without their sign."""
        return [on_grid(self.height() + self.rise * place) for place in range(self.pulses)]

    def watched(self) -> list[int]:
        """Return after how many pulses the states come that are watched."""
        if not self.retention_time:
            return []
        count = min(self.retention_levels, self.pulses)
        return [round(self.pulses * level / count) for level in range(1, count + 1)]

    # ---- the run

    def execute(self) -> None:
        """Make the saturated states; then the cycles; the states that are watched, with controls; then endurance."""
        home = found_at(self)
        for _ in self.track(REFERENCE, ("saturated states",), restart=True):
            self.refer(NOTHING)
        for cycle in self.track("cycle", range(1, self.cycles + 1), restart=True):
            self._cycle(cycle)
        for level in self.track("level", range(1, len(self.watched()) + 1), restart=True):
            self.begin_block()
            for control in (0, 1):
                self._watch(level, control)
        endured = self.endurance_counts()
        for place in self.track(ENDURANCE, range(len(endured)), restart=True):
            self.endure(place, {**NOTHING, ENDURED: endured[place]})
        leave_at(self, home)

    def _cycle(self, cycle: int) -> None:
        known: dict[str, Any] = {**NOTHING, CYCLE: cycle}
        self.begin_block()
        self.saturate_by_pulses(known)
        for step, sign in ((UP, 1), (DOWN, -1)):
            for count, height in enumerate(self.heights(), 1):
                self.next_state(step, sign * height, more={**known, COUNT: count})

    def _watch(self, level: int, control: int) -> None:
        known: dict[str, Any] = {**NOTHING, LEVEL: level, CONTROL: control}
        self.saturate_by_pulses(known)
        for count, height in enumerate(self.heights()[: self.watched()[level - 1]], 1):
            self.next_state(PREPARE, height, more={**known, COUNT: count})
        _, *times = read_times(self.wait_before_read, self.retention_time, PER_DECADE)
        self.watch(WATCH, times[-1:] if control else times, more={**known, COUNT: self.watched()[level - 1]})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find the levels, how even they are, and how long they stay."""
        from procedures.levels_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the states pulse by pulse, those that were watched over time, and the window over the cycles."""
        from procedures.levels_results import figure_of

        return figure_of(self, data, results)
