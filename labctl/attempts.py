"""Which rows count: the one rule by which a block that was measured again takes the place of what was there before.

A row carries the block that it belongs to (`temperature=3/loop=1`) and the attempt in which it was measured. Nothing is
ever rewritten, so what was measured before a run was cut stays in the file and is left out on reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

BLOCK = "Block"
ATTEMPT = "Attempt"
OUTSIDE = "run"
"""Block of the rows that are recorded outside of any loop that can be measured again."""


def lies_within(block: str, outer: str) -> bool:
    """Return whether a block is another one, or lies within it: `temperature=3/loop=1` lies within `temperature=3`."""
    return block == outer or block.startswith(outer + "/")


CHECK, CHECKED = "check", "checked"
"""Lines of a run's events: a complete block is about to be measured again as a check loop; what that told."""

EVERYTHING = ""
"""In the place of a block's name: all blocks."""


def latest_attempts(
    frame: pd.DataFrame, abandoned: Mapping[str, int] | None = None, checks: Mapping[int, str] | None = None
) -> pd.DataFrame:
    """Leave out rows of blocks that were measured again later; see `counting`."""
    counts = counting(frame, abandoned, checks)
    return frame if all(counts) else frame.loc[counts].reset_index(drop=True)


def counting(
    frame: pd.DataFrame, abandoned: Mapping[str, int] | None = None, checks: Mapping[int, str] | None = None
) -> list[bool]:
    """Return of each row whether it counts, or its block was measured again later.

    A row is superseded when *its own* block has a later attempt. A later attempt of the block around it does not
    supersede it: when `temperature=3` is begun again, its loops that were complete are passed over, and their rows
    count, while those rows that `temperature=3` recorded outside of its loops were measured again.

    Args:
        frame: Rows; without the columns `Block` and `Attempt` all of them count, and so does a row that has no attempt.
        abandoned: For blocks that were cut and never begun again, because the run took another way when it was carried
            on: the latest attempt that does not count.
        checks: For attempts that began with a check loop: the block which was measured again for it. Its rows of that
            attempt take nothing's place; with `EVERYTHING` none of that attempt does.
    """
    if BLOCK not in frame.columns or ATTEMPT not in frame.columns:
        return [True] * len(frame)
    blocks = [str(block) for block in frame[BLOCK].tolist()]
    attempts = [_number(attempt) for attempt in frame[ATTEMPT].tolist()]
    if checks:
        pairs = zip(blocks, attempts, strict=True)
        attempts = [-math.inf if _is_check(block, attempt, checks) else attempt for block, attempt in pairs]
    latest: dict[str, float] = {}
    for block, attempt in zip(blocks, attempts, strict=True):
        if attempt is not None and attempt > -math.inf:
            latest[block] = max(attempt, latest.get(block, attempt))
    for block, attempt in (abandoned or {}).items():
        if latest.get(block, math.inf) <= attempt:
            latest[block] = math.inf
    return [attempt is None or attempt == latest.get(block) for block, attempt in zip(blocks, attempts, strict=True)]


def _is_check(block: str, attempt: float | None, checks: Mapping[int, str]) -> bool:
    checked = None if attempt is None or not attempt.is_integer() else checks.get(int(attempt))
    return checked is not None and (checked == EVERYTHING or lies_within(block, checked))


def _number(attempt: Any) -> float | None:
    """Read the number of an attempt; a table from elsewhere may have anything in its place."""
    try:
        number = float(attempt)
    except (TypeError, ValueError):
        return None
    return None if math.isnan(number) else number


def abandoned_blocks(events: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return what the run gave up: by block, the latest attempt that does not count."""
    found: dict[str, int] = {}
    for event in events:
        blocks = event.get("blocks")
        if event.get("event") == "abandoned" and isinstance(blocks, dict):
            found.update({str(block): attempt for block, attempt in blocks.items() if isinstance(attempt, int)})
    return found


def check_loops(events: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Return what was measured for a check loop only: by attempt, the block; see `counting`.

    Of an attempt whose check found the sample changed, no row is of the sample that the run is about.
    """
    found: dict[int, str] = {}
    for event in events:
        block, attempt = event.get("block"), event.get("attempt")
        if isinstance(block, str) and block and isinstance(attempt, int):
            if event.get("event") == CHECK:
                found[attempt] = block
            elif event.get("event") == CHECKED and event.get("changed") is True:
                found[attempt] = EVERYTHING
    return found
