"""What can be known before a simulated lab is built: said in one sentence, with the file that it is about."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instruments.clock import VirtualClock
from instruments.errors import UnknownName, UsageError
from labctl import discovery, paths
from labctl.sample import SampleRecord, load_sample
from labctl.simulation import TWINS, bench, build_lab, check
from labctl.station import PLAYS, Simulation, Station, load_station
from simulators.accessories import RotatorSetting
from simulators.lab import Instrument, Lab
from simulators.machines import MACHINES

ROLES = ("source", "voltmeter", "cryostat")


@pytest.fixture
def change(tmp_path: Path) -> Callable[[str, str], SampleRecord]:
    """Change a line of the shipped record and read it from a file of its own."""
    text = paths.sample_files()["cotb2025"].read_text(encoding="utf-8")

    def changed(old: str, new: str) -> SampleRecord:
        assert old in text
        (tmp_path / "mine.toml").write_text(text.replace(old, new), encoding="utf-8")
        return load_sample(tmp_path / "mine.toml")

    return changed


def both_refuse(station: Station, record: SampleRecord) -> str:
    """The sentence with which both the check and the bench refuse; never one with half a lab behind it."""
    with pytest.raises(UsageError) as checked:
        check(station, record, ROLES)
    with pytest.raises(UsageError) as built:
        bench(station, record)
    assert str(built.value) == str(checked.value)
    assert "\n" not in str(checked.value)
    return str(checked.value)


def test_what_is_shipped_can_be_simulated() -> None:
    check(load_station("ppms"), load_sample("cotb2025"), ROLES)


@pytest.mark.parametrize(
    ("angle", "azimuth", "axis", "direction"),
    [
        ("60 deg", "0 deg", "none", (math.sqrt(0.75), 0.0, 0.5)),
        ("90 deg", "0 deg", "none", (1.0, 0.0, 0.0)),
        ("90 deg", "90 deg", "none", (0.0, 1.0, 0.0)),
        ("90 deg", "0 deg", "across current", (1.0, 0.0, 0.0)),
        ("0 deg", "0 deg", "along current", (0.0, 0.0, 1.0)),
        ("180 deg", "0 deg", "along normal", (0.0, 0.0, -1.0)),
    ],
)
def test_a_sample_is_mounted_as_its_record_says(
    change: Callable[[str, str], SampleRecord], angle: str, azimuth: str, axis: str, direction: tuple[float, ...]
) -> None:
    record = change(
        'field_from_normal = "0 deg"\nrotator_axis = "across current"',
        f'field_from_normal = "{angle}"\nin_plane_from_current = "{azimuth}"\nrotator_axis = "{axis}"',
    )
    lab = build_lab(load_station("ppms"), record, VirtualClock(), seed=1, sample_seed=0)
    assert lab.cryostat.piece(1.0).direction == pytest.approx(direction)
    lab.cryostat.move(RotatorSetting(90.0, 0, 0))
    assert (lab.cryostat.piece(100.0).direction != pytest.approx(direction)) == (
        axis in {"across current", "along current"}
    )


def test_a_puck_that_leans_is_not_told_by_its_angle(change: Callable[[str, str], SampleRecord]) -> None:
    record = change('field_from_normal = "0 deg"', 'field_from_normal = "90 deg"\ntilt = "1.5 deg"')
    lab = build_lab(load_station("ppms"), record, VirtualClock(), seed=1, sample_seed=0)
    assert lab.cryostat.piece(1.0).direction[2] == pytest.approx(-math.sin(math.radians(1.5)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hysterons =", "histerons =", "[model] has the key 'histerons', which this family does not know; perhaps"),
        ("hysterons = { value = 1000,", "hysterons = { value = 1000000000000,", "be less than or equal to 10000000"),
        ('curie_temperature = { value = 700.0, mark = "A" }', "", "[model] lacks curie_temperature"),
        ("value = 700.0", "value = 290.0", "reference_temperature is 300.0 K and has to lie below the Curie"),
        ("value = [3.0, 7.0]", "value = [3.0, 70.0]", "have to lie on the bar of 10 squares"),
        ('family = "ferrimagnet_hall_bar"', 'family = "hallbar"', "there is no sample family 'hallbar'"),
        (
            "resistance_temperature_coefficient = { value = 1.5e-3",
            "resistance_temperature_coefficient = { value = -1.0",
            "resistance_temperature_coefficient is -1 /K, so that the bar would have no resistance left at 400 K",
        ),
        (
            "resistance_temperature_coefficient = { value = 1.5e-3",
            "resistance_temperature_coefficient = { value = 4e-3",
            "no resistance left at 1.9 K",
        ),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_its_family_is_refused_with_the_records_file(
    change: Callable[[str, str], SampleRecord], old: str, new: str, words: str
) -> None:
    said = both_refuse(load_station("ppms"), change(old, new))
    assert re.match(r"sample 'cotb2025' \(.*mine\.toml\): ", said)
    assert words in said


def test_a_lead_on_a_pad_that_the_model_lacks_is_refused(change: Callable[[str, str], SampleRecord]) -> None:
    record = change("[leads]", 'E = { function = "a contact beside the bar" }\n[leads]')
    elsewhere = record.leads["A"].model_copy(update={"pad": "E"})
    record = record.model_copy(update={"leads": {**record.leads, "A": elsewhere}})
    said = both_refuse(load_station("ppms"), record)
    assert "has a lead on the pad 'E', where station 'ppms' has cables.voltmeter.channel_1_high, but its model" in said
    assert said.endswith("it has source, drain, C, D, A, B")


def test_a_record_without_a_model_is_refused() -> None:
    record = load_sample("cotb2025").model_copy(update={"model": None})
    assert "has no [model], so it cannot be simulated" in both_refuse(load_station("ppms"), record)


def test_a_misspelled_lead_is_refused(change: Callable[[str, str], SampleRecord]) -> None:
    record = change('D = { pad = "D"', 'DD = { pad = "D"')
    assert "at the lead 'D', which sample 'cotb2025' does not have" in both_refuse(load_station("ppms"), record)


def test_a_machine_that_nobody_simulates_is_refused() -> None:
    station = load_station("ppms")
    made_up = station.simulation.model_copy(update={"machine": "ppms_90t"})
    said = both_refuse(station.model_copy(update={"simulation": made_up}), load_sample("cotb2025"))
    assert "has simulation.machine = 'ppms_90t', which nobody simulates; there are ppms_9t," in said


def test_a_station_file_may_name_every_machine_that_there_is_and_no_other() -> None:
    for machine in MACHINES:
        assert Simulation.model_validate({"machine": machine}).machine == machine
    with pytest.raises(ValueError, match="ppms_90t"):
        Simulation.model_validate({"machine": "ppms_90t"})


def with_driver(station: Station, role: str, driver: str) -> Station:
    instrument = station.instruments[role].model_copy(update={"driver": driver})
    return station.model_copy(update={"instruments": {**station.instruments, role: instrument}})


def test_a_role_is_refused_when_it_is_needed_and_has_no_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    station, record = with_driver(load_station("ppms"), "cryostat", "theirs"), load_sample("cotb2025")
    with pytest.raises(UnknownName, match="there is no driver 'theirs'"):
        check(station, record, ROLES)
    theirs = discovery.Entry("theirs", "theirs:Cryostat", "A cryostat of theirs", "theirs")
    find = discovery.find
    monkeypatch.setattr(discovery, "find", lambda kind, name: theirs if name == "theirs" else find(kind, name))
    with pytest.raises(UsageError, match=r"station 'ppms' \(.*\) has the driver 'theirs' as its cryostat, of which"):
        check(station, record, ROLES)
    check(station, record, ("source", "voltmeter"))
    assert set(bench(station, record).instruments) == {"source", "voltmeter", "smu", "lockin"}
    with pytest.raises(UsageError, match="has no lockin"):
        check(load_station("versalab"), record, ("lockin",))


def test_every_twin_is_in_the_lab_and_the_lab_has_no_other() -> None:
    station, record = load_station("ppms"), load_sample("cotb2025")
    lab = build_lab(station, record, VirtualClock(), seed=1, sample_seed=0)
    # MultiVu is a program, and beside every cryostat.
    assert {station.instruments[role].driver for role in lab.devices} | {"multivu"} == set(TWINS) <= set(PLAYS)
    assert lab.multivu_server().greeting.flavour == "PPMS"
    assert build_lab(load_station("versalab"), record, VirtualClock(), seed=1, sample_seed=0).devices.keys() == {
        "source",
        "voltmeter",
        "smu",
    }
    whole = bench(station, record)
    for driver in set(PLAYS) - set(TWINS):
        odd = type(whole)(
            {"source": Instrument(driver, "GPIB0::1::INSTR")}, whole.machine, whole.cables, whole.leads, whole.sample
        )
        with pytest.raises(UnknownName, match=f"no simulated '{driver}'"):
            Lab(odd, VirtualClock(), seed=1)


def test_a_family_that_checks_nothing_beforehand_is_left_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs:
        """A family of another package, without `check_model`."""

    def load(kind: str, name: str) -> Any:
        return Theirs

    monkeypatch.setattr(discovery, "load", load)
    check(load_station("ppms"), load_sample("cotb2025"))
