"""Long runs on wires that lose and damage a reply in forty: they come to their end, and every number is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.keithley2182a import READING
from labctl.procedure import Probe, Procedure
from labctl.pulses import pulse
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory, read_json
from labctl.sample import load_sample
from labctl.station import Station, load_station
from simulators.faults import Fault
from tests.simulated import capture_labs

BAD: tuple[dict[str, Any], ...] = (
    {"what": "truncated", "share": 0.005},
    {"what": "doubled", "share": 0.005},
    {"what": "silent", "share": 0.01},
    {"what": "late", "delay": 15.0, "share": 0.005},
)
"""Of the messages to each instrument: 1 % damaged, 1 % lost, 0.5 % late."""
OLD: tuple[dict[str, Any], ...] = ({"what": "previous", "share": 0.01},)
"""The reply to the question before comes in the place of the one to this."""
BEGIN = 0.05
"""s; until then the instruments are connected, which is not tried again."""
FIELDS = (-0.3, -0.1, 0.1, 0.3)


class Readings(Procedure):
    """Goes to fields one after the other, and takes so many readings at each."""

    roles = ("source", "voltmeter", "cryostat")
    needs_contacts = False
    probe = Probe()
    DATA_COLUMNS = ("Hall resistance (ohm)", "Field (T)", "Temperature (K)", *(
        f"{what} {number} ({unit})" for number in (1, 2, 3) for what, unit in (("Voltage", "V"), ("Current", "A"))
    ))  # fmt: skip
    count = 75

    def execute(self) -> None:
        for field in self.track("field", FIELDS, restart=True):
            self.settle(field=field)
            for _ in self.track("reading", range(self.count)):
                self.record(**{name: value for name, value in self.read().items() if name in self.DATA_COLUMNS})


def station(name: str, faults: tuple[dict[str, Any], ...]) -> Station:
    data = load_station(name).snapshot()
    data["simulation"]["faults"] = [
        {"instrument": role, "at": BEGIN, **fault} for role in ("source", "voltmeter", "cryostat") for fault in faults
    ]
    return Station.model_validate(data)


def measured(folder: Path, procedure: Procedure, where: Station, seed: int) -> Outcome:
    """A run in a lab in which nothing fluctuates but the wires."""
    return carry_out(Request(
        name="readings", procedure=procedure, station=where, sample=load_sample("cotb2025"), simulate=True, seed=seed,
        out=folder, quiet=True,
    ))  # fmt: skip


def rows(outcome: Outcome) -> pd.DataFrame:
    assert outcome.run is not None
    return RunDirectory(outcome.run).read_data()[0]


def same(folder: Path, name: str, count: int, seed: int, wires: tuple[dict[str, Any], ...] = BAD) -> Outcome:
    """Run on bad wires, and compare every number with the run on sound ones."""
    outcomes: list[Outcome] = []
    for faults in ((), wires):
        procedure = Readings()
        procedure.count = count
        outcomes.append(measured(folder, procedure, station(name, faults), seed))
    sound, bad = outcomes
    assert sound.error is None
    assert bad.error is None
    assert (sound.status, bad.status) == ("finished", "finished")
    one, other = rows(sound), rows(bad)
    assert len(one) == len(other) == count * len(FIELDS)
    for column, tolerance in (("Hall resistance (ohm)", 1e-7), ("Field (T)", 1e-6), ("Temperature (K)", 1e-4)):
        np.testing.assert_allclose(other[column], one[column], rtol=0.0, atol=tolerance, err_msg=column)
    for number in (1, 2, 3):
        np.testing.assert_array_equal(other[f"Current {number} (A)"], one[f"Current {number} (A)"])
        np.testing.assert_allclose(other[f"Voltage {number} (V)"], one[f"Voltage {number} (V)"], rtol=0, atol=2e-11)
    return bad


def assert_counted(outcome: Outcome) -> None:
    assert outcome.run is not None
    directory = RunDirectory(outcome.run)
    events = [event for event in directory.events() if event["event"] == "retry"]
    assert all(event["asked"] and event["came"] for event in events)
    faults = read_json(directory.result_file)["faults"]
    assert sum(faults["retries"].values()) == len(events) > 0
    [said] = [each for each in outcome.warnings if each.startswith("replies were lost or damaged")]
    assert all(f"{count} of the {role}" in said for role, count in faults["retries"].items())


@pytest.mark.parametrize("name", ["ppms", "dynacool"])
def test_a_run_on_bad_wires_has_the_numbers_of_one_on_sound_wires(tmp_path: Path, name: str) -> None:
    outcome = same(tmp_path, name, 60, seed=1)
    assert_counted(outcome)


def test_a_reply_to_the_question_before_is_taken_for_no_reading(tmp_path: Path) -> None:
    assert_counted(same(tmp_path, "ppms", 60, 1, OLD))


@pytest.mark.endurance
@pytest.mark.parametrize("wires", [BAD, OLD], ids=["bad", "old"])
@pytest.mark.parametrize("name", ["ppms", "dynacool"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_five_thousand_points_on_bad_wires(
    tmp_path: Path, name: str, seed: int, wires: tuple[dict[str, Any], ...]
) -> None:
    assert_counted(same(tmp_path, name, 1250, seed, wires))


class Pulsing(Readings):
    """Sends pulses one after the other."""

    DATA_COLUMNS = ("Pulse current (A)",)
    sent = 0

    def execute(self) -> None:
        self.settle(field=0.0)
        for _ in self.track("pulse", range(40)):
            self.sent += 1
            self.record(**{"Pulse current (A)": pulse(self, 1e-3, 1e-3)["Pulse current (A)"]})


@pytest.mark.parametrize("seed", range(4))
def test_no_pulse_goes_out_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """A pulse whose reply is lost ends the run: what it did is not known, and it is not sent again."""
    labs = capture_labs(monkeypatch)
    begun: list[bytes] = []
    procedure = Pulsing()

    def watch(run: Any) -> None:
        wire = labs[-1].wires["source"]
        device = getattr(wire, "device", None)
        if device is not None and not begun:
            begun.append(b"")
            write = device.write

            def count(data: bytes) -> None:
                if b":INIT" in data:
                    begun.append(data)
                write(data)

            monkeypatch.setattr(device, "write", count)

    request = Request(
        name="pulsing", procedure=procedure, station=station("ppms", BAD), sample=load_sample("cotb2025"),
        simulate=True, seed=seed, out=tmp_path, quiet=True,
    )  # fmt: skip
    outcome = carry_out(request, watch)
    assert len(begun) - 1 <= procedure.sent
    assert outcome.points <= len(begun) - 1
    assert outcome.status in {"finished", "fault"}


@pytest.mark.parametrize("line", range(8))
@pytest.mark.parametrize("kind", ["stuck high", "stuck low"])
def test_a_line_that_hangs_never_makes_another_reading_of_a_voltage(kind: Any, line: int) -> None:
    fault, random = Fault(kind, line=line), np.random.default_rng(1)
    for value in [0.0, *random.normal(0.0, 1e-3, 200), *random.normal(0.0, 1.0, 200)]:
        said = f"{value:+.8E};0\n".encode()
        heard = fault.stuck(said)
        if heard != said and heard.endswith(b"\n") and heard.isascii():
            answer, _, events = heard[:-1].decode().rpartition(";")
            assert READING.matches(answer) is None or not events.isdigit(), (said, heard)
