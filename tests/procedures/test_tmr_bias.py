"""Both states of a tunnel junction at several biases: against the model's own truth, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue, LabError, LimitExceeded
from labctl.analysis.brinkman import barrier_of, fit_parabola, shape_of
from labctl.analysis.local_slopes import local_conductances
from labctl.beforehand import check_request
from labctl.procedure import Procedure
from labctl.request import Request
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.didv import DifferentialConductance
from procedures.tmr_bias import TmrBias
from procedures.tmr_bias_results import BIAS, between_of, curve_of, doubt, results_of
from procedures.tmr_results import KIND, RESISTANCE, across_of
from tests.simulated import Done, Simulate

SAMPLE = "fimtj2026"
QUICK: dict[str, Any] = {
    "maximum_field": "0.6 T", "sweep_rate": "190 Oe/s", "temperature": "35 K", "readings": 5,
    "biases": "1, 20, 40, 60, 80, 100 mV",
}  # fmt: skip


def truth(done: Done, temperature: float) -> tuple[float, float]:
    """TMR at no voltage and V_half of the model: a leak beside the barrier makes V_half another than the barrier's."""
    sample: Any = done.lab.sample
    law = sample._polarisations
    product = abs(law.product(temperature)) * (-1.0 if temperature > 27.0 else 1.0)
    parallel, antiparallel = (1.0 / sample._zero_bias(temperature, sign * product) for sign in (1.0, -1.0))
    conductance = sample._conductance_at(temperature)
    part = conductance * product / (conductance + sample._leak)
    return antiparallel / parallel - 1.0, law.half_bias * math.sqrt(1.0 - part)


@pytest.mark.parametrize(
    ("temperature", "read_with"),
    [(35.0, "by resistance"), pytest.param(15.0, "2400", marks=pytest.mark.endurance)],
)
def test_the_models_v_half_at_one_voltage_in_both_states(
    simulate: Simulate, temperature: float, read_with: str
) -> None:
    done = simulate(TmrBias(**{**QUICK, "temperature": f"{temperature} K", "read_with": read_with}), sample=SAMPLE)
    assert done.outcome.status == "finished"
    zero, half = truth(done, temperature)
    assert done.value("tmr_zero_bias") == pytest.approx(zero, abs=4.0 * done.uncertainty("tmr_zero_bias") + 2e-4)
    assert done.uncertainty("half_bias") < 0.02 * half
    assert done.value("half_bias") == pytest.approx(half, abs=4.0 * done.uncertainty("half_bias") + 1e-3)
    assert done.value("reading_bias_loss") == pytest.approx((1e-3 / half) ** 2, rel=0.05)
    assert abs(done.value("bias_asymmetry")) < 4.0 * done.uncertainty("bias_asymmetry") + 1e-4
    assert done.value("tmr_of_loop") == pytest.approx(zero, abs=4.0 * done.uncertainty("tmr_of_loop") + 2e-3)
    voltages = [row.number("voltage") or 0.0 for row in results_of(done.rows, sample=None).table]
    assert max(voltages) <= 0.1 * 1.001
    if read_with == "by resistance":
        kept_and_said(done)
        its_barrier(done, simulate)
    done.assert_source_off()


def kept_and_said(done: Done) -> None:
    """Nothing is beyond the bias that was asked for; a state that does not hold has no V_half."""
    rows: Any = done.rows
    held = rows[rows[KIND] == BIAS]
    assert np.all(across_of(held) < 1.01 * held["Set bias (V)"].to_numpy(float))
    assert set(held["Field (T)"].round(2)) == {round(float(held["Field (T)"].iloc[0]), 2)}
    assert not any("no V_half" in said or "is not that of the loop" in said for said in done.outcome.warnings)
    broken = rows.copy()
    last = broken.index[(broken[KIND] == BIAS) & (broken["State"] == "antiparallel")][-5:]
    broken.loc[last, RESISTANCE] *= 1.1
    found = results_of(broken, sample=load_sample(SAMPLE))
    assert found["half_bias"].value is None
    assert "antiparallel state did not hold" in str(found["half_bias"].why)
    assert "no V_half" in doubt(found)
    small = rows.copy()
    small[[f"Voltage {number} (V)" for number in (1, 2, 3)]] *= 1e-3  # some 100 ohm under strips of 50 ohm
    assert "squares of an electrode of 50 ohm" in str(results_of(small, sample=load_sample(SAMPLE))["half_bias"].why)
    lost = results_of(rows[rows[KIND] != BIAS], sample=None)
    assert lost["half_bias"].why == "the parallel state was not read"
    assert isinstance(curve_of(rows[rows[KIND] != BIAS]), str)


