"""Whether the packages that labctl is about to import are its own.

`instruments`, `procedures` and `simulators` are names that others use too: InstrumentKit is imported as `instruments`,
and a student's `procedures.py` in the working folder comes before ours. This module imports none of them.
"""

from __future__ import annotations

from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("instruments", "simulators", "procedures")
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
