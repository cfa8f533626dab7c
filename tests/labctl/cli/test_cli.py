"""The command line: one sentence and the right exit code, one JSON object where asked for."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labctl import recorder
from labctl.cli.main import run_command
from tests.simulated import QUICK, Simulate

FAST = [word for name, value in QUICK.items() for word in ("-p", f"{name}={value}")]


def labctl(*words: object) -> int:
    return run_command([str(word) for word in words])


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


class Said:
    """What a command has printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def out_and_error(self) -> tuple[str, str]:
        captured = self._capsys.readouterr()
        return captured.out, captured.err

    def sentence(self) -> str:
        """The one sentence on stderr; nothing else, and no traceback."""
        out, error = self.out_and_error()
        assert "Traceback" not in out + error
        lines = [line for line in error.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, error
        return lines[0]

    def json(self) -> dict[str, Any]:
        out, _ = self.out_and_error()
        assert out.count("\n") == 1
        return json.loads(out)


def test_a_run_prints_results_with_uncertainties_lab_time_and_the_figures_path(tmp_path: Path, said: Said) -> None:
    assert labctl("run", "ahe", "--simulate", "--seed", 1, "--out", tmp_path, *FAST) == 0
    out, error = said.out_and_error()
    assert error == ""
    assert "coercive field up" in out
    assert "±" in out
    assert "lab time" in out
    figure = Path(next(line for line in out.splitlines() if line.startswith("figure:")).partition(": ")[2].strip())
    assert figure.exists()
    assert sorted(path.name for path in figure.parent.iterdir()) == [
        "data.csv", "events.jsonl", "figure.png", "result.json", "run.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("run", "ahe", "--simulate", "--seed", -1), "seed"),
        (("run", "ahe", "--simulate", "--sample-seed", -1), "sample_seed"),
        (("reproduce", "cogd2022", "--seed", -1), "seed"),
        (("simulate", "--seed", -1), "seed"),
    ],
)
def test_a_seed_below_zero_is_refused_by_its_name(words: tuple[object, ...], name: str, said: Said) -> None:
    assert labctl(*words) == 2
    assert said.sentence() == f"error: {name} is -1, but must be a whole number from 0"


def test_json_is_exactly_one_object(tmp_path: Path, said: Said) -> None:
    assert labctl("run", "ahe", "--simulate", "--seed", 1, "--out", tmp_path, *FAST, "--json") == 0
    outcome = said.json()
    assert list(outcome) == [
        "run", "status", "simulated", "points", "lab_time_s", "wall_time_s", "results", "error",
    ]  # fmt: skip
    assert outcome["status"] == "finished"
    assert outcome["simulated"] is True
    assert outcome["points"] > 50
    assert outcome["error"] is None
    assert set(outcome["results"]["coercive_field_up"]) >= {"value", "uncertainty", "unit", "of"}
    assert json.loads(Path(outcome["run"], "result.json").read_text())["results"] == outcome["results"]


def test_what_was_asked_is_kept_exactly(tmp_path: Path, said: Said) -> None:
    words = ["--user", "LW", "--notes", "a first look", "--tag", "a", "--tag", "b", "-p", "probe_current=99 uA"]
    assert labctl("run", "ahe", "--simulate", "--seed", 5, "--out", tmp_path, *FAST, *words, "--json") == 0
    request = json.loads(Path(said.json()["run"], "run.json").read_text())
    assert request["schema"] == 1
    assert request["parameters"]["probe_current"]["value"] == 99e-6
    assert request["parameters"]["maximum_field"] == {"value": 0.2, "text": "0.2 T"}
    assert (request["user"], request["notes"], request["tags"]) == ("LW", "a first look", ["a", "b"])
    assert request["seeds"] == {"seed": 5, "sample_seed": 0}
    assert request["simulated"] is True
    assert request["station"]["name"] == "ppms"
    assert request["sample"]["name"] == "cotb2025"
    assert "MODEL 6221" in request["instruments"]["source"]
    assert request["versions"]["pymeasure"].startswith("0.16")


