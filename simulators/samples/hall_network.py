"""A Hall bar as a network: potentials of its pads for currents through any of them.

The bar is a line along x, measured in squares from the source; arms leave it sideways. A current I along x makes
V(+y) - V(-y) = R_H I at each pair of arms, with I the mean of the currents just before and behind the arms. The same
crossing, driven from -y to +y, makes the potential along x drop by R_H I. That is the full Hall effect of a crossing,
an antisymmetric matrix; the resistance of the bar is a symmetric one. So

    V = (R_square S + R_H K) I,  S symmetric, K antisymmetric,

and Onsager's reciprocity R_ab,cd(B) = R_cd,ab(-B) holds for any four pads, since R_H is odd.

Resistance across the bar, between opposite arms, is counted to the arms. Arms sit at points; the current lines'
bending into wide arms, which lowers the Hall voltage of real crossings, is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from instruments.errors import BadValue, UnknownName

MOST_KNOWN = 1000
"""Patterns of currents whose flow is kept."""
LARGEST_IMBALANCE = 1e-12
"""Part of the largest current that rounding may leave of a sum that should be zero."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A pair of Hall arms.

    Attributes:
        left: Pad of the arm at +y.
        right: Pad of the arm at -y.
        position: Squares from the source's end to the middle between the arms.
    """

    left: str
    right: str
    position: float


@dataclass(frozen=True, slots=True)
class Flow:
    """What constant currents do, apart from the film's state.

    Attributes:
        squares: Potential against the drain per ohm of sheet resistance, in A, by pad.
        hall: Potential against the drain per ohm of Hall resistance, in A, by pad.
        bar_current: Root of the mean square current along the bar, in A.
        bar_mean: Mean current along the bar from source to drain, in A, signed.
        spot: Current along the bar through its weakest spot, in A, signed.
    """

    squares: tuple[float, ...]
    hall: tuple[float, ...]
    bar_current: float
    bar_mean: float
    spot: float


class HallNetwork:
    """The network of one bar with pads `source` and `drain` at its ends.

    Args:
        length: Squares from end to end.
        crossings: Pairs of arms, in order from the source.
        arm: Squares of an arm, from its pad to the bar's middle.
        misalignment: Squares by which the arm at +y lies nearer to the source than the one at -y.
        spot: Squares from the source to the spot where the bar is weakest.

    Attributes:
        pads: Names of the pads.
        upstream: Of each pad, 1 where it lies on the source's side of that spot, 0 on the other.
    """

    def __init__(
        self, length: float, crossings: Sequence[Crossing], arm: float, misalignment: float, spot: float = math.inf
    ) -> None:
        arms = [name for crossing in crossings for name in (crossing.left, crossing.right)]
        self.pads = ("source", "drain", *arms)
        self._length = length
        self._crossings = tuple(crossings)
        shift = 0.5 * misalignment
        taps = [x for crossing in crossings for x in (crossing.position - shift, crossing.position + shift)]
        self._taps = np.array([0.0, length, *taps])
        self.upstream = tuple((self._taps < spot).astype(float).tolist())
        stubs = np.array([0.0, 0.0] + [arm] * len(arms))
        self._squares = np.diag(stubs) - 0.5 * np.abs(self._taps[:, None] - self._taps[None, :])
        self._hall = self._hall_matrix()
        # A reading's two currents come back thousands of times, and so do the few pairs of pads that are cabled.
        self._known_flows: dict[tuple[tuple[str, float], ...], Flow] = {}
        self.squares_between = lru_cache(maxsize=None)(self._squares_between)

    def _hall_matrix(self) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """K = sum over crossings of T U^t - U T^t.

        U I is the current along x at the crossing, -T I the current from -y to +y through it.
        """
        total = np.zeros((len(self.pads), len(self.pads)))
        for crossing in self._crossings:
            along, across = np.zeros(len(self.pads)), np.zeros(len(self.pads))
            along[:] = -0.5 * np.sign(self._taps - crossing.position)
            for name, side in ((crossing.left, 0.5), (crossing.right, -0.5)):
                across[self.pads.index(name)], along[self.pads.index(name)] = side, 0.0
            total += np.outer(across, along) - np.outer(along, across)
        return total

    def flow(self, injected: Mapping[str, float]) -> Flow:
        """Return what these currents (A into each pad, sum zero) do.

        Raises:
            BadValue: They do not add up to zero.
            UnknownName: A pad that the bar does not have.
        """
        asked = tuple(injected.items())
        flow = self._known_flows.get(asked)
        if flow is None:
            if len(self._known_flows) >= MOST_KNOWN:
                self._known_flows.clear()
            flow = self._known_flows[asked] = self._flow(injected)
        return flow

    def _flow(self, injected: Mapping[str, float]) -> Flow:
        largest = max(map(abs, injected.values()), default=0.0)
        if not abs(math.fsum(injected.values())) <= LARGEST_IMBALANCE * largest:
            raise BadValue(f"the currents {dict(injected)} A do not add up to zero: what goes in has to come out")
        currents = np.zeros(len(self.pads))
        for name, current in injected.items():
            currents[self.index(name)] = current
        squares, hall = self._squares @ currents, self._hall @ currents
        squares, hall = squares - squares[1], hall - hall[1]
        spot = math.fsum(current for current, side in zip(currents.tolist(), self.upstream, strict=True) if side)
        return Flow(tuple(squares.tolist()), tuple(hall.tolist()), *self._bar_current(currents), spot)

    def _bar_current(self, currents: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
        """Root of the mean square, and mean, of the current along the bar in A."""
        order = np.argsort(self._taps, kind="stable")
        through, lengths = np.cumsum(currents[order])[:-1], np.diff(self._taps[order])
        rms = float(np.sqrt(np.sum(through**2 * lengths) / self._length))
        return rms, float(np.sum(through * lengths) / self._length)

    def _squares_between(self, pad_a: str, pad_b: str) -> float:
        """Return the two-terminal resistance in squares; the Hall effect has no part in it.

        Raises:
            UnknownName: A pad that the bar does not have.
        """
        a, b = self.index(pad_a), self.index(pad_b)
        s = self._squares
        return float(s[a, a] + s[b, b] - 2.0 * s[a, b])

    def parted(self, pad_a: str, pad_b: str) -> bool:
        """Whether the weakest spot lies between two pads.

        Raises:
            UnknownName: A pad that the bar does not have.
        """
        return self.upstream[self.index(pad_a)] != self.upstream[self.index(pad_b)]

    def index(self, pad: str) -> int:
        """Return the place of a pad.

        Raises:
            UnknownName: The bar does not have it.
        """
        try:
            return self.pads.index(pad)
        except ValueError:
            raise UnknownName(f"the sample has no pad {pad!r}; it has {', '.join(self.pads)}") from None
