"""`labctl simulate`, and `labctl run --lab` in what it serves."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import VirtualClock
from labctl.cli.doors import Doors, MultiVuOptions
from labctl.cli.main import run_command
from labctl.cli.serving import announcement, serve_lab
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from tests.served import in_a_process, in_a_thread
from tests.strangers import ACTIONS, Strangers, addresses

QUICK = ["-p", "maximum_field=20mT", "-p", "survey_rate=180Oe/s"]


def labctl(*words: object) -> int:
    return run_command([str(word) for word in words])


def test_a_virtual_lab_says_where_its_clock_is_and_what_it_holds() -> None:
    with in_a_process("--clock", "virtual", "--seed", 3, "--station", "versalab") as line:
        assert line["clock"].startswith("127.0.0.1:")
        assert line["speed"] is None
        assert (line["seed"], line["sample_seed"]) == (3, 0)
        assert (line["station"], line["sample"]) == ("versalab", "cotb2025")


def test_a_lab_whose_addresses_nobody_takes_is_not_served() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as nowhere:
        ended = subprocess.run(
            [sys.executable, "-m", "labctl", "simulate"], stdout=nowhere, stderr=subprocess.PIPE, text=True, timeout=60,
            check=False,
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "addresses" in ended.stderr


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--clock", "virtual", "--speed", "5"], "--speed 5"),
        (["--clock", "scaled", "--speed", "nan"], "speed"),
        (["--clock", "real"], "scaled or virtual"),
        (["--clock", "virtual", "--clock-file", "lab.clock"], "--clock-file"),
        (["--speed", "2000", "--clock-file", "/nowhere/lab.clock"], "0.1 to 1000"),
        (["--multivu-version", "abc"], "--multivu-version is 'abc', but must look like 3.8.0"),
        (["--multivu-version", "3.8"], "must look like 3.8.0"),
    ],
)
def test_clocks_that_make_no_sense_are_refused(capsys: pytest.CaptureFixture[str], words: list[str], part: str) -> None:
    assert labctl("simulate", *words) == 2
    assert part in capsys.readouterr().err


def test_a_run_in_a_lab_takes_its_sample_and_says_that_it_is_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from labctl import paths

    mine = tmp_path / "mine.toml"
    mine.write_text(paths.sample_files()["cotb2025"].read_text().replace('name = "cotb2025"', 'name = "mine"'))
    with in_a_thread(tmp_path / "lab.json", sample=str(mine), seed=7) as served:
        words = ["--lab", served.file, "--simulate", "--out", tmp_path / "runs", "--json"]
        assert labctl("run", "ahe", *words, *QUICK) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["simulated"] is True
    run = Path(outcome["run"])
    assert run.name.endswith("-ahe-mine-sim")
    request = json.loads((run / "run.json").read_text())
    assert request["simulated"] is True
    assert request["seeds"]["seed"] == 7


def test_a_run_in_a_lab_full_of_strangers_measures_the_same_bytes_as_one_on_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They ask whole questions, break off others, and talk nonsense where that is nobody's affair but their own."""

    def measured(*words: object) -> bytes:
        assert labctl("run", "ahe", *words, "--out", tmp_path / "runs", "--json", *QUICK) == 0
        return (Path(json.loads(capsys.readouterr().out)["run"]) / "data.csv").read_bytes()

    lab = tmp_path / "lab.json"
    alone = measured("--simulate", "--seed", 5)
    acts = 0
    for _ in range(10):  # a fast machine measures sooner than strangers come to act
        with in_a_process("--clock", "virtual", "--seed", 5) as line:
            lab.write_text(json.dumps(line))
            with Strangers(addresses(line), 3, frozenset({"multivu", "clock"}), ACTIONS, pause=1e-3) as strangers:
                assert measured("--lab", lab) == alone
        acts += strangers.acts
        if acts > 300:
            break
    assert acts > 300


@pytest.mark.parametrize("json_wanted", [False, True])
def test_a_file_that_is_not_there_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], json_wanted: bool
) -> None:
    words: list[Any] = ["--lab", tmp_path / "none.json", "--out", tmp_path, *(["--json"] if json_wanted else [])]
    assert labctl("run", "ahe", *words) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "none.json" in said.err
    if json_wanted:
        assert "none.json" in json.loads(said.out)["error"]
    assert list(tmp_path.iterdir()) == []


def test_a_lab_with_another_sample_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from labctl import paths

    mine = tmp_path / "mine.toml"
    mine.write_text(paths.sample_files()["cotb2025"].read_text().replace('name = "cotb2025"', 'name = "mine"'))
    with in_a_thread(tmp_path / "lab.json") as served:
        assert labctl("run", "ahe", "--lab", served.file, "--sample", mine, "--out", tmp_path / "runs") == 2
    assert "has the sample 'cotb2025', but the run is for 'mine'" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_a_port_that_is_taken_is_refused_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert labctl("simulate", "--port", f"multivu={port}") == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"multivu cannot listen at 127.0.0.1 port {port}" in said


def test_multivu_is_served_where_and_as_it_is_wanted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    wanted = Doors(ports={"multivu": port}, multivu=MultiVuOptions("3.7.1", realistic_latency=True))
    settings = wanted.multivu.settings()
    assert (settings.version, settings.latency) == ("3.7.1", 0.088)
    lab = build_lab(load_station("versalab"), load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0)
    server = serve_lab(lab, wanted)
    try:
        line = announcement(server, lab, "versalab", "cotb2025")
        assert line["cryostat"] == {"multivu": f"127.0.0.1:{port}", "visa": None}
    finally:
        server.stop()
        server.serve()
