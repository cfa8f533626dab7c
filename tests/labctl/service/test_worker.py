"""What a worker makes of runs that end well, fail, hang, die, or were on when the worker before it ended.

The processes that measure are programs of a few lines here; one test has the real one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import Refused
from labctl.asked import Asked
from labctl.rundir import RunDirectory
from labctl.service import hand, measuring, measuring_lock, serving
from labctl.service.items import Item, Policy
from labctl.service.queue import Queue
from labctl.service.told import Told
from labctl.service.worker import ENDING, Here, Worker
from labctl.supervision import processes, supervisor
from tests.sources import ROOT

BEGIN = """
import os, sys, time
from pathlib import Path
from labctl.abort import AbortSwitch
from labctl.supervision import child
child.begin()
folder = Path({folder!r})
child.answer("ready")
task = next(iter(child.tasks()))
def ends(status, code, error=None):
    child.answer("outcome", run=str(folder), status=status, points=7, lab_time_s=1.0, error=error, exit_code=code)
    child.finished(code)
def announce(state):
    with (folder / "events.jsonl").open("a") as events:
        events.write('{{"time_s": 5.0, "utc": "2000-01-01T00:00:05+00:00", "state": "' + state + '"}}\\n')
def wait_for(name):
    while not (folder / name).exists():
        child.beat()
        time.sleep(0.01)
"""
RUN = "child.run_begins(folder, in_this_process=True)\nannounce('running')\n"
WELL = RUN + "announce('finished')\nchild.run_is_safe()\nends('finished', 0)\n"
FAULT = RUN + "child.run_is_safe()\nends('fault', 5, 'the source does not answer')\n"
LIVE = f"""{RUN}
with AbortSwitch() as switch:
    while not switch.asked:
        child.tell(progress=0.5, points=3, lab_time_s=1.0, standing=child.asked_to_stand())
        time.sleep(0.01)
announce('aborted')
child.run_is_safe()
ends('aborted', 3, 'aborted by ' + switch.asked)
"""
HELD = LIVE.replace("standing=child.asked_to_stand()", "standing='', held=\"interlock 'helium low'\"")
REHEARSED = f"""
with child.rehearsing():
    while not child._standing:
        time.sleep(0.01)
    obeyed = child.asked_to_stand()
    wait_for("seen")
if obeyed:
    ends('failed', 1, 'the rehearsal was asked to stand still')
{LIVE}"""
PATIENCE = 120.0
"""s after which what should happen does not."""
Scripted = Callable[..., "Scene"]


class Scene:
    """A worker whose processes do what they are told, and its queue."""

    def __init__(self, folder: Path, programs: list[str], count: int) -> None:
        self.run = folder / "run"
        self.run.mkdir(exist_ok=True)
        self.programs = programs
        self.unready = False
        self.queue = Queue(folder)
        for _ in range(count):
            self.queue.add(Asked(procedure="ahe", out=str(folder / "out")))
        self.worker = Worker(Here("ppms", True, None, None, folder), self.queue)
        self.thread = threading.Thread(target=self.worker.work)

    def begin_module(self, module: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Begin the next program in the place of the one that measures."""
        assert module == hand.MODULE
        text = BEGIN.format(folder=str(self.run)) + self.programs.pop(0)
        if self.unready:
            text = "raise SystemExit(7)"
        return subprocess.Popen([sys.executable, "-c", text], cwd=ROOT, env={**os.environ, **environment})

    def until(self, told: Callable[[], bool]) -> None:
        """Wait until something is the case, as long as the worker works."""
        given_up = time.monotonic() + PATIENCE
        while not told():
            assert self.thread.is_alive()
            assert time.monotonic() < given_up, (self.states, self.worker.on)
            time.sleep(0.01)

    def until_over(self, number: str = "1") -> Item:
        """Wait until an item is over."""
        self.until(lambda: self.queue.item(number).state not in {"waiting", "running"})
        return self.queue.item(number)

    @property
    def states(self) -> list[str]:
        """How the items stand."""
        return [item.state for item in self.queue.book.items]


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Scripted]:
    """Begins a worker whose processes do what these programs say, one after the other."""
    scenes: list[Scene] = []

    def begin(*programs: str, count: int = 1, policy: Policy | None = None, unready: bool = False) -> Scene:
        scene = Scene(tmp_path, list(programs), count)
        scene.unready = unready
        if policy is not None:
            scene.queue.set_policy(policy)
        monkeypatch.setattr(processes, "begin_module", scene.begin_module)
        monkeypatch.setattr(scene.worker.crew, "prepare", lambda: None)  # none is begun ahead that nobody needs
        scene.thread.start()
        scenes.append(scene)
        return scene

    yield begin
    for scene in scenes:
        scene.worker.end()
        scene.thread.join(30)
        assert not scene.thread.is_alive()


