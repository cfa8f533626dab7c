from __future__ import annotations

import math
from typing import Any

import pytest

from instruments.errors import DeadlinePassed, GarbledReply, InstrumentError, InstrumentFault, NoReply
from instruments.keithley6221 import Keithley6221
from instruments.keithley6221_measuring import BLOCK
from instruments.keithley6221_readings import Reading
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from tests.instruments.dialogues import DONE, NO_ERROR, dialogue, garbled
from tests.instruments.dialogues import Bench as Answering
from tests.instruments.paired import Bench

TWO = "+1.234560E-06,+0.000E+00,+1.000000E-04,0,+0,+1.240000E-06,+2.500E-02,+1.000000E-04,1,+1"
READINGS = [
    Reading(1.23456e-6, 0.0, 1e-4, math.nan, False, 0),
    Reading(1.24e-6, 0.025, 1e-4, math.nan, True, 1),
]
ASK = ":TRAC:DATA:SEL? 0,2"


def same(one: list[Reading], other: list[Reading]) -> bool:
    return repr(one) == repr(other)


def test_readings_out_of_the_buffer():
    with dialogue(Keithley6221, (ASK, TWO)) as source:
        assert same(source.read_buffer(0, 2), READINGS)


@pytest.mark.parametrize(
    "reply",
    [
        TWO.replace(",0,+0", ",F,+0").replace(",1,+1", ",T,+1"),
        TWO.replace(",0,+0", ",+0.000000E+00,+0.000000E+00").replace(",1,+1", ",+1.000000E+00,+1.000000E+00"),
        TWO.replace("+1.234560E-06", "+1.23456E-06"),
        "1.23456e-06,0,0.0001,0,0,1.24E-06,0.025,1E-04,1,1",
    ],
)
def test_other_ways_of_writing_the_same(reply: str):
    """Neither the digits nor the letters of the compliance are confirmed for all firmware."""
    with dialogue(Keithley6221, (ASK, reply)) as source:
        assert same(source.read_buffer(0, 2), READINGS)


def test_an_overflow_is_marked():
    with dialogue(Keithley6221, (":TRAC:DATA:SEL? 7,1", "+9.9E37,+5.248E+01,+1.0E-04,0,+7")) as source:
        (reading,) = source.read_buffer(7, 1)
    assert reading.overflow
    assert math.isnan(reading.value)
    assert reading.time == 52.48


def test_average_voltages_come_between_current_and_compliance():
    with dialogue(Keithley6221, (":TRAC:DATA:SEL? 0,1", "+1.0E-06,+0.000E+00,-1.0E-05,-8.0E-05,0,+0")) as source:
        (reading,) = source.read_buffer(0, 1, average=True)
    assert reading.average_voltage == -8e-5


ONE = TWO.split(",+1.240000E-06", maxsplit=1)[0]


@pytest.mark.parametrize(
    "reply",
    [*garbled(TWO, "\n"), ONE, f"{TWO},{ONE}", TWO[:-3], TWO.replace(",0,+0", ",+0"), TWO.replace(",0,", ",X,"),
     TWO.replace("E-06", "E-"), TWO.replace(",+0,", ",+1,"), TWO.replace(",1,+1", ",1,+2"),
     TWO.replace("+0.000E+00", "+3.000E+00"), TWO.replace("1,+1", "1,+0")],
)  # fmt: skip
def test_readings_that_are_damaged_too_few_too_many_or_out_of_order(reply: str):
    with dialogue(Keithley6221, (ASK, reply)) as source, pytest.raises(GarbledReply, match="expected"):
        source.read_buffer(0, 2)


def test_no_readings_come():
    with dialogue(Keithley6221, (ASK, b"")) as source, pytest.raises(NoReply):
        source.read_buffer(0, 2)


def test_no_piece_of_a_reply_passes_for_readings():
    whole = (TWO + "\n").encode()
    pieces = [whole[:length] for length in range(1, len(whole))]
    identity = "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x \n"
    bench = Answering(Keithley6221, {"*IDN?": identity, ASK: [*pieces, whole]})
    for _ in pieces:
        with pytest.raises(GarbledReply, match="cut off"):
            bench.driver.read_buffer(0, 2)
    assert same(bench.driver.read_buffer(0, 2), READINGS)


