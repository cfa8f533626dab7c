"""Runs a plan on the simulated station, in two processes, each run in a folder of its own.

What a run finds follows from the seeds, its name and its parameters alone, so that neither the number of processes nor
the order in which runs end changes anything. New processes are begun afresh (none is forked), which every system can.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from instruments.errors import LabError
from labctl import paths
from labctl.abort import leave
from labctl.reproduction.planned import Evidence, Finished, NotFoundError, Planned, seed_of

PROCESSES = 2
"""Each needs some hundred MB, and a laboratory's computer does something else as well."""
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Variables that keep numerical libraries from taking all cores in each process."""
NOT_BEGUN = "not begun"

Told = Callable[[Finished, int, int], None]
"""Called after each run with what is known of it, how many are over, and how many there are."""


@dataclass(frozen=True, slots=True)
class Order:
    """A run with all that a process needs to carry it out."""

    name: str
    procedure: str
    sample: str
    parameters: Mapping[str, str]
    station: str
    seed: int
    sample_seed: int
    out: Path
    tag: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What all runs of a plan have in common.

    Attributes:
        paper: Word by which the runs can be found.
        out: Folder for the runs.
        seed: Seed of the whole, from which each run gets its own.
        sample_seed: Of the simulated samples' disorder.
        station: That is simulated.
    """

    paper: str
    out: Path
    seed: int
    sample_seed: int
    station: str = "ppms"


def carry_out(plan: Sequence[Planned], setting: Setting, told: Told, processes: int = PROCESSES) -> dict[str, Finished]:
    """Run a plan; return what is known of each run, in the plan's order.

    A run that needs one that did not finish is not begun.

    Args:
        plan: Runs, each behind those that it needs.
        setting: What they have in common.
        told: Called after each run.
        processes: How many runs are on at a time.

    Raises:
        LabError: A process has died.
    """
    over: dict[str, Finished] = {}
    waiting, on = list(plan), dict[Future[Finished], Planned]()
    count = min(processes, os.cpu_count() or 1)
    with _processes(count) as pool:
        while waiting or on:
            # No process is handed a second run before its first is over: one that is ended ends soon.
            for planned in [one for one in waiting if all(name in over for name in one.after)][: count - len(on)]:
                waiting.remove(planned)
                order = _order(planned, setting, over)
                if isinstance(order, Finished):
                    over[planned.name] = order
                    told(order, len(over), len(plan))
                else:
                    on[pool.submit(_run, order)] = planned
            for future in wait(on, return_when=FIRST_COMPLETED).done if on else ():
                del on[future]
                found = _result(future)
                over[found.name] = found
                told(found, len(over), len(plan))
    return {planned.name: over[planned.name] for planned in plan}


def _result(future: Future[Finished]) -> Finished:
    """Return what a process has come to.

    Raises:
        LabError: It has died.
    """
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise LabError(
            "a process that measured has died, by the system's lack of memory or by somebody's hand; the runs so far "
            "are kept: run it again"
        ) from error


def _order(planned: Planned, setting: Setting, over: Mapping[str, Finished]) -> Order | Finished:
    """Return what a process needs to know, or why the run is not begun."""
    lacking = [name for name in planned.after if over[name].status != "finished"]
    if lacking:
        return Finished(planned.name, None, NOT_BEGUN, f"it needs {', '.join(lacking)}, which did not finish")
    before = {name: Evidence(name, path) for name in planned.after if (path := over[name].path) is not None}
    try:
        parameters = planned.all_parameters(before)
    except NotFoundError as error:
        return Finished(planned.name, None, NOT_BEGUN, str(error))
    return Order(
        planned.name, planned.procedure, planned.sample, parameters, setting.station,
        seed_of(setting.seed, planned.name), setting.sample_seed + planned.device, setting.out / planned.name,
        setting.paper,
    )  # fmt: skip


def _run(order: Order) -> Finished:
    """Carry a run out, in whichever process this is."""
    from labctl import api

    sample = paths.sample_files()[order.sample]  # the shipped one, whatever records somebody has beside it
    try:
        found = api.run(
            order.procedure, station=order.station, sample=sample, simulate=True, seed=order.seed,
            sample_seed=order.sample_seed, parameters=order.parameters, out=order.out, tags=(order.tag, order.name),
            check=False,
        )  # fmt: skip
    except LabError as error:
        return Finished(order.name, error.run, error.status, str(error), error.exit_code)
    return Finished(
        order.name, found.path, found.status, found.error, found.exit_code, found.points, found.lab_time_s,
        found.wall_time_s,
    )  # fmt: skip


@contextmanager
def _processes(count: int) -> Generator[ProcessPoolExecutor]:
    """Have so many processes; they are ended where something ends the work before it is done."""
    for name in THREADS:
        os.environ.setdefault(name, "1")  # read by numpy when the new processes import it
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _begin() -> None:
    """Leave Ctrl-C, which a terminal sends to all processes, to the one that waits for this one and then ends it."""
    leave(signal.SIGINT)
