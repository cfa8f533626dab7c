"""The runs of a series: one for each combination of the values that are varied."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from instruments import units
from labctl.procedure import Procedure
from labctl.request import Request
from labctl.rundir import RunDirectory
from labctl.series_axes import Axis
from labctl.setting import Setting

LONGEST_LABEL = 80
"""Letters of the name of a run's folder behind its number."""


@dataclass(frozen=True, slots=True)
class Child:
    """One run of a series.

    Attributes:
        number: From 1.
        values: Of the parameters that are varied, in SI units.
        texts: The same as exact text.
        folder: Name of its folder.
        request: What it is asked to do.
    """

    number: int
    values: Mapping[str, Any]
    texts: Mapping[str, str]
    folder: str
    request: Request


def children_of(request: Request, axes: Sequence[Axis], make: Callable[..., Procedure]) -> Iterator[Child]:
    """Yield the runs of a series in their order; arguments as for `carry_out_series`."""
    for number, values in enumerate(itertools.product(*(axis.values for axis in axes)), 1):
        named = {axis.name: value for axis, value in zip(axes, values, strict=True)}
        texts = {axis.name: axis.parameter.show(named[axis.name]) for axis in axes}
        labels = [f"{axis.name}={_short(axis.parameter, named[axis.name])}" for axis in axes]
        folder = f"{number:04d}-{'-'.join(labels)}"[:LONGEST_LABEL].rstrip(".-=")
        yield Child(number, named, texts, folder, replace(request, procedure=make(**named)))


def requests_of(request: Request, axes: Sequence[Axis], make: Callable[..., Procedure]) -> list[Request]:
    """Return what each run of a series is asked to do, with the seed that it draws its orders with."""
    return [drawing(request, child) for child in children_of(request, axes, make)]


def requests_left(request: Request, axes: Sequence[Axis], make: Callable[..., Procedure]) -> list[Request]:
    """Return the same of a series that is carried on, for the runs that are not finished."""
    children = (as_it_was(child, request.resume) for child in children_of(request, axes, make))
    return [drawing(request, child) for child in children if not is_finished(child)]


def drawing(request: Request, child: Child) -> Request:
    """Return what a run is asked to do, with the seed that it draws from that of its series."""
    return replace(child.request, seed=seed_of(request.seed or 0, child.number))


def seed_of(seed: int, number: int) -> int:
    """Return the seed of a run of a series by the series' seed and the run's number, from 1."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _short(parameter: Setting[Any], value: Any) -> str:
    """Write a value as part of a folder's name: `300K`, `-0.5T`, `step`."""
    unit = getattr(parameter, "si_unit", None)
    if isinstance(value, tuple) and value:
        ends = dict.fromkeys((cast("Any", value[0]), cast("Any", value[-1])))
        return "..".join(_short(parameter, end) if isinstance(end, float) else str(end) for end in ends)
    text = (
        units.format_quantity(value, unit, shown=units.SPOKEN.get(unit, ""))
        if unit is not None and isinstance(value, float)
        else parameter.show(value)
    )
    return re.sub(r"[^A-Za-z0-9.+-]+", "", text) or "value"


def said_of(texts: Mapping[str, str]) -> str:
    """Return the values of a run of a series as a sentence names them."""
    return ", ".join(f"{name} {text}" for name, text in texts.items())


def as_it_was(child: Child, series: Path | None) -> Child:
    """Return a run of a series that is carried on: what it has begun with, if it has."""
    begun = None if series is None else series / child.folder
    if begun is None or not (begun / "run.json").is_file():
        return replace(child, request=replace(child.request, resume=None))
    return replace(child, request=replace(child.request, resume=begun))


def is_finished(child: Child) -> bool:
    """Return whether a run of a series that is carried on has come to its end."""
    return child.request.resume is not None and RunDirectory(child.request.resume).status() == "finished"
