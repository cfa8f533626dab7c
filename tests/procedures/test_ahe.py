"""The anomalous-Hall loop, measured on the simulated station: physics, wiring, time, determinism."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from instruments.errors import BadValue
from labctl.happenings import BadContact
from labctl.sample import SampleRecord, load_sample
from labctl.station import Station, load_station
from procedures.ahe import AnomalousHallLoop
from simulators.devices.model6000 import Model6000
from simulators.lab import Lab
from simulators.machines import MACHINES
from simulators.visa import SimulatedVisaLibrary
from tests.simulated import QUICK, Done, Simulate, ask, capture_labs


def changed(record: SampleRecord, **model: Any) -> SampleRecord:
    """The same sample with other model parameters."""
    assert record.model is not None
    parameters = {**record.model.model_dump(), **model}
    return record.model_copy(update={"model": type(record.model).model_validate(parameters)})


def recabled(cables: Mapping[str, str]) -> Station:
    """The station ppms with some of the voltmeter's cables elsewhere."""
    station = load_station("ppms")
    meter = station.cables.voltmeter
    assert meter is not None
    voltmeter = meter.model_copy(update=dict(cables))
    return station.model_copy(update={"cables": station.cables.model_copy(update={"voltmeter": voltmeter})})


SWIFT: dict[str, Any] = {"maximum_field": "0.4 T", "survey_rate": "60 Oe/s"}
"""A loop of some hundred points, with the usual reading of each: enough to measure with."""


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The swift loop when nothing else is asked; only to be looked at."""
    with pytest.MonkeyPatch.context() as patch:
        return Simulate(tmp_path_factory.mktemp("swift"), capture_labs(patch))(**SWIFT)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The loop when nothing else is asked; only to be looked at."""
    with pytest.MonkeyPatch.context() as patch:
        return Simulate(tmp_path_factory.mktemp("usual"), capture_labs(patch))()


# ---- physics


def test_at_300_kelvin_the_loop_has_the_papers_amplitude_and_positive_polarity(usual: Done) -> None:
    done = usual
    assert done.outcome.status == "finished"
    assert done.value("saturated") is True
    assert done.value("anomalous_hall_resistance") == pytest.approx(0.075, abs=0.008)
    assert done.value("polarity") == 1
    assert 0.9 <= done.value("remanence_ratio") <= 1.02
    assert done.value("coercive_field_up") > 0 > done.value("coercive_field_down")
    assert 5 * 60 <= done.outcome.lab_time_s <= 8 * 60


def test_below_compensation_the_polarity_is_reversed(simulate: Simulate) -> None:
    done = simulate(temperature="250 K", **SWIFT)
    assert done.value("polarity") == -1
    assert done.value("anomalous_hall_resistance") < -0.06
    assert abs(np.mean(done.rows["Temperature (K)"].to_numpy(float)) - 250.0) < 0.1


def test_close_to_compensation_it_says_not_saturated_and_gives_no_coercive_field(simulate: Simulate) -> None:
    done = simulate(temperature="275 K", **SWIFT)
    assert done.outcome.status == "finished"
    assert done.value("saturated") is False
    for name in ("coercive_field_up", "coercive_field_down", "anomalous_hall_resistance"):
        assert done.value(name) is None
        assert done.outcome.results[name]["why"]


def test_a_larger_hall_resistance_in_the_record_gives_a_larger_loop(simulate: Simulate) -> None:
    record = load_sample("cotb2025")
    double = simulate(sample=changed(record, anomalous_hall_resistance=0.15), **SWIFT)
    assert double.value("anomalous_hall_resistance") == pytest.approx(0.15, rel=0.01)


def test_twice_the_barriers_give_twice_the_coercive_field(swift: Done, simulate: Simulate) -> None:
    twice = simulate(sample=changed(load_sample("cotb2025"), switching_drive=3400.0), **SWIFT)
    ratio = twice.value("coercive_field_up") / swift.value("coercive_field_up")
    assert ratio == pytest.approx(2.0, rel=0.03)  # a little less: the ramp takes twice as long, ln(2)/20 for 2 x


