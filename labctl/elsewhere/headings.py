"""What the name of a column says of its unit: "Field (Oe)", "Field [mT]", "B/T", "H_kOe", "Volts ch1"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from instruments.errors import BadValue
from instruments.unit_table import SPELLINGS, resolve

MU0 = Fraction("1.2566370614359173e-6")
"""Tesla per A/m, 4 pi 1e-7: by it 1 Oe is both 1e-4 T and 1000 / (4 pi) A/m."""
OHM_METRE = resolve("ohm*m").si
"""How a resistivity is called."""

_LONG_NAMES = {
    "ohms": "ohm", "oersted": "Oe", "oersteds": "Oe", "oe": "Oe", "koe": "kOe", "gauss": "G", "gs": "G", "kgs": "kG",
    "kgauss": "kG", "koersted": "kOe", "tesla": "T", "teslas": "T", "mtesla": "mT", "millitesla": "mT", "volt": "V",
    "volts": "V", "millivolts": "mV", "microvolts": "uV", "mvolts": "mV", "amp": "A", "amps": "A", "ampere": "A",
    "amperes": "A", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "mins": "min", "minute": "min",
    "minutes": "min", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "kelvin": "K", "kelvins": "K", "ohm": "ohm",
    "mohms": "mohm", "kohm": "kohm", "kohms": "kohm", "uohms": "uohm", "milliohms": "mohm", "micro-ohm": "uohm",
    "microohm": "uohm", "milliohm": "mohm", "degree": "deg", "degrees": "deg", "vrms": "V", "arms": "A",
}  # fmt: skip
_WORDS = frozenset({
    "ohm", "ohms", "oersted", "gauss", "tesla", "volts", "volt", "amps", "amperes", "kelvin", "seconds", "oe", "koe",
    "mt", "kohm", "mohm", "mv", "uv", "ma", "ua", "t", "k", "s", "a", "v", "g", "kg",
})  # fmt: skip
"""What may be a unit without a sign of its own beside it."""
_SUPERSCRIPTS = str.maketrans({"\u207b": "-", "\u00b9": "1", "\u2070": "0", "\u00b0": "deg ", "\u00ba": "deg "})
_BRACKETS = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")
_AFTER = re.compile(r"^(.*?\S)\s*[/,;]\s*([^/,;]+)$")
_LAST_WORD = re.compile(r"^(.+?)(?:\s+in\s+|[_\s.\-]+)([^_\s.\-]+)$")
_PRODUCT = re.compile(
    r"^((?:[munk\u00b5\u03bc]|micro-?|milli)?(?:ohms?|\u03a9|\u2126))\s*[-.*\u00b7\s]?\s*(cm|m)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as somebody wrote it.

    Attributes:
        text: As written.
        factor: SI units in one of it; None where it is none that labctl converts.
        si: The SI unit, empty where there is none.
    """

    text: str
    factor: float | None
    si: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a column: what it calls the quantity, and the unit if it says one.

    Attributes:
        base: The name without the unit.
        unit: None where the name has nothing that looks like one.
        sure: Whether the unit stands apart (in brackets, behind a slash); a last letter may mean something else.
    """

    base: str
    unit: Unit | None
    sure: bool


@lru_cache(maxsize=4096)
def unit_of(text: str) -> Unit:
    """What a unit's text stands for, also in the spellings of other people's programs."""
    plain = text.strip().translate(_SUPERSCRIPTS).strip("'\" ")
    plain = plain.split(",")[0].strip() if plain.lower().startswith(("sec", "min", "hour")) else plain
    product = _PRODUCT.match(plain)
    if product:
        plain = f"{_plain(product[1])}*{product[2].lower()}"
    for spelling in (plain, _plain(plain), _plain(plain.rstrip("."))):
        try:
            factor, si = resolve(spelling)
        except BadValue:
            continue
        if not spelling or not si:
            break
        return Unit(text.strip(), float(factor), si)
    return Unit(text.strip(), None, "")


def _plain(text: str) -> str:
    """A unit in the spelling that labctl knows."""
    plain = text.translate(SPELLINGS).strip()
    prefix, name = (
        (plain[0], plain[1:]) if plain[:1] in "munkMG" and plain[1:].lower() in ("ohm", "ohms") else ("", plain)
    )
    return f"{prefix}{_LONG_NAMES.get(name.lower(), name)}"


def is_unit(text: str) -> bool:
    """Whether a cell is a unit and nothing else, in brackets or not."""
    inner = _BRACKETS.fullmatch(text.strip())
    said = (inner[1] if inner else text).strip()
    return unit_of(said).factor is not None or said.lower() in {"a.u.", "arb. units", "code", "%", "1", "-"}


def with_unit(name: str, unit: str) -> str:
    """A name with a unit that stood in another line."""
    inner = _BRACKETS.fullmatch(unit.strip())
    said = (inner[1] if inner else unit).strip()
    return f"{name} ({said})" if said and heading_of(name).unit is None else name


@lru_cache(maxsize=65536)
def heading_of(name: str) -> Heading:
    """Take the name of a column apart."""
    return _bracketed(name) or _separated(name) or _with_last_word(name) or Heading(_tidy(name), None, False)


def _bracketed(name: str) -> Heading | None:
    groups = [match for match in _BRACKETS.finditer(name) if match[1].strip()]
    if not groups:
        return None
    known = [match for match in groups if unit_of(match[1]).factor is not None]
    match = (known or groups)[-1]
    return Heading(_tidy(name[: match.start()] + " " + name[match.end() :]), unit_of(match[1]), True)


def _separated(name: str) -> Heading | None:
    match = _AFTER.match(name)
    unit = unit_of(match[2]) if match else None
    return Heading(_tidy(match[1]), unit, True) if match and unit and unit.factor is not None else None


def _with_last_word(name: str) -> Heading | None:
    """A unit without any sign of its own: "H_kOe", "Field Oe", "Volts ch1"."""
    match = _LAST_WORD.match(name)
    if match and _plain(match[2]).lower() in _WORDS | {word.lower() for word in _LONG_NAMES}:
        unit = unit_of(match[2])
        if unit.factor is not None:
            return Heading(_tidy(match[1]), unit, False)
    for word in re.split(r"[_\s.]+", name):
        if len(word) > 3 and word.lower() in _LONG_NAMES and unit_of(word).factor is not None:
            return Heading(_tidy(name), unit_of(word), False)
    return None


def _tidy(name: str) -> str:
    """In lower case, with single blanks, so that names may be compared."""
    return " ".join(re.split(r"[_\s]+", name.strip().lower().translate(SPELLINGS))).strip(" :=,-")
