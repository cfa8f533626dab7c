"""The Model 6000's bridges, drivers, outputs and lines, over its own dialect."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulators.controller_leads import Connections, OpenConnectors, ResistorBridges
from simulators.devices.controller_outputs import Bridge
from tests.simulators.devices.test_model6000 import Dialogue


class Connectors:
    """Auxiliary connectors with a heater, two voltages and lines in them."""

    def __init__(self) -> None:
        self.driven: dict[int, float] = {}
        self.inputs = {1: 1.25, 2: -3.0}
        self.pulled = 0
        self.lines: list[tuple[int, int]] = []

    def load(self, driver: int) -> float:
        return {1: 25.0}.get(driver, math.inf)

    def drive(self, driver: int, current: float) -> None:
        self.driven[driver] = current

    def signal(self, number: int) -> float:
        return self.inputs[number]

    def sense(self) -> int:
        return self.pulled

    def set_lines(self, drive: int, select: int) -> None:
        self.lines.append((drive, select))


def build(
    connectors: Connectors | None = None, offset: float = 0.0, noise: np.random.Generator | None = None
) -> Dialogue:
    bridges = ResistorBridges({1: 1000.0, 2: 0.5}, offset)
    return Dialogue(connections=Connections(bridges, connectors or OpenConnectors(), noise=noise))


def items(dialogue: Dialogue, mask: int) -> list[str]:
    """Mask and values of a GETDAT?."""
    mask_text, _, *values = dialogue.ask(f"GETDAT? {mask}").rstrip(";").split(",")
    return [mask_text, *values]


R1, I1, R2, I2, R3, I3 = (1 << bit for bit in range(4, 10))


def test_a_bridge_reads_its_resistor_and_what_flows() -> None:
    dialogue = build()
    dialogue.send("BRIDGE 1,100,1000,0,0,95")
    assert items(dialogue, R1 | I1) == ["0"]  # no reading is complete yet
    dialogue.clock.sleep(Bridge.APERTURES[0])
    assert items(dialogue, R1 | I1) == [str(R1 | I1), "1000", "95"]  # 95 mV across 1000 ohm


@pytest.mark.parametrize(
    ("settings", "current"),
    [("100 1000 0 0 100", 100.0), ("500 10 0 0 100", 100.0), ("500 1000 0 0 20", 20.0), ("50 1000 0 0 0", 50.0),
     ("5000 0 0 0 0", 100.0), ("0.01 0.001 0 0 0.1", 0.01)],
)  # fmt: skip
def test_power_and_voltage_limits_hold(settings: str, current: float) -> None:
    dialogue = build()
    dialogue.send(f"BRIDGE 1 {settings}")
    dialogue.clock.sleep(1.0)
    mask, resistance, flows = items(dialogue, R1 | I1)
    assert (int(mask), float(resistance)) == (R1 | I1, 1000.0)
    assert float(flows) == pytest.approx(current)


def test_an_open_bridge_and_one_that_is_off_are_not_available() -> None:
    dialogue = build()
    dialogue.send("BRIDGE 3 100 10 0 0 10")
    dialogue.send("BRIDGE 2 100 10 0 0 10")
    dialogue.clock.sleep(1.0)
    assert items(dialogue, 0xFF0) == [str(R2 | I2), "0.5", "100"]
    dialogue.send("BRIDGE 2 0")
    assert items(dialogue, 0xFF0) == ["0"]
    assert dialogue.ask("BRIDGE? 2") == "2,0,10,0,0,10;"


def test_direct_current_takes_a_steady_voltage_for_resistance() -> None:
    readings: list[float] = []
    for direct in (0, 1):
        dialogue = build(offset=1e-5)
        dialogue.send(f"BRIDGE 1 100 1000 {direct} 0 100")
        dialogue.clock.sleep(1.0)
        readings.append(float(items(dialogue, R1)[1]))
    assert readings == pytest.approx([1000.0, 1000.1])


@pytest.mark.parametrize(("mode", "aperture"), list(enumerate(Bridge.APERTURES)))
def test_modes_differ_in_time_and_noise(mode: int, aperture: float) -> None:
    dialogue = build(noise=np.random.default_rng(5))
    dialogue.send(f"BRIDGE 2 1000 1000 0 {mode} 100")
    readings: list[float] = []
    for _ in range(400):
        dialogue.clock.sleep(aperture)
        first, again = items(dialogue, R2)[1], items(dialogue, R2)[1]
        assert abs(float(first) - float(again)) < 1e-3
        readings.append(float(first))
    assert np.mean(readings) == pytest.approx(0.5, abs=1e-5)
    assert np.std(readings) == pytest.approx(Bridge.NOISE / 1e-3 / aperture**0.5, rel=0.15)


def test_within_an_aperture_there_is_one_reading() -> None:
    dialogue = build(noise=np.random.default_rng(5))
    dialogue.send("BRIDGE 1 10 1000 0 2 100")
    dialogue.clock.sleep(2.1)
    assert len({items(dialogue, R1)[1] for _ in range(50)}) == 1
    dialogue.clock.sleep(2.0)
    assert len({items(dialogue, R1)[1] for _ in range(2)}) == 1


def test_a_driver_gives_what_its_load_and_its_power_limit_allow() -> None:
    connectors = Connectors()
    dialogue = build(connectors)
    dialogue.send("DRVOUT 1 400 20")
    dialogue.send("DRVOUT 2 400 20")  # nothing connected
    assert items(dialogue, 0x78000) == [str(0x78000), "400", "4", "0", "0"]
    assert connectors.driven == {1: 0.4, 2: 0.0}
    dialogue.send("DRVOUT 1 400 1")
    assert items(dialogue, 0x18000)[1:] == ["200", "1"]
    assert connectors.driven[1] == pytest.approx(0.2)
    dialogue.send("DRVOUT 1 0")
    assert items(dialogue, 0x18000)[1:] == ["0", "0"]


def test_signals_in_and_out() -> None:
    dialogue = build(Connectors())
    assert items(dialogue, 3 << 12)[1:] == ["1.25", "-3"]
    dialogue.send("SIGOUT 3 -7.5")
    assert dialogue.device.outputs.signal_out(3) == -7.5
    assert dialogue.device.outputs.signal_out(1) == 0.0


def test_a_link_follows_its_item_within_ten_volts() -> None:
    dialogue = build(Connectors())
    output = dialogue.device.outputs.signal_out
    dialogue.send("LINK 1 2 90000 0")
    dialogue.send("LINK 2 12 2.5 0")
    dialogue.send("LINK 3 4 2000 1000")
    dialogue.send("LINK 4 2 500 0")
    dialogue.send("FIELD 9000 100 0 1")
    assert output(3) == 0.0  # the bridge is off
    dialogue.send("BRIDGE 1 10 1000 0 0 100")
    dialogue.clock.sleep(50.7)
    assert output(1) == pytest.approx(10 * 5000 / 90000, abs=1e-3)
    assert output(2) == pytest.approx(5.0)
    assert output(3) == 0.0  # the middle of its span
    assert output(4) == 10.0
    dialogue.clock.sleep(100.0)
    assert output(1) == pytest.approx(1.0, abs=1e-3)
    dialogue.send("LINK 1 0")
    assert output(1) == 0.0
    dialogue.send("LINK 2 2 1 1")
    assert output(2) == 0.0


def test_an_end_of_a_link_leaves_the_voltage_that_was_set() -> None:
    dialogue = build()
    dialogue.send("SIGOUT 1 3")
    dialogue.send("LINK 1 1 400 0")
    assert dialogue.device.outputs.signal_out(1) == pytest.approx(7.5, abs=0.01)
    dialogue.send("SIGOUT 1 4")
    assert dialogue.device.outputs.signal_out(1) == 4.0


def test_lines_go_out_and_come_in() -> None:
    connectors = Connectors()
    dialogue = build(connectors)
    dialogue.send("DIGSET 9")
    dialogue.send("EXTSET 5")
    dialogue.send("DIGSET 6 9")
    assert connectors.lines == [(9, 0), (9, 5), (15, 5)]
    connectors.pulled = 0b1001
    assert dialogue.ask("DIGIN?") == "36;"
    assert items(dialogue, 1 << 14)[1] == "36"
    dialogue.send("MOVE 0 1 0")
    dialogue.clock.sleep(5.0)
    assert dialogue.ask("DIGIN?") == "37;"


def test_power_off_is_everything_off() -> None:
    connectors = Connectors()
    dialogue = build(connectors)
    for message in ("BRIDGE 1 100 1000 0 0 100", "DRVOUT 1 100 1", "SIGOUT 1 5", "DIGSET 3", "LINK 2 1 400 0"):
        dialogue.send(message)
    dialogue.clock.sleep(1.0)
    dialogue.device.power_cycle()
    dialogue.clock.sleep(1.0)
    assert items(dialogue, R1) == ["0"]
    assert connectors.driven[1] == 0.0
    assert connectors.lines[-1] == (0, 0)
    assert [dialogue.device.outputs.signal_out(channel) for channel in (1, 2)] == [0.0, 0.0]
    assert items(dialogue, 0x18000)[1:] == ["0", "0"]
