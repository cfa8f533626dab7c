"""What experiments with single pulses from verified full states have in common: plateaus, resets and trials."""

from __future__ import annotations

from labctl import pulses
from labctl.analysis.saturation import Plateaus, plateaus
from labctl.analysis.states import State, states_of
from labctl.analysis.switching_probability import Trial
from procedures.pulsed import RESETS, Pulsed

PLATEAU, RESET, TRIAL, BEGIN = "plateau", "reset", "trial", "begin"
"""What a state is read for."""
PLATEAUS = "plateaus=1"
"""Block of the plateaus."""
NUMBER, SIGN = "Trial", "Sign"
"""Columns: of the trial that a state belongs to, and of the current that is tried."""
KEPT = (NUMBER, SIGN)
MADE = 0.05
"""Part of the swing within which a state has to be the full one: far from the middle that decides a trial."""
TRIES = 3
"""Pulses that make a full state, each with a reading, before it is given up."""
TURNS = 4
"""How often each full state is made for the plateaus."""


class Verified(Pulsed):
    """Base of experiments in which each trial begins from a full state that a reading has shown to be there.

    A trial of a current of one sign begins from the state that `pulse_max` of the other sign makes, of `pulse_width`.
    """

    def largest_field(self) -> float:
        """Return the largest field in T: in one in the plane pulses make the states, and without it a field does."""
        return abs(self.in_plane_field) or super().largest_field()

    def plateaus(self) -> Plateaus | None:
        """Return the plateaus that this run has measured; None where it has none that differ."""
        rows = self.recorded(PLATEAUS)
        full = None if rows.empty else plateaus_in(states_of(rows, KEPT))
        return full if full is not None and full.differ else None

    def settle_in(self, sign: int) -> None:
        """Be in the field in the plane, and make the state of a sign, whatever came before.

        The pulses alternate, so that every part of the film comes into that state anew.
        """
        self.face(self.in_plane_field)
        for number in range(RESETS):
            self.pulse(current=(-1) ** (RESETS - 1 - number) * sign * self.largest_current(), width=self.pulse_width)

    def measure_plateaus(self) -> None:
        """Make both full states in turn, and read them; called in a loop `plateaus` of one step."""
        self.settle_in(-1)
        for number in range(2 * TURNS):
            sign = 1 if number % 2 == 0 else -1
            self.state(
                number, PLATEAU, sign * self.largest_current(), resistance=number < 2, more={NUMBER: 0, SIGN: sign}
            )
        if self.plateaus() is None:
            self.run.remark(
                "pulses of either sign and of pulse_max leave the same state: nothing switches, and no trial is made; "
                "run sot-switching to see what these pulses do"
            )

    def attempt(
        self, full: Plateaus, number: int, sign: int, current: float, width: float | None = None
    ) -> Trial | None:  # fmt: skip
        """Make the full state of the other sign, see that it is made, send one pulse, and read.

        Args:
            full: Both full states.
            number: Of the trial, from 1 on within its block.
            sign: Of the pulse.
            current: Its height in A, above zero.
            width: Its width in s; `pulse_width` without one.

        Returns:
            What came out; None where the full state could not be made.
        """
        if not self._reset(number, -sign, full):
            return None
        height = pulses.on_grid(current)
        hall = self.state(
            (TRIES + 1) * number + TRIES, TRIAL, sign * height, width=width, more={NUMBER: number, SIGN: sign}
        )
        return Trial(height, full.way(sign, hall) > 0.5)

    def _reset(self, number: int, sign: int, full: Plateaus) -> bool:
        for place in range(TRIES):
            known = {NUMBER: number, SIGN: -sign}
            hall = self.state((TRIES + 1) * number + place, RESET, sign * self.largest_current(), more=known)
            if full.is_at(sign, hall, MADE):
                return True
        self.run.remark(
            f"after {TRIES} pulses of {'+' if sign > 0 else '-'}pulse_max a reading still was not that of the full "
            "state; this row of trials ends here: take a larger pulse_max, or see what drifts"
        )
        return False


def plateaus_in(states: list[State]) -> Plateaus | None:
    """Return the plateaus that some states of a run show."""
    made = [state for state in states if state.step == PLATEAU]
    return plateaus(
        [state for state in made if state.more[SIGN] < 0], [state for state in made if state.more[SIGN] > 0]
    )


def trials_in(states: list[State], full: Plateaus) -> list[Trial]:
    """Return the trials among some states, in the order in which they were made; clamped pulses are none."""
    return [
        Trial(abs(state.current), full.way(int(state.more[SIGN]), state.hall) > 0.5)
        for state in states
        if state.step == TRIAL and not state.clamped
    ]
