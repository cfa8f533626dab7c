"""Where a served lab can be reached, and by how many."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Sequence

import pytest

from instruments.errors import BadValue
from labctl.cli.doors import Doors, SingleSession, parse_ports
from labctl.cli.main import run_command
from tests.served import in_a_process


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one sentence with which `labctl simulate` refuses these words."""
    assert run_command(["simulate", *map(str, words)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def test_programs_with_fixed_ports_find_the_lab() -> None:
    source, multivu, clock = free_ports(3)
    words = ["--clock", "virtual", "--port", f"source={source}", "--port", f"multivu={multivu}"]
    with in_a_process(*words, "--port", f"clock={clock}") as line:
        assert line["source"] == f"TCPIP::127.0.0.1::{source}::SOCKET"
        assert line["cryostat"]["multivu"] == f"127.0.0.1:{multivu}"
        assert line["clock"] == f"127.0.0.1:{clock}"
        with socket.create_connection(("127.0.0.1", source), timeout=10) as client:
            client.sendall(b"*IDN?\n")
            assert client.recv(100).startswith(b"KEITHLEY INSTRUMENTS INC.,MODEL 6221")


@pytest.mark.parametrize(
    "words",
    [["source"], ["source="], ["=1394"], ["source=0"], ["source=65536"], ["source=1e3"], ["source=-1"], ["source=²"],
     ["source=1394", "source=1395"], ["source=1394", "smu=1394"], ["source=0000000001394"]],
)  # fmt: skip
def test_ports_that_are_none_are_refused(words: Sequence[str]) -> None:
    with pytest.raises(BadValue, match=re.escape(words[-1])):
        parse_ports(words)


def test_doors_that_the_lab_lacks_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "this lab has no lockin, but source" in refused(capsys, "--station", "versalab", "--port", "lockin=5025")
    assert "only with --clock virtual" in refused(capsys, "--port", "clock=5025")


def test_only_this_computer_can_connect_unless_told_otherwise() -> None:
    assert Doors().warning() == ""
    assert Doors("127.0.0.2").warning() == ""
    assert Doors("localhost").announced_host() == "127.0.0.1"
    for everywhere in ("0.0.0.0", "0"):
        assert "no password" in Doors(everywhere).warning()
        assert Doors(everywhere).announced_host() == "127.0.0.1"


def test_who_opens_a_lab_to_the_network_is_told_what_that_means() -> None:
    command = [sys.executable, "-m", "labctl", "simulate", "--host", "0.0.0.0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        with socket.create_connection(("127.0.0.2", int(line["source"].split("::")[2])), timeout=10) as client:
            client.sendall(b"*OPC?\n")
            assert client.recv(100) == b"1\n"
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said.count("\n") == 1
    assert "there is no password" in said


@pytest.mark.parametrize("host", ["", " ", "no such host.invalid", "::1", "300.0.0.1", "a" * 500, "\u2603."])
def test_a_host_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], host: str) -> None:
    assert "--host" in refused(capsys, "--host", host)


def test_an_address_of_another_computer_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "source cannot listen at 203.0.113.7" in refused(capsys, "--host", "203.0.113.7")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--second-client", "wait"], "--single-session only"),
        (["--stale-session", "5"], "--single-session only"),
        (["--single-session", "--second-client", "hope"], "refuse or wait"),
        (["--single-session", "--stale-session", "-1"], "--stale-session is -1"),
        (["--single-session", "--stale-session", "nan"], "--stale-session is nan"),
    ],
)
def test_rules_for_sessions_that_make_no_sense_are_refused(
    capsys: pytest.CaptureFixture[str], words: Sequence[str], part: str
) -> None:
    assert part in refused(capsys, *words)


def test_a_single_session_is_for_labs_with_a_current_source() -> None:
    with pytest.raises(Exception, match="no source"):
        Doors(session=SingleSession(wanted=True)).check(["voltmeter"])


def test_a_source_that_serves_one_client_hangs_up_on_a_second_and_the_meter_does_not() -> None:
    with in_a_process("--single-session") as line:
        source, meter = (("127.0.0.1", int(line[role].split("::")[2])) for role in ("source", "voltmeter"))
        with socket.create_connection(source, timeout=10) as first:
            first.sendall(b"*OPC?\n")
            assert first.recv(100) == b"1\n"
            with socket.create_connection(source, timeout=10) as second:
                assert second.recv(100) == b""
            for _ in range(2):
                with socket.create_connection(meter, timeout=10) as client:
                    client.sendall(b"*IDN?\n")
                    assert b"MODEL 2182A" in client.recv(100)
            first.sendall(b"*OPC?\n")
            assert first.recv(100) == b"1\n"
