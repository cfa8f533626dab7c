"""What the programs that drive the 2182A and the 2400 have to have done and read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest

from tests.peers.checks_source import hall_with_offset, kept
from tests.peers.served import CURRENT, Said, Truth

TWO_WIRES = 0.01
"""Relative; the 2400 may be off by 300 uV on its 200 mV range, of which the film takes 34 mV at 100 uA."""


def pymeasure_2182(said: Said, truth: Truth) -> None:
    assert "MODEL 2182A" in said["id"]
    assert said["line"] == 50
    kept(said["settings"])
    for voltage in (*said["voltages"], said["absolute"], *said["data"]):
        hall_with_offset(voltage, truth)
    # Channel 2 stands on half a square of the film more than channel 1, see the cables.
    assert 0.2 * CURRENT * truth.film < said["along"] < 0.6 * CURRENT * truth.film
    assert said["reference"] == pytest.approx(said["absolute"], abs=1e-6)
    assert abs(said["relative"]) < 0.5e-6
    mean, largest, smallest, deviation = said["statistics"]
    assert mean == pytest.approx(statistics.fmean(said["data"]), rel=1e-6)
    assert (largest, smallest) == (max(said["data"]), min(said["data"]))
    assert deviation == pytest.approx(statistics.stdev(said["data"]), rel=1e-3)
    assert 10 < said["internal"] < 40
    assert said["errors"] == []


def qcodes_2182a(said: Said, truth: Truth) -> None:
    assert said["identity"]["model"] == "2182A"
    assert said["line"] == 50
    unread = {name: answer for name, asked, answer in said["settings"] if asked != answer}
    switches = ("auto_range_enabled", "display_enabled", "analog_filter", "digital_filter", "auto_zero")
    assert unread == dict.fromkeys(switches, "KeyError")
    hall_with_offset(said["read"], truth)
    hall_with_offset(said["measured"], truth)
    assert said["fetched"] == said["read"]
    assert said["after"] == 5.0  # MEASure? takes the function's defaults
    assert said["statistics"]["count"] == 5
    for voltage in said["statistics"]["measurements"]:
        hall_with_offset(voltage, truth)
    assert said["test"] is True
    assert said["errors"] == []


def matr1x_2182a(said: Said, truth: Truth) -> None:
    for voltage in said["voltages"]:
        hall_with_offset(voltage, truth)


def camels_2182a(said: Said, truth: Truth) -> None:
    hall_with_offset(said["voltage"], truth)
    assert said["refused"].startswith("-113,")


def dcps_2182(said: Said, truth: Truth) -> None:
    assert "MODEL 2182A" in said["identity"]
    assert (said["synchronised"], said["spans"]) == (True, ["0.010000", "AUTO"])
    hall_with_offset(said["voltages"][0], truth)
    assert said["meter_error"].startswith("0,")


def vendor_2182a(said: Said, truth: Truth) -> None:
    for first, second in said["logging"]:
        hall_with_offset(first, truth)
        assert 0.2 * CURRENT * truth.film < second < 0.6 * CURRENT * truth.film
    done, latest, stored, error = said["labview"]
    assert (done, error) == ("1", '0,"No error"')
    assert latest.endswith("VDC,1INTCHAN")
    values = [float(part.removesuffix("VDC")) for part in stored.split(",")[::2]]
    assert len(values) == 5
    for value in values:
        hall_with_offset(value, truth, 1e-3)


# ---- 2400


def ohms(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, rel=TWO_WIRES)


def pymeasure_2400(said: Said, truth: Truth) -> None:
    assert "MODEL 2400" in said["id"]
    # A range comes back as its full scale, the state of the output by its name.
    kept(said["settings"], "source_current_range", "source_voltage_range", "output_off_state")
    two, four, clamped = said["two"], said["four"], said["clamped"]
    ohms(four["resistance"], truth.film)
    assert two["resistance"] - four["resistance"] == pytest.approx(truth.leads, rel=0.01)
    assert said["ramped"] == CURRENT
    assert two["voltage"] == pytest.approx(said["voltage"], rel=1e-3)
    assert two["current"] == pytest.approx(said["current"], rel=1e-3)
    assert (clamped["status"] & 1 << 3, said["trip"]) == (1 << 3, 1)
    assert clamped["voltage"] == pytest.approx(0.1, rel=0.01)
    assert (two["status"] >> 22 & 1, four["status"] >> 22 & 1) == (0, 1)
    mean, largest, smallest, deviation = said["statistics"]
    assert mean == pytest.approx(statistics.fmean(said["data"]), rel=1e-6)
    assert (largest, smallest) == (max(said["data"]), min(said["data"]))
    assert deviation == pytest.approx(statistics.stdev(said["data"]), rel=0.05)
    ohms(said["ohms"], truth.film)
    assert (said["off"], said["errors"]) == (True, [])


def qcodes_2400(said: Said, truth: Truth) -> None:
    assert said["identity"]["model"] == "2400"
    kept(said["settings"], "rangev", "rangei", "output")  # it sets the source's range and asks for the meter's
    for volts, amperes, _ in said["sweep"][1:]:
        ohms(volts / amperes, truth.film + truth.leads)
    current, voltage = said["sourced"]
    ohms(voltage / current, truth.film + truth.leads)
    assert said["core_errors"].startswith("0,")


def contributed_2401(said: Said, truth: Truth) -> None:
    assert (said["asked"], said["lean_settings"][1][2]) == (0.1, "off")
    assert said["flowing"] == pytest.approx(1.05e-4, rel=0.01)  # the limit after *RST, less than the film would take
    ohms(said["across"] / said["flowing"], truth.film + truth.leads)
    assert said["lean_errors"].startswith("+824,")


def contributed_6430(said: Said, truth: Truth) -> None:
    kept(said["femto_settings"], "trigger_count", "arm_count")
    assert said["sensed"] == ["CURR:DC", "RES", "VOLT:DC"]
    ohms(said["femto_read"][2], truth.film + truth.leads)
    assert said["tripped"] == [False, False]
    assert said["before"].startswith("0,")
    assert set(said["only_6430"].values()) == {"VisaIOError"}
    assert [error.split(",")[0] for error in said["femto_errors"]] == ["-113"] * 3


def package_2400(said: Said, truth: Truth) -> None:
    assert "MODEL 2400" in said["idn"]
    whole = truth.film + truth.leads
    ohms(said["resistance"], whole)
    for volts, amperes, spread in said["curve"]:
        ohms(volts / amperes, whole)
        assert spread < 1e-3 * amperes
    ohms(said["ramp"][0] / said["ramp"][1], whole)
    ohms(said["statistics"]["mean"], whole)
    assert said["off"] == "0"
    assert said["error"].startswith("+823,")


def labmcp_2400(said: Said, truth: Truth) -> None:
    assert (said["identity"]["model"], said["identity"]["dialect"]) == ("2400", "2400")
    assert said["before"] == ["voltage", 0.0, 2e-3, False, "front"]
    driven = [(volts, amperes) for volts, amperes, _ in said["curve"] if abs(volts) > 0.01]
    straight([volts for volts, _ in driven], [amperes for _, amperes in driven], truth.film + truth.leads)
    assert [point[2] for point in said["curve"]] == [False] * 5
    volts, amperes, limited = said["clamped"]
    assert amperes == pytest.approx(1e-4, rel=0.01)
    ohms(volts / amperes, truth.film + truth.leads)
    assert limited
    assert said["stopped"] == ["compliance reached at 0.06", 3]  # 60 mV over 390 ohm are more than 100 uA
    assert said["status"] == ["current", CURRENT, True]
    ohms(said["four"][0] / said["four"][1], truth.film)
    assert (said["after"], said["refused"], said["errors"]) == (False, "InstrumentProtocolError", [])


def matr1x_2400(said: Said, truth: Truth) -> None:
    ohms(said["sensed"] / said["sourced"], truth.film)


def camels_2400(said: Said, truth: Truth) -> None:
    assert "MODEL 2400" in said["device"]
    ohms(said["across"] / said["through"], truth.film + truth.leads)
    ohms(said["ohms"], truth.film + truth.leads)


def dcps_2400(said: Said, truth: Truth) -> None:
    assert (said["on"], said["off"], said["tripped"]) == (True, True, False)
    ohms(said["pair"][0] / said["pair"][1], truth.film + truth.leads)
    ohms(said["every"][2], truth.film + truth.leads)
    assert said["smu_error"].startswith("0,")


def vendor_2400(said: Said, truth: Truth) -> None:
    volts, amperes = said["list"]
    assert volts == pytest.approx([0.07, 0.01, 0.03, 0.08, 0.02])
    straight(volts, amperes, truth.film + truth.leads)


def straight(volts: Sequence[float], amperes: Sequence[float], resistance: float) -> None:
    """A straight line through zero."""
    for voltage, current in zip(volts, amperes, strict=True):
        ohms(voltage / current, resistance)
