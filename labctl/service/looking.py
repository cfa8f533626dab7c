"""The process that looks at a worker's instruments between runs, with questions alone, and does what people ask for."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyvisa

from instruments.cryostat import Cryostat
from instruments.errors import InstrumentFault, LabError
from instruments.ppms6000 import Ppms6000
from labctl import abort
from labctl.by_hand import carry_out
from labctl.instruments_told import CRYOSTAT, of_cryostat, of_settings
from labctl.mishaps import line_of
from labctl.sample import load_sample
from labctl.session import Session, open_session
from labctl.station import load_station
from labctl.station_lock import holding
from labctl.supervision import child
from labctl.surroundings import LabStart

QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "keithley6221": {
        "level_A": "source_current", "output": "source_enabled", "compliance_V": "source_compliance",
        "range_A": "source_range", "auto_range": "source_auto_range",
    },
    "keithley2182a": {"channel": "active_channel", "nplc": "voltage_nplc", "auto_zero": "auto_zero_enabled"},
    "keithley2400": {
        "output": "source_enabled", "function": "source_function", "level_V": "source_voltage",
        "level_A": "source_current", "range_V": "source_voltage_range", "range_A": "source_current_range",
        "compliance_A": "current_compliance", "compliance_V": "voltage_compliance", "nplc": "nplc",
    },
    "sr830": {
        "sensitivity_V": "sensitivity", "time_constant_s": "time_constant", "slope_dB": "filter_slope",
        "harmonic": "harmonic", "phase_deg": "phase", "reference": "reference_source", "input": "input_config",
        "reserve": "reserve", "synchronous_filter": "filter_synchronous",
    },
}  # fmt: skip
"""Properties that are asked for, by the name under which they are told."""
OF_CHANNEL: Mapping[str, str] = {
    "range_V": "voltage_range", "auto_range": "voltage_range_auto_enabled", "filter": "digital_filter_enabled",
    "analog_filter": "analog_filter_enabled",
}  # fmt: skip
"""The same, of the channel that a nanovoltmeter reads."""
FAULTS = (LabError, pyvisa.Error, OSError)


class Hurried(Exception):
    """A run is about to begin: whatever is not asked yet is left for later."""


def main() -> int:
    """Do what the worker at the other end of the line asks for."""
    for name in ("SIGINT", "SIGHUP", "SIGBREAK"):  # a terminal sends them to all; the worker answers
        if hasattr(signal, name):
            abort.leave(getattr(signal, name))
    child.begin()
    child.answer("ready")
    for task in child.tasks():
        does = {"look": look, "by hand": by_hand}[str(task["is"])]
        child.answer("did", number=task["number"], **_said(does, task))
    os._exit(0)  # the worker has ended


def _said(do: Callable[[Mapping[str, Any]], Mapping[str, Any]], task: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return {"error": None, **do(task)}
    except LabError as error:
        return {"error": str(error), "status": error.status, "exit_code": error.exit_code}
    except (pyvisa.Error, OSError) as error:
        return {"error": f"{type(error).__name__}: {error}", "status": "fault", "exit_code": 5}


def look(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask the instruments of a station how they stand.

    Args:
        task: `station`, `lab`, `keeper`, `sample`; `passed_over`, roles that are not asked this time; `helium`, whether
            its level is asked for.

    Returns:
        `instruments` by role; `hurried`, whether some were left out since a run begins.

    Raises:
        LabError: The station cannot be opened at all.
    """
    station, lab = load_station(task["station"]), _lab(task)
    found: dict[str, Any] = {}
    with (
        holding(station, lab=lab, what="looking at the instruments", keeper=task["keeper"], looks=True) as hold,
        open_session(
            station, load_sample(task["sample"]), [], simulate=False, start=LabStart(0), lab=lab, hold=hold
        ) as session,
    ):
        roles = [role for role in station.instruments if role in session.resources and role not in task["passed_over"]]
        try:
            for role in sorted(roles, key=lambda role: role != CRYOSTAT):
                about = {"driver": station.instruments[role].driver, "resource": session.resources[role]}
                found[role] = {**about, **_ask(session, role, about["driver"], helium=bool(task["helium"]))}
        except Hurried:
            return {"instruments": found, "hurried": True}
    return {"instruments": found, "hurried": False}


def _lab(task: Mapping[str, Any]) -> Path | None:
    return None if task["lab"] is None else Path(task["lab"])


def _ask(session: Session, role: str, kind: str, *, helium: bool) -> dict[str, Any]:
    """Ask one instrument; one that does not answer is told as such."""
    _look_at_the_time()
    refused = session.open([role])
    if role in refused:
        return {"error": str(refused[role]), "repeated": 0, "unanswered": 1}
    driver: Any = session.instruments[role]
    try:
        said = _of_cryostat(driver, helium=helium) if isinstance(driver, Cryostat) else _of_others(driver, kind)
    except FAULTS as error:
        return {"error": str(error), "repeated": 0, "unanswered": 1}
    line = line_of(driver)
    return {**said, "error": None, "repeated": 0 if line is None else line.repeats, "unanswered": 0}


def _look_at_the_time() -> None:
    """Let go of the station where somebody asks for it.

    Raises:
        Hurried: Somebody does.
    """
    if child.asked_to_stand():
        raise Hurried


def _of_cryostat(driver: Cryostat, *, helium: bool) -> dict[str, Any]:
    driver.reading()
    known = driver.known
    known.temperature = driver.temperature_setpoint
    with suppress(InstrumentFault):  # not every one can say it
        known.field = driver.field_setpoint
    if isinstance(driver, Ppms6000):
        known.position = driver.position_setpoint
        if helium:
            _ = driver.helium_level  # is known from then on
    return of_cryostat(driver)


def _of_others(driver: Any, kind: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, attribute in QUESTIONS.get(kind, {}).items():
        _look_at_the_time()
        settings[name] = getattr(driver, attribute)
    if kind == "keithley2182a" and settings["channel"] in {1, 2}:
        channel = driver.ch_1 if settings["channel"] == 1 else driver.ch_2
        settings |= {name: getattr(channel, attribute) for name, attribute in OF_CHANNEL.items()}
    limited = driver.in_compliance if settings.get("output") else None
    return of_settings(settings, None, limited)


def by_hand(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """Carry out what somebody asks for.

    Args:
        task: As for `look`, and `do`, `value` and `rate` as for `labctl.by_hand.carry_out`.

    Returns:
        `said`: what has been begun, in a sentence.

    Raises:
        LabError: It was refused, or an instrument does not take it.
    """
    station, lab = load_station(task["station"]), _lab(task)
    with (
        holding(station, lab=lab, what=f"{task['do']} by hand", keeper=task["keeper"]) as hold,
        open_session(
            station, load_sample(task["sample"]), [], simulate=False, start=LabStart(0), lab=lab, hold=hold
        ) as session,
    ):
        return {"said": carry_out(session, station, task["do"], task["value"], task["rate"])}


if __name__ == "__main__":
    sys.exit(main())
