"""Only one process measures for a queue: also not that of a worker that died a moment ago."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from instruments.errors import StationInUse

FILE = "run.lock"
PATIENCE = 150.0
"""s of real time in which a run ends that nobody watches any more."""


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Hold it while a run is on, however that ends.

    Raises:
        StationInUse: Another process measures for the queue.
    """
    lock = FileLock(folder / FILE, fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise StationInUse(f"another process still measures for the queue in {folder}") from None
    with lock:
        yield


def wait_for_the_one_before(folder: Path) -> None:
    """Wait until the run has ended in its safe state whose worker has died.

    Raises:
        StationInUse: It does not.
    """
    lock = FileLock(folder / FILE, fallback_to_soft=False)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise StationInUse(
            f"a run of the worker before has not ended within {PATIENCE:g} s, and still holds {folder / FILE}; end its "
            "process (`python -m labctl.service.measuring`), then start the worker again"
        ) from None
    lock.release()
