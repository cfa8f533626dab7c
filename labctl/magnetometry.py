"""How a magnetic moment reaches a station, and of what piece of film it is: tables of station file and sample record.

A magnetometer's output, a voltage that follows the moment, is at an analogue input of the cryostat's controller. The
station file says at which, and by what it is divided; the sample record says what piece of film is in it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from labctl.records import (
    AmpereSquareMetrePerTesla,
    AmpereSquareMetrePerVolt,
    Metre,
    Second,
    Section,
    SquareMetre,
)

LARGEST_AREA = 1e-2
"""m2, beyond any film that goes into a cryostat: "9" without its unit is 9 m2."""
LARGEST_THICKNESS = 1e-3
"""m, likewise."""


def _of_a_film(value: float) -> float:
    if value > LARGEST_AREA:
        raise ValueError(f'it is {value:g} m^2; a bare number is in m^2, so write its unit, e.g. "9 mm^2"')
    return value


def _of_a_layer(value: float) -> float:
    if value > LARGEST_THICKNESS:
        raise ValueError(f'it is {value:g} m; a bare number is in m, so write its unit, e.g. "6 nm"')
    return value


class Magnetometer(Section):
    """What brings a moment to the cryostat's controller."""

    input: Literal[1, 2] = Field(description="number of the controller's analogue input, e.g. input = 1")
    moment_per_volt: AmpereSquareMetrePerVolt = Field(
        description='its calibration, of either sign, e.g. moment_per_volt = "1e-7 A m^2/V"'
    )
    averaging: Second = Field(
        default=1.0, gt=0, le=5.0, description='over which it averages before it is asked, e.g. averaging = "1 s"'
    )


class Film(Section):
    """The piece of film in the magnetometer; no device on a chip has a moment that could be measured."""

    area: Annotated[SquareMetre, AfterValidator(_of_a_film)] = Field(gt=0, description='its area, e.g. area = "9 mm^2"')
    magnetic_thickness: Annotated[Metre, AfterValidator(_of_a_layer)] = Field(
        gt=0, description='of all magnetic layers together, e.g. magnetic_thickness = "6 nm"'
    )
    background: AmpereSquareMetrePerTesla = 0.0
    """A m2/T, slope of what substrate and holder have of moment in simulation. On hardware nobody knows it beforehand,
    and it has no effect."""

    @property
    def volume(self) -> float:
        """Of all magnetic layers together, m3."""
        return self.area * self.magnetic_thickness
