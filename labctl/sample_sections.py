"""The tables of a sample record: what each key is, in which unit, and what two keys of one table must not say."""

from __future__ import annotations

import datetime
import math
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from instruments.units import format_quantity
from labctl.records import (
    Ampere,
    AmperePerSecond,
    AmperePerSquareMetre,
    Joule,
    Kelvin,
    Metre,
    Ohm,
    OhmSquareMetre,
    PerKelvin,
    Radian,
    Section,
    Volt,
    VoltPerSecond,
    Watt,
)

COMPLIANCE_OF_BREAKDOWN = 0.5
"""Part of the breakdown voltage that a compliance may be: what a bouncing lead discharges lies at the compliance."""

BIAS_OF_BREAKDOWN = 0.2
"""Part of the breakdown voltage that may stand across a junction where its record says nothing (assumed)."""

KINDS = {"hall_bar": "a Hall bar", "junction": "a junction"}
"""What a shape is called in a sentence."""

LARGEST_SIDE = 0.1
"""m, far beyond any device on a chip: "5" without its unit is 5 m, and all limits would follow from that."""


def _of_a_device(value: float) -> float:
    if value > LARGEST_SIDE:
        raise ValueError(f'it is {value:g} m; a bare number is in m, so write its unit, e.g. "5 um"')
    return value


Size = Annotated[Metre, AfterValidator(_of_a_device)]
"""m, of a part of a device."""


class Basis(Section):
    """Where a value comes from."""

    mark: Literal["S", "F", "D", "L", "A", "M"] | None = None
    """S stated in the paper, F read off a figure, D derived, L literature, A assumed, M measured on this sample."""
    note: str = ""
    date: datetime.date | None = None


class Layer(Section):
    """One layer of the stack."""

    material: str = Field(min_length=1, description='what it is made of, e.g. material = "Pt"')
    thickness: Size = Field(gt=0, description='how thick it is, e.g. thickness = "9 nm"')
    carries_current: bool = Field(description="whether its thickness counts in the current density: true or false")


class HallBar(Section):
    """A conductor in the film plane, with arms."""

    kind: Literal["hall_bar"] = Field(description='shape of the sample, e.g. kind = "hall_bar"')
    width: Size = Field(gt=0, description='width of the bar, e.g. width = "5 um"')
    length: Size = Field(gt=0, description='length of the bar between the current pads, e.g. length = "50 um"')


class Junction(Section):
    """A tunnel junction: a barrier that the current crosses."""

    kind: Literal["junction"] = Field(description='shape of the sample, e.g. kind = "junction"')
    diameter: Size | None = Field(
        default=None, gt=0, description='of a round junction, or the longer one of an oval, e.g. diameter = "2 um"'
    )
    short_diameter: Size | None = Field(
        default=None, gt=0, description='the shorter one of an oval junction, e.g. short_diameter = "0.7 um"'
    )
    width: Size | None = Field(default=None, gt=0, description='of a rectangular one, e.g. width = "56 um"')
    length: Size | None = Field(default=None, gt=0, description='of a rectangular one, e.g. length = "56 um"')
    barrier_thickness: Metre = Field(
        gt=0, lt=100e-9, description='thickness of the barrier, e.g. barrier_thickness = "3 nm"'
    )

    @model_validator(mode="after")
    def _round_or_rectangular(self) -> Self:
        sides = (self.width, self.length)
        if (self.diameter is None) == (None in sides) or (self.diameter is not None and sides != (None, None)):
            raise ValueError(
                'a junction is round or rectangular; give diameter = "2 um", or both width and length, and not more'
            )
        if self.short_diameter is not None and self.diameter is None:
            raise ValueError('short_diameter is of an oval junction; give the longer one, too, as diameter = "1 um"')
        if self.short_diameter is not None and self.diameter is not None and self.short_diameter > self.diameter:
            raise ValueError("short_diameter is above diameter; exchange them")
        return self

    def area(self) -> float:
        """Return the area in m2 that the current crosses."""
        if self.diameter is not None:
            return math.pi / 4 * self.diameter * (self.diameter if self.short_diameter is None else self.short_diameter)
        assert self.width is not None
        assert self.length is not None
        return self.width * self.length


