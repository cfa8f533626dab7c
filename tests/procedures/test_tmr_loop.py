"""Loops of a tunnel junction on the simulated station: against the model's own truth, and what is refused."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from instruments.errors import BadValue, LabError, LimitExceeded, UsageError
from labctl.analysis.result import Result
from labctl.beforehand import check_request
from labctl.cli.main import run_command
from labctl.journal import Journal, quantity
from labctl.junction_accuracy import tmr_without_reversal, with_current, with_voltage
from labctl.request import Request
from labctl.reversal import COLUMNS
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from procedures.across_junction import AcrossJunction, as_resistance
from procedures.hall_loops import legs
from procedures.tmr_loop import TmrLoop
from procedures.tmr_results import RESISTANCE, doubt, results_of
from tests.labctl.analysis.junctions import Junction
from tests.simulated import Done, Simulate

QUICK: dict[str, Any] = {"maximum_field": "0.5 T", "sweep_rate": "150 Oe/s", "temperature": "35 K"}
SAMPLE = "fimtj2026"


def looped(simulate: Simulate, **parameters: Any) -> Done:
    where = {name: parameters.pop(name) for name in ("station", "sample", "sample_seed") if name in parameters}
    return simulate(TmrLoop(**{**QUICK, **parameters}), sample=where.pop("sample", SAMPLE), **where)


def specified() -> Station:
    """Instruments with errors of their own, within their specifications."""
    station = load_station("ppms")
    simulation = station.simulation.model_copy(update={"calibration": "specified"})
    return station.model_copy(update={"simulation": simulation})


def tmr_of(done: Done, temperature: float) -> float:
    """What the model has for both states, whose sign follows from the net moments."""
    sample: Any = done.lab.sample
    product = abs(sample._polarisations.product(temperature))
    high, low = (1.0 / sample._zero_bias(temperature, sign * product) for sign in (-1, 1))
    return high / low - 1.0 if temperature < 27.0 else low / high - 1.0


# ---- against the model


@pytest.mark.parametrize(
    ("temperature", "read_with"),
    [(20.0, "by resistance"), pytest.param(35.0, "2400", marks=pytest.mark.endurance)],
)
def test_both_ways_find_the_models_tmr_with_its_sign(simulate: Simulate, temperature: float, read_with: str) -> None:
    done = looped(
        simulate, temperature=f"{temperature} K", read_with=read_with, maximum_field="0.7 T", sweep_rate="180 Oe/s"
    )
    assert done.outcome.status == "finished"
    assert done.value("saturated") is True
    assert not done.outcome.warnings  # that a junction is waited for by time is no news: it always is
    assert next(event for event in done.directory.events() if event["event"] == "settled")["by"] == "time"
    assert done.value("tmr") == pytest.approx(tmr_of(done, temperature), abs=2e-3)
    sample: Any = done.lab.sample
    seen = sample.resistance_at("top_1", "bottom_1", 1e-9, done.lab.clock.now()) - 40.0
    assert done.value("resistance_parallel") == pytest.approx(seen, rel=1e-3)
    assert abs(done.value("linearity")) < 3e-4
    assert abs(done.value("parallel_drift")) < 1e-3
    area = math.pi * 1e-12
    assert done.value("resistance_area") == pytest.approx(done.value("resistance_parallel") * area)
    assert "stated in the paper" in done.outcome.results["resistance_area"]["note"]
    for branch, sign in (("up", 1.0), ("down", -1.0)):
        soft, hard = (sign * done.value(f"switching_field_{layer}_{branch}") for layer in ("soft", "hard"))
        assert 0.04 < soft < 0.08
        assert 0.2 < hard < 0.6
    done.assert_source_off()


def test_half_readings_and_the_bias_that_was_there_are_kept(simulate: Simulate) -> None:
    rows = looped(simulate, temperature="stay", maximum_field="0.1 T").rows
    volts = [rows[f"Voltage {number} (V)"].to_numpy(float) for number in (1, 2, 3)]
    amperes = [rows[f"Current {number} (A)"].to_numpy(float) for number in (1, 2, 3)]
    found = (volts[0] - 2 * volts[1] + volts[2]) / (amperes[0] - 2 * amperes[1] + amperes[2])
    assert found == pytest.approx(rows["Resistance (ohm)"].to_numpy(float), rel=1e-12)
    linear = rows[rows["Kind"] == "linearity"]
    assert len(set(linear["Current 1 (A)"].tolist())) == 2
    assert len(linear) == 15
    assert (np.diff(rows["Time (s)"].to_numpy(float)) > 0).all()


def test_a_junction_without_magnetoresistance_has_no_tmr_and_says_so(simulate: Simulate) -> None:
    record = load_sample(SAMPLE)
    assert record.model is not None
    flat = type(record.model).model_validate(
        {**record.model.model_dump(), "polarisation": 0.0, "polarisation_gain": 0.0}
    )
    done = looped(simulate, sample=record.model_copy(update={"model": flat}))
    assert done.outcome.status == "finished"
    assert done.value("tmr") is None
    assert "no step" in done.outcome.results["tmr"]["why"].lower()
    assert done.value("resistance_area") is None


# ---- the wrong instrument shows


class Reads(AcrossJunction):
    """Some readings of one state."""

    DATA_COLUMNS = (*(RESISTANCE if name == "Hall resistance (ohm)" else name for name in COLUMNS),)

    def check(self) -> None:
        self.check_reading()

    def demands(self) -> dict[str, float]:
        return self.bias_demands()

    def execute(self) -> None:
        for _ in range(5):
            self.record(**as_resistance(self.read(), RESISTANCE))


def shifted(box: Any, parallel: float, tmr: float) -> float:
    """The TMR that a 2400 with such errors finds without reversal, at 1 mV."""
    across = 1e-3 * (1.0 + box.sourced["VOLT"].gains[0]) + box.sourced["VOLT"].offsets[0]
    offset = box.measured["CURR"].offsets[0]
    low, high = sorted(tmr_without_reversal(tmr, parallel, across))
    found = (across / parallel + offset) / (across / parallel / (1.0 + tmr) + offset) - 1.0
    assert low <= found <= high
    return found


@pytest.mark.parametrize("sample_seed", [1, 2])
def test_a_2400_without_reversal_finds_a_wrong_ratio_of_two_resistances(simulate: Simulate, sample_seed: int) -> None:
    """Two junctions, of which one has 1.26 times the other's resistance, stand for the two states."""

    def read(factor: float, reversal: str) -> tuple[float, float, Any]:
        record = load_sample(SAMPLE)
        geometry = record.geometry.model_copy(update={"diameter": 2e-6 / math.sqrt(factor)})
        sample = record.model_copy(update={"geometry": geometry})
        procedure = Reads(read_with="2400", reversal=reversal)
        done = simulate(procedure, sample=sample, station=specified(), sample_seed=sample_seed)
        true: Any = done.lab.sample
        seen = true.resistance_at("top_1", "bottom_1", 1e-9, done.lab.clock.now()) - 40.0
        unit: Any = done.lab.devices["smu"]
        return float(done.rows[RESISTANCE].to_numpy(float).mean()), seen, unit._calibration

    (right, true, box), (higher, true_higher, _) = (read(factor, "yes") for factor in (1.0, 1.26))
    tmr = true_higher / true - 1.0
    assert right == pytest.approx(true, rel=1e-3)
    assert higher / right - 1.0 == pytest.approx(tmr, abs=1e-3)
    wrong, wrong_higher = (read(factor, "no")[0] for factor in (1.0, 1.26))
    expected = shifted(box, true, tmr)
    assert abs(expected - tmr) > 2e-3
    assert wrong_higher / wrong - 1.0 == pytest.approx(expected, abs=1e-3)
    assert abs(wrong / true - 1.0) > 0.05


