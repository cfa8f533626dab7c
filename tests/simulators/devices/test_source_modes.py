"""Delta of the 6221 with a real (simulated) 2182A at the cables."""

import numpy as np
import pytest

from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_modes import SourceModes
from tests.simulators.devices.pair_bench import delta_pair, run


def three_points(samples):
    """The manual's formula, written anew."""
    return [
        (samples[k - 1] - 2.0 * samples[k] + samples[k + 1]) / 4.0 * (-1) ** (k - 1) for k in range(1, len(samples) - 1)
    ]


# ---- Delta


def test_delta_is_the_three_point_formula_to_the_last_digit():
    """With noise of the meter, an offset and a drift much larger than it."""
    pair = delta_pair("COUN 40", noise=np.random.default_rng(1))
    pair.sample.offset, pair.sample.drift = 20e-6, 1e-6 / 60
    pair.write("FORM:ELEM READ")
    run(pair)
    assert len(pair.samples) == 42
    texts = pair.ask("TRAC:DATA?").split(",")
    assert texts == [f"{value:+.6E}" for value in three_points(pair.samples)]
    assert len(set(texts)) > 20


def test_offset_and_drift_cancel():
    pair = delta_pair("COUN 20")
    pair.sample.offset, pair.sample.drift = 20e-6, 1e-3
    run(pair)
    assert pair.buffer()[::2] == pytest.approx([10e-3] * 20, abs=2e-11)


def test_levels_alternate_from_high_and_the_meter_integrates_when_they_have_settled():
    pair = delta_pair("COUN 3")
    run(pair)
    levels = [current for _, current in pair.sample.changes]
    assert levels == [1e-3, -1e-3, 1e-3, -1e-3, 1e-3, None]
    starts = [time for time, _ in pair.sample.changes]
    assert [begin for begin, _ in pair.sample.apertures] == pytest.approx([time + 1e-3 for time in starts[:-1]])
    assert [end - begin for begin, end in pair.sample.apertures] == pytest.approx([1 / 60] * 5)


@pytest.mark.parametrize(("line_frequency", "rate"), [(60.0, 47.0), (50.0, 40.0)])
def test_rates_are_those_of_the_manual(line_frequency, rate):
    pair = delta_pair("COUN INF", line_frequency=line_frequency)
    pair.write("INIT")
    pair.wait(100.0)
    assert int(pair.ask("TRAC:POIN:ACT?")) / 100.0 == pytest.approx(rate, rel=0.02)
    stamps = pair.buffer()[1::2]
    assert stamps[0] == 0.0
    assert stamps[10] == pytest.approx(10 / rate, rel=0.02)


def test_asymmetric_levels():
    """HIGH rewrites LOW, so that LOW comes after it; half the difference is measured."""
    pair = delta_pair("LOW -0.5e-3;COUN 3")
    pair.write("UNIT OHMS")
    run(pair)
    assert [current for _, current in pair.sample.changes][:2] == [1e-3, -0.5e-3]
    assert pair.buffer()[::2] == pytest.approx([10.0] * 3)


def test_cold_switching_rests_at_zero():
    pair = delta_pair("CSW ON;COUN 2")
    run(pair)
    assert [current for _, current in pair.sample.changes] == [1e-3, 0.0, -1e-3, 0.0, 1e-3, 0.0, -1e-3, None]
    assert pair.buffer()[::2] == pytest.approx([10e-3] * 2)


@pytest.mark.parametrize(("control", "conversions"), [("MOV", 37), ("REP", 252)])
def test_filters(control, conversions):
    """25 readings behind a filter of 10: 35 or 250 Delta cycles, and two conversions more."""
    pair = delta_pair("COUN 25;:SENS:AVER:COUN 10;TCON " + control + ";STAT ON", noise=np.random.default_rng(2))
    run(pair)
    assert len(pair.samples) == conversions
    unfiltered = three_points(pair.samples)
    starts = range(1, 26) if control == "MOV" else range(0, 250, 10)
    expected = [sum(unfiltered[start : start + 10]) / 10.0 for start in starts]
    assert pair.buffer()[::2] == pytest.approx(expected, rel=1e-6)
    assert pair.source.status.operation.condition & 0x100


