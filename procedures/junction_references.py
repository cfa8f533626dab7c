"""References of a junction's bits: loops at the temperatures at which it is read, of this run or of an earlier one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from instruments.errors import BadValue
from instruments.units import format_quantity
from labctl.analysis.result import Results
from labctl.analysis.thermal_bits import Number, Reference, joined
from labctl.journal import SWITCHING_FIELDS, Entry, Journal
from labctl.request import device_name
from labctl.rundir import RunDirectory
from procedures.tmr_results import BRANCH, KIND, LOOP, RESISTANCE

if TYPE_CHECKING:
    import pandas as pd

    from procedures.thermal_write import ThermalWrite

SET_TEMPERATURE, WHEN = "Set temperature (K)", "When"
BEFORE, AFTER, EARLIER = "before", "after", "earlier"
"""When a loop was taken: the words of the column `When`; with the last one before the others in another run."""
NO_LOOP = "-"
NEAR = 0.2
"""Part of the switching field on either side, in which its rate is looked for."""
SAME_BIAS = 0.01
"""Part of the bias by which that of an earlier run may differ."""
SAME_SET_POINT = 0.01
"""K by which a set point of an earlier run may differ: bits are told to 0.0001, and 0.1 K is 0.001 of one."""
COPIED = ("Time (s)", "Field (T)", RESISTANCE, "Temperature (K)", BRANCH, "Loop", SET_TEMPERATURE, WHEN)
"""Columns that are taken over from the loops of an earlier run."""


@dataclass(frozen=True, slots=True)
class ReferenceLoop:
    """A loop that was taken for its two states.

    Attributes:
        when: Word of the column `When`.
        temperature: Set point, K.
        rate: Of the field where the hard layer switches, T/s; 0 where that is not known.
        results: Of its analysis.
    """

    when: str
    temperature: float
    rate: float
    results: Results

    def reference(self) -> Reference | None:
        """Return what it tells of both states; None where it is not saturated."""
        loop = self.results
        parallel, antiparallel = (_number(loop, name) for name in ("resistance_parallel", "resistance_antiparallel"))
        if parallel is None or antiparallel is None or parallel.value == antiparallel.value:
            return None
        soft, hard = (_field(loop, layer) for layer in ("soft", "hard"))
        width = abs(loop.number("switching_width_hard") or 0.0)
        return Reference(self.temperature, parallel, antiparallel, soft, hard, width, self.rate)


def loops_of(data: pd.DataFrame) -> Iterator[ReferenceLoop]:
    """Give the reference loops among the rows of a run of `thermal-write`."""
    from labctl.analysis import junction_loops

    rows = data.loc[(data[KIND] == LOOP) & data[RESISTANCE].notna()]
    pairs = zip(rows[WHEN].tolist(), rows[SET_TEMPERATURE].tolist(), strict=True)
    for when, temperature in dict.fromkeys(pairs):
        mine = rows.loc[(rows[WHEN] == when) & (rows[SET_TEMPERATURE] == temperature)]
        field, resistance, number = (mine[name].to_numpy(dtype=float) for name in ("Field (T)", RESISTANCE, "Loop"))
        words = [str(word) for word in mine[BRANCH].tolist()]
        loop = junction_loops.tmr_loop(field, resistance, words, number)
        yield ReferenceLoop(str(when), float(temperature), _rate(mine, loop), loop)


def _rate(rows: pd.DataFrame, loop: Results) -> float:
    """Median rate of the field where the hard layer switches, T/s."""
    hard = _field(loop, "hard")
    if hard is None:
        return 0.0
    field, time = (rows[name].to_numpy(dtype=float) for name in ("Field (T)", "Time (s)"))
    near = np.abs(np.abs(field[1:]) - hard.value) < NEAR * hard.value
    rates = np.abs(np.diff(field) / np.diff(time))[near]
    return float(np.median(rates)) if rates.size else 0.0


def references_of(loops: Iterable[ReferenceLoop]) -> list[Reference]:
    """Return what the saturated ones among loops tell."""
    found = (loop.reference() for loop in loops)
    return [each for each in found if each is not None]


def lacking_in(loops: Sequence[ReferenceLoop]) -> dict[float, str]:
    """Return the temperatures in K at which no loop is a reference, and why."""
    known = references_of(loops)
    return {
        loop.temperature: loop.results["tmr"].why or "both states have one resistance"
        for loop in loops
        if joined(known, loop.temperature) is None
    }


def _number(loop: Results, name: str) -> Number | None:
    result = loop.get(name)
    return None if result is None or result.value is None else Number(float(result.value), result.uncertainty or 0.0)


def _field(loop: Results, layer: str) -> Number | None:
    """Mean magnitude of a layer's switching fields in T; what both branches and further loops differ by is in it."""
    names = [f"switching_field_{layer}_{branch}" for branch in ("up", "down")]
    known = [loop[name] for name in names if name in loop and loop[name].value is not None]
    if not known:
        return None
    sizes = [abs(float(result.value or 0.0)) for result in known]
    own = math.hypot(*(math.hypot(result.uncertainty or 0.0, result.scatter or 0.0) for result in known)) / len(known)
    return Number(math.fsum(sizes) / len(sizes), math.hypot(own, 0.5 * (max(sizes) - min(sizes))))


# ---- of an earlier run