def test_one_run_after_the_other(scripted: Scripted) -> None:
    scene = scripted(WELL, WELL, count=2)
    freed: list[list[str]] = []
    scene.worker.freed = lambda: freed.append(scene.states)
    scene.until_over("2")
    assert scene.states == ["finished", "finished"]
    scene.until(lambda: bool(freed))
    assert freed == [["finished", "finished"]]  # once, when none follows
    item = scene.queue.item("1")
    assert (item.run, item.points, item.exit_code, item.attempts) == (str(scene.run), 7, 0, 1)


@pytest.mark.parametrize(
    ("policy", "programs", "states", "paused"),
    [
        (Policy(), (FAULT,), ["fault", "waiting"], True),
        (Policy(after_failure="skip"), (FAULT, WELL), ["fault", "finished"], False),
        (Policy(after_failure="skip", retries=1), (FAULT, WELL, WELL), ["finished", "finished"], False),
        (Policy(retries=1), (FAULT, FAULT), ["fault", "waiting"], True),
        (Policy(retries=3), (RUN + "ends('refused', 4, 'too much')\n",), ["refused", "waiting"], True),
    ],
    ids=["stop", "skip", "retry", "retry and stop", "no use"],
)
def test_what_follows_a_failure_is_the_policys(
    policy: Policy, programs: tuple[str, ...], states: list[str], paused: bool, scripted: Scripted
) -> None:
    scene = scripted(*programs, count=2, policy=policy)
    scene.until(lambda: scene.states == states and scene.queue.book.paused is paused and scene.worker.on is None)
    assert scene.programs == []
    assert (scene.queue.book.why.startswith("item 1 did not finish: ")) is paused


def test_a_failed_start_with_a_slow_end_blocks_nobody_and_is_announced_after_it(scripted: Scripted) -> None:
    scene = scripted(RUN + "wait_for('safe')\nchild.run_is_safe()\nends('failed', 1, 'startup() failed')\n")
    scene.until(lambda: (scene.worker.on or {}).get("state") == "running")
    scene.queue.pause("somebody asks for something meanwhile")
    assert scene.queue.add(Asked(procedure="ahe")).id == "2"
    assert scene.states == ["running", "waiting"]  # the safe state is not reached yet
    (scene.run / "safe").touch()
    assert scene.until_over().error == "startup() failed"


