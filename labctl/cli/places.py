"""Where a command is told to write a figure: looked at before the work, so that a wrong place costs nothing."""

from __future__ import annotations

import errno
from pathlib import Path

from instruments.errors import UnknownName, UsageError, WriteFailed

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
"""What no other name would mend."""


def check_figure_place(path: Path) -> None:
    """See whether a figure can be written; what stands there already is left as it is.

    Raises:
        UnknownName: There is no such folder.
        UsageError: The ending is that of no figure, or nothing can be written there.
        WriteFailed: The disk takes nothing more.
    """
    from labctl import figures

    if path.suffix not in figures.ENDINGS:
        raise UsageError(f"--out {str(path)!r} is no name of a figure: it must end in {', '.join(figures.ENDINGS)}")
    try:
        if not path.parent.is_dir():
            raise UnknownName(
                f"--out {str(path)!r}: there is no folder {str(path.parent)!r}; make it, or name another one"
            )
        existed = path.exists()
        if existed and not path.is_file():
            raise UsageError(f"--out {str(path)!r} is there already and is no file; give the figure another name")
        with path.open("ab"):
            pass
        if not existed:
            path.unlink()
    except OSError as error:
        if error.errno in _FULL:
            raise WriteFailed(f"cannot write {path}: {error.strerror}") from error
        raise UsageError(
            f"--out {str(path)!r} cannot be written: {error.strerror}; name a place where you may write"
        ) from error


def existing_run(path: Path) -> Path:
    """Return a run's folder, which may be given by its number below `runs`.

    Raises:
        UnknownName: There is none.
    """
    if path.exists():
        return path
    if str(path).isdigit():
        from labctl.api import folder_of

        return folder_of(str(path), Path("runs"))
    raise UnknownName(f"{path} does not exist; give a run's folder, e.g. one that `labctl run` printed, or its number")
