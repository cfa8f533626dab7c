"""What is known of a run before its first point: everything that goes into run.json."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruments.clock import WallClock
from labctl import informed, limits
from labctl.bare_numbers import bare_numbers
from labctl.procedures import origin

if TYPE_CHECKING:
    from labctl.request import Request

VERSIONED = ("labctl", "pymeasure", "pyvisa", "pyvisa-py", "numpy", "scipy", "pandas")
"""Packages whose versions are kept with a run."""


def describe(request: Request, seed: int) -> dict[str, Any]:
    """Return what was asked, of whom, with which seeds and which versions; plain types only."""
    procedure = request.procedure
    values = procedure.values()
    return {
        "procedure": origin(request.name, type(procedure)),
        "parameters": {
            name: {"value": values[name], "text": parameter.show(values[name])}
            for name, parameter in procedure.declared_parameters().items()
        },
        "main_results": list(procedure.main_results),
        **_bare(request),
        **informed.described(procedure),
        "station": request.station.snapshot(),
        "sample": request.sample.snapshot(),
        "overrides": limits.described(request.station, request.sample, request.overrides),
        "simulated": request.simulate,
        "seeds": {"seed": seed, "sample_seed": request.sample_seed} if request.simulate else {"seed": seed},
        **({"quiet": True} if request.quiet else {}),
        **({"queue_item": request.item} if request.item else {}),
        **({} if request.lab is None else {"lab": str(request.lab.resolve())}),
        "user": request.user,
        "notes": request.notes,
        "tags": list(request.tags),
        "begun": WallClock().utc().isoformat(),
        "versions": _versions(),
        "git": _git_state(Path(__file__).resolve().parents[1]),
    }


def _bare(request: Request) -> dict[str, Any]:
    """Return what numbers that were given without a unit were taken for, if there were any."""
    taken = bare_numbers(request.procedure.declared_parameters(), request.given)
    return {"numbers_without_unit": {name: {"taken_for": text} for name, text in taken.items()}} if taken else {}


@cache
def _versions() -> Mapping[str, str]:
    versions = {"python": platform.python_version(), "platform": platform.platform()}
    return {**versions, **{name: importlib.metadata.version(name) for name in VERSIONED}}


@cache  # asked once: what this process runs is what was there when it began
def _git_state(checkout: Path) -> dict[str, Any] | None:
    """Return commit and whether anything was changed since, None where labctl does not run from a checkout."""
    if not (checkout / ".git").exists():
        return None
    try:
        commit = _git(checkout, "rev-parse", "HEAD")
        changed = _git(checkout, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit.strip(), "changed": bool(changed.strip())}


def _git(checkout: Path, *words: str) -> str:
    command = ["git", "-C", str(checkout), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout  # noqa: S603 - fixed words
