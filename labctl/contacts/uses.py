"""What a sample can be used for with the leads that are good, and with which current."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from labctl.breakout import home_of
from labctl.contacts.solve import Row
from labctl.sample import HEADROOM, SMALLEST_COMPLIANCE, SMALLEST_JUNCTION_COMPLIANCE

if TYPE_CHECKING:
    from labctl.sample import SampleRecord
    from labctl.station import Station

_CURRENT = ("source.high", "source.low")
_HALL = ("voltmeter.channel_1_high", "voltmeter.channel_1_low")
_ALONG = ("voltmeter.channel_2_high", "voltmeter.channel_2_low")

USES: Mapping[str, tuple[str, ...]] = {
    "ahe": (*_CURRENT, *_HALL),
    "ahe-temperature": (*_CURRENT, *_HALL),
    "current-switching": (*_CURRENT, *_HALL),
    "longitudinal": (*_CURRENT, *_ALONG),
    "two-wire": _CURRENT,
}
"""Kinds of experiment, and the ends of the station's cables whose leads they need."""

JUNCTION_USES: Mapping[str, tuple[str, ...]] = {"two-wire": _CURRENT, "four-wire": (*_CURRENT, *_HALL)}
"""The same of a junction: its resistance with the leads of the current, and without them."""


class Judged(Protocol):
    """A lead with its verdict."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with it."""
        ...

    @property
    def verdict(self) -> str:
        """The same in words."""
        ...


@dataclass(frozen=True, slots=True)
class Use:
    """A kind of experiment.

    Attributes:
        name: Which.
        leads: What it needs.
        why: Why the sample cannot be used for it, "" where it can.
    """

    name: str
    leads: tuple[str, ...]
    why: str


def uses_of(
    leads: Sequence[Judged], station: Station, kinds: Mapping[str, tuple[str, ...]] = USES, whole: str = ""
) -> tuple[Use, ...]:
    """Return what the sample can be used for as the station is cabled; what it has no cables for is left out.

    Args:
        leads: All leads with their verdicts.
        station: Where it is.
        kinds: Kinds of experiment, and the ends of cables that they need.
        whole: What is wrong with the sample itself, so that it can be used for nothing.
    """
    home = home_of(station.cables)
    known = {lead.name: lead for lead in leads}
    found: list[Use] = []
    for name, ends in kinds.items():
        if not all(end in home for end in ends):
            continue
        needed = tuple(dict.fromkeys(home[end] for end in ends))
        bad = [f"lead {lead} is {known[lead].verdict}" for lead in needed if lead in known and known[lead].faults]
        found.append(Use(name, needed, "; ".join(filter(None, [*bad, whole]))))
    return tuple(found)


def currents(ohms: Mapping[Row, float], record: SampleRecord, station: Station) -> tuple[float | None, float | None]:
    """Return the compliance in V for reading with the largest current that may, and the largest current in A at all.

    The compliance is 1.5 I R, at least 0.2 V, of a junction 0.1 V. The largest current is what the record allows for
    pulses, or for reading where it allows none, and what the voltage limits let pass with that compliance.
    """
    home = home_of(station.cables)
    ends = (home.get("source.high") or home.get("smu.high"), home.get("source.low") or home.get("smu.low"))
    ohm = next((value for row, value in ohms.items() if set(row) == set(ends)), math.inf)
    if not math.isfinite(ohm) or ohm <= 0.0:
        return None, None
    smallest = SMALLEST_JUNCTION_COMPLIANCE if record.is_junction else SMALLEST_COMPLIANCE
    compliance = max(HEADROOM * record.read_current_limit() * ohm, smallest)
    voltage = min(station.limits.voltage, record.limits.voltage or math.inf)
    largest = record.pulse_current_limit() or record.read_current_limit()
    most = min(largest, station.limits.current, voltage / (HEADROOM * ohm))
    if record.is_junction and record.limits.bias is not None:
        most = min(most, record.limits.bias / ohm)
    return min(compliance, voltage), most
