"""Numbers, durations and moments as they are written in the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.gui import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (400, "6 min 40 s"), (3600, "1 h"), (11_400, "3 h 10 min"),
     (187_200, "2 d 4 h"), (-30, "-30 s"), (None, "–"), (float("nan"), "–")],
)  # fmt: skip
def test_durations(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "speed", "text"),
    [(6000, 1.0, "1 h 40 min"), (6000, 50.0, "2 min (lab 1 h 40 min)"), (6000, None, "lab 1 h 40 min"),
     (None, 50.0, "–"), (float("nan"), 50.0, "–")],
)  # fmt: skip
def test_a_wait_is_that_of_a_person(seconds: float | None, speed: float | None, text: str) -> None:
    assert words.waiting(seconds, speed) == text


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("6221 at TCPIP0::127.0.0.1::50231::SOCKET: asked ':SOUR:CURR?', no reply came in 2 s",
         "6221: asked ':SOUR:CURR?', no reply came in 2 s (TCPIP0::127.0.0.1::50231::SOCKET)"),
        ("cannot open source at GPIB0::12::INSTR, nor 2182A at GPIB0::7::INSTR",
         "cannot open source, nor 2182A (GPIB0::12::INSTR, GPIB0::7::INSTR)"),
        ("2400 at ASRL/dev/ttyUSB0::INSTR: it is lost", "2400: it is lost (ASRL/dev/ttyUSB0::INSTR)"),
        ("the field is held at 2 T", "the field is held at 2 T"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_read_before_where_the_instrument_is(sentence: str, said: str) -> None:
    assert words.address_last(sentence) == said
    assert words.address_last(said) == said


@given(st.floats(min_value=0, max_value=1e7))
def test_a_duration_is_never_off_by_more_than_its_second_unit(seconds: float) -> None:
    sizes = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
    parts = words.duration(seconds).split()
    said = sum(int(number) * sizes[unit] for number, unit in zip(parts[::2], parts[1::2], strict=True))
    assert -0.5 <= seconds - said <= sizes[parts[-1]] * 60


def test_a_moment_of_another_day_says_so() -> None:
    now = datetime(2026, 11, 23, 22, 0, tzinfo=timezone(timedelta(hours=1)))
    assert words.clock_time(now + timedelta(minutes=30), now) == "22:30"
    assert words.clock_time(now + timedelta(hours=4), now) == "Tue 02:00"
    assert words.clock_time(now + timedelta(days=9), now) == "2026-12-02 22:00"
    assert words.clock_time(datetime(2026, 11, 23, 21, 30, tzinfo=UTC), now) == "22:30"


def test_the_end_of_a_run_follows_the_speed_of_its_lab() -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert words.in_a_while(3600, now) == "13:00"
    assert words.in_a_while(3600, now, 10.0) == "12:06"
    assert words.in_a_while(None, now) == "–"


@pytest.mark.parametrize(
    ("said", "text"),
    [(words.temperature(300.018), "300.02 K"), (words.temperature(4.2154), "4.215 K"), (words.temperature(None), "–"),
     (words.field(-0.12042), "-120.42 mT"), (words.field(1.5), "1.5000 T"), (words.field(-0.0), "0.00 mT"),
     (words.field(-3e-6), "0.00 mT"), (words.angle(-0.001), "0.00°"),
     (words.angle(89.996), "90.00°"), (words.percent(0.00123), "+0.12 %"), (words.quantity(1e-4, "A"), "100 µA"),
     (words.quantity(2500.0, "ohm"), "2.5 kΩ"), (words.ago(0.3), "now"), (words.ago(90), "1 min 30 s ago"),
     (words.ago(None), "never")],
)  # fmt: skip
def test_quantities(said: str, text: str) -> None:
    assert said == text
