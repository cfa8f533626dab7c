"""Procedures of somebody's own that end badly under a supervisor: the source is off before `failed` is announced."""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Generator, Mapping
from multiprocessing import get_all_start_methods
from pathlib import Path
from typing import Any

import pytest

from labctl.catalogue import read_entry
from labctl.notify import Notify
from labctl.procedures import load_procedure
from labctl.request import Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.supervision import child, processes, supervisor
from labctl.supervision.line import VARIABLE
from tests.watched import Forked, Lab, witnessed

pytestmark = pytest.mark.skipif("fork" not in get_all_start_methods(), reason="this system cannot fork a warm child")

SPEED = 300
ROWS = 10
HEAD = f"""\
import ctypes
import os
import threading

from labctl.procedure import Procedure


class Mine(Procedure):
    '''A current that flows while something goes wrong.'''

    roles = ("source",)
    DATA_COLUMNS = ("Number", "Level")

    def drive(self):
        self.source.source_compliance = 1.0
        self.source.source_current = 1e-4
        self.source.source_enabled = True
        for number in range({ROWS}):
            self.clock.sleep(1.0)
            self.record(Number=number, Level=1e-4)

    def startup(self):
        {{startup}}

    def execute(self):
        {{execute}}

    def shutdown(self):
        {{shutdown}}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Generator[Lab]:
    with witnessed(tmp_path_factory.mktemp("lab"), SPEED) as there:
        yield there


def measure(asked: Request, environment: Mapping[str, str]) -> None:
    faulthandler.disable()  # pytest's: a crash is what is asked for here
    os.environ.update(environment)
    child.begin()
    child.finished(carry_out(asked, analyse=False).exit_code)


def watch(asked: Request, patience: float) -> None:
    def begin(environment: Mapping[str, str]) -> Any:
        return Forked(measure, asked, environment)

    processes.begin_again = begin
    supervisor.PATIENCE = patience
    os._exit(supervisor.supervise(["run", "mine.py"]))


def watched(lab: Lab, folder: Path, patience: float = 60.0, **methods: str) -> tuple[int | None, RunDirectory]:
    """Carry a procedure out under a supervisor; return the exit code and the run."""
    text = HEAD.format(**({"startup": "pass", "execute": "pass", "shutdown": "pass"} | methods))
    (folder / "mine.py").write_text(text)
    kind = load_procedure(str(folder / "mine.py"), lab_time=True)
    write = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + ' ' + sys.argv[3])"
    command = (sys.executable, "-S", "-c", write, str(folder / "told"), "{status}", "{sentence}")
    station = load_station("ppms").model_copy(update={"notify": Notify(command=command)})
    asked = Request(
        name="mine", procedure=kind(), station=station, sample=load_sample("cotb2025"), simulate=False,
        out=folder / "runs", lab=lab.file,
    )  # fmt: skip
    os.environ.pop(VARIABLE, None)
    code = Forked(watch, asked, patience).wait(120)
    return code, RunDirectory(next((folder / "runs").glob("*/0*")))


def course(run: RunDirectory) -> list[str]:
    """States and what else matters of a run's events, in order."""
    told = [event.get("state") or event["event"] for event in run.events()]
    return [word for word in told if word in {"running", "died", "fault", "safe", "finished", "failed"}]


def assert_at_rest(lab: Lab) -> None:
    """The lab's last word is that nothing flows, and that the output is off was asked after it."""
    lines = [line for line in lab.lines() if line["role"] == "source"]
    assert abs(lab.lines()[-1]["source_A"]) < 1e-12
    assert any(abs(line["source_A"]) > 0.9e-4 for line in lines)
    assert ":OUTP?" in lines[-1]["said"]


DRIVE = "self.drive()"
BREAK = "raise RuntimeError('it is broken')"
CODES: dict[str, tuple[dict[str, str], int, list[str], str]] = {
    "startup raises, slow shutdown": (
        {"startup": f"{DRIVE}; {BREAK}", "shutdown": "self.clock.sleep(60.0)"},
        1, ["running", "safe", "failed"], "RuntimeError: it is broken (mine.py, line 23)",
    ),
    "shutdown raises after a success": (
        {"execute": DRIVE, "shutdown": BREAK}, 0, ["running", "fault", "safe", "finished"], "",
    ),
    "startup raises, shutdown raises": (
        {"startup": f"{DRIVE}; {BREAK}", "shutdown": "raise KeyError('another')"},
        1, ["running", "fault", "safe", "failed"], "RuntimeError: it is broken (mine.py, line 23)",
    ),
    "crashes": ({"execute": f"{DRIVE}; ctypes.string_at(0)"}, 1, ["running", "died", "safe", "failed"], "crashed"),
    "ends the process": ({"execute": f"{DRIVE}; os._exit(0)"}, 1, ["running", "died", "safe", "failed"], "code 0"),
    "no memory": ({"execute": f"{DRIVE}; bytes(1 << 62)"}, 1, ["running", "safe", "failed"], "MemoryError"),
}  # fmt: skip


@pytest.mark.parametrize("how", CODES)
def test_the_source_is_off_before_the_end_is_announced(how: str, lab: Lab, tmp_path: Path) -> None:
    methods, code, states, sentence = CODES[how]
    ended, run = watched(lab, tmp_path, 60.0, **methods)
    assert ended == code
    assert course(run) == states
    assert sentence in str(run.events()[-1]["error"])
    assert read_entry(run.path).points == ROWS
    assert_at_rest(lab)
    told = tmp_path / "told"
    assert told.exists() == bool(code)
    if code:
        assert told.read_text().startswith("failed ")
        assert sentence in told.read_text()  # once


HANGS = {
    "sleeps where nobody sees it": "ctypes.CDLL(None).sleep(1000)",
    "sleeps, and lets no other thread run": "ctypes.PyDLL(None).sleep(1000)",
    "waits for a lock that it holds": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "goes round in a circle": "while True: pass",
}


def hangs(lab: Lab, folder: Path, **methods: str) -> None:
    """A run that hangs is ended, and its station brought to rest."""
    ended, run = watched(lab, folder, patience=3.0, **methods)
    assert ended == 1
    assert course(run) == ["running", "died", "safe", "failed"]
    assert "gave no sign of life for 3 s, and was ended" in str(run.events()[-1]["error"])
    assert read_entry(run.path).points == ROWS
    assert_at_rest(lab)


def test_a_run_that_hangs_with_all_its_threads_is_ended(lab: Lab, tmp_path: Path) -> None:
    hangs(lab, tmp_path, execute=f"{DRIVE}; {HANGS['sleeps, and lets no other thread run']}")


@pytest.mark.endurance
@pytest.mark.parametrize("how", HANGS)
def test_a_run_that_hangs_is_ended(how: str, lab: Lab, tmp_path: Path) -> None:
    statement = HANGS[how].replace("while", "\n        while")
    hangs(lab, tmp_path, execute=f"{DRIVE}\n        {statement}")


@pytest.mark.endurance
def test_a_shutdown_that_hangs_is_ended(lab: Lab, tmp_path: Path) -> None:
    hangs(lab, tmp_path, execute=DRIVE, shutdown=f"\n        {HANGS['goes round in a circle']}")
