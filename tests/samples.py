"""Sample records for tests, written from the shipped templates as a student would."""

from __future__ import annotations

from pathlib import Path

from labctl import paths
from labctl.sample import SampleRecord, load_sample
from labctl.sample_templates import filled

JUNCTION = {
    "title": "CoFe/MgO/CoFe",
    "stack[1].material": "CoFe",
    "stack[1].thickness": "5 nm",
    "stack[2].material": "MgO",
    "stack[2].thickness": "3 nm",
    "stack[3].material": "CoFe",
    "stack[3].thickness": "5 nm",
    "geometry.diameter": "2 um",
    "geometry.barrier_thickness": "3 nm",
    "mounting.field_from_normal": "90 deg",
    "resistances.junction": "154 kohm",
    "limits.breakdown_voltage": "3 V",
}
"""A junction of 2 um with a barrier of 3 nm."""

HALL_BAR = {
    "title": "Pt(5)/Co(1)",
    "stack[1].material": "Pt",
    "stack[1].thickness": "5 nm",
    "stack[2].material": "Co",
    "stack[2].thickness": "1 nm",
    "geometry.width": "5 um",
    "geometry.length": "50 um",
    "mounting.field_from_normal": "0 deg",
    "resistances.longitudinal": "1.2 kohm",
}


def text_of(template: str, values: dict[str, str], **changes: str) -> str:
    """The text of a record; changes are given as `geometry__width`."""
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return filled(paths.template_files()[template].read_text(encoding="utf-8"), {"name": "mine", **values, **named})


def junction(folder: Path, text: str = "") -> SampleRecord:
    """The record of a junction, or of what its text says."""
    path = folder / "mine.toml"
    path.write_text(text or text_of("junction", JUNCTION), encoding="utf-8")
    return load_sample(path)
