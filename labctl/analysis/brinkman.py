"""Barrier height, asymmetry and thickness from the differential conductance of a tunnel junction.

Brinkman, Dynes and Rowell (J. Appl. Phys. 41, 1915 (1970)) expand the current through a trapezoidal barrier in the
bias. With the mean height phi and the difference dphi of its two sides in eV, and its thickness d,

    G(V)/G(0) = 1 - A0 dphi/(16 phi^1.5) V + 9 A0^2/(128 phi) V^2,    A0 = 4 sqrt(2 m) d/(3 hbar),
    G(0)/area = 3.16e10 sqrt(phi)/d exp(-1.025 d sqrt(phi)) S/cm2 with d in angstrom.

The exponents of phi are those with which it agrees with a numerical calculation of the trapezoid, to 10 % for d above
10 angstrom and dphi below phi; prints of it with other powers of phi are not even right in their units. The slope
alone is less exact: too large by the part 1.5 hbar/(d sqrt(2 m phi)), 20 % for 0.42 eV and 2.3 nm. And a parabola is
the beginning of the curve only: of this barrier it is 8 % too low at zero, 16 % at a third of the height.

At a temperature T all of it is larger by x/sin x, x = pi k T sqrt(2 m) d/(hbar sqrt(phi)) (Stratton, J. Phys. Chem.
Solids 23, 1177 (1962)).

The shape of G(V) alone knows only d/sqrt(phi), from the parabola, and dphi/phi, from the slope and that. What parts
phi from d is how much flows in all: G(0) in siemens and the area. Without them the three are not stated.

m is the free electron's. For another mass m* it is d sqrt(m*/m) that is found in the place of d; phi and dphi stay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from instruments.errors import BadValue
from labctl.analysis.readings import FloatArray
from labctl.analysis.spin_part import SpinPart

ELECTRON_MASS, CHARGE, HBAR, BOLTZMANN = 9.1093837015e-31, 1.602176634e-19, 1.054571817e-34, 1.380649e-23
"""SI units (CODATA 2018)."""

WAVE = math.sqrt(2.0 * ELECTRON_MASS * CHARGE) / HBAR
"""Sqrt(2 m)/hbar in 1/(m sqrt(eV))."""

PREFACTOR = 3.16e10 * 1e4 * 1e-10
"""Of G(0)/area in S/(m sqrt(eV)): 3.16e10 S/cm2 with d in angstrom."""

DECAY = 1.025 * 1e10
"""Of the exponent, in 1/(m sqrt(eV))."""

ACCURACY = 0.1
"""Part by which the expression's G(0) may be off (Brinkman, Dynes and Rowell; it is 6 to 8 % too low)."""

SLOPE_ORDER = 1.5
"""The expression leaves out what is smaller by 1/(k d), k = sqrt(2 m phi)/hbar; that takes 1.5/(k d) off the slope."""

SMALLEST_CURVATURE = 3.0
"""So many standard uncertainties must the parabola differ from a straight line for a barrier to be found."""

FLAT = 1e-6
"""Part of G(0) by which it must be larger at the largest bias; less is rounding."""

FEWEST = 6
"""Points for a fit of three numbers."""

NAMES = ("height", "asymmetry", "thickness")


def decay_length(thickness: float) -> float:
    """Return A0 = 4 sqrt(2 m) d/(3 hbar) in 1/sqrt(eV) for a thickness in m."""
    return 4.0 / 3.0 * WAVE * thickness


def shape_of(height: float, asymmetry: float, thickness: float) -> tuple[float, float]:
    """Return the slope in 1/V and the curvature in 1/V2 of G(V)/G(0) = 1 - slope V + curvature V^2."""
    a0 = decay_length(thickness)
    return a0 * asymmetry / (16.0 * height**1.5), 9.0 * a0**2 / (128.0 * height)


def conductance_per_area(height: float, thickness: float, temperature: float = 0.0) -> float:
    """Return G(0)/area in S/m2 at a temperature in K, of a height in eV and a thickness in m.

    Raises:
        BadValue: It is so warm that Stratton's factor has no meaning.
    """
    root = math.sqrt(height)
    return PREFACTOR * root / thickness * math.exp(-DECAY * thickness * root) * stratton(thickness / root, temperature)