def block(first: int, count: int, shift: int = 0) -> str:
    return ",".join(f"+1.0E-06,{n * 0.02:+.3E},+1.0E-04,0,{n + shift:+d}" for n in range(first, first + count))


def test_many_readings_come_in_blocks_that_follow_each_other():
    second = (f":TRAC:DATA:SEL? {BLOCK},3", block(BLOCK, 3))
    with dialogue(Keithley6221, (f":TRAC:DATA:SEL? 0,{BLOCK}", block(0, BLOCK)), second) as source:
        assert [reading.number for reading in source.read_buffer(0, BLOCK + 3)] == list(range(BLOCK + 3))
    wrong = (second[0], block(BLOCK, 3, shift=1))
    pairs = (f":TRAC:DATA:SEL? 0,{BLOCK}", block(0, BLOCK)), wrong
    with dialogue(Keithley6221, *pairs) as source, pytest.raises(GarbledReply, match=r"number 199 .* then 201"):
        source.read_buffer(0, BLOCK + 3)


# ---- arming


def test_arming_is_waited_for_on_the_clock():
    asked = (":SOUR:DELT:ARM?", "0"), (":SYST:ERR?", NO_ERROR)
    pairs = [(":SOUR:DELT:ARM;*ESR?;:SYST:ERR?", DONE), *asked, *asked, (":SOUR:DELT:ARM?", "1"), asked[1]]
    with dialogue(Keithley6221, *pairs) as source:
        source._arm("DELT")
        assert source.clock.now() == 2 * Keithley6221.ARM_POLL


def test_an_error_of_arming_comes_late():
    pairs = [
        (":SOUR:DELT:ARM;*ESR?;:SYST:ERR?", DONE), (":SOUR:DELT:ARM?", "0"), (":SYST:ERR?", '-241,"Hardware missing"'),
        (":SYST:ERR?", NO_ERROR),
    ]  # fmt: skip
    with dialogue(Keithley6221, *pairs) as source, pytest.raises(InstrumentError, match="-241") as caught:
        source._arm("DELT")
    assert caught.value.code == -241


def test_what_is_armed_with_a_warning_is_not_armed():
    """+408: the conductance sweep has been truncated, and would be run nevertheless."""
    pairs = [
        (":SOUR:DCON:ARM;*ESR?;:SYST:ERR?", DONE), (":SOUR:DCON:ARM?", "1"),
        (":SYST:ERR?", '+408,"Conductance truncated"'), (":SYST:ERR?", NO_ERROR),
    ]  # fmt: skip
    with dialogue(Keithley6221, *pairs) as source, pytest.raises(InstrumentError, match="408"):
        source._arm("DCON")


def test_a_source_that_answers_only_once_it_is_armed():
    """Ten seconds, longer than any other reply may take."""
    bench = Bench()
    wire, ready_at = bench.wire, bench.wire.device.ready_at

    def slow() -> float | None:
        due = ready_at()
        return due if due is None or "DELT:ARM" not in wire.heard[-1] else max(due, told + 10.0)

    told, write = 0.0, wire.write

    def tell(data: bytes) -> None:
        nonlocal told
        told = bench.clock.now()
        write(data)

    def read() -> bytes:
        waiting = "DELT:ARM" in wire.heard[-1] and bench.clock.now() < told + 10.0
        return b"" if waiting else wire.device.read()

    wire.write, wire.ready_at, wire.read = tell, slow, read
    assert len(bench.source.delta(1e-4, count=3, compliance=1.0)) == 3
    assert bench.clock.now() > 20.0
    assert bench.source.line.timeout == 2.0  # and afterwards it is as before


def test_arming_has_a_deadline():
    bench = Answering(
        Keithley6221,
        {":SOUR:DELT:ARM;*ESR?;:SYST:ERR?": f"{DONE}\n", ":SOUR:DELT:ARM?": "0\n", ":SYST:ERR?": f"{NO_ERROR}\n"},
    )
    with pytest.raises(DeadlinePassed, match="not armed 30 s after"):
        bench.driver._arm("DELT")
    assert Keithley6221.ARM_TIME <= bench.clock.now() < Keithley6221.ARM_TIME + 1.0


