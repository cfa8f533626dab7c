"""Trains of pulses in one list: what flows in the sample, what is counted, marked and refused."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import pytest

from instruments.errors import BadValue, LimitExceeded
from instruments.guard.limits import Bound
from labctl import Probe, Procedure, QuantityList, limits, pulses
from labctl.pulses import COLUMNS, NONE_YET, check_train, pulse_demands, stand_pulses, train
from labctl.sample import SampleRecord, load_sample
from labctl.station import load_station
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.labctl.test_pulses import events, larger
from tests.simulated import Done, Simulate


class Training(Procedure):
    """A train, and what is read after it."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = COLUMNS

    heights = QuantityList("12, -8, 6, -2 mA", "Heights")
    probe = Probe()

    def demands(self) -> dict[str, float]:
        return pulse_demands(self, max(self.heights, key=abs), 10e-3)

    def startup(self) -> None:
        super().startup()
        stand_pulses(self, max(self.heights, key=abs))

    def execute(self) -> None:
        for row in self.read_after(NONE_YET, wait=1.0, reads=1):
            self.record(**row)
        self.sent = train(self, self.heights, 10e-3, 50e-3)
        self.lying = self.source.source_enabled, self.source.source_range, self.source.source_compliance
        for row in self.read_after(self.sent, wait=1.0, reads=2):
            self.record(**row)


