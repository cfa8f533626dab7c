"""One station, one run at a time: between processes, within one, after a kill, and over several runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

import labctl
from instruments.errors import StationInUse, UsageError
from labctl import paths
from labctl.active_run import ActiveRun
from labctl.checkup.visit import Way, visit
from labctl.cli.main import run_command
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.session import open_session
from labctl.station import Station, load_station
from labctl.station_lock import FOLDER, holding, keeping, places_of
from labctl.surroundings import LabStart
from procedures.ahe import AnomalousHallLoop
from procedures.log import Log
from tests.labctl.somebodys import HELPER_OF_IV, LABCTL_LOOP, PYMEASURE_IV
from tests.served import in_a_process, in_a_thread
from tests.sources import ROOT

IN_ANOTHER_PROCESS = """
import sys
from labctl.station import load_station
from labctl.station_lock import holding, keeping

station, way, keeper = load_station(sys.argv[1]), sys.argv[2], int(sys.argv[3])
how = keeping(station, what="the queue") if way == "keep" else holding(station, what="run ahe", keeper=keeper or None)
with how:
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of this test."""
    monkeypatch.setenv(paths.STATE, str(tmp_path / "state"))
    return tmp_path / "state"


@contextmanager
def another_process(station: object = "ppms", way: str = "hold", keeper: int = 0) -> Generator[subprocess.Popen[str]]:
    """A process that holds, or keeps, a station until its input ends."""
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, str(station), way, str(keeper)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def is_free(station: Station | None = None, keeper: int | None = None) -> bool:
    try:
        with holding(station or load_station("ppms"), what="a test", keeper=keeper):
            return True
    except StationInUse:
        return False


def like(tmp_path: Path, name: str, **changed: str) -> Station:
    """The station ppms under another name, with other texts in it, by what they stand for."""
    text = paths.station_files()["ppms"].read_text(encoding="utf-8")
    for old, new in {'name = "ppms"': f'name = "{name}"', **changed}.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_station(tmp_path / f"{name}.toml")


ELSEWHERE = {f"GPIB0::{number}::INSTR": f"GPIB1::{number}::INSTR" for number in (12, 7, 24, 8, 15)}
"""Where the instruments of a second rack are."""


# ---- between processes


def test_a_station_that_another_process_holds_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with another_process() as process:
        with pytest.raises(StationInUse) as refused, holding(load_station("ppms"), what="run rt"):
            pass
        sentence = str(refused.value)
        assert sentence.startswith(f"station 'ppms' is in use: run ahe, process {process.pid}, holds its ")
        assert "at GPIB0::" in sentence
        assert " since 2" in sentence
        assert sentence.endswith(
            "; nothing was sent: wait until that has ended, or end it with Ctrl-C where it was started"
        )
        assert (refused.value.exit_code, refused.value.status) == (4, "refused")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
    assert is_free()


@pytest.mark.parametrize("way", ["hold", "keep"])
def test_who_is_killed_holds_nothing(way: str, state: Path) -> None:
    with another_process(way=way) as process:
        assert not is_free()
        process.kill()  # SIGKILL: no program can catch it
        process.wait(30)
        assert list((state / FOLDER).glob("*.json"))  # what it wrote down is there still, and holds nothing
        assert is_free()
    assert not list((state / FOLDER).glob("*.json"))


def test_two_files_that_share_one_instrument_exclude_each_other(tmp_path: Path) -> None:
    rack = like(tmp_path, "rack", **{**ELSEWHERE, "GPIB0::24::INSTR": "GPIB::24"})
    with another_process():
        with pytest.raises(StationInUse, match=r"station 'rack' is in use: .* holds its smu at GPIB::24 since"):
            holding(rack, what="run ahe").__enter__()
        assert is_free(like(tmp_path, "other-rack", **ELSEWHERE))
    assert is_free(rack)


def test_who_is_refused_leaves_free_what_it_had_already(tmp_path: Path) -> None:
    """Places are taken in the order of their names; the other rack's source comes before what is shared."""
    elsewhere = {**ELSEWHERE, "GPIB0::12::INSTR": "GPIB0::1::INSTR"}
    rack = like(tmp_path, "rack", **{**elsewhere, "GPIB0::24::INSTR": "GPIB0::24::INSTR"})
    with another_process(), ExitStack() as stack:
        with pytest.raises(StationInUse) as refused:  # the error, with all that it refers to, is still there afterwards
            stack.enter_context(holding(rack, what="run ahe"))
        assert "holds its smu at GPIB0::24::INSTR" in str(refused.value)
        assert is_free(like(tmp_path, "first", **elsewhere))


