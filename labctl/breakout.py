"""Who moves cables at the breakout: an operator at the terminal, or the simulated lab.

A procedure that has to measure through every lead says where each end of a cable belongs, and somebody plugs it in
there. Before that, every source of the station is at zero with its output off, and has said so. When the run is over,
however it ended, the cables are where the station file says.

    self.breakout.connect({"source.high": "I+", "source.low": "A"})     # all other ends hang free
    ...
    self.breakout.put_back()

Nothing else in labctl moves a cable.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Protocol, TextIO

from instruments.errors import Aborted, InstrumentFault, LabError, UsageError
from instruments.ramped_source import RampedSource
from labctl.cables import OPEN, Cables
from labctl.remote import LabAddresses, ask_once
from simulators.breakout import ENDS

SOURCES = ("source", "smu")
"""Roles of what can drive a current through the breakout; of a lock-in amplifier only the inputs are cabled."""

SHIELD = "shield"
"""What an end is plugged into that is to be at the shield around the lines, which is the cryostat's earth."""

_WORDS = {
    "source.high": "source HI", "source.low": "source LO",
    "voltmeter.channel_1_high": "voltmeter CH1 HI", "voltmeter.channel_1_low": "voltmeter CH1 LO",
    "voltmeter.channel_2_high": "voltmeter CH2 HI", "voltmeter.channel_2_low": "voltmeter CH2 LO",
    "smu.high": "SMU HI", "smu.low": "SMU LO", "smu.sense_high": "SMU sense HI", "smu.sense_low": "SMU sense LO",
}  # fmt: skip


class Hands(Protocol):
    """Whoever can move cables."""

    who: str
    """What the events call them."""

    def check(self) -> None:
        """Refuse what cannot be done, before anything is energised.

        Raises:
            UsageError: Nobody is there who could move a cable.
        """
        ...

    def plug(self, ends: Mapping[str, str]) -> None:
        """Plug these ends into these leads, and pull all others out; returns when it is done."""
        ...

    def put_back(self, home: Mapping[str, str]) -> None:
        """Plug all ends in where they belong; returns when it is done."""
        ...

    def leave(self, home: Mapping[str, str]) -> str:
        """See that they get there without waiting for anybody; return what is left to do, "" for nothing."""
        ...


class Operator:
    """Somebody at the terminal, who gets one sentence at a time and presses Enter.

    Args:
        answers: Where Enter is read from.
        says: Where the sentences go.
    """

    who = "operator"

    def __init__(self, answers: TextIO | None = None, says: TextIO | None = None) -> None:
        self._answers = sys.stdin if answers is None else answers
        self._says = sys.stderr if says is None else says  # the standard output may be for a program

    def check(self) -> None:
        """Refuse to begin where nobody could be asked; see `Hands`."""
        if not (self._answers.isatty() and self._says.isatty()):
            raise UsageError(
                "cables have to be moved at the breakout, and there is no terminal at which somebody could be told "
                "which; run this from a terminal, or on the simulated lab with --simulate"
            )

    def plug(self, ends: Mapping[str, str]) -> None:
        """Ask for it, and wait for Enter."""
        self._ask(f"Plug {in_words(ends)}; pull everything else out of the breakout")

    def put_back(self, home: Mapping[str, str]) -> None:
        """Ask for it, and wait for Enter."""
        self._ask(f"Put the cables back: {in_words(home)}")

    def leave(self, home: Mapping[str, str]) -> str:
        """Nobody can be waited for: say it in the run's warnings."""
        return f"the cables are not as the station file says; put them back: {in_words(home)}"

    def _ask(self, sentence: str) -> None:
        self._says.write(f"\n{sentence}. All outputs are off. Press Enter when it is done: ")
        self._says.flush()
        if not self._answers.readline():
            raise Aborted(f"the terminal is gone at which somebody was asked: {sentence}")


class SimulatedHands:
    """The simulated lab in this process.

    Args:
        plug: Moves its cables.
        put_back: Puts them back.
    """

    who = "simulated lab"

    def __init__(self, plug: Callable[[Mapping[str, str]], None], put_back: Callable[[], None]) -> None:
        self._plug = plug
        self._put_back = put_back

    def check(self) -> None:
        """Always possible."""

    def plug(self, ends: Mapping[str, str]) -> None:
        """Move the simulated cables."""
        self._plug(ends)

    def put_back(self, home: Mapping[str, str]) -> None:
        """Put the simulated cables back."""
        del home
        self._put_back()

    def leave(self, home: Mapping[str, str]) -> str:
        """Put them back; nobody has to be waited for."""
        self.put_back(home)
        return ""


class RemoteHands:
    """The simulated lab in another process, through its breakout door (`simulators.breakout`).

    Args:
        address: Host and port of that door.
    """

    who = "simulated lab"

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address

    def check(self) -> None:
        """Ask what is plugged in; see `Hands`."""
        try:
            self._ask("PLUGGED?")
        except InstrumentFault as error:
            raise UsageError(str(error)) from error

    def plug(self, ends: Mapping[str, str]) -> None:
        """Move the lab's cables.

        Raises:
            InstrumentFault: The door does not answer, or refuses.
        """
        self._ask(f"PLUG {json.dumps(dict(ends))}")

    def put_back(self, home: Mapping[str, str]) -> None:
        """Put the lab's cables back.

        Raises:
            InstrumentFault: The door does not answer.
        """
        del home
        self._ask("BACK")

    def leave(self, home: Mapping[str, str]) -> str:
        """Put them back; nobody has to be waited for."""
        self.put_back(home)
        return ""

    def _ask(self, line: str) -> str:
        return ask_once(self._address, "the lab's breakout", line)


