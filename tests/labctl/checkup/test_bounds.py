"""Limits of a station file that nothing can reach protect nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from labctl.sample import load_sample
from tests.clinic import Clinic, station_like


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    return Clinic(monkeypatch)


@pytest.mark.parametrize("station", ["ppms", "versalab", "dynacool"])
def test_the_shipped_limits(clinic: Clinic, station: str) -> None:
    assert clinic(station=station).of("limits").state == "ok"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('current = "100 mA"', 'current = "2 A"', "current is 2 A, but the instruments give 1.05 A at most"),
        ('voltage = "21 V"', 'voltage = "300 V"', "voltage is 300 V, but the instruments give 210 V at most"),
        ('field = "9 T"', 'field = "16 T"', "field is 16 T, but the magnet goes to 9 T at most"),
        ('field_rate = "190 Oe/s"', 'field_rate = "500 Oe/s"', "field_rate is 500 Oe/s"),
        ('["1.9 K", "400 K"]', '["1.9 K", "600 K"]', "temperature is 600 K, but the cryostat goes to 400 K"),
        ('["1.9 K", "400 K"]', '["0.3 K", "400 K"]', "begins at 0.3 K, the cryostat goes down to 1.9 K"),
        ('temperature_rate = "20 K/min"', 'temperature_rate = "50 K/min"', "temperature_rate is 50 K/min"),
    ],
)
def test_a_limit_that_nothing_can_reach(clinic: Clinic, tmp_path: Path, old: str, new: str, words: str) -> None:
    found = clinic(station=station_like("ppms", (old, new), folder=tmp_path)).of("limits")
    assert found.state == "warning"
    assert words in found.what


def test_a_probe_that_the_station_does_not_allow(clinic: Clinic, tmp_path: Path) -> None:
    assert clinic(sample="cotb2025").of("probe").state == "ok"
    assert clinic().about("probe") == []
    station = station_like("ppms", ('current = "100 mA"', 'current = "1 nA"'), folder=tmp_path)
    found = clinic(station=station, sample="cotb2025").of("probe")
    assert found.state == "warning"
    assert "above the station's 1 nA" in found.what


def test_a_probe_that_the_sample_does_not_endure(clinic: Clinic) -> None:
    record = load_sample("cotb2025")
    fragile = record.model_copy(update={"limits": record.limits.model_copy(update={"voltage": 1e-6})})
    found = clinic(sample=fragile).of("probe")
    assert found.state == "warning"
    assert "take a smaller current" in found.what
