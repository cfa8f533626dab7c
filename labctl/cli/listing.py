"""`labctl list` and `labctl describe`."""

from __future__ import annotations

import inspect
from typing import Any

from labctl import discovery
from labctl.cli import output


def list_all(*, json: bool) -> None:
    """Print everything that can be named on the command line; imports none of it."""
    from labctl.sample import sample_titles
    from labctl.station import station_titles

    content = {
        "procedures": {name: entry.summary for name, entry in discovery.procedures().items()},
        "stations": {name: f"{title}{_unusable(name)}" for name, title in station_titles().items()},
        "samples": sample_titles(),
        "instruments": {name: entry.summary for name, entry in discovery.drivers().items()},
    }
    for kind in discovery.KINDS:
        for fault in discovery.faults(kind):
            output.complain(f"warning: {fault}")
    if json:
        output.print_json(content)
        return
    for title, entries in content.items():
        output.line(f"{title}:")
        output.table([(f"  {name}", what) for name, what in entries.items()], ("  name", "what it is"))
        output.line()


def _unusable(station: str) -> str:
    """Say of a station that it cannot be used, and why; of one whose file cannot be read that is said elsewhere."""
    from instruments.errors import LabError
    from labctl.checkup.installation import missing_driver
    from labctl.station import load_station

    try:
        why = missing_driver(load_station(station))
    except LabError:
        return ""
    return f" - not to be used yet: {why}" if why else ""


def describe(name: str, *, json: bool) -> None:
    """Print what a procedure does, which instruments it needs and its parameters."""
    from labctl.adopted import Adopted
    from labctl.procedures import load_procedure

    kind = load_procedure(name)
    parameters = kind.declared_parameters()
    if json:
        output.print_json({
            "procedure": name,
            "summary": kind.summary(),
            "roles": list(kind.roles),
            "columns": list(kind.DATA_COLUMNS),
            "series_over": dict(kind.series_over),
            "parameters": {key: _describe(parameter) for key, parameter in parameters.items()},
        })  # fmt: skip
        return
    output.line(f"{name}: {inspect.cleandoc(kind.__doc__ or '')}")
    output.line()
    own = issubclass(kind, Adopted)
    output.line(f"Needs: {', '.join(kind.roles) or ('what it opens itself' if own else 'no instrument')}")
    for over, values in kind.series_over.items():
        output.line(f'A series over {over}: {values}; another list with --over {over}="..."')
    output.line()
    rows = [(key, str(_describe(p)["default"]), p.choices(), p.summary) for key, p in parameters.items()]
    output.table(rows, ("parameter", "default", "allowed", "what it is"))


def _describe(parameter: Any) -> dict[str, Any]:
    return {
        "default": parameter.shown_default(),
        "unit": getattr(parameter, "units", ""),
        "allowed": parameter.choices(),
        "what": parameter.summary,
    }
