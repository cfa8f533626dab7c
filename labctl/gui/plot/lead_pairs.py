"""The pairs of leads of a contact check as a column of words, by which its curves are told apart."""

from __future__ import annotations

from collections.abc import Mapping

from labctl.gui.plot.growing import Numbers, Words

LEAD_PAIR = "Lead pair"
KIND, HIGH, LOW, PAIR = "Kind", "High", "Low", "pair"
"""Columns of a contact check, and the kind of its rows that are two-wire readings of a pair."""


def lead_pairs(columns: Mapping[str, Numbers | Words], start: int, stop: int) -> list[str] | None:
    """Return of each row which two leads were read, `I+ to A`, and "" of other readings; None of other experiments."""
    found = [columns.get(name) for name in (KIND, HIGH, LOW)]
    words = [column for column in found if isinstance(column, Words)]
    if len(words) < len(found):
        return None
    each = ([[*column.labels, ""][code] for code in column.between(start, stop).tolist()] for column in words)
    return [f"{high} to {low}" if kind == PAIR else "" for kind, high, low in zip(*each, strict=True)]
