from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments import scpi
from instruments.clock import VirtualClock
from instruments.errors import BadValue, GarbledReply, InstrumentError, InstrumentFault, LimitExceeded, NoReply
from instruments.keithley2400 import Keithley2400, MeasurementBit, StatusBit
from simulators.devices.keithley2400 import Keithley2400 as Simulated
from simulators.timeline import Timeline
from simulators.visa import SimulatedVisaLibrary
from tests.instruments.dialogues import DONE, NO_ERROR, Bench, Wire, dialogue
from tests.instruments.rows import IDN_2400
from tests.simulators.devices.smu_bench import Resistor

EXAMPLE = "+1.000206E+00,+1.000000E-04,+1.000236E+04,+7.282600E+01,+4.813200E+04"
"""The manual's example of a reading."""

ON = (":OUTP?", "1")
"""Asked before the first reading: with the output off none comes."""


@pytest.mark.parametrize("resistance", ["+1.000236E+04", "+9.910000E+37"])
def test_the_reading_of_before_is_no_reading(resistance: str):
    """No two readings have the same time; the resistance is NaN where it was not measured."""
    reply = EXAMPLE.replace("+1.000236E+04", resistance)
    with dialogue(Keithley2400, ON, (":READ?", reply), (":READ?", reply)) as smu:
        assert smu.measure().time == 72.826
        with pytest.raises(GarbledReply, match="and not that of before"):
            smu.measure()


@given(st.floats(-210.0, 210.0))
@settings(deadline=None, max_examples=200)
def test_any_voltage_arrives_as_the_same_double(voltage: float):
    wire = Wire()
    Keithley2400(wire, VirtualClock()).source_voltage = voltage
    unit, *_ = [scpi.parse_unit(text) for text in scpi.split_message(wire.sent[0])]
    assert float(unit.arguments[0]).hex() == voltage.hex()


@pytest.mark.parametrize("register", [0, 1 << 3, 1 << 13, 1 << 14, 0x7FFF])
def test_compliance_is_bit_14_of_the_condition(register: int):
    with dialogue(Keithley2400, (":STAT:MEAS:COND?", str(register))) as smu:
        assert smu.in_compliance is bool(register & MeasurementBit.COMPLIANCE)


# ---- readings


def test_the_manuals_example_of_a_reading():
    with dialogue(Keithley2400, ON, (":READ?", EXAMPLE)) as smu:
        reading = smu.measure()
    assert reading[:4] == (1.000206, 1e-4, 10002.36, 72.826)
    named = (StatusBit.FRONT_TERMINALS | StatusBit.AUTOMATIC_OHMS | StatusBit.VOLTAGE_MEASURED
             | StatusBit.CURRENT_MEASURED | StatusBit.RESISTANCE_MEASURED | StatusBit.CURRENT_SOURCED)  # fmt: skip
    assert reading.status == named
    assert not reading.in_compliance


def test_blanks_behind_commas_are_taken():
    with dialogue(Keithley2400, ON, (":READ?", EXAMPLE.replace(",", ", "))) as smu:
        assert smu.measure().voltage == 1.000206


@pytest.mark.parametrize(("number", "bit"), [("+9.900000E+37", 1), ("-9.900000E+37", 1), ("+9.910000E+37", 0)])
def test_what_is_no_number_becomes_nan(number: str, bit: int):
    reply = f"{number},{number},{number},+1.000000E+00,{4 + bit:+.6E}"
    with dialogue(Keithley2400, ON, (":READ?", reply)) as smu:
        reading = smu.measure()
    assert all(map(math.isnan, reading[:3]))
    assert bool(reading.status & StatusBit.OVERFLOW) is bool(bit)


@pytest.mark.parametrize("status", [1 << 3, 1 << 16])
def test_both_kinds_of_compliance_show_in_a_reading(status: int):
    with dialogue(Keithley2400, ON, (":READ?", f"{EXAMPLE.rpartition(',')[0]},{status:+.6E}")) as smu:
        assert smu.measure().in_compliance


@pytest.mark.parametrize(
    "bad", [EXAMPLE[:-1], EXAMPLE[1:], EXAMPLE + ",", f"{EXAMPLE},{EXAMPLE}", EXAMPLE.replace("E", "#", 1),
            EXAMPLE.rpartition(",")[0]],
)  # fmt: skip
def test_a_damaged_reading_is_none(bad: str):
    with dialogue(Keithley2400, ON, (":READ?", bad)) as smu, pytest.raises(GarbledReply, match="expected one reading"):
        smu.measure()


def test_without_output_there_is_no_reading_and_the_error_says_why():
    queue = ['+803,"Not permitted with OUTPUT off"\n', f"{NO_ERROR}\n"]
    bench = Bench(Keithley2400, {"*IDN?": f"{IDN_2400}\n", ":OUTP?": "1\n", ":SYST:ERR?": queue, "*ESR?": "16\n"})
    with pytest.raises(InstrumentError, match="Not permitted with OUTPUT off") as caught:
        bench.driver.measure()
    assert caught.value.code == 803