class Lead(Section):
    """A line from the breakout box to a pad."""

    pad: str = Field(min_length=1, description='the pad that it ends on, e.g. pad = "A"')
    resistance: Ohm = Field(default=0.0, ge=0, description='of line and contact, e.g. resistance = "25 ohm"')


class Pad(Section):
    """A contact on the sample."""

    function: str = Field(min_length=1, description='what it is for, e.g. function = "Hall arm at +y"')
    electrode: Literal["top", "bottom"] | None = Field(
        default=None, description='of a junction, the one that it is on: electrode = "top" or "bottom"'
    )
    position: Metre | None = Field(default=None, ge=0)
    """m along the bar, from its end at the source to where this pad's arm leaves it."""
    position_uncertainty: Metre = Field(default=0.0, ge=0)
    """m, standard uncertainty of that."""
    arm: float | None = Field(default=None, ge=0)
    """Squares between pad and bar."""
    arm_uncertainty: float = Field(default=0.0, ge=0)
    """Squares, standard uncertainty of that."""


class Mounting(Section):
    """How the sample sits in the cryostat."""

    field_from_normal: Radian = Field(
        description='angle between field and film normal, e.g. field_from_normal = "0 deg"'
    )
    """rad; between the magnet's field and the film normal, with a rotator at zero."""
    in_plane_from_current: Radian = 0.0
    """rad; from the current towards +y, of the field's part in the film plane, with a rotator at zero."""
    rotator_axis: Literal["none", "along current", "across current", "along normal"] = "none"
    """A positive angle turns the field, as the sample sees it, from the normal towards the current (axis across it),
    from the normal towards +y (axis along the current), or from the current towards +y (axis along the normal)."""
    tilt: Radian = 0.0
    """rad; by how much more than `field_from_normal` says the simulated sample leans, as pucks do. On hardware nobody
    knows it, and it has no effect."""


