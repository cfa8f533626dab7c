"""Where a station's queue lies, and how its worker is found: files that are readable by their owner only."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruments.errors import UsageError
from labctl import paths

QUEUES = "queues"
"""Folder in the state folder."""
ANNOUNCED, TOKEN, LOCK = "worker.json", "token", "worker.lock"
SIMULATED = "-sim"


@dataclass(frozen=True, slots=True)
class Worker:
    """How a worker is reached.

    Attributes:
        url: E.g. `http://127.0.0.1:40123`.
        token: The word without which nothing changes.
        station: Name of its station.
        pid: Number of its process.
    """

    url: str
    token: str
    station: str
    pid: int = 0


def queue_folder(station: str, *, simulated: bool) -> Path:
    """Return the folder of a station's queue; that of its simulated twin is another one.

    Args:
        station: Name of the station.
        simulated: Whether its runs are.
    """
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", station).strip("-.") or "station"
    return paths.state_folder() / QUEUES / (readable + (SIMULATED if simulated else ""))


def make_folder(folder: Path) -> None:
    """Make a queue's folder, which nobody else may look into.

    Raises:
        UsageError: It cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the queue's folder {folder} cannot be made: {error.strerror}; name another one with --queue"
        ) from error


def make_token(folder: Path) -> str:
    """Draw a token and write it where only this user can read it.

    Raises:
        UsageError: It cannot be written.
    """
    token, file = secrets.token_urlsafe(32), folder / TOKEN
    try:
        file.unlink(missing_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as written:
            written.write(token + "\n")
    except OSError as error:
        raise UsageError(f"the token cannot be written to {file}: {error.strerror}; name another --queue") from error
    return token


def announce(folder: Path, said: Mapping[str, Any]) -> None:
    """Write down how the worker is reached.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        (folder / ANNOUNCED).write_text(json.dumps(said) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder / ANNOUNCED} cannot be written: {error.strerror}; name another --queue") from error


def withdraw(folder: Path) -> None:
    """Take back what was announced."""
    for name in (ANNOUNCED, TOKEN):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def find_worker(folder: Path) -> Worker | None:
    """Return how the worker of a queue is reached, None where none has said so."""
    try:
        said = json.loads((folder / ANNOUNCED).read_text(encoding="utf-8"))
        token = Path(said["token_file"]).read_text(encoding="ascii").strip()
        return Worker(str(said["url"]), token, str(said["station"]), int(said.get("pid", 0)))
    except (OSError, ValueError, KeyError, TypeError):
        return None
