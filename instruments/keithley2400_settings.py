"""The settings of a Keithley 2400 SourceMeter, as properties of its driver.

Written from the 2400 series user's manual, sections 3 to 18.
"""

from __future__ import annotations

from instruments.driver import control, measurement
from instruments.forms import BOOLEAN, INTEGER, LINE_FREQUENCY, NUMBER, flag, one_of, reverse, whole, within
from instruments.ramped_source import RampedSource

LARGEST_VOLTAGE = 210.0
"""V."""

LARGEST_CURRENT = 1.05
"""A."""

VOLTAGE_STEP, CURRENT_STEP = 2.5e-5, 5e-5
"""Of its range, to which a level is rounded (programming resolution)."""

FUNCTIONS = {"voltage": "VOLT", "current": "CURR"}
_OFF_STATES = {"normal": "NORM", "high impedance": "HIMP", "zero": "ZERO", "guard": "GUAR"}
_TERMINALS = {"front": "FRON", "rear": "REAR"}
_OHMS = {"manual": "MAN", "automatic": "AUTO"}
_FILTERS = {"repeating": "REP", "moving": "MOV"}

_VOLTAGE = within("source_voltage", -LARGEST_VOLTAGE, LARGEST_VOLTAGE, "V")
_CURRENT = within("source_current", -LARGEST_CURRENT, LARGEST_CURRENT, "A")

LEVELS = {"voltage": _VOLTAGE, "current": _CURRENT}
"""What may be sourced, and how it is spelled."""


