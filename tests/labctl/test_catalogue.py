"""`labctl runs`: what is found among run folders, and that nothing in a folder keeps the others from being listed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import labctl
from instruments.errors import BadValue, StationInUse, UnknownName
from labctl.catalogue import Entry, catalogue
from labctl.catalogue_filters import Condition, Wanted, condition, select
from labctl.cli.main import run_command
from labctl.station import load_station
from labctl.station_lock import holding, is_on
from labctl.supervision.rescue import Dead, Rest, announce
from tests.folders import write_run
from tests.sources import ROOT


def numbers(entries: list[Entry]) -> list[int]:
    return [entry.number for entry in entries]


def found(root: Path, **wanted: Any) -> list[int]:
    conditions = [condition(text, "parameter") for text in wanted.pop("p", [])]
    conditions += [condition(text, "result") for text in wanted.pop("result", [])]
    return numbers(select(catalogue([root]), Wanted(**wanted, conditions=conditions))[0])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    write_run(root, 1, day="2026-10-30", temperature=300.0, results={"coercive_field_up": (0.04, "T")})
    write_run(root, 2, day="2026-11-20", temperature=250.0, tags=["Night", "b3"], user="AB")
    write_run(root, 3, temperature=None, results={"coercive_field_up": (0.06, "T"), "saturated": (True, "1")})
    write_run(root, 4, sample="S043", procedure="tmr-loop", temperature=249.9, state="aborted")
    return root


def test_runs_come_in_the_order_of_their_days_with_what_they_say(root: Path) -> None:
    entries = catalogue([root])
    assert numbers(entries) == [1, 2, 3, 4]
    second = entries[1]
    assert (second.sample, second.procedure, second.status, second.points) == ("S042", "ahe", "finished", 5)
    assert (second.user, second.notes, second.tags, second.wrong) == ("AB", "why", ["Night", "b3"], [])
    assert second.begun.startswith("2026-11-20 ")
    assert second.results["tmr"].text() == "0.25"
    assert numbers(catalogue([root / "2026-11-21", root / "2026-10-30", root])) == [1, 2, 3, 4]
    assert numbers(catalogue([root / "2026-11-21" / "0003-ahe-S042"])) == [3]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"sample": "s04?"}, [1, 2, 3, 4]),
        ({"sample": "S043"}, [4]),
        ({"procedure": "tmr*"}, [4]),
        ({"user": "ab"}, [2]),
        ({"status": "aborted"}, [4]),
        ({"tags": ["night"]}, [2]),
        ({"tags": ["night", "b4"]}, []),
        ({"date": "2026-11-20"}, [2]),
        ({"date": "2026-11"}, [2, 3, 4]),
        ({"date": ":2026-11-20"}, [1, 2]),
        ({"date": "2026-11-20:"}, [2, 3, 4]),
        ({"date": "2026-10:2026-11-20"}, [1, 2]),
        ({"p": ["temperature=250:300K"]}, [1, 2]),
        ({"p": ["temperature=300:250 K"]}, [1, 2]),
        ({"p": ["temperature=:250K"]}, [2, 4]),
        ({"p": ["temperature=250"]}, [2]),
        ({"p": ["temperature<0.25 kK"]}, [4]),
        ({"p": ["temperature!=250K"]}, [1, 3, 4]),
        ({"p": ["temperature=stay"]}, [3]),
        ({"p": ["sweep=cont*", "temperature>=250 K"]}, [1, 2]),
        ({"p": ["loops=2"], "sample": "S043"}, [4]),
        ({"p": ["loops>2"]}, []),
        ({"p": ["amplitudes=1900:2100 uA"], "user": "AB"}, [2]),
        ({"p": ["amplitudes>2 mA"]}, []),
        ({"result": ["coercive_field_up>50mT"]}, [3]),
        ({"result": ["coercive_field_up<=400 Oe"]}, [1]),
        ({"result": ["coercive_field_up"]}, [1, 3]),
        ({"result": ["saturated=yes"]}, [3]),
        ({"result": ["saturated=no"]}, []),
        ({"result": ["tmr=0.2:0.3"], "status": "finished"}, [2]),
    ],
)
def test_what_is_asked_for_is_what_is_found(root: Path, wanted: dict[str, Any], expected: list[int]) -> None:
    assert found(root, **wanted) == expected


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        ("result", "coercive_field_up>50", r"--result coercive_field_up>50: 50 has no unit.*50 T"),
        ("result", "coercive_field_up>50 K", r"--result coercive_field_up>50 K: .*field"),
        ("result", "coercive_field_up>a", r"--result coercive_field_up>a: "),
        ("result", "coercive_field_up=1:2:3 T", "is no range"),
        ("result", "coercive_field_up>1:2 T", "is no range"),
        ("result", "coercive_field_up>", "is no condition"),
        ("result", ">3", "is no condition"),
        ("parameter", "temperature", "is no condition"),
        ("parameter", "temperature=200:300 mT", "temperature"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(root: Path, kind: Any, text: str, sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        select(catalogue([root]), Wanted(conditions=[condition(text, kind)]))


@pytest.mark.parametrize("date", ["yesterday", "2026-1-1", "2026:2027:2028", ":"])
def test_what_is_no_date_is_refused(date: str) -> None:
    with pytest.raises(BadValue, match=r"--date .* is no date"):
        Wanted(date=date)


def test_units_of_a_condition_are_read_once() -> None:
    looked = Condition("x>1 mT", "result", "x", ">", "1 mT")
    assert [looked.fits(value, "T", "") for value in (0.002, 0.001, None)] == [True, False, False]


def test_whatever_lies_in_a_folder_the_others_are_listed(root: Path) -> None:
    """Each of these was seen or can be made by a process that dies, a disk that is full, or a hand."""
    day = root / "2026-11-21"
    (day / "0005-ahe-half").mkdir()
    for number, (file, content) in enumerate(
        [
            ("run.json", b'{"schema": 1, "proced'), ("run.json", b"\xff\xfe"), ("run.json", b"[]"),
            ("run.json", b'{"schema": 9}'), ("run.json", b'{"schema": 1}'), ("run.json", b"[" * 100_000),
            ("result.json", b"{"), ("result.json", b'{"schema": 1, "results": {"tmr": 3}}'),
            ("result.json", b'{"schema": 1, "results": []}'),
        ],
        6,
    ):  # fmt: skip
        (write_run(root, number) / file).write_bytes(content)
    (write_run(root, 15) / "data.csv").unlink()
    cut = write_run(root, 16)
    with (cut / "events.jsonl").open("a") as file:
        file.write('{"event": "block", "size": 5000}\n{"event": "sta')
    entries = catalogue([root])
    assert numbers(entries) == list(range(1, 17))
    wrong = {entry.number: "; ".join(entry.wrong) for entry in entries}
    assert not any(wrong[number] for number in (1, 2, 3, 4))
    assert all(entry.status == "damaged" for entry in entries if 5 <= entry.number <= 11)
    assert "no run.json" in wrong[5]
    assert "schema 9" in wrong[9]
    assert all("run.json" in wrong[number] for number in (6, 7, 8, 10, 11))
    assert all("esult" in wrong[number] for number in (12, 13, 14))
    assert (wrong[15], entries[14].status) == ("data.csv is missing", "finished")
    assert "cut off" in wrong[16]
    assert found(root, status="damaged") == list(range(5, 17))
    chosen, unread = select(entries, Wanted(sample="S042"))
    assert (numbers(chosen), unread) == ([1, 2, 3, 12, 13, 14, 15, 16], 7)


def test_a_run_json_that_lost_any_byte_never_stops_the_listing(root: Path) -> None:
    folder = root / "2026-11-21" / "0003-ahe-S042"
    whole = {name: (folder / name).read_bytes() for name in ("run.json", "result.json", "events.jsonl")}
    shuffled = random.Random(1)
    for _ in range(60):
        name = shuffled.choice(list(whole))
        at = shuffled.randrange(len(whole[name]))
        changed = whole[name][:at] + bytes([shuffled.randrange(256)]) + whole[name][at + shuffled.randrange(3) :]
        (folder / name).write_bytes(changed)
        assert numbers(catalogue([folder.parent])) == [3, 4]
        (folder / name).write_bytes(whole[name])


def test_a_run_that_is_on_counts_the_rows_that_are_whole(root: Path) -> None:
    folder = write_run(root, 5, state="running")
    (folder / "events.jsonl").write_text('{"event": "state", "state": "running"}\n')
    with (folder / "data.csv").open("a") as file:
        file.write("0.1,2,loo")
    entry = catalogue([folder])[0]
    assert (entry.status, entry.points) == ("not finished", 5)  # nobody here carries it out, or has done so
    with holding(load_station("ppms"), simulate=True, what="run ahe") as hold:
        hold.tell(folder)
        assert catalogue([folder])[0].status == "running"
    assert catalogue([folder])[0].status == "not finished"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_run_that_was_killed_is_told_from_one_that_is_on(root: Path) -> None:
    folder = write_run(root, 6, state="running")
    (folder / "0001-a").mkdir()
    (folder / "events.jsonl").write_text('{"event": "state", "state": "running"}\n')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which wait for nothing here
        child = os.fork()
    if not child:
        with holding(load_station("ppms"), simulate=True, what="run ahe") as hold:
            hold.tell(folder)
            os._exit(0)
    os.waitpid(child, 0)
    assert catalogue([folder])[0].status == "killed"
    announce(Dead(folder, here=True), "was killed", Rest())
    assert catalogue([folder])[0].status == "failed"
    assert is_on(folder) is None


def test_two_programs_do_not_carry_out_one_run(root: Path) -> None:
    folder = write_run(root, 7)
    with holding(load_station("ppms"), simulate=True, what="run ahe") as hold:
        hold.tell(folder)
        with (
            holding(load_station("ppms"), simulate=True, what="resume ahe") as other,
            pytest.raises(StationInUse, match="is being carried out by another program"),
        ):
            other.tell(folder)
        assert is_on(folder)


def test_there_is_no_index_that_could_be_wrong(root: Path) -> None:
    before = sorted(path for path in root.rglob("*"))
    assert len(catalogue([root])) == 4
    assert sorted(path for path in root.rglob("*")) == before
    shutil.rmtree(root / "2026-11-21" / "0003-ahe-S042")
    assert numbers(catalogue([root])) == [1, 2, 4]


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="is no folder"):
        catalogue([tmp_path / "no"])


class Loop(labctl.Procedure):
    """Three rows."""

    DATA_COLUMNS = ("Field (T)",)
    main_results = ("largest_field",)
    largest = labctl.Quantity("0.2 T", "Field at the ends")

    def execute(self) -> None:
        for number in self.track("number", [0, 1, 2]):
            self.record(**{"Field (T)": number * self.largest / 2})

    def analyse(self, data: Any) -> labctl.Results:
        return labctl.Results({"largest_field": labctl.Result(float(data["Field (T)"].max()), 0.001, "T", "this loop")})


def test_a_series_is_one_line_that_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    series = labctl.run(Loop, simulate=True, seed=1, over={"largest": "0.1, 0.2, 0.3 T"})
    assert series.path is not None
    assert run_command(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "cotb2025 (simulated)  loop" in lines[1]
    assert "series over largest 0.1 T to 0.3 T: 3 runs" in lines[1]
    for words in (["--unfold"], ["1"], [str(series.path)]):
        assert run_command(["runs", *words]) == 0
        opened = capsys.readouterr().out
        assert "largest 0.2 T; largest field 200.0 ± 1.0 mT" in opened
    assert run_command(["runs", "--result", "largest_field>150mT", "-p", "largest=0.1:0.2T", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["runs"]
    assert (found["planned"], [run["varied"] for run in found["runs"]]) == (3, [{"largest": "0.2 T"}])
    assert run_command(["runs", "--result", "largest_field>1T"]) == 0
    assert capsys.readouterr().out == "no run\n"
    shutil.rmtree(next(series.path.glob("0002-*")))
    last = next(series.path.glob("0003-*"))
    (last / "run.json").write_text("{")
    assert run_command(["runs"]) == 0
    said = capsys.readouterr().out
    assert "2 of 3 runs" in said
    assert "[1] " in said
    assert f"{last.name}: " in said


def test_the_command_says_what_is_damaged_and_misspelt(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "2026-11-21" / "0005-ahe-half").mkdir()
    assert run_command(["runs", str(root)]) == 0
    said = capsys.readouterr().out
    assert "damaged [1]" in said
    assert "[1] " in said.splitlines()[-2]
    assert said.endswith("5 runs\n")
    assert run_command(["runs", str(root), "--result", "coersive_field_up", "--json"]) == 0
    captured = capsys.readouterr()
    (first, second) = json.loads(captured.out)["warnings"]
    assert first == "no run here has a result 'coersive_field_up'; did you mean coercive_field_up?"
    assert second.startswith("1 damaged folder was not looked at")
    assert captured.err.count("warning: ") == 2
    assert run_command(["runs", str(root / "no"), "--json"]) == 2
    assert "is no folder" in json.loads(capsys.readouterr().out)["error"]


def test_listing_loads_nothing_heavy() -> None:
    program = "import sys, labctl.catalogue, labctl.catalogue_filters, labctl.cli.finding; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"pandas", "pymeasure", "scipy", "matplotlib", "pydantic", "pint"} & set(done.stdout.split())


@pytest.mark.endurance
def test_500_runs_list_in_well_under_two_seconds(tmp_path: Path, simulate: Any) -> None:
    import time

    source = simulate().directory.path
    for number in range(1, 501):
        folder = tmp_path / "many" / f"2026-11-{number % 28 + 1:02d}" / f"{number:04d}-ahe-cotb2025-sim"
        folder.mkdir(parents=True)
        for file in source.iterdir():
            os.link(file, folder / file.name)
    began = time.perf_counter()
    command = [sys.executable, "-m", "labctl", "runs", str(tmp_path / "many")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.endswith("500 runs\n")
    assert time.perf_counter() - began < 2.0
