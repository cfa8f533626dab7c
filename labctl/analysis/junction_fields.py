"""The switching field of one layer of a junction: half the distance of both branches', and what loops differ by.

That of *this* loop is known as well as the loop was read. Compared with other loops, of another temperature or angle,
it is one draw of what thermal activation makes of the layer, and loops scatter by more than that; see `combine`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from labctl.analysis.result import THIS_LOOP, Result, missing
from labctl.analysis.widths import half_sum


def half_distance(results: Mapping[str, Result], layer: str) -> Result:
    """Half the distance of a layer's switching fields, T, which no shift of the loop moves; with its scatter if known.

    Args:
        results: Of `tmr_loop`.
        layer: "soft" or "hard".
    """
    up, down = (results[f"switching_field_{layer}_{branch}"] for branch in ("up", "down"))
    if up.value is None or down.value is None:
        return missing("T", up.why or down.why or "no switching field", up.of)
    error = float(np.hypot(up.uncertainty or 0.0, down.uncertainty or 0.0)) / 2
    scatter = half_sum([up.scatter, down.scatter])
    return Result((up.value - down.value) / 2, error, "T", up.of, scatter=scatter)


def of_the_layer(found: Result) -> Result:
    """The same as a property of the layer at this field rate: one loop is off by its scatter as well.

    The uncertainty of a mean over several loops has their scatter in it.
    """
    if found.value is None or found.scatter is None or found.of != THIS_LOOP:
        return found
    return replace(found, uncertainty=float(np.hypot(found.uncertainty or 0.0, found.scatter)), scatter=None)
