"""Where a run lies whose number is known."""

from __future__ import annotations

import re
from pathlib import Path

from instruments.errors import UnknownName


def folder_of_number(number: int, out: Path) -> Path:
    """Return the folder of a run by its number.

    Args:
        number: Of the run, e.g. 7 for `0007-ahe-cotb2025-sim`.
        out: Folder that holds the runs.

    Raises:
        UnknownName: There is no such run, or there are several.
    """
    found = [path for path in sorted(out.glob("*/*")) if re.match(rf"0*{number}-\D", path.name) and path.is_dir()]
    if len(found) != 1:
        many = f"{len(found)} runs have" if found else "no run has"
        raise UnknownName(f"{many} the number {number} below {out}; give the run's folder instead")
    return found[0]
