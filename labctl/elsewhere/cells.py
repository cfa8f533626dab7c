"""Cells of a line and numbers in them, in the ways in which programs and countries write tables."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labctl.analysis.readings import FloatArray

LARGEST_NUMBER = 1e30
"""What is larger stands for no reading: instruments write 9.9e37 for an overflow and 9.91e37 for no number."""
_EXPONENT = r"(?:[eEdD][+-]?\d+)?"
_WITH_POINT = re.compile(rf"[+-]?(?:\d{{1,3}}(?:,\d{{3}})+\.\d*|\d+\.?\d*|\.\d+){_EXPONENT}")
_WITH_COMMA = re.compile(rf"[+-]?(?:\d{{1,3}}(?:\.\d{{3}})+,\d+|\d+(?:,\d+)?|,\d+){_EXPONENT}")
_GROUPED_WITH_POINT = re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:,\d{{3}})+(?:\.\d*)?|\d+\.?\d*|\.\d+){_EXPONENT}")
_GROUPED_WITH_COMMA = re.compile(rf"[+-]?(?:[1-9]\d{{0,2}}(?:\.\d{{3}})+(?:,\d*)?|\d+(?:,\d+)?|,\d+){_EXPONENT}")
_THREE_DIGITS = re.compile(r"[+-]?[1-9]\d\d")
_FEW_DIGITS = re.compile(r"[+-]?\d{1,3}")
_NO_NUMBER = re.compile(
    r"[+-]?nan|[+-]?inf(?:inity)?|-+|#?n[/.]?a\.?!?|null|none|[+-]?1\.#\w+|#\w+!?|#div/0!|\?+|\*+"
    r"|[+-]?(?:ovld|ovfl|ovrflw|ovr?|o\.?l\.?|over(?:flow|load|[ _-]?range)?|err(?:or)?|invalid|missing)[.!]?",
    re.IGNORECASE,
)
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u00a0": " ", "\u202f": " "})
_BLANKS = re.compile(r"\s+")
_WIDE_BLANKS = re.compile(r"\t+|\s{2,}")
_WORDS_WITH_UNITS = re.compile(r'"[^"]*"|[^\s(\[{]+(?:\s*(?:\([^)]*\)|\[[^\]]*\]|\{[^}]*\}))?')


@dataclass(frozen=True, slots=True)
class Form:
    """How the lines of a table are written.

    Attributes:
        separator: What separates its cells; "" for blanks.
        decimal: Its decimal sign, "." or ",".
        grouped: Whether the other sign groups thousands also in whole numbers: of "3,000" nothing else tells whether
            it is three or three thousand.
    """

    separator: str
    decimal: str
    grouped: bool = False

    def split(self, line: str) -> list[str]:
        """The cells of a line, without blanks and quotes around them."""
        if not self.separator:
            return [cell.strip('"') for cell in _BLANKS.split(line.strip())] if line.strip() else []
        if '"' not in line:
            return [cell.strip() for cell in line.split(self.separator)]
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=self.separator, skipinitialspace=True))]
        except (csv.Error, StopIteration):  # a cell larger than csv takes
            return [cell.strip().strip('"') for cell in line.split(self.separator)]

    def is_number(self, cell: str) -> bool:
        """Whether a cell holds a number."""
        return self._pattern().fullmatch(cell.translate(_MINUS).strip()) is not None

    def _pattern(self) -> re.Pattern[str]:
        if self.decimal == ".":
            return _GROUPED_WITH_POINT if self.grouped else _WITH_POINT
        return _GROUPED_WITH_COMMA if self.grouped else _WITH_COMMA

    def number(self, cell: str) -> float:
        """The number in a cell; nan where there is none."""
        plain = cell.translate(_MINUS).strip()
        if not self._pattern().fullmatch(plain):
            return float("nan")
        if self.decimal == ",":
            plain = plain.replace(".", "").replace(",", ".")
        plain = plain.replace(",", "").replace("d", "e").replace("D", "e")
        value = float(plain)
        return value if abs(value) < LARGEST_NUMBER else float("nan")

    def numbers(self, cells: Sequence[str]) -> FloatArray:
        """The numbers of many cells."""
        return np.array([self.number(cell) for cell in cells], dtype=np.float64)


FORMS = (
    Form("\t", "."),
    Form("\t", ","),
    Form(";", "."),
    Form(";", ","),
    Form(",", "."),
    Form("", "."),
    Form("", ","),
    Form(",", ","),
    Form("|", "."),
)
"""Tried in this order; of two that read a table equally well the first is taken."""


GROUPED_FORMS = tuple(Form(form.separator, form.decimal, grouped=True) for form in FORMS)
"""Tried where they read more."""
FEWEST_GROUPED = 3
"""Numbers of either kind that tell thousands from decimals."""


def holds_thousands(column: Sequence[str], sign: str) -> bool:
    """Whether what looks like a decimal sign in a column groups thousands.

    It does where it stands before exactly three digits in every number that has it, and numbers of three digits go
    without: decimals are either always written or shortened to fewer than three.
    """
    group = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(sign)}\d{{3}})+")
    plain = [cell.translate(_MINUS).strip() for cell in column if not is_empty(cell)]
    grouped = sum(group.fullmatch(cell) is not None for cell in plain)
    whole = sum(_FEW_DIGITS.fullmatch(cell) is not None for cell in plain)
    of_three = sum(_THREE_DIGITS.fullmatch(cell) is not None for cell in plain)
    return min(grouped, of_three) >= FEWEST_GROUPED and grouped + whole == len(plain)


def is_empty(cell: str) -> bool:
    """Whether a cell holds nothing, or a word for nothing."""
    return not cell or _NO_NUMBER.fullmatch(cell) is not None


def names_in(line: str, form: Form) -> list[list[str]]:
    """The ways in which a line may be cut into names: a table's names are often separated otherwise than its rows."""
    ways = [form.split(line)]
    ways += [Form(separator, ".").split(line) for separator in "\t,;" if separator in line]
    ways.append([word.strip('" ') for word in _WIDE_BLANKS.split(line.strip())])
    ways.append([word.strip('" ') for word in _WORDS_WITH_UNITS.findall(line.replace(",", " "))])
    ways.append(line.split())
    return ways