def stratton(width: float, temperature: float) -> float:
    """Return x/sin x, by which a barrier conducts more at a temperature in K than at 0 K.

    Args:
        width: d/sqrt(phi) in m/sqrt(eV).
        temperature: K.

    Raises:
        BadValue: x is pi or more: as much flows over the barrier as through it.
    """
    x = math.pi * BOLTZMANN * temperature / CHARGE * WAVE * width
    if not 0.0 <= x < math.pi:
        raise BadValue(
            f"at {temperature:g} K Stratton's factor x/sin x has no meaning for this barrier (x = {x:.3g}, and it must "
            "be below pi): as much flows over the barrier as through it; measure at a lower temperature"
        )
    return x / math.sin(x) if x else 1.0


@dataclass(frozen=True, slots=True)
class Conductances:
    """Differential conductances of one junction.

    Attributes:
        voltage: (points,) V.
        conductance: (points,) S, or any unit for a curve that is to be fitted for its shape only.
        sigma: (points,) standard uncertainty of each; None where nobody knows it, and the scatter says it.
        broadening: (points,) V2; what a parabola G(V) = g (1 + c V^2) is measured as: g (1 + c (V^2 + broadening)).
            A chord over V +- u has u^2/3; zero for a true derivative.
        correlation: Correlation of the noise of a point with that of the next, the one after that, and so on.
        stretch: (points,) number of the stretch that each was taken in, between which nothing is correlated; None where
            all are of one.
        spin: What the state of a magnetic junction adds; it is taken out of what is fitted. None where nobody knows.
    """

    voltage: FloatArray
    conductance: FloatArray
    sigma: FloatArray | None = None
    broadening: FloatArray | float = 0.0
    correlation: tuple[float, ...] = ()
    stretch: FloatArray | None = None
    spin: SpinPart | None = None

    def within(self, bias: float) -> Conductances:
        """Return the points with no more than this bias in V.

        Correlations then hold between neighbours as before, since the points that are left follow each other.
        """
        use = np.abs(self.voltage) <= bias * (1.0 + 1e-9)
        broadening = np.broadcast_to(np.asarray(self.broadening, dtype=np.float64), self.voltage.shape)
        sigma = None if self.sigma is None else self.sigma[use]
        stretch = None if self.stretch is None else self.stretch[use]
        voltage, conductance = self.voltage[use], self.conductance[use]
        return Conductances(voltage, conductance, sigma, broadening[use], self.correlation, stretch, self.spin)


@dataclass(frozen=True, slots=True)
class Parabola:
    """G(V) = G(0) (1 - slope V + curvature V^2) of the barrier, fitted by least squares.

    Attributes:
        values: G(0) in the unit of the conductances, slope in 1/V, curvature in 1/V2.
        covariance: (3, 3), statistical.
        chi_square: Of the residuals in units of `sigma`; None where nobody knows what noise there is.
        freedom: Degrees of freedom.
        r_square: Part of the variance of the conductances that the parabola explains.
        fitted: (points,) what it says where it was measured, in the unit of the conductances, with what broadens.
        bias: Largest bias of either sign in it, in V.
        spin: What the state of a magnetic junction adds to it.
    """

    values: FloatArray
    covariance: FloatArray
    chi_square: float | None
    freedom: int
    r_square: float
    fitted: FloatArray
    bias: float
    spin: SpinPart | None = None

    @property
    def curved(self) -> bool:
        """Whether it bends upwards beyond its uncertainty."""
        least = max(SMALLEST_CURVATURE * math.sqrt(self.covariance[2, 2]), FLAT / self.bias**2)
        return bool(self.values[2] > least)

    def at(self, voltage: FloatArray) -> FloatArray:
        """Return the conductance at voltages in V, with what the state of a magnetic junction adds."""
        zero, slope, curvature = self.values
        return _columns(self.spin, voltage, 0.0) @ (zero * np.array([1.0, -slope, curvature]))


