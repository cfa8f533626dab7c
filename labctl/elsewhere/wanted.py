"""What an experiment says of the columns that its analysis can take from a table of somebody else's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_UNIT = re.compile(r"\(([^()]+)\)$")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a value must be to be believed.

    Attributes:
        largest: Its largest magnitude, in the SI unit.
        example: How such a value is written, e.g. "5nm".
        smallest: Its smallest magnitude; 0 for any that is not zero.
        signed: Whether it may be negative.
        bare: Whether a number without a unit is clear enough.
    """

    largest: float
    example: str
    smallest: float = 0.0
    signed: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that an analysis takes.

    Attributes:
        column: Its name in the table that `analyse` gets, with its SI unit in brackets, e.g. "Field (T)". A column
            without a unit is taken as it is written, as words.
        title: What people call the quantity.
        names: How others may have named such a column, for finding it without being told: regular expressions that
            must fit the whole name, without unit, in lower case, with blanks for underscores; the first that any
            column fits decides.
        needed: Whether there is nothing to analyse without it.
        over: Other units that it is taken in, each with the entry that it is then divided by, e.g. {"V": "current"}.
        constant: What a single value that stands for the column must be, e.g. "100 uA"; None if it may not. What other
            columns are divided by must be so in a column, too.
        likely: Smallest and largest magnitude that a column usually reaches, in the SI unit; another one is said.
    """

    column: str
    title: str
    names: tuple[str, ...] = ()
    needed: bool = False
    over: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    constant: Bounds | None = None
    likely: tuple[float, float] | None = None

    @property
    def unit(self) -> str:
        """The SI unit of the column; empty for words."""
        match = _UNIT.search(self.column)
        return match[1] if match else ""
