from __future__ import annotations

import select
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from pyvisa.errors import VisaIOError

from instruments.errors import GarbledReply, InstrumentFault, LimitExceeded, NoReply
from instruments.keithley6221 import Keithley6221
from instruments.ppms6000 import Ppms6000
from tests.instruments.dialogues import NO_ERROR, Bench, dialogue

IDN = "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x "
WHO = {"*IDN?": f"{IDN}\n"}
SET = ":SOUR:CURR 0.001;*ESR?;:SYST:ERR?"


def test_a_doubled_reply_raises_and_never_answers_the_next_question():
    bench = Bench(Keithley6221, {**WHO, ":SOUR:CURR?": ["1.0E-03\n1.0E-03\n", "2.0E-03\n"], ":OUTP?": "1\n"})
    with pytest.raises(GarbledReply, match=r"E-03.n1"):
        _ = bench.driver.source_current
    assert bench.driver.source_current == 2e-3
    assert bench.device.heard == [":SOUR:CURR?", "*IDN?", ":SOUR:CURR?"]
    assert bench.device.clears == 1


def test_a_doubled_answer_to_a_setting_raises():
    bench = Bench(Keithley6221, {**WHO, SET: f"{NO_ERROR}\n{NO_ERROR}\n", ":OUTP?": "0\n"})
    with pytest.raises(GarbledReply, match="read back what was set"):
        bench.driver.source_current = 1e-3
    assert bench.driver.source_enabled is False


def test_the_terminator_that_a_user_gives_does_not_hide_a_doubled_reply():
    bench = Bench(Keithley6221, {**WHO, ":SOUR:CURR?": ["1.0E-03\r\n1.0E-03\r\n", "2.0E-03\r\n"]})
    driver = Keithley6221(bench.resource, bench.clock, visa_library=bench.library, read_termination="\r\n")
    with pytest.raises(GarbledReply):
        _ = driver.source_current


def test_silence_says_what_was_asked_and_how_long_was_waited():
    bench = Bench(Keithley6221, WHO)
    with pytest.raises(NoReply) as caught:
        _ = bench.driver.source_current
    assert str(caught.value) == "6221 at GPIB0::9::INSTR: asked ':SOUR:CURR?', no reply came in 2 s"
    assert bench.clock.now() == 2.0


def test_a_reply_that_comes_too_late_is_not_the_next_one():
    late = ["", "2.0E-03\n"]
    bench = Bench(Keithley6221, {**WHO, ":SOUR:CURR?": late, ":SOUR:CURR:COMP?": "10.0000\n"})
    with pytest.raises(NoReply):
        _ = bench.driver.source_current
    bench.device._output = [b"1.0E-03\n"]
    assert bench.driver.source_compliance == 10.0
    assert bench.device.heard[1:] == ["*IDN?", ":SOUR:CURR:COMP?"]


def test_a_question_that_nobody_read_the_answer_to_is_cleared_away():
    bench = Bench(Keithley6221, {**WHO, ":OUTP?": "1\n", ":SOUR:CURR?": "0.5E-03\n"})
    bench.driver.write(":OUTP?")  # as when Ctrl-C comes between question and answer
    assert bench.driver.source_current == 5e-4
    assert bench.device.heard == [":OUTP?", "*IDN?", ":SOUR:CURR?"]


def test_stale_replies_before_the_identity_are_passed_over():
    pairs = [(":OUTP?", "x"), ("*IDN?", "1"), (None, "#"), (None, IDN), (":OUTP?", "0")]
    with dialogue(Keithley6221, *pairs) as source:
        with pytest.raises(GarbledReply):
            _ = source.source_enabled
        assert source.source_enabled is False


def test_an_instrument_that_only_babbles_does_not_keep_anybody_for_ever():
    pairs: list[tuple[str | None, str]] = [("*IDN?", "1"), *[(None, "1")] * 19]
    with dialogue(Keithley6221, *pairs, ("*IDN?", IDN), (":OUTP?", "0")) as source:
        with pytest.raises(InstrumentFault, match="not the instrument"):
            source.check_identity()
        assert source.source_enabled is False  # and before anything else is asked, it has to say who it is


@pytest.mark.parametrize("reply", [b"\xff\xfe1.0\n", b"1.0\x80E-03\n"])
def test_bytes_that_are_no_text_are_garbled(reply: bytes):
    bench = Bench(Keithley6221, {**WHO, ":SOUR:CURR?": [reply]})
    with pytest.raises(GarbledReply, match="not ASCII"):
        _ = bench.driver.source_current
    with dialogue(Keithley6221, (":SOUR:CURR?", reply)) as source, pytest.raises(GarbledReply, match="not ASCII"):
        _ = source.source_current


def test_a_closed_connection_is_no_reply():
    bench = Bench(Keithley6221, WHO)
    bench.driver.adapter.connection.close()
    with pytest.raises(NoReply, match="could not be sent"):
        _ = bench.driver.source_current


def test_a_lost_connection_is_no_reply(monkeypatch: pytest.MonkeyPatch):
    bench = Bench(Keithley6221, {":SOUR:CURR?": "1.0E-03\n"})

    def lose(*_: object) -> None:
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(bench.library, "read", lose)
    with pytest.raises(NoReply, match="connection failed: reset by peer"):
        _ = bench.driver.source_current


def test_a_refusal_below_the_driver_passes_and_leaves_the_line_in_step(monkeypatch: pytest.MonkeyPatch):
    bench = Bench(Keithley6221, {":OUTP?": "0\n"})
    write = bench.library.write

    def guarded(session: object, data: bytes) -> object:
        if b"CURR 0.1;" in data:
            raise LimitExceeded("100 mA is more than this sample takes")
        return write(session, data)

    monkeypatch.setattr(bench.library, "write", guarded)
    with pytest.raises(LimitExceeded, match="this sample"):
        bench.driver.source_current = 0.1
    bench.device.answers["*IDN?"] = f"{IDN}\n"
    assert bench.driver.source_enabled is False