class Resistances(Section):
    """What was measured, or is assumed until it is."""

    longitudinal: Ohm | None = Field(
        default=None, gt=0, description='from end to end of the bar, e.g. longitudinal = "340 ohm"'
    )
    """ohm; of a Hall bar, which has to give it."""
    junction: Ohm | None = Field(
        default=None, gt=0, description='across the junction in its low state, e.g. junction = "154 kohm"'
    )
    """ohm; of a junction, which has to give this or `resistance_area`."""
    junction_high: Ohm | None = Field(
        default=None, gt=0, description='across the junction in its high state, e.g. junction_high = "194 kohm"'
    )
    resistance_area: OhmSquareMetre | None = Field(
        default=None, gt=0, description='resistance times area, low state, e.g. resistance_area = "25 ohm um^2"'
    )
    electrode: Ohm | None = Field(
        default=None, gt=0, description='of a junction\'s electrodes per square, e.g. electrode = "50 ohm"'
    )
    """ohm, sheet resistance of the electrode that has more of it: whether four wires read the junction's own."""
    two_wire: Ohm | None = Field(
        default=None, gt=0, description='between the current leads with their contacts, e.g. two_wire = "390 ohm"'
    )
    hall: Ohm | None = Field(default=None, description='largest Hall resistance, e.g. hall = "0.075 ohm"')
    """ohm, by field or magnetisation."""
    hall_offset: Ohm | None = Field(
        default=None, description='by which the Hall arms miss each other, e.g. hall_offset = "0.2 ohm"'
    )
    planar_hall: Ohm | None = Field(
        default=None, description='R_P of R_xy = ... + 2 R_P m_x m_y, e.g. planar_hall = "0.01 ohm"'
    )
    """ohm, with m the direction of the magnetisation: from turning a field far above H_k in the film plane."""
    temperature: Kelvin = Field(default=300.0, gt=0, description='at which all of this holds, e.g. "300 K"')
    temperature_coefficient: PerKelvin | None = Field(
        default=None, ge=-0.1, le=0.1, description='e.g. temperature_coefficient = "1.5e-3 /K"'
    )
    """1/K; metals have some 1e-3, and nothing that a film is made of comes near the bounds."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.two_wire is not None and self.longitudinal is not None and self.two_wire < self.longitudinal:
            raise ValueError(
                f"two_wire is {self.two_wire:g} ohm, below longitudinal, {self.longitudinal:g} ohm, but what is "
                "measured with two wires is the bar and its leads; correct one of them"
            )
        if self.junction_high is not None and self.junction is not None and self.junction_high < self.junction:
            raise ValueError(
                f"junction_high is {self.junction_high:g} ohm, below junction, {self.junction:g} ohm, which is the low "
                "state; exchange them"
            )
        return self


class ProbeDefaults(Section):
    """How gently the sample is to be read."""

    current_density: AmperePerSquareMetre = Field(
        default=1e9, gt=0, description='of the probe current, e.g. current_density = "1e9 A/m^2"'
    )
    voltage: Volt = Field(default=1e-3, gt=0, description='across a junction that is read, e.g. voltage = "1 mV"')


class HealthAsked(Section):
    """What is looked at beside the resistance before a run goes on."""

    check_loop: bool = Field(
        default=False,
        description="whether a run that is carried on first measures its last complete loop again: true or false",
    )


class SampleLimits(Section):
    """What the sample endures.

    With a breakdown voltage, the voltage is at most half of it (and is that where nothing is said), and the bias a
    fifth of it where nothing is said.
    """

    voltage: Volt | None = Field(
        default=None, gt=0, description='largest voltage that a source may reach, its compliance, e.g. "15 V"'
    )
    breakdown_voltage: Volt | None = Field(
        default=None, gt=0, description='at which such a barrier breaks, e.g. breakdown_voltage = "1.5 V"'
    )
    bias: Volt | None = Field(default=None, gt=0, description='largest voltage that is set on it, e.g. bias = "0.3 V"')
    current: Ampere | None = Field(
        default=None, gt=0, description='largest current that may flow for any time, e.g. current = "10 uA"'
    )
    read_current_density: AmperePerSquareMetre | None = Field(
        default=None, gt=0, description='that may flow for any time, e.g. read_current_density = "5e9 A/m^2"'
    )
    pulse_current_density: AmperePerSquareMetre | None = Field(
        default=None, gt=0, description='in a pulse, e.g. pulse_current_density = "5e11 A/m^2"'
    )
    pulse_energy: Joule | None = Field(default=None, gt=0, description='of one pulse, e.g. pulse_energy = "1 mJ"')
    average_power: Watt | None = Field(default=None, gt=0, description='e.g. average_power = "5 mW"')
    average_current: Ampere | None = Field(default=None, gt=0, description='e.g. average_current = "300 uA"')
    slew: AmperePerSecond | None = Field(default=None, gt=0, description='of a current that is set, "10 mA/s"')
    voltage_slew: VoltPerSecond | None = Field(default=None, gt=0, description='of a voltage that is set, "50 mV/s"')
    temperature: Kelvin | None = Field(default=None, gt=0, description='highest, e.g. temperature = "400 K"')

    @model_validator(mode="after")
    def _follow_from_breakdown(self) -> Self:
        breakdown, update = self.breakdown_voltage, dict[str, float]()
        if breakdown is not None:
            most = COMPLIANCE_OF_BREAKDOWN * breakdown
            if self.voltage is not None and self.voltage > most:
                raise ValueError(
                    f"voltage is {format_quantity(self.voltage, 'V')}, above half of breakdown_voltage, "
                    f"{format_quantity(most, 'V')}; lower it, or leave it out: it is then that half"
                )
            update = {"voltage": most} if self.voltage is None else {}
            if self.bias is None:
                update["bias"] = min(BIAS_OF_BREAKDOWN * breakdown, update.get("voltage", self.voltage or most))
        filled = self.model_copy(update=update) if update else self
        if filled.bias is not None and filled.voltage is not None and filled.bias > filled.voltage:
            raise ValueError(
                f"bias is {format_quantity(filled.bias, 'V')}, above voltage, "
                f"{format_quantity(filled.voltage, 'V')}, which the source never exceeds; lower it"
            )
        return filled


class Model(BaseModel):
    """What stands for the sample in simulation; the family itself checks its parameters."""

    model_config = ConfigDict(extra="allow", frozen=True)

    family: str = Field(min_length=1, description='name of the sample family, e.g. family = "ferrimagnet_hall_bar"')

    @property
    def parameters(self) -> dict[str, Any]:
        """The family's parameters as they are written: numbers, or tables with value, mark and note."""
        return dict(self.model_extra or {})
