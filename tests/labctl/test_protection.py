"""The guard of a station: which instruments it knows, and that a run within the limits does not notice it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import pyvisa
from pyvisa.highlevel import VisaLibraryBase

from instruments.clock import VirtualClock
from instruments.errors import LimitExceeded, Refused
from instruments.guard.library import GuardedLibrary
from labctl import session
from labctl.procedure import Procedure
from labctl.protection import guarded
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.sample import load_sample
from labctl.simulation import build_lab
from labctl.station import Instrument, load_station
from procedures.ahe import AnomalousHallLoop
from tests.simulated import QUICK

SOURCE = "GPIB0::12::INSTR"


def station_with(**instruments: Instrument) -> Any:
    station = load_station("ppms")
    return station.model_copy(update={"instruments": {**station.instruments, **instruments}})


def open_through_guard(name: str, *, station: Any = None, overrides: dict[str, float] | None = None) -> Any:
    station, sample = station or load_station("ppms"), load_sample("cotb2025")
    lab = build_lab(load_station("ppms"), sample, VirtualClock(), seed=1, sample_seed=0)
    resources = {role: instrument.resource for role, instrument in station.instruments.items()}
    library: Any = guarded(lab.visa, station, sample, overrides or {}, resources)
    return pyvisa.ResourceManager(library).open_resource(name, read_termination="\n", write_termination="\n")


def test_the_stations_instruments_are_guarded() -> None:
    with pytest.raises(LimitExceeded, match="the source at GPIB0::12::INSTR: the current would be 1 mA"):
        open_through_guard(SOURCE).write("SOUR:CURR 1e-3")
    with pytest.raises(LimitExceeded, match="the cryostat at GPIB0::15::INSTR: the field would be 10 T"):
        open_through_guard("GPIB0::15::INSTR").write("FIELD 100000 100")
    open_through_guard("GPIB0::7::INSTR").write("NOT:KNOWN 5")  # a voltmeter puts nothing on the sample


def test_an_instrument_without_command_table_needs_an_override() -> None:
    station = station_with(smu=Instrument(driver="somebodys", resource="GPIB0::25::INSTR"))
    with pytest.raises(
        Refused, match=r"its driver 'somebodys' has no command table.*--override unguarded=smu"
    ) as caught:
        open_through_guard("GPIB0::25::INSTR", station=station)
    assert caught.value.exit_code == 4
    with pytest.raises(pyvisa.VisaIOError):  # it is asked for, and the simulated lab has no such instrument
        open_through_guard("GPIB0::25::INSTR", station=station, overrides={"unguarded.smu": 1.0})


def test_addresses_that_are_not_visas_are_passed_over() -> None:
    station = load_station("versalab")
    lab = build_lab(load_station("ppms"), load_sample("cotb2025"), VirtualClock(), seed=1, sample_seed=0)
    resources = {role: instrument.resource for role, instrument in station.instruments.items()}
    guarded(lab.visa, station, load_sample("cotb2025"), {}, resources)


def run(folder: Path, procedure: Procedure, **settings: Any) -> Outcome:
    request = Request(
        "ahe", procedure, load_station("ppms"), load_sample("cotb2025"), simulate=True, seed=1, out=folder, **settings
    )
    return carry_out(request, analyse=False)


def test_the_guard_changes_no_byte_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_guard = run(tmp_path / "with", AnomalousHallLoop(**QUICK))

    def unguarded(library: VisaLibraryBase, *others: Any) -> GuardedLibrary:
        return GuardedLibrary(library, dict.fromkeys(others[3].values()))

    monkeypatch.setattr(session, "guarded", unguarded)
    without = run(tmp_path / "without", AnomalousHallLoop(**QUICK))
    assert with_guard.status == without.status == "finished"
    assert with_guard.run is not None
    assert without.run is not None
    assert (with_guard.run / "data.csv").read_bytes() == (without.run / "data.csv").read_bytes()


class Careless(Procedure):
    """Asks for nothing beforehand, and then for too much."""

    roles = ("source",)
    DATA_COLUMNS = ("Current (A)",)

    def execute(self) -> None:
        self.source.source_compliance = 1.0
        self.source.source_current = 1e-4
        self.source.source_enabled = True
        self.record(**{"Current (A)": self.source.source_current})
        self.source.write(":SOUR:CURR 10e-3")
        self.record(**{"Current (A)": self.source.source_current})


def test_a_run_that_goes_too_far_is_refused_and_left_safe(tmp_path: Path) -> None:
    outcome = run(tmp_path, Careless())
    assert (outcome.status, outcome.exit_code, outcome.points) == ("refused", 4, 1)
    assert outcome.error is not None
    assert "the current would be 10 mA" in outcome.error
    assert outcome.warnings == []


def test_an_override_permits_it_and_is_recorded(tmp_path: Path) -> None:
    outcome = run(tmp_path, Careless(), overrides={"current": 10e-3, "slew": 1.0})
    assert outcome.status == "finished"
    assert outcome.points == 2
    assert outcome.run is not None
    recorded = json.loads((outcome.run / "run.json").read_text(encoding="utf-8"))["overrides"]
    assert recorded == {
        "current": {
            "value": 0.01, "text": "10 mA",
            "in_place_of": ["450 uA of sample 'cotb2025'", "100 mA of station 'ppms'"],
        },
        "slew": {"value": 1.0, "text": "1 A/s", "in_place_of": ["10 mA/s of station 'ppms'"]},
    }  # fmt: skip
