"""I-V curves and dI/dV of simulated junctions against the barrier that they were given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, UsageError
from labctl.analysis.brinkman import conductance_per_area, shape_of
from labctl.junction_bias import SMU, SOURCE, meter_for
from labctl.request import Request
from labctl.run import carry_out
from labctl.sample import SampleRecord, load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.biased import CHECK
from procedures.didv import DifferentialConductance
from procedures.didv_results import Known, results_of
from procedures.iv import CurrentVoltage
from tests.junctions import PLAIN, plain_junction
from tests.simulated import Done, Simulate

LARGE = """
based_on = "fimtj2026"
name = "large"
title = "Junction of 56 um"
[geometry]
kind = "junction"
diameter = "56 um"
[resistances]
temperature = "20 K"
junction = "197 ohm"
junction_high = "197 ohm"
electrode = "1 ohm"
"""
WEAK = """
based_on = "fimtj2026"
name = "weak"
title = "A barrier that breaks far too early"
"""
QUICK: dict[str, Any] = {"rate": "1 V/s", "dwell": "5 ms"}
"""Ramps that take less of the computer's time."""


class UndrawnCurve(CurrentVoltage):
    """The curve without its figure, which takes longer than the run."""

    def figure(self, data: Any, results: Any) -> Any:
        del data, results


class UndrawnConductance(DifferentialConductance):
    """dI/dV without its figure."""

    def figure(self, data: Any, results: Any) -> Any:
        del data, results


def made_of(tmp_path: Path, text: str = LARGE, **model: float) -> SampleRecord:
    """A record of a junction without magnetism, with other truths in its model."""
    path = tmp_path / "large.toml"
    path.write_text(text, encoding="utf-8")
    data = load_sample(path).snapshot()
    data["limits"]["current"] = None  # follows from the resistances
    data["model"] = {"family": "tunnel_junction", **PLAIN, **model}
    return SampleRecord.model_validate(data)


def truth_of(record: SampleRecord) -> tuple[float, float, float]:
    assert record.model is not None
    found = record.model.model_dump()
    height, asymmetry, thickness = (
        float(found[name]) for name in ("barrier_height", "barrier_asymmetry", "effective_thickness")
    )
    return height, asymmetry, thickness


def largest(done: Done, column: str) -> float:
    return float(np.max(np.abs(done.rows[column].to_numpy(dtype=float))))


def is_at_zero(done: Done) -> bool:
    """Whether no instrument puts anything on the junction."""
    off = done.ask("smu", b":OUTP?\n") == b"0\n" and done.ask("source", b"OUTP?\n") == b"0\n"
    return off and float(done.ask("smu", b":SOUR:VOLT?\n")) == 0.0


# ---- I-V curves


@pytest.mark.parametrize("which", ["2 um, by the 2400", "56 um, by 6221 and 2182A"])
def test_a_curve_has_the_bend_of_its_barrier(simulate: Simulate, tmp_path: Path, which: str) -> None:
    record = plain_junction() if which.startswith("2 um") else made_of(tmp_path)
    done = simulate(UndrawnCurve(points=41, temperature="100 K", **QUICK), sample=record)
    assert done.outcome.status == "finished", done.outcome.error
    slope, curvature = shape_of(*truth_of(record))
    for name, true in (("cubic_coefficient", curvature / 3.0), ("quadratic_coefficient", -slope / 2.0)):
        assert done.value(name) == pytest.approx(true, abs=5.0 * done.uncertainty(name) + 4e-4 * abs(true)), name
    height, _, thickness = truth_of(record)
    zero = record.model_geometry()["area"] * conductance_per_area(height, thickness, 100.0)
    assert done.value("conductance_zero_bias") == pytest.approx(zero, rel=1.5e-3)  # what the meters are good for
    assert done.value("cubic_coefficient") > 30.0 * done.uncertainty("cubic_coefficient")
    assert done.value("superlinearity") > 1.1
    assert done.value("hysteresis") < 5.0 * done.uncertainty("hysteresis") + 1e-4
    assert done.value("breakdown_seen") is False
    assert abs(done.value("resistance_change")) < 0.005
    assert not done.lab.sample.broken
    assert done.lab.damage() < 1e-3
    assert is_at_zero(done)


def test_the_2400_goes_as_far_as_the_bias_and_the_source_as_far_as_its_current(
    simulate: Simulate, tmp_path: Path
) -> None:
    large = made_of(tmp_path)
    done = simulate(UndrawnCurve(points=41, **QUICK), sample=large)
    assert done.value("largest_bias") < 0.15
    assert largest(done, "Current (A)") <= large.read_current_limit()
    assert "and not to 200 mV, since more would take more than the 1.015 mA" in " ".join(done.outcome.warnings)
    permitted = simulate(UndrawnCurve(points=41, **QUICK), sample=large, overrides={"current": 3e-3})
    assert 0.18 < permitted.value("largest_bias") < 0.2001
    small = simulate(UndrawnCurve(points=41, **QUICK), sample=plain_junction())
    assert small.value("largest_bias") == pytest.approx(0.2, abs=1e-3)
    assert small.outcome.warnings == []


