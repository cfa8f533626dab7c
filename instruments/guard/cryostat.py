"""The guard in front of a PPMS Model 6000: set points and rates of field and temperature, and its electrical outputs.

The controller keeps the rate of the command before where one is left out; as long as nobody has given one, a set point
without rate is refused. What its bridges, drivers and analogue outputs are wired to is not known, so that they are held
to the limits for the sample. There are no limits for rotator and chamber.

Sources: as for the command table (`instruments.tables.model6000`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from instruments import scpi
from instruments.guard.gate import Gate
from instruments.guard.limits import Bound, Limits
from instruments.guard.messages import CLEAN
from instruments.guard.sentences import Speaker
from instruments.tables.model6000 import MODEL6000, parse_unit, read_arguments, split_message

OERSTED = -4
"""Power of ten: 1 Oe is 1e-4 T."""

FIELD_STEP = Decimal("0.01")
"""Oe; set points are rounded to it."""
RATE_STEP = Decimal("0.1")
"""Oe/s; field rates are rounded to it."""

LARGEST_SIGNAL = 10.0
"""V, of an analogue output that follows a reading."""

_LONGEST_NUMBER = 255
_LARGEST_POWER = 300
_LARGEST_SETTING = 15  # power of ten; no set point is as large
_LETTER = re.compile(r"[A-Za-z]")

Values = tuple[Decimal, ...]
Rule = Callable[[Values, str], None]


class CryostatGate(Gate):
    """Judges the messages to a Model 6000.

    Args:
        speaker: Words the refusals.
        limits: What must not be exceeded.
        unseen: Whether commands may leave whose effect cannot be told.
    """

    TERMINATORS = b"\n\r;"

    def __init__(self, speaker: Speaker, limits: Limits, *, unseen: bool = False) -> None:
        super().__init__(speaker)
        self._limits = limits
        self._unseen = unseen
        self._rates: set[str] = set()
        self._bounds = {"FIELD": limits.field, "TEMP": limits.temperature}
        self._rules: dict[str, Rule] = {
            "FIELD": self._judge_field,
            "TEMP": self._judge_temperature,
            "BRIDGE": self._judge_bridge,
            "DRVOUT": self._judge_driver,
            "SIGOUT": self._judge_signal,
            "LINK": self._judge_link,
            "USERTEMP": self._judge_thermometer,
        }

    def judge(self, data: bytes) -> bool:
        """Read whole messages; see `Gate.judge`."""
        text = data.decode("latin-1")
        if CLEAN.fullmatch(data) is None:
            raise self.speaker.refusal("it has bytes in it that are no printable ASCII and can hide a command", text)
        rates, before = set(self._rates), self._rates
        self._rates = rates
        try:
            verdicts = [self._judge_message(message) for message in split_message(text)]
        except BaseException:
            self._rates = before
            raise
        return all(verdicts)

    def trigger(self) -> None:
        """The controller's manual knows no trigger."""
        raise self.speaker.unseeable("nobody can tell what it does", "a trigger")

    def forget(self) -> None:
        """Nobody knows which rates are set."""
        self._rates = set()

    def _judge_message(self, message: str) -> bool:
        """Judge one message; return whether it sets nothing that matters."""
        if _LETTER.search(message) is None:
            return True
        try:
            unit = parse_unit(message)
            row = MODEL6000.find((), unit.header)[0]
        except scpi.ScpiError as error:
            return self._judge_unreadable(message, str(error))
        if unit.query:
            return True
        rule = self._rules.get(row.header)
        if rule is None:
            return True
        try:
            values = tuple(map(_decimal, unit.arguments))
            if values:
                rule(values, message)
            read_arguments(row, unit.arguments)
        except scpi.ScpiError:
            given = " ".join(unit.arguments)
            reason = f"{given[:40]!r} is nothing that it takes" if given else "it needs a value"
            raise self.speaker.refusal(reason, message, self._bounds.get(row.header)) from None
        return False

    def _judge_unreadable(self, message: str, detail: str) -> bool:
        if re.fullmatch(r"[*$]?[A-Za-z]+\?.*", message, re.DOTALL) or self._unseen:
            return False
        reason = f"the command table does not have it, so that nobody can tell what it does ({detail[:60]})"
        raise self.speaker.unseeable(reason, message)

    def _check(self, what: str, values: tuple[Decimal, ...], bound: Bound | None, text: str) -> None:
        """Refuse a magnitude above a bound; of several, as sent and as rounded, each."""
        for value in values:
            taken = float(abs(value))
            if bound is not None and taken > bound.value:
                raise self.speaker.beyond(what, taken, bound, text)

    def _judge_field(self, values: Values, text: str) -> None:
        field, *rest = values
        sent = field.scaleb(OERSTED), _rounded(field, FIELD_STEP).scaleb(OERSTED)
        self._check("the field", sent, self._limits.field, text)
        if not rest:
            self._need("FIELD", "the field rate", text)
            return
        rates = rest[0].scaleb(OERSTED), _rounded(rest[0], RATE_STEP).scaleb(OERSTED)
        self._check("the field rate", rates, self._limits.field_rate, text)
        slowest = self._limits.slowest_field_rate
        taken = float(min(rates))
        if slowest is not None and taken < slowest.value:
            raise self.speaker.beyond("the field rate", taken, slowest, text)
        self._rates.add("FIELD")

    def _judge_temperature(self, values: Values, text: str) -> None:
        temperature, *rest = values
        taken = float(temperature)
        self._check("the temperature", (temperature,), self._limits.temperature, text)
        if taken < self._limits.lowest_temperature.value:
            raise self.speaker.beyond("the temperature", taken, self._limits.lowest_temperature, text)
        if not rest:
            self._need("TEMP", "the temperature rate", text)
            return
        self._check("the temperature rate", (rest[0] / 60,), self._limits.temperature_rate, text)
        self._rates.add("TEMP")

    def _need(self, header: str, what: str, text: str) -> None:
        if header not in self._rates and not self._unseen:
            raise self.speaker.unknown(what, text)

    def _judge_bridge(self, values: Values, text: str) -> None:
        """Excitation in uA, power limit in uW, AC or DC, mode, voltage limit in mV."""
        _, excitation, power, _, _, voltage = (*values, *(Decimal(0),) * 6)[:6]
        self._check("the bridge's excitation", (excitation / 1_000_000,), self._limits.current, text)
        self._check("the bridge's power limit", (power / 1_000_000,), self._limits.power, text)
        self._check("the bridge's voltage limit", (voltage / 1000,), self._limits.voltage, text)

    def _judge_driver(self, values: Values, text: str) -> None:
        """Current in mA, power limit in W."""
        _, current, power = (*values, *(Decimal(0),) * 3)[:3]
        self._check("the driver's current", (current / 1000,), self._limits.current, text)
        self._check("the driver's power limit", (power,), self._limits.power, text)

    def _judge_signal(self, values: Values, text: str) -> None:
        self._check("the analogue output", values[1:2], self._limits.voltage, text)

    def _judge_link(self, values: Values, text: str) -> None:
        """An output that follows a reading can go to its largest voltage."""
        if len(values) > 1 and values[1]:
            self._check("the analogue output", (Decimal(LARGEST_SIGNAL),), self._limits.voltage, text)

    def _judge_thermometer(self, values: Values, text: str) -> None:
        """Controlled by another thermometer, the sample can have any temperature."""
        if values[0] and not self._unseen:
            reason = "with another thermometer in control nobody can tell the sample's temperature"
            raise self.speaker.unseeable(reason, text)


def _decimal(text: str) -> Decimal:
    """Read a number exactly.

    Raises:
        ScpiError: It is none, or one that no setting has.
    """
    if scpi.NUMBER.fullmatch(text) is None or len(text) > _LONGEST_NUMBER:
        raise scpi.ScpiError(scpi.DATA_TYPE_ERROR, text)
    number = Decimal(text)
    if number and not -_LARGEST_POWER < number.adjusted() < _LARGEST_POWER:
        raise scpi.ScpiError(scpi.EXPONENT_TOO_LARGE, text)
    return number


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    """Round to whole steps; from the middle away from zero."""
    if value.adjusted() > _LARGEST_SETTING:
        return value
    return value.quantize(step, ROUND_HALF_UP)
