"""Rehearsals: what a run would take, from where the station stands, without anything being sent or kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pyvisa

from instruments.clock import VirtualClock
from instruments.errors import Refused, StationInUse, UsageError
from labctl import Procedure, Quantity, limits
from labctl.abort import AbortSwitch
from labctl.conclusion import analysed, rows_of
from labctl.present import shown
from labctl.rehearsal import rehearse, rehearse_in_order
from labctl.rehearsed import Rehearsal
from labctl.remote import in_its_lab
from labctl.request import Outcome, Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.series import carry_out_series
from labctl.series_axes import parse_over
from labctl.simulation import build_lab
from labctl.station import Station, load_station
from labctl.station_lock import holding
from procedures.ahe import AnomalousHallLoop
from procedures.ahe_temperature import AnomalousHallTemperature
from procedures.rt import ResistanceTemperature
from procedures.sot_switching import SpinOrbitSwitching
from procedures.tmr_loop import TmrLoop
from simulators.beginning import Beginning
from tests.served import in_a_thread
from tests.simulated import QUICK, Simulate

PULSES = {"pulse_max": "30 mA", "pulse_width": "10 ms", "in_plane_field": "-50 mT", "order": "+", "loops": 1}


def asked(folder: Path, procedure: Any = None, **more: Any) -> Request:
    given: dict[str, Any] = {"simulate": True, "out": folder / "runs"} | more
    return Request(
        "ahe", procedure or AnomalousHallLoop(**QUICK), load_station("ppms"), load_sample("cotb2025"), **given
    )


def rehearsed(request: Request) -> Rehearsal:
    return rehearse(request, AbortSwitch())


@dataclass(frozen=True, slots=True)
class Kept:
    """A run that was rehearsed first: how it ended, what its rehearsal found, and what was said to be left when."""

    done: Outcome
    found: dict[str, Any]
    left: list[tuple[float, float]]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A short loop that was rehearsed first."""
    left: list[tuple[float, float]] = []

    def watch(run: Any) -> None:
        left.append((run.session.clock.now(), run.time_left.seconds))

    done = carry_out(asked(tmp_path_factory.mktemp("kept"), seed=3, rehearse=True), watch, analyse=False)
    assert (done.status, done.run is None) == ("finished", False)
    return Kept(done, json.loads((folder_of(done) / "rehearsal.json").read_text()), left)


def folder_of(done: Outcome) -> Path:
    assert done.run is not None
    return done.run


def test_it_tells_duration_points_and_extremes_within_five_percent(kept: Kept) -> None:
    found, done = kept.found, kept.done
    assert (found["violations"], found["status"]) == ([], "finished")
    assert found["duration_s"] == pytest.approx(done.lab_time_s, rel=0.05)
    assert found["points"] == pytest.approx(done.points, rel=0.05)
    assert sum(found["parts"].values()) == pytest.approx(found["duration_s"])
    extremes = found["extremes"]
    assert extremes["current"] == {"min": -1e-4, "max": 1e-4, "unit": "A", "limit": extremes["current"]["limit"]}
    assert 0.2 <= extremes["field"]["max"] == -extremes["field"]["min"] < 0.203
    assert extremes["field"]["limit"] == 9.0
    assert extremes["temperature"] == {"min": 300.0, "max": 300.0, "unit": "K", "limit": [1.9, 400.0]}
    assert extremes["pulse_energy"]["max"] is None
    assert 0.0 < extremes["power"]["max"] < 1e-4
    value, uncertainty = (found["results"]["anomalous_hall_resistance"][name] for name in ("value", "uncertainty"))
    measured = analysed(AnomalousHallLoop(**QUICK), rows_of(RunDirectory(folder_of(done)))[0]).as_dict()
    assert abs(value - measured["anomalous_hall_resistance"]["value"]) < 10 * uncertainty


def test_a_run_that_was_rehearsed_keeps_it_and_its_rows_are_its_own(kept: Kept, tmp_path: Path) -> None:
    plain, run = carry_out(asked(tmp_path, seed=3), analyse=False), folder_of(kept.done)
    assert (run / "data.csv").read_bytes() == (folder_of(plain) / "data.csv").read_bytes()
    assert set(kept.found["plan"]) == {"field_T", "temperature_K", "current_A"}
    assert max(kept.found["plan"]["field_T"]["highest"]) == pytest.approx(0.2, abs=0.003)
    expected = (run / "expected.csv").read_text().splitlines()
    data = (run / "data.csv").read_text().splitlines()
    assert expected[:10] == data[:10]  # the same columns, and parameters
    assert expected[-1] != data[-1]  # with other noise
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    left = [line for line in lines if line["event"] == "remaining"]
    assert len(left) >= 3
    assert left[0]["left_s"] == pytest.approx(kept.done.lab_time_s, rel=0.1)


