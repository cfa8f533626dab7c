"""The contact check on random simulated devices: good ones pass, and what is planted is found at the right lead."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from instruments.errors import Aborted
from labctl.contacts.check import Check
from labctl.happenings import BadContact
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.contact_check import ContactCheck
from tests.devices import FAULTS, Device, planted, random_device
from tests.planted import pulls, verdicts, wanted
from tests.simulated import Done, Simulate


def checked(simulate: Simulate, device: Device, seed: int = 1, **parameters: Any) -> tuple[Check, Done]:
    procedure = ContactCheck(**parameters)
    done = simulate(procedure, station=device.station, sample=device.record, seed=seed, sample_seed=device.sample_seed)
    assert done.outcome.status == "finished", done.outcome.error
    return procedure.verdicts(done.rows), done


def first_words(check: Check) -> dict[str, str]:
    """The first that is said of each lead; what a fault brings with it may follow."""
    return {name: verdict.split(", ")[0] for name, verdict in verdicts(check).items()}


def test_a_good_device_passes_and_its_figures_are_right(simulate: Simulate) -> None:
    device = random_device(3)
    check, done = checked(simulate, device)
    assert check.passed
    assert all(use.why == "" for use in check.uses)
    assert check.solution is not None
    assert abs(check.solution.sheet_resistance - device.sheet) < 3.0 * check.solution.sheet_uncertainty
    assert max(map(abs, pulls(check, device))) < 3.0
    assert check.leak is None
    assert check.insulated_above == pytest.approx(2e7, rel=0.01)
    assert 1.0 < done.value("noise_over_johnson") < 10.0
    assert done.outcome.lab_time_s < 20.0
    two_wire = check.pairs["I+", "I-"]
    assert two_wire == pytest.approx(device.leads["I+"] + device.leads["I-"] + 10.0 * device.sheet, rel=0.01)
    assert done.value("recommended_compliance") == pytest.approx(max(0.2, 1.5 * 450e-6 * two_wire))
    json.dumps(check.contacts, allow_nan=False)
    assert check.contacts["leads"]["A"]["verdict"] == "ok"
    done.assert_source_off()
    assert done.lab.wiring.cables == done.lab.bench.cables


@pytest.mark.parametrize("what", FAULTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_planted_is_found_at_its_lead(simulate: Simulate, what: str, seed: int) -> None:
    device = random_device(seed + 40, (planted(what, seed),))
    check, done = checked(simulate, device, seed)
    assert first_words(check) == wanted(device), verdicts(check)
    assert not check.passed
    assert done.value("contacts_passed") is False
    assert done.value("bad_leads") == (2 if what == "swapped" else 1)
    touched = {lead for fault in device.faults for lead in fault.leads()}
    assert {use.name for use in check.uses if use.why} == {use.name for use in check.uses if touched & {*use.leads}}
    assert done.directory.figure_file.exists()


def test_the_size_of_what_is_wrong_is_right(simulate: Simulate) -> None:
    high = BadContact(lead="C", what="high", resistance=5e3)
    leaking = BadContact(lead="B", what="leaking", resistance=2e6)
    device = random_device(5, (high, leaking))
    check, _ = checked(simulate, device)
    leads = {lead.name: lead for lead in check.leads}
    assert leads["C"].verdict == "high"
    assert leads["C"].resistance == pytest.approx(5e3 + device.leads["C"], rel=0.02)
    assert leads["B"].leak == pytest.approx(2e6, rel=0.05)
    assert leads["A"].leak is None


def test_two_leaks_are_told_apart(simulate: Simulate) -> None:
    device = random_device(6, (
        BadContact(lead="A", what="leaking", resistance=1e6), BadContact(lead="D", what="leaking", resistance=5e5),
    ))  # fmt: skip
    check, _ = checked(simulate, device)
    leaks = {lead.name: lead.leak for lead in check.leads if lead.leak is not None}
    assert leaks == pytest.approx({"A": 1e6, "D": 5e5}, rel=0.1)


def test_a_tunnelling_contact_is_not_ohmic(simulate: Simulate) -> None:
    device = random_device(7, (BadContact(lead="A", what="high", resistance=2e3, knee=0.02),))
    check, _ = checked(simulate, device)
    assert verdicts(check)["A"] == "high, not ohmic"
    assert check.linearity > 0.05


def test_a_contact_that_goes_bad_during_the_check_is_not_called_good(simulate: Simulate) -> None:
    device = random_device(8, (BadContact(lead="A", what="open", at=4.0),))
    check, _ = checked(simulate, device)
    assert not check.passed


def test_without_positions_in_the_record_leads_are_not_given_and_it_says_why(simulate: Simulate) -> None:
    device = random_device(9)
    bare = {name: pad.model_copy(update={"position": None}) for name, pad in device.record.pads.items()}
    record = device.record.model_copy(update={"pads": bare})
    procedure = ContactCheck()
    done = simulate(procedure, station=device.station, sample=record)
    assert done.outcome.results["sheet_resistance"]["value"] is None
    assert "does not give position" in done.outcome.results["sheet_resistance"]["why"]
    assert all(lead.resistance is None for lead in procedure.verdicts(done.rows).leads)


def test_a_station_with_a_sourcemeter_only_uses_that(simulate: Simulate) -> None:
    device = random_device(10, (BadContact(lead="B", what="high", resistance=5e3),))
    station = load_station("versalab")
    smu = station.model_copy(update={
        "instruments": {role: one for role, one in station.instruments.items() if role not in {"source", "voltmeter"}},
        "cables": station.cables.model_copy(update={"source": None, "voltmeter": None}),
        "simulation": device.station.simulation,
    })  # fmt: skip
    procedure = ContactCheck()
    done = simulate(procedure, station=smu, sample=device.record)
    assert done.outcome.status == "finished", done.outcome.error
    check = procedure.verdicts(done.rows)
    assert verdicts(check)["B"] == "high"
    assert sum(bool(lead.faults) for lead in check.leads) == 1
    assert '"measured_with": ["smu"]' in done.directory.events_file.read_text()


def test_the_current_and_the_voltage_follow_from_the_record(simulate: Simulate) -> None:
    device = random_device(11)
    limits = device.record.limits.model_copy(update={"read_current_density": 1e8, "voltage": 0.15})
    probe = device.record.probe.model_copy(update={"current_density": 1e8})
    record = device.record.model_copy(update={"limits": limits, "probe": probe})
    done = simulate(ContactCheck(), station=device.station, sample=record)
    assert done.outcome.status == "finished", done.outcome.error
    largest = max(abs(current) for current in done.rows["Current (A)"].tolist())
    assert largest == pytest.approx(record.read_current_limit())
    procedure = ContactCheck()
    procedure.station, procedure.sample = device.station, record
    assert procedure.demands() == {"current": pytest.approx(4.5e-6), "voltage": 0.15}


@pytest.mark.parametrize("dwell", [0.01, 0.05, 0.3, 1.5])
@pytest.mark.parametrize("lead", ["I+", "B"])
def test_a_lead_that_bounces_is_intermittent_and_not_open(simulate: Simulate, lead: str, dwell: float) -> None:
    device = random_device(20, (BadContact(lead=lead, what="bouncing", dwell=dwell),))
    check, done = checked(simulate, device)
    assert {name for name, verdict in verdicts(check).items() if verdict != "ok"} == {lead}
    assert verdicts(check)[lead] == "intermittent"
    assert check.contacts["leads"][lead]["verdict"] == "intermittent"
    assert not check.passed
    assert f"lead {lead} is intermittent" in " ".join(done.outcome.warnings)
    row = next(row for row in done.directory.table() if row["lead_ok"]["of"] == f"lead {lead}")
    assert row["lead_resistance"]["why"] == "it is intermittent"


def test_an_overloaded_voltmeter_makes_no_other_lead_noisy(simulate: Simulate) -> None:
    """It reads wrong for 0.2 s after the lead has let go, when the next pair is plugged in already."""
    check, _ = checked(simulate, random_device(7009, (BadContact(lead="B", what="bouncing", dwell=0.005),)), 9)
    assert {name: said for name, said in verdicts(check).items() if said != "ok"} == {"B": "intermittent"}


def test_a_failed_check_ends_with_a_warning_that_nobody_overlooks(simulate: Simulate) -> None:
    _, done = checked(simulate, random_device(21))
    assert done.outcome.warnings == []
    check, done = checked(simulate, random_device(21, (BadContact(lead="I-", what="open"),)))
    (warning,) = done.outcome.warnings
    assert warning.startswith("THE CONTACTS DID NOT PASS: lead I- is open; as it is, it is fit for nothing: ")
    assert done.outcome.exit_code == 0  # a finding is no failure of the run
    assert done.value("contacts_passed") is False
    spare = random_device(21, (BadContact(lead="C", what="open"),))
    assert "what the station's cables go to is good" in checked(simulate, spare)[0].failure
    some = random_device(21, (BadContact(lead="A", what="open"),))
    assert "fit for longitudinal, two-wire only" in checked(simulate, some)[0].failure
    assert check.contacts["passed"] is False


@pytest.mark.parametrize(("every", "least"), [(90, 2), pytest.param(40, 6, marks=pytest.mark.endurance)])
def test_a_check_that_was_cut_can_be_carried_on(every: int, least: int) -> None:
    assert assert_resumable(ContactCheck, readings=3, every=every) >= least


@pytest.mark.endurance
@pytest.mark.parametrize("dwell", [0.005, 0.02, 0.1, 0.5])
def test_twenty_of_twenty_leads_that_bounce_are_found(simulate: Simulate, dwell: float) -> None:
    for seed in range(20):
        lead = ["I+", "I-", "A", "B", "C", "D"][seed % 6]
        device = random_device(7000 + seed, (BadContact(lead=lead, what="bouncing", dwell=dwell),))
        check, _ = checked(simulate, device, seed)
        assert {name: said for name, said in verdicts(check).items() if said != "ok"} == {lead: "intermittent"}, seed


@pytest.mark.endurance
def test_a_hundred_good_devices_pass_and_their_leads_are_covered(simulate: Simulate) -> None:
    """Binomial: of 600 leads, which share their device's arms, 68 % and 95 % within one and 1.96 uncertainties."""
    sizes: list[float] = []
    for seed in range(100):
        device = random_device(4000 + seed)
        check, _ = checked(simulate, device, seed)
        assert check.passed, (seed, verdicts(check))
        sizes += map(abs, pulls(check, device))
    covered, nearly_all = np.mean(np.array(sizes) < 1.0), np.mean(np.array(sizes) < 1.96)
    assert 0.60 < covered < 0.76, covered
    assert 0.92 < nearly_all < 0.98, nearly_all


@pytest.mark.endurance
@pytest.mark.parametrize("what", FAULTS)
def test_twenty_of_twenty_planted_faults_are_found(simulate: Simulate, what: str) -> None:
    for seed in range(20):
        device = random_device(1000 * len(what) + seed, (planted(what, seed),))
        check, _ = checked(simulate, device, seed)
        assert first_words(check) == wanted(device), (seed, device.faults, verdicts(check))


@pytest.mark.parametrize(("points", "said"), [(30, "2 of 15 pairs .* 0 of 6 leads"), (410, "15 of 15 pairs .* 1 of 6")])
def test_a_check_that_was_cut_judges_nothing_and_says_what_it_lacks(simulate: Simulate, points: int, said: str) -> None:
    def watch(run: Any) -> None:
        if run.points >= points:
            raise Aborted("aborted by Ctrl-C")

    done = simulate(ContactCheck(), watch=watch)
    assert done.outcome.status == "aborted"
    found = {name: result for name, result in done.outcome.results.items() if not name.startswith("health")}
    assert {result["value"] for result in found.values()} == {None}
    assert re.search(said, found["contacts_passed"]["why"])
