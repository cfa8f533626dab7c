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

from instruments.cryostat import Cryostat
from instruments.errors import LabError
from labctl import abort, discovery
from labctl.active_run import ActiveRun, Watcher
from labctl.asked import Asked
from labctl.instruments_told import RunInstruments
from labctl.preparing import Place, prepare
from labctl.present import CRYOSTAT, as_read, shown
from labctl.request import Outcome, Request
from labctl.resuming import request_of, series_of
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.series import carry_out_series
from labctl.series_results import is_series
from labctl.service import measuring_lock
from labctl.supervision import child

LATER = ("pandas", "matplotlib.figure", "labctl.figures", "labctl.session", "labctl.supervision.rescue")
"""What a run imports when it needs it, and has here before it is asked for."""
NICE = 10
"""By how much a rehearsal steps behind a run that is on."""
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
        said = _said(_foresee if task["is"] == "foresee" else _measure, task)
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
    if task.get("run") is not None:
        from labctl.service.resumable import resumable

        return {"error": None, **resumable(Path(task["run"]), _place(task))}
    asked = Asked.model_validate(task["asked"])
    made = prepare(asked, _place(task))
    made.check()
    return {"error": None, "taken": made.taken(asked)}


def _place(task: Mapping[str, Any]) -> Place:
    lab = task.get("lab")
    return Place(
        task["station"], bool(task["simulate"]), None if lab is None else Path(lab), task.get("keeper"),
        str(task.get("item", "")),
    )  # fmt: skip


def _foresee(task: Mapping[str, Any]) -> Mapping[str, Any]:
    from labctl.service.foresight import foresee  # no run needs it

    if hasattr(os, "nice"):
        os.nice(NICE)
    return foresee(task, _place(task), child.answer)


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
        return prepare(Asked.model_validate(task["asked"]), place).carry_out(telling())
    run = Path(task["run"])

    def here(request: Request) -> Request:
        return replace(request, keeper=place.keeper, item=place.item)

    if is_series(RunDirectory.open(run).request()):
        request, axes, make = series_of(run, lab=place.lab)
        return carry_out_series(here(request), axes, make, telling())
    return carry_out(here(request_of(run, lab=place.lab)), telling())


def telling() -> Watcher:
    """Return who tells the worker how far the run is, and how long it takes by its rehearsal, or as it went so far."""
    begun: list[tuple[float, float]] = []
    seen: list[RunInstruments] = []
    shown_done = 0.0

    def watch(run: ActiveRun) -> None:
        nonlocal shown_done
        if child.has_supervisor() and (not seen or seen[0].session is not run.session):
            seen[:] = [RunInstruments(run)]  # at its beginning, so that nothing is missed
        if child.shows():
            child.show(instruments=seen[0].told(run))
        (before, of), clock = run.of, run.session.clock
        now, done = clock.now() - clock.stood, run.progress
        if not begun:
            begun.append((now, done))
        took, part = now - begun[0][0], done - begun[0][1]
        left, source = (took * (1.0 - done) / part, "progress") if part > ENOUGH else (None, None)
        if run.time_left is not None:
            left, source = run.time_left.seconds, "rehearsal"
            shown_done = done = max(shown_done, part_by_time(begun[0][1], took, left))
        child.tell(
            progress=done, points=run.points, number=before + 1, of=of, lab_time_s=took, remaining_lab_time_s=left,
            remaining_from=source, stands=_last_read(run), folder=str(run.directory.path.resolve()),
            standing=run.interlocks.asked_by, held=run.interlocks.held,
        )  # fmt: skip

    return watch


def part_by_time(before: float, took: float, left: float) -> float:
    """Return which part of a run is done by the time that it takes: finer than its loops, of which there may be few.

    Args:
        before: Part that was done when this began to look.
        took: s since then.
        left: s that are left, as far as is known.
    """
    return before + (1.0 - before) * took / (took + left) if took > 0 and left >= 0 else before


def _last_read(run: ActiveRun) -> Mapping[str, float] | None:
    """Return where the station stood when the run read its cryostat last; nothing is asked for it."""
    driver = run.session.instruments.get(CRYOSTAT)
    reading = driver.known.reading if isinstance(driver, Cryostat) else None
    return None if reading is None else shown(as_read(reading).begins)


if __name__ == "__main__":
    sys.exit(main())
