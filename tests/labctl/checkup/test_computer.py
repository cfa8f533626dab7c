"""What the doctor says of the computer: other systems are played by what their programs print."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from instruments.clock import Clock
from labctl.checkup import computer
from labctl.checkup.computer import Ask, ClockCheck

POWERCFG = """Power Scheme GUID: 381b4222-f694-41f0-9685-ff5bb260df2e  (Ausbalanciert)
  Subgroup GUID: 238c9fa8-0aad-41ed-83f4-97be242c8f20  (Energie sparen)
    Power Setting GUID: 29f6c1db-86da-48c5-9fdb-f2b67b1f44da  (Deaktivierung nach)
      Minimum Possible Setting: 0x00000000
      Maximum Possible Setting: 0xffffffff
    Index der aktuellen Wechselstromeinstellung: 0x{ac:08x}
    Index der aktuellen Gleichstromeinstellung: 0x00000384
"""

PMSET = """Battery Power:
 sleep                1
AC Power:
 displaysleep         10
 sleep                {minutes}
"""


def says(answers: Mapping[str, str]) -> Ask:
    """Programs that answer when their words hold a key."""

    def ask(*words: str) -> str | None:
        return next((answer for key, answer in answers.items() if key in " ".join(words)), None)

    return ask


# ---- sleep


@pytest.mark.parametrize(("seconds", "state", "words"), [(1800, "warning", "sleep after 30 min"), (0, "ok", "never")])
def test_windows(seconds: int, state: str, words: str) -> None:
    ask = says({"STANDBYIDLE": POWERCFG.format(ac=seconds), "HIBERNATEIDLE": POWERCFG.format(ac=0)})
    found = computer.sleep("Windows", ask)
    assert (found.state, words in found.what) == (state, True)


def test_windows_that_hibernates() -> None:
    ask = says({"STANDBYIDLE": POWERCFG.format(ac=0), "HIBERNATEIDLE": POWERCFG.format(ac=10800)})
    found = computer.sleep("Windows", ask)
    assert "hibernate after 180 min" in found.what
    assert "hibernate-timeout-ac 0" in found.do


@pytest.mark.parametrize(("minutes", "state"), [(0, "ok"), (20, "warning")])
def test_macos(minutes: int, state: str) -> None:
    assert computer.sleep("Darwin", says({"pmset": PMSET.format(minutes=minutes)})).state == state


@pytest.mark.parametrize("system", ["Windows", "Darwin", "Linux", "Plan9"])
def test_what_cannot_be_known_is_said_to_be_unknown(system: str, tmp_path: Path) -> None:
    found = computer.sleep(system, says({}), tmp_path)
    assert found.state == "warning"
    assert "cannot be told" in found.what


def linux(folder: Path, *, states: str | None = "freeze mem disk", logind: str | None = "[Login]\n") -> Path:
    for path, text in (("sys/power/state", states), ("etc/systemd/logind.conf", logind)):
        if text is not None:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    return folder


def test_a_linux_that_cannot_or_may_not_sleep(tmp_path: Path) -> None:
    assert "kernel cannot" in computer.sleep("Linux", says({}), linux(tmp_path, states="freeze\n")).what
    masked = computer.sleep("Linux", says({"sleep.target": "masked\n"}), linux(tmp_path))
    assert (masked.state, "masked" in masked.what) == ("ok", True)


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("[Login]\n#IdleAction=suspend\n", "ok", "never"),
        ("[Login]\nIdleAction=lock\nIdleActionSec=5min\n", "ok", "never"),
        ("[Login]\nIdleAction=suspend\n", "warning", "after 30 min"),
        ("[Login]\nIdleAction=hibernate\nIdleActionSec=1h 20min\n", "warning", "after 80 min"),
        ("[Login]\nIdleAction = suspend\nIdleActionSec = 600\n", "warning", "after 10 min"),
    ],
)
def test_a_linux_with_logind(tmp_path: Path, text: str, state: str, words: str) -> None:
    found = computer.sleep("Linux", says({}), linux(tmp_path, logind=text))
    assert (found.state, words in found.what) == (state, True)


def test_a_linux_with_a_drop_in(tmp_path: Path) -> None:
    root = linux(tmp_path)
    (root / "etc/systemd/logind.conf.d").mkdir()
    (root / "etc/systemd/logind.conf.d/lab.conf").write_text("[Login]\nIdleAction=suspend\nIdleActionSec=15min\n")
    found = computer.sleep("Linux", says({}), root)
    assert "sleep (logind) after 15 min" in found.what
    assert "systemctl mask" in found.do


@pytest.mark.parametrize(("kind", "state"), [("'suspend'", "warning"), ("'nothing'", "ok")])
def test_a_linux_with_a_desktop(tmp_path: Path, kind: str, state: str) -> None:
    ask = says({"ac-type": f"{kind}\n", "ac-timeout": "1200\n"})
    found = computer.sleep("Linux", ask, linux(tmp_path, logind=None))
    assert found.state == state
    if state == "warning":
        assert "sleep (desktop) after 20 min" in found.what


def test_this_computer_is_asked_without_harm() -> None:
    assert computer.sleep().subject == "sleep"
    assert computer.ask_system("no-such-program-anywhere") is None


# ---- clock


class Rigged(Clock):
    """A clock whose date can be set."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.date = datetime.now(UTC) + timedelta(days=1)

    def now(self) -> float:
        return self.moment

    def utc(self) -> datetime:
        return self.date

    def sleep(self, seconds: float) -> None:
        self.moment += seconds
        self.date += timedelta(seconds=seconds)


