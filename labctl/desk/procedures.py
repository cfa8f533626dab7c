"""Which experiments there are."""

from __future__ import annotations

from typing import Any

from labctl import discovery


def procedures() -> dict[str, Any]:
    """Return the experiments by name, each with one line, and what is wrong with announcements of packages."""
    return {
        "procedures": {name: entry.summary for name, entry in discovery.procedures().items()},
        "faults": discovery.faults("procedures"),
    }
