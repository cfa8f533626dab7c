from __future__ import annotations

import datetime
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from instruments.clock import VirtualClock, WallClock
from labctl import labtime, one_file, recorder
from labctl.labtime import STAND_INS, LabDate, LabDatetime

Time: Any = STAND_INS["time"]
LONG_AGO = 946684800.0
"""2000-01-01T00:00Z in seconds since 1970: where a virtual clock begins."""

ALL_WAYS = """
import datetime
import datetime as dates
import time
import time as t
from datetime import date, datetime as moment
from time import monotonic, perf_counter, sleep, time as now

AT_IMPORT = now()


def wait(seconds, rest=sleep):
    rest(seconds)


def read():
    import time as late
    from time import monotonic_ns
    return {
        "time": time.time(), "now": now(), "late": late.time(), "t": t.time(), "ns": time.time_ns() / 1e9,
        "datetime": moment.now().timestamp(), "module": datetime.datetime.now().timestamp(),
        "aware": dates.datetime.now(dates.timezone.utc).timestamp(),
    }, {
        "monotonic": monotonic(), "perf_counter": perf_counter(), "attribute": time.perf_counter(),
        "ns": monotonic_ns() / 1e9, "perf_ns": time.perf_counter_ns() / 1e9,
    }, {"date": date.today().isoformat(), "strftime": time.strftime("%Y"), "gmtime": time.gmtime().tm_year}
"""


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """A module that was written for real time, imported for a simulated run."""
    (tmp_path / "program_of_somebody.py").write_text(ALL_WAYS)
    (tmp_path / "program_that_imports_it.py").write_text(
        "import program_of_somebody as beside\n"
        "from pymeasure.experiment import Procedure\nclass P(Procedure):\n    pass\n"
    )
    kind = one_file.load(str(tmp_path / "program_that_imports_it.py"), lab_time=True)
    return sys.modules[kind.__module__].beside  # pyright: ignore[reportAttributeAccessIssue] # made above


def test_every_way_to_the_time_shows_the_labs(program: Any, tmp_path: Path) -> None:
    clock = VirtualClock()
    assert program.AT_IMPORT == LONG_AGO
    with labtime.following(clock, [tmp_path]):
        begun = time.perf_counter()
        program.wait(3600.0)
        program.time.sleep(0.25)
        dates, clocks, days = program.read()
        assert time.perf_counter() - begun < 5
    assert set(clocks.values()) == {3600.25}
    assert clock.now() == 3600.25
    assert dates == {name: pytest.approx(LONG_AGO + 3600.25, abs=1e-5) for name in dates}
    assert days["gmtime"] == 2000
    assert {days["date"][:4], days["strftime"]} <= {"1999", "2000"}  # in the computer's time zone
    dates, *_ = program.read()
    assert dates["time"] == pytest.approx(time.time(), abs=5)


def test_everybody_else_keeps_real_time(tmp_path: Path) -> None:
    with labtime.following(VirtualClock(), [tmp_path]):
        assert recorder.time is time
        assert abs(time.time() - LONG_AGO) > 1e6
        assert datetime.datetime.now(datetime.UTC).year > 2020
        assert sys.modules["time"] is time


def test_modules_that_were_loaded_before_follow_too_and_get_their_own_back(tmp_path: Path) -> None:
    import pymeasure.instruments.instrument as theirs
    from pymeasure.instruments.keithley import buffer

    clock = VirtualClock()
    real = theirs.time, buffer.sleep, buffer.time  # pyright: ignore[reportPrivateImportUsage] # looked behind
    with labtime.following(clock, [tmp_path]):
        theirs.time.sleep(2)  # pyright: ignore[reportPrivateImportUsage]
        buffer.sleep(3)
        assert clock.now() == 5.0
    assert real == (theirs.time, buffer.sleep, buffer.time)  # pyright: ignore[reportPrivateImportUsage]
    assert real[0] is time


