"""Which leads do not conduct, and which of them only at times."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from labctl.contacts.solve import Row

CONDUCTS = 0.5
"""Part of the resistance from which on a pair is open: what has less than this conducts without doubt."""

Culprits = Callable[[Collection[Row], Collection[Row], Sequence[str]], list[str]]


def loose_leads(
    ohms: Mapping[Row, float], torn: Collection[Row], names: Sequence[str], open_above: float, culprits: Culprits
) -> tuple[list[str], list[str]]:
    """Return the leads that are open, and those that are so at times: they bounce, or came off during the check.

    A lead of which most pairs let no current pass is open where none of them does, apart from those with another bad
    lead, and intermittent where some do. A pair whose repeats disagree has at least one intermittent lead, and so has
    one that let no current pass though both of its leads did to others: the one with more of such pairs, or either
    where that does not tell.

    Args:
        ohms: Two-wire resistances by pair; infinite where no current passed.
        torn: Pairs whose repeats disagree.
        names: All leads.
        open_above: ohm from which on a pair is open.
        culprits: Returns the leads whose pairs are mostly among the bad ones: of the bad pairs, all pairs, the leads.
    """

    def due(row: Row) -> bool:
        """Whether two leads should conduct to each other, by what they do to others."""
        return sum(min(ohm for other, ohm in ohms.items() if name in other) for name in row) < CONDUCTS * open_above

    dead = {row for row, ohm in ohms.items() if math.isinf(ohm)}
    bad = culprits(dead | set(torn), list(ohms), names)
    opened: list[str] = []
    at_times: list[str] = []
    for name in bad:
        own = [row for row in ohms if name in row and not set(row) & (set(bad) - {name})]
        some = any(row in torn or ohms[row] < CONDUCTS * open_above for row in own)
        (at_times if some else opened).append(name)
    left = [row for row in ohms if not set(row) & set(bad) and (row in torn or (row in dead and due(row)))]
    while left:
        counts = {name: sum(name in row for row in left) for name in names}
        most = [name for name in names if counts[name] == max(counts.values())]
        at_times += most
        left = [row for row in left if not set(row) & set(most)]
    return opened, at_times
