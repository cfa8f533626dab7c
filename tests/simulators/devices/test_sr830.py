"""The simulated SR830: its dialogue, what it shows of a known wave, and its overloads."""

from __future__ import annotations

import cmath
import math
import random

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.tables.sr830 import TABLE
from simulators.devices.lockin_demodulator import INPUT_NOISE
from simulators.devices.sr830 import Sr830
from simulators.timeline import Timeline
from tests.simulators.devices.lockin_bench import Wave

SET_UP = "FMOD 0;RSLP 2;ISRC 1;SENS 17;OFLT 9;OFSL 3"  # external at the falling edge, A-B, 1 mV, 300 ms, 24 dB


class Bench:
    """A lock-in at a wave."""

    def __init__(self, harmonics: dict[int, complex], seed: int | None = None, marked: float | None = 0.0) -> None:
        self.timeline = Timeline(VirtualClock())
        self.wave = Wave(self.timeline, 133.7, harmonics, marked)
        noise = None if seed is None else np.random.default_rng(seed)
        self.device = Sr830(self.timeline, self.wave, noise)

    def ask(self, message: str) -> list[str]:
        self.timeline.catch_up()
        self.device.write(message.encode() + b"\n")
        replies: list[str] = []
        while (ready := self.device.ready_at()) is not None:
            self.timeline.clock.sleep_until(ready)
            replies.append(self.device.read().decode().removesuffix("\n"))
        return replies

    def sleep(self, seconds: float) -> None:
        self.timeline.clock.sleep(seconds)
        self.timeline.catch_up()

    def shown(self) -> complex:
        x, y = map(float, self.ask("SNAP?1,2")[0].split(","))
        return complex(x, y)


# ---- dialogue


@pytest.mark.parametrize(
    ("message", "replies"),
    [
        ("*IDN?", ["Stanford_Research_Systems,SR830,s/n48213,ver1.07"]),
        ("SENS17;SENS?", ["17"]),
        ("sens 17 ; sens?", ["17"]),
        ("PHAS 541.234;PHAS?", ["-178.77"]),
        ("PHAS-180;PHAS?", ["-180.00"]),
        ("OEXP 1,12.5,2;OEXP? 1;OEXP?2", ["12.50,2", "0.00,0"]),
        ("FREQ 12345.678;FREQ?", ["12346"]),
        ("FREQ 50E3;HARM 3;HARM?", ["2"]),
        ("SLVL 0.0351;SLVL?", ["0.036"]),
        ("SENS?;OFLT?;OFSL?;RMOD?;FMOD?;ISRC?", ["26", "8", "1", "2", "1", "0"]),
        ("*ESR?;*ESR?", ["128", "0"]),
        ("*ESR?7;*ESR?", ["1", "0"]),
        ("SENS 27;SENS?;*ESR?4", ["26", "1"]),
        ("SENS 1.5;*ESR?4", ["1"]),
        ("SENS;*ESR?5", ["1"]),
        ("NONS 1;*ESR?5", ["1"]),
        ("OUTP?;*ESR?5", ["1"]),
        ("SNAP? 1;*ESR?5", ["1"]),
        ("OUTP 1;*ESR?5", ["1"]),
        ("FMOD 0;FREQ 100;*ESR?4", ["1"]),
        ("SSET 3;SENS 4;RSET 3;SENS?", ["26"]),
        ("RSET 4;*ESR?4", ["1"]),
        ("SENS 4;*RST;SENS?", ["26"]),
        ("*ESE 32;NONS;*STB?5;*CLS;*STB?5;*ESE?", ["1", "0", "32"]),
        ("OUTP?1;OUTP?2;OUTR?1", ["0", "0", "0"]),
    ],
)
def test_its_dialogue(message: str, replies: list[str]) -> None:
    assert Bench({}).ask(message) == replies


def test_a_message_that_is_too_long_is_lost_and_said_to_be() -> None:
    bench = Bench({})
    assert bench.ask("SENS 5;" * 60 + "SENS?") == []
    assert bench.ask("*ESR?0;SENS?") == ["1", "26"]


