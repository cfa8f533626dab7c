"""What MultiVu's states are called on the wire, word for word: clients compare the texts (MultiPyVu 3.8.0)."""

from __future__ import annotations

SUCCESS = "Call was successful"

TEMPERATURE = {
    1: "Stable",
    2: "Tracking",
    5: "Near",
    6: "Chasing",
    7: "Pot Operation",
    10: "Standby",
    13: "Diagnostic",
    14: "Impedance Control Error",
    15: "General Failure",
}
FIELD = {
    0: "Unknown",
    1: "Stable",
    2: "Switch Warming",
    3: "Switch Cooling",
    4: "Holding (driven)",
    5: "Iterate",
    6: "Ramping",
    7: "Ramping",
    8: "Resetting",
    9: "Current Error",
    10: "Switch Error",
    11: "Quenching",
    12: "Charging Error",
    14: "PSU Error",
    15: "General Failure",
}
CHAMBER = {
    0: "Unknown",
    1: "Purged and Sealed",
    2: "Vented and Sealed",
    3: "Sealed (condition unknown)",
    4: "Performing Purge/Seal",
    5: "Performing Vent/Seal",
    6: "Pre-HiVac",
    7: "HiVac",
    8: "Pumping Continuously",
    9: "Flooding Continuously",
    14: "HiVac Error",
    15: "General Failure",
}
POSITION = {
    0: "Unknown",
    1: "Transport stopped at set point",
    2: "Calibrating",
    5: "Transport moving toward set point",
    8: "Transport hit limit switch",
    9: "Transport hit index switch",
    15: "General failure in position control system",
}

TEMPERATURE_APPROACHES = ("fast_settle", "no_overshoot")
FIELD_APPROACHES = ("linear", "no_overshoot", "oscillate")
MAGNET_MODES = ("persistent", "driven")
CHAMBER_MODES = ("seal", "purge_seal", "vent_seal", "pump_continuous", "vent_continuous", "high_vacuum")


def choices(names: tuple[str, ...], prefix: str = "") -> str:
    """Return the lines in which an error lists what would be right."""
    return "".join(f"\n\t{number}: {prefix}{name}" for number, name in enumerate(names))