class SourceMeterSettings(RampedSource):
    """All that can be set and asked one by one."""

    source_function = control(
        ":SOUR:FUNC?",
        ":SOUR:FUNC %s",
        """Control what is sourced ("voltage" or "current").""",
        one_of("source_function", FUNCTIONS),
        reverse(FUNCTIONS),
    )
    source_voltage = control(
        ":SOUR:VOLT?",
        ":SOUR:VOLT %s",
        """Control the voltage that is sourced in V (float from -210 to 210).""",
        _VOLTAGE,
        NUMBER,
        step=lambda smu: VOLTAGE_STEP * smu.source_voltage_range,
    )
    source_current = control(
        ":SOUR:CURR?",
        ":SOUR:CURR %s",
        """Control the current that is sourced in A (float from -1.05 to 1.05).""",
        _CURRENT,
        NUMBER,
        step=lambda smu: CURRENT_STEP * smu.source_current_range,
    )
    source_voltage_range = control(
        ":SOUR:VOLT:RANG?",
        ":SOUR:VOLT:RANG %s",
        """Control the fixed range of the voltage source in V (float from -210 to 210); setting it ends autorange.""",
        within("source_voltage_range", -LARGEST_VOLTAGE, LARGEST_VOLTAGE, "V"),
        NUMBER,
        again=True,
    )
    source_voltage_auto_range = control(
        ":SOUR:VOLT:RANG:AUTO?",
        ":SOUR:VOLT:RANG:AUTO %s",
        """Control whether the range of the voltage source follows the voltage (bool).""",
        flag("source_voltage_auto_range"),
        BOOLEAN,
    )
    source_current_range = control(
        ":SOUR:CURR:RANG?",
        ":SOUR:CURR:RANG %s",
        """Control the fixed range of the current source in A (float from -1.05 to 1.05); setting it ends autorange.""",
        within("source_current_range", -LARGEST_CURRENT, LARGEST_CURRENT, "A"),
        NUMBER,
        again=True,
    )
    source_current_auto_range = control(
        ":SOUR:CURR:RANG:AUTO?",
        ":SOUR:CURR:RANG:AUTO %s",
        """Control whether the range of the current source follows the current (bool).""",
        flag("source_current_auto_range"),
        BOOLEAN,
    )
    voltage_compliance = control(
        ":SENS:VOLT:PROT?",
        ":SENS:VOLT:PROT %s",
        """Control the largest voltage while a current is sourced, in V (float from 0.0002 to 210).

        The instrument refuses less than 0.1 % of the measuring range.""",
        within("voltage_compliance", 2e-4, LARGEST_VOLTAGE, "V"),
        NUMBER,
    )
    current_compliance = control(
        ":SENS:CURR:PROT?",
        ":SENS:CURR:PROT %s",
        """Control the largest current while a voltage is sourced, in A (float from 1e-9 to 1.05).

        The instrument refuses less than 0.1 % of the measuring range.""",
        within("current_compliance", 1e-9, LARGEST_CURRENT, "A"),
        NUMBER,
    )
    voltage_protection = control(
        ":SOUR:VOLT:PROT?",
        ":SOUR:VOLT:PROT %s",
        """Control the over-voltage protection in V (float from 20 to 210, which is none), rounded up to its steps.""",
        within("voltage_protection", 20.0, LARGEST_VOLTAGE, "V"),
        NUMBER,
    )
    source_delay = control(
        ":SOUR:DEL?",
        ":SOUR:DEL %s",
        """Control the time between source and measurement in s (float from 0 to 999.9999).""",
        within("source_delay", 0.0, 999.9999, "s"),
        NUMBER,
    )
    source_auto_delay = control(
        ":SOUR:DEL:AUTO?",
        ":SOUR:DEL:AUTO %s",
        """Control whether the source delay follows from the range (bool).""",
        flag("source_auto_delay"),
        BOOLEAN,
    )
    output_off_state = control(
        ":OUTP:SMOD?",
        ":OUTP:SMOD %s",
        """Control what the output is when it is off ("normal", "high impedance", "zero" or "guard").

        For samples that a spark can harm: "normal", a source of 0 V that gives next to no current. "high impedance"
        opens a relay, and the leads float.""",
        one_of("output_off_state", _OFF_STATES),
        reverse(_OFF_STATES),
    )
    auto_output_off = control(
        ":SOUR:CLE:AUTO?",
        ":SOUR:CLE:AUTO %s",
        """Control whether the output is on for each reading only (bool).""",
        flag("auto_output_off"),
        BOOLEAN,
    )
    terminals = control(
        ":ROUT:TERM?",
        ":ROUT:TERM %s",
        """Control which terminals are used ("front" or "rear"); a change turns the output off.""",
        one_of("terminals", _TERMINALS),
        reverse(_TERMINALS),
    )
    four_wires = control(
        ":SYST:RSEN?",
        ":SYST:RSEN %s",
        """Control whether sensing is remote, with four wires (bool); a change turns the output off.""",
        flag("four_wires"),
        BOOLEAN,
    )
    voltage_range = control(
        ":SENS:VOLT:RANG?",
        ":SENS:VOLT:RANG %s",
        """Control the fixed range of the voltage measurement in V (float from -210 to 210).

        For a source of current. A fixed range limits the source at 105 % of it.""",
        within("voltage_range", -LARGEST_VOLTAGE, LARGEST_VOLTAGE, "V"),
        NUMBER,
        again=True,
    )
    voltage_auto_range = control(
        ":SENS:VOLT:RANG:AUTO?",
        ":SENS:VOLT:RANG:AUTO %s",
        """Control whether the range of the voltage measurement is automatic (bool).""",
        flag("voltage_auto_range"),
        BOOLEAN,
    )
    current_range = control(
        ":SENS:CURR:RANG?",
        ":SENS:CURR:RANG %s",
        """Control the fixed range of the current measurement in A (float from -1.05 to 1.05).

        For a source of voltage. A fixed range limits the source at 105 % of it.""",
        within("current_range", -LARGEST_CURRENT, LARGEST_CURRENT, "A"),
        NUMBER,
        again=True,
    )
    current_auto_range = control(
        ":SENS:CURR:RANG:AUTO?",
        ":SENS:CURR:RANG:AUTO %s",
        """Control whether the range of the current measurement is automatic (bool).""",
        flag("current_auto_range"),
        BOOLEAN,
    )
    nplc = control(
        ":SENS:VOLT:NPLC?",
        ":SENS:VOLT:NPLC %s",
        """Control the integration time in power line cycles (float from 0.01 to 10); one for all quantities.""",
        within("nplc", 0.01, 10.0, "PLC"),
        NUMBER,
    )
    ohms_mode = control(
        ":SENS:RES:MODE?",
        ":SENS:RES:MODE %s",
        """Control who chooses the test current of a resistance ("manual" or "automatic", the instrument itself).""",
        one_of("ohms_mode", _OHMS),
        reverse(_OHMS),
    )
    offset_compensated = control(
        ":SENS:RES:OCOM?",
        ":SENS:RES:OCOM %s",
        """Control whether a resistance is measured a second time at zero, against thermal voltages (bool).""",
        flag("offset_compensated"),
        BOOLEAN,
    )
    filter_enabled = control(
        ":SENS:AVER?",
        ":SENS:AVER %s",
        """Control whether readings are averaged (bool).""",
        flag("filter_enabled"),
        BOOLEAN,
    )
    filter_count = control(
        ":SENS:AVER:COUN?",
        ":SENS:AVER:COUN %s",
        """Control how many conversions are averaged (integer from 1 to 100).""",
        whole("filter_count", 1, 100),
        INTEGER,
    )
    filter_type = control(
        ":SENS:AVER:TCON?",
        ":SENS:AVER:TCON %s",
        """Control how readings are averaged ("repeating" or "moving", which mixes the points of a sweep).""",
        one_of("filter_type", _FILTERS),
        reverse(_FILTERS),
    )
    auto_zero_enabled = control(
        ":SYST:AZER?",
        ":SYST:AZER %s",
        """Control whether each reading takes its own reference (bool).""",
        flag("auto_zero_enabled"),
        BOOLEAN,
    )
    digital_output = control(
        ":SOUR2:TTL?",
        ":SOUR2:TTL %s",
        """Control what the lines of the digital port show while no limit test says anything (integer, 0 to 15).""",
        whole("digital_output", 0, 15),
        INTEGER,
    )
    line_frequency = measurement(":SYST:LFR?", """Get the power line frequency in Hz (50 or 60).""", LINE_FREQUENCY)
    voltage_compliance_tripped = measurement(
        ":SENS:VOLT:PROT:TRIP?", """Get whether a sourced current is limited by its compliance (bool).""", BOOLEAN
    )
    current_compliance_tripped = measurement(
        ":SENS:CURR:PROT:TRIP?", """Get whether a sourced voltage is limited by its compliance (bool).""", BOOLEAN
    )
