"""Whether what a sample record says of electrodes, resistances and limits goes together, and the limits that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instruments.units import format_quantity
from labctl.sample_sections import KINDS, Resistances, SampleLimits

if TYPE_CHECKING:
    from labctl.sample import SampleRecord

READ_CURRENT_DENSITY = 5e9
"""A/m2; what may flow in a Hall bar for any time where its record says nothing (assumed)."""


def check_electrodes(record: SampleRecord) -> None:
    """Refuse electrodes of what has none, and pads that are all on one.

    Raises:
        ValueError: The sentence names the key.
    """
    said = {name: pad.electrode for name, pad in record.pads.items() if pad.electrode is not None}
    if said and not record.is_junction:
        raise ValueError(
            f"pads.{next(iter(said))}.electrode does not go with {KINDS[record.geometry.kind]}, which geometry.kind "
            "says this is; leave it out"
        )
    if len(said) == len(record.pads) and len(set(said.values())) == 1:
        only = next(iter(said.values()))
        other = "bottom" if only == "top" else "top"
        raise ValueError(
            f'pads.{next(iter(said))}.electrode is "{only}" as of every other pad, but a current crosses a junction '
            f'from one electrode to the other; write electrode = "{other}" of those on the {other} one'
        )


def check_resistances(record: SampleRecord) -> None:
    """Refuse a record without the resistance of its kind, or with that of another kind.

    Raises:
        ValueError: The sentence names the key.
    """
    found, junction = record.resistances, record.is_junction
    if not junction and found.longitudinal is None:
        description = Resistances.model_fields["longitudinal"].description
        raise ValueError(f"resistances.longitudinal is missing: {description}")
    if junction and found.junction is None and found.resistance_area is None:
        description = Resistances.model_fields["junction"].description
        raise ValueError(f'resistances.junction is missing: {description}, or resistance_area = "25 ohm um^2"')
    of_bars = ("longitudinal", "hall", "hall_offset", "planar_hall")
    others = of_bars if junction else ("junction", "junction_high", "resistance_area", "electrode")
    for name in others:
        if getattr(found, name) is not None:
            raise ValueError(
                f"resistances.{name} does not go with {KINDS[record.geometry.kind]}, which geometry.kind says this is; "
                "leave it out"
            )
    if record.highest_resistance() < record.sample_resistance() or (
        found.junction_high is not None and found.junction_high < record.sample_resistance()
    ):
        raise ValueError("resistances.junction_high is below the resistance of the low state; exchange them")
    if junction and found.two_wire is not None and found.two_wire < record.sample_resistance():
        raise ValueError(
            f"resistances.two_wire is {found.two_wire:g} ohm, below the junction's own "
            f"{record.sample_resistance():g} ohm; correct one of them"
        )


def missing_limits(record: SampleRecord) -> dict[str, float]:
    """Return the limits that follow from the others where the record says nothing.

    Raises:
        ValueError: A junction's record says no breakdown voltage, or allows a current that makes too large a bias.
    """
    limits = record.limits
    if not record.is_junction:
        return {"read_current_density": READ_CURRENT_DENSITY} if limits.read_current_density is None else {}
    if limits.bias is None:
        description = SampleLimits.model_fields["breakdown_voltage"].description
        raise ValueError(f"limits.breakdown_voltage is missing: {description}; a junction has no limits without it")
    most = limits.bias / record.highest_resistance()
    if limits.current is None:
        return {"current": most}
    if limits.current > most * (1.0 + 1e-9):
        raise ValueError(
            f"limits.current is {format_quantity(limits.current, 'A')}, which makes "
            f"{format_quantity(limits.current * record.highest_resistance(), 'V')} across "
            f"{format_quantity(record.highest_resistance(), 'ohm')}, above limits.bias, "
            f"{format_quantity(limits.bias, 'V')}; lower it, or leave it out"
        )
    return {}
