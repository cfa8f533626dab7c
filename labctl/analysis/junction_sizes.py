"""TMR of tunnel junctions of different size, and which of it may be called so.

A junction at the crossing of two strips is read with four wires. Once the strips' sheet resistance is no longer small
against the junction's resistance, the current does not cross the barrier evenly, and the four wires read less than the
junction has, and with a low one even less than nothing. What is lost is about the same in both states, so that the
ratio of their resistances looks too large (Pedersen and Vernon, Appl. Phys. Lett. 10, 29 (1967); van de Veerdonk et
al., Appl. Phys. Lett. 71, 2839 (1997)). So (R_AP - R_P)/R_P of a junction below ten squares of its electrodes is not
called TMR here, but apparent.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruments.units import format_quantity
from labctl.analysis.result import Result, Results, missing

LEAST_SQUARES = 10.0
"""Squares of the electrodes that a junction's resistance has to be for the reading to be its own."""
CLEAR = 3.0
"""Standard uncertainties by which two ratios differ."""
THESE = "these junctions"


def crowding(resistance: float, electrode: float, source: str) -> str:
    """Say why what four wires read of a junction is not the barrier's own; empty where it is.

    Args:
        resistance: ohm, of the low state as it is read.
        electrode: Sheet resistance of the electrode that has more of it, ohm.
        source: Where that comes from, in words.
    """
    squares = resistance / electrode
    if squares >= LEAST_SQUARES:
        return ""
    return (
        f"the low state is {squares:.2g} squares of the electrode's {format_quantity(electrode, 'ohm')} ({source}), "
        f"fewer than {LEAST_SQUARES:g}: the current does not cross the barrier evenly, and four wires read less than "
        "the junction has, so that the ratio is not the barrier's own"
    )


@dataclass(frozen=True, slots=True)
class SizedJunction:
    """A junction, and what its loop told.

    Attributes:
        name: Of the sample.
        area: m2.
        electrode: Sheet resistance in ohm of the electrode that has more of it; None where nobody knows.
        electrode_source: Where that comes from, in words.
        temperature: K, mean of the loop.
        loop: Results of `tmr-loop`.
    """

    name: str
    area: float
    electrode: float | None
    electrode_source: str
    temperature: float
    loop: Mapping[str, Result]

    @property
    def squares(self) -> float | None:
        """The low state's resistance over the sheet resistance of the electrodes; None where either is unknown."""
        states = [self.loop[f"resistance_{state}"].value for state in ("parallel", "antiparallel")]
        known = [float(value) for value in states if value is not None]
        return min(known) / self.electrode if known and self.electrode is not None else None

    @property
    def bias(self) -> float | None:
        """Voltage in V across the junction; None where the loop does not say."""
        found = self.loop.get("bias")
        return None if found is None or found.value is None else float(found.value)

    @property
    def product(self) -> Result:
        """R_P times the area, with the uncertainty of the reading's scale where the loop has it."""
        found, parallel = self.loop.get("resistance_area"), self.loop["resistance_parallel"]
        if found is not None and found.value is not None:
            return found
        if parallel.value is None:
            return missing("ohm m^2", parallel.why or "there is no R_P", self.name)
        return Result(parallel.value * self.area, (parallel.uncertainty or 0.0) * self.area, "ohm m^2", self.name)

    @property
    def why_apparent(self) -> str:
        """Why its ratio of resistances is not called TMR; empty where it is."""
        if self.loop["resistance_parallel"].value is None:
            return self.loop["resistance_parallel"].why or "there is no R_P"
        if self.squares is None or self.electrode is None:
            return (
                "nobody says how much the electrodes have: without their sheet resistance (resistances.electrode of "
                "the record, or --electrode) it is not known whether the strips are part of what was read"
            )
        return crowding(self.squares * self.electrode, self.electrode, self.electrode_source)

    def row(self) -> Results:
        """This junction as a row of the table over sizes."""
        ratio, parallel, apparent = self.loop["tmr"], self.loop["resistance_parallel"], self.why_apparent
        product = self.product
        squares = self.squares
        return Results(
            {
                "area": Result(self.area, None, "m^2", self.name, why="of the record"),
                "tmr": missing("1", f"apparent only: {apparent}", self.name) if apparent else _of(ratio, self.name),
                "apparent_ratio": _of(ratio, self.name),
                "electrode_squares": missing("1", apparent, self.name) if squares is None else
                Result(squares, None, "1", self.name, why=f"the electrode's is {self.electrode_source}"),
                "resistance_parallel": _of(parallel, self.name),
                "resistance_area": _of(product, self.name),
                "temperature": Result(self.temperature, None, "K", self.name, why="mean of the loop"),
            }
        )  # fmt: skip


