"""What the guard lets out to a 2400, with a simulated one behind it."""

from __future__ import annotations

import random

import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

from instruments.clock import VirtualClock
from instruments.errors import LimitExceeded
from instruments.guard.library import GuardedLibrary
from instruments.guard.sentences import Speaker
from instruments.guard.sourcemeter import SourceMeterGate
from instruments.tables import keithley2400
from simulators.devices.keithley2400 import Keithley2400
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.guard.guarded import limits
from tests.simulators.devices.smu_bench import Resistor
from tests.simulators.faults_at_random import Vandal

NAME = "GPIB0::24::INSTR"
CURRENT, VOLTAGE, POWER = 450e-6, 15.0, 5e-3


class Guarded:
    """A guarded SourceMeter on a resistor."""

    def __init__(self, *, unseen: bool = False) -> None:
        timeline = Timeline(VirtualClock())
        self.load = Resistor(timeline)
        self.device = Keithley2400(timeline, self.load, None)
        self.load.history.clear()
        speaker = Speaker(f"the smu at {NAME}", "smu")
        gate = SourceMeterGate(speaker, limits(power=POWER), unseen=unseen)
        library = GuardedLibrary(SimulatedVisaLibrary(timeline, {NAME: self.device}), {NAME: gate})
        manager = pyvisa.ResourceManager(library)  # pyright: ignore[reportArgumentType] - annotated str, takes any library
        resource = manager.open_resource(NAME, read_termination="\n", write_termination="\n")
        assert isinstance(resource, MessageBasedResource)
        self.resource = resource

    def send(self, *messages: str) -> None:
        for message in messages:
            self.resource.write(message)

    def refuses(self, message: str, match: str | None = None) -> None:
        with pytest.raises(LimitExceeded, match=match):
            self.resource.write(message)

    def assert_safe(self) -> None:
        for _, what, value, limit in self.load.history:
            volts, amperes = (abs(value), limit) if what == "V" else (limit, abs(value))
            if what != "off" and value:
                assert volts <= VOLTAGE * (1 + 1e-9)
                assert amperes <= CURRENT * (1 + 1e-9)


READY = ("*RST", "SENS:CURR:PROT 1e-4", "SENS:VOLT:PROT 2")


def test_what_is_within_the_limits_passes():
    smu = Guarded()
    smu.send(*READY, "SOUR:VOLT 2", "OUTP 1")
    assert smu.resource.query("READ?").startswith("+2.000000E+00")
    smu.send("SOUR:VOLT -1;:SYST:BEEP:STAT 0", "OUTP 0", "SOUR:FUNC CURR", "SOUR:CURR 1e-5", "OUTP ON")
    assert smu.resource.query("READ?;*ESR?")
    smu.assert_safe()


@pytest.mark.parametrize(
    ("message", "match"),
    [
        ("SOUR:VOLT 15.1", "the voltage of the source would be 15.1 V"),
        ("SOUR:VOLT:TRIG -16", "16 V"),
        (":sour:curr 1 mA", "the current of the source would be 1 mA"),
        ("SOUR:CURR:STAR 1e-3", "1 mA"),
        ("SOUR:VOLT:SPAN 31", "15.5 V"),
        ("SOUR:LIST:VOLT 1,2,20", "20 V"),
        ("SOUR:LIST:CURR:APP 1e-3", "1 mA"),
        ("SENS:CURR:PROT 1e-3", "the compliance would be 1 mA"),
        ("SENS:CURR:PROT -1e-3", "the compliance would be 1 mA"),
        ("SENS:VOLT:PROT 20", "the compliance would be 20 V"),
        ("SOUR:VOLT 1;CURR 1", "1 A"),
        ("SENS:FUNC 'VOLT", "string"),
        ("SOUR:VOLT 'x'", "nothing that it takes"),
        ("SOUR:VOLT", "it needs a value"),
        ("SOUR:VOLT? 3", "question with a value"),
        ("SOUR:MEM:REC 1", "cannot be told"),
        ("*RCL 1", "cannot be told"),
        ("SYST:KEY 3", "cannot be told"),
        ("SYST:POS SAV1", "memory"),
        ("SOUR:FUNC MEM", "memory"),
        ("FOO 1;:SOUR:VOLT 1", "cannot be told"),
    ],
)
def test_what_exceeds_them_alone_does_not(message, match):
    smu = Guarded()
    smu.send(*READY)
    smu.refuses(message, match)
    assert smu.device.number("SOUR:VOLT") == 0.0


def test_the_compliance_after_reset_is_more_than_the_sample_may_get():
    smu = Guarded()
    smu.send("*RST", "SOUR:FUNC CURR")
    smu.refuses("OUTP 1", "the compliance, as it is set, would be 21 V")
    smu.send("SENS:VOLT:PROT 2", "OUTP 1")