@pytest.fixture
def flows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Lab times in s and currents in A that flow in the sample from then on."""
    seen: list[tuple[float, float]] = []
    put = FerrimagnetHallBar.set_currents

    def watched(self: FerrimagnetHallBar, time: float, injected: Any) -> None:
        seen.append((time, injected.get("source", 0.0)))
        put(self, time, injected)

    monkeypatch.setattr(FerrimagnetHallBar, "set_currents", watched)
    return seen


def measured(simulate: Simulate, sample: SampleRecord | str = "cotb2025", **parameters: Any) -> tuple[Done, Training]:
    procedure = Training(**parameters)
    return simulate(procedure, sample=sample), procedure


def bound() -> Training:
    procedure = Training()
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cotb2025")
    return procedure


def test_the_pulses_flow_one_after_the_other_with_the_width_and_the_gap_that_the_source_times(
    simulate: Simulate, flows: list[tuple[float, float]]
) -> None:
    done, procedure = measured(simulate)
    assert done.outcome.status == "finished", done.outcome.error
    sent = larger(flows, 1e-3)
    assert [current for *_, current in sent] == pytest.approx(procedure.heights, rel=2e-3)
    for place, (begin, lasted, _) in enumerate(sent):
        assert lasted == pytest.approx(10e-3, abs=1e-6)
        assert begin - sent[0][0] == pytest.approx(60e-3 * place, abs=1e-6)
    assert procedure.sent[pulses.CURRENT] == 12e-3
    assert procedure.sent[pulses.START] == pytest.approx(sent[0][0], abs=0.02)
    assert procedure.sent[pulses.END] == pytest.approx(sent[-1][0] + 10e-3, abs=0.02)
    assert procedure.lying == (True, 200e-6, 0.2)
    rows = done.rows.iloc[-2:]
    assert (rows["Start 1 (s)"] - rows["Pulse end stamp (s)"]).min() >= 1.0
    done.assert_source_off()


def test_a_train_that_is_repeated_goes_on_without_a_break_and_counts_each_time(
    simulate: Simulate, flows: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.labctl.test_trains.train", functools.partial(train, repeats=3))
    done, procedure = measured(simulate, heights="12, -8 mA")
    assert done.outcome.status == "finished", done.outcome.error
    sent = larger(flows, 1e-3)
    assert [current for *_, current in sent] == pytest.approx([*procedure.heights] * 3, rel=2e-3)
    for place, (begin, lasted, _) in enumerate(sent):
        assert lasted == pytest.approx(10e-3, abs=1e-6)
        assert begin - sent[0][0] == pytest.approx(60e-3 * place, abs=1e-6)
    assert procedure.sent[pulses.END] == pytest.approx(sent[-1][0] + 10e-3, abs=0.02)
    (entry,) = events(done, "pulses")
    assert entry["count"] == 6
    assert entry["energy"]["value"] == pytest.approx(3 * sum(each**2 for each in procedure.heights) * 390 * 10e-3)


@pytest.mark.parametrize(
    ("repeats", "gap", "sentence"),
    [
        (0, 0.05, "repeated 0 times, but the source repeats a list 1 to 9999 times"),
        (10000, 0.05, "repeated 10000 times"),
        (2, 1.5e-3, "has gaps of 1.5 ms; between two times at least 2 ms pass"),
    ],
)
def test_what_cannot_be_repeated_is_refused(repeats: int, gap: float, sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        check_train(bound(), [1e-3], 1e-2, gap, repeats)


def test_every_pulse_of_a_train_is_in_the_odometer(simulate: Simulate) -> None:
    done, procedure = measured(simulate)
    (entry,) = events(done, "pulses")
    assert entry["count"] == 4
    assert entry["largest_current_density"]["value"] == pytest.approx(12e-3 / (5e-6 * 9e-9))
    assert entry["energy"]["value"] == pytest.approx(sum(each**2 for each in procedure.heights) * 390 * 10e-3)


def test_a_train_after_which_the_source_is_silent_counts(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    from instruments.errors import NoReply
    from instruments.keithley6221 import Keithley6221

    def silent(self: Keithley6221, *arguments: Any, **keywords: Any) -> None:
        raise NoReply("the source does not answer")

    monkeypatch.setattr(Keithley6221, "sweep", silent)
    done, _ = measured(simulate)
    assert done.outcome.exit_code == 5
    assert [entry["count"] for entry in events(done, "pulses")] == [4]


def test_a_clamped_pulse_ends_the_train_and_marks_it(simulate: Simulate, flows: list[tuple[float, float]]) -> None:
    record = load_sample("cotb2025")
    wrong = record.model_copy(update={"resistances": record.resistances.model_copy(update={"two_wire": 100.0})})
    done, _ = measured(simulate, sample=wrong, heights="2, 20, -18, 16 mA")
    assert done.outcome.status == "finished", done.outcome.error
    last = done.rows.iloc[-1]
    assert bool(last["Pulse clamped"])
    assert last["Two-wire bound (ohm)"] != last["Two-wire bound (ohm)"]
    assert not any(current < -1e-3 for *_, current in larger(flows, 1e-3))


def test_a_pulse_beyond_a_limit_is_refused(simulate: Simulate) -> None:
    class Undeclared(Training):
        def demands(self) -> dict[str, float]:
            return {}

    done = simulate(Undeclared(heights="1, -23 mA"))
    assert isinstance(done.outcome.cause, LimitExceeded)
    assert len(done.rows) == 1 + 1  # before it, and along the bar
    assert events(done, "pulses") == []


@pytest.mark.parametrize(
    ("heights", "width", "gap", "sentence"),
    [
        ([], 1e-2, 0.05, "one pulse or more"),
        ([1e-3, 0.0], 1e-2, 0.05, "none of them of 0 A"),
        ([1e-3], 0.5e-3, 0.05, "from 1 ms to 10 s"),
        ([1e-3], 1e-2, 0.0, "from 1 ms to 10 s"),
        ([1e-3] * 40000, 1e-2, 0.05, "a train of 40000 pulses is longer than the source's list, 32767"),
    ],
)
def test_what_is_no_train_is_refused(heights: list[float], width: float, gap: float, sentence: str) -> None:
    with pytest.raises(BadValue, match=sentence):
        check_train(bound(), heights, width, gap)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_train_that_is_too_much_on_average_is_refused(monkeypatch: pytest.MonkeyPatch, sign: int) -> None:
    """20 mA for 10 ms every 20 ms: half of the time, at 11.7 V of compliance 117 mW, and 14 mA rms, of either sign."""
    of = limits.of
    heights = [20e-3, sign * 20e-3] * 50

    def with_limit(**more: Bound) -> None:
        monkeypatch.setattr(limits, "of", lambda *given: dataclasses.replace(of(*given), **more))

    with_limit(average_power=Bound("average_power", 0.13, "somebody", "average_power"))
    check_train(bound(), heights, 10e-3, 10e-3)
    with_limit(average_power=Bound("average_power", 0.11, "somebody", "average_power"))
    with pytest.raises(LimitExceeded, match="an average power of 117"):
        check_train(bound(), heights, 10e-3, 10e-3)
    check_train(bound(), heights, 10e-3, 20e-3)
    with_limit(average_current=Bound("average_current", 14e-3, "somebody", "average_current"))
    with pytest.raises(LimitExceeded, match=r"an average current \(rms\) of 14\.14 mA"):
        check_train(bound(), heights, 10e-3, 10e-3)
