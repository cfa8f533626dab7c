"""What is plugged in where, and how large the voltages are that nobody ordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OPEN = "open"
"""Name of the lead that goes nowhere."""


@dataclass(frozen=True, slots=True)
class Lead:
    """One line from the breakout box to the sample.

    Attributes:
        pad: Name of the sample's pad.
        resistance: ohm, of line and contact.
    """

    pad: str
    resistance: float


@dataclass(frozen=True, slots=True)
class Cables:
    """Which lead each instrument terminal is plugged into; `open` where it hangs free.

    Attributes:
        source: Leads at the current source's high and low.
        voltmeter: Leads at high and low of each of the voltmeter's channels.
        smu: Leads at the source-measure unit's high and low.
        smu_sense: Leads at its sense high and sense low.
        serial: Whether a null-modem cable joins the RS-232 connectors of current source and voltmeter.
        trigger: Whether a cable joins their trigger links.
    """

    source: tuple[str, str] = (OPEN, OPEN)
    voltmeter: Mapping[int, tuple[str, str]] = field(default_factory=dict[int, tuple[str, str]])
    smu: tuple[str, str] = (OPEN, OPEN)
    smu_sense: tuple[str, str] = (OPEN, OPEN)
    serial: bool = False
    trigger: bool = False


@dataclass(frozen=True, slots=True)
class EmfSettings:
    """How large thermal electromotive forces are (assumed; see `ThermalEmf`).

    Attributes:
        offset: V, standard deviation of the constant part.
        wander: V, standard deviation of the slow part.
        drift: V/s, straight drift.
        hum: V rms, line hum between the voltmeter's leads.
        earth_loop: V rms, further hum while the current source's low is at earth, where cryostat or meter are, too.
    """

    offset: float = 0.5e-6
    wander: float = 0.1e-6
    drift: float = 0.0
    hum: float = 0.0
    earth_loop: float = 0.0


def pair(leads: Mapping[str, Lead], names: tuple[str, str]) -> tuple[Lead, Lead] | None:
    """Return the leads at two terminals, None where either hangs open."""
    high, low = (leads.get(name) for name in names)
    return None if high is None or low is None else (high, low)