def test_a_seed_that_is_not_given_is_drawn_and_kept(tmp_path: Path, said: Said) -> None:
    seeds: list[int] = []
    for _ in range(2):
        assert labctl("run", "ahe", "--simulate", "--out", tmp_path, *FAST, "--json") == 0
        seeds.append(json.loads(Path(said.json()["run"], "run.json").read_text())["seeds"]["seed"])
    assert seeds[0] != seeds[1]


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (["ahh", "--simulate"], 2, ["'ahh'", "ahe"]),
        (["ahe", "--simulate", "-p", "maximum_feild=1T"], 2, ["maximum_feild", "did you mean maximum_field"]),
        (["ahe", "--simulate", "-p", "maximum_field=5 parsec"], 2, ["maximum_field", "5 parsec", "magnetic field"]),
        (["ahe", "--simulate", "-p", "maximum_field=nan"], 2, ["maximum_field", "nan"]),
        (["ahe", "--simulate", "-p", "survey_rate=0"], 2, ["survey_rate", "0"]),
        (["ahe", "--simulate", "-p", "window_rate=-5 Oe/s"], 2, ["window_rate", "-5 Oe/s"]),
        (["ahe", "--simulate", "-p", "maximum_field"], 2, ["maximum_field", "="]),
        (["ahe", "--simulate", "-p", "loops=1", "-p", "loops=2"], 2, ["loops", "twice"]),
        (["ahe", "--simulate", "-p", "maximum_field=10 T"], 4, ["10 T", "9 T", "ppms"]),
        (["ahe", "--simulate", "-p", "probe_current=1 mA"], 4, ["1 mA", "450", "cotb2025"]),
        (["ahe", "--simulate", "--station", "pppms"], 2, ["'pppms'", "ppms"]),
        (["ahe", "--simulate", "--sample", "cotb2052"], 2, ["'cotb2052'", "cotb2025"]),
        (["ahe", "--simulate", "--station", "nowhere/x.toml"], 2, ["x.toml"]),
        (["ahe", "--simulate", "--seed", "-1"], 2, ["seed"]),
        (["ahe", "--simulate", "--speling"], 2, ["--speling"]),
        (["ahe"], 2, ["sample record", "--sample"]),
        ([], 2, ["argument"]),
    ],
)
def test_bad_input_is_one_sentence_and_the_right_exit_code(
    tmp_path: Path, said: Said, words: list[str], code: int, parts: list[str]
) -> None:
    assert labctl("run", *words, "--out", tmp_path / "runs") == code
    sentence = said.sentence()
    for part in parts:
        assert part in sentence
    assert not list((tmp_path / "runs").glob("*/*"))


@pytest.mark.parametrize(
    ("words", "code"), [(["ahh"], 2), (["ahe", "-p", "maximum_field=10 T"], 4), (["--speling"], 2)]
)
def test_bad_input_is_one_json_object_too(tmp_path: Path, said: Said, words: list[str], code: int) -> None:
    assert labctl("run", *words, "--simulate", "--out", tmp_path, "--json") == code
    outcome = said.json()
    assert outcome["run"] is None
    assert outcome["status"] == ("refused" if code == 4 else "failed")
    assert outcome["error"]


def test_a_station_file_with_an_unknown_key_is_refused_with_the_nearest_one(tmp_path: Path, said: Said) -> None:
    text = Path("data/stations/ppms.toml").read_text().replace('field_rate = "', 'feild_rate = "')
    (tmp_path / "mine.toml").write_text(text)
    assert labctl("run", "ahe", "--simulate", "--station", tmp_path / "mine.toml", "--out", tmp_path) == 2
    sentence = said.sentence()
    assert "mine.toml" in sentence
    assert "feild_rate" in sentence
    assert "field_rate" in sentence.replace("feild_rate", "")


def test_a_station_without_a_voltmeter_is_refused_with_the_role(tmp_path: Path, said: Said) -> None:
    text = Path("data/stations/ppms.toml").read_text()
    head, _, rest = text.partition("[instruments.voltmeter]")
    tail = rest[rest.index("\n[") :]
    (tmp_path / "mine.toml").write_text(head + tail)
    assert labctl("run", "ahe", "--simulate", "--station", tmp_path / "mine.toml", "--out", tmp_path) == 2
    assert "has no voltmeter, which ahe needs" in said.sentence()


def test_a_station_whose_driver_is_not_there_is_refused(tmp_path: Path, said: Said) -> None:
    text = Path("data/stations/ppms.toml").read_text()
    (tmp_path / "mine.toml").write_text(text.replace('driver = "ppms6000"', 'driver = "ppms7000"'))
    assert labctl("run", "ahe", "--simulate", "--station", tmp_path / "mine.toml", "--out", tmp_path) == 2
    assert "ppms7000" in said.sentence()


