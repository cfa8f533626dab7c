"""How numbers, durations and moments are written in the window."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from instruments.units import format_quantity

NOTHING = "–"
_ADDRESS = re.compile(r" at ((?:GPIB|TCPIP|USB|ASRL|PXI|VXI)[^\s:,;()]*(?:::[^\s:,;()]+)+)", re.IGNORECASE)


def duration(seconds: float | None) -> str:
    """Return a duration as people say it: `40 s`, `6 min 40 s`, `3 h 10 min`, `2 d 4 h`.

    Args:
        seconds: s; a dash stands for None.
    """
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else ""
    for big, small, of, per in (("d", "h", 86_400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if whole >= of:
            rest = whole % of // per
            return f"{sign}{whole // of} {big}" + (f" {rest} {small}" if rest else "")
    return f"{sign}{whole} s"


def waiting(seconds: float | None, speed: float | None) -> str:
    """Return how long a person waits: `2 min`, and where the lab's time goes otherwise `2 min (lab 1 h 40 min)`.

    Args:
        seconds: s of lab time; a dash stands for None.
        speed: Lab seconds per real second, None where the lab's clock jumps, so that only its time is known.
    """
    lab = duration(seconds)
    if seconds is None or speed == 1.0 or lab == NOTHING:
        return lab
    return f"{duration(seconds / speed)} (lab {lab})" if speed else f"lab {lab}"


def clock_time(moment: datetime, now: datetime) -> str:
    """Return a moment as a time of day, with the weekday if it is another day, with the date if it is another week.

    Args:
        moment: Any time zone.
        now: With the time zone in which it is told.
    """
    there = moment.astimezone(now.tzinfo)
    days = abs((there.date() - now.date()).days)
    if days == 0:
        return there.strftime("%H:%M")
    return there.strftime("%a %H:%M" if days < 7 else "%Y-%m-%d %H:%M")


def in_a_while(seconds: float | None, now: datetime, speed: float = 1.0) -> str:
    """Return when something ends that takes so many s of the lab's time from now.

    Args:
        seconds: s of lab time; a dash stands for None.
        now: With a time zone.
        speed: Lab seconds per real second.
    """
    if seconds is None or not math.isfinite(seconds) or speed <= 0:
        return NOTHING
    return clock_time(now + timedelta(seconds=seconds / speed), now)


def address_last(sentence: str) -> str:
    """Return a sentence with the VISA names of instruments at its end: what went wrong is read first.

    `6221 at GPIB0::12::INSTR: no reply came` becomes `6221: no reply came (GPIB0::12::INSTR)`.
    """
    addresses = dict.fromkeys(_ADDRESS.findall(sentence))
    return f"{_ADDRESS.sub('', sentence)} ({', '.join(addresses)})" if addresses else sentence


def temperature(kelvin: float | None) -> str:
    """Return a temperature in K with as many digits as its controller means: 300.02 K, 4.215 K."""
    if kelvin is None:
        return NOTHING
    return f"{kelvin:.{2 if abs(kelvin) >= 10 else 3}f} K"


def field(tesla: float | None) -> str:
    """Return a field mu0 H: in mT below 1 T (-120.4 mT), in T above (1.2040 T)."""
    if tesla is None:
        return NOTHING
    return f"{tesla:.4f} T" if abs(tesla) >= 1.0 else f"{_plain(tesla * 1e3)} mT"


def _plain(value: float) -> str:
    """Return a number with two digits, and a zero without a sign."""
    return f"{round(value, 2) + 0.0:.2f}"


def angle(degrees: float | None) -> str:
    """Return an angle in degrees."""
    return NOTHING if degrees is None else f"{_plain(degrees)}°"


def quantity(value: float | None, unit: str) -> str:
    """Return a value in SI units with a prefix that reads well: 100 µA, 2.5 Ω."""
    if value is None:
        return NOTHING
    return format_quantity(float(value), unit).replace(" u", " µ").replace("ohm", "Ω")


def percent(part: float | None) -> str:
    """Return a part of one in per cent, with its sign: +0.12 %."""
    return NOTHING if part is None or not math.isfinite(part) else f"{part * 100:+.2f} %"


def ago(seconds: float | None) -> str:
    """Return an age: `now`, `3 s ago`, `2 min ago`."""
    if seconds is None:
        return "never"
    return "now" if seconds < 1.5 else f"{duration(seconds)} ago"