def fit_parabola(curve: Conductances) -> Parabola:
    """Fit the parabola to conductances.

    The covariance is that of `sigma`, widened where the residuals are larger than that says; without `sigma` it comes
    from the residuals alone.

    Raises:
        BadValue: There are fewer than six points, they are no numbers, or all on one side of zero.
    """
    voltage, value = curve.voltage, curve.conductance
    if len(voltage) < FEWEST or not (np.isfinite(voltage).all() and np.isfinite(value).all()):
        raise BadValue(
            f"{len(voltage)} conductances are too few for a barrier, or not all are numbers; measure {FEWEST} or more"
        )
    if not voltage.min() < 0.0 < voltage.max():
        raise BadValue("the conductances are all on one side of zero bias; measure with both signs")
    design, offset = _design(curve)
    rows, target = _whitened(curve, design, value)
    spread = np.linalg.inv(rows.T @ rows)
    # What broadens is known but for the curvature, which the design holds; so the fit is linear in all three.
    parameters = spread @ (rows.T @ target)
    residual = target - rows @ parameters
    freedom = len(voltage) - 3
    chi_square = float(residual @ residual)
    excess = chi_square / freedom
    spread = spread * (excess if curve.sigma is None else max(1.0, excess))
    fitted = design @ parameters
    rest = float(np.sum((value - fitted) ** 2)) / float(np.sum((value - value.mean()) ** 2) or math.inf)
    zero, first, second = parameters * (1.0, 1.0, offset)
    jacobian = np.array([[1.0, 0.0, 0.0], [first / zero**2, -1.0 / zero, 0.0], [-second / zero**2, 0.0, offset / zero]])
    return Parabola(
        np.array([zero, -first / zero, second / zero]),
        np.asarray(jacobian @ spread @ jacobian.T, dtype=np.float64),
        None if curve.sigma is None else chi_square,
        freedom,
        1.0 - rest,
        np.asarray(fitted, dtype=np.float64),
        float(np.max(np.abs(voltage))),
        curve.spin,
    )


def _columns(spin: SpinPart | None, voltage: FloatArray, broadening: FloatArray | float) -> FloatArray:
    """DI/dV of G = 1, V and V^2 at voltages in V, as it is measured."""
    if spin is not None:
        return spin.columns(voltage, broadening)
    return np.column_stack([np.ones_like(voltage), voltage, voltage**2 + broadening])


def _design(curve: Conductances) -> tuple[FloatArray, float]:
    """Columns of G(0), of V and of V^2 with what broadens, the last one in a unit that keeps the matrix well off."""
    scale = 1.0 / float(np.max(curve.voltage**2))
    return _columns(curve.spin, curve.voltage, curve.broadening) * np.array([1.0, 1.0, scale]), scale


