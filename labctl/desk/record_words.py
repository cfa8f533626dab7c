"""What a form calls the values of a sample record, and its faults in these words."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SECTION_OF = re.compile(r"(?:(?P<section>[a-z_]+)(?:\[(?P<layer>\d+)\])?\.)?(?P<rest>.+)")


def place(key: str) -> tuple[str, str | None, str]:
    """Return the table, the layer's number, and the rest of a key."""
    found = _SECTION_OF.fullmatch(key)
    assert found is not None
    return found["section"] or "", found["layer"], found["rest"]


def named(key: str) -> str:
    """Return what a form calls a value: `width`, `thickness of layer 2`, `lead A`."""
    section, layer, rest = place(key)
    if section == "leads":
        return f"lead {rest}"
    said = rest.replace(".", " ").replace("_", " ")
    return f"{said} of layer {layer}" if layer else said


def in_words(fault: str, known: Sequence[str]) -> str:
    """Return a sentence of the check with the words of the form in the place of keys and of lines of a file."""
    for key in sorted(known, key=len, reverse=True):
        at = rf"(?<![\w.]){re.escape(key)}"
        fault = re.sub(rf'{at} = "([^"]*)"', r"\1", fault)
        fault = re.sub(rf"{at}(?![\w]|\.\w)", named(key), fault)
    return re.sub(r'\b[a-z_]+ = ("[^"]*")', r"\1", fault)
