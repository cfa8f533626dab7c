"""What a driver notices of an instrument that is switched off and on while it is in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from instruments.clock import Clock
from instruments.errors import InstrumentError, InstrumentFault, NoReply, Restarted
from instruments.keithley6221 import Keithley6221
from instruments.scpi_driver import NOTHING_NEW
from simulators.device import Device
from tests.instruments.dialogues import DONE, NO_ERROR, dialogue
from tests.instruments.faulty import SETUPS, Setup

POWERED = {"Keithley6221": "change_current", "Keithley2182A": "reading", "Keithley2400": "measure"}


@dataclass
class Bench:
    """A driver in use, and the instrument's mains switch."""

    driver: Any
    clock: Clock
    device: Device
    setup: Setup

    @classmethod
    def of(cls, name: str) -> Bench:
        setup = SETUPS[name]()
        return cls(setup.driver, setup.clock, setup.wire.device, setup)

    def ask(self, question: bytes) -> bytes:
        self.device.timeline.catch_up()
        self.device.write(question + b"\n")
        return self.device.read()


USES: dict[str, list[Callable[[Any], object]]] = {
    "Keithley6221": [
        lambda source: source.change_current(2e-5),
        lambda source: setattr(source, "source_current", 2e-5),
        lambda source: setattr(source, "source_enabled", True),
        lambda source: source.ramp_current(2e-5, 1.0),
        lambda source: source.clear(),
        lambda source: source.shutdown(),
    ],
    "Keithley2182A": [
        lambda meter: meter.reading(),
        lambda meter: meter.voltage,
        lambda meter: setattr(meter, "voltage_nplc", 1),
        lambda meter: setattr(meter.ch_1, "voltage_range", 0.1),
        lambda meter: meter.configure_one_shot(),
        lambda meter: meter.clear(),
        lambda meter: meter.shutdown(),
    ],
    "Keithley2400": [
        lambda smu: smu.measure(),
        lambda smu: setattr(smu, "source_current", 2e-5),
        lambda smu: setattr(smu, "source_enabled", True),
        lambda smu: smu.sweep(0.0, 1e-5, 3),
        lambda smu: smu.ramp(0.1, 1.0),
        lambda smu: smu.shutdown(),
    ],
}
EVERY = [pytest.param(name, use, id=f"{name}-{number}") for name in USES for number, use in enumerate(USES[name])]


@pytest.mark.parametrize(("name", "use"), EVERY)
def test_a_power_cycle_is_noticed_with_the_next_use(name: str, use: Callable[[Any], object]):
    bench = Bench.of(name)
    bench.clock.sleep(1.0)
    if name == "Keithley2400":
        bench.driver.measure()  # the output is on, as it was seen
    last = bench.clock.now()
    bench.clock.sleep(5.0)
    bench.device.power_cycle()
    bench.clock.sleep(5.0)
    with pytest.raises(Restarted) as caught:
        use(bench.driver)
    said = str(caught.value)
    assert said.startswith(bench.driver.line.name)
    assert "switched off and on" in said
    assert "set it up again" in said
    assert "\n" not in said
    before, after = (float(part.split(" s")[0]) for part in said.split("between ")[1].split(" and "[:5])[:2])
    assert before <= last + 1e-3
    assert after >= last + 10.0 - 1e-3
    assert bench.setup.is_safe()
    if name != "Keithley2182A":
        assert bench.ask(b"OUTP?") == b"0\n"


@pytest.mark.parametrize("name", USES)
def test_it_is_said_once_and_then_the_instrument_can_be_set_up_again(name: str):
    bench = Bench.of(name)
    bench.device.power_cycle()
    with pytest.raises(Restarted):
        bench.driver.command("*SRE 0")
    bench.driver.command("*SRE 0")
    bench.driver.reset()
    bench.device.power_cycle()
    bench.driver.reset()  # asks for what a power cycle brings anyway
    bench.driver.command("*SRE 0")


@pytest.mark.parametrize("name", USES)
def test_that_it_was_switched_on_before_the_driver_came_is_nothing_new(name: str):
    bench = Bench.of(name)
    bench.device.power_cycle()
    other = type(bench.driver)(bench.driver.line.address, clock=bench.clock, visa_library=_library(bench))
    other.command("*SRE 0")
    other.command("*SRE 0")
    bench.device.power_cycle()
    with pytest.raises(Restarted):
        other.command("*SRE 0")


def _library(bench: Bench) -> Any:
    return bench.driver.adapter.connection.visalib


def test_a_source_that_lost_its_power_is_brought_to_known_settings():
    """Those of power-on may come from a memory, with a level and a compliance that nobody meant."""
    bench = Bench.of("Keithley6221")
    bench.ask(b"*SAV 1;:SYST:POS SAV1;*OPC?")
    bench.driver.source_compliance = 20.0
    bench.device.power_cycle()
    assert float(bench.ask(b"SOUR:CURR?")) == 1e-5
    with pytest.raises(Restarted):
        bench.driver.source_enabled = True
    assert float(bench.ask(b"SOUR:CURR?")) == 0.0
    assert float(bench.ask(b"SOUR:CURR:COMP?")) == 10.0


def test_a_meter_that_lost_its_power_is_asked_for_its_timing_again():
    bench = Bench.of("Keithley2182A")
    bench.driver.voltage_nplc = 0.1
    _ = bench.driver.reading()
    bench.device.power_cycle()
    with pytest.raises(Restarted):
        bench.driver.reading()
    later = bench.driver.reading()
    assert later.end - later.start == pytest.approx(0.1)  # 5 PLC at 50 Hz


def test_a_reading_without_a_power_cycle_costs_no_more_messages():
    bench = Bench.of("Keithley2182A")
    _ = bench.driver.reading()
    before = bench.setup.said
    _ = bench.driver.reading()
    assert bench.setup.said == before + 1


@pytest.mark.parametrize("events", [0, 1, 64, 127])
def test_other_events_are_no_power_cycle(events: int):
    pairs = [(":SOUR:CLE;*ESR?;:SYST:ERR?", f"{events};{NO_ERROR}")] * 2
    with dialogue(Keithley6221, *pairs) as source:
        source.clear_source()
        source.clear_source()


def test_a_power_cycle_counts_more_than_the_errors_that_follow_from_it():
    pairs = [
        (":SOUR:CLE;*ESR?;:SYST:ERR?", DONE), (":SOUR:CLE;*ESR?;:SYST:ERR?", '144;-221,"Settings conflict"'),
        (":SYST:ERR?", NO_ERROR), ("*RST", None), (":STAT:PRES;*CLS;*ESR?;:SYST:ERR?", DONE),
    ]  # fmt: skip
    with dialogue(Keithley6221, *pairs) as source:
        source.clear_source()
        with pytest.raises(Restarted):
            source.clear_source()


def test_silence_is_not_a_power_cycle():
    with dialogue(Keithley6221, (":SOUR:CLE;*ESR?;:SYST:ERR?", DONE)) as source:
        source.clear_source()
    assert issubclass(Restarted, InstrumentFault)
    assert not issubclass(Restarted, NoReply | InstrumentError)
    assert NOTHING_NEW == DONE


def test_shutdown_goes_to_its_end_before_it_says_so():
    bench = Bench.of("Keithley6221")
    bench.device.power_cycle()
    with pytest.raises(Restarted):
        bench.driver.shutdown()
    assert bench.driver.isShutdown
    assert bench.ask(b"OUTP?") == b"0\n"
