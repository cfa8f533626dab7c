"""`python -m labctl.desk`."""

from __future__ import annotations

import os
import sys

for _threads in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # as in labctl.__main__, and for the same reason

if __name__ == "__main__":
    from labctl.desk.loop import main

    sys.exit(main())
