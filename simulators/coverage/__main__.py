"""Count what the simulated instruments fulfil of their command tables; print it, or write the pages of documentation.

python -m simulators.coverage [--docs FOLDER]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulators.coverage.pages import INSTRUMENTS, pages, summary
from simulators.coverage.rows import COUNTED

_FOLDER = Path("docs/commands")


def main(arguments: list[str]) -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m simulators.coverage", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--docs", nargs="?", const=_FOLDER, type=Path, metavar="FOLDER", help="write the pages there")
    folder: Path | None = parser.parse_args(arguments).docs
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        return 0
    found = {instrument: instrument.measure() for instrument in INSTRUMENTS}
    lines = [summary(found)]
    for instrument, rows in found.items():
        for question in COUNTED:
            failed = [one.row.header for one in rows if getattr(one, question) is False]
            lines += [f"{instrument.name}, not {question}: {', '.join(failed)}\n"] if failed else []
    sys.stdout.write("".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
