"""Reading at a standing field, with another current for a while; and what is said where nothing can be read."""

from __future__ import annotations

import itertools
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from instruments.errors import BadValue, ComplianceFault
from labctl.parameters import Choice
from labctl.probe import Probe
from labctl.procedure import Procedure
from labctl.reversal import COLUMNS
from labctl.sample import load_sample
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from tests.simulated import Done, Simulate


class Reads(Procedure):
    """Reads at 20 mT, in one way of several; what it notes beside a reading is up to the way."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = (*COLUMNS, "Noted")
    way = Choice("once", "How it reads", options=["once", "late", "currents", "caught", "too_much"])
    probe = Probe()

    def execute(self) -> None:
        self.settle(field=0.02)
        for row in getattr(self, self.way)():
            self.record(**row, Noted=self.source.source_compliance)

    def once(self) -> Iterator[dict[str, Any]]:
        yield self.read()

    def late(self) -> Iterator[dict[str, Any]]:
        for number, row in enumerate(self.hold(duration=10.0, interval=1.0)):
            yield row
            if number == 2:
                self.clock.sleep(3.5)

    def currents(self) -> Iterator[dict[str, Any]]:
        yield self.read()
        with self.probing(current=4e-4):
            yield self.read()
            with self.probing(current=2e-5, compliance=1.5, voltage_range=1.0):
                yield self.read()
            yield self.read()
        yield self.read()

    def caught(self) -> Iterator[dict[str, Any]]:
        try:
            with self.probing(current=4e-4):
                yield self.read()
                raise ComplianceFault("as if")
        except ComplianceFault:
            yield self.read()

    def too_much(self) -> Iterator[dict[str, Any]]:
        with self.probing(current=1e-4, compliance=100.0):
            yield self.read()


class Held(Reads):
    """Reads while nothing moves, and notes how long it has stood."""

    duration: float = 10.0
    interval: float | None = 2.0

    def execute(self) -> None:
        self.settle(field=0.02)
        began = self.clock.now()
        for row in self.hold(duration=self.duration, interval=self.interval):
            self.record(**row, Noted=self.clock.now() - began)


class Swept(Reads):
    """Reads once at 20 mT, and then on the way to 0.2 T, which takes a minute and a half."""

    DATA_COLUMNS = (*COLUMNS,)

    def execute(self) -> None:
        self.settle(field=0.02)
        self.record(**self.read())
        for row in self.sweep(field=0.2, rate=0.002):
            self.record(**row)


def swept(simulate: Simulate, *events: dict[str, Any], **more: Any) -> Done:
    data = load_station("ppms").snapshot()
    data["simulation"] |= {"events": list(events)}
    return simulate(Swept(), station=Station.model_validate(data), **more)


def held(simulate: Simulate, duration: Any, interval: Any, **more: Any) -> Done:
    procedure = Held()
    procedure.duration, procedure.interval = duration, interval
    return simulate(procedure, **more)


def test_a_reading_lies_between_two_of_the_field_and_waits_for_nothing(simulate: Simulate) -> None:
    done = simulate(Reads())
    assert len(done.rows) == 1
    row = done.rows.iloc[0]
    assert set(COLUMNS) <= set(done.rows.columns)
    assert row["Field before stamp (s)"] < row["Start 1 (s)"] < row["End 3 (s)"] < row["Field after stamp (s)"]
    assert min(row["Field before (T)"], row["Field after (T)"]) <= row["Field (T)"]
    assert row["Field (T)"] <= max(row["Field before (T)"], row["Field after (T)"])
    assert row["Field (T)"] == pytest.approx(0.02, abs=1e-4)
    assert row["Field after stamp (s)"] - row["Field before stamp (s)"] < 0.3
    done.assert_source_off()


def test_held_readings_begin_every_so_often_the_first_at_once(simulate: Simulate) -> None:
    rows = held(simulate, 10.0, 2.0).rows
    starts = rows["Start 1 (s)"].tolist()
    assert len(starts) == 6
    assert [after - before for before, after in itertools.pairwise(starts)] == pytest.approx([2.0] * 5, abs=0.02)
    assert rows["Noted"].iloc[0] < 0.3
    assert rows["Noted"].iloc[-1] == pytest.approx(10.0, abs=0.3)


@pytest.mark.parametrize(
    ("duration", "interval", "rows"), [(0.9, 0.3, 4), (0.7, 0.35, 3), (0.0, 5.0, 1), (0.0, None, 1)]
)
def test_the_number_of_held_readings_follows_from_the_interval(
    simulate: Simulate, duration: float, interval: float | None, rows: int
) -> None:
    assert len(held(simulate, duration, interval).rows) == rows


@pytest.mark.parametrize("interval", [None, 0.01])
def test_without_an_interval_it_reads_as_fast_as_it_goes_for_so_long(simulate: Simulate, interval: Any) -> None:
    rows = held(simulate, 5.0, interval).rows
    starts = rows["Start 1 (s)"].tolist()
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    assert max(gaps) < 0.15
    assert max(gaps) - min(gaps) < 0.01 + 1e-9
    assert starts[-1] - starts[0] == pytest.approx(5.0, abs=0.15)


def test_a_late_reading_is_taken_at_once_and_what_was_missed_is_left_out(simulate: Simulate) -> None:
    rows = simulate(Reads(way="late")).rows
    begins = [start - rows["Start 1 (s)"].iloc[0] for start in rows["Start 1 (s)"]]
    assert begins[:3] == pytest.approx([0.0, 1.0, 2.0], abs=0.02)
    assert begins[3] == pytest.approx(2.0 + 0.1 + 3.5, abs=0.1)
    assert begins[4:] == pytest.approx([6.0, 7.0, 8.0, 9.0, 10.0], abs=0.02)


@pytest.mark.parametrize(
    ("duration", "interval", "sentence"),
    [
        (-1.0, None, r"duration of -1\.0; give seconds"),
        (float("nan"), 1.0, "duration of nan"),
        (float("inf"), 1.0, "duration of inf"),
        (1.0, 0.0, r"interval of 0\.0; give seconds above zero"),
        (1.0, float("nan"), "interval of nan"),
    ],
)
def test_what_is_no_time_is_refused(simulate: Simulate, duration: float, interval: Any, sentence: str) -> None:
    done = held(simulate, duration, interval)
    assert done.outcome.exit_code == 2
    assert re.search(sentence, str(done.outcome.error))
    done.assert_source_off()


def test_an_abort_does_not_wait_for_the_next_reading(simulate: Simulate) -> None:
    looks = itertools.count()

    def interrupt(run: Any) -> None:
        if run.points == 1 and next(looks) == 3:
            signal.raise_signal(signal.SIGINT)

    done = held(simulate, 1000.0, 500.0, watch=interrupt)
    assert done.outcome.status == "aborted"
    assert done.outcome.points == 1
    assert done.outcome.lab_time_s < 60
    done.assert_source_off()


@pytest.mark.parametrize(
    ("event", "sentence", "longest"),
    [
        ({"what": "quench"}, r"on the way to 0\.2 T the field is \S+ T, quench", 80.0),
        ({"what": "magnet supply fault"}, r"the field is 0\.\d+ T, current error", 80.0),
        (
            {"what": "somebody sets field", "field": "0.1 T", "field_rate": "100 Oe/s"},
            "T, driven, stable, and has stood there for 10 s: another program or person has sent it there",
            120.0,
        ),
        (
            {"what": "somebody sets field", "field": "0.9 T", "field_rate": "15 Oe/s"},
            r"T, \S+, 24\d s after it was sent there; 240 s were to do",
            300.0,
        ),
    ],
)
def test_a_sweep_that_cannot_arrive_ends(
    simulate: Simulate, event: dict[str, Any], sentence: str, longest: float
) -> None:
    done = swept(simulate, {"at": "60 s"} | event)
    assert done.outcome.status == "fault"
    assert done.outcome.exit_code == 5
    assert re.search(sentence, str(done.outcome.error))
    assert done.outcome.lab_time_s < longest
    assert done.outcome.points > 100  # what was read on the way is kept
    done.assert_source_off()


def test_a_sweep_at_half_its_rate_arrives(simulate: Simulate) -> None:
    def slow(run: Any) -> None:
        if run.points == 1:
            simulate.labs[-1].cryostat.slow_down(ramp=0.5, settle=3.0)

    done = swept(simulate, watch=slow)
    assert done.outcome.status == "finished"
    assert done.rows["Field (T)"].iloc[-1] == pytest.approx(0.2, abs=5e-4)
    assert 180 < done.outcome.lab_time_s < 260  # a minute and a half would do at the full rate


def test_another_current_brings_its_own_settings_and_the_one_before_comes_back(simulate: Simulate) -> None:
    done = simulate(Reads(way="currents", probe_current="50 uA"))
    rows = done.rows
    assert rows["Current 1 (A)"].tolist() == [5e-5, 4e-4, 2e-5, 4e-4, 5e-5]
    assert rows["Range (V)"].tolist() == [0.01, 0.01, 1.0, 0.01, 0.01]
    needed = 1.5 * 4e-4 * load_sample("cotb2025").two_wire_resistance()
    assert needed > 0.2
    assert rows["Noted"].tolist() == pytest.approx([0.2, needed, 1.5, needed, 0.2], abs=0.01)
    hall = rows["Hall resistance (ohm)"].tolist()
    assert hall == pytest.approx([hall[1]] * 5, rel=0.05)
    done.assert_source_off()


def test_an_error_within_brings_the_one_before_back_with_the_next_reading(simulate: Simulate) -> None:
    rows = simulate(Reads(way="caught", probe_current="50 uA")).rows
    assert rows["Current 1 (A)"].tolist() == [4e-4, 5e-5]
    assert rows["Noted"].iloc[1] == 0.2


def test_what_was_given_for_the_run_holds_for_every_current() -> None:
    procedure = Reads(probe_current="50 uA", probe_range="0.1 V", probe_compliance="1 V")
    procedure.sample = load_sample("cotb2025")
    other = procedure.probe_settings(current=3e-4)
    assert (other.current, other.voltage_range, other.compliance) == (3e-4, 0.1, 1.0)
    assert procedure.probe_settings(current=3e-4, compliance=2.0).compliance == 2.0
    assert procedure.probe_settings().current == 5e-5


@pytest.mark.parametrize("current", [0.0, -1e-5, float("nan"), "10 V"])
def test_what_is_no_probe_current_is_refused(current: Any) -> None:
    procedure = Reads()
    procedure.sample = load_sample("cotb2025")
    with pytest.raises(BadValue, match="probe_current"):
        procedure.probe_settings(current=current)


def test_a_limit_holds_within_too(simulate: Simulate) -> None:
    done = simulate(Reads(way="too_much"))
    assert done.outcome.status == "refused"
    assert "limit" in str(done.outcome.error)
    assert done.rows.empty
    done.assert_source_off()


class Unprobed(Procedure):
    """Reads without having said with what."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = COLUMNS
    how = Choice("read", "What is called", options=["read", "hold", "sweep", "steps", "probing"])

    def execute(self) -> None:
        if self.how == "read":
            self.read()
        elif self.how == "probing":
            with self.probing(current=1e-5):
                pass
        else:
            list(
                {
                    "hold": lambda: self.hold(duration=1.0),
                    "sweep": lambda: self.sweep(field=0.1, rate=0.01),
                    "steps": lambda: self.steps(fields=[0.1], rate=0.01),
                }[self.how]()
            )


