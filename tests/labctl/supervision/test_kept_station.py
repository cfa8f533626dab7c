"""A station that somebody keeps over several runs is brought to rest by its keeper, and by nobody else."""

from __future__ import annotations

import json
from pathlib import Path

from labctl.request import Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.station import load_station
from labctl.station_lock import holding, keeping
from labctl.supervision.rescue import Dead, bring_left_to_rest, rescue_within
from procedures.ahe import AnomalousHallLoop
from tests.served import in_a_thread


def test_a_keeper_rescues_and_finds_what_was_left(tmp_path: Path) -> None:
    station, sample, file = load_station("ppms"), load_sample("cotb2025"), tmp_path / "lab.json"
    with in_a_thread(file) as there, keeping(station, lab=file, what="the queue") as keeper:
        made = AnomalousHallLoop(maximum_field="0.15 T", survey_rate="190 Oe/s", probe_nplc="10 PLC")
        asked = Request("ahe", made, station, sample, simulate=False, out=tmp_path, lab=file, keeper=keeper, item="q/1")
        outcome = carry_out(asked, analyse=False)
        assert outcome.status == "finished", outcome.error
        assert outcome.run is not None
        run = RunDirectory(outcome.run)
        assert run.request()["queue_item"] == "q/1"
        with run.events_file.open("a") as events:  # as if it had died in the middle
            events.write(json.dumps({**run.events()[-1], "state": "running"}) + "\n")
        there.lab.devices["source"].write(b"SOUR:CURR 1e-5\nOUTP ON\n")
        assert "THE SAFE STATE WAS NOT REACHED" in rescue_within(60.0, Dead(run.path), "was killed")
        with run.events_file.open("a") as events:
            events.write(json.dumps({**run.events()[-1], "state": "running"}) + "\n")
        said = rescue_within(60.0, Dead(run.path, keeper=keeper), "was killed")
        assert "its station was brought to the safe state" in said
        assert there.lab.wiring.source.voltage() == 0.0
        with holding(station, lab=file, what="the start", keeper=keeper) as hold:
            hold.left = [run.path]  # as a run leaves it that was killed together with who watched over it
            assert "died together with what watched over it" in bring_left_to_rest(station, None, hold, lab=file)[0]
            assert hold.left == []