@pytest.mark.endurance
def test_a_2400_without_reversal_finds_a_wrong_tmr_by_its_own_offset(simulate: Simulate) -> None:
    """With reversal the same instrument finds the right one; what the specification says holds both."""
    right, wrong = (
        looped(simulate, station=specified(), sample_seed=1, read_with="2400", reversal=reversal)
        for reversal in ("yes", "no")
    )
    true = tmr_of(right, 35.0)
    unit: Any = right.lab.devices["smu"]
    assert right.value("tmr") == pytest.approx(true, abs=2e-3)
    parallel = right.value("resistance_parallel")
    expected = shifted(unit._calibration, parallel, true)
    assert wrong.value("tmr") == pytest.approx(expected, abs=2e-3)
    assert abs(expected - true) > 3e-3
    assert abs(wrong.value("resistance_parallel") / parallel - 1.0) > 0.05
    assert abs(wrong.value("linearity")) > 0.02 > abs(right.value("linearity"))
    assert any("without reversal" in said for said in wrong.outcome.warnings)


def test_the_6221_is_as_right_as_its_scale_says_whatever_its_offsets(simulate: Simulate) -> None:
    done = looped(simulate, station=specified(), sample_seed=1)
    assert done.value("tmr") == pytest.approx(tmr_of(done, 35.0), abs=2e-3)
    sample: Any = done.lab.sample
    seen = sample.resistance_at("top_1", "bottom_1", 1e-9, done.lab.clock.now()) - 40.0
    scale = done.value("reading_scale")
    assert abs(done.value("resistance_parallel") / seen - 1.0) < 2.0 * scale < 0.004


