"""Random tunnel junctions with good and bad contacts, whose truth a test knows and a procedure does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from labctl.happenings import BadContact
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station

TOP, BOTTOM = ("I+", "A", "D"), ("I-", "B")


@dataclass(frozen=True, slots=True)
class Device:
    """A device.

    Attributes:
        record: What is written down of it.
        station: Where it is, with what is wrong with its contacts.
        leads: True ohm of each lead: with its strip of the electrode where it has the pad to itself.
        sample_seed: Seed of its barrier's strength.
        faults: What is wrong.
    """

    record: SampleRecord
    station: Station
    leads: Mapping[str, float]
    sample_seed: int
    faults: tuple[BadContact, ...]


def random_junction(seed: int, faults: tuple[BadContact, ...] = (), station: str = "ppms") -> Device:
    """Return a junction with leads of 5 to 200 ohm, strips of 2 to 60 ohm and 20 kohm to 500 kohm at 300 K."""
    dice = np.random.default_rng([20251122, seed])
    record = load_sample("fimtj2026")
    leads = {name: float(dice.uniform(5.0, 200.0)) for name in record.leads}
    strip, factor = float(dice.uniform(2.0, 60.0)), float(10 ** dice.uniform(-0.7, 0.7))
    written = factor * record.sample_resistance()
    assert record.model is not None
    diameter = record.geometry.model_dump()["diameter"] / np.sqrt(factor)
    truth = {**record.model.model_dump(), "contact_resistance": strip}
    entries = {name: lead.model_copy(update={"resistance": leads[name]}) for name, lead in record.leads.items()}
    data = record.snapshot()
    data["geometry"]["diameter"] = diameter
    data["resistances"] |= {"junction": written, "junction_high": 1.26 * written, "two_wire": None}
    data["limits"]["current"] = None
    data["model"] = truth
    data["leads"] = {name: lead.model_dump() for name, lead in entries.items()}
    changed = SampleRecord.model_validate(data)
    own = {name: ohm + strip * (name not in {"A", "D"}) for name, ohm in leads.items()}
    at = load_station(station)
    simulation = at.simulation.model_copy(update={"contacts": faults})
    return Device(changed, at.model_copy(update={"simulation": simulation}), own, int(dice.integers(1000)), faults)


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
