"""A current that repeats itself."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field


@dataclass(slots=True)
class Cycle:
    """A periodic current: its steps (s, A), when it began, and how far the sample has been taken along it."""

    steps: tuple[tuple[float, float], ...]
    start: float
    fed: int = 0
    whole: bool = False
    offsets: list[float] = field(default_factory=lambda: [0.0])

    def __post_init__(self) -> None:
        self.offsets.extend(itertools.accumulate(duration for duration, _ in self.steps))

    @property
    def mean(self) -> float:
        """Current in A, averaged over a period."""
        return sum(duration * current for duration, current in self.steps) / self.offsets[-1]

    def next_step(self) -> tuple[float, float]:
        """When the next step to be fed begins (lab s), and its current in A."""
        turn, index = divmod(self.fed, len(self.steps))
        return self.start + turn * self.offsets[-1] + self.offsets[index], self.steps[index][1]

    def rest(self) -> tuple[tuple[float, float], ...]:
        """The steps, beginning with the next one to be fed."""
        index = self.fed % len(self.steps)
        return self.steps[index:] + self.steps[:index]
