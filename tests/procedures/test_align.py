"""Alignment: a planted tilt is found, in either plane of rotation; what cannot be aligned is told why."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from instruments.errors import BadValue, UsageError
from labctl.sample import SampleRecord, load_sample
from labctl.testing import assert_resumable
from procedures.align import Align
from simulators.machines import PPMS_9T
from tests.simulated import Done, Simulate

GEAR = PPMS_9T.service.rotator_error
"""deg, amplitude of the reading's error around a turn: part of what is looked for."""


def tilted(tilt: float, axis: str = "across current", **mounting: float) -> SampleRecord:
    """A film that leans by so many deg more than its record says, on a rotator."""
    record = load_sample("cotb2025")
    azimuth = math.pi / 2 if axis == "along current" else 0.0
    update = {"rotator_axis": axis, "tilt": math.radians(tilt), "in_plane_from_current": azimuth, **mounting}
    return record.model_copy(update={"mounting": record.mounting.model_copy(update=update)})


def truth(tilt: float, from_normal: float = 0.0) -> float:
    """What the rotator shows in deg, coming from below, when the field is in the film plane."""
    in_plane = 90.0 - from_normal - tilt
    found: Any = brentq(lambda shown: shown + GEAR * math.sin(math.radians(shown)) - in_plane, -20, 200)
    return float(found)


def found(done: Done, tilt: float) -> tuple[float, float]:
    """Error and uncertainty in deg."""
    assert done.outcome.status == "finished", done.outcome.error
    assert done.value("in_plane_angle") is not None, done.outcome.results["in_plane_angle"]["why"]
    return done.value("in_plane_angle") - truth(tilt), done.uncertainty("in_plane_angle")


@pytest.mark.parametrize(
    ("tilt", "axis", "station"),
    [
        (0.0, "across current", "ppms"),
        (2.3, "along current", "ppms"),
        (-4.6, "across current", "dynacool"),
        (5.0, "across current", "versalab"),
    ],
)
def test_a_planted_tilt_is_found(simulate: Simulate, tilt: float, axis: str, station: str) -> None:
    done = simulate(Align(), sample=tilted(tilt, axis), station=station)
    error, uncertainty = found(done, tilt)
    assert abs(error) < uncertainty < 0.05
    assert abs(done.value("slope")) == pytest.approx(0.075 * 1.0 / (1.0 - 0.5), rel=0.05)
    assert done.value("anisotropy_field") == pytest.approx(0.5, rel=0.1)
    assert 28 < done.outcome.lab_time_s / 60 < 38  # turned back in the end
    assert done.directory.figure_file.exists()


def test_the_gears_play_is_half_a_degree_where_it_is_approached_from_above(simulate: Simulate) -> None:
    """Why it comes from one side: the same scan downwards would be off by it."""
    done = simulate(Align(reach="1 deg"), sample=tilted(0.5))
    shown = done.rows["Set angle (deg)"].to_numpy(float)
    turned = np.flatnonzero(np.diff(shown) < 0)
    assert len(turned) == 1  # only back to the beginning, between the fields
    rotator = done.lab.cryostat.rotator
    end = rotator.angle(done.lab.timeline.now)
    below = rotator.true_angle(done.lab.timeline.now)
    rotator.rotation.turn(done.lab.timeline.now, 2.0, 1.0)
    rotator.rotation.turn(done.lab.timeline.now + 10, -2.0, 1.0)
    assert rotator.true_angle(done.lab.timeline.now + 20) - below == pytest.approx(0.5, abs=0.01)
    assert end == pytest.approx(0.0, abs=0.01)  # where it was found


@pytest.mark.endurance
def test_fifty_devices(simulate: Simulate) -> None:
    generator = np.random.default_rng(7)
    pulls: list[float] = []
    errors: list[float] = []
    for device in range(50):
        simulate.labs.clear()
        tilt, axis = float(generator.uniform(-5, 5)), ("across current", "along current")[device % 2]
        done = simulate(Align(), sample=tilted(tilt, axis), seed=device, sample_seed=device)
        error, uncertainty = found(done, tilt)
        errors.append(error)
        pulls.append(error / uncertainty)
    assert max(map(abs, errors)) < 0.05
    assert np.count_nonzero(np.abs(pulls) < 1) >= 34  # 68 %
    assert max(map(abs, pulls)) < 3
    assert abs(float(np.mean(errors))) < 0.005


@pytest.mark.parametrize("temperature", [285.0, 278.0])
def test_near_compensation_it_is_refused_with_the_reason(simulate: Simulate, temperature: float) -> None:
    """There the anisotropy field has grown beyond the field of the scans."""

    class Colder(Align):
        def startup(self) -> None:
            super().startup()
            self.settle(temperature=temperature)

    done = simulate(Colder(reach="3 deg", step="1 deg"), sample=tilted(1.0))
    assert done.outcome.status == "finished", done.outcome.error
    assert done.value("in_plane_angle") is None
    assert "two states" in done.outcome.results["in_plane_angle"]["why"]
    assert done.directory.figure_file.exists()


def test_a_zero_far_outside_of_the_scan_is_not_guessed(simulate: Simulate) -> None:
    done = simulate(Align(reach="2 deg"), sample=tilted(5.0))
    assert "no zero within the scan" in done.outcome.results["in_plane_angle"]["why"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"magnet_field": "0.4 T"}, "two states"),
        ({"step": "6 deg"}, "must not exceed reach"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(parameters: dict[str, str], words: str) -> None:
    with pytest.raises(BadValue, match=words):
        Align(**parameters).check()


def test_a_sample_that_does_not_turn_is_refused(simulate: Simulate) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done = simulate(Align(), sample=tilted(0.0, "none"))
    assert done.outcome.exit_code == 2
    assert "rotator_axis = 'none'" in str(done.outcome.error)
    about_normal = Align()
    about_normal.sample = tilted(0.0, "along normal")
    with pytest.raises(UsageError, match="at no angle"):
        about_normal.nominal_angle()


def test_angles_that_the_rotator_does_not_reach_are_refused() -> None:
    procedure = Align(nominal="-5 deg")
    procedure.sample = tilted(0.0)
    with pytest.raises(BadValue, match=r"rotators go from -10"):
        procedure.check()


def test_the_field_follows_from_the_anisotropy_field() -> None:
    assert Align().field_of_scans() == 1.0
    assert Align(anisotropy_field="0.2 T").field_of_scans() == 1.0
    assert Align(anisotropy_field="0.9 T").field_of_scans() == 1.8
    assert Align(magnet_field="3 T").field_of_scans() == 3.0


def test_it_can_be_carried_on_between_the_fields() -> None:
    carried_on = assert_resumable(
        Align, sample=tilted(1.0), at=[4, 12], reach="1 deg", step="1 deg", readings=2, rest="1 s", tolerance=0.01
    )
    assert carried_on >= 4
