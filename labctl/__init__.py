"""labctl: a laboratory measurement suite for spintronic transport.

    import labctl

    result = labctl.run("ahe", simulate=True, temperature="250 K")
    rows = labctl.load(result)

What is named here is loaded when it is first used: a program that only wants help should not wait for pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from instruments.errors import BadValue, LabError
    from labctl.analysis.result import Result, Results, missing
    from labctl.api import RunResult, load, run
    from labctl.frame import framed
    from labctl.parameters import Choice, Count, OptionalQuantity, OptionalQuantityList, Quantity, QuantityList
    from labctl.plain_figure import plot_columns
    from labctl.probe import Probe
    from labctl.procedure import Procedure

__all__ = [
    "BadValue",
    "Choice",
    "Count",
    "LabError",
    "OptionalQuantity",
    "OptionalQuantityList",
    "Probe",
    "Procedure",
    "Quantity",
    "QuantityList",
    "Result",
    "Results",
    "RunResult",
    "framed",
    "load",
    "missing",
    "plot_columns",
    "run",
]

_HOMES = {
    "BadValue": "instruments.errors",
    "Choice": "labctl.parameters",
    "Count": "labctl.parameters",
    "LabError": "instruments.errors",
    "OptionalQuantity": "labctl.parameters",
    "OptionalQuantityList": "labctl.parameters",
    "Probe": "labctl.probe",
    "Procedure": "labctl.procedure",
    "Quantity": "labctl.parameters",
    "QuantityList": "labctl.parameters",
    "Result": "labctl.analysis.result",
    "Results": "labctl.analysis.result",
    "RunResult": "labctl.api",
    "framed": "labctl.frame",
    "plot_columns": "labctl.plain_figure",
    "load": "labctl.api",
    "missing": "labctl.analysis.result",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for."""
    if name == "run":  # the engine's module, which can be called; importing it sets the attribute
        return import_module("labctl.run")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
