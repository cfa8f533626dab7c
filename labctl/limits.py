"""What a run will ask for at most, held against the station's and the sample's limits before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from instruments import units
from instruments.errors import LimitExceeded
from labctl.sample import SampleRecord
from labctl.station import Station

_UNITS = {"current": "A", "voltage": "V", "field": "T", "field_rate": "T/s", "temperature": "K"}
_WORDS = {
    "current": "the probe current",
    "voltage": "the compliance",
    "field": "the field",
    "field_rate": "the field rate",
    "temperature": "the temperature",
}


def check(largest: Mapping[str, float], station: Station, sample: SampleRecord) -> None:
    """Refuse what exceeds a limit.

    Args:
        largest: Largest magnitudes by name: `current` in A, `voltage` in V, `field` in T, `field_rate` in T/s,
            `temperature` in K.
        station: The station's limits.
        sample: The sample's limits.

    Raises:
        LimitExceeded: The first that does; the sentence names value, limit and owner.
    """
    for name, value in largest.items():
        for low, high, owner in _limits(name, station, sample):
            unit = _UNITS[name]
            shown = units.format_quantity(value, unit)
            if value > high:
                raise LimitExceeded(
                    f"{_WORDS[name]} would be {shown}, above the limit of {owner}, "
                    f"{units.format_quantity(high, unit)}; nothing was sent"
                )
            if value < low:
                raise LimitExceeded(
                    f"{_WORDS[name]} would be {shown}, below the limit of {owner}, "
                    f"{units.format_quantity(low, unit)}; nothing was sent"
                )


def _limits(name: str, station: Station, sample: SampleRecord) -> Iterator[tuple[float, float, str]]:
    """Yield lowest and highest value and whose limit it is."""
    limits = station.limits
    at_station, of_sample = f"station {station.name!r}", f"sample {sample.name!r}"
    minus = float("-inf")
    match name:
        case "current":
            yield minus, sample.read_current_limit(), of_sample
            yield minus, limits.current, at_station
        case "voltage":
            if sample.limits.voltage is not None:
                yield minus, sample.limits.voltage, of_sample
            yield minus, limits.voltage, at_station
        case "field":
            yield minus, limits.field, at_station
        case "field_rate":
            yield minus, limits.field_rate, at_station
        case "temperature":
            if sample.limits.temperature is not None:
                yield minus, sample.limits.temperature, of_sample
            yield *limits.temperature, at_station
        case _:
            raise ValueError(f"no limit is called {name!r}")
