"""What surrounds a sample: temperature and field as they really are, whatever the instruments report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

GRID_TEMPERATURE = 0.05
"""Width in K of the cells in which a sample's magnetic parameters are taken as constant.

Sub-steps lie on this grid along the trajectory, never on who asked when, so that looking more often changes nothing.
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time in which the temperature stays in one cell of the grid and the field is linear.

    Attributes:
        start: Lab time in s.
        end: Lab time in s, later than `start`.
        temperature: Centre in K of the grid cell that the sample's temperature lies in.
        field_start: True field mu0 H in T along the magnet's axis at `start`.
        field_end: The same at `end`.
    """

    start: float
    end: float
    temperature: float
    field_start: float
    field_end: float


class Environment(Protocol):
    """Temperature and field at the sample."""

    def sample_temperature(self, time: float) -> float:
        """Temperature of the sample in K at a lab time in s."""
        ...

    def field(self, time: float) -> float:
        """True field mu0 H in T along the magnet's axis at a lab time in s."""
        ...

    def pieces(self, start: float, end: float) -> Iterator[Piece]:
        """Cover the time from `start` to `end` (lab s) with pieces, in order and without gaps."""
        ...
