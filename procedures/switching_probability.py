"""How probably a single pulse switches a film, against its height."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl import pulses
from labctl.analysis.sequential import Belief, carry_on
from labctl.parameters import Choice, Count, OptionalQuantity, Quantity
from labctl.probe import Probe
from labctl.turning import found_at, leave_at
from procedures.pulsed import COLUMNS
from procedures.verified import BEGIN, NUMBER, PLATEAU, SIGN, TRIAL, Verified

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

LEAST, MOST = 30, 400
"""Trials of each sign, where each current follows from those before."""
LOWEST = 0.2
"""Part of `pulse_max` from which on currents are tried, where `lowest` says nothing."""
SIGNS = {"+": (1,), "-": (-1,), "+ -": (1, -1)}


class SwitchingProbability(Verified):
    """Probability that a single pulse switches the film, against its height: I50 and width of the step.

    Each trial is a pulse of `pulse_max` of the other sign, a reading that shows the full state to be made (three
    tries), one pulse of the height that is tried, and a reading. A trial switches where more than half of the way
    between the plateaus is gone, which both full pulses make before, in the same run.

    With mode `bayes` each height follows from the trials before: it is the one that is expected to tell most of I50,
    the current of which every second pulse switches; a tenth of all are drawn at random. It ends when I50 is known to
    `uncertainty`, after 30 trials at least. With mode `grid`, `levels` heights from `lowest` to `highest` are tried
    `repeats` times, in a random order that is another one in each round. Far below the step that gives an upper bound.

    Without a field in the plane no pulse makes a full state. There a field along the normal makes each state once, and
    `repeats` pulses of both signs and all heights of the grid follow in random order, half of them from either state,
    each on what the one before has left: the parts that are up after positive and after negative pulses are compared.
    That takes a rotator.
    """

    DATA_COLUMNS = (*COLUMNS, NUMBER, SIGN)
    main_results = ("half_current_plus", "width_plus")

    mode = Choice("bayes", "How the currents are chosen", options=["bayes", "grid"])
    signs = Choice("+", "Signs of the current, one after the other", options=[*SIGNS])
    lowest = OptionalQuantity("pulse_max/5", "Smallest current tried", unit="A", above_zero=True)
    highest = OptionalQuantity("pulse_max", "Largest current tried", unit="A", above_zero=True)
    levels = Count(20, "Currents of the grid", minimum=1, maximum=200)
    repeats = Count(20, "Trials at each current of the grid", minimum=1, maximum=1000)
    uncertainty = Quantity("0.01", "Of I50 as part of it, for bayes", unit="", minimum="0.0005", maximum="0.2")
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse currents that are no range, and a zero field that nothing makes a state in."""
        super().check()
        if "sample" not in vars(self):
            return
        low, high, largest = *self.span(), self.largest_current()
        if high > largest * (1.0 + 1e-9):
            raise BadValue(
                f"highest is {format_quantity(high, 'A')}, above pulse_max, {format_quantity(largest, 'A')}; take at "
                "most that, or a larger pulse_max"
            )
        if low > high or (low == high and (self.mode == "bayes" or self.levels > 1)):
            raise BadValue(
                f"lowest is {format_quantity(low, 'A')} and highest is {format_quantity(high, 'A')}; take lowest below "
                "highest, or mode=grid with levels=1 for a single current"
            )
        if self.in_plane_field == 0.0:
            self._check_zero_field()

    def _check_zero_field(self) -> None:
        if self.mode == "bayes":
            raise BadValue(
                "mode is 'bayes', but in_plane_field is 0 T, where no pulse makes the state that a trial begins from; "
                "say mode=grid, which compares both signs of the current"
            )
        if not self.by_field():
            raise BadValue(
                f"in_plane_field is 0 T, where no pulse makes a state, and no field along the normal of sample "
                f"{self.sample.label} makes one either; put it on a rotator, or give a field in the plane"
            )

    def span(self) -> tuple[float, float]:
        """Return the smallest and the largest current in A that are tried."""
        largest = self.largest_current()
        low = pulses.on_grid(LOWEST * largest) if self.lowest is None else self.lowest
        return low, largest if self.highest is None else self.highest

    def heights(self) -> list[float]:
        """Return the currents of the grid in A, rising."""
        (low, high), steps = self.span(), max(1, self.levels - 1)
        return [pulses.on_grid(round(low + (high - low) * place / steps, 12)) for place in range(self.levels)]

    # ---- the run

    def execute(self) -> None:
        """Measure the plateaus; then the trials of each sign."""
        home = found_at(self)
        if self.in_plane_field == 0.0:
            for state in self.track("state", (1, -1), restart=True):
                self._at_zero_field(state)
        else:
            for _ in self.track("plateaus", ("both states",), restart=True):
                self.measure_plateaus()
            signs = SIGNS[self.signs]
            if self.mode == "bayes":
                for sign in self.track("sign", signs, restart=True):
                    self._one_by_one(sign)
            else:
                for turn in self.track("round", range(1, self.repeats + 1), restart=True):
                    self._round(turn, signs)
        leave_at(self, home)

    def _one_by_one(self, sign: int) -> None:
        full = self.plateaus()
        if full is None:
            return
        self.settle_in(-sign)
        carry_on(
            Belief(*self.span()), lambda number, current: self.attempt(full, number, sign, current), self.rng,
            self.track("trial", range(1, MOST + 1)), goal=self.uncertainty, least=LEAST,
        )  # fmt: skip

    def _round(self, turn: int, signs: tuple[int, ...]) -> None:
        full = self.plateaus()
        if full is None:
            return
        wanted = [(sign, height) for sign in signs for height in self.heights()]
        order = self.rng.permutation(len(wanted)).tolist()
        self.settle_in(-wanted[order[0]][0])
        first = (turn - 1) * len(wanted) + 1
        for number, place in enumerate(self.track("trial", order), first):
            if self.attempt(full, number, *wanted[place]) is None:
                return

    def _at_zero_field(self, state: int) -> None:
        """Have a field make a state, and send pulses of both signs in random order without making it anew."""
        self.saturate(state)
        self.face(0.0)
        self.state(0, PLATEAU, resistance=True, more={NUMBER: 0, SIGN: state})
        self.state(1, BEGIN, more={NUMBER: 0, SIGN: 0})
        wanted = [
            (sign, height) for sign in (1, -1) for height in self.heights() for _ in range((self.repeats + 1) // 2)
        ]
        order = self.rng.permutation(len(wanted)).tolist()
        for number, place in enumerate(self.track("trial", order), 1):
            sign, height = wanted[place]
            self.state(number + 1, TRIAL, sign * height, more={NUMBER: number, SIGN: sign})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Find I50 and width of each sign; see `labctl.analysis.switching_probability`."""
        from procedures.switching_probability_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the parts that switched, with the curve."""
        from procedures.switching_probability_figure import figure_of

        return figure_of(self, data, results)
