"""States of a film as a run has read them: one for each pulse, or for none, with the mean of its readings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

HALL, RESISTANCE = "Hall resistance (ohm)", "Resistance (ohm)"


@dataclass(frozen=True, slots=True)
class State:
    """A state and the pulse that made it.

    Attributes:
        block: Block of the run that it was read in.
        number: Of the state, within its block.
        step: What it was read for.
        current: Of the pulse, A; 0 where there was none.
        width: Of the pulse, s.
        time: Of its first reading, lab s.
        hall: Hall resistance, ohm; NaN where none was read.
        scatter: Standard deviation of its readings, ohm; NaN of a single one.
        reads: How many these were.
        resistance: Longitudinal resistance, ohm; NaN where it was not read.
        clamped: Whether the pulse was.
        more: What else the experiment wrote of it, by column.
    """

    block: str
    number: int
    step: str
    current: float
    width: float
    time: float
    hall: float
    scatter: float
    reads: int
    resistance: float
    clamped: bool
    more: Mapping[str, Any]


def states_of(data: pd.DataFrame, columns: Sequence[str] = ()) -> list[State]:
    """Return the states of a run, in the order in which they were read.

    Args:
        data: Its rows, with the columns `Block`, `State`, `Step` and those of pulses and readings.
        columns: Which others to keep of each state.
    """
    blocks: list[Any] = data["Block"].tolist()
    numbers: list[Any] = data["State"].tolist()
    order = {key: place for place, key in enumerate(dict.fromkeys(zip(blocks, numbers, strict=True)))}
    places = np.array([order[key] for key in zip(blocks, numbers, strict=True)])
    table: dict[str, NDArray[Any]] = {
        name: data[name].to_numpy()
        for name in ("Step", "Pulse current (A)", "Pulse width (s)", "Time (s)", "Pulse clamped", *columns)
    }
    hall, along = (data[name].to_numpy(dtype=float) for name in (HALL, RESISTANCE))
    return [
        _state(key, np.flatnonzero(places == place), table, hall, along, columns) for key, place in order.items()
    ]  # fmt: skip


def _state(
    key: tuple[Any, Any], rows: NDArray[np.intp], table: Mapping[str, NDArray[Any]], hall: NDArray[np.float64],
    along: NDArray[np.float64], columns: Sequence[str],
) -> State:  # fmt: skip
    first = int(rows[0])
    read, across = hall[rows][np.isfinite(hall[rows])], along[rows][np.isfinite(along[rows])]
    return State(
        block=str(key[0]),
        number=int(key[1]),
        step=str(table["Step"][first]),
        current=float(table["Pulse current (A)"][first]),
        width=float(table["Pulse width (s)"][first]),
        time=float(table["Time (s)"][first]),
        hall=float(read.mean()) if read.size else math.nan,
        scatter=float(read.std(ddof=1)) if read.size > 1 else math.nan,
        reads=int(read.size),
        resistance=float(across[-1]) if across.size else math.nan,
        clamped=bool(table["Pulse clamped"][first]),
        more={name: table[name][first] for name in columns},
    )


def noise_of(states: Iterable[State]) -> float:
    """Return the standard error in ohm of the Hall resistance of a state, told from the scatter of the readings."""
    known = [(state.scatter, state.reads) for state in states if math.isfinite(state.scatter)]
    if not known:
        return 0.0
    variance = sum(scatter**2 * (reads - 1) for scatter, reads in known) / sum(reads - 1 for _, reads in known)
    return math.sqrt(variance / max(reads for _, reads in known))
