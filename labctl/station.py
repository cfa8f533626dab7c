"""The station: which instruments there are, how they are cabled, and what must not be exceeded.

A station file (`data/stations/*.toml`, or one's own) is read once; every value is SI inside.
"""

from __future__ import annotations

import os
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from instruments.errors import UsageError
from instruments.guard.limits import LONGEST_WINDOW
from labctl import paths
from labctl.cables import OPEN, Cables
from labctl.happenings import BadContact, Event, Sensors, WireFault
from labctl.interlocks import Interlock
from labctl.magnetometry import Magnetometer
from labctl.notify import Notify
from labctl.records import (
    Ampere,
    AmperePerSecond,
    AmpereSquareMetre,
    Farad,
    Hertz,
    Joule,
    Kelvin,
    KelvinPerSecond,
    Ohm,
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
    titles,
)

ROLES = ("source", "voltmeter", "smu", "lockin", "cryostat")
"""What an instrument can be to a procedure."""

PLAYS = {
    "keithley6221": "source",
    "keithley2182a": "voltmeter",
    "keithley2400": "smu",
    "sr830": "lockin",
    "ppms6000": "cryostat",
    "multivu": "cryostat",
}
"""Role that each of our own drivers can play; another package's driver is trusted to play the one that it is given."""

LARGEST_REMANENCE = 0.1
"""T; flux trapped in a superconducting magnet makes some mT, so more than this is a field and no remanence."""

_GPIB = re.compile(r"GPIB\d{0,2}::(?:\d|[12]\d|30)(?:::\d{1,2})?(?:::INSTR)?")
_SOCKET = re.compile(r"TCPIP\d*::[^:\s]+::(?P<port>\d{1,5})::SOCKET")
_HOST_AND_PORT = re.compile(r"[^:\s]+:(?P<port>\d{1,5})")


class Instrument(Section):
    """An instrument that plays a role."""

    driver: str = Field(min_length=1, description='name of the driver, e.g. driver = "keithley6221"')
    resource: str = Field(min_length=1, description='its address, e.g. resource = "GPIB0::12::INSTR"')

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        """Our own drivers' addresses are checked; another package's driver knows what its address looks like."""
        if self.driver == "multivu":
            if not _has_port(_HOST_AND_PORT, self.resource):
                raise ValueError(
                    f"resource is {self.resource!r}, but multivu needs host and port of the MultiPyVu server, e.g. "
                    '"127.0.0.1:27183"'
                )
        elif self.driver in PLAYS and not _is_visa_name(self.resource):
            raise ValueError(
                f"resource is {self.resource!r}, which is no VISA resource name; give e.g. "
                '"GPIB0::12::INSTR" (addresses 0 to 30) or "TCPIP::192.168.0.5::1394::SOCKET"'
            )
        return self


def _has_port(pattern: re.Pattern[str], text: str) -> bool:
    match = pattern.fullmatch(text)
    return match is not None and 0 < int(match["port"]) < 65536


def _is_visa_name(text: str) -> bool:
    """GPIB and sockets are judged here, since pyvisa takes any address for them, and takes time to import."""
    if text.upper().startswith("GPIB") and not text.endswith("INTFC"):
        return _GPIB.fullmatch(text) is not None
    if text.startswith("TCPIP") and text.endswith("::SOCKET"):
        return _has_port(_SOCKET, text)
    from pyvisa.rname import InvalidResourceName, ResourceName

    try:
        ResourceName.from_string(text)
    except InvalidResourceName:
        return False
    return True


class Limits(Section):
    """What nothing may exceed on this station, whatever the sample allows. Magnitudes, but for the temperature."""

    current: Ampere = Field(gt=0, description='largest current, e.g. current = "100 mA"')
    voltage: Volt = Field(gt=0, description='largest voltage, also as compliance, e.g. voltage = "21 V"')
    field: Tesla = Field(gt=0, description='largest field, e.g. field = "9 T"')
    field_rate: TeslaPerSecond = Field(gt=0, description='largest field rate, e.g. field_rate = "190 Oe/s"')
    slowest_field_rate: TeslaPerSecond | None = Field(default=None, gt=0)
    """T/s, slowest ramp that the magnet's supply keeps; None if any will do."""
    temperature: Annotated[tuple[Kelvin, Kelvin], AfterValidator(in_order)] = Field(
        description='lowest and highest temperature, e.g. temperature = ["1.9 K", "400 K"]'
    )
    temperature_rate: KelvinPerSecond = Field(
        gt=0, description='largest temperature rate, e.g. temperature_rate = "20 K/min"'
    )
    power: Watt | None = Field(default=None, gt=0)
    pulse_width: Second | None = Field(default=None, gt=0)
    pulse_energy: Joule | None = Field(default=None, gt=0)
    average_power: Watt | None = Field(default=None, gt=0)
    average_current: Ampere | None = Field(default=None, gt=0)
    average_window: Second | None = Field(default=None, gt=0, le=LONGEST_WINDOW)
    """s, over which power and current are averaged: the time in which heat evens out; 1 s if None."""
    slew: AmperePerSecond | None = Field(default=None, gt=0)
    """A/s, of a direct current that is set; see `instruments.guard.slew`. None if it may jump."""
    voltage_slew: VoltPerSecond | None = Field(default=None, gt=0)
    """V/s, the same of a voltage that is set."""