def told(seen: list[tuple[float, float]], took: float, within: float) -> None:
    """Assert what was said to be left after a fifth, two, three and four."""
    for part in (0.2, 0.4, 0.6, 0.8):
        now, left = max(each for each in seen if each[0] <= part * took)
        assert left == pytest.approx(took - now, rel=within)


def test_the_time_that_is_left_is_known_from_the_beginning(kept: Kept) -> None:
    told(kept.left, kept.done.lab_time_s, 0.05)


def left_of(simulate: Simulate, procedure: Any, sample: str = "cotb2025") -> tuple[list[tuple[float, float]], float]:
    """Carry a run out on a station that ramps at 80 % and settles twice as long; what was said to be left, and was."""
    seen: list[tuple[float, float]] = []

    def watch(run: Any) -> None:
        if not seen:
            simulate.labs[-1].cryostat.slow_down(0.8, 2.0)
        seen.append((run.session.clock.now(), run.time_left.seconds))

    request = replace(asked(simulate.folder, procedure, seed=1, rehearse=True), sample=load_sample(sample))
    done = carry_out(request, watch, analyse=False)
    assert done.status == "finished"
    return seen, done.lab_time_s


def test_on_a_slow_station_it_is_known_after_a_fifth(simulate: Simulate) -> None:
    seen, took = left_of(simulate, AnomalousHallLoop(**{**QUICK, "survey_rate": "50 Oe/s", "probe_nplc": "10 PLC"}))
    told(seen, took, 0.1)
    assert seen[0][1] < 0.9 * took  # nobody who did not learn would come near


def test_a_limit_is_a_violation_and_what_is_asked_for_is_said(tmp_path: Path) -> None:
    found = rehearsed(asked(tmp_path, AnomalousHallLoop(maximum_field="20 T")))
    (sentence,) = found.violations
    assert "20 T, above the limit" in sentence
    assert (found.duration_s, found.exit_code) == (None, 4)
    assert found.extremes["field"] == {"min": -20.0, "max": 20.0, "unit": "T", "limit": 9.0}


class Careless(AnomalousHallLoop):
    """An experiment that goes on when the guard keeps something back."""

    def execute(self) -> None:
        for current in (1e-3, 2e-3):
            try:
                self.source.source_current = current
            except Refused:
                continue
        super().execute()


def test_what_the_guard_keeps_back_is_a_violation_and_nothing_is_begun(tmp_path: Path) -> None:
    found = rehearsed(asked(tmp_path, Careless(**QUICK)))
    assert sum("above the limit" in sentence for sentence in found.violations) >= 2
    done = carry_out(asked(tmp_path, Careless(**QUICK), rehearse=True))
    assert (done.run, done.status, done.exit_code) == (None, "refused", 4)
    assert "refused by its rehearsal, nothing was sent" in str(done.error)
    assert list(tmp_path.iterdir()) == []


def test_on_hardware_contacts_that_nobody_checked_are_a_violation_and_only_questions_are_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    station, sample = load_station("ppms"), load_sample("cotb2025")
    bench = build_lab(station, sample, VirtualClock(), seed=1, sample_seed=0, begins=Beginning(290.0, 0.05))
    write = bench.visa.write

    def listen(session: Any, data: bytes) -> Any:
        sent.append(data)
        return write(session, data)

    monkeypatch.setattr(bench.visa, "write", listen)
    card = SimpleNamespace(ResourceManager=lambda _: SimpleNamespace(visalib=bench.visa), Error=pyvisa.Error)
    monkeypatch.setattr("labctl.surroundings.pyvisa", card)
    request = replace(asked(tmp_path), simulate=False)
    found = rehearsed(request)
    assert found.begins["temperature_K"] == pytest.approx(290.0, abs=0.3)
    assert found.begins["field_T"] == pytest.approx(0.05, abs=1e-3)
    (sentence,) = found.violations
    assert "its journal has no contact check" in sentence
    assert found.status == "finished"
    assert found.points > 50
    assert any("what the sample went through is unknown" in remark for remark in found.remarks)
    done = carry_out(replace(request, rehearse=True))
    assert (done.run, done.exit_code) == (None, 4)
    permitted = rehearsed(replace(request, overrides={limits.UNCHECKED_CONTACTS: 1.0}))
    assert permitted.violations == []
    assert sent
    assert all(b"?" in message for message in sent)
    assert not (tmp_path / "runs").exists()


