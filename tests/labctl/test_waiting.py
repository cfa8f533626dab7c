"""Waiting for the sample: how far it is from the block when the cryostat calls itself stable, and when we do."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from instruments.cryostat import ChamberAction
from labctl import waiting
from labctl.parameters import Choice, Quantity
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.reversal import COLUMNS
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from labctl.waiting import Settled
from tests.simulated import Done, Simulate

NEAR = 0.05
"""K within which the sample has to be."""


class Step(Procedure):
    """Settles at a temperature, then at another, and reads once."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = COLUMNS
    start = Quantity("300 K", "First temperature")
    end = Quantity("280 K", "Second temperature")
    ramp = Quantity("10 K/min", "Rate of the second")
    chamber = Choice("gas", "What is in the chamber", options=["gas", "vacuum"])
    probe = Probe()

    def execute(self) -> None:
        if self.chamber == "vacuum":
            self.cryostat.set_chamber(ChamberAction.HIGH_VACUUM)
            self.clock.sleep(600.0)
        self.settle(temperature=self.start)
        self.settled = self.settle(temperature=self.end, rate=self.ramp)
        self.done = self.clock.now()
        self.record(**self.read())


class Unread(Step):
    """The same without reading anything."""

    def startup(self) -> None:
        """Set no probe up."""

    def execute(self) -> None:
        self.settle(temperature=self.start)
        self.settled = self.settle(temperature=self.end, rate=self.ramp)
        self.done = self.clock.now()


def arrived(done: Done, procedure: Step) -> tuple[Settled, float, float]:
    """How it settled, and how far the sample was from the set point at the cryostat's word and at ours, in K."""
    assert done.outcome.status == "finished", done.outcome.error
    settled = procedure.settled
    assert settled is not None
    sample = done.lab.cryostat.sample_temperature
    flag = sample(procedure.done - settled.extra) - procedure.end
    return settled, flag, sample(procedure.done) - procedure.end


CASES = [
    ("ppms", 20),
    ("ppms", 100),
    ("ppms", 200),
    ("ppms", 300),
    ("versalab", 100),
    ("dynacool", 20),
    ("dynacool", 300),
]
SHORT = {("ppms", 20, 20.0), ("ppms", 300, -20.0), ("versalab", 100, 20.0), ("dynacool", 20, -20.0)}
"""Each machine, and its warm and cold ends, from above and from below; the long form has all."""


@pytest.mark.parametrize(
    ("station", "temperature", "step"),
    [
        pytest.param(*case, step, marks=() if (*case, step) in SHORT else pytest.mark.endurance)
        for case in CASES
        for step in (-20.0, 20.0)
    ],
)
def test_after_a_step_of_20_k_the_sample_is_there_and_at_the_flag_it_is_not(
    simulate: Simulate, station: str, temperature: float, step: float
) -> None:
    start = temperature - step if temperature - step > 5 else temperature + 20
    procedure = Step(start=f"{start} K", end=f"{temperature} K")
    settled, flag, ours = arrived(simulate(procedure, station=station, seed=int(temperature)), procedure)
    assert settled.by == "resistance"
    assert abs(ours) < NEAR
    assert abs(ours) < settled.left + 0.02
    assert abs(flag) > (NEAR if temperature < 50 else 2.0)
    assert 0 < settled.extra < 600
    seen = procedure.run.sample_seen
    assert seen is not None
    assert abs(seen[0] - procedure.end - ours) < 0.02 * abs(step)  # the record's coefficient is not quite its own
    assert abs(seen[1] - procedure.end) < 0.1


def test_the_way_is_written_down_with_the_extra_time(simulate: Simulate) -> None:
    procedure = Step(end="290 K")
    done = simulate(procedure)
    settled, _, _ = arrived(done, procedure)
    lines = [json.loads(line) for line in done.directory.events_file.read_text().splitlines()]
    last = [line for line in lines if line["event"] == "settled"][-1]
    assert last["temperature"] == 290.0
    assert last["by"] == "resistance"
    assert last["after_stable_s"] == pytest.approx(settled.extra, abs=0.1)
    assert last["took_s"] == pytest.approx(settled.took, abs=0.1)
    assert abs(last["drift_K_per_min"]) < waiting.DRIFT


