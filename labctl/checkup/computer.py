"""The computer: whether it may fall asleep during a night, whether its clock is right, how busy it is.

Windows is asked with powercfg and w32tm, Linux by its files and systemd, macOS with pmset. What cannot be known is said
to be unknown.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from instruments.clock import Clock, WallClock
from labctl.checkup.finding import Finding, ok, warning

ANSWER_TIME = 5.0
"""s after which a program of the system is not waited for any more."""

LARGEST_JUMP = 1.0
"""s by which the clock may differ from the time that has passed."""

BUSY = 1.5
"""Programs that want to run, for each core, from which on instruments are answered late (assumed)."""

SLEEP, CLOCK, LOAD = "sleep", "clock", "load"

Ask = Callable[..., str | None]
"""Runs a program of the system with words and returns what it printed; None where it is not there or fails."""

_LATE_YEAR = 2100


def ask_system(*words: str) -> str | None:
    """Return what a program printed; None if it is not there, fails, or is not done in time."""
    program = shutil.which(words[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the words are constants of this file
            [program, *words[1:]], capture_output=True, text=True, timeout=ANSWER_TIME, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


# ---- sleep


def sleep(system: str = "", ask: Ask = ask_system, root: Path = Path("/")) -> Finding:
    """Look whether the computer falls asleep by itself, in whose sleep no run goes on.

    Args:
        system: As `platform.system()` says; this computer's unless given.
        ask: Runs programs.
        root: Where Linux's files are.
    """
    looks: Mapping[str, Callable[[], Finding]] = {
        "Windows": lambda: _windows(ask),
        "Darwin": lambda: _macos(ask),
        "Linux": lambda: _linux(ask, root),
    }
    system = system or platform.system()
    return looks[system]() if system in looks else _unknown(f"nobody knows how to ask {system or 'this system'}")


def _unknown(why: str) -> Finding:
    do = "look yourself that it neither sleeps nor hibernates during a run"
    return warning(SLEEP, f"whether this computer falls asleep by itself cannot be told: {why}", do)


def _verdict(after: Mapping[str, float], do: str) -> Finding:
    """Say what follows of times in s after which something happens; zero for never."""
    set_times = {what: seconds for what, seconds in after.items() if seconds > 0}
    if not set_times:
        return ok(SLEEP, f"never by itself ({', '.join(after)})")
    what = " and ".join(f"{what} after {seconds / 60:.0f} min" for what, seconds in set_times.items())
    return warning(SLEEP, f"on mains it is set to {what}: no run survives that", do)


def _windows(ask: Ask) -> Finding:
    """Ask powercfg; the last two numbers of its answer are those on mains and on battery, in any language."""
    found: dict[str, float] = {}
    for what, name in (("sleep", "STANDBYIDLE"), ("hibernate", "HIBERNATEIDLE")):
        said = ask("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", name)
        numbers = re.findall(r"0x([0-9a-fA-F]{8})", said or "")
        if len(numbers) >= 2:
            found[what] = int(numbers[-2], 16)
    if not found:
        return _unknown("powercfg does not say")
    return _verdict(found, "powercfg /change standby-timeout-ac 0, and powercfg /change hibernate-timeout-ac 0")


def _macos(ask: Ask) -> Finding:
    """Ask pmset for the minutes on mains."""
    said = ask("pmset", "-g", "custom")
    mains = (said or "").partition("AC Power")[2]
    minutes = re.search(r"^\s*sleep\s+(\d+)", mains, re.MULTILINE)
    if minutes is None:
        return _unknown("pmset does not say")
    return _verdict({"sleep": 60.0 * int(minutes[1])}, "sudo pmset -c sleep 0")


def _linux(ask: Ask, root: Path) -> Finding:
    """See whether the kernel can sleep at all, whether systemd may, and who would ask it to."""
    states = _read(root / "sys/power/state")
    if states is not None and not {"mem", "disk", "standby"} & set(states.split()):
        return ok(SLEEP, "never: this computer's kernel cannot")
    if (ask("systemctl", "show", "--property=LoadState", "--value", "sleep.target") or "").strip() == "masked":
        return ok(SLEEP, "never by itself (sleep.target is masked)")
    found: dict[str, float] = {}
    idle = _logind_idle(root)
    if idle is not None:
        found["sleep (logind)"] = idle
    desktop = _desktop_idle(ask)
    if desktop is not None:
        found["sleep (desktop)"] = desktop
    if not found:
        return _unknown("neither systemd nor a desktop says")
    return _verdict(found, "sudo systemctl mask sleep.target suspend.target hibernate.target hybrid-sleep.target")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _logind_idle(root: Path) -> float | None:
    """Return after how many idle s logind puts the computer to sleep, 0 for never; None without logind."""
    main = root / "etc/systemd/logind.conf"
    texts = [_read(path) for path in (main, *sorted((root / "etc/systemd/logind.conf.d").glob("*.conf")))]
    if texts[0] is None and not (root / "run/systemd/seats").exists():
        return None
    told: dict[str, str] = {}
    for line in "\n".join(text or "" for text in texts).splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.lstrip().startswith("#"):
            told[key.strip()] = value.strip()
    if told.get("IdleAction", "ignore") in {"ignore", "lock", ""}:
        return 0.0
    return _span(told.get("IdleActionSec", "30min"))


def _span(text: str) -> float:
    """Return a time span as systemd writes it, in s: `30min`, `1h 20min`, `90`."""
    units = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hr": 3600.0}
    parts = re.findall(r"(\d+)\s*([a-z]*)", text.lower())
    return sum(float(number) * units.get(unit, 60.0) for number, unit in parts)


def _desktop_idle(ask: Ask) -> float | None:
    """Return after how many idle s GNOME puts the computer to sleep on mains, 0 for never; None without GNOME."""
    place = "org.gnome.settings-daemon.plugins.power"
    kind, seconds = (ask("gsettings", "get", place, f"sleep-inactive-ac-{what}") for what in ("type", "timeout"))
    if kind is None or seconds is None:
        return None
    if kind.strip().strip("'") == "nothing" or not seconds.strip().isdigit():
        return 0.0
    return float(seconds)


# ---- clock


class ClockCheck:
    """Watches the computer's clock from its making on.

    Args:
        clock: The computer's; another one for tests.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or WallClock()
        self._before = self._clock.utc(), self._clock.now()

    def finish(self, ask: Ask = ask_system, system: str = "") -> Iterator[Finding]:
        """Say whether it has jumped since, whether its date can be right, and whether somebody sets it."""
        utc, now = self._clock.utc(), self._clock.now()
        jump = (utc - self._before[0]).total_seconds() - (now - self._before[1])
        if abs(jump) > LARGEST_JUMP:
            do = "time stamps of a run jump with it: let a time server set it before the run, not during it"
            yield warning(CLOCK, f"the computer's clock jumped by {jump:+.1f} s during this examination", do)
        installed = _installed()
        if utc < installed or utc.year >= _LATE_YEAR:
            do = "set it, and let a time server keep it: every run carries its date"
            yield warning(CLOCK, f"the computer's date is {utc:%Y-%m-%d}, which cannot be right", do)
            return
        yield _set_by(ask, system or platform.system(), utc)


