"""Procedures by name."""

from __future__ import annotations

from importlib import import_module

from instruments.errors import UsageError
from labctl import discovery
from labctl.procedure import Procedure


def load_procedure(name: str) -> type[Procedure]:
    """Return the class of a procedure.

    Raises:
        UnknownName: No procedure is called so; the sentence says which name is nearest.
        UsageError: The class is no procedure.
    """
    kind = discovery.load("procedures", name)
    if not (isinstance(kind, type) and issubclass(kind, Procedure)):
        raise UsageError(f"{name!r} stands for {kind!r}, which is no labctl procedure")
    return kind


def procedure_of_class(where: str) -> type[Procedure]:
    """Return a procedure by the place that run.json names, e.g. `procedures.ahe:AnomalousHallLoop`.

    Raises:
        UsageError: It is not installed here, or no procedure.
    """
    module, _, name = where.partition(":")
    try:
        kind = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"the procedure {where} of this run is not installed here: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Procedure)):
        raise UsageError(f"{where} is no labctl procedure")
    return kind
