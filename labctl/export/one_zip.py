"""A run as one file: its folder in a .zip, with a checksum of each file and no path of the computer it comes from."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from instruments.errors import DataDamaged
from labctl.export.places import placeless
from labctl.rundir import RunDirectory

SUMS = "SHA256SUMS"
"""File with the checksums, in the form of the program sha256sum: `sha256sum -c SHA256SUMS` checks what was unpacked."""
LARGEST = 4 << 30
"""Bytes that a .zip may unpack to; what is larger is no run of ours."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Where the calendar of .zip begins."""


def is_packed(path: Path) -> bool:
    """Whether a path is that of a .zip, not of a folder."""
    return path.suffix.lower() == ".zip" and path.is_file()


def packed(directory: RunDirectory) -> bytes:
    """Return a run's folder as a .zip: the same bytes whenever and wherever it is packed.

    A series is packed whole, its runs in their folders. Left out are hidden files and what is being written.

    Raises:
        DataDamaged: A JSON file of it is damaged, so that it cannot be seen what paths it holds.
    """
    root = directory.path.absolute()
    files = {
        file.relative_to(root).as_posix(): _content(file, root)
        for file in sorted(root.rglob("*"))
        if file.is_file() and not _left_out(file.relative_to(root))
    }
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    buffer = io.BytesIO()
    when = _when(directory.request())
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in {**files, SUMS: sums.encode()}.items():
            entry = zipfile.ZipInfo(f"{root.name}/{name}", when)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _left_out(file: Path) -> bool:
    return file.suffix == ".part" or file.as_posix() == SUMS or any(part.startswith(".") for part in file.parts)


def _when(asked: Mapping[str, Any]) -> tuple[int, int, int, int, int, int]:
    try:
        begun = datetime.fromisoformat(asked["begun"])
    except (KeyError, TypeError, ValueError):
        return EARLIEST
    return (begun.year, begun.month, begun.day, begun.hour, begun.minute, begun.second)


def _content(file: Path, root: Path) -> bytes:
    """Return a file as it is packed; of JSON the paths are taken out, and what has none stays byte by byte."""
    content = file.read_bytes()
    if file.suffix == ".json":
        try:
            said = json.loads(content.decode("utf-8-sig"))
        except ValueError as error:
            raise DataDamaged(f"{file} is damaged, so it cannot be packed: {error}") from error
        plain = placeless(said, root)
        return content if plain == said else (json.dumps(plain, indent=2, ensure_ascii=False) + "\n").encode()
    if file.suffix == ".jsonl":
        return b"\n".join(_line(line, root) for line in content.split(b"\n"))
    return content


def _line(line: bytes, root: Path) -> bytes:
    try:
        said = json.loads(line.decode("utf-8-sig"))
    except ValueError:  # empty, or torn when the run died; nobody reads it
        return b"" if line.strip() else line
    plain = placeless(said, root)
    return line if plain == said else json.dumps(plain, ensure_ascii=False).encode()


@contextmanager
def unpacked(path: Path) -> Generator[Path]:
    """Give the folder of a run: a folder as it is, a .zip unpacked into a place that is gone afterwards.

    Raises:
        DataDamaged: The .zip cannot be read, is not that of a run, or a file in it is not what was packed.
    """
    if not is_packed(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="labctl-") as scratch:
        yield _unpack(path, Path(scratch))


def _unpack(path: Path, scratch: Path) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > LARGEST:
                raise DataDamaged(f"{path} would unpack to more than {LARGEST >> 30} GiB, which is no run")
            files = {entry.filename: archive.read(entry) for entry in entries}
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataDamaged(f"{path} cannot be unpacked: {error}") from error
    tops = {name.partition("/")[0] for name in files}
    top = next(iter(tops), "")
    if len(tops) != 1 or f"{top}/{SUMS}" not in files or top in {"", ".", ".."}:
        raise DataDamaged(f"{path} is no run that `labctl export --to zip` packed: it has no {SUMS} in one folder")
    own = {name.removeprefix(f"{top}/"): content for name, content in files.items()}
    _check(path, own)
    for name, content in own.items():
        target = scratch / top / PurePosixPath(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return scratch / top


def _check(path: Path, files: Mapping[str, bytes]) -> None:
    """Refuse a .zip that does not hold what was packed."""
    sums = dict(
        line.split("  ", 1)[::-1] for line in files[SUMS].decode("utf-8", "replace").split("\n") if "  " in line
    )
    for name in [*sums, *files]:
        if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute() or "\\" in name:
            raise DataDamaged(f"{path} holds {name!r}, which lies outside of its run")
        if name not in files:
            raise DataDamaged(f"{path} lacks {name}, which was packed; ask for it again")
        if name != SUMS and hashlib.sha256(files[name]).hexdigest() != sums.get(name):
            raise DataDamaged(f"{path}: {name} is not what was packed (its checksum differs); ask for it again")
