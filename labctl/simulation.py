"""The simulated twin of a station with a sample in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from instruments.clock import Clock
from instruments.errors import UsageError
from labctl import discovery
from labctl.sample import Model, SampleRecord, connections
from labctl.station import Station
from simulators.environment import Environment
from simulators.lab import Bench, Instrument, Lab
from simulators.randomness import Streams
from simulators.samples.sample import Sample
from simulators.wiring import OPEN, Cables, EmfSettings, Lead


def bench(station: Station, record: SampleRecord) -> Bench:
    """Describe the bench that a station file and a sample record stand for.

    Raises:
        UsageError: The record has no `[model]`, so nothing can stand in for the sample.
    """
    if record.model is None:
        raise UsageError(
            f"sample {record.name!r} has no [model], so it cannot be simulated; add one or leave --simulate"
        )
    connections(station, record)  # a misspelled lead is an error, not an open one
    settings = station.simulation
    return Bench(
        instruments={
            role: Instrument(instrument.driver, instrument.resource) for role, instrument in station.instruments.items()
        },
        machine=settings.machine,
        cables=_cables(station),
        leads={name: Lead(lead.pad, lead.resistance) for name, lead in record.leads.items()},
        sample=_sample_factory(record.model, record.model_geometry()),
        line_frequency=station.line_frequency,
        emf=EmfSettings(settings.thermal_emf, settings.thermal_emf_wander, settings.thermal_emf_drift),
    )


def _sample_factory(model: Model, geometry: dict[str, float]) -> Callable[[Environment, Streams, float], Sample]:
    """Find the family that stands in for the sample; it checks its own parameters."""
    family: Any = discovery.load("samples", model.family)
    return lambda environment, streams, start: family.from_model(
        model.parameters, geometry, environment, streams, start
    )


def _cables(station: Station) -> Cables:
    source, meter = station.cables.source, station.cables.voltmeter
    return Cables(
        source=(OPEN, OPEN) if source is None else (source.high, source.low),
        voltmeter={}
        if meter is None
        else {
            1: (meter.channel_1_high, meter.channel_1_low),
            2: (meter.channel_2_high, meter.channel_2_low),
        },
    )


def build_lab(station: Station, record: SampleRecord, clock: Clock, *, seed: int, sample_seed: int) -> Lab:
    """Build the simulated lab of a station with a sample in it; see `simulators.lab.Lab`."""
    return Lab(bench(station, record), clock, seed=seed, sample_seed=sample_seed)