def test_pieces_of_a_message_are_put_together() -> None:
    bench = Bench({})
    bench.device.write(b"SEN")
    assert bench.ask("S 3;SENS?") == ["3"]
    bench.device.write(b"SENS 4")
    bench.device.clear()
    assert bench.ask("SENS?") == ["3"]


def test_a_serial_poll_takes_the_request_for_service_back() -> None:
    bench = Bench({})
    bench.ask("*CLS;*ESE 32;*SRE 32;NONS")
    assert bench.device.service_requested()
    assert bench.device.status_byte() & 0x60 == 0x60
    assert not bench.device.service_requested()
    assert bench.device.status_byte() & 0x60 == 0x20


# ---- what it shows


@pytest.mark.parametrize("marked", [0.0, 90.0, 217.0])
@pytest.mark.parametrize(("harmonic", "value"), [(1, 5e-4 + 1e-4j), (2, -2e-5j), (3, 4e-6 + 0j)])
def test_it_shows_effective_values_against_the_marker(harmonic: int, value: complex, marked: float) -> None:
    bench = Bench({1: 5e-4 + 1e-4j, 2: -2e-5j, 3: 4e-6 + 0j}, marked=marked)
    bench.ask(f"{SET_UP};HARM {harmonic};PHAS 30")
    bench.sleep(20.0)
    turned = cmath.exp(1j * math.radians(harmonic * marked - 30.0))
    assert bench.shown() == pytest.approx(value * turned / math.sqrt(2.0), rel=2e-5, abs=1e-11)
    assert bench.ask("FREQ?") == ["133.7"]


@pytest.mark.parametrize("poles", [1, 2, 3, 4])
def test_it_answers_a_step_as_its_poles_do_whoever_looks(poles: int) -> None:
    seldom, often = Bench({1: 1e-3 + 0j}), Bench({1: 1e-3 + 0j})
    for bench in (seldom, often):
        bench.ask(f"{SET_UP};OFSL {poles - 1};OFLT 10")
        bench.sleep(30.0)
        bench.wave.scale(0.5)
    for _ in range(20):
        often.sleep(0.0731)
        often.shown()
    seldom.sleep(often.timeline.now - seldom.timeline.now)
    turns = seldom.timeline.now - 30.0
    left = math.exp(-turns) * sum(turns**order / math.factorial(order) for order in range(poles))
    seen = seldom.shown()
    assert seen.real == pytest.approx(5e-4 / math.sqrt(2.0) * (1.0 + left), rel=2e-3 if poles == 1 else 1e-4)
    assert often.shown() == seen


def test_the_phase_can_be_found() -> None:
    bench = Bench({1: 3e-4 * cmath.exp(0.4j)})
    bench.ask(SET_UP)
    bench.sleep(10.0)
    assert bench.ask("APHS;PHAS?") == [f"{math.degrees(0.4):.2f}"]
    before = bench.shown()
    assert abs(before.imag) > 0.1 * before.real, "the filter takes its time"
    bench.sleep(10.0)
    assert abs(bench.shown().imag) < 1e-3 * bench.shown().real


def test_an_own_reference_of_another_frequency_sees_nothing_and_beats() -> None:
    bench = Bench({1: 1e-3 + 0j})
    bench.ask(f"{SET_UP};FMOD 1;FREQ 133.6;OFSL 0;OFLT 8")
    bench.sleep(20.0)
    seen = [abs(bench.shown())]
    bench.ask("OFLT 10")
    bench.sleep(20.0)
    seen.append(abs(bench.shown()))
    full = 1e-3 / math.sqrt(2.0)
    for tau, magnitude in zip((0.1, 1.0), seen, strict=True):
        assert magnitude == pytest.approx(full / math.hypot(1.0, 2.0 * math.pi * 0.1 * tau), rel=0.02)


