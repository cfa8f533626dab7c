"""A film as a sigmoid neuron: which part of it a pulse switches, from the same state each time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from instruments.errors import BadValue, SampleChanged
from instruments.units import format_quantity
from labctl import pulses
from labctl.analysis import neurons
from labctl.analysis.neurons import AGAIN, PLATEAU, RESET, SET, TRIAL
from labctl.analysis.saturation import Plateaus
from labctl.analysis.states import states_of
from labctl.parameters import Choice, Count, OptionalQuantity, QuantityList
from labctl.probe import Probe
from labctl.turning import found_at, leave_at
from procedures.pulsed import COLUMNS, Pulsed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from labctl.analysis.result import Results

PLATEAUS, WITH, WITHOUT = "plateaus", "with reset", "without reset"
MOST_TRIES = 3
"""RESET pulses that may fail in a row."""
MOST_ROUNDS = 3
"""Rounds without RESET."""


class Neuron(Pulsed):
    """Output of a film against the current of a single pulse, with a RESET pulse before each, and without.

    The output y of an input current is the part of the way from the RESET state to that of the opposite full pulse, of
    which each is read several times first. Then each input is sent `trials` times in random order. Before it a RESET
    pulse makes the state anew, and a reading proves it: within three standard deviations of the plateau, or another
    RESET follows, three at most. The same inputs, sent upwards and then downwards without RESET, show what it is for: a
    film remembers the larger pulse, and the way down is another one.

    The sample gets two pulses a trial, of up to `reset` and of the inputs. It is begun by field where a rotator turns
    it there, and by pulses of `-pulse_max` elsewhere.
    """

    DATA_COLUMNS = (*COLUMNS, TRIAL)
    NEEDS_FIELD = True
    main_results = ("middle_current", "slope_current", "residual_rms")

    inputs = QuantityList("-5:30:1 mA", "Currents of the single pulses",
                          each_once="trials says how often each is sent")  # fmt: skip
    trials = Count(10, "Trials of each input", minimum=2, maximum=1000)
    reset = OptionalQuantity("-pulse_max", "RESET pulse", unit="A")
    compare = Choice("yes", "Whether the inputs are sent without RESET as well", options=["yes", "no"])
    probe = Probe()

    # ---- before

    def check(self) -> None:
        """Refuse inputs beyond the largest pulse, and a RESET of no current."""
        super().check()
        if "sample" not in vars(self):
            return
        largest = self.largest_current()
        for name, values in (("inputs", self.inputs), ("reset", (self.reset_current(),))):
            worst = max(values, key=abs)
            if abs(worst) > largest * (1.0 + 1e-9):
                raise BadValue(
                    f"{name} has {format_quantity(worst, 'A')}, beyond pulse_max, {format_quantity(largest, 'A')}; "
                    "leave it out, or give a larger pulse_max"
                )
        if self.reset_current() == 0.0:
            raise BadValue("reset is 0 A, which makes no state anew; give the current of a full pulse")

    def reset_current(self) -> float:
        """Return the RESET pulse in A."""
        return -self.largest_current() if self.reset is None else pulses.on_grid(self.reset)

    # ---- the run

    def execute(self) -> None:
        """Read both plateaus; then the trials with RESET, and the same inputs up and down without."""
        home = found_at(self)
        parts = (PLATEAUS, WITH, WITHOUT) if self.compare == "yes" else (PLATEAUS, WITH)
        for part in self.track("part", parts, restart=True):
            self.initial_state(self.in_plane_field)
            for sign in (-1, 1):  # all of the film has then come from one state into the other, whatever was before
                self.pulse(current=sign * self.reset_current(), width=self.pulse_width)
            {PLATEAUS: self._plateaus, WITH: self._with_reset, WITHOUT: self._without_reset}[part]()
        leave_at(self, home)

    def _plateaus(self) -> None:
        """Make the RESET state and the opposite one in turns, and read each."""
        for trial in range(self.trials):
            for place, sign in enumerate((1, -1)):
                self._read(2 * trial + place, PLATEAU, sign * self.reset_current(), trial)

    def _with_reset(self) -> None:
        """Send every input from the RESET state, in random order."""
        known = neurons.plateaus_of(states_of(self.recorded(), (TRIAL,)))
        if known is None:
            raise SampleChanged(
                f"pulses of {format_quantity(self.reset_current(), 'A')} and of the opposite leave the same state, so "
                "that there is nothing to reset; give a larger pulse_max, or a field along the current"
            )
        order = self.rng.permutation(np.repeat(np.arange(len(self.inputs)), self.trials))
        counts = np.zeros(len(self.inputs), dtype=int)
        for step in self.track("trial", range(len(order))):
            place = int(order[step])
            self._make_reset((MOST_TRIES + 1) * step, known, int(counts[place]))
            current = pulses.on_grid(self.inputs[place])
            self._read((MOST_TRIES + 1) * step + MOST_TRIES, SET, current, int(counts[place]))
            counts[place] += 1

    def _make_reset(self, number: int, known: Plateaus, trial: int) -> None:
        """Make the RESET state, and see by a reading that it is made.

        Raises:
            SampleChanged: Three pulses have not made it.
        """
        sign = 1 if self.reset_current() > 0.0 else -1
        found = math.nan
        for attempt in range(MOST_TRIES):
            found = self._read(number + attempt, RESET, self.reset_current(), trial)
            if known.is_at(sign, found):
                return
        wanted = (known.plus if sign > 0 else known.minus).hall
        raise SampleChanged(
            f"{MOST_TRIES} RESET pulses of {format_quantity(self.reset_current(), 'A')} left "
            f"{format_quantity(found, 'ohm')}, and not {format_quantity(wanted, 'ohm')} as at the begin; give a larger "
            "reset, or see by approach whether the device has changed"
        )

    def _without_reset(self) -> None:
        """Send the inputs upwards and downwards, each from what the one before has left."""
        rising = sorted(self.inputs)
        sequence: Sequence[float] = [*rising, *rising[-2::-1]]
        number = 0
        for trial in self.track("round", range(min(self.trials, MOST_ROUNDS))):
            self._read(number, RESET, self.reset_current(), trial)
            for place, current in enumerate(sequence, 1):
                self._read(number + place, AGAIN, pulses.on_grid(current), trial)
            number += len(sequence) + 1

    def _read(self, number: int, step: str, current: float, trial: int) -> float:
        return self.state(number, step, current, more={TRIAL: trial})

    # ---- what it is about

    def analyse(self, data: pd.DataFrame) -> Results:
        """Fit the sigmoid to all single trials; see `labctl.analysis.neurons`."""
        from procedures.neuron_results import results_of

        return results_of(self, data)

    def figure(self, data: pd.DataFrame, results: Results) -> Figure:
        """Draw the output against the input, with RESET and without."""
        from procedures.neuron_results import figure_of

        return figure_of(self, data, results)