def _whitened(curve: Conductances, design: FloatArray, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Design and values in units in which the noise of each point is one, and its own."""
    count = len(value)
    matrix = np.eye(count)
    for lag, size in enumerate(curve.correlation, start=1):
        matrix += size * (np.eye(count, k=lag) + np.eye(count, k=-lag))
    if curve.stretch is not None:
        matrix *= curve.stretch[:, None] == curve.stretch
    sigma = np.ones(count) if curve.sigma is None else curve.sigma
    root = np.linalg.cholesky(matrix * np.outer(sigma, sigma))
    both = np.linalg.solve(root, np.column_stack([design, value]))
    whitened = np.asarray(both, dtype=np.float64)
    return whitened[:, :-1], whitened[:, -1]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the shape of G(V) alone tells of a barrier.

    Attributes:
        squared_width: d^2/phi in m2/eV, and its uncertainty.
        skewness: d dphi/phi^1.5 in m/sqrt(eV), and its uncertainty.
    """

    squared_width: tuple[float, float]
    skewness: tuple[float, float]


def shape_found(parabola: Parabola) -> Shape:
    """Return the two combinations of height, asymmetry and thickness that a normalised curve identifies.

    They are all that it identifies: whoever wants the three has to measure G(0) in siemens, and the area.
    """
    _, slope, curvature = parabola.values
    errors = np.sqrt(np.diag(parabola.covariance))
    square, skew = 8.0 / WAVE**2, 12.0 / WAVE
    return Shape((square * curvature, square * float(errors[2])), (skew * slope, skew * float(errors[1])))


@dataclass(frozen=True, slots=True)
class BarrierFit:
    """A barrier, found from a parabola and the area.

    Attributes:
        values: Height in eV, asymmetry in eV, thickness in m for the free electron's mass.
        covariance: (3, 3), statistical.
        factor: Stratton's x/sin x, which was taken out.
        parabola: What it was found from.
        expression: By how much each may be off since the expression is: G(0) by 10 %, the slope by its next order.
    """

    values: FloatArray
    covariance: FloatArray
    factor: float
    parabola: Parabola
    expression: FloatArray = field(default_factory=lambda: np.zeros(3))

    @property
    def uncertainty(self) -> FloatArray:
        """Standard uncertainty of each, statistical."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)

    @property
    def correlation(self) -> FloatArray:
        """(3, 3) correlations of height, asymmetry and thickness."""
        errors = self.uncertainty
        return np.asarray(self.covariance / np.outer(errors, errors), dtype=np.float64)


def barrier_of(parabola: Parabola, area: float, temperature: float) -> BarrierFit:
    """Find the barrier whose conductance a parabola is.

    Since the parabola has three numbers and the barrier too, this is a solution and no further fit: the curvature
    gives d/sqrt(phi), with which G(0) has only one unknown left.

    Args:
        parabola: With G(0) in siemens.
        area: m2.
        temperature: K, at which it was measured.

    Raises:
        BadValue: There is no area, no curvature, or no such barrier.
    """
    if not 0.0 < area < math.inf:
        raise BadValue(
            f"an area of {area!r} m2 is none, and from the shape of the curve alone barrier height and thickness "
            "cannot be told apart; give the junction's area"
        )
    if not parabola.curved:
        raise BadValue(
            f"the conductance has no upward curvature within {parabola.bias:.3g} V beyond its uncertainty, so that no "
            "barrier follows from it; measure to a larger bias, or longer"
        )
    values = _solved(parabola.values, area, temperature)
    jacobian = np.empty((3, 3))
    for column, size in enumerate(parabola.values):
        step = 1e-6 * abs(size) + 1e-12
        ends = []
        for sign in (1.0, -1.0):
            moved = parabola.values.copy()
            moved[column] += sign * step
            ends.append(_solved(moved, area, temperature))
        jacobian[:, column] = (ends[0] - ends[1]) / (2.0 * step)
    covariance = np.asarray(jacobian @ parabola.covariance @ jacobian.T, dtype=np.float64)
    factor = stratton(math.sqrt(8.0 * parabola.values[2]) / WAVE, temperature)
    off = np.abs(_solved(parabola.values * (1.0 + ACCURACY, 1.0, 1.0), area, temperature) - values)
    off[1] = math.hypot(off[1], values[1] * SLOPE_ORDER / (WAVE * values[2] * math.sqrt(values[0])))
    return BarrierFit(values, covariance, factor, parabola, np.asarray(off, dtype=np.float64))


def _solved(values: FloatArray, area: float, temperature: float) -> FloatArray:
    """Height, asymmetry and thickness for G(0), slope and curvature."""
    zero, slope, curvature = (float(value) for value in values)
    width = math.sqrt(8.0 * curvature) / WAVE  # d/sqrt(phi)
    height = math.log(PREFACTOR / width * stratton(width, temperature) * area / zero) / (DECAY * width)
    if not height > 0.0:
        raise BadValue(
            f"{zero:.3g} S through {1e12 * area:.3g} um2 is more than any barrier of this curvature lets pass: the "
            "area or the conductance is wrong, or most of it flows beside the barrier"
        )
    return np.array([height, 12.0 * slope * height / (WAVE * width), width * math.sqrt(height)])
