"""The contact check on random simulated junctions: good ones pass, what is planted is found, and none is harmed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from instruments.errors import UsageError
from labctl.contacts.check import Barrier, Check
from labctl.happenings import BadContact
from labctl.request import Request
from labctl.run import carry_out
from labctl.sample import SampleRecord, load_sample
from labctl.station import load_station
from labctl.testing import assert_resumable
from procedures.contact_check import ContactCheck
from procedures.log import Log
from simulators.samples.junction_model import MagneticJunctionParameters
from simulators.samples.model import parameters
from tests.junctions import FAULTS, Device, plain_junction, planted, random_junction
from tests.planted import pulls, verdicts, wanted
from tests.simulated import Done, Simulate


class Undrawn(ContactCheck):
    """The check without its figure, which takes longer than the check."""

    def figure(self, data: Any, results: Any) -> Any:
        del data, results


def checked(simulate: Simulate, device: Device, seed: int = 1, *, drawn: bool = False) -> tuple[Check, Done]:
    """Carry a check out, and see that it was harmless."""
    procedure = ContactCheck() if drawn else Undrawn()
    done = simulate(procedure, station=device.station, sample=device.record, seed=seed, sample_seed=device.sample_seed)
    assert done.outcome.status == "finished", done.outcome.error
    assert done.lab.damage() < 1e-9
    assert not done.lab.sample.broken
    return procedure.verdicts(done.rows), done


def barrier_of(check: Check) -> Barrier:
    assert check.barrier is not None
    return check.barrier


def true_barrier(done: Done, record: SampleRecord) -> float:
    """Ohm of the barrier at small currents, without its electrodes, of which it sees a third of a square each."""
    sample: Any = done.lab.sample
    assert record.model is not None
    model = parameters(record.model.parameters, MagneticJunctionParameters)
    strips = 2.0 * model.contact_resistance + (model.upper_sheet_resistance + model.lower_sheet_resistance) / 3.0
    return sample.resistance_at("top_1", "bottom_1", 0.0, 0.0) - strips


def of_good(simulate: Simulate, seeds: range) -> list[float]:
    sizes: list[float] = []
    for seed in seeds:
        device = random_junction(4000 + seed)
        check, done = checked(simulate, device, seed)
        assert check.passed, (seed, verdicts(check), check.barrier, check.notes)
        barrier = barrier_of(check)
        assert barrier.resistance is not None
        assert barrier.uncertainty is not None
        assert abs(barrier.resistance - true_barrier(done, device.record)) < 3.0 * barrier.uncertainty
        assert check.leak is None
        assert check.insulated_above > 1e7
        assert all(use.why == "" for use in check.uses)
        sizes += map(abs, pulls(check, device))
    return sizes


def of_planted(simulate: Simulate, what: str, seeds: range) -> None:
    for seed in seeds:
        device = random_junction(1000 * len(what) + seed, (planted(what, seed),))
        check, done = checked(simulate, device, seed)
        assert verdicts(check) == wanted(device), (seed, device.faults, check.barrier, check.notes)
        assert not check.passed
        assert barrier_of(check).faults == ()
        assert done.value("contacts_passed") is False


def test_good_junctions_pass_and_their_leads_are_within_what_is_stated(simulate: Simulate) -> None:
    assert max(of_good(simulate, range(6))) < 3.0


@pytest.mark.parametrize("what", FAULTS)
def test_what_is_planted_is_found_at_its_lead(simulate: Simulate, what: str) -> None:
    of_planted(simulate, what, range(3))


def test_what_a_check_of_the_shipped_junction_says(simulate: Simulate) -> None:
    device = Device(load_sample("fimtj2026"), load_station("ppms"), {}, 0, ())
    check, done = checked(simulate, device, drawn=True)
    assert check.passed
    assert done.directory.figure_file.exists()
    assert done.value("junction_resistance") == pytest.approx(true_barrier(done, device.record), rel=0.01)
    assert done.value("junction_ok") is True
    assert 0.3 < done.value("junction_noise_over_johnson") < 5.0
    assert {use.name for use in check.uses} == {"two-wire", "four-wire"}
    assert done.value("recommended_compliance") <= device.record.limits.voltage
    assert done.value("largest_current") <= device.record.read_current_limit()
    assert done.outcome.results["junction_resistance"]["note"] == "ok"
    assert check.contacts["junction"]["verdict"] == "ok"
    assert check.contacts["sheet_resistance"] is None
    leads = {lead.name: lead for lead in check.leads}
    assert leads["A"].resistance == pytest.approx(25.0, abs=0.5)  # it shares its pad with D
    one, other = leads["I-"], leads["B"]  # 25 ohm, 20 ohm of strip, and half of the 50 ohm that cross the other one
    assert one.resistance is not None
    assert other.resistance is not None
    assert one.uncertainty is not None
    assert one.resistance + other.resistance == pytest.approx(140.0, abs=0.5)
    assert abs(one.resistance - 70.0) < 2.0 * one.uncertainty < 30.0
    assert done.outcome.lab_time_s < 40.0


def test_of_two_leads_with_less_than_the_barrier_hides_the_sum_is_said_to_be_known(simulate: Simulate) -> None:
    check, done = checked(simulate, Device(plain_junction(), load_station("ppms"), {}, 0, ()))
    assert check.passed
    assert "of I- and B only the sum is known" in done.outcome.results["junction_resistance"]["note"]
    ohms = [lead.resistance or 0.0 for lead in check.leads if lead.name in {"I-", "B"}]
    assert sum(ohms) == pytest.approx(90.0, abs=0.5)


def test_no_more_than_1_mv_lies_across_the_barrier_and_no_limit_is_reached(simulate: Simulate) -> None:
    for faults in ((), (BadContact(lead="A", what="swapped", other="B"),), (BadContact(lead="I-", what="open"),)):
        station = load_station("ppms")
        simulation = station.simulation.model_copy(update={"contacts": faults})
        at = station.model_copy(update={"simulation": simulation})
        record = load_sample("fimtj2026")
        check, done = checked(simulate, Device(record, at, {}, 0, faults))
        low, largest = record.sample_resistance(), 0.0
        for row in done.directory.read_data()[0].to_dict("records"):
            size, pair = abs(float(row["Current (A)"])), (str(row["High"]), str(row["Low"]))
            largest = max(largest, size)
            if check.pairs.get(pair, 0.0) > 1e4:  # across the barrier, or nowhere
                assert size * low <= 1e-3 * (1.0 + 1e-9)
            if "I-" not in (*pair, row["Sense high"], row["Sense low"]):  # an open input reads anything
                assert abs(float(row["Voltage (V)"])) < 0.101  # the compliance, and a thermal voltage
        assert 100e-9 < largest < record.read_current_limit()


def test_a_junction_that_was_broken_is_found_to_be_shorted(simulate: Simulate) -> None:
    device = random_junction(1)
    broken: list[float] = []

    class Breaking(Undrawn):
        """Somebody puts 2 V on it first."""

        def execute(self) -> None:
            source: Any = simulate.labs[-1].wiring.source
            source.drive(100e-6, 2.0)
            self.clock.sleep(60.0)
            source.release()
            broken.append(simulate.labs[-1].damage())
            super().execute()

    procedure = Breaking()
    done = simulate(procedure, station=device.station, sample=device.record, sample_seed=device.sample_seed)
    assert done.outcome.status == "finished", done.outcome.error
    assert broken == [1.0]
    check = procedure.verdicts(done.rows)
    assert barrier_of(check).faults == ("shorted: a pinhole, or a barrier that broke",)
    assert set(verdicts(check).values()) == {"ok"}
    assert not check.passed
    assert all("the junction is shorted" in use.why for use in check.uses)
    assert "the junction is shorted" in done.outcome.warnings[0]


def changed(simulate: Simulate, **resistances: float) -> Check:
    data = load_sample("fimtj2026").snapshot()
    data["resistances"] |= resistances
    data["limits"]["current"] = None
    device = Device(SampleRecord.model_validate(data), load_station("ppms"), {}, 0, ())
    return checked(simulate, device)[0]


def test_a_junction_that_is_off_its_record_is_no_pass(simulate: Simulate) -> None:
    """The model's has 85 kohm at room temperature, whatever the record says."""
    assert changed(simulate, junction=80e3, junction_high=100e3).passed
    low = changed(simulate, junction=700e3, junction_high=800e3)
    assert barrier_of(low).faults == ("below a third of its low state in the record",)
    assert not low.passed
    assert barrier_of(changed(simulate, junction=20e3, junction_high=25e3)).faults == (
        "above 3 times its high state in the record",
    )


