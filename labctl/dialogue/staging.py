"""The simulated instruments with which a recorded dialogue is held again."""

from __future__ import annotations

from instruments.clock import VirtualClock
from instruments.errors import UsageError
from labctl.dialogue.script import Dialogue
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import load_station
from simulators.device import Device

DEFAULT_SAMPLE = "cotb2025"


def stage(dialogue: Dialogue, station: str, sample: str, seed: int | None) -> tuple[dict[str, Device], VirtualClock]:
    """Build the simulated lab of a dialogue, and return its instruments by role, and its clock.

    Args:
        dialogue: What is to be held again.
        station: Name or file of the station; empty for the one that the dialogue names.
        sample: Name or file of the sample; empty for the one that the dialogue names, or the default one.
        seed: Seed of the noise; None for that of the dialogue, if it was with a simulated lab, or 0.

    Raises:
        UsageError: The station lacks an instrument of the dialogue, or has another one in its place.
    """
    chosen = load_station(station or str(dialogue.about.get("station", "")) or "ppms")
    record = load_sample(sample or str(dialogue.about.get("sample", "")) or DEFAULT_SAMPLE)
    clock = VirtualClock()
    recorded = dialogue.about.get("seeds", {})
    lab = build_lab(
        chosen, record, clock,
        seed=int(recorded.get("seed", 0)) if seed is None else seed, sample_seed=int(recorded.get("sample_seed", 0)),
    )  # fmt: skip
    devices: dict[str, Device] = {}
    for role, driver in dialogue.drivers.items():
        there = chosen.instruments.get(role)
        if there is None or role not in lab.devices:
            raise UsageError(
                f"station {chosen.name!r} has no simulated {role}, which the dialogue is with; name another --station"
            )
        if there.driver != driver:
            raise UsageError(
                f"the dialogue's {role} is a {driver}, and that of station {chosen.name!r} a {there.driver}; name "
                "another --station"
            )
        devices[role] = lab.devices[role]
    return devices, clock
