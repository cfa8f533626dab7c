"""What a series varies: parameters with the values that each takes, as they are asked for in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from instruments.errors import BadValue
from labctl.parametrised import check_names
from labctl.procedure import Procedure
from labctl.setting import Setting

MOST_RUNS = 1000
"""A series of more runs is taken for a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter that is varied.

    Attributes:
        name: Its name.
        parameter: Itself.
        values: In the order in which they are measured.
        given: The list as somebody wrote it.
    """

    name: str
    parameter: Setting[Any]
    values: Sequence[Any]
    given: str

    def taken(self) -> str:
        """Say what values without a unit are taken for, e.g. "10, 20 mT"; nothing where they leave no doubt."""
        return self.parameter.taken(self.given)


def parse_over(texts: Sequence[str], procedure: str, kind: type[Procedure], given: Mapping[str, Any]) -> list[Axis]:
    """Read what `--over` says, e.g. "temperature=300:280:-10 K".

    What the experiment itself goes over (`series_over`) comes last, with its own lists, unless it is named here.

    Args:
        texts: One a parameter.
        procedure: What the experiment is called.
        kind: Its class.
        given: Parameters that have a value already.

    Returns:
        What is varied, outermost first; nothing for a single run.

    Raises:
        UnknownName: The experiment has no such parameter.
        BadValue: No list, an empty one, a value that does not fit, or a parameter that is given twice.
    """
    axes: list[Axis] = []
    parameters = kind.declared_parameters()
    for text in _with_its_own(texts, procedure, kind, given):
        name, sign, values = (part.strip() for part in text.partition("="))
        if not sign or not name:
            raise BadValue(f"--over {text!r} is no series; write e.g. --over temperature=300:280:-10K")
        check_names(procedure, [name], parameters)
        if name in given:
            raise BadValue(f"{name} is given a value and a series over it as well; give only one of -p and --over")
        if name in {axis.name for axis in axes}:
            raise BadValue(f"--over {name} is given twice; give all its values in one list")
        if not values:
            raise BadValue(f"--over {text!r} gives {name} no values; write e.g. --over {name}=...,...")
        axes.append(Axis(name, parameters[name], parameters[name].convert_list(values), values))
    runs = math.prod(len(axis.values) for axis in axes)
    if runs > MOST_RUNS:
        raise BadValue(f"this series would be {runs} runs, more than {MOST_RUNS}; take fewer values")
    return axes


def _with_its_own(texts: Sequence[str], procedure: str, kind: type[Procedure], given: Mapping[str, Any]) -> list[str]:
    """Add what the experiment itself goes over, where nobody says another list.

    Raises:
        BadValue: It is given a single value, of which a series would take no notice; or `series_over` has no list.
    """
    named = {text.partition("=")[0].strip() for text in texts}
    own: Any = kind.series_over
    if not isinstance(own, Mapping):
        raise BadValue(
            f"series_over of {procedure} is {own!r}, but must say which list it goes over; write e.g. "
            'series_over = {"maximum_field": "0.1, 0.2 T"}'
        )
    for name in kind.series_over:
        if name in given and name not in named:
            raise BadValue(
                f"{procedure} goes over {name}, but {name} is given a single value; give a list with "
                f'--over {name}="..." (in Python over={{"{name}": ...}}), also for one value'
            )
    return [*texts, *(f"{name}={values}" for name, values in kind.series_over.items() if name not in named)]
