"""What is not the same in all runs of a series, though nobody varies it: parameters that follow from the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instruments import units
from labctl.procedure import Procedure
from labctl.series_children import Child
from labctl.setting import Setting

MOST_NAMED = 2
"""Runs that are named one by one; of more it is said how many they are."""
MOST_VALUES = 4
"""Values that are said one by one."""
Show = Callable[[str, Any], str]
"""Writes a parameter's value, by its name."""


@dataclass(frozen=True, slots=True)
class Uneven:
    """A parameter that is not the same in all runs of a series.

    Attributes:
        name: Its name.
        values: Each value with the runs that have it, that of most runs first.
    """

    name: str
    values: Sequence[tuple[Any, Sequence[Child]]]

    def told(self, show: Show) -> str:
        """Say which runs have which value: `500 mT (4 runs), 200 mT at 300 K`."""
        if len(self.values) > MOST_VALUES and all(isinstance(value, float) for value, _ in self.values):
            ends = [show(self.name, end(value for value, _ in self.values)) for end in (min, max)]
            return f"{len(self.values)} values from {ends[0]} to {ends[1]}"
        parts = [f"{show(self.name, value)} {_named(runs, show)}" for value, runs in self.values[:MOST_VALUES]]
        return ", ".join([*parts, "…"] if len(self.values) > MOST_VALUES else parts)


def uneven(children: Sequence[Child], taken: Callable[[Procedure], Mapping[str, Any]] | None = None) -> list[Uneven]:
    """Return what is not the same in all runs of a series, apart from what it varies.

    Args:
        children: Its runs, as `labctl.series.check_series` leaves them.
        taken: Gives the values that are looked at, in SI units; those that a journal knows for some run if left out.
    """
    if not children:
        return []
    known = {name: None for child in children for name in child.request.procedure.known}
    told = [taken(child.request.procedure) if taken else _values(child.request.procedure, known) for child in children]
    names = dict.fromkeys(name for each in told for name in each if name not in children[0].values)
    found = (Uneven(name, _sorted(children, [each.get(name) for each in told])) for name in names)
    return [each for each in found if len(each.values) > 1]


def forewarn(children: Sequence[Child]) -> None:
    """Let each run of a series say that it is not comparable with the others, before the first one begins."""
    for sentence in sentences(children):
        for child in children:
            child.request.procedure.forewarn(sentence)


def sentences(children: Sequence[Child]) -> Iterator[str]:
    """Say what the journal makes different from run to run; one sentence a parameter."""
    for each in uneven(children):
        declared = children[0].request.procedure.declared_parameters()
        told = each.told(lambda name, value, by=declared: _shown(by[name], value))
        yield (
            f"{each.name} is not the same in all runs: {told}, as the sample's journal knows; give it with "
            f"-p {each.name}=... to have the same in all"
        )


def _values(procedure: Procedure, known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in procedure.values().items() if name in known}


def _sorted(children: Sequence[Child], values: Sequence[Any]) -> list[tuple[Any, list[Child]]]:
    """Return each value with the runs that have it."""
    found: list[tuple[Any, list[Child]]] = []
    for child, value in zip(children, values, strict=True):
        runs = next((runs for other, runs in found if other == value), None)
        if runs is None:
            found.append((value, [child]))
        else:
            runs.append(child)
    return sorted(found, key=lambda each: -len(each[1]))


def _shown(parameter: Setting[Any], value: Any) -> str:
    unit = getattr(parameter, "si_unit", None)
    if unit is None or not isinstance(value, float):
        return parameter.show(value)
    return units.format_quantity(value, unit, shown=units.SPOKEN.get(unit, ""))


def _named(runs: Sequence[Child], show: Show) -> str:
    if len(runs) > MOST_NAMED:
        return f"({len(runs)} runs)"
    return "at " + " and ".join(", ".join(show(name, value) for name, value in run.values.items()) for run in runs)
