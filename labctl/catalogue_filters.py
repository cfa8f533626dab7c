"""Which runs are looked for: what was said of sample, date, parameters and results, with units."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Literal

from instruments import units
from instruments.errors import BadValue
from labctl.catalogue import DAMAGED, Entry

Kind = Literal["parameter", "result"]
SAME = 1e-9
"""Numbers that differ by a smaller part are called equal: some were calculated."""
BARE = {"", "1", "K"}
"""Units without which a number is clear enough."""
_CONDITION = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:(>=|<=|!=|=|>|<)\s*(.*))?", re.DOTALL)
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_NUMBERED = re.compile(r"[\s:]*[+-]?\.?\d")
_WITH_UNIT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*(?P<unit>\D.*)?", re.DOTALL)
_YES = {"yes": True, "true": True, "no": False, "false": False}


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other))


_COMPARED: dict[str, Callable[[float, float], bool]] = {
    ">": lambda number, bound: number > bound,
    "<": lambda number, bound: number < bound,
    ">=": lambda number, bound: number > bound or _same(number, bound),
    "<=": lambda number, bound: number < bound or _same(number, bound),
    "=": _same,
    "!=": lambda number, bound: not _same(number, bound),
}


@dataclass(frozen=True)
class Condition:
    """What a parameter or a result has to be: `temperature=250:300 K`, `coercive_field_up>50 mT`, `tmr`.

    Attributes:
        text: As it was written.
        kind: Of what it is.
        name: Of the parameter or result.
        sign: How it is compared; "" where it only has to have a value.
        bound: With what.
    """

    text: str
    kind: Kind
    name: str
    sign: str
    bound: str

    @cached_property
    def _known(self) -> dict[str, tuple[float | None, float | None]]:
        return {}

    def fits(self, value: Any, unit: str, text: str) -> bool:
        """Whether a value is what is looked for.

        Args:
            value: In SI units; a list fits if one of its values does.
            unit: SI unit, "1" or "" for a bare number.
            text: How it is written in run.json; "" for a result.

        Raises:
            BadValue: What it is compared with has another unit, or none.
        """
        if isinstance(value, list | tuple):
            return any(self.fits(item, unit, "") for item in value) or self._is_word(text)
        if value is None:
            return bool(self.sign) and self._is_word(text)
        if not self.sign:
            return True
        if isinstance(value, bool):
            wanted = _YES.get(self.bound.lower())
            return wanted is not None and (value == wanted) == (self.sign == "=")
        if isinstance(value, int | float):
            return self._has_number(float(value), unit)
        return self._is_word(str(value))

    def _is_word(self, text: str) -> bool:
        if not text or self.sign not in {"=", "!="}:
            return False
        return fnmatchcase(text.casefold(), self.bound.casefold()) == (self.sign == "=")

    def _has_number(self, number: float, unit: str) -> bool:
        if self.sign in {"=", "!="} and not _NUMBERED.match(self.bound):
            return self.sign == "!="  # a word, such as stay
        if unit not in self._known:
            self._known[unit] = self._bounds(unit)
        low, high = self._known[unit]
        if ":" not in self.bound:
            assert low is not None
            return _COMPARED[self.sign](number, low)
        inside = (low is None or _COMPARED[">="](number, low)) and (high is None or _COMPARED["<="](number, high))
        return inside == (self.sign == "=")

    def _bounds(self, unit: str) -> tuple[float | None, float | None]:
        """Read a value or `low:high`, of which the first may leave its unit to the second."""
        parts = [part.strip() for part in self.bound.split(":")]
        ranged = len(parts) == 2 and self.sign in {"=", "!="} and any(parts)
        if len(parts) > 1 and not ranged:
            raise BadValue(f"{self._option}: {self.bound} is no range; write {self.name}=low:high, either may be empty")
        shared = next((found for part in reversed(parts) if (found := _unit_in(part))), "")
        numbers = [None if not part else self._number(part, unit, shared) for part in parts]
        low, high = numbers[0], numbers[-1]
        if ranged and low is not None and high is not None and low > high:
            low, high = high, low
        return low, high

    def _number(self, text: str, unit: str, shared: str) -> float:
        plain = text if _unit_in(text) or not shared else f"{text} {shared}"
        if not _unit_in(plain) and unit not in BARE:
            raise BadValue(f"{self._option}: {text} has no unit; write it behind the number, e.g. {text} {unit}")
        return units.parse(plain, "" if unit == "1" else unit, self._option)

    @property
    def _option(self) -> str:
        return f"{'-p' if self.kind == 'parameter' else '--result'} {self.text}"


def _unit_in(text: str) -> str:
    match = _WITH_UNIT.fullmatch(text.strip())
    return (match["unit"] or "").strip() if match else ""


def condition(text: str, kind: Kind) -> Condition:
    """Read `-p` or `--result`.

    Raises:
        BadValue: It is no condition.
    """
    match = _CONDITION.fullmatch(text)
    option, example = ("-p", "temperature=250:300K") if kind == "parameter" else ("--result", '"tmr>10"')
    if match is None or (match[2] and not match[3].strip()) or (kind == "parameter" and not match[2]):
        raise BadValue(f"{option} {text!r} is no condition; write e.g. {option} {example}")
    return Condition(text, kind, match[1], match[2] or "", (match[3] or "").strip())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; what is empty does not matter.

    Attributes:
        sample: Name of the sample; `*` stands for anything.
        procedure: Name of the experiment, likewise.
        date: `2026-11-21`, `2026-11`, or from one to the other: `2026-11:2026-12-05`; either may be left out.
        tags: All of them.
        user: Who measured.
        status: How it ended.
        conditions: On parameters and results.
        note: Words that stand in its notes, those that were added later among them.
    """

    sample: str = ""
    procedure: str = ""
    date: str = ""
    tags: Sequence[str] = ()
    user: str = ""
    status: str = ""
    conditions: Sequence[Condition] = ()
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a date that is none.

        Raises:
            BadValue: It is not.
        """
        for part in self.date.split(":") if self.date else []:
            if (part and not _DATE.fullmatch(part)) or self.date.count(":") > 1 or self.date == ":":
                raise BadValue(f"--date {self.date!r} is no date; write 2026-11-21, 2026-11, or 2026-11-01:2026-11-21")


def select(entries: Iterable[Entry], wanted: Wanted) -> tuple[list[Entry], int]:
    """Return the entries that fit, and how many damaged ones could not be looked at.

    A series fits by its parameters and results if one of its runs does; then it has only those runs.

    Raises:
        BadValue: A value is compared with one of another unit.
    """
    chosen: list[Entry] = []
    unread = 0
    asks = any(getattr(wanted, one.name) for one in fields(wanted))
    for entry in entries:
        if entry.status == DAMAGED and asks and not (wanted.status and _word(DAMAGED, wanted.status)):
            unread += 1
        elif not asks or _fits(entry, replace(wanted, conditions=())):
            own = [one for one in wanted.conditions if _has(entry, one)] if entry.planned else []
            left = [one for one in wanted.conditions if one not in own]
            if not entry.planned and all(_has(entry, one) for one in left):
                chosen.append(entry)
            elif entry.planned:
                runs = [run for run in entry.runs if all(_has(run, one) for one in left)]
                if runs or not left:
                    chosen.append(replace(entry, runs=runs))
    return chosen, unread


def _fits(entry: Entry, wanted: Wanted) -> bool:
    damaged = _word(DAMAGED, wanted.status) and bool(wanted.status) and bool(entry.wrong)
    status = _word(entry.status, wanted.status) or damaged
    who = _word(entry.sample, wanted.sample) and _word(entry.user, wanted.user)
    tagged = {tag.casefold() for tag in entry.tags} >= {tag.casefold() for tag in wanted.tags}
    noted = _noted(entry, wanted.note)
    procedure = _word(entry.procedure, wanted.procedure)
    return status and who and tagged and noted and procedure and _on(entry.begun, wanted.date)


def _noted(entry: Entry, words: str) -> bool:
    """Whether words stand in the notes of a run, or of one of a series' runs."""
    if not words:
        return True
    texts = [entry.notes, *(note.text for each in (entry, *entry.runs) for note in each.added)]
    return any(words.casefold() in text.casefold() for text in texts)