def test_it_begins_where_the_lab_is_and_leaves_it_there(tmp_path: Path) -> None:
    with in_a_thread(tmp_path / "lab.json") as served:
        lab = served.lab
        lab.timeline.catch_up()
        lab.cryostat.set_temperature(280.0, 0.1, 0)  # pyright: ignore[reportArgumentType] - the approach's code
        lab.cryostat.set_field(0.1, 0.018, 0)  # pyright: ignore[reportArgumentType]
        lab.clock.sleep(2000.0)
        lab.timeline.catch_up()
        revision, now = lab.cryostat.revision, lab.clock.now()
        request = in_its_lab(asked(tmp_path, lab=served.file))
        found = rehearsed(request)
        assert (lab.cryostat.revision, lab.wiring.circuit.strongest_source()) == (revision, 0.0)
        assert lab.clock.now() - now < 1.0
    assert found.begins["temperature_K"] == pytest.approx(280.0, abs=0.3)
    assert found.begins["field_T"] == pytest.approx(0.1, abs=1e-3)
    assert found.extremes["temperature"]["max"] == pytest.approx(280.0, abs=0.3)
    assert found.points > 50
    assert not (tmp_path / "runs").exists()


def test_while_a_run_is_on_at_the_station_it_is_not_even_asked(tmp_path: Path) -> None:
    request = replace(asked(tmp_path), simulate=False, overrides={limits.UNCHECKED_CONTACTS: 1.0})
    with holding(request.station, what="run ahe"), pytest.raises(StationInUse, match="from a fresh state with --simul"):
        rehearsed(request)


def test_a_sample_without_a_model_cannot_be_rehearsed(tmp_path: Path) -> None:
    bare = load_sample("cotb2025").model_copy(update={"model": None})
    request = replace(asked(tmp_path), sample=bare, simulate=False)
    with pytest.raises(UsageError, match=r"cannot be rehearsed: .* has no \[model\]"):
        rehearsed(request)


class Walk(Procedure):
    """Goes to a third of a field, to two thirds, and there, and records a row each time."""

    roles = ("source", "cryostat")
    needs_contacts = False
    DATA_COLUMNS = ("Field (T)",)
    field = Quantity("0.3 T", "Where it goes")
    temperature = Quantity("300 K", "At which")
    asks = Quantity("0 A", "What it asks the source for on its way")

    def execute(self) -> None:
        if self.temperature != 300.0:
            self.settle(temperature=self.temperature)
        for third in self.track("third", [1, 2, 3], restart=True):
            self.settle(field=third / 3 * self.field)
            self.record(**{"Field (T)": self.cryostat.reading().field})
            if self.asks and third == 2:
                self.source.source_current = self.asks


def test_a_series_is_rehearsed_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("conclude_safely", "conclude_series"):
        monkeypatch.setattr(f"labctl.series.{name}", lambda *_, **__: None)  # its figures take a second
    axes = parse_over(["field=0.3, 0.6 T"], "walk", Walk, {})
    seen: list[float] = []

    def watch(run: Any) -> None:
        seen.append(run.time_left.seconds)

    done = carry_out_series(asked(tmp_path, Walk(), seed=2, rehearse=True), axes, Walk, watch)
    assert done.status == "finished"
    total = json.loads((folder_of(done) / "rehearsal.json").read_text())
    assert total["duration_s"] == pytest.approx(done.lab_time_s, rel=0.1)
    assert total["points"] == sum(run["points"] for run in total["runs"]) == 6
    assert (total["extremes"]["field"]["min"], total["extremes"]["field"]["max"]) == pytest.approx((0.0, 0.6), abs=0.01)
    assert seen[0] == pytest.approx(done.lab_time_s, rel=0.1)  # the second run is in it
    for child in done.children:
        assert {"rehearsal.json", "expected.csv"} < {file.name for file in Path(child["run"]).iterdir()}


def test_the_procedure_that_is_rehearsed_is_left_as_it_was_and_may_have_run_before(tmp_path: Path) -> None:
    request = asked(tmp_path, Walk(field="0.03 T"))
    before = set(vars(request.procedure))
    first = rehearsed(request)
    assert set(vars(request.procedure)) == before
    carry_out(request, analyse=False)
    assert rehearsed(request).to_json() == first.to_json()


def test_a_refused_run_sends_nothing_as_the_lab_itself_wrote_down(tmp_path: Path) -> None:
    log, file = tmp_path / "lab.jsonl", tmp_path / "lab.json"

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in log.read_text().splitlines()]

    with in_a_thread(file, log=log):
        request = asked(tmp_path, Walk(asks="0.1 A"), simulate=False, lab=file, rehearse=True)
        done = carry_out(request)
        assert (done.run, done.exit_code, "nothing was sent" in str(done.error)) == (None, 4, True)
        refused = lines()
        assert refused
        assert all("?" in line["said"] and line["role"] == "cryostat" and line["source_A"] == 0.0 for line in refused)
        permitted = carry_out(replace(request, procedure=Walk(field="0.03 T")))
        assert permitted.status == "finished"
        assert any("?" not in line["said"] for line in lines()[len(refused) :])