class SafeState(Section):
    """Where a run leaves the lab when it ends, and where anything is brought that goes wrong."""

    source_ramp: Second = Field(default=0.1, ge=0, le=10)
    """s in which a source goes to zero before it is turned off."""
    field_hold: Second = Field(default=7200.0, ge=0)
    """s for which the present field is held."""
    field_then: Literal["zero", "hold"] = "zero"
    """What becomes of the field after that where a run did not finish; see `labctl.supervision.field_keeping`."""
    temperature: Literal["hold", "leave"] = "hold"
    """Whether a temperature that is on its way is stopped where it is when a run does not finish, or left to arrive."""


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
    hum: Volt = Field(default=0.0, ge=0)
    """V rms, line hum between the voltmeter's leads."""
    earth_loop_hum: Volt = Field(default=0.0, ge=0)
    """V rms, further hum while the source's low is at earth, which makes two earths (assumed)."""
    unshielded_hum: Volt = Field(default=0.0, ge=0)
    """V rms, further hum while the inner shield of the source's cable is at the guard and ends before the sample
    (assumed)."""
    cable_capacitance: Farad = Field(default=0.0, ge=0)
    """F between high and inner shield of the source's cable (assumed)."""
    cable_leakage: Ohm | None = Field(default=None, gt=0)
    """ohm between them (assumed); None for none."""
    lockin_delay: Second = Field(default=0.0, ge=0, le=1e-3)
    """s by which what comes to the lock-in amplifier's inputs is late (assumed): 20.8 us are a degree at 133.7 Hz."""
    moment_noise: AmpereSquareMetre = Field(default=1e-9, ge=0)
    """A m2 rms in what the magnetometer averages (assumed: a vibrating-sample one has about 1e-9 A m2 in 1 s)."""
    moment_wander: AmpereSquareMetre = Field(default=2e-10, ge=0)
    """A m2, standard deviation of its slow changes, from a minute to half a day (assumed)."""
    calibration: Literal["exact", "specified"] = "exact"
    """Whether instruments are exact, or each has errors of its own within its specification."""
    sensors: Sensors = Sensors()
    events: tuple[Event, ...] = ()
    faults: tuple[WireFault, ...] = ()
    contacts: tuple[BadContact, ...] = ()


class Station(Record):
    """A station file."""

    visa_library: str = Field(default="@py", min_length=1)
    line_frequency: Hertz = 50.0
    field_remanence: Tesla | None = Field(default=None, ge=0)
    """T, how far flux trapped in the magnet may put the true field off the reported one; None if nobody knows."""
    instruments: dict[str, Instrument] = Field(min_length=1, description="[instruments.source] and so on, by role")
    cables: Cables = Field(default=Cables(), description="[cables]")
    magnetometer: Magnetometer | None = None
    """How a moment reaches the cryostat's controller; None where it does not."""
    limits: Limits = Field(description="[limits], what nothing may exceed here")
    interlocks: tuple[Interlock, ...] = ()
    safe_state: SafeState = SafeState()
    notify: Notify | None = None
    """What is started when a run has ended in a way that a person should know of."""
    simulation: Simulation = Field(description='[simulation], e.g. machine = "ppms_9t"')

    @field_validator("line_frequency")
    @classmethod
    def _of_a_grid(cls, frequency: float) -> float:
        if frequency not in {50.0, 60.0}:
            raise ValueError(f"power lines have 50 Hz or 60 Hz, not {frequency:g} Hz")
        return frequency

    @field_validator("field_remanence")
    @classmethod
    def _of_a_magnet(cls, remanence: float | None) -> float | None:
        if remanence is not None and remanence > LARGEST_REMANENCE:
            raise ValueError(
                f"{remanence:g} T is not a remanence, which is what flux trapped in the magnet adds, at most "
                f'{LARGEST_REMANENCE:g} T; write e.g. "20 Oe"'
            )
        return remanence

    @model_validator(mode="after")
    def _events_are_of_here(self) -> Self:
        boxes = [role for role, instrument in self.instruments.items() if instrument.driver != "multivu"]
        for event in self.simulation.events:
            if event.instrument is not None and event.instrument not in boxes:
                raise ValueError(
                    f"simulation.events has a power cycle of {event.instrument!r}, which is no box of this station; "
                    f"its boxes are {', '.join(boxes)}"
                )
        for fault in self.simulation.faults:
            if fault.instrument not in self.instruments:
                raise ValueError(
                    f"simulation.faults names {fault.instrument!r}, which is no instrument of this station; "
                    f"it has {', '.join(self.instruments)}"
                )
        return self

    @field_validator("instruments")
    @classmethod
    def _known_roles(cls, instruments: dict[str, Instrument]) -> dict[str, Instrument]:
        for role in instruments:
            if role not in ROLES:
                raise ValueError(f"{role!r} is not a role; {suggest(role, ROLES)}roles are {', '.join(ROLES)}")
        return instruments

    @field_validator("instruments")
    @classmethod
    def _each_plays_its_role(cls, instruments: dict[str, Instrument]) -> dict[str, Instrument]:
        at: dict[str, str] = {}
        for role, instrument in instruments.items():
            if PLAYS.get(instrument.driver, role) != role:
                raise ValueError(
                    f"{role} has the driver {instrument.driver!r}, which can only be the "
                    f"{PLAYS[instrument.driver]}; name the driver of a {role}, or move it to "
                    f"[instruments.{PLAYS[instrument.driver]}]"
                )
            other = at.setdefault(instrument.resource, role)
            if instruments[other].driver != instrument.driver:
                raise ValueError(
                    f"{other} and {role} are both at {instrument.resource!r}, but two instruments have two addresses"
                )
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


def station_titles() -> dict[str, str]:
    """Return the titles of the shipped stations by name, in alphabetical order; a broken file hides no other."""
    return titles(paths.station_files())
