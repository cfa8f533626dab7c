"""Pulses: what flows in the sample, what is left as it was, what is counted, marked and refused."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import BadValue
from labctl import Count, Probe, Procedure, Quantity
from labctl.journal import Journal
from labctl.pulses import COLUMNS, NONE_YET, on_grid, pulse_demands, stand_pulses
from labctl.sample import SampleRecord, load_sample
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.procedures.test_ahe import changed
from tests.simulated import Done, Simulate


class Pulsing(Procedure):
    """A few pulses, and what is read after each."""

    roles = ("source", "voltmeter", "cryostat")
    DATA_COLUMNS = ("Number", *COLUMNS)

    height = Quantity("12 mA", "Height")
    width = Quantity("10 ms", "Width")
    count = Count(2, "Pulses", minimum=0, maximum=10)
    probe = Probe()

    def demands(self) -> dict[str, float]:
        return pulse_demands(self, self.height, self.width)

    def startup(self) -> None:
        super().startup()
        stand_pulses(self, self.height)

    def execute(self) -> None:
        for row in self.read_after(NONE_YET, wait=1.0, reads=1):
            self.record(Number=0, **row)
        for number in range(1, self.count + 1):
            sent = self.pulse(current=self.height * (-1) ** number, width=self.width)
            self.lying = self.source.source_enabled, self.source.source_range, self.source.source_compliance
            for row in self.read_after(sent, wait=1.0, reads=2):
                self.record(Number=number, **row)


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


def larger(seen: list[tuple[float, float]], than: float) -> list[tuple[float, float, float]]:
    """When so large currents began, how long they flowed, and the current."""
    found: list[tuple[float, float, float]] = []
    for (begin, current), (end, _) in itertools.pairwise(seen):
        if abs(current) > than:
            found.append((begin, end - begin, current))
    return found


def measured(simulate: Simulate, sample: SampleRecord | str = "cotb2025", **parameters: Any) -> tuple[Done, Pulsing]:
    procedure = Pulsing(**parameters)
    return simulate(procedure, sample=sample), procedure


def events(done: Done, kind: str) -> list[dict[str, Any]]:
    lines = done.directory.events_file.read_text(encoding="utf-8").splitlines()
    return [event["values"] for event in map(json.loads, lines) if event.get("kind") == kind]


# ---- what flows


@pytest.mark.parametrize(("height", "width"), [("20 mA", "1 ms"), ("12 mA", "10 ms"), ("5 mA", "100 ms")])
def test_the_pulse_that_flows_has_its_height_and_the_width_that_the_source_times(
    simulate: Simulate, flows: list[tuple[float, float]], height: str, width: str
) -> None:
    done, procedure = measured(simulate, height=height, width=width)
    assert done.outcome.status == "finished", done.outcome.error
    pulses = larger(flows, 1e-3)
    assert [current for *_, current in pulses] == pytest.approx([-procedure.height, procedure.height], rel=1e-3)
    for _, lasted, _ in pulses:
        assert lasted == pytest.approx(procedure.width, abs=1e-6)
    # what the rows say of it is when it was
    starts = done.rows["Pulse start stamp (s)"].dropna().unique().tolist()
    assert starts == pytest.approx([begin for begin, *_ in pulses], abs=0.02)


def test_output_range_and_compliance_are_as_before_and_every_change_is_at_zero(
    simulate: Simulate, flows: list[tuple[float, float]]
) -> None:
    _, procedure = measured(simulate)
    assert procedure.lying == (True, 200e-6, 0.2)
    at = next(index for index, (_, current) in enumerate(flows) if abs(current) > 1e-3)
    assert flows[at - 1][1] == flows[at + 1][1] == 0.0


def test_a_reading_begins_when_the_wait_is_over(simulate: Simulate) -> None:
    done, _ = measured(simulate)
    after = done.rows.loc[done.rows["Number"] > 0]
    waited = after["Start 1 (s)"] - after["Pulse end stamp (s)"]
    assert waited.min() >= 1.0
    assert waited.groupby(after["Number"]).min().max() < 1.4  # a reading is thrown away


def test_hall_and_longitudinal_resistance_have_rows_of_their_own(simulate: Simulate) -> None:
    done, _ = measured(simulate)
    rows = done.rows
    assert len(rows) == 2 + 2 * 3
    assert rows["Resistance (ohm)"].dropna().tolist() == pytest.approx([136.0] * 3, rel=1e-3)
    read = rows[["Resistance (ohm)", "Hall resistance (ohm)"]].notna().to_numpy(dtype=bool)
    assert read.sum(axis=1).tolist() == [1] * len(rows)
    assert rows["Two-wire bound (ohm)"].dropna().unique().tolist() == pytest.approx([585.0])  # 1.5 times 390 ohm


# ---- what is counted


def test_each_pulse_is_in_the_odometer_at_once(simulate: Simulate) -> None:
    done, _ = measured(simulate, count=3)
    entries = events(done, "pulses")
    assert [entry["count"] for entry in entries] == [1, 1, 1]
    assert entries[0]["largest_current_density"]["value"] == pytest.approx(12e-3 / (5e-6 * 9e-9))
    assert entries[0]["energy"]["value"] == pytest.approx(12e-3**2 * 390 * 10e-3)


def test_a_pulse_after_which_the_source_is_silent_counts(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    from instruments.errors import NoReply
    from instruments.keithley6221 import Keithley6221

    def silent(self: Keithley6221, *arguments: Any, **keywords: Any) -> None:
        raise NoReply("the source does not answer")

    monkeypatch.setattr(Keithley6221, "sweep", silent)
    done, _ = measured(simulate)
    assert done.outcome.exit_code == 5
    assert len(events(done, "pulses")) == 1


# ---- what is marked


def test_a_clamped_pulse_is_marked_ended_and_bounds_nothing(
    simulate: Simulate, flows: list[tuple[float, float]]
) -> None:
    record = load_sample("cotb2025")
    wrong = record.model_copy(update={"resistances": record.resistances.model_copy(update={"two_wire": 100.0}),
                                      "leads": record.leads})  # fmt: skip
    done, _ = measured(simulate, sample=wrong, height="20 mA", count=1)
    assert done.outcome.status == "finished", done.outcome.error
    last = done.rows.loc[done.rows["Number"] == 1]
    assert last["Pulse clamped"].all()
    assert last["Two-wire bound (ohm)"].isna().all()
    (_, lasted, current), *_ = larger(flows, 1e-3)
    assert abs(current) < 0.5 * 20e-3
    assert lasted < 5e-3  # the source ended it
    assert done.rows["Resistance (ohm)"].dropna().to_numpy(float)[-1] == pytest.approx(136.0, rel=1e-3)


def test_a_meter_that_a_pulse_overloads_has_recovered_in_the_reading_that_is_thrown_away(simulate: Simulate) -> None:
    """40 mV at the arms in the range of 10 mV: the model's amplifier is then wrong for 0.2 s."""
    record = load_sample("cotb2025")
    offset = changed(record, misalignment=0.1)
    told = offset.model_copy(update={"resistances": offset.resistances.model_copy(update={"hall_offset": 3.4})})
    for sample in (offset, told):
        done, procedure = measured(simulate, sample=sample)
        hall = done.rows["Hall resistance (ohm)"].dropna().to_numpy(float)
        assert hall[1:].mean() == pytest.approx(3.4 - 0.005, abs=0.1)
        assert abs(hall[1] - hall[2]) < 2e-3
        assert procedure.reader.settings.voltage_range == (0.01 if sample is offset else 0.1)


