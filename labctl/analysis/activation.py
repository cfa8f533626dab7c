"""How far thermal activation makes one loop differ from the next.

A grain's barrier is frozen and returns in every loop; only its thermal clock is drawn anew. So a loop scatters less
than one whose grains drew their switching fields anew each time. By how much less follows from the thermal width: by
so much the field has to grow until a grain is e times as likely to reverse.
"""

from __future__ import annotations

import numpy as np

from labctl.analysis.branches import Loop

ATTEMPT_RATE = 1e9
"""Attempts of a grain to reverse, per s: assumed; only its logarithm counts."""
USUAL_RATE = 5e-3
"""T/s, taken for the rate of a field whose table has no time."""


def thermal_width(coercive: float, rate: float) -> float:
    """Thermal width of a grain's switching, T; the coercive field rises as much with each factor e of the field's rate.

    It is that of droplets, whose barrier is B / H. Their hazard on a ramp at the rate r is (f0 H / r) E2(z) with
    z = B / (H k T) (Abramowitz and Stegun 5.1.4), about (f0 H / r) exp(-z) / (z + 2). So z follows from a hazard of
    ln 2 at the field where half of such grains have reversed; d ln(hazard) / d ln H is z + 2, the width H / (z + 2). A
    thousand times more attempts, or a rate a thousand times slower, make it a quarter narrower.

    Args:
        coercive: T, field at which the grain reverses, counted from the middle of the loop.
        rate: T/s, of the field.
    """
    size = abs(coercive)
    if size == 0 or rate <= 0:
        return 0.0
    return size / (_height(size, rate, ATTEMPT_RATE) + 2)


def _height(coercive: float, rate: float, attempt_rate: float) -> float:
    """Barrier over k T at which half of such grains have reversed on a ramp; see `thermal_width`."""
    z = 20.0
    for _ in range(20):  # each pass brings it closer by a factor of twenty
        z = max(1.0, float(np.log(attempt_rate * coercive / (rate * np.log(2) * (z + 2)))))
    return z


def standing_field(coercive: float, rate: float, time: float, attempt_rate: float = ATTEMPT_RATE) -> float:
    """Field in T that reverses half of the grains in a time, where a ramp does it at another one.

    The barrier is B / H as in `thermal_width`. In a standing field half have reversed when f0 t exp(-B / (H k T)) is
    ln 2, so that H is to the ramp's field as z of the ramp is to ln(f0 t / ln 2).

    Args:
        coercive: T, field at which the ramp reverses half; above zero.
        rate: T/s, of the ramp; above zero.
        time: s, for which the field stands; above zero.
        attempt_rate: f0 in 1/s.
    """
    needed = max(1.0, float(np.log(attempt_rate * time / np.log(2))))
    return coercive * _height(coercive, rate, attempt_rate) / needed


def quantile_scatter(share: float, grains: float, density: float, width: float) -> float:
    """Standard deviation from loop to loop of the field at which a share of the grains has reversed, T.

    By the field H a grain has reversed with a probability p that rises within about its thermal width w, and the
    number of reversed grains varies by the sum of all p (1 - p). The integral of p (1 - p) over the barriers is w ln 2
    for a hazard that grows as exp(H / w), so that n f grains a tesla make the field vary by sqrt(w ln 2 / (n f)). With
    barriers all alike that is, to 2 %, the sqrt(p (1 - p) / n) / f of n independent draws, which it never exceeds.

    Args:
        share: Part of the grains that has reversed, 0 to 1.
        grains: Their number n.
        density: Part of them that reverses in a tesla, f.
        width: w in T.
    """
    independent = float(np.sqrt(share * (1 - share) / grains)) / density
    return min(independent, float(np.sqrt(np.log(2) * width / (grains * density))))


def mean_rate(loop: Loop) -> float:
    """|dH/dt| over both branches, T/s; what is taken for it where the table has no time matters little."""
    if not loop.down.rows.timed:
        return USUAL_RATE
    spans = [np.ptp(branch.rows.field) for branch in (loop.down, loop.up)]
    times = [np.ptp(branch.rows.time) for branch in (loop.down, loop.up)]
    return float(sum(spans) / sum(times)) if sum(times) > 0 else USUAL_RATE
