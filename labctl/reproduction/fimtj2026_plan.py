"""What is run for the paper on perpendicular compensated ferrimagnetic tunnel junctions.

Settings are the paper's where its text has them: the bias, the temperatures of write and reset, their field. The fields
of the loops, the rates, the biases of I-V curves and the angles are in figures only; those here are labctl's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from labctl.reproduction.planned import Planned

JUNCTION = "fimtj2026"
SIZES: Mapping[str, str] = {
    "56 um": "fimtj2026-56um", "17.5 um": "fimtj2026-17.5um", "2 um": JUNCTION, "1 um x 0.7 um": "fimtj2026-1x0.7um",
}  # fmt: skip
"""Sample records by what the junction measures across, the largest first."""
LARGEST, SMALLEST = SIZES["56 um"], SIZES["1 um x 0.7 um"]
SLOWLY = {"sweep_rate": "20 Oe/s", "maximum_field": "0.4 T"}
"""At 50 K, where both layers switch within 400 Oe of each other."""
COGD, NCO = "fimtj2026-cogd", "fimtj2026-nco"
BIAS = {"bias": "1 mV"}
HALL_FIELDS: Mapping[int, str] = {10: "0.6 T", 20: "0.9 T", 25: "2 T", 32: "0.9 T", 35: "0.6 T", 40: "0.5 T"}
"""Largest field of a Hall loop of CoGd by its temperature in K."""
BELOW, ABOVE = (10, 20, 25), (32, 35, 40)
"""K, in the order in which the film comes to compensation from below, and in which it leaves it."""
NEAR = ("26.5", "27.5")
"""K, on either side of compensation, where the largest switching field is looked for."""
SIZE_TEMPERATURE = 15
DEVICES = (0, 1, 2)
"""Junctions of one array: how many device seeds they are from the one that was asked for."""
ANGLES = (15, 35)
"""K at which the field is turned."""
CURVES = (100, 200)
"""K at which I-V curves are measured."""
OUTSIDE = ("0.13", "0.2", "0.5")
"""T, fields outside the window."""

OVER_TEMPERATURE = "tmr-over-temperature"
COLD, WARM = "tmr-smallest-2K", "tmr-smallest-50K"
SLOPES = "didv-100K"
MOMENT = "moment"
FROM_LOW, FROM_HIGH, HELD = "write-from-0", "write-from-1", "write-and-hold"

CHOSEN = (
    "Hall loops of CoGd at 10, 20, 25, 32, 35 and 40 K, of NiCo2O4 at 20 K, with the currents of their records.",
    "Loops of the junction of 2 um over 10 K to 40 K, and at 26.5 K and 27.5 K up to 2 T.",
    "Sizes are compared at 15 K; below ten times its electrodes' square, a junction's apparent TMR is said to be that.",
    "Three devices of the array are three draws of leak, resistance and grains, at 15 K.",
    "I-V curves of the junction of 56 um go as far as its record lets the current; dI/dV at 100 K.",
    "Bits are read against loops at each temperature of the same run; a written 1 is held for half an hour at 20 K.",
    "The moment is that of a piece of the whole stack, 9 mm2, by a signal that follows it.",
)
"""What of the runs the paper does not state."""


def hall_loop(temperature: int) -> str:
    """Return the name of a Hall loop of CoGd at a temperature in K."""
    return f"hall-cogd-{temperature}K"


def near(temperature: str) -> str:
    """Return the name of a loop near compensation, at a temperature in K."""
    return f"tmr-{temperature}K"


def of_size(size: str) -> str:
    """Return the name of a loop of a junction of a size."""
    return f"tmr-{size.replace(' ', '').replace('um', '')}um"


def of_device(device: int) -> str:
    """Return the name of a loop of a device of the array."""
    return of_size("2 um") if device == 0 else f"tmr-device-{device + 1}"


def angles(temperature: int) -> str:
    """Return the name of the loops over angles at a temperature in K."""
    return f"angles-{temperature}K"


def curve(temperature: int) -> str:
    """Return the name of an I-V curve at a temperature in K."""
    return f"iv-{temperature}K"


def outside(field: str) -> str:
    """Return the name of a write and reset in a field in T outside the window."""
    return f"write-{field}T"


NCO_LOOP = "hall-nco-20K"
HALL_LOOPS = tuple(hall_loop(temperature) for temperature in HALL_FIELDS)
SIZE_LOOPS = tuple(of_size(size) for size in SIZES)
DEVICE_LOOPS = tuple(of_device(device) for device in DEVICES)
NEAR_LOOPS = tuple(near(temperature) for temperature in NEAR)
ANGLE_LOOPS = tuple(angles(temperature) for temperature in ANGLES)
CURVE_RUNS = tuple(curve(temperature) for temperature in CURVES)
OUTSIDE_RUNS = tuple(outside(field) for field in OUTSIDE)


def plan() -> list[Planned]:
    """Return all runs; those that take longest come first."""
    return [
        *_bits(),
        Planned(OVER_TEMPERATURE, "tmr-temperature", JUNCTION, BIAS),
        *(Planned(angles(at), "tmr-angle", JUNCTION, {**BIAS, "temperature": f"{at} K"}) for at in ANGLES),
        *(_loop(near(at), JUNCTION, at) for at in NEAR),
        *(_loop(of_size(size), sample, str(SIZE_TEMPERATURE)) for size, sample in SIZES.items()),
        *(_loop(of_device(device), JUNCTION, str(SIZE_TEMPERATURE), device) for device in DEVICES[1:]),
        _loop(COLD, SMALLEST, "2"),
        Planned(WARM, "tmr-loop", SMALLEST, {**BIAS, **SLOWLY, "temperature": "50 K"}),
        *(Planned(curve(at), "iv", LARGEST, {"temperature": f"{at} K"}) for at in CURVES),
        Planned(SLOPES, "didv", LARGEST, {"temperature": "100 K"}),
        *(
            Planned(hall_loop(at), "ahe", COGD, {"temperature": f"{at} K", "maximum_field": field})
            for at, field in HALL_FIELDS.items()
        ),
        Planned(NCO_LOOP, "ahe", NCO, {"temperature": "20 K", "maximum_field": "0.3 T"}),
        Planned(MOMENT, "moment-loop", JUNCTION, {"temperature": "10 K"}),
    ]


def _loop(name: str, sample: str, temperature: str, device: int = 0) -> Planned:
    return Planned(name, "tmr-loop", sample, {**BIAS, "temperature": f"{temperature} K"}, device=device)


def _bits() -> list[Planned]:
    return [
        Planned(FROM_LOW, "thermal-write", JUNCTION, {**BIAS, "field": "0.3 T", "initial": "0"}),
        Planned(FROM_HIGH, "thermal-write", JUNCTION, {**BIAS, "field": "0.3 T", "initial": "1"}),
        Planned(
            HELD, "thermal-write", JUNCTION,
            {**BIAS, "field": "0.3 T", "visits": "20, 40, 20 K", "cycles": "1", "hold_time": "1800 s"},
        ),
        *(
            Planned(outside(field), "thermal-write", JUNCTION, {**BIAS, "field": f"{field} T", "cycles": "1"})
            for field in OUTSIDE
        ),
    ]  # fmt: skip
