"""Names in a procedure that are nearly those that labctl looks for: `analyze`, `start_up`, `role`, `DATA_COLUMN`.

Python takes them for names of the procedure's own, and what they were written for never happens: no analysis, no
set-up, no check against a limit.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from types import CodeType
from typing import Any

from pymeasure.experiment import Parameter
from pymeasure.experiment import Procedure as PymeasureProcedure

from labctl import one_file

HOOKS = (
    "startup", "execute", "shutdown", "informed", "check", "demands", "analyse", "of_one_block", "learned", "figure",
)  # fmt: skip
"""Methods that a run calls."""
ATTRIBUTES = (
    "roles", "shapes", "DATA_COLUMNS", "main_results", "beside_results", "series_over", "no_health_check",
    "columns_from_elsewhere",
)  # fmt: skip
"""Attributes of the class that a run reads."""
OF_PYMEASURE = ("startup", "execute", "shutdown", "DATA_COLUMNS")
"""Those of both that pymeasure knows."""

NEAR = 0.85
"""Part of their letters that two names have in common, in order, from which on one is taken for the other."""


def misspelt(kind: type[PymeasureProcedure], bases: Iterable[type], wanted: Iterable[str]) -> str | None:
    """Say which name in a class is nearly one that is looked for and not there; None where all is well.

    A name that the class itself uses is one of its own and no mistake.

    Args:
        kind: The class that somebody wrote.
        bases: Classes that are not somebody's: labctl's and pymeasure's.
        wanted: Names that are looked for.
    """
    own = [base for base in kind.__mro__ if base not in set(bases)]
    there = {name: value for base in reversed(own) for name, value in vars(base).items() if not name.startswith("_")}
    used = {name for value in there.values() for name in _names_used(value)}
    for name, value in there.items():
        if name in used or name in wanted or isinstance(value, Parameter) or _inherited(bases, name):
            continue
        for right in wanted:
            if right not in there and (right in HOOKS) == inspect.isroutine(value) and _near(name, right):
                hook = "()" if right in HOOKS else ""
                return (
                    f"{one_file.written_at(kind, name)}: {name}{hook} is none of the names that a run looks for, and "
                    f"nothing in {kind.__name__} uses it; did you mean {right}{hook}?"
                )
    return None


def _inherited(bases: Iterable[type], name: str) -> bool:
    return any(name in vars(base) for base in bases)


def _near(name: str, right: str) -> bool:
    one, other = (text.lower().replace("_", "") for text in (name, right))
    return SequenceMatcher(None, one, other).ratio() >= NEAR


def _names_used(value: Any) -> Iterator[str]:
    """Yield the names that a method, or a property, or a function in it, looks up."""
    functions = (value.fget, value.fset) if isinstance(value, property) else (inspect.unwrap(value),)
    for function in functions:
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        if isinstance(code, CodeType):
            yield from _names_in(code)


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
        elif isinstance(constant, str):  # getattr(self, "role")
            yield constant
