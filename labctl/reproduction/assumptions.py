"""What the simulated samples assume: everything in their records that is marked so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labctl.reproduction.planned import Finished
from labctl.rundir import RunDirectory

ASSUMED = "A"
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Assumption:
    """One value of a record: what it is called there, the value in SI units, and what the record notes on it."""

    name: str
    value: str
    note: str


def assumptions_of(runs: Iterable[Finished]) -> dict[str, Sequence[Assumption]]:
    """Return what the samples of some runs assume, by the samples' names; of each what no earlier one has."""
    samples: dict[str, Mapping[str, Any]] = {}
    for run in runs:
        if run.path is not None:
            sample = RunDirectory(run.path).request()["sample"]
            samples.setdefault(sample["name"], sample)
    told: set[Assumption] = set()
    found: dict[str, Sequence[Assumption]] = {}
    for name in sorted(samples, key=lambda name: (bool(samples[name]["based_on"]), name)):
        own = [one for one in _assumed(samples[name]) if one not in told]
        told.update(own)
        if own:
            found[name] = own
    return found


def _assumed(sample: Mapping[str, Any]) -> list[Assumption]:
    found = [
        Assumption(f"model.{name}", _text(entry["value"]), entry.get("note") or "")
        for name, entry in (sample["model"] or {}).items()
        if isinstance(entry, dict) and entry.get("mark") == ASSUMED
    ]
    found += [
        Assumption(name, _text(_looked_up(sample, name)), basis["note"])
        for name, basis in sample["basis"].items()
        if basis["mark"] == ASSUMED
    ]
    return found


def _looked_up(sample: Mapping[str, Any], name: str) -> Any:
    """Return the value at a place such as `stack[1].thickness`, counted from 1."""
    value: Any = sample
    for key, number in _PART.findall(name):
        value = value[int(number) - 1] if number else value[key]
    return value


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