def test_readings_outside_the_window_are_made_up_for():
    """0.1 % of the 100 mV range: a step of the sample of 1 mV empties the stack."""
    pair = delta_pair("COUN 2;:SENS:AVER:COUN 5;WIND 0.1;TCON REP;STAT ON")
    pair.write("INIT")
    pair.wait(0.1)
    pair.sample.resistance = 11.0
    pair.run_until_done()
    assert len(pair.samples) > 12
    assert pair.buffer()[-2] == pytest.approx(11e-3)
    assert pair.ask("TRAC:POIN:ACT?") == "2"


def test_the_end_of_a_run():
    pair = delta_pair("COUN 3")
    run(pair)
    assert pair.ask("OUTP?;:SOUR:DELT:ARM?;:SOUR:CURR?") == "0;1;0.000000E+00"
    assert pair.sample.changes[-1][1] is None
    assert pair.ask("STAT:OPER:EVEN?") == str(0x400 | 0x08 | 0x02)
    assert pair.ask("STAT:OPER:EVEN?") == "0"
    assert pair.ask("TRAC:DATA:TYPE?") == "DELT"
    first = pair.buffer()
    pair.sample.resistance = 20.0
    run(pair)
    assert pair.buffer()[::2] == pytest.approx([2 * value for value in first[::2]])
    assert pair.errors() == pair.errors(pair.meter) == []


def test_the_output_may_stay_on_at_zero():
    class Stays(Keithley6221):
        test_ends_output = False

    pair = delta_pair("COUN 3", source=Stays)
    run(pair)
    assert pair.ask("OUTP?;:SOUR:CURR?") == "1;0.000000E+00"
    assert pair.sample.changes[-1][1] == 0.0


def test_operation_complete_waits_for_the_run():
    pair = delta_pair("COUN 3")
    start = pair.timeline.now
    pair.write("*ESR?;:INIT;*OPC")
    pair.source.read()
    assert pair.ask("*OPC?") == "1"
    assert pair.timeline.now - start == pytest.approx(5 / 47, abs=0.02)
    assert pair.ask("*ESR?") == "1"


def test_an_overflow_is_a_reading():
    pair = delta_pair("COUN 5")
    pair.sample.resistance = 130.0
    run(pair)
    assert pair.ask("TRAC:DATA?").split(",")[::2] == ["+9.9E37"] * 5
    assert int(pair.ask("STAT:MEAS:COND?")) & 1


def test_meter_settings_that_arming_leaves_and_that_it_changes():
    pair = delta_pair(nplc=2)
    assert pair.ask(":SENS:VOLT:NPLC?;RANG?;:SYST:FAZ?;:TRIG:SOUR?", to=pair.meter) == "2.00;0.100000;0;EXT"
    pair.write("SOUR:SWE:ABOR", 'SYST:COMM:SER:SEND ":SENS:VOLT:NPLC 2.5"')
    pair.write("SOUR:DELT:ARM")
    assert pair.ask(":SENS:VOLT:NPLC?", to=pair.meter) == "1.00"


def test_arming_takes_its_time_and_unarms_what_was_armed():
    pair = delta_pair()
    start = pair.timeline.now
    pair.write("SOUR:DCON:ARM")
    assert 1.0 < pair.timeline.now - start < 10.0
    assert pair.ask("SOUR:DELT:ARM?;:SOUR:DCON:ARM?") == "0;1"
    pair.write("SOUR:SWE:ARM")
    assert pair.ask("SOUR:DELT:ARM?;:SOUR:DCON:ARM?") == "0;0"


REFUSED = {
    "DELT": "SOUR:DELT:HIGH 0;ARM",
    "DCON": "SOUR:DCON:STEP 0;ARM",
    "PDEL": "SOUR:PDEL:HIGH 0;LOW 0;ARM",
}


@pytest.mark.parametrize("disarms", [True, False])
@pytest.mark.parametrize("message", REFUSED.values(), ids=REFUSED)
def test_a_refused_arm_leaves_nothing_armed(monkeypatch, message, disarms):
    monkeypatch.setattr(SourceModes, "refused_arming_disarms", disarms)
    pair = delta_pair()
    pair.write(message)
    assert pair.errors() == [-221]
    assert pair.ask("SOUR:DELT:ARM?;:SOUR:DCON:ARM?;:SOUR:PDEL:ARM?") == f"{not disarms:d};0;0"
    pair.write("SOUR:LIST:CURR 0,0;:SOUR:SWE:SPAC LIST;ARM")
    assert pair.errors() == [-221]
    assert pair.ask("SOUR:DELT:ARM?") == f"{not disarms:d}"


# ---- live