def test_an_output_folder_that_cannot_be_written_is_refused(tmp_path: Path, said: Said) -> None:
    (tmp_path / "file").write_text("")
    assert labctl("run", "ahe", "--simulate", "--out", tmp_path / "file") == 2
    assert "--out" in said.sentence()


def test_a_full_disk_fails_the_run_names_the_file_and_turns_the_source_off(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, rows = os.write, [0]

    def filling_up(file: int, data: bytes) -> int:
        rows[0] += 1
        if rows[0] > 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data)

    monkeypatch.setattr(recorder.os, "write", filling_up)
    done = simulate(**QUICK)
    assert done.outcome.status == "failed"
    assert done.outcome.exit_code == 1
    assert "data.csv" in str(done.outcome.error)
    assert "No space left" in str(done.outcome.error)
    done.assert_source_off()
    assert len(done.rows) == 29


def test_ctrl_c_ends_with_code_3_source_off_and_the_data_kept(simulate: Simulate) -> None:
    def interrupt(run: Any) -> None:
        if run.points == 15:
            signal.raise_signal(signal.SIGINT)

    done = simulate(watch=interrupt, **QUICK)
    assert done.outcome.exit_code == 3
    assert done.outcome.status == "aborted"
    assert len(done.rows) == 15
    done.assert_source_off()
    assert done.directory.status() == "aborted"
    assert done.outcome.results["anomalous_hall_resistance"]["why"]
    held = float(done.ask("cryostat", b"FIELD?\n").split(b",")[0])
    assert 0 < held < 2000


def test_analysing_again_gives_the_same(tmp_path: Path, said: Said) -> None:
    assert labctl("run", "ahe", "--simulate", "--seed", 1, "--out", tmp_path, *FAST, "--json") == 0
    first = said.json()
    Path(first["run"], "result.json").unlink()
    assert labctl("analyse", first["run"], "--json") == 0
    again = said.json()
    assert again["results"] == first["results"]
    assert again["status"] == "finished"
    assert Path(first["run"], "result.json").exists()


def test_plotting_again_into_a_vector_file(tmp_path: Path, said: Said) -> None:
    assert labctl("run", "ahe", "--simulate", "--seed", 1, "--out", tmp_path, *FAST, "--json") == 0
    run = said.json()["run"]
    assert labctl("plot", run, "--out", tmp_path / "loop.pdf") == 0
    assert (tmp_path / "loop.pdf").read_bytes().startswith(b"%PDF")
    assert labctl("plot", run, "--out", tmp_path / "loop.xyz") == 2
    assert "xyz" in said.sentence()