def test_a_dead_instrument_gives_no_reading():
    with pytest.raises(NoReply):
        Bench(Keithley2400, {}).driver.measure()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((("charge",),), BadValue),
        (((),), BadValue),
        ((("voltage",), 20.0), LimitExceeded),
        ((("voltage",), "1"), BadValue),
    ],
)
def test_what_cannot_be_configured_is_not_sent(arguments, error: type[Exception]):
    with dialogue(Keithley2400) as smu, pytest.raises(error, match="nothing was sent"):
        smu.configure_reading(*arguments)


# ---- against the simulated instrument


class Lab:
    """The driver at a simulated SourceMeter with a resistor."""

    def __init__(self, resistance: float = 1000.0, lead: float = 0.0) -> None:
        self.clock = VirtualClock()
        timeline = Timeline(self.clock)
        self.load = Resistor(timeline, resistance, lead)
        self.device = Simulated(timeline, self.load, None)
        self.library = SimulatedVisaLibrary(timeline, {"GPIB0::24::INSTR": self.device})
        self.smu = Keithley2400("GPIB0::24::INSTR", clock=self.clock, visa_library=self.library)  # pyright: ignore[reportArgumentType] - pymeasure takes libraries
        self.smu.check_identity()
        self.smu.reset()


def test_a_current_is_sourced_and_its_voltage_measured():
    lab = Lab(resistance=500.0)
    smu = lab.smu
    smu.source_function = "current"
    smu.voltage_compliance = 1.0
    smu.source_current = 1e-3
    smu.configure_reading(("voltage", "current", "resistance"), nplc=0.1)
    smu.source_enabled = True
    reading = smu.measure()
    assert reading[:3] == (0.5, 1e-3, 500.0)
    assert not reading.in_compliance
    assert not smu.in_compliance
    smu.voltage_compliance = 0.3
    assert smu.in_compliance
    assert smu.voltage_compliance_tripped
    assert smu.measure().in_compliance
    assert smu.measure().voltage == pytest.approx(0.3)
    smu.shutdown()
    assert lab.load.history[-1][1:3] == ("V", 0.0)
    assert not lab.device.flag("OUTP")


def test_four_wires_leave_the_leads_out():
    lab = Lab(resistance=100.0, lead=5.0)
    lab.smu.configure_reading(("resistance",))
    lab.smu.source_voltage = 0.1
    lab.smu.current_compliance = 0.01
    for wires, resistance in ((False, 110.0), (True, 100.0)):
        lab.smu.four_wires = wires
        lab.smu.source_enabled = True
        assert lab.smu.measure().resistance == pytest.approx(resistance, rel=1e-6)


def test_measuring_with_the_output_off_names_the_error():
    lab = Lab()
    lab.smu.configure_reading()
    began = lab.clock.now()
    with pytest.raises(InstrumentFault, match="the output is off; switch the output on first"):
        lab.smu.measure()
    assert lab.clock.now() - began < 1.0
    lab.smu.auto_output_off = True  # then it goes on for each reading
    lab.smu.measure()


def test_an_output_that_was_turned_off_again_is_noticed():
    lab = Lab()
    lab.smu.configure_reading()
    lab.smu.source_enabled = True
    lab.smu.measure()
    lab.smu.source_enabled = False
    with pytest.raises(InstrumentFault, match="the output is off"):
        lab.smu.measure()


@pytest.mark.parametrize("spacing", ["linear", "logarithmic"])
def test_a_sweep_in_hardware(spacing):
    lab = Lab()
    smu = lab.smu
    smu.current_compliance = 0.05
    smu.source_voltage = 0.5
    smu.configure_reading(("current",), nplc=0.1)
    smu.source_enabled = True
    readings = smu.sweep(0.1, 10.0, 21, spacing=spacing, delay=0.01)
    assert len(readings) == 21
    assert [reading.voltage for reading in readings[::20]] == pytest.approx([0.1, 10.0])
    assert all(reading.current == pytest.approx(reading.voltage / 1000.0, rel=1e-3) for reading in readings)
    steps = [second.time - first.time for first, second in pairwise(readings)]
    assert all(step >= 0.01 for step in steps)
    assert lab.load.history[-1][1:3] == ("V", 0.5)
    assert smu.measure().voltage == 0.5


def test_compliance_ends_a_sweep():
    lab = Lab()
    lab.smu.current_compliance = 5.5e-3
    lab.smu.configure_reading(("current",), nplc=0.01)
    lab.smu.source_enabled = True
    readings = lab.smu.sweep(0.0, 10.0, 11, abort="late")
    assert len(readings) == 7
    assert [reading.in_compliance for reading in readings] == [False] * 6 + [True]


