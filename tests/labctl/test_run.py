"""How a run ends: by itself, by people, by its own procedure's defects; and what others read of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pymeasure.experiment import Results

from labctl import conclusion
from procedures.ahe import AnomalousHallLoop
from tests.simulated import QUICK, Simulate


class Breaking(AnomalousHallLoop):
    """A loop whose author made a mistake."""

    def execute(self) -> None:
        for number, reading in enumerate(self.sweep(field=0.2, rate=0.018)):
            self.record(**reading, Branch="up", Loop=1)
            if number == 9:
                raise ZeroDivisionError("a slip of the pen")


class BreakingTwice(Breaking):
    """A loop whose author made two."""

    def shutdown(self) -> None:
        raise KeyError("another slip")


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("kind", [Breaking, BreakingTwice])
def test_a_defect_in_a_procedure_fails_the_run_keeps_the_rows_and_makes_the_sample_safe(
    simulate: Simulate, kind: type[Breaking]
) -> None:
    done = simulate(kind())
    assert done.outcome.status == "failed"
    assert done.outcome.exit_code == 1
    assert "ZeroDivisionError: a slip of the pen" in str(done.outcome.error)
    assert len(done.rows) == 10
    done.assert_source_off()
    kinds = [event["event"] for event in events(done.directory.path)]
    assert kinds.index("traceback") < kinds.index("safe") < len(kinds) - 1
    assert events(done.directory.path)[-1]["state"] == "failed"
    assert any("another slip" in warning for warning in done.outcome.warnings) == (kind is BreakingTwice)


def test_the_end_is_announced_after_the_safe_state_and_never_before(simulate: Simulate) -> None:
    done = simulate(**QUICK)
    told = [(event["event"], event.get("state")) for event in events(done.directory.path)]
    checks = ("health", None)
    assert told == [("state", "running"), checks, ("block", None), checks, ("safe", None), ("state", "finished")]


@pytest.mark.parametrize("name", [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)])
def test_every_signal_that_ends_programs_ends_the_run_safely(simulate: Simulate, name: str) -> None:
    def interrupt(run: Any) -> None:
        if run.points == 20:
            signal.raise_signal(getattr(signal, name))

    done = simulate(watch=interrupt, **QUICK)
    assert (done.outcome.status, done.outcome.exit_code) == ("aborted", 3)
    assert len(done.rows) == 20
    done.assert_source_off()


def test_a_signal_after_the_last_point_lets_the_run_be_analysed_and_still_ends_with_code_3(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    conclude = conclusion.conclude

    def interrupted(*args: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        conclude(*args)

    monkeypatch.setattr(conclusion, "conclude", interrupted)
    done = simulate(**QUICK)
    assert (done.outcome.status, done.outcome.exit_code) == ("finished", 3)
    assert done.directory.figure_file.exists()
    assert any("the run is complete" in warning for warning in done.outcome.warnings)


def test_a_spectator_that_goes_away_does_not_end_the_run(simulate: Simulate) -> None:
    calls = [0]

    def gone(run: Any) -> None:
        calls[0] += 1
        raise BrokenPipeError

    done = simulate(watch=gone, **QUICK)
    assert done.outcome.status == "finished"
    assert calls == [1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is a thing of Linux")
@pytest.mark.parametrize("out", ["/dev/full", "closed pipe"])
def test_a_full_or_closed_stdout_does_not_end_the_run(tmp_path: Path, out: str) -> None:
    command = [sys.executable, "-m", "labctl", "run", "ahe", "--simulate", "--seed", "1", "--out", str(tmp_path)]
    for name, value in QUICK.items():
        command += ["-p", f"{name}={value}"]
    if out == "closed pipe":
        reading, writing = os.pipe()
        os.close(reading)
    else:
        writing = os.open(out, os.O_WRONLY)
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert ended.stderr == ""
    assert ended.returncode == 0
    assert len(list(tmp_path.glob("*/*/figure.png"))) == 1


def test_an_interrupt_before_the_run_is_one_json_object_and_code_3(tmp_path: Path) -> None:
    """Ctrl-C while modules are still being loaded."""
    code = (
        "import sys, signal\n"
        "from labctl.cli import main\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'labctl.run': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        f"sys.exit(main.run_command(['run', 'ahe', '--simulate', '--json', '--out', {str(tmp_path)!r}]))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 3, ended.stderr
    assert json.loads(ended.stdout)["status"] == "aborted"
    assert not list(tmp_path.iterdir())


def test_pymeasure_reads_the_data_file_with_its_parameters(simulate: Simulate) -> None:
    done = simulate(**QUICK, probe_current="99 uA")
    results = Results.load(str(done.directory.data_file))
    assert isinstance(results.procedure, AnomalousHallLoop)
    assert results.procedure.values() == {**AnomalousHallLoop(**QUICK, probe_current="99 uA").values()}
    assert results.procedure.temperature is None
    assert results.data is not None
    pd.testing.assert_frame_equal(results.data, pd.read_csv(done.directory.data_file, comment="#"))


def test_pandas_reads_every_number_exactly(simulate: Simulate) -> None:
    done = simulate(**QUICK)
    frame = pd.read_csv(done.directory.data_file, comment="#")
    first = done.directory.data_file.read_text().splitlines()[len(AnomalousHallLoop.declared_parameters()) + 4]
    assert [str(value) for value in frame.iloc[0].tolist()] == first.split(",")
    header = "".join(line for line in done.directory.data_file.read_text().splitlines() if line.startswith("#"))
    for word in ("2026", "/", os.uname().nodename if hasattr(os, "uname") else "\\"):
        assert word not in header.replace("T/s", "")
