"""Every run starts and ends with a check of the sample: planted changes are found, and those that are none are not."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from instruments.errors import Aborted, InstrumentError
from labctl import health, learning
from labctl.analysis.health import FOUR, TWO
from labctl.analysis.result import HEALTH_UNITS, Results
from labctl.cli.main import run_command
from labctl.happenings import BadContact
from labctl.health import coefficient_of
from labctl.journal import HEALTH, Journal, quantity
from labctl.limits import parse_overrides
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.series import carry_out_series
from labctl.series_axes import parse_over
from labctl.station import Station, load_station
from procedures.ahe import AnomalousHallLoop
from procedures.contact_check import ContactCheck
from procedures.log import Log
from simulators.contacts import ContactFault
from tests.served import ServedLab, in_a_thread
from tests.simulated import QUICK, Simulate

BAR, LEADS = 340.0, 50.0
"""ohm of the shipped sample's bar, and of its two current leads."""
SHORT: dict[str, Any] = {"duration": "10 s", "interval": "5 s"}


class Swift(Log):
    """A log that is not drawn, which is what takes most of the time."""

    def figure(self, data: pd.DataFrame, results: Results) -> Any:
        del data, results


class SwiftLoop(AnomalousHallLoop):
    """A loop that is not drawn."""

    def figure(self, data: pd.DataFrame, results: Results) -> Any:
        del data, results


class Watching(Swift):
    """Looks at the instruments where the experiment begins."""

    def execute(self) -> None:
        meter, source = self.voltmeter, self.source
        type(self).seen = (
            meter.active_channel, meter.ch_1.voltage_range, self.reader.channel, self.reader.voltage_range,
            source.source_current, source.source_enabled,
        )  # fmt: skip
        super().execute()

    seen: tuple[Any, ...] = ()


class Cut(Swift):
    """Ends after its second row."""

    def execute(self) -> None:
        for number, row in enumerate(self.hold(duration=self.duration, interval=self.interval)):
            self.record(**self._named(self._with_longitudinal(row, both=True)), **self._states())
            if number == 1:
                raise Aborted("cut")


class OnPurpose(Swift):
    """Is known to change the resistance."""

    no_health_check = "it burns the film on purpose"


def station(*contacts: BadContact, **cables: Any) -> Station:
    """The shipped station, with something wrong in its simulated lab, or other cables."""
    found = load_station("ppms")
    simulation = found.simulation.model_copy(update={"contacts": contacts})
    plugged = found.cables.model_copy(update=cables)
    return found.model_copy(update={"simulation": simulation, "cables": plugged})


def leaks(part: float, at: float = 0.0) -> tuple[BadContact, BadContact]:
    """Both lines of the current leak to the shield, so that the bar gets less of it by a part: a film that degrades.

    What is in parallel to bar and leads is twice the leak's resistance: R/(R + 2 r) of the current.
    """
    resistance = 0.5 * (BAR + LEADS) * (1.0 / part - 1.0)
    return (
        BadContact(lead="I+", what="leaking", resistance=resistance, at=at),
        BadContact(lead="I-", what="leaking", resistance=resistance, at=at),
    )


