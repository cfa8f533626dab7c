"""What there is to say of a worker's station, and of the lab that stands for it: its speed can be changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from instruments import shared_clock
from instruments.errors import Refused
from labctl.remote import LabAddresses, read_addresses
from labctl.service.bell import Bell


class About:
    """What is told of a station.

    Args:
        said: What stays as it is.
        lab: File with the line of the lab that stands for the station, None for the station itself.
        bell: Rung when it changes.

    Attributes:
        told: All of it; it changes as a whole.

    Raises:
        UsageError: The lab's file holds something else.
    """

    def __init__(self, said: Mapping[str, Any], lab: Path | None, bell: Bell) -> None:
        self._lab = None if lab is None else read_addresses(lab)
        self._bell = bell
        self._lock = threading.Lock()
        self.told: Mapping[str, Any] = {**said, "lab": None if self._lab is None else _shown(self._lab)}

    @property
    def sample(self) -> str | None:
        """What is mounted in the lab, None where nobody has said so."""
        return None if self._lab is None else self._lab.sample

    def set_speed(self, speed: float) -> None:
        """Have the lab's time pass faster or slower, for all who are in it at once.

        Raises:
            Refused: There is no lab, or nothing can change its speed.
            BadValue: It cannot be as fast, or as slow.
        """
        lab = self._lab
        if lab is None:
            raise Refused("the station is a real one, and its time passes by itself; nothing can make it faster")
        if lab.clock is not None:
            raise Refused("the lab has a virtual clock, which jumps; start the worker with --clock scaled for a speed")
        if lab.clock_file is None:
            raise Refused(
                f"the lab of {lab.file} was started with a speed that stays; start it with "
                "`labctl simulate --clock-file FILE` for one that can be changed"
            )
        with self._lock:
            shared_clock.set_speed(lab.clock_file, speed)
            self.told = {**self.told, "lab": {**_shown(lab), "speed": float(speed)}}
        self._bell.ring()


def _shown(lab: LabAddresses) -> Mapping[str, Any]:
    return {
        "file": str(lab.file), "clock": "scaled" if lab.clock is None else "virtual", "speed": lab.speed_now(),
        "settable": lab.clock_file is not None, "limits": [shared_clock.SLOWEST, shared_clock.FASTEST],
        "sample": lab.sample, "seed": lab.seed,
    }  # fmt: skip
