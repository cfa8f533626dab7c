"""Whether a run that was cut can be carried on by a worker: checked before it is put into its queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from instruments.errors import Refused, UsageError
from labctl.asked_again import asked_again
from labctl.beforehand import check_request
from labctl.preparing import Place
from labctl.reentry import begin_again
from labctl.remote import in_its_lab
from labctl.resuming import request_of, series_of
from labctl.rundir import RunDirectory
from labctl.series import check_series
from labctl.series_results import is_series
from labctl.station import load_station
from labctl.station_lock import is_on


def resumable(path: Path, place: Place) -> Mapping[str, Any]:
    """Refuse a run that cannot be carried on here, as far as that can be known before anything is sent.

    Args:
        path: Folder of a run or a series, or a file in it.
        place: Where the worker is.

    Returns:
        `asked`: what was asked for in it; `run`: its folder.

    Raises:
        UnknownName: There is no run.
        Refused: It is on, or of another station, or would leave the simulated lab for the laboratory.
        UsageError: It is finished, or cannot be measured again as it was.
        DataDamaged: Its files cannot be read.
    """
    directory = RunDirectory.open(path)
    _refuse_elsewhere(directory, place)
    if directory.status() == "finished":
        raise UsageError(f"{directory.path} is finished; there is nothing to carry on")
    if is_series(directory.request()):
        request, axes, make = series_of(directory.path, lab=place.lab)
        check_series(request if request.lab is None else in_its_lab(request), axes, make, contacts=False)
    else:
        request = request_of(directory.path, lab=place.lab)
        request = request if request.lab is None else in_its_lab(request)
        check_request(request, contacts=False)
        begin_again(replace(request, keeper=place.keeper, item=place.item), directory.path)
    return {"asked": asked_again(directory).model_dump(mode="json"), "run": str(directory.path.resolve())}


def _refuse_elsewhere(directory: RunDirectory, place: Place) -> None:
    """Refuse a run that another program carries out, or that was measured somewhere else than this worker measures."""
    if is_on(directory.path) or is_on(directory.path.parent):
        raise Refused(f"{directory.path} is being carried out by another program; wait until that has ended")
    said = directory.request()
    simulated, here = bool(said.get("simulated")), place.simulate or place.lab is not None
    if simulated != here:
        was, has = ("simulated", "the laboratory") if simulated else ("measured in the laboratory", "a simulated one")
        raise Refused(f"{directory.path} was {was}, and this worker has {has}; carry it on where it was begun")
    station = said.get("station", {})
    name = station.get("name") if isinstance(station, dict) else None
    own = load_station(place.station).name
    if name != own:
        raise Refused(f"{directory.path} was begun on station {name!r}, and this worker has {own!r}; ask that one's")
