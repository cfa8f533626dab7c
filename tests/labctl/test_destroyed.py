"""What the guard keeps from a sample, and what becomes of the simulated one where somebody sets it aside."""

from __future__ import annotations

from typing import Any

import pytest
import pyvisa

from instruments.clock import VirtualClock
from instruments.errors import LimitExceeded
from labctl import limits
from labctl.protection import guarded
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import Station, load_station
from simulators.lab import Lab

SOURCE, METER, SMU = "GPIB0::12::INSTR", "GPIB0::7::INSTR", "GPIB0::24::INSTR"
BOUNCING = {"lead": "I+", "what": "bouncing", "dwell": "20 ms"}


class Station6221:
    """A lab behind the guard, with the overrides of one run."""

    def __init__(self, sample: str, *overrides: str, lab: Lab | None = None, contacts: tuple[Any, ...] = ()) -> None:
        data: dict[str, Any] = load_station("ppms").snapshot()
        data["simulation"]["contacts"] = list(contacts)
        station, record = Station.model_validate(data), load_sample(sample)
        self.lab = lab or build_lab(station, record, VirtualClock(), seed=1, sample_seed=0)
        resources = {role: instrument.resource for role, instrument in station.instruments.items()}
        library: Any = guarded(self.lab.visa, station, record, limits.parse_overrides(overrides), resources)
        self._manager = pyvisa.ResourceManager(library)
        self._opened: dict[str, Any] = {}

    def say(self, resource: str, *messages: str) -> None:
        for message in messages:
            self._at(resource).write(message)

    def ask(self, resource: str, message: str) -> str:
        return self._at(resource).query(message).strip()

    def _at(self, resource: str) -> Any:
        if resource not in self._opened:
            self._opened[resource] = self._manager.open_resource(
                resource, read_termination="\n", write_termination="\n", timeout=20_000
            )
        return self._opened[resource]

    def refused(self, resource: str, message: str) -> str:
        with pytest.raises(LimitExceeded) as caught:
            self.say(resource, message)
        return str(caught.value)

    def wait(self, seconds: float) -> None:
        self.lab.clock.sleep(seconds)

    def resistance(self) -> float:
        """Ohm of the sample by current reversal, as a program would measure it."""
        self.say(SMU, "OUTP OFF")
        self.say(SOURCE, "*RST", "SOUR:CURR:RANG 2e-6", "SOUR:CURR:COMP 0.5", "SOUR:CURR 0", "OUTP ON")
        self.say(METER, "*RST", "SENS:VOLT:RANG 1")
        halves: list[float] = []
        for current in ("1e-6", "-1e-6"):
            self.say(SOURCE, f"SOUR:CURR {current}")
            self.wait(1.0)
            halves.append(float(self.ask(METER, "READ?")))
        self.say(SOURCE, "OUTP OFF")
        return (halves[0] - halves[1]) / 2e-6


TO_6221 = ("*RST", "SOUR:CURR:RANG 100e-6", "SOUR:CURR 0", "SOUR:CURR:COMP 0.5", "OUTP ON")
TO_2400 = ("*RST", "SOUR:FUNC VOLT", "SOUR:VOLT:MODE FIX", "SOUR:VOLT 0", "SENS:CURR:PROT 1e-6", "OUTP ON")


def whole(station: Station6221) -> None:
    assert station.lab.damage() < 0.01
    sample, now = station.lab.sample, station.lab.clock.now()
    both = [sample.resistance_at("top_1", "bottom_1", current, now) for current in (1e-6, -1e-6)]
    assert station.resistance() == pytest.approx(sum(both) / 2.0, rel=0.01)
    assert min(both) > 7e4


def destroyed(station: Station6221) -> None:
    """It is a short, for every later program in this lab and after all instruments were switched off and on."""
    assert station.lab.damage() == 1.0
    assert station.lab.sample.broken is not None
    assert 5.0 < station.resistance() < 2000.0
    for device in station.lab.devices.values():
        device.power_cycle()
    station.wait(60.0)
    assert 5.0 < Station6221("fimtj2026", lab=station.lab).resistance() < 2000.0
    assert station.lab.damage() == 1.0


def test_a_whole_junction_reads_as_one() -> None:
    whole(Station6221("fimtj2026"))


