"""The request of a run that was cut, as its run.json tells it: what `labctl resume` carries on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from instruments.errors import DataDamaged, UsageError
from labctl.procedure import Procedure
from labctl.procedures import procedure_of_run
from labctl.request import Request
from labctl.rundir import RunDirectory
from labctl.sample import SampleRecord
from labctl.series_axes import Axis
from labctl.station import Station, load_station


def request_of(
    path: Path, *, station: str = "", lab: Path | None = None, overrides: Mapping[str, float] | None = None
) -> Request:
    """Return the request by which a run that was cut is carried on.

    Args:
        path: Folder of the run, or a file in it.
        station: Name or file of a station that takes the place of the run's own, as when its limits have changed.
        lab: File with the line that `labctl simulate` printed, for a run in a lab of its own process.
        overrides: Limits beside those that the run was given, by name, in SI units.

    Raises:
        UnknownName: There is no run.
        UsageError: Its procedure is not installed here, or its file has changed since.
        DataDamaged: Its run.json lacks something, or holds something else.
    """
    directory = RunDirectory.open(path)
    asked = directory.request()
    try:
        kind = _kind(directory, asked)
        return _request(directory, asked, kind(**_texts(asked)), station, lab, overrides or {})
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise _damaged(directory, error) from error


def series_of(
    path: Path, *, station: str = "", lab: Path | None = None, overrides: Mapping[str, float] | None = None
) -> tuple[Request, list[Axis], Callable[..., Procedure]]:
    """Return what a series is carried on by: the request, what is varied, and what makes a run's procedure.

    Args and errors are those of `request_of`.
    """
    directory = RunDirectory.open(path)
    asked = directory.request()
    try:
        kind, texts = _kind(directory, asked), _texts(asked)
        declared = kind.declared_parameters()
        axes = [
            Axis(over["name"], declared[over["name"]], [declared[over["name"]].convert(text) for text in over["texts"]],
                 ", ".join(over["texts"]))
            for over in asked["over"]
        ]  # fmt: skip
        return _request(directory, asked, kind(**texts), station, lab, overrides or {}), axes, partial(kind, **texts)
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise _damaged(directory, error) from error


def _request(
    directory: RunDirectory, asked: Mapping[str, Any], procedure: Procedure, station: str, lab: Path | None,
    overrides: Mapping[str, float],
) -> Request:  # fmt: skip
    if lab is None and asked.get("lab") is not None:
        lab = Path(asked["lab"])
    given = {name: float(entry["value"]) for name, entry in asked.get("overrides", {}).items()}
    series = asked.get("kind") == "series"
    return Request(
        name=asked["procedure"]["name"],
        procedure=procedure,
        station=load_station(station) if station else Station.model_validate(asked["station"]),
        sample=SampleRecord.model_validate(asked["sample"]),
        simulate=bool(asked["simulated"]) and lab is None,
        seed=int(asked["seeds"]["seed"]) if series and lab is None else None,
        sample_seed=int(asked["seeds"].get("sample_seed", 0)),
        out=directory.path.parents[1],
        user=asked["user"],
        notes=asked["notes"],
        tags=tuple(asked["tags"]),
        overrides={**given, **overrides},
        lab=lab,
        resume=directory.path,
        quiet=bool(asked.get("quiet", False)),
    )


def _kind(directory: RunDirectory, asked: Mapping[str, Any]) -> type[Procedure]:
    kind, remarks = procedure_of_run(asked["procedure"])
    if remarks:
        raise UsageError(
            f"{directory.path} cannot be carried on with other code than it was begun with: "
            f"{remarks[0].partition(';')[0]}; put it back (its text is in run.json), or begin a new run"
        )
    return kind


def _texts(asked: Mapping[str, Any]) -> dict[str, str]:
    return {name: entry["text"] for name, entry in asked["parameters"].items()}


def _damaged(directory: RunDirectory, error: Exception) -> DataDamaged:
    what = str(error).splitlines()[0]
    return DataDamaged(f"{directory.request_file} is damaged, or of another version of labctl: {what}")
