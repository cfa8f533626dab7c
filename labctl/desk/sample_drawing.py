"""What the drawings of a sample need: its stack, its pads, and the cables that reach them."""

from __future__ import annotations

from typing import Any

from instruments.units import format_quantity
from labctl.sample import Basis, Junction, SampleRecord
from labctl.station import Station

_SIDES = {"-x": "left", "+x": "right", "+y": "top", "-y": "bottom"}
"""What the function of a bar's pad says about where it is."""
ASSUMED = "A"
"""Mark of what nobody measured."""


def drawn(record: SampleRecord, station: Station) -> dict[str, Any]:
    """Return what the drawings of a sample need.

    Args:
        record: The sample.
        station: Whose cables lead to it.

    Returns:
        {"stack": [{"material", "thickness_m", "thickness": "9 nm", "carries": bool, "barrier": bool, "assumed": bool},
        ...] from below, "conducting": a sentence on what the current density refers to,
        "geometry": {"text", "width_m", "length_m", "round": bool},
        "pads": [{"name", "function", "side": "left", "right", "top" or "bottom", "along": 0 to 1}, ...],
        "leads": [{"name", "pad", "resistance", "cables": ["source high", ...], "short": ["source +", ...]}, ...],
        "loose": [{"cable", "lead"}, ...] of cables whose lead the sample does not have}
    """
    barrier = record.geometry.barrier_thickness if isinstance(record.geometry, Junction) else None
    plugged: dict[str, list[str]] = {}
    for end, lead in station.cables.leads().items():
        plugged.setdefault(lead, []).append(end)
    return {
        "stack": [
            {"material": layer.material, "thickness_m": layer.thickness, "thickness": shown(layer.thickness, "m"),
             "carries": layer.carries_current, "barrier": layer.thickness == barrier,
             "assumed": assumed(record, f"stack[{place}].thickness")}
            for place, layer in enumerate(record.stack, 1)
        ],
        "conducting": _conducting(record),
        "geometry": _geometry(record),
        "pads": [{"name": name, "function": pad.function, **place} for (name, pad), place in
                 zip(record.pads.items(), places(record), strict=True)],
        "leads": [
            {"name": name, "pad": lead.pad, "resistance": shown(lead.resistance, "ohm") if lead.resistance else "",
             "cables": [cable_name(end) for end in plugged.get(name, [])],
            "short": [short_name(end) for end in plugged.get(name, [])]}
            for name, lead in record.leads.items()
        ],
        "loose": [{"cable": cable_name(end), "lead": lead} for lead, ends in plugged.items()
                  if lead not in record.leads for end in ends],
    }  # fmt: skip


def cable_name(end: str) -> str:
    """Return what a cable's end is called: `cables.voltmeter.channel_1_high` is `voltmeter channel 1 high`."""
    return end.removeprefix("cables.").replace(".", " ").replace("_", " ")


def short_name(end: str) -> str:
    """Return what stands beside a pad for a cable's end: `V1 +`, `source −`, `SMU sense +`."""
    role, _, which = end.removeprefix("cables.").partition(".")
    sign = "+" if which.endswith("high") else "−"
    middle = which.removesuffix("high").removesuffix("low").strip("_").replace("_", " ")
    if role == "voltmeter":
        return f"V{middle.removeprefix('channel ')} {sign}"
    if role == "lockin":
        return f"lock-in {'A' if sign == '+' else 'B'}"
    called = {"smu": "SMU"}.get(role, role.replace("_", " "))
    return " ".join(word for word in (called, middle, sign) if word)


