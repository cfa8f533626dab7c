"""Runs in a lab of another process that are killed, together with who watches over them or not, at any moment.

The lab is its own witness: it writes down every message and the current that then flows. Supervisor and run are forked
from this process, so that they start warm, and killed with SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_all_start_methods
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import WallClock
from labctl.request import Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory, read_rows
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.supervision import child, processes, supervisor
from labctl.supervision.line import VARIABLE
from procedures.ahe import AnomalousHallLoop
from procedures.ahe_temperature import AnomalousHallTemperature
from tests.watched import Forked, Lab, witnessed

pytestmark = pytest.mark.skipif("fork" not in get_all_start_methods(), reason="this system cannot fork a warm child")

SPEED = 100


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Generator[Lab]:
    with witnessed(tmp_path_factory.mktemp("lab"), SPEED) as there:
        yield there


def request(lab: Lab, out: Path, *, long: bool) -> Request:
    """Ask for a short loop, or for a few over temperatures."""
    made = (
        AnomalousHallTemperature(
            temperatures="300, 299, 298 K",
            refinement="none",
            maximum_field="0.15 T",
            minimum_field="0.15 T",
            sweep_rate="190 Oe/s",
            window_rate="100 Oe/s",
        )
        if long
        else AnomalousHallLoop(maximum_field="0.15 T", survey_rate="190 Oe/s", probe_nplc="4 PLC")
    )
    station = load_station("ppms")
    held = station.model_copy(update={"safe_state": station.safe_state.model_copy(update={"field_then": "hold"})})
    return Request(
        name="run", procedure=made, station=held, sample=load_sample("cotb2025"), simulate=False,
        out=out, lab=lab.file,
    )  # fmt: skip


def measure(asked: Request, pipe: int, environment: Mapping[str, str]) -> None:
    """Be the child: carry the run out, and acknowledge each row of which `record` has returned."""
    os.environ.update(environment)
    child.begin()
    kind = type(asked.procedure)
    record = kind.record

    def acknowledging(self: AnomalousHallLoop, **row: Any) -> None:
        record(self, **row)
        os.write(pipe, b".")

    kind.record = acknowledging  # pyright: ignore[reportAttributeAccessIssue] - the child's own copy of the class
    os.write(pipe, f"{os.getpid()} ".encode())
    outcome = carry_out(asked, analyse=False)
    child.finished(outcome.exit_code)


def watch(asked: Request, pipe: int) -> None:
    """Be the supervisor."""

    def begin(environment: Mapping[str, str]) -> Any:
        return Forked(measure, asked, pipe, environment)

    processes.begin_again = begin
    os._exit(supervisor.supervise(["run", "ahe"]))


@dataclass(frozen=True, slots=True)
class Death:
    """What was killed, and when."""

    who: str
    at: datetime
    acknowledged: int
    code: int | None


def kill(asked: Request, who: str, after: float) -> Death:
    """Begin a run, kill `child`, `supervisor` or `both` after so many s, and wait until nothing of it lives."""
    os.environ.pop(VARIABLE, None)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as said:
        watching = Forked(watch, asked, writing)
        os.close(writing)
        heard = b""
        while not heard.endswith(b" "):
            heard += said.read(1)
        pid = int(heard)
        time.sleep(after)
        at = WallClock().utc()
        for victim in {"child": [pid], "supervisor": [watching.pid], "both": [watching.pid, pid]}[who]:
            with contextlib.suppress(ProcessLookupError):  # it has come to its end by itself
                os.kill(victim, signal.SIGKILL)
        rows = 0
        while more := said.read(65536):  # to the end of the last who could write
            rows += len(more)
        code = watching.wait(60)
    return Death(who, at, rows, code)


def only_run(out: Path) -> RunDirectory | None:
    runs = list(out.glob("*/0*-sim"))
    assert len(runs) <= 1
    return RunDirectory(runs[0]) if runs else None


def assert_at_rest(lab: Lab, death: Death) -> tuple[float, float] | None:
    """The lab's last word is that nothing flows.

    Returns:
        s of real time from the death, and from the first message after it, to the last one at which a current flowed;
        None where none did. How short they are depends on what else the computer does.
    """
    lines = lab.lines()
    if not lines:  # killed before it came to send anything
        return None
    assert lines[-1]["source_A"] == 0.0
    after = [line for line in lines if datetime.fromisoformat(line["utc"]) > death.at]
    flowing = [line["source_A"] != 0.0 for line in after]
    if death.who == "both" or not any(flowing):  # the next run has its own current
        return None
    if death.who == "child":  # one that is asked to stop goes on to its next step
        assert flowing == sorted(flowing, reverse=True)  # once it is off it stays off
    last = datetime.fromisoformat(after[flowing.count(True) - 1]["utc"])
    return (last - death.at).total_seconds(), (last - datetime.fromisoformat(after[0]["utc"])).total_seconds()


def carry_on(asked: Request, run: RunDirectory) -> None:
    """Carry a killed run on: what was there stays, byte for byte, and it comes to its end."""
    before = run.data_file.read_bytes() if run.data_file.exists() else b""
    before = before[: before.rfind(b"\n") + 1]
    outcome = carry_out(replace(asked, resume=run.path), analyse=False)
    assert outcome.status == "finished", outcome.error
    assert run.data_file.read_bytes().startswith(before)
    assert run.status() == "finished"


def one(lab: Lab, out: Path, who: str, after: float, *, long: bool, resume: bool) -> str:
    """Kill one run; return the state that it announced."""
    asked = request(lab, out, long=long)
    death = kill(asked, who, after)
    run = only_run(out)
    if run is None:
        return "none"
    rows = len(read_rows(run.data_file)[0]) if death.acknowledged else 0
    assert rows >= death.acknowledged
    if who == "both" and run.status() in {"unknown", "running"}:
        carry_out(request(lab, out / "next", long=False), analyse=False)
    state = run.status()
    events = [event.get("event") for event in run.events()]
    if state == "failed":
        assert events.index("safe") < len(events) - 1
        assert events[-1] == "state"
        assert death.code == 1 or who == "both"
    elif state == "aborted":
        assert who == "supervisor"
    else:
        assert state in {"finished", "unknown"}
    if times := assert_at_rest(lab, death):
        print(f"{who}: no current {times[0]:.3f} s after the death, {times[1]:.3f} s after the first message")
    if resume and state in {"failed", "aborted"}:
        carry_on(asked, run)
    return state


def kills(lab: Lab, tmp_path: Path, count: int, longest: float, *, long: bool) -> None:
    chance = random.Random(count)
    states: list[str] = []
    for number in range(count):
        who = ("child", "supervisor", "both")[number % 3]
        after = chance.uniform(0.0, longest)
        states.append(one(lab, tmp_path / str(number), who, after, long=long, resume=number % 5 == 0))
    assert states.count("failed") > count // 3
    assert states.count("aborted") > count // 6


def test_thirty_kills_lose_nothing_and_leave_no_current(lab: Lab, tmp_path: Path) -> None:
    kills(lab, tmp_path, 30, 0.6, long=False)


@pytest.mark.endurance
def test_two_hundred_kills_of_a_run_over_temperatures(lab: Lab, tmp_path: Path) -> None:
    kills(lab, tmp_path, 200, 12.0, long=True)