def test_before_the_first_reading_there_is_an_overflow_with_a_running_stamp():
    """As captured: `+9.9E37,+5.248E+01`."""
    pair = delta_pair()
    pair.write("INIT")
    first = pair.ask("SENS:DATA?")
    assert first.split(",")[0] == "+9.9E37"
    assert float(first.split(",")[1]) == pytest.approx(pair.timeline.now, rel=1e-3)
    assert len(first.split(",")[1]) == len("+5.248E+01")
    assert pair.errors() == []


def test_latest_and_fresh():
    pair = delta_pair("COUN INF")
    pair.write("INIT")
    assert pair.ask("SENS:DATA:FRES?") == ""
    assert pair.errors() == [-230]
    pair.wait(0.2)
    latest = pair.ask("SENS:DATA?")
    assert latest.startswith("+1.000000E-02,")
    assert pair.ask("SENS:DATA?") == latest
    assert pair.ask("SENS:DATA:FRES?") == ""
    pair.wait(0.05)
    assert pair.ask("SENS:DATA:FRES?") != latest
    assert pair.ask("SENS:DATA:FRES?") == ""
    assert pair.errors() == [-230, -230]
    pair.write("SOUR:SWE:ABOR")
    assert pair.ask("SENS:DATA?") == ""
    assert pair.errors() == [-221]


# ---- compliance, interlock, abort


def test_in_compliance_the_run_goes_on_with_clamped_voltages():
    pair = delta_pair("COUN 4;:SOUR:CURR:COMP 2;:FORM:ELEM READ,COMP;:CALC3:LIM:STAT ON", full=10)
    pair.sample.resistance = 3000.0
    run(pair)
    assert pair.ask("TRAC:DATA?") == ",".join(["+2.000000E+00,1"] * 4)
    assert pair.ask("CALC3:LIM:FAIL?") == "1"
    assert pair.source.digital_outputs == 15
    assert int(pair.ask("STAT:MEAS?")) & 0x08


def test_compliance_abort_ends_the_run():
    pair = delta_pair("COUN 20;CAB ON;:SOUR:CURR:COMP 2", full=10)
    pair.write("INIT")
    pair.wait(0.2)
    pair.sample.resistance = 3000.0
    pair.wait(1.0)
    assert pair.ask("OUTP?") == "0"
    stored = int(pair.ask("TRAC:POIN:ACT?"))
    assert 0 < stored < 20
    assert int(pair.ask("STAT:OPER?")) & 0x06 == 0x04
    assert pair.ask("SOUR:DELT:ARM?;:TRAC:POIN?") == "1;20"


@pytest.mark.parametrize("end", ["SOUR:SWE:ABOR", "ABOR", "*RST", "OUTP OFF", "SOUR:CLE"])
def test_what_ends_a_run_leaves_the_output_off_and_the_buffer_as_it_is(end):
    pair = delta_pair("COUN INF")
    pair.write("INIT")
    pair.wait(0.5)
    stored = pair.ask("TRAC:POIN:ACT?")
    pair.write(end)
    pair.wait(0.5)
    assert pair.ask("OUTP?;:TRAC:POIN:ACT?") == f"0;{stored}"
    assert pair.sample.changes[-1][1] is None
    armed = "0" if end in {"SOUR:SWE:ABOR", "*RST"} else "1"
    assert pair.ask("SOUR:DELT:ARM?") == armed
    assert pair.errors() == []
    if armed == "0":
        pair.wait(0.1)
        assert pair.ask(":STAT:OPER:COND?", to=pair.meter) == str(0x400)


@pytest.mark.parametrize("moment", [0.0, 3e-3, 10e-3, 18e-3])
def test_a_run_that_is_begun_anew_at_once_knows_nothing_of_the_one_before(moment):
    """At whatever moment of a conversion the first one is stopped."""
    pair = delta_pair("COUN 3")
    pair.write("INIT")
    pair.wait(0.05 + moment)
    pair.write("ABOR")
    pair.sample.resistance = 20.0
    pair.samples.clear()
    run(pair)
    assert pair.buffer()[::2] == pytest.approx([20e-3] * 3)
    assert pair.errors() == pair.errors(pair.meter) == []


def test_an_open_interlock_ends_a_run():
    pair = delta_pair("COUN INF")
    pair.write("INIT")
    pair.wait(0.5)
    pair.source.interlock_closed = False
    assert pair.ask("OUTP?;:STAT:MEAS:COND?").split(";")[0] == "0"
    assert not pair.source.measuring()
