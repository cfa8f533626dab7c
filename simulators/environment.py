"""What surrounds a sample: temperature and field as they really are, whatever the instruments report."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

GRID_TEMPERATURE = 0.05
"""Width in K of the cells in which a sample's magnetic parameters are taken as constant.

Sub-steps lie on this grid along the trajectory, never on who asked when, so that looking more often changes nothing.
"""


Direction = tuple[float, float, float]
"""A unit vector in the sample's frame: along the current (x), across it in the film (y), along the film normal (z)."""

NORMAL: Direction = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time in which the temperature stays in one cell of the grid and the field is linear.

    The field keeps its direction in the sample's frame; a rotation is a row of pieces, each a small turn.

    Attributes:
        start: Lab time in s.
        end: Lab time in s, later than `start`; may be infinite where nothing is planned to change.
        temperature: Centre in K of the grid cell that the sample's temperature lies in.
        field_start: True field mu0 H in T along the magnet's axis at `start`.
        field_end: The same at `end`.
        field_rate: T/s. Follows from the two fields when it is not given. It is given where a piece may be cut short
            later: the same rate before and after the cut is what makes the sample's history the same to the last bit.
        direction: Where in the sample's frame a positive field points.
    """

    start: float
    end: float
    temperature: float
    field_start: float
    field_end: float
    field_rate: float = math.nan
    direction: Direction = NORMAL

    def __post_init__(self) -> None:
        if math.isnan(self.field_rate):
            object.__setattr__(self, "field_rate", (self.field_end - self.field_start) / (self.end - self.start))

    def field(self, time: float) -> float:
        """True field mu0 H in T at a lab time in s within the piece."""
        if self.field_rate == 0.0:
            return self.field_start  # also where the piece has no beginning
        return self.field_start + self.field_rate * (time - self.start)


class Environment(Protocol):
    """Temperature and field at the sample.

    Everything here is a function of the commands given and of lab time, never of who asked when. It answers for any
    time since the lab began, and into the future as it is planned now.

    A command at lab time t changes what comes after t only: the piece that contains t ends at t from then on, with
    `start`, `temperature`, `field_start`, `field_rate` and `direction` as they were, and another piece begins at t. No
    piece that has begun is ever made longer. A piece that begins at t itself is replaced.
    """

    @property
    def revision(self) -> int:
        """Grows with each command that changed what is planned; never otherwise."""
        ...

    def sample_temperature(self, time: float) -> float:
        """Temperature of the sample in K at a lab time in s."""
        ...

    def field(self, time: float) -> float:
        """True field mu0 H in T along the magnet's axis at a lab time in s."""
        ...

    def piece(self, time: float) -> Piece:
        """Return the whole piece of the trajectory with start <= `time` < end, cut by nothing but the trajectory.

        Its ends lie where the trajectory has break points and where the temperature crosses a line of the grid, also
        when they are in the future or long past. An end may be planned earlier than necessary (a hold may be given
        as pieces of an hour), as long as it is a function of the trajectory alone.
        """
        ...

    def pieces(self, start: float, end: float) -> Iterator[Piece]:
        """Cover the time from `start` to `end` (lab s) with pieces, in order and without gaps.

        These are the pieces of `piece`, the first and the last cut to what was asked for.
        """
        ...
