"""Whether the sessions of this process are being listened to, and into which file."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from pyvisa.highlevel import VisaLibraryBase
from pyvisa.rname import InvalidResourceName, ResourceName

from instruments.clock import Clock
from instruments.errors import UsageError
from labctl.dialogue.listening import ListeningLibrary
from labctl.dialogue.script import Writer
from labctl.station import Station


class Recording:
    """A file that takes a dialogue, one for each session.

    Args:
        path: The first session's file; of another one, its number is added to the name.
        command: The words after `labctl` that are recorded.
    """

    def __init__(self, path: Path, command: Sequence[str]) -> None:
        self._path = path
        self._command = tuple(command)
        self._files: list[IO[str]] = []
        self.writers: list[Writer] = []
        self.paths: list[Path] = []

    def listen(
        self,
        library: VisaLibraryBase,
        station: Station,
        resources: Mapping[str, str],
        clock: Clock,
        about: Mapping[str, Any],
    ) -> VisaLibraryBase:
        """Return the library with a listener, which writes down what the station's instruments hear and say.

        Args:
            library: The library that is listened to.
            station: The station.
            resources: Where each of its instruments is, by role.
            clock: The lab's time.
            about: What else the first line says, e.g. of which sample.

        Raises:
            UsageError: The file cannot be written, or is there already.
        """
        number = len(self.paths) + 1
        path = self._path if number == 1 else self._path.with_stem(f"{self._path.stem}-{number}")
        try:
            file = path.open("x", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}; name another file") from error
        heard = {role: resource for role, resource in resources.items() if _is_visa(resource)}
        first = {
            "title": " ".join(("labctl", *self._command)),
            "recorded": clock.utc().isoformat(timespec="seconds"),
            "labctl": version("labctl"),
            "station": station.name,
            **about,
            "instruments": {
                role: {"driver": station.instruments[role].driver, "resource": resource}
                for role, resource in heard.items()
                if role in station.instruments
            },
            "not heard": sorted(set(resources) - set(heard)),
        }
        writer = Writer(file, first)
        self._files.append(file)
        self.writers.append(writer)
        self.paths.append(path)
        return ListeningLibrary(library, {resource: role for role, resource in heard.items()}, clock, writer.add)

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


def _is_visa(resource: str) -> bool:
    try:
        ResourceName.from_string(resource)
    except InvalidResourceName:
        return False
    return True


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


def current() -> Recording | None:
    """Return the recording that is going on, None without."""
    return _current.get()


@contextmanager
def recording(path: Path, command: Sequence[str]) -> Generator[Recording]:
    """Listen to every session that is opened meanwhile; arguments as for `Recording`."""
    made = Recording(path, command)
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)
        made.close()
