"""What a cryostat does besides ramping: its slow habits, its chamber and helium, and how it breaks.

Fields are mu0 H in T (1 Oe stands for 1e-4 T). Every number has its basis in `BASIS`, under the same names as in
`simulators.machines`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PotData:
    """The helium pot that has to fill before the block gets colder.

    Attributes:
        temperature: Where the block waits for it on the way down, in K; None for a machine that needs no such wait.
        time_per_kelvin: Wait in s for each K that the move began above `temperature`.
        time_maximum: Longest wait in s.
    """

    temperature: float | None = None
    time_per_kelvin: float = 30.0
    time_maximum: float = 900.0


@dataclass(frozen=True, slots=True)
class SensorData:
    """Errors of the read-backs. None of them is on by default: a thermometer is taken as calibrated.

    Attributes:
        offset: Relative error of the thermometer: it shows T (1 + offset).
        field_error: Relative error of the thermometer at `field_error_field` and at `field_error_temperature` or
            below; it grows with the field squared and falls with the square of temperature above.
        field_error_field: In T.
        field_error_temperature: In K.
        wander: Standard deviation in T of the slow wander of the field read-back while the magnet is driven.
        wander_time: Time in s between the knots of the wander; it is straight in between.
        flash: Time in s for which the magnet shows code 0 before it shows what it does.
    """

    offset: float = 0.0
    field_error: float = 0.0
    field_error_field: float = 9.0
    field_error_temperature: float = 10.0
    wander: float = 0.0
    wander_time: float = 1200.0
    flash: float = 0.0


@dataclass(frozen=True, slots=True)
class ChamberData:
    """The sample chamber.

    Attributes:
        pumped_pressure: Pressure in Torr that continuous pumping and a purge reach.
        vacuum_pressure: High vacuum in Torr.
        fine_time: Time in s of pumping to `pumped_pressure`.
        decoupling: In high vacuum the sample lags behind the block so many times longer.
        cold: Below this temperature in K nobody vents: air and water would freeze inside.
    """

    pumped_pressure: float = 0.1
    vacuum_pressure: float = 1e-4
    fine_time: float = 90.0
    decoupling: float = 10.0
    cold: float = 290.0


@dataclass(frozen=True, slots=True)
class HeliumData:
    """The helium bath, where there is one.

    Attributes:
        leads_rate: Loss in % per s and T while the leads carry the current of a driven magnet.
        ramp_loss: Loss in % per T of change of the magnet's field.
        dry_level: Level in % below which the top of the magnet is out of the liquid.
        dry_field: Field in T that a magnet half out of the liquid quenches at.
        meter_time: Time in s until the level meter has its first value.
        meter_patience: Time in s without being asked after which it goes off.
    """

    leads_rate: float = 0.05 / 3600
    ramp_loss: float = 0.02
    dry_level: float = 20.0
    dry_field: float = 1.0
    meter_time: float = 10.0
    meter_patience: float = 60.0


@dataclass(frozen=True, slots=True)
class FaultData:
    """What happens when something breaks.

    Attributes:
        quench_time: Time in s in which a quenching magnet loses half of its field.
        quench_shown: Time in s for which it shows that it quenches, before it shows a general failure.
        quench_heating: Rise in K of the block's temperature when the largest field quenches; it goes with H squared.
        quench_rise: Time in s of that rise.
        quench_helium: Loss in % of the helium level when the largest field quenches; it goes with H squared.
    """

    quench_time: float = 0.7
    quench_shown: float = 30.0
    quench_heating: float = 20.0
    quench_rise: float = 3.0
    quench_helium: float = 15.0


BASIS = {
    "pot.temperature": "a driver in use waits at 10 K on the way down",
    "pot.time_per_kelvin": "a driver in use waits 30 s for each K above 10 K",
    "pot.time_maximum": "a driver in use waits 15 min at most",
    "sensors.offset": "an option; assumed 0.1 % to 0.3 % for a thermometer that was not calibrated",
    "sensors.field_error": "an option; assumed about 0.1 % at 10 K and 9 T",
    "sensors.field_error_field": "assumed",
    "sensors.field_error_temperature": "assumed",
    "sensors.wander": "an option; published files: 1.1 Oe peak to peak within 2.4 h, that is 0.4 Oe rms",
    "sensors.wander_time": "assumed",
    "sensors.flash": "an option; users report a moment of code 0 after a command",
    "chamber.pumped_pressure": "assumed",
    "chamber.vacuum_pressure": "assumed",
    "chamber.fine_time": "assumed",
    "chamber.decoupling": "assumed: radiation and the puck's contacts are left",
    "chamber.cold": "users refuse to vent below 290 K",
    "helium.leads_rate": "assumed",
    "helium.ramp_loss": "assumed",
    "helium.dry_level": "assumed; labs forbid fields below 60 % already",
    "helium.dry_field": "assumed",
    "helium.meter_time": "the library slave: about 10 s",
    "helium.meter_patience": "the library slave: 60 s",
    "faults.quench_time": "assumed: the field is gone within seconds",
    "faults.quench_shown": "assumed",
    "faults.quench_heating": "assumed",
    "faults.quench_rise": "assumed",
    "faults.quench_helium": "assumed",
}
"""Where each number comes from."""
