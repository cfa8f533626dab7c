"""Steps of a magnetisation loop: how many there are, at which fields, and how large each is.

A stack of several magnetic layers reverses in as many steps, each a peak of dM/dH on either branch. A step of a few
per cent is easily lost in the noise, or made up from it. The moment is fitted with an error function for each step (a
normal distribution of switching fields), its field and its width free on each branch and its size the same on both,
together with the background. Steps are taken in one after the other: a further one is tried at many fields and with
many widths, and counts where its size is five times its uncertainty, which noise alone hardly makes anywhere in a loop.
Two steps are two only where dM/dH, as fitted, falls between them to less than two thirds of the smaller peak: a step
that is no error function leaves residuals, and these must not pass for steps of their own.

What a step leaves in the residuals widens all uncertainties.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import optimize, special

from labctl.analysis.fits import persistence
from labctl.analysis.readings import BoolArray, FloatArray

SEEN = 5.0
"""Standard uncertainties that the size of a step is, at least, for it to count."""
SPLIT = 40.0
"""By how much chi squared falls, at least, where one step is better taken as two."""
VALLEY = 2.0 / 3.0
"""Part of the smaller of two peaks that dM/dH falls below between them."""
SMALLEST = 0.005
"""Part of the whole reversal below which a step does not count: a film that reverses grain by grain has as many."""
NARROW = 2.0
"""Widths of both by which a further step is away from those that there are."""
WIDTHS = (0.004, 0.008, 0.016, 0.03, 0.06, 0.12)
"""Of the steps that are tried, as parts of the largest field."""
REACH = 0.85
"""Part of the largest field up to which they are tried; beyond it a step and the background are hardly told apart."""
MOST = 6
"""Steps at most."""
RIDGE = 1e-11
"""Of a column's square, added so that two steps in one place, or no time, leave a solution."""
ROOT_TWO = math.sqrt(2.0)
ROOT_TWO_PI = math.sqrt(2.0 * math.pi)

