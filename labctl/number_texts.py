"""Numbers as they stand in texts."""

from __future__ import annotations


def is_number(text: str) -> bool:
    """Whether a text is a number as Python writes one, `nan` and `inf` among them."""
    try:
        float(text)
    except ValueError:
        return False
    return True
