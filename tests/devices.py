"""Random Hall bars with good and bad contacts, whose truth a test knows and a procedure does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from labctl.happenings import BadContact
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station

FIRST, LAST = ("I+", "C", "D"), ("I-", "A", "B")
"""Leads at either end of the film between the two crossings: an exchange within one of them shows in no resistance."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device.

    Attributes:
        record: What is written down of it: nominal positions and arms, with their uncertainties.
        station: Where it is, with what is wrong with its contacts.
        leads: True ohm of each lead.
        sheet: True ohm per square.
        sample_seed: Seed of its film.
        faults: What is wrong.
    """

    record: SampleRecord
    station: Station
    leads: Mapping[str, float]
    sheet: float
    sample_seed: int
    faults: tuple[BadContact, ...]


def _length(given: float | None) -> float:
    assert given is not None  # of a Hall bar
    return given


def random_device(seed: int, faults: tuple[BadContact, ...] = (), station: str = "versalab") -> Device:
    """Return a device with leads of 5 to 200 ohm and 10 to 100 ohm per square.

    Its true positions and arms lie about the record's as normally distributed as that says; arms on both sides of a
    crossing are off by half the misalignment each, and all four arms by the same, since that is how the model is made.
    """
    dice = np.random.default_rng([20251121, seed])
    record = load_sample("cotb2025")
    width = _length(record.geometry.width)
    apart, arm = record.pads["A"].position_uncertainty / width, record.pads["A"].arm_uncertainty
    sheet = float(dice.uniform(10.0, 100.0))
    leads = {name: float(dice.uniform(5.0, 200.0)) for name in record.leads}
    first, last = dice.normal(0.0, apart / np.sqrt(2.0), 2)
    length = _length(record.geometry.length) / width
    truth: dict[str, Any] = {
        "resistance": sheet * length,
        "hall_positions": [3.0 + first, 7.0 + last],
        "arm_length": float(dice.normal(3.0, arm)),
        "misalignment": float(dice.normal(0.0, apart * np.sqrt(2.0))),
        "hysterons": 50,
    }
    assert record.model is not None
    model = type(record.model).model_validate({**record.model.model_dump(), **truth})
    expected = sheet * length * float(dice.uniform(0.8, 1.25))  # what the record says of it is not what it has
    written = record.resistances.model_copy(update={"longitudinal": expected, "two_wire": None})
    entries = {name: lead.model_copy(update={"resistance": leads[name]}) for name, lead in record.leads.items()}
    changed = record.model_copy(update={"model": model, "leads": entries, "resistances": written})
    at = load_station(station)
    simulation = at.simulation.model_copy(update={"contacts": faults})
    seed_of_film = int(dice.integers(1000))
    return Device(changed, at.model_copy(update={"simulation": simulation}), leads, sheet, seed_of_film, faults)


def planted(what: str, seed: int) -> BadContact:
    """Return something wrong with one contact, drawn at random."""
    dice = np.random.default_rng([7, seed, len(what)])
    lead = str(dice.choice([*FIRST, *LAST]))
    if what == "high":
        ohm = float(10 ** dice.uniform(3.0, 5.0))
        knee = float(dice.uniform(0.02, 0.2)) if seed % 2 else None
        return BadContact(lead=lead, what="high", resistance=ohm, knee=knee)
    if what == "leaking":
        return BadContact(lead=lead, what="leaking", resistance=float(10 ** dice.uniform(4.0, np.log10(8e6))))
    if what == "swapped":
        return BadContact(lead=str(dice.choice(FIRST)), what="swapped", other=str(dice.choice(LAST)))
    if what == "noisy":
        return BadContact(lead=lead, what="noisy", change=float(dice.uniform(0.2, 2.0)), dwell=0.02)
    return BadContact(lead=lead, what="open")


FAULTS = ("open", "high", "leaking", "swapped", "noisy")
"""What can be planted."""
