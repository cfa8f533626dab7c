"""An instrument that loses its power in the middle of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from instruments.errors import Restarted
from labctl.station import Station, load_station
from tests.simulated import QUICK, Done, Simulate, capture_labs

AT = 40.0


@pytest.fixture
def simulate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulate:
    return Simulate(tmp_path, capture_labs(monkeypatch))


def station(role: str, name: str = "ppms") -> Station:
    data: dict[str, Any] = load_station(name).snapshot()
    data["simulation"]["events"] = [{"at": AT, "what": "power cycle", "instrument": role}]
    return Station.model_validate(data)


def ended(done: Done, model: str) -> None:
    """The run is a fault that names the instrument and when it lost its power; few rows are doubtful."""
    assert done.outcome.status == "fault"
    assert isinstance(done.outcome.cause, Restarted)
    error = done.outcome.error or ""
    assert error.startswith(f"{model} at GPIB0::")
    assert "switched off and on" in error
    before, after = (float(part.split(" s")[0]) for part in error.split("between ")[1].split(" and ")[:2])
    assert before <= AT <= after
    assert after - before < 13.0  # a question that nobody heard is given up after 10 s
    done.assert_source_off()
    times = done.rows["Time (s)"]
    assert len(times) > 10
    assert max(times.tolist()) < after


@pytest.mark.parametrize(("role", "model"), [("source", "6221"), ("voltmeter", "2182A")])
def test_a_run_ends_when_an_instrument_loses_its_power(simulate: Simulate, role: str, model: str) -> None:
    ended(simulate(station=station(role), **QUICK), model)


def test_an_instrument_that_the_run_does_not_use_may_lose_it(simulate: Simulate) -> None:
    assert simulate(station=station("smu"), **QUICK).outcome.status == "finished"
