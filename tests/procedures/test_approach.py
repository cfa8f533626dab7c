"""Approach: the switching current is the model's own, no device is harmed, and where there is none it says why."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, UsageError
from labctl import learning
from labctl.analysis.approaching import stopped
from labctl.journal import Journal
from labctl.sample import SampleRecord, load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.approach import Approach
from simulators.randomness import Streams
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.procedures.test_ahe import changed, recabled
from tests.simulated import Done, Simulate, capture_labs
from tests.simulators.samples.pulsing import ALONG
from tests.simulators.samples.trajectory import Trajectory

LARGEST = 22.5e-3
"""A, the record's limit."""
FIGURE = Approach.figure
UNHARMED = 0.2
"""Of a device's life, as a model that has one counts it: what an approach may use up."""


def mounted(record: SampleRecord | None = None, **mounting: Any) -> SampleRecord:
    record = record or load_sample("cotb2025")
    return record.model_copy(update={"mounting": record.mounting.model_copy(update=mounting)})


def flat(record: SampleRecord | None = None) -> SampleRecord:
    """The field in the plane along the current all the time."""
    return mounted(record, rotator_axis="none", field_from_normal=math.pi / 2)


def turning(record: SampleRecord | None = None, **mounting: Any) -> SampleRecord:
    """On a rotator that turns the field from the normal onto the current."""
    return mounted(record, rotator_axis="across current", **mounting)


@dataclass
class Alone:
    """A device by itself, without instruments: pulses from its saturated state, straight into the model."""

    record: SampleRecord
    sample_seed: int = 0
    width: float = 1e-3
    field: float = 0.025

    def part(self, current: float, histories: int = 4) -> float:
        """Part of the film that one pulse in A switches, mean of some thermal histories."""
        return float(np.mean([self._once(current, seed) for seed in range(histories)]))

    def _once(self, current: float, seed: int) -> float:
        model = self.record.model
        assert model is not None
        sample = FerrimagnetHallBar.from_model(
            model.parameters, self.record.model_geometry(), Trajectory(300.0, field=self.field, direction=ALONG),
            Streams(seed, self.sample_seed),
        )  # fmt: skip
        sample.set_currents(1.0, {"source": -current, "drain": current})
        sample.set_currents(1.0 + self.width, {})
        return 0.5 * (1.0 - sample.magnetisation(2.0 + self.width, 2.0 + self.width))

    def half(self) -> float | None:
        """Current in A at which half switches, by a dense scan around it; None where that is beyond the limit."""
        low, high = 0.0, LARGEST
        if self.part(high) < 0.5:
            return None
        while high - low > 0.04 * LARGEST:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if self.part(middle, 1) >= 0.5 else (middle, high)
        scan = np.linspace(low - 0.02 * LARGEST, high + 0.02 * LARGEST, 9)
        slope, offset = np.polyfit(scan, [self.part(current, 2) for current in scan.tolist()], 1).tolist()
        return (0.5 - offset) / slope


def largest(done: Done, column: str) -> float:
    """Largest magnitude in a column."""
    return float(np.abs(done.rows[column].to_numpy(float)).max())


def assert_unharmed(done: Done) -> None:
    """The bar is as it was when it was put in: the approach's own figure, the model's resistance, and its life."""
    sample, now = done.lab.sample, done.lab.timeline.now
    assert done.outcome.status == "finished", done.outcome.error
    assert done.lab.damage() < UNHARMED
    assert isinstance(sample, FerrimagnetHallBar)
    assert sample.resistance("source", "drain", now + 100.0) == pytest.approx(sample._model.resistance, rel=0.01)
    assert abs(done.value("resistance_change")) < 0.01


def assert_found(done: Done, truth: float | None) -> None:
    """Within 10 % where there is one; otherwise nothing, with the reason."""
    found = done.value("switching_current")
    if truth is None:
        assert found is None or found > 0.97 * LARGEST
        if found is None:
            assert "% of the film" in done.outcome.results["switching_current"]["why"]
        return
    if found is None:  # the very edge, or an end before it
        ended = stopped(done.rows)
        assert truth > 0.97 * LARGEST or ended == "resistance", (truth, ended)
        return
    assert found == pytest.approx(truth, rel=0.10)


@pytest.fixture(autouse=True)
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure takes as long as a third of a run, and one of them is looked at."""
    monkeypatch.setattr(Approach, "figure", lambda *_: None)


# ---- one device


@pytest.fixture(scope="module")
def flat_done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    """The shipped film in the field's plane, with a journal as on hardware."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "journal_of", lambda asked: Journal(asked.out, asked.sample.name))
        patch.setattr(Approach, "figure", FIGURE)
        yield Simulate(tmp_path_factory.mktemp("runs"), capture_labs(patch))(Approach(), sample=flat())


