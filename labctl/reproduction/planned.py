"""What is run for a paper, and what is known of a run that is over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from labctl.analysis.result import Result, Results
from labctl.rundir import RunDirectory

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


class NotFoundError(Exception):
    """A run has finished and does not give a number that was looked for; its text says why."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What is known of a run without its files.

    Attributes:
        name: Of the run in its plan.
        path: Its folder; None where it had none.
        status: As `labctl run` reports it; `finished` if all is well.
        error: What ended it otherwise, in one sentence.
        exit_code: What `labctl run` would have exited with.
        points: Rows that it has recorded.
        lab_time_s: What it would have taken in the lab.
        wall_time_s: What it took here.
    """

    name: str
    path: Path | None
    status: str
    error: str | None = None
    exit_code: int = 0
    points: int = 0
    lab_time_s: float = 0.0
    wall_time_s: float = 0.0


class Evidence:
    """The files of a finished run: all that a claim is measured from."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._directory = RunDirectory(path)

    @cached_property
    def results(self) -> Results:
        """What its analysis found, with the table of its points."""
        table = [Results.from_dict(row) for row in self._directory.table()]
        return Results(Results.from_dict(self._directory.results()), table)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The rows that count."""
        return self._directory.read_data()[0]

    @cached_property
    def asked(self) -> dict[str, Any]:
        """What run.json holds."""
        return self._directory.request()

    def column(self, name: str, step: str = "", turn: int = 0) -> FloatArray:
        """Return the numbers in a column, one a row that counts; rows without a number are left out.

        Args:
            name: Of the column.
            step: What the rows are read for (column `Step`); all without.
            turn: Of the field, from 1 (column `Turn`); all without.
        """
        rows = self.rows
        if step:
            rows = rows[rows["Step"] == step]
        if turn:
            rows = rows[rows["Turn"] == turn]
        values = np.asarray(rows[name], dtype=np.float64)
        return values[np.isfinite(values)]

    def setting(self, name: str) -> Any:
        """Return a parameter as the run recorded it, in SI units."""
        return self.asked["parameters"][name]["value"]

    def result(self, name: str) -> Result:
        """Return a result that has a value.

        Raises:
            NotFoundError: It has none; the text says why.
        """
        return valued(self.results, name, self.name)

    def number(self, name: str) -> tuple[float, float]:
        """Return value and standard uncertainty of a result, in its unit; 0 where it has no uncertainty.

        Raises:
            NotFoundError: It has no value.
        """
        found = self.result(name)
        return float(found.value or 0.0), found.uncertainty or 0.0


def valued(results: Results, name: str, run: str) -> Result:
    """Return a result that has a value.

    Raises:
        NotFoundError: It has none; the text says why.
    """
    found = results.get(name)
    if found is None or found.value is None:
        why = "there is no such result" if found is None else found.why
        raise NotFoundError(f"{run} gives no {name.replace('_', ' ')}: {why}")
    return found


Runs = Mapping[str, Evidence]
"""Finished runs by their names in the plan."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One run of a plan.

    Attributes:
        name: Short, part of a folder's name.
        procedure: That is run.
        sample: Record that is mounted.
        parameters: As texts, e.g. `{"pulse_width": "10 ms"}`.
        after: Runs that have to be over before, since some parameters follow from what they found.
        learned: Gives these parameters; raises NotFoundError where a run does not tell.
        device: Which device of an array: it is added to the seed of the samples' disorder.
    """

    name: str
    procedure: str
    sample: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    after: Sequence[str] = ()
    learned: Callable[[Runs], Mapping[str, str]] | None = None
    device: int = 0

    def all_parameters(self, runs: Runs) -> dict[str, str]:
        """Return all parameters, those that follow from other runs too."""
        return {**self.parameters, **({} if self.learned is None else self.learned(runs))}


def seed_of(seed: int, name: str) -> int:
    """Return the seed of one run: from that of the whole, and another one for each name."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:4], "big")
