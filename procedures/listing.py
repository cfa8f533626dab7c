"""The experiments that labctl ships, by name; imports nothing, so that listing them is cheap."""

PROCEDURES = {
    "ahe": (
        "procedures.ahe:AnomalousHallLoop",
        "Hall resistance against perpendicular field, around a hysteresis loop",
    ),
}