@pytest.fixture(scope="module")
def truth() -> float:
    found = Alone(load_sample("cotb2025")).half()
    assert found is not None
    return found


def assert_it_is_the_films(done: Done, truth: float) -> None:
    assert_unharmed(done)
    for name, sign in (("switching_current", 1), ("switching_current_up", 1), ("switching_current_down", -1)):
        assert done.value(name) == pytest.approx(sign * truth, rel=0.03)
        assert 0 < done.uncertainty(name) < 0.02 * truth
    full, most = done.value("full_switching_current"), done.value("pulse_max")
    assert Alone(flat()).part(full) > 0.95
    assert most == pytest.approx(1.15 * full, rel=1e-3)
    assert stopped(done.rows) == "full switching"
    assert done.value("switching_ratio") == pytest.approx(1.0, abs=0.02)
    assert done.value("hall_swing") == pytest.approx(0.15, rel=0.02)
    assert done.value("number_of_pulses") <= 70


def test_the_switching_current_is_the_models_own(flat_done: Done, truth: float) -> None:
    assert_it_is_the_films(flat_done, truth)
    assert flat_done.value("switching_current_density") == pytest.approx(truth / (5e-6 * 9e-9), rel=0.03)
    assert flat_done.value("field_along_current") == pytest.approx(0.025, abs=1e-4)
    assert flat_done.directory.figure_file.exists()
    assert set(flat_done.rows["Block"]) == {"run"}  # its state is what the pulses made of it: no block can be repeated


@pytest.mark.endurance
def test_on_a_rotator_the_swing_is_that_between_the_saturations(simulate: Simulate, truth: float) -> None:
    done = simulate(Approach(), sample=turning())
    assert_it_is_the_films(done, truth)
    assert done.outcome.results["hall_swing"]["note"] == "between both saturations"
    assert set(done.rows["Block"]) == {"coarse=1", "sign=1", "sign=2"}
    assert largest(done, "Field (T)") < 0.03  # what is read is read at zero field, and in 25 mT
    assert any("run align" in warning for warning in done.outcome.warnings)


def test_the_journal_has_each_pulse_and_the_safe_one(flat_done: Done) -> None:
    journal = Journal(flat_done.directory.path.parents[1], "cotb2025")
    odometer = journal.odometer()
    assert odometer.count == flat_done.value("number_of_pulses")
    assert odometer.largest_current_density == pytest.approx(flat_done.value("largest_current_density"))
    entry = journal.latest("safe_pulse")
    assert entry is not None
    assert entry.number("pulse_max") == flat_done.value("pulse_max")
    assert entry.number("pulse_width") == 1e-3
    assert entry.values["stopped_by"] == "full switching"


@pytest.mark.endurance
def test_a_field_the_other_way_switches_the_other_way_at_the_same_current(simulate: Simulate, truth: float) -> None:
    done = simulate(Approach(in_plane_field="-25 mT"), sample=flat())
    assert done.value("switching_current") == pytest.approx(truth, rel=0.03)
    rows = done.rows
    top = rows.loc[rows["Step"] == "coarse"].groupby("Pulse current (A)")["Hall resistance (ohm)"].mean()
    assert top.iloc[-1] < top.iloc[0]  # a positive pulse now makes the lower state


@pytest.mark.endurance
def test_a_longer_pulse_needs_less(simulate: Simulate, truth: float) -> None:
    done = simulate(Approach(width="10 ms"), sample=flat())
    assert done.value("switching_current") == pytest.approx(Alone(flat(), width=10e-3).half(), rel=0.03)
    assert done.value("switching_current") < 0.97 * truth
    assert done.value("pulse_width") == 10e-3


# ---- where there is no switching current


def test_without_a_field_along_the_current_it_says_so(simulate: Simulate) -> None:
    done = simulate(Approach(in_plane_field="0 T", maximum_current="15 mA", reads=2), sample=flat())
    assert_unharmed(done)
    for name in ("switching_current", "switching_current_up", "switching_current_density"):
        assert done.value(name) is None
        assert "without a field along the current" in done.outcome.results[name]["why"]
    assert any("no field along the current" in warning for warning in done.outcome.warnings)
    assert done.value("pulse_max") == 15e-3  # it did no harm, whatever it did not switch
    assert "does not switch fully" in done.outcome.results["pulse_max"]["note"]
    assert stopped(done.rows) == "limit"


def test_a_field_across_the_current_is_none_along_it(simulate: Simulate) -> None:
    across = mounted(rotator_axis="along current", in_plane_from_current=math.pi / 2)
    done = simulate(Approach(maximum_current="5 mA", reads=2), sample=across)
    assert done.value("switching_current") is None
    assert done.value("field_along_current") == pytest.approx(0.0, abs=1e-9)


