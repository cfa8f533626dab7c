"""Somebody's hand at the breakout of a simulated lab: cables are pulled out and plugged in elsewhere.

In a lab that is served over TCP it has a door of its own, on which a line of text goes in and a line comes out:

    PLUG {"source.high": "I+", "source.low": "A"}
                    these ends are at these leads, and all others hang free; answers OK
    BACK            all cables are where they were when the lab began; answers OK
    PLUGGED?        answers with the ends that are plugged in, as PLUG takes them

Ends are those of a station file. A lead may be `shield`. What cannot be done is answered with a line that begins with
ERROR, and changes nothing. Nobody is kept from moving cables while a current flows: what that does, it does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from instruments.errors import LabError, UnknownName, UsageError
from simulators.cables import OPEN, SHIELD, Cables, Lead
from simulators.line_door import LineDoor
from simulators.timeline import Timeline

ENDS = (
    "source.high", "source.low",
    "voltmeter.channel_1_high", "voltmeter.channel_1_low", "voltmeter.channel_2_high", "voltmeter.channel_2_low",
    "smu.high", "smu.low", "smu.sense_high", "smu.sense_low",
)  # fmt: skip
"""What can be plugged in elsewhere: the ends of the cables of what drives and measures."""

_PAIRS = tuple(zip(ENDS[::2], ENDS[1::2], strict=True))


def replugged(cables: Cables, leads: Mapping[str, Lead], ends: Mapping[str, str]) -> Cables:
    """Return cables with these ends at these leads, and all other ends of `ENDS` free.

    Args:
        cables: What is plugged in now; what is not among `ENDS` stays.
        leads: The leads that there are.
        ends: The lead, or the shield, by end.

    Raises:
        UnknownName: There is no such end, or no such lead.
        UsageError: Two ends of an instrument would be at one lead.
    """
    for end, lead in ends.items():
        if end not in ENDS:
            raise UnknownName(f"there is no end {end!r} of a cable; there are {', '.join(ENDS)}")
        if lead not in leads and lead not in {SHIELD, OPEN}:
            raise UnknownName(f"there is no lead {lead!r} for {end}; there are {', '.join([*leads, SHIELD, OPEN])}")
    at = [(ends.get(high, OPEN), ends.get(low, OPEN)) for high, low in _PAIRS]
    for (high, low), (one, other) in zip(_PAIRS, at, strict=True):
        if one == other != OPEN:
            raise UsageError(f"{high} and {low} would both be at {one!r}, which is a short; plug one in elsewhere")
    source, first, second, smu, sense = at
    return replace(cables, source=source, voltmeter={1: first, 2: second}, smu=smu, smu_sense=sense)


def plugged_in(cables: Cables) -> dict[str, str]:
    """Return the lead at each end that is plugged in; see `ENDS`."""
    free = (OPEN, OPEN)
    both = (cables.source, cables.voltmeter.get(1, free), cables.voltmeter.get(2, free), cables.smu, cables.smu_sense)
    leads = [lead for pair in both for lead in pair]
    return {end: lead for end, lead in zip(ENDS, leads, strict=True) if lead != OPEN}


class BreakoutDoor(LineDoor):
    """The breakout behind a connector.

    Args:
        timeline: The lab's time.
        plug: Plugs cables in elsewhere.
        put_back: Plugs them in where they belong.
        cables: Returns what is plugged in.
    """

    def __init__(
        self,
        timeline: Timeline,
        plug: Callable[[Mapping[str, str]], None],
        put_back: Callable[[], None],
        cables: Callable[[], Cables],
    ) -> None:
        super().__init__(timeline)
        self._plug = plug
        self._put_back = put_back
        self._cables = cables

    def answer(self, text: str) -> str:
        """Move cables, or say where they are."""
        word, _, rest = text.partition(" ")
        word = word.upper()
        if word == "PLUGGED?" and not rest:
            return json.dumps(plugged_in(self._cables()))
        if word == "BACK" and not rest:
            self._put_back()
            return "OK"
        ends = _ends(rest) if word == "PLUG" else None
        if ends is None:
            return f'ERROR {text[:60]!a} is not understood; write PLUG {{"end": "lead", ...}}, BACK or PLUGGED?'
        try:
            self._plug(ends)
        except LabError as error:
            return f"ERROR {error}"
        return "OK"


def _ends(text: str) -> dict[str, str] | None:
    """Read an object of ends and leads; None where it is none."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    ends = cast("dict[str, object]", found)
    return {end: lead for end, lead in ends.items() if isinstance(lead, str)} if _all_text(ends) else None


def _all_text(ends: Mapping[str, object]) -> bool:
    return all(isinstance(lead, str) for lead in ends.values())
