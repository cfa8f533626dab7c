"""How long the command line takes to say what it can do, beside the import that a pymeasure script begins with."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness import Comparison, alternate, main

LABCTL = Path(sysconfig.get_path("scripts")) / "labctl"


def run(*command: str | Path) -> None:
    """Run a program to its end and throw away what it prints."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measure(repeats: int) -> Sequence[Comparison]:
    return [
        alternate(
            "labctl --help : import pymeasure.experiment",
            lambda: run(LABCTL, "--help"),
            lambda: run(sys.executable, "-c", "import pymeasure.experiment"),
            goal=1 / 3,
            repeats=repeats,
        )
    ]


if __name__ == "__main__":
    sys.exit(main(measure))
