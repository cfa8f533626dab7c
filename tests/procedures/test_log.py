"""Logging: everything is there, nothing moves, and what drifts is told."""

from __future__ import annotations

import math

import pytest

from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.log import Log
from tests.simulated import Simulate


def test_a_quiet_lab_is_logged_as_it_is(simulate: Simulate) -> None:
    done = simulate(Log(duration="2 min", interval="5 s"))
    assert done.outcome.status == "finished", done.outcome.error
    rows = done.rows
    assert len(rows) == 25
    steps = rows["Time (s)"].diff().dropna().to_numpy(float)
    assert steps == pytest.approx(5.0, abs=0.1)
    assert done.value("longitudinal_resistance") == pytest.approx(
        136.0, abs=4 * done.uncertainty("longitudinal_resistance")
    )
    assert done.value("hall_resistance") == pytest.approx(0.245, abs=1e-3)
    for name in ("temperature", "hall_resistance", "longitudinal_resistance", "field"):
        assert abs(done.value(f"{name}_drift")) < 4 * done.uncertainty(f"{name}_drift")
    assert set(rows["Field state"]) == {"driven stable"}
    assert set(rows["Temperature state"]) == {"stable"}
    assert set(rows["Position (deg)"]) == {0.0}
    assert not any(rows["Compliance"].to_list())
    assert done.directory.figure_file.exists()


def test_it_moves_nothing(simulate: Simulate) -> None:
    def watch(run: object) -> None:
        cryostat = simulate.labs[-1].cryostat
        settings.add((cryostat.revision, cryostat.field_setting, cryostat.temperature_setting))

    settings: set[object] = set()
    simulate(Log(duration="30 s", interval="5 s"), watch=watch)
    assert len(settings) == 1


def test_a_ramp_by_somebody_else_is_seen(simulate: Simulate) -> None:
    """A magnet that somebody ramps at 12 Oe/s shows in the field, its state, and the Hall resistance's slope."""
    from simulators.physics.magnet import FieldApproach

    class Disturbed(Log):
        def startup(self) -> None:
            super().startup()
            simulate.labs[-1].cryostat.set_field(0.5, 12e-4, FieldApproach.LINEAR)

    done = simulate(Disturbed(duration="2 min", interval="5 s"))
    assert done.value("field_drift") == pytest.approx(12e-4 * 3600, rel=0.03)
    assert "charging" in set(done.rows["Field state"])
    error = done.uncertainty("hall_resistance_drift")
    assert done.value("hall_resistance_drift") == pytest.approx(-2.7e-3 * 12e-4 * 3600, abs=3.5 * error)


def test_without_channel_2_there_is_no_longitudinal_resistance_and_it_says_so(simulate: Simulate) -> None:
    station = load_station("ppms")
    meter = station.cables.voltmeter
    assert meter is not None
    free = meter.model_copy(update={"channel_2_high": "open", "channel_2_low": "open"})
    station = station.model_copy(update={"cables": station.cables.model_copy(update={"voltmeter": free})})
    done = simulate(Log(duration="20 s", interval="2 s"), station=station)
    assert all(math.isnan(value) for value in done.rows["Longitudinal resistance (ohm)"])
    assert done.value("longitudinal_resistance") is None
    assert any("channel 2" in warning for warning in done.outcome.warnings)
    assert done.directory.figure_file.exists()


def test_one_row_is_enough_to_be_kept_and_too_few_to_tell_a_drift(simulate: Simulate) -> None:
    done = simulate(Log(duration="0 s"))
    assert done.outcome.points == 1
    assert "too few" in done.outcome.results["temperature_drift"]["why"]


def test_it_begins_again_when_it_was_cut() -> None:
    assert assert_resumable(Log, at=[2], from_the_start=True, duration="8 s", interval="4 s") == 2


def test_of_a_junction_it_logs_the_junctions_resistance_and_none_of_a_bar(simulate: Simulate) -> None:
    done = simulate(Log(duration="20 s", interval="2 s"), sample="fimtj2026")
    assert done.outcome.status == "finished", done.outcome.error
    true = done.lab.sample.resistance_at("top_1", "bottom_1", 0.0, done.lab.clock.now())
    assert done.value("junction_resistance") == pytest.approx(true, rel=0.01)
    assert done.value("junction_resistance_channel_2") == pytest.approx(true, rel=0.01)
    assert not [name for name in done.outcome.results if "hall" in name or "longitudinal" in name]
    rows = done.rows
    assert rows[["Hall resistance (ohm)", "Longitudinal resistance (ohm)"]].isna().to_numpy().all()
    assert rows[["Resistance (ohm)", "Resistance on channel 2 (ohm)"]].notna().to_numpy().all()
