"""What the doctor says: one thing that was looked at, whether it is well, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from instruments.errors import GarbledReply, NoReply

_PLAIN = {
    "VI_ERROR_NLISTENERS": "nobody listens at this address",
    "VI_ERROR_TMO": "no answer came in time",
    "VI_ERROR_RSRC_NFOUND": "there is nothing at this address",
    "VI_ERROR_CONN_LOST": "the connection was lost",
}
"""What VISA says, in plain words."""

_VISA = re.compile(r"(VI_ERROR_\w+) \(-?\d+\): (?:[^().]|\([^()]*\))*\.?")
"""Such as `VI_ERROR_TMO (-1073807339): Timeout expired before operation completed.`"""

_AT_THE_WIRE = "ask again; if it stays so, switch the instrument off and on, and look at its cable"

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


def unheard(subject: str, error: Exception, do: str, lead: str = "") -> Finding:
    """Return what follows of an error: a fault where nobody answers, or where the answer makes no sense.

    Args:
        subject: What was looked at.
        error: What was raised.
        do: What to do where it is something else, a warning.
        lead: Stands before what it says, e.g. "could not be tested: ".
    """
    if isinstance(error, GarbledReply):
        return fault(subject, f"{lead}a reply made no sense: {plain(error)}", _AT_THE_WIRE)
    if isinstance(error, NoReply):
        return fault(subject, lead + plain(error), _AT_THE_WIRE)
    return warning(subject, lead + plain(error), do)


def plain(error: Exception) -> str:
    """Return what an error says, on one line, without VISA's own words where there are plainer ones."""

    def said(found: re.Match[str]) -> str:
        return _PLAIN.get(found[1], found[0].removesuffix("."))

    return _VISA.sub(said, " ".join(str(error).split())).removesuffix(".")
