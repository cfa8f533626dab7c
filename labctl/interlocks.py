"""Interlocks of a station file: under which conditions a run should not go on, and what it does then.

`[[interlocks]]`, one table each. What watches them during a run is in `labctl.interlock_watch`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from instruments.cryostat_words import ChamberState
from instruments.units import format_quantity, parse
from labctl.records import Second, Section

Quantity = Literal[
    "helium_level", "temperature", "temperature_offset", "temperature_slope", "field", "reading_age", "disk_space",
    "chamber", "magnet", "set_points", "compliance",
]  # fmt: skip

UNITS: Mapping[str, str] = {
    "helium_level": "", "temperature": "K", "temperature_offset": "K", "temperature_slope": "K/s", "field": "T",
    "reading_age": "s", "disk_space": "B",
}  # fmt: skip
"""Quantities that have a value, with its unit in a file; B is a byte. The others are as they should be, or are not."""

EVERY: Mapping[str, float] = {"helium_level": 60.0, "disk_space": 60.0, "set_points": 10.0}
"""s between two looks unless the file says otherwise; `SHORTEST` for what is not named here."""
SHORTEST = 2.0
"""s; nothing is looked at more often."""

QUIET = (ChamberState.PURGED, ChamberState.SEALED, ChamberState.VENTED, ChamberState.HIGH_VACUUM)
"""States of a chamber in which nothing goes on, which are all right unless the file says otherwise."""

BROKEN = frozenset({"magnet", "reading_age", "compliance"})
"""Quantities that say that an instrument does not do what it should: a stop for these is a fault of the run."""

_BYTES = re.compile(r"(\d+\.?\d*)\s*([kMGT]?)B")
_POWERS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4}
_ONE_SIDED = {
    "temperature_offset": "above", "temperature_slope": "above", "reading_age": "above", "disk_space": "below",
}  # fmt: skip


class Interlock(Section):
    """A condition under which a run should not go on."""

    name: str = Field(min_length=1, description='what it is called, e.g. name = "helium low"')
    quantity: Quantity = Field(description='what is watched, e.g. quantity = "helium_level"')
    condition: Literal["above", "below"] | None = Field(
        default=None, description='on which side of the limit it acts, condition = "above" or "below"'
    )
    limit: float | None = Field(default=None, description='where it acts, e.g. limit = "60 %"')
    action: Literal["warn", "pause", "stop"] = Field(description='"warn", "pause" or "stop" (in the safe state)')
    sources: Literal["zero", "hold"] = "zero"
    """What becomes of the sources' levels while a run stands: zero until it goes on, or as they are."""
    dwell: Second = Field(default=60.0, ge=0)
    """s for which it has to have cleared before a run goes on, or before it is said again."""
    longest: Second = Field(default=43_200.0, gt=0)
    """s that a run stands at most; then it ends in the safe state."""
    every: Second | None = Field(default=None, ge=SHORTEST)
    """s between two looks."""
    allowed: tuple[ChamberState, ...] | None = None
    """States of the chamber that are all right."""

    @model_validator(mode="before")
    @classmethod
    def _limit_in_its_unit(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        entries: dict[str, object] = dict(values)
        unit = UNITS.get(str(entries.get("quantity")))
        if unit is None or entries.get("limit") is None:
            return entries
        read = _bytes if unit == "B" else lambda value: parse(value, unit, "limit")
        return {**entries, "limit": read(entries["limit"])}

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        about = f"the interlock {self.name!r} on {self.quantity}"
        if self.quantity not in UNITS:
            if self.limit is not None or self.condition is not None:
                raise ValueError(f"{about} takes no limit and no condition; leave them out")
        elif self.limit is None or self.condition is None:
            raise ValueError(f'{about} needs condition and limit, e.g. condition = "below", limit = ...; add them')
        if (side := _ONE_SIDED.get(self.quantity, self.condition)) != self.condition:
            raise ValueError(f'{about} can only act {side} its limit; write condition = "{side}"')
        if self.allowed is not None and self.quantity != "chamber":
            raise ValueError(f"{about} takes no allowed; that is for a chamber's states")
        if self.quantity == "compliance" and self.action == "pause":
            raise ValueError(
                f"{about} cannot pause: with the source at zero nobody can see whether it has cleared; "
                'write action = "warn" or "stop"'
            )
        return self

    @property
    def interval(self) -> float:
        """Time between two looks, in s."""
        return EVERY.get(self.quantity, SHORTEST) if self.every is None else self.every

    @property
    def at_ease(self) -> tuple[ChamberState, ...]:
        """States of the chamber that are all right."""
        return QUIET if self.allowed is None else self.allowed

    def acts(self, value: float) -> bool:
        """Whether a value in the limit's unit lies on the side where it acts."""
        assert self.limit is not None
        return value > self.limit if self.condition == "above" else value < self.limit

    def sentence(self, value: float) -> str:
        """Say which value lies beyond which limit."""
        assert self.limit is not None
        what = self.quantity.replace("_", " ")
        return f"{what} is {shown(self.quantity, value)}, {self.condition} {shown(self.quantity, self.limit)}"


WATCHED: tuple[str, ...] = get_args(Quantity)
"""All that can be watched."""


def shown(quantity: str, value: float) -> str:
    """Return a value as people write it."""
    unit = UNITS[quantity]
    if quantity == "helium_level":
        return f"{100.0 * value:.3g} %"
    if quantity == "temperature_slope":
        return f"{60.0 * value:.3g} K/min"
    if unit == "B":
        return f"{value / 1e9:.3g} GB"
    return format_quantity(value, unit)


def _bytes(value: object) -> float:
    """Read "500 MB", in powers of a thousand; a number is in bytes."""
    if isinstance(value, int | float):
        return float(value)
    match = _BYTES.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'limit of disk_space is {value!r}; write e.g. "1 GB"')
    return float(match[1]) * 1000.0 ** _POWERS[match[2]]
