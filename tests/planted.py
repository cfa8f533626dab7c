"""What a contact check has to say of a device with something wrong, and how far it is off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from labctl.contacts.check import Check
from labctl.happenings import BadContact

WORDS = {
    "open": "open", "high": "high", "leaking": "leaky", "swapped": "swapped with", "noisy": "noisy",
    "bouncing": "intermittent",
}  # fmt: skip
"""Word of a verdict for what is planted."""


class Planted(Protocol):
    """A device of which it is known what is wrong."""

    @property
    def leads(self) -> Mapping[str, float]:
        """True ohm of each lead."""
        ...

    @property
    def faults(self) -> tuple[BadContact, ...]:
        """What is wrong."""
        ...


def wanted(device: Planted) -> dict[str, str]:
    """Return the verdicts that name what was planted, of the right leads, and nothing of others."""
    found = dict.fromkeys(device.leads, "ok")
    for fault in device.faults:
        found[fault.lead] = WORDS[fault.what]
        if fault.other is not None:
            found[fault.lead] += f" {fault.other}"
            found[fault.other] = f"swapped with {fault.lead}"
    return found


def verdicts(check: Check) -> dict[str, str]:
    """Return the verdict of each lead."""
    return {lead.name: lead.verdict for lead in check.leads}


def pulls(check: Check, device: Planted) -> list[float]:
    """Return the errors of all leads in units of their uncertainties."""
    return [
        (lead.resistance - device.leads[lead.name]) / lead.uncertainty
        for lead in check.leads
        if lead.resistance is not None and lead.uncertainty
    ]
