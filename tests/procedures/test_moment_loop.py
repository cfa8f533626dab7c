"""Moment loops on the simulated station: what is read is what the film has, and what cannot be read is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from instruments.errors import BadValue, UsageError
from labctl.beforehand import check_request
from labctl.magnetometry import Film, Magnetometer
from labctl.request import Request
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from labctl.testing import assert_resumable
from procedures.moment_loop import MomentLoop
from simulators.samples.hall_bar import FerrimagnetHallBar
from tests.simulated import Simulate


def with_area(area: float, name: str = "cotb2025") -> SampleRecord:
    record = load_sample(name)
    assert record.magnetometer is not None
    film = record.magnetometer.model_copy(update={"area": area})
    return record.model_copy(update={"magnetometer": film})


def quieter(noise: float) -> Station:
    station = load_station("ppms")
    return station.model_copy(update={"simulation": station.simulation.model_copy(update={"moment_noise": noise})})


def test_a_films_moment_is_what_its_model_has(simulate: Simulate) -> None:
    """Saturation and background are those of model and record, and one layer makes one step where `ahe` finds it."""
    record = with_area(25e-6)
    done = simulate(MomentLoop(maximum_field="0.4 T"), sample=record)
    assert done.outcome.status == "finished", done.outcome.error
    sample = done.lab.sample
    assert isinstance(sample, FerrimagnetHallBar)
    assert record.magnetometer is not None
    truth = sample.ferrimagnet.net_magnetisation(300.0) * record.magnetometer.volume
    assert abs(done.value("saturation_moment") - truth) < 4 * done.uncertainty("saturation_moment")
    assert abs(done.value("high_field_slope") + 5e-8) < 4 * done.uncertainty("high_field_slope")
    assert done.value("steps") == 1
    assert done.value("coercive_field_up") == pytest.approx(0.068, abs=5e-3)
    assert done.value("coercive_field_down") == pytest.approx(-0.068, abs=5e-3)
    assert done.value("moment_noise") == pytest.approx(1e-9, rel=0.15)
    assert not any(done.rows["Overflow"].tolist())
    assert done.directory.figure_file.exists()


def test_a_moment_that_is_lost_in_noise_gets_no_coercive_field(simulate: Simulate) -> None:
    done = simulate(MomentLoop(maximum_field="0.2 T", sweep_rate="100 Oe/s"), sample=with_area(1e-7))
    assert done.outcome.status == "finished", done.outcome.error
    assert done.value("steps") == 0
    assert "beyond the noise" in done.outcome.results["coercive_field_up"]["why"]
    assert "would have been seen" in done.outcome.results["steps"]["note"]
    assert abs(done.value("saturation_moment")) < 4 * done.uncertainty("saturation_moment")


def test_a_stack_of_two_layers_makes_two_steps(simulate: Simulate) -> None:
    """NiCo2O4 at about 600 Oe and CoGd at about 2500 Oe, some per cent of the whole, at 10 K."""
    done = simulate(MomentLoop(temperature="10 K"), sample="fimtj2026")
    assert done.outcome.status == "finished", done.outcome.error
    assert done.value("steps") == 2
    for number, field in ((1, 0.06), (2, 0.25)):
        assert done.value(f"step_{number}_field_up") == pytest.approx(field, rel=0.15)
        assert done.value(f"step_{number}_field_down") == pytest.approx(-field, rel=0.15)
    lower, upper = 2.76e5 * 16e-9, 31.9e3 * 5e-9
    error = done.uncertainty("step_2_share")
    assert abs(done.value("step_2_share") - upper / (lower + upper)) < 4 * error
    assert done.value("step_2_signal_to_noise") > 8


def test_a_stepped_loop_reads_at_each_field(simulate: Simulate) -> None:
    done = simulate(
        MomentLoop(maximum_field="0.2 T", sweep="step", field_step="20 mT"),
        station=quieter(1e-12),
        sample=with_area(1e-4),
    )
    assert done.outcome.status == "finished", done.outcome.error
    assert done.outcome.points == 42
    assert done.value("coercive_field_up") == pytest.approx(0.068, abs=0.02)


def test_a_signal_beyond_the_inputs_range_is_marked_and_counts_for_nothing(simulate: Simulate) -> None:
    station = load_station("ppms")
    assert station.magnetometer is not None
    fine = station.magnetometer.model_copy(update={"moment_per_volt": 1e-9})
    done = simulate(
        MomentLoop(maximum_field="0.4 T", sweep_rate="150 Oe/s"),
        station=station.model_copy(update={"magnetometer": fine}),
    )
    assert done.outcome.status == "finished", done.outcome.error
    overflow, moment = done.rows["Overflow"].to_numpy(bool), done.rows["Moment (A m^2)"].to_numpy(float)
    assert 0 < overflow.sum() < len(overflow)
    assert np.isnan(moment[overflow]).all()
    assert np.isfinite(moment[~overflow]).all()


@pytest.mark.parametrize("station", ["versalab", "dynacool"])
def test_a_station_without_magnetometer_is_refused(station: str) -> None:
    with pytest.raises(UsageError, match=f"station '{station}' has no magnetometer"):
        check_request(asked(station=load_station(station)))


def test_a_record_without_film_and_a_step_beyond_the_loop_are_refused() -> None:
    with pytest.raises(UsageError, match="does not say what piece of film is in the magnetometer"):
        check_request(asked(sample=load_sample("cotb2025").model_copy(update={"magnetometer": None})))
    with pytest.raises(BadValue, match="field_step is 1 T, but must not exceed maximum_field"):
        check_request(asked(maximum_field="0.5 T", field_step="1 T"))


def asked(*, station: Station | None = None, sample: SampleRecord | None = None, **parameters: Any) -> Request:
    return Request(
        "moment-loop", MomentLoop(**parameters), station or load_station("ppms"), sample or load_sample("cotb2025"),
        simulate=True,
    )  # fmt: skip


def test_a_calibration_without_its_unit_and_an_area_in_square_metres_are_refused() -> None:
    with pytest.raises(ValidationError, match="A m\\^2/V"):
        Magnetometer.model_validate({"input": 1, "moment_per_volt": "1e-7 V"})
    with pytest.raises(ValidationError, match="a bare number is in m\\^2"):
        Film.model_validate({"area": 9, "magnetic_thickness": "6 nm"})
    assert Film.model_validate({"area": "9 mm^2", "magnetic_thickness": "6 nm"}).volume == pytest.approx(5.4e-14)


def test_it_goes_on_where_it_was_cut() -> None:
    assert assert_resumable(
        MomentLoop, at=[3, 12], loops=2, maximum_field="0.15 T", sweep="step", field_step="75 mT"
    )  # fmt: skip
