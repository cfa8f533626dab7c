"""What a window needs to know of stations before anything else."""

from __future__ import annotations

from typing import Any

from labctl.service.places import queue_folder
from labctl.station import load_station, station_titles


def stations() -> dict[str, str]:
    """Return the shipped stations by name, each with its title."""
    return station_titles()


def station(name: str, *, simulate: bool) -> dict[str, Any]:
    """Return what a station is called, which instruments it has, and where its queue lies.

    Args:
        name: A shipped name or a file.
        simulate: Whether its simulated twin is meant.

    Raises:
        UsageError: There is no such station, or its file is wrong.
    """
    found = load_station(name)
    return {
        "name": found.name, "label": found.label, "roles": sorted(found.instruments),
        "queue": str(queue_folder(found.name, simulated=simulate)),
    }  # fmt: skip
