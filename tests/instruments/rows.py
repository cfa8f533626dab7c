"""The properties of the Keithleys' drivers: what each asks and sends, by the manuals, and who the instruments are."""

from __future__ import annotations

import math
from dataclasses import dataclass

from instruments.driver import Driver
from instruments.errors import BadValue, LimitExceeded
from instruments.keithley2182a import Keithley2182A
from instruments.keithley2400 import Keithley2400
from instruments.keithley6221 import Keithley6221
from instruments.scpi_driver import Identity
from tests.instruments.dialogues import Row, choice, number, switch, whole


@dataclass(frozen=True)
class Tabled:
    """A driver and the rows of its properties.

    Attributes:
        others: Replies to `*IDN?` of instruments that could be taken for this one.
    """

    kind: type[Driver]
    rows: tuple[Row, ...]
    idn: str
    others: tuple[str, ...]

    def __str__(self) -> str:
        return self.kind.__name__


COMMON = (
    Row("measurement_event", ":STAT:MEAS?", "64", 64),
    Row("measurement_condition", ":STAT:MEAS:COND?", "16384", 16384),
    Row("operation_event", ":STAT:OPER?", "1024", 1024),
    Row("operation_condition", ":STAT:OPER:COND?", "16", 16),
    Row("questionable_event", ":STAT:QUES?", "0", 0),
    Row("questionable_condition", ":STAT:QUES:COND?", "256", 256),
    Row("standard_event", "*ESR?", "128", 128),
    Row("status", "*STB?", "65", 65),
    Row("complete", "*OPC?", "1", True),
)
"""What all of them have."""

IDN_6221 = "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x "
IDENTITY_6221 = Identity("KEITHLEY INSTRUMENTS INC.", "6221", "4559777", "D04  /700x")

ROWS_6221 = (
    *COMMON,
    Row("was_in_compliance", "*STB?", "129", True),
    number(
        "source_current", ":SOUR:CURR?", "1.000000E-04", 1e-4,
        ((1e-4, ":SOUR:CURR 0.0001"), (-0.105, ":SOUR:CURR -0.105"), (0, ":SOUR:CURR 0.0"),
         (1.23456789e-4, ":SOUR:CURR 0.000123456789"), (3e-12, ":SOUR:CURR 3e-12")),
        -0.105, 0.105,
    ),
    number(
        "source_range", ":SOUR:CURR:RANG?", "0.100000", 0.1,
        ((1e-4, ":SOUR:CURR:RANG:AUTO 0;:SOUR:CURR:RANG 0.0001"),), 0.0, 0.105,
    ),
    switch("source_auto_range", ":SOUR:CURR:RANG:AUTO"),
    number("source_compliance", ":SOUR:CURR:COMP?", "10.0000", 10.0,
           ((2.5, ":SOUR:CURR:COMP 2.5"), (0.156, ":SOUR:CURR:COMP 0.15"), (0.15, ":SOUR:CURR:COMP 0.15"),
            (7.299, ":SOUR:CURR:COMP 7.29")), 0.1, 105.0),
    number("source_delay", ":SOUR:DEL?", "1.000", 1.0, ((0.25, ":SOUR:DEL 0.25"),), 1e-3, 999999.999),
    switch("source_filter_enabled", ":SOUR:CURR:FILT"),
    switch("source_enabled", ":OUTP"),
    choice("output_response", ":OUTP:RESP", {"fast": "FAST", "slow": "SLOW"}, "SLOW", "slow"),
    switch("output_low_grounded", ":OUTP:LTE"),
    choice("shield_connection", ":OUTP:ISH", {"output low": "OLOW", "guard": "GUAR"}, "GUAR", "guard"),
    Row("interlock_closed", ":OUTP:INT:TRIP?", "0", False),
    switch("display_enabled", ":DISP:ENAB"),
    Row("line_frequency", ":SYST:LFR?", "50", 50.0),
    whole("measurement_event_enabled", ":STAT:MEAS:ENAB?", "512", 512, ((512, ":STAT:MEAS:ENAB 512"),), 0, 65535),
    whole("operation_event_enabled", ":STAT:OPER:ENAB?", "2", 2, ((2, ":STAT:OPER:ENAB 2"),), 0, 65535),
    Row("in_compliance", ":STAT:MEAS:COND?", "8", True),
    Row("identity", "*IDN?", IDN_6221, IDENTITY_6221),
)  # fmt: skip

IDN_2182A = "KEITHLEY INSTRUMENTS INC.,MODEL 2182A,1340129,C02  /A02"
IDENTITY_2182A = Identity("KEITHLEY INSTRUMENTS INC.", "2182A", "1340129", "C02  /A02")
TRIGGERS = {"immediate": "IMM", "timer": "TIM", "manual": "MAN", "bus": "BUS", "external": "EXT"}