def test_100_ua_from_the_6221_are_refused_and_destroy_it_otherwise() -> None:
    station = Station6221("fimtj2026")
    station.say(SOURCE, *TO_6221)
    assert "the current would be 100 uA" in station.refused(SOURCE, "SOUR:CURR 100e-6")
    station.wait(60.0)
    whole(station)
    station = Station6221("fimtj2026", "current=100 uA", "voltage=2 V", lab=station.lab)
    station.say(SOURCE, *TO_6221, "SOUR:CURR:COMP 2", "SOUR:CURR 100e-6")
    station.wait(60.0)
    destroyed(station)


def test_a_compliance_that_holds_saves_it_from_100_ua() -> None:
    station = Station6221("fimtj2026", "current=100 uA")
    station.say(SOURCE, *TO_6221, "SOUR:CURR 100e-6")
    station.wait(60.0)
    whole(station)


def test_a_bias_of_1_v_from_the_2400_is_refused_and_destroys_it_otherwise() -> None:
    station = Station6221("fimtj2026")
    station.say(SMU, *TO_2400)
    assert "the voltage of the source would be 1 V" in station.refused(SMU, "SOUR:VOLT 1")
    station.wait(60.0)
    whole(station)
    station = Station6221("fimtj2026", "current=1 mA", "voltage=2 V", "bias=1 V", lab=station.lab)
    station.say(SMU, *TO_2400, "SENS:CURR:PROT 1e-3", "SOUR:VOLT 1")
    station.wait(60.0)
    destroyed(station)


def test_10_v_of_compliance_are_refused_and_destroy_it_by_a_lead_that_bounces() -> None:
    gentle = Station6221("fimtj2026", contacts=(BOUNCING,))
    gentle.say(SOURCE, *TO_6221, "SOUR:CURR 1e-6")
    assert "the compliance would be 10 V" in gentle.refused(SOURCE, "SOUR:CURR:COMP 10")
    gentle.wait(60.0)  # at half its breakdown voltage, thousands of bounces do nothing
    assert gentle.lab.damage() < 0.01
    rough = Station6221("fimtj2026", "voltage=10 V", contacts=(BOUNCING,))
    rough.say(SOURCE, *TO_6221, "SOUR:CURR:COMP 10", "SOUR:CURR 1e-6")
    rough.wait(60.0)
    assert rough.lab.damage() == 1.0
    sound = Station6221("fimtj2026", "voltage=10 V")
    sound.say(SOURCE, *TO_6221, "SOUR:CURR:COMP 10", "SOUR:CURR 1e-6")
    sound.wait(60.0)
    whole(sound)


def test_a_hall_bar_opens_under_what_the_guard_refuses() -> None:
    station = Station6221("cotb2025")
    to_6221 = ("*RST", "SOUR:CURR:RANG 0.1", "SOUR:CURR 0", "SOUR:CURR:COMP 15", "OUTP ON")
    station.say(SOURCE, *to_6221)
    assert "the current would be 30 mA" in station.refused(SOURCE, "SOUR:CURR 30e-3")
    station = Station6221("cotb2025", "current=30 mA", "power=1 W", "slew=1 A/s", lab=station.lab)
    station.say(SOURCE, *to_6221, "SOUR:CURR 30e-3")
    station.wait(30.0)
    assert station.lab.damage() == 1.0
    assert int(station.ask(SOURCE, "STAT:MEAS:COND?")) & 8  # in compliance
    station.lab.devices["source"].power_cycle()
    station.wait(10.0)
    again = Station6221("cotb2025", lab=station.lab)
    again.say(SOURCE, "*RST", "SOUR:CURR:RANG 100e-6", "SOUR:CURR 1e-4", "SOUR:CURR:COMP 5", "OUTP ON")
    again.wait(1.0)
    assert int(again.ask(SOURCE, "STAT:MEAS:COND?")) & 8


def test_the_seed_of_a_sample_draws_another_device() -> None:
    strengths: set[float] = set()
    for device in range(20):
        lab = build_lab(load_station("ppms"), load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=device)
        lab.wiring.source.drive(20e-3, 15.0)
        lab.clock.sleep(1.0)
        lab.wiring.source.release()
        strengths.add(lab.damage())
    assert len(strengths) == 20
    assert 0.0 < min(strengths) < 0.03 < max(strengths) < 0.5