def test_where_it_stands_already_it_is_only_looked_at(simulate: Simulate) -> None:
    procedure = Step(start="300 K", end="300 K")
    settled, _, ours = arrived(simulate(procedure), procedure)
    assert settled.extra < 1.2 * waiting.DWELL
    assert abs(ours) < NEAR


def without_channel_2() -> Station:
    station = load_station("ppms")
    meter = station.cables.voltmeter
    assert meter is not None
    free = meter.model_copy(update={"channel_2_high": "open", "channel_2_low": "open"})
    return station.model_copy(update={"cables": station.cables.model_copy(update={"voltmeter": free})})


def with_coefficient(value: float | None) -> SampleRecord:
    record = load_sample("cotb2025")
    resistances = record.resistances.model_copy(update={"temperature_coefficient": value})
    return record.model_copy(update={"resistances": resistances})


@pytest.mark.parametrize(
    ("kind", "station", "sample", "why"),
    [
        (Step, without_channel_2(), "cotb2025", "channel 2 is not cabled"),
        (Step, "ppms", with_coefficient(None), "no temperature coefficient"),
        (Step, "ppms", with_coefficient(8e-3), "coefficient of 0.008 /K says"),
        (Step, "ppms", with_coefficient(-1.5e-3), "coefficient of -0.0015 /K says"),
        (Unread, "ppms", "cotb2025", "does not read it"),
    ],
)
def test_where_its_resistance_cannot_tell_three_time_constants_do_and_that_is_said(
    simulate: Simulate, kind: type[Step], station: Any, sample: Any, why: str
) -> None:
    procedure = kind()
    done = simulate(procedure, station=station, sample=sample)
    settled, flag, ours = arrived(done, procedure)
    assert settled.by == "time"
    assert why in settled.why
    assert any(why in warning for warning in done.outcome.warnings)
    assert 3 * waiting.time_constant(280.0) - 5 < settled.extra < waiting.DEADLINE
    assert abs(ours) < max(settled.left, NEAR)
    assert settled.left < abs(flag)


def test_too_little_current_to_see_a_drift_is_said(simulate: Simulate) -> None:
    procedure = Step(probe_current="2 uA")
    settled, _, _ = arrived(simulate(procedure), procedure)
    assert settled.by == "time"
    assert "more current" in settled.why


def test_a_sample_that_does_not_settle_ends_the_run_with_what_was_awaited(simulate: Simulate) -> None:
    """In high vacuum it follows ten times as slowly, and 20 min are not enough."""
    done = simulate(Step(chamber="vacuum"))
    assert done.outcome.status == "fault"
    error = str(done.outcome.error)
    for words in (
        "waited 120",
        "the sample to settle at 280 K",
        "0.05 K/min",
        "K/min, at 13",
        "with the block at ",
        "vacuum",
    ):
        assert words in error


def test_reading_on_the_way_gives_rows_every_two_seconds_and_the_channel_back(
    simulate: Simulate, tmp_path: Path
) -> None:
    rows: list[tuple[float, int]] = []

    class Recording(Step):
        def execute(self) -> None:
            self.settle(temperature=295.0, reading=lambda row, channel: rows.append((row["Time (s)"], channel)))
            self.record(**self.read())

    done = simulate(Recording())
    assert {channel for _, channel in rows} == {2}
    assert (rows[-1][0] - rows[0][0]) / (len(rows) - 1) == pytest.approx(2.0, abs=0.3)
    assert abs(done.rows["Hall resistance (ohm)"].to_list()[-1]) < 1.0  # 136 ohm on the other channel


@pytest.mark.parametrize(("temperature", "constant"), [(400, 90), (90, 90), (55, 61.7), (20, 33.3), (2, 33.3)])
def test_time_constants_are_those_of_published_files(temperature: float, constant: float) -> None:
    assert waiting.time_constant(temperature) == pytest.approx(constant, abs=0.1)


def test_a_field_settles_at_what_is_reported(simulate: Simulate) -> None:
    class Field(Step):
        def execute(self) -> None:
            before = self.clock.now()
            reading = waiting.settle_field(self, 0.1, rate=0.01, dwell=5.0)
            assert math.isclose(reading.field, 0.1, abs_tol=2e-4)
            assert self.clock.now() - before > 15.0
            self.record(**self.read())

    assert simulate(Field()).outcome.status == "finished"
