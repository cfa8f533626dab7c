"""The library that wraps another: what is opened, what is held back, what is passed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pyvisa
from pyvisa import constants, highlevel
from pyvisa.constants import BufferOperation, ResourceAttribute, StatusCode

from instruments.errors import LimitExceeded, Refused
from instruments.guard.library import LONGEST_MESSAGE, GuardedLibrary
from tests.instruments.guard.guarded import GPIB, SOCKET, GuardedBench, bench

TOO_MUCH = b"SOUR:CURR 1\n"


def session_of(on: GuardedBench) -> Any:
    return on.open().session


@pytest.mark.parametrize("name", ["GPIB0::12::INSTR", "gpib::12", "GPIB::12::INSTR", "GPIB0::12"])
def test_one_instrument_has_many_names(name: str) -> None:
    on = bench()
    assert on.open(name).query("*IDN?").startswith("KEITHLEY")
    with pytest.raises(LimitExceeded):
        on.open(name).write("SOUR:CURR 1")


@pytest.mark.parametrize(
    "name", ["GPIB0::13::INSTR", "TCPIP::1.2.3.4::5025::SOCKET", "GPIB0::INTFC", "GPIB1::12::INSTR"]
)
def test_what_is_not_the_stations_is_not_opened(name: str) -> None:
    with pytest.raises(Refused, match=r"is not an instrument of the station.*use GPIB0::12::INSTR"):
        bench().open(name)


def test_a_resource_that_cannot_be_guarded_says_why() -> None:
    on = bench()
    library = GuardedLibrary(on.library, {}, {"GPIB0::24::INSTR": "there is no table for it"})
    with pytest.raises(Refused, match="there is no table for it"):
        pyvisa.ResourceManager(library).open_resource("gpib0::24")  # pyright: ignore[reportArgumentType] - annotated str, takes any library


def test_the_bytes_that_pass_are_the_bytes_that_were_written() -> None:
    on = bench()
    source = on.open()
    messages = [b"*IDN?\n", b":sour:curr 1e-4;:SYST:ERR?\n", b"  *CLS ;; \r\n", b"\n", b"SOUR:CURR:COMP 1\n", b"*IDN?"]
    for message in messages:
        assert source.write_raw(message) == len(message)
    assert on.heard == messages


def test_of_a_refused_write_nothing_leaves() -> None:
    on = bench()
    source = on.open()
    for data in (b"*CLS;:SOUR:CURR 1e-5;:SOUR:CURR:COMP 99\n", b"*CLS\nSOUR:CURR 1e-5\nSOUR:CURR 1\n"):
        with pytest.raises(LimitExceeded):
            source.write_raw(data)
    assert on.heard == []
    assert source.query("SOUR:CURR?") == "0.000000E+00"


class TestPieces:
    def test_on_a_socket_a_message_is_sent_when_it_has_ended(self) -> None:
        on = bench(SOCKET)
        source = on.open()
        assert source.write_raw(b"SOUR:CU") == 7
        assert source.write_raw(b"RR 1e") == 5
        assert on.heard == []
        assert source.write_raw(b"-4\n*ID") == 6
        assert on.heard == [b"SOUR:CURR 1e-4\n"]
        assert source.write_raw(b"N?\n") == 3
        assert on.heard[1:] == [b"*IDN?\n"]

    @pytest.mark.parametrize("cut", range(1, len(TOO_MUCH)))
    def test_a_cut_hides_nothing(self, cut: int) -> None:
        on = bench(SOCKET)
        source = on.open()
        source.write_raw(TOO_MUCH[:cut])
        with pytest.raises(LimitExceeded, match="the current would be 1 A"):
            source.write_raw(TOO_MUCH[cut:])
        assert on.heard == []
        source.write_raw(b"*CLS\n")  # what was refused is forgotten
        assert on.heard == [b"*CLS\n"]

    def test_a_digit_more_counts(self) -> None:
        on = bench(SOCKET)
        source = on.open()
        source.write_raw(b"SOUR:CURR 1")
        source.write_raw(b"e-4\n")
        source.write_raw(b"SOUR:CURR 0.0001")
        with pytest.raises(LimitExceeded):
            source.write_raw(b"E3\n")
        assert on.heard == [b"SOUR:CURR 1e-4\n"]

    def test_gpib_without_end(self) -> None:
        on = bench()
        source = on.open()
        source.set_visa_attribute(ResourceAttribute.send_end_enabled, state=False)
        source.write_raw(b"SOUR:CURR ")
        source.write_raw(b"1")
        assert on.heard == []
        source.set_visa_attribute(ResourceAttribute.send_end_enabled, state=True)
        with pytest.raises(LimitExceeded):
            source.write_raw(b"0")
        assert on.heard == []

    def test_a_device_clear_forgets_what_is_held_back(self) -> None:
        on = bench(SOCKET)
        source = on.open()
        source.write_raw(b"SOUR:CURR 1")
        source.clear()
        source.write_raw(b"*CLS\n")
        assert on.heard == [b"*CLS\n"]

    def test_what_has_no_end_in_sight_is_refused(self) -> None:
        on = bench(SOCKET)
        with pytest.raises(LimitExceeded, match="longer than the 65536 bytes"):
            on.open().write_raw(b"x" * (LONGEST_MESSAGE + 1))


class Counting(highlevel.VisaLibraryBase):
    """Counts what is asked of it."""

    calls: list[str]

    def open(self, *args: Any, **keywords: Any) -> Any:
        return 7, StatusCode.success

    def write(self, session: Any, data: bytes) -> Any:
        self.calls.append(f"write {data!r}")
        return len(data), StatusCode.success

    def write_asynchronously(self, session: Any, data: bytes) -> Any:
        self.calls.append(f"asynchronously {data!r}")
        return 1, StatusCode.success

    def buffer_write(self, session: Any, data: bytes) -> Any:
        self.calls.append(f"buffer {data!r}")
        return len(data), StatusCode.success

    def flush(self, session: Any, mask: Any) -> Any:
        self.calls.append("flush")
        return StatusCode.success

    def assert_trigger(self, session: Any, protocol: Any) -> Any:
        self.calls.append("trigger")
        return StatusCode.success


@pytest.fixture
def other() -> tuple[GuardedLibrary, Counting, Any]:
    """The guard around a library that only counts, with a session."""
    counting = Counting("counting")
    assert isinstance(counting, Counting)
    counting.calls = []
    on = bench()
    guard = GuardedLibrary(counting, on.library._gates)
    manager: Any = None
    session, _ = guard.open(manager, GPIB)
    return guard, counting, session


def test_every_way_to_send_is_guarded(other: Any, tmp_path: Path) -> None:
    guard, counting, session = other
    file = tmp_path / "message"
    file.write_bytes(TOO_MUCH)
    for send in (
        lambda: guard.write(session, TOO_MUCH),
        lambda: guard.write(session, bytearray(TOO_MUCH)),
        lambda: guard.write(session, memoryview(TOO_MUCH)),
        lambda: guard.write_asynchronously(session, TOO_MUCH),
        lambda: guard.buffer_write(session, TOO_MUCH),
        lambda: guard.write_from_file(session, str(file), 100),
        lambda: guard.assert_trigger(session, constants.TriggerProtocol.default),
    ):
        with pytest.raises(LimitExceeded):
            send()
    assert counting.calls == []


def test_what_is_allowed_goes_the_way_it_was_sent(other: Any, tmp_path: Path) -> None:
    guard, counting, session = other
    file = tmp_path / "message"
    file.write_bytes(b"*CLS\nSOUR:CURR 9")
    guard.write(session, b"SOUR:SWE:ABOR")
    guard.write_asynchronously(session, b"*CLS\n")
    guard.buffer_write(session, b"*CL")
    guard.buffer_write(session, b"S\n*WAI")
    guard.flush(session, BufferOperation.flush_write_buffer)
    guard.write_from_file(session, str(file), 5)
    guard.assert_trigger(session, constants.TriggerProtocol.default)
    assert counting.calls == [
        "write b'SOUR:SWE:ABOR'", "asynchronously b'*CLS\\n'", "buffer b'*CLS\\n'", "buffer b'*WAI'", "flush",
        "write b'*CLS\\n'", "trigger",
    ]  # fmt: skip


def test_the_end_of_a_buffered_message_counts(other: Any) -> None:
    guard, counting, session = other
    guard.buffer_write(session, b"SOUR:CURR 1")
    with pytest.raises(LimitExceeded):
        guard.flush(session, BufferOperation.flush_write_buffer)
    assert counting.calls == []
    guard.buffer_write(session, b"SOUR:CURR 1")
    guard.flush(session, BufferOperation.discard_write_buffer)
    guard.write(session, b"*CLS")
    assert counting.calls == ["flush", "write b'*CLS'"]


@pytest.mark.parametrize(
    "name", ["gpib_command", "vxi_command_query", "usb_control_out", "out_8", "poke_32", "move_out_16"]
)
def test_what_cannot_be_read_is_refused(other: Any, name: str) -> None:
    guard, _, session = other
    with pytest.raises(Refused, match=f"{name} acts on an instrument other than by messages"):
        getattr(guard, name)(session, b"anything")


def test_a_session_that_was_not_opened_here_is_refused(other: Any) -> None:
    guard, counting, _ = other
    for send in (guard.write, guard.buffer_write, guard.write_asynchronously, guard.assert_trigger):
        with pytest.raises(Refused, match="not opened through the station's guard"):
            send(99, b"*CLS\n")
    assert counting.calls == []


def test_after_a_write_that_failed_nothing_is_known() -> None:
    on = bench()
    source = on.open()
    source.write("*RST;:SOUR:CURR 1e-5;:SOUR:CURR:COMP 1")
    send = on.library._send

    def failing(session: Any, data: bytes) -> Any:
        raise pyvisa.VisaIOError(StatusCode.error_timeout)

    on.library._send = failing
    with pytest.raises(pyvisa.VisaIOError):
        source.write("SOUR:CURR 2e-5")
    on.library._send = send
    with pytest.raises(LimitExceeded, match="has not been set since"):
        source.write("OUTP ON")


def test_every_function_of_a_visa_library_is_accounted_for() -> None:
    """A function that pyvisa adds has to be looked at: does it send anything?"""
    sending = {name for name in dir(highlevel.VisaLibraryBase) if any(
        word in name for word in ("write", "out", "poke", "command", "trigger", "assert", "move", "pass")
    )}  # fmt: skip
    harmless = {
        "assert_utility_signal", "move_in", "move_in_8", "move_in_16", "move_in_32", "move_in_64", "unmap_trigger",
        "usb_control_out",
    }  # fmt: skip
    guard = bench().library
    passed_on = {name for name in sending - harmless if getattr(guard, name) == getattr(guard._inner, name, None)}
    assert passed_on == set()
