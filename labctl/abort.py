"""Ctrl-C, made harmless: it asks the run to stop at its next step instead of tearing it out of a dialogue.

An exception in the middle of a query would leave a reply on the bus, and the instrument's answer to "output off" would
then be the answer to something else. A second Ctrl-C interrupts at once, except while the safe state is being reached.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from instruments.errors import Aborted

SIGNALS = {
    getattr(signal, name): words
    for name, words in (
        ("SIGINT", "Ctrl-C"),
        ("SIGTERM", "a request to terminate"),
        ("SIGHUP", "the end of its terminal"),
        ("SIGBREAK", "Ctrl-Break"),
    )
    if hasattr(signal, name)
}
"""What ends a program on this system, and what it is called; no system has all of them."""


_ENTERED: list[AbortSwitch] = []
_FOR_GOOD: list[str] = []
"""What also stops runs that have not begun yet."""
_LEFT: set[signal.Signals] = set()
"""Signals that are another process's business; see `leave`."""
_HINT = b"Ctrl-C: the run ends safely at its next step; press Ctrl-C again to end it at once\n"


def ask(words: str, *, for_good: bool = False) -> None:
    """Ask the run that is on in this process to stop at its next step, from any thread.

    Args:
        words: What it is stopped by, as in "aborted by Ctrl-C".
        for_good: Whether a run that begins later is to stop at its first step, too.
    """
    if for_good:
        _FOR_GOOD.append(words)
    for switch in _ENTERED:
        switch.asked = switch.asked or words


def leave(number: signal.Signals) -> None:
    """Ignore a signal in this process, also while a run is on: the process that waits for this one answers it."""
    _LEFT.add(number)
    signal.signal(number, signal.SIG_IGN)


class AbortSwitch:
    """Catches the signals by which people and systems end a program, while it is entered."""

    def __init__(self) -> None:
        self.asked = ""
        self.shielded = False
        self._signalled = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        _ENTERED.append(self)
        self.asked = self.asked or next(iter(_FOR_GOOD), "")
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS.keys() - _LEFT:
                self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ENTERED.remove(self)
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        again, self._signalled = self._signalled, True  # what somebody else asked for as well is no second Ctrl-C
        self.asked = SIGNALS[signal.Signals(number)]
        if again and not self.shielded:
            raise KeyboardInterrupt
        if number == signal.SIGINT and not again and not self.shielded:
            with contextlib.suppress(OSError):  # written past Python's buffers, which the signal may have come between
                os.write(2, _HINT)

    def check(self) -> None:
        """Raise if somebody asked for the end.

        Raises:
            Aborted: Somebody did.
        """
        if self.asked:
            raise Aborted(f"aborted by {self.asked}")
