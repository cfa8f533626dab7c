"""Where the program begins."""

from __future__ import annotations

import gc
import json
import os
import sys

from labctl import guarding
from labctl.cli.failure import failure

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    # Our matrices are small: threads that wait for each other make an analysis ten times slower on a computer that does
    # something else as well. It is read when numpy is imported, which nothing has done yet.
    os.environ.setdefault(_threads, "1")

# What is imported stays. To look for garbage among it after every 700 objects takes a tenth of a second of each start.
gc.set_threshold(10_000)

SUPERVISED = frozenset({"run", "resume"})
"""Commands that make current flow for long: each is carried out in a process of its own, which this one watches."""


def main() -> int:
    """Run the command line of this process and return its exit code."""
    foreign = guarding.in_the_way()
    if foreign is not None:
        if "--json" in sys.argv:
            print(json.dumps(failure(foreign, "failed", sys.argv), ensure_ascii=False))
        print(f"error: {foreign}", file=sys.stderr)
        return 2
    from labctl.supervision import child

    if child.is_one():
        child.begin()
    elif _command(sys.argv[1:]) in SUPERVISED and "--help" not in sys.argv:
        from labctl.supervision.supervisor import supervise

        return supervise(sys.argv[1:])
    from labctl.cli.main import run_command

    code = run_command(sys.argv[1:])
    child.finished(code)
    return code


def _command(words: list[str]) -> str:
    """Return the first word that is no option."""
    return next((word for word in words if not word.startswith("-")), "")


if __name__ == "__main__":
    sys.exit(main())
