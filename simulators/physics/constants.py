"""Constants of nature in SI units (CODATA 2018; those without an uncertainty are exact by definition)."""

from __future__ import annotations

BOLTZMANN = 1.380649e-23
"""J/K, exact."""

ELEMENTARY_CHARGE = 1.602176634e-19
"""C, exact."""

PLANCK = 6.62607015e-34
"""J s, exact."""

REDUCED_PLANCK = 1.054571817e-34
"""J s, Planck's constant over 2 pi."""

BOHR_MAGNETON = 9.2740100783e-24
"""J/T."""

ELECTRON_MASS = 9.1093837015e-31
"""kg."""

MAGNETIC_CONSTANT = 1.25663706212e-6
"""T m/A."""