def places(record: SampleRecord) -> list[dict[str, Any]]:
    """Return where the pads are in a drawing: `side` of the sample, and `along` it from 0 to 1.

    A Hall bar has its source at the left; an arm's position is the record's own, or, where it says none, what its
    function says. A junction has its lower electrode from left to right, and the upper one from bottom to top.
    """
    if record.is_junction:
        return _of_electrodes(record)
    found: list[dict[str, Any]] = []
    length = record.model_geometry()["length"]
    for pad in record.pads.values():
        side = next((side for word, side in _SIDES.items() if word in pad.function), "bottom")
        along = 0.3 if "nearer to the source" in pad.function else 0.7 if "nearer to the drain" in pad.function else 0.5
        stated = pad.position is not None and side in {"top", "bottom"}
        found.append({"side": side, "along": min((pad.position or 0.0) / length, 1.0) if stated else along})
    return found


def _of_electrodes(record: SampleRecord) -> list[dict[str, Any]]:
    """Return the ends of the two strips, by turns; of a pad of which nobody says where it is, those of the lower."""
    ends = {"top": ["top", "bottom"], "bottom": ["left", "right"]}
    taken = {"top": 0, "bottom": 0}
    found: list[dict[str, Any]] = []
    for pad in record.pads.values():
        electrode = pad.electrode or "bottom"
        found.append({"side": ends[electrode][taken[electrode] % 2], "along": 0.5})
        taken[electrode] += 1
    return found


def _conducting(record: SampleRecord) -> str:
    size = area(record)
    if record.is_junction:
        return f"The current crosses the barrier; its density refers to the junction's area, {size}."
    carrying = [layer.material for layer in record.stack if layer.carries_current]
    one = " and ".join([*([", ".join(carrying[:-1])] if len(carrying) > 1 else []), carrying[-1]])
    thickness, width = shown(record.conducting_thickness(), "m"), shown(record.model_geometry()["width"], "m")
    return f"The current density refers to {one}: {thickness} × {width} = {size}."


def _geometry(record: SampleRecord) -> dict[str, Any]:
    shape = record.geometry
    if not isinstance(shape, Junction):
        text = f"Hall bar, {shown(shape.width, 'm')} wide, {shown(shape.length, 'm')} long"
        return {"text": text, "width_m": shape.width, "length_m": shape.length, "round": False}
    barrier = f"barrier {shown(shape.barrier_thickness, 'm')}"
    if shape.diameter is not None:
        short = shape.diameter if shape.short_diameter is None else shape.short_diameter
        size = shown(shape.diameter, "m") + ("" if short == shape.diameter else f" × {shown(short, 'm')}")
        text = f"Junction, {size} across, {barrier}"
        return {"text": text, "width_m": shape.diameter, "length_m": short, "round": True}
    assert shape.width is not None
    assert shape.length is not None
    size = f"{shown(shape.width, 'm')} × {shown(shape.length, 'm')}"
    return {"text": f"Junction, {size}, {barrier}", "width_m": shape.width, "length_m": shape.length, "round": False}


def assumed(record: SampleRecord, key: str) -> bool:
    """Whether a value of a record is marked as assumed."""
    basis: Basis | None = record.basis.get(key)
    return basis is not None and basis.mark == ASSUMED


def area(record: SampleRecord) -> str:
    """Return what the current flows through, in words."""
    return shown(record.cross_section(), "m^2", "um^2")


def shown(value: float, unit: str, as_unit: str = "") -> str:
    """Return a quantity as it is read: 100 µA, 2.3e9 A/m², 0.045 µm²."""
    text = format_quantity(value, unit, shown=as_unit)
    number, space, of = text.partition(" ")
    of = of.replace("ohm", "Ω").replace("^2", "²").replace("deg", "°")
    if of.startswith("u"):
        of = f"µ{of[1:]}"
    return f"{number}{'' if of == '°' else space}{of.replace(' um', ' µm')}"


def signs(text: str) -> str:
    """Return a sentence with the signs of units that a screen has."""
    for word, sign in (("\u00a0", " "), (" ohm", " Ω"), (" kohm", " kΩ"), (" Mohm", " MΩ"), (" mohm", " mΩ"),
                       ("A/m^2", "A/m²")):  # fmt: skip
        text = text.replace(word, sign)
    return text
