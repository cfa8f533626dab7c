"""The two voltage inputs of the Keithley 2182A nanovoltmeter.

Written from the Model 2182/2182A user's manual, sections 12 to 15.
"""

from __future__ import annotations

from typing import cast

from instruments.driver import DriverChannel, control
from instruments.forms import BOOLEAN, INTEGER, NUMBER, Check, flag, one_of, reverse, whole, within
from instruments.scpi_driver import ScpiDriver

LARGEST_RANGE = {1: 120.0, 2: 12.0}
"""V, by channel."""

_FILTER_TYPES = {"moving": "MOV", "repeating": "REP"}


def channel_range(channel: int) -> Check:
    """Return the check of a channel's range in V."""
    return within(f"voltage_range of channel {channel}", 0.0, LARGEST_RANGE[channel], "V")


class Keithley2182AChannel(DriverChannel):
    """One of the two voltage inputs; channel 2 is measured against the low terminal of channel 1."""

    voltage_range_auto_enabled = control(
        ":SENS:VOLT:CHAN{ch}:RANG:AUTO?",
        ":SENS:VOLT:CHAN{ch}:RANG:AUTO %s",
        """Control whether the range follows the voltage (bool).""",
        flag("voltage_range_auto_enabled"),
        BOOLEAN,
    )
    voltage_offset_enabled = control(
        ":SENS:VOLT:CHAN{ch}:REF:STAT?",
        ":SENS:VOLT:CHAN{ch}:REF:STAT %s",
        """Control whether `voltage_offset` is subtracted from readings (bool).""",
        flag("voltage_offset_enabled"),
        BOOLEAN,
    )
    analog_filter_enabled = control(
        ":SENS:VOLT:CHAN{ch}:LPAS?",
        ":SENS:VOLT:CHAN{ch}:LPAS %s",
        """Control the analog low-pass filter (bool); it adds about 125 ms of settling.""",
        flag("analog_filter_enabled"),
        BOOLEAN,
    )
    digital_filter_enabled = control(
        ":SENS:VOLT:CHAN{ch}:DFIL?",
        ":SENS:VOLT:CHAN{ch}:DFIL %s",
        """Control the digital filter, which averages conversions (bool).""",
        flag("digital_filter_enabled"),
        BOOLEAN,
    )
    digital_filter_count = control(
        ":SENS:VOLT:CHAN{ch}:DFIL:COUN?",
        ":SENS:VOLT:CHAN{ch}:DFIL:COUN %s",
        """Control how many conversions the digital filter averages (integer from 1 to 100).""",
        whole("digital_filter_count", 1, 100),
        INTEGER,
    )
    digital_filter_type = control(
        ":SENS:VOLT:CHAN{ch}:DFIL:TCON?",
        ":SENS:VOLT:CHAN{ch}:DFIL:TCON %s",
        """Control how the digital filter averages ("moving" or "repeating").""",
        one_of("digital_filter_type", _FILTER_TYPES),
        reverse(_FILTER_TYPES),
    )
    digital_filter_window = control(
        ":SENS:VOLT:CHAN{ch}:DFIL:WIND?",
        ":SENS:VOLT:CHAN{ch}:DFIL:WIND %s",
        """Control the digital filter's window in percent of the range (float from 0 to 10; 0 is no window).""",
        within("digital_filter_window", 0.0, 10.0, "%"),
        NUMBER,
    )

    def acquire_voltage_reference(self) -> None:
        """Take the present voltage as `voltage_offset`.

        Raises:
            InstrumentError: The error queue held something.
        """
        cast("ScpiDriver", self.parent).command(self.insert_id(":SENS:VOLT:CHAN{ch}:REF:ACQ"))


class FirstChannel(Keithley2182AChannel):
    """Channel 1, with ranges of 10 mV, 100 mV, 1 V, 10 V and 100 V."""

    voltage_range = control(
        ":SENS:VOLT:CHAN{ch}:RANG?",
        ":SENS:VOLT:CHAN{ch}:RANG %s",
        """Control the fixed range in V (float from 0 to 120); setting it turns autorange off.

        The meter takes the smallest range that holds the value, each of which reads up to 20 % beyond its name.""",
        channel_range(1),
        NUMBER,
    )
    voltage_offset = control(
        ":SENS:VOLT:CHAN{ch}:REF?",
        ":SENS:VOLT:CHAN{ch}:REF %s",
        """Control the offset that is subtracted from readings in V (float from -120 to 120).""",
        within("voltage_offset of channel 1", -120.0, 120.0, "V"),
        NUMBER,
    )


class SecondChannel(Keithley2182AChannel):
    """Channel 2, with ranges of 100 mV, 1 V and 10 V."""

    voltage_range = control(
        ":SENS:VOLT:CHAN{ch}:RANG?",
        ":SENS:VOLT:CHAN{ch}:RANG %s",
        """Control the fixed range in V (float from 0 to 12); setting it turns autorange off.

        The meter takes the smallest range that holds the value, each of which reads up to 20 % beyond its name.""",
        channel_range(2),
        NUMBER,
    )
    voltage_offset = control(
        ":SENS:VOLT:CHAN{ch}:REF?",
        ":SENS:VOLT:CHAN{ch}:REF %s",
        """Control the offset that is subtracted from readings in V (float from -12 to 12).""",
        within("voltage_offset of channel 2", -12.0, 12.0, "V"),
        NUMBER,
    )
