"""How what a station file says of its simulated lab comes about."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from labctl.happenings import BadContact, Event, Sensors, WireFault
from simulators.contacts import ContactFault
from simulators.faults import Fault
from simulators.lab import Lab
from simulators.machine_parts import SensorData
from simulators.physics.magnet import FieldApproach
from simulators.physics.thermal import TemperatureApproach
from simulators.somebody import SomebodyElse


def happening(event: Event) -> Callable[[Lab], None]:
    """Return what an event does to a lab when its time has come."""
    return partial(_carry_out, event)


def wires(said: Iterable[WireFault]) -> dict[str, list[Fault]]:
    """Return what goes wrong on the way to each instrument, by role."""
    faults: dict[str, list[Fault]] = {}
    for each in said:
        lasts = math.inf if each.lasts is None else each.lasts
        fault = Fault(each.what, start=each.at, duration=lasts, share=each.share, both_ways=bool(each.both_ways))
        fault = replace(fault, line=each.line or 0, seconds=fault.seconds if each.delay is None else each.delay)
        faults.setdefault(each.instrument, []).append(fault)
    return faults


def contacts(said: Iterable[BadContact]) -> list[ContactFault]:
    """Return what is wrong with contacts and lines from the beginning."""
    return [_contact(each) for each in said if not each.at]


def later_contacts(said: Iterable[BadContact]) -> list[tuple[float, Callable[[Lab], None]]]:
    """Return what goes wrong with them later: when, in s since the lab began, and what it does to a lab."""
    return [(each.at, partial(_damage, _contact(each))) for each in said if each.at]


def _damage(fault: ContactFault, lab: Lab) -> None:
    lab.wiring.damage([fault])


def _contact(each: BadContact) -> ContactFault:
    fault = ContactFault(
        each.lead, each.what, each.resistance or 0.0, other=each.other or "", change=each.change or 0.0
    )
    knee = fault.knee if each.knee is None else each.knee
    return replace(fault, knee=knee, dwell=fault.dwell if each.dwell is None else each.dwell)


def sensors(said: Sensors) -> SensorData:
    """Return the read-backs' errors as the simulated cryostat takes them."""
    return SensorData(
        offset=said.temperature_offset,
        field_error=said.temperature_error_in_field,
        wander=said.field_wander,
        flash=said.unknown_state,
    )


def _carry_out(event: Event, lab: Lab) -> None:
    cryostat = lab.cryostat
    simple: dict[str, Callable[[], object]] = {
        "quench": cryostat.quench,
        "magnet supply fault": cryostat.fail_supply,
        "thermometer fault": cryostat.fail_thermometer,
        "chamber fault": cryostat.fail_chamber,
        "mend": cryostat.mend,
    }
    if event.what in simple:
        simple[event.what]()
    elif event.level is not None:
        cryostat.set_helium(event.level)
    elif event.instrument is not None:
        lab.devices[event.instrument].power_cycle()
    else:
        _somebody(event, SomebodyElse(cryostat), lab.timeline.now)


def _somebody(event: Event, guest: SomebodyElse, now: float) -> None:
    if event.temperature is not None and event.rate is not None:
        guest.set_temperature(now, event.temperature, event.rate, TemperatureApproach.FAST_SETTLE)
    elif event.field is not None and event.field_rate is not None:
        guest.set_field(now, event.field, event.field_rate, FieldApproach.LINEAR)
