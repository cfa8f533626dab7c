"""From the bytes of a program message to headers and parameters (IEEE 488.2 and SCPI-1995).

Shared by everything that has to understand what goes over a wire: the simulated instruments, the guard in front of
the real ones, and the documentation. Only syntax lives here; what a header means stands in a command table.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

SYNTAX_ERROR = -102
DATA_TYPE_ERROR = -104
PARAMETER_NOT_ALLOWED = -108
MISSING_PARAMETER = -109
HEADER_ERROR = -110
HEADER_SEPARATOR_ERROR = -111
UNDEFINED_HEADER = -113
HEADER_SUFFIX_OUT_OF_RANGE = -114
INVALID_CHARACTER_IN_NUMBER = -121
EXPONENT_TOO_LARGE = -123
TOO_MANY_DIGITS = -124
INVALID_STRING_DATA = -151
STRING_TOO_LONG = -154
STRING_NOT_ALLOWED = -158
SETTINGS_CONFLICT = -221
DATA_OUT_OF_RANGE = -222
TOO_MUCH_DATA = -223
ILLEGAL_PARAMETER_VALUE = -224

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[ \t]*[eE][ \t]*[+-]?[0-9]+)?")
"""A decimal number in any of the forms NR1, NR2 and NR3 (NRf); no sign of infinity, no `nan`."""

INFINITY = 9.9e37
"""The number that stands for infinity (SCPI-1995 volume 1, 7.2.1.4)."""

_NUMBER_WITH_UNIT = re.compile(
    r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:[ \t]*[eE][ \t]*([+-]?[0-9]+))?[ \t]*([A-Za-z]*)"
)
_MOST_DIGITS = 255  # IEEE 488.2 section 7.7.2.4
_LARGEST_EXPONENT = 32000
_POWERS = {
    "EX": 18, "PE": 15, "T": 12, "G": 9, "MA": 6, "K": 3, "": 0, "M": -3, "U": -6, "N": -9, "P": -12, "F": -15, "A": -18
}  # fmt: skip
_MEGA_UNITS = frozenset({"HZ", "OHM"})  # IEEE 488.2 reads MHZ and MOHM as mega
_REGISTER = {
    "B": (2, re.compile("[01]+")),
    "Q": (8, re.compile("[0-7]+")),
    "H": (16, re.compile("[0-9A-Fa-f]+")),
}
_LONGEST_REGISTER = 64  # digits; no register has more bits
_WHITE = "".join(map(chr, range(33)))  # IEEE 488.2 section 7.4.1.2: everything up to the blank, and the line feed
_HEADER = re.compile(r":?\*?[A-Za-z0-9_:]*")
_NODE = re.compile(r"(\*?[A-Za-z_]+)([0-9]*)")
_LONGEST_SUFFIX = 9  # digits; longer ones belong to no node, and int() refuses very long ones


class ScpiError(Exception):
    """A program message unit that cannot be carried out, with the number that goes into the error queue."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Unit:
    """One program message unit: a header as it was typed, and its parameters as text.

    Attributes:
        header: The header without its question mark, e.g. `:SOUR:CURR`.
        query: Whether a question mark follows the header.
        arguments: The parameters' text, stripped, quotes kept.
    """

    header: str
    query: bool
    arguments: tuple[str, ...]


def _split(text: str, separator: str) -> list[str]:
    """Split at separators outside quoted strings; commas in parentheses stay too, since lists are written in them."""
    if "'" not in text and '"' not in text and "(" not in text:
        return text.split(separator)
    parts: list[str] = []
    quote, depth, start = "", 0, 0
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character == separator and (depth == 0 or separator == ";"):
            parts.append(text[start:position])
            start, depth = position + 1, 0
    parts.append(text[start:])
    return parts


def split_message(message: str) -> list[str]:
    """Split a program message at its semicolons; blank units are dropped.

    A string that is not closed takes the rest of the message with it; `parse_unit` refuses that unit, when the units
    before it have been carried out.
    """
    return [unit for unit in (part.strip(_WHITE) for part in _split(message, ";")) if unit]


def parse_unit(text: str) -> Unit:
    """Take one program message unit apart.

    Raises:
        ScpiError: The header is malformed (-110) or not followed by white space (-111), a parameter is empty (-109) or
            a quoted string is not closed (-151).
    """
    text = text.strip(_WHITE)
    found = _HEADER.match(text)
    header = found[0] if found else ""
    if not header:
        raise ScpiError(HEADER_ERROR, f"no header in {text!r}")
    query = text[len(header) :].startswith("?")
    tail = text[len(header) + query :]
    if tail and tail[0] not in _WHITE:
        raise ScpiError(HEADER_SEPARATOR_ERROR, f"{tail[0]!r} after the header in {text!r}")
    tail = tail.strip(_WHITE)
    if not tail:
        return Unit(header, query, ())
    arguments = tuple(part.strip(_WHITE) for part in _split(tail, ","))
    if "" in arguments:
        raise ScpiError(MISSING_PARAMETER, f"an empty parameter in {text!r}")
    if arguments[-1][0] in "'\"":
        parse_string(arguments[-1])
    return Unit(header, query, arguments)