class Peer:
    """The other end of a socket: answers each line with what a test wants, in pieces."""

    def __init__(self, answers: dict[str, list[list[bytes]]]) -> None:
        self.answers = answers
        self.heard: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.resource = f"TCPIP0::127.0.0.1::{self.listener.getsockname()[1]}::SOCKET"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        self.connection, _ = self.listener.accept()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for line in self.connection.makefile("r", newline="\n"):
            message = line.strip()
            self.heard.append(message)
            waiting = self.answers.get(message, [])
            for piece in waiting.pop(0) if waiting else []:
                self.connection.sendall(piece)


@contextmanager
def peer(answers: dict[str, list[list[bytes]]]) -> Generator[tuple[Peer, Keithley6221]]:
    server = Peer(answers)
    driver = Keithley6221(server.resource, visa_library="@py", timeout=100)
    yield server, driver
    driver.adapter.close()
    server.connection.close()
    server.listener.close()
    server.thread.join(5)
    assert not server.thread.is_alive()


def test_on_a_socket_what_nobody_asked_for_is_thrown_away_before_the_next_question():
    answers = {":SOUR:CURR?": [[b"1.0E-03\n1.0E-03\n"], [b"2.0E-03\n"], [b"3.0E-03\n"], [b"4.0E-03\n"]]}
    with peer(answers) as (server, source):
        assert source.source_current == 1e-3
        assert source.source_current == 2e-3
        server.connection.sendall(b"9.0E-03\n")  # arrives between two questions
        connection: Any = source.adapter.connection
        session = connection.visalib.sessions[connection.session]
        assert select.select([session.interface], [], [], 5)[0]
        assert source.source_current == 3e-3
        assert source.source_current == 4e-3


def test_on_a_socket_a_late_reply_is_not_the_next_one():
    identity = IDN.encode("ascii") + b"\n"
    answers = {
        ":SOUR:CURR?": [[]],
        "*IDN?": [[b"1.0E-03\n", identity]],
        ":SOUR:CURR:COMP?": [[b"10.", b"0000\n"]],
    }
    with peer(answers) as (server, source):
        with pytest.raises(NoReply):
            _ = source.source_current
        assert source.source_compliance == 10.0
        assert server.heard == [":SOUR:CURR?", "*IDN?", ":SOUR:CURR:COMP?"]


def test_on_a_socket_that_the_other_end_has_closed_nothing_waits_for_ever():
    """pyvisa-py reads a closed socket for ever when it is asked for a device clear."""
    with peer({":SOUR:CURR?": [[]]}) as (server, source):
        with pytest.raises(NoReply):
            _ = source.source_current  # the reply is owed now, so that the line is cleared before the next message
        server.listener.close()
        server.connection.shutdown(socket.SHUT_RDWR)
        with pytest.raises(NoReply, match="the other end has closed it"):
            _ = source.source_current
        for _ in range(2):
            with pytest.raises(NoReply, match="refused"):
                _ = source.source_current
        with pytest.raises(NoReply, match="refused"):
            source.line.clear()


def test_a_connection_that_was_lost_is_made_again_for_the_next_message():
    identity = IDN.encode("ascii") + b"\n"
    answers = {":SOUR:CURR?": [[b"1.0E-03\n"], [b"2.0E-03\n"]], "*IDN?": [[identity]]}
    with peer(answers) as (server, source):
        assert source.source_current == 1e-3
        lost = server.connection
        lost.shutdown(socket.SHUT_RDWR)
        server.thread.join(5)
        server.thread = threading.Thread(target=server.serve, daemon=True)
        server.thread.start()
        with pytest.raises(NoReply, match="the other end has closed it"):
            _ = source.source_current
        assert source.source_current == 2e-3
        assert server.heard == [":SOUR:CURR?", "*IDN?", ":SOUR:CURR?"]
        assert source.line.timeout == 0.1
        lost.close()


def test_on_a_socket_of_another_library_what_waits_is_read_away():
    resource = "TCPIP0::192.168.0.7::1394::SOCKET"
    bench = Bench(Keithley6221, {":SOUR:CURR?": ["1.0E-03\n1.0E-03\n", "2.0E-03\n"]}, resource=resource)
    assert bench.driver.source_current == 1e-3
    assert bench.driver.source_current == 2e-3
    assert bench.driver.adapter.connection.timeout == 2000


def test_a_socket_of_the_ppms_ends_replies_at_semicolons():
    answers = {"*IDN?": "QUANTUM DESIGN;", "FIELD?": ["0,50,0,1;\r\n0,50,0,1;", "5000,50,0,1;"]}
    bench = Bench(Ppms6000, answers, resource="TCPIP0::192.168.0.8::5000::SOCKET")
    assert bench.driver.field_setpoint.field == 0.0
    assert bench.driver.field_setpoint.field == 0.5


def test_terminators_by_interface():
    for resource, reading in (("GPIB0::9::INSTR", None), ("TCPIP0::192.168.0.7::1394::SOCKET", "\n")):
        connection = Bench(Keithley6221, {}, resource=resource).driver.adapter.connection
        assert (connection.read_termination, connection.write_termination) == (reading, "\n")


def test_an_unknown_resource_is_visas_own_error():
    bench = Bench(Keithley6221, {})
    with pytest.raises(VisaIOError):
        Keithley6221("GPIB0::30::INSTR", visa_library=bench.library)