class UndrawnConductance(DifferentialConductance):
    """dI/dV without its figure."""

    def figure(self, data: Any, results: Any) -> Any:
        del data, results


def its_barrier(states: Done, simulate: Simulate) -> None:
    """With both states known, what they add to dI/dV is taken out, and the barrier's own bend is left."""
    run = str(states.directory.path)
    quick: dict[str, Any] = {"points": 101, "window": "40 mV", "rate": "1 V/s", "dwell": "5 ms", "tmr_bias_run": run}
    done = simulate(UndrawnConductance(temperature="35 K", **quick), sample=SAMPLE)
    slope, curvature = shape_of(0.42, 0.10, 2.3e-9)
    assert done.value("parabola_curvature") == pytest.approx(curvature, rel=1e-3)
    assert done.value("parabola_slope") == pytest.approx(slope, rel=3e-3)
    assert done.value("chi_square") < 30.0
    # The leak beside the barrier is in its conductance, and nothing in the curve tells it.
    device: Any = done.lab.sample
    zero, swept = device._conductance_at(35.0) + device._leak, done.rows.loc[done.rows["Kind"] == "sweep"]
    voltage, current = (swept[name].to_numpy(dtype=float) for name in ("Voltage (V)", "Current (A)"))
    parabola = fit_parabola(local_conductances(voltage, current, 0.04))
    true = barrier_of(replace(parabola, values=np.array([zero, slope, curvature])), math.pi * 1e-12, 35.0).values
    for value, name in zip(true.tolist(), ("barrier_height", "barrier_asymmetry", "barrier_thickness"), strict=True):
        assert done.value(name) == pytest.approx(value, abs=3.0 * done.uncertainty(name)), name
        assert abs(done.value(f"{name}_by_magnetoresistance")) > 10.0 * done.uncertainty(name)
    with pytest.raises(BadValue, match="at 35 K, but this is at 20 K, where TMR is another"):
        asked_for(UndrawnConductance(temperature="20 K", tmr_bias_run=run))
    with pytest.raises(BadValue, match="; give one of tmr-bias"):
        asked_for(UndrawnConductance(tmr_bias_run=str(done.directory.path)))


def test_a_barrier_that_breaks_in_a_state_ends_the_run(simulate: Simulate) -> None:
    """Nothing of it reaches a compliance: it conducts worse than before, and the next bias is not set."""
    record = load_sample(SAMPLE)
    assert record.model is not None
    weak = {
        "breakdown_voltage": 0.055, "breakdown_time": 1e-4, "breakdown_acceleration": 1500.0,
        "short_resistance": 300e3, "short_spread": 0.0,
    }  # fmt: skip
    model = type(record.model).model_validate({**record.model.model_dump(), **weak})
    few = {**QUICK, "temperature": "15 K", "readings": 3, "biases": "1, 30, 60, 90, 100 mV"}
    done = simulate(Undrawn(**few), sample=record.model_copy(update={"model": model}))
    assert done.outcome.status == "fault"
    assert "the barrier is changing; the bias was taken back to zero" in str(done.outcome.error)
    assert "after 60 mV" in str(done.outcome.error)
    assert float(np.max(done.rows["Set bias (V)"].to_numpy(dtype=float))) == pytest.approx(0.06)
    done.assert_source_off()


