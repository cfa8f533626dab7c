"""What follows from a 2182A's settings for each of the conversions that make a reading.

Sources: 2182A user's manual, sections 2 (voltage and temperature), 3 (range, rate, filter), 5 (ratio and Delta) and 9
(stepping and scanning); specification sheet SPEC-2182A rev. A.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulators.devices import nanovolt_converter as converter
from simulators.devices import nanovolt_input as front
from simulators.devices.nanovolt_processing import FILTER_SETTLED, Processing
from simulators.randomness import Gaussian
from simulators.timeline import Timeline

Mode = Literal["single", "ratio", "delta"]

TEMPERATURE_RANGE = 100e-3
"""Range in V on which thermocouples are measured (assumed)."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything about a conversion that follows from the settings.

    Attributes:
        channel: 0, 1 or 2.
        temperature: Whether the reading becomes a temperature.
        range: Range in V.
        limit: Largest voltage in V that it reads.
        automatic: Whether it follows the input.
        aperture: Integration time in s.
        delay: From trigger to aperture, in s.
        settle: What comes before the aperture besides, in s: the analog filter's settling.
        duration: From the aperture's beginning until the result is there, in s.
        line_sync: Whether the aperture waits for a zero crossing of the line.
        filtered: Whether the analog filter is in the way.
        variance: The meter's own noise, in V^2; zero where there is none.
        source_variance: What a source's resistance adds to that besides its Johnson noise, in V^2/ohm.
        slow: 1/f noise in a decade, rms in V, with the wander of a zero that is not measured each time.
        gain: Reading over voltage, 1 for a perfect meter.
        offset: The meter's own offset in V.
        front: Whether the front amplifier's drift shows.
        filter: The digital filter, None where it is off.
        reference: What relative takes off the reading, in its unit.
    """

    channel: int
    temperature: bool
    range: float
    limit: float
    automatic: bool
    aperture: float
    delay: float
    settle: float
    duration: float
    line_sync: bool
    filtered: bool
    variance: float
    source_variance: float
    slow: float
    gain: float
    offset: float
    front: bool
    filter: converter.FilterSettings | None
    reference: float


class Planning(Processing):
    """The conversions of a reading: one; two for a ratio or a Delta; of one channel after the other in a scan."""

    def __init__(
        self, timeline: Timeline, noise: np.random.Generator | None, calibration: np.random.Generator | None,
        line_frequency: float,
    ) -> None:  # fmt: skip
        super().__init__(timeline)
        self.line_frequency = line_frequency
        self._box = front.Box(noise, calibration)
        self._noise = None if noise is None else Gaussian(noise)
        self._mode: Mode = "single"
        self._plan: tuple[Setup, ...] = ()
        self._plans: dict[int, tuple[Setup, ...]] = {}

    @abstractmethod
    def scanned_channel(self) -> int | None:
        """Return the channel that a scan is at, None while nothing is scanned."""

    def settings_changed(self) -> None:
        """Nothing that was worked out from the settings holds any more."""
        self._plan = ()
        self._plans.clear()
        self.status.operation.set(FILTER_SETTLED, on=False)

    def setup(self) -> Setup:
        """Return what follows from the settings as they are; of several conversions, for the first."""
        return (self._plan or self.make_plan())[0]

    def make_plan(self) -> tuple[Setup, ...]:
        """Work out the conversions that the next reading takes."""
        scanned = self.scanned_channel()
        voltage = self.value("SENS:FUNC") == "VOLT:DC"
        if voltage and self.flag("SENS:VOLT:RAT"):
            self._mode, channels = "ratio", (1, 2)
        elif voltage and self.flag("SENS:VOLT:DELT"):
            self._mode, channels = "delta", (1, 1)
        else:
            self._mode, channels = "single", (round(self.number("SENS:CHAN")) if scanned is None else scanned,)
        plan = self._plans.get(channels[0])
        if plan is None:
            paired = len(channels) > 1 or scanned is not None
            plan = self._plans[channels[0]] = tuple(self._work_out(channel, paired) for channel in channels)
        self._plan = plan
        return plan

    def _work_out(self, channel: int, paired: bool) -> Setup:
        function = "TEMP" if channel == 0 or self.value("SENS:FUNC") == "TEMP" else "VOLT"
        nplc = self.number(f"SENS:{function}:NPLC")
        aperture = nplc / self.line_frequency
        node = f"SENS:{function}:CHAN{max(channel, 1)}"
        full = self.number(f"SENS:VOLT:CHAN{channel}:RANG") if function == "VOLT" else TEMPERATURE_RANGE
        rms = self._noise_rms(channel, full, nplc)
        filtered = channel > 0 and self.flag(f"{node}:LPAS")
        timing = converter.paired_conversion_time if paired else converter.conversion_time
        zeroed, front_zeroed = self.flag("SYST:AZER"), self.flag("SYST:FAZ")
        gain, offset = self._errors(channel, full, zeroed, front_zeroed)
        return Setup(
            channel=channel,
            temperature=function == "TEMP",
            range=full,
            limit=converter.OVERRANGE * full,
            automatic=function == "VOLT" and self.flag(f"{node}:RANG:AUTO"),
            aperture=aperture,
            delay=self._delay(full),
            settle=converter.ANALOG_FILTER if filtered else 0.0,
            duration=timing(nplc, self.line_frequency, zeroed, front_zeroed),
            line_sync=self.flag("SYST:LSYN"),
            filtered=filtered,
            variance=rms * rms,
            source_variance=front.SOURCE_NOISE**2 / aperture if channel else 0.0,
            slow=converter.SLOW_NOISE * self._noise_rms(channel, full, 5.0) + (0.0 if zeroed else self._wander(full)),
            gain=gain,
            offset=offset,
            front=not front_zeroed,
            filter=self._filter_settings(node, full) if channel else None,
            reference=self.number(f"{node}:REF") if channel and self.flag(f"{node}:REF:STAT") else 0.0,
        )

    def _delay(self, full: float) -> float:
        if self.flag("TRIG:DEL:AUTO"):
            return 5e-3 if full == front.LOADED_RANGE else 1e-3
        return self.number("TRIG:DEL")

    def _noise_rms(self, channel: int, full: float, nplc: float) -> float:
        if self._noise is None or channel == 0:
            return 0.0
        low_charge = channel == 2 and self.flag("SENS:VOLT:CHAN2:LQM")
        return converter.noise_rms(channel, full, nplc) * (converter.LOW_CHARGE_NOISE if low_charge else 1.0)

    def _wander(self, full: float) -> float:
        """How much of the zero that the autozero measures wanders in a decade, in V."""
        return front.ZERO_DRIFT * front.ZERO_OFFSETS.get(full, 10e-6)

    def _errors(self, channel: int, full: float, zeroed: bool, front_zeroed: bool) -> tuple[float, float]:
        """Gain and offset in V: what calibration has left, and what autozeroing would take away."""
        if channel == 0:
            return 1.0, 0.0
        box = self._box
        gain, offset = 1.0 + box.gain[channel, full], box.offset[channel, full]
        if not front_zeroed:
            gain, offset = gain + box.uncorrected[0], offset + box.front
        if not zeroed:
            gain, offset = gain + box.uncorrected[1], offset + box.zero * front.ZERO_OFFSETS.get(full, 10e-6)
        return gain, offset

    def _filter_settings(self, node: str, full: float) -> converter.FilterSettings | None:
        """The filter of a channel; in a ratio channel 1's serves both (manual, section 5)."""
        if self._mode == "ratio":
            node = "SENS:VOLT:CHAN1"
        if not self.flag(f"{node}:DFIL"):
            return None
        window = self.number(f"{node}:DFIL:WIND") / 100.0 * full
        return converter.FilterSettings(
            round(self.number(f"{node}:DFIL:COUN")), window or math.inf, self.value(f"{node}:DFIL:TCON") == "MOV"
        )