def test_the_synchronous_filter_takes_the_ripple_away() -> None:
    rough, smooth = Bench({1: 1e-3 + 0j}), Bench({1: 1e-3 + 0j})
    for bench, on in ((rough, 0), (smooth, 1)):
        bench.ask(f"{SET_UP};OFLT 5;OFSL 0;SYNC {on}")
        bench.sleep(1.0)
    spread = {}
    for bench in (rough, smooth):
        seen = []
        for _ in range(20):
            bench.sleep(0.00137)
            seen.append(bench.shown().real)
        spread[bench] = np.ptp(seen)
    assert spread[smooth] < 1e-9
    assert spread[rough] > 1e-4


def test_a_held_offset_and_an_automatic_one() -> None:
    bench = Bench({1: 5e-4 + 0j})
    bench.ask(SET_UP)
    bench.sleep(10.0)
    x = float(bench.ask("OUTP?1")[0])
    bench.ask("OEXP 1,10,0")
    assert float(bench.ask("OUTP?1")[0]) == pytest.approx(x - 1e-4, rel=1e-5)
    bench.ask("AOFF 1")
    assert abs(float(bench.ask("OUTP?1")[0])) < 1e-7
    assert float(bench.ask("OUTP?3")[0]) == pytest.approx(x, rel=1e-4)


# ---- reference and overloads


def test_without_pulses_it_is_not_locked_and_detects_nothing() -> None:
    bench = Bench({1: 1e-3 + 0j}, marked=None)
    bench.ask(SET_UP)
    bench.sleep(5.0)
    assert int(bench.ask("LIAS?")[0]) & 8
    assert int(bench.ask("LIAS?")[0]) & 8, "it still is not"
    assert bench.shown() == 0.0


def test_it_locks_in_its_time_and_forgets_that_it_was_not() -> None:
    bench = Bench({1: 1e-3 + 0j})
    bench.ask(SET_UP)
    bench.sleep(0.02)
    assert bench.ask("LIAS?3") == ["1"]
    bench.sleep(0.1)
    assert bench.ask("LIAS?3;LIAS?3") == ["1", "0"]
    bench.wave.change(133.7, {}, on=False)
    bench.sleep(0.01)
    assert bench.ask("LIAS?3") == ["1"]


def test_a_sine_input_does_not_lock_to_pulses() -> None:
    bench = Bench({1: 1e-3 + 0j})
    bench.ask(f"{SET_UP};RSLP 0")
    bench.sleep(2.0)
    assert bench.ask("LIAS?3;LIAS?3") == ["1", "1"]


@pytest.mark.parametrize(
    ("settings", "bits"),
    [
        ("SENS 17;HARM 1", 0),
        ("SENS 16;HARM 1", 0x06),  # 0.7 mV on 0.5 mV: output and filter
        ("SENS 11;RMOD 2;HARM 2", 0x00),  # 10 uV takes 50 dB
        ("SENS 19;RMOD 2;HARM 2;OFLT 2;OFSL 0", 0x00),
        ("SENS 17;OEXP 1,80,0", 0x00),
        ("SENS 17;OEXP 1,-80,0", 0x04),
    ],
)
def test_what_is_too_much_is_said_once(settings: str, bits: int) -> None:
    bench = Bench({1: 1e-3 + 0j, 2: 1e-6j})
    bench.ask(f"{SET_UP};SENS 20;{settings}")
    bench.sleep(20.0)
    bench.ask("LIAS?")
    bench.sleep(1.0)
    assert int(bench.ask("LIAS?")[0]) & 0x07 == bits
    bench.ask("SENS 20;OEXP 1,0,0")
    bench.ask("LIAS?")
    assert int(bench.ask("LIAS?")[0]) & 0x07 == 0


def test_an_input_beyond_its_reserve_overloads_and_the_reserve_can_be_chosen() -> None:
    bench = Bench({1: 0.1 + 0j, 2: 1e-5j})
    bench.ask(f"{SET_UP};HARM 2;SENS 14")  # 100 uV: 30 dB are 3.2 mV, 60 dB 0.1 V
    bench.sleep(1.0)
    assert bench.ask("LIAS?0") == ["1"]
    bench.ask("ARSV")
    assert bench.ask("RMOD?") == ["1"]
    bench.sleep(1.0)
    bench.ask("LIAS?")
    bench.sleep(1.0)
    assert bench.ask("LIAS?0") == ["0"]


