from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import pyvisa
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

from instruments.clock import VirtualClock
from instruments.errors import InstrumentFault, NoReply
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from instruments.ppms6000 import Ppms6000
from simulators.cryostat import SimulatedCryostat
from simulators.device import Device, Unplugged
from simulators.devices.keithley2182a import Keithley2182A as Simulated2182A
from simulators.devices.keithley2400 import Keithley2400 as Simulated2400
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from simulators.devices.model6000 import Model6000
from simulators.faults import KINDS, LINES, Fault, FaultyWire
from simulators.machines import PPMS_9T
from simulators.server import LabServer
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.dialogues import Instrument488
from tests.simulators.devices.pair_bench import Resistor
from tests.simulators.devices.smu_bench import Resistor as Load

GPIB, SOCKET = "GPIB0::9::INSTR", "TCPIP0::10.0.0.2::1394::SOCKET"
ANSWERS = {"A?": b"+1.5E-03\n", "B?": b"42\n", "C?": b""}


class Wired:
    """An instrument that answers what it is told to, behind a wire, and a client with a time-out of 2 s."""

    def __init__(self, *faults: Fault, resource: str = GPIB, seed: int = 0) -> None:
        self.clock = VirtualClock()
        timeline = Timeline(self.clock)
        self.device = Instrument488(timeline, ANSWERS)
        self.wire = FaultyWire(self.device, faults, np.random.default_rng(seed))
        manager = pyvisa.ResourceManager(SimulatedVisaLibrary(timeline, {resource: self.wire}))
        self.client: Any = manager.open_resource(resource)

    def ask(self, message: str) -> bytes:
        self.client.write_raw(message.encode("ascii"))
        return self.client.read_raw()

    def refused(self, message: str) -> StatusCode:
        with pytest.raises(VisaIOError) as caught:
            self.ask(message)
        return StatusCode(caught.value.error_code)


def test_a_sound_wire_changes_nothing():
    wired = Wired(Fault("silent", start=100.0), Fault("dropped", share=0.0))
    assert [wired.ask("A?"), wired.ask("B?")] == [b"+1.5E-03\n", b"42\n"]
    assert wired.clock.now() == 0.0
    assert wired.wire.hit == 0
    assert wired.refused("C?") == StatusCode.error_timeout


def test_silence_is_a_time_out_and_the_reply_never_comes():
    wired = Wired(Fault("silent", duration=2.0))
    assert wired.refused("A?") == StatusCode.error_timeout
    assert wired.clock.now() == 2.0
    assert wired.ask("B?") == b"42\n"
    assert wired.device.heard == ["A?", "B?"]


def test_a_late_reply_comes_after_all_unless_the_line_is_cleared():
    wired = Wired(Fault("late", seconds=3.0, duration=1.0))
    assert wired.refused("A?") == StatusCode.error_timeout
    assert wired.ask("B?") == b"+1.5E-03\n"
    assert wired.clock.now() == 3.0
    wired = Wired(Fault("late", seconds=3.0, duration=1.0))
    assert wired.refused("A?") == StatusCode.error_timeout
    wired.client.clear()
    assert wired.ask("B?") == b"42\n"
    assert wired.clock.now() == 2.0
    assert Wired(Fault("late", seconds=1.5)).ask("A?") == b"+1.5E-03\n"


@pytest.mark.parametrize("line", range(LINES))
def test_a_stuck_line_is_one_bit_of_every_byte(line: int):
    mask = 1 << line
    high, low = Wired(Fault("stuck high", line=line)).ask("A?"), Wired(Fault("stuck low", line=line)).ask("A?")
    for byte, up, down in zip(ANSWERS["A?"], high, low, strict=True):
        assert up == byte | mask
        assert down == byte & ~mask
        assert byte in {up, down}


def test_a_stuck_line_damages_what_is_heard_where_it_is_said_to():
    wired = Wired(Fault("stuck low", line=0, both_ways=True))
    wired.client.write_raw(b"SOUR:CURR 1.3")
    assert wired.device.heard == ["RNTR:BTRR 0.2"]
    wired = Wired(Fault("stuck high", line=0, both_ways=True))
    wired.client.write_raw(b"OUTP 0")
    assert wired.device.heard == ["OUUQ!1\x0b"], "the message ends, though its last byte is another"
    wired = Wired(Fault("stuck low", line=0))
    wired.client.write_raw(b"SOUR:CURR 1.3")
    assert wired.device.heard == ["SOUR:CURR 1.3"]


def test_a_truncated_reply_is_its_beginning():
    assert Wired(Fault("truncated", keep=0.5)).ask("A?") == b"+1.5"
    lengths = {len(wired.ask("A?")) for seed in range(30) if (wired := Wired(Fault("truncated"), seed=seed + 1)) and
               np.random.default_rng(seed + 1).random() > 0.2}  # fmt: skip
    assert len(lengths) > 3
    assert max(lengths) < len(ANSWERS["A?"])


def test_a_doubled_reply_and_that_of_the_question_before():
    assert Wired(Fault("doubled")).ask("B?") == b"42\n42\n"
    wired = Wired(Fault("previous", start=1.0))
    wired.ask("A?")
    wired.clock.sleep(1.0)
    assert wired.ask("B?") == b"+1.5E-03\n"
    assert wired.ask("B?") == b"42\n"
    assert Wired(Fault("previous")).refused("B?") == StatusCode.error_timeout


