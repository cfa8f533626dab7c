"""How a method becomes the effect of a row of the command table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from simulators.program_message import Effect

EffectT = TypeVar("EffectT", bound=Effect)

_marks: dict[object, list[tuple[str, bool]]] = {}


def command(*headers: str) -> Callable[[EffectT], EffectT]:
    """Make a method the effect of these headers' command form; it is called with the values that were read."""
    return _marker(headers, asked=False)


def query(*headers: str) -> Callable[[EffectT], EffectT]:
    """Make a method the effect of these headers' query form; it returns the reply."""
    return _marker(headers, asked=True)


def _marker(headers: tuple[str, ...], *, asked: bool) -> Callable[[EffectT], EffectT]:
    def mark(method: EffectT) -> EffectT:
        _marks.setdefault(method, []).extend((header, asked) for header in headers)
        return method

    return mark


def marked(member: object) -> list[tuple[str, bool]]:
    """Return the headers whose effect a member of a class is, each with whether it is that of the query form."""
    return _marks.get(member, [])
