"""A table out of any file that holds one."""

from __future__ import annotations

from pathlib import Path

from labctl.elsewhere.multivu import is_multivu, multivu_table
from labctl.elsewhere.table import Table, plain_table
from labctl.elsewhere.text import read_lines


def read_foreign(path: Path) -> Table:
    """Read a table of somebody else's: CSV in any dialect, or a MultiVu data file.

    Raises:
        UnknownName: There is no such file.
        UsageError: It cannot be read, is no text, or holds no table of numbers.
    """
    lines, finished = read_lines(path)
    return (multivu_table if is_multivu(lines) else plain_table)(path, lines, finished=finished)
