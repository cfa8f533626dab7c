"""What `--json` prints of a command that came to nothing. Imports nothing, since it may be said before all else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def failure(sentence: str, status: str, words: Sequence[str]) -> dict[str, Any]:
    """Return the one JSON object of a command that failed before there was a run.

    Args:
        sentence: What is wrong.
        status: How it ended.
        words: Those of the command line.
    """
    return {
        "run": None, "status": status, "simulated": "--simulate" in words, "points": 0, "lab_time_s": 0.0,
        "wall_time_s": 0.0, "results": {}, "error": sentence,
    }  # fmt: skip