class Undrawn(TmrBias):
    """tmr-bias without its figure."""

    def figure(self, data: Any, results: Any) -> Any:
        del data, results


def test_the_2400_may_give_what_a_barrier_takes_at_the_records_largest_bias() -> None:
    """It takes more there than a resistor, and more than the record's current."""
    largest = asked(temperature="15 K", biases="1, 200 mV")
    sample = load_sample(SAMPLE)
    assert largest.current_limit() > 2.0 * 0.2 / sample.sample_resistance() > sample.read_current_limit()
    assert largest.demands()["current"] == sample.read_current_limit()
    assert asked(biases="500 uV, 1 mV").current_limit() == pytest.approx(10.0 * 1e-3 / sample.sample_resistance())


@pytest.mark.endurance
def test_biases_up_to_the_records_largest_are_read(simulate: Simulate) -> None:
    few = {**QUICK, "temperature": "15 K", "readings": 3, "biases": "1, 100, 150, 200 mV"}
    done = simulate(Undrawn(**few), sample=SAMPLE)
    assert done.outcome.status == "finished", done.outcome.error
    zero, half = truth(done, 15.0)
    assert done.value("half_bias") == pytest.approx(half, abs=4.0 * done.uncertainty("half_bias") + 1e-3)
    assert done.value("tmr_zero_bias") == pytest.approx(zero, rel=2e-3)


def test_a_junction_without_magnetoresistance_is_read_with_no_other_bias(simulate: Simulate) -> None:
    record = load_sample(SAMPLE)
    assert record.model is not None
    flat = type(record.model).model_validate(
        {**record.model.model_dump(), "polarisation": 0.0, "polarisation_gain": 0.0}
    )
    few = {**QUICK, "maximum_field": "0.2 T"}
    done = simulate(TmrBias(**few), sample=record.model_copy(update={"model": flat}))
    assert done.outcome.status == "finished"
    assert any("none of the loop's could be held" in said for said in done.outcome.warnings)
    assert isinstance(between_of(done.rows), str)
    assert done.value("half_bias") is None
    assert BIAS not in set(done.rows[KIND].tolist())


# ---- before


def asked(**parameters: Any) -> TmrBias:
    procedure = TmrBias(**parameters)
    asked_for(procedure)
    return procedure


def asked_for(procedure: Procedure) -> None:
    check_request(
        Request(
            "tmr-bias", procedure, load_station("ppms"), load_sample(SAMPLE), simulate=True, seed=1,
            out=Path("nowhere"),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "error", "said"),
    [
        ({"biases": "1, 250 mV"}, LimitExceeded, r"biases go up to 250 mV, but sample .* endures 200 mV .*override"),
        ({"biases": "10, 1 mV"}, BadValue, "do not rise"),
        ({"biases": "10 mV"}, BadValue, "has one value"),
        ({"biases": "0, 10 mV"}, BadValue, "biases"),
        ({"reversal": "no", "read_with": "2400"}, BadValue, "needs both polarities"),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, str], error: type[LabError], said: str) -> None:
    with pytest.raises(error, match=said) as caught:
        asked(**parameters)
    assert "\n" not in str(caught.value)


def test_the_guard_is_told_the_largest_bias() -> None:
    assert asked().demands()["bias"] == pytest.approx(0.1)
    assert asked(biases="1, 150 mV").demands()["bias"] == pytest.approx(0.15)
    assert asked(biases="100, 500 uV").demands()["bias"] == pytest.approx(1e-3)


# ---- carried on


def test_a_run_that_was_cut_goes_on_as_if_it_had_not_been() -> None:
    """Cut in a state that is held, which is made anew."""
    few: dict[str, Any] = {**QUICK, "readings": 3, "biases": "1, 50 mV", "maximum_field": "0.5 T"}
    carried_on = assert_resumable(TmrBias, sample=SAMPLE, at={97}, tolerance=0.02, **few)
    assert carried_on >= 2
