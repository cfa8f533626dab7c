"""What the command tables do not have, as far as it is known, and how far that is."""

from __future__ import annotations

MISSING: dict[str, dict[str, str]] = {"6221": {}, "2182A": {}, "6000": {}}
"""Headers that are known from an instrument's manual, its drivers or captures and are not in its table, and why."""

KNOWN = {
    "6221": "The tables of its manual were at hand in excerpts only; the rest is what drivers written from them and"
    " captures show. Calibration and the language of the Model 220, of which only the error numbers are known, are not"
    " there.",
    "2182A": "All tables of its manual were at hand. Of external scanning only the lists are there, of calibration only"
    " what needs no protection removed.",
    "6000": "Of its manual only the table of contents could be read; the rest is what public drivers send. Of the"
    " commands for sequences and data files nothing but the names is known, and others may exist.",
}
"""What a list of missing headers can be drawn from."""

LATER = {
    "6221": "sweeps, lists, waves, Delta, Pulse Delta, differential conductance and the link to a meter",
    "2182A": "ratio, the built-in Delta, reading hold, scanning and the analogue output",
    "6000": "resistance bridges, drivers, signal outputs and inputs, sequences and data files",
}
"""What is stored and checked, and not simulated."""
