"""What analyses take from tables of somebody else's, and how such columns are called around the world."""

from __future__ import annotations

from collections.abc import Mapping

from labctl.elsewhere.wanted import Bounds, Wanted

FIELD = Wanted(
    "Field (T)",
    "magnetic field",
    (
        r"((magnetic|mag\.?|magnet|applied|external|ext\.?|average|avg\.?|measured|dc|perp\w*) )*field( \w{1,8})?",
        r"((mu|u) ?[0\u2080]? ?\*?)?(h|b)( ?_?(z|ext|app|applied|perp|avg))?",
        r".*field.*",
    ),
    needed=True,
    likely=(5e-5, 50.0),
)
"""Field along the film's normal, as mu0 H. A loop goes beyond the earth's field, and a steady magnet to 45 T."""

HALL = Wanted(
    "Hall resistance (ohm)",
    "Hall resistance",
    (
        r"(r|rho|\u03c1|v|u) ?[_, ]?(xy|yx|hall|h|ahe|trans(verse)?)( ?\w{0,2})?",
        r"(anomalous |ahe )?(hall|transverse)( |-)?(res\w*|volt\w*|signal)?",
        r"((bridge|ch(annel)?) ?\d+ )?(res(istance|\.)?|volt(s|age)?)( (ch\.? ?)?\d+)?|[rv] ?\d?",
    ),
    needed=True,
    over={"V": "current", "ohm*m": "thickness"},
)
"""A resistance; a voltage with the current that drove it, or a resistivity with the film's thickness, become one."""

HALL_LOOP_COLUMNS: Mapping[str, Wanted] = {
    "field": FIELD,
    "hall": HALL,
    "current": Wanted(
        "Current 1 (A)",
        "current through the film",
        (
            r"(source |probe |applied |drive |excitation |dc |ac |bias |sense )*(current|excitation)( amplitude| set)?",
            r"i( ?(dc|ac|src|source|bias|probe))?",
        ),
        constant=Bounds(largest=10.0, example="100uA", signed=True),
    ),
    "thickness": Wanted(
        "Thickness (m)", "thickness of the film", constant=Bounds(smallest=1e-10, largest=1e-3, example="5nm")
    ),
    "time": Wanted("Time (s)", "time", (r"(elapsed |relative )?time ?(stamp|elapsed)?|timestamp|t",)),
    "temperature": Wanted(
        "Temperature (K)",
        "temperature",
        (r"(sample |average |avg\.? )?temp(erature|\.)?( sample)?", r"t( ?sample)?"),
        constant=Bounds(largest=2000.0, example="300K", bare=True),
    ),
    "branch": Wanted("Branch", "branch, up or down"),
    "loop": Wanted("Loop", "number of the loop"),
}
"""What the analysis of a Hall loop takes."""