def earlier_rows(procedure: ThermalWrite) -> pd.DataFrame:
    """Return the rows of the reference loops of `procedure.earlier_run`, of the temperatures that are visited.

    Raises:
        BadValue: It is no run of `thermal-write`, of another device, read otherwise, or has no reference at a visited
            temperature.
        UnknownName: There is no such run.
        DataDamaged: It cannot be read.
    """
    directory = RunDirectory.open(Path(procedure.earlier_run))
    named = f"earlier_run is {directory.path.name}"
    _check_device(directory, named, procedure)
    _check_read_alike(directory, named, procedure)
    data = directory.read_data()[0]
    data = data.loc[[_is_visited(kelvin, procedure.visits) for kelvin in data[SET_TEMPERATURE].tolist()]]
    known = references_of(loops_of(data))
    lacking = [each for each in dict.fromkeys(procedure.visits) if joined(known, each) is None]
    if lacking:
        shown = ", ".join(f"{each:g}" for each in lacking)
        raise BadValue(
            f"{named}, which has no saturated loop at {shown} K; leave earlier_run out, so that this run measures its "
            "own, or give one that has"
        )
    return data.loc[data[KIND] == LOOP]


def _check_device(directory: RunDirectory, named: str, procedure: ThermalWrite) -> None:
    """Refuse a run of another experiment or device; one simulated with another model is another device as well."""
    request = directory.request()
    kind = str(request.get("procedure", {}).get("name"))
    if kind != "thermal-write":
        raise BadValue(f"{named}, a run of {kind}, which has no references; give one of thermal-write")
    sample, simulated = request.get("sample", {}), bool(request.get("simulated"))
    seed = int(request.get("seeds", {}).get("sample_seed", 0)) if simulated else None
    name, device = str(sample.get("name")), device_name(str(sample.get("name")), seed)
    if device != procedure.sample_device:
        own = procedure.sample.name
        then, now = (name, own) if name != own else (device, procedure.sample_device)
        raise BadValue(
            f"{named}, of sample {then}, but this is {now}; references are those of one device, give a run of this one"
        )
    if simulated and sample.get("model") != procedure.sample.snapshot().get("model"):
        raise BadValue(
            f"{named}, of sample {name} when its record had another [model]; references are those of one "
            "device, give a run with the record as it is now"
        )


def _check_read_alike(directory: RunDirectory, named: str, procedure: ThermalWrite) -> None:
    """Refuse a run read at another bias, with which a resistance changes, or by an instrument of another scale."""
    request = directory.request()
    given = request.get("parameters", {}).get("bias", {}).get("value")
    record = request.get("sample", {}).get("probe", {}).get("voltage")
    bias, own = float(record if given is None else given), procedure.bias_voltage()
    if abs(bias - own) > SAME_BIAS * own:
        then, now = (format_quantity(each, "V") for each in (bias, own))
        raise BadValue(
            f"{named}, read at {then}, but bias is {now}, and a junction's resistance changes with it; give "
            f'bias="{then}", or leave earlier_run out'
        )
    ways = [str(event.get("way")) for event in directory.events() if event.get("event") == "read_with"]
    way = procedure.reading_by().way
    if ways and ways[-1] != way:
        raise BadValue(
            f"{named}, read with the {ways[-1]}, but this run reads with the {way}, whose scale is another one; give "
            f'read_with="{ways[-1]}", or leave earlier_run out'
        )


def _is_visited(temperature: float, visits: Sequence[float]) -> bool:
    return any(abs(temperature - each) <= SAME_SET_POINT for each in visits)


def copied(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Give the rows of an earlier run's loops as this run keeps them; their times are those of that run's clock."""
    for values in zip(*(rows[name].tolist() for name in COPIED), strict=True):
        row = dict(zip(COPIED, values, strict=True))
        when = str(row[WHEN])
        yield {**row, WHEN: when if when.startswith(EARLIER) else f"{EARLIER} {when}"}


# ---- of the sample's journal


def journal_references(journal: Journal | None, temperatures: Sequence[float], within: float) -> list[Reference]:
    """Return what the journal's newest saturated loops of this mounting tell, within so many K of temperatures."""
    if journal is None:
        return []
    entries = [
        entry for entry in journal.since_mounting() if entry.kind == SWITCHING_FIELDS and entry.true("saturated")
    ]
    found: list[Reference] = []
    for temperature in dict.fromkeys(temperatures):
        near = [entry for entry in entries if abs((entry.number("temperature") or 0.0) - temperature) < within]
        reference = _of_entry(temperature, near[-1]) if near else None
        if reference is not None:
            found.append(reference)
    return found


def _of_entry(temperature: float, entry: Entry) -> Reference | None:
    parallel, antiparallel = (entry.number(name) for name in ("resistance_parallel", "resistance_antiparallel"))
    if parallel is None or antiparallel is None or parallel == antiparallel:
        return None
    soft, hard = (_known(entry, layer) for layer in ("soft", "hard"))
    rate = entry.number("field_rate") or 0.0
    return Reference(temperature, Number(parallel), Number(antiparallel), soft, hard, rate=rate)


def _known(entry: Entry, layer: str) -> Number | None:
    given = [entry.number(f"switching_field_{layer}_{branch}") for branch in ("up", "down")]
    sizes = [abs(each) for each in given if each is not None]
    return Number(math.fsum(sizes) / len(sizes), 0.5 * (max(sizes) - min(sizes))) if sizes else None
