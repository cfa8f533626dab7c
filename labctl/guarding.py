"""Whether the packages that labctl is about to import are its own, and those of others the ones that it means.

`instruments`, `procedures` and `simulators` are names that others use too: InstrumentKit is imported as `instruments`,
and a student's `procedures.py` in the working folder comes before ours. So does a `numpy.py`, of which numpy's own
sentence would be an error in a line that nobody looks for. This module imports none of them.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("instruments", "simulators", "procedures")
NEEDED = {
    "PyQt6": "PyQt6",
    "fastapi": "fastapi",
    "filelock": "filelock",
    "httpx": "httpx",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "packaging": "packaging",
    "pandas": "pandas",
    "pint": "pint",
    "platformdirs": "platformdirs",
    "pydantic": "pydantic",
    "pymeasure": "pymeasure",
    "pyqtgraph": "pyqtgraph",
    "pyvisa": "pyvisa",
    "pyvisa_py": "pyvisa-py",
    "rich": "rich",
    "scipy": "scipy",
    "threadpoolctl": "threadpoolctl",
    "typer": "typer",
    "uvicorn": "uvicorn",
}
"""What labctl imports of others, by the name that is imported: what it is installed as."""
_MARKER = "LABCTL_PACKAGE = True"


def in_the_way() -> str | None:
    """Say in one sentence what stands in the way of labctl's own packages; None when nothing does.

    The sources are read, not run, since a stranger's package may do anything when it is imported.
    """
    for name in PACKAGES:
        place = _origin(name)
        if place is None:
            return f"labctl's package {name!r} is missing; install labctl again, in an environment of its own"
        if not _is_ours(place):
            owners = [owner for owner in packages_distributions().get(name, []) if owner.lower() != "labctl"]
            whose = f"the package {' and '.join(sorted(set(owners)))}" if owners else "another package"
            return (
                f"{whose} stands in the way: {name!r} is imported from {place} and not from labctl; "
                "use an environment of its own for labctl, and no file or folder of that name where you start it"
            )
    return foreign()


def foreign() -> str | None:
    """Say which file hides a package that labctl needs from elsewhere; None when none does.

    Looked at are the folders that come before what is installed: the one where the program was started or lies, and
    those of PYTHONPATH.
    """
    for entry in dict.fromkeys([*sys.path[:1], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]):
        found = hiding(Path(entry)) if entry in sys.path else None
        if found is not None:
            return f"{found}; give it another name, or start labctl elsewhere and without that folder on PYTHONPATH"
    return None


def hiding(folder: Path) -> str | None:
    """Say which file in a folder that is searched first hides a package that labctl needs; None when none does.

    A file that goes by a package's name hides it; so does a folder, unless the package is installed there, which its
    metadata say. A package that is loaded already is not hidden any more.
    """
    try:
        entries = {entry.name for entry in os.scandir(folder)}
    except OSError:  # there is no such folder, or it may not be read: nothing is imported from it
        return None
    installed = {entry.partition("-")[0].lower() for entry in entries if entry.endswith((".dist-info", ".egg-info"))}
    for name, package in NEEDED.items():
        inside = folder / name / "__init__.py"
        if name in sys.modules or package.lower().replace("-", "_") in installed:
            continue
        if f"{name}.py" in entries or (name in entries and inside.is_file()):
            place = inside if name in entries and inside.is_file() else folder / f"{name}.py"
            return f"{place.absolute()} stands in the way of the package {package}, which labctl needs"
    return None


def _origin(name: str) -> Path | None:
    """Return the file that `import name` would run, or the folder of a package without one."""
    spec = find_spec(name)
    if spec is None:
        return None
    if spec.origin is not None and spec.has_location:
        return Path(spec.origin)
    folders = list(spec.submodule_search_locations or [])
    return Path(folders[0]) if folders else Path(name)


def _is_ours(place: Path) -> bool:
    try:
        return place.suffix == ".py" and _MARKER in place.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
