"""The field behind a run that did not finish: held for the station's time, then zero, unless somebody uses it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from labctl import paths
from labctl.procedure import Procedure
from labctl.request import Request
from labctl.run import carry_out
from labctl.rundir import RunDirectory
from labctl.sample import load_sample
from labctl.service.field import FieldKeeper
from labctl.station import Station, load_station
from labctl.station_lock import holding, keeping
from labctl.supervision import field_keeping, processes
from labctl.supervision.field_keeping import Left, LeftAsItIs, keep, left_by, see_to
from tests.served import ServedLab, in_a_thread
from tests.simulated import Simulate


class Broken(Procedure):
    """A field is set and a temperature is on its way when something breaks."""

    roles = ("cryostat",)
    DATA_COLUMNS = ("Number",)
    field = 0.05
    breaks = True

    def execute(self) -> None:
        self.settle(field=self.field)
        self.cryostat.set_temperature(250.0, 0.1)
        self.clock.sleep(100.0)
        if self.breaks:
            raise RuntimeError("it is broken")


class Finished(Broken):
    """Nothing breaks."""

    breaks = False


class AtZero(Broken):
    """It breaks at zero field."""

    field = 0.0


def station(**safe: Any) -> Station:
    known = load_station("ppms")
    return known.model_copy(update={"safe_state": known.safe_state.model_copy(update=safe)})


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.STATE, str(tmp_path / "state"))


@pytest.fixture
def served(tmp_path: Path) -> Generator[ServedLab]:
    with in_a_thread(tmp_path / "lab.json") as lab:
        yield lab


def run(served: ServedLab, folder: Path, kind: type[Broken] = Broken, **safe: Any) -> Path:
    asked = Request(
        name="mine", procedure=kind(), station=station(**safe), sample=load_sample("cotb2025"), simulate=False,
        out=folder / "runs", lab=served.file,
    )  # fmt: skip
    outcome = carry_out(asked, analyse=False)
    assert outcome.run is not None
    return outcome.run


def left(served: ServedLab, folder: Path, **safe: Any) -> Left:
    found = left_by(run(served, folder, **safe))
    assert found is not None
    assert found.field == pytest.approx(0.05, abs=2e-4)
    return found


def kept(found: Left) -> list[str]:
    said: list[str] = []
    keep(found, said.append)
    events = [event for event in RunDirectory(found.folder).events() if event["event"] == "field"]
    assert [event["text"] for event in events] == said[1:]
    return said


def field_told(served: ServedLab) -> float:
    """T, what the lab's magnet was told last."""
    return served.lab.cryostat.field_setting.field


def test_it_is_taken_to_zero_after_the_stations_time(served: ServedLab, tmp_path: Path) -> None:
    found = left(served, tmp_path, field_hold=7200.0)
    began = served.lab.clock.now()
    assert field_told(served) == pytest.approx(0.05, abs=2e-4)
    said = kept(found)
    assert said[0].startswith("the field of 0.05 T is held for 2 h and then taken to zero; the next run at this")
    assert said[1] == "the field goes from 0.05 T to zero, which takes 5 s"
    assert field_told(served) == 0.0
    assert 7200.0 <= served.lab.clock.now() - began < 7300.0


def test_a_field_that_somebody_has_moved_is_left_where_it_is(served: ServedLab, tmp_path: Path) -> None:
    found = left(served, tmp_path, field_hold=60.0)
    moved = Left(found.folder, 0.06, found.station, found.sample, found.lab)
    said = kept(moved)[1]
    assert said.startswith("the field is left at 0.0")
    assert said.endswith(" T: somebody has moved it since")
    assert field_told(served) == pytest.approx(0.05, abs=2e-4)


