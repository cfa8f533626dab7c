"""Long runs on wires that lose and damage a reply in forty: they come to their end, and every number is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import InstrumentFault
from instruments.keithley2182a import READING
from instruments.line import MOST_REPEATS
from labctl.lockin_reading import LEFT
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.procedures import load_procedure
from labctl.pulses import pulse
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory, read_json
from labctl.sample import load_sample
from labctl.station import Station, load_station
from simulators.devices.keithley6221 import Keithley6221 as Simulated6221
from simulators.faults import Fault
from tests.instruments.paired import Bench
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


def station(
    name: str, faults: tuple[dict[str, Any], ...], roles: tuple[str, ...] = ("source", "voltmeter", "cryostat")
) -> Station:
    data = load_station(name).snapshot()
    data["simulation"]["faults"] = [{"instrument": role, "at": BEGIN, **fault} for role in roles for fault in faults]
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
    """Sends pulses of both signs one after the other, of one kind or the other."""

    DATA_COLUMNS = ("Pulse current (A)", "Pulse clamped", "Hall resistance (ohm)")
    pulses = 40
    width = 1e-3

    def execute(self) -> None:
        self.settle(field=0.0)
        for number in self.track("pulse", range(self.pulses)):
            sent = pulse(self, 1e-3 if number % 2 else -1e-3, self.width)
            row = {**sent, **self.read()}
            self.record(**{name: row[name] for name in self.DATA_COLUMNS})


class Heard:
    """What starts something, as a simulated source hears it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._labs = capture_labs(patch)
        self._patch = patch
        self.starts: list[bytes] = []

    def __call__(self, run: Any) -> None:
        """Look at each event of the run; the first one comes when the lab is there."""
        device = self._labs[-1].wires["source"].device  # pyright: ignore[reportAttributeAccessIssue] - a Passage
        write = device.write
        if getattr(write, "heard", None) is not None:
            return

        def hear(data: bytes) -> None:
            if b":INIT" in data:
                self.starts.append(data)
            write(data)

        hear.heard = self.starts  # type: ignore[attr-defined]
        self._patch.setattr(device, "write", hear)


@pytest.mark.parametrize(
    ("seed", "width"),
    [
        (0, 1e-3),
        (1, 100e-6),
        *(pytest.param(seed, width, marks=pytest.mark.endurance) for seed in range(2, 40) for width in (1e-3, 100e-6)),
    ],
)
def test_every_pulse_goes_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, width: float) -> None:
    """A start whose reply is lost is not sent again: the source is asked whether it has begun."""
    procedure, heard = Pulsing(), Heard(monkeypatch)
    procedure.width = width
    request = Request(
        name="pulsing", procedure=procedure, station=station("ppms", BAD), sample=load_sample("cotb2025"),
        simulate=True, seed=seed, out=tmp_path, quiet=True,
    )  # fmt: skip
    outcome = carry_out(request, heard)
    assert (outcome.status, outcome.error) == ("finished", None)
    assert outcome.points == procedure.pulses == len(heard.starts)
    assert not rows(outcome)["Pulse clamped"].to_numpy().any()


def both_ways(
    folder: Path, name: str, sample: str, seed: int, bad: tuple[dict[str, Any], ...] = BAD, **parameters: str
) -> list[pd.DataFrame]:
    """Carry a shipped procedure out on sound and on bad wires, in a lab in which nothing fluctuates."""
    found: list[pd.DataFrame] = []
    for faults in ((), bad):
        procedure = load_procedure(name)(**parameters)
        wires = station("ppms", faults, ("source", "voltmeter", "smu", "lockin", "cryostat"))
        outcome = carry_out(Request(
            name=name, procedure=procedure, station=wires, sample=load_sample(sample),
            simulate=True, seed=seed, out=folder, quiet=True,
        ))  # fmt: skip
        assert (outcome.status, outcome.error) == ("finished", None)
        found.append(rows(outcome))
    return found


@pytest.mark.parametrize(
    ("bad", "points", "rate"),
    [
        (BAD, "21", "1 V/s"), (OLD, "21", "1 V/s"),
        pytest.param(BAD, "1001", "50 mV/s", marks=pytest.mark.endurance),
        pytest.param(OLD, "1001", "50 mV/s", marks=pytest.mark.endurance),
    ],
)  # fmt: skip
def test_a_source_meter_on_bad_wires_gives_what_it_gives_on_sound_ones(
    tmp_path: Path, bad: tuple[dict[str, Any], ...], points: str, rate: str
) -> None:
    one, other = both_ways(tmp_path, "iv", "fimtj2026", 1, bad, points=points, rate=rate)
    assert len(one) == len(other)
    print((one["Current (A)"] - other["Current (A)"]).abs().max(), one["Current (A)"].abs().max())
    np.testing.assert_allclose(other["Voltage (V)"], one["Voltage (V)"], rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(other["Current (A)"], one["Current (A)"], rtol=1e-6, atol=1e-12)


class Deaf(Simulated6221):
    """A source that a start never reaches, with the reply to it lost as well."""

    def write(self, data: bytes) -> None:
        if b":INIT" not in data:
            super().write(data)


@pytest.mark.parametrize("pulsed", [1e-3, 100e-6])
def test_a_start_after_which_nothing_has_begun_ends_in_a_fault_and_is_not_repeated(pulsed: float) -> None:
    on = Bench(simulated=Deaf)
    on.source.line.most_repeats = MOST_REPEATS
    with pytest.raises(InstrumentFault):
        on.source.pulse(1e-3, pulsed, compliance=1.0)
    starts = [message for message in on.wire.heard if "INIT" in message]
    assert len(starts) == 1
    assert not any(current for _, current in on.sample.changes)
    assert not on.output


@pytest.mark.endurance
def test_harmonics_on_bad_wires_are_those_on_sound_ones(tmp_path: Path) -> None:
    short = {"points": "7", "reads": "2", "amplitudes": "0.2 mA", "maximum_field": "250 mT"}
    one, other = both_ways(tmp_path, "harmonic-hall", "cotb2025", 1, BAD, **short)
    assert len(one) == len(other)
    for number in (1, 2):  # the filter is read when a thousandth may be left in it of what was before
        sound, bad = (each[each["Harmonic"] == number] for each in (one, other))
        allowed = 2.0 * LEFT * float(np.hypot(sound["X (V)"], sound["Y (V)"]).max())
        for name in ("X (V)", "Y (V)"):
            np.testing.assert_allclose(bad[name], sound[name], rtol=0.0, atol=allowed)


@pytest.mark.endurance
def test_what_pulses_switch_is_the_same_on_bad_wires(tmp_path: Path) -> None:
    short = {"pulse_max": "30 mA", "pulse_width": "10 ms", "in_plane_field": "-50 mT", "order": "+", "loops": "1"}
    one, other = both_ways(tmp_path, "sot-switching", "cogd2022", 1, BAD, **short)
    assert len(one) == len(other)
    assert not one["Pulse clamped"].to_numpy().any()
    assert not other["Pulse clamped"].to_numpy().any()
    swing = float(np.ptp(one["Hall resistance (ohm)"].dropna()))
    np.testing.assert_allclose(
        other["Hall resistance (ohm)"], one["Hall resistance (ohm)"], rtol=0.0, atol=1e-4 * swing
    )


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