def channel(index: int, largest: float, reply: str, value: float) -> tuple[Row, ...]:
    """Rows of one input, with its largest range in V."""
    here, sent = f"ch_{index}", f":SENS:VOLT:CHAN{index}"
    offsets, windows = ((1e-9, f"{sent}:REF 1e-09"),), ((0, f"{sent}:DFIL:WIND 0.0"),)
    kinds = {"moving": "MOV", "repeating": "REP"}
    return (
        number(f"{here}.voltage_range", f"{sent}:RANG?", reply, value, ((0.1, f"{sent}:RANG 0.1"),), 0.0, largest),
        switch(f"{here}.voltage_range_auto_enabled", f"{sent}:RANG:AUTO"),
        number(f"{here}.voltage_offset", f"{sent}:REF?", "0.000000", 0.0, offsets, -largest, largest),
        switch(f"{here}.voltage_offset_enabled", f"{sent}:REF:STAT"),
        switch(f"{here}.analog_filter_enabled", f"{sent}:LPAS"),
        switch(f"{here}.digital_filter_enabled", f"{sent}:DFIL"),
        whole(f"{here}.digital_filter_count", f"{sent}:DFIL:COUN?", "10", 10, ((75, f"{sent}:DFIL:COUN 75"),), 1, 100),
        choice(f"{here}.digital_filter_type", f"{sent}:DFIL:TCON", kinds, "REP", "repeating"),
        number(f"{here}.digital_filter_window", f"{sent}:DFIL:WIND?", "0.01", 0.01, windows, 0.0, 10.0),
    )  # fmt: skip


ROWS_2182A = (
    *COMMON,
    *channel(1, 120.0, "0.010000", 0.01),
    *channel(2, 12.0, "1.000000", 1.0),
    whole("active_channel", ":SENS:CHAN?", "1", 1, ((2, ":SENS:CHAN 2"), (0, ":SENS:CHAN 0")), 0, 2),
    Row(
        "channel_function", ":SENS:FUNC?", '"VOLT:DC"', "voltage",
        (("voltage", ":SENS:FUNC 'VOLT:DC'"), ("temperature", ":SENS:FUNC 'TEMP'")), (("current", BadValue),),
    ),
    number("voltage_nplc", ":SENS:VOLT:NPLC?", "5.00", 5.0, ((1, ":SENS:VOLT:NPLC 1.0"),), 0.01, 60.0),
    number("voltage_aperture", ":SENS:VOLT:APER?", "0.020000", 0.02, ((0.1, ":SENS:VOLT:APER 0.1"),), 166.67e-6, 1.0),
    whole("voltage_digits", ":SENS:VOLT:DIG?", "8", 8, ((7, ":SENS:VOLT:DIG 7"),), 4, 8),
    switch("auto_zero_enabled", ":SYST:AZER"),
    switch("front_auto_zero_enabled", ":SYST:FAZ"),
    switch("line_synchronization_enabled", ":SYST:LSYN"),
    Row("line_frequency", ":SYST:LFR?", "50", 50.0),
    switch("display_enabled", ":DISP:ENAB"),
    switch("continuous_initiation_enabled", ":INIT:CONT"),
    choice("trigger_source", ":TRIG:SOUR", TRIGGERS, "BUS", "bus"),
    Row(
        "trigger_count", ":TRIG:COUN?", "+9.9e37", math.inf,
        ((1, ":TRIG:COUN 1"), (9999, ":TRIG:COUN 9999"), (math.inf, ":TRIG:COUN INF")),
        ((0, LimitExceeded), (10000, LimitExceeded), (math.nan, BadValue), (-math.inf, BadValue), (1.5, BadValue)),
    ),
    number("trigger_delay", ":TRIG:DEL?", "0.000", 0.0, ((0.005, ":TRIG:DEL 0.005"),), 0.0, 999999.999),
    switch("trigger_auto_delay_enabled", ":TRIG:DEL:AUTO"),
    whole("sample_count", ":SAMP:COUN?", "1", 1, ((1024, ":SAMP:COUN 1024"),), 1, 1024),
    Row("voltage", ":READ?;*ESR?", "-1.23456789E-05;0", -1.23456789e-5),
    Row("internal_temperature", ":SENS:TEMP:RTEM?", "+2.31000000E+01", 23.1),
    Row("identity", "*IDN?", IDN_2182A, IDENTITY_2182A),
)  # fmt: skip

IDN_2400 = "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1154267,C33   Mar 31 2015 09:32:39/A02  /J/K"
IDENTITY_2400 = Identity("KEITHLEY INSTRUMENTS INC.", "2400", "1154267", "C33   Mar 31 2015 09:32:39/A02  /J/K")

