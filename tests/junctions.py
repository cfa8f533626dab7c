"""Tunnel junctions for tests: a plain one, and random ones with good and bad contacts whose truth a test knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from labctl.happenings import BadContact
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station

TOP, BOTTOM = ("I+", "A", "D"), ("I-", "B")

PLAIN: Mapping[str, float] = {
    "barrier_height": 0.42,
    "barrier_asymmetry": 0.10,
    "effective_thickness": 2.3e-9,
    "contact_resistance": 20.0,
    "breakdown_voltage": 1.0,
    "breakdown_time": 0.025,
    "breakdown_acceleration": 40.0,
    "breakdown_shape": 1.5,
    "short_resistance": 100.0,
    "short_spread": 0.5,
}
"""A model of the family `tunnel_junction`: nothing magnetic, electrodes of one potential; of 2 um it has 154 kohm."""


def plain_junction() -> SampleRecord:
    """Return the record of a junction of 2 um with the model `PLAIN`, and all else as the shipped one has it."""
    data = load_sample("fimtj2026").snapshot()
    data["resistances"] |= {"junction": 154.4e3, "junction_high": 194.5e3}
    data["limits"]["current"] = None  # follows from these
    data["model"] = {"family": "tunnel_junction", **PLAIN}
    return SampleRecord.model_validate(data)


@dataclass(frozen=True, slots=True)
class Device:
    """A device.

    Attributes:
        record: What is written down of it.
        station: Where it is, with what is wrong with its contacts.
        leads: True ohm of each lead: with its strip of the electrode, as far as the junction's middle, where it has the
            pad to itself.
        sample_seed: Seed of its barrier's strength.
        faults: What is wrong.
    """

    record: SampleRecord
    station: Station
    leads: Mapping[str, float]
    sample_seed: int
    faults: tuple[BadContact, ...]


def random_junction(seed: int, faults: tuple[BadContact, ...] = (), station: str = "ppms") -> Device:
    """Return a junction with leads of 5 to 200 ohm and 17 kohm to 420 kohm at 300 K.

    Strips have 2 to 30 ohm, and what crosses the other one up to 40 ohm (below) and 20 ohm (above) per square: a lead
    with all that comes to 250 ohm at most, beyond which one would be called high.
    """
    dice = np.random.default_rng([20251122, seed])
    record = load_sample("fimtj2026")
    leads = {name: float(dice.uniform(5.0, 200.0)) for name in record.leads}
    strip, factor = float(dice.uniform(2.0, 30.0)), float(10 ** dice.uniform(-0.7, 0.7))
    written = factor * record.sample_resistance()
    assert record.model is not None
    diameter = record.geometry.model_dump()["diameter"] / np.sqrt(factor)
    device = int(dice.integers(1000))
    sheets = {"top": float(dice.uniform(0.0, 20.0)), "bottom": float(dice.uniform(0.0, 40.0))}
    truth = {
        **record.model.model_dump(),
        "contact_resistance": strip,
        "upper_sheet_resistance": sheets["top"],
        "lower_sheet_resistance": sheets["bottom"],
    }
    entries = {name: lead.model_copy(update={"resistance": leads[name]}) for name, lead in record.leads.items()}
    data = record.snapshot()
    data["geometry"]["diameter"] = diameter
    data["resistances"] |= {"junction": written, "junction_high": 1.26 * written, "two_wire": None}
    data["limits"]["current"] = None
    data["model"] = truth
    data["leads"] = {name: lead.model_dump() for name, lead in entries.items()}
    changed = SampleRecord.model_validate(data)
    halves = {"I+": sheets["top"] / 2.0, "I-": sheets["bottom"] / 2.0, "B": sheets["bottom"] / 2.0}
    own = {name: ohm + (strip + halves[name] if name in halves else 0.0) for name, ohm in leads.items()}
    at = load_station(station)
    simulation = at.simulation.model_copy(update={"contacts": faults})
    return Device(changed, at.model_copy(update={"simulation": simulation}), own, device, faults)


def planted(what: str, seed: int) -> BadContact:
    """Return something wrong with one contact, drawn at random."""
    dice = np.random.default_rng([11, seed, len(what)])
    lead = str(dice.choice([*TOP, *BOTTOM]))
    if what == "high":
        return BadContact(lead=lead, what="high", resistance=float(10 ** dice.uniform(3.7, 5.0)))
    if what == "leaking":
        return BadContact(lead=lead, what="leaking", resistance=float(10 ** dice.uniform(4.5, np.log10(8e6))))
    if what == "swapped":
        return BadContact(lead=str(dice.choice(TOP)), what="swapped", other=str(dice.choice(BOTTOM)))
    if what == "bouncing":
        return BadContact(lead=lead, what="bouncing", dwell=float(10 ** dice.uniform(-2.0, -0.3)))
    return BadContact(lead=lead, what="open")


FAULTS = ("open", "high", "leaking", "swapped", "bouncing")
"""What can be planted."""
