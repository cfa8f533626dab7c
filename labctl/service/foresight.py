"""A queue rehearsed in its order, each item from where the one before ends; in a process of its own.

Nothing is sent to the instruments but questions to the cryostat, and that only between runs. While a run is on, the
first item begins where that run's own rehearsal says that it ends, or else where the run itself last read the station.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from instruments.errors import Aborted, LabError, Refused
from labctl import limits
from labctl.abort import AbortSwitch
from labctl.asked import Asked
from labctl.preparing import Place, prepare
from labctl.present import Present, present
from labctl.rehearsal import rehearse_from
from labctl.rehearsed import Rehearsal, whole
from labctl.remote import in_its_lab
from labctl.request import Request
from labctl.resuming import request_of, series_of
from labctl.rundir import RunDirectory
from labctl.series_children import requests_left
from labctl.series_results import is_series
from labctl.station_lock import holding
from labctl.time_left import REHEARSAL
from simulators.beginning import Beginning

Say = Callable[..., None]
CHECKS_CONTACTS = "contact-check"
"""The experiment after which a current may be sent through a sample."""
TOLD = ("duration_s", "parts", "points", "extremes", "violations", "begins", "ends", "remarks", "status", "error")
"""What is told of an item, out of what `labctl rehearse --json` says."""


def foresee(task: Mapping[str, Any], place: Place, say: Say) -> Mapping[str, Any]:
    """Rehearse items, and say of each what was found as soon as it is.

    Args:
        task: `items`, each with its number, what is asked and its folder if it was begun; `on`, the item that is on
            with its folder, what is asked and where the station stood last, None between runs.
        place: Where.
        say: Called with `asked` once the station will not be asked any more, and with `foreseen` for each item.

    Raises:
        LabError: The station cannot be asked how it stands, or somebody asked for the end.
    """
    items: Sequence[Mapping[str, Any]] = task["items"]
    on: Mapping[str, Any] | None = task["on"]
    checked = set[str]() if on is None else _contacts_checked_by(on)
    with AbortSwitch() as switch:
        stands = _beginning(items, on, place)
        say("asked")
        for item in items:
            found, stands = _one(item, place, stands, checked, switch)
            say("foreseen", **found)
            checked |= _contacts_checked_by(item)
            if place.simulate:  # each run has a fresh lab of its own
                stands = Present()
    return {"error": None, "exit_code": 0}


def _one(
    item: Mapping[str, Any], place: Place, stands: Present, checked: set[str], switch: AbortSwitch
) -> tuple[Mapping[str, Any], Present]:
    """Rehearse one item, and return what is told of it, and how the station stands then."""
    trusted = item["asked"]["sample"] in checked
    more = {limits.UNCHECKED_CONTACTS: 1.0} if trusted else {}
    try:
        requests = [replace(each, overrides={**each.overrides, **more}) for each in _requests(item, place)]
        found, after = rehearse_from(requests, stands, switch) if requests else ([], stands)
    except Aborted:
        raise
    except LabError as error:  # it is damaged, or its experiment is gone: what follows is rehearsed all the same
        refused = Rehearsal(status=error.status, error=str(error), exit_code=error.exit_code)
        return _told(item, [refused]), stands
    if trusted and found:
        found[0].remarks.append("the contacts of its sample are checked by an item before it, which has to pass")
    return _told(item, found), after


def _requests(item: Mapping[str, Any], place: Place) -> list[Request]:
    """Return what the runs of an item are asked to do; of one that has begun, what is left.

    Raises:
        LabError: It cannot be carried out any more.
    """
    if item["run"] is None:
        return prepare(Asked.model_validate(item["asked"]), place).requests()
    run = Path(item["run"])
    if is_series(RunDirectory.open(run).request()):
        request, axes, make = series_of(run, lab=place.lab)
        return requests_left(request if place.lab is None else in_its_lab(request), axes, make)
    request = request_of(run, lab=place.lab)
    return [request if place.lab is None else in_its_lab(request)]


def _told(item: Mapping[str, Any], found: Sequence[Rehearsal]) -> Mapping[str, Any]:
    """Return what is told of an item; one of which nothing is left takes no time."""
    said = whole(found) if len(found) > 1 else found[0].to_json() if found else _NOTHING_LEFT
    code = Refused.exit_code if said["violations"] else max((each.exit_code for each in found), default=0)
    return {"item": item["id"], **{name: said[name] for name in TOLD}, "exit_code": code, "runs": len(found)}


_NOTHING_LEFT = Rehearsal(duration_s=0.0, status="finished").to_json()


def _contacts_checked_by(item: Mapping[str, Any]) -> set[str]:
    asked = item["asked"]
    return {asked["sample"]} if asked["procedure"] == CHECKS_CONTACTS else set()


def _beginning(items: Sequence[Mapping[str, Any]], on: Mapping[str, Any] | None, place: Place) -> Present:
    """Return where the first item begins.

    Raises:
        LabError: The station cannot be asked.
    """
    if place.simulate:
        return Present()
    if on is not None:
        return after_run(on)
    request = next((found for item in items if (found := _first_request(item, place)) is not None), None)
    if request is None:
        return Present()
    with holding(request.station, lab=request.lab, what="rehearse the queue", keeper=place.keeper, looks=True) as hold:
        return present(request, hold)


def _first_request(item: Mapping[str, Any], place: Place) -> Request | None:
    try:
        return next(iter(_requests(item, place)), None)
    except LabError:
        return None


def after_run(on: Mapping[str, Any]) -> Present:
    """Return where a run that is on leaves the station, as far as that is known without asking it.

    Args:
        on: Its folder as `run`, and `stands`: where the station stood when the run read its cryostat last.
    """
    number = on["id"]
    ends = None if on["run"] is None else _rehearsed_end(Path(on["run"]))
    if ends is not None:
        return Present(ends, (f"begins where item {number} ends by its rehearsal",))
    last = on.get("stands")
    if last is not None:
        begins = Beginning(last["temperature_K"], last["field_T"], last["angle_deg"])
        remark = (
            f"item {number}, which is on, was not rehearsed: where it ends is unknown, and what follows is rehearsed "
            "from where it last read the station"
        )
        return Present(begins, (remark,))
    remark = f"item {number}, which is on, has not read the station yet: what follows is rehearsed from 300 K, no field"
    return Present(remarks=(remark,))


def _rehearsed_end(run: Path) -> Beginning | None:
    """Return where a run or a series ends by its own rehearsal, None for one without."""
    try:
        ends = json.loads((run / REHEARSAL).read_text(encoding="utf-8"))["ends"]
        return None if ends is None else Beginning(ends["temperature_K"], ends["field_T"], ends["angle_deg"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