def test_an_interlock_that_would_end_the_run_refuses_it(tmp_path: Path) -> None:
    data = load_station("ppms").snapshot()
    high = {"name": "high", "quantity": "field", "condition": "above", "limit": "0.15 T", "action": "stop"}
    room = {"name": "room", "quantity": "disk_space", "condition": "below", "limit": "1000000 GB", "action": "stop"}
    station = Station.model_validate({**data, "interlocks": [high, room]})
    found = rehearsed(replace(asked(tmp_path, Walk()), station=station))
    (sentence,) = found.violations
    assert "interlock 'high'" in sentence
    assert found.points == 1  # 0.2 T is too much
    assert rehearsed(replace(asked(tmp_path, Walk(field="0.12 T")), station=station)).violations == []


def test_what_follows_each_other_begins_where_the_last_ended(tmp_path: Path) -> None:
    def walk(**parameters: Any) -> Request:
        return asked(tmp_path, Walk(**parameters))

    bare = replace(walk(), sample=load_sample("cotb2025").model_copy(update={"model": None}))
    series = [walk(field="0.1 T"), walk(field="0.2 T")]
    items = [
        [walk(temperature="299 K")],
        [asked(tmp_path, AnomalousHallLoop(maximum_field="20 T"))],
        [bare],
        series,
        [walk(asks="0.1 A")],
        [walk()],
    ]
    cold, refused, without, (third, fourth), stopped, last = rehearse_in_order(items, AbortSwitch())
    assert cold[0].begins == {"temperature_K": 300.0, "field_T": 0.0, "angle_deg": 0.0}
    assert (refused[0].exit_code, refused[0].ends) == (4, None)
    assert "has no [model]" in str(without[0].error)
    for now, before in ((third, cold[0]), (fourth, third), (stopped[0], fourth), (last[0], stopped[0])):
        assert before.ends is not None
        assert now.begins == shown(before.ends)
    assert third.begins["temperature_K"] == pytest.approx(299.0, abs=0.3)
    assert fourth.begins["field_T"] == pytest.approx(0.1, abs=1e-3)
    assert last[0].begins["field_T"] == pytest.approx(0.2, abs=1e-3)  # where the one before was stopped
    assert third.expected.later == fourth.expected.total
    alone = rehearsed(walk(field="0.2 T"))
    assert (fourth.duration_s or 0.0) < (alone.duration_s or 0.0)  # it is half there


class Interrupted(Walk):
    """One whose program fails at the last field, the first time."""

    broken = True

    def execute(self) -> None:
        for third in self.track("third", [1, 2, 3], restart=True):
            self.settle(field=third / 3 * self.field)
            if third == 3 and type(self).broken:
                raise RuntimeError("of this test")
            self.record(**{"Field (T)": self.cryostat.reading().field})


@pytest.mark.parametrize("again", [False, True], ids=["as it was", "rehearsed again"])
def test_of_a_run_that_is_carried_on_only_the_rest_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    request = asked(tmp_path, Interrupted(), seed=1)
    found = rehearsed(replace(request, procedure=Walk()))
    cut = carry_out(request, analyse=False)
    assert cut.status == "failed"
    found.write(folder_of(cut))
    monkeypatch.setattr(Interrupted, "broken", False)
    left: list[float] = []

    def watch(run: Any) -> None:
        left.append(run.time_left.seconds)

    carried_on = replace(request, procedure=Interrupted(), resume=cut.run, seed=None, rehearse=again)
    done = carry_out(carried_on, watch, analyse=False)
    assert (done.status, done.points) == ("finished", 3)
    kept = json.loads((folder_of(done) / "rehearsal.json").read_text())
    if again:  # its simulated lab is a fresh one, from which the third field is as far as all of them together
        assert left[0] == pytest.approx(done.lab_time_s, rel=0.05)
        assert kept["points"] == 3
    else:
        assert left[0] == pytest.approx((found.duration_s or 0.0) / 3, rel=0.2)


@pytest.mark.endurance
@pytest.mark.parametrize(
    ("make", "sample"),
    [
        (AnomalousHallLoop, "cotb2025"),
        (AnomalousHallTemperature, "cotb2025"),
        (ResistanceTemperature, "cotb2025"),
        (TmrLoop, "fimtj2026"),
        (partial(AnomalousHallLoop, temperature="10 K"), "cotb2025"),
        (partial(SpinOrbitSwitching, **PULSES), "cogd2022"),
    ],
    ids=["ahe", "ahe-temperature", "rt", "tmr-loop", "ahe at 10 K", "sot-switching"],
)
def test_of_each_experiment_it_is_known_as_well(simulate: Simulate, make: Any, sample: str) -> None:
    told(*left_of(simulate, make(), sample), 0.1)
