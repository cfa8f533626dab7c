"""Cables between instruments: what they carry, how fast, and what happens without them."""

from collections.abc import Callable

import pytest

from instruments.clock import VirtualClock
from simulators.links import SerialCable, SerialPort, TriggerCable
from simulators.timeline import Timeline


class End:
    """A port that keeps what comes, and when."""

    def __init__(self, timeline, baud=19200):
        self.timeline = timeline
        self.baud = baud
        self.heard = []
        self.noise = []
        self.port = SerialPort(timeline, lambda: self.baud, self.receive, self.disturb)

    def receive(self, data):
        self.heard.append((self.timeline.now, data))

    def disturb(self):
        self.noise.append(self.timeline.now)


class Box:
    """Something with a Trigger Link connector."""

    def __init__(self):
        self.trigger_out: Callable[[int], None] | None = None
        self.lines: list[int] = []

    def pulse(self, line):
        assert self.trigger_out is not None
        self.trigger_out(line)

    def trigger_in(self, line):
        self.lines.append(line)


@pytest.fixture
def ends():
    timeline = Timeline(VirtualClock())
    return End(timeline), End(timeline)


def pass_time(ends, seconds):
    ends[0].timeline.clock.sleep(seconds)
    ends[0].timeline.catch_up()


@pytest.mark.parametrize("baud", [300, 9600, 19200])
def test_a_byte_takes_ten_bits(ends, baud):
    one, other = ends
    one.baud = other.baud = baud
    SerialCable(one.port, other.port)
    assert one.port.send(b"*IDN?\n") == pytest.approx(60 / baud)
    pass_time(ends, 59.9 / baud)
    assert other.heard == []
    pass_time(ends, 0.2 / baud)
    assert other.heard == [(pytest.approx(60 / baud), b"*IDN?\n")]
    assert one.heard == []


def test_bytes_wait_for_those_before_them_and_both_ways_are_free(ends):
    one, other = ends
    SerialCable(one.port, other.port)
    one.port.send(b"a" * 96)
    one.port.send(b"b" * 96)
    other.port.send(b"c" * 96)
    pass_time(ends, 1.0)
    assert other.heard == [(pytest.approx(0.05), b"a" * 96), (pytest.approx(0.1), b"b" * 96)]
    assert one.heard == [(pytest.approx(0.05), b"c" * 96)]


def test_another_speed_is_noise(ends):
    one, other = ends
    SerialCable(one.port, other.port)
    one.baud = 9600
    one.port.send(b"x")
    pass_time(ends, 1.0)
    assert other.heard == []
    assert other.noise == [pytest.approx(10 / 9600)]


def test_without_a_cable_nothing_arrives(ends):
    one, other = ends
    one.port.send(b"x")
    cable = SerialCable(one.port, other.port)
    one.port.send(b"y")
    cable.unplug()
    pass_time(ends, 1.0)
    assert (other.heard, other.noise) == ([], [])
    SerialCable(other.port, one.port)
    one.port.send(b"z")
    pass_time(ends, 1.0)
    assert [data for _, data in other.heard] == [b"z"]


def test_a_port_takes_one_cable(ends):
    SerialCable(ends[0].port, ends[1].port)
    with pytest.raises(ValueError, match="unplug it first"):
        SerialCable(ends[0].port, End(ends[0].timeline).port)


def test_trigger_lines_go_straight_through():
    one, other = Box(), Box()
    cable = TriggerCable(one, other)
    one.pulse(2)
    other.pulse(1)
    assert (one.lines, other.lines) == ([1], [2])
    with pytest.raises(ValueError, match="unplug it first"):
        TriggerCable(one, Box())
    cable.unplug()
    assert one.trigger_out is None
    assert other.trigger_out is None
    TriggerCable(other, one)
    one.pulse(5)
    assert other.lines == [2, 5]