def test_who_uses_the_station_meanwhile_takes_the_field_over(
    served: ServedLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when nobody does any more in the end."""
    found = left(served, tmp_path, field_hold=60.0)
    sleep = field_keeping.RemoteClock.sleep

    def use(clock: Any, seconds: float) -> None:
        with holding(found.station, lab=found.lab, what="run ahe"):
            sleep(clock, seconds)

    monkeypatch.setattr(field_keeping.RemoteClock, "sleep", use)
    assert kept(found)[1] == "the field is the affair of whoever uses the station now"
    assert field_told(served) == pytest.approx(0.05, abs=2e-4)


def test_a_station_that_is_in_use_in_the_end_is_left_alone(served: ServedLab, tmp_path: Path) -> None:
    found = left(served, tmp_path, field_hold=0.0)
    with holding(found.station, lab=found.lab, what="run ahe"):
        assert kept(found)[1] == "the field is the affair of whoever uses the station now"
    assert field_told(served) == pytest.approx(0.05, abs=2e-4)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Processes that would stay alone, each as its words; time flows by itself, as on hardware."""
    words: list[tuple[str, ...]] = []
    monkeypatch.setattr(field_keeping, "_time_jumps", lambda left: False)
    monkeypatch.setattr(field_keeping, "begin_alone", lambda *said: words.append(said) or SimpleNamespace(pid=4711))
    return words


def test_the_process_that_watched_is_gone_meanwhile(
    served: ServedLab, tmp_path: Path, begun: list[tuple[str, ...]]
) -> None:
    """Another one stays; what it is told is enough for it."""
    found = left(served, tmp_path, field_hold=7200.0)
    said: list[str] = []
    see_to(found.folder, said.append)
    assert len(said) == 1
    assert said[0].startswith(
        "the field of 0.05 T is held for 2 h and then taken to zero by process 4711; the next run"
    )
    [(module, *words)] = begun
    assert module == "labctl.supervision.field_keeping"
    field_keeping.main(*words)
    assert field_told(served) == 0.0


def test_a_run_between_both_takes_the_field_over(
    served: ServedLab, tmp_path: Path, begun: list[tuple[str, ...]]
) -> None:
    found = left(served, tmp_path, field_hold=7200.0)
    see_to(found.folder, [].append)
    with holding(found.station, lab=found.lab, what="run ahe"):
        pass
    field_keeping.main(*begun[0][1:])
    assert field_told(served) == pytest.approx(0.05, abs=2e-4)


def test_a_process_that_stays_reads_and_prints_nothing(tmp_path: Path) -> None:
    write = f"import sys; open({str(tmp_path / 'said')!r}, 'w').write(sys.stdin.read() + 'here')"
    assert processes.begin_alone("timeit", "-n", "1", "-r", "1", write).wait(60.0) == 0
    assert (tmp_path / "said").read_text() == "here"


def finished(keeper: FieldKeeper, folder: Path) -> str:
    """What is said in the end of a field that is looked after besides all else."""
    keeper.see_to(folder)
    for thread in threading.enumerate():
        if thread.name == "field":
            thread.join()
    return str(RunDirectory(folder).events()[-1]["text"])


def test_who_keeps_the_station_for_a_queue_looks_after_the_field(served: ServedLab, tmp_path: Path) -> None:
    found = left(served, tmp_path, field_hold=7200.0)
    with keeping(found.station, lab=found.lab, what="the queue") as number:
        assert "leaves" not in finished(FieldKeeper(number, threading.Lock()), found.folder)
    assert field_told(served) == 0.0


def test_the_queue_gives_a_field_up_when_its_next_run_begins(
    served: ServedLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = left(served, tmp_path, field_hold=7200.0)
    waits, goes_on = threading.Event(), threading.Event()

    def wait(*_: Any) -> None:
        waits.set()
        goes_on.wait()

    monkeypatch.setattr(field_keeping.RemoteClock, "sleep", wait)
    with keeping(found.station, lab=found.lab, what="the queue") as number:
        keeper = FieldKeeper(number, threading.Lock())
        keeper.see_to(found.folder)
        waits.wait()
        assert keeper.told is not None
        assert (keeper.told["state"], keeper.told["field_T"]) == ("held", pytest.approx(0.05))
        assert "held for 2 h and then taken to zero" in keeper.told["said"]
        threading.Timer(0.01, goes_on.set).start()
        keeper.give_up()
    assert keeper.told["state"] == "over"
    assert not [thread for thread in threading.enumerate() if thread.name == "field"]
    assert RunDirectory(found.folder).events()[-1]["text"].startswith("the field is the affair of whoever uses")
    assert field_told(served) == pytest.approx(0.05, abs=2e-4)


def test_ctrl_c_leaves_it_as_it_is(served: ServedLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = left(served, tmp_path)
    monkeypatch.setattr(field_keeping.RemoteClock, "sleep", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    assert kept(found)[1] == "the field is left at 0.05 T"
    assert field_told(served) == pytest.approx(0.05, abs=2e-4)


def test_a_lab_that_has_ended_is_said_loudly(served: ServedLab, tmp_path: Path) -> None:
    found = left(served, tmp_path)
    served.end()
    assert kept(found)[1].startswith("THE FIELD OF 0.05 T COULD NOT BE TAKEN TO ZERO: ")


def test_there_is_nothing_to_do_where_it_is_zero_finished_to_be_held_or_gone(
    served: ServedLab, tmp_path: Path, simulate: Simulate
) -> None:
    assert left_by(run(served, tmp_path, AtZero)) is None
    assert left_by(run(served, tmp_path, field_then="hold")) is None
    assert left_by(run(served, tmp_path, Finished)) is None
    done = simulate(Broken())
    assert done.outcome.status == "failed"
    assert left_by(done.directory.path) is None  # its lab ended with it
    assert left_by(tmp_path / "nowhere") is None


def temperature_told(simulate: Simulate, kind: type[Broken], **safe: Any) -> float:
    """K, what the lab's cryostat was told last."""
    return simulate(kind(), station=station(**safe)).lab.cryostat.temperature_setting.temperature


def test_a_temperature_on_its_way_is_stopped_where_it_is(simulate: Simulate) -> None:
    assert temperature_told(simulate, Broken) == pytest.approx(290.0, abs=2.0)
    assert temperature_told(simulate, Broken, temperature="leave") == 250.0
    assert temperature_told(simulate, Finished) == 250.0


def test_whoever_has_the_station_is_waited_for_and_a_run_that_takes_it_ends_the_waiting() -> None:
    station = threading.Lock()
    keeper = FieldKeeper(None, station)
    alone = keeper._alone  # pyright: ignore[reportPrivateUsage]
    with alone():
        assert station.locked()
    assert not station.locked()
    with station:
        keeper.give_up()
        with pytest.raises(LeftAsItIs), alone():
            pass
