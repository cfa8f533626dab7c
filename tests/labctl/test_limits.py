"""Whose limit it is, which is the tighter, and what an override replaces."""

from __future__ import annotations

import re
from typing import Any

import pytest

from instruments.errors import BadValue, LimitExceeded, UnknownName
from instruments.tables import keithley2400, keithley6221
from labctl import deliverable, limits
from labctl.sample import LARGEST_COMPLIANCE, SampleRecord, load_sample
from labctl.station import Station, load_station


@pytest.fixture
def station() -> Station:
    return load_station("ppms")


@pytest.fixture
def sample() -> SampleRecord:
    return load_sample("cotb2025")


def changed(record: Any, **values: Any) -> Any:
    return record.model_copy(update={"limits": record.limits.model_copy(update=values)})


def test_the_tighter_wins(station: Station, sample: SampleRecord) -> None:
    held = limits.of(station, sample)
    assert (held.current.value, held.current.owner) == (450e-6, "sample 'cotb2025'")
    assert (held.pulse_current.value, held.pulse_current.owner) == (0.0225, "sample 'cotb2025'")
    assert (held.voltage.value, held.voltage.owner) == (15.0, "sample 'cotb2025'")
    assert (held.field.value, held.field.owner) == (9.0, "station 'ppms'")
    assert held.slowest_field_rate is not None
    assert held.slowest_field_rate.value == 1.05e-3
    assert held.pulse_energy is not None
    assert held.pulse_energy.value == 5e-3
    tight = limits.of(changed(station, current=1e-4, voltage=5.0, pulse_energy=1e-3), sample)
    assert tight.current.owner == tight.voltage.owner == "station 'ppms'"
    assert tight.pulse_current.value == 1e-4


def test_the_largest_voltage_is_that_of_the_limits(station: Station, sample: SampleRecord) -> None:
    for of_station, of_sample in ((5.0, 15.0), (15.0, 5.0), (5.0, None)):
        here, mounted = changed(station, voltage=of_station), changed(sample, voltage=of_sample)
        assert limits.largest_voltage(here, mounted) == limits.of(here, mounted).voltage.value == 5.0


def test_averages_are_those_of_station_and_sample(station: Station, sample: SampleRecord) -> None:
    none = limits.of(station, sample)
    assert none.average_power is none.average_current is None
    assert none.lasting_current is none.current
    assert none.window == 1.0
    here = changed(station, average_power=5e-3, average_current=2e-4, average_window=0.2)
    held = limits.of(here, changed(sample, average_power=1e-3, average_current=3e-4))
    assert held.average_power is not None
    assert (held.average_power.value, held.average_power.owner) == (1e-3, "sample 'cotb2025'")
    assert (held.lasting_current.value, held.lasting_current.owner) == (2e-4, "station 'ppms'")
    assert held.lasting_power == held.average_power
    assert held.window == 0.2
    eased = limits.of(here, sample, limits.parse_overrides(["average_current=1 mA", "average_window=2 s"]))
    assert eased.lasting_current is eased.current
    assert eased.window == 2.0
    with pytest.raises(LimitExceeded, match="would be 250 uA, above the limit of station 'ppms', 200 uA"):
        limits.check({"current": 2.5e-4}, here, sample)


