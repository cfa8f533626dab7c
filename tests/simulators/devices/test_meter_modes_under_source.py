"""A 2182A that somebody has left in a mode of its own, taken in hand by a 6221."""

import pytest

from simulators.devices.keithley2182a import Keithley2182A
from tests.simulators.devices.pair_bench import Pair, Resistor, run


class TwoChannels(Resistor):
    """With 0.1 mV on the meter's second channel."""

    def mean_voltage(self, channel, start, end):
        return super().mean_voltage(channel, start, end) if channel == 1 else 1e-4


LEFT_ON = {
    "nothing": "",
    "ratio": ":SENS:VOLT:RAT 1",
    "delta": ":SENS:VOLT:DELT 1",
    "internal scan": ":ROUT:SCAN:LSEL INT",
    "external scan": ":ROUT:SCAN:LSEL EXT",
    "hold": ":SENS:HOLD:STAT 1",
    "filter": ":SENS:VOLT:CHAN1:DFIL:TCON REP;:SENS:VOLT:CHAN1:DFIL 1",
    "relative": ":SENS:VOLT:CHAN1:REF 5e-3;REF:STAT 1",
}
ASKED = (
    ":SENS:VOLT:RAT?;:SENS:VOLT:DELT?;:ROUT:SCAN:LSEL?;:SENS:HOLD:STAT?;:SENS:VOLT:CHAN1:DFIL?;DFIL:TCON?;"
    ":SENS:VOLT:CHAN1:REF?;REF:STAT?;:SENS:VOLT:RANG?"
)

TESTS = {
    "SOUR:DELT:HIGH 1e-3;DEL 1e-3;COUN 6;ARM": [10e-3] * 6,
    "SOUR:PDEL:HIGH 1e-3;LOW 0;COUN 6;ARM": [10e-3] * 6,
    "SOUR:DCON:STAR 0;STOP 5e-4;STEP 1e-4;DELT 1e-4;DEL 1e-3;ARM": [1e-3] * 6,
}


def left(mode, **settings):
    """A pair whose meter is on its 100 mV range and was left in a mode; 10 ohm, and an offset of 2 mV."""
    pair = Pair(sample=TwoChannels)
    for name, value in settings.items():
        setattr(pair.meter, name, value)
    pair.sample.resistance, pair.sample.offset = 10.0, 2e-3
    pair.write(f":SENS:VOLT:NPLC 1;RANG 0.1;{LEFT_ON[mode]}", to=pair.meter)
    assert pair.errors(pair.meter) == []
    return pair


@pytest.mark.parametrize("mode", LEFT_ON)
@pytest.mark.parametrize("test", TESTS)
def test_readings_are_worked_out_from_conversions(mode, test):
    """Raw readings are sent to the 6221, which works out its own from them (6220/6221 user's manual, read commands)."""
    pair = left(mode)
    pair.write(test)
    run(pair, 60.0)
    assert pair.buffer()[::2] == pytest.approx(TESTS[test])
    assert pair.errors() == []
    assert pair.errors(pair.meter) == []


def test_the_average_voltage_is_one_of_conversions():
    pair = left("relative")
    pair.write("FORM:ELEM READ,AVOL", "SOUR:DCON:STAR 0;STOP 5e-4;STEP 1e-4;DELT 1e-4;ARM")
    run(pair, 60.0)
    assert pair.buffer()[1::2] == pytest.approx([2e-3 + n * 1e-3 for n in range(6)])


@pytest.mark.parametrize("mode", LEFT_ON)
def test_settings_of_the_meter_survive(mode):
    """All but integration time, front autozero and triggers do (6220/6221 reference manual, arming)."""
    pair = left(mode)
    before = pair.ask(ASKED, to=pair.meter)
    pair.write(next(iter(TESTS)))
    run(pair, 60.0)
    pair.write("SOUR:SWE:ABOR")
    pair.wait(0.5)
    assert pair.ask(ASKED, to=pair.meter) == before


def test_a_mode_acts_again_when_the_source_lets_the_meter_go():
    pair = left("relative")
    pair.write(next(iter(TESTS)))
    run(pair, 60.0)
    pair.write("SOUR:SWE:ABOR")
    pair.wait(0.5)
    pair.write(":SAMP:COUN 1;:TRIG:COUN 1;SOUR IMM;:SYST:FAZ 1", to=pair.meter)
    assert float(pair.ask("READ?", to=pair.meter)) == pytest.approx(2e-3 - 5e-3)


@pytest.mark.parametrize("ended", ["clear", "cable"])
def test_arming_that_does_not_come_to_its_end_lets_the_meter_go(ended):
    pair = left("relative")
    pair.write(":SENS:VOLT:NPLC 5", to=pair.meter)  # the V-zero then takes three seconds
    pair.source.write(b"SOUR:DCON:ARM\n")
    pair.wait(1.5)
    assert pair.source.busy()
    if ended == "clear":
        pair.source.clear()
    else:
        pair.meter.serial_baud = 9600
        assert pair.ask("SOUR:DCON:ARM?") == "0"
        assert pair.errors() == [-241]
        pair.meter.power_cycle()
        pair.write(LEFT_ON["relative"], to=pair.meter)
    pair.wait(0.5)
    pair.write(":INIT:CONT 0;:SAMP:COUN 1;:TRIG:COUN 1;SOUR IMM;:SYST:FAZ 1", to=pair.meter)
    assert float(pair.ask("READ?", to=pair.meter)) == pytest.approx(2e-3 - 5e-3)


@pytest.mark.parametrize("mode", ["ratio", "delta", "internal scan", "hold"])
def test_a_meter_whose_modes_act_under_a_source_as_well(mode):
    """That the source overrules them is unsure; if it does not, what comes is of no use."""
    pair = left(mode, gives_raw=False)
    pair.write("SOUR:PDEL:HIGH 1e-3;LOW 0;COUN 6;ARM")
    run(pair, 60.0)
    assert Keithley2182A.gives_raw
    readings = pair.buffer()[::2] if int(pair.ask("TRAC:POIN:ACT?")) else []
    assert readings != pytest.approx([10e-3] * len(readings)) or len(readings) < 6
