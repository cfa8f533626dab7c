"""What went wrong in another process, with its own status and exit code."""

from __future__ import annotations

from instruments.errors import LabError


class Told(LabError):
    """What another process has to say of a request that it could not fulfil.

    Args:
        sentence: What is wrong.
        status: How it ended, e.g. `refused`.
        code: The exit code of the command line.
    """

    def __init__(self, sentence: str, status: str, code: int) -> None:
        super().__init__(sentence)
        self.status = status
        self.exit_code = code
