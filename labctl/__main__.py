"""Where the program begins."""

from __future__ import annotations

import json
import sys

from labctl import guarding
from labctl.cli.failure import failure


def main() -> int:
    """Run the command line of this process and return its exit code."""
    foreign = guarding.in_the_way()
    if foreign is not None:
        if "--json" in sys.argv:
            print(json.dumps(failure(foreign, "failed", sys.argv), ensure_ascii=False))
        print(f"error: {foreign}", file=sys.stderr)
        return 2
    from labctl.cli.main import run_command

    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
