"""Rehearsals for a window: with the course of field, temperature and current, and the expected rows in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labctl.abort import AbortSwitch
from labctl.active_run import ActiveRun
from labctl.asked import Asked
from labctl.desk.loop import Telling
from labctl.desk.spelling import spoken
from labctl.preparing import Place, prepare
from labctl.present import UNKNOWN_HISTORY, Present
from labctl.rehearsal import rehearse_all
from labctl.rehearsed import EXPECTED, Rehearsal, whole
from simulators.beginning import FRESH, Beginning

NICE = 10
"""By how much a rehearsal steps behind a run that is on."""
QUANTITIES = ("field_T", "temperature_K", "current_A")
STEP = 0.01
"""Part of a rehearsal after which it is told how far it is."""
BY = "somebody who stopped the rehearsal"


def rehearse(
    asked: dict[str, Any], station: str, folder: str, telling: Telling, *, simulate: bool, lab: str | None = None,
    stands: dict[str, float] | None = None, remark: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Rehearse a run or a series.

    Args:
        asked: What `labctl.asked.Asked` takes.
        station: A shipped name or a file.
        folder: Where the expected rows are written.
        telling: Who hears how far it is: `run`, `of`, `progress` from 0 to 1 of all, `points`, `lab_time_s`.
        simulate: Whether on its simulated twin.
        lab: File of the simulated lab of the worker, None where there is none.
        stands: How the station stands: `temperature_K`, `field_T`, `angle_deg`; None for a fresh one.
        remark: What is to be known of where it begins.

    Returns:
        What `labctl rehearse --json` says, with `course`: of each of `QUANTITIES` `time_s`, `lowest`, `highest`, over
        all runs; `times_s`: when each run begins; `rows`: the file with the expected rows of the first run, or None;
        `count`: how many runs; `refused`: whether such a run would be.

    Raises:
        LabError: It cannot be rehearsed, or somebody asked for the end.
    """
    step_behind()
    place = Place(station, simulate and lab is None, None if lab is None else Path(lab))
    requests = prepare(Asked.model_validate(asked), place).requests()
    begins = FRESH if stands is None else Beginning(stands["temperature_K"], stands["field_T"], stands["angle_deg"])
    remarks = tuple(each for each in (remark, "" if stands is None else UNKNOWN_HISTORY) if each)
    with AbortSwitch() as switch:
        watch = _Watch(switch, telling)
        found = rehearse_all(requests, switch, watch=watch, stands=Present(begins, remarks))
    said = whole(found) if len(found) > 1 else found[0].to_json()
    course, times = _course(found)
    return {
        **said, "course": course, "times_s": times,
        **{name: [spoken(each) for each in said[name]] for name in ("violations", "remarks")},
        "count": len(requests), "rows": _written(found, Path(folder)),
        "refused": bool(said["violations"]) or said["status"] != "finished",
    }  # fmt: skip


def step_behind() -> None:
    """Let this process step behind a run that is on; what answers rehearsals answers nothing else."""
    if hasattr(os, "nice") and os.nice(0) < NICE:
        os.nice(NICE)


class _Watch:
    """Tells how far a rehearsal is, and ends it where its answer is not wanted any more."""

    def __init__(self, switch: AbortSwitch, telling: Telling) -> None:
        self._switch = switch
        self._telling = telling
        self._told = -1.0

    def __call__(self, run: ActiveRun) -> None:
        """Take in a step."""
        if self._telling.dropped:
            self._switch.asked = self._switch.asked or BY
        if run.progress - self._told >= STEP:
            self._told = run.progress
            number, all_ = run.of
            self._telling.tell(
                {"run": number + 1, "of": all_, "progress": run.progress, "points": run.points,
                 "lab_time_s": run.session.clock.now()}
            )  # fmt: skip


def _course(found: Sequence[Rehearsal]) -> tuple[dict[str, Any], list[float]]:
    """Return the quantities against the time since the first run began, and when each run begins."""
    course: dict[str, dict[str, list[float]]] = {
        name: {"time_s": [], "lowest": [], "highest": []} for name in QUANTITIES
    }
    times, since = list[float](), 0.0
    for each in found:
        times.append(since)
        for name in QUANTITIES:
            columns: Mapping[str, list[float]] = each.plan.get(name, {})
            course[name]["time_s"] += [since + time for time in columns.get("time_s", [])]
            for column in ("lowest", "highest"):
                course[name][column] += columns.get(column, [])
        since += each.duration_s or 0.0
    return course, times


def _written(found: Sequence[Rehearsal], folder: Path) -> str | None:
    """Write the expected rows of the first run that has any, and return the file."""
    rows = next((each.rows for each in found if each.rows), None)
    if rows is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / EXPECTED
    file.write_bytes(rows)
    return str(file)