def short_form(mnemonic: str) -> str:
    """Return a mnemonic's short form by the rule: four letters, or three where the fourth is a vowel.

    The manuals print the short form in capitals, and that is what counts where it breaks the rule (`TCouple`).
    """
    upper = mnemonic.upper()
    if len(upper) <= 4:
        return upper
    return upper[:3] if upper[3] in "AEIOU" else upper[:4]


def printed_short_form(mnemonic: str) -> str:
    """Return the short form of a mnemonic or word as the manual prints it (`IMMediate` -> `IMM`, `OLOW` -> `OLOW`).

    Brackets, which enclose what may be left out of a word, are taken off: `VOLTage[:DC]` -> `VOLT:DC`.
    """
    capitals = "".join(character for character in mnemonic if not character.islower() and character not in "[]")
    return capitals or mnemonic.upper()


def matches_word(text: str, word: str) -> bool:
    """Whether character data is the exact short or the exact long form of a word.

    Args:
        text: What was sent.
        word: The word as the manual prints it: `IMMediate`; `SENSe[1]` and `VOLTage[:DC]` with parts that may be left
            out.
    """
    return text.upper() in _word_forms(word)


@functools.cache
def _word_forms(word: str) -> frozenset[str]:
    """Everything, in capitals, that is taken for a word of a command table."""
    return frozenset(form for full in _expand(word) for form in (full.upper(), printed_short_form(full)))


def _expand(spec: str) -> Iterator[str]:
    """List what a specification stands for, each of its bracketed parts in and out.

    Raises:
        ValueError: The brackets do not match.
    """
    opening = spec.find("[")
    if opening < 0:
        if "]" in spec:
            raise ValueError(f"unmatched bracket in {spec!r}")
        yield spec
        return
    depth = 0
    for position in range(opening, len(spec)):
        depth += {"[": 1, "]": -1}.get(spec[position], 0)
        if depth == 0:
            inner = spec[opening + 1 : position]
            yield from _expand(spec[:opening] + inner + spec[position + 1 :])
            yield from _expand(spec[:opening] + spec[position + 1 :])
            return
    raise ValueError(f"unmatched bracket in {spec!r}")


def expand_header(spec: str) -> Iterator[tuple[tuple[str, int], ...]]:
    """List the paths of nodes that a header of the manual stands for.

    `[SOURce[1]:]CURRent[:LEVel]` stands for SOURce:CURRent, CURRent, SOURce:CURRent:LEVel and CURRent:LEVel, and
    `TRACe|DATA:CLEar` for TRACe:CLEar and DATA:CLEar. A node is a mnemonic as it is printed with its numeric suffix, 1
    where none is printed.

    Raises:
        ValueError: The brackets do not match.
    """
    for full in _expand(spec.replace("[1]", "").strip()):
        alternatives = (node.split("|") for node in full.split(":") if node)
        for nodes in itertools.product(*alternatives):
            yield tuple(_node_of(node) for node in nodes)


def _node_of(text: str) -> tuple[str, int]:
    match = _NODE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a node of a header")
    return match[1], int(match[2] or 1)


RowT = TypeVar("RowT")


class _Branch(Generic[RowT]):
    """One node of the header tree: what stands here, and what stands below."""

    __slots__ = ("below", "row")

    def __init__(self) -> None:
        self.below: dict[str, dict[int, _Branch[RowT]]] = {}
        self.row: RowT | None = None


class HeaderTree(Generic[RowT]):
    """All headers that an instrument knows, found in short or long form from any path."""

    def __init__(self) -> None:
        self._root: _Branch[RowT] = _Branch()

    def add(self, spec: str, row: RowT) -> None:
        """Enter a header as the manual prints it.

        Raises:
            ValueError: Another row already stands at one of its paths.
        """
        for path in expand_header(spec):
            branch = self._root
            for mnemonic, suffix in path:
                found = branch.below.get(mnemonic.upper(), {}).get(suffix)
                if found is None:
                    found = _Branch[RowT]()
                    for form in {mnemonic.upper(), printed_short_form(mnemonic)}:
                        branch.below.setdefault(form, {})[suffix] = found
                branch = found
            if branch.row is not None and branch.row is not row:
                raise ValueError(f"two rows claim the header {spec!r}")
            branch.row = row

    def find(self, path: tuple[str, ...], header: str) -> tuple[RowT, tuple[str, ...]]:
        """Find a typed header from the path at which the message stands.

        Args:
            path: Nodes of the level at which the previous unit left the message; empty at its beginning.
            header: The header as it was typed, without question mark.

        Returns:
            The row, and the path for the next unit of the message. Common commands leave the path as it is.

        Raises:
            ScpiError: Unknown header (-113), or a numeric suffix that the node does not have (-114).
        """
        common = header.removeprefix(":")
        if common.startswith("*"):
            return self._walk((common,)), path
        nodes = tuple(header[1:].split(":")) if header.startswith(":") else (*path, *header.split(":"))
        return self._walk(nodes), nodes[:-1]

    def _walk(self, nodes: tuple[str, ...]) -> RowT:
        branch = self._root
        for node in nodes:
            match = _NODE.fullmatch(node)
            by_suffix = branch.below.get(match[1].upper()) if match else None
            if match is None or by_suffix is None or (node[0] == "*" and match[2]):
                raise ScpiError(UNDEFINED_HEADER, ":".join(nodes))
            suffix = int(match[2] or 1) if len(match[2]) <= _LONGEST_SUFFIX else None
            below = None if suffix is None else by_suffix.get(suffix)
            if below is None:
                raise ScpiError(HEADER_SUFFIX_OUT_OF_RANGE, ":".join(nodes))
            branch = below
        if branch.row is None:
            raise ScpiError(UNDEFINED_HEADER, ":".join(nodes))
        return branch.row