def table_of(parallel: float, tmr: float, bias: float) -> pd.DataFrame:
    """Rows of a made-up loop that was read without reversal."""
    field, resistance, branch, loop = Junction(parallel=parallel, tmr=tmr, points=120).table()
    rows = pd.DataFrame({"Field (T)": field, RESISTANCE: resistance, "Branch": branch, "Loop": loop, "Kind": "loop"})
    voltages = {f"Voltage {number} (V)": bias if number == 1 else math.nan for number in (1, 2, 3)}
    return rows.assign(**voltages)


def test_what_is_read_without_reversal_is_as_uncertain_as_the_offsets_make_it() -> None:
    reading = chosen(parameters={"read_with": "2400", "reversal": "no"}).reading_by()
    found, right = (
        results_of(table_of(154e3, 0.26, 1e-3), sample=load_sample(SAMPLE), reading=each)
        for each in (reading, dataclasses.replace(reading, reversed=True))
    )
    low, high = tmr_without_reversal(0.26, 154e3, 1e-3)
    assert (low, high) == pytest.approx((0.246, 0.276), abs=6e-4)
    assert found["tmr"].uncertainty == pytest.approx((high - low) / 2 / math.sqrt(3), rel=0.1)
    part = reading.exactness.offset / math.sqrt(3)
    for name in ("resistance_parallel", "resistance_antiparallel", "resistance_area"):
        assert found[name].uncertainty == pytest.approx(part * float(found[name].value or 0.0), rel=1e-3)
        assert (right[name].uncertainty or 0.0) < 2e-3 * float(right[name].value or 0.0)
    assert "does not cancel in TMR" in str(found["reading_scale"].note)
    assert "which cancels in TMR" in str(right["reading_scale"].note)


def test_a_junction_of_few_squares_has_an_apparent_tmr_and_no_resistance_times_area() -> None:
    """Four wires read less than it has: a tenth less of the largest of the four sizes."""
    large, small = load_sample("fimtj2026-56um"), load_sample("fimtj2026-17.5um")
    crowded = results_of(table_of(76.0, 0.19, 1e-3), sample=large, reading=None)
    assert "apparent only: the low state is 1.5 squares" in str(crowded["tmr"].note)
    assert "fewer than 10" in str(crowded["resistance_area"].why)
    even = results_of(table_of(996.0, 0.19, 1e-3), sample=small, reading=None)
    assert "apparent" not in str(even["tmr"].note)
    assert even["resistance_area"].value is not None
    assert any("apparent only" in said for said in chosen(sample=large).forewarnings)
    assert not chosen(sample=small).forewarnings


# ---- which instrument


def chosen(**changes: Any) -> TmrLoop:
    """A procedure as it is when a run begins."""
    procedure = TmrLoop(**changes.pop("parameters", {}))
    request = Request(
        "tmr-loop", procedure, changes.pop("station", load_station("ppms")),
        changes.pop("sample", load_sample(SAMPLE)), simulate=True, seed=1, out=Path("nowhere"), **changes,
    )  # fmt: skip
    check_request(request)
    return procedure


def without(role: str) -> Station:
    station = load_station("ppms")
    return station.model_copy(
        update={
            "instruments": {name: each for name, each in station.instruments.items() if name != role},
            "cables": station.cables.model_copy(update={role: None}),
        }
    )


def recabled(role: str, **ends: str) -> Station:
    station = load_station("ppms")
    cables = getattr(station.cables, role).model_copy(update=ends)
    return station.model_copy(update={"cables": station.cables.model_copy(update={role: cables})})


def changed(**sections: dict[str, Any]) -> SampleRecord:
    """The record with other values in some of its sections."""
    data = load_sample(SAMPLE).snapshot()
    for section, values in sections.items():
        data[section] |= values
    return SampleRecord.model_validate(data)