@pytest.mark.parametrize(
    ("program", "how"),
    [
        (RUN + "os.kill(os.getpid(), 9)\n", "was killed (SIGKILL)"),
        (RUN + "time.sleep(1000)\n", "gave no sign of life for 0.4 s, and was ended"),
    ],
    ids=["killed", "hangs"],
)
def test_a_run_that_dies_or_hangs_is_failed_once_its_station_is_at_rest(
    program: str, how: str, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE", 0.4)
    scene = scripted(program)
    item = scene.until_over()
    assert item.state == "failed"
    assert item.error == (
        f"the run's process {how}; its simulated lab ended with it; what it recorded is kept in {scene.run}"
    )
    assert RunDirectory(scene.run).status() == "failed"


def test_who_dies_after_the_run_was_finished_has_finished_it(scripted: Scripted) -> None:
    scene = scripted(RUN + "announce('finished')\nchild.run_is_safe()\nos.kill(os.getpid(), 9)\n")
    item = scene.until_over()
    assert item.state == "finished"
    assert f"before it was analysed; `labctl analyse {scene.run}` does it" in str(item.error)


def test_what_hangs_after_its_last_word_is_ended(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand, "GONE_WITHIN", 0.2)
    scene = scripted(WELL + "time.sleep(1000)\n")
    assert scene.until_over().state == "finished"


def test_a_process_that_does_not_begin_pauses_the_queue_and_takes_nothing_from_it(scripted: Scripted) -> None:
    scene = scripted("", unready=True)
    scene.until(lambda: scene.queue.book.paused and scene.worker.on is None)
    assert scene.states == ["waiting"]
    assert scene.queue.book.why.startswith("the process that is to measure ended with exit code 7; ")


def test_a_process_that_ends_before_its_run_has_begun_is_no_reason_to_try_for_ever(scripted: Scripted) -> None:
    scene = scripted("os._exit(3)\n", "os._exit(3)\n", policy=Policy(retries=1))
    item = scene.until_over()
    assert (item.state, item.attempts, item.run) == ("failed", 2, None)
    assert item.error == "the run's process ended with exit code 3"


def test_abort_ends_the_run_and_goes_on_with_the_next(scripted: Scripted) -> None:
    scene = scripted(LIVE, WELL, count=2)
    scene.until(lambda: (scene.worker.on or {}).get("points") == 3)
    scene.worker.abort("LW")
    scene.until_over("2")
    assert scene.states == ["aborted", "finished"]
    assert scene.queue.item("1").error == "aborted by LW"
    scene.until(lambda: scene.worker.on is None)
    with pytest.raises(Refused, match="no run is on"):
        scene.worker.abort("LW")


def test_an_abort_before_the_process_is_ready_is_not_lost(scripted: Scripted) -> None:
    scene = scripted(LIVE)
    scene.until(lambda: scene.worker.on is not None)
    scene.worker.abort("LW")
    assert (scene.until_over().state, scene.queue.item("1").error) == ("aborted", "aborted by LW")


@pytest.mark.parametrize("ask", ["abort", "stop"])
def test_who_stops_an_item_that_waits_for_the_station_means_it(scripted: Scripted, ask: str) -> None:
    scene = scripted(LIVE, LIVE, count=0)
    with scene.worker.between_runs:  # somebody does something by hand, or the station is asked for a rehearsal
        scene.queue.add(Asked(procedure="ahe", out="/out"))
        scene.until(lambda: scene.states == ["running"])
        getattr(scene.worker, ask)("LW")
        assert scene.worker.on is None
    assert (scene.until_over().state, scene.queue.item("1").error) == (
            "aborted", "stopped by LW" if ask == "stop" else "aborted by LW"
        )  # fmt: skip
    scene.worker.go()
    scene.queue.add(Asked(procedure="ahe", out="/out"))
    scene.until(lambda: (scene.worker.on or {}).get("points") == 3)  # the next one is not meant
    scene.worker.abort("LW")
    scene.until_over("2")


def test_a_run_that_an_interlock_holds_is_told_apart_from_one_that_goes_on(scripted: Scripted) -> None:
    scene = scripted(HELD)
    scene.until(lambda: (scene.worker.on or {}).get("state") == "is held")
    assert (scene.worker.on or {}).get("held") == "interlock 'helium low'"
    scene.worker.abort("LW")
    scene.until_over()


def test_stop_ends_the_run_and_begins_no_other(scripted: Scripted) -> None:
    scene = scripted(LIVE, count=2)
    scene.until(lambda: (scene.worker.on or {}).get("points") == 3)
    scene.worker.stop("LW")
    assert scene.until_over().state == "aborted"
    assert (scene.states, scene.queue.book.why) == (["aborted", "waiting"], "stopped by LW")
    assert scene.queue.item("1").error == "stopped by LW"


def test_a_pause_now_reaches_the_run_and_go_lets_it_go_on(scripted: Scripted) -> None:
    scene = scripted(LIVE)
    scene.until(lambda: (scene.worker.on or {}).get("state") == "running")
    scene.worker.pause("LW", now=True)
    scene.until(lambda: (scene.worker.on or {}).get("state") == "stands")
    assert scene.queue.book.paused
    scene.worker.go()
    scene.until(lambda: (scene.worker.on or {}).get("state") == "running")
    scene.worker.abort("LW")
    scene.until_over()


def test_a_pause_during_the_rehearsal_is_meant_for_the_run_after_it(scripted: Scripted) -> None:
    scene = scripted(REHEARSED)
    scene.until(lambda: (scene.worker.on or {}).get("state") == "rehearses")
    scene.worker.pause("LW", now=True)
    (scene.run / "seen").touch()
    scene.until(lambda: (scene.worker.on or {}).get("state") == "stands")
    scene.worker.abort("LW")
    assert scene.until_over().state == "aborted"


def test_a_fault_stays_one_where_an_abort_comes_after_it(scripted: Scripted) -> None:
    scene = scripted(f"{RUN}child.run_is_safe()\nwait_for('asked')\nends('fault', 5, 'the source does not answer')\n")
    scene.until(lambda: (scene.worker.on or {}).get("state") == "is summed up")
    scene.worker.abort("LW")
    (scene.run / "asked").touch()
    assert scene.until_over().state == "fault"
    assert scene.queue.book.paused


def test_the_end_of_the_worker_leaves_the_run_to_the_next_one(scripted: Scripted, tmp_path: Path) -> None:
    scene = scripted(LIVE)
    scene.until(lambda: (scene.worker.on or {}).get("points") == 3)
    scene.worker.end()
    scene.thread.join(30)
    item = Queue(tmp_path).item("1")
    assert (item.state, item.run, item.error) == ("waiting", str(scene.run), f"aborted by {ENDING}")


# ---- what a worker finds that was on


def left(tmp_path: Path, state: str | None, policy: Policy | None = None, **changes: Any) -> Worker:
    """A worker on a queue whose item was on when the worker before died, in a folder that says this state."""
    queue = Queue(tmp_path)
    queue.set_policy(policy or Policy())
    queue.add(Asked(procedure="ahe", out=str(tmp_path / "out")))
    item = queue.take()
    assert item is not None
    if state is not None:
        folder = tmp_path / "out" / "2026-11-22" / "0001-ahe"
        folder.mkdir(parents=True)
        RunDirectory(folder).write_request({"queue_item": queue.book.mark(item)})
        (folder / "events.jsonl").write_text(json.dumps({"state": state, "points": 5}) + "\n")
    if changes:
        queue.note("1", **changes)
    worker = Worker(Here("ppms", True, None, None, tmp_path), Queue(tmp_path))
    worker.recover()
    return worker


@pytest.mark.parametrize(
    ("state", "policy", "becomes", "paused"),
    [
        (None, None, "waiting", False),
        (None, Policy(interrupted="fail"), "waiting", False),  # nothing was sent for it
        ("running", None, "waiting", False),
        ("aborted", None, "waiting", False),
        ("finished", None, "finished", False),
        ("running", Policy(interrupted="fail"), "failed", True),
        ("aborted", Policy(interrupted="fail", after_failure="skip"), "failed", False),
    ],
)
def test_a_run_that_was_on_is_carried_on_and_never_begun_twice(
    state: str | None, policy: Policy | None, becomes: str, paused: bool, tmp_path: Path
) -> None:
    worker = left(tmp_path, state, policy)
    item = worker.queue.item("1")
    assert (item.state, worker.queue.book.paused) == (becomes, paused)
    folder = str((tmp_path / "out" / "2026-11-22" / "0001-ahe").resolve())
    assert item.run == (None if state is None else folder)


def test_a_run_that_was_being_aborted_stays_aborted(tmp_path: Path) -> None:
    assert left(tmp_path, "aborted", stopping="LW").queue.item("1").state == "aborted"


@pytest.mark.parametrize("state", ["running", None], ids=["begun", "not begun"])
def test_what_workers_die_of_again_and_again_is_failed(state: str | None, tmp_path: Path) -> None:
    queue = left(tmp_path, state, Policy(carried_on=2)).queue
    for _ in range(2):
        assert (queue.item("1").state, queue.book.paused) == ("waiting", False)
        assert queue.take() is not None
        worker = Worker(Here("ppms", True, None, None, tmp_path), Queue(tmp_path))
        worker.recover()
        queue = worker.queue
    item = queue.item("1")
    assert (item.state, item.deaths, queue.book.paused) == ("failed", 3, True)
    assert "its worker has died 3 times while it was on" in str(item.error)
    again = queue.again("1")
    assert (again.state, again.deaths) == ("waiting", 0)


def test_retries_count_where_a_worker_dies(tmp_path: Path) -> None:
    assert left(tmp_path, "running", Policy(carried_on=2), failures=1, deaths=0).queue.item("1").state == "waiting"
    other = tmp_path / "other"
    other.mkdir()
    queue = left(other, "running", Policy(carried_on=2, after_failure="skip"), failures=1, deaths=1).queue
    assert (queue.item("1").state, queue.book.paused) == ("failed", False)


@pytest.mark.parametrize(
    ("by_rehearsal", "progress", "left_s", "source"),
    [(None, 0.01, None, None), (None, 0.25, 30.0, "progress"), (42.0, 0.25, 42.0, "rehearsal")],
)
def test_what_is_left_is_told_by_the_rehearsal_where_there_is_one(
    by_rehearsal: float | None, progress: float, left_s: float | None, source: str | None, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    told: dict[str, Any] = {}
    monkeypatch.setattr(measuring.child, "tell", told.update)
    clock = VirtualClock()
    session = SimpleNamespace(clock=clock, instruments={})
    time_left = None if by_rehearsal is None else SimpleNamespace(seconds=by_rehearsal)
    run: Any = SimpleNamespace(
        of=(0, 1), session=session, progress=0.0, points=3, directory=RunDirectory(tmp_path), time_left=time_left,
        interlocks=SimpleNamespace(asked_by="", held=""),
    )  # fmt: skip
    watch = measuring.telling()
    watch(run)
    clock.sleep(10.0)
    run.progress = progress
    watch(run)
    assert (told["remaining_lab_time_s"], told["remaining_from"]) == (left_s, source)
    assert (told["lab_time_s"], told["points"], told["stands"]) == (10.0, 3, None)
    assert told["progress"] == pytest.approx(10.0 / 52.0 if by_rehearsal else progress)  # by time where that is known


def test_a_worker_waits_for_the_run_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring_lock, "PATIENCE", 0.1)
    with measuring_lock.held(tmp_path):
        with pytest.raises(Refused, match=r"has not ended within 0\.1 s, and still holds .*run\.lock"):
            measuring_lock.wait_for_the_one_before(tmp_path)
        with pytest.raises(Refused, match="another process still measures"), measuring_lock.held(tmp_path):
            pass
    measuring_lock.wait_for_the_one_before(tmp_path)


# ---- with the process that really measures

MINE = """
from labctl.procedure import Procedure

class Mine(Procedure):
    roles = ("source",)
    DATA_COLUMNS = ["Time (s)"]

    def startup(self):
        raise RuntimeError("no good start")

    def execute(self):
        self.record({"Time (s)": 0.0})

    def shutdown(self):
        raise RuntimeError("no good end")
"""


def test_a_start_and_an_end_that_raise_leave_a_queue_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    here = Here("ppms", True, None, None, tmp_path)
    task = {**here.task(), "asked": Asked(procedure=str(tmp_path / "mine.py")).model_dump()}
    assert measuring.checked(task)["error"] is None
    worker = Worker(here, Queue(tmp_path))
    monkeypatch.setattr(worker.crew, "prepare", lambda: None)
    with pytest.raises(Told, match="above the limit of station"):
        worker.add(Asked(procedure="ahe", parameters={"maximum_field": "50 T"}))
    worker.queue.add(Asked(procedure=str(tmp_path / "mine.py"), out=str(tmp_path / "runs")))
    thread = threading.Thread(target=worker.work)
    thread.start()
    while worker.queue.item("1").state in {"waiting", "running"}:
        assert thread.is_alive()
        time.sleep(0.01)
    worker.end()
    thread.join(30)
    item = worker.queue.item("1")
    assert (item.state, item.exit_code) == ("failed", 1)
    assert "no good start" in str(item.error)
    run = RunDirectory(Path(str(item.run)))
    assert [each["state"] for each in run.events() if "state" in each] == ["running", "failed"]
    assert run.request()["queue_item"] == worker.queue.book.mark(item)


def test_a_worker_with_nothing_to_do_and_no_reader_ends_after_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    worker = Worker(Here("ppms", True, None, None, tmp_path), Queue(tmp_path))
    idle, never = serving.Idle(worker, 900.0), serving.Idle(worker, None)

    def over_after(seconds: float) -> bool:
        now[0] += seconds
        return idle.over

    assert not over_after(899.0)
    worker.on = {"item": "1"}
    assert not over_after(10.0)
    worker.on = None
    assert not over_after(899.0)
    worker.queue.add(Asked(procedure="ahe"))
    assert not over_after(10.0)
    worker.queue.pause("lunch")  # what waits does not begin
    assert not over_after(899.0)
    assert over_after(1.0)
    assert not never.over