def test_a_clock_in_order() -> None:
    clock = Rigged()
    check = ClockCheck(clock)
    clock.sleep(10.0)
    (found,) = check.finish(says({"timedatectl": "yes\n"}), "Linux")
    assert (found.state, "set by a time server" in found.what) == ("ok", True)


def test_a_clock_that_jumps() -> None:
    clock = Rigged()
    check = ClockCheck(clock)
    clock.sleep(10.0)
    clock.date -= timedelta(seconds=3600)
    found = list(check.finish(says({}), "Linux"))
    assert "jumped by -3600.0 s" in found[0].what


@pytest.mark.parametrize("year", [1980, 2150])
def test_a_date_that_cannot_be(year: int) -> None:
    clock = Rigged()
    clock.date = datetime(year, 1, 1, tzinfo=UTC)
    (found,) = ClockCheck(clock).finish(says({}), "Linux")
    assert found.state == "warning"
    assert f"{year}-01-01, which cannot be right" in found.what


@pytest.mark.parametrize(
    ("system", "answer", "state", "words"),
    [
        ("Linux", "no\n", "warning", "no time server"),
        ("Linux", "", "ok", "cannot be asked here"),
        ("Windows", "Source: time.windows.com,0x8\nReferenceId: 0xC0A80001", "ok", "set by a time server"),
        ("Windows", "Source: Local CMOS Clock\nReferenceId: 0x4C4F434C", "warning", "no time server"),
        ("Darwin", "", "ok", "cannot be asked here"),
    ],
)
def test_who_sets_the_clock(system: str, answer: str, state: str, words: str) -> None:
    ask = says({"timedatectl": answer, "w32tm": answer} if answer else {})
    (found,) = ClockCheck(Rigged()).finish(ask, system)
    assert (found.state, words in found.what) == (state, True)


# ---- load


@pytest.mark.parametrize(("average", "cores", "state"), [(0.3, 4, "ok"), (5.9, 4, "ok"), (6.1, 4, "warning")])
def test_load(average: float, cores: int, state: str) -> None:
    assert computer.load(average, cores).state == state


def test_the_load_of_this_computer() -> None:
    assert computer.load().subject == "load"
