"""The guard in front of a MultiPyVu server: set points and rates of field and temperature, and the bridges.

It stands in the one function of the driver that sends anything. Rotator and chamber have no limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation

from instruments.guard.limits import Bound, Limits
from instruments.guard.sentences import Speaker

OERSTED = -4
"""Power of ten: 1 Oe is 1e-4 T."""

_LONGEST_NUMBER = 64
_BRIDGE = re.compile(r"node: 21  index: 0x600[1-3]  sub_index: 0x([0-9a-f]+)  type: \w+,(.*)", re.DOTALL)
_FREE = frozenset({"START", "CLOSE", "CHAMBER", "POSITION", "WAITFOR"})

_Rule = Callable[[str, str], None]


class MultiVuGate:
    """Judges the requests to a MultiPyVu server.

    Args:
        speaker: Words the refusals.
        limits: What must not be exceeded.
        unseen: Whether commands may leave whose effect cannot be told.
    """

    def __init__(self, speaker: Speaker, limits: Limits, *, unseen: bool = False) -> None:
        self.speaker = speaker
        self._limits = limits
        self._unseen = unseen
        self._rules: Mapping[str, _Rule] = {
            "FIELD": self._judge_field,
            "TEMP": self._judge_temperature,
            "SDO": self._judge_bridge,
        }

    def judge(self, action: str, query: str) -> None:
        """Let a request pass, or not.

        Raises:
            LimitExceeded: It would exceed a limit, or nobody can tell.
        """
        if action.endswith("?") or action in _FREE:
            return
        rule = self._rules.get(action)
        text = f"{action} {query}"
        if rule is not None:
            rule(query, text)
        elif not self._unseen:
            raise self.speaker.unseeable("nobody can tell what it does to the sample", text)

    def _judge_field(self, query: str, text: str) -> None:
        """Oe, Oe/s, approach, mode."""
        field, rate = self._numbers(query, 4, self._limits.field, text)
        self._check("the field", abs(field.scaleb(OERSTED)), self._limits.field, text)
        self._check("the field rate", abs(rate.scaleb(OERSTED)), self._limits.field_rate, text)
        slowest = self._limits.slowest_field_rate
        if slowest is not None and float(rate.scaleb(OERSTED)) < slowest.value:
            raise self.speaker.beyond("the field rate", float(rate.scaleb(OERSTED)), slowest, text)

    def _judge_temperature(self, query: str, text: str) -> None:
        """K, K/min, approach."""
        temperature, rate = self._numbers(query, 3, self._limits.temperature, text)
        self._check("the temperature", temperature, self._limits.temperature, text)
        if float(temperature) < self._limits.lowest_temperature.value:
            raise self.speaker.beyond("the temperature", float(temperature), self._limits.lowest_temperature, text)
        self._check("the temperature rate", abs(rate) / 60, self._limits.temperature_rate, text)

    def _judge_bridge(self, query: str, text: str) -> None:
        """Currents in uA, power in uW and voltage in mV that a bridge may put on what is connected to it."""
        found = _BRIDGE.fullmatch(query)
        if found is None:
            if not self._unseen:
                raise self.speaker.unseeable("nobody can tell what this part of the cryostat does", text)
            return
        what, value = int(found[1], 16), found[2]
        current, power, voltage = self._limits.current, self._limits.power, self._limits.voltage
        for numbers, name, bound, scale in (
            ({5, 6}, "the bridge's current", current, -6),
            ({7}, "the bridge's power limit", power, -6),
            ({8}, "the bridge's voltage limit", voltage, -3),
        ):
            if what in numbers:
                self._check(name, abs(self._number(value, bound, text)).scaleb(scale), bound, text)

    def _numbers(self, query: str, count: int, bound: Bound, text: str) -> tuple[Decimal, Decimal]:
        parts = query.split(",")
        if len(parts) != count:
            raise self.speaker.refusal(f"it has {len(parts)} parameters, and not {count}", text, bound)
        return self._number(parts[0], bound, text), self._number(parts[1], bound, text)

    def _number(self, part: str, bound: Bound | None, text: str) -> Decimal:
        try:
            number = Decimal(part if len(part) <= _LONGEST_NUMBER else "nan")
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
            raise self.speaker.refusal(f"{part[:40]!r} is no number that it takes", text, bound)
        return number

    def _check(self, what: str, value: Decimal, bound: Bound | None, text: str) -> None:
        if bound is not None and float(value) > bound.value:
            raise self.speaker.beyond(what, float(value), bound, text)
