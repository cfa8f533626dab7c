"""What is said of a run that has no points yet: what the station does before the first one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labctl.gui import words

WAITS = "Waiting for the first point"


def waiting_words(run: Mapping[str, Any] | None, told: Mapping[str, Any] | None, *, done: bool) -> str:
    """Return a sentence on a run without points.

    Args:
        run: What is known of the run that is on, if it is this one; None if it is not.
        told: The instruments as the worker knows them, None where it has not said.
        done: Whether its rows are known to be all there are, so that there are none.
    """
    if run is None:
        return "This run has no points" if done else "The rows are being read …"
    if run.get("state") == "stands":
        return f"{WAITS}: the run stands still"
    if run.get("state") == "is held":
        return f"{WAITS}: the run stands still, {run.get('held')}"
    cryostat = ((told or {}).get("instruments") or {}).get("cryostat") or {}
    going = [_temperature(cryostat.get("temperature") or {}), _field(cryostat.get("field") or {})]
    doing = ", ".join(each for each in going if each)
    if doing:
        return f"{WAITS}: {doing}"
    return f"{WAITS}: the run begins" if run.get("state") == "begins" else f"{WAITS} …"


def _temperature(known: Mapping[str, Any]) -> str:
    if not known.get("moves") or known.get("set_K") is None:
        return ""
    return f"the temperature goes to {words.temperature(known['set_K'])}, now {words.temperature(known.get('K'))}"


def _field(known: Mapping[str, Any]) -> str:
    if not known.get("moves") or known.get("set_T") is None:
        return ""
    return f"the field goes to {words.field(known['set_T'])}, now {words.field(known.get('T'))}"