def test_a_lead_alone_on_its_electrode_is_part_of_the_junction(simulate: Simulate) -> None:
    device = random_junction(7, (BadContact(lead="B", what="open"),))
    check, done = checked(simulate, device)
    leads = {lead.name: lead for lead in check.leads}
    assert leads["I-"].resistance is None
    assert leads["I-"].verdict == "ok"
    assert "I- is alone on an electrode" in done.outcome.results["junction_resistance"]["note"]
    assert {use.name: bool(use.why) for use in check.uses} == {"two-wire": False, "four-wire": True}


def test_with_all_of_an_electrode_open_no_barrier_is_given(simulate: Simulate) -> None:
    device = random_junction(8, (BadContact(lead="B", what="open"), BadContact(lead="I-", what="open")))
    check, done = checked(simulate, device)
    assert verdicts(check) == {"I+": "ok", "A": "ok", "D": "ok", "I-": "open", "B": "open"}
    assert done.value("junction_resistance") is None
    assert not any(use.why == "" for use in check.uses)


def test_a_junction_record_without_electrodes_is_told_what_to_add(simulate: Simulate) -> None:
    record = load_sample("fimtj2026")
    bare = {name: pad.model_copy(update={"electrode": None}) for name, pad in record.pads.items()}
    procedure = ContactCheck()
    procedure.station, procedure.sample = load_station("ppms"), record.model_copy(update={"pads": bare})
    with pytest.raises(UsageError, match=r"which electrode the pad 'top_1' is.*add electrode = .* to pads\.top_1"):
        procedure.check()


