"""What the doctor says: one thing that was looked at, whether it is well, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: What.
        state: Whether it is well.
        what: What was found.
        do: What to do; empty if it is well.
    """

    subject: str
    state: State
    what: str
    do: str = ""


def ok(subject: str, what: str) -> Finding:
    """Return a finding that all is well, or that something was left out for a good reason."""
    return Finding(subject, "ok", what)


def warning(subject: str, what: str, do: str) -> Finding:
    """Return a finding that a measurement may suffer from."""
    return Finding(subject, "warning", what, do)


def fault(subject: str, what: str, do: str) -> Finding:
    """Return a finding that stands in the way of measuring."""
    return Finding(subject, "fault", what, do)