# ---- what is refused


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"height": "23 mA"}, "the pulse current would be 23 mA, above the limit of sample 'cotb2025', 22.5 mA"),
        ({"height": "20 mA", "width": "50 ms"}, "the energy of a pulse, as current times compliance, would be 11.7 mJ"),
        ({"height": "2 mA", "width": "200 ms"}, "the pulse width would be 200 ms, above the limit of station 'ppms'"),
    ],
)
def test_pulses_beyond_a_limit_are_refused_before_anything_is_sent(
    simulate: Simulate, parameters: dict[str, str], words: str
) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done, _ = measured(simulate, **parameters)
    assert done.outcome.exit_code == 4
    assert words in str(done.outcome.error)


def test_what_may_flow_for_any_time_may_do_so_in_a_long_pulse(simulate: Simulate) -> None:
    done, _ = measured(simulate, height="400 uA", width="300 ms", count=1)
    assert done.outcome.status == "finished", done.outcome.error


def test_a_pulse_that_the_largest_compliance_would_clamp_is_refused(simulate: Simulate) -> None:
    record = load_sample("cotb2025")
    tight = record.model_copy(update={"limits": record.limits.model_copy(update={"voltage": 4.0})})
    done, _ = measured(simulate, sample=tight)
    assert done.outcome.exit_code == 4
    assert "makes 4.68 V by the record" in str(done.outcome.error)
    assert not events(done, "pulses")


@pytest.mark.parametrize(("height", "width"), [("0 A", "10 ms"), ("1 mA", "5 us"), ("1 mA", "11 s")])
def test_what_is_no_pulse_is_refused(simulate: Simulate, height: str, width: str) -> None:
    class Unchecked(Pulsing):
        def demands(self) -> dict[str, float]:
            return {}

        def startup(self) -> None:
            Procedure.startup(self)

    done = simulate(Unchecked(height=height, width=width))
    assert isinstance(done.outcome.cause, BadValue)


@given(st.floats(1e-9, 0.1), st.sampled_from([1, -1]))
def test_a_current_on_the_grid_is_never_above_the_one_that_was_meant(size: float, sign: int) -> None:
    found = on_grid(sign * size)
    assert 0.0 <= sign * found <= size
    assert abs(found) == pytest.approx(size, rel=1e-3)
    assert on_grid(found) == found
    assert on_grid(0.0) == 0.0


# ---- what the journal gives back


def test_a_procedure_reads_the_journal_of_its_sample(tmp_path: Any) -> None:
    procedure = Pulsing()
    assert procedure.latest("angle") is None
    journal = Journal(tmp_path, "cotb2025")
    journal.append("angle", {"text": "old"})
    journal.append("mounting", {"text": "puck 3"})
    procedure.sample_journal = journal
    assert procedure.latest("angle") is None
    entry = procedure.latest("angle", this_mounting=False)
    assert entry is not None
    assert entry.values == {"text": "old"}
    assert math.isnan(NONE_YET["Pulse start stamp (s)"])
