"""One loop, written in the ways of many programs."""

from __future__ import annotations

from tests.labctl.analysis.synthetic import Film

FILM = Film(points=101, coercive=0.1, noise=1e-4)
TABLE = FILM.table(3)
FIELD = TABLE["Field (T)"].to_numpy() * 1e4
"""Oe."""
HALL = TABLE["Hall resistance (ohm)"].to_numpy()
"""ohm."""


def rows(separator: str = ",", decimal: str = ".", end: str = "\n") -> str:
    """Field in Oe and Hall resistance in ohm, a reading a line."""
    lines = [f"{field:.4f}{separator}{hall:.6e}" for field, hall in zip(FIELD, HALL, strict=True)]
    return "".join(line.replace(".", decimal) + end for line in lines)


def multivu(*, short: bool = True) -> str:
    """A MultiVu file: more columns than a row has cells, comment rows, cells without a value."""
    names = [
        "Comment", "Time Stamp (sec)", "Status (code)", "Temperature (K)", "Magnetic Field (Oe)",
        "Sample Position (deg)", "Bridge 1 Resistance (Ohms)", "Bridge 1 Excitation (uA)",
        "Bridge 2 Resistance (Ohms)", "Bridge 2 Excitation (uA)", "Map 20", "Map 21",
    ]  # fmt: skip
    lines = ["[Header]", "; a comment", "TITLE,a loop", "BYAPP,Resistivity,2.0", "[Data]", ",".join(names)]
    for place, (field, hall) in enumerate(zip(FIELD, HALL, strict=True)):
        cells = ["", f"{3.8e9 + 2 * place:.2f}", "1", "", f"{field:.4f}", "", f"{hall:.6e}"]
        cells[3] = "300.01" if place % 5 == 0 else ""
        if place == 40:
            lines.append("Sweep reversed, by hand" + "," * (2 if short else len(names) - 2))
        lines.append(",".join(cells if short else cells + [""] * (len(names) - len(cells))))
    return "\r\n".join(lines) + "\r\n"
