"""Trying every row of the Model 6000's table on the simulated controller.

It has no error queue and no reset: what it refuses moves its advisory number on, and what it had at first is what it
has after power-on.
"""

from __future__ import annotations

from collections.abc import Callable

from instruments.tables.model6000 import MODEL6000, PER_CHANNEL, SEQUENCE
from instruments.tables.table import Parameter, Row
from simulators.coverage.rows import Coverage, Effect
from simulators.devices.model6000 import Model6000

_BETWEEN = {
    "FIELD": ((0.0, 100.0, 0, 1), (500.0, 150.0, 1, 0)),
    "MOVE": ((30.0, 0, 5), (60.5, 0, 7)),
    "MOVECFG": ((1, 0.1, 300.0, 0), (1, 0.2, 200.0, 1)),
}
"""Values that this machine takes where the table leaves more open than a machine can do."""

_CALENDAR = frozenset({"DATE", "TIME"})

_MACHINE_DECIDES = frozenset({"TEMP", "FIELD", "CHAMBER", "MOVE"})
"""Headers whose range is narrower on every machine than in the table, which holds what any of them takes."""


class _Dialogue:
    def __init__(self, device: Model6000) -> None:
        self._device = device

    def ask(self, message: str) -> str | None:
        """Return the reply without its end; None where nothing comes."""
        self._device.write(message.encode("ascii") + b"\n")
        ready = self._device.ready_at()
        if ready is None:
            return None
        self._device.timeline.clock.sleep_until(ready)
        return self._device.read().decode("ascii").rstrip(";\r\n")

    def refused(self, message: str) -> bool:
        """Send something; return whether it was advised against."""
        before = self.ask("ADVNUM?")
        self.ask(message)
        return self.ask("ADVNUM?") != before


def measure(make: Callable[[], Model6000]) -> list[Coverage]:
    """Try every row on a fresh controller, and return what was found out."""
    return [_try(make, row) for row in MODEL6000]


def _try(make: Callable[[], Model6000], row: Row) -> Coverage:
    known = row.header not in SEQUENCE
    setting = row.command and row.query and bool(row.parameters) and known
    return Coverage(
        row,
        _stored(_Dialogue(make()), row) if setting else None,
        _ranged(_Dialogue(make()), row) if row.command and row.parameters and known else None,
        _refuses(_Dialogue(make()), row) if known else None,
        _initial(_Dialogue(make()), row) if setting and row.header not in _CALENDAR else None,
        _effect(row),
    )


def _values(row: Row) -> tuple[tuple[float, ...], ...]:
    """Two full or partial sets of parameters that differ in every place."""
    if row.header in _BETWEEN:
        return _BETWEEN[row.header]
    sets: list[tuple[float, ...]] = []
    for place in (-1, -2):
        values = [
            parameter.values[place % len(parameter.values)] if parameter.values else _end(parameter, place)
            for parameter in row.parameters
        ]
        if row.header in PER_CHANNEL:
            values[0] = 1.0
        sets.append(tuple(values[:1] if row.header in {"DIGSET", "EXTSET"} else values))
    return tuple(sets)


def _end(parameter: Parameter, place: int) -> float:
    assert parameter.minimum is not None
    assert parameter.maximum is not None
    return parameter.minimum + (1.0 if place == -1 else 0.25) * min(parameter.maximum - parameter.minimum, 300.0)


def _query(row: Row) -> str:
    return f"{row.header}? 1" if row.header in PER_CHANNEL else f"{row.header}?"


def _stored(dialogue: _Dialogue, row: Row) -> bool:
    """Whether what is set is answered, place by place."""
    for values in _values(row):
        sent = [f"{value:g}" for value in values]
        if dialogue.refused(f"{row.header} {' '.join(sent)}"):
            return False
        reply = (dialogue.ask(_query(row)) or "").split(",")
        if [f"{float(text):g}" for text in reply[: len(sent)]] != sent:
            return False
    return True


def _ranged(dialogue: _Dialogue, row: Row) -> bool:
    """Whether every limit of the table holds, and its ends are taken where they are not the machine's to decide."""
    known = dialogue.ask(_query(row)) if row.query and row.header not in _CALENDAR else None
    usual = [f"{value:g}" for value in _values(row)[0]]
    ends: list[str] = []
    for place, parameter in enumerate(row.parameters[: len(usual)]):
        for limit, beyond in ((parameter.minimum, -1.0), (parameter.maximum, 1.0)):
            if limit is None:
                continue
            ends.append(f"{row.header} {' '.join([*usual[:place], repr(limit), *usual[place + 1 :]])}")
            step = 1.0 if parameter.kind == "integer" else 1e-3 * (abs(limit) or 1.0)
            if not dialogue.refused(f"{row.header} {' '.join([*usual[:place], repr(limit + beyond * step)])}"):
                return False
    if known is not None and dialogue.ask(_query(row)) != known:
        return False
    return row.header in _MACHINE_DECIDES or not any(dialogue.refused(message) for message in ends)


def _refuses(dialogue: _Dialogue, row: Row) -> bool:
    """Whether every mistake is advised against and answered by nothing."""
    usual = [f"{value:g}" for value in (_values(row)[0] if row.parameters and row.command else ())]
    wrong = [f"{row.header}X", f"{row.header}??"]
    if row.command:
        wrong.append(f"{row.header} {' '.join([*usual, *['1'] * len(row.parameters), '1'])}")
        wrong += [f"{row.header} nonsense", f"{row.header} nan"] if row.parameters else []
        wrong += [row.header] if row.parameters and row.parameters[0].required else []
    else:
        wrong += [row.header, f"{row.header}? 1 2 3"]
    if not row.query:
        wrong.append(f"{row.header}?")
    return all(dialogue.refused(message) for message in wrong)


def _initial(dialogue: _Dialogue, row: Row) -> bool:
    """Whether a fresh controller has the table's values."""
    assert row.initial is not None
    values = row.initial if isinstance(row.initial, tuple) else (row.initial,)
    reply = (dialogue.ask(_query(row)) or "").split(",")[1 if row.header in PER_CHANNEL else 0 :]
    return [f"{float(text):g}" for text in reply] == [
        f"{value:g}" for value in values if not isinstance(value, tuple | str)
    ]


def _effect(row: Row) -> Effect:
    return "nothing" if row.header in SEQUENCE else "acts"