def health_events(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.run is not None
    return [event for event in RunDirectory(outcome.run).events() if event["event"] == "health"]


def value(outcome: Outcome, name: str) -> Any:
    return outcome.results[name]["value"]


# ---- a sample that is well


def test_a_run_carries_its_checks_and_the_raw_readings_of_both(simulate: Simulate) -> None:
    done = simulate(Swift(**SHORT))
    assert (done.outcome.status, done.outcome.warnings) == ("finished", [])
    assert set(HEALTH_UNITS) < set(done.outcome.results)
    squares = BAR * 20e-6 / 50e-6  # between the arms D and B, by their positions
    assert value(done.outcome, "health_resistance_start") == pytest.approx(squares, rel=2e-3)
    assert value(done.outcome, "health_resistance_end") == pytest.approx(squares, rel=2e-3)
    assert abs(value(done.outcome, "health_drift")) < 3 * done.uncertainty("health_drift") < 2e-3
    assert value(done.outcome, "health_two_wire_bound") == pytest.approx(0.2 / 1e-4)
    assert "below 2 kohm" in done.outcome.results["health_two_wire_resistance"]["why"]
    start, end = health_events(done.outcome)
    for event in (start, end):
        assert (event["wires"], event["between"], event["channel"]) == (FOUR, "D and B", 2)
        assert len(event["readings"]) == 5
        for reading in event["readings"]:
            assert {"Voltage 1 (V)", "Current 2 (A)", "Start 3 (s)", "End 1 (s)", "Range (V)"} < set(reading)
            assert reading["Voltage 1 (V)"] > 0 > reading["Voltage 2 (V)"]
    assert start["readings"][0]["Start 1 (s)"] < min(done.rows["Time (s)"]) < end["readings"][0]["Start 1 (s)"]
    done.assert_source_off()


def test_the_meter_and_the_source_are_handed_over_as_startup_left_them(simulate: Simulate) -> None:
    assert simulate(Watching(**SHORT)).outcome.status == "finished"
    assert Watching.seen == (1, 0.01, 1, 0.01, 0.0, True)


def test_the_same_seed_gives_the_same_checks(simulate: Simulate) -> None:
    one, other, third = (simulate(Swift(**SHORT), seed=seed) for seed in (4, 4, 5))
    assert one.outcome.results == other.outcome.results
    assert health_events(one.outcome)[0]["readings"] == health_events(other.outcome)[0]["readings"]
    assert health_events(one.outcome)[0]["readings"] != health_events(third.outcome)[0]["readings"]


def test_analysing_again_finds_the_same(simulate: Simulate, capsys: pytest.CaptureFixture[str]) -> None:
    done = simulate(**QUICK)
    before = done.directory.result_file.read_bytes()
    done.directory.result_file.unlink()
    assert run_command(["analyse", str(done.directory.path)]) == 0
    assert done.directory.result_file.read_bytes() == before
    assert "\nhealth: 136" in capsys.readouterr().out


# ---- one that changes


@pytest.mark.parametrize(
    ("part", "status", "words"),
    [(0.005, "finished", ""), (0.03, "finished", "has the sample aged"), (0.09, "fault", "more than 5 %")],
)
def test_what_changes_during_a_run_is_found(simulate: Simulate, part: float, status: str, words: str) -> None:
    done = simulate(Swift(**SHORT), station=station(*leaks(part, at=7.0)))
    assert done.outcome.status == status
    assert len(done.rows) == 3
    assert value(done.outcome, "health_drift") == pytest.approx(-part, rel=0.05, abs=5e-4)
    assert {"hall_resistance", "health_resistance_end"} < set(done.directory.results())  # it was analysed
    said = " ".join([*done.outcome.warnings, done.outcome.error or ""])
    assert words in said
    assert bool(said.strip()) == bool(words)
    assert done.outcome.exit_code == (5 if status == "fault" else 0)
    assert done.directory.status() == status
    done.assert_source_off()


def test_two_percent_hide_in_the_noise_of_a_small_current_and_it_says_so(simulate: Simulate) -> None:
    done = simulate(Swift(**SHORT, probe_current="10 nA"), station=station(*leaks(0.02, at=7.0)))
    assert (done.outcome.status, done.outcome.warnings) == ("finished", [])
    assert done.uncertainty("health_drift") > 0.005
    assert "cannot be told: the resistance is read to" in done.outcome.results["health_drift"]["note"]


def test_a_lead_that_opens_during_the_run_ends_it_as_a_fault(simulate: Simulate) -> None:
    class Last(Swift):
        """Waits until the lead is open, after its last row."""

        def execute(self) -> None:
            super().execute()
            self.clock.sleep(60.0)

    done = simulate(Last(**SHORT), station=station(BadContact(lead="I+", what="open", at=30.0)))
    assert (done.outcome.status, done.outcome.exit_code, len(done.rows)) == ("fault", 5, 3)
    assert "the check at the end found the source at its compliance of 200 mV with 100 uA" in str(done.outcome.error)
    assert "reached its compliance" in done.outcome.results["health_two_wire_bound"]["why"]


def test_a_lead_that_is_open_ends_the_run_before_its_first_row_and_the_result_has_it(simulate: Simulate) -> None:
    done = simulate(Swift(**SHORT), station=station(BadContact(lead="I+", what="open")))
    assert (done.outcome.status, done.outcome.points) == ("fault", 0)
    assert "the check at the start found the source at its compliance" in str(done.outcome.error)
    assert set(done.directory.results()) == set(HEALTH_UNITS)


def test_another_temperature_is_converted_and_a_far_one_is_not_judged(simulate: Simulate) -> None:
    near, far = (simulate(SwiftLoop(**QUICK, temperature=kelvin)) for kelvin in ("292 K", "230 K"))
    for done in (near, far):
        assert (done.outcome.status, done.outcome.warnings) == ("finished", [])
        assert abs(value(done.outcome, "health_drift")) < done.uncertainty("health_drift") + 1e-3
    assert value(near.outcome, "health_resistance_end") == pytest.approx(136.0 * (1 - 8 * 1.5e-3), rel=2e-3)
    assert "cannot be told" not in near.outcome.results["health_drift"]["note"]
    assert "moved by -" in far.outcome.results["health_drift"]["note"]


# ---- what it can be compared with


def journalled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs in a lab of this process write as if it were hardware."""
    monkeypatch.setattr(learning, "journal_of", lambda asked: Journal(asked.out, asked.sample.name))


def served_run(lab: ServedLab, out: Path, **changes: Any) -> Outcome:
    asked = Request("log", Swift(**SHORT), load_station("ppms"), load_sample("cotb2025"), simulate=False, lab=lab.file,
                    out=out, user="LW")  # fmt: skip
    return carry_out(replace(asked, **changes))


def degrade(lab: ServedLab, part: float) -> None:
    """Let the bar of a served lab get less of the current from now on."""
    resistance = 0.5 * (BAR + LEADS) * (1.0 / part - 1.0)
    lab.lab.wiring.damage([ContactFault(lead, "leaking", resistance) for lead in ("I+", "I-")])


def test_the_next_run_is_compared_with_the_journal_of_this_mounting(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "cotb2025", simulated=True)
    with in_a_thread(tmp_path / "lab.json") as lab:
        first = served_run(lab, tmp_path)
        assert first.results["health_drift_before"]["why"] == "there is no earlier check to compare with"
        second = served_run(lab, tmp_path)
        assert abs(value(second, "health_drift_before")) < 1e-3
        degrade(lab, 0.03)
        third = served_run(lab, tmp_path)
        assert third.status == "finished"
        assert "against the 13" in third.warnings[0]
        assert f"at the end of run {journal.entries(HEALTH)[3].run}: has the sample aged" in third.warnings[0]
        degrade(lab, 0.12)
        fourth = served_run(lab, tmp_path)
        assert (fourth.status, fourth.exit_code, fourth.points) == ("fault", 5, 0)
        assert 'permit it for this run with --override drift="' in str(fourth.error)
        again = served_run(lab, tmp_path)
        assert again.status == "fault"  # it stays one until somebody decides
        permitted = served_run(lab, tmp_path, overrides=parse_overrides(["drift=12 %"]))
        assert permitted.status == "finished", permitted.error
        assert permitted.run is not None
        assert RunDirectory(permitted.run).request()["overrides"]["drift"] == {
            "value": 0.12, "text": "12 %",
            "in_place_of": ["the change of the sample's resistance with which a run may begin and end"],
        }  # fmt: skip
        assert served_run(lab, tmp_path).status == "finished"  # what was permitted is what it is compared with now
        degrade(lab, 0.4)
        journal.append("mounting", {"text": "another device of the wafer"})
        assert served_run(lab, tmp_path).status == "finished"
    entry = journal.entries(HEALTH)[0]
    assert (entry.values["when"], entry.values["wires"], entry.values["between"]) == ("start", FOUR, "D and B")
    assert entry.values["resistance"]["unit"] == "ohm"
    assert entry.number("temperature") == pytest.approx(300.0, abs=0.5)
    assert entry.number("health_two_wire_bound") == 2000.0


def test_an_entry_between_other_leads_is_no_reference(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    journalled(monkeypatch)
    values = {"resistance": quantity(50.0, "ohm"), "wires": FOUR, "between": "C and A", "when": "end"}
    journal = Journal(simulate.folder, "cotb2025")
    journal.append("contacts", {"passed": True})
    journal.append(HEALTH, values)
    done = simulate(Swift(**SHORT))
    assert done.outcome.status == "finished"
    assert value(done.outcome, "health_drift_before") is None
    assert [entry.number("resistance") for entry in journal.entries(HEALTH)][1:] == [
        value(done.outcome, name) for name in ("health_resistance_start", "health_resistance_end")
    ]


def test_a_sample_far_from_its_record_is_a_remark_and_nothing_more(simulate: Simulate) -> None:
    record = load_sample("cotb2025")
    other = record.resistances.model_copy(update={"longitudinal": 200.0, "two_wire": 250.0})
    done = simulate(Swift(**SHORT), sample=record.model_copy(update={"resistances": other}))
    assert done.outcome.status == "finished"
    (warning,) = done.outcome.warnings
    assert warning.startswith("the longitudinal resistance is 136.00 ohm at 3")
    assert "+70 % off what the record makes of it" in warning


def series(simulate: Simulate, where: Station) -> Any:
    axes = parse_over(["duration=10, 11, 12, 13 s"], "log", Swift, {"interval": "5 s"})
    request = Request("log", Swift(**SHORT), where, load_sample("cotb2025"), simulate=True, seed=1, out=simulate.folder)
    return carry_out_series(request, axes, partial(Swift, interval="5 s"))


def test_a_slow_decay_is_seen_against_the_first_run_of_a_series(simulate: Simulate) -> None:
    joined = BadContact(lead="I+", what="leaking", resistance=1e-3)  # so that the other line's leak is all there is
    decay = [
        BadContact(lead="I-", what="leaking", resistance=(BAR + LEADS) * (1.0 / part - 1.0), at=at)
        for part, at in ((0.02, 5.0), (0.04, 17.0), (0.07, 30.0))
    ]
    done = series(simulate, station(joined, *decay))
    assert [child["status"] for child in done.children] == ["finished", "finished", "finished", "fault"]
    assert (done.status, done.exit_code) == ("fault", 5)
    assert "against that at the start of run 0001-duration=10s" in done.error
    assert all(abs(child["results"]["health_drift"]["value"] or 0) < 0.05 for child in done.children)


def test_a_series_on_a_sound_sample_says_nothing(simulate: Simulate) -> None:
    done = series(simulate, load_station("ppms"))
    assert (done.status, done.warnings) == ("finished", [])
    assert all(abs(child["results"]["health_drift_before"]["value"]) < 1e-3 for child in done.children[1:])


# ---- a run that is carried on


def carried_on(simulate: Simulate, cut: Outcome, where: Station, *overrides: str) -> Outcome:
    request = Request(
        "ahe", Swift(**SHORT), where, load_sample("cotb2025"), simulate=True, seed=1, out=simulate.folder,
        resume=cut.run, overrides=parse_overrides(list(overrides)),
    )  # fmt: skip
    return carry_out(request)


@pytest.fixture
def cut(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    with monkeypatch.context() as patch:
        patch.setattr(Swift, "execute", Cut.execute)
        outcome = simulate(Swift(**SHORT)).outcome
    assert outcome.status == "aborted"
    assert outcome.results["health_drift"]["why"] == "the run did not come to its end"
    return outcome


def test_a_run_is_carried_on_with_the_same_sample(simulate: Simulate, cut: Outcome) -> None:
    outcome = carried_on(simulate, cut, load_station("ppms"))
    assert (outcome.status, outcome.warnings) == ("finished", [])
    assert [event["attempt"] for event in health_events(outcome)] == [1, 2, 2]
    assert abs(value(outcome, "health_drift")) < 1e-3


def test_a_run_is_not_carried_on_with_a_sample_that_has_changed(simulate: Simulate, cut: Outcome) -> None:
    changed = station(*leaks(0.03))
    refused = carried_on(simulate, cut, changed)
    assert (refused.status, refused.exit_code) == ("refused", 4)
    assert "more than the 1 % with which a run may be carried on" in str(refused.error)
    permitted = carried_on(simulate, cut, changed, "drift=4 %")
    assert permitted.status == "finished", permitted.error
    assert value(permitted, "health_drift") == pytest.approx(-0.03, abs=2e-3)


# ---- a voltmeter that hangs on nothing

NOTHING = "channel 2 of the voltmeter between D and B reads nothing that the current makes"
HANGING = [("open", {}), ("bouncing", {"dwell": 0.02})]


@pytest.mark.parametrize(("what", "more"), HANGING)
def test_an_open_voltage_lead_is_a_warning_by_the_record_alone(simulate: Simulate, what: Any, more: Any) -> None:
    done = simulate(Swift(**SHORT), station=station(BadContact(lead="D", what=what, **more)))
    assert done.outcome.status == "finished"
    (warning,) = done.outcome.warnings
    assert warning.startswith(f"{NOTHING} (")
    assert warning.endswith("D or B may be open; run labctl run contact-check")
    assert done.outcome.results["health_drift"]["why"] == NOTHING
    assert done.outcome.results["health_resistance_end"]["why"] == NOTHING


@pytest.mark.parametrize(("what", "more"), HANGING)
def test_a_voltage_lead_that_opens_during_the_run_is_a_fault(simulate: Simulate, what: Any, more: Any) -> None:
    where = station(BadContact(lead="D", what=what, at=7.0, **more))
    done = simulate(Swift(**SHORT), station=where)
    assert (done.outcome.status, len(done.rows)) == ("fault", 3)
    assert str(done.outcome.error).startswith(NOTHING)
    assert "the run's rows are kept" in str(done.outcome.error)
    permitted = simulate(Swift(**SHORT), station=where, overrides=parse_overrides(["drift=100 %"]))
    assert permitted.outcome.status == "finished"
    assert NOTHING in permitted.outcome.warnings[0]
    assert simulate(Swift(**SHORT), station=where, overrides=parse_overrides(["drift=50 %"])).outcome.status == "fault"


def test_a_range_that_is_left_is_nothing_too(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = health.readings_by

    def overflowing(*given: Any) -> list[dict[str, Any]]:
        return [{**reading, "Overflow": True} for reading in honest(*given)]

    monkeypatch.setattr(health, "readings_by", overflowing)
    (warning,) = simulate(Swift(**SHORT)).outcome.warnings
    assert warning.startswith(f"{NOTHING} (it overflows): D or B may be open")


def test_what_reads_nothing_is_a_fault_by_the_journal_and_never_gets_into_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "cotb2025", simulated=True)
    with in_a_thread(tmp_path / "lab.json") as lab:
        assert served_run(lab, tmp_path).status == "finished"
        lab.lab.wiring.damage([ContactFault("D", "open")])
        refused = served_run(lab, tmp_path)
        assert (refused.status, refused.exit_code, refused.points) == ("fault", 5, 0)
        assert str(refused.error).startswith(NOTHING)
        assert str(refused.error).endswith('permit it for this run with --override drift="100 %"')
        permitted = served_run(lab, tmp_path, overrides=parse_overrides(["drift=100 %"]))
        assert permitted.status == "finished", permitted.error
        assert NOTHING in permitted.warnings[0]
        journal.append("mounting", {"text": "wired anew, and D forgotten"})
        assert served_run(lab, tmp_path).status == "finished"  # there is nothing but the record
        again = served_run(lab, tmp_path)
        assert (again.status, len(again.warnings)) == ("finished", 1)
        assert again.warnings[0].startswith(NOTHING)
    assert len(journal.entries(HEALTH)) == 2


def test_an_entry_that_tells_nothing_is_passed_over(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    journalled(monkeypatch)
    journal = Journal(simulate.folder, "cotb2025")
    journal.append("contacts", {"passed": True})
    for resistance, uncertainty in ((136.0, 0.01), (5.88e-3, 4e-3), (-14.3e-3, 1e-3), (0.0, 0.0)):
        values = {"wires": FOUR, "between": "D and B", "when": "end"}
        journal.append(HEALTH, {"resistance": quantity(resistance, "ohm", uncertainty), **values})
    done = simulate(Swift(**SHORT))
    assert (done.outcome.status, done.outcome.warnings) == ("finished", [])
    assert "against the 136 ohm" in done.outcome.results["health_drift_before"]["note"]


# ---- a junction


def test_the_checks_of_a_junction_are_kept_in_its_journal(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    journalled(monkeypatch)
    journal = Journal(simulate.folder, "fimtj2026")
    journal.append("contacts", {"passed": True})
    done = simulate(Swift(**SHORT), sample="fimtj2026")
    assert (done.outcome.status, done.outcome.warnings) == ("finished", [])
    assert [entry.number("resistance") for entry in journal.entries(HEALTH)] == [
        value(done.outcome, name) for name in ("health_resistance_start", "health_resistance_end")
    ]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1e6, 1.2e6, "below a third of the 1 Mohm that the record has for its low state: is the barrier broken?"),
        (1e4, 2e4, "above three times the 20 kohm that the record has for its high state: is a lead open"),
    ],
)
def test_a_junction_far_outside_its_states_is_a_remark(simulate: Simulate, low: float, high: float, words: str) -> None:
    record = load_sample("fimtj2026")
    other = record.resistances.model_copy(update={"junction": low, "junction_high": high})
    done = simulate(Swift(**SHORT, probe_current="6 nA"), sample=record.model_copy(update={"resistances": other}))
    assert done.outcome.status == "finished"
    (warning,) = done.outcome.warnings
    assert words in warning


def test_a_junction_that_breaks_during_the_run_is_a_fault(simulate: Simulate) -> None:
    class Breaking(Swift):
        """Somebody touches the leads after the last row."""

        def execute(self) -> None:
            super().execute()
            source = simulate.labs[-1].wiring.source
            source.drive(2e-4, 10.0)
            self.clock.sleep(1.0)
            source.drive(0.0, 0.1)

    done = simulate(Breaking(**SHORT), sample="fimtj2026")
    assert simulate.labs[-1].sample.broken is not None
    assert (done.outcome.status, len(done.rows)) == ("fault", 3)
    assert "below a third of the 105 kohm that the record has" in str(done.outcome.error)
    assert "At the start of this run it was 85." in str(done.outcome.error)


# ---- where there is nothing to check, or another way


@pytest.mark.parametrize(
    ("procedure", "why"),
    [
        (partial(OnPurpose, **SHORT), "it burns the film on purpose"),
        (ContactCheck, "it moves the cables"),
    ],
)
def test_a_run_without_checks_says_why(simulate: Simulate, procedure: Any, why: str) -> None:
    done = simulate(procedure())
    assert done.outcome.status == "finished"
    for name in HEALTH_UNITS:
        assert why in done.outcome.results[name]["why"]
    assert len(health_events(done.outcome)) == 1


def two_wires() -> Station:
    meter = load_station("ppms").cables.voltmeter
    assert meter is not None
    leads = {"channel_1_high": "I+", "channel_1_low": "I-", "channel_2_high": "open", "channel_2_low": "open"}
    return station(*leads_that_grow(), voltmeter=meter.model_copy(update=leads))


def leads_that_grow() -> list[BadContact]:
    return [BadContact(lead="I+", what="high", resistance=30.0, at=7.0)]


def test_on_the_current_leads_a_lead_that_grows_is_found(simulate: Simulate) -> None:
    done = simulate(Swift(**SHORT, probe_range="100 mV"), station=two_wires())
    assert value(done.outcome, "health_two_wire_resistance") == pytest.approx(420.0, rel=2e-3)
    assert value(done.outcome, "health_drift") == pytest.approx(30.0 / 390.0, rel=0.02)
    assert (done.outcome.status, health_events(done.outcome)[0]["wires"]) == ("fault", TWO)


def test_without_either_only_the_leads_are_checked(simulate: Simulate) -> None:
    meter = load_station("ppms").cables.voltmeter
    assert meter is not None
    hall = meter.model_copy(update={"channel_2_high": "open", "channel_2_low": "open"})
    done = simulate(SwiftLoop(**QUICK), station=station(voltmeter=hall))
    assert done.outcome.status == "finished"
    assert "no channel of the voltmeter is cabled" in done.outcome.results["health_resistance_end"]["why"]
    assert value(done.outcome, "health_two_wire_bound") == 2000.0
    opened = simulate(SwiftLoop(**QUICK), station=station(BadContact(lead="I-", what="open"), voltmeter=hall))
    assert (opened.outcome.status, opened.outcome.points) == ("fault", 0)


def test_an_end_that_cannot_be_checked_is_a_remark(simulate: Simulate) -> None:
    class Armed(Swift):
        """Leaves the source in a state in which nothing can be set."""

        def execute(self) -> None:
            super().execute()
            self.reader.prepare = self._refuse  # pyright: ignore[reportAttributeAccessIssue] - as an instrument would

        def _refuse(self) -> None:
            raise InstrumentError("no", -221)

    done = simulate(Armed(**SHORT))
    assert done.outcome.status == "finished"
    assert done.outcome.warnings == ["the check of the sample at the end was not possible: no"]
    assert done.outcome.results["health_drift"]["why"] == "it was not possible: no"


def test_how_well_a_coefficient_is_known_depends_on_where_it_comes_from() -> None:
    assumed = load_sample("cotb2025")
    assert coefficient_of(assumed).uncertainty == pytest.approx(0.3 * 1.5e-3)
    basis = {key: mark for key, mark in assumed.basis.items() if key != "resistances.temperature_coefficient"}
    assert coefficient_of(assumed.model_copy(update={"basis": basis})).uncertainty == pytest.approx(0.1 * 1.5e-3)
    bare = assumed.resistances.model_copy(update={"temperature_coefficient": None})
    unknown = coefficient_of(assumed.model_copy(update={"resistances": bare}))
    assert (unknown.value, unknown.uncertainty) == (0.0, 4e-3)
