"""A simulated station whose wires go bad: runs end in a sentence, and the safe state is reached or said not to be."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from instruments.errors import InstrumentFault, UsageError
from labctl.cli import serving
from labctl.happenings import Trouble
from labctl.paths import station_files
from labctl.sample import load_sample
from labctl.session import REACH_TIME, Session, open_session
from labctl.simulation import build_lab
from labctl.station import Station, load_station
from labctl.surroundings import LabStart
from simulators.faults import KINDS
from tests.simulated import QUICK, Simulate, ask, capture_labs

BEGINS, LASTS = 60.0, 600.0
"""s; what a test does meanwhile takes less."""

LONGEST = {"source": 15.0, "voltmeter": 25.0, "smu": 55.0, "cryostat": 45.0}
"""s of lab time that the safe state may take with a broken wire to this instrument."""


def station(name: str, role: str, what: str, **more: Any) -> Station:
    """A shipped station with a wire that goes bad."""
    sound = load_station(name)
    details: dict[str, Any] = {"late": {"delay": 60.0}}.get(what, {"line": 4} if what.startswith("stuck") else {})
    fault = {"instrument": role, "what": what, "at": BEGINS, "lasts": LASTS, **details, **more}
    data = sound.snapshot()
    data["simulation"]["faults"] = [fault]
    return Station.model_validate(data)


def busy(session: Session) -> None:
    """Have current flow and the field move, and come to when the wire is bad."""
    source, cryostat = session.instruments["source"], session.instruments["cryostat"]
    driver: Any = source
    driver.source_compliance = 1.0
    driver.source_range = 1e-4
    driver.source_current = 1e-5
    driver.source_enabled = True
    machine: Any = cryostat
    machine.set_field(1.0, 0.005)
    session.clock.sleep(BEGINS + 1.0 - session.clock.now())


ROLES = ("source", "voltmeter", "smu", "cryostat")


@pytest.mark.parametrize("what", ["silent", "late", "dropped", "stuck high", "stuck low", "truncated"])
@pytest.mark.parametrize(("name", "role"), [*[("ppms", role) for role in ROLES], ("dynacool", "cryostat")])
def test_making_safe_ends_in_time_says_what_it_could_not_do_and_does_it_later(name: str, role: str, what: Trouble):
    bad = station(name, role, what)
    with open_session(bad, load_sample("cotb2025"), ROLES, simulate=True, start=LabStart(1)) as session:
        busy(session)
        lab, began = session.lab, session.clock.now()
        assert lab is not None
        faults = session.make_safe()
        assert len(faults) == 1
        assert faults[0].startswith(f"the safe state was not reached: {role}: ")
        assert session.clock.now() - began < LONGEST[role] + REACH_TIME
        if (role, what) != ("source", "dropped"):
            assert ask(lab, lab.devices["source"], b"OUTP?\n") == b"0\n"
        session.clock.sleep(BEGINS + LASTS + 61.0 - session.clock.now())
        assert session.make_safe() == []
        assert ask(lab, lab.devices["source"], b"OUTP?\n") == b"0\n"
        field = lab.cryostat.field(session.clock.now() - 1.0)
        session.clock.sleep(100.0)
        lab.timeline.catch_up()
        assert lab.cryostat.field(session.clock.now()) == pytest.approx(field, abs=2e-3)


@pytest.mark.parametrize("role", ["source", "voltmeter", "cryostat"])
@pytest.mark.parametrize("what", ["silent", "truncated", "dropped"])
def test_a_wire_that_is_bad_for_some_seconds_is_survived_or_ends_the_run_as_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, what: Trouble
):
    simulate = Simulate(tmp_path, capture_labs(monkeypatch))
    done = simulate(station=station("ppms", role, what, at=40.0, lasts=8.0), **QUICK)
    assert done.outcome.status in {"finished", "fault"}
    assert (done.outcome.exit_code == 0) == (done.outcome.status == "finished")
    if done.outcome.status == "finished":  # and then it is said
        assert any(f"of the {role}" in warning for warning in done.outcome.warnings)
    done.assert_source_off()


@pytest.mark.parametrize(
    ("role", "what"),
    [
        *[(role, what) for role in ("voltmeter", "cryostat") for what in ("silent", "truncated", "dropped")],
        ("source", "silent"), ("source", "truncated"),
    ],
)  # fmt: skip
def test_a_run_on_a_bad_wire_ends_as_a_fault_and_leaves_the_source_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, what: Trouble
):
    simulate = Simulate(tmp_path, capture_labs(monkeypatch))
    done = simulate(station=station("ppms", role, what, at=40.0, lasts=600.0), **QUICK)
    assert done.outcome.status == "fault"
    assert done.outcome.exit_code == InstrumentFault.exit_code
    assert done.lab.clock.now() < 300.0
    done.assert_source_off()


def test_a_fault_that_hits_seldom_is_the_same_with_the_same_seed():
    hits: list[list[int]] = []
    for seed in (1, 1, 2):
        lab = build_lab(
            station("ppms", "source", "truncated", at=0.0, share=0.3), load_sample("cotb2025"), _clock(), seed=seed,
            sample_seed=0,
        )  # fmt: skip
        wire: Any = lab.wires["source"]
        hits.append([_hit(lab, wire) for _ in range(40)])
    assert hits[0] == hits[1] != hits[2]
    assert 0 < hits[0][-1] < 40


def _clock() -> Any:
    from instruments.clock import VirtualClock

    return VirtualClock()


def _hit(lab: Any, wire: Any) -> int:
    ask(lab, wire, b"*IDN?\n")
    return wire.hit


@pytest.mark.parametrize("changes", [{"share": 0.5}, {"lasts": 5.0}])
def test_a_lab_without_faults_has_no_wires_in_the_way(changes: dict[str, Any]):
    sound = build_lab(load_station("ppms"), load_sample("cotb2025"), _clock(), seed=1, sample_seed=0)
    assert sound.wires == sound.devices
    bad = build_lab(station("ppms", "source", "silent", **changes), load_sample("cotb2025"), _clock(), seed=1,
                    sample_seed=0)  # fmt: skip
    assert [role for role, wire in bad.wires.items() if wire is not bad.devices[role]] == ["source"]


@pytest.mark.parametrize(("lines", "sentence"), [
    ('instrument = "sauce"\nwhat = "silent"', "simulation.faults names 'sauce', which is no instrument of"),
    ('instrument = "source"\nwhat = "mute"', r"simulation.faults\[1\].what is 'mute', but must be 'silent'"),
    ('instrument = "source"\nwhat = "late"', r"simulation.faults\[1\]: 'late' needs delay; add it"),
    ('instrument = "source"\nwhat = "stuck low"', r"'stuck low' needs line; add it"),
    ('instrument = "source"\nwhat = "stuck low"\nline = 8', "line is 8, but must be at most 7"),
    ('instrument = "source"\nwhat = "silent"\nline = 1', "'silent' takes no line; leave it out"),
    ('instrument = "source"\nwhat = "silent"\nshare = 0', "share is 0, but must be above 0"),
    ('what = "silent"', r"simulation.faults\[1\].instrument is missing"),
])  # fmt: skip
def test_what_a_station_file_says_wrongly_is_said_in_a_sentence(tmp_path: Path, lines: str, sentence: str):
    text = station_files()["ppms"].read_text("utf-8")
    (tmp_path / "mine.toml").write_text(f"{text}\n[[simulation.faults]]\n{lines}\n", "utf-8")
    with pytest.raises(UsageError, match=sentence):
        load_station(tmp_path / "mine.toml")


def test_a_station_file_with_a_bad_wire_is_read(tmp_path: Path):
    text = station_files()["ppms"].read_text("utf-8")
    lines = 'instrument = "source"\nwhat = "stuck high"\nline = 2\nboth_ways = true\nat = "10 min"\nlasts = "20 s"\n'
    (tmp_path / "mine.toml").write_text(f"{text}\n[[simulation.faults]]\n{lines}share = 0.01\n", "utf-8")
    (fault,) = load_station(tmp_path / "mine.toml").simulation.faults
    assert (fault.at, fault.lasts, fault.line, fault.both_ways, fault.share) == (600.0, 20.0, 2, True, 0.01)


def test_a_served_multivu_has_no_bad_wires():
    lab = build_lab(station("dynacool", "cryostat", "silent"), load_sample("cotb2025"), _clock(), seed=1, sample_seed=0)
    with pytest.raises(UsageError, match=r"simulation.faults names the cryostat"):
        serving.serve_lab(lab)


def test_the_words_of_the_station_file_are_those_of_the_wires():
    assert set(KINDS) == set(Trouble.__args__)


@pytest.fixture(autouse=True)
def _quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_the_source_goes_to_zero_in_the_time_that_the_station_gives_it() -> None:
    for seconds in (0.0, 0.1, 3.0):
        sound = load_station("ppms")
        safe = sound.safe_state.model_copy(update={"source_ramp": seconds})
        patient = sound.model_copy(update={"safe_state": safe})
        with open_session(patient, load_sample("cotb2025"), ["source"], simulate=True, start=LabStart(1)) as session:
            source: Any = session.instruments["source"]
            source.source_compliance = 1.0
            source.source_range = 1e-4
            source.source_current = 1e-5
            source.source_enabled = True
            began = session.clock.now()
            assert session.make_safe() == []
            assert session.clock.now() - began == pytest.approx(seconds, abs=0.05 + 0.02 * bool(seconds))
