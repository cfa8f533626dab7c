"""The simulated twin of a station with a sample in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from instruments.clock import Clock
from instruments.errors import UsageError
from labctl import discovery, lab_events
from labctl.records import suggest
from labctl.sample import Model, SampleRecord, connections
from labctl.station import Station
from simulators.beginning import FRESH, Beginning
from simulators.cables import OPEN, BridgeCables, Cables, EmfSettings, Lead, TriaxialCable
from simulators.cryostat import SimulatedCryostat
from simulators.environment import Environment
from simulators.lab import Bench, Instrument, Lab
from simulators.machines import MACHINES
from simulators.magnetometer import MagnetometerSettings
from simulators.mounting import AS_MADE, Mounting
from simulators.randomness import Streams
from simulators.samples.sample import Sample

TWINS = ("keithley6221", "keithley2182a", "keithley2400", "sr830", "ppms6000", "multivu")
"""Drivers whose instruments the simulated lab has."""


def check(station: Station, record: SampleRecord, roles: Sequence[str] = ()) -> None:
    """Refuse what cannot be simulated, as far as that can be known without building a lab.

    Args:
        station: The station.
        record: The sample.
        roles: Instruments that are needed; others may lack a simulated twin and are then not in the lab.

    Raises:
        UsageError: The station or the sample has no twin, or not in all that is asked for; the sentence names the
            sample record by its file.
    """
    for role in roles:
        _check_twin(station, role)
    if station.simulation.machine not in MACHINES:
        raise UsageError(
            f"station {station.label} has simulation.machine = {station.simulation.machine!r}, which nobody simulates; "
            f"there are {', '.join(MACHINES)}"
        )
    _check_helium(station)
    if station.cables.bridges() and "ppms6000" not in {one.driver for one in station.instruments.values()}:
        raise UsageError(
            f"station {station.label} has cables.bridge_{min(station.cables.bridges())}, but no ppms6000 among its "
            "instruments, whose resistance bridges alone are simulated on a sample; leave the cables out"
        )
    model = _model_of(record)
    reached = connections(station, record)  # a misspelled lead is an error, not an open one
    _check_contacts(station, record)
    pads = _check_model(station, record, model)
    for end, pad in reached.items():
        if pads is not None and pad not in pads:
            raise UsageError(
                f"sample {record.label} has a lead on the pad {pad!r}, where station {station.name!r} has {end}, but "
                f"its model {model.family!r} has no such pad; it has {', '.join(pads)}"
            )


def _check_twin(station: Station, role: str) -> None:
    driver = station.instrument(role).driver
    discovery.find("instruments", driver)
    if driver not in TWINS:
        raise UsageError(
            f"station {station.label} has the driver {driver!r} as its {role}, of which there is no simulated "
            f"instrument; there are {', '.join(TWINS)}"
        )


def _check_helium(station: Station) -> None:
    if MACHINES[station.simulation.machine].service.helium_level is None:
        for event in station.simulation.events:
            if event.level is not None:
                raise UsageError(
                    f"station {station.label} has a helium level in simulation.events, but its cryostat "
                    f"{station.simulation.machine!r} has no helium bath; leave the event out"
                )


def _check_contacts(station: Station, record: SampleRecord) -> None:
    for contact in station.simulation.contacts:
        for lead in contact.leads():
            if lead not in record.leads:
                raise UsageError(
                    f"station {station.label} has simulation.contacts about the lead {lead!r}, which sample "
                    f"{record.name!r} does not have; {suggest(lead, list(record.leads))}its leads are "
                    f"{', '.join(record.leads)}"
                )


def _model_of(record: SampleRecord) -> Model:
    if record.model is None:
        raise UsageError(f"sample {record.label} has no [model], so it cannot be simulated; {_way_out(record)}")
    return record.model


def _way_out(record: SampleRecord) -> str:
    """Say what to do about a record without a model."""
    if record.is_junction:
        return (
            "to simulate, copy the [model] of the shipped record 'fimtj2026' into its file (`labctl sample show "
            "fimtj2026` names that file); to measure, leave --simulate"
        )
    return (
        "to simulate, copy the [model] of the shipped record 'cotb2025' into its file (`labctl sample show cotb2025` "
        "names that file); to measure, leave --simulate"
    )


def _check_model(station: Station, record: SampleRecord, model: Model) -> tuple[str, ...] | None:
    """Let the family check its parameters and name its pads; None of one that has no `check_model` to do so."""
    try:
        family: Any = discovery.load("samples", model.family)
        if not hasattr(family, "check_model"):
            return None
        return family.check_model(model.parameters, record.model_geometry(), station.limits.temperature)
    except UsageError as error:
        raise UsageError(f"sample {record.label}: {error}") from error


def bench(station: Station, record: SampleRecord, begins: Beginning = FRESH) -> Bench:
    """Describe the bench that a station file and a sample record stand for.

    An instrument without a simulated twin is not on it; `check` says whether one that is needed lacks its twin.

    Raises:
        UsageError: Nothing can stand in for the sample, or not as it is mounted and cabled; see `check`.
    """
    check(station, record)
    settings = station.simulation
    return Bench(
        instruments={
            role: Instrument(instrument.driver, instrument.resource)
            for role, instrument in station.instruments.items()
            if instrument.driver in TWINS
        },
        machine=settings.machine,
        cables=_cables(station),
        leads={name: Lead(lead.pad, lead.resistance) for name, lead in record.leads.items()},
        sample=_sample_factory(_model_of(record), record),
        line_frequency=station.line_frequency,
        emf=EmfSettings(
            settings.thermal_emf,
            settings.thermal_emf_wander,
            settings.thermal_emf_drift,
            settings.hum,
            settings.earth_loop_hum,
            settings.unshielded_hum,
        ),
        calibrated=settings.calibration == "exact",
        sensors=lab_events.sensors(settings.sensors),
        happenings=(
            *((event.at, lab_events.happening(event)) for event in settings.events),
            *lab_events.later_contacts(settings.contacts),
        ),
        faults=lab_events.wires(settings.faults),
        contacts=lab_events.contacts(settings.contacts),
        magnetometer=_magnetometer(station, record),
        begins=begins,
    )


def _magnetometer(station: Station, record: SampleRecord) -> MagnetometerSettings | None:
    """What a station's magnetometer measures of a sample's film; None without the one or the other."""
    channel, film = station.magnetometer, record.magnetometer
    if channel is None or film is None:
        return None
    return MagnetometerSettings(
        input=channel.input,
        moment_per_volt=channel.moment_per_volt,
        averaging=channel.averaging,
        area=film.area,
        background=film.background,
        noise=station.simulation.moment_noise,
        wander=station.simulation.moment_wander,
    )


def _sample_factory(model: Model, record: SampleRecord) -> Callable[[Environment, Streams, float], Sample]:
    """Find the family that stands in for the sample; it is put into the cryostat as the record says."""
    family: Any = discovery.load("samples", model.family)
    mounted, geometry = record.mounting, record.model_geometry()
    mounting = Mounting(mounted.field_from_normal + mounted.tilt, mounted.in_plane_from_current, mounted.rotator_axis)

    def make(environment: Environment, streams: Streams, start: float) -> Sample:
        if isinstance(environment, SimulatedCryostat) and mounting != AS_MADE:
            environment.mount(mounting)
        return family.from_model(model.parameters, geometry, environment, streams, start)

    return make


def _cables(station: Station) -> Cables:
    source, meter, smu = station.cables.source, station.cables.voltmeter, station.cables.smu
    lockin = station.cables.lockin
    return Cables(
        source=(OPEN, OPEN) if source is None else (source.high, source.low),
        voltmeter={}
        if meter is None
        else {
            1: (meter.channel_1_high, meter.channel_1_low),
            2: (meter.channel_2_high, meter.channel_2_low),
        },
        smu=(OPEN, OPEN) if smu is None else (smu.high, smu.low),
        smu_sense=(OPEN, OPEN) if smu is None else (smu.sense_high, smu.sense_low),
        serial=station.cables.meter_link.serial,
        trigger=station.cables.meter_link.trigger,
        triax=TriaxialCable(
            station.simulation.cable_capacitance,
            station.simulation.cable_leakage or math.inf,
            source is not None and source.triax_to_sample,
        ),
        bridges={
            number: BridgeCables((cable.current_high, cable.current_low), (cable.voltage_high, cable.voltage_low))
            for number, cable in station.cables.bridges().items()
        },
        lockin=(OPEN, OPEN) if lockin is None else (lockin.high, lockin.low),
        lockin_reference=None if lockin is None else lockin.reference_line,
        lockin_delay=station.simulation.lockin_delay,
    )


def build_lab(
    station: Station, record: SampleRecord, clock: Clock, *, seed: int, sample_seed: int, quiet: bool = False,
    begins: Beginning = FRESH,
) -> Lab:  # fmt: skip
    """Build the simulated lab of a station with a sample in it; see `simulators.lab.Lab`."""
    return Lab(bench(station, record, begins), clock, seed=seed, sample_seed=sample_seed, quiet=quiet)