def test_a_barrier_that_changes_on_the_way_ends_the_run_at_zero(simulate: Simulate, tmp_path: Path) -> None:
    """Its pinhole conducts as well as the barrier itself, and no more than that is seen of it."""
    weak = made_of(
        tmp_path, WEAK, breakdown_voltage=0.1, breakdown_time=0.01, breakdown_acceleration=400.0,
        short_resistance=120e3, short_spread=0.0,
    )  # fmt: skip
    done = simulate(UndrawnCurve(**QUICK), sample=weak)
    assert done.outcome.status == "fault"
    assert done.outcome.error is not None
    assert "the barrier is changing; the bias was taken back to zero and the output is off" in done.outcome.error
    assert largest(done, "Voltage (V)") < 0.15
    assert is_at_zero(done)
    assert done.outcome.results["conductance_zero_bias"]["why"] == "nothing was swept: the run ended before"


def test_a_junction_whose_resistance_is_not_steady_is_not_taken_any_further(simulate: Simulate, tmp_path: Path) -> None:
    """It breaks within the first look: a mean of two devices says nothing."""
    weak = made_of(
        tmp_path, WEAK, breakdown_voltage=0.08, breakdown_time=0.01, short_resistance=120e3, short_spread=0.0
    )
    done = simulate(UndrawnCurve(**QUICK), sample=weak)
    assert done.outcome.status == "fault"
    assert "a change by 2 % would not be seen" in str(done.outcome.error)
    assert largest(done, "Voltage (V)") < 2e-3
    assert is_at_zero(done)


def test_a_barrier_that_breaks_on_the_way_ends_the_run_at_zero(simulate: Simulate, tmp_path: Path) -> None:
    weak = made_of(tmp_path, WEAK, breakdown_voltage=0.1, breakdown_time=0.01, breakdown_acceleration=400.0)
    done = simulate(UndrawnCurve(**QUICK), sample=weak)
    assert done.outcome.status == "fault"
    assert done.outcome.error is not None
    assert "more flows than a barrier lets pass" in done.outcome.error
    assert is_at_zero(done)


def test_a_current_that_the_record_limits_ends_the_run_with_that_limit(simulate: Simulate) -> None:
    data = plain_junction().snapshot()
    data["limits"]["current"] = 0.9e-6
    done = simulate(UndrawnCurve(**QUICK), sample=SampleRecord.model_validate(data))
    assert done.outcome.status == "fault"
    assert "more would flow than the 900 nA that sample 'fimtj2026' allows" in str(done.outcome.error)
    assert largest(done, "Current (A)") <= 0.9e-6 * 1.001
    assert is_at_zero(done)


def test_what_cannot_be_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    outcome = carry_out(
        Request(
            name="iv", procedure=CurrentVoltage(maximum_bias="0.3 V"), station=load_station("ppms"),
            sample=load_sample("fimtj2026"), simulate=True, out=tmp_path,
        )
    )  # fmt: skip
    assert outcome.status == "refused"
    assert outcome.error is not None
    assert "the voltage would be 300 mV, above the limit of sample 'fimtj2026'" in outcome.error
    assert "200 mV" in outcome.error
    with pytest.raises(BadValue, match="take 201 points or more"):
        checked(DifferentialConductance(points=101))
    with pytest.raises(BadValue, match="; take a wider window"):  # more points than may be asked for
        checked(DifferentialConductance(window="1 mV"))
    with pytest.raises(BadValue, match="fewer than 7 windows of 200 mV fit into 400 mV"):
        checked(DifferentialConductance(window="200 mV"))
    with pytest.raises(BadValue, match="above a fifth of the largest bias"):
        checked(DifferentialConductance(modulation="60 mV", read_by="source"))
    with pytest.raises(BadValue, match="a staircase to 200 mV has more than 1000 steps; take 400 uV or more"):
        checked(DifferentialConductance(modulation="10 uV", read_by="source"))


def checked(procedure: Any, without: str = "") -> Any:
    """Give a procedure station and sample, and have it checked."""
    procedure.station, procedure.sample = without_instrument(without), load_sample("fimtj2026")
    procedure.check()
    return procedure


def without_instrument(role: str) -> Any:
    station = load_station("ppms")
    instruments = {name: entry for name, entry in station.instruments.items() if name != role}
    return station.model_copy(update={"instruments": instruments})


def test_what_reads_follows_from_the_resistance_and_the_station(tmp_path: Path) -> None:
    assert checked(CurrentVoltage()).roles == ("smu", "source", "cryostat")
    assert checked(CurrentVoltage(), without="smu").roles == ("source", "voltmeter", "cryostat")
    assert checked(CurrentVoltage(read_by="source")).roles == ("source", "voltmeter", "smu", "cryostat")
    with pytest.raises(UsageError, match="has no smu, which reading with 'smu' needs"):
        checked(CurrentVoltage(read_by="smu"), without="smu")
    other = CurrentVoltage()
    other.station, other.sample = load_station("ppms"), made_of(tmp_path)
    assert (meter_for(other, "auto"), meter_for(other, SMU)) == (SOURCE, SMU)


