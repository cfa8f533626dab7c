"""From the rows of a run on harmonic Hall voltages to the points of each harmonic, and to what belongs together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from instruments.errors import BadValue
from labctl.analysis.effective_fields import ACROSS, ALONG, Sweep
from labctl.analysis.first_harmonic import first_harmonic
from labctl.analysis.readings import FloatArray
from labctl.rundir import RunDirectory
from procedures.harmonic_hall import AMPLITUDE, FIELD_ACROSS, FIELD_ALONG, FIRST, SECOND, SET_FIELD, STATE, STEP

if TYPE_CHECKING:
    import pandas as pd

    from procedures.harmonic_hall import HarmonicHall


@dataclass(frozen=True, slots=True)
class Points:
    """One harmonic of both states at one amplitude, the mean of the readings at each field.

    Attributes:
        field: (n,): T along the axis, as reported.
        state: (n,): +1 or -1.
        value: (n,): X + iY as an amplitude in V.
        phase: (n,): Reference phase in rad.
        error: Standard deviation of a mean, V.
    """

    field: FloatArray
    state: FloatArray
    value: NDArray[np.complex128]
    phase: FloatArray
    error: float


def other_rows(procedure: HarmonicHall) -> pd.DataFrame:
    """Return the rows of the run along the other axis.

    Raises:
        BadValue: It is none, or of another sample or the same axis.
        UnknownName: There is no such run.
        DataDamaged: It cannot be read.
    """
    directory = RunDirectory.open(Path(procedure.other_run))
    sample = directory.request()["sample"]["name"]
    rows = directory.read_data()[0]
    if AMPLITUDE not in rows or FIELD_ALONG not in rows:
        raise BadValue(
            f"other_run is {directory.path.name}, which has no harmonics of a Hall voltage; name a run of "
            "harmonic-hall along the other axis"
        )
    if sample != procedure.sample.name:
        raise BadValue(
            f"other_run is of sample {sample!r}, this one of {procedure.sample.name!r}; both axes are of one sample"
        )
    if rows.empty or axis_of(rows) == procedure.field_axis():
        raise BadValue(
            f"other_run is {directory.path.name}, whose field is {procedure.field_axis()} the current as in this run, "
            "or which has no row; name one along the other axis"
        )
    return rows


def check_other(procedure: HarmonicHall) -> None:
    """Refuse another run that the procedure's own rows cannot be joined with.

    Raises:
        BadValue: It is none, of another sample, of the same axis or of other amplitudes.
        UnknownName: There is no such run.
        DataDamaged: It cannot be read.
    """
    own, others = procedure.currents(), [sweep.amplitude for sweep in sweeps_of(other_rows(procedure))]
    if len(own) != len(others) or not all(map(same_amplitude, own, others)):
        raise BadValue(
            f"other_run is {Path(procedure.other_run).name}, which has both harmonics at {_listed(others)}, but "
            f"amplitudes are {_listed(own)}; both axes take the same ones, give these or those as amplitudes"
        )


def same_amplitude(one: float, other: float) -> bool:
    """Whether two amplitudes in A are one."""
    return math.isclose(one, other, rel_tol=1e-6)


def _listed(amplitudes: Sequence[float]) -> str:
    return ", ".join(f"{1e3 * amplitude:.6g}" for amplitude in amplitudes) + " mA" if amplitudes else "no amplitude"


def axis_of(rows: pd.DataFrame) -> str:
    """Return the axis along which the field was, by the rows."""
    largest = [float(np.abs(column(rows, name)).max()) for name in (FIELD_ALONG, FIELD_ACROSS)]
    return ALONG if largest[0] >= largest[1] else ACROSS


def column(rows: pd.DataFrame, name: str) -> FloatArray:
    """Return a column as numbers."""
    return rows[name].to_numpy(dtype=float)


def signals(rows: pd.DataFrame) -> NDArray[np.complex128]:
    """Return X + iY of each row as an amplitude in V."""
    return math.sqrt(2.0) * (column(rows, "X (V)") + 1j * column(rows, "Y (V)"))


def taken_for(rows: pd.DataFrame, step: str) -> NDArray[np.bool_]:
    """Return which rows were taken for something: the phase, the first or the second harmonic."""
    return np.array([each == step for each in rows[STEP].tolist()], dtype=bool)


def points_of(rows: pd.DataFrame, step: str, amplitude: float) -> Points:
    """Return the means at each field of one harmonic at one amplitude in A."""
    used = taken_for(rows, step) & (column(rows, AMPLITUDE) == amplitude)
    fields = column(rows, FIELD_ALONG if axis_of(rows) == ALONG else FIELD_ACROSS)
    states, places = column(rows, STATE), column(rows, SET_FIELD)
    seen, phases = signals(rows), np.radians(column(rows, "Phase (deg)"))
    kept: list[tuple[float, float, complex, float]] = []
    spreads: list[float] = []
    for state, place in sorted(set(zip(states[used].tolist(), places[used].tolist(), strict=True))):
        here = used & (states == state) & (places == place)
        values = seen[here]
        kept.append((float(fields[here].mean()), state, complex(values.mean()), float(phases[here][0])))
        if values.size > 1:
            spreads.append(float(np.var(values.real, ddof=1)) / values.size)
    parts = [list(part) for part in zip(*kept, strict=True)] or [[], [], [], []]
    return Points(
        np.array(parts[0], dtype=float), np.array(parts[1], dtype=float), np.array(parts[2], dtype=complex),
        np.array(parts[3], dtype=float), math.sqrt(math.fsum(spreads) / len(spreads)) if spreads else math.nan,
    )  # fmt: skip


def sweeps_of(rows: pd.DataFrame) -> list[Sweep]:
    """Return the sweeps of both states, by amplitude; without those that are not whole or tell no anisotropy field."""
    found: list[Sweep] = []
    for amplitude in np.unique(column(rows, AMPLITUDE)).tolist():
        one, two = points_of(rows, FIRST, amplitude), points_of(rows, SECOND, amplitude)
        if not one.field.size or not two.field.size or set(two.state.tolist()) != {1.0, -1.0}:
            continue
        first = first_harmonic(one.field, one.state, one.value.real / amplitude, one.error / amplitude)
        if first is None:
            continue
        change, raw = (-2.0 * values.imag / amplitude for values in (two.value, two.value * np.exp(1j * two.phase)))
        found.append(Sweep(axis_of(rows), amplitude, two.field, two.state, change, raw, first))
    return found


def pairs_of(own: Sequence[Sweep], other: Sequence[Sweep]) -> list[list[Sweep]]:
    """Return what belongs together: of each own sweep the one at the same amplitude along the other axis, if any."""
    pairs: list[list[Sweep]] = []
    for sweep in own:
        same = [each for each in other if same_amplitude(each.amplitude, sweep.amplitude)]
        pairs.append(sorted([sweep, *same[:1]], key=lambda each: each.axis != ALONG))
    return pairs