def test_a_sample_without_pulses_endures_in_a_pulse_what_it_endures_for_any_time(
    station: Station, sample: SampleRecord
) -> None:
    held = limits.of(station, changed(sample, pulse_current_density=None))
    assert held.pulse_current == held.current


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], {}),
        (["current=120 mA"], {"current": 0.12}),
        (["current = 100 uA", "field_rate=50 Oe/s"], {"current": 1e-4, "field_rate": 5e-3}),
        (["temperature_rate=6 K/min", "lowest_temperature=2 K"], {"temperature_rate": 0.1, "lowest_temperature": 2.0}),
        (["read_current_density=2e10 A/m^2"], {"read_current_density": 2e10}),
        (["unguarded=smu", "unseen=source", "unseen=cryostat"],
         {"unguarded.smu": 1.0, "unseen.source": 1.0, "unseen.cryostat": 1.0}),
    ],
)  # fmt: skip
def test_overrides_are_read(texts: list[str], expected: dict[str, float]) -> None:
    assert limits.parse_overrides(texts) == expected


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("current", BadValue, "is no assignment; write e.g."),
        ("current=", BadValue, "is no assignment"),
        ("=5", BadValue, "is no assignment"),
        ("curent=5 mA", UnknownName, "no limit is called 'curent'; did you mean 'current'"),
        ("current=5 V", BadValue, "--override current: 5 V is not"),
        ("current=nan", BadValue, "nan is not"),
        ("current=0 mA", BadValue, "must be above 0"),
        ("field=10", BadValue, 'has no unit, .* write e.g. --override field="10 T"'),
        ("current=1e-3", BadValue, "has no unit"),
        ("current=-5 mA", BadValue, "must be above 0"),
        ("unguarded=dmm", UnknownName, "names no instrument"),
        ("unseen=sorce", UnknownName, "did you mean 'source'"),
        ("unguarded.smu=1", UnknownName, "no limit is called 'unguarded.smu'"),
    ],
)
def test_what_is_no_override_is_refused(text: str, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        limits.parse_overrides([text])


def test_an_override_comes_once() -> None:
    with pytest.raises(BadValue, match="given twice"):
        limits.parse_overrides(["current=1 mA", "current=2 mA"])


def test_an_override_replaces_all_of_its_name(station: Station, sample: SampleRecord) -> None:
    held = limits.of(station, sample, {"current": 0.12, "voltage": 3.0})
    assert (held.current.value, held.current.owner) == (0.12, "the override of current")
    assert held.pulse_current.value == 0.12
    assert held.voltage.value == 3.0
    dense = limits.of(station, sample, {"read_current_density": 2e10, "pulse_current_density": 1e12})
    assert (dense.current.value, dense.current.owner) == (9e-4, "the override of read_current_density")
    assert (dense.pulse_current.value, dense.pulse_current.owner) == (0.045, "the override of pulse_current_density")


def test_overrides_are_recorded_with_what_they_replace(station: Station, sample: SampleRecord) -> None:
    overrides = limits.parse_overrides(
        ["current=120 mA", "slew=1 A/s", "unseen=source", "read_current_density=2e10 A/m^2"]
    )
    assert limits.described(station, sample, overrides) == {
        "current": {
            "value": 0.12, "text": "120 mA",
            "in_place_of": ["450 uA of sample 'cotb2025'", "100 mA of station 'ppms'"],
        },
        "slew": {"value": 1.0, "text": "1 A/s", "in_place_of": ["10 mA/s of station 'ppms'"]},
        "unseen.source": {
            "value": 1.0, "text": "source",
            "in_place_of": ["the refusal of commands to source whose effect cannot be seen"],
        },
        "read_current_density": {
            "value": 2e10, "text": "2e10 A/m^2", "in_place_of": ["1e10 A/m^2 of sample 'cotb2025'"],
        },
    }  # fmt: skip


def test_a_procedure_sees_the_limits_that_hold(station: Station, sample: SampleRecord) -> None:
    assert limits.relieved(station, sample, {}) == (station, sample)
    there, it = limits.relieved(station, sample, {"voltage": 20.0, "field_rate": 0.03, "current": 1e-3})
    assert (there.limits.voltage, it.limits.voltage) == (20.0, 20.0)
    assert there.limits.field_rate == 0.03
    assert it.read_current_limit() == pytest.approx(1e-3, rel=1e-12)
    assert there.limits.temperature == (1.9, 400.0)
    assert it.probe_compliance(0.03) == pytest.approx(17.55)


@pytest.mark.parametrize(
    ("demand", "match"),
    [
        ({"current": 451e-6}, "the probe current would be 451 uA, above the limit of sample 'cotb2025', 450 uA"),
        ({"voltage": 16.0}, "the compliance would be 16 V, above the limit of sample 'cotb2025', 15 V"),
        ({"field": 9.5}, "the field would be 9.5 T, above the limit of station 'ppms', 9 T"),
        ({"field_rate": 0.02}, "the field rate would be 200 Oe/s, above"),
        ({"slowest_field_rate": 1e-3}, "the field rate would be 10 Oe/s, below the limit of station 'ppms', 10.5 Oe/s"),
        ({"temperature": 401.0}, "the temperature would be 401 K, above the limit of sample 'cotb2025', 400 K"),
        ({"lowest_temperature": 1.0}, "the temperature would be 1 K, below the limit of station 'ppms', 1.9 K"),
        ({"temperature": 1.0}, "below the limit of station 'ppms', 1.9 K"),
    ],
)
def test_a_demand_beyond_a_limit_is_refused(
    station: Station, sample: SampleRecord, demand: dict[str, float], match: str
) -> None:
    with pytest.raises(LimitExceeded, match=match):
        limits.check(demand, station, sample)


def test_what_is_exactly_at_the_limit_is_allowed(station: Station, sample: SampleRecord) -> None:
    limits.check(
        {"current": 450e-6, "voltage": 15.0, "field": 9.0, "field_rate": 0.019, "slowest_field_rate": 1.05e-3,
         "temperature": 400.0, "lowest_temperature": 1.9}, station, sample,
    )  # fmt: skip
    limits.check({"current": 1e-3}, station, sample, {"current": 1e-3})
    with pytest.raises(ValueError, match="no limit is called"):
        limits.check({"weight": 1.0}, station, sample)


@pytest.mark.parametrize(("name", "value"), [("current", 0.05), ("voltage", 50.0), ("pulse_width", 1e4)])
def test_a_refusal_names_the_override_that_lifts_it(
    station: Station, sample: SampleRecord, name: str, value: float
) -> None:
    with pytest.raises(LimitExceeded) as caught:
        limits.check({name: value}, station, sample)
    assert str(caught.value).endswith(f"set another limit for this run with --override {name}=...")
    limits.check({name: value}, station, sample, {name: value, "bias": value, "average_current": value})


@pytest.mark.parametrize(
    ("demand", "limit", "says"),
    [
        ({"current": 80.0}, "450 uA", "the source gives 105 mA at most; choose .*, or was .* left out, as in 80 uA?"),
        ({"pulse_current": 20.0}, "22.5 mA", "the source gives 105 mA at most; choose .*, as in 20 mA?"),
        ({"field": 500.0}, "9 T", "the cryostat gives 16 T at most; choose .*, as in 500 mT or 500 Oe?"),
        ({"temperature": 5000.0}, "400 K", "the cryostat gives 400 K at most; choose a value within the limit"),
    ],
)
def test_what_nothing_delivers_offers_no_override_but_asks_for_the_unit(
    station: Station, sample: SampleRecord, demand: dict[str, float], limit: str, says: str
) -> None:
    with pytest.raises(LimitExceeded) as caught:
        limits.check(demand, station, sample, roles=("source", "voltmeter", "cryostat"), bare=list(demand.values()))
    assert "--override" not in str(caught.value)
    pattern = f"{limit}; nothing was sent: no override gets there, since {says}".replace("?", r"\?")
    assert re.search(f"{pattern}$", str(caught.value))


def test_no_override_gets_beyond_what_is_delivered(station: Station, sample: SampleRecord) -> None:
    eased = limits.parse_overrides(["current=2 A"])
    with pytest.raises(LimitExceeded, match="would be 200 mA, and the source gives 105 mA at most"):
        limits.check({"current": 0.2}, station, sample, eased, roles=("source", "voltmeter"))
    limits.check({"current": 0.2}, station, sample, eased, roles=("source", "smu"))
    unknown = {**station.instruments, "source": station.instruments["source"].model_copy(update={"driver": "mine"})}
    limits.check({"current": 0.2}, station.model_copy(update={"instruments": unknown}), sample, eased, ("source",))


def test_the_tables_know_what_is_delivered() -> None:
    assert deliverable.LARGEST["keithley6221"]["current"] == keithley6221.LARGEST
    assert deliverable.LARGEST["keithley6221"]["voltage"] == LARGEST_COMPLIANCE
    assert deliverable.LARGEST["keithley2400"]["current"] == keithley2400.CURRENT_RANGES[-1]
    assert deliverable.LARGEST["keithley2400"]["voltage"] == keithley2400.VOLTAGE_RANGES[-1]


def test_a_compliance_that_no_source_gives_offers_no_override(sample: SampleRecord) -> None:
    with pytest.raises(LimitExceeded, match=r"58\.5 kV, above the 105 V that a source gives .* a smaller current$"):
        sample.probe_compliance(100.0)


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("contacts=unchecked", "is the wrong way round; write --override unchecked=contacts"),
        ("smu=unguarded", "is the wrong way round; write --override unguarded=smu"),
        ("contacts=no", "a run without a contact check is permitted with --override unchecked=contacts"),
    ],
)
def test_an_override_the_wrong_way_round_is_put_right(given: str, right: str) -> None:
    with pytest.raises(UnknownName, match=f"--override {given} .*{right}$"):
        limits.parse_overrides([given])