Number = tuple[float, float]
"""A value and its standard uncertainty."""
Place = tuple[float, float]
"""Field and width of a step, as on the rising branch."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Branches of one loop or several, in units in which their largest numbers are about 1.

    Attributes:
        field: Of each reading.
        moment: Of each reading.
        time: Of each reading, from -1 to 1; all zero where nobody knows.
        up: Whether the field rises.
        noise: Standard deviation of a reading.
    """

    field: FloatArray
    moment: FloatArray
    time: FloatArray
    up: BoolArray
    noise: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        size: Half the change of moment in it: its part of the saturation moment.
        size_error: Standard uncertainty.
        up, down: Field of its middle on the rising and on the falling branch, signed.
        up_error, down_error: Their standard uncertainties.
        width: Standard deviation of its switching fields, mean of both branches.
    """

    size: float
    size_error: float
    up: float
    up_error: float
    down: float
    down_error: float
    width: float


@dataclass(frozen=True, slots=True)
class Steps:
    """What a fit of a loop found.

    Attributes:
        steps: By the magnitude of their fields.
        background: Offset, slope, and change over half the time.
        smallest_visible: Size that a further step would have to have to be seen, in the flat parts of the loop.
        crossing: Fields (up, down) at which the moment without background passes through zero; None where nothing
            reverses.
        total: Sum of all sizes: the saturation moment.
        slope: Of the background.
        remanence: Half the distance of the branches at zero field.
        unexplained: Standard deviation of what the fit leaves over, over the noise.
    """

    steps: tuple[Step, ...]
    background: tuple[float, float, float]
    smallest_visible: float
    crossing: tuple[Number, Number] | None
    total: Number
    slope: Number
    remanence: Number
    unexplained: float


def find_steps(curve: Curve) -> Steps:
    """Find the steps of a loop."""
    fit = _Fit(curve, ())
    while len(fit.places) < MOST:
        further = fit.further()
        bigger = None if further is None else _Fit(curve, (*fit.places, further))
        if bigger is None or not bigger.stands:
            bigger = _split(curve, fit)
        if bigger is None:
            break
        fit = bigger
    ordered = sorted(fit.steps, key=lambda step: abs(step.up - step.down))
    return Steps(
        tuple(ordered), fit.background, fit.smallest_visible(), fit.crossings(), fit.total(), fit.slope(),
        fit.remanence(), fit.unexplained,
    )  # fmt: skip


def _split(curve: Curve, fit: _Fit) -> _Fit | None:
    """Return the fit with one of the steps taken as two, the best of those that are better; None where none is."""
    better: list[_Fit] = []
    for number, (field, width) in enumerate(fit.places):
        others = [place for other, place in enumerate(fit.places) if other != number]
        for parts in ((-1.0, 1.0), (0.0, 2.0), (-2.0, 0.0)):
            halves = [(field + part * width, width / 2) for part in parts]
            tried = _Fit(curve, (*others, *halves))
            if tried.stands and fit.chi_squared - tried.chi_squared > SPLIT:
                better.append(tried)
    return min(better, key=lambda each: each.chi_squared) if better else None


class _Fit:
    """The moment as background and error functions.

    Args:
        curve: The readings.
        places: Where each step begins to be looked for.
    """

    def __init__(self, curve: Curve, places: Sequence[Place]) -> None:
        self._curve, self._count = curve, len(places)
        self._largest = float(np.max(np.abs(curve.field)))
        self._narrowest = self._largest / max(len(curve.field), 1)
        start = np.array([value for field, width in places for value in (field, width, -field, width)], dtype=float)
        self._shape = self._fitted(start) if self._count else start
        self._design = self._columns(self._shape)
        self._linear, self._residual = _solved(self._design, curve.moment)
        freedom = max(1, len(self._residual) - len(self._linear) - len(self._shape))
        left = math.sqrt(float(np.sum(self._residual**2)) / freedom)
        self.unexplained = left / curve.noise
        self.chi_squared = float(np.sum(self._residual**2)) / curve.noise**2
        self._scatter = max(curve.noise, left) * math.sqrt(persistence(self._residual))
        self.background = (float(self._linear[0]), float(self._linear[1]), float(self._linear[2]))

    def _fitted(self, start: FloatArray) -> FloatArray:
        ends = [self._largest, self._largest / 2] * (2 * self._count)
        low = np.array([-self._largest, self._narrowest] * (2 * self._count))
        high = np.array(ends)
        start = np.clip(start, low + 1e-9, high - 1e-9)
        found = optimize.least_squares(
            lambda shape: _solved(self._columns(shape), self._curve.moment)[1],
            start, bounds=(low, high), x_scale="jac", max_nfev=30,
        )  # fmt: skip
        return np.asarray(found.x, dtype=np.float64)

    def _columns(self, shape: FloatArray) -> FloatArray:
        """Offset, slope, drift, and each step from -1 to 1."""
        curve = self._curve
        columns = [np.ones_like(curve.field), curve.field, curve.time]
        return np.stack(columns + [_rise(curve, *shape[4 * n : 4 * n + 4]) for n in range(len(shape) // 4)], axis=1)

    # ---- what it came to

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Field and width of each step, mean of both branches, as on the rising one."""
        shapes = self._shape.reshape(-1, 4).tolist()
        return tuple((0.5 * (up - down), 0.5 * (wide + broad)) for up, wide, down, broad in shapes)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps with their uncertainties."""
        return tuple(self._step(number) for number in range(self._count))

    @property
    def stands(self) -> bool:
        """Whether each of its steps counts, and is one of its own."""
        whole = sum(abs(each.size) for each in self.steps)
        large = all(each.size >= max(SEEN * each.size_error, SMALLEST * whole) for each in self.steps)
        return large and all(
            self._parted(one, other) for one in range(self._count) for other in range(one + 1, self._count)
        )

    def _parted(self, one: int, other: int) -> bool:
        """Whether dM/dH falls between two steps, on both branches."""
        sizes = self._linear[3:]
        for at in (0, 2):
            shapes = self._shape.reshape(-1, 4)[:, at : at + 2]
            between = np.linspace(shapes[one, 0], shapes[other, 0], 101)[:, None]
            bells = sizes / shapes[:, 1] * np.exp(-0.5 * ((between - shapes[:, 0]) / shapes[:, 1]) ** 2) / ROOT_TWO_PI
            density = bells.sum(axis=1)
            if not float(density.min()) < VALLEY * min(float(density[0]), float(density[-1])):
                return False
        return True

    def _step(self, number: int) -> Step:
        up, wide, down, broad = self._shape[4 * number : 4 * number + 4].tolist()
        errors = np.sqrt(np.maximum(np.diag(self._covariance), 0.0))
        size = len(self._shape) + 3 + number
        return Step(
            float(self._linear[3 + number]), float(errors[size]),
            up, float(errors[4 * number]), down, float(errors[4 * number + 2]), 0.5 * (wide + broad),
        )  # fmt: skip

    @cached_property
    def _slopes(self) -> FloatArray:
        """How the moments change with each parameter of the shape, and each linear one."""
        bent = np.empty((len(self._design), len(self._shape)))
        for place, value in enumerate(self._shape.tolist()):
            step = 1e-3 * max(float(self._shape[place | 1]), self._narrowest)
            there, here = self._shape.copy(), self._shape.copy()
            there[place], here[place] = value + step, value - step
            bent[:, place] = (self._columns(there) - self._columns(here)) @ self._linear / (2 * step)
        return np.concatenate([bent, self._design], axis=1)

    @cached_property
    def _covariance(self) -> FloatArray:
        """Of the shape's parameters and then the linear ones."""
        slopes = self._slopes
        return np.asarray(np.linalg.pinv(slopes.T @ slopes) * self._scatter**2, dtype=np.float64)

    # ---- a further one

    def further(self) -> Place | None:
        """Return where a further step would take up most of what is left over, if that is more than noise."""
        places, columns = self._trials()
        if not places:
            return None
        pushed = columns - self._own @ (self._own.T @ columns)
        length = np.sqrt(np.sum(pushed**2, axis=0))
        sure = np.divide(-self._residual @ pushed, length * self._curve.noise, where=length > 0, out=length * 0.0)
        best = int(np.argmax(sure))
        return places[best] if float(sure[best]) > SEEN else None

    @cached_property
    def _own(self) -> FloatArray:
        """Orthonormal columns that span what the fit can do by itself."""
        slopes = self._slopes
        lengths = np.sqrt(np.sum(slopes**2, axis=0))
        return np.asarray(np.linalg.qr(slopes / np.where(lengths > 0, lengths, 1.0))[0], dtype=np.float64)

    def _trials(self) -> tuple[list[Place], FloatArray]:
        """Places of steps that are away from those that there are, and their columns."""
        tried: list[Place] = []
        for relative in WIDTHS:
            width = max(relative * self._largest, 2 * self._narrowest)
            count = max(9, min(161, int(2 * REACH * self._largest / width)))
            fields = np.linspace(-REACH * self._largest, REACH * self._largest, count).tolist()
            tried += [
                (field, width)
                for field in fields
                if all(abs(field - at) > NARROW * (width + wide) for at, wide in self.places)
            ]
        columns = [_rise(self._curve, field, width, -field, width) for field, width in tried]
        return tried, np.stack(columns, axis=1) if columns else np.empty((len(self._curve.field), 0))

    def smallest_visible(self) -> float:
        """Size at which a further step would be seen, in the middle of the places where it would stand alone.

        It is taken to be as wide, for its field, as the steps that there are; a tenth of its field where there is none.
        """
        relative = [width / max(abs(field), width) for field, width in self.places] or [0.1]
        found: list[float] = []
        for place in (np.linspace(0.05, 0.8, 16) * self._largest).tolist():
            width = max(self._narrowest, place * sum(relative) / len(relative))
            if all(abs(place - at) > NARROW * (width + wide) for at, wide in self.places):
                column = _rise(self._curve, place, width, -place, width)
                left = column - self._own @ (self._own.T @ column)
                found.append(SEEN * self._scatter / math.sqrt(max(float(left @ left), 1e-30)))
        return float(np.median(found)) if found else math.inf

    # ---- what follows from all steps together

    def total(self) -> Number:
        """Saturation moment: the sum of all sizes."""
        return self._derived(lambda whole: float(np.sum(whole[4 * self._count + 3 :])))

    def slope(self) -> Number:
        """Slope of the background."""
        return self._derived(lambda whole: float(whole[4 * self._count + 1]))

    def remanence(self) -> Number:
        """Half the difference of the falling branch and the rising one at zero field, as fitted."""
        return self._derived(lambda whole: 0.5 * (self._of_steps(whole, 2, 0.0) - self._of_steps(whole, 0, 0.0)))

    def crossings(self) -> tuple[Number, Number] | None:
        """Where the moment without background passes through zero, on the rising and on the falling branch."""
        if not self._count:
            return None
        return self._derived(lambda whole: self._root(whole, 0)), self._derived(lambda whole: self._root(whole, 2))

    def _derived(self, value: Callable[[FloatArray], float]) -> Number:
        """Value of a function of all parameters, and its standard uncertainty."""
        whole = np.concatenate([self._shape, self._linear])
        here, gradient = value(whole), np.zeros(len(whole))
        for place, number in enumerate(whole.tolist()):
            step = 1e-4 * max(abs(number), 1e-3)
            other = whole.copy()
            other[place] = number + step
            gradient[place] = (value(other) - here) / step
        return here, math.sqrt(max(0.0, float(gradient @ self._covariance @ gradient)))

    def _root(self, whole: FloatArray, at: int) -> float:
        shapes = whole[: 4 * self._count].reshape(-1, 4)[:, at : at + 2]
        reach = 2.0 * float(np.max(np.abs(shapes[:, 0]) + 4 * shapes[:, 1]))
        root: Any = optimize.brentq(lambda field: self._of_steps(whole, at, field), -reach, reach, xtol=1e-12)
        return float(root)

    def _of_steps(self, whole: FloatArray, at: int, field: float) -> float:
        """Moment of all steps at a field, on the rising branch (at 0) or the falling one (at 2)."""
        shapes = whole[: 4 * self._count].reshape(-1, 4)[:, at : at + 2]
        sizes = whole[4 * self._count + 3 :]
        return float(sizes @ special.erf((field - shapes[:, 0]) / (ROOT_TWO * shapes[:, 1])))


def _solved(design: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    gram = design.T @ design
    gram.flat[:: len(gram) + 1] += RIDGE * len(design)
    linear = np.asarray(np.linalg.solve(gram, design.T @ value), dtype=np.float64)
    return linear, design @ linear - value


def _rise(curve: Curve, up: float, up_width: float, down: float, down_width: float) -> FloatArray:
    """A step from -1 to 1, about one field where the field rises and about another where it falls."""
    at, width = np.where(curve.up, up, down), np.where(curve.up, up_width, down_width)
    return np.asarray(special.erf((curve.field - at) / (ROOT_TWO * width)), dtype=np.float64)