def test_a_curve_that_was_cut_is_carried_on() -> None:
    cuts = assert_resumable(CurrentVoltage, sample="fimtj2026", every=150, points=21, cycles=2, **QUICK)
    assert cuts >= 2


# ---- dI/dV

NAMES = ("barrier_height", "barrier_asymmetry", "barrier_thickness")


def pulls(done: Done, record: SampleRecord) -> list[float]:
    return [
        (done.value(name) - true) / done.uncertainty(name) for name, true in zip(NAMES, truth_of(record), strict=True)
    ]


def test_the_barrier_of_a_large_junction_is_found_within_its_uncertainty(simulate: Simulate, tmp_path: Path) -> None:
    """Eight runs with other noise each; how exact the meters are is in the pulls as well, and small beside it."""
    record = made_of(tmp_path)

    def measured(seed: int) -> Done:
        procedure = UndrawnConductance(temperature="100 K", **QUICK)
        done = simulate(procedure, sample=record, seed=seed, overrides={"current": 2e-3})
        assert done.outcome.status == "finished", done.outcome.error
        return done

    runs = [measured(seed) for seed in range(8)]
    sizes, done = np.abs([pulls(run, record) for run in runs]), runs[-1]
    assert sizes.max() < 4.0
    assert np.sqrt(np.mean(sizes**2)) < 1.6
    assert done.value("r_square") > 0.999
    assert 50.0 < done.value("chi_square") < 150.0
    assert done.value("stratton_factor") == pytest.approx(1.042, abs=0.001)
    assert abs(done.value("modulation_difference")) < 0.005
    assert done.value("correlation_height_thickness") < -0.99
    assert "pinholes" in done.outcome.results["barrier_height"]["note"]
    assert "free electron's mass" in done.outcome.results["barrier_thickness"]["note"]
    assert done.value("barrier_height_by_range") == pytest.approx(0.0, abs=1e-3)
    assert is_at_zero(done)
    assert set(done.rows["Kind"]) >= {"stairs", CHECK}


def test_the_barrier_of_a_small_junction_is_found(simulate: Simulate) -> None:
    data = plain_junction().snapshot()
    data["resistances"]["junction_high"] = data["resistances"]["junction"]  # it has one state
    data["limits"]["current"] = None
    one = SampleRecord.model_validate(data)
    done = simulate(DifferentialConductance(temperature="100 K", points=101, window="40 mV", **QUICK), sample=one)
    assert done.outcome.status == "finished", done.outcome.error
    assert done.directory.figure_file.exists()
    for name, true, by in zip(NAMES, truth_of(plain_junction()), (1e-3, 2e-3, 1e-3), strict=True):
        assert done.value(name) == pytest.approx(true, rel=by, abs=4.0 * done.uncertainty(name)), name
    assert is_at_zero(done)


def test_a_barrier_that_magnetoresistance_bends_has_no_uncertainty(simulate: Simulate) -> None:
    """The layers' alignment counts for less at a bias: the curve bends by that as well."""
    done = simulate(UndrawnConductance(temperature="100 K", points=101, window="40 mV", **QUICK), sample="fimtj2026")
    found = done.outcome.results
    assert abs(done.value("barrier_height") - 0.42) > 0.02
    assert found["barrier_height"]["uncertainty"] is None
    assert "give that run as tmr_bias_run" in found["barrier_height_by_magnetoresistance"]["why"]
    assert "the curve is no parabola" in found["chi_square"]["note"]
    assert any("is magnetic, and its magnetoresistance falls" in said for said in done.outcome.warnings)


def test_a_barrier_under_strips_that_it_is_not_large_against_is_not_stated(simulate: Simulate) -> None:
    done = simulate(UndrawnConductance(**QUICK), sample="fimtj2026-56um")
    assert done.value("barrier_height") is None
    assert "squares of an electrode of 50 ohm, below 10" in done.outcome.results["barrier_height"]["why"]


def test_without_the_area_no_barrier_is_stated(simulate: Simulate, tmp_path: Path) -> None:
    record = made_of(tmp_path)
    done = simulate(UndrawnConductance(**QUICK), sample=record)
    found = results_of(done.rows, window=0.02, known=Known())
    assert found["barrier_height"].value is None
    assert "barrier height and thickness cannot be told apart" in str(found["barrier_height"].why)
    assert found.number("parabola_curvature") == pytest.approx(shape_of(*truth_of(record))[1], rel=0.02)
    of_two_wires = results_of(done.rows, window=0.02, known=Known(area=1e-9, leads=50.0))
    assert "has 50 ohm of leads in it" in str(of_two_wires["barrier_thickness"].why)


def test_stairs_that_were_cut_are_carried_on(tmp_path: Path) -> None:
    cuts = assert_resumable(
        DifferentialConductance, sample=made_of(tmp_path), every=90, maximum_bias="0.1 V", ignore=["Modulation (V)"],
        **QUICK,
    )  # fmt: skip
    assert cuts >= 2
