"""The experiments that labctl ships, by name; imports nothing, so that listing them is cheap."""

PROCEDURES = {
    "ahe": (
        "procedures.ahe:AnomalousHallLoop",
        "Hall resistance against perpendicular field, around a hysteresis loop",
    ),
    "ahe-temperature": (
        "procedures.ahe_temperature:AnomalousHallTemperature",
        "Hall loops over temperatures: coercive field, amplitude and sign, compensation temperature",
    ),
}
