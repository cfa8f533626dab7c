"""How a client reads what an instrument answers, held against what the command table says of the row."""

from __future__ import annotations

import re

from instruments.tables.table import Row, Value

_PREFIXES = {"#H": 16, "#Q": 8, "#B": 2}
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")


def register_value(text: str) -> int:
    """Read a register's reply in any of the four bases."""
    base = _PREFIXES.get(text[:2], 10)
    return int(text[2:] if base != 10 else text, base)


def check_register(text: str, value: int, base: str) -> None:
    """A register's reply has the base that FORMat:SREGister selects: `63`, `#H3F`, `#Q77` or `#B111111`."""
    digits = {"ASC": f"{value:d}", "HEX": f"#H{value:X}", "OCT": f"#Q{value:o}", "BIN": f"#B{value:b}"}
    assert text == digits[base], f"{text!r} for {value} in {base}"


def check_inside(row: Row, value: Value) -> None:
    """A setting never leaves the range of its row, whoever changes it."""
    parameter = row.parameters[0]
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, bool) or not isinstance(one, int | float):
            continue
        if one == parameter.besides:
            continue
        slack = 1e-9 * abs(one)
        assert parameter.minimum is None or one >= parameter.minimum - slack, f"{row.header} is {one}"
        assert parameter.maximum is None or one <= parameter.maximum + slack, f"{row.header} is {one}"
        assert not parameter.values or one in parameter.values, f"{row.header} is {one}"


def check_reply(row: Row, text: str, value: Value, infinity: str) -> None:
    """A setting's reply says its value: numbers to the last digit, words in short form, strings in quotes."""
    where = f"{row.header}? answers {text!r} where {value!r} is kept"
    if isinstance(value, tuple):
        items = text.split(",") if value else []
        assert len(items) == len(value) or not value, where
        for item, one in zip(items, value, strict=True):
            check_reply(row, item, one, infinity)
    elif isinstance(value, bool):
        assert text == ("1" if value else "0"), where
    elif value == "INF" and row.parameters[0].kind in {"number", "integer"}:
        assert text == infinity, where
    elif isinstance(value, str):
        quoted = row.parameters[0].kind in {"string", "strings"}
        assert text == ('"' + value.replace('"', '""') + '"' if quoted else value), where
    else:
        assert close(text, value), where


def close(text: str, value: float) -> bool:
    """Whether a printed number is the value, as far as its digits go."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return False
    last_place = 10.0 ** (int(found[2] or 0) - len(found[1] or ""))
    return abs(float(text) - value) <= 0.5000001 * last_place + 1e-12 * abs(value)


def check_limit(row: Row, text: str, infinity: str) -> None:
    """`cmd? MIN` and its like answer a number that the row takes."""
    parameter = row.parameters[0]
    least = parameter.besides if parameter.least is None else parameter.least
    default = row.reset if parameter.default is None else parameter.default
    limits = [least, parameter.minimum, parameter.maximum, default]
    numbers = [*parameter.values, *(limit for limit in limits if isinstance(limit, int | float))]
    right = any(close(text, float(number)) for number in numbers)
    assert right or text == (infinity if row.reset == "INF" else row.reset), f"{row.header} has no limit {text!r}"
