"""What the command tables do not have, as far as it is known, and how far that is."""

from __future__ import annotations

_DIGITAL = "of the digital output, which handlers of components are wired to"
_MEMORY = "of the source memory"
_EXPRESSION = "of expressions of one's own"

MISSING: dict[str, dict[str, str]] = {
    "6221": {},
    "2182A": {},
    "2400": {
        "SOURce2:TTL": _DIGITAL,
        "FORMat:SOURce2": _DIGITAL,
        "CALCulate2:LIMit2:UPPer:SOURce2": f"{_DIGITAL}, as for all limits",
        "CALCulate2:CLIMits:MODE": _DIGITAL,
        "TRIGger:SEQuence2": _DIGITAL,
        "SOURce[1]:MEMory": _MEMORY,
        "SOURce[1]:CURRent:TRIGgered:SFACtor": f"{_MEMORY}, and VOLTage likewise",
        "SENSe[1]:CURRent:RANGe:HOLDoff": _MEMORY,
        "CALCulate[1]:MATH[:EXPRession]": _EXPRESSION,
        "CALCulate[1]:MATH:CATalog?": _EXPRESSION,
        "CALCulate[1]:MATH:DELete": _EXPRESSION,
        "SOURce[1]:SOAK": "for several instruments in one circuit",
        "SYSTem:CCHeck": "an option",
        "SYSTem:AZERo:CACHing": "of newer firmware",
        "SYSTem:MEP": "about the interface",
        "DISPlay:DATA?": "how readings look on the display is not known",
        "CALibration": "wants protection removed",
    },
    "6000": {},
}
"""Headers that are known from an instrument's manual, its drivers or captures and are not in its table, and why."""

KNOWN = {
    "6221": "The tables of its manual were at hand in excerpts only; the rest is what drivers written from them and"
    " captures show. Calibration and the language of the Model 220, of which only the error numbers are known, are not"
    " there.",
    "2182A": "All tables of its manual were at hand. Of external scanning only the lists are there, of calibration only"
    " what needs no protection removed.",
    "2400": "All tables of its manual could be looked up.",
    "6000": "Of its manual only the table of contents could be read; the rest is what public drivers send. Of the"
    " commands for sequences and data files nothing but the names is known, and others may exist.",
}
"""What a list of missing headers can be drawn from."""

LATER = {
    "6221": "what shield, guard and the connection of low to earth do, what is on the display, and what pressing a key"
    " does, whose codes are not known",
    "2182A": "what is on the display, and what pressing a key does, whose codes are not known",
    "2400": "when within a cycle a range changes automatically, what guards do, and what is on the display",
    "6000": "sequences and data files",
}
"""What is stored and checked, and not simulated."""
