"""Where labctl's own files are: the only place that knows.

In a checkout the folder `data` lies beside the packages; in an installed wheel it is `labctl/_data`. What labctl keeps
on a computer apart from the runs lies in the state folder of the account.
"""

from __future__ import annotations

import os
from pathlib import Path

from instruments.errors import UsageError

_PACKAGE = Path(__file__).resolve().parent


def data_folder(package: Path = _PACKAGE) -> Path:
    """Return the folder of shipped stations, samples and targets.

    Args:
        package: Folder of the package `labctl`.

    Raises:
        UsageError: There is none: the installation is damaged.
    """
    # The wheel's copy first: beside an installed package, `data` would be somebody else's.
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "stations").is_dir():
            return folder
    raise UsageError(f"labctl's own files are missing: neither {package / '_data'} nor {package.parent / 'data'} "
                     "has a folder 'stations'; install labctl again")  # fmt: skip


STATE = "LABCTL_STATE"
"""Environment variable that names another state folder."""


def state_folder() -> Path:
    """Return the folder for what holds on this computer; `~/.local/state/labctl` on Linux, unless LABCTL_STATE is set.

    Raises:
        UsageError: LABCTL_STATE is no whole path, so that it would be another folder for each place to start from.
    """
    if named := os.environ.get(STATE, "").strip():
        if not Path(named).is_absolute():
            raise UsageError(f"the environment variable {STATE} is {named!r}, but must be a whole path")
        return Path(named)
    from platformdirs import user_state_path

    return user_state_path("labctl", appauthor=False)


def station_files() -> dict[str, Path]:
    """Return the shipped station files by name, in alphabetical order."""
    return _records("stations")


def sample_files() -> dict[str, Path]:
    """Return the shipped sample records by name, in alphabetical order."""
    return _records("samples")


def template_files() -> dict[str, Path]:
    """Return the templates for sample records by name, in alphabetical order."""
    return _records("templates")


def target_files() -> dict[str, Path]:
    """Return the files with the claims of papers by name, in alphabetical order."""
    return _records("targets")


def _records(folder: str) -> dict[str, Path]:
    return {path.stem: path for path in sorted((data_folder() / folder).glob("*.toml"))}
