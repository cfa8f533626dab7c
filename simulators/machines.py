"""Cryostats as data: limits, rates, dynamics and noise of the machines that the lab can be equipped with.

Every number stands beside its basis in `basis`. A basis that begins with "assumed" was not found in any manual,
application note or published data file and may be changed with `dataclasses.replace` when somebody measures it.
Fields are mu0 H in T (1 Oe stands for 1e-4 T), rates in T/s and K/s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from simulators.machine_parts import BASIS, ChamberData, FaultData, HeliumData, PotData, SensorData

MINUTE = 60.0
OERSTED = 1e-4
"""mu0 times 1 Oe, in T."""

Flavour = Literal["PPMS", "VERSALAB", "DYNACOOL"]


@dataclass(frozen=True, slots=True)
class MagnetData:
    """A superconducting magnet, its supply and its controller.

    Attributes:
        maximum: Largest field either way, in T.
        rate_minimum: Smallest ramp rate, in T/s.
        rate_maximum: Largest ramp rate, in T/s.
        resolution: Step of the set point, in T.
        rate_resolution: Step of the rate, in T/s.
        persistent: Whether it has a persistent switch.
        no_overshoot: Whether it knows the no-overshoot approach.
        dead_time: From a command until the field moves and the state changes, in s.
        settle_time: Shortest final approach, in s.
        overshoot: Overshoot of a linear approach, as a fraction of the step.
        overshoot_maximum: Its largest value, in T.
        taper: Fraction of the step in which a no-overshoot approach slows down.
        oscillation: Each overshoot of an oscillating approach as a fraction of the one before.
        oscillation_end: Overshoot in T below which the oscillation ends.
        switch_heating: Time in s to open the persistent switch.
        switch_cooling: Time in s to close it.
        leads_time: Time in s that the leads need for any field, besides `leads_rate`.
        leads_rate: Rate in T/s at which the leads are brought to the magnet's field.
        remanence: Largest error of the reported field through flux trapped in the windings, in T.
        remanence_sign: +1 if the true field leads the reported one (below it on the way down), -1 if it lags.
        flux_thresholds: Reversals in T after which one part each of the windings is in its critical state again.
        flux_weights: Share of each part in the remanence; they add up to 1.
        noise: Standard deviation of the field read-back, in T.
        quantum: Step of the field read-back, in T.
        field_per_ampere: Field of the magnet's current, in T/A.
        inductance: In H.
        charging_voltages: Voltage in V at which it is charged at low and at high field.
    """

    maximum: float
    rate_minimum: float
    rate_maximum: float
    resolution: float
    rate_resolution: float
    persistent: bool
    no_overshoot: bool
    dead_time: float
    settle_time: float
    overshoot: float
    overshoot_maximum: float
    taper: float
    oscillation: float
    oscillation_end: float
    switch_heating: float
    switch_cooling: float
    leads_time: float
    leads_rate: float
    remanence: float
    remanence_sign: int
    flux_thresholds: tuple[float, ...]
    flux_weights: tuple[float, ...]
    noise: float
    quantum: float
    field_per_ampere: float
    inductance: float
    charging_voltages: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ThermalData:
    """The temperature control of a cryostat.

    Attributes:
        minimum: Lowest temperature, in K.
        maximum: Highest temperature, in K.
        rate_minimum: Smallest rate that is taken, in K/s.
        rate_maximum: Largest rate that is taken, in K/s.
        cooling_rates: What the hardware manages on the way down: (up to this temperature in K, rate in K/s), rising.
        warming_rates: The same on the way up.
        dead_time: From a command until the set point moves and the state changes, in s.
        dwell: Time in s inside the tolerance before the state is stable.
        tolerance: Relative half-width of the band around the set point.
        tolerance_minimum: Its smallest value, in K.
        sample_lag: Lag of the sample behind the block at `lag_temperature`, in s.
        lag_temperature: In K.
        lag_exponent: The lag grows with this power of temperature.
        lag_maximum: Largest lag, in s.
        control_lag: Lag of the block behind the ramp's set point, as a fraction of the sample's lag.
        overshoot_time: Fast settle overshoots by the rate times this time (s) at 2 K.
        overshoot_exponent: It grows with this power of temperature.
        noise: Relative standard deviation of the temperature read-back.
    """

    minimum: float
    maximum: float
    rate_minimum: float
    rate_maximum: float
    cooling_rates: tuple[tuple[float, float], ...]
    warming_rates: tuple[tuple[float, float], ...]
    dead_time: float
    dwell: float
    tolerance: float
    tolerance_minimum: float
    sample_lag: float
    lag_temperature: float
    lag_exponent: float
    lag_maximum: float
    control_lag: float
    overshoot_time: float
    overshoot_exponent: float
    noise: float


@dataclass(frozen=True, slots=True)
class ServiceData:
    """What else belongs to a cryostat: chamber, rotator, helium.

    Attributes:
        purge_time: Time in s of purge and seal.
        vent_time: Time in s of vent and seal.
        pump_time: Time in s to high vacuum.
        high_vacuum: Whether the chamber can be pumped to high vacuum.
        sealed_pressure: Pressure in Torr of the sealed chamber at 300 K.
        pressure_exponent: It falls with this power of temperature.
        rotator_speed: Largest speed in deg/s.
        rotator_range: Lowest and highest angle in deg.
        rotator_backlash: Play in deg between motor and sample: so much more shows a sample that came from above.
        rotator_error: Amplitude in deg of the reading's error around a turn; none at zero, where it was adjusted.
        helium_level: Level in % at the beginning; None for a machine that makes its own helium.
        helium_rate: Loss in % per s.
    """

    purge_time: float
    vent_time: float
    pump_time: float
    high_vacuum: bool
    sealed_pressure: float
    pressure_exponent: float
    rotator_speed: float
    rotator_range: tuple[float, float]
    rotator_backlash: float
    rotator_error: float
    helium_level: float | None
    helium_rate: float


@dataclass(frozen=True, slots=True)
class Machine:
    """A cryostat.

    Attributes:
        name: By which the station file calls it.
        flavour: What Quantum Design's software calls its kind.
        magnet: The magnet.
        thermal: The temperature control.
        service: Chamber, rotator, helium.
        basis: Where each number comes from, under `magnet.maximum` and so on.
        pot: What it waits for on the way down.
        sensors: Errors of its read-backs.
        chamber: More of its chamber.
        helium: More of its helium.
        faults: How it breaks.
    """

    name: str
    flavour: Flavour
    magnet: MagnetData
    thermal: ThermalData
    service: ServiceData
    basis: Mapping[str, str] = field(repr=False)
    pot: PotData = field(default_factory=PotData)
    sensors: SensorData = field(default_factory=SensorData)
    chamber: ChamberData = field(default_factory=ChamberData)
    helium: HeliumData = field(default_factory=HeliumData)
    faults: FaultData = field(default_factory=FaultData)


def _flux_weights(thresholds: tuple[float, ...], centre: float) -> tuple[float, ...]:
    """Shares r^2 exp(-r/centre): small, so that short excursions trap little, and few parts beyond some `centre`."""
    raw = [threshold**2 * math.exp(-threshold / centre) for threshold in thresholds]
    return tuple(weight / sum(raw) for weight in raw)


_THRESHOLDS = tuple(0.03 * (1.0 / 0.03) ** (k / 11) for k in range(12))

_MAGNET_9T = MagnetData(
    maximum=9.0,
    rate_minimum=10 * OERSTED,
    rate_maximum=190 * OERSTED,
    resolution=0.01 * OERSTED,
    rate_resolution=0.1 * OERSTED,
    persistent=True,
    no_overshoot=True,
    dead_time=0.7,
    settle_time=1.5,
    overshoot=1e-3,
    overshoot_maximum=1e-3,
    taper=0.02,
    oscillation=0.3,
    oscillation_end=1e-4,
    switch_heating=20.0,
    switch_cooling=20.0,
    leads_time=5.0,
    leads_rate=1.0,
    remanence=2e-3,
    remanence_sign=1,
    flux_thresholds=_THRESHOLDS,
    flux_weights=_flux_weights(_THRESHOLDS, 0.15),
    noise=0.05 * OERSTED,
    quantum=0.008972 * OERSTED,
    field_per_ampere=0.19,
    inductance=10.0,
    charging_voltages=(1.0, 1.0),
)
_THERMAL = ThermalData(
    minimum=1.9,
    maximum=400.0,
    rate_minimum=0.01 / MINUTE,
    rate_maximum=20 / MINUTE,
    cooling_rates=((10, 2 / MINUTE), (20, 5 / MINUTE), (35, 10 / MINUTE), (50, 15 / MINUTE), (math.inf, 20 / MINUTE)),
    warming_rates=((10, 2 / MINUTE), (20, 5 / MINUTE), (35, 10 / MINUTE), (50, 15 / MINUTE), (math.inf, 20 / MINUTE)),
    dead_time=2.0,
    dwell=95.0,
    tolerance=1e-3,
    tolerance_minimum=5e-3,
    sample_lag=4.5,
    lag_temperature=2.5,
    lag_exponent=0.84,
    lag_maximum=90.0,
    control_lag=0.1,
    overshoot_time=0.6,
    overshoot_exponent=0.2,
    noise=2e-4,
)
_SERVICE = ServiceData(
    purge_time=180.0,
    vent_time=120.0,
    pump_time=300.0,
    high_vacuum=True,
    sealed_pressure=2.6,
    pressure_exponent=0.61,
    rotator_speed=12.0,
    rotator_range=(-10.0, 370.0),
    rotator_backlash=0.5,
    rotator_error=0.1,
    helium_level=90.0,
    helium_rate=0.3 / 3600,
)
_BASIS = {
    **BASIS,
    "magnet.maximum": "drivers in use: 7, 9, 14 and 16 T magnets; the model's MAGCNF field 1",
    "magnet.rate_minimum": "drivers in use for 9 T magnets: 10, 10.5 and 10.7 Oe/s; the smallest is taken",
    "magnet.rate_maximum": "drivers in use for 9 T magnets: 187, 190, 196 and 198 Oe/s",
    "magnet.resolution": "a driver in use: 0.01 Oe",
    "magnet.rate_resolution": "a driver in use: 0.1 Oe/s",
    "magnet.persistent": "Model 6000: FIELD's fourth parameter",
    "magnet.no_overshoot": "FIELD's third parameter",
    "magnet.dead_time": "assumed; users report 0.5 s to 5 s during which the old state is shown",
    "magnet.settle_time": "assumed",
    "magnet.overshoot": "assumed",
    "magnet.overshoot_maximum": "assumed",
    "magnet.taper": "assumed",
    "magnet.oscillation": "assumed; the principle (alternating, shrinking) is documented, the amplitudes are not",
    "magnet.oscillation_end": "assumed",
    "magnet.switch_heating": "Quantum Design slides: 20 s",
    "magnet.switch_cooling": "Quantum Design slides: 20 s",
    "magnet.leads_time": "a driver in use allows |H|/(1e4 Oe/s) + 5 s",
    "magnet.leads_rate": "a driver in use allows |H|/(1e4 Oe/s) + 5 s",
    "magnet.remanence": "Quantum Design application note 1070-207: up to 20 Oe with a 9 T magnet",
    "magnet.remanence_sign": "assumed: flux trapped on the way up opposes the field's return to zero",
    "magnet.flux_thresholds": "assumed, between 0.03 T and 1 T",
    "magnet.flux_weights": "assumed; application note 1070-207: an oscillating approach removes nearly all of it",
    "magnet.noise": "published files: 0.02 Oe to 0.27 Oe peak to peak within 5 s",
    "magnet.quantum": "published files: 0.008972 Oe",
    "magnet.field_per_ampere": "assumed, so that field_per_ampere * voltage / inductance is rate_maximum",
    "magnet.inductance": "assumed, so that field_per_ampere * voltage / inductance is rate_maximum",
    "magnet.charging_voltages": "assumed; Quantum Design slides give 1.0 V for a 14 T magnet",
    "thermal.minimum": "drivers in use: 1.9 K",
    "thermal.maximum": "drivers in use: 350 K or 400 K, by option",
    "thermal.rate_minimum": "MultiPyVu: 0.01 K/min",
    "thermal.rate_maximum": "MultiPyVu: 20 K/min",
    "thermal.cooling_rates": "assumed, but for 2 K/min below 11 K, which a driver in use allows",
    "thermal.warming_rates": "assumed, as cooling_rates",
    "thermal.dead_time": "assumed; drivers in use wait 5 s to 10 s before they believe the state",
    "thermal.dwell": "published files: 95 s near 2 K; assumed elsewhere",
    "thermal.tolerance": "assumed; agrees with the published arrival at 2 K",
    "thermal.tolerance_minimum": "assumed; agrees with the published arrival at 2 K",
    "thermal.sample_lag": "published files: 0.03 K to 0.04 K at 0.5 K/min below 3.4 K",
    "thermal.lag_temperature": "where sample_lag is given",
    "thermal.lag_exponent": "published files: interpolates between 2.5 K and 90 K",
    "thermal.lag_maximum": "published files: 2.8 K to 3.0 K at 2 K/min at 90 K; assumed to stay so above",
    "thermal.control_lag": "assumed; chasing at 2 K/min at 90 K and tracking at 0.5 K/min below 3.4 K, as published",
    "thermal.overshoot_time": "published files: 5 mK at 2 K after 0.5 K/min",
    "thermal.overshoot_exponent": "assumed: 0.1 K to 1 K at 300 K after 10 K/min to 20 K/min",
    "thermal.noise": "published files: 0.4 mK at 2 K; assumed to stay the same fraction above",
    "service.purge_time": "assumed",
    "service.vent_time": "assumed",
    "service.pump_time": "assumed",
    "service.high_vacuum": "an option",
    "service.sealed_pressure": "published files: 2.6 Torr at 300 K",
    "service.pressure_exponent": "published files: 2.6 Torr at 300 K, 0.12 Torr at 2 K",
    "service.rotator_speed": "Model 6000: 12 deg/s at slow-down code 0",
    "service.rotator_range": "MultiPyVu: -10 deg to 370 deg",
    "service.rotator_backlash": "assumed; rotators are approached from one side because of it",
    "service.rotator_error": "assumed: a read-back good to 0.1 deg, the error that of an eccentric gear",
    "service.helium_level": "assumed",
    "service.helium_rate": "assumed",
}

PPMS_9T = Machine("ppms_9t", "PPMS", _MAGNET_9T, _THERMAL, _SERVICE, _BASIS, pot=PotData(10.0))
VERSALAB = Machine(
    "versalab",
    "VERSALAB",
    replace(
        _MAGNET_9T,
        maximum=3.0,
        rate_minimum=1 * OERSTED,
        rate_maximum=300 * OERSTED,
        persistent=False,
        no_overshoot=False,
        remanence=1e-3,
        inductance=0.19 / (300 * OERSTED),
    ),
    replace(
        _THERMAL,
        minimum=50.0,
        cooling_rates=((100, 3 / MINUTE), (200, 5 / MINUTE), (math.inf, 8 / MINUTE)),
        warming_rates=((math.inf, 20 / MINUTE),),
        dead_time=1.0,
    ),
    replace(_SERVICE, rotator_speed=30.0, helium_level=None, helium_rate=0.0),
    {
        **_BASIS,
        "magnet.maximum": "brochure figure, not confirmed",
        "magnet.rate_minimum": "assumed",
        "magnet.rate_maximum": "assumed",
        "magnet.persistent": "MultiPyVu refuses it for this flavour",
        "magnet.no_overshoot": "MultiPyVu refuses it for this flavour",
        "magnet.remanence": "assumed; application note 1070-204 says that the magnet is superconducting, no more",
        "thermal.minimum": "brochure figure, not confirmed",
        "thermal.cooling_rates": "assumed: 45 min to 60 min from 300 K to 50 K at full rate",
        "thermal.warming_rates": "assumed",
        "thermal.dead_time": "assumed; MultiVu flavours show the old state for up to 1 s",
        "service.rotator_speed": "a third-party server allows 30 deg/s",
        "service.helium_level": "cryogen-free",
        "service.helium_rate": "cryogen-free",
    },
)
DYNACOOL_9T = Machine(
    "dynacool_9t",
    "DYNACOOL",
    replace(
        _MAGNET_9T,
        rate_minimum=1 * OERSTED,
        rate_maximum=200 * OERSTED,
        persistent=False,
        inductance=0.19 / (200 * OERSTED),
    ),
    replace(_THERMAL, minimum=1.8, dead_time=1.0),
    replace(_SERVICE, rotator_speed=30.0, helium_level=None, helium_rate=0.0),
    {
        **_BASIS,
        "magnet.rate_minimum": "assumed",
        "magnet.rate_maximum": "assumed",
        "magnet.persistent": "the magnet has no persistent switch",
        "thermal.minimum": "a driver in use: 1.8 K",
        "thermal.dead_time": "assumed; MultiVu flavours show the old state for up to 1 s",
        "service.rotator_speed": "a third-party server allows 30 deg/s",
        "service.helium_level": "cryogen-free",
        "service.helium_rate": "cryogen-free",
        "pot.temperature": "MultiPyVu: pot operation may show at 4 K and below",
        "pot.time_per_kelvin": "assumed",
        "pot.time_maximum": "assumed",
    },
    pot=PotData(4.0, 10.0, 300.0),
)

MACHINES = {machine.name: machine for machine in (PPMS_9T, VERSALAB, DYNACOOL_9T)}
