"""Which column of a table is which quantity: as it was said with `--column`, or guessed where there is no choice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments.errors import BadValue, UnknownName, UsageError
from instruments.unit_table import KINDS, resolve
from instruments.units import format_quantity
from labctl.elsewhere.bounds import constant_value, is_value
from labctl.elsewhere.headings import MU0, OHM_METRE, Unit, heading_of, unit_of
from labctl.elsewhere.table import Table
from labctl.elsewhere.wanted import Wanted

MOST_NAMES = 12
"""Names of columns that a sentence lists."""
_MORE_KINDS = {OHM_METRE: "a resistivity", resolve("S").si: "a conductance", resolve("S/m").si: "a conductivity"}
"""Of tables from elsewhere, beside those that labctl itself measures, by their SI units."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of an entry come from.

    Attributes:
        name: The entry, e.g. "field".
        wanted: What it is to be.
        column: Place of the column in the table; None for a constant.
        unit: In which the column is written; None for words.
        constant: The value in SI units, None for a column.
        factor: To the SI unit.
        divided_by: Entry that the values are divided by.
    """

    name: str
    wanted: Wanted
    column: int | None
    unit: Unit | None = None
    constant: float | None = None
    factor: float = 1.0
    divided_by: str | None = None

    def called(self, table: Table) -> str:
        """Where it comes from, for sentences: `column 'Current (mA)'`."""
        return self.name if self.column is None else f"column {table.names[self.column]!r}"

    def text(self, table: Table) -> str:
        """What was taken, for people: `field: column 5 'Magnetic Field (Oe)', in Oe`."""
        if self.column is None:
            return f"{self.name}: {format_quantity(self.constant or 0.0, self.wanted.unit, digits=6)}"
        said = f"{self.name}: column {self.column + 1} {table.names[self.column]!r}"
        over = f", divided by {self.divided_by}" if self.divided_by else ""
        return f"{said}, in {self.unit.text}{over}" if self.unit is not None else said


def choose(table: Table, wanted: Mapping[str, Wanted], given: Sequence[str]) -> dict[str, Source]:
    """Find the column of every entry.

    Args:
        table: The table.
        wanted: The entries of a procedure.
        given: What was said, each `name=COLUMN`, `name=COLUMN:UNIT` or `name=VALUE`.

    Raises:
        UnknownName: An entry or a column that does not exist.
        BadValue: A unit that does not fit, or none at all.
        UsageError: A needed entry was not given and cannot be guessed.
    """
    said = _parsed(given, wanted)
    sources = {name: _as_said(table, name, wanted[name], text) for name, text in said.items()}
    for name, entry in wanted.items():
        if name not in sources:
            guessed = _guess(table, name, entry)
            if guessed is not None:
                sources[name] = guessed
    for source in list(sources.values()):
        if source.divided_by is not None and source.divided_by not in sources:
            raise UsageError(_what_to_divide_by(table, source, wanted))
    return {name: sources[name] for name in wanted if name in sources}


def _parsed(given: Sequence[str], wanted: Mapping[str, Wanted]) -> dict[str, str]:
    said: dict[str, str] = {}
    for text in given:
        name, sign, column = (part.strip() for part in text.partition("="))
        if not sign or not name or not column:
            raise BadValue(f'--column {text!r} is not name=COLUMN; write e.g. --column field="Field (Oe)"')
        if name not in wanted:
            near = difflib.get_close_matches(name, list(wanted), n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UnknownName(f"--column {text!r}: there is no {name!r} to be had; {hint}known are {', '.join(wanted)}")
        if name in said:
            raise BadValue(f"--column {name} was given twice, as {said[name]!r} and {column!r}; give it once")
        said[name] = column
    return said


def _as_said(table: Table, name: str, wanted: Wanted, text: str) -> Source:
    place = _place(table, text)
    if place is not None:
        return _column(table, name, wanted, place, None)
    before, colon, after = text.rpartition(":")
    if colon and (place := _place(table, before.strip())) is not None:
        return _column(table, name, wanted, place, after.strip())
    if wanted.constant is not None and is_value(text):
        return Source(name, wanted, None, constant=constant_value(name, wanted, wanted.constant, text))
    near = difflib.get_close_matches(text, table.names, n=3, cutoff=0.4)
    hint = f"nearest are {_quoted(near)}; " if near else ""
    raise UnknownName(f"--column {name}: {table.path} has no column {text!r}; {hint}{_listed(table)}")


def _place(table: Table, text: str) -> int | None:
    """The column that a text names: by its name, by its name without the unit, or by its number.

    Raises:
        UnknownName: Several columns are called so.
    """
    tests = (
        lambda name: name == text,
        lambda name: " ".join(name.lower().split()) == " ".join(text.lower().split()),
        lambda name: heading_of(name).base == heading_of(text).base and heading_of(text).unit is None,
    )
    for test in tests:
        found = [place for place, name in enumerate(table.names) if test(name)]
        if len(found) > 1:
            numbers = ", ".join(str(place + 1) for place in found)
            raise UnknownName(f"{table.path} has several columns {text!r}: give the number of one, {numbers}")
        if found:
            return found[0]
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(table.names):
        return int(text) - 1
    return None


def _column(table: Table, name: str, wanted: Wanted, place: int, unit_text: str | None) -> Source:
    """A column that was named, converted from the unit that its name or the user says."""
    called = table.names[place]
    if not wanted.unit:
        return Source(name, wanted, place)
    if not table.holds_numbers(place):
        raise UsageError(f"--column {name}: column {called!r} of {table.path} holds no number")
    unit = unit_of(unit_text) if unit_text is not None else heading_of(called).unit
    if unit is None:
        example = _example(wanted)
        raise BadValue(
            f"--column {name}: the name of column {called!r} does not say its unit; "
            f'add it behind a colon, e.g. --column {name}="{called}:{example}"'
        )
    source = _converted(name, wanted, place, unit)
    if source is None:
        raise BadValue(_other_quantity(name, wanted, called, unit))
    return source


def _converted(name: str, wanted: Wanted, place: int, unit: Unit) -> Source | None:
    """The column in the wanted SI unit, or None where its unit is of another kind."""
    if unit.factor is None:
        return None
    if unit.si == wanted.unit:
        return Source(name, wanted, place, unit, factor=unit.factor)
    if unit.si == "A/m" and wanted.unit == "T":
        return Source(name, wanted, place, unit, factor=unit.factor * float(MU0))
    for other, divisor in wanted.over.items():
        if unit.si == unit_of(other).si:
            return Source(name, wanted, place, unit, factor=unit.factor, divided_by=divisor)
    return None


def _other_quantity(name: str, wanted: Wanted, called: str, unit: Unit) -> str:
    wants = _kinds(wanted)
    what = {"erg": "an energy"}.get(unit.text.lower(), "")
    is_ = what or (_kind(unit.si) if unit.factor is not None else "nothing that labctl converts")
    return (
        f"--column {name}: column {called!r} is in {unit.text}, which is {is_}, but {name} must be {wants}; name "
        f'another column, or its true unit behind a colon, e.g. --column {name}="{called}:{_example(wanted)}"'
    )


def _kinds(wanted: Wanted) -> str:
    """What an entry may be: `a resistance, a voltage or a resistivity`."""
    *others, last = [_kind(unit_of(unit).si) for unit in (wanted.unit, *wanted.over)]
    return f"{', '.join(others)} or {last}" if others else last


def _kind(si: str) -> str:
    """How people speak of what is in an SI unit."""
    return KINDS[si].name if si in KINDS else _MORE_KINDS.get(si, "another quantity")


def _example(wanted: Wanted) -> str:
    return {"T": "Oe", "ohm": "mohm", "A": "uA", "s": "s", "K": "K", "m": "nm"}.get(wanted.unit, wanted.unit)


def _guess(table: Table, name: str, wanted: Wanted) -> Source | None:
    """The only column that fits, or the one that is called as labctl calls it; None for an optional entry without.

    Raises:
        UsageError: None or several columns fit an entry that is needed.
    """
    if wanted.unit and table.names.count(wanted.column) == 1:
        place = table.names.index(wanted.column)
        if table.holds_numbers(place):
            return _column(table, name, wanted, place, None)
    places: list[int] = []
    for pattern in wanted.names:
        places = [place for place in range(len(table.names)) if _may_be(table, wanted, place, pattern)]
        if places:
            break
    if len(places) == 1:
        place = places[0]
        unit = heading_of(table.names[place]).unit
        return Source(name, wanted, place) if unit is None else _converted(name, wanted, place, unit)
    if not wanted.needed:
        return None
    if places:
        found = _quoted([table.names[place] for place in places])
        example = f'--column {name}="{table.names[places[0]]}"'
        raise UsageError(
            f"{table.path}: columns {found} may each be the {wanted.title}; say which it is, e.g. {example}"
        )
    also = f" ({_kinds(wanted)})" if wanted.over else ""
    raise UsageError(
        f"{table.path}: no column is by its name and unit the {wanted.title}{also}; say which it is with "
        f'--column {name}="...", with its unit behind a colon if its name says none; {_listed(table)}'
    )


def _may_be(table: Table, wanted: Wanted, place: int, pattern: str) -> bool:
    heading = heading_of(table.names[place])
    if not wanted.unit:
        return re.fullmatch(pattern, heading.base) is not None
    if heading.unit is None or re.fullmatch(pattern, heading.base) is None:
        return False
    return _converted("", wanted, place, heading.unit) is not None and table.holds_numbers(place)


def _what_to_divide_by(table: Table, source: Source, wanted: Mapping[str, Wanted]) -> str:
    assert source.unit is not None
    assert source.divided_by is not None
    divisor = wanted[source.divided_by]
    column = table.names[source.column or 0]
    name, bounds = source.divided_by, divisor.constant
    value = "" if bounds is None else f"as a value, --column {name}={bounds.example}, or "
    return (
        f"{source.name}: column {column!r} is {_kind(source.unit.si)}, which must be divided by the {divisor.title}; "
        f'give it {value}as a column, --column {name}="..."'
    )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _listed(table: Table) -> str:
    """The columns that hold numbers, as many as can be read."""
    shown = [place for place in range(len(table.names)) if table.holds_numbers(place)]
    if not table.named:
        return f"its {len(shown)} columns have no names: give the number of one and its unit, e.g. 1:Oe"
    names = _quoted([table.names[place] for place in shown[:MOST_NAMES]])
    more = f" and {len(shown) - MOST_NAMES} more" if len(shown) > MOST_NAMES else ""
    return f"it has {names}{more}"