class Nobody:
    """Where no cable can be moved.

    Args:
        why: The sentence that says so.
    """

    who = "nobody"

    def __init__(self, why: str) -> None:
        self._why = why

    def check(self) -> None:
        """Refuse.

        Raises:
            UsageError: Always.
        """
        raise UsageError(self._why)

    def plug(self, ends: Mapping[str, str]) -> None:
        """Refuse."""
        del ends
        self.check()

    def put_back(self, home: Mapping[str, str]) -> None:
        """Refuse."""
        del home
        self.check()

    def leave(self, home: Mapping[str, str]) -> str:
        """Nothing was moved, so nothing is to be done."""
        del home
        return ""


def remote_hands(lab: LabAddresses) -> Hands:
    """Return who moves the cables of a lab in another process."""
    if lab.breakout is not None:
        return RemoteHands(lab.breakout)
    return Nobody(
        f"the lab of {lab.file} has no door at which its cables could be moved; start it again with `labctl simulate` "
        "and keep its new line"
    )


class Breakout:
    """The cables of a station, and who moves them.

    Args:
        hands: Who does.
        cables: Where the station file says that they are.
        rest: Brings every source of the station to zero, turns its output off and reads that back; raises otherwise.

    Attributes:
        note: Writes a line into the run's events.
        moved: Whether any cable is elsewhere than the station file says.
    """

    def __init__(self, hands: Hands, cables: Cables, rest: Callable[[], None]) -> None:
        self._hands = hands
        self._rest = rest
        self.home = home_of(cables)
        self.note: Callable[..., None] = _nothing
        self.moved = False

    @property
    def who(self) -> str:
        """Who moves the cables: `operator`, `simulated lab`, `nobody`."""
        return self._hands.who

    def check(self) -> None:
        """Refuse what cannot be done, before anything is energised.

        Raises:
            UsageError: Nobody is there who could move a cable.
        """
        self._hands.check()

    def connect(self, ends: Mapping[str, str]) -> None:
        """Have these ends plugged into these leads, or the shield, and all others pulled out.

        Args:
            ends: By the end's name, as in a station file: `source.high`, `voltmeter.channel_1_low`, `smu.high`.

        Raises:
            UsageError: There is no such end or lead, two ends of an instrument would be at one, or nobody is there.
            InstrumentFault: A source is not known to be at zero with its output off; no cable is moved.
        """
        check_ends(ends)
        self._rest()
        self.moved = True
        self._hands.plug(ends)
        self.note("cables", by=self.who, plugged=dict(ends))

    def put_back(self) -> None:
        """Have the cables where the station file says.

        Raises:
            InstrumentFault: A source is not known to be at zero with its output off; no cable is moved.
        """
        if self.moved:
            self._rest()
            self._hands.put_back(self.home)
            self.moved = False
            self.note("cables", by=self.who, plugged=self.home)

    def leave(self, *, at_rest: bool) -> list[str]:
        """At the end of a run see that the cables get back, and wait for nobody.

        Args:
            at_rest: Whether all sources were brought to rest.

        Returns:
            What is left to do, one sentence each.
        """
        if not self.moved:
            return []
        try:
            if not at_rest:
                self._rest()
            left = self._hands.leave(self.home)
        except LabError as error:
            return [f"the cables are not as the station file says, {in_words(self.home)}: {error}"]
        self.moved = bool(left)
        return [left] if left else []


def rest_sources(
    instruments: Mapping[str, object], stationed: Collection[str], open_: Callable[[list[str]], Mapping[str, LabError]]
) -> None:
    """Bring every source of a station to zero and turn its output off, also those that nobody asked for.

    Args:
        instruments: Drivers by role; `open_` adds to them.
        stationed: Roles of all instruments of the station.
        open_: Opens further instruments, and returns why one could not be.

    Raises:
        InstrumentFault: One does not say that it is at zero and off.
        UsageError: One has a driver that cannot tell.
    """
    needed = "before a cable is moved, every output has to be known to be off, and"
    for role in SOURCES:
        if role not in stationed:
            continue
        if role not in instruments and (refusal := open_([role]).get(role)):
            raise InstrumentFault(
                f"{needed} {refusal}; switch it on, or take it off the breakout and out of the station file"
            )
        driver = instruments[role]
        if not isinstance(driver, RampedSource):
            raise UsageError(
                f"{needed} the driver of the {role} cannot tell; take it off the breakout and out of the station file"
            )
        driver.rest()


def home_of(cables: Cables) -> dict[str, str]:
    """Return the lead at each end that can be moved, as a station file says."""
    known = {key.removeprefix("cables."): lead for key, lead in cables.leads().items()}
    return {end: lead for end, lead in known.items() if end in ENDS}


def check_ends(ends: Mapping[str, str]) -> None:
    """Refuse ends that there are not, and an instrument both of whose ends would be at one lead.

    Raises:
        UsageError: The first of these.
    """
    for end in ends:
        if end not in ENDS:
            raise UsageError(f"there is no end {end!r} of a cable to plug in; there are {', '.join(ENDS)}")
    for high, low in zip(ENDS[::2], ENDS[1::2], strict=True):
        if ends.get(high, OPEN) == ends.get(low, OPEN) != OPEN:
            raise UsageError(f"{high} and {low} would both be at {ends[high]!r}, which is a short; move one of them")


def in_words(ends: Mapping[str, str]) -> str:
    """Write down what is plugged in where: `source HI into I+, source LO into A`."""
    parts: list[str] = []
    for lead in dict.fromkeys(ends.values()):
        there = [_WORDS[end] for end, at in ends.items() if at == lead]
        parts.append(f"{' and '.join(there)} into {'the shield' if lead == SHIELD else lead}")
    return ", ".join(parts) or "nothing"


def _nothing(*_: object, **__: object) -> None:
    """Outside a run there is nobody to tell."""
