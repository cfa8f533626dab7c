"""From a file to its lines, or a sentence about what kind of file it is instead."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from instruments.errors import UnknownName, UsageError

LARGEST = 50_000_000
"""Bytes above which a file is not read: as a table it takes some thirty times as much memory."""
MOST_LINES = 3_000_000
"""Lines above which it is not, however short they are."""

_KINDS = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", "save the sheet as CSV, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office file", "save the sheet as CSV"),
    (b"\x89PNG", "a picture", "give the table that it was drawn from"),
    (b"\xff\xd8\xff", "a picture", "give the table that it was drawn from"),
    (b"%PDF", "a PDF", "give the table that it was made from"),
    (b"\x89HDF", "an HDF5 file", "export the table as CSV"),
    (b"MATLAB 5.0", "a MATLAB file", "export the table with writematrix or writetable"),
    (b"CPY", "an Origin project", "export the worksheet as ASCII"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"SQLite format 3", "a database", "export the table as CSV"),
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LINE_END = re.compile(r"\r\n|\n|\r")


def read_lines(path: Path) -> tuple[list[str], bool]:
    """Return the lines of a text file, and whether the last one is finished by a line end.

    UTF-8, UTF-16 with its mark, and what Western Windows writes are read; lines end in any of the three ways.

    Raises:
        UnknownName: There is no such file.
        UsageError: It cannot be read, or is no text.
    """
    content = _content(path)
    if not content.strip():
        raise UsageError(f"{path} is empty, so there is nothing to analyse")
    lines = _LINE_END.split(_decoded(path, content))
    finished = lines[-1] == ""
    return (lines[:-1] if finished else lines), finished


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder and no run; give a run's folder, or one file with a table")
        # What is no file may never end, or never begin: it is told by its entry alone.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(
                f"{path} is no file but a device, a pipe or the like; save the table to a file, and give that"
            )
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
            size = max(len(content), path.stat().st_size)
    except FileNotFoundError:
        raise UnknownName(f"{path} does not exist; give a run's folder or a file with a table") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if size > LARGEST:
        raise UsageError(
            f"{path} has {size / 1e6:.0f} MB, and a table of more than {LARGEST / 1e6:.0f} MB is not read; "
            "cut the loop out of it"
        )
    lines = max(content.count(b"\n"), content.count(b"\r"))
    if lines > MOST_LINES:
        raise UsageError(
            f"{path} has {lines} lines, and a table of more than {MOST_LINES} is not read; cut the loop out of it"
        )
    return content


def _decoded(path: Path, content: bytes) -> str:
    for magic, kind, instead in _KINDS:
        if content.startswith(magic):
            raise UsageError(f"{path} is {kind} and no text; {instead}")
    mark = next((encoding for start, encoding in _MARKS if content.startswith(start)), None)
    if mark is None and b"\0" in content[:100_000]:
        raise UsageError(f"{path} is a binary file and no text; export the table as CSV")
    try:
        text = content.decode(mark or "utf-8")
    except UnicodeDecodeError:
        if mark is not None:
            raise UsageError(f"{path} begins like a text in {mark} but is none; save the table as UTF-8") from None
        text = content.decode("cp1252", errors="replace")  # micro and degree signs of Windows programs
    return text.replace("\0", "")  # a file that grew without being filled ends in zeros
