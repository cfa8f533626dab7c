"""From the bytes of a program message to headers and parameters (IEEE 488.2 and SCPI-1995).

Shared by everything that has to understand what goes over a wire: the simulated instruments, the guard in front of
the real ones, and the documentation. Only syntax lives here; what a header means stands in a command table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

SYNTAX_ERROR = -102
DATA_TYPE_ERROR = -104
PARAMETER_NOT_ALLOWED = -108
MISSING_PARAMETER = -109
HEADER_ERROR = -110
UNDEFINED_HEADER = -113
HEADER_SUFFIX_OUT_OF_RANGE = -114
INVALID_CHARACTER_IN_NUMBER = -121
INVALID_STRING_DATA = -151
SETTINGS_CONFLICT = -221
DATA_OUT_OF_RANGE = -222
ILLEGAL_PARAMETER_VALUE = -224

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:\s*[eE]\s*[+-]?\d+)?")
"""A decimal number in any of the forms NR1, NR2 and NR3 (NRf); no sign of infinity, no `nan`."""

_NUMBER_WITH_UNIT = re.compile(rf"({NUMBER.pattern})\s*([A-Za-z]*)")
_BASES = {"B": 2, "Q": 8, "H": 16}
_MULTIPLIERS = {
    "EX": 1e18, "PE": 1e15, "T": 1e12, "G": 1e9, "MA": 1e6, "K": 1e3,
    "M": 1e-3, "U": 1e-6, "N": 1e-9, "P": 1e-12, "F": 1e-15, "A": 1e-18, "": 1.0,
}  # fmt: skip
_MEGA_UNITS = frozenset({"HZ", "OHM"})  # IEEE 488.2 reads MHZ and MOHM as mega
_NODE = re.compile(r"(\*?[A-Za-z_]+)(\d*)")


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
    """Split at separators outside quoted strings and parentheses."""
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
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    if quote:
        raise ScpiError(INVALID_STRING_DATA, f"no closing {quote}")
    parts.append(text[start:])
    return parts


def split_message(message: str) -> list[str]:
    """Split a program message at its semicolons; blank units are dropped.

    Raises:
        ScpiError: A quoted string is not closed (-151).
    """
    return [unit for unit in (part.strip() for part in _split(message, ";")) if unit]


def parse_unit(text: str) -> Unit:
    """Take one program message unit apart.

    Raises:
        ScpiError: The header is malformed (-102, -110) or a parameter is empty (-109, -102).
    """
    head, _, tail = text.replace("\t", " ").partition(" ")
    query = head.endswith("?")
    header = head[:-1] if query else head
    if not header or "?" in header:
        raise ScpiError(HEADER_ERROR, f"no header in {text!r}")
    tail = tail.strip()
    if not tail:
        return Unit(header, query, ())
    arguments = tuple(part.strip() for part in _split(tail, ","))
    if "" in arguments:
        raise ScpiError(MISSING_PARAMETER, f"an empty parameter in {text!r}")
    return Unit(header, query, arguments)


def short_form(mnemonic: str) -> str:
    """Return a mnemonic's short form: four letters, or three where the fourth is a vowel.

    The manual prints the short form in capitals; the rule gives the same and needs no capitals.
    """
    upper = mnemonic.upper()
    if len(upper) <= 4:
        return upper
    return upper[:3] if upper[3] in "AEIOU" else upper[:4]


def matches_word(text: str, word: str) -> bool:
    """Whether character data is the exact short or the exact long form of a word (`IMM`, `IMMediate`)."""
    upper = text.upper()
    return upper == word.upper() or upper == _printed_short_form(word)


def _printed_short_form(word: str) -> str:
    """The capitals of a word as the manual prints it (`OLOW` stays whole, `IMMediate` gives `IMM`)."""
    capitals = "".join(character for character in word if not character.islower())
    return capitals or word.upper()


def expand_header(spec: str) -> Iterator[tuple[tuple[str, int], ...]]:
    """List the paths of nodes that a header of the manual stands for.

    `[SOURce[1]:]CURRent[:LEVel]` stands for SOURce:CURRent, CURRent, SOURce:CURRent:LEVel and CURRent:LEVel. A node is
    a long mnemonic with its numeric suffix, 1 where none is printed.

    Raises:
        ValueError: The brackets do not match.
    """
    spec = spec.replace("[1]", "").strip()
    opening = spec.find("[")
    if opening < 0:
        if "]" in spec:
            raise ValueError(f"unmatched bracket in header {spec!r}")
        yield tuple(_node_of(node) for node in spec.split(":") if node)
        return
    depth = 0
    for position in range(opening, len(spec)):
        depth += {"[": 1, "]": -1}.get(spec[position], 0)
        if depth == 0:
            inner = spec[opening + 1 : position]
            yield from expand_header(spec[:opening] + inner + spec[position + 1 :])
            yield from expand_header(spec[:opening] + spec[position + 1 :])
            return
    raise ValueError(f"unmatched bracket in header {spec!r}")


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
                    for form in {mnemonic.upper(), short_form(mnemonic), _printed_short_form(mnemonic)}:
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
        if header.lstrip(":").startswith("*"):
            return self._walk((header.lstrip(":"),)), path
        nodes = tuple(header[1:].split(":")) if header.startswith(":") else (*path, *header.split(":"))
        return self._walk(nodes), nodes[:-1]

    def _walk(self, nodes: tuple[str, ...]) -> RowT:
        branch = self._root
        for node in nodes:
            match = _NODE.fullmatch(node)
            by_suffix = branch.below.get(match[1].upper()) if match else None
            if match is None or by_suffix is None:
                raise ScpiError(UNDEFINED_HEADER, ":".join(nodes))
            below = by_suffix.get(int(match[2] or 1))
            if below is None:
                raise ScpiError(HEADER_SUFFIX_OUT_OF_RANGE, ":".join(nodes))
            branch = below
        if branch.row is None:
            raise ScpiError(UNDEFINED_HEADER, ":".join(nodes))
        return branch.row


def parse_number(text: str, unit: str = "") -> float:
    """Read decimal numeric data (NRf), with an optional unit and multiplier (`1.5 MA` is 1.5 mA where A is expected).

    Args:
        text: The parameter as it was sent.
        unit: The unit that the command expects; empty where it takes none.

    Raises:
        ScpiError: Not a number (-104), or a unit that does not belong here (-121).
    """
    match = _NUMBER_WITH_UNIT.fullmatch(text)
    if match is None:
        raise ScpiError(DATA_TYPE_ERROR, f"{text!r} is not a number")
    value = float(match[1].replace(" ", ""))
    suffix = match[2].upper()
    if not suffix:
        return value
    if not unit or not suffix.endswith(unit.upper()):
        raise ScpiError(INVALID_CHARACTER_IN_NUMBER, f"unit {match[2]!r} where {unit or 'none'} is expected")
    prefix = suffix[: -len(unit)]
    if prefix == "M" and unit.upper() in _MEGA_UNITS:
        return value * 1e6
    if prefix not in _MULTIPLIERS:
        raise ScpiError(INVALID_CHARACTER_IN_NUMBER, f"unknown multiplier {prefix!r}")
    return value * _MULTIPLIERS[prefix]


def parse_boolean(text: str) -> bool:
    """Read `0`, `1`, `ON` or `OFF`.

    Raises:
        ScpiError: Another word or number (-224).
    """
    upper = text.upper()
    if upper in {"1", "ON"}:
        return True
    if upper in {"0", "OFF"}:
        return False
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
        ScpiError: Not a whole number (-104), or a digit that its base does not have (-121).
    """
    if text[:1] != "#":
        return round(parse_number(text))
    base = _BASES.get(text[1:2].upper())
    if base is None:
        raise ScpiError(DATA_TYPE_ERROR, f"{text!r} is not a number")
    try:
        return int(text[2:], base)
    except ValueError:
        raise ScpiError(INVALID_CHARACTER_IN_NUMBER, text) from None
