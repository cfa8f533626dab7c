"""The clock door: how a program in another process reads a simulated lab's virtual clock, and lets time pass.

A line of text goes in, a line comes out, on a socket:

    NOW?            the lab's time in s
    SLEEP 2.5       lets 2.5 s pass, and answers with the time then
    UNTIL 100       lets time pass until 100 s, and answers with the time then; a moment in the past changes nothing
    MINE            the program is about to connect to the instruments; answers with the time
    MINE 40112 ...  these local ports are its own connections to them, with those named before; answers with the time

Times are printed so that reading them back gives the same number. What cannot be understood is answered with a line
that begins with ERROR, and changes nothing.

`MINE` tells the program that drives the clock from those that only look on. As long as one of its connections is open,
a question that comes over any other connection is answered without the few milliseconds that such an answer takes
on its way: a spectator must not move the time of a measurement. Between `MINE` and the line with the ports, everybody
who connects is taken for the program; one that names each connection before it says anything over it does without.
Without `MINE`, spectators are those that have sent nothing but questions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from instruments.clock import VirtualClock
from simulators.line_door import LineDoor
from simulators.timeline import Timeline

LATEST = 1e10
"""s, about 300 years. No measurement takes so long, and calendars and floating-point seconds still hold there."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_PORT = re.compile(r"\d{1,5}", re.ASCII)


class ClockDoor(LineDoor):
    """A virtual clock behind a connector.

    Args:
        timeline: The lab's time.
        clock: Its clock.
        claim: Called with the ports of `MINE`, if any; returns those that nobody is connected from.
    """

    def __init__(self, timeline: Timeline, clock: VirtualClock, claim: Callable[[set[int]], set[int]]) -> None:
        super().__init__(timeline)
        self._clock = clock
        self._claim = claim

    def answer(self, text: str) -> str:
        """Return the time, or what is wrong."""
        return self._carry_out(text) or repr(self._clock.now())

    def _carry_out(self, text: str) -> str | None:
        """Return what is wrong, None if nothing is."""
        word, *arguments = text.split()
        word = word.upper()
        if word == "NOW?" and not arguments:
            return None
        if word in {"SLEEP", "UNTIL"} and len(arguments) == 1:
            return self._let_pass(word, arguments[0])
        if word == "MINE":
            return self._take(arguments)
        return f"ERROR {text[:60]!a} is not understood; write NOW?, SLEEP seconds, UNTIL seconds, MINE or MINE port ..."

    def _let_pass(self, word: str, text: str) -> str | None:
        seconds = float(text) if _NUMBER.fullmatch(text) else math.nan
        if math.isnan(seconds) or (seconds < 0 and word == "SLEEP"):
            return f"ERROR {word} needs a number of seconds not below zero, not {text[:60]!a}"
        end = seconds if word == "UNTIL" else self._clock.now() + seconds
        if end > LATEST:
            return f"ERROR {word} {text[:60]} goes beyond {LATEST:g} s, the latest time of this clock"
        self._clock.sleep_until(end)
        self.timeline.catch_up()
        return None

    def _take(self, ports: list[str]) -> str | None:
        if not all(_PORT.fullmatch(port) for port in ports):
            return "ERROR MINE needs the local ports of your connections to the instruments, whole numbers"
        unknown = self._claim({int(port) for port in ports})
        if unknown:
            return f"ERROR nobody is connected from port {', '.join(map(str, sorted(unknown)))}"
        return None
