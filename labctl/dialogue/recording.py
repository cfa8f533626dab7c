"""Whether the sessions of this process are being listened to, and into which file."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from pyvisa.highlevel import VisaLibraryBase
from pyvisa.rname import InvalidResourceName, ResourceName

from instruments.clock import Clock
from instruments.errors import UsageError
from instruments.multivu_socket import Connect
from labctl.dialogue.listening import ListeningLibrary, listening
from labctl.dialogue.script import Entry, Way, Writer
from labctl.station import Station


@dataclass(frozen=True, slots=True)
class Heard:
    """A session that is listened to.

    Attributes:
        library: The VISA library that leads to its instruments.
        connect: What connects to its MultiPyVu server, the cryostat's.
        station: The station.
        resources: Where each of its instruments is, by role.
        clock: The lab's time.
    """

    library: VisaLibraryBase
    connect: Connect
    station: Station
    resources: Mapping[str, str]
    clock: Clock


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

    def listen(self, heard: Heard, about: Mapping[str, Any]) -> tuple[VisaLibraryBase, Connect]:
        """Return the two ways to a session's instruments with a listener, which writes down what passes.

        Args:
            heard: The session.
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
        self._files.append(file)
        self.paths.append(path)
        first = {
            "title": " ".join(("labctl", *self._command)),
            "recorded": heard.clock.utc().isoformat(timespec="seconds"),
            "labctl": version("labctl"),
            "station": heard.station.name,
            **about,
            "instruments": {
                role: {"driver": heard.station.instruments[role].driver, "resource": resource}
                for role, resource in heard.resources.items()
                if role in heard.station.instruments
            },
        }
        writer = Writer(file, first)
        self.writers.append(writer)
        roles = {resource: role for role, resource in heard.resources.items() if _is_visa(resource)}
        start = heard.clock.now()

        def note(way: Way, data: bytes) -> None:
            writer.add(Entry(heard.clock.now() - start, way, "cryostat", data))

        return ListeningLibrary(heard.library, roles, heard.clock, writer.add), listening(heard.connect, note)

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