def test_an_overload_between_two_looks_is_remembered() -> None:
    bench = Bench({1: 5e-4 + 0j})
    bench.ask(f"{SET_UP};OFLT 8")
    bench.sleep(5.0)
    bench.ask("LIAS?")
    bench.wave.scale(10.0)
    bench.sleep(1.0)
    bench.wave.scale(0.1)
    bench.sleep(5.0)
    assert int(bench.ask("LIAS?")[0]) & 0x04


def test_above_200_hertz_no_time_constant_is_beyond_30_seconds() -> None:
    bench = Bench({1: 1e-3 + 0j})
    bench.ask(f"{SET_UP};OFLT 15")
    assert bench.ask("OFLT?") == ["15"]
    bench.ask("LIAS?")
    assert bench.ask("HARM 2;OFLT?") == ["13"]
    assert int(bench.ask("LIAS?")[0]) & 0x30 == 0x30
    assert bench.ask("OFLT 14;OFLT?;*ESR?4") == ["13", "1"]


# ---- noise


@pytest.mark.parametrize(("slope", "bandwidth"), [(0, 1 / 4), (3, 5 / 64)])
def test_its_noise_is_that_of_the_input_in_the_bandwidth_of_the_filter(slope: int, bandwidth: float) -> None:
    bench = Bench({}, seed=5)
    bench.wave.resistance = 1000.0
    bench.ask(f"{SET_UP};OFSL {slope};OFLT 8")
    seen: list[float] = []
    for _ in range(1500):
        bench.sleep(1.0)
        value = bench.shown()
        seen += [value.real, value.imag]
    density = math.hypot(INPUT_NOISE, math.sqrt(4.0 * 1.380649e-23 * 300.0 * 1000.0))
    assert np.std(seen) == pytest.approx(density * math.sqrt(bandwidth / 0.1), rel=0.06)


def test_its_noise_does_not_depend_on_who_looks() -> None:
    seldom, often = Bench({1: 1e-6 + 0j}, seed=3), Bench({1: 1e-6 + 0j}, seed=3)
    for bench in (seldom, often):
        bench.ask(SET_UP)
    for _ in range(50):
        often.sleep(0.037)
        often.shown()
    seldom.sleep(often.timeline.now - seldom.timeline.now)
    assert seldom.shown() == often.shown()


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_it_is_sent_it_answers_afterwards(seed: int) -> None:
    dice = random.Random(seed)
    headers = [row.header for row in TABLE]
    values = ["0", "1", "2", "3", "9", "17", "-1", "1e3", "1e400", "nan", "0.5", "abc", "", "-180", "102000", "1E-9"]
    bench = Bench({1: 1e-3 + 0j, 2: 1e-5j}, seed=seed)
    for _ in range(1500):
        arguments = ",".join(dice.choice(values) for _ in range(dice.randrange(7)))
        message = f"{dice.choice(headers)}{dice.choice(['', '?', '? ', ' '])}{arguments}".encode()
        noise = bytes(dice.randrange(256) for _ in range(dice.randrange(40)))
        bench.device.write((message if dice.random() < 0.9 else noise) + dice.choice([b"\n", b";", b"\r\n"]))
        bench.device.status_byte()
        if dice.random() < 0.05:
            bench.sleep(dice.random())
            bench.wave.change(dice.choice([0.5, 133.7, 5e4]), {1: 1e-3 + 0j}, on=dice.random() < 0.8)
        if dice.random() < 0.01:
            bench.device.power_cycle()
    bench.device.write(b"\n")
    bench.device.clear()
    assert bench.ask("*IDN?") == ["Stanford_Research_Systems,SR830,s/n48213,ver1.07"]
