"""What a run was asked to do, in the words in which it can be asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from instruments.errors import DataDamaged
from labctl.asked import Asked
from labctl.rundir import RunDirectory


def asked_again(directory: RunDirectory) -> Asked:
    """Return what a run or a series was asked to do, by its run.json: every parameter, and no seed.

    Raises:
        DataDamaged: run.json lacks something, or holds something else.
        UsageError: Another labctl wrote it, in a form that this one does not know.
    """
    said = directory.request()
    try:
        over = [f"{axis['name']}={', '.join(axis['texts'])}" for axis in said.get("over", [])]
        varied = {axis["name"] for axis in said.get("over", [])}
        parameters = {name: entry["text"] for name, entry in said["parameters"].items() if name not in varied}
        return Asked(
            procedure=_procedure(said["procedure"]), parameters=parameters, over=over,
            overrides=[f"{name.partition('.')[0]}={each['text']}" for name, each in said.get("overrides", {}).items()],
            sample=said["sample"]["name"], sample_seed=int(said.get("seeds", {}).get("sample_seed", 0)),
            user=said.get("user", ""), notes=said.get("notes", ""), tags=list(said.get("tags", [])),
            out=str(_folder_of_runs(directory)),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = str(error).splitlines()[0]
        raise DataDamaged(f"{directory.request_file} is damaged, or of another version of labctl: {what}") from error


def _procedure(said: Mapping[str, Any]) -> str:
    """Return the name of an experiment, or of one in a file of somebody's own `mine.py:MyLoop`."""
    file = said.get("file")
    if isinstance(file, str):
        return f"{file}:{str(said['class']).partition(':')[2]}"
    return cast("str", said["name"])


def _folder_of_runs(directory: RunDirectory) -> Path:
    """Return the folder that holds the runs, of a run in a series that of the series."""
    place = directory.path.absolute().parent
    return place.parents[1] if (place / "run.json").is_file() else place.parent
