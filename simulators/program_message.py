"""A program message of IEEE 488.2, the steps of which it consists, and what comes of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from instruments.tables.table import Value
from simulators.timeline import Event


class Later(NamedTuple):
    """What an effect returns when it is not done yet.

    Attributes:
        time: Lab time in s at which it is done; inf when nothing is known to bring it about (a new message then ends
            the waiting); None for when no overlapped operation is pending any more.
        finish: Called then; gives the reply, None without one, or another `Later`.
    """

    time: float | None
    finish: Callable[[], str | Later | None]


Outcome = str | Later | None
Effect = Callable[..., Outcome]
Step = tuple[Effect, tuple[Value, ...], bool]
"""A bound effect, what it is called with, and whether it is a query."""


class Message:
    """A program message on its way through the parser.

    Attributes:
        position: Steps that were begun when it was held last.
        rest: The steps that are still to be begun.
        time: Of one that is held, when that ends; see `Later`.
        event: Of one that is held, what ends that; None for nothing on the timeline.
    """

    __slots__ = ("answer", "dropped", "event", "finish", "length", "position", "replies", "rest", "steps", "time")

    time: float | None
    event: Event | None

    def __init__(self, steps: list[Step], length: int, answer: Callable[[str], None] | None = None) -> None:
        self.steps = steps
        self.rest = iter(steps)
        self.length = length
        self.answer = answer
        self.position = 0
        self.replies: list[str] = []
        self.dropped = False
        self.finish: Callable[[], Outcome] | None = None

    def expects_reply(self) -> bool:
        """Whether a reply to this message is still to come through the door."""
        if self.dropped or self.answer is not None:
            return False
        if self.replies:
            return True
        first = self.position - 1 if self.finish is not None else self.position
        for _, _, asks in self.steps[first:]:  # noqa: SIM110 - a generator costs more than the look itself
            if asks:
                return True
        return False
