"""How a film's hysterons live through the lab's temperature, field and currents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from simulators.environment import Environment, Piece
from simulators.physics.hysterons import Hysterons
from simulators.physics.ramp import Stretch
from simulators.physics.stir import Alternation

Drive = Callable[[Piece, float], Stretch | Alternation]
"""Turns what is left of a piece from a lab time on into the stretch that the hysterons live through.

The stretch may end before the piece; the drive is then asked again for what comes after.
"""


class History:
    """Carries hysterons along the environment's trajectory.

    The trajectory is taken in whole pieces, each solved when its first moment is needed, so that the result does not
    depend on how time was cut into calls of `advance`. Where a new command changes the future, or a current changes,
    the running stretch ends there and the next one begins.

    Args:
        hysterons: At the beginning of their history.
        environment: Temperature and field.
        drive: What a piece of the trajectory means to the hysterons, with the currents of the moment.
        start: Lab time in s of the beginning.

    Attributes:
        hysterons: What is carried along.
        now: Lab time in s up to which they have lived.
        piece: The piece of the trajectory that they are in.
    """

    piece: Piece

    def __init__(self, hysterons: Hysterons, environment: Environment, drive: Drive, start: float) -> None:
        self.hysterons = hysterons
        self.now = start
        self._environment = environment
        self._drive = drive
        self._enter(start)

    def advance(self, until: float) -> None:
        """Live until a lab time in s; a time in the past is no step."""
        if self._environment.revision != self._revision:
            self._follow_revision()
        while until > self._end:
            self._pass(self._end)
        self.now = max(self.now, until)

    def interrupt(self, time: float) -> None:
        """Begin a new stretch at a lab time in s, because the drive is no longer what it was."""
        self.advance(time)
        self.hysterons.finish(time)
        self._enter(time)

    def _enter(self, time: float) -> None:
        """Begin at a time with whatever the trajectory does there."""
        self._revision = self._environment.revision
        self.piece = self._environment.piece(time)
        self._coming: list[Stretch | Alternation] = [*self._drive(self.piece, time).one_signed()]
        self._begin()

    def _begin(self) -> None:
        """Begin the next part of what is left of the piece."""
        stretch = self._coming.pop(0)
        self._end = stretch.end
        self.hysterons.begin(stretch)

    def _pass(self, time: float) -> None:
        """Go over from one stretch to the next."""
        self.hysterons.finish(time)
        if self._coming:
            self._begin()
        else:
            self._enter(time)

    def _follow_revision(self) -> None:
        """Take note that the future has changed: the running piece may end earlier, or be another one."""
        self._revision = self._environment.revision
        old, new = self.piece, self._environment.piece(self.piece.start)
        if new == old:
            return
        if replace(new, end=old.end, field_end=old.field_end) != old:
            self.hysterons.finish(self.now)  # replaced from its first moment on, which is now
            self._enter(self.now)
        elif new.end < old.end:
            self.piece = new
            self._coming = [replace(part, end=min(part.end, new.end)) for part in self._coming if part.start < new.end]
            self._end = min(self._end, new.end)
