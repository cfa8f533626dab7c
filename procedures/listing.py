"""The experiments that labctl ships, by name; imports nothing, so that listing them is cheap."""

PROCEDURES = {
    "contact-check": (
        "procedures.contact_check:ContactCheck",
        "Every pair of leads: resistances, linearity, leak to the shield, noise, exchanged leads",
    ),
    "ahe": (
        "procedures.ahe:AnomalousHallLoop",
        "Hall resistance against perpendicular field, around a hysteresis loop",
    ),
    "ahe-temperature": (
        "procedures.ahe_temperature:AnomalousHallTemperature",
        "Hall loops over temperatures: coercive field, amplitude and sign, compensation temperature",
    ),
}
