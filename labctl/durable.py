"""Files that are there after a power failure: what was written before, or what is written now, and never half of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from instruments.errors import WriteFailed
from labctl.rundir import write_json


def keep_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all, and return when the disk has it under its name.

    Raises:
        WriteFailed: The operating system does not take it.
    """
    write_json(path, content)
    force_folder(path.parent)


def force_folder(folder: Path) -> None:
    """Force the names in a folder to disk, where the system can; Windows forces them with the file.

    Raises:
        WriteFailed: The disk does not take it.
    """
    if os.name == "nt":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise WriteFailed(f"cannot write {folder} to the disk: {error.strerror}") from error
