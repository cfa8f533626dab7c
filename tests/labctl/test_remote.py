"""Runs in a lab that is reached over TCP: the same values as in process, and one sentence for what goes wrong."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from instruments.clock import VIRTUAL_EPOCH, ScaledClock
from instruments.errors import InstrumentFault, UsageError
from instruments.keithley2182a import Keithley2182A
from labctl.remote import LabAddresses, RemoteClock, read_addresses
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.station import load_station
from procedures.ahe import AnomalousHallLoop
from tests.served import in_a_thread, in_processes
from tests.simulated import Simulate

LOOP: dict[str, Any] = {"maximum_field": "80 mT", "survey_rate": "180 Oe/s"}
"""Two branches of some hundred readings together."""


def run_in(lab: Path, out: Path, *, station: str = "ppms", sample: str = "cotb2025", **options: Any) -> Outcome:
    return carry_out(
        Request(
            "ahe", AnomalousHallLoop(**LOOP), load_station(station), load_sample(sample), simulate=False, out=out,
            lab=lab, **options,
        ),
        analyse=False,
    )  # fmt: skip


def finished(outcome: Outcome) -> bytes:
    assert outcome.error is None
    assert outcome.run is not None
    return (outcome.run / "data.csv").read_bytes()


def rows(outcome: Outcome) -> pd.DataFrame:
    assert outcome.run is not None
    return pd.read_csv(outcome.run / "data.csv", comment="#")


# ---- the same values


def test_a_lab_in_its_own_process_gives_the_same_bytes_each_time_and_those_of_a_lab_in_the_runs(
    tmp_path: Path, simulate: Simulate
) -> None:
    here = finished(simulate(seed=1, **LOOP).outcome)
    with in_processes(3, "--clock", "virtual", "--seed", 1) as labs:
        for number, lab in enumerate(labs):
            file = tmp_path / f"{number}.json"
            file.write_text(json.dumps(lab))
            outcome = run_in(file, tmp_path / "runs")
            assert finished(outcome) == here
            assert outcome.simulated
            assert outcome.run is not None
            assert outcome.run.name.endswith("-sim")
            request = json.loads((outcome.run / "run.json").read_text())
            assert request["simulated"] is True
            assert request["seeds"]["seed"] == 1


def test_the_sample_keeps_its_memory_from_run_to_run(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        first, second = (run_in(served.file, tmp_path / "runs") for _ in range(2))
        assert served.lab.clock.now() > first.lab_time_s + second.lab_time_s - 1.0
    assert finished(first) != finished(second)
    assert min(rows(second)["Time (s)"]) > max(rows(first)["Time (s)"])


@contextmanager
def spectating(served: Any) -> Generator[list[int]]:
    """Ask every instrument harmless questions, without pause, as long as this lasts; how often that was."""
    questions = {
        "source": (b"*STB?", b"*IDN?", b":OUTP?"),
        "voltmeter": (b"*STB?", b"*IDN?"),
        "cryostat": (b"GETDAT? 7", b"*IDN?", b"FIELD?"),
        "clock": (b"NOW?",),
    }
    over, asked = threading.Event(), [0]

    def spectate() -> None:
        with ExitStack() as stack:
            ports = served.server.ports
            connect = {role: socket.create_connection(("127.0.0.1", ports[role]), timeout=10) for role in questions}
            for connection in connect.values():
                stack.enter_context(connection)
            while not over.is_set():
                for role, lines in questions.items():
                    for line in lines:
                        connect[role].sendall(line + b"\n")
                        asked[0] += bool(connect[role].recv(4096))

    thread = threading.Thread(target=spectate)
    thread.start()
    try:
        yield asked
    finally:
        over.set()
        thread.join()


def test_a_second_client_that_asks_for_states_without_pause_changes_no_value(
    tmp_path: Path, simulate: Simulate
) -> None:
    alone = finished(simulate(seed=1, **LOOP).outcome)
    with in_a_thread(tmp_path / "lab.json") as served, spectating(served) as asked:
        watched = run_in(served.file, tmp_path / "runs")
    assert asked[0] > 100
    assert finished(watched) == alone


def test_a_lab_whose_time_flows_is_measured_as_well(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json", ScaledClock(100.0)) as served:
        outcome = run_in(served.file, tmp_path / "runs")
    assert outcome.error is None
    assert outcome.simulated
    assert outcome.lab_time_s == pytest.approx(100.0 * outcome.wall_time_s, rel=0.5)
    assert max(rows(outcome)["Hall resistance (ohm)"]) == pytest.approx(0.245, rel=0.05)  # with the leads' misalignment


def test_a_reading_that_takes_longer_than_the_time_out_comes_at_once(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        address = read_addresses(served.file).resource("voltmeter")
        clock = RemoteClock("127.0.0.1", served.server.ports["clock"])
        meter = Keithley2182A(address, clock=clock, visa_library="@py", timeout=10_000)
        meter.configure_one_shot(1, 50.0, 0.01)
        meter.write(":SENS:VOLT:DFIL:STAT ON;COUN 20;TCON REP;:SYST:ERR?")
        assert meter.line.receive().startswith("0,")
        connection: Any = meter.adapter.connection
        connection.timeout = 5000  # ms of real time; twenty conversions take over 20 s of the lab's
        begin = clock.now()
        meter.line.send(":READ?")
        assert abs(float(meter.line.receive())) < 1e-5
        assert clock.now() - begin > 20.0
        meter.adapter.close()
        clock.close()


# ---- what goes wrong


def test_a_lab_that_dies_during_a_run_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:

        def kill(run: Any) -> None:
            if run.points == 30:
                served.end()

        request = Request(
            "ahe", AnomalousHallLoop(**LOOP), load_station("ppms"), load_sample("cotb2025"), simulate=True,
            out=tmp_path / "runs", lab=served.file,
        )  # fmt: skip
        outcome = carry_out(request, kill, analyse=False)
    assert outcome.exit_code == 5
    assert outcome.status == "fault"
    assert outcome.points == 30
    assert outcome.error is not None
    assert "\n" not in outcome.error
    assert any("safe state was not reached" in warning for warning in outcome.warnings)


def test_a_lab_that_has_ended_is_said_to_have(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        pass
    outcome = run_in(served.file, tmp_path / "runs")
    assert outcome.exit_code == 5
    assert "nobody listens at 127.0.0.1:" in str(outcome.error)
    assert "labctl simulate" in str(outcome.error)


@pytest.mark.parametrize(
    ("change", "options", "parts"),
    [
        ({"station": "versalab"}, {}, ["versalab", "'ppms'", "--station versalab"]),
        ({"seed": 5}, {"seed": 6}, ["--seed is 6", "with 5"]),
        ({"sample_seed": 5}, {"sample_seed": 6}, ["--sample-seed is 6", "with 5"]),
        ({"voltmeter": None}, {}, ["has no voltmeter"]),
        ({"cryostat": {"multivu": None, "visa": None}}, {}, ["has no cryostat"]),
    ],
)
def test_another_lab_than_was_asked_for_is_refused(
    tmp_path: Path, change: dict[str, Any], options: dict[str, Any], parts: list[str]
) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        served.file.write_text(json.dumps({**json.loads(served.file.read_text()), **change}))
        outcome = run_in(served.file, tmp_path / "runs", **options)
    assert outcome.exit_code == 2
    assert all(part in str(outcome.error) for part in parts), outcome.error


LINE: dict[str, Any] = {
    "source": "TCPIP::127.0.0.1::5001::SOCKET", "voltmeter": "TCPIP::127.0.0.1::5002::SOCKET", "smu": None,
    "lockin": None, "cryostat": {"multivu": None, "visa": "TCPIP::127.0.0.1::5003::SOCKET"},
    "clock": "127.0.0.1:5004", "speed": None, "seed": 1, "sample_seed": 0, "station": "ppms", "sample": "cotb2025",
}  # fmt: skip


def test_the_line_that_simulate_prints_is_read(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    file.write_text(json.dumps(LINE) + "\nand whatever was printed later\n")
    assert read_addresses(file) == LabAddresses(
        file=file,
        resources={"source": LINE["source"], "voltmeter": LINE["voltmeter"], "cryostat": LINE["cryostat"]["visa"]},
        hosts={"source": ("127.0.0.1", 5001), "voltmeter": ("127.0.0.1", 5002), "cryostat": ("127.0.0.1", 5003)},
        clock=("127.0.0.1", 5004), seed=1, sample_seed=0, station="ppms", sample="cotb2025",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("", "empty"),
        ("ready\n", "line of JSON"),
        ("[" * 100_000, "line of JSON"),
        ("[1, 2]", "no addresses"),
        ("{}", "lacks 'source'"),
        (json.dumps({key: value for key, value in LINE.items() if key != "clock"}), "lacks 'clock'"),
        (json.dumps(LINE | {"source": "GPIB0::12::INSTR"}), "source = 'GPIB0::12::INSTR'"),
        (json.dumps(LINE | {"source": "TCPIP::127.0.0.1::70000::SOCKET"}), "70000"),
        (json.dumps(LINE | {"cryostat": "TCPIP::127.0.0.1::5003::SOCKET"}), "cryostat"),
        (json.dumps(LINE | {"clock": 5004}), "clock = 5004"),
        (json.dumps(LINE | {"speed": -1}), "speed = -1"),
        (json.dumps(LINE | {"seed": "x"}), "seed = 'x'"),
        (json.dumps(LINE | {"station": 3}), "station = 3"),
        (b"\xff\xfe", "not text"),
        (None, "cannot be read"),
    ],
    ids=str,
)
def test_a_file_that_holds_something_else_is_one_sentence(
    tmp_path: Path, content: str | bytes | None, part: str
) -> None:
    file = tmp_path / "lab.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError) as caught:
        read_addresses(file)
    assert part in str(caught.value)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


# ---- the clock


def test_a_remote_clock_shows_and_moves_the_labs_time(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        clock = RemoteClock("127.0.0.1", served.server.ports["clock"])
        assert clock.now() == 0.0
        clock.sleep(1 / 3)
        clock.sleep(-5.0)
        assert clock.now() == 1 / 3
        clock.sleep_until(0.1 + 0.2)
        assert clock.now() == 1 / 3
        clock.sleep_until(1234.1 + 1e-9)
        assert clock.now() == 1234.1 + 1e-9
        assert (clock.utc() - VIRTUAL_EPOCH).total_seconds() == pytest.approx(1234.1)
        for wrong in (float("nan"), float("inf")):
            with pytest.raises(ValueError, match="finite"):
                clock.sleep(wrong)
            with pytest.raises(ValueError, match="finite"):
                clock.sleep_until(wrong)
        with pytest.raises(InstrumentFault, match="latest time"):
            clock.sleep(1e300)
        assert clock.now() == 1234.1 + 1e-9
        clock.close()


def test_the_clock_of_a_lab_that_is_gone_stands_still_and_lets_nobody_wait(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        clock = RemoteClock("127.0.0.1", served.server.ports["clock"])
        clock.sleep(5.0)
        served.end()
        assert clock.now() == 5.0
        assert (clock.utc() - VIRTUAL_EPOCH).total_seconds() == 5.0
        with pytest.raises(InstrumentFault, match="the lab has ended"):
            clock.sleep(1.0)


def test_a_reply_that_was_not_waited_for_is_not_taken_for_the_next(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        clock = RemoteClock("127.0.0.1", served.server.ports["clock"])
        clock.connect()

        class Interrupted(socket.socket):
            def recv(self, *_: Any) -> bytes:
                raise KeyboardInterrupt

        real = clock._socket
        assert real is not None
        clock._socket = Interrupted(fileno=real.detach())
        with pytest.raises(KeyboardInterrupt):
            clock.sleep(7.0)
        assert clock.now() == 7.0
        clock.close()
