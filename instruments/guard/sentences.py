"""How the guard says no: one sentence with what, which value, whose limit, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.errors import LimitExceeded
from instruments.guard.limits import UNITS, Bound, quoted, shown


@dataclass(frozen=True, slots=True)
class Speaker:
    """Words the refusals of one instrument's messages.

    Attributes:
        name: What the instrument is called, e.g. `the source at GPIB0::12::INSTR`.
        role: Its role, as overrides name it.
    """

    name: str
    role: str

    def beyond(self, what: str, value: float, bound: Bound, text: str, why: str = "") -> LimitExceeded:
        """Return the refusal of a value.

        Args:
            what: What has the value, with its article.
            value: In SI units.
            bound: The limit that it exceeds, or falls below where that is a lower one.
            text: The command.
            why: How the value came about.
        """
        unit = UNITS[bound.name]
        side = "above" if value > bound.value else "below"
        reason = f" ({why})" if why else ""
        return LimitExceeded(
            f"{self.name}: {what} would be {shown(value, unit, bound.value)}{reason} with {quoted(text)}, {side} the "
            f"limit of {bound.owner}, {shown(bound.value, unit)}; nothing was sent: choose a value within it, or set "
            f"another limit for this run with --override {bound.override}=..."
        )

    def refusal(self, reason: str, text: str, bound: Bound | None = None) -> LimitExceeded:
        """Return the refusal of a command that cannot be understood for certain; `bound` is what it is about."""
        limit = f" and {bound.owner} has a limit of {shown(bound.value, UNITS[bound.name])} for it" if bound else ""
        return LimitExceeded(
            f"{self.name}: {quoted(text)} was not sent, because {reason}{limit}; write it as the instrument's manual "
            "has it, in a message of its own"
        )

    def unseeable(self, reason: str, text: str) -> LimitExceeded:
        """Return the refusal of a command whose effect the guard cannot see."""
        return LimitExceeded(
            f"{self.name}: {quoted(text)} was not sent, because {reason}, and it may exceed a limit; leave it out, or "
            f"permit such commands for this run with --override unseen={self.role}"
        )

    def unknown(self, setting: str, text: str) -> LimitExceeded:
        """Return the refusal of a command that depends on a setting which nobody knows."""
        return LimitExceeded(
            f"{self.name}: {quoted(text)} was not sent, because {setting} has not been set since the instrument was "
            "opened and may exceed a limit as it is; set it first"
        )