@pytest.mark.parametrize("bad", ["#1", "11", "1,", "+1", ""])
def test_a_damaged_answer_whether_it_is_armed(bad: str):
    pairs = [(":SOUR:DELT:ARM;*ESR?;:SYST:ERR?", DONE), (":SOUR:DELT:ARM?", bad or b"")]
    with dialogue(Keithley6221, *pairs) as source, pytest.raises((GarbledReply, NoReply)):
        source._arm("DELT")


# ---- a run


def faulty(change: Any) -> Bench:
    class Changed(Simulated6221):
        pass

    change(Changed)
    return Bench(simulated=Changed)


def says_nothing(kind: type[Simulated6221]) -> None:
    kind.sample_patience = math.inf


def test_without_trigger_link_no_readings_come():
    bench = Bench()
    bench.link.unplug()
    with pytest.raises(InstrumentFault, match=r"do not come; check .* the Trigger Link cable"):
        bench.source.delta(1e-4, count=100, compliance=1.0)
    assert not bench.output
    assert bench.clock.now() < 12.0


def test_without_trigger_link_and_a_source_that_says_nothing_of_it():
    bench = faulty(says_nothing)
    bench.link.unplug()
    with pytest.raises(DeadlinePassed, match="Trigger Link"):
        bench.source.delta(1e-4, count=100, compliance=1.0)
    assert not bench.output
    assert bench.clock.now() < 12.0


def test_a_trigger_link_that_is_pulled_in_a_long_run_is_noticed_soon():
    bench = faulty(says_nothing)
    timeline = bench.device.timeline
    timeline.schedule(60.0, bench.link.unplug)
    with pytest.raises(DeadlinePassed, match=r"no new reading came in .* of 60000$"):
        bench.source.delta(1e-4, count=60_000, compliance=1.0)
    assert bench.clock.now() < 60.0 + 8.0
    assert not bench.output


def test_a_meter_at_another_baud_rate():
    bench = Bench()
    bench.meter.serial_baud = 9600
    with pytest.raises(InstrumentFault, match=r"19\.2 kbaud"):
        bench.source.delta(1e-4, count=5, compliance=1.0)
    assert not bench.output


def test_a_serial_cable_that_is_pulled_in_a_run():
    bench = Bench()
    bench.device.timeline.schedule(30.0, bench.serial.unplug)
    with pytest.raises(InstrumentFault, match=r"serial link|no new reading"):
        bench.source.delta(1e-4, count=60_000, compliance=1.0)
    assert bench.clock.now() < 40.0
    assert not bench.output


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("stores", [True, False])
@pytest.mark.parametrize("letters", [True, False])
def test_whatever_the_firmware_does_at_the_places_that_nobody_confirms(ends: bool, stores: bool, letters: bool):
    def change(kind: type[Simulated6221]) -> None:
        kind.test_ends_output = ends
        kind.arming_stores = stores
        kind.compliance_letters = letters

    bench = faulty(change)
    bench.sample.resistance = 10.0
    readings = bench.source.delta(1e-4, count=7, compliance=1.0)
    assert readings.value == pytest.approx([1e-3] * 7)
    assert not bench.output


def test_an_output_that_stays_on_is_said(caplog: pytest.LogCaptureFixture):
    answers = {
        ":SOUR:SWE:ABOR;:SOUR:WAVE:ABOR;*ESR?;:SYST:ERR?": f"{DONE}\n",
        ":SOUR:SWE:ABOR;*ESR?;:SYST:ERR?": f"{DONE}\n", ":SOUR:WAVE:ABOR;*ESR?;:SYST:ERR?": f"{DONE}\n",
        ":SOUR:CLE;*ESR?;:SYST:ERR?": f"{DONE}\n", ":OUTP?": "1\n",
    }  # fmt: skip
    bench = Answering(Keithley6221, answers)
    with pytest.raises(InstrumentFault, match="does not turn off") as caught:
        bench.driver.delta(1e-4, count=7, compliance=1.0)
    assert caught.value.__notes__ == ["6221 at GPIB0::9::INSTR: the output is still on; turn it off at the front panel"]
    assert "still on" in caplog.text
