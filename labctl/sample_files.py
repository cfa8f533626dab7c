"""Where sample records are found by name: shipped ones, those of installed packages, and `samples` where one works.

A package announces its records through an entry point in the group `labctl.sample_records`. It names a dict in a module
that imports nothing else: name -> ("package:path/to/file.toml", "one line"), the path being inside the package.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from instruments.errors import UsageError
from labctl import discovery, paths

KIND = "sample record"
"""What such a file is called."""

FOLDER = Path("samples")
"""Where one's own records lie, in the folder where labctl is started."""


def own_file(name: str) -> Path:
    """Return the file of a record of one's own that goes by a name."""
    return FOLDER / f"{name}.toml"


def by_name() -> dict[str, Path]:
    """Return the files of all records by name, in alphabetical order; of several with one name the shipped one."""
    found: dict[str, Path] = {}
    for files in (_own(), _of_packages(), paths.sample_files()):
        found |= files
    return dict(sorted(found.items()))


def places(name: str | os.PathLike[str]) -> Mapping[str, Path]:
    """Return the files of all records by name, among which a name or path is to be looked up.

    Raises:
        UsageError: Two of them go by this name.
    """
    if isinstance(name, str):
        files = [found[name] for found in (paths.sample_files(), _of_packages(), _own()) if name in found]
        if len(files) > 1:
            raise UsageError(
                f"{len(files)} sample records are called {name!r}: {' and '.join(map(str, files))}; give the path of "
                "the one that is meant, or rename your own"
            )
    return by_name()


def _own() -> dict[str, Path]:
    try:
        return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
    except OSError:  # a folder that may not be read has no records to offer
        return {}


def _of_packages() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name, entry in discovery.sample_records().items():
        package, _, inside = entry.where.partition(":")
        spec = find_spec(package)
        folders = [] if spec is None else list(spec.submodule_search_locations or [])
        found[name] = Path(folders[0] if folders else package, *inside.split("/"))
    return found
