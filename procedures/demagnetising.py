"""Demagnetising by pulses, for every experiment that begins from zero magnetisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from instruments.errors import BadValue
from instruments.keithley6221_pulses import SHORTEST_STEP
from instruments.units import format_quantity
from labctl import pulses
from labctl.analysis.demagnetising import ENOUGH, Staircase, corrected, heights, is_binary, offset_of, sizes
from labctl.analysis.saturation import Plateaus
from labctl.analysis.states import State, states_of
from labctl.parameters import OptionalQuantity, Quantity
from procedures.saturating import Saturating, on_grid

PULSES = 56
"""Of a train, where `demag_step` says nothing."""
TRAINS = 3
"""Trains for one demagnetised state."""
TRIALS = 3
"""Trains from each of which a better offset follows."""
MOST_RISING = 2000
"""Rising pulses, which are sent and read one by one."""
SMALL_OFFSET = 0.2
"""Part of `demag_start` that may be added to each pulse: with much more a train has pulses of one sign only."""
DEMAGNETISE, STAIRCASE, BALANCE = "demagnetise", "staircase", "balance"
"""What a state is read for; the last one is the name of a block, too."""


class Demagnetising(Saturating):
    """Base of experiments that demagnetise a film by trains of pulses, and see by a reading that they do.

    A subclass calls `refer` first of all, since zero magnetisation is the middle between both saturated states; then
    `balance` in a block of this name; and then `demagnetise`, in any block, which leaves the film demagnetised where it
    can be.

    Attributes:
        begins: Signs of the first pulse of its trains.
    """

    begins: tuple[int, ...] = (1,)

    demag_start = OptionalQuantity("pulse_max", "First and largest of the pulses that demagnetise", unit="A",
                                   above_zero=True)  # fmt: skip
    demag_step = OptionalQuantity("demag_start/56", "By which each of them is smaller than the one before", unit="A",
                                  above_zero=True)  # fmt: skip
    demag_gap = Quantity("50 ms", "Time at zero current between two of them", minimum="1 ms", maximum="10 s")

    demag_offset = OptionalQuantity("measured", "Added to each of them, against a field along the normal", unit="A")

    # ---- before

    def check(self) -> None:
        """Refuse what pulses cannot be, a train that does not demagnetise, and one that the source cannot make."""
        super().check()
        if "sample" not in vars(self):
            return
        start, step = self.demag_first(), self.demag_fall()
        self.within_largest("demag_start", start)
        if self.pulse_width < SHORTEST_STEP:
            raise BadValue(
                f"pulse_width is {format_quantity(self.pulse_width, 's')}, but a list of the source, which a train is, "
                f"has no pulse shorter than {format_quantity(SHORTEST_STEP, 's')}; take longer pulses"
            )
        if step > 0.5 * start * (1.0 + 1e-9):
            raise BadValue(
                f"demag_step is {format_quantity(step, 'A')}, which leaves no falling row from demag_start, "
                f"{format_quantity(start, 'A')}; take at most half of it"
            )
        most = SMALL_OFFSET * start
        if self.demag_offset is not None and abs(self.demag_offset) > most * (1.0 + 1e-9):
            raise BadValue(
                f"demag_offset is {format_quantity(self.demag_offset, 'A')}, which is not small against demag_start, "
                f"{format_quantity(start, 'A')}; take at most {format_quantity(most, 'A')} of either sign, or leave it "
                "out to have it measured"
            )
        if (rising := 2 * len(sizes(start, step))) > MOST_RISING:
            raise BadValue(
                f"demag_step is {format_quantity(step, 'A')}, which makes {rising} rising pulses, sent and read one by "
                f"one, more than {MOST_RISING}; take a larger one"
            )
        pulses.check_train(self, self.demag_heights(self.demag_offset or 0.0), self.pulse_width, self.demag_gap)

    def demag_first(self) -> float:
        """Return the height of the first pulse in A."""
        return self.largest_current() if self.demag_start is None else on_grid(self.demag_start)

    def demag_fall(self) -> float:
        """Return by how much each pulse is smaller than the one before, A."""
        return self.demag_first() / PULSES if self.demag_step is None else self.demag_step

    def demag_heights(self, offset: float, first: int = 1) -> list[float]:
        """Return the pulses of a train in A, with an offset in A added to each, in the order in which they are sent.

        A pulse that the offset makes larger than `pulse_max` is left out, and one that it makes none. `first` is the
        sign of the first one.
        """
        falling = heights(self.demag_first(), self.demag_fall(), first * offset)
        shifted = [on_grid(first * height) for height in falling]
        return [height for height in shifted if 0.0 < abs(height) <= self.largest_current()]

    # ---- the run

    def balance(self, more: Mapping[str, Any]) -> None:
        """Find what is to be added to each pulse; the body of a block of its own, named `balance`.

        Rising pulses of either sign, each row from the other saturated state, tell how much more current the one sign
        takes than the other, and whether there are states in between; some trains then make it better.
        """
        self.begin_block()
        for sign in (1, -1):
            self.saturate_by_pulses(more, -sign)
            for size in reversed(sizes(self.demag_first(), self.demag_fall())):
                self.next_state(STAIRCASE, sign * on_grid(size), more=more)
        if self.demag_offset is None and not is_binary(self.stairs()):
            for first in self.begins * TRIALS:
                self.next_read(self._train(self.demag_heights(self.offset(), first)), BALANCE, more=more)

    def stairs(self) -> list[Staircase]:
        """Return the rows of rising pulses of this run."""
        return stairs_of(states_of(self.recorded(f"{BALANCE}=1")), self.plateaus())

    def offset(self) -> float:
        """Return what is added to each pulse of a train in A: as given, or as this run has measured it."""
        if self.demag_offset is not None:
            return self.demag_offset
        return measured_offset(states_of(self.recorded(f"{BALANCE}=1")), self.plateaus(), self.demag_fall())

    def _train(self, heights: Sequence[float]) -> dict[str, Any]:
        """Send a train; return what was sent."""
        return pulses.train(self, heights, self.pulse_width, self.demag_gap)

    def demagnetise(self, more: Mapping[str, Any], train: Sequence[float] | None = None) -> float:
        """Demagnetise the film, and prove it by a reading: m below 0.1, else once more, three times at most.

        Args:
            more: Further columns of the states that are read.
            train: Its pulses in A; as `demag_heights` and `offset` have them where left out.

        Returns:
            Magnetisation m on the scale from -1 to 1 between both saturated states; 0.1 or more where the film cannot
            be demagnetised.
        """
        known = self.plateaus()
        sent = self.demag_heights(self.offset()) if train is None else train
        for attempt in range(1, TRAINS + 1):
            m = known.magnetisation(self.next_read(self._train(sent), DEMAGNETISE, more=more))
            if abs(m) < ENOUGH or attempt == TRAINS:
                return m
        raise AssertionError("TRAINS is at least one")


def stairs_of(states: Sequence[State], plateaus: Plateaus) -> list[Staircase]:
    """Return the rows of rising pulses among the states of a run."""
    found: list[Staircase] = []
    for sign in (1, -1):
        mine = [state for state in states if state.step == STAIRCASE and state.current * sign > 0.0]
        if mine:
            heights = [abs(state.current) for state in mine]
            found.append(Staircase(sign, heights, [plateaus.magnetisation(state.hall) for state in mine]))
    return found


def measured_offset(states: Sequence[State], plateaus: Plateaus, step: float) -> float:
    """Return what follows in A from rising pulses and trains for the pulses of the next train; 0 where nothing does."""
    stairs = stairs_of(states, plateaus)
    first = offset_of(stairs)
    if first is None or is_binary(stairs):
        return 0.0
    left = [plateaus.magnetisation(state.hall) for state in states if state.step == BALANCE]
    return corrected(first, left, step)
