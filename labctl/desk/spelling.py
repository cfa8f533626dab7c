"""Sentences of the command line as a window writes them: other signs for micro and ohm, and places for options."""

from __future__ import annotations

import re

from instruments.errors import BadValue
from instruments.units import format_quantity, parse, si_unit
from labctl.window_words import in_window

_MICRO = re.compile(r"(?<=\d )u(?=[A-Zsm])|(?<=/)u(?=[A-Zsm])")
_OHM = re.compile(r"(?<=[\d ukMGm])ohm\b")


_NUMBERS = re.compile(r"(?P<numbers>[-+\d.e]+(?:, [-+\d.e]+)*) (?P<unit>[A-Za-z][\w/^]*)")
_WHOLE = re.compile(r"(?<=\d)\.0(?=\D|$)")
SAID = {"K/s": "K/min", "T/s": "Oe/s", "rad": "deg"}
"""Units in which nobody says a value -> what everybody does, and forms do, too."""
MOST_WRITTEN = 8
"""Numbers of a list that are all written."""
DIGITS = 6
"""Of a value that somebody has set."""
_RECORD = re.compile(r" \((?:/|[A-Za-z]:)[^()]*\.toml\)")


def spoken(text: str) -> str:
    """Return a text as a window writes it: 100 µA, 52 Ω, a sample without the path of its record.

    Options and commands of the command line are places in the window; see `labctl.window_words`.
    """
    plain = in_window(_RECORD.sub("", text))
    return _OHM.sub("Ω", _MICRO.sub("µ", plain))


def readable(text: str) -> str:
    """Return a parameter's value, as run.json writes it exactly in its SI unit, as people write it.

    `12 mA` for `0.012 A`, `100, 200 mT` for `0.1, 0.2 T`, `5 K/min` for `0.08333333333333333 K/s`, `100 Oe/s`
    for `0.01 T/s`, `290 K` for
    `290.0 K`; of a long list its ends. What is no number with a unit stays, without zeros that say nothing.
    """
    match = _NUMBERS.fullmatch(text)
    if match is None:
        return _WHOLE.sub("", text)
    unit = match["unit"]
    try:
        own = "" if si_unit(unit) == unit else unit
        written = [
            format_quantity(parse(number, unit), unit, shown=SAID.get(unit, own), digits=DIGITS)
            for number in match["numbers"].split(", ")
        ]
    except BadValue:  # of another version, or of an experiment with units of its own
        return _WHOLE.sub("", text)
    if len(written) > MOST_WRITTEN:
        return spoken(f"{len(written)} values, {written[0]} to {written[-1]}")
    units = {each.partition(" ")[2] for each in written}
    if len(units) == 1:
        written[:-1] = [each.partition(" ")[0] for each in written[:-1]]
    return spoken(", ".join(written))