@pytest.mark.parametrize("command", ["analyse", "plot"])
def test_a_data_file_cut_in_the_middle_of_a_row_loses_that_row_with_a_warning(
    tmp_path: Path, said: Said, command: str
) -> None:
    assert labctl("run", "ahe", "--simulate", "--seed", 1, "--out", tmp_path, *FAST, "--json") == 0
    run = Path(said.json()["run"])
    whole = (run / "data.csv").read_bytes()
    middle = whole.index(b"\n", len(whole) // 2) + 20
    (run / "data.csv").write_bytes(whole[:middle])
    assert labctl(command, run) == 0
    assert "torn" in said.out_and_error()[1]
    (run / "data.csv").write_bytes(whole[:middle] + whole[middle + 100 :])
    assert labctl(command, run) == 2
    assert "data.csv, line" in said.sentence()


@pytest.mark.parametrize("command", ["analyse", "plot"])
def test_a_run_without_a_row_has_nothing_to_analyse(tmp_path: Path, said: Said, command: str) -> None:
    assert labctl("run", "ahe", "--simulate", "--seed", 1, "--out", tmp_path, *FAST, "--json") == 0
    run = Path(said.json()["run"])
    lines = (run / "data.csv").read_text().splitlines(keepends=True)
    (run / "data.csv").write_text("".join(line for line in lines if line.startswith(("#", "Time"))))
    assert labctl(command, run) == 2
    assert "holds no row" in said.sentence()


@pytest.mark.parametrize("command", ["analyse", "plot"])
def test_what_is_no_run_is_refused(tmp_path: Path, said: Said, command: str) -> None:
    assert labctl(command, tmp_path / "nothing") == 2
    assert "does not exist" in said.sentence()
    assert labctl(command, tmp_path) == 2
    assert "run.json" in said.sentence()


def test_list_names_everything(said: Said) -> None:
    assert labctl("list") == 0
    out, _ = said.out_and_error()
    for name in ("ahe", "ppms", "versalab", "dynacool", "cotb2025", "keithley6221"):
        assert name in out
    assert labctl("list", "--json") == 0
    assert set(said.json()) == {"procedures", "stations", "samples", "instruments"}


def test_describe_says_what_a_procedure_does_and_takes(said: Said) -> None:
    assert labctl("describe", "ahe") == 0
    out, _ = said.out_and_error()
    for name in ("maximum_field", "sweep", "survey_rate", "probe_current", "0.5 T", "voltmeter"):
        assert name in out
    assert labctl("describe", "ahe", "--json") == 0
    assert list(said.json()["parameters"])[:3] == ["temperature", "maximum_field", "sweep"]


def test_no_words_and_help_show_the_commands(said: Said) -> None:
    for words in ([], ["--help"]):
        assert labctl(*words) == 0
        assert "simulate" in said.out_and_error()[0]


# ---- the simulated station in its own process


@pytest.fixture
def served() -> Iterator[dict[str, Any]]:
    """The addresses of `labctl simulate`, at fifty times real speed."""
    command = [sys.executable, "-m", "labctl", "simulate", "--speed", "50", "--seed", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(10) == 0


def talk(address: str, message: bytes) -> bytes:
    _, host, port, _ = address.split("::")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(message)
        client.settimeout(2)
        return client.recv(4096)


def test_the_line_of_addresses_has_every_role_and_ends_on_a_signal(served: dict[str, Any]) -> None:
    assert set(served) >= {"source", "voltmeter", "smu", "lockin", "cryostat", "clock"}
    assert served["clock"] is None
    assert talk(served["lockin"], b"*IDN?\n").startswith(b"Stanford_Research_Systems,SR830,")
    assert set(served["cryostat"]) == {"multivu", "visa"}
    assert talk(served["source"], b"*IDN?\n").startswith(b"KEITHLEY INSTRUMENTS INC.,MODEL 6221,")
    assert b"QUANTUM DESIGN" in talk(served["cryostat"]["visa"], b"*IDN?\n").upper()


def test_a_plain_socket_gets_an_error_after_nonsense_and_service_after_random_bytes(served: dict[str, Any]) -> None:
    assert talk(served["source"], b"NONSENSE 5\n:SYST:ERR?\n").startswith(b"-113,")
    _, host, port, _ = served["source"].split("::")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(os.urandom(10_000) + b"\n*CLS\n")
        client.settimeout(0.5)
        try:
            while client.recv(4096):
                pass
        except TimeoutError:
            pass
    assert talk(served["source"], b"*IDN?\n").startswith(b"KEITHLEY")


def test_pymeasures_own_classes_read_the_hall_voltage_that_ours_read(served: dict[str, Any]) -> None:
    from pymeasure.instruments.keithley import Keithley2182, Keithley6221

    from instruments import keithley2182a, keithley6221

    ends = {"read_termination": "\n", "write_termination": "\n"}
    source = Keithley6221(served["source"], visa_library="@py", **ends)
    meter = Keithley2182(served["voltmeter"], visa_library="@py", **ends)
    source.source_compliance = 1.0
    source.source_current = 1e-4
    source.source_enabled = True
    meter.channel_function = "voltage"
    channel: Any = meter.ch_1
    channel.voltage_range = 0.01
    theirs = meter.voltage
    source.adapter.close()
    meter.adapter.close()
    our_source = keithley6221.Keithley6221(served["source"], visa_library="@py")
    our_meter = keithley2182a.Keithley2182A(served["voltmeter"], visa_library="@py")
    our_meter.clear()  # READ? while the meter measures by itself leaves "Init ignored" in the error queue
    assert our_source.source_current == 1e-4
    our_meter.configure_one_shot(1, 5.0, 0.01)
    ours = our_meter.voltage
    our_source.shutdown()
    our_source.adapter.close()
    our_meter.adapter.close()
    assert theirs == pytest.approx(1e-4 * 0.245, rel=0.05)
    assert ours == pytest.approx(theirs, abs=1e-7)


@pytest.mark.parametrize(("words", "part"), [(["--speed", "0"], "speed"), (["--clock", "sand"], "sand")])
def test_simulate_refuses_what_makes_no_sense(said: Said, words: list[str], part: str) -> None:
    assert labctl("simulate", *words) == 2
    assert part in said.sentence()
