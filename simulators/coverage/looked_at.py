"""Which settings something looks at besides their own query: found by using the instrument."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from instruments.tables.keithley2400 import LIMITS
from instruments.tables.table import Value
from simulators.coverage.bench import OpenLeads, Talk
from simulators.devices.keithley2182a import Keithley2182A
from simulators.devices.keithley2400 import Keithley2400
from simulators.devices.keithley6221 import Keithley6221
from simulators.devices.source_panel import Key
from simulators.exchange import ScpiDevice
from simulators.links import SerialCable, TriggerCable


class _Watched(dict[str, Value]):
    """Settings that remember which of them were looked at."""

    def __init__(self, settings: dict[str, Value]) -> None:
        super().__init__(settings)
        self.seen: set[str] = set()

    def __getitem__(self, header: str) -> Value:
        self.seen.add(header)
        return super().__getitem__(header)

    def get(self, header: str, default: Any = None) -> Any:
        self.seen.add(header)
        return super().get(header, default)


def looked_at(device: ScpiDevice) -> frozenset[str]:
    """Use an instrument in many ways; return the headers of the settings that it looked at.

    No setting is asked for, so that each look is taken by something that depends on the setting.
    """
    settings = device.settings = _Watched(device.settings)
    talk = Talk(device)
    if isinstance(device, Keithley6221):
        _measure_with_a_meter(device, talk)
    for message in _USES[device.table.instrument]():
        talk.ask(message)
        _reach_from_outside(device)
    if isinstance(device, Keithley2182A):
        _ = device.analog_output
    if isinstance(device, Keithley2400):
        _stand_in_front_of(device, talk)
    if isinstance(device, Keithley6221):
        _stand_in_front_of_a_source(device, talk)
    device.power_cycle()
    return frozenset(settings.seen)


def _measure_with_a_meter(source: Keithley6221, talk: Talk) -> None:
    """Let a source measure in each of its modes with a meter at both cables."""
    meter = Keithley2182A(source.timeline, OpenLeads(), None)
    cables = SerialCable(source.serial_port, meter.serial_port), TriggerCable(source, meter)
    for message in _source_modes():
        talk.ask(message)
        _ = source.digital_outputs
    for cable in cables:
        cable.unplug()


def _source_modes() -> Iterator[str]:
    """Readings of every mode, through filter, units, math, limit, buffer and statistics."""
    yield ':SYST:COMM:SER:SEND ":SENS:VOLT:RANG .01";ENT?'
    yield ":CALC3:LIM:STAT 1;:CALC3:FORC:STAT 1;:CALC:STAT 1;:CALC2:STAT 1;:FORM:ELEM ALL;:SENS:AVER:COUN 2;TCON REP"
    yield ":SOUR:DELT:COUN 3;:SOUR:PDEL:COUN 3;:SOUR:DCON:STEP 5e-6"
    modes = (":SOUR:DELT", ":SOUR:DCON", ":SOUR:PDEL", ":SOUR:PDEL:SWE 1;:SOUR:PDEL")
    for mode, (unit, filtered, stamps) in product(modes, (("V", 1, "ABS"), ("W", 0, "DELT"))):
        yield f":UNIT {unit};:SENS:AVER {filtered};:TRAC:TST:FORM {stamps};{mode}:ARM;:INIT;:SENS:DATA?;*OPC?"
        yield from (":TRAC:DATA?", ":CALC2:IMM?", ":CALC3:LIM:FAIL?", ":FORM REAL;:TRAC:DATA?;:FORM ASC")
    yield ":SOUR:SWE:ABOR;*RST"


def _reach_from_outside(device: ScpiDevice) -> None:
    """Let pulses come in on every line of a source's trigger link, and somebody listen to those that go out."""
    if isinstance(device, Keithley2400):
        device.pulse = _listen
        device.external_trigger(1)
    if isinstance(device, Keithley6221):
        device.trigger_out = _listen
        for line in (1, 2, 3, 4, 5, 6, 3):
            device.trigger_in(line)


def _stand_in_front_of(device: Keithley2400, talk: Talk) -> None:
    """Read the display of a SourceMeter, hear it, and press a key."""
    for message in ("*RST;:CALC:STAT 1;:OUTP 1;:READ?", ":DISP:TEXT:STAT 1;:DISP:WIND2:TEXT:STAT 1;:SYST:BEEP 500,1"):
        talk.ask(message)
        _ = device.display
    device.press_key(9)