def test_drivers_of_somebodys_package_follow_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is installed, and recognised by using pyvisa or pymeasure."""
    import pyvisa

    driver, other = ModuleType("labs_own.driver"), ModuleType("number_cruncher")
    vars(driver).update(time=time, pyvisa=pyvisa)
    vars(other).update(time=time)
    for module in (driver, other):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    clock = VirtualClock()
    with labtime.following(clock, [tmp_path]):
        vars(driver)["time"].sleep(7)
        assert vars(other)["time"] is time
    assert clock.now() == 7.0
    assert vars(driver)["time"] is time


def test_on_the_wall_clock_nothing_is_replaced(tmp_path: Path) -> None:
    from pymeasure.instruments.keithley import buffer

    finders, sleep = list(sys.meta_path), buffer.sleep  # pyright: ignore[reportPrivateImportUsage] # looked behind
    with labtime.following(WallClock(), [tmp_path]):
        assert buffer.sleep is sleep  # pyright: ignore[reportPrivateImportUsage]
        assert sys.meta_path == finders
        begun = time.perf_counter()
        sleep(0.01)  # also that of a module which was first loaded in a simulated run
        assert time.perf_counter() - begun >= 0.01


@pytest.mark.parametrize("look", ["time", "monotonic", "perf_counter"])
def test_whoever_waits_by_looking_at_the_time_does_not_wait_for_ever(tmp_path: Path, look: str) -> None:
    ended: list[float] = []
    for _ in range(2):
        clock = VirtualClock()
        with labtime.following(clock, [tmp_path]):
            end = getattr(Time, look)() + 2.0
            while getattr(Time, look)() < end:
                pass
        ended.append(clock.now())
    assert ended[0] == ended[1] == pytest.approx(2.0, abs=2e-3)
    with labtime.following(clock := VirtualClock(), [tmp_path]):
        for _ in range(labtime.GLANCES):
            Time.time()
        assert clock.now() == 0.0


def test_what_is_no_duration_is_refused_as_python_does(tmp_path: Path) -> None:
    with labtime.following(VirtualClock(), [tmp_path]):
        for bad in (-1, float("nan")):
            with pytest.raises(ValueError, match=r"negative|finite"):
                Time.sleep(bad)
        with pytest.raises(TypeError):
            Time.sleep("1")


def test_stand_ins_are_real_dates_to_everybody(tmp_path: Path) -> None:
    with labtime.following(VirtualClock(), [tmp_path]):
        moment = LabDatetime.now(datetime.UTC)
    assert isinstance(moment, datetime.datetime)
    assert isinstance(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), LabDatetime)
    assert isinstance(datetime.date(2026, 1, 1), LabDate)
    assert not isinstance("2026", LabDate)
    assert moment + datetime.timedelta(seconds=1) > datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
    assert LabDatetime.fromisoformat("2026-03-01").month == 3
    assert LabDatetime.utcnow().tzinfo is None


def test_what_is_installed_beside_a_program_is_not_its_own(tmp_path: Path) -> None:
    inside = tmp_path / ".venv" / "lib" / "site-packages" / "numpy" / "core.py"
    assert not labtime.lies_in(inside, [tmp_path])
    assert labtime.lies_in(tmp_path / "sub" / "helper.py", [tmp_path])
    assert not labtime.lies_in(tmp_path / "labctl" / "run.py", [tmp_path])
    assert not labtime.lies_in(tmp_path.parent / "x.py", [tmp_path])


@pytest.mark.parametrize("name", ["labctl", "copy"])
def test_labctl_in_a_folder_beside_a_program_is_not_the_programs_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / name
    monkeypatch.setattr(labtime, "ROOT", copy)
    assert not labtime.lies_in(copy / "instruments" / "guard" / "checks.py", [copy.parent])
    assert labtime.lies_in(copy / "mine.py", [copy.parent])
