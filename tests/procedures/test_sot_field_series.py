"""Current loops over fields in the plane, as a series: what comes out, and what is refused before it begins."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import labctl
from instruments.errors import BadValue, LimitExceeded
from labctl.cli.main import run_command
from labctl.sample import SampleRecord, load_sample
from labctl.testing import assert_resumable
from procedures.sot_field_series import SpinOrbitFieldSeries

QUICK: dict[str, Any] = {"pulse_max": "30 mA", "pulse_width": "10 ms", "loops": 1, "reads": 2}


def series(folder: Path, fields: str, sample: SampleRecord | str = "cogd2022-alox1", **parameters: Any) -> Any:
    return labctl.run(
        "sot-field-series", simulate=True, seed=1, sample=sample, out=folder, over={"in_plane_field": fields},
        **{**QUICK, **parameters},
    )  # fmt: skip


def mounted(**mounting: Any) -> SampleRecord:
    record = load_sample("cotb2025")
    return record.model_copy(update={"mounting": record.mounting.model_copy(update=mounting)})


def test_currents_window_ratio_and_sense_stand_beside_the_field(tmp_path: Path) -> None:
    done = series(tmp_path, "40, 160 mT")
    small, large = (child.results for child in done.children)
    assert large["switching_current_up"].value < small["switching_current_up"].value
    assert large["current_window"].value > small["current_window"].value
    assert large["switching_ratio"].value < small["switching_ratio"].value
    for results in (small, large):
        assert (results["sense"].value, results["sense_reversed"].value) == (1.0, -1.0)
    table: Any = pd.read_csv(done.path / "series.csv")
    assert table["in_plane_field (T)"].tolist() == [0.04, 0.16]
    for name in ("switching_current_up", "switching_current_down", "current_window"):
        assert (table[f"{name} uncertainty (A)"] > 0.0).all()
    assert (done.path / "figure.png").stat().st_size > 1000
    request = json.loads((done.path / "run.json").read_text())
    assert request["main_results"] == list(SpinOrbitFieldSeries.main_results)


@pytest.mark.parametrize(("every", "least"), [(11, 3), pytest.param(3, 11, marks=pytest.mark.endurance)])
def test_each_of_its_runs_can_be_carried_on_from_any_point(every: int, least: int) -> None:
    few: dict[str, Any] = {**QUICK, "pulse_max": "20 mA", "pulse_step": "10 mA", "reads": 1}
    assert assert_resumable(SpinOrbitFieldSeries, every=every, in_plane_field="40 mT", **few) >= least


def test_it_is_named_with_its_own_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["describe", "sot-field-series", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["series_over"] == {"in_plane_field": "20, 40, 80, 120, 160 mT"}


def test_a_field_beyond_the_magnet_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match=r"run 3 of 3 \(in_plane_field 12\.0 T\).*limit of station 'ppms', 9 T"):
        series(tmp_path / "runs", "20 mT, 40 mT, 12 T")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("sample", "parameters", "sentence"),
    [
        (mounted(rotator_axis="none"), {"pulse_max": "20 mA"}, r"run 1 of 2 .* put it on a rotator"),
        (
            mounted(rotator_axis="none", field_from_normal=math.pi / 2), {"pulse_max": "20 mA", "angle": "80 deg"},
            r"angle is 80 deg, but sample .* nothing turns it; leave angle out",
        ),
        (
            "cotb2025", {"pulse_max": "20 mA", "angle": "371 deg"},
            "angle is 371 deg, which the rotator does not reach; it goes from -10 deg to 370 deg",
        ),
    ],
)  # fmt: skip
def test_what_the_mounting_or_the_rotator_does_not_reach_is_refused(
    tmp_path: Path, sample: SampleRecord | str, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadValue, match=sentence):
        series(tmp_path / "runs", "20, 40 mT", sample, **parameters)
    assert not (tmp_path / "runs").exists()


def test_a_series_over_the_angle_is_refused_as_a_whole_and_says_degrees(tmp_path: Path) -> None:
    quick = {**QUICK, "pulse_max": "20 mA"}
    with pytest.raises(BadValue, match=r"run 2 of 2 \(angle 400 deg\): angle is 400 deg, which the rotator"):
        labctl.run(
            "sot-switching", simulate=True, seed=1, out=tmp_path / "runs", over={"angle": "80, 400 deg"},
            parameters=quick,
        )  # fmt: skip
    assert not (tmp_path / "runs").exists()
