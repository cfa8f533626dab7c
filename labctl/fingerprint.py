"""What a loop goes over, in words that are the same in every process, to see whether it is still the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")
_LONGEST = 200


def words(value: Any) -> str:
    """Write a value down: numbers exactly, and whatever has no words of its own by its type.

    A number of numpy's is written as the number of Python's that it is.
    """
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, np.ndarray):
        return words(value.tolist())
    if isinstance(value, list | tuple):
        items = ", ".join(words(item) for item in value)  # pyright: ignore[reportUnknownVariableType] - of any type
        return f"[{items}]" if isinstance(value, list) else f"({items})"
    return _ADDRESS.sub("", repr(value))


def shortened(text: str) -> str:
    """Cut a text that is too long to be shown."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def fingerprint(around: Sequence[tuple[str, str]], name: str, values: Sequence[str]) -> str:
    """Return a short text that is another one for any other loop.

    Args:
        around: Name and value of each loop in which this one stands.
        name: The loop's name.
        values: Its values in words.
    """
    content = json.dumps([list(around), name, list(values)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]
