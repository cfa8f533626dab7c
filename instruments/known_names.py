"""Attributes of a driver can be set only where there are such.

Python lets anything be set on any object. `source.current = 1e-4`, on a driver that has `source_current`, would set
nothing on the instrument, and rows would be recorded beside a current that never flowed. So a driver that is made knows
its names: what its class has, and what `__init__` gave it. Names that begin with an underscore are nobody's business.
"""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from difflib import SequenceMatcher
from typing import Any

from pymeasure.instruments import Channel

from instruments.errors import UnknownAttribute

_MADE = "_made"
_NOTHING = object()


class Closing(ABCMeta):
    """The class of classes whose objects take no new public names once they are made (`__init__` has returned)."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make one, and close it."""
        made: Any = super().__call__(*args, **kwargs)
        vars(made)[_MADE] = True
        return made


@contextmanager
def opened(owner: Any) -> Generator[None]:
    """Let new names be set within, as while it is made."""
    made = vars(owner).pop(_MADE, None)
    try:
        yield
    finally:
        if made:
            vars(owner)[_MADE] = made


def check_settable(owner: Any, name: str, value: Any) -> None:
    """Refuse to set what a driver does not have, or what cannot be set.

    Args:
        owner: The driver, or a channel of one.
        name: Of the attribute.
        value: What it is to become.

    Raises:
        UnknownAttribute: There is no such attribute; the sentence says which names are nearest. Or it is one that is
            called, or only read.
    """
    there: Any = getattr(type(owner), name, _NOTHING)
    if isinstance(there, property) and there.fset is not None:
        return  # first, since this is what is set while something is measured
    own = vars(owner)
    if name.startswith("_") or _MADE not in own:
        return
    if there is _NOTHING:
        if name not in own and name not in own.get("_special_names", ()):
            raise UnknownAttribute(f"{_called(owner)} has no {name!r} that could be set; {_hint(owner, name)}")
    elif isinstance(there, property):
        raise UnknownAttribute(f"{name!r} of {_called(owner)} can be read, but not set{_setter(type(owner), name)}")
    elif inspect.isroutine(there) and not callable(value):
        raise UnknownAttribute(f"{name!r} of {_called(owner)} is called, {name}(...), and not set to {value!r}")


def _called(owner: Any) -> str:
    """Return what sentences call a driver or a channel: `the 6221 (Keithley6221)`."""
    name, kind = vars(owner).get("name"), type(owner).__name__
    if name is None and "parent" in vars(owner):
        return f"channel {owner.id} of {_called(owner.parent)}"
    return f"the {name} ({kind})" if name else kind


def _hint(owner: Any, name: str) -> str:
    """Say what may have been meant."""
    kind = type(owner)
    setter = _setter(kind, name)
    if setter:
        return setter.removeprefix("; ")
    near = nearest(name, settable(owner))
    if near:
        return f"did you mean {' or '.join(near[:2])}?"
    methods = [f"{method}(...)" for method in dir(kind) if method.startswith("set_")]
    return f"it has {', '.join(settable(owner))}" if settable(owner) else f"call {', '.join(methods)}"


def _setter(kind: type, name: str) -> str:
    """Name the method that sets something, if there is one."""
    return f"; call set_{name}(...)" if inspect.isroutine(getattr(kind, f"set_{name}", None)) else ""


def _settable(kind: type, name: str) -> bool:
    found = inspect.getattr_static(kind, name, None)
    return isinstance(found, property) and found.fset is not None


def settable(owner: Any) -> list[str]:
    """Return the public names of a driver that can be set, with those of its channels, as in `ch_1.voltage_range`."""
    own = [name for name in dir(type(owner)) if not name.startswith("_") and _settable(type(owner), name)]
    parts = [(place, part) for place, part in vars(owner).items() if isinstance(part, Channel)]
    return [*own, *(f"{place}.{name}" for place, part in parts for name in settable(part))]


ALSO_CALLED = {"output": "enabled"}
"""A word for a setting on other instruments, and the word that these drivers have for it."""


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """Return the known names that are spelled like one, or hold its words, nearest first; none if there is none."""
    words = {ALSO_CALLED.get(word, word) for word in name.lower().split("_")}
    last = {other: other.rpartition(".")[2] for other in known}
    alike = {other: SequenceMatcher(None, name.lower(), word).ratio() for other, word in last.items()}
    spelled = sorted((other for other in known if alike[other] >= _ALIKE), key=lambda other: -alike[other])
    holding = [other for other in known if words <= set(last[other].split("_"))]
    holding.sort(key=lambda other: (not last[other].startswith("source_"), last[other].count("_"), -alike[other]))
    return list(dict.fromkeys([*spelled, *holding]))


_ALIKE = 0.75
"""Part of their letters that two names have in common, in order, from which on one may be meant for the other."""
