"""Which experiments there are."""

from __future__ import annotations

from typing import Any

from labctl import discovery

GROUPS = {
    "Hall bars: field and temperature": (
        "ahe", "ahe-temperature", "moment-loop", "rt", "read-heating", "align", "harmonic-hall",
    ),
    "Hall bars: pulses": (
        "approach", "pulse-delay", "sot-switching", "sot-field-series", "switching-probability", "pulse-width",
        "minor-loops", "demagnetise", "neuron", "levels", "stdp",
    ),
    "Tunnel junctions": (
        "iv", "didv", "tmr-loop", "tmr-angle", "tmr-bias", "tmr-temperature", "thermal-write",
    ),
    "Around a measurement": ("contact-check", "cooldown", "degauss", "log"),
}  # fmt: skip
OTHERS = "Of other packages"


def procedures() -> dict[str, Any]:
    """Return the experiments.

    Returns:
        `procedures`: name -> one line; `groups`: each with its `title` and the `names` in it, in the order in which
        they are offered; `faults`: what is wrong with announcements of packages.
    """
    found = {name: entry.summary for name, entry in discovery.procedures().items()}
    groups = [(title, [name for name in names if name in found]) for title, names in GROUPS.items()]
    known = {name for _, names in groups for name in names}
    groups.append((OTHERS, [name for name in found if name not in known]))
    return {
        "procedures": found,
        "groups": [{"title": title, "names": names} for title, names in groups if names],
        "faults": discovery.faults("procedures"),
    }
