"""Trying every row of the SR830's table on the simulated lock-in.

It has no error queue: what it refuses sets a bit of its standard event status byte.
"""

from __future__ import annotations

from collections.abc import Callable

from instruments.tables.sr830 import PER_CHANNEL, TABLE
from instruments.tables.table import Parameter, Row
from simulators.coverage.rows import Coverage, Effect
from simulators.devices.lockin_status import COMMAND_ERROR, EXECUTION_ERROR
from simulators.devices.sr830 import Sr830

KEPT = frozenset({
    "IGND", "ILIN", "FPOP", "SLVL", "AUXV", "OUTX", "OVRM", "KCLK", "ALRM", "LOCL",
})  # fmt: skip
"""Headers of settings from which nothing follows in the lab."""

_IDLE = frozenset({"OAUX", "ERRS"})


class _Dialogue:
    def __init__(self, device: Sr830) -> None:
        self._device = device
        self.ask("*CLS")

    def ask(self, message: str) -> str | None:
        """Return the reply without its end; None where nothing comes."""
        self._device.write(message.encode("ascii") + b"\n")
        ready = self._device.ready_at()
        if ready is None:
            return None
        self._device.timeline.clock.sleep_until(ready)
        return self._device.read().decode("ascii").rstrip("\n")

    def refused(self, message: str) -> int:
        """Send something; return the error bits that it sets."""
        self.ask("*CLS")
        self.ask(message)
        self._device.clear()
        return int(self.ask("*ESR?") or 0) & (COMMAND_ERROR | EXECUTION_ERROR)


def measure(make: Callable[[], Sr830]) -> list[Coverage]:
    """Try every row on a fresh lock-in, and return what was found out."""
    return [_try(make, row) for row in TABLE]


def _try(make: Callable[[], Sr830], row: Row) -> Coverage:
    setting = row.command and row.query and bool(row.parameters)
    return Coverage(
        row,
        _stored(_Dialogue(make()), row) if setting else None,
        _ranged(_Dialogue(make()), row) if row.parameters else None,
        _refuses(_Dialogue(make()), row),
        _reset(_Dialogue(make()), row) if setting and row.reset is not None else None,
        _effect(row),
    )


def _values(row: Row, part: float) -> list[float]:
    """A whole set of parameters, at some part of each range; the channel is the first."""
    values = [_between(parameter, part) for parameter in row.parameters]
    if row.header in PER_CHANNEL:
        values[0] = 1.0
    return values


def _between(parameter: Parameter, part: float) -> float:
    if parameter.values:
        return parameter.values[round(part * (len(parameter.values) - 1))]
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    value = parameter.minimum + part * (parameter.maximum - parameter.minimum)
    return float(round(value) if parameter.kind == "integer" else round(value, 2))


def _command(row: Row, values: list[float]) -> str:
    return f"{row.header}{'' if row.command else '?'} {','.join(f'{value:g}' for value in values)}"


def _query(row: Row) -> str:
    return f"{row.header}? 1" if row.header in PER_CHANNEL else f"{row.header}?"


def _stored(dialogue: _Dialogue, row: Row) -> bool:
    """Whether what is set is answered, place by place."""
    for part in (0.5, 0.25):
        values = _values(row, part)
        if row.header == "PHAS":
            values = [100.0 * part]  # others are brought between -180 and 180
        if row.header == "HARM":
            values = [200.0 * part]  # of the reference of 1 kHz there are 102
        if dialogue.refused(_command(row, values)):
            return False
        reply = (dialogue.ask(_query(row)) or "").split(",")
        sent = values[1:] if row.header in PER_CHANNEL else values
        tolerance = 1e-3 if row.header == "SLVL" else 1e-4 * max(map(abs, sent))
        if any(abs(float(text) - value) > tolerance for text, value in zip(reply, sent, strict=True)):
            return False
    return True


def _ranged(dialogue: _Dialogue, row: Row) -> bool:
    """Whether both ends of each parameter are taken, and what lies just outside is refused."""
    for place, parameter in enumerate(row.parameters):
        usual = _values(row, 0.5)
        step = 1.0 if parameter.kind == "integer" else 0.01
        for limit, beyond in ((parameter.minimum, -step), (parameter.maximum, step)):
            assert limit is not None
            dialogue.ask("*RST;FREQ 100;SSET 1;SSET 5;SSET 9")
            if dialogue.refused(_command(row, [*usual[:place], limit, *usual[place + 1 :]])):
                return False
            outside = ",".join(repr(value) for value in (*usual[:place], limit + beyond, *usual[place + 1 :]))
            mark = "" if row.command else "?"
            if dialogue.refused(f"{row.header}{mark} {outside}") != EXECUTION_ERROR:
                return False
    return True


def _refuses(dialogue: _Dialogue, row: Row) -> bool:
    """Whether every mistake is an error of the right kind."""
    usual = _command(row, _values(row, 0.5)) if row.parameters else f"{row.header}{'' if row.command else '?'}"
    more = f"{usual},1" if row.parameters else f"{usual} 1"
    wrong = [f"{row.header}X 1", f"{row.header}?? 1", more]
    if row.parameters:
        wrong.append(usual.partition(" ")[0] + " nonsense")
    if row.parameters and row.parameters[0].required:
        wrong.append(usual.partition(" ")[0])
    if not row.query:
        wrong.append(f"{row.header}?")
    if not row.command:
        wrong.append(usual.replace("?", ""))
    return all(dialogue.refused(message) == COMMAND_ERROR for message in wrong)


def _reset(dialogue: _Dialogue, row: Row) -> bool:
    """Whether `*RST` brings the table's value back."""
    dialogue.ask(_command(row, _values(row, 0.0)))
    dialogue.ask(_command(row, _values(row, 0.5)) if row.header not in {"PHAS", "HARM"} else f"{row.header} 7")
    dialogue.ask("*RST")
    values = row.reset if isinstance(row.reset, tuple) else (row.reset,)
    reply = (dialogue.ask(_query(row)) or "").split(",")
    return [float(text) for text in reply] == [float(value) for value in values if isinstance(value, int | float)]


def _effect(row: Row) -> Effect:
    if row.header in KEPT:
        return "kept"
    return "idle" if row.header in _IDLE else "acts"
