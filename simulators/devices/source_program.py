"""What a 6221 is armed with, and what its trigger model steps through.

Source: 6220/6221 reference manual, chapter on triggering.
"""

from __future__ import annotations

from typing import Protocol


class Program(Protocol):
    """Something that was armed and that INITiate runs.

    Attributes:
        name: Its node below SOURce: `SWEep`, `WAVE`, `DELTa`, `PDELta` or `DCONductance`.
    """

    name: str

    def begin(self) -> None:
        """Run from now on, by events on the timeline; raises ScpiError where it cannot."""
        ...

    def stop(self) -> None:
        """Stop: cancel its events, 0 A, output off. May be called when it is not running."""
        ...

    def running(self) -> bool:
        """Whether it has begun and not ended."""
        ...

    def ends_at(self) -> float | None:
        """Lab time in s of its end, None if that is not known."""
        ...


class Walk(Protocol):
    """What the two layers step through."""

    def enter(self) -> None:
        """A pass through the trigger layer begins."""
        ...

    def step(self) -> float:
        """Do the next thing now; return how long it is held, in s."""
        ...

    def more(self) -> bool:
        """What was held is over; whether the trigger layer is passed for another one."""
        ...

    def again(self) -> bool:
        """Whether the arm layer is passed once more."""
        ...

    def leave(self) -> None:
        """All is done; the model is about to be idle."""
        ...


class _Nothing:
    """What is walked through with nothing armed: the level is there already (its source delay is not waited for)."""

    def enter(self) -> None:
        """Nothing begins."""

    def step(self) -> float:
        return 0.0

    def more(self) -> bool:
        return False

    def again(self) -> bool:
        return False

    def leave(self) -> None:
        """Nothing ends."""


NOTHING = _Nothing()
"""What the layers walk through with nothing armed."""
