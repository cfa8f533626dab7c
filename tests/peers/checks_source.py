"""What the programs that drive the 6221 have to have done and read."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from tests.peers.served import CURRENT, Said, Truth

THERMAL = 1.5e-6
"""V by which a reading without current reversal may be off: the thermal voltage of the station and its wandering."""


def kept(settings: list[list[Any]], *others: str) -> None:
    """Every setting came back as it was set, but for these."""
    for name, asked, answered in settings:
        if name not in others:
            same = asked == answered or (isinstance(asked, float) and math.isclose(asked, float(answered)))
            assert same, (name, asked, answered)


def hall_by_reversal(values: list[float], truth: Truth, count: int, current: float = CURRENT) -> None:
    """So many readings, and all of them the Hall voltage, in which offsets cancel."""
    assert len(values) == count
    expected = truth.hall * current / CURRENT
    assert values == pytest.approx([expected] * count, rel=0.01)
    assert sum(values) / count == pytest.approx(expected, rel=0.004)


def hall_with_offset(value: float, truth: Truth, current: float = CURRENT) -> None:
    """The Hall voltage with the thermal voltage on top."""
    assert value == pytest.approx(truth.hall * current / CURRENT, abs=THERMAL)


def pymeasure_6221(said: Said, truth: Truth) -> None:
    assert said["id"] == "KEITHLEY INSTRUMENTS INC.,MODEL 6221,4559777,D04  /700x"
    kept(said["settings"])
    assert said["shield"] == "GUAR"
    assert (said["before"], said["triggers"]) == ([], [])
    assert said["enable_without_asterisk"] == "VisaIOError"
    codes = {name: said[name][0] for name in ("no_asterisk", "beep", "bus")}
    assert codes == {"no_asterisk": -113, "beep": -108, "bus": -224}
    assert said["connected"]
    times = said["values"][1::2]
    hall_by_reversal(said["values"][::2], truth, 24)
    assert times[0] == 0.0
    # 1 PLC at 50 Hz, 2 ms delay and 3.6 ms for the rest.
    assert [b - a for a, b in itertools.pairwise(times)] == pytest.approx([25.6e-3] * 23, abs=1e-3)
    assert said["waveform"] == [True, True, "arbitrary2", True]
    assert (said["full"], said["on"], said["off"]) == (False, True, True)


def slave_6221(said: Said, truth: Truth) -> None:
    tree = said["tree"]
    read = [name for name, (how, _) in tree.items() if how == "read"]
    unread = {name for name in tree if name not in read}
    assert unread == SLAVE_UNREAD, unread ^ SLAVE_UNREAD
    assert len(read) >= 120
    # Readings without a running measurement, statistics of an empty buffer, headers that are not there.
    assert {code.split(",")[0] for code in said["errors"]} <= {"-113", "-114", "-221", "-230", "-350"}
    assert said["amplitude"] == pytest.approx(CURRENT)
    readings = said["conductance"][::2]
    assert readings == pytest.approx([truth.hall / CURRENT * 2e-5] * 11, rel=0.02)
    assert said["late"].startswith("0,")


SLAVE_UNREAD = {
    "math.latest", "math.fresh", "buffer_statistics.data", "digital_io.test_limit", "digital_io.limit_pattern",
    "sense.data.fresh", "sense.data.latest", "source.delta.high", "source.delta.low", "source.delta.delay",
    "source.delta.count", "source.delta.compliance_abort", "source.delta.cold_switching", "source.wave.duty_cycle",
    "source.wave.phase_marker.level", "status_cmds.queue.next", "status_cmds.queue.enable",
    "status_cmds.queue.disable", "system.communicate.local_lockout", "system.error",
}  # fmt: skip


def slave_2182(said: Said, truth: Truth) -> None:
    who = ["KEITHLEY INSTRUMENTS INC.", "MODEL 2182A", "1340129", "C04  /A02"]
    assert said["identity"] == said["direct_identity"] == who
    assert (said["nplc"], said["span"]) == (5.0, 0.01)
    hall_with_offset(said["relayed"], truth)
    assert {name for name, (how, _) in said["direct_tree"].items() if how != "read"} == {"trace.feed"}


def pyacquisition_6221(said: Said, truth: Truth) -> None:
    looked, tried = said["looked"], said["tried"]
    unread = {"read.get_latest_reading", "read.get_math_reading"}
    assert set(looked["failed"]) == unread
    assert looked["counts"]["passed"] >= 146
    lines = {"roundtrip.wave_phase_marker_line", "roundtrip.layer_input_line"}
    assert set(tried["failed"]) <= unread | lines | {"roundtrip.current"}
    assert tried["counts"]["passed"] >= 238
    assert said["swept"] == pytest.approx(1e-4)
    readings = [float(part) for part in said["readings"].split(",")]
    hall_by_reversal(readings[::2], truth, 10)
    assert said["mean"] == pytest.approx(sum(readings[::2]) / 10, rel=1e-5)
    assert said["error"]["code"] == 0


def instrumentkit_6220(said: Said, truth: Truth) -> None:
    assert "MODEL 6221" in said["name"]
    assert (said["current"], said["bounds"]) == (CURRENT, [-0.105, 0.105])
    assert said["off"] == ["0", 0.0]


def instrumentkit_2182(said: Said, truth: Truth) -> None:
    assert said["failing"] == {"mode": "ValueError", "fetch": "ValueError", "measure": "ValueError"}
    assert said["relative"] == "1"
    hall_with_offset(said["read"], truth)
    hall_with_offset(said["measured"], truth)


def matr1x_6221(said: Said, truth: Truth) -> None:
    assert (said["constant"], said["off"], said["waving"], said["waved"]) == (CURRENT, "0", "1", "0")
    hall_by_reversal(said["delta"][0], truth, 12)
    hall_by_reversal(said["pulses"][0], truth, 6, 1e-3)
    assert said["pulses"][1] == pytest.approx([0.1 * n for n in range(6)], abs=1e-3)  # 5 PLC at 50 Hz
    assert (said["compliance"], said["points"]) == (False, "80")


def camels_6221(said: Said, truth: Truth) -> None:
    assert "MODEL 6221" in said["identity"]
    shape, amplitude, frequency, phase, marked = said["asked"]
    assert (shape, marked, said["waving"]) == ("SIN", "1", "1")
    assert [float(amplitude), float(frequency), float(phase)] == [1e-5, 137.0, 270.0]


def vendor_622x(said: Said, truth: Truth) -> None:
    readings, times, currents, numbers = said["delta"]
    hall_by_reversal(readings, truth, 30)
    assert times == sorted(times)
    assert (currents, numbers) == ([CURRENT] * 30, [float(n) for n in range(30)])
    ohms, _, steps, averages = said["conductance"]
    assert ohms == pytest.approx([truth.hall / CURRENT] * 11, rel=0.01)
    assert steps == pytest.approx([2e-5 * n for n in range(-5, 6)], abs=1e-12)
    slopes = [(b - a) / 2e-5 for a, b in itertools.pairwise(averages)]
    assert slopes == pytest.approx([truth.hall / CURRENT] * 10, rel=0.01)
    polls, took = said["arbitrary"]
    assert polls > 5
    assert 19.0 < took < 60.0
    assert said["errors"] == [[], [], []]
