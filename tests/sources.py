"""The project's own files, for the tests that read source code instead of running it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("instruments", "simulators", "labctl", "procedures")

NOT_OURS = {
    ".git", ".venv", ".venv-peers", "runs", "build", "dist", "__pycache__", ".hypothesis", ".ruff_cache",
    ".pytest_cache",
}  # fmt: skip


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that git tracks or would track; without git, every file outside the folders that tools make."""
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        paths = [ROOT / name.decode() for name in listing.stdout.split(b"\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in paths if path.is_file()))


def python_files(*folders: str, naming: Collection[str] = ("",)) -> Iterator[tuple[str, ast.Module]]:
    """Path relative to the repository and syntax tree of every Python file in these top-level folders.

    Of all of them, or of those whose text holds one of some words. The trees are not kept: they are a million objects.
    """
    for path in project_files():
        relative = path.relative_to(ROOT)
        if path.suffix == ".py" and relative.parts[0] in folders:
            text = path.read_text(encoding="utf-8")
            if any(word in text for word in naming):
                yield relative.as_posix(), parsed(path)


def parsed(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))