@pytest.mark.endurance
def test_a_threshold_beyond_the_limit_is_said_to_be_one(simulate: Simulate) -> None:
    hard = flat(changed(load_sample("cotb2025"), switching_drive=3400.0))
    assert Alone(hard).half() is None
    done = simulate(Approach(), sample=hard)
    assert_unharmed(done)
    why = done.outcome.results["switching_current"]["why"]
    assert "pulses of up to 22.5 mA switch" in why
    assert "largest current" in why
    assert done.value("pulse_max") == LARGEST


# ---- why it stops


def test_a_device_whose_resistance_changes_is_left_alone(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 14 mA on, every pulse leaves 0.3 % more: it ends at the second of them, and recommends what was before."""
    worn = [0.0]
    sheet, put = FerrimagnetHallBar._sheet_resistance, FerrimagnetHallBar.set_currents

    def set_currents(self: FerrimagnetHallBar, time: float, injected: Any) -> None:
        worn[0] += 0.003 * (abs(injected.get("source", 0.0)) > 14e-3)
        put(self, time, injected)

    monkeypatch.setattr(FerrimagnetHallBar, "set_currents", set_currents)
    monkeypatch.setattr(FerrimagnetHallBar, "_sheet_resistance", lambda self, t: sheet(self, t) * (1.0 + worn[0]))
    done = simulate(Approach(), sample=flat())
    assert stopped(done.rows) == "resistance"
    assert worn[0] == pytest.approx(0.006)
    assert done.value("pulse_max") == pytest.approx(13.49e-3)
    assert done.value("resistance_change") == pytest.approx(0.006, rel=0.1)
    assert done.value("switching_current_up") is None  # no further pulses were sent
    assert largest(done, "Pulse current (A)") == pytest.approx(14.62e-3)
    assert "resistance had changed" in done.outcome.results["pulse_max"]["note"]


@pytest.mark.endurance
def test_heat_that_goes_is_no_damage(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above 14 mA the bar is 1 % warmer for 5 s after each pulse: seen, waited for, and gone."""
    last = [-math.inf]
    sheet, put = FerrimagnetHallBar._sheet_resistance, FerrimagnetHallBar.set_currents

    def set_currents(self: FerrimagnetHallBar, time: float, injected: Any) -> None:
        last[0] = time if abs(injected.get("source", 0.0)) > 14e-3 else last[0]
        put(self, time, injected)

    def warm(self: FerrimagnetHallBar, temperature: float) -> float:
        return sheet(self, temperature) * (1.01 if self._history.now < last[0] + 5.0 else 1.0)

    monkeypatch.setattr(FerrimagnetHallBar, "set_currents", set_currents)
    monkeypatch.setattr(FerrimagnetHallBar, "_sheet_resistance", warm)
    done = simulate(Approach(), sample=flat())
    assert stopped(done.rows) == "full switching"
    assert "check" in set(done.rows["Step"])


def test_a_clamped_pulse_ends_it(simulate: Simulate) -> None:
    """Somebody wrote down a resistance that is too small by half: the compliance bit says so before the film does."""
    record = load_sample("cotb2025")
    wrong = record.model_copy(update={"resistances": record.resistances.model_copy(update={"two_wire": 180.0})})
    done = simulate(Approach(), sample=flat(wrong))
    assert done.outcome.status == "finished", done.outcome.error
    assert stopped(done.rows) == "compliance"
    assert done.value("number_of_pulses") == 1
    assert done.value("pulse_max") is None


def test_it_ends_before_a_pulse_needs_most_of_the_compliance(simulate: Simulate) -> None:
    record = load_sample("cotb2025")
    tight = record.model_copy(update={"limits": record.limits.model_copy(update={"voltage": 5.0})})
    done = simulate(Approach(), sample=flat(tight))
    assert stopped(done.rows) == "voltage"
    assert largest(done, "Pulse current (A)") * 390 <= 0.8 * 5.0
    assert done.value("pulse_max") == pytest.approx(10.12e-3)


# ---- many devices


def device(number: int) -> SampleRecord:
    """A device at random: how hard it switches, how warm it gets, how hard it may be driven."""
    chance = np.random.default_rng(1000 + number)
    record = changed(
        load_sample("cotb2025"),
        switching_drive=1700.0 * float(chance.uniform(0.6, 1.6)),
        switching_spread=float(chance.uniform(0.06, 0.2)),
        thermal_resistance=7.5e4 * float(np.exp(chance.normal(0.0, 0.3))),
        anomalous_hall_resistance=0.075 * float(chance.uniform(0.7, 1.3)),
        misalignment=float(chance.normal(0.0, 0.01)),
    )
    return flat(record) if number % 2 else turning(record)


def approached(simulate: Simulate, number: int) -> None:
    simulate.labs.clear()
    record = device(number)
    done = simulate(Approach(reads=2), sample=record, seed=number, sample_seed=number)
    assert_unharmed(done)
    assert_found(done, Alone(record, sample_seed=number).half())
    most = done.value("pulse_max")
    assert most is not None
    assert most <= LARGEST * (1.0 + 1e-9)


@pytest.mark.parametrize("number", range(6))
def test_six_devices_are_measured_and_none_is_harmed(simulate: Simulate, number: int) -> None:
    approached(simulate, number)


@pytest.mark.endurance
@pytest.mark.parametrize("number", range(200))
def test_two_hundred_devices_are_measured_and_none_is_harmed(simulate: Simulate, number: int) -> None:
    approached(simulate, number)


def test_wear_outside_the_arms_is_seen_between_the_current_leads(simulate: Simulate) -> None:
    """A warm bar whose weakest spot channel 2 does not see: it ends at half a per cent, and recommends less."""
    done = simulate(Approach(reads=2), sample=device(40), seed=40, sample_seed=40)
    assert abs(done.value("resistance_change")) < 1e-3
    assert 0.005 < done.value("two_wire_change") < 0.0065
    assert done.value("pulse_max") < done.value("full_switching_current")
    found = done.rows["Two-wire resistance (ohm)"].dropna().to_numpy(float)
    assert found[0] == pytest.approx(390.0, rel=1e-3)
    assert isinstance(done.lab.sample, FerrimagnetHallBar)
    bar = done.lab.sample.resistance("source", "drain", done.lab.timeline.now + 100.0)
    assert found[-1] == pytest.approx(bar + 50.0, rel=5e-4)


def test_without_a_unit_on_the_current_leads_it_says_what_is_not_seen(simulate: Simulate) -> None:
    station = load_station("ppms")
    alone = station.model_copy(update={"cables": station.cables.model_copy(update={"smu": None})})
    done = simulate(Approach(maximum_current="3 mA", reads=2), sample=flat(), station=alone)
    assert done.outcome.status == "finished", done.outcome.error
    assert any("outside the arms of channel 2 is not seen" in said for said in done.outcome.warnings)
    assert "no source-measure unit" in done.outcome.results["two_wire_change"]["why"]


# ---- before it begins


def test_the_angle_is_that_of_the_last_alignment(tmp_path: Path) -> None:
    procedure = Approach()
    procedure.sample = turning()
    assert procedure.rotator_angle() == 90.0
    journal = Journal(tmp_path, "cotb2025")
    journal.append("angle", {"in_plane_angle": {"value": 88.7, "uncertainty": 0.02, "unit": "deg"}})
    procedure.sample_journal = journal
    assert procedure.rotator_angle() == 88.7
    procedure.set(angle="89 deg")
    assert procedure.rotator_angle() == pytest.approx(89.0)
    journal.append("mounting", {"text": "mounted anew"})
    procedure.set(angle="from align")
    assert procedure.rotator_angle() == 90.0


def test_a_mounting_without_a_field_in_the_plane_is_told_what_to_do(simulate: Simulate) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done = simulate(Approach(), sample=mounted(rotator_axis="none"))
    assert done.outcome.exit_code == 2
    assert 'rotator_axis = "across current"' in str(done.outcome.error)
    assert "0 deg from the normal" in str(done.outcome.error)


def test_what_it_cannot_do_without_is_asked_for() -> None:
    def bound(sample: SampleRecord, **parameters: Any) -> Approach:
        procedure = Approach(**parameters)
        procedure.sample, procedure.station = sample, recabled({})
        return procedure

    Approach().check()
    with pytest.raises(BadValue, match="say initialise=pulse"):
        bound(flat(), initialise="field").check()
    without = flat()
    without = without.model_copy(update={"limits": without.limits.model_copy(update={"pulse_current_density": None})})
    with pytest.raises(BadValue, match="give maximum_current"):
        bound(without).check()
    blind = bound(flat())
    blind.station = recabled({"channel_2_high": "open", "channel_2_low": "open"})
    with pytest.raises(UsageError, match="nobody would see the device change"):
        blind.check()


def test_pulses_beyond_the_limit_are_refused_beforehand(simulate: Simulate) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    assert simulate(Approach(maximum_current="25 mA"), sample=flat()).outcome.exit_code == 4


# ---- a run that was cut


def soft() -> SampleRecord:
    """A film on a rotator that switches at 4 mA, so that there are few levels."""
    return turning(changed(load_sample("cotb2025"), switching_drive=500.0))


@pytest.mark.parametrize("every", [130, pytest.param(9, marks=pytest.mark.endurance)])
def test_where_a_field_makes_the_first_state_it_can_be_carried_on(every: int) -> None:
    """The droplets' thermal clocks differ in a run that is carried on: 2 % of the swing."""
    carried_on = assert_resumable(
        Approach, sample=soft(), every=every, tolerance=0.02, maximum_current="20 mA", reads=2
    )
    assert carried_on >= 1
