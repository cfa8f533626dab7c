"""Trying every row of a SCPI instrument's table on the simulated instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from instruments import scpi
from instruments.tables.table import INFINITE, Row, Value, print_value
from simulators.coverage.bench import Talk, plain
from simulators.coverage.looked_at import looked_at
from simulators.coverage.rows import Coverage, Effect, ends, mistakes, outside, samples
from simulators.exchange import ScpiDevice

_MAKE_ROOM = {
    "CALCulate[1]:MATH[:EXPRession][:DEFine]": "CALC:MATH:NAME 'MINE'",
    "TRACe|DATA:NOTify": "TRAC:POIN 65536",
    "[SENSe[1]:]CURRent[:DC]:RANGe[:UPPer]": "SENS:CURR:PROT 1.05",
    "[SENSe[1]:]VOLTage[:DC]:RANGe[:UPPer]": "SOUR:FUNC CURR;:SENS:VOLT:PROT 210",
    "[SENSe[1]:]VOLTage[:DC]:RANGe:AUTO": "SOUR:FUNC CURR",
}
"""What has to be sent so that a row has the whole of its range."""


def measure(make: Callable[[], ScpiDevice]) -> list[Coverage]:
    """Try every row, each on a fresh instrument, and return what was found out."""
    used = looked_at(make())
    return [_try(make, row, used) for row in make().table]


def _try(make: Callable[[], ScpiDevice], row: Row, used: frozenset[str]) -> Coverage:
    setting = row.command and row.query and bool(row.parameters)
    return Coverage(
        row,
        _stored(Talk(make()), row) if setting else None,
        _ranged(Talk(make()), row) if row.command and row.parameters and outside(row) else None,
        _refuses(Talk(make()), row),
        _reset(Talk(make()), row) if setting and row.reset is not None else None,
        _effect(make(), row, used),
    )


# ---- stored


def _stored(talk: Talk, row: Row) -> bool:
    """Whether settings come back: as they were sent, or as the instrument rounds them, and then for good.

    A value that is in conflict with the instrument's other settings is passed over; two different ones must be left.
    """
    header = plain(row.header)
    replies: set[str] = set()
    taken = 0
    for text, value in _with_reset(row):
        talk.send("*RST")
        talk.send(_MAKE_ROOM.get(row.header, ""))
        if talk.send(f"{header} {text}"):
            continue
        taken += 1
        reply = talk.ask(f"{header}?")
        replies.add(reply)
        if reply != _printed(talk.device, row, value) and not _for_good(talk, row, reply):
            return False
    return taken > 1 and len(replies) > 1


def _with_reset(row: Row) -> Iterator[tuple[str, Value]]:
    yield from samples(row)
    usual = row.initial if row.reset is None else row.reset
    if isinstance(usual, int | float) and not isinstance(usual, bool):
        yield repr(usual), usual


def _printed(device: ScpiDevice, row: Row, value: Value) -> str:
    if row.reply == "register":
        assert isinstance(value, int)
        return device.register_text(value)
    if isinstance(value, str) and value != INFINITE and row.parameters[0].kind in {"number", "integer"}:
        return value  # UP, NONE: never answered as such
    return print_value(row, value, device.table.infinity)


def _for_good(talk: Talk, row: Row, reply: str) -> bool:
    """Whether what is answered, when it is sent, is answered again."""
    header = plain(row.header)
    talk.send(f"{header} {reply}")
    return bool(reply) and talk.ask(f"{header}?") == reply


# ---- checked


def _ranged(talk: Talk, row: Row) -> bool:
    """Whether the ends are taken, as far as the range goes, and what lies outside changes nothing."""
    header = plain(row.header)
    parameter = row.parameters[0]
    inside = [repr(end) for end in (parameter.values or ends(parameter))] if parameter.kind != "register" else ["0"]
    talk.send(_MAKE_ROOM.get(row.header, ""))
    before = dict(talk.device.settings)
    for text in outside(row):
        if talk.send(f"{header} {text}") != [scpi.DATA_OUT_OF_RANGE] or talk.device.settings != before:
            return False
    others = ",1" * sum(other.required for other in row.parameters[1:])
    return all(scpi.DATA_OUT_OF_RANGE not in talk.send(f"{header} {text}{others}") for text in inside)


def _refuses(talk: Talk, row: Row) -> bool:
    """Whether every mistake has its number, and changes nothing."""
    header = plain(row.header) + ("" if row.command else "?")
    before = dict(talk.device.settings)
    for text, codes in mistakes(row):
        errors = talk.send(f"{header} {text}")
        if len(errors) != 1 or errors[0] not in codes or talk.device.settings != before:
            return False
    return True


def _reset(talk: Talk, row: Row) -> bool:
    """Whether *RST has the effect of sending the reset value, and SYSTem:PRESet of sending its own."""
    header = plain(row.header)
    wanted = {"*RST": row.reset, "SYST:PRES": row.reset if row.preset is None else row.preset}
    for command, value in wanted.items():
        assert value is not None
        talk.send("*RST")
        refused = talk.send(f"{header} {_as_sent(row, value)}")
        expected = _printed(talk.device, row, value) if refused else talk.ask(f"{header}?")
        changed = _change(talk, row, expected)
        talk.send(command)
        if not changed or talk.ask(f"{header}?") != expected:
            return False
    return True


def _change(talk: Talk, row: Row, present: str) -> bool:
    """Give a row another value than it has; a row that takes no other cannot be left at another either."""
    header = plain(row.header)
    for text, _ in samples(row):
        if not talk.send(f"{header} {text}") and talk.ask(f"{header}?") != present:
            return True
    return all(talk.send(f"{header} {text}") or talk.ask(f"{header}?") == present for text, _ in samples(row))


def _as_sent(row: Row, value: Value) -> str:
    if isinstance(value, tuple):
        return ",".join(_as_sent(row, one) for one in value)
    if isinstance(value, bool):
        return str(int(value))
    return f"'{value}'" if row.parameters[0].kind in {"string", "strings"} else str(value)


# ---- with effect


def _effect(device: ScpiDevice, row: Row, used: frozenset[str]) -> Effect:
    declared: tuple[tuple[Effect, tuple[str, ...]], ...] = (
        ("idle", device.idle), ("kept", device.kept), ("refused", device.refused),
    )  # fmt: skip
    for effect, headers in declared:
        if row.header in {device.key(header) for header in headers}:
            return effect
    if row.header in used or device.has_effect(row.header):
        return "acts"
    return "kept" if row.command and row.query and row.parameters else "nothing"