def test_two_files_of_one_lab_exclude_each_other(tmp_path: Path) -> None:
    station = load_station("ppms")
    with in_a_thread(tmp_path / "lab.json") as one, in_a_thread(tmp_path / "other.json") as other:
        copy = tmp_path / "copy.json"
        copy.write_text(one.file.read_text().replace("127.0.0.1", "localhost"))
        with holding(station, simulate=True, lab=one.file, what="run ahe"):
            with pytest.raises(StationInUse, match=r"the lab of .*copy.json is in use: run ahe, process .* since"):
                holding(station, simulate=True, lab=copy, what="run ahe").__enter__()
            with holding(station, simulate=True, lab=other.file, what="run ahe"):
                pass
            socket = json.loads(one.file.read_text())["source"]
            assert not is_free(like(tmp_path, "served", **{"GPIB0::12::INSTR": socket}))  # it leads to its door


def test_a_simulated_station_in_the_runs_process_needs_no_hold(tmp_path: Path, state: Path) -> None:
    station = load_station("ppms")
    for also in (station, station.model_copy(update={"visa_library": "ppms@labctl"})):
        with holding(also, simulate=also is station, what="a"), holding(also, simulate=also is station, what="b"):
            pass
    with another_process():
        assert labctl.run(Log(interval="1 s", duration="3 s"), simulate=True, out=tmp_path / "runs").points > 0
    assert {file.suffix for file in (state / FOLDER).iterdir()} <= {".lock", ".json"}


def test_whoever_holds_it_and_has_not_said_so_yet_is_another_program(state: Path) -> None:
    with holding(load_station("ppms"), what="run ahe"):
        for file in (state / FOLDER).glob("*.json"):
            file.write_text('{"what": "ru')
        with pytest.raises(StationInUse, match="station 'ppms' is in use: another program of labctl holds its"):
            holding(load_station("ppms"), what="run ahe").__enter__()


def test_a_state_folder_that_cannot_be_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(paths.STATE, str(tmp_path / "file"))
    with pytest.raises(UsageError, match=r"station 'ppms' cannot be held for this run, .*LABCTL_STATE"):
        holding(load_station("ppms"), what="run ahe").__enter__()
    monkeypatch.setenv(paths.STATE, "state")
    with pytest.raises(UsageError, match="LABCTL_STATE is 'state', but must be a whole path"):
        holding(load_station("ppms"), what="run ahe").__enter__()


def test_without_the_variable_the_folder_is_the_accounts_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(paths.STATE)
    assert paths.state_folder().is_absolute()
    assert "labctl" in paths.state_folder().parts
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        assert paths.state_folder() == tmp_path / "labctl"


# ---- over several runs


def test_a_station_is_kept_over_several_runs_and_each_of_them_holds_it() -> None:
    station = load_station("ppms")
    with keeping(station, what="the queue") as keeper:
        assert keeper == os.getpid()
        with pytest.raises(StationInUse, match=r"in use: the queue, process \d+ \(this one\), holds its"):
            holding(station, what="run ahe").__enter__()
        for _ in range(2):
            with another_process(keeper=keeper) as run:  # the run has a process of its own
                assert not is_free(keeper=keeper)  # one at a time
                with pytest.raises(StationInUse, match=f"in use: run ahe, process {run.pid}, holds its"):
                    holding(station, what="run rt").__enter__()
            assert is_free(keeper=keeper)
        assert not is_free()
        assert not is_free(keeper=keeper + 1)
        with pytest.raises(StationInUse):
            keeping(station, what="a second queue").__enter__()
    assert is_free()


def test_a_run_whose_keeper_is_killed_holds_on_until_the_sample_is_safe() -> None:
    with another_process(way="keep") as keeper, another_process(keeper=keeper.pid) as run:
        keeper.kill()
        keeper.wait(30)
        assert not is_free()
        run.kill()
        run.wait(30)
        assert is_free()


def test_who_asks_for_a_run_and_keeps_nothing_gives_no_right_to_it() -> None:
    with another_process(keeper=os.getpid()):  # nobody keeps it, so the run does both
        assert not is_free()
        assert not is_free(keeper=os.getpid())


# ---- everything that talks to instruments


def run_in(lab: Path, out: Path) -> Outcome:
    loop = AnomalousHallLoop(maximum_field="80 mT", survey_rate="180 Oe/s")
    asked = Request("ahe", loop, load_station("ppms"), load_sample("cotb2025"), simulate=False, out=out, lab=lab)
    return carry_out(asked, analyse=False)


