"""The station: which instruments there are, how they are cabled, and what must not be exceeded.

A station file (`data/stations/*.toml`, or one's own) is read once; every value is SI inside.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from instruments.errors import UsageError
from instruments.units import parse
from labctl import paths
from labctl.records import (
    Ampere,
    AmperePerSecond,
    Hertz,
    Joule,
    Kelvin,
    KelvinPerSecond,
    Record,
    Second,
    Section,
    Tesla,
    TeslaPerSecond,
    Volt,
    VoltPerSecond,
    Watt,
    in_order,
    read_record,
    suggest,
)

ROLES = ("source", "voltmeter", "smu", "lockin", "cryostat")
"""What an instrument can be to a procedure."""

OPEN = "open"
"""What a cable's end is plugged into when it hangs free."""

_INTERLOCK_UNITS = {"helium_level": "", "temperature": "K", "field": "T"}


class Instrument(Section):
    """An instrument that plays a role."""

    driver: str = Field(min_length=1, description='name of the driver, e.g. driver = "keithley6221"')
    resource: str = Field(min_length=1, description='its address, e.g. resource = "GPIB0::12::INSTR"')


class Pair(Section):
    """Leads that an instrument's high and low are plugged into."""

    high: str = Field(min_length=1, description=f'the lead at high, or "{OPEN}"')
    low: str = Field(min_length=1, description=f'the lead at low, or "{OPEN}"')


class VoltmeterCables(Section):
    """Leads that the voltmeter's two channels are plugged into."""

    channel_1_high: str = Field(min_length=1, description=f'the lead at high of channel 1, or "{OPEN}"')
    channel_1_low: str = Field(min_length=1, description=f'the lead at low of channel 1, or "{OPEN}"')
    channel_2_high: str = Field(default=OPEN, min_length=1)
    channel_2_low: str = Field(default=OPEN, min_length=1)


class Cables(Section):
    """What is plugged in where; lead names are those of the sample record."""

    source: Pair | None = None
    voltmeter: VoltmeterCables | None = None
    smu: Pair | None = None
    lockin: Pair | None = None

    def leads(self) -> dict[str, str]:
        """Return the lead at each cable's end, by the key in the file; free ends are left out."""
        ends: dict[str, str] = {}
        for role, cable in (("source", self.source), ("voltmeter", self.voltmeter), ("smu", self.smu),
                            ("lockin", self.lockin)):  # fmt: skip
            plugged: dict[str, str] = {} if cable is None else cable.model_dump()
            ends |= {f"cables.{role}.{end}": lead for end, lead in plugged.items() if lead != OPEN}
        return ends


class Limits(Section):
    """What nothing may exceed on this station, whatever the sample allows. Magnitudes, but for the temperature."""

    current: Ampere = Field(gt=0, description='largest current, e.g. current = "100 mA"')
    voltage: Volt = Field(gt=0, description='largest voltage, also as compliance, e.g. voltage = "21 V"')
    field: Tesla = Field(gt=0, description='largest field, e.g. field = "9 T"')
    field_rate: TeslaPerSecond = Field(gt=0, description='largest field rate, e.g. field_rate = "190 Oe/s"')
    temperature: Annotated[tuple[Kelvin, Kelvin], AfterValidator(in_order)] = Field(
        description='lowest and highest temperature, e.g. temperature = ["1.9 K", "400 K"]'
    )
    temperature_rate: KelvinPerSecond = Field(
        gt=0, description='largest temperature rate, e.g. temperature_rate = "20 K/min"'
    )
    power: Watt | None = Field(default=None, gt=0)
    pulse_width: Second | None = Field(default=None, gt=0)
    pulse_energy: Joule | None = Field(default=None, gt=0)
    slew: AmperePerSecond | None = Field(default=None, gt=0)