ROWS_2400 = (
    *COMMON,
    choice("source_function", ":SOUR:FUNC", {"voltage": "VOLT", "current": "CURR"}, "CURR", "current"),
    number("source_voltage", ":SOUR:VOLT?", "1.000000E+00", 1.0,
           ((1.5, ":SOUR:VOLT 1.5"), (-210, ":SOUR:VOLT -210.0"), (1.23456789e-4, ":SOUR:VOLT 0.000123456789")),
           -210.0, 210.0),
    number("source_current", ":SOUR:CURR?", "1.000000E-04", 1e-4,
           ((1e-4, ":SOUR:CURR 0.0001"), (-1.05, ":SOUR:CURR -1.05"), (0, ":SOUR:CURR 0.0")), -1.05, 1.05),
    number("source_voltage_range", ":SOUR:VOLT:RANG?", "2.100000E+01", 21.0, ((20, ":SOUR:VOLT:RANG 20.0"),),
           -210.0, 210.0),
    switch("source_voltage_auto_range", ":SOUR:VOLT:RANG:AUTO"),
    number("source_current_range", ":SOUR:CURR:RANG?", "1.050000E-04", 1.05e-4, ((1e-6, ":SOUR:CURR:RANG 1e-06"),),
           -1.05, 1.05),
    switch("source_current_auto_range", ":SOUR:CURR:RANG:AUTO"),
    number("voltage_compliance", ":SENS:VOLT:PROT?", "2.100000E+01", 21.0, ((0.5, ":SENS:VOLT:PROT 0.5"),),
           2e-4, 210.0),
    number("current_compliance", ":SENS:CURR:PROT?", "1.050000E-04", 1.05e-4, ((1e-3, ":SENS:CURR:PROT 0.001"),),
           1e-9, 1.05),
    number("voltage_protection", ":SOUR:VOLT:PROT?", "4.000000E+01", 40.0, ((20, ":SOUR:VOLT:PROT 20.0"),),
           20.0, 210.0),
    number("source_delay", ":SOUR:DEL?", "0.10000", 0.1, ((0.1, ":SOUR:DEL 0.1"),), 0.0, 999.9999),
    switch("source_auto_delay", ":SOUR:DEL:AUTO"),
    switch("source_enabled", ":OUTP"),
    choice("output_off_state", ":OUTP:SMOD",
           {"normal": "NORM", "high impedance": "HIMP", "zero": "ZERO", "guard": "GUAR"}, "NORM", "normal"),
    switch("auto_output_off", ":SOUR:CLE:AUTO"),
    whole("digital_output", ":SOUR2:TTL?", "15", 15, ((6, ":SOUR2:TTL 6"),), 0, 15),
    choice("terminals", ":ROUT:TERM", {"front": "FRON", "rear": "REAR"}, "REAR", "rear"),
    switch("four_wires", ":SYST:RSEN"),
    number("voltage_range", ":SENS:VOLT:RANG?", "2.100000E+00", 2.1, ((2.0, ":SENS:VOLT:RANG 2.0"),), -210.0, 210.0),
    switch("voltage_auto_range", ":SENS:VOLT:RANG:AUTO"),
    number("current_range", ":SENS:CURR:RANG?", "1.050000E-03", 1.05e-3, ((1e-3, ":SENS:CURR:RANG 0.001"),),
           -1.05, 1.05),
    switch("current_auto_range", ":SENS:CURR:RANG:AUTO"),
    number("nplc", ":SENS:VOLT:NPLC?", "1.00", 1.0, ((0.1, ":SENS:VOLT:NPLC 0.1"),), 0.01, 10.0),
    choice("ohms_mode", ":SENS:RES:MODE", {"manual": "MAN", "automatic": "AUTO"}, "AUTO", "automatic"),
    switch("offset_compensated", ":SENS:RES:OCOM"),
    switch("filter_enabled", ":SENS:AVER"),
    whole("filter_count", ":SENS:AVER:COUN?", "10", 10, ((5, ":SENS:AVER:COUN 5"),), 1, 100),
    choice("filter_type", ":SENS:AVER:TCON", {"repeating": "REP", "moving": "MOV"}, "MOV", "moving"),
    switch("auto_zero_enabled", ":SYST:AZER"),
    Row("line_frequency", ":SYST:LFR?", "50", 50.0),
    Row("voltage_compliance_tripped", ":SENS:VOLT:PROT:TRIP?", "1", True),
    Row("current_compliance_tripped", ":SENS:CURR:PROT:TRIP?", "0", False),
    Row("in_compliance", ":STAT:MEAS:COND?", "16448", True),
    Row("identity", "*IDN?", IDN_2400, IDENTITY_2400),
)  # fmt: skip

TABLED = (
    Tabled(Keithley6221, ROWS_6221, IDN_6221, (IDN_6221.replace("6221", "6220"), IDN_2400)),
    Tabled(Keithley2182A, ROWS_2182A, IDN_2182A, ("KEITHLEY INSTRUMENTS INC.,MODEL 2182,0593244,A08  /A02", IDN_6221)),
    Tabled(Keithley2400, ROWS_2400, IDN_2400, (IDN_2400.replace("MODEL 2400", "MODEL 2410"), IDN_2182A)),
)
