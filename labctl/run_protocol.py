"""What a procedure needs of the run that carries it out, whichever that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from labctl.tracking import Path

if TYPE_CHECKING:
    import pandas as pd


class Run(Protocol):
    """What a procedure needs of the run that carries it out.

    Attributes:
        path: Where it stands in its loops.
        attempt: How often it was begun, from 1.
        sample_seen: Temperature of the sample in K when its own resistance was last read for it, and that of the block
            then; None as long as it was not.
    """

    path: Path
    attempt: int
    sample_seen: tuple[float, float] | None

    def record(self, row: dict[str, Any]) -> None:
        """Append a row to the data file."""
        ...

    def recorded(self, block: str | None) -> pd.DataFrame:
        """Return the rows so far that count."""
        ...

    @property
    def rng(self) -> np.random.Generator:
        """The generator for random orders where the run stands."""
        ...

    def check(self) -> None:
        """Raise what ends the run: an abort, or an interlock."""
        ...

    def note(self, event: str, **details: Any) -> None:
        """Write a line into the run's events."""
        ...

    def journal(self, kind: str, values: Mapping[str, Any], *, at_once: bool = False) -> None:
        """Take in what was learnt of the sample."""
        ...

    def remark(self, sentence: str) -> None:
        """Say something that people should read when the run is over."""
        ...
