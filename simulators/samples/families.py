"""Finding a sample family by its name.

Families are found through the entry points `labctl.samples`: each names a dictionary of family name ->
("module:Class", one line). The class has a method `from_model` with the arguments that `build_sample` hands on.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from instruments.errors import UnknownName
from simulators.environment import Environment
from simulators.listing import SAMPLES
from simulators.randomness import Streams
from simulators.samples.sample import Sample


def families() -> dict[str, tuple[str, str]]:
    """Return all families that are installed: name -> ("module:Class", one line); ours first."""
    found: dict[str, tuple[str, str]] = dict(SAMPLES)
    for entry_point in entry_points(group="labctl.samples"):
        for name, where in entry_point.load().items():
            found.setdefault(name, where)
    return found


def build_sample(
    family: str,
    model: Mapping[str, Any],
    geometry: Mapping[str, float],
    environment: Environment,
    streams: Streams,
    start: float = 0.0,
) -> Sample:
    """Build a fresh sample.

    Args:
        family: Name of the family, the key `family` of the record's `[model]` section.
        model: The section.
        geometry: Lengths in m that the record states, by name.
        environment: Temperature and field that the sample lives in.
        streams: Random streams; the sample takes its own.
        start: Lab time in s at which it is put in.

    Raises:
        UnknownName: No such family, or a key that it does not know.
        BadValue: A parameter is missing or does not fit.
    """
    known = families()
    if family not in known:
        raise UnknownName(f"no sample family is called {family!r}; there are {', '.join(known)}")
    module, _, name = known[family][0].partition(":")
    return getattr(import_module(module), name).from_model(model, geometry, environment, streams, start)
