"""What stands between a client and one instrument: it reads messages and refuses those that would exceed a limit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from instruments.errors import LimitExceeded
from instruments.guard.sentences import Speaker


class Gate(ABC):
    """Judges all that goes out to one instrument, from whichever session it comes.

    A gate keeps track of what the messages that it let pass have set, as far as limits depend on it.

    Args:
        speaker: Words its refusals.
    """

    TERMINATORS: ClassVar[bytes] = b"\n"
    """Bytes each of which ends a message."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker

    def quick(self, data: bytes) -> bool:
        """Whether a write is of the commonest form and within the limits whatever else is set; then it is noted.

        False says nothing: the write has to be read in full.
        """
        del data
        return False

    @abstractmethod
    def judge(self, data: bytes) -> bool:
        """Read whole messages, and note what they will set.

        Returns:
            Whether they set nothing that limits depend on, so that they may pass without another look.

        Raises:
            LimitExceeded: One of them must not leave. Nothing is noted then.
        """

    def learn(self, message: str) -> None:
        """Take in settings that the instrument was asked for, written as the commands that would set them.

        Here nothing is learned: what nobody has set stays unknown.
        """
        del message

    @abstractmethod
    def trigger(self) -> None:
        """Judge a trigger that comes without message.

        Raises:
            LimitExceeded: It would start something that exceeds a limit.
        """

    @abstractmethod
    def forget(self) -> None:
        """A write failed, so that nobody knows what the instrument has got: settings count as unknown."""

    def too_long(self, length: int, longest: int) -> LimitExceeded:
        """Return the refusal of a message that is too long to be a command."""
        return LimitExceeded(
            f"{self.speaker.name}: a message of {length} bytes is longer than the {longest} bytes that can be judged; "
            "it was not sent: send it in parts"
        )