def _installed() -> datetime:
    """Return when this file was written on this computer, which lies in the past."""
    return datetime.fromtimestamp(Path(__file__).stat().st_mtime, tz=UTC)


def _set_by(ask: Ask, system: str, utc: datetime) -> Finding:
    """Say whether a time server sets the clock, as far as the system says."""
    date = f"{utc:%Y-%m-%d %H:%M} UTC"
    state: bool | None = None
    if system == "Linux":
        said = ask("timedatectl", "show", "--property=NTPSynchronized", "--value")
        state = {"yes": True, "no": False}.get((said or "").strip())
    elif system == "Windows":
        said = ask("w32tm", "/query", "/status")
        source = re.search(r"0x[0-9A-Fa-f]{8}|127\.127|Local CMOS", said or "")
        state = None if said is None else "Local CMOS" not in said and source is not None
    if state is None:
        return ok(CLOCK, f"{date}; whether a time server sets it cannot be asked here")
    if state:
        return ok(CLOCK, f"{date}, set by a time server")
    return warning(CLOCK, f"{date}, but no time server sets it", "turn the system's time synchronisation on")


# ---- load


def load(average: float | None = None, cores: int | None = None) -> Finding:
    """Look how many programs want to run.

    Args:
        average: Of the last minute; asked of the system unless given.
        cores: How many there are; asked of the system unless given.
    """
    if average is None:
        if not hasattr(os, "getloadavg"):
            return ok(LOAD, "cannot be asked on this system")
        average = os.getloadavg()[0]
    cores = cores or os.cpu_count() or 1
    what = f"{average:.1f} on {cores} core{'s' if cores > 1 else ''} in the last minute"
    if average > BUSY * cores:
        return warning(LOAD, what, "end what else runs here: instruments that are answered late make gaps in sweeps")
    return ok(LOAD, what)