def test_of_a_junction_too_the_key_is_the_one_that_lifts_it(station: Station) -> None:
    device = load_sample("fimtj2026")
    for name, value in (("voltage", 0.6), ("bias", 0.3), ("current", 2e-6)):
        with pytest.raises(LimitExceeded, match=rf"sample 'fimtj2026'.*--override {name}=\.\.\.$"):
            limits.check({name: value}, station, device)
        limits.check({name: value}, station, device, {name: value})
    with pytest.raises(LimitExceeded, match=r"above the 500 mV that .* --override voltage=\.\.\.$"):
        device.probe_compliance(5e-6)
    relieved = limits.relieved(station, device, {"voltage": 2.0})[1]
    assert relieved.probe_compliance(5e-6) > 0.5


def test_the_tighter_slew_of_station_and_sample_holds(station: Station, sample: SampleRecord) -> None:
    held = limits.of(station, sample)
    assert held.slew is not None
    assert (held.slew.value, held.slew.owner, held.voltage_slew) == (0.01, "station 'ppms'", None)
    tight = limits.of(station, changed(sample, slew=1e-3, voltage_slew=0.05))
    assert tight.slew is not None
    assert tight.voltage_slew is not None
    assert (tight.slew.owner, tight.voltage_slew.value) == ("sample 'cotb2025'", 0.05)


def test_a_probe_current_that_cannot_be_reversed_at_once_is_refused_before(
    station: Station, sample: SampleRecord
) -> None:
    limits.check_reversal(500e-6, station, sample)
    with pytest.raises(LimitExceeded, match=r"one step of 1\.2 mA.*choose 500 uA or less.*--override slew=\"12 mA/s\""):
        limits.check_reversal(600e-6, station, sample)
    limits.check_reversal(600e-6, station, sample, limits.parse_overrides(["slew=12 mA/s"]))


def test_an_override_beyond_the_instruments_is_refused() -> None:
    with pytest.raises(BadValue, match=r"--override current=80 A is beyond what the smu gives, 1\.05 A"):
        limits.check_overrides({"current": 80.0}, load_station("ppms"))
    limits.check_overrides({"current": 0.1, "field": 9.0, "drift": 0.2}, load_station("ppms"))


def test_a_limit_of_the_cryostat_is_not_said_to_be_lifted_by_an_override() -> None:
    with pytest.raises(LimitExceeded, match=r"which mostly is the cryostat's own, and not what the cryostat can do"):
        limits.check({"field_rate": 5.0}, load_station("ppms"), load_sample("cotb2025"))
