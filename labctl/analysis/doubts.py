"""Results with what else may explain a loop: a baseline that wanders or steps, a jump that is no switch of a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from labctl.analysis.ends import SIGNIFICANT
from labctl.analysis.result import Result, short_text
from labctl.analysis.wander import Wander


def with_wander(results: Mapping[str, Result], wander: Wander, left_open: float) -> dict[str, Result]:
    """The results of a saturated loop with a baseline that wanders: amplitude and slope by its own fit.

    Args:
        results: As from a straight baseline; the levels of the switching fields are widened already.
        wander: What the baseline leaves open.
        left_open: What else leaves the amplitude open, ohm.
    """
    found = dict(results)
    amplitude, slope = found["anomalous_hall_resistance"], found["ordinary_hall_slope"]
    value, error = wander.amplitude
    # A straight baseline has left open as much already; a wander makes nothing surer.
    error = max(float(np.hypot(error, left_open)), amplitude.uncertainty or 0.0)
    found["anomalous_hall_resistance"] = replace(amplitude, value=value, uncertainty=error)
    found["ordinary_hall_slope"] = replace(
        slope, value=wander.slope[0], uncertainty=float(np.hypot(wander.slope[1], slope.uncertainty or 0.0))
    )
    raw = found["anomalous_hall_resistance_saturated"]
    found["anomalous_hall_resistance_saturated"] = _widened(
        raw, float(np.hypot(float(raw.value or 0.0) - value, error))
    )
    found["remanence_ratio"] = _widened(found["remanence_ratio"], float(np.hypot(error, wander.size)) / abs(value))
    found["even_part"] = _widened(found["even_part"], float(np.hypot(wander.size, wander.gap / 2)))
    closure = found["closure"]
    if "taken for a drift" in (closure.note or "") or wander.gap:
        found["closure"] = replace(closure, note=wander.note())
    return found


def _widened(result: Result, by: float) -> Result:
    if result.value is None or result.uncertainty is None:
        return result
    return replace(result, uncertainty=float(np.hypot(result.uncertainty, by)))


def why_hidden(wander: Wander | None) -> str | None:
    """A switch must stand out of what the baseline does by itself."""
    if wander is None or abs(wander.amplitude[0]) > SIGNIFICANT * wander.amplitude[1]:
        return None
    size = short_text(max(wander.size, abs(wander.gap)), "ohm")
    return f"not saturated: the baseline wanders by about {size}, and no switch of a film stands out of that"


def wrong_way(down: Result, up: Result, width: Result) -> tuple[str | None, bool]:
    """A sentence about a loop that runs the wrong way round, and whether it can be no film's at all.

    A film of either polarity follows its field: the rising branch passes half way at a higher field than the falling
    one. Less than half the switching width may be a delay of the field's readings, and leaves the ends as they are.
    """
    if down.value is None or up.value is None:
        return None, False
    distance, error = down.value - up.value, float(np.hypot(down.uncertainty or 0.0, up.uncertainty or 0.0))
    if distance <= SIGNIFICANT * error:
        return None, False
    sentence = (
        f"the loop runs the wrong way round: the rising branch passes half way {short_text(distance, 'T')} below the "
        "falling one, so that the film would switch before the field asks it to; "
    )
    if distance <= (width.value or 0.0) / 2:
        return f"{sentence}its field was read too late, or it is none", False
    return f"not saturated: {sentence}no film of either polarity does, so a contact or the meter has jumped", True