def test_the_instruments_follow_from_the_resistance_and_from_what_there_is() -> None:
    usual = chosen()
    assert usual.roles == ("source", "voltmeter", "cryostat")
    assert "scatters less" in usual.reading_by().why
    assert chosen(parameters={"read_with": "2400"}).roles == ("smu", "source", "cryostat")
    assert chosen(station=without("smu")).reading_by().why.startswith("this station has no smu")
    assert chosen(station=without("source")).roles == ("smu", "cryostat")
    weak = changed(limits={"breakdown_voltage": 0.19, "voltage": None, "bias": None, "current": None})
    assert "smallest compliance" in chosen(sample=weak).reading_by().why
    tiny = changed(resistances={"junction": 2e7, "junction_high": 2.5e7}, limits={"current": None})
    assert chosen(sample=tiny).reading_by().way == "2400"


def test_the_2400_gives_no_more_than_ten_times_the_current() -> None:
    procedure = chosen(parameters={"read_with": "2400", "bias": "1 mV"})
    record = load_sample(SAMPLE)
    assert procedure.current_limit() == pytest.approx(20e-3 / record.sample_resistance())
    assert procedure.current_limit() <= record.read_current_limit()


@pytest.mark.parametrize("sample", ["fimtj2026-56um", "fimtj2026-1x0.7um"])
@pytest.mark.parametrize("read_with", ["6221 and 2182A", "2400"])
def test_both_ways_read_ohms_and_megohms(simulate: Simulate, sample: str, read_with: str) -> None:
    done = simulate(Reads(read_with=read_with), sample=sample)
    assert done.outcome.status == "finished", done.outcome.error
    assert not any(done.rows["Overflow"].tolist())
    values = done.rows[RESISTANCE].to_numpy(float)
    spread = float(np.std(values, ddof=1) / np.mean(values))
    exact = with_voltage if read_with == "2400" else with_current
    expected = exact(load_sample(sample).sample_resistance(), 1e-3, 5.0, 300.0)
    assert spread < 4.0 * expected.reading


def test_the_check_of_the_sample_reads_as_the_run_does(simulate: Simulate) -> None:
    """A source of voltage reaches no compliance at an open lead, so that it bounds nothing."""
    done = simulate(Reads(read_with="2400"), sample=SAMPLE)
    found = done.outcome.results
    assert found["health_resistance_end"]["value"] == pytest.approx(float(done.rows[RESISTANCE].iloc[-1]), rel=1e-3)
    assert "between D and B" in found["health_resistance_end"]["note"]
    assert "source of voltage" in found["health_two_wire_bound"]["why"]
    alone = simulate(Reads(read_with="2400", reversal="no"), sample=SAMPLE)
    assert "without reversal" in alone.outcome.results["health_resistance_start"]["why"]


