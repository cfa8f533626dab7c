"""Where labctl's own files are: the only place that knows.

In a checkout the folder `data` lies beside the packages; in an installed wheel it is `labctl/_data`.
"""

from __future__ import annotations

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


def station_files() -> dict[str, Path]:
    """Return the shipped station files by name, in alphabetical order."""
    return _records("stations")


def sample_files() -> dict[str, Path]:
    """Return the shipped sample records by name, in alphabetical order."""
    return _records("samples")


def template_files() -> dict[str, Path]:
    """Return the templates for sample records by name, in alphabetical order."""
    return _records("templates")


def _records(folder: str) -> dict[str, Path]:
    return {path.stem: path for path in sorted((data_folder() / folder).glob("*.toml"))}