@pytest.mark.parametrize("message", ["OUTP 1", "READ?", "INIT", "*TRG", "MEAS:CURR?", "CONF:VOLT", "SOUR:CLE:AUTO 1",
                                     "SOUR:FUNC CURR", "SOUR:VOLT:MODE SWE"])  # fmt: skip
def test_what_nobody_knows_is_refused(message):
    """Somebody may have used it before."""
    smu = Guarded()
    smu.refuses(message, r"has not been set since the instrument was opened .* or call reset\(\) first")
    smu.send("SOUR:VOLT 0.1", "SENS:CURR:PROT 1e-5", "OUTP 0", "SOUR:CLE", "ABOR")


def test_the_trigger_of_the_bus_is_one():
    smu = Guarded()
    with pytest.raises(LimitExceeded):
        smu.resource.assert_trigger()
    smu.send(*READY, "OUTP 1")
    smu.resource.assert_trigger()


def test_power():
    smu = Guarded()
    smu.send("*RST", "SENS:CURR:PROT 4e-4", "SOUR:VOLT 10", "OUTP 1")
    smu.refuses("SOUR:VOLT 13", "the power, level times compliance, would be 5.2 mW")
    smu.send("OUTP 0", "SOUR:VOLT 13")
    smu.refuses("OUTP 1", "5.2 mW")


def test_a_step_of_a_coarse_range_counts():
    smu = Guarded()
    smu.send(*READY, "SOUR:VOLT 14.999")
    smu.send("SOUR:VOLT:RANG 200")
    smu.send("SOUR:FUNC CURR", "SOUR:CURR:RANG 1")
    smu.refuses("SOUR:CURR 4.4e-4;:SOUR:CURR 4.5e-4;:SOUR:CURR 4.3e-4;:SOUR:CURR 4.49e-4;:SOUR:CURR 4.76e-4", "limit")


@pytest.mark.parametrize("message", ["MEAS:RES?", "CONF:RES", "SENS:FUNC 'RES';:OUTP 1", "SENS:FUNC:ALL;:OUTP 1"])
def test_automatic_ohms_chooses_too_much(message):
    smu = Guarded()
    smu.send(*READY)
    smu.refuses(message, "automatic ohms would be 100 mA")


def test_manual_ohms_is_what_is_set():
    smu = Guarded()
    smu.send(*READY, "SENS:RES:MODE MAN", "SENS:FUNC:ALL", "SOUR:VOLT 1", "OUTP 1")
    assert smu.resource.query("READ?")
    smu.refuses("SENS:RES:MODE AUTO", "automatic ohms")
    smu.assert_safe()


def test_sweeps_are_judged_by_all_that_makes_them():
    smu = Guarded()
    smu.send(*READY, "SOUR:VOLT:CENT 10;SPAN 8", "SOUR:VOLT:MODE SWE", "TRIG:COUN 5")
    smu.send("SOUR:VOLT:SPAN 12")
    smu.refuses("OUTP 1", "16 V")
    smu.send("SOUR:VOLT:STAR 1;STOP 2", "OUTP 1", "INIT")
    smu.assert_safe()


def test_who_may_do_what_cannot_be_seen():
    smu = Guarded(unseen=True)
    smu.send("*RCL 1", "NOSUCH 1", "OUTP 1")
    smu.refuses("SOUR:VOLT 16")


def test_a_hot_question_is_judged_once_and_again_after_a_change():
    smu = Guarded()
    smu.send(*READY, "SOUR:VOLT 1", "OUTP 1")
    for _ in range(3):
        smu.resource.query("READ?")
    smu.send("OUTP 0", "SENS:FUNC 'RES'")
    smu.refuses("READ?", "automatic ohms")


def test_at_random_nothing_beyond_the_limits_is_ever_driven():
    refused = 0
    for seed in range(12):
        dice = random.Random(seed)
        smu = Guarded()
        writer = Vandal(dice, keithley2400.TABLE, {"LAYer[1]]:COUNt": 2.0, "TRIGger[:SEQuence[1]]:COUNt": 3.0,
                                                   "DELay": 0.01, "TIMer": 0.01}, ("SOUR:VOLT", "SOUR:CURR", "OUTP",
                        "SENS:CURR:PROT", "SENS:VOLT:PROT", "SOUR:FUNC", "READ", "*RST", "SENS:FUNC", "SOUR:VOLT:MODE",
                        "MEAS:RES", "SOUR:VOLT:RANG", "SOUR:CURR:RANG"))  # fmt: skip
        for number in range(250):
            message = writer.message(0.05).data if number % 9 else b":SENS:CURR:PROT 1e-4;:SENS:VOLT:PROT 2\n"
            try:
                smu.resource.write_raw(message)
            except LimitExceeded:
                refused += 1
            smu.device.timeline.clock.sleep_until(smu.device.timeline.now + 0.05)
            smu.device.timeline.catch_up()
            if dice.random() < 0.3:
                smu.device.clear()
        smu.assert_safe()
    assert 200 < refused < 2900
