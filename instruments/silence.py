"""Signs of life, for a process that is watched by another one, which ends what hangs.

Who sleeps or waits for an answer lives, and says beforehand for how long nothing may be heard.
"""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[float], None]] = []


def tell(listener: Callable[[float], None]) -> None:
    """Have something called at every sign of life, with the s of real time for which there may be no other one."""
    _listeners.append(listener)


def expect(seconds: float = 0.0) -> None:
    """Give a sign of life; the next one may take so many s more, since somebody sleeps or waits for an answer."""
    for listener in _listeners:
        listener(seconds)
