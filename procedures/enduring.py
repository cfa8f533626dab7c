"""Cycles from one saturated state to the other in bursts that the source times, and the window that they leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instruments.errors import BadValue, SampleChanged
from instruments.keithley6221_pulses import SHORTEST_STEP
from instruments.units import format_quantity
from labctl import pulses
from labctl.analysis.endurance import FIRST, counts
from labctl.parameters import Count, Quantity
from procedures.saturating import Saturating

READ = 3
"""Cycles of each count whose states are read."""
LONGEST = 60.0
"""s of a burst; a run cannot be aborted within one."""
ENDURANCE = "endurance"
"""Name of a block."""
BURST, ENDURED_PLUS, ENDURED_MINUS = "burst", "endured +", "endured -"
"""What a state is read for."""


class Enduring(Saturating):
    """Base of experiments that can send many cycles of pulses, to see what the film endures.

    A subclass calls `refer` first of all, and `endure` in a block for each of `endurance_counts`, named `endurance`.
    """

    endurance = Count(0, "Cycles of a pulse of either sign for endurance; 0 for none", minimum=0, maximum=10_000_000)
    endurance_gap = Quantity("50 ms", "Time at zero current between two of these pulses", minimum="2 ms",
                             maximum="10 s")  # fmt: skip

    # ---- before

    def check(self) -> None:
        """Refuse what pulses cannot be, and bursts that the source cannot make or that are too much on average."""
        super().check()
        if not self.endurance or "sample" not in vars(self):
            return
        if self.endurance < FIRST:
            raise BadValue(f"endurance is {self.endurance}; take 0 for none, or at least {FIRST} cycles")
        if self.pulse_width < SHORTEST_STEP:
            raise BadValue(
                f"pulse_width is {format_quantity(self.pulse_width, 's')}, but a list of the source, which a burst is, "
                f"has no pulse shorter than {format_quantity(SHORTEST_STEP, 's')}; take longer pulses, or endurance=0"
            )
        pulses.check_train(self, self.endurance_pulses(), self.pulse_width, self.endurance_gap, self._most())

    def endurance_counts(self) -> list[int]:
        """Return after how many cycles the window is read; empty where no endurance is asked for."""
        return counts(self.endurance) if self.endurance else []

    def endurance_pulses(self) -> list[float]:
        """Return the pulses of a cycle in A."""
        return [self.saturating_current(), -self.saturating_current()]

    def _most(self) -> int:
        """Return the cycles of the longest burst."""
        cycle = 2.0 * (self.pulse_width + self.endurance_gap)
        return max(1, min(int(LONGEST / cycle), pulses.MOST_REPEATS, self.endurance))

    # ---- the run

    def endure(self, place: int, more: Mapping[str, Any]) -> None:
        """Go on to a count of cycles, and read the window; the body of a block, which may be measured again.

        The last cycles of the count are sent pulse by pulse, and their states are read.

        Args:
            place: Of the count, from 0 on.
            more: Further columns.

        Raises:
            SampleChanged: The source ended a burst since it was in compliance.
        """
        self.begin_block()
        made = self.endurance_counts()[place - 1] if place else 0
        left = self.endurance_counts()[place] - made - READ
        while left:
            repeats = min(left, self._most())
            sent = pulses.train(self, self.endurance_pulses(), self.pulse_width, self.endurance_gap, repeats)
            left -= repeats
            self.run.check()
            if left and not sent[pulses.CLAMPED]:
                continue
            self.next_read(sent, BURST, more=more)
            if sent[pulses.CLAMPED]:
                raise SampleChanged(
                    f"the source was in compliance at {format_quantity(sent[pulses.COMPLIANCE], 'V')} within a burst "
                    f"that goes on from {made} cycles, and ended it: the resistance between its terminals has grown; "
                    "run contact-check"
                )
        for number in range(READ):
            for step, height in zip((ENDURED_PLUS, ENDURED_MINUS), self.endurance_pulses(), strict=True):
                sent = self.pulse(current=height, width=self.pulse_width)
                self.next_read(sent, step, resistance=number == READ - 1, more=more)
