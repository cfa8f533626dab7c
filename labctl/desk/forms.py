"""The form of an experiment: its parameters as they are declared, put into groups."""

from __future__ import annotations

import inspect
from typing import Any

from labctl.adopted import AdoptedParameter
from labctl.desk.form_groups import FOLDED, TITLES, grouped
from labctl.desk.spelling import spoken
from labctl.parameters import Choice, Count, OptionalQuantityList, OptionalRun, QuantityList
from labctl.procedures import guest_of, load_procedure, run_name
from labctl.sample_sections import KINDS
from labctl.setting import Setting

TICKED = (("yes", "no"), ("on", "off"), ("True", "False"))
"""Choices between two words that a tick stands for: what it means, and what it means where there is none."""

LABELS = {
    "probe_current": "Probe current", "probe_read": "Probe reading", "probe_nplc": "Integration (NPLC)",
    "nplc": "Integration (NPLC)", "stair_nplc": "Staircase's NPLC", "rt_while_moving": "R(T) on the way",
    "i_max": "Largest currents", "in_plane_field": "In-plane field",
}  # fmt: skip
"""What is written of parameters whose name is no word."""


def form(procedure: str) -> dict[str, Any]:
    """Return what a form shows.

    Args:
        procedure: A name, or `mine.py:MyLoop`.

    Returns:
        `procedure`, `name` (of its runs), `summary`, `about` (its whole docstring), `roles`, `shapes` (in words),
        `series_over`, and `groups`: each `key`, `title`, `folded` and `fields`, a table as of `field`.

    Raises:
        LabError: There is no such experiment, or its file cannot be run.
    """
    kind = load_procedure(procedure)
    declared: dict[str, Setting[Any]] = kind.declared_parameters()
    return {
        "procedure": procedure,
        "name": run_name(procedure, kind),
        "summary": kind.summary(),
        "about": inspect.cleandoc(guest_of(kind).__doc__ or ""),
        "roles": list(kind.roles),
        "shapes": [KINDS.get(shape, shape) for shape in kind.shapes],
        "series_over": dict(kind.series_over),
        "groups": [
            {
                "key": group, "title": TITLES[group], "folded": group in FOLDED,
                "fields": [field(name, declared[name]) for name in names],
            }
            for group, names in grouped(declared).items()
        ],
    }  # fmt: skip


def field(name: str, parameter: Setting[Any]) -> dict[str, Any]:
    """Return what is shown of one parameter.

    Returns:
        `name`, `label`, `kind` (`tick`, `choice`, `run`, `list`, `count`, `number`, `text`), `default` as it was
        written, `options` of a choice (of a tick: the word when it is ticked, and the other one), `unit` that a bare
        number is taken in, `absent`: the word for leaving it out, `allowed` and `what` in words.
    """
    default, absent = str(parameter.shown_default()), str(getattr(parameter, "absent", "") or "")
    options = _options(parameter)
    tick = next((words for words in TICKED if set(words) == set(options)), None)
    return {
        "name": name,
        "label": label_of(name),
        "kind": "tick" if tick else "choice" if options else _kind(parameter),
        "default": default if default == absent else spoken(default),
        "options": list(tick or options),
        "unit": spoken(str(getattr(parameter, "units", ""))),
        "absent": absent,
        "allowed": spoken(parameter.choices()),
        "what": parameter.summary,
    }  # fmt: skip


def label_of(name: str) -> str:
    """Return what is written of a parameter."""
    return LABELS.get(name) or name.removeprefix("probe_").replace("_", " ").capitalize()


def _options(parameter: Setting[Any]) -> list[str]:
    """Return the words of a choice, nothing of what is none."""
    if isinstance(parameter, Choice):
        return list(parameter.options)
    if isinstance(parameter, AdoptedParameter) and " | " in parameter.choices():
        words = [word.strip() for word in parameter.choices().split("|")]
        return ["True", "False"] if words == ["true", "false"] else words
    return []


def _kind(parameter: Setting[Any]) -> str:
    if isinstance(parameter, OptionalRun):
        return "run"
    if isinstance(parameter, QuantityList | OptionalQuantityList):
        return "list"
    if isinstance(parameter, Count):
        return "count"
    return "number" if getattr(parameter, "si_unit", None) is not None else "text"