def _stand_in_front_of_a_source(device: Keithley6221, talk: Talk) -> None:
    """Read the display of a current source, hear its keys, and see with whom it is connected."""
    talk.ask(":DISP:TEXT:STAT 1;:DISP:WIND2:TEXT:STAT 1;:SYST:COMM:ETH:SAVE")
    _ = device.display, device.network
    device.press(Key.LOCAL)


def _listen(_line: int) -> None:
    """Nothing follows."""


def _source() -> Iterator[str]:
    yield ":SOUR:CURR:RANG 1e-3;:SOUR:CURR 1e-3;COMP 5;:OUTP 1"
    yield ":SOUR:CURR:RANG:AUTO 1;:SOUR:CURR 1e-6;:OUTP 0;*ESE?"
    yield from _source_sweeps()
    yield from _source_waves()


def _source_sweeps() -> Iterator[str]:
    """Sweeps of every kind, through both layers of the trigger model."""
    yield ":SOUR:CURR:STAR 1e-6;STOP 2e-6;:SOUR:DEL 1e-3;:SOUR:SWE:COUN 2"
    for spacing, outputs in product(("LIN", "LOG", "LIST"), (("TENT", "SOUR"), ("TEX", "DEL"))):
        yield f":SOUR:SWE:SPAC {spacing};ARM;:ARM:OUTP {outputs[0]};:TRIG:OUTP {outputs[1]};:INIT"
        yield "*OPC?"
    yield ":SOUR:SWE:ARM;:ARM:SOUR TIM;:INIT;*OPC?"
    yield ":ARM:SOUR TLIN;:INIT"
    yield ":SOUR:SWE:ABOR"
    yield ":ARM:SOUR IMM"


def _source_waves() -> Iterator[str]:
    """Waves of every kind, with marker and external trigger."""
    for shape, external in product(("SQU", "ARB0"), (0, 1)):
        yield f":SOUR:WAVE:FUNC {shape};ARB:DATA 0,1;:SOUR:WAVE:PMAR:STAT 1;:SOUR:WAVE:EXTR {external};EXTR:ILIN 3"
        yield ":SOUR:WAVE:ARM;INIT"
        yield ":SOUR:WAVE:ABOR"


def _meter() -> Iterator[str]:
    """Readings of every kind: function, channel, filter, trigger, math, buffer, format."""
    for function, channel, control, endless in product(("VOLT", "TEMP"), (0, 1, 2), ("MOV", "REP"), (0, 1)):
        yield f"*RST;:SENS:FUNC '{function}';CHAN {channel}"
        for kind, number in product(("VOLT", "TEMP"), (1, 2)):
            node = f":SENS:{kind}:CHAN{number}"
            yield f"{node}:DFIL:COUN 2;TCON {control};STAT 1;{node}:REF:STAT 1;{node}:LPAS 1"
        yield f":TRIG:SOUR TIM;TIM .01;COUN 2;DEL:AUTO {endless};:SAMP:COUN 2;:SENS:TEMP:RJUN:RSEL SIM"
        yield ":CALC:STAT 1;:CALC2:STAT 1;FORM MEAN;:CALC3:LIM1:STAT 1;:CALC3:LIM2:STAT 1"
        yield ":FORM:ELEM READ,UNIT,CHAN;:*ESE?"
        for form in ("MXB", "PERC"):
            yield f":CALC:FORM {form};:INIT:CONT {endless}"
            yield ":TRAC:CLE;:TRAC:FEED:CONT NEXT"
            yield from (":READ?", ":FETC?", ":CALC2:IMM?", ":TRAC:DATA?", ":TRAC:FREE?", ":FORM SRE;:READ?;:FORM ASC")
    yield from ("*RST;:SENS:CHAN 0;HOLD:STAT 1;:READ?", "*RST;:SENS:VOLT:RAT 1;:READ?", "*RST;:SENS:VOLT:DELT 1;:READ?")
    for scan in ("INT", "EXT"):
        yield f"*RST;:TRAC:CLE;:ROUT:SCAN:LSEL {scan};:SAMP:COUN 3;:READ?"
    yield "*RST;:READ?"


