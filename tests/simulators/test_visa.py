"""The in-process door, seen through pyvisa."""

from __future__ import annotations

from typing import Any, cast

import pytest
import pyvisa
from pyvisa.constants import EventMechanism, EventType, StatusCode
from pyvisa.resources import MessageBasedResource

from instruments.clock import VirtualClock
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.simulators.boxes import EchoBox


class Bench:
    """One echo box behind GPIB and one behind a socket."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        timeline = Timeline(self.clock)
        self.gpib_box, self.socket_box = EchoBox(timeline), EchoBox(timeline)
        self.library = SimulatedVisaLibrary(
            timeline, {"GPIB0::12::INSTR": self.gpib_box, "TCPIP0::10.0.0.1::1394::SOCKET": self.socket_box}
        )
        self.manager = pyvisa.ResourceManager(cast("Any", self.library))

    def open(self, name: str = "GPIB0::12::INSTR") -> MessageBasedResource:
        resource = self.manager.open_resource(name, read_termination="\n", write_termination="\n")
        assert isinstance(resource, MessageBasedResource)
        return resource


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("name", ["GPIB0::12::INSTR", "GPIB::12", "TCPIP::10.0.0.1::1394::SOCKET"])
def test_a_query_is_answered_under_any_spelling_of_the_name(bench: Bench, name: str) -> None:
    assert bench.open(name).query("X?") == "X"


def test_a_reply_that_takes_time_moves_the_clock_by_just_that(bench: Bench) -> None:
    assert bench.open().query("WAIT 1.5?") == "waited"
    assert bench.clock.now() == 1.5


def test_a_time_out_costs_its_length_of_lab_time(bench: Bench) -> None:
    resource = bench.open()
    resource.timeout = 3000
    with pytest.raises(pyvisa.VisaIOError) as caught:
        resource.query("NO ANSWER")
    assert caught.value.error_code == StatusCode.error_timeout
    assert bench.clock.now() == 3.0
    assert bench.gpib_box.talked_to_without_need == 1


def test_a_reply_after_the_time_out_is_not_taken_for_missing_on_the_box(bench: Bench) -> None:
    resource = bench.open()
    with pytest.raises(pyvisa.VisaIOError):
        resource.query("WAIT 5?")
    assert bench.clock.now() == 2.0
    assert bench.gpib_box.talked_to_without_need == 0
    resource.timeout = 4000
    assert resource.read() == "waited"
    assert bench.clock.now() == 5.0


def test_on_gpib_the_end_of_a_message_ends_it(bench: Bench) -> None:
    resource = bench.open()
    resource.write_raw(b"X?")
    assert resource.read() == "X"


def test_on_a_socket_only_the_terminator_does(bench: Bench) -> None:
    resource = bench.open("TCPIP::10.0.0.1::1394::SOCKET")
    resource.write_raw(b"X?\n")
    assert resource.read() == "X"
    assert bench.socket_box.heard == [(0.0, b"X?")]


def test_what_is_longer_than_asked_for_comes_in_pieces(bench: Bench) -> None:
    resource = bench.open()
    resource.write("ABCDEFGH?")
    assert resource.read_bytes(3) == b"ABC"
    assert resource.read() == "DEFGH"


def test_a_device_clear_forgets_what_was_said(bench: Bench) -> None:
    resource = bench.open()
    resource.write("OLD?")
    resource.clear()
    assert resource.query("NEW?") == "NEW"


def test_a_name_that_nobody_has_is_refused_as_by_any_visa_library(bench: Bench) -> None:
    with pytest.raises(pyvisa.VisaIOError) as caught:
        bench.open("GPIB0::13::INSTR")
    assert caught.value.error_code == StatusCode.error_resource_not_found


def test_resources_are_listed_under_their_names(bench: Bench) -> None:
    assert bench.manager.list_resources() == ("GPIB0::12::INSTR",)
    assert len(bench.manager.list_resources("?*")) == 2


def test_waiting_for_a_service_request_passes_lab_time_only(bench: Bench) -> None:
    resource = bench.open()
    resource.write("SRQ 3")
    resource.enable_event(EventType.service_request, EventMechanism.queue)
    resource.wait_on_event(EventType.service_request, 10_000)
    assert bench.clock.now() == 3.0


def test_two_labs_do_not_share_a_library() -> None:
    first, second = Bench(), Bench()
    first.open().query("X?")
    assert first.library is not second.library
    assert second.gpib_box.heard == []


def test_on_gpib_the_rest_of_a_reply_is_gone_when_the_next_message_comes() -> None:
    lab = build_lab(load_station("ppms"), load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0)
    manager = pyvisa.ResourceManager(cast("Any", lab.visa))
    source: Any = manager.open_resource("GPIB0::12::INSTR", read_termination="\n", write_termination="\n")
    source.write("*IDN?")
    assert source.read_bytes(8) == b"KEITHLEY"
    assert source.query("*OPC?") == "1"
    assert source.query("SYST:ERR?").startswith("-410,")
    assert source.query("SYST:ERR?").startswith("0,")
    manager.close()


def test_on_a_socket_the_rest_of_a_reply_is_still_to_be_read(bench: Bench) -> None:
    resource = bench.open("TCPIP::10.0.0.1::1394::SOCKET")
    resource.write("ABCDEF?")
    assert resource.read_bytes(3) == b"ABC"
    resource.write("X?")
    assert resource.read() == "DEF"
    assert resource.read() == "X"