class Unstarted(Unprobed):
    """Has a probe, and forgets it in a startup of its own."""

    probe = Probe()

    def startup(self) -> None:
        self.note = "something else"


@pytest.mark.parametrize("how", ["read", "hold", "sweep", "steps", "probing"])
@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Unprobed, "Unprobed reads, but has no probe; write `probe = Probe()` into the class"),
        (Unstarted, "Unstarted reads before its probe is set up; where it has a startup() of its own, that must"),
    ],
)
def test_reading_without_a_probe_says_what_is_missing(
    simulate: Simulate, how: str, kind: type[Unprobed], sentence: str
) -> None:
    done = simulate(kind(how=how))
    assert done.outcome.exit_code == 2
    assert sentence in str(done.outcome.error)
    assert done.outcome.lab_time_s < 2  # nothing was driven before it was seen


class Currents(Procedure):
    """Two currents, and the run's own after each."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = COLUMNS
    probe = Probe()

    def execute(self) -> None:
        for current in self.track("current", [2e-4, 2e-5], restart=True):
            self.settle(field=0.5)
            with self.probing(current=current):
                for row in self.hold(duration=1.0, interval=0.5):
                    self.record(**row)
            self.record(**self.read())


class Leaking(Currents):
    """Leaves its current behind for the next block, by hand."""

    def execute(self) -> None:
        for current in self.track("current", [2e-4, None], restart=True):
            self.settle(field=0.5)
            if current is not None:
                self.reader.settings = self.probe_settings(current=current)
            self.record(**self.read())


def test_a_run_with_other_currents_can_be_carried_on_after_every_point() -> None:
    assert assert_resumable(Currents) >= 2 * 4


def test_a_current_that_outlasts_its_block_is_found() -> None:
    with pytest.raises(AssertionError, match=r"'Voltage 1 \(V\)' = .* in row 1 of block current=2"):
        assert_resumable(Leaking)