class Interlock(Section):
    """A condition under which a run should not go on; checked for its form, not watched by runs yet."""

    name: str = Field(min_length=1, description='what it is called, e.g. name = "helium low"')
    quantity: Literal["helium_level", "temperature", "field"] = Field(
        description='what is watched, e.g. quantity = "helium_level"'
    )
    condition: Literal["above", "below"] = Field(description='"above" or "below"')
    limit: float = Field(description='where it acts, e.g. limit = "60 %"')
    action: Literal["warn", "pause", "stop"] = Field(description='"warn", "pause" or "stop" (in the safe state)')

    @model_validator(mode="before")
    @classmethod
    def _limit_in_its_unit(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        entries: dict[str, object] = dict(values)
        unit = _INTERLOCK_UNITS.get(str(entries.get("quantity")))
        if unit is None or "limit" not in entries:
            return entries
        return {**entries, "limit": parse(entries["limit"], unit, "limit")}


class SafeState(Section):
    """Where a run leaves the lab when it ends, and where anything is brought that goes wrong."""

    source_ramp: Second = Field(default=0.1, ge=0, le=10)
    """s in which a source goes to zero before it is turned off."""
    field_hold: Second = Field(default=7200.0, ge=0)
    """s for which the present field is held."""
    field_then: Literal["zero", "hold"] = "zero"
    """What becomes of the field after that."""
    temperature: Literal["hold"] = "hold"


class Simulation(Section):
    """What stands for this station's surroundings in simulation."""

    machine: Literal["ppms_9t", "versalab", "dynacool_9t"] = Field(
        description='the cryostat that stands in, e.g. machine = "ppms_9t"'
    )
    thermal_emf: Volt = Field(default=0.5e-6, ge=0)
    """V, standard deviation of the constant thermal voltage in a pair of leads (assumed)."""
    thermal_emf_wander: Volt = Field(default=0.1e-6, ge=0)
    """V, standard deviation of its slow changes (assumed)."""
    thermal_emf_drift: VoltPerSecond = 0.0
    """V/s, straight drift."""


class Station(Record):
    """A station file."""

    visa_library: str = Field(default="@py", min_length=1)
    line_frequency: Hertz = 50.0
    field_remanence: Tesla | None = Field(default=None, ge=0)
    """T, how far flux trapped in the magnet may put the true field off the reported one; None if nobody knows."""
    instruments: dict[str, Instrument] = Field(min_length=1, description="[instruments.source] and so on, by role")
    cables: Cables = Field(default=Cables(), description="[cables]")
    limits: Limits = Field(description="[limits], what nothing may exceed here")
    interlocks: tuple[Interlock, ...] = ()
    safe_state: SafeState = SafeState()
    simulation: Simulation = Field(description='[simulation], e.g. machine = "ppms_9t"')

    @field_validator("line_frequency")
    @classmethod
    def _of_a_grid(cls, frequency: float) -> float:
        if frequency not in {50.0, 60.0}:
            raise ValueError(f"power lines have 50 Hz or 60 Hz, not {frequency:g} Hz")
        return frequency

    @field_validator("instruments")
    @classmethod
    def _known_roles(cls, instruments: dict[str, Instrument]) -> dict[str, Instrument]:
        for role in instruments:
            if role not in ROLES:
                raise ValueError(f"{role!r} is not a role; {suggest(role, ROLES)}roles are {', '.join(ROLES)}")
        return instruments

    @model_validator(mode="after")
    def _cabled(self) -> Self:
        """An instrument that touches the sample says where its cables go; a 2182A's channels share their low."""
        for role in self.instruments:
            if role != "cryostat" and getattr(self.cables, role) is None:
                raise ValueError(
                    f"cables.{role} is missing: instruments.{role} has to say where its cables go, "
                    f'"{OPEN}" where one hangs free'
                )
        meter = self.cables.voltmeter
        if meter is None or not self._shares_low() or meter.channel_2_low == meter.channel_1_low:
            return self
        if meter.channel_2_high == meter.channel_2_low == OPEN:
            return self  # channel 2 is not used
        raise ValueError(
            f"cables.voltmeter.channel_2_low is {meter.channel_2_low!r}, but channel_1_low is {meter.channel_1_low!r}: "
            "channel 2 of a 2182A is referenced to channel 1's low, so both have to name the same lead"
        )

    def _shares_low(self) -> bool:
        meter = self.instruments.get("voltmeter")
        return meter is not None and meter.driver == "keithley2182a"

    def instrument(self, role: str, needed_by: str = "the procedure") -> Instrument:
        """Return the instrument in a role.

        Raises:
            UsageError: The station has none.
        """
        if role in self.instruments:
            return self.instruments[role]
        raise UsageError(
            f"station {self.name!r} has no {role}, which {needed_by} needs; add [instruments.{role}] to its file"
        )


def load_station(name: str | os.PathLike[str]) -> Station:
    """Read a station by the name of a shipped one, or by the path of its file.

    Raises:
        UnknownName: No shipped station has this name.
        UsageError: The file is not there or does not fit; the sentence names file, key, value and what would be right.
    """
    return read_record("station file", name, paths.station_files(), Station)


def available_stations() -> tuple[str, ...]:
    """Return the names of the shipped stations."""
    return tuple(paths.station_files())
