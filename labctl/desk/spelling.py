"""Sentences of the command line as a window writes them: other signs for micro and ohm, and places for options."""

from __future__ import annotations

import re

_MICRO = re.compile(r"(?<=\d )u(?=[A-Zsm])|(?<=/)u(?=[A-Zsm])")
_OHM = re.compile(r"(?<=[\d ukMGm])ohm\b")


_RECORD = re.compile(r" \((?:/|[A-Za-z]:)[^()]*\.toml\)")


_OVERRIDE = re.compile(r"--override (\"[^\"]*\"|[^\s;,]+)")
_PARAMETER = re.compile(r"(?<!\w)-p (?=\w+=)")


def spoken(text: str) -> str:
    """Return a text as a window writes it: 100 µA, 52 Ω, a sample without the path of its record.

    An option that replaces a limit has its place under Run, Limits.
    """
    plain = _PARAMETER.sub("", _OVERRIDE.sub(r"\1 (Run, Limits)", _RECORD.sub("", text)))
    return _OHM.sub("Ω", _MICRO.sub("µ", plain))
