"""What the command tables do not have, as far as it is known, and how far that is."""

from __future__ import annotations

_CONTACT = "of the contact check, an option"

MISSING: dict[str, dict[str, str]] = {
    "6221": {},
    "2182A": {},
    "2400": {
        "SYSTem:CCHeck": _CONTACT,
        "CALCulate2:LIMit4": _CONTACT,
        "TRIGger:SEQuence2": _CONTACT,
        "SYSTem:AZERo:CACHing": "of newer firmware",
        "SYSTem:MEP:HOLDoff": "of the GPIB interface",
        "DISPlay:DATA?": "how readings look on the display is not known",
        "DISPlay:ATTRibutes?": "which characters of the display blink",
        "CALibration": "wants protection removed",
    },
    "SR830": dict.fromkeys(
        ("SRAT", "SEND", "TRIG", "TSTR", "STRT", "PAUS", "REST", "SPTS?", "TRCA?", "TRCB?", "TRCL?", "FAST", "STRD"),
        "data storage",
    ),
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
    "SR830": "Of its manual single pages could be read; the rest is what public drivers written from it send.",
    "6000": "Of its manual only the table of contents could be read; the rest is what public drivers send. Of the"
    " commands for sequences and data files nothing but the names is known, and others may exist.",
}
"""What a list of missing headers can be drawn from."""

LATER = {
    "6221": "menus of the front panel, what the instrument shows there by itself, what its beeper sounds for, which no"
    " source says, handshakes of a serial line that is never overrun, and what SYSTem:PASSword:ENABle switches",
    "2182A": "what is on the display, and what pressing a key does, whose codes are not known",
    "2400": "what guards do, and the keys that open a menu",
    "SR830": "line notches, noise and ratios on the displays, 1/f noise, the least time constant at a high reserve,"
    " errors of gain and phase, and the time that the automatic functions take",
    "6000": "sequences and data files, of whose four commands nothing but the names is known",
}
"""What is stored and checked, and not simulated."""