def test_two_runs_of_one_process_do_not_share_a_station(tmp_path: Path) -> None:
    second: list[Outcome] = []

    def begin_another() -> None:
        second.append(run_in(tmp_path / "lab.json", tmp_path / "second"))

    def watch(run: ActiveRun) -> None:
        if not second and run.points > 3:
            thread = threading.Thread(target=begin_another)
            thread.start()
            thread.join()

    with in_a_thread(tmp_path / "lab.json") as lab:
        first = labctl.run("ahe", lab=lab.file, out=tmp_path / "first", watch=watch, maximum_field="80 mT")
        (refused,) = second
        assert (refused.run, refused.status, refused.exit_code) == (None, "refused", 4)
        assert not (tmp_path / "second").exists()
        assert f"run ahe in {first.path}, process {os.getpid()} (this one), holds its" in str(refused.error)
        assert first.status == "finished"
        assert run_in(lab.file, tmp_path / "third").status == "finished"


def test_everything_that_opens_a_station_is_refused_while_it_is_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("theirs.py").write_text(LABCTL_LOOP)
    Path("iv.py").write_text(PYMEASURE_IV)
    Path("helper_of_iv.py").write_text(HELPER_OF_IV)
    of = ["--sample", "cotb2025", "--override", "unchecked=contacts"]
    commands = [
        ["run", "ahe", *of],
        ["run", "ahe", *of, "--over", "temperature=300,290K"],
        ["run", "theirs.py", *of],
        ["run", "iv.py:IV", *of],
        ["record-dialogue", "a.jsonl", "--sample", "cotb2025", "--ask", "source"],
        ["record-dialogue", "b.jsonl", "--", "run", "log", *of],
    ]
    with another_process() as process:
        for words in commands:
            assert run_command(words) == 4, words
            said = capsys.readouterr().err
            assert said.count("error: ") == 1, said
            assert said.startswith(f"error: station 'ppms' is in use: run ahe, process {process.pid}, holds its ")
        with (
            pytest.raises(StationInUse),
            open_session(load_station("ppms"), load_sample("cotb2025"), [], simulate=False, start=LabStart(1)),
        ):
            pass
    assert [path.name for path in Path().rglob("run.json")] == []


@pytest.mark.parametrize("look", [False, True])
def test_the_doctor_does_not_come_between_a_run_and_its_instruments(look: bool) -> None:
    with another_process() as process:
        (found,) = visit(load_station("ppms"), None, Way(look=look))
    assert (found.subject, found.state) == ("station ppms", "fault")
    assert found.what.startswith(
        f"not looked at: station 'ppms' is in use: run ahe, process {process.pid}, holds its source at GPIB0::12::INSTR"
    )
    assert found.do == "ask again when that has ended: even a question would come between a run and its instruments"


def test_a_run_does_not_come_between_the_doctor_and_his_instruments(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as lab:
        findings = visit(load_station("ppms"), None, Way(lab=lab.file))
        assert next(findings).state == "ok"
        refused = run_in(lab.file, tmp_path / "runs")
        assert (refused.exit_code, refused.run) == (4, None)
        assert "is in use: doctor, process" in str(refused.error)
        assert {finding.state for finding in findings} == {"ok"}
        assert run_in(lab.file, tmp_path / "runs").status == "finished"


def test_two_programs_at_one_lab_and_a_third_after_a_kill(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab, quick = tmp_path / "lab.json", ["-p", "maximum_field=80mT", "-p", "survey_rate=180Oe/s"]
    words = ["run", "ahe", "--lab", str(lab), "--out", str(tmp_path)]
    with ExitStack() as stack:
        lab.write_text(json.dumps(stack.enter_context(in_a_process("--clock", "scaled", "--speed", "20"))))
        first = stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "labctl", *words], stdout=subprocess.PIPE, text=True)
        )
        stack.callback(first.kill)
        assert first.stdout is not None
        assert first.stdout.readline().startswith("ahe: 10 % done")
        (run,) = tmp_path.glob("*/0001-ahe-cotb2025-sim")
        assert run_command([*words, "--json"]) == 4
        printed = capsys.readouterr()
        assert json.loads(printed.out)["status"] == "refused"
        assert f"error: the lab of {lab} is in use: run ahe in {run}, process " in printed.err
        assert first.poll() is None
        first.kill()
        first.wait(30)
        while run_command([*words, *quick]) == 4:  # the run itself lives on, until its sample is safe
            assert "is in use: run ahe" in capsys.readouterr().err
        assert RunDirectory(run).status() == "aborted"
        assert {path.name for path in run.parent.iterdir()} == {"0001-ahe-cotb2025-sim", "0002-ahe-cotb2025-sim"}


def test_the_places_of_a_station_are_all_its_instruments() -> None:
    assert places_of(load_station("ppms"), None) == {
        "gpib0::12": "source at GPIB0::12::INSTR",
        "gpib0::7": "voltmeter at GPIB0::7::INSTR",
        "gpib0::24": "smu at GPIB0::24::INSTR",
        "gpib0::8": "lockin at GPIB0::8::INSTR",
        "gpib0::15": "cryostat at GPIB0::15::INSTR",
    }
