"""The back of a 2182A: GPIB or RS-232, the Trigger Link, and what it does for a 6221 that has it in its hands.

What the meter says by itself during Delta, Pulse Delta and Differential Conductance is not documented. Assumed here are
four private messages, which begin with a control character so that nobody else's message is taken for one: one has the
meter give raw conversions of channel 1, one has it send each of them as soon as it is done, one has it integrate over a
window of so many steps of 33 us instead of over power line cycles, one ends all that.

Sources: 2182/2182A user's manual, sections 7 (Trigger Link) and 11 (RS-232); 6220/6221 reference manual, chapters on
Delta and Pulse Delta (raw readings, rates, A/D window, noise of pulse measurements).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import ClassVar, Literal

from simulators.devices.nanovolt_measurement import Measurement
from simulators.devices.nanovolt_processing import OVERFLOW
from simulators.devices.nanovolt_setup import Setup
from simulators.devices.nanovolt_trigger import Reading
from simulators.devices.source_arithmetic import PULSE_WINDOW_STEP
from simulators.links import SerialPort
from simulators.messages import INPUT_OVERRUN

PRIVATE = b"\x02"
TAKE = "\x02T"
"""Give raw conversions of channel 1 from now on (assumed)."""
TALK = "\x02D"
"""Send every reading; conversions as for Delta (assumed)."""
TALK_OF_PULSES = "\x02P"
"""The same; the number of steps that are integrated stands behind it (assumed)."""
BE_SILENT = "\x02E"
"""No more of all that (assumed)."""

CONVERSION_OVERHEAD = 1 / 47 - 1 / 60 - 1e-3
"""s; what a conversion for a 6221 takes besides its aperture: 47 readings a second at 60 Hz with 1 PLC and 1 ms."""

FRAMING_ERROR = -362

_ENDS = re.compile(rb"[\r\n]")
_BREAKS = (b"\x03", b"\x18")  # ^C and ^X clear what is pending
_THREE_POINTS = math.sqrt(1.5)
"""Noise of a pulse reading (2Y - X - Z)/2 over that of each of its three conversions, for which it is printed."""


def pulse_noise(full_scale: float, window: float) -> float:
    """Return the noise in V rms of one pulse conversion.

    The specification is k * range / t + e / sqrt(2 t) for a reading; that it means readings of three conversions is
    assumed.

    Args:
        full_scale: Range in V.
        window: Integration time in s.
    """
    quiet = full_scale <= 10e-3
    part = {10e-3: 0.009e-6, 100e-3: 0.0028e-6}.get(full_scale, 0.0016e-6)
    density = 3e-9 if quiet else 8e-9
    return (part * full_scale / window + density / math.sqrt(2.0 * window)) / _THREE_POINTS


class MeterConnectors(Measurement):
    """The connectors on the back.

    Attributes:
        interface: Which one listens, chosen at the front: the other one is dead. `both` is what a gateway makes of it.
        serial_baud: Speed of the RS-232 port in bits per second, chosen at the front; 19200 is what a 6221 wants
            (factory setting: 9600).
        serial_end: What ends its replies there: LF, CR, CR LF or LF CR, chosen at the front.
    """

    interface: Literal["GPIB", "RS-232", "both"] = "both"
    serial_baud: int = 19200
    serial_end: bytes = b"\n"
    ends_of_commands: ClassVar[re.Pattern[bytes]] = _ENDS
    """What ends a command on RS-232: a carriage return does; that a line feed does too is assumed (a 6221 as it leaves
    the factory may send either)."""
    gives_raw: ClassVar[bool] = True
    """Whether a 6221 that has the meter in its hands gets conversions as they are, whatever ratio, Delta, reading hold,
    scan, digital filter and relative are set to (unsure: the manuals have its readings worked out from A/D conversions,
    and do not say what becomes of those settings). Otherwise it gets what they make of them, which is of no use."""

    _port: SerialPort | None = None
    _line = b""
    _taken = False
    _talks = False
    _window = 0.0

    @property
    def serial_port(self) -> SerialPort:
        """The RS-232 connector."""
        if self._port is None:
            self._port = SerialPort(self.timeline, lambda: self.serial_baud, self._serial_in, self._serial_disturbed)
        return self._port

    # ---- RS-232

    def _serial_in(self, data: bytes) -> None:
        """Carry out the commands that have come to their end."""
        if self.interface == "GPIB":
            return
        cleared = max(data.rfind(code) for code in _BREAKS)
        if cleared >= 0:
            self.clear()
            self._line = b""
        kept = data[cleared + 1 :]
        *lines, self._line = self.ends_of_commands.split(self._line + kept)
        if len(self._line) > self.input_limit:
            self._line = b""
            self.status.report(INPUT_OVERRUN)
        for line in lines:
            if line.startswith(PRIVATE):
                self._private(line.decode("latin-1"))
            else:
                self.write_aside(line, self._say)

    def _serial_disturbed(self) -> None:
        if self.interface != "GPIB":
            self.status.report(FRAMING_ERROR)

    def _say(self, text: str) -> None:
        self.serial_port.send(text.encode("latin-1", "replace") + self.serial_end)

    def _private(self, text: str) -> None:
        """A private message of a 6221 (assumed)."""
        steps = text.removeprefix(TALK_OF_PULSES)
        self._taken = not text.startswith(BE_SILENT)
        self._talks = self._taken and not text.startswith(TAKE)
        self._window = int(steps) * PULSE_WINDOW_STEP if text != steps and steps.isdigit() else 0.0
        self.settings_changed()

    def reset(self) -> None:
        """Carry out *RST: no 6221 has it in its hands any more."""
        self._taken, self._talks, self._window = False, False, 0.0
        super().reset()

    # ---- conversions

    def _raw(self) -> bool:
        """Whether nothing is made of a conversion: a 6221 has the meter in its hands."""
        return self._taken and self.gives_raw

    def make_plan(self) -> tuple[Setup, ...]:
        """Work out the conversions that the next reading takes."""
        if not self._raw():
            return super().make_plan()
        self._mode = "single"
        plan = self._plans.get(1) or (self._work_out(1, paired=False),)
        self._plan = self._plans[1] = plan
        return plan

    def _after_hold(self, reading: Reading) -> Reading | None:
        return reading if self._raw() else super()._after_hold(reading)

    def _work_out(self, channel: int, paired: bool) -> Setup:
        """What a 6221 wants of a conversion, where it has the meter in its hands."""
        setup = super()._work_out(channel, paired)
        if self._raw():
            setup = replace(setup, filter=None, reference=0.0)
        if not self._talks:
            return setup
        window = self._window
        if window:
            setup = replace(
                setup,
                aperture=window,
                automatic=False,  # assumed: a pulse is over before a range could be changed
                variance=pulse_noise(setup.range, window) ** 2 if setup.variance else 0.0,
                source_variance=setup.source_variance * setup.aperture / window,
            )
        return replace(setup, delay=0.0, duration=setup.aperture + CONVERSION_OVERHEAD, line_sync=False)

    def _complete(self, reading: Reading) -> None:
        """A reading is done: send it where that is wanted."""
        super()._complete(reading)
        if self._talks:
            value = reading.value
            self._say("+9.9E37" if value == OVERFLOW else f"{value + 0.0:+.8E}")

    # ---- the door, which is dead where RS-232 was chosen

    def write(self, data: bytes) -> None:
        """Receive bytes; see `Device.write`."""
        if self.interface != "RS-232":
            super().write(data)

    def read(self) -> bytes:
        """Hand over what is ready; see `Device.read`."""
        return super().read() if self.interface != "RS-232" else b""

    def read_without_talk(self) -> None:
        """Queue -420; see `Device.read_without_talk`."""
        if self.interface != "RS-232":
            super().read_without_talk()

    def interrupted(self) -> None:
        """Queue -410; see `Device.interrupted`."""
        if self.interface != "RS-232":
            super().interrupted()

    def trigger(self) -> None:
        """Group execute trigger; see `Device.trigger`."""
        if self.interface != "RS-232":
            super().trigger()

    def status_byte(self) -> int:
        """Answer a serial poll; see `Device.status_byte`."""
        return super().status_byte() if self.interface != "RS-232" else 0
