"""`labctl worker`."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from instruments.errors import BadValue, UsageError
from labctl.cli import output
from labctl.cli.doors import Doors

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


def work(*, station: str, simulate: bool, lab: Path | None, queue: Path | None, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; prints one line of JSON first."""
    check_extra()
    if simulate and lab is not None:
        raise UsageError("--simulate and --lab are two labs; give only one of them")
    if not 0 <= port < 65_536:
        raise BadValue(f"--port is {port}, but must be from 1 to 65535, or 0 for any free one")
    shown = Doors(host).announced_host()
    if not ipaddress.ip_address(shown).is_loopback or host == "0.0.0.0":  # noqa: S104 - it is warned of
        output.complain(
            f"the worker listens at {host}: whoever can reach this computer over the network can read the queue, and "
            "the token crosses the network as it is; leave --host out unless you trust them all"
        )
    from labctl.service.serving import Wanted, serve

    serve(
        Wanted(station, simulate, None if lab is None else lab.resolve(), queue, host, port), shown,
        output.print_json_or_fail, output.complain,
    )  # fmt: skip
