"""Papers by name, and what is run and told for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from labctl.reproduction import cogd2022, cotb2025, fimtj2026
from labctl.reproduction.measured import Measure
from labctl.reproduction.planned import Planned


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How a paper is reproduced.

    Attributes:
        plan: All runs, each behind those that it needs.
        measures: How claims follow from them, by the claims' ids.
        chosen: What of the runs the paper does not state, a sentence each.
    """

    plan: Callable[[], Sequence[Planned]]
    measures: Mapping[str, Measure]
    chosen: Sequence[str]


REPRODUCTIONS: Mapping[str, Reproduction] = {
    "cogd2022": Reproduction(cogd2022.plan, cogd2022.MEASURES, cogd2022.CHOSEN),
    "cotb2025": Reproduction(cotb2025.plan, cotb2025.MEASURES, cotb2025.CHOSEN),
    "fimtj2026": Reproduction(fimtj2026.plan, fimtj2026.MEASURES, fimtj2026.CHOSEN),
}
"""Each of these has a file in `data/targets`."""