def parse_number(text: str, unit: str = "") -> float:
    """Read decimal numeric data (NRf), with an optional unit and multiplier (`1.5 MA` is 1.5 mA where A is expected).

    The multiplier goes into the exponent, so that `100 UA` is 1e-4 exactly.

    Args:
        text: The parameter as it was sent.
        unit: The unit that the command expects; empty where it takes none.

    Raises:
        ScpiError: Not a number (-104), a unit that does not belong here (-121), an exponent (-123) or a number of
            digits (-124) beyond what IEEE 488.2 allows, or more than a number can be (-222).
    """
    match = _NUMBER_WITH_UNIT.fullmatch(text)
    if match is None:
        raise ScpiError(DATA_TYPE_ERROR, f"{text[:40]!r} is not a number")
    mantissa, exponent, suffix = match[1], match[2] or "0", match[3].upper()
    if len(mantissa) > _MOST_DIGITS:
        raise ScpiError(TOO_MANY_DIGITS, f"{len(mantissa)} characters")
    if abs(float(exponent)) > _LARGEST_EXPONENT:
        raise ScpiError(EXPONENT_TOO_LARGE, text[:40])
    value = float(f"{mantissa}e{int(exponent) + (_power(suffix, unit.upper()) if suffix else 0)}")
    if math.isinf(value):
        raise ScpiError(DATA_OUT_OF_RANGE, text[:40])
    return value


def _power(suffix: str, unit: str) -> int:
    """The power of ten that the multiplier in front of a unit stands for."""
    if not unit or not suffix.endswith(unit):
        raise ScpiError(INVALID_CHARACTER_IN_NUMBER, f"unit {suffix!r} where {unit or 'none'} is expected")
    multiplier = suffix.removesuffix(unit)
    if multiplier == "M" and unit in _MEGA_UNITS:
        return 6
    if multiplier not in _POWERS:
        raise ScpiError(INVALID_CHARACTER_IN_NUMBER, f"unknown multiplier {multiplier!r}")
    return _POWERS[multiplier]


def parse_boolean(text: str) -> bool:
    """Read `ON`, `OFF`, or a number that is 0 or 1.

    Raises:
        ScpiError: Another word or number (-224).
    """
    upper = text.upper()
    if upper in {"1", "ON"}:
        return True
    if upper in {"0", "OFF"}:
        return False
    if NUMBER.fullmatch(text) and parse_number(text) in {0.0, 1.0}:
        return bool(parse_number(text))
    raise ScpiError(ILLEGAL_PARAMETER_VALUE, f"{text!r} is neither 0, 1, ON nor OFF")


def parse_string(text: str) -> str:
    """Read quoted string data; a doubled quote inside stands for one.

    Raises:
        ScpiError: Not a quoted string (-104, -151).
    """
    if not text or text[0] not in "'\"":
        raise ScpiError(DATA_TYPE_ERROR, f"{text!r} is not a quoted string")
    quote = text[0]
    if len(text) < 2 or text[-1] != quote or text[1:-1].replace(quote * 2, "").count(quote):
        raise ScpiError(INVALID_STRING_DATA, text)
    return text[1:-1].replace(quote * 2, quote)


def parse_register(text: str) -> int:
    """Read a register's value: a decimal number, `#B101`, `#Q17` or `#HFF`.

    Raises:
        ScpiError: Not a number (-104), a digit that its base does not have (-121), or too many of them (-124).
    """
    if text[:1] != "#":
        return round(parse_number(text))
    base, digits = _REGISTER.get(text[1:2].upper(), (0, None))
    if digits is None:
        raise ScpiError(DATA_TYPE_ERROR, f"{text[:40]!r} is not a number")
    if not digits.fullmatch(text, 2):
        raise ScpiError(INVALID_CHARACTER_IN_NUMBER, text[:40])
    if len(text) > _LONGEST_REGISTER:
        raise ScpiError(TOO_MANY_DIGITS, text[:40])
    return int(text[2:], base)
