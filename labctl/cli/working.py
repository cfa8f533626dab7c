"""`labctl worker`."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from instruments import units
from instruments.errors import BadValue, UsageError
from instruments.shared_clock import checked_speed
from labctl.cli import output
from labctl.cli.doors import Doors

if TYPE_CHECKING:
    from labctl.service.own_lab import OwnLab

SPEED = 10.0
"""Lab seconds per real second of the lab that a worker starts: a loop of minutes can be watched."""
EXTRA = ("fastapi", "uvicorn", "httpx")


def check_extra() -> None:
    """Say how to get what only the worker and its clients need, where it is not installed.

    Raises:
        UsageError: It is not.
    """
    from importlib.util import find_spec

    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise UsageError(f"{missing[0]} is not installed, which the worker needs; install labctl[worker]")


@dataclass(frozen=True, slots=True)
class LabOptions:
    """What `labctl worker --simulate` may say of its lab; None where nothing was said."""

    sample: str | None = None
    clock: str | None = None
    speed: float | None = None
    seed: int | None = None

    def lab_of(self, station: str) -> OwnLab:
        """Return the lab of a station.

        Raises:
            UsageError: There is no such sample, clock or speed.
        """
        from labctl.cli.serving import lab_clock
        from labctl.preparing import DEFAULT_SAMPLE
        from labctl.sample import load_sample
        from labctl.service.own_lab import OwnLab

        clock, sample = self.clock or "scaled", self.sample or DEFAULT_SAMPLE
        speed = self.speed if self.speed is not None else SPEED if clock == "scaled" else 1.0
        lab_clock(clock, speed)
        if clock == "scaled":
            checked_speed(speed)
        load_sample(sample)
        return OwnLab(station, sample, clock, speed, self.seed)


def work(
    *, station: str, simulate: bool, options: LabOptions, lab: Path | None, queue: Path | None, host: str, port: int,
    idle_end: str | None = None,
) -> None:  # fmt: skip
    """Serve until SIGINT or SIGTERM; prints one line of JSON first."""
    check_extra()
    if simulate and lab is not None:
        raise UsageError("--simulate and --lab are two labs; give only one of them")
    if not simulate and options != LabOptions():
        name = next(each.name for each in fields(options) if getattr(options, each.name) is not None)
        raise UsageError(f"--{name} is of the lab that --simulate starts; add --simulate, or leave it out")
    if not 0 <= port < 65_536:
        raise BadValue(f"--port is {port}, but must be from 1 to 65535, or 0 for any free one")
    longest = None if idle_end is None else units.parse(idle_end, "s", "--idle-end")
    if longest is not None and longest <= 0:
        raise BadValue(f"--idle-end is {idle_end}, but must be above zero; leave it out for a worker that stays")
    shown = Doors(host).announced_host()
    if not ipaddress.ip_address(shown).is_loopback or host == "0.0.0.0":  # noqa: S104 - it is warned of
        output.complain(
            f"the worker listens at {host}: whoever can reach this computer over the network can read the queue, and "
            "the token crosses the network as it is; leave --host out unless you trust them all"
        )
    from labctl.service.serving import Wanted, serve

    own, place = options.lab_of(station) if simulate else None, None if lab is None else lab.resolve()
    serve(Wanted(station, own, place, queue, host, port, longest), shown, output.print_json_or_fail, output.complain)
