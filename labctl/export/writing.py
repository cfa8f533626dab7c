"""Writes a run into a file of another form."""

from __future__ import annotations

import contextlib
from pathlib import Path

from instruments.errors import BadValue, UsageError, WriteFailed
from labctl.export.one_zip import packed, unpacked
from labctl.export.places import says_places
from labctl.loaded import load_folder

ENDINGS = {"csv": ".csv", "netcdf": ".nc", "dat": ".dat", "zip": ".zip"}
"""What `--to` takes, and how such a file's name ends."""


def form_of(to: str, out: Path | None) -> str:
    """Return the form that is asked for: by its name, or by the file's ending.

    Raises:
        BadValue: It is none.
    """
    known = ", ".join(ENDINGS)
    if to and to not in ENDINGS:
        raise BadValue(f"--to is {to!r}, but must be one of {known}")
    by_ending = {ending: form for form, ending in ENDINGS.items()}
    found = to or (by_ending.get(out.suffix.lower(), "") if out is not None else "")
    if not found:
        raise BadValue(f"there is no saying what to export to; give --to with one of {known}")
    return found


def export(folder: Path, form: str, out: Path | None = None) -> tuple[Path, list[str]]:
    """Write a run into one file; return which, and what there is to say about it.

    Args:
        folder: The run's folder, or a .zip of it.
        form: One of `ENDINGS`.
        out: The file, replaced if it is there; without, one in the current folder that is called as the run and must
            not be there yet.

    Raises:
        UnknownName: There is no run.
        UsageError: A file is there already, or the run has no rows.
        DataDamaged: The run is damaged.
        WriteFailed: The file cannot be written.
    """
    with unpacked(folder) as place:
        run = load_folder(place)
        target = out if out is not None else Path(f"{run.name}{ENDINGS[form]}")
        if out is None and target.exists():
            raise UsageError(f"{target} is there already; name another file with --out, or that one to replace it")
        warnings = list(run.warnings)
        if run.status not in {"finished", "unknown"}:
            warnings.append(f"this run is {'not finished' if run.status == 'running' else run.status}")
        if form == "zip":
            content = packed(run.directory)
        elif form == "csv":
            from labctl.export.csv_file import csv_file

            content = csv_file(run)
        elif form == "dat":
            from labctl.export.multivu_file import multivu_file

            content = multivu_file(run)
        else:
            from labctl.export.netcdf import netcdf

            content = netcdf(run)
        if form in {"netcdf", "zip"} and says_places(run.asked, place):
            warnings.append("the source of the run's own procedure names paths of this computer; it was left as it is")
    _write(target, content)
    return target, warnings


def _write(target: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    scratch = target.with_name(f"{target.name}.part")
    try:
        scratch.write_bytes(content)
        scratch.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            scratch.unlink()
        raise WriteFailed(f"cannot write {target}: {error.strerror}; name another place with --out") from error
