"""What to look at when something does not work: one finding a line, each with what to do."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from instruments.errors import LabError
from labctl.checkup import computer, installation
from labctl.checkup.finding import Finding, State

if TYPE_CHECKING:
    from labctl.checkup.visit import Way

__all__ = ["Finding", "State", "examine"]


def examine(
    station: str, *, simulate: bool, sample: str, out: Path, lab: Path | None = None, look: bool = False
) -> Iterator[Finding]:
    """Look at everything that a run needs, and at a station.

    Args:
        station: Name or file of the station whose instruments are looked at; "" for none.
        simulate: Whether its simulated twin is asked.
        sample: Name or file of the sample record that is looked at; "" for none.
        out: Folder that holds the runs.
        lab: File with the line that `labctl simulate` printed; that lab is asked.
        look: Whether the instruments may only be asked, and nothing be set for a moment.
    """
    clock = computer.ClockCheck()
    yield from installation.environment()
    yield from installation.announcements()
    yield from installation.visa()
    yield installation.folder(out)
    yield from installation.records(station, sample)
    yield computer.sleep()
    yield computer.load()
    if station:
        from labctl.checkup.visit import Way

        with _drivers_are_quiet():
            yield from _station(station, sample, Way(simulate, lab, look))
    yield from clock.finish()


@contextlib.contextmanager
def _drivers_are_quiet() -> Generator[None]:
    """Keep log lines off the terminal where nobody has set up logging: the findings say the same in their place."""
    handler, root = logging.NullHandler(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def _station(name: str, sample: str, way: Way) -> Iterator[Finding]:
    """Look at the instruments; a record that cannot be read has its line already."""
    from labctl.checkup.visit import visit
    from labctl.sample import load_sample
    from labctl.station import load_station

    record = None
    with contextlib.suppress(LabError):
        record = load_sample(sample) if sample else None
    try:
        station = load_station(name)
    except LabError:
        return
    yield from visit(station, record, way)
