"""How exact a 2400 is: steps, gains, offsets and noise of its ranges.

Source: 2400 series user's manual, appendix A (one-year specifications, and noise of the source from 0.1 Hz to 10 Hz).
What a converter fluctuates is not specified; it is an assumption, and says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

VOLTAGE_DIVISORS = (2e5, 2e4, 2e3, 200.0)
CURRENT_DIVISORS = (2e10, 2e9, 2e8, 2e7, 2e6, 2e5, 2e4)
"""One over the steps of the source in V and A, range by range: 5 uV on 200 mV ... 50 uA on 1 A."""

PEAK_TO_PEAK = 6.0
"""Peak-to-peak over rms of Gaussian noise."""

VOLTAGE_NOISE = tuple(peak / PEAK_TO_PEAK for peak in (5e-6, 50e-6, 500e-6, 5e-3))
CURRENT_NOISE = tuple(peak / PEAK_TO_PEAK for peak in (5e-12, 50e-12, 500e-12, 5e-9, 50e-9, 500e-9, 5e-6))
"""Noise of the source, rms in V and A, 0.1 Hz to 10 Hz."""

_SOURCED_VOLTAGE = ((0.02, 600e-6), (0.02, 600e-6), (0.02, 2.4e-3), (0.02, 24e-3))
_SOURCED_CURRENT = (
    (0.035, 600e-12), (0.033, 2e-9), (0.031, 20e-9), (0.034, 200e-9), (0.045, 2e-6), (0.066, 20e-6), (0.27, 900e-6),
)  # fmt: skip
_MEASURED_VOLTAGE = ((0.012, 300e-6), (0.012, 300e-6), (0.015, 1.5e-3), (0.015, 10e-3))
_MEASURED_CURRENT = (
    (0.029, 300e-12), (0.027, 700e-12), (0.025, 6e-9), (0.027, 60e-9), (0.035, 600e-9), (0.055, 6e-6), (0.22, 570e-6),
)  # fmt: skip
"""Accuracy for a year: per cent of the value, and an offset in V or A."""

CONVERTER_NOISE = 1e-6
"""Noise of one conversion of 1 power line cycle, rms, as a fraction of the range (assumed: a fifth of a count)."""

STEPS = 2e6
"""Steps of a conversion of one power line cycle or more, from zero to the range's name: 6 1/2 digits.

They are the display's, and the manual's example of a reading has them: 1.000206 V on the 2 V range.
"""

ZERO_DRIFT = 1e-5
"""Largest drift of the converter's zero with the autozero off, as a fraction of the range in an hour (assumed)."""


@dataclass(frozen=True, slots=True)
class Errors:
    """What the calibration of one box has left, range by range.

    Attributes:
        gains: Relative.
        offsets: In V or A.
    """

    gains: tuple[float, ...]
    offsets: tuple[float, ...]

    def apply(self, value: float, index: int) -> float:
        """Return what becomes of a value in V or A on a range."""
        return value * (1.0 + self.gains[index]) + self.offsets[index]


class Calibration:
    """The errors of one box, which it keeps for good.

    Attributes:
        sourced: Of the source, by `VOLT` and `CURR`.
        measured: Of the measurement.
        drift: Of the converter's zero with the autozero off, as a fraction of the range per s.

    Args:
        generator: Draws them, uniformly within the specifications; None for a box that is exact.
    """

    def __init__(self, generator: np.random.Generator | None) -> None:
        self.sourced = {"VOLT": _drawn(generator, _SOURCED_VOLTAGE), "CURR": _drawn(generator, _SOURCED_CURRENT)}
        self.measured = {"VOLT": _drawn(generator, _MEASURED_VOLTAGE), "CURR": _drawn(generator, _MEASURED_CURRENT)}
        self.drift = 0.0 if generator is None else float(generator.uniform(-1.0, 1.0)) * ZERO_DRIFT / 3600.0


def _drawn(generator: np.random.Generator | None, accuracy: tuple[tuple[float, float], ...]) -> Errors:
    if generator is None:
        return Errors((0.0,) * len(accuracy), (0.0,) * len(accuracy))
    gains = tuple(float(generator.uniform(-1.0, 1.0)) * per_cent / 100.0 for per_cent, _ in accuracy)
    return Errors(gains, tuple(float(generator.uniform(-1.0, 1.0)) * offset for _, offset in accuracy))


def converter_step(full: float, nplc: float, steps: float = STEPS) -> float:
    """Return the step of one conversion in V or A.

    Below one power line cycle it grows as the integration time falls: an integrating converter counts (assumed; the
    manual says that the number of digits has nothing to do with what is sent).

    Args:
        full: What the range holds, in V or A.
        nplc: Integration time in power line cycles.
        steps: Of one power line cycle and more, from zero to the range's name.
    """
    return full / 1.05 / steps / min(nplc, 1.0)


def converter_noise(full: float, nplc: float) -> float:
    """Return the noise of one conversion, rms in V or A.

    It falls with the root of the integration time; below one power line cycle, where the line is not averaged out, in
    proportion to it (assumed).

    Args:
        full: What the range holds, in V or A.
        nplc: Integration time in power line cycles.
    """
    return CONVERTER_NOISE * full * (1.0 / math.sqrt(nplc) if nplc >= 1.0 else 1.0 / nplc)