def test_nothing_listens_on_a_bus_whose_cable_is_out_and_all_is_well_when_it_is_in():
    wired = Wired(Fault("dropped", duration=5.0))
    assert wired.refused("A?") == StatusCode.error_no_listeners
    assert wired.device.heard == []
    wired.clock.sleep(5.0)
    assert wired.ask("A?") == b"+1.5E-03\n"
    wired = Wired(Fault("dropped", start=1.0))  # in the middle of a question
    wired.client.write_raw(b"A?")
    wired.clock.sleep(1.0)
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        wired.client.read_raw()
    assert wired.clock.now() == 3.0


def test_a_socket_that_was_lost_stays_lost_and_another_can_be_opened():
    wired = Wired(Fault("dropped", duration=5.0), resource=SOCKET)
    wired.client.write_termination = "\n"
    assert wired.refused("A?\n") == StatusCode.error_connection_lost
    wired.clock.sleep(5.0)
    assert wired.refused("A?\n") == StatusCode.error_connection_lost
    wired.client.close()
    wired.client.open()
    assert wired.ask("A?\n") == b"+1.5E-03\n"


def test_a_share_of_the_messages_is_hit_and_the_same_ones_with_the_same_seed():
    def pattern(seed: int) -> list[bytes]:
        wired = Wired(Fault("doubled", share=0.3), seed=seed)
        return [wired.ask("B?") for _ in range(300)]

    first = pattern(1)
    assert first == pattern(1)
    assert first != pattern(2)
    assert 60 <= first.count(b"42\n42\n") <= 120  # 90, five standard deviations of 8


def test_the_first_fault_that_holds_counts():
    wired = Wired(Fault("doubled", duration=1.0), Fault("truncated", keep=0.5))
    assert wired.ask("B?") == b"42\n42\n"
    wired.clock.sleep(1.0)
    assert wired.ask("B?") == b"4"


def test_a_wire_passes_on_what_is_no_message():
    timeline = Timeline(VirtualClock())
    device = Simulated6221(timeline, Resistor(timeline))
    wire = FaultyWire(device, (), np.random.default_rng(0))
    wire.stream = True
    assert device.stream
    assert wire.stream
    wire.write(b"*SRE 32;*ESE 128;*OPC\n")
    assert wire.service_requested()
    assert wire.status_byte() == 0x60
    assert not wire.service_requested()
    wire.read_without_talk()
    wire.interrupted()
    assert device.status.errors.pop() != 0
    wire.trigger()
    wire.hurry()
    wire.power_cycle()
    wire.faults = [Fault("dropped")]
    with pytest.raises(Unplugged):
        wire.write(b"*IDN?\n")


@pytest.mark.parametrize("kind", KINDS)
def test_every_method_of_a_device_is_passed_on(kind: str):
    """A wire that leaves one out would take the base class's, which does nothing."""
    own = {name for base in FaultyWire.__mro__ if base not in {Device, object} for name in vars(base)}
    assert {name for name in vars(Device) if not name.startswith("_")} <= own
    assert kind in KINDS


# ---- over TCP

Served = tuple[Callable[[Timeline], Device], Callable[[str, VirtualClock], Any]]


def _client(kind: Any) -> Callable[[str, VirtualClock], Any]:
    return lambda resource, clock: kind(resource, clock=clock, visa_library="@py", timeout=80)


def _cryostat(timeline: Timeline) -> Device:
    dice = np.random.default_rng(1), np.random.default_rng(2)
    return Model6000(timeline, SimulatedCryostat(timeline, PPMS_9T, *dice))


SERVED: dict[str, Served] = {
    "Keithley6221": (lambda timeline: Simulated6221(timeline, Resistor(timeline)), _client(Keithley6221)),
    "Keithley2182A": (lambda timeline: Simulated2182A(timeline, Resistor(timeline), None), _client(Keithley2182A)),
    "Keithley2400": (lambda timeline: Simulated2400(timeline, Load(timeline), None), _client(Keithley2400)),
    "Ppms6000": (_cryostat, _client(Ppms6000)),
}


@contextmanager
def served(name: str) -> Generator[tuple[Any, FaultyWire]]:
    make, client = SERVED[name]
    clock = VirtualClock()
    timeline = Timeline(clock)
    wire = FaultyWire(make(timeline), (), np.random.default_rng(0))
    server = LabServer(timeline, {"it": (wire, b"\n;" if name == "Ppms6000" else b"\n")})
    thread = threading.Thread(target=server.serve)
    thread.start()
    driver = client(f"TCPIP0::127.0.0.1::{server.ports['it']}::SOCKET", VirtualClock())
    try:
        yield driver, wire
    finally:
        driver.adapter.close()
        server.stop()
        thread.join()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"late", "previous"}])
@pytest.mark.parametrize("name", SERVED)
def test_over_tcp_a_driver_raises_and_is_in_step_again_once_the_wire_is_mended(name: str, kind: Any):
    """On a virtual clock nobody waits for a late reply; on a socket it is thrown away before the next question."""
    with served(name) as (driver, wire):
        right = driver.check_identity()
        wire.faults = [Fault(kind, line=4, keep=0.5)]
        expected = NoReply if kind in {"silent", "dropped"} else InstrumentFault
        if kind == "doubled":  # the second one is thrown away before the next question
            assert driver.id == right
            assert driver.id == right
        else:
            with pytest.raises(expected):
                driver.shutdown()
        wire.faults = []
        try:
            driver.check_identity()
        except NoReply:  # that the connection is lost may be noticed only now
            assert kind == "dropped"
        assert driver.check_identity() == right
        driver.shutdown()


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