def test_the_ordinary_hall_slope_is_the_hall_coefficient_over_the_thickness(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly so in the true field; trapped flux, which leads the reported field, makes it look a little steeper."""
    record = changed(load_sample("cotb2025"), ordinary_hall_coefficient=-0.05)
    with_flux = simulate(sample=record)
    machine = MACHINES["ppms_9t"]
    clean = dataclasses.replace(machine, magnet=dataclasses.replace(machine.magnet, remanence=0.0))
    monkeypatch.setitem(MACHINES, "ppms_9t", clean)
    done = simulate(sample=record)
    assert done.value("ordinary_hall_slope") == pytest.approx(-0.05, abs=4 * done.uncertainty("ordinary_hall_slope"))
    steeper = with_flux.value("ordinary_hall_slope") / done.value("ordinary_hall_slope")
    assert (
        1.0 < steeper < 1.0 + 2 * with_flux.value("field_uncertainty") / 0.1
    )  # the ends begin 0.1 T behind the switch


def test_the_offset_of_misaligned_arms_is_the_even_part(simulate: Simulate) -> None:
    record = load_sample("cotb2025")
    done = simulate(sample=changed(record, misalignment=0.0), **SWIFT)
    assert abs(done.value("even_part")) < 0.001
    assert done.value("anomalous_hall_resistance") == pytest.approx(0.075, rel=0.01)


def test_another_device_of_the_same_kind_has_nearly_the_same_coercive_field(swift: Done, simulate: Simulate) -> None:
    others = [simulate(sample_seed=number, **SWIFT) for number in (1, 2)]
    fields = [done.value("coercive_field_up") for done in (swift, *others)]
    assert len(set(fields)) == 3
    assert max(fields) - min(fields) < 0.05 * np.mean(fields)


# ---- what is cabled how


def test_open_hall_leads_let_the_meter_overflow(simulate: Simulate) -> None:
    """Its bias current lifts an open input by more than the range; nothing is made of such readings."""
    done = simulate(station=recabled({"channel_1_high": "open", "channel_1_low": "open", "channel_2_low": "open",
                                      "channel_2_high": "open"}), **QUICK)  # fmt: skip
    assert done.outcome.status == "finished"
    assert bool(done.rows["Overflow"].all())
    assert bool(done.rows["Hall resistance (ohm)"].isna().all())
    assert done.value("saturated") is None
    assert done.value("coercive_field_up") is None


def test_swapped_hall_leads_give_the_opposite_sign(simulate: Simulate) -> None:
    done = simulate(station=recabled({"channel_1_high": "B", "channel_1_low": "A", "channel_2_low": "A"}), **SWIFT)
    assert done.value("polarity") == -1
    assert done.value("anomalous_hall_resistance") == pytest.approx(-0.075, abs=0.008)


def test_a_current_that_the_compliance_does_not_let_through_ends_the_run_with_the_source_off(
    simulate: Simulate,
) -> None:
    done = simulate(probe_current="400 uA", probe_compliance="0.15 V")  # 400 uA x 390 ohm = 156 mV
    assert done.outcome.exit_code == 5
    assert done.outcome.status == "fault"
    assert "compliance" in str(done.outcome.error)
    assert done.outcome.points == 0
    done.assert_source_off()


def test_a_lead_that_opens_in_the_loop_ends_the_run_with_its_row_kept_and_marked(simulate: Simulate) -> None:
    station = load_station("ppms")
    opened = BadContact(lead="I+", what="open", at=60.0)
    settings = station.simulation.model_copy(update={"contacts": (opened,)})
    done = simulate(station=station.model_copy(update={"simulation": settings}), **QUICK)
    assert (done.outcome.status, done.outcome.exit_code) == ("fault", 5)
    assert "the source reached its compliance and drove less than its current" in str(done.outcome.error)
    assert len(done.rows) > 10
    assert done.rows["Compliance"].tolist() == [0] * (len(done.rows) - 1) + [1]
    done.assert_source_off()


def test_a_little_less_current_passes(simulate: Simulate) -> None:
    done = simulate(probe_current="380 uA", probe_compliance="0.15 V", **QUICK)
    assert done.outcome.status == "finished"
    assert sum(done.rows["Compliance"].tolist()) == 0


def test_a_range_that_is_too_small_is_marked_and_not_averaged(simulate: Simulate) -> None:
    record = changed(load_sample("cotb2025"), misalignment=0.5, resistance=2000.0)  # 100 ohm x 400 uA = 40 mV
    fits = simulate(sample=record, probe_range="100 mV", probe_current="400 uA", probe_compliance="5 V", **QUICK)
    assert sum(fits.rows["Overflow"].tolist()) == 0
    overloaded = simulate(sample=record, probe_range="10 mV", probe_current="400 uA", probe_compliance="5 V", **QUICK)
    assert all(overloaded.rows["Overflow"].tolist())
    assert all(np.isnan(value) for value in overloaded.rows["Hall resistance (ohm)"].tolist())
    assert overloaded.value("anomalous_hall_resistance") is None


# ---- how the field moves


def test_two_rates_are_faster_and_sharper_than_the_survey(usual: Done, simulate: Simulate) -> None:
    survey = usual
    window = simulate(window="0.1 T")
    assert window.outcome.lab_time_s < survey.outcome.lab_time_s
    assert window.value("coercive_field_up") == pytest.approx(survey.value("coercive_field_up"), rel=0.1)
    assert window.value("field_rate") == pytest.approx(0.002, rel=0.05)
    assert window.uncertainty("coercive_field_up") < 2 * survey.uncertainty("coercive_field_up")


def test_a_stepped_loop_stops_at_every_point(simulate: Simulate) -> None:
    done = simulate(sweep="step", field_step="10 mT", maximum_field="0.2 T")
    rows = done.rows
    assert len(rows) == 2 * 41
    fields = rows["Field (T)"].to_numpy(float)
    assert np.allclose(fields[:41], np.linspace(0.2, -0.2, 41), atol=2e-4)
    assert np.allclose(rows["Field before (T)"], rows["Field after (T)"], atol=1e-4)
    assert done.value("coercive_field_up") == pytest.approx(0.068, abs=0.01)
    assert done.outcome.lab_time_s / len(rows) > 5.0  # each point holds for five seconds first


def test_a_loop_may_begin_at_the_negative_end(simulate: Simulate) -> None:
    done = simulate(start="negative", **QUICK)
    assert done.rows["Branch"].iloc[0] == "up"
    assert done.value("polarity") == 1


def test_several_loops_are_numbered_blocks_of_their_own(simulate: Simulate) -> None:
    done = simulate(loops=3, **QUICK)
    rows = done.rows
    assert sorted(set(rows["Loop"])) == [1, 2, 3]
    assert sorted(set(rows["Block"])) == ["loop=1", "loop=2", "loop=3"]
    assert set(rows["Attempt"]) == {1}
    assert "3 loops" in done.outcome.results["coercive_field_up"]["of"]


def test_every_reading_lies_between_its_two_readings_of_the_field(simulate: Simulate) -> None:
    rows = simulate(**QUICK).rows
    times = [
        rows[name].to_numpy(float)
        for name in ("Field before stamp (s)", "Start 1 (s)", "End 1 (s)", "Start 2 (s)", "End 2 (s)", "Start 3 (s)",
                     "End 3 (s)", "Field after stamp (s)")
    ]  # fmt: skip
    for earlier, later in itertools.pairwise(times):
        assert (earlier <= later).all()
    assert (times[-1][:-1] <= times[0][1:] + 1e-9).all()


def test_the_field_at_the_end_is_held_and_the_source_is_off(simulate: Simulate) -> None:
    done = simulate(**QUICK)
    done.assert_source_off()
    assert done.ask("cryostat", b"FIELD?\n").startswith(b"2000")


# ---- the same and not the same


def test_the_same_seeds_give_the_same_bytes(simulate: Simulate) -> None:
    first, second = simulate(seed=7, **QUICK), simulate(seed=7, **QUICK)
    assert first.directory.data_file.read_bytes() == second.directory.data_file.read_bytes()


def test_another_seed_gives_other_bytes_and_the_same_results_within_their_uncertainties(
    swift: Done, simulate: Simulate
) -> None:
    first, second = swift, simulate(seed=8, **SWIFT)
    assert first.directory.data_file.read_bytes() != second.directory.data_file.read_bytes()
    for name in ("anomalous_hall_resistance", "coercive_field_up", "coercive_field_down", "ordinary_hall_slope"):
        error = np.hypot(first.uncertainty(name), second.uncertainty(name))
        # Thermal clocks make the loops themselves differ, by about 0.3 % of the coercive field for 1000 hysterons.
        error = np.hypot(error, 0.003 * abs(first.value(name)) * (name in {"coercive_field_up", "coercive_field_down"}))
        assert abs(first.value(name) - second.value(name)) < 4 * error


def test_an_observers_questions_change_nothing(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """One GETDAT? between any two messages, and the data stay the same to the last byte."""
    alone = simulate(seed=3, **QUICK)
    write = SimulatedVisaLibrary.write
    questions = [0]

    def observed(self: SimulatedVisaLibrary, session: Any, data: bytes) -> Any:
        lab: Lab = simulate.labs[-1]
        observer = Model6000(lab.timeline, lab.cryostat)
        lab.timeline.catch_up()
        observer.write(b"GETDAT? 7\n")
        questions[0] += 1
        return write(self, session, data)

    monkeypatch.setattr(SimulatedVisaLibrary, "write", observed)
    watched = simulate(seed=3, **QUICK)
    assert questions[0] > 500
    assert watched.directory.data_file.read_bytes() == alone.directory.data_file.read_bytes()


def test_the_state_of_the_sample_is_that_of_a_fresh_lab(simulate: Simulate) -> None:
    done = simulate(**QUICK)
    assert ask(done.lab, done.lab.devices["cryostat"], b"TEMP?\n").startswith(b"300")
    assert done.rows["Hall resistance (ohm)"].iloc[0] == pytest.approx(0.245, abs=0.002)


# ---- parameters


@pytest.mark.parametrize(
    ("parameters", "word"),
    [({"window": "0.5 T"}, "window"), ({"window": "1 T"}, "window"), ({"field_step": "0.6 T"}, "field_step")],
)
def test_parameters_that_do_not_fit_together_are_refused(parameters: dict[str, str], word: str) -> None:
    with pytest.raises(BadValue, match=word):
        AnomalousHallLoop(**parameters).check()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"maximum_field": "10 T"}, ("field", "10 T", "9 T", "ppms")),
        ({"probe_current": "1 mA"}, ("current", "1 mA", "450", "cotb2025")),
        ({"probe_compliance": "20 V"}, ("compliance", "20 V", "15 V", "cotb2025")),
        ({"sweep_rate": "500 Oe/s"}, ("field rate", "500 Oe/s", "190 Oe/s", "ppms")),
        ({"window_rate": "5 Oe/s"}, ("field rate", "5 Oe/s", "10.5 Oe/s", "ppms")),
        ({"temperature": "1 K"}, ("temperature", "1 K", "1.9 K", "ppms")),
        ({"temperature": "405 K"}, ("temperature", "405 K", "400 K")),
    ],
)
def test_what_exceeds_a_limit_is_refused_before_anything_is_sent(
    simulate: Simulate, parameters: dict[str, Any], words: tuple[str, ...]
) -> None:
    simulate.labs.append(None)  # pyright: ignore[reportArgumentType] - no lab must be built
    done = simulate(**parameters)
    assert done.outcome.exit_code == 4
    assert done.outcome.status == "refused"
    assert done.outcome.run is None
    assert done.lab is None
    for word in words:
        assert word in str(done.outcome.error)


@pytest.mark.parametrize(
    ("settings", "idle"),
    [
        ({"window_rate": "10 Oe/s"}, {"window_rate": "a window"}),
        ({"field_step": "1 mT"}, {"field_step": "sweep=step"}),
        ({"window": "0.1 T", "survey_rate": "20 Oe/s"}, {"survey_rate": "window=none"}),
        ({"sweep": "step", "window": "0.1 T"}, {"window": "sweep=continuous"}),
        ({"window": "0.1 T", "window_rate": "10 Oe/s", "sweep_rate": "90 Oe/s"}, {}),
        ({"survey_rate": "20 Oe/s"}, {}),
        ({"sweep": "step", "field_step": "5 mT", "sweep_rate": "90 Oe/s"}, {}),
    ],
)
def test_what_was_set_and_has_no_effect_is_known(settings: dict[str, str], idle: dict[str, str]) -> None:
    assert AnomalousHallLoop(**settings).idle_parameters() == idle


def test_what_was_set_and_has_no_effect_is_said(simulate: Simulate) -> None:
    done = simulate(**QUICK, window_rate="15 Oe/s")
    assert "window_rate was set and has no effect; it needs a window" in done.outcome.warnings
    assert simulate(**QUICK).outcome.warnings == []
