"""How the instruments of a station stand, for people who look at it: while a run is on by its own messages and replies.

Nothing is asked for it, so that a run measures the same whether somebody looks or not. Keys have units in their names;
what nobody knows is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from instruments.cryostat import Cryostat
from instruments.cryostat_words import State
from instruments.guard.heard import Heard, Program, Setting
from labctl.mishaps import line_of

if TYPE_CHECKING:
    from labctl.active_run import ActiveRun

CRYOSTAT = "cryostat"
SAMPLE_TEMPERATURE = "Sample temperature (K)"
"""Column of an experiment that knows the sample's temperature, apart from the block's."""
STAYS = 1.0
"""K by which the block may have gone since the sample's resistance was read for its temperature."""


class RunInstruments:
    """What a run's instruments were told and answered, from when this was made on.

    Args:
        run: The run.
    """

    def __init__(self, run: ActiveRun) -> None:
        self.session = run.session
        station = run.request.station
        self._about = {
            role: {"driver": each.driver, "resource": run.session.resources.get(role, each.resource)}
            for role, each in station.instruments.items()
        }
        self._heard = {role: Heard(each["driver"]) for role, each in self._about.items() if each["driver"] != "multivu"}
        run.session.library.listen({self._about[role]["resource"]: heard for role, heard in self._heard.items()})

    def told(self, run: ActiveRun) -> dict[str, dict[str, Any]]:
        """Return how the instruments stand, by role; `replies` says how many there were, to see that one has come."""
        found: dict[str, dict[str, Any]] = {}
        for role, driver in run.session.instruments.items():
            heard, line = self._heard.get(role), line_of(driver)
            said: dict[str, Any] = {
                **self._about.get(role, {}), "repeated": 0 if line is None else line.repeats,
                "unanswered": 0 if heard is None else heard.unanswered, "error": None,
            }  # fmt: skip
            if isinstance(driver, Cryostat):
                stamp = None if driver.known.reading is None else driver.known.reading.stamp
                said["replies"] = stamp if heard is None else heard.replies
                said |= of_cryostat(driver)
                said["sample_temperature_K"] = _of_sample(run, driver)
            elif heard is not None:
                said["replies"] = heard.replies
                said |= of_settings(heard.settings(), heard.runs, run.last.get("Compliance"), heard.program)
            found[role] = said
        return found


def _of_sample(run: ActiveRun, driver: Cryostat) -> float | None:
    """Return the sample's temperature in K: that of the last row, or by its resistance as long as the block stays."""
    measured = run.last.get(SAMPLE_TEMPERATURE)
    if measured is not None or run.sample_seen is None or driver.known.reading is None:
        return measured
    found, block = run.sample_seen
    return found if abs(driver.known.reading.temperature - block) < STAYS else None


def of_settings(
    settings: Mapping[str, Setting], runs: str | None, in_compliance: object, program: Program | None = None
) -> dict[str, Any]:
    """Return what is told of an instrument with settings; a source also says whether it is on.

    Args:
        settings: By name; a source's has `output`.
        runs: What it runs by itself.
        in_compliance: Whether a source was seen to be, None where nobody looked.
        program: What it has run by itself last.
    """
    if "output" not in settings:
        return {"settings": dict(settings)}
    on = settings["output"]
    limited = None if in_compliance is None else bool(in_compliance) and on is not False
    told = None if program is None else asdict(program)
    return {"on": on, "in_compliance": limited, "runs": runs, "program": told, "settings": dict(settings)}


def of_cryostat(driver: Cryostat) -> dict[str, Any]:
    """Return what is known of a cryostat without asking it.

    `helium_read` is when its helium was read last, in s of its clock: another number where that was done once more.
    """
    known, reading = driver.known, driver.known.reading
    heat, field = known.temperature, known.field
    helium, read = known.helium or (None, None)
    said: dict[str, Any] = {
        "helium_percent": helium, "helium_read": read, "sample_temperature_K": None, "angle": None,
    }  # fmt: skip
    if reading is None:
        return {**said, "temperature": None, "field": None, "chamber": None}
    if reading.position is not None and reading.position_state is not None:
        said["angle"] = {"deg": reading.position, **_of(reading.position_state), "set_deg": known.position}
    return {
        **said,
        "temperature": {
            "K": reading.temperature, **_of(reading.temperature_state),
            "set_K": None if heat is None else heat.temperature, "rate_K_per_s": None if heat is None else heat.rate,
        },
        "field": {
            "T": reading.field, **_of(reading.field_state), "set_T": None if field is None else field.field,
            "rate_T_per_s": None if field is None else field.rate, "mode": None if field is None else field.mode.value,
        },
        "chamber": {"state": reading.chamber_state.value, "failed": reading.chamber_state.failed},
    }  # fmt: skip


def _of(state: State) -> dict[str, Any]:
    """Return a state in words; what is neither at rest nor broken moves."""
    moves = state.known and not state.stable and not state.failed
    return {"state": state.value, "moves": moves, "stable": state.stable, "failed": state.failed}