def _sourcemeter() -> Iterator[str]:
    """Readings of every kind: source, function, range, filter, sweep, trigger, math, buffer, format, off state."""
    for source, state in product(("VOLT", "CURR"), ("NORM", "HIMP", "ZERO", "GUAR")):
        yield f"*RST;:SOUR:FUNC {source};:OUTP:SMOD {state};:SENS:RES:MODE MAN;:SENS:FUNC:ALL;:OUTP 1"
        yield from (":READ?", ":OUTP 0", ":SENS:AVER 1;AVER:COUN 2;:SENS:RES:OCOM 1;:SYST:AZER OFF;:OUTP 1;:READ?")
        yield ":SENS:AVER:TCON MOV;:SOUR:CLE:AUTO 1;:SYST:TIME:RES:AUTO 1;:READ?"
    yield "*RST;:SENS:FUNC 'RES';:SENS:RES:RANG:AUTO:LLIM 20;:OUTP 1;:READ?"
    yield from _sourcemeter_sweeps()


def _sourcemeter_sweeps() -> Iterator[str]:
    """Runs with math, limit tests, digital output and buffer; sweeps of every kind, also through the memory."""
    yield ":CALC:STAT 1;:CALC2:NULL:STAT 1;:CALC2:LIM1:STAT 1"
    yield from (f":CALC2:LIM{test}:STAT 1" for test in LIMITS)
    yield ":TRAC:FEED:CONT NEXT;:TRIG:COUN 2;:FORM:ELEM:CALC CALC,TIME,STAT;:READ?"
    yield from (":CALC:DATA?", ":CALC2:DATA?", ":CALC3:DATA?", ":TRAC:DATA?", ":FORM REAL;:READ?;:FORM ASC")
    for spacing, ranging, mode in product(("LIN", "LOG"), ("BEST", "AUTO", "FIX"), ("SWE", "LIST")):
        yield f"*RST;:SOUR:VOLT:STAR 1;STOP 2;MODE {mode};:SOUR:SWE:POIN 3;SPAC {spacing};RANG {ranging};CAB EARL"
        yield ":TRIG:COUN 3;:OUTP 1;:READ?"
    yield "*RST;:SOUR:FUNC CURR;CURR:MODE LIST;:OUTP 1;:READ?;*ESE?"
    yield "*RST;:ARM:SOUR TIM;COUN 2;OUTP TENT,TEX;:TRIG:OUTP SOUR,DEL,SENS;:SOUR:VOLT:MODE LIST;:OUTP 1;:READ?"
    yield from _sourcemeter_memory()
    for layer in ("ARM", "TRIG"):
        yield f"*RST;:{layer}:SOUR TLIN;:OUTP 1;:INIT"
        yield ":ABOR"


def _sourcemeter_memory() -> Iterator[str]:
    """Sweeps through the source memory, with limit tests of every outcome on the digital output."""
    yield "*RST;:SENS:CURR:RANG 1e-6;:SENS:CURR:RANG:HOLD 1;:SOUR:VOLT:TRIG:SFAC:STAT 1;:SYST:RCM MULT;:SOUR:SOAK .1"
    for feed, limit, mode in product(("VOLT", "CURR"), (1, 1e-5), ("GRAD", "SORT")):
        yield f":CALC2:FEED {feed};LIM2:LOW {-limit};UPP {limit / 2};STAT 1;:CALC2:CLIM:MODE {mode}"
        yield from (f":CALC2:LIM{test}:LOW 0;UPP {limit / test};STAT 1" for test in LIMITS)
        yield ":CALC2:LIM1:STAT 1;:SOUR:MEM:SAVE 1;:SOUR:FUNC MEM;:SOUR:MEM:POIN 2;:TRIG:COUN 2;:OUTP 1;:READ?"
        yield from (f":CALC2:LIM{test}:STAT 0" for test in LIMITS)
        yield ":SOUR2:BSIZ 3;:READ?;:SOUR2:TTL:ACT?;:CALC2:CLIM:BCON END;:SOUR2:BSIZ 4"


_USES = {"6221": _source, "2182A": _meter, "2400": _sourcemeter}