# ---- refusals, each in one sentence before anything is sent


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"bias": "0.15 V"}, LimitExceeded, r"bias is 150 mV, and 2 times that is set as well, but sample .*200 mV"),
        ({"maximum_field": "10 T"}, LimitExceeded, "the field would be 10 T"),
        ({"soft_field": "3 T"}, BadValue, "soft_field is 3 T, but must lie below maximum_field"),
        ({"reversal": "no"}, BadValue, "give read_with=2400"),
        ({"read_with": "2400", "probe_nplc": "20"}, BadValue, "takes 10 PLC at most"),
        ({"sweep_rate": "500 Oe/s"}, LimitExceeded, "the field rate"),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, str], error: type[LabError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        chosen(parameters=parameters)
    assert "\n" not in str(caught.value)


def test_other_samples_and_other_stations_are_refused() -> None:
    with pytest.raises(UsageError, match=r"tmr-loop measures a junction, but sample 'cotb2025'.* is a Hall bar"):
        chosen(sample=load_sample("cotb2025"))
    with pytest.raises(LabError, match="smu"):
        chosen(station=without("smu"), parameters={"read_with": "2400"})
    with pytest.raises(LabError, match="cryostat"):
        chosen(station=without("cryostat"))
    with pytest.raises(UsageError, match=r"no cable there; plug smu.sense_high and smu.sense_low"):
        chosen(station=recabled("smu", sense_high="open", sense_low="open"), parameters={"read_with": "2400"})
    with pytest.raises(UsageError, match="both end on the top electrode"):
        chosen(station=recabled("voltmeter", channel_1_low="D"))


def test_a_slew_of_the_voltage_bounds_the_bias() -> None:
    slow = changed(limits={"voltage_slew": 0.05})
    assert chosen(sample=slow, parameters={"bias": "1 mV"}).bias_voltage() == 1e-3
    with pytest.raises(LimitExceeded, match="reversed in one step"):
        chosen(sample=slow, parameters={"bias": "2 mV"})


def test_the_command_line_says_it_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asked = ["run", "tmr-loop", "--simulate", "--sample", SAMPLE, "-p", "bias=0.3 V", "--out", str(tmp_path)]
    assert run_command(asked) == 4
    assert "endures 200 mV" in capsys.readouterr().err


# ---- what is known, and what is learnt


def known_loop(journal: Journal, hard: float, temperature: float) -> None:
    journal.append(
        "switching_fields",
        {
            **{
                f"switching_field_soft_{branch}": quantity(sign * 0.06, "T")
                for branch, sign in (("up", 1), ("down", -1))
            },
            **{
                f"switching_field_hard_{branch}": quantity(sign * hard, "T")
                for branch, sign in (("up", 1), ("down", -1))
            },
            "temperature": quantity(temperature, "K"),
            "saturated": {"value": True, "uncertainty": None, "unit": "1"},
        },
    )


def test_windows_and_the_largest_field_follow_from_the_journal(tmp_path: Path) -> None:
    procedure = TmrLoop(temperature="20 K")
    procedure.sample, procedure.station = load_sample(SAMPLE), load_station("ppms")
    assert procedure.informed() == {}
    assert procedure.windows(1.0) == []
    procedure.sample_journal = Journal(tmp_path, SAMPLE)
    known_loop(procedure.sample_journal, 0.45, 20.5)
    known_loop(procedure.sample_journal, 1.1, 30.0)
    known = procedure.informed()
    assert known["maximum_field"].value == pytest.approx(1.65)
    assert (known["soft_field"].value, known["hard_field"].value) == (0.06, 0.45)
    procedure.set(soft_field=0.06, hard_field=0.45, maximum_field=1.65)
    procedure.check()
    assert procedure.windows(-1.0) == [pytest.approx((-0.1, -0.02)), pytest.approx((-0.63, -0.27))]
    elsewhere = TmrLoop(temperature="40 K")
    elsewhere.sample, elsewhere.station = procedure.sample, procedure.station
    elsewhere.sample_journal = procedure.sample_journal
    assert set(elsewhere.informed()) == {"maximum_field"}


def test_the_field_moves_slowly_in_the_windows(simulate: Simulate) -> None:
    done = looped(simulate, soft_field="60 mT", hard_field="0.3 T", hard_window="10 %")
    rows = done.rows.loc[done.rows["Branch"] == "up"]
    field = rows["Field (T)"].to_numpy(float)
    steps = np.diff(field)
    inside = (field[:-1] > 0.03) & (field[1:] < 0.09)
    assert np.median(steps[inside]) < 0.25 * np.median(steps[field[1:] < -0.1])
    learnt = dict(TmrLoop.learned(TmrLoop(**QUICK), done.rows, _results(done)))["switching_fields"]
    assert learnt["temperature"]["value"] == pytest.approx(35.0, abs=0.1)
    assert learnt["switching_field_hard_up"].value == pytest.approx(0.297, abs=0.02)


def _results(done: Done) -> Any:
    from labctl.analysis.result import Results

    return Results.from_dict(done.outcome.results)


def test_legs_of_a_branch() -> None:
    assert legs(1.0, -1.0, (), 2.0, 1.0) == [(-1.0, 2.0)]
    assert legs(1.0, -1.0, [(-0.2, -0.1)], 2.0, 1.0) == [(-0.1, 2.0), (-0.2, 1.0), (-1.0, 2.0)]
    assert legs(-1.0, 1.0, [(0.1, 0.3), (0.2, 0.4)], 2.0, 1.0) == [(0.1, 2.0), (0.4, 1.0), (1.0, 2.0)]
    assert legs(-1.0, 1.0, [(0.8, 1.5)], 2.0, 1.0) == [(0.8, 2.0), (1.0, 1.0)]
    assert legs(0.5, -0.5, [(-2.0, 2.0)], 2.0, 1.0) == [(-0.5, 1.0)]


def test_a_state_that_drifts_is_said() -> None:
    assert "changed by +3" in doubt(Result(0.03, 1e-3, "1", "this run"))
    assert doubt(Result(0.03, 0.01, "1", "this run")) == ""
    assert doubt(Result(None, None, "1", "this run", why="no loop")) == ""


# ---- carried on


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    assert (
        assert_resumable(TmrLoop, sample=SAMPLE, at={20, 45}, maximum_field="0.12 T", sweep_rate="180 Oe/s", loops=2)
        >= 2
    )
