"""Saturation by pulses that a reading proves: where experiments on states between both saturated ones begin."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from instruments.errors import BadValue, SampleChanged
from instruments.units import format_quantity
from labctl import moving, pulses
from labctl.analysis.saturation import Plateaus, plateaus
from labctl.analysis.states import State, states_of
from labctl.journal import SAFE_PULSE
from labctl.parameters import OptionalQuantity
from procedures.pulsed import Pulsed

REFERENCES = 5
"""How often each saturated state is made for the reference."""
TRIES = 3
"""Pulses for making a saturated state before the run is stopped."""
BEGIN, MINUS, PLUS, SATURATE = "begin", "plateau -", "plateau +", "saturate"
"""What a state is read for."""
REFERENCE = "reference"


class Saturating(Pulsed):
    """Base of experiments that begin from a state saturated by pulses, and see by a reading that they do.

    A subclass calls `refer` first of all, `begin_block` at the beginning of each further block, and
    `saturate_by_pulses` before what it measures.
    """

    NEEDS_FIELD = True

    saturation_current = OptionalQuantity("pulse_max", "Height of the pulses that saturate", unit="A", above_zero=True)

    # ---- before

    def check(self) -> None:
        """Refuse what all experiments with pulses refuse, and a saturation current above the largest pulse."""
        super().check()
        if "sample" in vars(self):
            self.within_largest("saturation_current", self.saturating_current())

    def saturating_current(self) -> float:
        """Return the height in A of the pulses that saturate."""
        return self.largest_current() if self.saturation_current is None else pulses.on_grid(self.saturation_current)

    def _more(self) -> str:
        """Return the name of the parameter that makes the pulses that saturate larger."""
        return "pulse_max" if self.saturation_current is None else "saturation_current"

    def within_largest(self, name: str, current: float) -> None:
        """Refuse a pulse in A above `pulse_max`.

        Raises:
            BadValue: The sentence names both.
        """
        largest = self.largest_current()
        if current > largest * (1.0 + 1e-9):
            raise BadValue(
                f"{name} is {format_quantity(current, 'A')}, above pulse_max, {format_quantity(largest, 'A')}; take a "
                "smaller one, or give a larger pulse_max"
            )

    def switching_current(self) -> float | None:
        """Return the current in A that `approach` found to switch half of the film; None where it found none."""
        entry = self.latest(SAFE_PULSE)
        return None if entry is None else entry.number("switching_current")

    # ---- the run

    def startup(self) -> None:
        """Set the probe up, and note that nobody has brought the sample into the field yet."""
        super().startup()
        self._there = False

    def begin_block(self) -> None:
        """Be in the field, and count the block's states from 1.

        A run that is carried on comes to the field on the way on which the first block came: what the magnet holds
        beside the field depends on that, and the saturated states lean with it.
        """
        if not self._there:
            self.initial_state(self.in_plane_field)
        self._there, self._number = True, 0

    def next_state(self, step: str, current: float = 0.0, *, more: Mapping[str, Any]) -> float:
        """Send a pulse in A, or none for 0 A, read the state and record it; return its Hall resistance in ohm."""
        sent = self.pulse(current=current, width=self.pulse_width) if current else pulses.NONE_YET
        return self.next_read(sent, step, more=more)

    def next_read(
        self, sent: Mapping[str, Any], step: str, *, resistance: bool = False, more: Mapping[str, Any]
    ) -> float:
        """Read the state that something sent has left, and record it; return its Hall resistance in ohm."""
        self._number += 1
        if math.isfinite(sent[pulses.END]):
            self._ended = sent[pulses.END]
        return self.read_state(sent, self._number, step, resistance=resistance, more=more)

    def watch(self, step: str, times: Iterable[float], *, more: Mapping[str, Any]) -> None:
        """Read the state at these times in s since the last pulse; what is late is read at once."""
        for time in times:
            moving.wait_until(self, self._ended + time, self.run.check)
            self.next_state(step, more=more)

    def refer(self, more: Mapping[str, Any]) -> None:
        """Make each saturated state several times; the body of a block of its own, named `reference`."""
        self.begin_block()
        self.next_state(BEGIN, more=more)
        for _ in range(REFERENCES):
            for step, sign in ((PLUS, 1), (MINUS, -1)):
                self.next_state(step, sign * self.saturating_current(), more=more)
        self.plateaus()

    def plateaus(self) -> Plateaus:
        """Return both saturated states, as this run has measured them.

        Raises:
            SampleChanged: Pulses of either sign leave the same state, so that none of them is saturated.
        """
        found = plateaus_of(states_of(self.recorded(f"{REFERENCE}=1")))
        assert found is not None
        if not found.differ:
            raise SampleChanged(
                f"pulses of {format_quantity(self.saturating_current(), 'A')} of either sign leave states that differ "
                f"by {abs(found.swing):.3g} ohm, with a scatter of {found.scatter:.2g} ohm: there is no saturated "
                f"state to begin from; give a larger {self._more()}, or a field along the current"
            )
        return found

    def saturate_by_pulses(self, more: Mapping[str, Any], sign: int = -1) -> None:
        """Make a saturated state by a pulse, and prove it by a reading: |R - R_sat| < 3 sigma, else once more.

        Args:
            more: Further columns of its states.
            sign: Of the pulse.

        Raises:
            SampleChanged: Three pulses do not make it.
        """
        known = self.plateaus()
        found: list[float] = []
        for _ in range(TRIES):
            found.append(self.next_state(SATURATE, sign * self.saturating_current(), more=more))
            if known.is_at(sign, found[-1]):
                return
        plateau = known.plus if sign > 0 else known.minus
        raise SampleChanged(
            f"{TRIES} pulses of {format_quantity(sign * self.saturating_current(), 'A')} did not make the saturated "
            f"state: the last one left {found[-1]:.6g} ohm instead of {plateau.hall:.6g} ohm, with a scatter of "
            f"{known.scatter:.2g} ohm; the sample has changed, or drifts: run pulse-delay, or give a larger "
            f"{self._more()}"
        )


def on_grid(current: float) -> float:
    """Return a calculated current in A as the source resolves it, never larger: 0.0209999999 A are 21 mA."""
    return pulses.on_grid(round(current, 12))


def plateaus_of(states: Sequence[State]) -> Plateaus | None:
    """Return both saturated states among the states of a run; None where one is missing."""
    return plateaus([s for s in states if s.step == MINUS], [s for s in states if s.step == PLUS])


def failures_of(states: Sequence[State]) -> int:
    """Count the pulses for saturation that had to be repeated."""
    follow = itertools.pairwise(states)
    return sum(one.step == SATURATE and two.step == SATURATE and one.block == two.block for one, two in follow)
