"""The process that measures for a worker: it has imported everything, waits for one task, and ends with it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from instruments.errors import LabError
from labctl import abort, discovery
from labctl.asked import Asked
from labctl.preparing import Place, prepare
from labctl.request import Outcome, Request
from labctl.resuming import request_of, series_of
from labctl.run import ActiveRun, Watcher, carry_out
from labctl.rundir import RunDirectory
from labctl.series import carry_out_series
from labctl.series_results import is_series
from labctl.service import measuring_lock
from labctl.supervision import child

LATER = ("pandas", "matplotlib.figure", "labctl.figures", "labctl.session", "labctl.supervision.rescue")
"""What a run imports when it needs it, and has here before it is asked for."""
ENOUGH = 0.02
"""Part of a run after which it is told how long the rest will take, if it goes on as it went so far."""


def main() -> int:
    """Do what the worker at the other end of the line asks for."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):  # a terminal sends them to all; the worker answers
        if hasattr(signal, name):
            abort.leave(getattr(signal, name))
    child.begin()
    _import_the_rest()
    child.answer("ready")
    for task in child.tasks():
        if task["is"] == "check":
            child.answer("checked", number=task["number"], **checked(task))
            continue
        said = _said(_measure, task)
        child.answer("outcome", **said)
        child.finished(int(said["exit_code"]))
        break
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # whatever an experiment has left running must not hold the queue up


def _import_the_rest() -> None:
    for name in LATER:
        import_module(name)
    discovery.procedures()


def checked(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what is asked as `labctl run` would before it sends anything; return `error`, `status` and `exit_code`."""
    return _said(_check, task)


def _said(do: Callable[[Mapping[str, Any]], Mapping[str, Any]], task: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return do(task)
    except LabError as error:
        return _failure(str(error), error.status, error.exit_code)
    except SystemExit as error:
        return _failure(f"the program was ended (sys.exit) by code that labctl ran: {error.code}", "failed", 1)
    except Exception as error:  # noqa: BLE001 - the one boundary of the process: a defect is one sentence, too
        return _failure(f"{type(error).__name__}: {error}", "failed", 1)


def _failure(sentence: str, status: str, code: int) -> Mapping[str, Any]:
    return {"run": None, "status": status, "points": 0, "lab_time_s": 0.0, "error": sentence, "exit_code": code}


def _check(task: Mapping[str, Any]) -> Mapping[str, Any]:
    prepare(Asked.model_validate(task["asked"]), _place(task)).check()
    return {"error": None}


def _place(task: Mapping[str, Any]) -> Place:
    lab = task.get("lab")
    return Place(
        task["station"], bool(task["simulate"]), None if lab is None else Path(lab), task.get("keeper"),
        str(task.get("item", "")),
    )  # fmt: skip


def _measure(task: Mapping[str, Any]) -> Mapping[str, Any]:
    with measuring_lock.held(Path(task["folder"])):
        done = _outcome(task)
    said = done.to_json()
    return {
        **{name: said[name] for name in ("run", "status", "points", "lab_time_s", "wall_time_s", "error")},
        "exit_code": done.exit_code,
        "warnings": list(done.warnings),
    }


def _outcome(task: Mapping[str, Any]) -> Outcome:
    """Carry out what is new, or carry on what was begun."""
    place = _place(task)
    if task.get("run") is None:
        return prepare(Asked.model_validate(task["asked"]), place).carry_out(_telling())
    run = Path(task["run"])

    def here(request: Request) -> Request:
        return replace(request, keeper=place.keeper, item=place.item)

    if is_series(RunDirectory.open(run).request()):
        request, axes, make = series_of(run, lab=place.lab)
        return carry_out_series(here(request), axes, make, _telling())
    return carry_out(here(request_of(run, lab=place.lab)), _telling())


def _telling() -> Watcher:
    """Return who tells the worker how far the run is."""
    begun: list[tuple[float, float]] = []

    def watch(run: ActiveRun) -> None:
        (before, of), clock = run.of, run.session.clock
        now, done = clock.now() - clock.stood, run.progress
        if not begun:
            begun.append((now, done))
        took, part = now - begun[0][0], done - begun[0][1]
        left = took * (1.0 - done) / part if part > ENOUGH else None
        child.tell(
            progress=done, points=run.points, number=before + 1, of=of, lab_time_s=took, remaining_lab_time_s=left,
            folder=str(run.directory.path.resolve()), standing=child.asked_to_stand(),
        )  # fmt: skip

    return watch


if __name__ == "__main__":
    sys.exit(main())
