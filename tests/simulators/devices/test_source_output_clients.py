"""Other people's programs for the output of the 6221: pymeasure itself, and what others send, message by message."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pymeasure.instruments.keithley import Keithley6221 as PymeasureKeithley6221

from simulators.visa import SimulatedVisaLibrary
from tests.simulators.devices.source_bench import SourceBench

NAME = "GPIB0::12::INSTR"


@pytest.fixture
def bench():
    return SourceBench()


@pytest.fixture
def client(bench) -> Any:
    library = SimulatedVisaLibrary(bench.device.timeline, {NAME: bench.device})
    return PymeasureKeithley6221(NAME, visa_library=library)


def test_pymeasures_example_of_a_wave(bench, client):
    """The example of its documentation; where that waits for the service request, time passes until there is one."""
    client.waveform_function = "square"
    client.waveform_amplitude = 0.05
    client.waveform_offset = 0
    client.source_compliance = 10
    client.waveform_dutycycle = 50
    client.waveform_frequency = 347
    client.waveform_ranging = "best"
    client.waveform_duration_cycles = 100
    client.operation_event_enabled = 128
    client.srq_event_enabled = 128
    client.waveform_arm()
    assert not bench.device.service_requested()
    client.waveform_start()
    assert bench.terminals.current == pytest.approx(0.05)
    assert not bench.device.service_requested()
    bench.wait(100 / 347 - 1e-6)
    assert not bench.device.service_requested()
    bench.wait(2e-6)
    assert bench.device.service_requested()
    assert not bench.terminals.driven
    client.waveform_abort()
    client.shutdown()
    assert bench.errors() == []


def test_pymeasures_other_wave_properties(bench, client):
    client.define_arbitary_waveform([0, 0.5, 1, -1], location=2)
    assert client.waveform_function == "arbitrary2"
    client.waveform_amplitude = 1e-3
    client.waveform_frequency = 100
    client.waveform_duration_time = 0.05
    client.waveform_use_phasemarker = True
    client.waveform_phasemarker_phase = 90
    client.waveform_phasemarker_line = 4
    assert (client.waveform_phasemarker_phase, client.waveform_phasemarker_line) == (90, 4)
    assert (client.waveform_duration_time, client.waveform_ranging) == (0.05, "best")
    client.waveform_arm()
    client.waveform_start()
    assert [level for _, level in bench.terminals.changes[-1].cycle] == pytest.approx([0, 0.5e-3, 1e-3, -1e-3])
    bench.wait(1.0)
    assert [line for _, line in bench.pulses] == [4] * 5
    assert not client.source_enabled
    client.waveform_duration_set_infinity()
    client.waveform_start()
    bench.wait(1000.0)
    assert client.source_enabled
    client.waveform_abort()
    assert not client.source_enabled
    assert bench.errors() == []


def test_pymeasures_source_and_triggers(bench, client):
    client.source_auto_range = False
    client.source_range = 1e-3
    client.source_current = 5e-4
    client.source_compliance = 2
    client.source_delay = 0.01
    client.output_low_grounded = True
    client.enable_source()
    assert bench.terminals.current == pytest.approx(5e-4)
    assert (client.source_range, client.source_current, client.source_delay) == (2e-3, 5e-4, 0.01)
    client.disable_source()
    assert not bench.terminals.driven
    client.trigger_immediately()
    client.set_timed_arm(0.5)
    client.trigger_on_external(3)
    client.output_trigger_on_external(4, after="DEL")
    assert bench.errors() == [-221]  # its trigger input is the phase marker's line
    client.disable_output_trigger()
    client.trigger_on_bus()
    assert bench.errors() == [-224]  # there is no such source in the trigger layer
    bench.write("INIT")
    client.trigger()
    assert bench.errors() == []


def test_pyexplabsys_wave_takes_its_amplitude_after_arming(bench):
    for message in (
        "FORMAT:SREGISTER BINARY", "SOURCE:WAVE:RANGING FIXED", "SOUR:WAVE:FUNC SIN", "SOUR:WAVE:FREQ 741",
        "SOUR:WAVE:AMPL 0.001", "SOUR:WAVE:OFFS 0", "SOUR:WAVE:PMAR:STAT ON", "SOUR:WAVE:PMAR 269",
        "SOUR:WAVE:PMAR:OLIN 1", "SOUR:WAVE:DUR:TIME INF", "SOUR:WAVE:ARM", "SOUR:WAVE:AMPL 0.02", "SOUR:WAVE:INIT",
    ):  # fmt: skip
        bench.write(message)
    assert bench.errors() == [-221]  # line 1 is the trigger input
    assert max(level for _, level in bench.terminals.changes[-1].cycle) == pytest.approx(0.02, rel=2e-3)
    bench.wait(1.0)
    assert [line for _, line in bench.pulses] == [3] * 741
    assert bench.ask("STATUS:QUEUE:NEXT?") == '0,"No error"'
    assert str(bench.ask("STATUS:MEASUREMENT:EVENT?"))[-4] == "1"  # 20 mA through 1 kohm at 10 V
    bench.write("SOUR:WAVE:ABOR")
    assert bench.ask("OUTPUT?") == "0"


def test_pyexplabsys_direct_current(bench):
    bench.write("OUTPUT ON", "CURRENT 1.5e-6", "CURRENT:RANGE 2e-6", "CURRENT:COMPLIANCE 20")
    assert bench.terminals.current == pytest.approx(1.5e-6)
    assert bench.ask("CURRENT:RANGE?") == "0.000002"
    assert bench.ask("CURRENT:COMPLIANCE?") == "20.0000"
    bench.write("OUTPUT OFF")
    assert bench.errors() == []


def test_the_vendors_arbitrary_wave(bench):
    """It asks once a second whether the output is still on."""
    shape = np.sin(np.linspace(0, 2 * np.pi, 200, endpoint=False))
    first, second = (",".join(f"{value:.4f}" for value in part) for part in (shape[:100], shape[100:]))
    bench.write(f"SOUR:WAVE:ARB:DATA {first}", f"SOUR:WAVE:ARB:APP {second}")
    for message in ("COPY 1", "FUNC ARB1", "FREQ 10e3", "AMPL 10e-6", "OFFS 0", "DUR:TIME 20", "RANG BEST", "ARM"):
        bench.write(f"SOUR:WAVE:{'ARB:' if message.startswith('COPY') else ''}{message}")
    bench.write("SOUR:WAVE:INIT")
    assert len(bench.terminals.changes[-1].cycle) == 200
    answers: list[str | None] = []
    while answers[-1:] != ["0"]:
        bench.wait(1.0)
        answers.append(bench.ask("OUTP:STAT?"))
    assert answers == ["1"] * 19 + ["0"]
    bench.write("SOUR:WAVE:ABOR")
    assert bench.errors() == []


def test_a_pulse_from_a_list_as_labs_write_it(bench):
    """A pulse, then nothing; aborted by itself when it is clamped."""
    for message in (
        "*RST", "OUTP:ISH OLOW;LTE OFF", "SOUR:SWE:SPAC LIST", "SOUR:SWE:RANG AUTO", "SOUR:SWE:CAB ON",
        "SOUR:LIST:CURR 5e-3,0", "SOUR:LIST:DEL 0.01,0.01", "SOUR:LIST:COMP 8,8", "SOUR:SWE:COUN 1", "SOUR:SWE:ARM",
        "INIT:IMM",
    ):  # fmt: skip
        bench.write(message)
    assert bench.ask("*OPC?") == "1"
    assert bench.errors() == []
    assert bench.terminals.levels() == [(0.0, pytest.approx(5e-3)), (pytest.approx(0.01), 0.0), (0.02, 0.0)]
    assert bench.ask("STAT:OPER:EVEN?;:STAT:MEAS:EVEN?") == f"{0x400 | 0x08 | 0x02};0"
    bench.terminals.resistance = 2000.0
    bench.write("INIT:IMM")
    assert bench.ask("STAT:OPER:EVEN?;:STAT:MEAS:EVEN?;:OUTP?") == f"{0x400 | 0x08 | 0x04};8;0"


def test_slaves_sweep_tree(bench):
    """Every node of it, set and asked."""
    written = {
        "SOUR:SWE:SPAC": ("LIN", "LOG", "LIST"), "SOUR:SWE:POIN": ("1", "65535"), "SOUR:SWE:RANG": ("BEST", "AUTO"),
        "SOUR:SWE:COUN": ("1", "9999"), "SOUR:SWE:CAB": ("0", "1"), "SOUR:CURR:FILT": ("0", "1"),
        "SOUR:WAVE:FUNC": ("SIN", "SQU", "RAMP", "ARB0", "ARB4"), "SOUR:WAVE:PMAR:OLIN": ("3", "6"),
        "SOUR:WAVE:EXTR": ("0", "1"), "SOUR:WAVE:EXTR:ILIN": ("0", "6"), "SOUR:WAVE:EXTR:IGN": ("0", "1"),
        "ARM:SOUR": ("IMM", "TIM", "BUS", "TLIN", "BST", "PST", "NST", "MAN"), "TRIG:OUTP": ("SOUR", "DEL", "NONE"),
        "ARM:DIR": ("SOUR", "ACC"), "OUTP:RESP": ("FAST", "SLOW"), "OUTP:ISH": ("OLOW", "GUAR"),
    }  # fmt: skip
    for header, values in written.items():
        for value in values:
            bench.write(f"{header} {value}")
            assert bench.ask(f"{header}?") == value
    bench.write("SOUR:SWE:COUN INF")
    assert bench.errors() == []