def test_a_long_list():
    lab = Lab()
    levels = [0.001 * number for number in range(250)]
    lab.smu.configure_reading(("current",), nplc=0.01)
    lab.smu.current_compliance = 1e-2
    lab.smu.source_enabled = True
    readings = lab.smu.list_sweep(levels)
    assert [reading.voltage for reading in readings] == pytest.approx(levels, abs=1e-9)


def test_a_sweep_through_the_source_memory():
    lab = Lab()
    smu = lab.smu
    smu.current_compliance = 0.05
    smu.configure_reading(("current",), nplc=0.1)
    for location, volts in enumerate((0.5, 2.0, 1.0), start=11):
        smu.source_voltage = volts
        smu.save_location(location)
    smu.source_enabled = True
    readings = smu.memory_sweep(3, start=11)
    assert [reading.current for reading in readings] == pytest.approx([0.5e-3, 2e-3, 1e-3], rel=1e-3)
    assert smu.source_function == "voltage"
    assert smu.measure().voltage == 1.0
    for wrong in ({"points": 101}, {"points": 1, "start": 0}):
        with pytest.raises(LimitExceeded, match="nothing was sent"):
            smu.memory_sweep(**wrong)


def test_the_digital_port():
    lab = Lab()
    lab.smu.digital_output = 6
    assert lab.smu.digital_output == lab.device.digital_output == 6


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((0.0, 1.0, 1), LimitExceeded), ((0.0, 300.0, 5), LimitExceeded), ((math.nan, 1.0, 5), BadValue)],
)
def test_a_sweep_that_cannot_be_is_not_sent(arguments, error: type[Exception]):
    lab = Lab()
    with pytest.raises(error, match="nothing was sent"):
        lab.smu.sweep(*arguments)


def test_a_sweep_with_the_output_off_names_the_error():
    lab = Lab()
    lab.smu.configure_reading(("current",))
    began = lab.clock.now()
    for run in (lambda: lab.smu.sweep(0.0, 1.0, 3), lambda: lab.smu.list_sweep([0.0, 1.0])):
        with pytest.raises(InstrumentFault, match="switch the output on first"):
            run()
    assert lab.clock.now() - began < 1.0


# ---- ramps and the end


def test_a_ramp_goes_in_equal_steps_and_ends_exactly():
    lab = Lab()
    lab.smu.source_enabled = True
    before = len(lab.load.history)
    lab.smu.ramp(0.3, slew=1.0)
    steps = lab.load.history[before:]
    assert steps[-1][2] == 0.3
    assert len(steps) == 15
    assert all(second[2] > first[2] for first, second in pairwise(steps))
    assert lab.clock.now() >= 14 * lab.smu.STEP_INTERVAL
    for wrong in (0.0, -1.0, math.nan):
        with pytest.raises(BadValue, match="nothing was sent"):
            lab.smu.ramp(0.1, slew=wrong)


@pytest.mark.parametrize("function", ["voltage", "current"])
def test_shutdown_ramps_down_and_turns_off(function):
    lab = Lab()
    lab.smu.source_function = function
    lab.smu.voltage_compliance = 10.0
    lab.smu.current_compliance = 0.05
    setattr(lab.smu, f"source_{function}", 5e-3)
    lab.smu.source_enabled = True
    started = lab.clock.now()
    lab.smu.shutdown()
    kind = "V" if function == "voltage" else "I"
    levels = [value for time, what, value, _ in lab.load.history if time >= started and what == kind and value]
    assert len(levels) >= 24
    assert max(abs(second - first) for first, second in pairwise(levels)) <= 5e-3 / 20
    assert not lab.device.flag("OUTP")


def test_shutdown_ends_a_run():
    lab = Lab()
    lab.smu.source_enabled = True
    lab.smu.write(":ARM:COUN INF;:INIT")
    lab.smu.shutdown()
    assert not lab.device.running
    assert not lab.device.flag("OUTP")


def test_shutdown_of_a_dead_instrument_ends_and_says_so():
    bench = Bench(Keithley2400, {})
    with pytest.raises(NoReply):
        bench.driver.shutdown()
    assert bench.clock.now() < 90
    assert ":SOUR:CLE" in bench.device.heard


def test_shutdown_of_an_output_that_stays_on_says_so():
    answers = {":OUTP?": "1\n", ":SOUR:FUNC?": "VOLT\n", ":SOUR:VOLT?": "0.0\n", "*IDN?": f"{IDN_2400}\n"}
    messages = (":ABOR", ":SOUR:CLE", ":SOUR:VOLT 0.0", ":OUTP 0")
    answers |= {f"{message};*ESR?;:SYST:ERR?": f"{DONE}\n" for message in messages}
    bench = Bench(Keithley2400, answers)
    with pytest.raises(InstrumentFault, match="does not turn off"):
        bench.driver.shutdown()
