"""Procedures by name: shipped and installed ones, and those in a file of somebody's own."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from pymeasure.experiment import Procedure as PymeasureProcedure

from instruments.errors import UnknownName, UsageError
from labctl import discovery, one_file
from labctl.adopted import Adopted, adopt
from labctl.procedure import Procedure

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def load_procedure(name: str, *, lab_time: bool = False) -> type[Procedure]:
    """Return the class of a procedure.

    Args:
        name: That of an installed one, or `mine.py:MyLoop` for one in a file, or `mine.py` where it is the only one.
        lab_time: Whether it is going to run on a simulated lab's clock, which a file's own lines then see as the time.

    Raises:
        UnknownName: No procedure is called so; the sentence says which name is nearest.
        UsageError: The class is no procedure, or its file cannot be run.
    """
    if one_file.is_file(name):
        return adopt(one_file.load(name, lab_time=lab_time))
    file, colon, rest = name.partition(":")
    if name not in discovery.procedures() and Path(f"{file}.py").is_file():
        raise UnknownName(f"there is no procedure {name!r}; did you mean the file {file}.py{colon}{rest}?")
    if {":", "/", "\\"}.intersection(name):
        raise UnknownName(f"{name!r} is no Python file; a procedure in a file is named as in mine.py:MyLoop")
    return _checked(discovery.load("procedures", name), repr(name))


def run_name(name: str, kind: type[Procedure]) -> str:
    """Return what the runs of a procedure are called: its installed name, or `my-loop` for `mine.py:MyLoop`."""
    return spelled(kind.__name__) if one_file.is_file(name) else name


def name_of(kind: type[Procedure]) -> str:
    """Return what a procedure that was handed over as a class is called: its installed name if it has one."""
    where = f"{kind.__module__}:{kind.__qualname__}"
    names = [entry.name for entry in discovery.procedures().values() if entry.where == where]
    return names[0] if names else spelled(kind.__name__)


def spelled(class_name: str) -> str:
    """Write a class's name as a folder's: `my-loop` for `MyLoop`, `ahe-loop` for `AHELoop`."""
    return _HUMP.sub("-", class_name).replace("_", "-").strip("-").lower() or "procedure"


def origin(name: str, kind: type[Procedure]) -> dict[str, Any]:
    """Return what run.json says of a procedure: enough to find it again, and the text of one that is not installed."""
    source = one_file.source_of(guest_of(kind))
    if source is None:
        return {"name": name, "class": f"{kind.__module__}:{kind.__qualname__}"}
    where = f"{source.path.name}:{kind.__qualname__}"
    return {"name": name, "class": where, "file": str(source.path), "source": source.text}


def guest_of(kind: type[Procedure]) -> type[PymeasureProcedure]:
    """Return the class that somebody wrote, of an adopted one and of one of labctl's own kind."""
    return kind.guest if issubclass(kind, Adopted) else kind


def procedure_of_run(said: Any) -> tuple[type[Procedure], list[str]]:
    """Return a run's procedure, by what its run.json says, and what there is to say about it.

    Raises:
        TypeError: It says nothing that can be understood.
        UsageError: The procedure is not here any more, or no procedure.
    """
    entry = cast("dict[str, Any]", said if isinstance(said, dict) else {})
    where, file = entry.get("class"), entry.get("file")
    if not isinstance(where, str) or not (file is None or isinstance(file, str)):
        raise TypeError("it does not say which procedure the run was")
    if file is None:
        return procedure_of_class(where), []
    path = Path(file)
    if not path.is_file():
        raise UsageError(
            f"the procedure of this run, {where}, lay at {path}, which is gone; put the file there again: its text is "
            'in run.json, under "procedure", "source"'
        )
    kind = adopt(one_file.load(f"{path}:{where.partition(':')[2]}"))
    source = one_file.source_of(guest_of(kind))
    changed = source is not None and source.text != entry.get("source")
    return kind, [f"{path} has changed since this run; it is analysed as the file is now"] if changed else []


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
    return _checked(kind, where)


def _checked(kind: Any, name: str) -> type[Procedure]:
    """Take what is a procedure, of labctl's kind or of pymeasure's.

    Raises:
        UsageError: It is none.
    """
    if not (isinstance(kind, type) and issubclass(kind, PymeasureProcedure)):
        raise UsageError(f"{name} stands for {kind!r}, which is no procedure")
    return adopt(kind)