def test_a_station_with_a_sourcemeter_only_uses_that(simulate: Simulate) -> None:
    faults = (BadContact(lead="A", what="swapped", other="I-"), BadContact(lead="D", what="leaking", resistance=1e6))
    station = load_station("versalab")
    smu = station.model_copy(update={
        "instruments": {role: one for role, one in station.instruments.items() if role not in {"source", "voltmeter"}},
        "cables": station.cables.model_copy(update={"source": None, "voltmeter": None}),
        "simulation": station.simulation.model_copy(update={"contacts": faults}),
    })  # fmt: skip
    check, done = checked(simulate, Device(load_sample("fimtj2026"), smu, {}, 0, faults))
    assert verdicts(check)["A"] == "swapped with I-"
    assert sum(bool(lead.faults) for lead in check.leads) == 2
    assert check.leak == pytest.approx(1e6, rel=0.3)
    assert check.notes == ("some lead leaks to the shield, and it is not told which",)  # it has no second input
    assert not check.passed
    assert done.value("fits_map") is False


def test_what_a_bar_is_asked_for_does_not_follow_a_junctions_rules() -> None:
    procedure = ContactCheck(test_current="1 uA")
    procedure.station, procedure.sample = load_station("ppms"), load_sample("cotb2025")
    assert procedure.demands() == {"current": pytest.approx(2e-6), "voltage": 0.2}


def test_on_hardware_a_junction_is_like_a_bar(simulate: Simulate) -> None:
    station, device, out = load_station("ppms"), load_sample("fimtj2026"), simulate.folder
    outcome = carry_out(Request("log", Log(duration="1 s"), station, device, simulate=False, out=out))
    assert outcome.exit_code == 4
    assert outcome.error is not None
    assert "run contact-check, or permit it for this run with --override unchecked=contacts" in outcome.error
    procedure = ContactCheck()
    procedure.station, procedure.sample = station, device
    procedure.check()
    assert procedure.demands()["bias"] <= 1e-3


def test_a_check_of_a_junction_that_was_cut_can_be_carried_on() -> None:
    assert assert_resumable(ContactCheck, readings=3, every=60, sample="fimtj2026") > 3


@pytest.mark.endurance
def test_a_hundred_good_junctions_pass_and_their_leads_are_covered(simulate: Simulate) -> None:
    sizes = of_good(simulate, range(100))
    assert np.mean(np.array(sizes) < 1.0) > 0.68
    assert np.mean(np.array(sizes) < 1.96) > 0.95


@pytest.mark.endurance
@pytest.mark.parametrize("what", FAULTS)
def test_twenty_of_twenty_planted_faults_are_found(simulate: Simulate, what: str) -> None:
    of_planted(simulate, what, range(20))
