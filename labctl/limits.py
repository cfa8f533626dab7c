"""What a run will ask for at most, held against the station's and the sample's limits before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from instruments import units
from instruments.errors import LimitExceeded
from labctl.sample import SampleRecord
from labctl.station import Station

_UNITS = {
    "current": "A",
    "voltage": "V",
    "field": "T",
    "field_rate": "T/s",
    "slowest_field_rate": "T/s",
    "temperature": "K",
}
_WORDS = {
    "current": "the probe current",
    "voltage": "the compliance",
    "field": "the field",
    "field_rate": "the field rate",
    "slowest_field_rate": "the field rate",
    "temperature": "the temperature",
}


def check(demands: Mapping[str, float], station: Station, sample: SampleRecord) -> None:
    """Refuse what exceeds a limit.

    Args:
        demands: What is asked for, by name: `current` in A, `voltage` in V, `field` in T, `field_rate` and
            `slowest_field_rate` in T/s, `temperature` in K.
        station: The station's limits.
        sample: The sample's limits.

    Raises:
        LimitExceeded: The first that does; the sentence names value, limit and owner.
    """
    for name, value in demands.items():
        for low, high, owner in _limits(name, station, sample):
            if not low <= value <= high:
                side, limit = ("above", high) if value > high else ("below", low)
                raise LimitExceeded(
                    f"{_WORDS[name]} would be {_shown(name, value)}, {side} the limit of {owner}, "
                    f"{_shown(name, limit)}; nothing was sent, choose a value within it"
                )


def _shown(name: str, value: float) -> str:
    return units.format_quantity(value, _UNITS[name], shown="Oe/s" if name.endswith("field_rate") else "")


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
        case "slowest_field_rate":
            yield limits.slowest_field_rate or minus, float("inf"), at_station
        case "temperature":
            if sample.limits.temperature is not None:
                yield minus, sample.limits.temperature, of_sample
            yield *limits.temperature, at_station
        case _:
            raise ValueError(f"no limit is called {name!r}")