def sizes(junctions: Sequence[SizedJunction]) -> Results:
    """Return how TMR goes with the size, by those that have one, and the table from the largest area to the smallest.

    Args:
        junctions: Each with its loop, at one temperature.
    """
    ordered = sorted(junctions, key=lambda each: -each.area)
    called = [each for each in ordered if not each.why_apparent and each.loop["tmr"].value is not None]
    known = [each for each in ordered if each.loop["tmr"].value is not None]
    apparent = [each.name for each in ordered if each.why_apparent]
    left_out = f"; apparent, and not counted: {', '.join(apparent)}" if apparent else ""
    return Results(
        {
            "tmr_grows": _grows(called, left_out),
            "apparent_ratio_grows": _grows(known, "; with those that are apparent" if apparent else ""),
            "resistance_area_spread": _spread(called),
        },
        [each.row() for each in ordered],
    )


def _grows(junctions: Sequence[SizedJunction], said: str) -> Result:
    """Whether the ratio of every junction is larger than those of the next larger area, beyond its uncertainty."""
    if len({each.area for each in junctions}) < 2:
        return missing("1", f"fewer than two sizes have one{said}", THESE)
    names = [f"{100.0 * float(each.loop['tmr'].value or 0.0):.3g} % of {_area(each.area)}" for each in junctions]
    sizes_ = [list(group) for _, group in itertools.groupby(junctions, key=lambda each: each.area)]
    steps: list[float] = []
    for larger, smaller in itertools.pairwise(sizes_):
        for one, other in itertools.product(larger, smaller):  # every junction of a size, not one that stands next
            before, after = one.loop["tmr"], other.loop["tmr"]
            error = math.hypot(before.uncertainty or 0.0, after.uncertainty or 0.0)
            steps.append((abs(after.value or 0.0) - abs(before.value or 0.0)) - CLEAR * error)
    note = f"{', '.join(names)}{said}; loops' uncertainties only: one junction a size does not tell size from luck"
    return Result(all(step > 0.0 for step in steps), None, "1", THESE, note=note)


def _spread(junctions: Sequence[SizedJunction]) -> Result:
    """Largest over smallest product of resistance and area: one where only the area differs."""
    known = [(each.product.value, each.area) for each in junctions]
    products = [(float(value), area) for value, area in known if value is not None]
    if len(products) < 2:
        return missing("1", "fewer than two sizes have a resistance of their own", THESE)
    texts = ", ".join(
        f"{format_quantity(product * 1e12, 'ohm', digits=4)} um^2 of {_area(area)}" for product, area in products
    )
    low, high = min(products)[0], max(products)[0]
    return Result(high / low, None, "1", THESE, why="areas have no uncertainty in the records", note=texts)


def _area(area: float) -> str:
    return f"{area * 1e12:.4g} um^2"


def _of(result: Result, name: str) -> Result:
    """A loop's result as that of a junction."""
    if result.value is None:
        return missing(result.unit, result.why or "it was not found", name)
    return Result(result.value, result.uncertainty, result.unit, name)
