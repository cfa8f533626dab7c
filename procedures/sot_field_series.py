"""Current loops over fields in the film plane, as a series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from procedures.sot_switching import ORDERS, Order, SpinOrbitSwitching


class SpinOrbitFieldSeries(SpinOrbitSwitching):
    """Current loops over fields in the film plane: switching current, window and ratio against the field.

    A series of `sot-switching`, one run for each field along the current, from small to large, on one sample in one
    session. Each has the loops at the field with either sign, so that the sense of both stands beside the currents;
    `order` says whether it has more.
    """

    main_results = ("switching_current_up", "switching_current_down", "current_window", "switching_ratio")
    beside_results = ("sense", "sense_reversed")
    series_over: ClassVar[Mapping[str, str]] = {"in_plane_field": "20, 40, 80, 120, 160 mT"}

    order = Order("+ -", "Signs of the field in the plane, one after the other", options=[*ORDERS])
