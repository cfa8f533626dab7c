"""Wakes those who tell others of changes, from whatever thread something changed in."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress


class Bell:
    """Rung at each change. Who listens is woken, and looks itself at what has changed.

    Attributes:
        silent: Whether it will not ring any more, and who listens is to go.
    """

    def __init__(self) -> None:
        self.silent = False
        self._lock = threading.Lock()
        self._ears: set[Callable[[], None]] = set()

    def ring(self) -> None:
        """Wake all who listen; waits for none of them."""
        with self._lock:
            for wake in self._ears:
                wake()

    def end(self) -> None:
        """Ring for the last time."""
        self.silent = True
        self.ring()

    @contextmanager
    def heard(self) -> Generator[asyncio.Event]:
        """Listen: what is given is set by each ring, until it is cleared."""
        loop, rung = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(rung.set)

        with self._lock:
            self._ears.add(wake)
        try:
            yield rung
        finally:
            with self._lock:
                self._ears.discard(wake)

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._ears)