def _word(word: str, pattern: str) -> bool:
    return not pattern or fnmatchcase(word.casefold(), pattern.casefold())


def _on(begun: str, date: str) -> bool:
    if not date:
        return True
    first, colon, last = date.partition(":")
    last = last if colon else first
    return bool(begun) and begun[: len(first)] >= first and (not last or begun[: len(last)] <= last)


def _has(entry: Entry, looked_for: Condition) -> bool:
    name = looked_for.name
    if looked_for.kind == "result":
        result = entry.results.get(name)
        return result is not None and looked_for.fits(result.value, result.unit, "")
    if name not in entry.parameters:
        return False
    value, text = entry.parameters[name].get("value"), str(entry.parameters[name].get("text", ""))
    written = _unit_in(text)
    if isinstance(value, int | float) and not isinstance(value, bool) and written:
        try:  # a procedure of pymeasure keeps its values in units of its own, but says them
            unit = units.si_unit(written)
            value = units.parse(text, unit)
        except BadValue:
            unit = written
        return looked_for.fits(value, unit, text)
    if isinstance(value, list):
        return looked_for.fits(value, _unit_of_list(text), text)
    return looked_for.fits(value, "", text)


def _unit_of_list(text: str) -> str:
    """Return the SI unit of a list as run.json writes it: `1.0, 2.0 mA`; "" without."""
    written = _unit_in(text.rpartition(",")[2].rpartition(":")[2].strip())
    try:
        return units.si_unit(written) if written else ""
    except BadValue:
        return ""


def unknown(entries: Sequence[Entry], conditions: Sequence[Condition]) -> list[str]:
    """Say of each parameter and result that no run has which one may have been meant; nothing where there is no run."""
    said: list[str] = []
    runs = [run for entry in entries for run in (entry, *entry.runs)]
    for one in conditions:
        names = {name for run in runs for name in (run.parameters if one.kind == "parameter" else run.results)}
        if runs and one.name not in names:
            near = difflib.get_close_matches(one.name, sorted(names), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            said.append(f"no run here has a {one.kind} {one.name!r}{hint}")
    return said
