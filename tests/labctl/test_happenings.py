"""What a station file lets happen in its simulated lab."""

from __future__ import annotations

from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import UsageError
from labctl.sample import load_sample
from labctl.simulation import build_lab, check
from labctl.station import Station, load_station
from simulators.lab import Lab
from simulators.physics.magnet import MagnetState


def station(name: str = "ppms", **simulation: Any) -> Station:
    data = load_station(name).snapshot()
    data["simulation"] |= simulation
    return Station.model_validate(data)


def lab(*events: dict[str, Any], **simulation: Any) -> Lab:
    wanted = station(events=list(events), **simulation)
    return build_lab(wanted, load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0)


def after(events: list[dict[str, Any]], seconds: float) -> Lab:
    made = lab(*events)
    made.clock.sleep(seconds)
    made.timeline.catch_up()
    return made


def test_a_quench_comes_when_it_is_said() -> None:
    event = {"at": "10 min", "what": "quench"}
    assert after([event], 599.0).cryostat.field_state() is MagnetState.DRIVEN
    assert after([event], 601.0).cryostat.field_state() is MagnetState.QUENCH


def test_somebody_else_sets_field_and_temperature() -> None:
    events = [
        {"at": "1 min", "what": "somebody sets field", "field": "0.1 T", "field_rate": "100 Oe/s"},
        {"at": "2 min", "what": "somebody sets temperature", "temperature": "250 K", "rate": "10 K/min"},
    ]
    there = after(events, 200.0)
    assert there.cryostat.field_setting.field == pytest.approx(0.1)
    assert there.cryostat.temperature_setting.temperature == 250.0
    assert there.cryostat.read_field() == pytest.approx(0.1, abs=1e-4)


def test_faults_helium_and_power() -> None:
    dry = after([{"at": 5, "what": "helium level", "level": 20}], 6.0)
    assert dry.cryostat.helium_level() == pytest.approx(20.0, abs=0.1)
    assert after([{"at": 5, "what": "magnet supply fault"}], 6.0).cryostat.field_state() is MagnetState.CURRENT_ERROR
    mended = [{"at": 5, "what": "magnet supply fault"}, {"at": 6, "what": "mend"}]
    assert after(mended, 7.0).cryostat.field_state() is MagnetState.DRIVEN
    there = lab({"at": 5, "what": "power cycle", "instrument": "source"})
    there.devices["source"].write(b"SOUR:CURR 1e-4;:OUTP 1\n")
    assert there.wiring.source.voltage() > 0.0
    there.clock.sleep(6.0)
    there.timeline.catch_up()
    assert there.wiring.source.voltage() == 0.0


def test_read_backs_can_be_wrong() -> None:
    off = lab(sensors={"temperature_offset": 0.01})
    true = off.cryostat.sample_temperature(off.timeline.now)
    assert off.cryostat.read_temperature() == pytest.approx(1.01 * true, rel=1e-3)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"at": 1, "what": "quench", "level": 5}, "takes no level"),
        ({"at": 1, "what": "helium level"}, "needs level"),
        ({"at": 1, "what": "somebody sets field", "field": "1 T"}, "needs field_rate"),
        ({"at": -1, "what": "quench"}, "greater than or equal to 0"),
        ({"at": 1, "what": "earthquake"}, "quench"),
        ({"at": 1, "what": "power cycle", "instrument": "microscope"}, "which is no box of this station"),
    ],
)
def test_what_makes_no_sense_is_said(event: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        station(events=[event])


def test_a_machine_without_helium_loses_none() -> None:
    wanted = station("versalab", events=[{"at": 1, "what": "helium level", "level": 5}])
    with pytest.raises(UsageError, match="has no helium bath"):
        check(wanted, load_sample("cotb2025"))


# ---- bad contacts


def test_a_contact_goes_bad_when_it_is_said() -> None:
    there = lab(contacts=[{"lead": "I+", "what": "high", "resistance": "1 kohm", "at": "10 s"}])
    source = there.wiring.source
    source.drive(1e-5, 10.0)
    before = source.voltage()
    there.clock.sleep(11.0)
    there.timeline.catch_up()
    assert source.voltage() - before == pytest.approx(1e-5 * 1000.0, rel=1e-6)


def test_exchanged_lines_are_so_from_the_beginning() -> None:
    there = lab(contacts=[{"lead": "A", "what": "swapped", "other": "B"}])
    assert [there.wiring.meter.source_resistance(1)] == [lab().wiring.meter.source_resistance(1)]
    there.wiring.source.drive(1e-4, 10.0)
    there.clock.sleep(1.0)
    as_cabled = lab()
    as_cabled.wiring.source.drive(1e-4, 10.0)
    as_cabled.clock.sleep(1.0)
    hall = [each.wiring.circuit.sample.mean_difference("A", "B", 0.5, 1.0) for each in (there, as_cabled)]
    assert hall[0] == hall[1]  # the sample knows nothing of it
    volts = [each.wiring.meter.mean_voltage(1, 0.5, 1.0) for each in (there, as_cabled)]
    assert volts[0] - volts[1] == pytest.approx(-2.0 * hall[0], abs=1e-8)


@pytest.mark.parametrize(
    ("contact", "sentence"),
    [
        ({"lead": "A", "what": "high"}, "needs resistance"),
        ({"lead": "A", "what": "open", "resistance": "1 ohm"}, "takes no resistance"),
        ({"lead": "A", "what": "leaking", "resistance": "1 Mohm", "knee": "1 V"}, "takes no knee"),
        ({"lead": "A", "what": "swapped"}, "needs other"),
        ({"lead": "A", "what": "swapped", "other": "A"}, "cannot be exchanged with itself"),
        ({"lead": "A", "what": "noisy"}, "needs change"),
        ({"lead": "A", "what": "high", "resistance": "-1 ohm"}, "greater than 0"),
        ({"lead": "A", "what": "dirty"}, "open"),
    ],
)
def test_a_contact_that_makes_no_sense_is_said(contact: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        station(contacts=[contact])


def test_a_contact_of_a_lead_that_the_sample_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="about the lead 'AA', which sample 'cotb2025' does not have"):
        check(station(contacts=[{"lead": "AA", "what": "open"}]), load_sample("cotb2025"))
