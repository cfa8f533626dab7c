"""The film between the pads of a Hall bar, in squares, as the sample record states it.

A bar with arms is a tree: from pad a its arm leads to the bar, the bar from a's tap to b's, b's arm to pad b. Between
two wires one measures

    R_ab = l_a + l_b + R_square (arm_a + arm_b + |x_a - x_b|),

and with current through a and b, between c and d where none flows,

    R_ab,cd = R_square/2 (|x_a - x_d| + |x_b - x_c| - |x_a - x_c| - |x_b - x_d|),

x in squares along the bar (physics; Hall voltages are odd in the magnetisation and left out). A lead and its arm are in
series in whatever is measured, so that no measurement tells one from the other: leads follow only with the arms and the
positions that the record states, and are as uncertain as these. What is measured on its own is the film between two
taps, from which R_square follows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labctl.sample import SampleRecord


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lead ends on a bar, in squares, each figure with its standard uncertainty."""

    position: float
    position_uncertainty: float
    arm: float
    arm_uncertainty: float


@dataclass(frozen=True, slots=True)
class Geometry:
    """The places of leads on one bar.

    Attributes:
        places: By the lead's name.
    """

    places: Mapping[str, Place]

    def squares(self, one: str, other: str) -> float:
        """Squares of film between the pads of two leads."""
        a, b = self.places[one], self.places[other]
        return a.arm + b.arm + abs(a.position - b.position)

    def transfer(self, a: str, b: str, c: str, d: str) -> float:
        """Squares of film between c and d that carry what flows from a to b, signed."""
        at = {name: self.places[name].position for name in (a, b, c, d)}

        def apart(one: str, other: str) -> float:
            return abs(at[one] - at[other])

        return 0.5 * (apart(a, d) + apart(b, c) - apart(a, c) - apart(b, d))

    def permuted(self, one: str, other: str) -> Geometry:
        """Return the same bar with two leads exchanged."""
        return Geometry({**self.places, one: self.places[other], other: self.places[one]})

    def covariance(self, rows: Sequence[tuple[str, ...]]) -> np.ndarray:
        """Covariance in squares^2 of pairs (a, b) and transfers (a, b, c, d) by what the record leaves uncertain.

        Of two taps at one position nobody knows which comes first: what they may be apart adds to that pair alone.
        """
        names = list(self.places)
        slopes = np.zeros((len(rows), 2 * len(names)))
        extra = np.zeros(len(rows))
        for number, row in enumerate(rows):
            terms = [(row[0], row[1], 1.0)] if len(row) == 2 else _terms(row)
            for one, other, factor in terms:
                a, b = self.places[one], self.places[other]
                sign = np.sign(a.position - b.position)
                slopes[number, names.index(one)] += factor * sign
                slopes[number, names.index(other)] -= factor * sign
                if sign == 0.0 and one != other:
                    extra[number] += factor**2 * (a.position_uncertainty**2 + b.position_uncertainty**2)
            if len(row) == 2:
                for lead in row:
                    slopes[number, len(names) + names.index(lead)] = 1.0
        spread = [place.position_uncertainty for place in self.places.values()]
        spread += [place.arm_uncertainty for place in self.places.values()]
        return (slopes * np.square(spread)) @ slopes.T + np.diag(extra)


def _terms(row: tuple[str, ...]) -> list[tuple[str, str, float]]:
    a, b, c, d = row
    return [(a, d, 0.5), (b, c, 0.5), (a, c, -0.5), (b, d, -0.5)]


def geometry_of(record: SampleRecord) -> Geometry | None:
    """Return what a record says of the places of its leads; None unless it says it of all of them."""
    width = record.geometry.width
    if width is None:  # of a junction
        return None
    places: dict[str, Place] = {}
    for name, lead in record.leads.items():
        pad = record.pads[lead.pad]
        if pad.position is None or pad.arm is None:
            return None
        places[name] = Place(pad.position / width, pad.position_uncertainty / width, pad.arm, pad.arm_uncertainty)
    return Geometry(places)


def expected_sheet_resistance(record: SampleRecord) -> float:
    """Return the ohm per square that the record lets expect."""
    width, length = record.geometry.width, record.geometry.length
    assert width is not None  # of a Hall bar, which the procedure asks for
    assert length is not None
    return record.sample_resistance() * width / length


def ends_of(geometry: Geometry) -> tuple[str, str]:
    """Return the leads at the two ends of the bar."""
    names = sorted(geometry.places, key=lambda name: geometry.places[name].position)
    return names[0], names[-1]


def transfers_of(geometry: Geometry | None) -> list[tuple[str, str, str, str]]:
    """Return the four-wire readings worth taking: current from end to end, voltage along the bar, once for each lead.

    Leads are taken in the order of their taps: the first of one half with the first of the other, and so on.
    """
    if geometry is None or len(geometry.places) < 4:
        return []
    first, last = ends_of(geometry)
    arms = sorted(
        (name for name in geometry.places if name not in (first, last)),
        key=lambda name: geometry.places[name].position,
    )
    half = len(arms) // 2
    return [(first, last, one, other) for one, other in zip(arms[:half], arms[-half:], strict=True)]
