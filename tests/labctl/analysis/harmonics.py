"""Harmonics of a Hall voltage as one spin makes them, from the simulator's own physics, period by period."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labctl.analysis.effective_fields import ALONG, Sweep
from labctl.analysis.first_harmonic import first_harmonic
from labctl.analysis.readings import FloatArray
from simulators.physics.harmonics import directions

PHASES = 2.0 * math.pi * (np.arange(64) + 0.5) / 64


@dataclass(frozen=True)
class Film:
    """What the analysis has to find. Fields in T at the amplitude, resistances in ohm, T_x and T_z in V/A2."""

    anisotropy: float = 0.33
    damping: float = 5.6e-3
    sideways: float = 1.0e-3
    hall: float = 0.5
    planar: float = 0.05
    plane: float = 0.3
    normal: float = 0.3
    offset: float = 0.18
    tilt: float = 2.0  # deg
    skew: float = 0.0  # deg by which the field's part in the plane is off its axis
    amplitude: float = 1e-3

    def sweep(self, axis: str, *, reach: float = 0.5, points: int = 21, noise: float = 0.0, seed: int = 0) -> Sweep:
        """Return a sweep up to a part of H_k; noise in V of either harmonic's amplitude."""
        draw = np.random.default_rng(seed)
        field = np.tile(np.linspace(-reach, reach, points) * self.anisotropy, 2)
        state = np.repeat([1.0, -1.0], points)
        one, two = self._harmonics(axis, field, state)
        one = one + noise / self.amplitude * draw.standard_normal(field.size)
        two = two + 2.0 * noise / self.amplitude * draw.standard_normal(field.size)
        first = first_harmonic(field, state, one, noise / self.amplitude)
        assert first is not None
        return Sweep(axis, self.amplitude, field, state, two, two, first)

    def _harmonics(self, axis: str, field: FloatArray, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """First harmonic over the amplitude, and -2 times the second over it."""
        lean = math.radians(self.tilt)
        azimuth = math.radians(self.skew + (0.0 if axis == ALONG else 90.0))
        way = (math.cos(lean) * math.cos(azimuth), math.cos(lean) * math.sin(azimuth), math.sin(lean))
        sine = np.sin(PHASES)
        found: list[tuple[float, float]] = []
        for h, side in zip(field.tolist(), state.tolist(), strict=True):
            along = [h * part for part in way]
            m = directions((int(side),), along, self.anisotropy, self.damping * sine, self.sideways * sine)[0]
            resistance = self.offset + self.hall * m[:, 2] + 2.0 * self.planar * m[:, 0] * m[:, 1]
            thermal = self.amplitude * sine * (self.plane * m[:, 0] + self.normal * m[:, 2])
            voltage = (resistance + thermal) * sine
            one, two = (complex(2j * np.mean(voltage * np.exp(-1j * number * PHASES))) for number in (1, 2))
            found.append((one.real, -2.0 * two.imag))
        values = np.array(found)
        return values[:, 0], values[:, 1]
