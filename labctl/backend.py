"""The pyvisa backend `@labctl`: any pyvisa program on a simulated station, in its own process, unchanged.

    PYVISA_LIBRARY=ppms@labctl python their_script.py

What stands before the @ is a station's name or file; nothing means `ppms`. The environment says the rest:

- `LABCTL_SAMPLE`: the sample's name or file, `cotb2025` if not given;
- `LABCTL_SEED`: seed of the noise, drawn if not given;
- `LABCTL_SAMPLE_SEED`: seed of the sample's disorder, 0 if not given;
- `LABCTL_CLOCK`: how time passes, see `labctl.program_clock.make_clock`.

All managers of a process that name the same station have the same lab, and each has a library of its own, so that
closing one of them leaves the others' instruments open. The labs of a process live on one clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyvisa.highlevel import VisaLibraryBase

DEFAULT_STATION = "ppms"


class LabctlBackend:
    """What pyvisa calls with the text before `@labctl`, and what returns a VISA library."""

    def __new__(cls, library_path: str = "") -> VisaLibraryBase:
        """Open the simulated station of this name or file.

        Raises:
            RuntimeError: Another package stands in the place of one of labctl's.
            UsageError: The station, the sample or something in the environment is wrong.
        """
        from labctl import guarding

        foreign = guarding.in_the_way()
        if foreign is not None:
            raise RuntimeError(foreign)
        from labctl import program_lab

        return program_lab.open_library(str(library_path) or DEFAULT_STATION)

    @staticmethod
    def get_library_paths() -> Iterable[str]:
        """Return the stations that there are, for `pyvisa-info`."""
        from labctl.station import available_stations

        return available_stations()

    @staticmethod
    def get_debug_info() -> dict[str, str]:
        """Return what `pyvisa-info` shows."""
        from importlib.metadata import version

        return {"Version": version("labctl"), "Stations": ", ".join(LabctlBackend.get_library_paths())}
