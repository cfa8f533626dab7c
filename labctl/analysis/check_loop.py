"""Whether a block that was measured again tells the same of the sample: the check loop of a run that is carried on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labctl.analysis.result import Result, Results

LEAST = 0.01
"""Part of a value by which it may always differ: the bound that the health check has for the resistance."""
STANDARD = 3.0
"""Combined standard uncertainties by which two values may differ."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A result of a block, and of the same block measured again.

    Attributes:
        name: Of the result.
        before: With its uncertainty.
        now: With its uncertainty, or without a value where there is none any more.
        limit: Difference from which on the sample has changed, in the results' unit.
    """

    name: str
    before: Result
    now: Result
    limit: float

    @property
    def part(self) -> float:
        """Difference as a part of the earlier value, without sign; 1 where there is no value any more."""
        difference = self._difference()
        if difference is None:
            return 1.0
        return difference / abs(float(self.before.value or 0.0)) if self.before.value else math.inf

    @property
    def changed(self) -> bool:
        """Whether the sample is another one by this result."""
        difference = self._difference()
        return difference is None or difference > self.limit

    def _difference(self) -> float | None:
        if self.now.value is None or self.before.value is None:
            return None
        return abs(float(self.now.value) - float(self.before.value))

    def as_dict(self) -> dict[str, object]:
        """Return it as it is written into a run's events."""
        return {"before": self.before.as_dict(), "now": self.now.as_dict(), "limit": self.limit}


def comparable(results: Results) -> dict[str, Result]:
    """Return the results that a comparison can go by: numbers with an uncertainty."""
    return {
        name: result
        for name, result in results.items()
        if result.value is not None and not isinstance(result.value, bool) and result.uncertainty is not None
    }


def compared(before: Mapping[str, Result], now: Results, least: float = LEAST) -> Iterator[Compared]:
    """Compare what a block told with what it tells now.

    What differs from loop to loop of one and the same film (`Result.scatter`) counts as an uncertainty of both.

    Args:
        before: What it told, from `comparable`.
        now: What it tells now; one without an uncertainty is taken to be as uncertain as before.
        least: Part of a value by which it may always differ.
    """
    for name, earlier in before.items():
        later = now[name] if name in now else _gone(earlier)
        together = math.hypot(*_errors(earlier), *_errors(earlier if later.uncertainty is None else later))
        yield Compared(name, earlier, later, max(STANDARD * together, least * abs(float(earlier.value or 0.0))))


def _gone(earlier: Result) -> Result:
    return Result(None, None, earlier.unit, earlier.of, why="its analysis does not give it any more")


def _errors(result: Result) -> tuple[float, float]:
    return result.uncertainty or 0.0, result.scatter or 0.0
