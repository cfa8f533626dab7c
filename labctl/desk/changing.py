"""A sample record that is written over: the one before stays beside it."""

from __future__ import annotations

import hashlib
from itertools import count
from pathlib import Path

from instruments.errors import UsageError, WriteFailed


def text_of(file: str) -> str:
    """Return the text of a record.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}") from error


def stamp(file: str) -> str:
    """Return what is another text once the file is another one; "" of none."""
    return hashlib.sha256(text_of(file).encode()).hexdigest() if file else ""


def check_same(file: str, was: str) -> None:
    """Refuse to write over a file that somebody else has changed since its form was opened.

    Raises:
        UsageError: It was.
    """
    if stamp(file) != was:
        raise UsageError(f"{file} was changed meanwhile and is not written over; go back, and open it again")


def write_over(file: Path, text: str) -> Path:
    """Write a record anew; what was there is kept as NAME.toml.old, .old2 and so on.

    Returns:
        Where it is kept.

    Raises:
        WriteFailed: The operating system does not take it; then the record is as it was.
    """
    names = (file.with_name(f"{file.name}.old{number if number > 1 else ''}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    new = file.with_name(f"{file.name}.new")
    try:
        kept.write_bytes(file.read_bytes())
        new.write_text(text, encoding="utf-8", newline="\n")
        new.replace(file)
    except OSError as error:
        raise WriteFailed(f"cannot write {file}: {error.strerror}") from error
    return kept
